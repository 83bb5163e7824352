/*
 * run_text: what bare words search, kept as text blocks of 256 runs for scanning.
 *
 * The writer changes lines in a few blocks held in memory; they reach the file before
 * the outermost transaction commits.
 */
#ifndef WEIR_CLIENT_STORE_TEXT_H
#define WEIR_CLIENT_STORE_TEXT_H

#include "db.h"
#include "weir/types.h"

enum {
	STORE_TEXT_RUNS = 256,       /* runs a block */
	STORE_TEXT_BLOCKS = 32,      /* blocks in memory */
	STORE_TEXT_VALUE_MAX = 4096, /* bytes of one value in a line */
	STORE_TEXT_LINE_MAX = 65536,
};

struct store_text_block {
	int64_t b;
	uint64_t used; /* tick of the last use; 0: empty slot */
	int64_t last;  /* the highest k that has a line */
	bool dirty;
	struct buf text;
};

struct store_text {
	struct store_text_block blocks[STORE_TEXT_BLOCKS];
	uint64_t tick;
	struct buf line; /* scratch */
};

/*
 * The lines that a search found, with the texts that have it, kept by readers that are
 * asked while somebody types: a longer word is looked for in them alone.
 */
enum { STORE_FOUND = 2, STORE_FOUND_MAX = 2 << 20 }; /* bytes, together */
struct store_found {
	struct buf literal; /* what they have; "": nothing is kept */
	struct buf lines;
	bool caseless;
	int64_t generation; /* of the store */
	uint64_t question;  /* the last one that used it */
};
void store_found_release(struct store_found *f);

struct weir_store;

/* Set or replace the line of run k. */
WEIR_NODISCARD enum weir_rc store_text_put(struct weir_store *s, int64_t k,
	const struct weir_run *run, struct str platform, struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_text_delete(
	struct weir_store *s, int64_t k, struct weir_err *err);
WEIR_NODISCARD enum weir_rc store_text_flush(
	struct weir_store *s, struct weir_err *err);
void store_text_forget(struct store_text *t); /* drop all, unwritten ones too */

/* The run's platform (DESIGN 6): of its parameters named so, else of its tags. May be
 * empty. */
struct str store_platform(
	const struct weir_store *s, const struct weir_run *run, struct buf *scratch);

#endif
