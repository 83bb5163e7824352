/* TSV and CSV: a row a line, exact values. */
#include "out.h"

#include <weir/mem.h>
#include <weir/text.h>

struct tsv {
	struct buf cell, safe;
};

static void
begin(struct out *o)
{
	struct tsv *t = xcalloc(1, sizeof(*t));

	buf_init(&t->cell, BUF_MAX);
	buf_init(&t->safe, BUF_MAX);
	o->data = t;
}

/* The separator of TSV, its newline and its escape are written as \t \n \r \\. */
static void
add_tsv(struct buf *b, struct str s)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";

	while (s.len > 0) {
		size_t n = 0;

		while (n < s.len && (!s.s[n] || !strchr(from, s.s[n])))
			n++;
		buf_add(b, s.s, n);
		if (n == s.len)
			return;
		buf_addc(b, '\\');
		buf_addc(b, to[strchr(from, s.s[n]) - from]);
		s.s += n + 1;
		s.len -= n + 1;
	}
}

/* RFC 4180: quoted when need be, quotes doubled. */
static void
add_csv(struct buf *b, struct str s)
{
	bool quote = false;

	for (size_t i = 0; i < s.len && !quote; i++)
		quote = s.s[i] == '"' || s.s[i] == ',' || s.s[i] == '\n' ||
			s.s[i] == '\r';
	if (!quote) {
		buf_addstr(b, s);
		return;
	}
	buf_addc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '"')
			buf_addc(b, '"');
		buf_addc(b, s.s[i]);
	}
	buf_addc(b, '"');
}

static void
add_cell(struct out *o, void (*add)(struct buf *, struct str), struct str s)
{
	struct tsv *t = o->data;

	if (!o->sanitize) {
		add(&o->sink.b, s);
		return;
	}
	buf_clear(&t->safe);
	add(&t->safe, s);
	text_sanitize(&o->sink.b, buf_str(&t->safe),
		TEXT_KEEP_NEWLINE | (o->style.ascii ? TEXT_ASCII : 0));
}

static void
put_header(struct out *o, char sep, void (*add)(struct buf *, struct str))
{
	for (size_t i = 0; i < o->n_columns; i++) {
		if (i)
			buf_addc(&o->sink.b, sep);
		add_cell(o, add, str_of(o->columns[i]->name));
	}
	buf_addc(&o->sink.b, '\n');
}

static void
put_row(struct out *o, const struct weir_cell *const *cells, char sep,
	void (*add)(struct buf *, struct str))
{
	struct tsv *t = o->data;

	if (o->header && o->n_rows == 0)
		put_header(o, sep, add);
	for (size_t i = 0; i < o->n_columns; i++) {
		if (i)
			buf_addc(&o->sink.b, sep);
		buf_clear(&t->cell);
		weir_cell_plain(&t->cell, cells[i]);
		add_cell(o, add, buf_str(&t->cell));
	}
	buf_addc(&o->sink.b, '\n');
}

static void
tsv_row(struct out *o, const struct weir_cell *const *cells)
{
	put_row(o, cells, '\t', add_tsv);
}

static void
csv_row(struct out *o, const struct weir_cell *const *cells)
{
	put_row(o, cells, ',', add_csv);
}

static void
end(struct out *o, char sep, void (*add)(struct buf *, struct str), bool ok)
{
	struct tsv *t = o->data;

	if (ok && o->header && o->n_rows == 0)
		put_header(o, sep, add);
	buf_release(&t->cell);
	buf_release(&t->safe);
	free(t);
}

static void
tsv_end(struct out *o, bool ok)
{
	end(o, '\t', add_tsv, ok);
}

static void
csv_end(struct out *o, bool ok)
{
	end(o, ',', add_csv, ok);
}

const struct out_ops out_tsv = { begin, tsv_row, tsv_end };
const struct out_ops out_csv = { begin, csv_row, csv_end };

/* ---- rows that their commands write */

/* Append the cell of TSV that p begins; returns its end. */
static const char *
add_cell_again(struct buf *b, struct buf *cell, const char *p, const char *end)
{
	static const char from[] = "tnr\\", to[] = "\t\n\r\\";

	buf_clear(cell);
	for (; p < end && *p != '\t' && *p != '\n'; p++) {
		const char *escaped =
			*p == '\\' && p + 1 < end && p[1] ? strchr(from, p[1]) : NULL;

		buf_addc(cell, escaped ? to[escaped - from] : *p);
		p += escaped != NULL;
	}
	add_csv(b, buf_str(cell));
	return p;
}

void
out_rows(struct buf *b, size_t from, enum out_form form)
{
	struct buf rows = BUF_INIT(BUF_MAX), cell = BUF_INIT(BUF_MAX);
	const char *p, *end;

	if (form != OUT_CSV || b->len == from)
		return;
	buf_add(&rows, b->s + from, b->len - from);
	b->len = from;
	p = rows.s;
	end = p + rows.len;
	while (p < end) {
		p = add_cell_again(b, &cell, p, end);
		if (p < end)
			buf_addc(b, *p++ == '\t' ? ',' : '\n');
	}
	buf_release(&rows);
	buf_release(&cell);
}
