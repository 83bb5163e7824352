/* What reading one log and searching many share. */
#ifndef WEIR_CLIENT_LOGS_PRIV_H
#define WEIR_CLIENT_LOGS_PRIV_H

#include "grams.h"
#include "intern.h"
#include "logblock.h"
#include "store_priv.h"
#include "weir/logs.h"

/* Names of task runs, looked up once. */
struct logs_names {
	struct weir_store *s;
	struct intern numbers; /* task run id to position in names */
	VEC(char *) names;     /* owned */
};
struct str logs_name(struct logs_names *names, const struct weir_id *task);
void logs_names_release(struct logs_names *names);

/* A decoded block with the bytes it points into, all in its arena. */
struct logs_block {
	int64_t k;
	struct arena arena;
	struct logblock b;
	struct str text;
};
/* WEIR_ENOTFOUND: the block is no longer there. */
WEIR_NODISCARD enum weir_rc logs_read_block(struct weir_store *s, int64_t k,
	const struct weir_id *run, struct logs_block *block, struct weir_err *err);

/* A filter made ready. */
struct logs_filter {
	struct weir_log_filter f;
	struct grams_needle needle;
	bool whole; /* a text without a match has no line with one */
};
void logs_filter_init(struct logs_filter *lf, const struct weir_log_filter *f);
/* May a block have lines that pass, by its row of log_index? */
bool logs_filter_block(const struct logs_filter *lf, int64_t from_us, int64_t to_us,
	uint32_t levels, struct str grams);
/* May its text have any? */
bool logs_filter_text(const struct logs_filter *lf, struct str text);

/* A message without escape sequences; it or the scratch is borrowed. */
struct str logs_plain(struct str message, struct buf *scratch);

/* The lines of a block, from line `from` on, that pass; hit returns false to stop. */
typedef bool logs_hit(void *arg, size_t line);
bool logs_filter_lines(const struct logs_filter *lf, const struct logs_block *block,
	size_t from, struct logs_names *names, logs_hit *hit, void *arg);

/* Times of the lines from `from` to the end of its block, or some of them. */
WEIR_NODISCARD enum weir_rc logs_times(struct weir_log_reader *l, size_t from,
	int64_t us[static LOGBLOCK_LINES], size_t *ret_n, struct weir_err *err);

void logs_fill_line(struct weir_line *line, const struct logs_block *block, size_t i,
	struct logs_names *names);

#endif
