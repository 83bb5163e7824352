/*
 * Rows of cells as a table, TSV, CSV, JSON, NDJSON or ids: one printer a form.
 *
 * On a terminal everything is sanitised; elsewhere nothing is cut and bytes stay as
 * they are but for the escapes of the form. weir-json(5) documents OUT_SCHEMA.
 */
#ifndef WEIR_CLI_OUT_H
#define WEIR_CLI_OUT_H

#include <weir/cell.h>
#include <weir/select.h>

#include "sink.h"

enum { OUT_SCHEMA = 1 }; /* version of weir-json(5) */

enum out_form { OUT_TABLE, OUT_TSV, OUT_CSV, OUT_JSON, OUT_NDJSON, OUT_NAME };
#define OUT_FORMS "table|tsv|csv|json|ndjson|name"

/* -o's value, one of OUT_FORMS; NULL: table on a terminal, TSV elsewhere. */
enum out_form out_form(const struct ctx *ctx, const char *name);

/* Which columns a form shows when no --columns are given. */
unsigned out_want(const struct ctx *ctx, enum out_form form);

struct out;
struct out_ops {
	void (*begin)(struct out *o);
	void (*row)(struct out *o, const struct weir_cell *const *cells);
	/* The last rows of what was measured; ok: everything was printed. */
	void (*end)(struct out *o, bool ok);
};
extern const struct out_ops out_table, out_tsv, out_json, out_ndjson; /* tsv: csv too */

struct out_spec {
	enum out_form form;
	const struct weir_column *const *columns; /* borrowed until out_close */
	size_t n_columns;                         /* that are shown */
	size_t n_hidden;                          /* behind them, for the printer */
	bool header;                              /* of tsv and csv */
	bool optional; /* a table may leave out WEIR_COL_WIDE columns that do not fit */
};

struct out {
	const struct out_ops *ops;
	enum out_form form;
	struct ctx *ctx;
	struct sink sink;
	const struct weir_column *const *columns;
	size_t n_columns;
	size_t state; /* of columns: type of the state, or SIZE_MAX; may be hidden */
	size_t n_rows;
	int depth; /* of the next row of a table: below so many others */
	struct buf
		heading; /* of the next row of a table: a line above it; then empty */
	bool header, optional;
	bool sanitize; /* stdout is a terminal */
	struct weir_cell_style style;
	void *data; /* the printer's */
};

void out_open(struct out *o, struct ctx *ctx, const struct out_spec *spec);
/* A cell for each column, the hidden ones included. */
WEIR_NODISCARD enum weir_rc out_row(
	struct out *o, const struct weir_cell *const *cells);
WEIR_NODISCARD enum weir_rc out_close(struct out *o, enum weir_rc rc);

/*
 * A cell, and a row of n of them with its newline, of commands that know their columns:
 * as CSV when that is the form, else as TSV. Sanitised on a terminal.
 */
void out_cell(const struct ctx *ctx, struct buf *b, enum out_form form, struct str s);
void out_cells(const struct ctx *ctx, struct buf *b, enum out_form form,
	const struct str *cells, size_t n);

/* Append the escape sequence of a colour of weir_state_look; "" for plain. */
void out_colour(struct buf *b, const char *colour);

/* Make JSON text safe for a terminal: what it would act on becomes \uXXXX. */
void out_json_escape(struct buf *b, struct str json, unsigned flags);

#endif
