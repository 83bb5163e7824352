#include "query_lex.h"

#include <strings.h>

#include "weir/text.h"

enum { EXCERPT_MAX = 200 };

/* err's text is what is wrong; add where, and the query with a mark below the place. */
void
query_fail_at(struct query_parser *p, size_t at, size_t len)
{
	struct buf out = BUF_INIT(1400);
	struct buf shown = BUF_INIT(BUF_MAX);
	struct str all = p->text;
	size_t from = at > EXCERPT_MAX / 2 ? at - EXCERPT_MAX / 2 : 0;
	size_t end, column, width;
	char hint[sizeof(p->err->hint)];

	p->stop = true;
	if (!p->err)
		return;
	while (from && ((unsigned char)all.s[from] & 0xc0) == 0x80)
		from--;
	end = all.len - from > EXCERPT_MAX ? from + EXCERPT_MAX : all.len;
	if (len > end - at)
		len = end - at;
	text_sanitize(&shown, (struct str){ all.s, at }, 0);
	column = text_width(buf_str(&shown));
	buf_clear(&shown);
	text_sanitize(&shown, (struct str){ all.s + from, at - from }, 0);
	width = text_width(buf_str(&shown)) + (from ? 1 : 0);
	buf_clear(&shown);
	text_sanitize(&shown, (struct str){ all.s + from, end - from }, 0);
	buf_addf(&out, "query: %.*s at column %zu\n  %s%s\n  ", 600, p->err->text,
		column + 1, from ? "<" : "", buf_cstr(&shown));
	buf_addn(&out, ' ', width);
	buf_addc(&out, '^');
	buf_clear(&shown);
	text_sanitize(&shown, (struct str){ all.s + at, len }, 0);
	width = text_width(buf_str(&shown));
	buf_addn(&out, '~', width > 1 ? width - 1 : 0);
	memcpy(hint, p->err->hint, sizeof(hint));
	weir_fail(p->err, WEIR_EUSAGE, "%s", buf_cstr(&out));
	memcpy(p->err->hint, hint, sizeof(hint));
	buf_release(&out);
	buf_release(&shown);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void
query_skip_blanks(struct query_parser *p)
{
	while (p->at < p->text.len && is_blank(p->text.s[p->at]))
		p->at++;
}

/* Does a word end at i? */
bool
query_ends_at(const struct query_parser *p, size_t i)
{
	return i >= p->text.len || is_blank(p->text.s[i]) ||
	       (p->text.s[i] == ')' && p->depth > 0);
}

/* Is the next word this one? Then it is taken. */
bool
query_take_word(struct query_parser *p, const char *word)
{
	size_t n = strlen(word);

	query_skip_blanks(p);
	if (p->text.len - p->at < n || strncasecmp(p->text.s + p->at, word, n) != 0 ||
		!(query_ends_at(p, p->at + n) || p->text.s[p->at + n] == '('))
		return false;
	p->at += n;
	return true;
}

/*
 * `/re/` at p->at, when the first slash that is not escaped ends the word: `/srv/x` is
 * text. Returns its end (after the slash), 0 when there is none, SIZE_MAX when it is
 * not closed. /
 */
static size_t
regex_end(const struct query_parser *p, bool comma)
{
	for (size_t i = p->at + 1; i < p->text.len; i++) {
		if (p->text.s[i] == '\\') {
			i++;
		} else if (p->text.s[i] == '/') {
			bool ends = query_ends_at(p, i + 1) ||
				    (comma && p->text.s[i + 1] == ',');

			return ends && i > p->at + 1 ? i + 1 : 0;
		}
	}
	return SIZE_MAX;
}

/* `\/` in a pattern between slashes is a slash. */
static struct str
regex_text(struct query_parser *p, size_t from, size_t to)
{
	struct buf b = BUF_INIT(WEIR_QUERY_MAX);
	struct str s;

	for (size_t i = from; i < to; i++) {
		if (p->text.s[i] == '\\' && i + 1 < to && p->text.s[i + 1] == '/')
			continue;
		buf_addc(&b, p->text.s[i]);
	}
	s.len = b.len;
	s.s = arena_strndup(&p->q->arena, buf_cstr(&b), b.len);
	buf_release(&b);
	return s;
}

/* Take `/re/`; false when the text here is not one. An unclosed one is an error. */
bool
query_take_regex(struct query_parser *p, bool comma, struct query_text *ret)
{
	size_t from = p->at;
	size_t end = regex_end(p, comma);

	if (end == 0)
		return false;
	if (end == SIZE_MAX && !p->lenient) {
		weir_fail(p->err, WEIR_EUSAGE, "pattern without its closing '/'");
		weir_hint(p->err, "\"%.*s\" to look for the text", 64,
			arena_strndup(
				&p->q->arena, p->text.s + from, p->text.len - from));
		query_fail_at(p, from, p->text.len - from);
		return false;
	}
	*ret = (struct query_text){ .regex = true };
	if (end == SIZE_MAX) {
		end = p->text.len;
		ret->text = regex_text(p, from + 1, end);
	} else {
		ret->text = regex_text(p, from + 1, end - 1);
	}
	p->at = end;
	return true;
}

/*
 * From a quote to the closing one; `escape`: glob characters in it stand for
 * themselves.
 */
static void
take_quoted(struct query_parser *p, struct buf *out, bool escape)
{
	size_t from = p->at++;

	while (p->at < p->text.len && p->text.s[p->at] != '"') {
		if (p->text.s[p->at] == '\\' && p->at + 1 < p->text.len &&
			memchr("\"\\", p->text.s[p->at + 1], 2))
			p->at++;
		if (escape && p->text.s[p->at] && strchr("*?[]\\", p->text.s[p->at]))
			buf_addc(out, '\\');
		buf_addc(out, p->text.s[p->at++]);
	}
	if (p->at < p->text.len) {
		p->at++;
	} else if (!p->lenient) {
		weir_fail(p->err, WEIR_EUSAGE, "quote without its closing '\"'");
		query_fail_at(p, from, p->text.len - from);
	}
}

/* A word, quoted parts included, up to a blank (or comma). */
void
query_take_text(struct query_parser *p, bool comma, bool escape, struct query_text *ret)
{
	struct buf b = BUF_INIT(2 * WEIR_QUERY_MAX);

	*ret = (struct query_text){ 0 };
	while (!p->stop && !query_ends_at(p, p->at)) {
		char c = p->text.s[p->at];

		if (comma && c == ',')
			break;
		if (c == '"') {
			ret->quoted = true;
			take_quoted(p, &b, escape);
		} else if (escape && c == '\\' && p->at + 1 < p->text.len) {
			buf_add(&b, p->text.s + p->at, 2);
			p->at += 2;
		} else {
			buf_addc(&b, c);
			p->at++;
		}
	}
	ret->unfinished = p->lenient && p->at == p->text.len;
	ret->text.len = b.len;
	ret->text.s = arena_strndup(&p->q->arena, buf_cstr(&b), b.len);
	buf_release(&b);
}
