/* TSV and CSV: a row a line, exact values. */
#include "out.h"

#include <weir/mem.h>
#include <weir/text.h>

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

/* How rows are written. */
struct dialect {
	char separator;
	void (*add)(struct buf *, struct str);
};

static const struct dialect dialects[] = {
	[OUT_TSV] = { '\t', add_tsv },
	[OUT_CSV] = { ',', add_csv },
};

static const struct dialect *
dialect_of(enum out_form form)
{
	return &dialects[form == OUT_CSV ? OUT_CSV : OUT_TSV];
}

void
out_cell(const struct ctx *ctx, struct buf *b, enum out_form form, struct str s)
{
	const struct dialect *d = dialect_of(form);
	struct buf cell = BUF_INIT(BUF_MAX);

	if (!ctx->tty_out) {
		d->add(b, s);
		return;
	}
	d->add(&cell, s);
	text_sanitize(
		b, buf_str(&cell), TEXT_KEEP_NEWLINE | (ctx->utf8 ? 0 : TEXT_ASCII));
	buf_release(&cell);
}

void
out_cells(const struct ctx *ctx, struct buf *b, enum out_form form,
	const struct str *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(b, dialect_of(form)->separator);
		out_cell(ctx, b, form, cells[i]);
	}
	buf_addc(b, '\n');
}

/* ---- lists */

static void
begin(struct out *o)
{
	struct buf *cell = xmalloc(sizeof(*cell));

	buf_init(cell, BUF_MAX);
	o->data = cell;
}

static void
put_header(struct out *o)
{
	for (size_t i = 0; i < o->n_columns; i++) {
		if (i)
			buf_addc(&o->sink.b, dialect_of(o->form)->separator);
		out_cell(o->ctx, &o->sink.b, o->form, str_of(o->columns[i]->name));
	}
	buf_addc(&o->sink.b, '\n');
}

static void
row(struct out *o, const struct weir_cell *const *cells)
{
	struct buf *cell = o->data;

	if (o->header && o->n_rows == 0)
		put_header(o);
	for (size_t i = 0; i < o->n_columns; i++) {
		if (i)
			buf_addc(&o->sink.b, dialect_of(o->form)->separator);
		buf_clear(cell);
		weir_cell_plain(cell, cells[i]);
		out_cell(o->ctx, &o->sink.b, o->form, buf_str(cell));
	}
	buf_addc(&o->sink.b, '\n');
}

static void
end(struct out *o, bool ok)
{
	struct buf *cell = o->data;

	if (ok && o->header && o->n_rows == 0)
		put_header(o);
	buf_release(cell);
	free(cell);
}

const struct out_ops out_tsv = { begin, row, end };
