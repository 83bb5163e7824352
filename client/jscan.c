#include "jscan.h"

#include <stdint.h>

static void
skip_space(struct jscan *j)
{
	while (j->p < j->end && strchr(" \t\r\n", *j->p) && *j->p)
		j->p++;
}

/* j->p is at the opening quote; leaves it behind the closing one. */
static bool
skip_string(struct jscan *j)
{
	for (j->p++; j->p < j->end; j->p++) {
		if (*j->p == '"') {
			j->p++;
			return true;
		}
		if (*j->p == '\\')
			j->p++;
	}
	j->p = j->end;
	return false;
}

static bool
skip_nested(struct jscan *j)
{
	size_t depth = 0;

	while (j->p < j->end) {
		char c = *j->p;

		if (c == '"') {
			if (!skip_string(j))
				return false;
			continue;
		}
		j->p++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return false;
}

static bool
skip_value(struct jscan *j, struct str *ret_value)
{
	const char *from = j->p;
	bool good = j->p < j->end;

	if (good && *j->p == '"')
		good = skip_string(j);
	else if (good && (*j->p == '{' || *j->p == '['))
		good = skip_nested(j);
	else
		while (j->p < j->end && !(strchr(",]} \t\r\n", *j->p) && *j->p))
			j->p++;
	*ret_value = (struct str){ from, (size_t)(j->p - from) };
	return good && j->p > from;
}

bool
jscan_open(struct jscan *j, struct str json)
{
	j->p = json.s;
	j->end = json.s ? json.s + json.len : NULL;
	if (!json.s)
		return false;
	skip_space(j);
	if (j->p == j->end || (*j->p != '{' && *j->p != '['))
		return false;
	j->close = *j->p++ == '{' ? '}' : ']';
	return true;
}

static bool
read_key(struct jscan *j, struct str *ret_key)
{
	const char *from = j->p + 1;

	if (j->p == j->end || *j->p != '"' || !skip_string(j))
		return false;
	*ret_key = (struct str){ from, (size_t)(j->p - 1 - from) };
	skip_space(j);
	if (j->p == j->end || *j->p != ':')
		return false;
	j->p++;
	skip_space(j);
	return true;
}

bool
jscan_next(struct jscan *j, struct str *ret_key, struct str *ret_value)
{
	*ret_key = (struct str){ NULL, 0 };
	skip_space(j);
	if (j->p < j->end && *j->p == ',') {
		j->p++;
		skip_space(j);
	}
	if (j->p == j->end || *j->p == j->close)
		return false;
	if (j->close == '}' && !read_key(j, ret_key))
		return false;
	return skip_value(j, ret_value);
}

static bool
read_hex4(const char *p, const char *end, uint32_t *ret)
{
	uint32_t v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *d = p[i] ? strchr(digits, p[i]) : NULL;

		if (!d)
			return false;
		v = v << 4 | (uint32_t)((d - digits) & 15);
	}
	*ret = v;
	return true;
}

static void
add_utf8(struct buf *out, uint32_t c)
{
	char u[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		u[i] = (char)(0x80 | (c & 0x3f));
	u[0] = (char)(lead[n] | c);
	buf_add(out, u, n);
}

/* p is behind `\u`; returns where to go on. Lone surrogates become U+FFFD. */
static const char *
unescape_u(struct buf *out, const char *p, const char *end)
{
	uint32_t c, low;

	if (!read_hex4(p, end, &c)) {
		add_utf8(out, 0xfffd);
		return p;
	}
	p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
		read_hex4(p + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	} else if (c >= 0xd800 && c < 0xe000) {
		c = 0xfffd;
	}
	add_utf8(out, c);
	return p;
}

void
jscan_unescape(struct buf *out, struct str string)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *p = string.s + 1;
	const char *end = string.s + string.len - 1;
	const char *run, *known;

	if (string.len < 2)
		return;
	while (p < end) {
		run = memchr(p, '\\', (size_t)(end - p));
		run = run ? run : end;
		buf_add(out, p, (size_t)(run - p));
		p = run;
		if (end - p < 2)
			return;
		known = p[1] ? strchr(from, p[1]) : NULL;
		p += 2;
		if (known)
			buf_addc(out, to[known - from]);
		else if (p[-1] == 'u')
			p = unescape_u(out, p, end);
		else
			buf_addc(out, p[-1]);
	}
}
