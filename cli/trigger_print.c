#include "trigger_print.h"

#include <weir/json.h>
#include <weir/text.h>

#include "acts.h"

/* Each member after its mark: ` name=value`, or `-value` without names. */
static void
add_members(const char *json, bool names, struct buf *out)
{
	struct weir_json *tree = NULL;
	const struct weir_json *value;
	const char *name;
	void *at = NULL;

	if (weir_json_parse(str_of(json), &tree, NULL))
		return;
	while (weir_json_next(tree, &at, &name, &value)) {
		if (names)
			buf_addf(out, " %s=", name);
		else
			buf_addc(out, '-');
		weir_json_show(value, out);
	}
	weir_json_free(tree);
}

void
trigger_print_combination(const char *json, struct buf *out)
{
	add_members(json, true, out);
}

void
trigger_print_values(const char *json, struct buf *out)
{
	add_members(json, false, out);
}

enum { COL_ID, COL_NAME, COL_RESULT, COL_MESSAGE, COL_DEPLOYMENT, COL_PARAMS, COL_N };

/* clang-format off */
static const struct weir_column columns[COL_N] = {
	[COL_ID] = { .name = "id", .title = "ID", .type = WEIR_T_ID, .min = 36, .max = 36 },
	[COL_NAME] = { .name = "name", .title = "NAME", .type = WEIR_T_TEXT,
		.min = 8, .max = 24 },
	[COL_RESULT] = { .name = "result", .title = "RESULT", .type = WEIR_T_TEXT,
		.min = 7, .max = 7 },
	[COL_MESSAGE] = { .name = "message", .title = "MESSAGE", .type = WEIR_T_TEXT,
		.min = 10 },
	[COL_DEPLOYMENT] = { .name = "deployment", .title = "DEPLOYMENT",
		.type = WEIR_T_TEXT, .min = 10, .max = 30 },
	[COL_PARAMS] = { .name = "parameters", .title = "PARAMETERS", .type = WEIR_T_JSON,
		.min = 10 },
};
/* clang-format on */

static const struct weir_column *const shown[COL_N] = { &columns[0], &columns[1],
	&columns[2], &columns[3], &columns[4], &columns[5] };

static void
take_name(void *arg, const struct weir_rows *row)
{
	buf_addstr(arg, weir_rows_cell(row, 0)->s);
}

static enum weir_rc
put_row(struct trigger_print *p, const struct weir_act_result *r,
	const struct weir_trigger *t)
{
	bool made = !weir_id_is_null(&r->made);
	struct buf name = BUF_INIT(4096);
	const struct weir_cell *row[COL_N];
	struct weir_cell cells[COL_N] = { 0 };
	struct weir_store *store;
	enum weir_rc rc;

	if (made && !weir_session_store(p->ctx->session, WEIR_STORE_READ, &store, NULL))
		(void)weir_row_of(
			store, WEIR_RUN, &r->made, "name", take_name, &name, NULL);
	for (size_t i = 0; i < COL_N; i++) {
		cells[i].type = columns[i].type;
		row[i] = &cells[i];
	}
	cells[COL_ID].id = r->made;
	cells[COL_ID].null = !made;
	cells[COL_NAME].s = buf_str(&name);
	cells[COL_NAME].null = !made;
	cells[COL_RESULT].s = str_of(acts_result_word(r->rc));
	cells[COL_MESSAGE].s = str_of(r->said);
	cells[COL_DEPLOYMENT].s = str_of(r->name);
	cells[COL_PARAMS].s = str_of(t->parameters ? t->parameters : "{}");
	rc = made || !p->output || strcmp(p->output, "name") != 0
		     ? out_row(&p->out, row)
		     : WEIR_OK;
	buf_release(&name);
	return rc;
}

static enum weir_rc
put_line(struct trigger_print *p, const struct weir_act_result *r,
	const char *combination)
{
	struct buf b = BUF_INIT(BUF_MAX);
	const char *wait = strstr(r->said, "; it will wait: ");
	size_t n = wait && !strcmp(wait, p->wait) ? (size_t)(wait - r->said)
						  : strlen(r->said);
	enum weir_rc rc;

	buf_adds(&b, r->name);
	trigger_print_combination(combination, &b);
	buf_addf(&b, ": %.*s", (int)n, r->said);
	/* of many that wait for the same, the first says it */
	snprintf(p->wait, sizeof(p->wait), "%s", wait ? wait : "");
	rc = ctx_write_line(p->ctx, buf_str(&b), p->ctx->utf8 ? 0 : TEXT_ASCII);
	buf_release(&b);
	return rc;
}

void
trigger_print_open(struct trigger_print *p, struct ctx *ctx, const char *output)
{
	struct out_spec spec = {
		.form = out_form(ctx, output), .columns = shown, .n_columns = COL_N
	};

	*p = (struct trigger_print){
		.ctx = ctx, .output = output, .lines = !output && ctx->tty_out
	};
	if (spec.form == OUT_TSV || spec.form == OUT_TABLE || spec.form == OUT_CSV)
		spec.n_columns = COL_DEPLOYMENT;
	else if (spec.form == OUT_NAME)
		spec.n_columns = COL_NAME;
	if (!p->lines)
		out_open(&p->out, ctx, &spec);
}

enum weir_rc
trigger_print_one(struct trigger_print *p, const struct weir_act_result *r,
	const struct weir_trigger *t, const char *combination)
{
	if (!p->lines)
		return put_row(p, r, t);
	return r->rc ? WEIR_OK : put_line(p, r, combination);
}

enum weir_rc
trigger_print_close(struct trigger_print *p, enum weir_rc rc)
{
	return p->lines ? rc : out_close(&p->out, rc);
}
