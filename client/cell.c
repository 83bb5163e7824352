#include "weir/cell.h"

#include <math.h>

#include "weir/text.h"

/* Seconds are whole microseconds: 15 digits are enough, and need no printf. */
static bool
micro_double(struct buf *out, double d)
{
	int64_t us, whole, part;
	char text[8];
	int n = 6;

	if (!(d >= 0.001 && d < 1e8))
		return false;
	us = llround(d * 1e6);
	if ((double)us / 1e6 != d)
		return false;
	whole = us / 1000000;
	part = us % 1000000;
	buf_addf(out, "%lld", (long long)whole);
	if (!part)
		return true;
	for (; part % 10 == 0; n--)
		part /= 10;
	for (int i = n; i > 0; i--, part /= 10)
		text[i] = (char)('0' + part % 10);
	text[0] = '.';
	buf_add(out, text, (size_t)n + 1);
	return true;
}

void
weir_double(struct buf *out, double d)
{
	char text[40];

	if (micro_double(out, d))
		return;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_adds(out, text);
}

static unsigned
hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)s[i] | 0x20;

		v = v << 4 | (c > '9' ? c - 'a' + 10 : c - '0');
	}
	return v;
}

static void
add_utf8(struct buf *out, unsigned cp)
{
	if (cp < 0x80) {
		buf_addc(out, (char)cp);
		return;
	}
	if (cp < 0x800) {
		buf_addc(out, (char)(0xc0 | cp >> 6));
	} else {
		if (cp < 0x10000) {
			buf_addc(out, (char)(0xe0 | cp >> 12));
		} else {
			buf_addc(out, (char)(0xf0 | cp >> 18));
			buf_addc(out, (char)(0x80 | (cp >> 12 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (cp >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (cp & 0x3f)));
}

/* The escape at s.s[i], behind the backslash; returns where it ends. */
static size_t
unescape(struct buf *out, struct str s, size_t i)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *f = s.s[i] ? strchr(from, s.s[i]) : NULL;
	unsigned cp;

	if (f)
		buf_addc(out, to[f - from]);
	else if (s.s[i] != 'u' || s.len - i < 5)
		buf_addc(out, s.s[i]);
	if (f || s.s[i] != 'u' || s.len - i < 5)
		return i + 1;
	cp = hex4(s.s + i + 1);
	i += 5;
	if (cp >= 0xd800 && cp < 0xdc00 && s.len - i >= 6 && s.s[i] == '\\' &&
		s.s[i + 1] == 'u') {
		unsigned low = hex4(s.s + i + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
			i += 6;
		}
	}
	add_utf8(out, cp >= 0xd800 && cp < 0xe000 ? 0xfffd : cp);
	return i;
}

void
weir_json_join(struct buf *out, struct str array, const char *sep)
{
	bool in = false, first = true;

	for (size_t i = 0; i < array.len;) {
		char c = array.s[i++];

		if (c == '"') {
			in = !in;
			if (in && !first)
				buf_adds(out, sep);
			first = first && !in;
		} else if (in && c == '\\' && i < array.len) {
			i = unescape(out, array, i);
		} else if (in) {
			buf_addc(out, c);
		}
	}
}

static void
show_number(struct buf *out, const struct weir_cell *cell,
	const struct weir_cell_style *style)
{
	if (cell->type == WEIR_T_TIME)
		weir_time_relative(out, cell->i, style->now_us, style->utc, style->ago);
	else if (cell->type == WEIR_T_DURATION)
		weir_duration_format(out, llround(cell->d * WEIR_SECOND_US));
	else if (cell->type == WEIR_T_BOOL)
		buf_adds(out, cell->i ? "yes" : "no");
	else
		weir_cell_plain(out, cell);
}

static bool
is_text(enum weir_type type)
{
	return type == WEIR_T_TEXT || type == WEIR_T_STATE_NAME ||
	       type == WEIR_T_TAGS || type == WEIR_T_JSON || type == WEIR_T_MEMBERS;
}

/* Text as a value, param.package: it is read without its quotes. */
static bool
is_json_text(const struct weir_cell *cell)
{
	return cell->type == WEIR_T_JSON && cell->s.len && cell->s.s[0] == '"';
}

void
weir_cell_show(struct buf *out, const struct weir_cell *cell,
	const struct weir_cell_style *style)
{
	unsigned flags = style->ascii ? TEXT_ASCII : 0;

	if (cell->null) {
		if (!is_text(cell->type) && cell->type != WEIR_T_ID)
			buf_addc(out, '-');
	} else if (cell->type == WEIR_T_TAGS || is_json_text(cell)) {
		struct buf tags = BUF_INIT(BUF_MAX);

		weir_json_join(&tags, cell->s, ", ");
		text_sanitize(out, buf_str(&tags), flags);
		buf_release(&tags);
	} else if (is_text(cell->type)) {
		text_sanitize(out, cell->s, flags);
	} else if (cell->type == WEIR_T_ID || cell->type == WEIR_T_STATE) {
		weir_cell_plain(out, cell);
	} else {
		show_number(out, cell, style);
	}
}

void
weir_cell_plain(struct buf *out, const struct weir_cell *cell)
{
	char id[WEIR_ID_TEXT + 1], when[WEIR_TIME_TEXT];

	if (cell->null)
		return;
	switch (cell->type) {
	case WEIR_T_ID:
		buf_adds(out, weir_id_format(&cell->id, id));
		return;
	case WEIR_T_TIME:
		buf_adds(out, weir_time_format(cell->i, when));
		return;
	case WEIR_T_DURATION:
	case WEIR_T_REAL:
		weir_double(out, cell->d);
		return;
	case WEIR_T_INT:
		buf_addf(out, "%lld", (long long)cell->i);
		return;
	case WEIR_T_BOOL:
		buf_adds(out, cell->i ? "true" : "false");
		return;
	case WEIR_T_STATE:
		buf_adds(out, weir_state_type((enum weir_state)cell->i));
		return;
	case WEIR_T_TAGS:
		weir_json_join(out, cell->s, ",");
		return;
	case WEIR_T_JSON:
		if (is_json_text(cell))
			weir_json_join(out, cell->s, "");
		else
			buf_addstr(out, cell->s);
		return;
	case WEIR_T_TEXT:
	case WEIR_T_STATE_NAME:
	case WEIR_T_MEMBERS:
		buf_addstr(out, cell->s);
	}
}

/* The members of an object, given with or without its braces. */
static void
json_members(struct buf *out, struct str s)
{
	while (s.len && strchr(" \t\r\n", s.s[s.len - 1]))
		s.len--;
	while (s.len && strchr(" \t\r\n", s.s[0]))
		s.s++, s.len--;
	if (s.len >= 2 && s.s[0] == '{' && s.s[s.len - 1] == '}') {
		s.s++;
		s.len -= 2;
	}
	buf_addstr(out, s);
}

void
weir_cell_json(struct buf *out, const struct weir_cell *cell)
{
	bool number = cell->type == WEIR_T_DURATION || cell->type == WEIR_T_REAL;
	bool json = cell->type == WEIR_T_TAGS || cell->type == WEIR_T_JSON;
	bool quoted = cell->type == WEIR_T_ID || cell->type == WEIR_T_TIME ||
		      cell->type == WEIR_T_STATE;

	if (cell->type == WEIR_T_MEMBERS) {
		if (!cell->null)
			json_members(out, cell->s);
	} else if (cell->null || (number && !isfinite(cell->d)) ||
		   (json && !cell->s.len)) {
		buf_adds(out, "null");
	} else if (json) {
		buf_addstr(out, cell->s);
	} else if (quoted) {
		buf_addc(out, '"');
		weir_cell_plain(out, cell);
		buf_addc(out, '"');
	} else if (is_text(cell->type)) {
		text_json(out, cell->s);
	} else {
		weir_cell_plain(out, cell);
	}
}
