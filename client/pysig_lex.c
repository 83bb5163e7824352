#include "pysig_lex.h"

#include <ctype.h>

struct lexer {
	const char *p, *end, *line_start;
	unsigned line, indent;
	int depth;  /* of brackets */
	bool fresh; /* at the start of a logical line */
	struct pytokens *out;
};

bool
pysig_is(const struct pytoken *t, const char *text)
{
	return (t->kind == PY_NAME || t->kind == PY_OP) && str_eq(t->text, text);
}

static bool
is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (c & 0x80);
}

static bool
is_name_char(char c)
{
	return is_name_start(c) || isdigit((unsigned char)c);
}

static void
push(struct lexer *l, enum pytoken_kind kind, const char *from)
{
	struct pytoken t = { kind, { from, (size_t)(l->p - from) }, l->line,
		l->indent };

	VEC_PUSH(l->out, t);
	l->fresh = false;
}

/* ---- string literals */

/* The length of r, b, u, f prefixes in front of a quote at p, or -1. */
static int
prefix_length(const char *p, const char *end)
{
	int n = 0;

	while (n < 3 && p + n < end && p[n] && strchr("rRbBuUfFtT", p[n]))
		n++;
	return p + n < end && (p[n] == '"' || p[n] == '\'') ? n : -1;
}

/* l->p is at the quote. */
static bool
skip_string(struct lexer *l)
{
	char quote = *l->p;
	bool triple = l->end - l->p >= 3 && l->p[1] == quote && l->p[2] == quote;

	l->p += triple ? 3 : 1;
	for (; l->p < l->end; l->p++) {
		if (*l->p == '\n') {
			if (!triple)
				return false;
			l->line++;
		} else if (*l->p == '\\') {
			if (l->p + 1 < l->end && l->p[1] == '\n')
				l->line++;
			l->p++;
		} else if (*l->p == quote && !triple) {
			l->p++;
			return true;
		} else if (*l->p == quote && l->end - l->p >= 3 && l->p[1] == quote &&
			   l->p[2] == quote) {
			l->p += 3;
			return true;
		}
	}
	return false;
}

static bool
lex_string(struct lexer *l, int prefix)
{
	const char *from = l->p;
	unsigned line = l->line;

	l->p += prefix;
	if (!skip_string(l))
		return false;
	push(l, PY_TEXT, from);
	l->out->v[l->out->n - 1].line = line;
	return true;
}

/* ---- the rest */

static void
lex_number(struct lexer *l)
{
	const char *from = l->p;

	while (l->p < l->end && (is_name_char(*l->p) || *l->p == '.')) {
		bool exponent = (*l->p == 'e' || *l->p == 'E') && from[0] != '0';

		l->p++;
		if (exponent && l->p < l->end && (*l->p == '-' || *l->p == '+'))
			l->p++;
	}
	push(l, PY_NUMBER, from);
}

static bool
lex_operator(struct lexer *l)
{
	static const char *const two[] = { "==", "!=", "<=", ">=", "->", ":=", "**",
		"//", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "%=", "@=", "<<",
		">>" };
	const char *from = l->p;

	if (strchr("([{", *l->p))
		l->depth++;
	else if (strchr(")]}", *l->p) && --l->depth < 0)
		return false;
	l->p++;
	for (size_t i = 0; i < N_ELEM(two) && l->p < l->end; i++)
		if (*from == two[i][0] && *l->p == two[i][1]) {
			l->p++;
			break;
		}
	push(l, PY_OP, from);
	return true;
}

static void
end_line(struct lexer *l)
{
	l->p++;
	if (!l->depth && !l->fresh) {
		push(l, PY_LINE, l->p - 1);
		l->fresh = true;
	}
	l->line++;
	l->line_start = l->p;
}

static void
note_indent(struct lexer *l)
{
	unsigned n = 0;

	if (!l->fresh || l->depth)
		return;
	for (const char *p = l->line_start; p < l->p; p++)
		n = *p == '\t' ? (n / 8 + 1) * 8 : n + 1;
	l->indent = n;
}

static bool
lex_one(struct lexer *l)
{
	int prefix;

	note_indent(l);
	prefix = prefix_length(l->p, l->end);
	if (prefix >= 0)
		return lex_string(l, prefix);
	if (is_name_start(*l->p)) {
		const char *from = l->p;

		while (l->p < l->end && is_name_char(*l->p))
			l->p++;
		push(l, PY_NAME, from);
		return true;
	}
	if (isdigit((unsigned char)*l->p) || (*l->p == '.' && l->p + 1 < l->end &&
						     isdigit((unsigned char)l->p[1]))) {
		lex_number(l);
		return true;
	}
	return *l->p && strchr("()[]{}<>=!+-*/%@&|^~:;,.`$?", *l->p) && lex_operator(l);
}

/* A backslash at the end of a line joins the next one. */
static bool
is_joined(struct lexer *l)
{
	const char *p = l->p + 1;

	if (*l->p != '\\')
		return false;
	if (p < l->end && *p == '\r')
		p++;
	if (p >= l->end || *p != '\n')
		return false;
	l->p = p + 1;
	l->line++;
	return true;
}

bool
pysig_lex(struct str source, struct pytokens *out)
{
	struct lexer l = { .p = source.s,
		.end = source.s + source.len,
		.line = 1,
		.fresh = true,
		.out = out };

	if (source.len >= 3 && memcmp(source.s, "\xef\xbb\xbf", 3) == 0)
		l.p += 3;
	l.line_start = l.p;
	while (l.p < l.end) {
		if (*l.p == '\n')
			end_line(&l);
		else if (*l.p == '#')
			while (l.p < l.end && *l.p != '\n')
				l.p++;
		else if (strchr(" \t\r\f", *l.p) && *l.p)
			l.p++;
		else if (!is_joined(&l) && !lex_one(&l))
			return false;
	}
	if (l.depth)
		return false;
	if (!l.fresh)
		push(&l, PY_LINE, l.p);
	l.indent = 0;
	push(&l, PY_END, l.p);
	return true;
}

/* ---- values of literals */

static int
hex_digits(const char *p, const char *end, int n, unsigned *ret)
{
	*ret = 0;
	if (end - p < n)
		return -1;
	for (int i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return -1;
		*ret = *ret * 16 +
		       (unsigned)(isdigit((unsigned char)p[i])
					  ? p[i] - '0'
					  : tolower((unsigned char)p[i]) - 'a' + 10);
	}
	return n;
}

static bool
add_code_point(struct buf *b, unsigned cp)
{
	if (!cp || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return false;
	if (cp < 0x80) {
		buf_addc(b, (char)cp);
	} else if (cp < 0x800) {
		buf_addc(b, (char)(0xc0 | (cp >> 6)));
		buf_addc(b, (char)(0x80 | (cp & 0x3f)));
	} else if (cp < 0x10000) {
		buf_addc(b, (char)(0xe0 | (cp >> 12)));
		buf_addc(b, (char)(0x80 | ((cp >> 6) & 0x3f)));
		buf_addc(b, (char)(0x80 | (cp & 0x3f)));
	} else {
		buf_addc(b, (char)(0xf0 | (cp >> 18)));
		buf_addc(b, (char)(0x80 | ((cp >> 12) & 0x3f)));
		buf_addc(b, (char)(0x80 | ((cp >> 6) & 0x3f)));
		buf_addc(b, (char)(0x80 | (cp & 0x3f)));
	}
	return true;
}

/* p is behind the backslash; what it stands for. */
static bool
add_escape(struct buf *b, const char **p, const char *end)
{
	static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
	const char *known = memchr(from, **p, sizeof(from) - 1);
	unsigned cp;
	int n;

	if (known) {
		buf_addc(b, to[known - from]);
		(*p)++;
		return true;
	}
	if (**p == '\n') {
		(*p)++;
		return true;
	}
	n = **p == 'x' ? 2 : **p == 'u' ? 4 : **p == 'U' ? 8 : 0;
	if (!n || hex_digits(*p + 1, end, n, &cp) < 0)
		return false;
	*p += n + 1;
	return add_code_point(b, cp);
}

const char *
pysig_text(struct arena *arena, const struct pytoken *t)
{
	const char *p = t->text.s, *end = p + t->text.len;
	struct buf b = BUF_INIT(BUF_MAX);
	const char *found = NULL;
	bool raw = false, good = true;
	size_t quotes;

	for (; *p != '"' && *p != '\''; p++) {
		if (strchr("bBfFtT", *p))
			return NULL;
		raw |= *p == 'r' || *p == 'R';
	}
	quotes = end - p >= 6 && p[1] == *p && p[2] == *p ? 3 : 1;
	p += quotes;
	end -= quotes;
	while (p < end && good) {
		if (*p == '\\' && !raw) {
			p++;
			good = p < end && add_escape(&b, &p, end);
		} else if (*p == '\r' && p + 1 < end && p[1] == '\n') {
			p++; /* a line ends in one character */
		} else if (*p) {
			buf_addc(&b, *p++);
		} else {
			good = false;
		}
	}
	if (good)
		found = arena_strndup(arena, buf_cstr(&b), b.len);
	buf_release(&b);
	return found;
}
