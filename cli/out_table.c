/*
 * A table: columns as wide as the first rows need, no wider than the terminal. Rows
 * stream once the widths are known.
 */
#include "out.h"

#include <limits.h>

#include <weir/mem.h>
#include <weir/text.h>

enum {
	TABLE_MEASURE = 256, /* rows that are looked at for the widths */
	TABLE_GAP = 2,
	GLYPH = 2, /* a state's, and a space */
	INDENT = 2,
	DEPTH_MAX = 8,
	TABLE_NO_LIMIT = INT_MAX / 2,
};

struct field {
	struct str text; /* sanitised */
	size_t width;
	const struct weir_state_look *look; /* or NULL */
	int depth;                          /* of its row, in the first column */
	struct str heading;                 /* above its row; the same */
};

struct table {
	struct arena arena;
	VEC(struct field) rows; /* n_columns a row, until the widths are known */
	size_t *width;          /* 0: the column is left out */
	bool laid_out;
	size_t last; /* column that needs no padding */
	struct buf cell;
};

static void
begin(struct out *o)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->width = xcalloc(o->n_columns + 1, sizeof(*t->width));
	buf_init(&t->cell, BUF_MAX);
	o->data = t;
}

static const struct weir_state_look *
look(const struct out *o, const struct weir_cell *const *cells, size_t i)
{
	enum weir_state type = WEIR_ST_NONE;

	if (!o->ctx->colour)
		return NULL;
	if (cells[i]->type == WEIR_T_STATE)
		return weir_state_look((enum weir_state)cells[i]->i, str_of(""));
	if (cells[i]->type != WEIR_T_STATE_NAME)
		return NULL;
	if (o->state != SIZE_MAX && !cells[o->state]->null)
		type = (enum weir_state)cells[o->state]->i;
	return weir_state_look(type, cells[i]->s);
}

static struct field
make_field(struct out *o, const struct weir_cell *const *cells, size_t i)
{
	struct table *t = o->data;
	struct field f = { .look = look(o, cells, i) };

	buf_clear(&t->cell);
	weir_cell_show(&t->cell, cells[i], &o->style);
	f.text = buf_str(&t->cell);
	if (i == 0) {
		f.depth = o->depth < DEPTH_MAX ? o->depth : DEPTH_MAX;
		f.heading = buf_str(&o->heading);
	}
	f.width = text_width(f.text) + (f.look ? GLYPH : 0) + (size_t)f.depth * INDENT;
	return f;
}

static size_t
shown_width(const struct table *t, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += t->width[i] ? t->width[i] + TABLE_GAP : 0;
	return sum > TABLE_GAP ? sum - TABLE_GAP : 0;
}

static size_t
glyph_of(const struct out *o, const struct weir_column *c)
{
	return o->ctx->colour && c->type == WEIR_T_STATE_NAME ? GLYPH : 0;
}

/* How narrow a column may become: first to its wish, then to its least. */
static size_t
floor_of(const struct out *o, const struct weir_column *c, int stage)
{
	size_t glyph = glyph_of(o, c);

	if (c->width)
		return SIZE_MAX; /* it is as the user wants it */
	if (stage == 0)
		return c->max ? (size_t)c->max + glyph : SIZE_MAX;
	if (stage == 1)
		return c->max ? SIZE_MAX : (size_t)c->min;
	return (size_t)c->min + glyph;
}

/* Narrow the column that has most to spare, until all fit or nothing is left. */
static void
shrink(struct out *o, size_t limit)
{
	struct table *t = o->data;

	for (int stage = 0; stage < 3;) {
		size_t best = 0, spare = 0;

		if (shown_width(t, o->n_columns) <= limit)
			return;
		for (size_t i = 0; i < o->n_columns; i++) {
			size_t least = floor_of(o, o->columns[i], stage);

			if (t->width[i] > least && t->width[i] - least > spare) {
				best = i;
				spare = t->width[i] - least;
			}
		}
		if (spare)
			t->width[best]--;
		else
			stage++;
	}
}

static void
drop_wide(struct out *o, size_t limit)
{
	struct table *t = o->data;

	for (size_t i = o->n_columns; i-- > 0;) {
		if (shown_width(t, o->n_columns) <= limit)
			return;
		if (o->columns[i]->flags & WEIR_COL_WIDE)
			t->width[i] = 0;
	}
}

static void
set_widths(struct out *o)
{
	struct table *t = o->data;
	int columns = TABLE_NO_LIMIT, lines;

	for (size_t i = 0; i < o->n_columns; i++)
		t->width[i] = text_width(str_of(o->columns[i]->title));
	for (size_t k = 0; k < t->rows.n; k++) {
		size_t *w = &t->width[k % o->n_columns];

		*w = t->rows.v[k].width > *w ? t->rows.v[k].width : *w;
	}
	for (size_t i = 0; i < o->n_columns; i++)
		if (o->columns[i]->width)
			t->width[i] = (size_t)o->columns[i]->width +
				      glyph_of(o, o->columns[i]);
	if (o->ctx->tty_out)
		sink_screen(&columns, &lines);
	if (o->optional)
		drop_wide(o, (size_t)columns);
	shrink(o, (size_t)columns);
	for (size_t i = 0; i < o->n_columns; i++)
		if (t->width[i])
			t->last = i;
}

static void
add_glyph(struct out *o, const struct weir_state_look *l)
{
	struct buf *b = &o->sink.b;

	out_colour(b, l->colour);
	if (o->style.ascii)
		buf_addc(b, l->ascii);
	else
		buf_adds(b, l->glyph);
	buf_addc(b, ' ');
}

static void
add_field(struct out *o, size_t i, const struct field *f)
{
	const struct table *t = o->data;
	const struct weir_column *c = o->columns[i];
	unsigned flags = (o->style.ascii ? TEXT_ASCII : 0U) |
			 (c->type == WEIR_T_TEXT ? TEXT_PATHSPEC : 0U);
	size_t glyph = (f->look ? GLYPH : 0) + (size_t)f->depth * INDENT;
	size_t width = t->width[i];
	struct buf *b = &o->sink.b;
	struct str text = f->text;

	for (int k = 0; k < f->depth; k++)
		buf_adds(b, o->style.ascii ? "| " : "│ ");
	width = width > glyph ? width - glyph : 1;
	/* A shortened id stays one that can be typed. */
	if (c->type == WEIR_T_ID && text.len > width)
		text.len = width;
	if (f->look)
		add_glyph(o, f->look);
	if (i == t->last && !(c->flags & WEIR_COL_RIGHT))
		text_fit(b, text, width, flags);
	else
		text_pad(b, text, width, c->flags & WEIR_COL_RIGHT, flags);
	if (f->look && f->look->colour[0])
		out_colour(b, "off");
}

static void
trim(struct buf *b)
{
	while (b->len && b->s[b->len - 1] == ' ')
		buf_truncate(b, b->len - 1);
}

/* Not cut: a terminal puts what is too long on the next line. */
static void
put_heading(struct out *o, struct str text)
{
	if (!text.len)
		return;
	buf_addc(&o->sink.b, '\n');
	text_sanitize(&o->sink.b, text, o->style.ascii ? TEXT_ASCII : 0);
	buf_addc(&o->sink.b, '\n');
}

static void
put_line(struct out *o, const struct field *fields)
{
	const struct table *t = o->data;

	put_heading(o, fields[0].heading);
	for (size_t i = 0; i <= t->last; i++) {
		if (!t->width[i])
			continue;
		add_field(o, i, &fields[i]);
		if (i < t->last)
			buf_addn(&o->sink.b, ' ', TABLE_GAP);
	}
	trim(&o->sink.b);
	buf_addc(&o->sink.b, '\n');
}

static void
lay_out(struct out *o)
{
	struct table *t = o->data;
	struct field *header = xcalloc(o->n_columns + 1, sizeof(*header));

	set_widths(o);
	for (size_t i = 0; i < o->n_columns; i++)
		header[i].text = str_of(o->columns[i]->title);
	if (t->rows.n)
		put_line(o, header);
	for (size_t k = 0; k < t->rows.n; k += o->n_columns)
		put_line(o, t->rows.v + k);
	VEC_FREE(&t->rows);
	arena_free(&t->arena);
	t->laid_out = true;
	free(header);
}

static void
row(struct out *o, const struct weir_cell *const *cells)
{
	struct table *t = o->data;

	if (!t->laid_out && o->n_rows == TABLE_MEASURE)
		lay_out(o);
	for (size_t i = 0; i < o->n_columns; i++) {
		struct field f = make_field(o, cells, i);

		f.text.s =
			arena_strndup(&t->arena, f.text.s ? f.text.s : "", f.text.len);
		if (f.heading.len)
			f.heading.s =
				arena_strndup(&t->arena, f.heading.s, f.heading.len);
		VEC_PUSH(&t->rows, f);
	}
	buf_clear(&o->heading);
	if (t->laid_out) {
		put_line(o, t->rows.v);
		t->rows.n = 0;
		arena_clear(&t->arena);
	}
}

static void
end(struct out *o, bool ok)
{
	struct table *t = o->data;

	(void)ok;
	if (!t->laid_out)
		lay_out(o);
	VEC_FREE(&t->rows);
	arena_free(&t->arena);
	buf_release(&t->cell);
	free(t->width);
	free(t);
}

const struct out_ops out_table = { begin, row, end };
