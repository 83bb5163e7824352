#include "theme.h"

#include <string.h>

#include <curses.h>

#include <weir/mem.h>

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
	[GLYPH_UNDER]  = { "\u2039", "<" },
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
	t->colour = colour && has_colors();
	if (t->colour) {
		start_color();
		t->colour = use_default_colors() == OK && COLORS >= 8;
	}
	for (int c = 0; t->colour && c < 8; c++)
		init_pair((short)(c + 1), (short)c, -1);

	for (size_t i = 0; i < STYLE_N; i++) {
		if (!t->colour)
			t->attrs[i] = styles[i].mono;
		else if (styles[i].colour < 0)
			t->attrs[i] = styles[i].attrs;
		else
			t->attrs[i] = styles[i].attrs |
				      (uint32_t)COLOR_PAIR(styles[i].colour + 1);
	}
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

	if (attrs & A_REVERSE)
		return 'v';
	if (pair > 0 && pair <= 8)
		return attrs & A_BOLD ? upper[pair - 1] : lower[pair - 1];
	if (attrs & A_UNDERLINE)
		return '_';
	if (attrs & A_BOLD)
		return '*';
	return attrs & A_DIM ? '.' : ' ';
}
