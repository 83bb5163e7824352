#include "theme_user.h"

#include <curses.h>

#include <weir/mem.h>
#include <weir/text.h>

/* Pairs from here on, after those of texts with their own colours. */
enum { USER_PAIRS = 400, RGB = 1 << 24 };

/* clang-format off */
static const struct {
	const char *name;
	enum style style;
} names[] = {
	{ "title", STYLE_TITLE }, { "header", STYLE_HEADER }, { "dim", STYLE_DIM },
	{ "strong", STYLE_STRONG }, { "error", STYLE_ERROR },
	{ "warning", STYLE_WARNING }, { "match", STYLE_MATCH },
	{ "current", STYLE_CURRENT }, { "invalid", STYLE_INVALID },
	{ "alert", STYLE_ALERT }, { "key", STYLE_KEY }, { "marked", STYLE_MARKED },
	{ "changed", STYLE_CHANGED }, { "completed", STYLE_GREEN },
	{ "failed", STYLE_RED }, { "crashed", STYLE_BOLD_RED },
	{ "running", STYLE_CYAN }, { "late", STYLE_YELLOW },
	{ "cancelled", STYLE_MAGENTA },
};

static const char *const basic[] = { "black", "red", "green", "yellow", "blue",
	"magenta", "cyan", "white" };

static const struct {
	const char *name;
	uint32_t attrs;
} attributes[] = {
	{ "bold", A_BOLD }, { "dim", A_DIM }, { "underline", A_UNDERLINE },
	{ "reverse", A_REVERSE }, { "plain", A_NORMAL },
};

/* What the themes change, where there are 256 colours. */
static const struct {
	enum style style;
	int light, dark;
} themes[] = {
	{ STYLE_ERROR, 124, 203 }, { STYLE_WARNING, 130, 221 },
	{ STYLE_MATCH, 130, 221 }, { STYLE_CURRENT, 130, 221 },
	{ STYLE_MARKED, 130, 221 }, { STYLE_ALERT, 124, 203 },
	{ STYLE_INVALID, 124, 203 }, { STYLE_GREEN, 28, 114 },
	{ STYLE_RED, 124, 203 }, { STYLE_BOLD_RED, 160, 196 },
	{ STYLE_CYAN, 30, 80 }, { STYLE_YELLOW, 130, 221 },
	{ STYLE_MAGENTA, 90, 176 },
};
/* clang-format on */

/* ---- reading */

static bool
number(struct str s, int base, int max, int *ret)
{
	int n = 0;

	if (s.len == 0 || s.len > 8)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char *digits = "0123456789abcdef";
		char c = s.s[i] >= 'A' && s.s[i] <= 'F' ? (char)(s.s[i] + 32) : s.s[i];
		const char *at = c ? strchr(digits, c) : NULL;

		if (!at || at - digits >= base)
			return false;
		n = n * base + (int)(at - digits);
	}
	*ret = n;
	return n <= max;
}

static bool
parse_colour(struct str w, int *ret)
{
	static const char *const heads[] = { "colour", "color", "" };

	if (str_eq(w, "default")) {
		*ret = -1;
		return true;
	}
	for (int i = 0; i < 8; i++) {
		if (str_eq(w, basic[i])) {
			*ret = i;
			return true;
		}
		if (str_starts(w, "bright-") &&
			str_eq((struct str){ w.s + 7, w.len - 7 }, basic[i])) {
			*ret = i + 8;
			return true;
		}
	}
	if (w.len == 7 && *w.s == '#') {
		if (!number((struct str){ w.s + 1, 6 }, 16, RGB - 1, ret))
			return false;
		*ret |= RGB;
		return true;
	}
	for (size_t i = 0; i < N_ELEM(heads); i++) {
		size_t n = strlen(heads[i]);

		if (str_starts(w, heads[i]) &&
			number((struct str){ w.s + n, w.len - n }, 10, 255, ret))
			return true;
	}
	return false;
}

static bool
parse_attribute(struct str w, uint32_t *ret)
{
	for (size_t i = 0; i < N_ELEM(attributes); i++) {
		if (str_eq(w, attributes[i].name)) {
			*ret |= attributes[i].attrs;
			return true;
		}
	}
	return false;
}

bool
theme_user_parse(struct str text, struct theme_spec *ret_spec)
{
	struct theme_spec spec = { .set = true, .fg = -1, .bg = -1 };
	bool on = false, any = false;

	while (text.len > 0) {
		struct str w = { text.s, 0 };

		while (w.len < text.len && w.s[w.len] != ' ')
			w.len++;
		text.s += w.len + (w.len < text.len);
		text.len -= w.len + (w.len < text.len);
		if (w.len == 0)
			continue;
		if (str_eq(w, "on") && !on) {
			on = true;
			continue;
		}
		if (!parse_attribute(w, &spec.attrs) &&
			!parse_colour(w, on ? &spec.bg : &spec.fg))
			return false;
		any = true;
	}
	if (any)
		*ret_spec = spec;
	return any;
}

static void
warn(struct buf *warnings, const struct weir_entry *row, const char *why)
{
	buf_addf(warnings, "%s: line %u: [%s] %s: %s\n", row->file, row->line,
		row->table, row->key, why);
}

static bool
read_theme(struct theme *t, const char *value)
{
	static const char *const kinds[] = { [THEME_TERMINAL] = "terminal",
		[THEME_LIGHT] = "light",
		[THEME_DARK] = "dark",
		[THEME_MONO] = "mono" };

	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		if (strcmp(value, kinds[i]) == 0) {
			t->kind = (enum theme_kind)i;
			return true;
		}
	}
	return false;
}

void
theme_user_read(struct theme *t, const struct weir_config *config, struct buf *warnings)
{
	const struct weir_entry *rows = NULL;
	size_t n = weir_config_entries(config, "colours", &rows);

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (strcmp(rows[i].key, "theme") == 0) {
			if (!read_theme(t, rows[i].value))
				warn(warnings, &rows[i],
					"there are terminal, light, dark, mono");
			continue;
		}
		while (k < N_ELEM(names) && strcmp(names[k].name, rows[i].key) != 0)
			k++;
		if (k == N_ELEM(names))
			warn(warnings, &rows[i],
				"nothing is called so; weir.conf(5) has the names");
		else if (!theme_user_parse(
				 str_of(rows[i].value), &t->specs[names[k].style]))
			warn(warnings, &rows[i],
				"no colour: red, bright-red, colour208, #ff8800, "
				"with bold, dim, underline, reverse, on COLOUR");
	}
}

/* ---- what the terminal has for it */

static int
level_of(int i)
{
	return i ? 55 + 40 * i : 0;
}

/* Of one of 256 colours, as most terminals have it. */
static int
rgb_of(int index)
{
	static const int basic_rgb[] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00,
		0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00,
		0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff };

	if (index < 16)
		return basic_rgb[index];
	if (index >= 232)
		return (8 + 10 * (index - 232)) * 0x010101;
	index -= 16;
	return level_of(index / 36) << 16 | level_of(index / 6 % 6) << 8 |
	       level_of(index % 6);
}

static int
distance(int a, int b)
{
	int sum = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		int d = (a >> shift & 255) - (b >> shift & 255);

		sum += d * d;
	}
	return sum;
}

static int
nearest(int rgb, int from, int to)
{
	int best = from;

	for (int i = from; i < to; i++) {
		if (distance(rgb, rgb_of(i)) < distance(rgb, rgb_of(best)))
			best = i;
	}
	return best;
}

static int
have(int colour)
{
	int rgb = colour & (RGB - 1);

	if (colour < 8)
		return colour;
	if (COLORS > 256) { /* numbers are colours, but for the first eight */
		if (!(colour & RGB))
			rgb = rgb_of(colour);
		return rgb < 8 ? 8 : rgb;
	}
	if (!(colour & RGB) && colour < COLORS)
		return colour;
	if (!(colour & RGB))
		rgb = rgb_of(colour);
	if (COLORS == 256)
		return nearest(rgb, 16, 256);
	return nearest(rgb, 1, COLORS < 16 ? 8 : 16);
}

static void
apply(struct theme *t, enum style style, const struct theme_spec *spec)
{
	int fg = have(spec->fg), bg = have(spec->bg), pair = USER_PAIRS + (int)style;

	t->attrs[style] = spec->attrs;
	t->pairs[style] = 0;
	if (fg < 0 && bg < 0)
		return;
	if (pair < COLOR_PAIRS && init_extended_pair(pair, fg, bg) == OK)
		t->pairs[style] = (short)pair;
	else if (fg >= 0)
		t->pairs[style] = (short)(fg % 8 + 1);
}

void
theme_user_apply(struct theme *t)
{
	if (!t->colour)
		return;
	for (size_t i = 0; i < N_ELEM(themes) && COLORS >= 256; i++) {
		enum style style = themes[i].style;
		struct theme_spec spec = { .bg = -1,
			.fg = t->kind == THEME_LIGHT ? themes[i].light : themes[i].dark,
			.attrs = t->attrs[style] & ~(uint32_t)A_COLOR };

		if (t->kind == THEME_LIGHT || t->kind == THEME_DARK)
			apply(t, style, &spec);
	}
	for (size_t i = 0; i < STYLE_N; i++) {
		if (t->specs[i].set)
			apply(t, (enum style)i, &t->specs[i]);
	}
}
