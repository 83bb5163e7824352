#include "out.h"

#include <weir/mem.h>
#include <weir/text.h>

static const struct {
	const char *name;
	const struct out_ops *ops;
} forms[] = {
	[OUT_TABLE] = { "table", &out_table },
	[OUT_TSV] = { "tsv", &out_tsv },
	[OUT_CSV] = { "csv", &out_tsv },
	[OUT_JSON] = { "json", &out_json },
	[OUT_NDJSON] = { "ndjson", &out_ndjson },
	[OUT_NAME] = { "name", &out_tsv },
};

enum out_form
out_form(const struct ctx *ctx, const char *name)
{
	for (size_t i = 0; name && i < N_ELEM(forms); i++)
		if (strcmp(forms[i].name, name) == 0)
			return (enum out_form)i;
	return ctx->tty_out ? OUT_TABLE : OUT_TSV;
}

unsigned
out_want(const struct ctx *ctx, enum out_form form)
{
	int columns, lines;

	if (form == OUT_JSON || form == OUT_NDJSON)
		return WEIR_COL_OBJECT;
	if (form != OUT_TABLE)
		return WEIR_COL_PIPE;
	sink_screen(&columns, &lines);
	return WEIR_COL_TABLE | (ctx->tty_out && columns > 100 ? WEIR_COL_WIDE : 0);
}

static size_t
find_state(const struct weir_column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i]->type == WEIR_T_STATE)
			return i;
	return SIZE_MAX;
}

void
out_open(struct out *o, struct ctx *ctx, const struct out_spec *spec)
{
	*o = (struct out){
		.ops = forms[spec->form].ops,
		.form = spec->form,
		.ctx = ctx,
		.columns = spec->columns,
		.n_columns = spec->n_columns,
		.state = find_state(spec->columns, spec->n_columns + spec->n_hidden),
		.header = spec->header && spec->form != OUT_NAME,
		.optional = spec->optional,
		.sanitize = ctx->tty_out,
		.heading = BUF_INIT(BUF_MAX),
	};
	o->style = (struct weir_cell_style){
		.now_us = weir_now_us(),
		.utc = ctx->utc,
		.ago = true,
		.ascii = !ctx->utf8,
	};
	sink_init(&o->sink, ctx, true);
	if (o->ops->begin)
		o->ops->begin(o);
}

enum weir_rc
out_row(struct out *o, const struct weir_cell *const *cells)
{
	o->ops->row(o, cells);
	o->n_rows++;
	return sink_row(&o->sink);
}

enum weir_rc
out_close(struct out *o, enum weir_rc rc)
{
	if (o->ops->end)
		o->ops->end(o, !rc);
	buf_release(&o->heading);
	return sink_close(&o->sink, rc);
}

void
out_colour(struct buf *b, const char *colour)
{
	static const struct {
		const char *name, *sgr;
	} table[] = {
		{ "green", "\033[32m" },
		{ "red", "\033[31m" },
		{ "bold red", "\033[1;31m" },
		{ "cyan", "\033[36m" },
		{ "yellow", "\033[33m" },
		{ "magenta", "\033[35m" },
		{ "dim", "\033[2m" },
		{ "bold", "\033[1m" },
		{ "off", "\033[0m" },
	};

	for (size_t i = 0; i < N_ELEM(table); i++)
		if (strcmp(table[i].name, colour) == 0)
			buf_adds(b, table[i].sgr);
}
