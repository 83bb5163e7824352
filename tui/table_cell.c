#include "table_cell.h"

#include <string.h>

#include <weir/cell.h>
#include <weir/match.h>
#include <weir/members.h>
#include <weir/text.h>
#include <weir/time.h>

/* `package=numpy version=2.3.1`: more of an object than its JSON text would show. */
static bool
add_member(void *arg, struct str name, struct str value, bool is_string)
{
	struct buf *out = arg;

	(void)is_string;
	if (out->len > 0)
		buf_addc(out, ' ');
	buf_addstr(out, name);
	if (name.len > 0)
		buf_addc(out, '=');
	buf_addstr(out, value);
	return !out->truncated;
}

static void
object_text(const struct draw *d, struct str json, struct buf *out)
{
	struct buf text = BUF_INIT(TABLE_CELL_MAX);

	if (!weir_members_each(json, add_member, &text)) {
		buf_clear(&text);
		buf_addstr(&text, json);
	}
	text_sanitize(out, buf_str(&text), d->theme->utf8 ? 0 : TEXT_ASCII);
	buf_release(&text);
}

void
table_cell_text(const struct table *t, const struct draw *d,
	const struct weir_cell *cell, struct buf *out)
{
	struct weir_cell_style style = {
		.now_us = t->now_us, .utc = t->utc, .ascii = !d->theme->utf8
	};

	if (cell->null)
		return;
	if (cell->type == WEIR_T_TIME && t->absolute)
		weir_time_absolute(out, cell->i, t->utc, false);
	else if (cell->type == WEIR_T_JSON && cell->s.len <= 2)
		return; /* {} and [] say nothing */
	else if (cell->type == WEIR_T_JSON && *cell->s.s == '{')
		object_text(d, cell->s, out);
	else
		weir_cell_show(out, cell, &style);
}

/* The part of text that a word or pattern matches at or after from. */
static bool
next_match(const struct table_look *look, struct str text, size_t from,
	size_t *ret_start, size_t *ret_end)
{
	bool found = false;

	for (size_t i = 0; i < look->n_words; i++) {
		size_t start, end;

		if (!weir_match_find(look->words[i], text, from, &start, &end) ||
			end <= start)
			continue;
		if (found && (start > *ret_start ||
				     (start == *ret_start && end <= *ret_end)))
			continue;
		*ret_start = start;
		*ret_end = end;
		found = true;
	}
	return found;
}

/* What of a text is shown: its first `head` bytes, the mark of the cut, its end. */
struct cut {
	struct buf fit;
	size_t head, mark, end; /* mark: its bytes; end: where the end is in the text */
};

static unsigned
fit_flags(const struct draw *d, enum weir_type type)
{
	return (d->theme->utf8 ? 0U : (unsigned)TEXT_ASCII) |
	       (type == WEIR_T_TEXT ? TEXT_PATHSPEC : 0U);
}

/* Returns the columns that it takes. */
static int
cut_text(
	const struct draw *d, struct str text, int width, unsigned flags, struct cut *c)
{
	const char *more = theme_glyph(d->theme, GLYPH_MORE);
	size_t m = strlen(more);
	int used;

	*c = (struct cut){ .fit = BUF_INIT(TABLE_CELL_MAX), .end = text.len };
	used = (int)text_fit(&c->fit, text, (size_t)(width > 0 ? width : 0), flags);
	c->head = c->fit.len;
	if (!c->fit.len || str_equal(buf_str(&c->fit), text))
		return used;
	c->mark = m;
	c->head -= m;
	while (c->head > 0 && memcmp(c->fit.s + c->head, more, m) != 0)
		c->head--;
	c->end -= c->fit.len - c->head - m;
	return used;
}

/* Where a byte of the text is shown: what is cut off stands in the mark. */
static size_t
shown_at(const struct cut *c, size_t at, bool is_end)
{
	if (at <= c->head)
		return at;
	if (at > c->end || (at == c->end && !is_end))
		return at - c->end + c->head + c->mark;
	return c->head + (is_end ? c->mark : 0);
}

/* A text with what the query looks for made visible. What is cut is looked into too. */
static void
matched_cell(struct draw *d, enum style style, struct str text, int width,
	const struct weir_column *column, const struct table_look *look)
{
	size_t at = 0, read = 0, start = 0, end = 0;
	int from = d->x, used;
	struct cut cut;

	used = cut_text(d, text, width, fit_flags(d, column->type), &cut);
	if (column->flags & WEIR_COL_RIGHT)
		draw_spaces(d, width - used);
	while (at < cut.fit.len && next_match(look, text, read, &start, &end)) {
		read = end;
		start = shown_at(&cut, start, false);
		end = shown_at(&cut, end, true);
		start = start < at ? at : start;
		draw_str(d, style, (struct str){ cut.fit.s + at, start - at }, width);
		draw_str(d, STYLE_MATCH, (struct str){ cut.fit.s + start, end - start },
			width);
		at = end;
	}
	if (at < cut.fit.len)
		draw_str(d, style, (struct str){ cut.fit.s + at, cut.fit.len - at },
			width);
	draw_to(d, from + width);
	buf_release(&cut.fit);
}

static void
plain_cell(struct draw *d, enum style style, struct str text, int width,
	const struct weir_column *column)
{
	struct cut cut;

	cut_text(d, text, width, fit_flags(d, column->type), &cut);
	draw_cell(d, style, buf_str(&cut.fit), width, column->flags & WEIR_COL_RIGHT);
	buf_release(&cut.fit);
}

static bool
is_searched(enum weir_type type)
{
	return type == WEIR_T_TEXT || type == WEIR_T_STATE_NAME ||
	       type == WEIR_T_TAGS || type == WEIR_T_JSON || type == WEIR_T_ID;
}

void
table_cell_draw(struct draw *d, enum style style, struct str text, int width,
	const struct weir_column *column, const struct table_look *look)
{
	if (look->n_words > 0 && is_searched(column->type))
		matched_cell(d, style, text, width, column, look);
	else
		plain_cell(d, style, text, width, column);
}
