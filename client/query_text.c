/*
 * Searching what bare words search of runs: run_text, blocks of 256 lines, one a run
 * (see schema.c): `k TAB name TAB tags TAB platform TAB parameter values TAB id`,
 * several tags or values with 0x1f between them.
 * /
 */
#include "query.h"
#include "store_text.h"
#include "store_write.h"

static const char sql_blocks[] = "SELECT text FROM run_text";

/* The line around offset at. */
static struct str
line_around(struct str block, size_t at)
{
	const char *from = block.s + at;
	const char *to = memchr(block.s + at, '\n', block.len - at);

	while (from > block.s && from[-1] != '\n')
		from--;
	to = to ? to : block.s + block.len;
	return (struct str){ from, (size_t)(to - from) };
}

/* The number that begins the line; *ret_after is the length up to the first tab. */
static int64_t
line_key(struct str line, size_t *ret_after)
{
	int64_t k = 0;
	size_t i = 0;

	while (i < line.len && line.s[i] >= '0' && line.s[i] <= '9' && i < 18)
		k = k * 10 + (line.s[i++] - '0');
	*ret_after = i;
	return i && i < line.len && line.s[i] == '\t' ? k : -1;
}

/* Position of the control, tab or 0x1f, that ends the text at from. */
static size_t
text_end(struct str line, size_t from)
{
	while (from < line.len && line.s[from] != '\t' && line.s[from] != '\x1f')
		from++;
	return from;
}

/* Does one of the texts after the key match? */
static bool
line_matches(const struct weir_match *m, struct str line)
{
	size_t from;
	int64_t k = line_key(line, &from);

	while (k >= 0 && from < line.len) {
		size_t end = text_end(line, ++from);

		if (weir_match_test(m, (struct str){ line.s + from, end - from }))
			return true;
		from = end;
	}
	return false;
}

static void
add_line(struct str line, struct keyset *set)
{
	size_t after;
	int64_t k = line_key(line, &after);

	if (k >= 0)
		keyset_add(set, k);
}

/*
 * Lines where `find` hits outside the key and, if given, `check` matches one of the
 * texts. A literal holds no tab, so its hit lies in one text.
 * /
 */
static void
scan_block(struct str block, const struct weir_match *find,
	const struct weir_match *check, struct keyset *set)
{
	size_t at = 0, start, end, after;

	while (at < block.len && weir_match_find(find, block, at, &start, &end)) {
		struct str line = line_around(block, start);
		size_t offset = (size_t)(line.s - block.s);

		line_key(line, &after);
		if (start < offset + after) {
			at = offset + after;
			continue;
		}
		if (!check || line_matches(check, line))
			add_line(line, set);
		at = offset + line.len + 1;
	}
}

static void
scan_lines(struct str block, const struct weir_match *m, struct keyset *set)
{
	for (size_t at = 0; at < block.len;) {
		struct str line = line_around(block, at);

		if (line_matches(m, line))
			add_line(line, set);
		at += line.len + 1;
	}
}

/*
 * A literal that is looked for in whole blocks: without controls, which part the
 * texts.
 */
static bool
is_scannable(struct str literal)
{
	for (size_t i = 0; i < literal.len; i++) {
		unsigned char c = (unsigned char)literal.s[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return literal.len > 0;
}

/* Lines so long that a value in them may have been cut. */
static void
add_long_lines(struct str block, struct keyset *set)
{
	for (size_t at = 0; at + STORE_TEXT_VALUE_MAX < block.len;) {
		size_t end = at + STORE_TEXT_VALUE_MAX;

		while (end > at && block.s[end - 1] != '\n')
			end--;
		if (end == at) {
			struct str line = line_around(block, at);

			add_line(line, set);
			end = at + line.len + 1;
		}
		at = end;
	}
}

static enum weir_rc
scan(struct weir_store *s, const struct weir_match *find,
	const struct weir_match *check, bool long_too, struct keyset *set,
	struct weir_err *err)
{
	struct db *db = store_db(s);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	rc = query_prepare(s, sql_blocks, &st, err);
	while (!rc && !(rc = db_step(db, st, &row, err)) && row) {
		struct str block = db_str(st, 0);

		if (long_too)
			add_long_lines(block, set);
		if (find)
			scan_block(block, find, check, set);
		else
			scan_lines(block, check, set);
	}
	sqlite3_finalize(st);
	return rc;
}

bool
query_text_has_literal(struct str literal)
{
	return is_scannable(literal);
}

enum weir_rc
query_text_candidates(struct weir_store *s, struct str literal, struct keyset *set,
	struct weir_err *err)
{
	struct weir_match *find;
	enum weir_rc rc;

	BUG_ON(!is_scannable(literal));
	rc = weir_match_new(WEIR_MATCH_WORD, literal, &find, err);

	if (rc)
		return rc;
	rc = scan(s, find, NULL, true, set, err);
	weir_match_free(find);
	return rc;
}

enum weir_rc
query_text_search(struct weir_store *s, const struct weir_match *m, bool word,
	struct keyset *set, struct weir_err *err)
{
	struct str literal = weir_match_literal(m);
	struct weir_match *find = NULL;
	enum weir_rc rc = WEIR_OK;

	if (!is_scannable(literal))
		return scan(s, NULL, m, false, set, err);
	if (word)
		return scan(s, m, NULL, false, set, err);
	/* A lower-case literal is looked for in any case: never too few. */
	rc = weir_match_new(WEIR_MATCH_WORD, literal, &find, err);
	if (!rc)
		rc = scan(s, find, m, false, set, err);
	weir_match_free(find);
	return rc;
}
