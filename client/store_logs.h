/* One log of the store at work: its row, its directory of blocks, its blocks. */
#ifndef WEIR_CLIENT_STORE_LOGS_H
#define WEIR_CLIENT_STORE_LOGS_H

#include "logblock.h"
#include "store_priv.h"

/* Places of blocks: the first in the middle, then with room for others between them. */
enum { STORE_PLACE_STEP = 1 << 12 };
#define STORE_PLACE_FIRST ((int64_t)1 << 31)

VEC_TYPE(store_line_vec, struct weir_log);

/* A block as the directory knows it. */
struct store_entry {
	int64_t k, from_us, to_us;
	size_t n, bytes;
};
VEC_TYPE(store_entry_vec, struct store_entry);

/* One call at work on one log. */
struct store_log {
	struct weir_store *s;
	struct weir_id run;
	int64_t log; /* k of logs */
	struct store_log_state state;
	struct store_entry_vec
		dir;        /* the blocks that the lines may touch, and one before */
	struct arena arena; /* of one stretch */
	struct store_line_vec merged;
	struct id_vec seen; /* ids in the blocks of a stretch, sorted */
	struct logblock_out out;
	size_t n_new;
	struct weir_err *err;
};

/* The row of the log; state is unknown when there is none. */
WEIR_NODISCARD enum weir_rc store_log_get(struct store_log *j);
WEIR_NODISCARD enum weir_rc store_log_add(struct store_log *j, int64_t at_us);
WEIR_NODISCARD enum weir_rc store_log_set(struct store_log *j);
/* A statement with two numbers and no rows. */
WEIR_NODISCARD enum weir_rc store_log_run2(
	struct store_log *j, enum sql_id id, int64_t a, int64_t b);
/* Blocks k >= from whose first line is not after until_us, and one more. */
WEIR_NODISCARD enum weir_rc store_log_read_dir(struct store_log *j, int64_t from,
	int64_t until_us, struct store_entry_vec *dir);
/* Into j->dir: what lines of [from_us, to_us] may touch. */
WEIR_NODISCARD enum weir_rc store_log_find_dir(
	struct store_log *j, int64_t from_us, int64_t to_us);
/* Copies in the arena; empty when there are none. */
WEIR_NODISCARD enum weir_rc store_log_get_ids(
	struct store_log *j, int64_t k, struct str *ret_ids);
WEIR_NODISCARD enum weir_rc store_log_get_block(
	struct store_log *j, int64_t k, struct str ids, struct logblock *ret);
/* Write j->out as block k. */
WEIR_NODISCARD enum weir_rc store_log_write_block(struct store_log *j, int64_t k);
/* Delete the blocks from..to. */
WEIR_NODISCARD enum weir_rc store_log_cut(
	struct store_log *j, int64_t from, int64_t to);
/* No place is left before block k: move it and all after it up by `by`. */
WEIR_NODISCARD enum weir_rc store_log_make_room(
	struct store_log *j, int64_t k, int64_t by);

#endif
