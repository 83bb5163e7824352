/*
 * A block of log lines, as it lies in the store: lines of one run in the order
 * (timestamp, created, id), their bytes joined, and what else is known of each beside
 * it.
 *
 * text: the messages, a newline after each (a message may hold newlines itself).
 * lines: version byte 1; varint n; varint n of loggers, each varint length and bytes;
 * varint n of tasks, 16 bytes each; then a line: flags byte (1 level, 2 logger, 4 task
 * differ from the line before and follow), zigzag varint microseconds since the line
 * before, varint length of the message; then what flags announce: zigzag varint level,
 * varint logger + 1 (0: none), varint task + 1 (0: the flow's own). Before the first
 * line: 0 us, level 20, none, none. ids: 24 bytes a line, id and created
 * (little-endian); only while the run is live.
 */
#ifndef WEIR_CLIENT_LOGBLOCK_H
#define WEIR_CLIENT_LOGBLOCK_H

#include "weir/mem.h"
#include "weir/types.h"

/* A block is closed at whichever comes first; a longer line has one of its own. */
enum { LOGBLOCK_LINES = 512, LOGBLOCK_TEXT = 64 << 10, LOGBLOCK_ID = 24 };

/* One block in its parts, ready to be written. */
struct logblock_out {
	struct buf lines, text, ids, grams;
	int64_t from_us, to_us;
	uint32_t levels; /* bit logblock_level_bit(level) */
	size_t n;
};

int logblock_level_bit(int level); /* level / 10, within 0..31 */

/* How many of lines[0..n) go into the next block. */
size_t logblock_take(const struct weir_log *lines, size_t n);

/* Build the parts of lines[0..n), n > 0; out is emptied first and reused. */
void logblock_encode(const struct weir_log *lines, size_t n, bool with_ids,
	struct logblock_out *out);
void logblock_release(struct logblock_out *out);

/* A decoded block; strings point into the text and lines it was decoded from. */
struct logblock {
	size_t n;
	struct weir_log *lines; /* id and created unset unless ids were given */
	uint32_t *task;         /* of a line: number into tasks + 1, or 0 */
	size_t n_tasks;
	struct weir_id *tasks;
};

/*
 * Decode into the arena; run goes into each line. ids may be empty. WEIR_EDB when the
 * blobs do not fit together: nothing of a damaged block is used.
 */
WEIR_NODISCARD enum weir_rc logblock_decode(const struct weir_id *run, struct str lines,
	struct str text, struct str ids, struct arena *result, struct logblock *ret,
	struct weir_err *err);

/* Order of lines: (timestamp, created, id). */
int logblock_cmp(const struct weir_log *a, const struct weir_log *b);

#endif
