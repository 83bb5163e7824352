/*
 * Searching what bare words search of runs: run_text, blocks of 256 lines, one a run
 * (see schema.c): `k TAB name TAB tags TAB platform TAB parameter values TAB id`,
 * several tags or values with 0x1f between them.
 * /
 */
#include <strings.h>

#include "query.h"
#include "store_priv.h"
#include "store_text.h"
#include "store_write.h"

/* Lines as long as most are: looked through from their beginning. */
enum { LINE_NEAR = 256 };

/* What a search found: keys and, while there are few, the texts themselves. */
struct hits {
	struct keyset *set;
	struct buf *lines; /* NULL: only the keys are wanted, or there were too many */
};

static const char sql_blocks[] = "SELECT text FROM run_text";

/* The line around offset at; one begins at first, not behind it. */
static struct str
line_around(struct str block, size_t first, size_t at)
{
	const char *from = block.s + at;
	const char *to = memchr(block.s + at, '\n', block.len - at);

	if (at - first < LINE_NEAR && !memchr(block.s + first, '\n', at - first))
		from = block.s + first;
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

/* The key and those of the texts that `find` is in. */
static void
keep_texts(struct buf *lines, struct str line, const struct weir_match *find)
{
	size_t at, start, end;

	line_key(line, &at);
	buf_add(lines, line.s, at);
	while (at < line.len && weir_match_find(find, line, at, &start, &end)) {
		while (start > at && line.s[start - 1] != '\t' &&
			line.s[start - 1] != '\x1f')
			start--;
		at = text_end(line, end);
		buf_addc(lines, '\t');
		buf_add(lines, line.s + start, at - start);
	}
	buf_addc(lines, '\n');
}

/* find: what is looked for when lines are kept. */
static void
add_line(struct str line, int64_t k, const struct weir_match *find, struct hits *hits)
{
	if (k < 0)
		return;
	keyset_add(hits->set, k);
	if (!hits->lines)
		return;
	keep_texts(hits->lines, line, find);
	if (hits->lines->truncated) {
		buf_release(hits->lines);
		hits->lines = NULL;
	}
}

/*
 * Lines where `find` hits outside the key and, if given, `check` matches one of the
 * texts. A literal holds no tab, so its hit lies in one text.
 * /
 */
static void
scan_block(struct str block, const struct weir_match *find,
	const struct weir_match *check, struct hits *hits)
{
	size_t at = 0, first = 0, start, end, after;

	while (at < block.len && weir_match_find(find, block, at, &start, &end)) {
		struct str line = line_around(block, first, start);
		int64_t k = line_key(line, &after);

		first = (size_t)(line.s - block.s);
		if (start < first + after) {
			at = first + after;
			continue;
		}
		if (!check || line_matches(check, line))
			add_line(line, k, find, hits);
		at = first += line.len + 1;
	}
}

static void
scan_lines(struct str block, const struct weir_match *m, struct hits *hits)
{
	for (size_t at = 0, after; at < block.len;) {
		struct str line = line_around(block, at, at);

		if (line_matches(m, line))
			add_line(line, line_key(line, &after), NULL, hits);
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
add_long_lines(struct str block, struct hits *hits)
{
	size_t after;

	for (size_t at = 0; at + STORE_TEXT_VALUE_MAX < block.len;) {
		size_t end = at + STORE_TEXT_VALUE_MAX;

		while (end > at && block.s[end - 1] != '\n')
			end--;
		if (end == at) {
			struct str line = line_around(block, at, at);

			add_line(line, line_key(line, &after), NULL, hits);
			end = at + line.len + 1;
		}
		at = end;
	}
}

static enum weir_rc
scan(struct weir_store *s, const struct weir_match *find,
	const struct weir_match *check, bool long_too, struct hits *hits,
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
			add_long_lines(block, hits);
		if (find)
			scan_block(block, find, check, hits);
		else
			scan_lines(block, check, hits);
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
	struct hits hits = { set, NULL };
	struct weir_match *find;
	enum weir_rc rc;

	BUG_ON(!is_scannable(literal));
	rc = weir_match_new(WEIR_MATCH_WORD, literal, &find, err);

	if (rc)
		return rc;
	rc = scan(s, find, NULL, true, &hits, err);
	weir_match_free(find);
	return rc;
}

void
query_text_keep(struct weir_store *s)
{
	if (!s->found)
		s->found = xcalloc(STORE_FOUND, sizeof(*s->found));
	s->question++;
}

/* Does every text with this literal have what the lines were looked for? */
static bool
covers(const struct store_found *f, int64_t generation, struct str literal)
{
	size_t n = f->literal.len;

	if (!n || f->generation != generation)
		return false;
	for (size_t i = 0; i + n <= literal.len; i++) {
		if (f->caseless ? strncasecmp(literal.s + i, f->literal.s, n) == 0
				: memcmp(literal.s + i, f->literal.s, n) == 0)
			return true;
	}
	return false;
}

/* Room for other lines: what this question did not use goes. NULL: there is none. */
static struct store_found *
next_found(struct weir_store *s)
{
	struct store_found *f = NULL;
	size_t room = STORE_FOUND_MAX;

	for (size_t i = 0; i < STORE_FOUND; i++) {
		if (s->found[i].literal.len && s->found[i].question == s->question) {
			room -= s->found[i].lines.len;
			continue;
		}
		f = &s->found[i];
		store_found_release(f);
	}
	if (f && room)
		*f = (struct store_found){ BUF_INIT(BUF_MAX), BUF_INIT(room), false, 0,
			s->question };
	return room ? f : NULL;
}

/*
 * What `find` finds, in the lines that a shorter literal found before if there are
 * such: while a word is typed, its first letters have read all that there is.
 */
static enum weir_rc
scan_again(struct weir_store *s, const struct weir_match *find,
	const struct weir_match *check, struct hits *hits, struct weir_err *err)
{
	struct str literal = weir_match_literal(find);
	int64_t generation = s->found ? weir_store_generation(s) : 0;
	struct store_found *f;
	enum weir_rc rc;

	for (size_t i = 0; s->found && i < STORE_FOUND; i++) {
		f = &s->found[i];
		if (!covers(f, generation, literal))
			continue;
		f->question = s->question;
		scan_block(buf_str(&f->lines), find, check, hits);
		return WEIR_OK;
	}
	f = s->found && !check ? next_found(s) : NULL;
	hits->lines = f ? &f->lines : NULL;
	rc = scan(s, find, check, false, hits, err);
	if (!f)
		return rc;
	if (rc || !hits->lines) {
		store_found_release(f);
		return rc;
	}
	buf_addstr(&f->literal, literal);
	f->caseless = weir_match_caseless(find);
	f->generation = generation;
	return WEIR_OK;
}

enum weir_rc
query_text_search(struct weir_store *s, const struct weir_match *m, bool word,
	struct keyset *set, struct weir_err *err)
{
	struct str literal = weir_match_literal(m);
	struct hits hits = { set, NULL };
	struct weir_match *find = NULL;
	enum weir_rc rc = WEIR_OK;

	if (!is_scannable(literal))
		return scan(s, NULL, m, false, &hits, err);
	if (word)
		return scan_again(s, m, NULL, &hits, err);
	/* A lower-case literal is looked for in any case: never too few. */
	rc = weir_match_new(WEIR_MATCH_WORD, literal, &find, err);
	if (!rc)
		rc = scan_again(s, find, m, &hits, err);
	weir_match_free(find);
	return rc;
}
