/* The rows of a pager on the screen. */
#include <weir/text.h>

#include "pager.h"

/* A row of text being painted: what is not scrolled away of it. */
struct painted {
	struct str text; /* cut to the room */
	size_t first;    /* offset of it in p->text */
	bool cut;        /* something stands right of it */
};

/* The style of the text at an offset of p->text, and where it changes. */
static enum style
style_at(const struct pager *p, struct draw *d, size_t at, enum style base,
	size_t *ret_next)
{
	const struct weir_sgr_runs *runs = &p->colours;
	size_t low = 0, high = runs->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (runs->v[mid].at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_next = low < runs->n ? runs->v[low].at : SIZE_MAX;
	if (low == 0 || !d->theme->colour ||
		weir_sgr_equal(runs->v[low - 1].sgr, WEIR_SGR_NONE))
		return base;
	return theme_sgr(d->theme, runs->v[low - 1].sgr);
}

/* Leave out what is scrolled to the left, and what is right of the screen. */
static struct painted
cut(const struct pager *p, struct draw *d, struct str row)
{
	struct painted out = { .text = row };
	size_t room = (size_t)draw_left(d);

	if (!p->wrap && p->left > 0) {
		size_t skip = text_prefix(row, (size_t)p->left);
		size_t gone = text_width((struct str){ row.s, skip });

		if (skip < row.len && gone < (size_t)p->left) {
			/* half a wide character */
			text_decode(row, &skip);
			draw_spaces(d, 1);
			room = (size_t)draw_left(d);
		}
		out.text = (struct str){ row.s + skip, row.len - skip };
	}
	out.first = out.text.len > 0 ? (size_t)(out.text.s - p->text.s) : 0;
	if (text_prefix(out.text, room) < out.text.len) {
		out.text.len = text_prefix(out.text, room > 0 ? room - 1 : 0);
		out.cut = true;
	}
	return out;
}

/* A row of text with its colours, and what matches in it made visible. */
static void
paint_text(struct pager *p, struct draw *d, struct str row, enum style style,
	enum style found)
{
	struct painted t = cut(p, d, row);
	size_t start = 0, end = 0, from = (size_t)(t.text.s - row.s), next;
	bool may = p->match && row.len > 0;

	for (size_t at = 0, stop; at < t.text.len; at = stop) {
		enum style now = style_at(p, d, t.first + at, style, &next);

		while (may && from + at >= end)
			may = weir_match_find(p->match, row, end, &start, &end) &&
			      end > start;
		stop = next == SIZE_MAX || next - t.first > t.text.len ? t.text.len
								       : next - t.first;
		if (may && from + at >= start) {
			now = found;
			stop = end - from;
		} else if (may && start - from < stop) {
			stop = start - from;
		}
		if (stop > t.text.len)
			stop = t.text.len;
		draw_str(
			d, now, (struct str){ t.text.s + at, stop - at }, draw_left(d));
	}
	if (t.cut)
		draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_MORE));
}

static void
paint_fold(struct draw *d, size_t n)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %zu lines folded (traceback)",
		theme_glyph(d->theme, GLYPH_FOLD), n);
	draw_text(d, STYLE_DIM, text);
	if (draw_left(d) > (int)sizeof("z unfold")) {
		draw_to(d, d->limit - (int)sizeof("z unfold"));
		draw_text(d, STYLE_DIM, "z unfold");
	}
}

static void
paint_spans(struct draw *d, const struct pager_line *line, int room, bool current)
{
	for (int i = 0; i < line->n_spans && d->x < room; i++) {
		const struct pager_span *s = &line->spans[i];
		enum style style = current ? STYLE_CURSOR : s->style;

		draw_cell(d, style, s->text, s->width - 1, s->right);
		draw_cell(d, style, STR(""), 1, false);
	}
}

static void
paint_row(struct pager *p, struct draw *d, const struct pager_line *line, size_t sub,
	bool first, bool current)
{
	const struct pager_row *row = &p->rows.v[sub];
	int indent = p->width - pager_rows_columns(p, line);

	if (sub == 0 && indent > 0)
		paint_spans(d, line, indent, current);
	else if (first && current && indent > 1)
		draw_cell(d, STYLE_CURSOR, STR(""), indent - 1, false);
	draw_to(d, indent);
	if (row->fold)
		paint_fold(d, row->text.len);
	else
		paint_text(p, d, row->text, line->style,
			current ? STYLE_CURRENT : STYLE_MATCH);
}

void
pager_paint(struct pager *p, struct draw *d, int y,
	void (*edge)(void *arg, struct draw *d, int row))
{
	size_t n = p->source->n(p->arg), i = p->top, sub = p->sub;
	struct pager_line line = { 0 };
	bool loaded = false, first = true;

	for (int row = 0; row < p->height; row++) {
		draw_begin(d, y + row);
		d->limit = p->width;
		while (i < n && !loaded) {
			memset(&line, 0, sizeof(line));
			if (!p->source->line(p->arg, i, &line))
				line.text = STR("(cannot be read)");
			pager_rows_split(p, &line, false);
			loaded = sub < p->rows.n;
			if (!loaded) {
				i++;
				sub = 0;
			}
		}
		if (loaded) {
			paint_row(p, d, &line, sub, first, i == p->current);
			first = false;
			if (++sub >= p->rows.n) {
				sub = 0;
				i++;
				loaded = false;
				first = true;
			}
		}
		if (edge) {
			d->limit = d->cols;
			edge(p->arg, d, row);
		}
		draw_end(d, false);
	}
}
