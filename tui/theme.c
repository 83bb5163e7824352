#include "theme.h"

#include <string.h>

#include <curses.h>

#include <weir/mem.h>

#include "theme_user.h"

enum { SGR_PAIRS = 16 }; /* pairs from there on are for text with its own colours */

/* clang-format off */
static const struct {
	int colour; /* -1: the terminal's own */
	uint32_t attrs;
	uint32_t mono; /* what stands for the colour where there is none */
} styles[STYLE_N] = {
	[STYLE_PLAIN]    = { -1,            A_NORMAL,    A_NORMAL },
	[STYLE_TITLE]    = { -1,            A_BOLD,      A_BOLD },
	[STYLE_HEADER]   = { -1,            A_DIM,       A_NORMAL },
	[STYLE_DIM]      = { -1,            A_DIM,       A_NORMAL },
	[STYLE_STRONG]   = { -1,            A_BOLD,      A_BOLD },
	[STYLE_ERROR]    = { COLOR_RED,     A_NORMAL,    A_BOLD },
	[STYLE_WARNING]  = { COLOR_YELLOW,  A_NORMAL,    A_NORMAL },
	[STYLE_MATCH]    = { COLOR_YELLOW,  A_BOLD | A_UNDERLINE, A_UNDERLINE },
	[STYLE_CURRENT]  = { COLOR_YELLOW,  A_BOLD | A_REVERSE, A_REVERSE },
	[STYLE_INVALID]  = { COLOR_RED,     A_UNDERLINE, A_UNDERLINE },
	[STYLE_ALERT]    = { COLOR_RED,     A_REVERSE,   A_REVERSE },
	[STYLE_KEY]      = { -1,            A_BOLD,      A_BOLD },
	[STYLE_MARKED]   = { COLOR_YELLOW,  A_BOLD,      A_BOLD },
	[STYLE_CHANGED]  = { -1,            A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE },
	[STYLE_CURSOR]   = { -1,            A_REVERSE,   A_REVERSE },
	[STYLE_GREEN]    = { COLOR_GREEN,   A_NORMAL,    A_NORMAL },
	[STYLE_RED]      = { COLOR_RED,     A_NORMAL,    A_NORMAL },
	[STYLE_BOLD_RED] = { COLOR_RED,     A_BOLD,      A_BOLD },
	[STYLE_CYAN]     = { COLOR_CYAN,    A_NORMAL,    A_NORMAL },
	[STYLE_YELLOW]   = { COLOR_YELLOW,  A_NORMAL,    A_NORMAL },
	[STYLE_MAGENTA]  = { COLOR_MAGENTA, A_NORMAL,    A_NORMAL },
};

static const struct {
	const char *utf8, *ascii; /* the same number of columns */
} glyphs[GLYPH_N] = {
	[GLYPH_DOT]    = { "\u00b7", "-" },
	[GLYPH_UPDOWN] = { "\u2195", ":" },
	[GLYPH_DOWN]   = { "\u2193", "v" },
	[GLYPH_UP]     = { "\u2191", "^" },
	[GLYPH_ENTER]  = { "\u23ce", "enter" },
	[GLYPH_BUSY]   = { "\u27f3", "@" },
	[GLYPH_BAR]    = { "\u2587", "=" },
	[GLYPH_STRIP]  = { "\u2502", "|" },
	[GLYPH_MARK]   = { "\u258c", "E" },
	[GLYPH_WARN]   = { "\u258e", "w" },
	[GLYPH_HIT]    = { "\u25c6", "*" },
	[GLYPH_FOLD]   = { "\u22ef", "..." },
	[GLYPH_UNDER]  = { "\u2039", "<" },
	[GLYPH_WAIT]   = { "\u2591", "." },
	[GLYPH_TRY]    = { "\u00d7", "x" },
	[GLYPH_CRUMB]  = { "\u203a", ">" },
	[GLYPH_DASH]   = { "\u2500", "-" },
	[GLYPH_MORE]   = { "\u2026", "~" },
	[GLYPH_RULE]   = { "\u2502", "|" },
};

static const struct {
	const char *name;
	enum style style;
} colours[] = {
	{ "green", STYLE_GREEN },
	{ "red", STYLE_RED },
	{ "bold red", STYLE_BOLD_RED },
	{ "cyan", STYLE_CYAN },
	{ "yellow", STYLE_YELLOW },
	{ "magenta", STYLE_MAGENTA },
};
/* clang-format on */

void
theme_init(struct theme *t, bool colour)
{
	t->colour = colour && t->kind != THEME_MONO && has_colors();
	if (t->colour) {
		start_color();
		t->colour = use_default_colors() == OK && COLORS >= 8;
	}
	for (int c = 0; t->colour && c < 8; c++)
		init_pair((short)(c + 1), (short)c, -1);

	for (size_t i = 0; i < STYLE_N; i++) {
		t->attrs[i] = t->colour ? styles[i].attrs : styles[i].mono;
		t->pairs[i] = t->colour ? (short)(styles[i].colour + 1) : 0;
	}
	theme_user_apply(t);
}

void
theme_still(struct theme *t)
{
	t->attrs[STYLE_CHANGED] = t->attrs[STYLE_PLAIN];
	t->pairs[STYLE_CHANGED] = t->pairs[STYLE_PLAIN];
}

const char *
theme_glyph(const struct theme *t, enum glyph glyph)
{
	return t->utf8 ? glyphs[glyph].utf8 : glyphs[glyph].ascii;
}

enum style
theme_colour(const char *name)
{
	for (size_t i = 0; i < N_ELEM(colours); i++) {
		if (strcmp(colours[i].name, name) == 0)
			return colours[i].style;
	}
	return STYLE_PLAIN;
}

enum style
theme_state(
	const struct theme *t, enum weir_state type, struct str name, char ret_glyph[8])
{
	const struct weir_state_look *look = weir_state_look(type, name);

	if (t->utf8)
		snprintf(ret_glyph, 8, "%s", look->glyph);
	else
		snprintf(ret_glyph, 8, "%c", look->ascii);
	return theme_colour(look->colour);
}

enum style
theme_status(const struct theme *t, struct str status, const char **ret_glyph)
{
	/* clang-format off */
	static const struct {
		const char *status, *utf8, *ascii;
		enum style style;
	} looks[] = {
		{ "READY", "\u25cf", "+", STYLE_GREEN },
		{ "ONLINE", "\u25cf", "+", STYLE_GREEN },
		{ "active", "\u25cf", "+", STYLE_GREEN },
		{ "NOT_READY", "\u25cc", "L", STYLE_YELLOW },
		{ "OFFLINE", "\u25cc", "L", STYLE_YELLOW },
		{ "PAUSED", "\u2016", "=", STYLE_YELLOW },
		{ "off", "\u2016", "=", STYLE_YELLOW },
	};
	/* clang-format on */

	for (size_t i = 0; i < N_ELEM(looks); i++) {
		if (!str_eq(status, looks[i].status))
			continue;
		*ret_glyph = t->utf8 ? looks[i].utf8 : looks[i].ascii;
		return looks[i].style;
	}
	return STYLE_PLAIN;
}

/* Five bits of each colour + 1, four of attributes. */
enum style
theme_sgr(const struct theme *t, struct weir_sgr sgr)
{
	if (!t->colour)
		return STYLE_PLAIN;
	return (enum style)(
		STYLE_SGR + ((sgr.fg + 1) << 9 | (sgr.bg + 1) << 4 | sgr.attrs));
}

/* The pair of two colours, made when it is first needed; 0: there is no room. */
static short
sgr_pair(int fg, int bg)
{
	int pair = SGR_PAIRS + (bg + 1) * 17 + fg + 1;
	short has_fg, has_bg;

	if (fg < 0 && bg < 0)
		return 0;
	if (pair >= COLOR_PAIRS)
		return 0;
	if (pair_content((short)pair, &has_fg, &has_bg) == ERR || has_fg != fg ||
		has_bg != bg)
		init_pair((short)pair, (short)fg, (short)bg);
	return (short)pair;
}

static void
sgr_attrs(unsigned code, uint32_t *ret_attrs, short *ret_pair)
{
	static const uint32_t attrs[] = { A_BOLD, A_DIM, A_UNDERLINE, A_REVERSE };
	int fg = (int)(code >> 9 & 31) - 1, bg = (int)(code >> 4 & 31) - 1;

	*ret_attrs = A_NORMAL;
	for (size_t i = 0; i < N_ELEM(attrs); i++) {
		if (code & 1u << i)
			*ret_attrs |= attrs[i];
	}
	if (fg >= 8 && COLORS < 16) {
		fg -= 8;
		*ret_attrs |= A_BOLD;
	}
	if (bg >= 8 && COLORS < 16)
		bg -= 8;
	*ret_pair = sgr_pair(fg, bg);
	if (*ret_pair == 0 && fg >= 0)
		*ret_pair = sgr_pair(fg, -1);
}

void
theme_attrs(
	const struct theme *t, enum style style, uint32_t *ret_attrs, short *ret_pair)
{
	if (style >= STYLE_SGR) {
		sgr_attrs((unsigned)style - STYLE_SGR, ret_attrs, ret_pair);
		return;
	}
	*ret_attrs = t->attrs[style];
	*ret_pair = t->pairs[style];
}

enum style
theme_level(int level)
{
	if (level >= 50)
		return STYLE_BOLD_RED;
	if (level >= 40)
		return STYLE_ERROR;
	if (level >= 30)
		return STYLE_WARNING;
	return level < 20 ? STYLE_DIM : STYLE_PLAIN;
}

char
theme_letter(uint32_t attrs, int pair)
{
	static const char lower[] = "krgybmcw";
	static const char upper[] = "KRGYBMCW";
	short fg, bg;

	if (attrs & A_REVERSE)
		return 'v';
	if (pair >= SGR_PAIRS &&
		(pair_content((short)pair, &fg, &bg) == ERR || bg >= 0))
		return '#';
	if (pair >= SGR_PAIRS)
		pair = fg % 8 + 1;
	if (pair > 0 && pair <= 8)
		return attrs & A_BOLD ? upper[pair - 1] : lower[pair - 1];
	if (attrs & A_UNDERLINE)
		return '_';
	if (attrs & A_BOLD)
		return '*';
	return attrs & A_DIM ? '.' : ' ';
}
