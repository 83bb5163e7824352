#include "register_print.h"

#include <weir/json.h>
#include <weir/mem.h>
#include <weir/text.h>

enum { NAME_MAX_COLUMNS = 60, VERDICT_COLUMNS = 9 };

/* ---- for people */

static const char *
colour_of(enum weir_reg_verdict v)
{
	static const char *const colours[WEIR_REG_N] = {
		[WEIR_REG_UNCHANGED] = "dim",
		[WEIR_REG_CREATED] = "green",
		[WEIR_REG_CHANGED] = "yellow",
		[WEIR_REG_REMOVED] = "red",
		[WEIR_REG_FAILED] = "bold red",
	};

	return colours[v];
}

static unsigned
flags(const struct register_print *p)
{
	return p->ctx->utf8 || !p->ctx->tty_out ? 0 : TEXT_ASCII;
}

static void
add_fields(const struct weir_reg_item *item, struct buf *out)
{
	for (size_t i = 0; i < item->n_changes; i++)
		buf_addf(out, "%s%s", i ? ", " : "", item->changes[i].field);
}

/* What stands behind the name. */
static void
add_rest(const struct weir_reg_item *item, struct buf *out)
{
	if (item->verdict == WEIR_REG_CHANGED)
		add_fields(item, out);
	else if (item->verdict == WEIR_REG_REMOVED && item->n_scheduled)
		buf_addf(out, "%zu scheduled run%s with it", item->n_scheduled,
			item->n_scheduled == 1 ? "" : "s");
}

static void
add_line(const struct register_print *p, const struct weir_reg_item *item,
	struct buf *out)
{
	const char *verdict = weir_reg_verdict_name(item->verdict);
	struct buf name = BUF_INIT(4096), clean = BUF_INIT(16384);

	if (p->ctx->colour)
		out_colour(out, colour_of(item->verdict));
	buf_addf(out, "%-*s", VERDICT_COLUMNS, verdict);
	if (p->ctx->colour)
		out_colour(out, "off");
	buf_addf(&name, "%s/%s", item->flow_name, item->name);
	text_sanitize(&clean, buf_str(&name), flags(p));
	buf_adds(out, "  ");
	buf_addstr(out, buf_str(&clean));
	buf_clear(&name);
	add_rest(item, &name);
	if (name.len) {
		size_t columns = text_width(buf_str(&clean));

		buf_addn(out, ' ', (columns < p->width ? p->width - columns : 0) + 2);
		text_sanitize(out, buf_str(&name), flags(p));
	}
	buf_addc(out, '\n');
	buf_release(&name);
	buf_release(&clean);
}

static void
add_diff(const struct register_print *p, const struct weir_reg_item *item,
	struct buf *out)
{
	for (size_t i = 0; i < item->n_changes; i++) {
		const struct weir_reg_change *c = &item->changes[i];
		struct buf before = BUF_INIT(BUF_MAX), after = BUF_INIT(BUF_MAX);

		text_sanitize(&before, str_of(c->before), flags(p) | TEXT_KEEP_NEWLINE);
		text_sanitize(&after, str_of(c->after), flags(p) | TEXT_KEEP_NEWLINE);
		buf_adds(out, "  ");
		if (p->ctx->colour)
			out_colour(out, "bold");
		text_sanitize(out, str_of(c->field), flags(p));
		if (p->ctx->colour)
			out_colour(out, "off");
		buf_addc(out, '\n');
		line_diff(buf_str(&before), buf_str(&after), p->ctx->colour, out);
		buf_release(&before);
		buf_release(&after);
	}
}

/* ---- for programs */

enum {
	COL_RESULT,
	COL_FLOW,
	COL_NAME,
	COL_ID,
	COL_FIELDS,
	COL_MESSAGE,
	COL_RUNS,
	COL_LINE,
	COL_CHANGES,
	COL_N
};

/* clang-format off */
static const struct weir_column columns[COL_N] = {
	[COL_RESULT] = { .name = "result", .title = "RESULT", .type = WEIR_T_TEXT,
		.min = 7, .max = 9 },
	[COL_FLOW] = { .name = "flow_name", .title = "FLOW", .type = WEIR_T_TEXT,
		.min = 6, .max = 30 },
	[COL_NAME] = { .name = "name", .title = "NAME", .type = WEIR_T_TEXT,
		.min = 6, .max = 30 },
	[COL_ID] = { .name = "id", .title = "ID", .type = WEIR_T_ID, .min = 36, .max = 36 },
	[COL_FIELDS] = { .name = "fields", .title = "FIELDS", .type = WEIR_T_TAGS,
		.min = 8 },
	[COL_MESSAGE] = { .name = "message", .title = "MESSAGE", .type = WEIR_T_TEXT,
		.min = 8 },
	[COL_RUNS] = { .name = "scheduled_runs", .title = "RUNS", .type = WEIR_T_INT,
		.flags = WEIR_COL_RIGHT, .min = 4 },
	[COL_LINE] = { .name = "line", .title = "LINE", .type = WEIR_T_INT,
		.flags = WEIR_COL_RIGHT, .min = 4 },
	[COL_CHANGES] = { .name = "changes", .title = "CHANGES", .type = WEIR_T_JSON,
		.min = 8 },
};
/* clang-format on */

_Static_assert((int)COL_N == (int)REGISTER_COLUMNS_MAX, "room for every column");

static const int in_table[] = { COL_RESULT, COL_FLOW, COL_NAME, COL_FIELDS,
	COL_MESSAGE };
static const int in_name[] = { COL_ID };

/* Lines have no room for the changes. */
static void
choose(struct register_print *p, enum out_form form)
{
	const int *from = NULL;

	p->n = form == OUT_JSON || form == OUT_NDJSON ? (size_t)COL_N
						      : (size_t)COL_CHANGES;
	if (form == OUT_TABLE) {
		from = in_table;
		p->n = N_ELEM(in_table);
	} else if (form == OUT_NAME) {
		from = in_name;
		p->n = N_ELEM(in_name);
	}
	for (size_t i = 0; i < p->n; i++) {
		p->which[i] = from ? from[i] : (int)i;
		p->columns[i] = &columns[p->which[i]];
	}
}

/* On one line. */
static void
add_value(const char *text, struct buf *out)
{
	struct weir_json *j = NULL;

	if (*text && weir_json_parse(str_of(text), &j, NULL))
		j = NULL;
	weir_json_dump(j, out);
	weir_json_free(j);
}

static void
add_changes(const struct weir_reg_item *item, struct buf *fields, struct buf *changes)
{
	buf_addc(fields, '[');
	buf_addc(changes, '[');
	for (size_t i = 0; i < item->n_changes; i++) {
		const struct weir_reg_change *c = &item->changes[i];
		const char *comma = i ? "," : "";

		buf_adds(fields, comma);
		text_json(fields, str_of(c->field));
		buf_addf(changes, "%s{\"field\":", comma);
		text_json(changes, str_of(c->field));
		buf_adds(changes, ",\"before\":");
		add_value(c->before, changes);
		buf_adds(changes, ",\"after\":");
		add_value(c->after, changes);
		buf_addc(changes, '}');
	}
	buf_addc(fields, ']');
	buf_addc(changes, ']');
}

static struct weir_cell
text(const char *s)
{
	return (struct weir_cell){ .type = WEIR_T_TEXT, .s = str_of(s), .null = !*s };
}

static enum weir_rc
put_row(struct register_print *p, const struct weir_reg_item *item)
{
	struct buf fields = BUF_INIT(BUF_MAX), changes = BUF_INIT(BUF_MAX);
	struct weir_cell cells[COL_N] = {
		[COL_RESULT] = text(weir_reg_verdict_name(item->verdict)),
		[COL_FLOW] = text(item->flow_name),
		[COL_NAME] = text(item->name),
		[COL_ID] = { .type = WEIR_T_ID,
			.id = item->id,
			.null = weir_id_is_null(&item->id) },
		[COL_MESSAGE] = text(item->said),
		[COL_RUNS] = { .type = WEIR_T_INT, .i = (int64_t)item->n_scheduled },
		[COL_LINE] = { .type = WEIR_T_INT,
			.i = item->place.line,
			.null = !item->place.line },
	};
	const struct weir_cell *row[COL_N];
	enum weir_rc rc;

	add_changes(item, &fields, &changes);
	cells[COL_FIELDS] =
		(struct weir_cell){ .type = WEIR_T_TAGS, .s = buf_str(&fields) };
	cells[COL_CHANGES] =
		(struct weir_cell){ .type = WEIR_T_JSON, .s = buf_str(&changes) };
	for (size_t i = 0; i < p->n; i++)
		row[i] = &cells[p->which[i]];
	rc = out_row(&p->out, row);
	buf_release(&fields);
	buf_release(&changes);
	return rc;
}

/* ---- the way in */

void
register_print_open(struct register_print *p, struct ctx *ctx,
	const struct weir_reg_plan *plan, const char *output, bool diff)
{
	struct out_spec spec = { .form = out_form(ctx, output) };

	*p = (struct register_print){ .ctx = ctx, .lines = !output, .diff = diff };
	for (size_t i = 0; i < plan->n; i++) {
		size_t w = text_width(str_of(plan->v[i].flow_name)) + 1 +
			   text_width(str_of(plan->v[i].name));

		if (w > p->width && w <= NAME_MAX_COLUMNS)
			p->width = w;
	}
	if (p->lines)
		return;
	choose(p, spec.form);
	spec.columns = p->columns;
	spec.n_columns = p->n;
	out_open(&p->out, ctx, &spec);
}

bool
register_print_item(void *arg, const struct weir_reg_item *item)
{
	struct register_print *p = arg;
	struct buf b = BUF_INIT(BUF_MAX);

	if (!p->lines) {
		p->rc = put_row(p, item);
		return !p->rc;
	}
	add_line(p, item, &b);
	if (p->diff && item->verdict != WEIR_REG_FAILED)
		add_diff(p, item, &b);
	p->rc = ctx_write(p->ctx, b.s, b.len);
	buf_release(&b);
	return !p->rc;
}

/* `2 created, 0 changed, 5 unchanged`: who looks for changes finds the word. */
static void
add_totals(const struct weir_reg_plan *plan, struct buf *out)
{
	static const enum weir_reg_verdict order[] = { WEIR_REG_CREATED,
		WEIR_REG_CHANGED, WEIR_REG_REMOVED, WEIR_REG_UNCHANGED,
		WEIR_REG_FAILED };
	bool any = false;

	for (size_t i = 0; i < N_ELEM(order); i++) {
		size_t n = plan->count[order[i]];

		if (!n && order[i] != WEIR_REG_CHANGED)
			continue;
		buf_addf(out, "%s%zu %s", any ? ", " : "", n,
			weir_reg_verdict_name(order[i]));
		any = true;
	}
	buf_addc(out, '\n');
}

enum weir_rc
register_print_close(struct register_print *p, const struct weir_reg_plan *plan,
	const char *told, enum weir_rc rc)
{
	struct buf b = BUF_INIT(512);
	enum weir_rc written = p->rc;

	if (!p->lines)
		return out_close(&p->out, rc ? rc : written);
	buf_adds(&b, told);
	add_totals(plan, &b);
	if (!written)
		written = ctx_write(p->ctx, b.s, b.len);
	buf_release(&b);
	return rc ? rc : written;
}
