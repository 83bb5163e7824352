#include <ctype.h>
#include <strings.h>

#include "query.h"
#include "weir/text.h"

enum {
	QUERY_DEPTH_MAX = 64,
	QUERY_VALUES_MAX = 256,
	EXCERPT_MAX = 200,
	QUERY_TERMS_MAX = 200
};

struct parser {
	struct weir_query *q;
	struct str text;
	size_t at;    /* next byte */
	size_t valid; /* end of the last whole term */
	int depth;    /* of parentheses */
	int nots;     /* within each other */
	int terms;
	bool lenient; /* text is being typed */
	bool stop;    /* an error was met */
	struct weir_err *err;
};

static struct query_node *parse_or(struct parser *p);

static struct query_node *
node_new(struct parser *p, enum query_node_type type)
{
	struct query_node *n = arena_zalloc(&p->q->arena, sizeof(*n));

	n->type = type;
	return n;
}

/* err's text is what is wrong; add where, and the query with a mark below the place. */
static void
fail_at(struct parser *p, size_t at, size_t len)
{
	struct buf out = BUF_INIT(1400);
	struct buf shown = BUF_INIT(QUERY_DEPTH_MAX + 4 * EXCERPT_MAX);
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

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->text.len && is_blank(p->text.s[p->at]))
		p->at++;
}

/* Does a word end at i? */
static bool
ends_at(const struct parser *p, size_t i)
{
	return i >= p->text.len || is_blank(p->text.s[i]) ||
	       (p->text.s[i] == ')' && p->depth > 0);
}

/* Is the next word this one? Then it is taken. */
static bool
take_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(p);
	if (p->text.len - p->at < n || strncasecmp(p->text.s + p->at, word, n) != 0 ||
		!(ends_at(p, p->at + n) || p->text.s[p->at + n] == '('))
		return false;
	p->at += n;
	return true;
}

/*
 * `/re/` at p->at, when the first slash that is not escaped ends the word: `/srv/x` is text.
 * Returns its end (after the slash), 0 when there is none, SIZE_MAX when it is not closed.
 */
static size_t
regex_end(const struct parser *p, bool comma)
{
	for (size_t i = p->at + 1; i < p->text.len; i++) {
		if (p->text.s[i] == '\\') {
			i++;
		} else if (p->text.s[i] == '/') {
			bool ends =
				ends_at(p, i + 1) || (comma && p->text.s[i + 1] == ',');

			return ends && i > p->at + 1 ? i + 1 : 0;
		}
	}
	return SIZE_MAX;
}

/* `\/` in a pattern between slashes is a slash. */
static struct str
regex_text(struct parser *p, size_t from, size_t to)
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
static bool
take_regex(struct parser *p, bool comma, struct query_text *ret)
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
		fail_at(p, from, p->text.len - from);
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

/* From a quote to the closing one; `escape`: glob characters in it stand for themselves. */
static void
take_quoted(struct parser *p, struct buf *out, bool escape)
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
		fail_at(p, from, p->text.len - from);
	}
}

/* A word, quoted parts included, up to a blank (or comma). */
static void
take_text(struct parser *p, bool comma, bool escape, struct query_text *ret)
{
	struct buf b = BUF_INIT(2 * WEIR_QUERY_MAX);

	*ret = (struct query_text){ 0 };
	while (!p->stop && !ends_at(p, p->at)) {
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

static struct query_node *
word_node(struct parser *p, enum weir_match_kind kind, struct str pattern, size_t from)
{
	struct query_node *n = node_new(p, QUERY_WORD);

	if (pattern.len == 0) {
		weir_fail(p->err, WEIR_EUSAGE, "nothing to look for");
		fail_at(p, from, p->at - from);
		return NULL;
	}
	n->match = query_match(p->q, kind, pattern, p->err);
	if (!n->match) {
		fail_at(p, from, p->at - from);
		return NULL;
	}
	n->plain = kind == WEIR_MATCH_WORD;
	VEC_PUSH(&p->q->words, n->match);
	return n;
}

static struct query_node *
parse_bare(struct parser *p)
{
	struct query_text t;
	size_t from = p->at;

	if (p->text.s[p->at] == '/' && take_regex(p, false, &t))
		return word_node(p, WEIR_MATCH_REGEX, t.text, from);
	if (p->stop)
		return NULL;
	if (p->text.s[p->at] == '~') {
		p->at++;
		take_text(p, false, false, &t);
		return p->stop ? NULL : word_node(p, WEIR_MATCH_FUZZY, t.text, from);
	}
	take_text(p, false, false, &t);
	return p->stop ? NULL : word_node(p, WEIR_MATCH_WORD, t.text, from);
}

/* One value; the field is named in the error. */
static void
parse_value(struct parser *p, const struct weir_column *column,
	enum query_special special, struct str name, struct query_value *ret)
{
	struct query_text t = { 0 };
	size_t from = p->at;
	enum weir_rc rc;

	if (!(p->at < p->text.len && p->text.s[p->at] == '/' &&
		    take_regex(p, true, &t)) &&
		!p->stop)
		take_text(p, true, true, &t);
	if (p->stop)
		return;
	if (t.text.len == 0 && !t.quoted) {
		weir_fail(p->err, WEIR_EUSAGE, "no value for '%.*s'", (int)name.len,
			name.s);
		fail_at(p, from, 1);
		return;
	}
	rc = query_value_parse(p->q, column, special, &t, ret, p->err);
	if (rc) {
		char hint[sizeof(p->err->hint)];

		if (p->err && p->err->hint[0]) {
			memcpy(hint, p->err->hint, sizeof(hint));
			weir_hint(p->err, "%.*s:%s", (int)name.len, name.s, hint);
		}
		fail_at(p, from, p->at - from);
	}
}

static struct query_node *
field_node(struct parser *p, const struct weir_column *column,
	enum query_special special, struct str name)
{
	struct query_node *n = node_new(p, QUERY_FIELD);
	VEC(struct query_value) values = { 0 };

	n->column = column;
	do {
		struct query_value v;

		if (values.n == QUERY_VALUES_MAX) {
			weir_fail(p->err, WEIR_EUSAGE, "more than %d values",
				QUERY_VALUES_MAX);
			fail_at(p, p->at, 1);
			break;
		}
		parse_value(p, column, special, name, &v);
		if (p->stop)
			break;
		VEC_PUSH(&values, v);
	} while (p->at < p->text.len && p->text.s[p->at] == ',' && ++p->at);
	n->n_values = values.n;
	n->values = arena_alloc(&p->q->arena, (values.n + 1) * sizeof(*n->values));
	if (values.n)
		memcpy(n->values, values.v, values.n * sizeof(*n->values));
	VEC_FREE(&values);
	return p->stop ? NULL : n;
}

/* Length of `name:` at p->at without the colon; 0 when a bare word stands here. */
static size_t
field_length(const struct parser *p)
{
	size_t i = p->at;

	if (i >= p->text.len || !(isalpha((unsigned char)p->text.s[i])))
		return 0;
	for (; i < p->text.len && !ends_at(p, i); i++) {
		if (p->text.s[i] == ':')
			return i - p->at;
		if (strchr("\"(,*?<>=", p->text.s[i]) && p->text.s[i])
			return 0;
	}
	return 0;
}

static void
fail_field(struct parser *p, struct str name)
{
	const char *near = query_field_near(p->q->kind, name);
	size_t from = p->at;
	size_t end = from;

	weir_fail(p->err, WEIR_EUSAGE, "unknown field '%.*s'",
		(int)(name.len < 64 ? name.len : 64), name.s);
	while (!ends_at(p, end))
		end++;
	if (near)
		weir_hint(p->err, "%s%.*s", near,
			(int)(end - from - name.len < 200 ? end - from - name.len
							  : 200),
			name.s + name.len);
	else
		weir_hint(p->err, "\"%.*s\" to look for the text",
			(int)(end - from < 200 ? end - from : 200), name.s);
	fail_at(p, from, name.len);
}

static struct query_node *
parse_term(struct parser *p)
{
	const struct weir_column *column;
	enum query_special special;
	struct str name = { p->text.s + p->at, field_length(p) };

	if (++p->terms > QUERY_TERMS_MAX) {
		weir_fail(p->err, WEIR_EUSAGE, "more than %d terms", QUERY_TERMS_MAX);
		fail_at(p, p->at, 1);
		return NULL;
	}
	if (name.len == 0)
		return parse_bare(p);
	column = query_field_find(p->q->kind, name, &p->q->arena, &special);
	if (!column) {
		fail_field(p, name);
		return NULL;
	}
	p->at += name.len + 1;
	return field_node(p, column, special, name);
}

static struct query_node *
parse_group(struct parser *p)
{
	struct query_node *n;
	size_t from = p->at++;

	if (p->depth == QUERY_DEPTH_MAX) {
		weir_fail(p->err, WEIR_EUSAGE, "parentheses more than %d deep",
			QUERY_DEPTH_MAX);
		fail_at(p, from, 1);
		return NULL;
	}
	p->depth++;
	n = parse_or(p);
	skip_blanks(p);
	if (!p->stop && p->at < p->text.len && p->text.s[p->at] == ')') {
		p->at++;
	} else if (!p->stop && !p->lenient) {
		weir_fail(p->err, WEIR_EUSAGE, "'(' without its ')'");
		fail_at(p, from, 1);
	}
	p->depth--;
	if (!p->stop && !n) {
		weir_fail(p->err, WEIR_EUSAGE, "nothing between '(' and ')'");
		fail_at(p, from, p->at - from);
	}
	return n;
}

/* NULL without p->stop: no more terms here. */
static struct query_node *
parse_unary(struct parser *p)
{
	struct query_node *n, *not ;
	size_t from;
	bool negate;

	skip_blanks(p);
	if (p->at >= p->text.len || (p->text.s[p->at] == ')' && p->depth))
		return NULL;
	from = p->at;
	negate = take_word(p, "not");
	if (!negate && p->text.s[p->at] == '-' && !ends_at(p, p->at + 1)) {
		negate = true;
		p->at++;
	}
	if (!negate) {
		n = p->text.s[p->at] == '(' ? parse_group(p) : parse_term(p);
		if (n && !p->stop)
			p->valid = p->at;
		return n;
	}
	if (p->nots == QUERY_DEPTH_MAX) {
		weir_fail(p->err, WEIR_EUSAGE, "'not' more than %d deep",
			QUERY_DEPTH_MAX);
		fail_at(p, from, 1);
		return NULL;
	}
	p->nots++;
	n = parse_unary(p);
	p->nots--;
	if (!n && !p->stop) {
		weir_fail(p->err, WEIR_EUSAGE, "nothing after 'not'");
		fail_at(p, from, p->at - from);
	}
	if (!n)
		return NULL;
	not = node_new(p, QUERY_NOT);
	not ->left = n;
	return not ;
}

static struct query_node *
join(struct parser *p, enum query_node_type type, struct query_node *left,
	struct query_node *right)
{
	struct query_node *n;

	if (!left || !right)
		return left ? left : right;
	n = node_new(p, type);
	n->left = left;
	n->right = right;
	return n;
}

static bool
at_or(struct parser *p)
{
	struct parser look = *p;

	return take_word(&look, "or");
}

static struct query_node *
parse_and(struct parser *p)
{
	struct query_node *all = NULL;

	for (;;) {
		struct query_node *n;

		while (all && take_word(p, "and"))
			;
		if (at_or(p))
			return all;
		n = parse_unary(p);
		all = join(p, QUERY_AND, all, n);
		if (!n || p->stop)
			return all;
	}
}

static struct query_node *
parse_or(struct parser *p)
{
	struct query_node *any = NULL;

	for (;;) {
		struct query_node *n = parse_and(p);
		size_t from;

		if (p->stop)
			return join(p, QUERY_OR, any, n);
		skip_blanks(p);
		from = p->at;
		if (!n && (any || at_or(p))) {
			weir_fail(p->err, WEIR_EUSAGE, "nothing %s 'or'",
				any ? "after" : "before");
			fail_at(p, from ? from - 1 : 0, 1);
			return any;
		}
		any = join(p, QUERY_OR, any, n);
		if (!take_word(p, "or"))
			return any;
	}
}

static struct weir_query *
query_new(enum weir_kind kind, int64_t now_us)
{
	struct weir_query *q = xcalloc(1, sizeof(*q));

	q->kind = kind;
	q->now_us = now_us;
	return q;
}

static struct query_node *
parse_all(struct parser *p)
{
	struct query_node *n = parse_or(p);

	skip_blanks(p);
	if (!p->stop && p->at < p->text.len) {
		weir_fail(p->err, WEIR_EUSAGE, "')' without its '('");
		fail_at(p, p->at, 1);
	}
	return n ? n : node_new(p, QUERY_ALL);
}

enum weir_rc
weir_query_parse(enum weir_kind kind, struct str text, int64_t now_us,
	struct weir_query **ret_query, struct weir_err *err)
{
	struct weir_err own;
	struct parser p = { .text = text, .err = err ? err : &own };

	if (text.len > WEIR_QUERY_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"query: longer than %d bytes, the most that is taken",
			WEIR_QUERY_MAX);
	p.q = query_new(kind, now_us);
	p.q->root = parse_all(&p);
	if (p.stop) {
		weir_query_free(p.q);
		return WEIR_EUSAGE;
	}
	*ret_query = p.q;
	return WEIR_OK;
}

struct weir_query *
weir_query_parse_prefix(enum weir_kind kind, struct str text, int64_t now_us,
	size_t *ret_valid, struct weir_err *err)
{
	struct weir_err own;
	struct parser p = { .text = text, .lenient = true, .err = err ? err : &own };

	*p.err = (struct weir_err){ 0 };
	if (p.text.len > WEIR_QUERY_MAX)
		p.text.len = WEIR_QUERY_MAX;
	p.q = query_new(kind, now_us);
	p.q->root = parse_all(&p);
	*ret_valid = p.stop ? p.valid : text.len;
	return p.q;
}

void
weir_query_free(struct weir_query *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->matches.n; i++)
		weir_match_free(q->matches.v[i]);
	VEC_FREE(&q->matches);
	VEC_FREE(&q->words);
	arena_free(&q->arena);
	free(q);
}

bool
weir_query_matches_all(const struct weir_query *q)
{
	return q->root->type == QUERY_ALL;
}

bool
weir_query_is_relative(const struct weir_query *q)
{
	return q->relative;
}

size_t
weir_query_words(const struct weir_query *q, const struct weir_match *const **ret_words)
{
	*ret_words = q->words.v;
	return q->words.n;
}
