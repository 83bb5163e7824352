#include "weir/text.h"

#include <stdint.h>

#include "weir/mem.h"

/* Marks stacked on one character beyond this many are dropped: they would paint over
 * lines. */
enum { TEXT_MAX_MARKS = 8 };
/* Of a flow's name when all of its run's number shall be seen. */
enum { FLOW_LEAST = 4 };

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static bool
is_continuation(struct str s, size_t i)
{
	return i < s.len && ((unsigned char)s.s[i] & 0xc0) == 0x80;
}

size_t
text_clip(struct str s, size_t bytes)
{
	size_t n = s.len < bytes ? s.len : bytes;

	while (n > 0 && is_continuation(s, n))
		n--;
	return n;
}

uint32_t
text_decode(struct str s, size_t *pos)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i = *pos;
	unsigned char c = (unsigned char)s.s[i];
	size_t n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	uint32_t cp;

	*pos = i + 1;
	if (c < 0x80)
		return c;
	if (n == 0)
		return 0xfffd;
	cp = c & (0x7fu >> n);
	for (size_t k = 1; k < n; k++) {
		if (!is_continuation(s, i + k))
			return 0xfffd;
		cp = cp << 6 | ((unsigned char)s.s[i + k] & 0x3f);
	}
	if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0xfffd;
	*pos = i + n;
	return cp;
}

/* Did text_decode read a real U+FFFD between a and b, or report a bad byte? */
static bool
is_malformed(uint32_t cp, size_t a, size_t b)
{
	return cp == 0xfffd && b - a == 1;
}

/* Bytes of printable ASCII that s begins with from i on. */
static size_t
ascii_run(struct str s, size_t i)
{
	const uint64_t ones = 0x0101010101010101u;
	size_t start = i;
	uint64_t w;

	while (s.len - i >= sizeof(w)) {
		memcpy(&w, s.s + i, sizeof(w));
		/* high bit: a byte below 0x20, of 0x80 and more, or 0x7f */
		if (((w - ones * 0x20) | w | (w + ones)) & ones * 0x80)
			break;
		i += sizeof(w);
	}
	while (i < s.len && s.s[i] >= 0x20 && s.s[i] < 0x7f)
		i++;
	return i - start;
}

/*
 * Code points that show nothing but change what is shown around them: the
 * default-ignorable ones (bidi controls, joiners, variation selectors, tags, fillers)
 * and annotations.
 */
static bool
is_invisible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} set[] = {
		{ 0xad, 0xad },
		{ 0x34f, 0x34f },
		{ 0x61c, 0x61c },
		{ 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },
		{ 0x200b, 0x200f },
		{ 0x202a, 0x202e },
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < N_ELEM(set) && cp >= set[i].first; i++)
		if (cp <= set[i].last)
			return true;
	return false;
}

/*
 * After CSI: parameters 0x30-3f, intermediates 0x20-2f, one final byte 0x40-7e. A
 * sequence that breaks off ends before the byte that broke it.
 */
static size_t
skip_csi(struct str s, size_t i)
{
	while (i < s.len && s.s[i] >= 0x20 && s.s[i] < 0x40)
		i++;
	return i < s.len && s.s[i] >= 0x40 && s.s[i] < 0x7f ? i + 1 : i;
}

/*
 * After OSC, DCS, APC, PM, SOS: up to BEL or ST. One that is never closed ends with its
 * line, so that it cannot hide what follows.
 */
static size_t
skip_string(struct str s, size_t i)
{
	while (i < s.len) {
		switch (s.s[i]) {
		case '\a':
		case 0x18: /* CAN */
		case 0x1a: /* SUB */
			return i + 1;
		case '\n':
			return i;
		case 0x1b:
			return i + 1 < s.len && s.s[i + 1] == '\\' ? i + 2 : i;
		case '\xc2':
			if (i + 1 < s.len && s.s[i + 1] == '\x9c')
				return i + 2;
		}
		i++;
	}
	return i;
}

/* Skip the sequence that the C1 control cp (or ESC and cp - 0x40) begins; i is behind
 * it. */
static size_t
skip_c1(struct str s, size_t i, uint32_t cp)
{
	switch (cp) {
	case 0x9b:
		return skip_csi(s, i);
	case 0x90:
	case 0x98:
	case 0x9d:
	case 0x9e:
	case 0x9f:
		return skip_string(s, i);
	}
	return i;
}

/* Skip the escape sequence whose ESC is before i. */
static size_t
skip_escape(struct str s, size_t i)
{
	if (i < s.len && s.s[i] >= 0x40 && s.s[i] < 0x60)
		return skip_c1(s, i + 1, (uint32_t)s.s[i] + 0x40);
	while (i < s.len && s.s[i] >= 0x20 && s.s[i] < 0x30)
		i++;
	return i < s.len && s.s[i] >= 0x30 && s.s[i] < 0x7f ? i + 1 : i;
}

struct sanitizer {
	struct buf *out;
	struct str s;
	unsigned flags;
	size_t column;    /* since the last newline; for tabs */
	size_t marks;     /* zero-width code points since the last base */
	text_sgr_fn *sgr; /* or NULL */
	void *arg;
};

static void
put_replacement(struct sanitizer *z)
{
	buf_adds(z->out, z->flags & TEXT_ASCII ? "?" : replacement);
	z->column++;
	z->marks = 0;
}

static void
put_space(struct sanitizer *z, size_t n)
{
	buf_addn(z->out, ' ', n);
	z->column += n;
	z->marks = 0;
}

/* A control below 0x20, or DEL, other than ESC; i is behind it. */
static void
put_control(struct sanitizer *z, char c, size_t i)
{
	switch (c) {
	case '\n':
		if (!(z->flags & TEXT_KEEP_NEWLINE)) {
			put_space(z, 1);
			return;
		}
		buf_addc(z->out, '\n');
		z->column = z->marks = 0;
		return;
	case '\t':
		put_space(z, z->flags & TEXT_EXPAND_TABS ? 8 - z->column % 8 : 1);
		return;
	case '\r': /* nothing at the end of a line */
		if (i < z->s.len && z->s.s[i] != '\n')
			put_space(z, 1);
		return;
	}
	put_replacement(z);
}

static void
put_visible(struct sanitizer *z, uint32_t cp, struct str bytes)
{
	int width = text_cp_width(cp);

	z->marks = width == 0 ? z->marks + 1 : 0;
	if (z->marks > TEXT_MAX_MARKS)
		return;
	if (!(z->flags & TEXT_ASCII))
		buf_addstr(z->out, bytes);
	else if (width > 0)
		buf_addc(z->out, '?');
	else
		return;
	z->column += z->flags & TEXT_ASCII ? 1 : (size_t)width;
}

/* Tell of what is between i and end, behind a CSI, if it sets colours. */
static void
tell_sgr(struct sanitizer *z, size_t i, size_t end)
{
	struct str params = { z->s.s + i, end - i - 1 };

	if (!z->sgr || end <= i || z->s.s[end - 1] != 'm')
		return;
	for (size_t k = 0; k < params.len; k++) {
		if (params.s[k] < '0' || params.s[k] > ';')
			return;
	}
	z->sgr(z->arg, z->out->len, params);
}

static size_t
sanitize_escape(struct sanitizer *z, size_t i)
{
	size_t end = skip_escape(z->s, i);

	if (i < z->s.len && z->s.s[i] == '[')
		tell_sgr(z, i + 1, end);
	return end;
}

static size_t
sanitize_c1(struct sanitizer *z, size_t i, uint32_t cp)
{
	size_t end = skip_c1(z->s, i, cp);

	if (cp == 0x9b)
		tell_sgr(z, i, end);
	return end;
}

/* One code point that is not printable ASCII, or one sequence. Returns where it ends.
 */
static size_t
sanitize_one(struct sanitizer *z, size_t i)
{
	size_t start = i;
	uint32_t cp = text_decode(z->s, &i);

	if (cp == 0x1b)
		return sanitize_escape(z, i);
	if (cp < 0x20 || cp == 0x7f)
		put_control(z, (char)cp, i);
	else if (cp >= 0x80 && cp < 0xa0)
		return sanitize_c1(z, i, cp);
	else if (is_malformed(cp, start, i))
		put_replacement(z);
	else if (cp == 0x2028 || cp == 0x2029)
		put_space(z, 1);
	else if (!is_invisible(cp))
		put_visible(z, cp, (struct str){ z->s.s + start, i - start });
	return i;
}

void
text_sanitize(struct buf *out, struct str s, unsigned flags)
{
	text_sanitize_sgr(out, s, flags, NULL, NULL);
}

void
text_sanitize_sgr(
	struct buf *out, struct str s, unsigned flags, text_sgr_fn *fn, void *arg)
{
	struct sanitizer z = {
		.out = out, .s = s, .flags = flags, .sgr = fn, .arg = arg
	};
	size_t i = 0;
	size_t n;

	while (i < s.len && !out->truncated) {
		n = ascii_run(s, i);
		buf_add(out, s.s + i, n);
		i += n;
		z.column += n;
		if (n > 0)
			z.marks = 0;
		if (i < s.len)
			i = sanitize_one(&z, i);
	}
}

/*
 * Walk s until it ends or the next code point would not fit; returns the bytes passed
 * and writes the columns they take.
 */
static size_t
walk(struct str s, size_t columns, size_t *ret_columns)
{
	size_t used = 0;
	size_t i = 0;
	size_t n, next;
	int w;

	while (i < s.len) {
		n = ascii_run(s, i);
		if (n > columns - used)
			n = columns - used;
		used += n;
		i += n;
		if (i == s.len)
			break;
		next = i;
		w = text_cp_width(text_decode(s, &next));
		if (w > 0 && (size_t)w > columns - used)
			break;
		used += w > 0 ? (size_t)w : 0;
		i = next;
	}
	*ret_columns = used;
	return i;
}

size_t
text_width(struct str s)
{
	size_t columns;

	walk(s, SIZE_MAX, &columns);
	return columns;
}

size_t
text_prefix(struct str s, size_t columns)
{
	size_t used;

	return walk(s, columns, &used);
}

static bool
is_word(char c, const char *also)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c && strchr(also, c));
}

/* `Flow/17952267959` of Metaflow, with a step and a task or without: how long its first
 * part is; 0: it is something else. */
static size_t
flow_of(struct str s)
{
	bool digit = false;
	size_t flow = 0, i;

	while (flow < s.len && is_word(s.s[flow], "_"))
		flow++;
	if (flow == s.len || s.s[flow] != '/')
		return 0;
	for (i = flow; i < s.len && is_word(s.s[i], "_-/"); i++)
		digit |= s.s[i] >= '0' && s.s[i] <= '9';
	return i == s.len && digit ? flow : 0;
}

/* All of it is ASCII: a byte is a column. */
static size_t
fit_pathspec(struct buf *out, struct str s, size_t flow, size_t columns, unsigned flags)
{
	size_t run = s.len - flow, tail;
	size_t head = columns / 3 < FLOW_LEAST ? columns / 3 : FLOW_LEAST;

	if (columns > run + 1 && columns - 1 - run > head)
		head = columns - 1 - run;
	tail = columns - 1 - head;
	buf_add(out, s.s, head);
	buf_adds(out, flags & TEXT_ASCII ? "~" : "…");
	buf_add(out, s.s + s.len - tail, tail);
	return columns;
}

size_t
text_fit(struct buf *out, struct str s, size_t columns, unsigned flags)
{
	size_t used;
	size_t n = walk(s, columns, &used), flow;

	if (n == s.len) {
		buf_addstr(out, s);
		return used;
	}
	if (columns == 0)
		return 0;
	flow = flags & TEXT_PATHSPEC ? flow_of(s) : 0;
	if (flow)
		return fit_pathspec(out, s, flow, columns, flags);
	s.len = walk(s, columns - 1, &used);
	buf_addstr(out, s);
	buf_adds(out, flags & TEXT_ASCII ? "~" : "…");
	return used + 1;
}

void
text_pad(struct buf *out, struct str s, size_t columns, bool right, unsigned flags)
{
	size_t before = out->len;
	size_t used = text_fit(out, s, columns, flags);
	size_t n = columns - used;
	size_t len = out->len - before;

	buf_addn(out, ' ', n);
	if (right && n > 0 && !out->truncated) {
		memmove(out->s + before + n, out->s + before, len);
		memset(out->s + before, ' ', n);
	}
}

bool
text_is_utf8(struct str s)
{
	size_t i = 0;
	size_t start;
	uint32_t cp;

	while (i < s.len) {
		i += ascii_run(s, i);
		if (i == s.len)
			break;
		start = i;
		cp = text_decode(s, &i);
		if (is_malformed(cp, start, i))
			return false;
	}
	return true;
}

/* One code point that is not plain ASCII, or a quote or backslash. */
static size_t
json_one(struct buf *out, struct str s, size_t i)
{
	static const char letters[32] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};
	size_t start = i;
	uint32_t cp = text_decode(s, &i);

	if (cp < 0x20 && letters[cp])
		buf_addf(out, "\\%c", letters[cp]);
	else if (cp == '"' || cp == '\\')
		buf_addf(out, "\\%c", (char)cp);
	else if (is_malformed(cp, start, i))
		buf_adds(out, replacement);
	else if (cp >= 0xe0000 && is_invisible(cp))
		buf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
			0xdc00 + (cp & 0x3ff));
	else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 ||
		 cp == 0x2029 || (cp < 0x10000 && is_invisible(cp)))
		buf_addf(out, "\\u%04x", cp);
	else
		buf_add(out, s.s + start, i - start);
	return i;
}

void
text_json(struct buf *out, struct str s)
{
	size_t i = 0;
	size_t n;

	buf_addc(out, '"');
	while (i < s.len && !out->truncated) {
		n = ascii_run(s, i);
		for (size_t k = 0; k < n; k++)
			if (s.s[i + k] == '"' || s.s[i + k] == '\\')
				n = k;
		buf_add(out, s.s + i, n);
		i += n;
		if (i < s.len)
			i = json_one(out, s, i);
	}
	buf_addc(out, '"');
}

enum { NEAREST_MAX = 64 }; /* bytes of a word that is worth comparing */

static size_t
min3(size_t a, size_t b, size_t c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edits (insert, drop, change, swap of neighbours) from a to b; both at most
 * NEAREST_MAX. */
static size_t
edit_distance(struct str a, struct str b)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *t;
	size_t cost;

	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			cost = lower(a.s[i - 1]) != lower(b.s[j - 1]);
			row[j] = min3(last[j - 1] + cost, last[j] + 1, row[j - 1] + 1);
			if (i > 1 && j > 1 && lower(a.s[i - 1]) == lower(b.s[j - 2]) &&
				lower(a.s[i - 2]) == lower(b.s[j - 1]) &&
				before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		t = before;
		before = last;
		last = row;
		row = t;
	}
	return last[b.len];
}

const char *
text_nearest(struct str word, const char *const *names, size_t n_names)
{
	size_t best = (word.len + 2) / 3 + 1;
	const char *found = NULL;
	struct str name;
	size_t d;

	if (word.len == 0 || word.len > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < n_names; i++) {
		name = str_of(names[i]);
		if (name.len > NEAREST_MAX)
			continue;
		d = edit_distance(word, name);
		if (d < best && d < name.len) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
