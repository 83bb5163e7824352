#define PCRE2_CODE_UNIT_WIDTH 8
#include "weir/match.h"

#include <ctype.h>

#include <pcre2.h>

#include "weir/mem.h"

/* Steps that one match may take; about 50 ms of the worst pattern. */
enum { MATCH_STEPS_MAX = 1000000, MATCH_DEPTH_MAX = 10000, MATCH_HEAP_KB = 8192 };
enum { MATCH_STACK_MIN = 32 << 10, MATCH_STACK_MAX = 512 << 10 };

struct weir_match {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct buf literal;
	bool caseless, crosses_lines;
	bool *gave_up; /* owned; set by find, which takes m as it is */
};

/* Translated pattern and how to compile it. */
struct recipe {
	struct buf text;
	uint32_t options;
};

/* Is c one of set? (strchr alone finds NUL too.) */
static bool
among(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.s[i] >= 0x80)
			return false;
	}
	return true;
}

/*
 * Has it an upper-case letter? In a regex one after a backslash is a class, not a
 * letter.
 */
static bool
has_upper(struct str s, bool regex)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];
		unsigned char d = i + 1 < s.len ? (unsigned char)s.s[i + 1] : 0;

		if (regex && c == '\\')
			i++;
		else if (isupper(c))
			return true;
		/* Latin-1, Greek and Cyrillic capitals, the ones people type. */
		else if (c == 0xc3 && d >= 0x80 && d <= 0x9e)
			return true;
		else if (c == 0xce && d >= 0x91 && d <= 0xa9)
			return true;
		else if (c == 0xd0 && d >= 0x80 && d <= 0xaf)
			return true;
	}
	return false;
}

static void
add_quoted(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x80 && !isalnum((unsigned char)s[i]) &&
			s[i] != '_')
			buf_addc(out, '\\');
		buf_addc(out, s[i]);
	}
}

/* A `[...]` of a glob at i; returns its length, 0 when it is not closed. */
static size_t
add_glob_class(struct buf *out, struct str p, size_t i)
{
	size_t j = i + 1;

	if (j < p.len && (p.s[j] == '!' || p.s[j] == '^'))
		j++;
	if (j < p.len && p.s[j] == ']')
		j++;
	while (j < p.len && p.s[j] != ']')
		j++;
	if (j >= p.len)
		return 0;
	buf_addc(out, '[');
	for (size_t k = i + 1; k < j; k++) {
		if (k == i + 1 && (p.s[k] == '!' || p.s[k] == '^'))
			buf_addc(out, '^');
		else if (p.s[k] == '-')
			buf_addc(out, '-');
		else
			add_quoted(out, p.s + k, 1);
	}
	buf_addc(out, ']');
	return j - i + 1;
}

static void
translate_glob(struct str p, struct recipe *r)
{
	for (size_t i = 0; i < p.len; i++) {
		size_t n;

		if (p.s[i] == '*') {
			buf_adds(&r->text, ".*");
		} else if (p.s[i] == '?') {
			buf_addc(&r->text, '.');
		} else if (p.s[i] == '[' && (n = add_glob_class(&r->text, p, i))) {
			i += n - 1;
		} else {
			if (p.s[i] == '\\' && i + 1 < p.len)
				i++;
			add_quoted(&r->text, p.s + i, 1);
		}
	}
	r->options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_ANCHORED |
		     PCRE2_ENDANCHORED | PCRE2_DOTALL;
}

/*
 * The characters in this order with anything between. Each step is atomic: the earliest
 * place of a character leaves most room for the next, so no other need be tried.
 * /
 */
static void
translate_fuzzy(struct str p, struct recipe *r)
{
	for (size_t i = 0, n; i < p.len; i += n) {
		n = 1;
		while (i + n < p.len && ((unsigned char)p.s[i + n] & 0xc0) == 0x80)
			n++;
		buf_adds(&r->text, i ? "(?>.*?" : "(?>");
		add_quoted(&r->text, p.s + i, n);
		buf_addc(&r->text, ')');
	}
	r->options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
}

static void
translate(enum weir_match_kind kind, struct str p, struct recipe *r)
{
	switch (kind) {
	case WEIR_MATCH_WORD:
		buf_addstr(&r->text, p);
		/* Without UTF a word of ASCII is looked for at full speed. */
		r->options = PCRE2_LITERAL |
			     (is_ascii(p) ? 0 : PCRE2_UTF | PCRE2_MATCH_INVALID_UTF);
		break;
	case WEIR_MATCH_REGEX:
		buf_addstr(&r->text, p);
		r->options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_MULTILINE |
			     PCRE2_NEVER_BACKSLASH_C;
		break;
	case WEIR_MATCH_FUZZY:
		translate_fuzzy(p, r);
		break;
	case WEIR_MATCH_GLOB:
		translate_glob(p, r);
		break;
	}
}

/* Keep the longer one of best and run; run begins anew. */
static void
literal_keep(struct buf *best, struct buf *run)
{
	if (run->len > best->len) {
		buf_clear(best);
		buf_addstr(best, buf_str(run));
	}
	buf_clear(run);
}

/*
 * In caseless UTF mode k and s also match the Kelvin sign and the long s, and letters
 * beyond ASCII fold in ways of their own: a literal ends before them.
 * /
 */
static bool
folds_oddly(char c)
{
	return (unsigned char)c >= 0x80 || among(c, "kKsS");
}

/* Position after the group or class that opens at i; p.len when it does not close. */
static size_t
skip_class(struct str p, size_t i)
{
	i++;
	if (i < p.len && p.s[i] == '^')
		i++;
	if (i < p.len && p.s[i] == ']')
		i++;
	for (; i < p.len && p.s[i] != ']'; i++) {
		if (p.s[i] == '\\')
			i++;
	}
	return i < p.len ? i + 1 : p.len;
}

static size_t
skip_group(struct str p, size_t i)
{
	int depth = 0;

	while (i < p.len) {
		if (p.s[i] == '\\') {
			i += 2;
		} else if (p.s[i] == '[') {
			i = skip_class(p, i);
		} else {
			if (p.s[i] == '(')
				depth++;
			if (p.s[i] == ')' && --depth == 0)
				return i + 1;
			i++;
		}
	}
	return p.len;
}

/* Is what stands at i a quantifier that allows zero times? */
static bool
may_be_absent(struct str p, size_t i)
{
	return i < p.len && among(p.s[i], "*?{");
}

/* A regex whose text can mean something else than this reader thinks. */
static bool
is_intricate(struct str p)
{
	for (size_t i = 0; i + 1 < p.len; i++) {
		if (p.s[i] == '(' && (p.s[i + 1] == '?' || p.s[i + 1] == '*'))
			return true;
		if (p.s[i] == '\\') {
			if (among(p.s[i + 1], "QEGK"))
				return true;
			i++;
		}
		if (p.s[i] == '[' && among(p.s[i + 1], "[:.=") && i &&
			p.s[i - 1] == '[')
			return true;
	}
	return false;
}

static void
literal_of_regex(struct str p, bool caseless, struct buf *best)
{
	struct buf run = BUF_INIT(WEIR_PATTERN_MAX);
	size_t i = 0;

	if (is_intricate(p))
		return;
	while (i < p.len) {
		char c = p.s[i];
		bool plain = true;

		if (c == '|') {
			buf_clear(best);
			buf_clear(&run);
			break;
		}
		if (c == '(' || c == '[') {
			literal_keep(best, &run);
			i = c == '(' ? skip_group(p, i) : skip_class(p, i);
			continue;
		}
		if (c == '\\') {
			c = ++i < p.len ? p.s[i] : '\\';
			plain = ispunct((unsigned char)c) != 0;
			/* \x41, \p{L}, \cA and the like take more: stop here. */
			if (!plain && !among(c, "dDwWsSbBhHvVntrfaezZAN"))
				break;
		} else if (among(c, "^$.*+?{")) {
			plain = false;
		}
		i++;
		if (c == '{' && !plain) {
			while (i < p.len && p.s[i - 1] != '}')
				i++;
		}
		if (!plain || may_be_absent(p, i) || (caseless && folds_oddly(c)))
			literal_keep(best, &run);
		else
			buf_addc(&run, c);
		if (plain && i < p.len && p.s[i] == '+')
			literal_keep(best, &run);
	}
	literal_keep(best, &run);
	buf_release(&run);
}

/* Longest stretch of a glob without a wildcard. */
static void
literal_of_glob(struct str p, bool caseless, struct buf *best)
{
	struct buf run = BUF_INIT(WEIR_PATTERN_MAX);

	for (size_t i = 0; i < p.len; i++) {
		if (among(p.s[i], "*?[]\\") || (caseless && folds_oddly(p.s[i]))) {
			literal_keep(best, &run);
			if (p.s[i] == '[')
				i = skip_class(p, i) - 1;
			else if (p.s[i] == '\\')
				i++;
		} else {
			buf_addc(&run, p.s[i]);
		}
	}
	literal_keep(best, &run);
	buf_release(&run);
}

static void
find_literal(enum weir_match_kind kind, struct str p, struct weir_match *m)
{
	if (kind == WEIR_MATCH_WORD && (!m->caseless || is_ascii(p)))
		buf_addstr(&m->literal, p);
	else if (kind == WEIR_MATCH_REGEX)
		literal_of_regex(p, m->caseless, &m->literal);
	else if (kind == WEIR_MATCH_GLOB)
		literal_of_glob(p, m->caseless, &m->literal);
	for (size_t i = 0; m->caseless && i < m->literal.len; i++)
		m->literal.s[i] = (char)tolower((unsigned char)m->literal.s[i]);
}

/* Sure only of what is known not to match a newline; all else may. */
static bool
regex_crosses_lines(struct str p)
{
	for (size_t i = 0; i < p.len; i++) {
		char d = i + 1 < p.len ? p.s[i + 1] : '\0';

		if (p.s[i] == '\n' || (p.s[i] == '(' && (d == '*' || d == '?')))
			return true;
		if (p.s[i] == '[' && (d == '^' || d == '['))
			return true;
		if ((unsigned char)p.s[i] < '\n' && d == '-')
			return true;
		if (p.s[i] != '\\')
			continue;
		i++;
		if (isalnum((unsigned char)d) && !among(d, "dwSbBhtrfeN"))
			return true;
		if (d == 't' && i + 1 < p.len && p.s[i + 1] == '-')
			return true;
	}
	return false;
}

static bool
crosses_lines(enum weir_match_kind kind, struct str p)
{
	switch (kind) {
	case WEIR_MATCH_WORD:
		return p.len && memchr(p.s, '\n', p.len);
	case WEIR_MATCH_REGEX:
		return regex_crosses_lines(p);
	case WEIR_MATCH_FUZZY:
		return p.len && memchr(p.s, '\n', p.len);
	case WEIR_MATCH_GLOB:
		return true;
	}
	return true;
}

static enum weir_rc
compile(struct weir_match *m, const struct recipe *r, struct str shown,
	struct weir_err *err)
{
	pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
	unsigned char why[256];
	size_t at;
	int code;

	pcre2_set_newline(cc, PCRE2_NEWLINE_LF);
	m->code = pcre2_compile((PCRE2_SPTR)buf_cstr(&r->text), r->text.len, r->options,
		&code, &at, cc);
	pcre2_compile_context_free(cc);
	if (!m->code) {
		pcre2_get_error_message(code, why, sizeof(why));
		return weir_fail(err, WEIR_EUSAGE, "pattern '%.*s': %s at offset %zu",
			(int)(shown.len < 200 ? shown.len : 200), shown.s, why, at);
	}
	/* Without JIT (no executable memory) the interpreter does it. */
	if (pcre2_jit_compile(m->code, PCRE2_JIT_COMPLETE) == 0)
		m->stack =
			pcre2_jit_stack_create(MATCH_STACK_MIN, MATCH_STACK_MAX, NULL);
	m->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(m->context, MATCH_STEPS_MAX);
	pcre2_set_depth_limit(m->context, MATCH_DEPTH_MAX);
	pcre2_set_heap_limit(m->context, MATCH_HEAP_KB);
	if (m->stack)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	m->data = pcre2_match_data_create(1, NULL);
	return WEIR_OK;
}

enum weir_rc
weir_match_new(enum weir_match_kind kind, struct str pattern,
	struct weir_match **ret_match, struct weir_err *err)
{
	struct recipe r = { .text = BUF_INIT(16 * WEIR_PATTERN_MAX) };
	struct weir_match *m = NULL;
	enum weir_rc rc;

	if (pattern.len > WEIR_PATTERN_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"pattern: longer than %d bytes, the most that is taken",
			WEIR_PATTERN_MAX);
	m = xcalloc(1, sizeof(*m));
	m->gave_up = xcalloc(1, sizeof(*m->gave_up));
	buf_init(&m->literal, WEIR_PATTERN_MAX);
	m->caseless = !has_upper(pattern, kind == WEIR_MATCH_REGEX);
	m->crosses_lines = crosses_lines(kind, pattern);
	find_literal(kind, pattern, m);
	translate(kind, pattern, &r);
	if (m->caseless)
		r.options |= PCRE2_CASELESS;
	rc = compile(m, &r, pattern, err);
	buf_release(&r.text);
	if (rc) {
		weir_match_free(m);
		return rc;
	}
	*ret_match = m;
	return WEIR_OK;
}

void
weir_match_free(struct weir_match *m)
{
	if (!m)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	pcre2_jit_stack_free(m->stack);
	pcre2_code_free(m->code);
	buf_release(&m->literal);
	free(m->gave_up);
	free(m);
}

bool
weir_match_find(const struct weir_match *m, struct str subject, size_t from,
	size_t *ret_start, size_t *ret_end)
{
	const PCRE2_SIZE *span;
	int n;

	if (from > subject.len)
		return false;
	n = pcre2_match(m->code, (PCRE2_SPTR)(subject.s ? subject.s : ""), subject.len,
		from, 0, m->data, m->context);
	*m->gave_up = n < 0 && n != PCRE2_ERROR_NOMATCH;
	if (n < 0)
		return false;
	span = pcre2_get_ovector_pointer(m->data);
	/* \K in a lookahead may put the start behind the end. */
	*ret_start = span[0] < span[1] ? span[0] : span[1];
	*ret_end = span[1];
	return true;
}

bool
weir_match_gave_up(const struct weir_match *m)
{
	return *m->gave_up;
}

bool
weir_match_test(const struct weir_match *m, struct str subject)
{
	size_t start, end;

	return weir_match_find(m, subject, 0, &start, &end);
}

struct str
weir_match_literal(const struct weir_match *m)
{
	return buf_str(&m->literal);
}

bool
weir_match_caseless(const struct weir_match *m)
{
	return m->caseless;
}

bool
weir_match_crosses_lines(const struct weir_match *m)
{
	return m->crosses_lines;
}
