#include "complete.h"

#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/statedb.h>
#include <weir/text.h>
#include <weir/trigger.h>
#include <weir/views.h>

#include "env.h"

enum { COMPLETE_RUNS = 200, COMPLETE_DOCS = 2000 };
enum { COMPLETE_LINE = 4 }; /* `values @x COMMAND TEXT` and then the line's words */

enum weir_kind
complete_kind(const char *command)
{
	static const struct {
		const char *name;
		enum weir_kind kind;
	} table[] = {
		{ "flows", WEIR_FLOW },
		{ "deployments", WEIR_DEPLOYMENT },
		{ "pools", WEIR_POOL },
		{ "env", WEIR_ENVIRONMENT },
	};

	for (size_t i = 0; i < N_ELEM(table); i++)
		if (strcmp(table[i].name, command) == 0)
			return table[i].kind;
	return WEIR_RUN;
}

/* Values and descriptions are names from outside: on one line, without controls. */
static void
add(struct buf *out, struct str value, struct str description)
{
	text_sanitize(out, value, 0);
	buf_addc(out, '\t');
	text_sanitize(out, description, 0);
	buf_addc(out, '\n');
}

static void
add_run(struct buf *out, const struct weir_rows *rows)
{
	struct weir_cell_style style = { .now_us = weir_now_us(), .ago = true };
	struct buf about = BUF_INIT(BUF_MAX), id = BUF_INIT(64);

	weir_cell_plain(&id, weir_rows_cell(rows, 0));
	for (size_t i = 1; i <= 4; i++) {
		if (i > 1)
			buf_adds(&about, "  ");
		weir_cell_show(&about, weir_rows_cell(rows, i), &style);
	}
	add(out, weir_rows_cell(rows, 1)->s, buf_str(&id));
	add(out, buf_str(&id), buf_str(&about));
	buf_release(&about);
	buf_release(&id);
}

/* add_one for each of the first objects of the kind. */
static void
add_rows(struct ctx *ctx, enum weir_kind kind, size_t limit, const char *columns,
	void (*add_one)(struct buf *out, const struct weir_rows *rows), struct buf *out)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .limit = limit, .columns = &set };
	struct weir_rows *rows = NULL;
	struct weir_store *store;
	bool row = true;

	if (ctx_open(ctx) || ctx_store(ctx, &store))
		return;
	if (weir_columns_choose(kind, columns, 0, &set, ctx->err) ||
		weir_rows_open(store, &sel, &rows, ctx->err))
		row = false;
	while (row && !weir_rows_next(rows, &row, ctx->err) && row)
		add_one(out, rows);
	weir_rows_close(rows);
	weir_columns_release(&set);
}

static void
add_runs(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)kind;
	(void)text;
	add(out, STR("@latest"), STR("the newest run"));
	add(out, STR("@failed"), STR("the newest run that failed"));
	add_rows(ctx, WEIR_RUN, COMPLETE_RUNS, "id,name,flow,state,at", add_run, out);
}

/* ---- deployments and their parameters */

static void
add_deployment(struct buf *out, const struct weir_rows *rows)
{
	struct str flow = weir_rows_cell(rows, 0)->s;
	struct str name = weir_rows_cell(rows, 1)->s;
	struct buf value = BUF_INIT(BUF_MAX);

	buf_addf(&value, "%.*s/%.*s", (int)flow.len, flow.s, (int)name.len, name.s);
	add(out, buf_str(&value), weir_rows_cell(rows, 2)->s);
	buf_release(&value);
}

static void
add_deployments(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)kind;
	(void)text;
	add_rows(ctx, WEIR_DEPLOYMENT, COMPLETE_DOCS, "flow_name,name,work_pool_name",
		add_deployment, out);
}

/* The deployment that the words of the line name. */
static struct weir_schema *
schema_of_line(struct ctx *ctx)
{
	struct weir_deployment d = { 0 };
	struct weir_schema *s = NULL;
	struct weir_store *store;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;

	if (ctx_open(ctx) || ctx_store(ctx, &store))
		return NULL;
	for (size_t i = COMPLETE_LINE; !s && i < ctx->n_words; i++) {
		if (weir_resolve(store, 1u << WEIR_DEPLOYMENT, ctx->words[i], &kind,
			    &id, &key, NULL) ||
			weir_deployment_of(store, &id, &d, NULL))
			continue;
		if (weir_schema_parse(str_of(d.schema), &s, NULL))
			s = NULL;
		weir_deployment_release(&d);
	}
	return s;
}

/* `name=a`, `name=b`; of a matrix the last of `name=a,b` is completed. */
static void
add_choices(const struct weir_param *p, struct str before, struct buf *out)
{
	static const char *const bools[] = { "true", "false" };

	for (size_t i = 0; p->choices && i < weir_json_size(p->choices); i++) {
		struct buf b = BUF_INIT(BUF_MAX);

		buf_addstr(&b, before);
		weir_json_show(weir_json_at(p->choices, i), &b);
		add(out, buf_str(&b), STR(""));
		buf_release(&b);
	}
	for (size_t i = 0; p->type == WEIR_PARAM_BOOL && i < N_ELEM(bools); i++) {
		struct buf b = BUF_INIT(BUF_MAX);

		buf_addstr(&b, before);
		buf_adds(&b, bools[i]);
		add(out, buf_str(&b), STR(""));
		buf_release(&b);
	}
}

static void
add_parameters(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	struct weir_schema *s = schema_of_line(ctx);
	const char *eq = strchr(text, '='), *comma = strrchr(text, ',');
	const struct weir_param *p;

	(void)kind;
	if (s && eq) {
		const char *at = comma && comma > eq ? comma : eq;

		p = weir_schema_find(s, (struct str){ text, (size_t)(eq - text) });
		if (p)
			add_choices(
				p, (struct str){ text, (size_t)(at - text) + 1 }, out);
	}
	for (size_t i = 0; s && !eq && i < weir_schema_size(s); i++) {
		struct buf b = BUF_INIT(BUF_MAX);

		p = weir_schema_param(s, i);
		buf_addf(&b, "%s=", p->name);
		add(out, buf_str(&b),
			str_of(*p->description ? p->description : p->title));
		buf_release(&b);
	}
	weir_schema_free(s);
}

/* `pool`, `farm`, `farm/default`, `flow/deployment`: what can be paused. */
static void
add_farm(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	static const struct {
		enum weir_kind kind;
		const char *word, *columns;
	} kinds[] = {
		{ WEIR_DEPLOYMENT, "deployment", "flow_name,name" },
		{ WEIR_POOL, "pool", "name" },
		{ WEIR_QUEUE, "queue", "work_pool_name,name" },
	};
	struct weir_store *store;

	(void)kind;
	(void)text;
	for (size_t i = 0; i < N_ELEM(kinds); i++)
		add(out, str_of(kinds[i].word), STR("names of these only"));
	if (ctx_open(ctx) || ctx_store(ctx, &store))
		return;
	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		struct weir_column_set set = { 0 };
		struct weir_select sel = { .kind = kinds[i].kind, .columns = &set };
		struct weir_rows *rows = NULL;
		bool row;

		row = !weir_columns_choose(
			      sel.kind, kinds[i].columns, 0, &set, ctx->err) &&
		      !weir_rows_open(store, &sel, &rows, ctx->err);
		while (row && !weir_rows_next(rows, &row, ctx->err) && row) {
			struct buf name = BUF_INIT(BUF_MAX);

			for (size_t k = 0; k < set.n; k++) {
				buf_adds(&name, k ? "/" : "");
				buf_addstr(&name, weir_rows_cell(rows, k)->s);
			}
			add(out, buf_str(&name), str_of(kinds[i].word));
			buf_release(&name);
		}
		weir_rows_close(rows);
		weir_columns_release(&set);
	}
}

/* The last of `a,b,c` is completed, what is before it kept. */
static void
add_columns(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	const char *comma = strrchr(text, ',');
	struct str before = { text, comma ? (size_t)(comma - text) + 1 : 0 };

	(void)ctx;
	for (const struct weir_column *c = weir_columns(kind); c->name; c++) {
		struct buf value = BUF_INIT(BUF_MAX);

		if (c->flags & WEIR_COL_HIDDEN)
			continue;
		buf_addstr(&value, before);
		buf_adds(&value, c->name);
		add(out, buf_str(&value), str_of(c->help));
		buf_release(&value);
	}
}

static void
add_query(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	struct buf words = BUF_INIT(BUF_MAX);
	const char *field = NULL, *p;

	(void)ctx;
	(void)weir_query_complete(kind, str_of(text), &words, &field);
	for (p = buf_cstr(&words); *p;) {
		size_t n = strcspn(p, "\n");

		add(out, (struct str){ p, n }, STR(""));
		p += n + (p[n] == '\n');
	}
	buf_release(&words);
}

static void
add_keys(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)ctx;
	(void)kind;
	(void)text;
	for (int k = 0; k < WEIR_N_KEYS; k++) {
		const struct weir_key_info *info = weir_key_info((enum weir_key)k);

		add(out, str_of(info->name), str_of(info->help));
	}
}

static void
add_commands(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)ctx;
	(void)kind;
	(void)text;
	for (size_t i = 0; i < n_cmds; i++)
		add(out, str_of(cmds[i]->name), str_of(cmds[i]->summary));
}

static void
add_profiles(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)kind;
	(void)text;
	if (ctx_open(ctx))
		return;
	for (const char *p = weir_config_profiles(ctx->config); *p;) {
		size_t n = strcspn(p, "\n");

		add(out, (struct str){ p, n }, STR(""));
		p += n + (p[n] == '\n');
	}
}

static void
add_views(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	struct weir_statedb *state = NULL;
	struct weir_views views;

	(void)kind;
	(void)text;
	if (ctx_open(ctx))
		return;
	(void)!weir_statedb_open(ctx->config, false, &state, NULL);
	weir_views_read(ctx->config, state, &views, NULL);
	for (size_t i = 0; i < views.n; i++)
		add(out, str_of(views.v[i].name), str_of(views.v[i].text));
	weir_views_release(&views);
	weir_statedb_close(state);
}

static void
add_environments(
	struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)kind;
	(void)text;
	env_complete(ctx, ENV_COMPLETE_ANY, out);
}

static void
add_requests(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)kind;
	(void)text;
	env_complete(ctx, ENV_COMPLETE_REQ, out);
}

static void
add_full_ids(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	(void)kind;
	(void)text;
	env_complete(ctx, ENV_COMPLETE_FULL, out);
}

struct line {
	struct str text;
	size_t value_len, i;
};

static int
by_value(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	size_t n = x->value_len < y->value_len ? x->value_len : y->value_len;
	int cmp = memcmp(x->text.s, y->text.s, n);

	if (!cmp)
		cmp = (x->value_len > y->value_len) - (x->value_len < y->value_len);
	return cmp ? cmp : (x->i > y->i) - (x->i < y->i);
}

static int
by_place(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->i > y->i) - (x->i < y->i);
}

/* Each value once, where it was first: environments have several architectures. */
static void
add_once(struct buf *out, const char *text)
{
	struct line *v;
	size_t n = 0, kept = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	v = xcalloc(n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(text, "\n") + 1;

		v[i] = (struct line){ { text, len }, strcspn(text, "\t\n"), i };
		text += len;
	}
	qsort(v, n, sizeof(*v), by_value);
	for (size_t i = 0; i < n; i++) {
		const struct line *last = kept ? &v[kept - 1] : NULL;

		if (!last || last->value_len != v[i].value_len ||
			memcmp(last->text.s, v[i].text.s, last->value_len) != 0)
			v[kept++] = v[i];
	}
	qsort(v, kept, sizeof(*v), by_place);
	for (size_t i = 0; i < kept; i++)
		buf_addstr(out, v[i].text);
	free(v);
}

void
complete_values(struct ctx *ctx, const char *what, enum weir_kind kind,
	const char *text, struct buf *out)
{
	static const struct {
		const char *name;
		void (*add)(struct ctx *, enum weir_kind, const char *, struct buf *);
	} table[] = {
		{ "@runs", add_runs },
		{ "@deployments", add_deployments },
		{ "@parameters", add_parameters },
		{ "@farm", add_farm },
		{ "@environments", add_environments },
		{ "@requests", add_requests },
		{ "@full-ids", add_full_ids },
		{ "@columns", add_columns },
		{ "@query", add_query },
		{ "@keys", add_keys },
		{ "@profiles", add_profiles },
		{ "@views", add_views },
		{ "@commands", add_commands },
	};
	struct buf all = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < N_ELEM(table); i++)
		if (strcmp(table[i].name, what) == 0)
			table[i].add(ctx, kind, text, &all);
	add_once(out, buf_cstr(&all));
	buf_release(&all);
}
