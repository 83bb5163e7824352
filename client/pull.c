#include "pull.h"

#include <locale.h>
#include <math.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "pull_text.h"

void
pull_init(struct pull *p, struct str text, struct arena *arena)
{
	text = pull_text_clean(text, arena);
	*p = (struct pull){ .arena = arena };
	p->begin = p->p = text.len ? text.s : "";
	p->end = p->p + text.len;
}

size_t
pull_offset(const struct pull *p)
{
	return (size_t)(p->p - p->begin);
}

/* ---- scanning */

static bool
fault(struct pull *p, const char *why)
{
	if (!p->why)
		p->why = p->p == p->end ? "it ends too early" : why;
	return false;
}

/* The next byte that is not white space, 0 at the end. Text is clean: space is the only
 * one. */
static inline char
peek(struct pull *p)
{
	while (p->p < p->end && *p->p == ' ')
		p->p++;
	return p->p < p->end ? *p->p : '\0';
}

static inline const char *
quote_or_backslash(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');

	for (; end - p >= 16; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		int m = _mm_movemask_epi8(_mm_or_si128(
			_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)));

		if (m)
			return p + __builtin_ctz((unsigned)m);
	}
#endif
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

static int
hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* Over an escape; p->p is at its backslash. */
static bool
skip_escape(struct pull *p)
{
	const char *e = p->p + 1;

	if (e < p->end && *e == 'u') {
		if (p->end - e < 5 || hex4(e + 1) < 0)
			return fault(p, "a \\u escape has no four hex digits");
		p->p = e + 5;
		return true;
	}
	if (e >= p->end || !*e || !strchr("\"\\/bfnrt", *e))
		return fault(p, "an unknown escape");
	p->p = e + 1;
	return true;
}

/* Over a string; p->p is at its opening quote. *ret is what stands between the quotes.
 */
static inline bool
scan_string(struct pull *p, struct str *ret, bool *ret_escapes)
{
	const char *start = p->p + 1;

	*ret_escapes = false;
	p->p = quote_or_backslash(start, p->end);
	while (p->p < p->end && *p->p == '\\') {
		*ret_escapes = true;
		if (!skip_escape(p))
			return false;
		p->p = quote_or_backslash(p->p, p->end);
	}
	if (p->p == p->end)
		return fault(p, "a string does not end");
	*ret = (struct str){ start, (size_t)(p->p - start) };
	p->p++;
	return true;
}

static bool
is_digit(const struct pull *p)
{
	return p->p < p->end && *p->p >= '0' && *p->p <= '9';
}

static bool
scan_digits(struct pull *p)
{
	if (!is_digit(p))
		return fault(p, "a malformed number");
	while (is_digit(p))
		p->p++;
	return true;
}

static bool
scan_number(struct pull *p)
{
	if (*p->p == '-')
		p->p++;
	if (p->p < p->end && *p->p == '0')
		p->p++;
	else if (!scan_digits(p))
		return false;
	if (p->p < p->end && *p->p == '.') {
		p->p++;
		if (!scan_digits(p))
			return false;
	}
	if (p->p < p->end && (*p->p == 'e' || *p->p == 'E')) {
		p->p++;
		if (p->p < p->end && (*p->p == '+' || *p->p == '-'))
			p->p++;
		return scan_digits(p);
	}
	return true;
}

static bool
scan_word(struct pull *p)
{
	static const char *const words[] = { "null", "false", "true" };
	struct str left = { p->p, (size_t)(p->end - p->p) };

	for (size_t i = 0; i < N_ELEM(words); i++)
		if (str_starts(left, words[i])) {
			p->p += strlen(words[i]);
			return true;
		}
	return fault(p, "not JSON");
}

static inline bool
scan_scalar(struct pull *p, char c)
{
	struct str s;
	bool escapes;

	if (c == '"')
		return scan_string(p, &s, &escapes);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(p);
	return scan_word(p);
}

/* Over `"key":`, raw. */
static inline bool
scan_key(struct pull *p, struct str *ret, bool *ret_escapes)
{
	if (peek(p) != '"')
		return fault(p, "a member has no name");
	if (!scan_string(p, ret, ret_escapes))
		return false;
	if (peek(p) != ':')
		return fault(p, "no ':' after a name");
	p->p++;
	return true;
}

static inline bool
skip_key(struct pull *p)
{
	struct str key;
	bool escapes;

	return scan_key(p, &key, &escapes);
}

/*
 * Over a whole value. `kinds` is a stack of one bit a level (1: object): text decides
 * how deep it goes, so there is no recursion.
 */
static bool
skip_value(struct pull *p)
{
	uint64_t kinds[PULL_DEPTH_MAX / 64];
	size_t depth = 0;
	bool object;
	char c;

	for (;;) {
		c = peek(p);
		if (c == '{' || c == '[') {
			if (depth == PULL_DEPTH_MAX)
				return fault(p, "it is nested too deeply");
			object = c == '{';
			kinds[depth / 64] &= ~(UINT64_C(1) << depth % 64);
			kinds[depth / 64] |= (uint64_t)object << depth % 64;
			depth++;
			p->p++;
			if (peek(p) == (object ? '}' : ']')) {
				p->p++;
				depth--;
			} else if (object && !skip_key(p)) {
				return false;
			} else {
				continue;
			}
		} else if (!scan_scalar(p, c)) {
			return false;
		}
		/* After a value: close what ends here, or go on to the next. */
		for (;;) {
			if (depth == 0)
				return true;
			object = kinds[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
			c = peek(p);
			if (c == ',')
				break;
			if (c != (object ? '}' : ']'))
				return fault(p, "not JSON");
			p->p++;
			depth--;
		}
		p->p++;
		if (object && !skip_key(p))
			return false;
	}
}

/* ---- the interface */

enum pull_kind
pull_peek(struct pull *p)
{
	static const unsigned char kinds[128] = {
		['{'] = PULL_OBJECT,
		['['] = PULL_ARRAY,
		['"'] = PULL_STRING,
		['t'] = PULL_TRUE,
		['f'] = PULL_FALSE,
		['n'] = PULL_NULL,
		['-'] = PULL_NUMBER,
	};
	char c = p->why ? '\0' : peek(p);

	if (c >= '0' && c <= '9')
		return PULL_NUMBER;
	return c < 0 ? PULL_BAD : (enum pull_kind)kinds[(unsigned char)c];
}

bool
pull_enter(struct pull *p)
{
	char c = p->why ? '\0' : peek(p);

	if (c != '[' && c != '{')
		return fault(p, "not a list or object");
	p->p++;
	return true;
}

/* At a comma or the closing bracket: true when another element follows. */
static inline bool
next_element(struct pull *p, bool *first, char closing)
{
	char c = p->why ? '\0' : peek(p);

	if (c == closing) {
		p->p++;
		return false;
	}
	if (*first)
		*first = false;
	else if (c == ',')
		p->p++;
	else
		return fault(p, "no ',' between values");
	return !p->why;
}

bool
pull_item(struct pull *p, bool *first)
{
	return next_element(p, first, ']');
}

/* Append code point c as UTF-8. */
static char *
put_utf8(char *q, uint32_t c)
{
	if (c < 0x80) {
		*q++ = (char)c;
	} else if (c < 0x800) {
		*q++ = (char)(0xc0 | c >> 6);
		*q++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*q++ = (char)(0xe0 | c >> 12);
		*q++ = (char)(0x80 | (c >> 6 & 63));
		*q++ = (char)(0x80 | (c & 63));
	} else {
		*q++ = (char)(0xf0 | c >> 18);
		*q++ = (char)(0x80 | (c >> 12 & 63));
		*q++ = (char)(0x80 | (c >> 6 & 63));
		*q++ = (char)(0x80 | (c & 63));
	}
	return q;
}

/* Decode the \u escape at s (after the `\u`), a surrogate pair as one. Returns what
 * follows. */
static const char *
read_unicode(const char *s, const char *end, uint32_t *ret)
{
	uint32_t c = (uint32_t)hex4(s), low;

	s += 4;
	if (c >= 0xd800 && c <= 0xdbff && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
		low = (uint32_t)hex4(s + 2);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*ret = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			return s + 6;
		}
	}
	*ret = c >= 0xd800 && c <= 0xdfff ? 0xfffd : c;
	return s;
}

/* raw was scanned, so every escape in it is whole. The result is never longer. */
static struct str
unescape(struct pull *p, struct str raw)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *s = raw.s, *end = raw.s + raw.len, *e, *known;
	char *out = arena_alloc(p->arena, raw.len + 1), *q = out;
	uint32_t c;

	for (;;) {
		e = memchr(s, '\\', (size_t)(end - s));
		if (!e)
			e = end;
		memcpy(q, s, (size_t)(e - s));
		q += e - s;
		if (e == end)
			break;
		s = e + 2;
		known = strchr(from, e[1]);
		if (e[1] == 'u') {
			s = read_unicode(s, end, &c);
			q = put_utf8(q, c);
		} else {
			*q++ = known ? to[known - from] : e[1];
		}
	}
	*q = '\0';
	return (struct str){ out, (size_t)(q - out) };
}

bool
pull_member(struct pull *p, bool *first, struct str *ret_key)
{
	bool escapes;

	if (!next_element(p, first, '}'))
		return false;
	peek(p);
	p->member = p->p;
	if (!scan_key(p, ret_key, &escapes))
		return false;
	if (escapes)
		*ret_key = unescape(p, *ret_key);
	return true;
}

struct str
pull_raw(struct pull *p)
{
	const char *start;

	if (p->why)
		return (struct str){ "", 0 };
	peek(p);
	start = p->p;
	if (!skip_value(p))
		return (struct str){ "", 0 };
	return (struct str){ start, (size_t)(p->p - start) };
}

bool
pull_string(struct pull *p, struct str *ret)
{
	struct str raw;
	bool escapes;

	if (p->why || peek(p) != '"' || !scan_string(p, &raw, &escapes))
		return false;
	*ret = escapes ? unescape(p, raw) : raw;
	return true;
}

/* strtod in any locale; for the few numbers that the exact short way cannot do. */
static double
slow_double(struct pull *p, struct str s)
{
	char small[128], *text = small, *dot;

	if (s.len >= sizeof(small))
		text = arena_alloc(p->arena, s.len + 1);
	memcpy(text, s.s, s.len);
	text[s.len] = '\0';
	dot = strchr(text, '.');
	if (dot)
		*dot = localeconv()->decimal_point[0];
	return strtod(text, NULL);
}

/*
 * Up to 15 digits and a power of ten that a double holds exactly give the exact result.
 * A whole -0 is 0, as integers have it; -0.0 stays what it is.
 */
static double
to_double(struct pull *p, struct str s)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
		1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	bool negative = s.len && s.s[0] == '-', fraction = false;
	int digits = 0, scale = 0;
	uint64_t v = 0;
	double d;

	for (size_t i = negative; i < s.len; i++) {
		if (s.s[i] == '.') {
			fraction = true;
			continue;
		}
		if (s.s[i] == 'e' || s.s[i] == 'E' || ++digits > 15)
			return slow_double(p, s);
		v = v * 10 + (uint64_t)(s.s[i] - '0');
		scale += fraction;
	}
	d = (double)v / tens[scale];
	return negative && (v || fraction) ? -d : d;
}

/* Whole numbers exactly; others, and what int64 cannot hold, cut towards the range. */
static int64_t
to_int(struct str s, double d, bool *ret_exact)
{
	bool negative = s.s[0] == '-';
	uint64_t v = 0, most = (uint64_t)INT64_MAX + negative, digit;

	*ret_exact = true;
	for (size_t i = negative; *ret_exact && i < s.len; i++) {
		digit = (uint64_t)s.s[i] - '0';
		*ret_exact = digit <= 9 && v <= (most - digit) / 10;
		v = v * 10 + digit;
	}
	if (*ret_exact)
		return (int64_t)(negative ? 0 - v : v);
	if (isnan(d))
		return 0;
	if (d >= 9e18)
		return INT64_MAX;
	return d <= -9e18 ? INT64_MIN + 1 : (int64_t)d;
}

bool
pull_number(struct pull *p, double *ret, int64_t *ret_int, bool *ret_is_int)
{
	const char *start;
	struct str s;

	if (pull_peek(p) != PULL_NUMBER)
		return false;
	start = p->p;
	if (!scan_number(p))
		return false;
	s = (struct str){ start, (size_t)(p->p - start) };
	*ret = to_double(p, s);
	*ret_int = to_int(s, *ret, ret_is_int);
	return true;
}

bool
pull_end(struct pull *p)
{
	if (!p->why && peek(p) != '\0')
		fault(p, "something follows after the end");
	return !p->why && p->p == p->end;
}
