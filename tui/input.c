#include "input.h"

#include <string.h>

#include <weir/mem.h>
#include <weir/text.h>

/* clang-format off */
static const struct {
	const char *name;
	uint32_t key;
} names[] = {
	{ "up", INPUT_UP }, { "down", INPUT_DOWN }, { "left", INPUT_LEFT },
	{ "right", INPUT_RIGHT }, { "pgup", INPUT_PGUP }, { "pgdn", INPUT_PGDN },
	{ "home", INPUT_HOME }, { "end", INPUT_END }, { "insert", INPUT_INSERT },
	{ "delete", INPUT_DELETE }, { "backspace", INPUT_BACKSPACE },
	{ "enter", INPUT_ENTER }, { "tab", INPUT_TAB }, { "backtab", INPUT_BACKTAB },
	{ "esc", INPUT_ESC }, { "space", ' ' },
	{ "f1", INPUT_F1 }, { "f2", INPUT_F1 + 1 }, { "f3", INPUT_F1 + 2 },
	{ "f4", INPUT_F1 + 3 }, { "f5", INPUT_F1 + 4 }, { "f6", INPUT_F1 + 5 },
	{ "f7", INPUT_F1 + 6 }, { "f8", INPUT_F1 + 7 }, { "f9", INPUT_F1 + 8 },
	{ "f10", INPUT_F1 + 9 }, { "f11", INPUT_F1 + 10 }, { "f12", INPUT_F12 },
};

/* Final bytes of `ESC [ x` and `ESC O x`: xterm, linux, vt100 and what behaves like them. */
static const struct {
	char final;
	uint32_t key;
} finals[] = {
	{ 'A', INPUT_UP }, { 'B', INPUT_DOWN }, { 'C', INPUT_RIGHT }, { 'D', INPUT_LEFT },
	{ 'H', INPUT_HOME }, { 'F', INPUT_END }, { 'Z', INPUT_BACKTAB },
	{ 'M', INPUT_ENTER }, { 'P', INPUT_F1 }, { 'Q', INPUT_F1 + 1 },
	{ 'R', INPUT_F1 + 2 }, { 'S', INPUT_F1 + 3 },
};

/* Numbers of `ESC [ n ~`. */
static const struct {
	int number;
	uint32_t key;
} numbers[] = {
	{ 1, INPUT_HOME }, { 2, INPUT_INSERT }, { 3, INPUT_DELETE }, { 4, INPUT_END },
	{ 5, INPUT_PGUP }, { 6, INPUT_PGDN }, { 7, INPUT_HOME }, { 8, INPUT_END },
	{ 11, INPUT_F1 }, { 12, INPUT_F1 + 1 }, { 13, INPUT_F1 + 2 }, { 14, INPUT_F1 + 3 },
	{ 15, INPUT_F1 + 4 }, { 17, INPUT_F1 + 5 }, { 18, INPUT_F1 + 6 },
	{ 19, INPUT_F1 + 7 }, { 20, INPUT_F1 + 8 }, { 21, INPUT_F1 + 9 },
	{ 23, INPUT_F1 + 10 }, { 24, INPUT_F12 },
};
/* clang-format on */

static const char paste_end[] = "\033[201~";

void
input_init(struct input *in)
{
	memset(in, 0, sizeof(*in));
	buf_init(&in->paste, INPUT_PASTE_MAX);
}

void
input_release(struct input *in)
{
	buf_release(&in->paste);
}

void
input_feed(struct input *in, const void *bytes, size_t n)
{
	if (n > INPUT_BUFFER - in->n)
		n = INPUT_BUFFER - in->n;
	memcpy(in->bytes + in->n, bytes, n);
	in->n += n;
}

bool
input_pending(const struct input *in)
{
	return in->n > 0;
}

static void
drop(struct input *in, size_t n)
{
	in->n -= n;
	memmove(in->bytes, in->bytes + n, in->n);
}

/* The number of a parameter string "5;3": the first, and the modifiers of the second.
 */
static void
parse_params(const unsigned char *p, size_t n, int *ret_first, uint32_t *ret_mods)
{
	int v[2] = { 0, 0 };
	size_t field = 0;

	for (size_t i = 0; i < n && field < 2; i++) {
		if (p[i] == ';')
			field++;
		else if (p[i] >= '0' && p[i] <= '9' && v[field] < 10000)
			v[field] = v[field] * 10 + (p[i] - '0');
	}
	*ret_first = v[0];
	*ret_mods = 0;
	if (v[1] > 1 && (v[1] - 1) & 2)
		*ret_mods |= INPUT_ALT;
	if (v[1] > 1 && (v[1] - 1) & 4)
		*ret_mods |= INPUT_CTRL;
}

static uint32_t
key_of_sequence(const unsigned char *params, size_t n, char final)
{
	uint32_t mods;
	int first;

	parse_params(params, n, &first, &mods);
	if (final == '~') {
		for (size_t i = 0; i < N_ELEM(numbers); i++) {
			if (numbers[i].number == first)
				return numbers[i].key | mods;
		}
		return INPUT_NONE;
	}
	for (size_t i = 0; i < N_ELEM(finals); i++) {
		if (finals[i].final == final)
			return finals[i].key | mods;
	}
	return INPUT_NONE;
}

/* `ESC [ I`, `ESC [ O`: the focus; `ESC [ ? 2026 ; n $ y`: what mode 2026 is. */
static uint32_t
key_of_terminal(const unsigned char *params, size_t n, char final)
{
	if (n == 0 && (final == 'I' || final == 'O'))
		return final == 'I' ? INPUT_FOCUS : INPUT_BLUR;
	if (final == 'y' && n == 8 && memcmp(params, "?2026;", 6) == 0 &&
		params[7] == '$')
		return params[6] >= '1' && params[6] <= '3' ? INPUT_SYNCS
							    : INPUT_NO_SYNC;
	return INPUT_NONE;
}

enum parse { PARSE_KEY, PARSE_SKIP, PARSE_MORE };

/* `ESC [ < button ; x ; y M`: what a mouse did, as mode 1006 tells it. */
static enum parse
parse_mouse(struct input *in, const unsigned char *p, size_t n, char final,
	uint32_t *ret_key)
{
	int v[3] = { 0, 0, 0 };
	size_t field = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == ';' && ++field == N_ELEM(v))
			return PARSE_SKIP;
		if (p[i] >= '0' && p[i] <= '9' && v[field] < 10000)
			v[field] = v[field] * 10 + (p[i] - '0');
	}
	if (field != 2 || v[1] < 1 || v[2] < 1 || final != 'M')
		return PARSE_SKIP;
	in->mouse_x = v[1] - 1;
	in->mouse_y = v[2] - 1;
	if (v[0] == 0)
		*ret_key = INPUT_CLICK;
	else if (v[0] == 64)
		*ret_key = INPUT_WHEEL_UP;
	else if (v[0] == 65)
		*ret_key = INPUT_WHEEL_DOWN;
	else
		return PARSE_SKIP;
	return PARSE_KEY;
}

/* `ESC [ ...` or `ESC O x` at the start; *ret_len bytes long when whole. */
static enum parse
parse_sequence(struct input *in, size_t *ret_len, uint32_t *ret_key)
{
	size_t i = 2;
	char final;

	*ret_key = INPUT_NONE;
	/* linux: ESC [ [ A is F1 */
	if (in->n > 2 && in->bytes[1] == '[' && in->bytes[2] == '[') {
		if (in->n < 4)
			return PARSE_MORE;
		*ret_len = 4;
		*ret_key = INPUT_F1 + (uint32_t)(in->bytes[3] - 'A');
		return in->bytes[3] >= 'A' && in->bytes[3] <= 'E' ? PARSE_KEY
								  : PARSE_SKIP;
	}
	while (i < in->n && in->bytes[i] >= 0x20 && in->bytes[i] <= 0x3f)
		i++;
	if (i >= in->n)
		return PARSE_MORE;
	final = (char)in->bytes[i];
	*ret_len = i + 1;
	if (in->bytes[1] == '[' && i > 2 && in->bytes[2] == '<')
		return parse_mouse(in, in->bytes + 3, i - 3, final, ret_key);
	if (in->bytes[1] == '[' && final == '~' && i == 5 &&
		memcmp(in->bytes + 2, "200", 3) == 0) {
		in->pasting = true;
		buf_clear(&in->paste);
		return PARSE_SKIP;
	}
	if (in->bytes[1] == '[')
		*ret_key = key_of_terminal(in->bytes + 2, i - 2, final);
	if (*ret_key == INPUT_NONE)
		*ret_key = key_of_sequence(in->bytes + 2, i - 2, final);
	return *ret_key ? PARSE_KEY : PARSE_SKIP;
}

static uint32_t
key_of_control(unsigned char c)
{
	switch (c) {
	case '\r':
	case '\n':
		return INPUT_ENTER;
	case '\t':
		return INPUT_TAB;
	case 0x08:
	case 0x7f:
		return INPUT_BACKSPACE;
	case 0x1b:
		return INPUT_ESC;
	case 0:
		return INPUT_CTRL | ' ';
	default:
		return c < 0x1b ? INPUT_CTRL | (uint32_t)(c + 'a' - 1)
				: INPUT_CTRL | (uint32_t)(c + '@');
	}
}

static size_t
utf8_length(unsigned char lead)
{
	return lead < 0xc2   ? 1
	       : lead < 0xe0 ? 2
	       : lead < 0xf0 ? 3
	       : lead < 0xf5 ? 4
			     : 1;
}

static enum parse
parse_char(const struct input *in, size_t at, size_t *ret_len, uint32_t *ret_key)
{
	unsigned char c = in->bytes[at];
	size_t want = utf8_length(c), pos = 0;
	struct str s = { (const char *)in->bytes + at, in->n - at };

	*ret_len = at + 1;
	if (c < 0x20 || c == 0x7f) {
		*ret_key = key_of_control(c);
		return PARSE_KEY;
	}
	if (s.len < want) {
		for (size_t i = 1; i < s.len; i++) {
			if ((in->bytes[at + i] & 0xc0) != 0x80)
				want = 1;
		}
		if (s.len < want)
			return PARSE_MORE;
	}
	*ret_key = text_decode(s, &pos);
	*ret_len = at + pos;
	return *ret_key == 0xfffd ? PARSE_SKIP : PARSE_KEY;
}

static enum parse
parse_escape(struct input *in, size_t *ret_len, uint32_t *ret_key)
{
	enum parse p;

	*ret_len = 1;
	*ret_key = INPUT_ESC;
	if (in->n == 1)
		return PARSE_MORE;
	if (in->bytes[1] == 0x1b)
		return PARSE_KEY;
	if (in->bytes[1] == '[' || in->bytes[1] == 'O') {
		p = in->n == 2 ? PARSE_MORE : parse_sequence(in, ret_len, ret_key);
		if (p == PARSE_MORE && in->n >= 64) /* no key is as long as this */
			return *ret_len = in->n, PARSE_SKIP;
		return p;
	}
	p = parse_char(in, 1, ret_len, ret_key);
	if (p == PARSE_KEY)
		*ret_key |= INPUT_ALT;
	return p;
}

/* The end of a paste, or as much of it as is here. */
static bool
take_paste(struct input *in, bool waited, uint32_t *ret_key)
{
	size_t n_end = sizeof(paste_end) - 1;

	for (size_t i = 0; i < in->n; i++) {
		size_t rest = in->n - i;
		size_t n = rest < n_end ? rest : n_end;

		if (memcmp(in->bytes + i, paste_end, n) != 0)
			continue;
		buf_add(&in->paste, in->bytes, i);
		drop(in, i);
		if (n < n_end && !waited)
			return false;
		drop(in, n < n_end ? in->n : n_end);
		in->pasting = false;
		*ret_key = INPUT_PASTE;
		return true;
	}
	buf_add(&in->paste, in->bytes, in->n);
	in->n = 0;
	return false;
}

bool
input_next(struct input *in, bool waited, uint32_t *ret_key)
{
	while (in->n > 0) {
		uint32_t key = INPUT_NONE;
		size_t len = 1;
		enum parse p;

		if (in->pasting)
			return take_paste(in, waited, ret_key);
		p = in->bytes[0] == 0x1b ? parse_escape(in, &len, &key)
					 : parse_char(in, 0, &len, &key);
		if (p == PARSE_MORE) {
			if (!waited)
				return false;
			/* A lone ESC is the key; the start of a sequence is dropped. */
			p = in->n == 1 && in->bytes[0] == 0x1b ? PARSE_KEY : PARSE_SKIP;
			key = INPUT_ESC;
			len = in->n;
		}
		drop(in, len);
		if (p == PARSE_KEY) {
			*ret_key = key;
			return true;
		}
	}
	return false;
}

static void
encode(uint32_t cp, char *out, size_t *n)
{
	if (cp < 0x80) {
		out[(*n)++] = (char)cp;
	} else if (cp < 0x800) {
		out[(*n)++] = (char)(0xc0 | cp >> 6);
		out[(*n)++] = (char)(0x80 | (cp & 63));
	} else if (cp < 0x10000) {
		out[(*n)++] = (char)(0xe0 | cp >> 12);
		out[(*n)++] = (char)(0x80 | (cp >> 6 & 63));
		out[(*n)++] = (char)(0x80 | (cp & 63));
	} else {
		out[(*n)++] = (char)(0xf0 | cp >> 18);
		out[(*n)++] = (char)(0x80 | (cp >> 12 & 63));
		out[(*n)++] = (char)(0x80 | (cp >> 6 & 63));
		out[(*n)++] = (char)(0x80 | (cp & 63));
	}
}

const char *
input_name(uint32_t key, char out[INPUT_NAME])
{
	uint32_t base = key & ~(uint32_t)(INPUT_CTRL | INPUT_ALT);
	const char *ctrl = key & INPUT_CTRL ? "ctrl-" : "";
	const char *alt = key & INPUT_ALT ? "alt-" : "";
	char text[8] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < N_ELEM(names); i++) {
		if (names[i].key == base) {
			snprintf(out, INPUT_NAME, "%s%s%s", ctrl, alt, names[i].name);
			return out;
		}
	}
	if (base < 0x110000)
		encode(base, text, &n);
	snprintf(out, INPUT_NAME, "%s%s%s", ctrl, alt, text);
	return out;
}

bool
input_parse(struct str name, uint32_t *ret_key)
{
	uint32_t mods = 0;
	size_t pos = 0;

	while (name.len > 1) {
		if (str_starts(name, "ctrl-"))
			mods |= INPUT_CTRL, name.s += 5, name.len -= 5;
		else if (str_starts(name, "alt-"))
			mods |= INPUT_ALT, name.s += 4, name.len -= 4;
		else
			break;
	}
	for (size_t i = 0; i < N_ELEM(names); i++) {
		if (str_eq(name, names[i].name)) {
			*ret_key = names[i].key | mods;
			return true;
		}
	}
	if (name.len == 0)
		return false;
	*ret_key = text_decode(name, &pos) | mods;
	return pos == name.len && (*ret_key & 0x1fffff) >= 0x20;
}
