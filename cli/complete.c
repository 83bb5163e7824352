#include "complete.h"

#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/statedb.h>
#include <weir/text.h>
#include <weir/views.h>

enum { COMPLETE_RUNS = 200 };

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

static void
add_runs(struct ctx *ctx, enum weir_kind kind, const char *text, struct buf *out)
{
	struct weir_select sel = { .kind = WEIR_RUN, .limit = COMPLETE_RUNS };
	struct weir_column_set set = { 0 };
	struct weir_rows *rows = NULL;
	struct weir_store *store;
	bool row = true;

	(void)kind;
	(void)text;
	add(out, STR("@latest"), STR("the newest run"));
	add(out, STR("@failed"), STR("the newest run that failed"));
	if (ctx_open(ctx) || ctx_store(ctx, &store))
		return;
	sel.columns = &set;
	if (weir_columns_choose(WEIR_RUN, "id,name,flow,state,at", 0, &set, ctx->err) ||
		weir_rows_open(store, &sel, &rows, ctx->err))
		row = false;
	while (row && !weir_rows_next(rows, &row, ctx->err) && row)
		add_run(out, rows);
	weir_rows_close(rows);
	weir_columns_release(&set);
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

void
complete_values(struct ctx *ctx, const char *what, enum weir_kind kind,
	const char *text, struct buf *out)
{
	static const struct {
		const char *name;
		void (*add)(struct ctx *, enum weir_kind, const char *, struct buf *);
	} table[] = {
		{ "@runs", add_runs },
		{ "@columns", add_columns },
		{ "@query", add_query },
		{ "@keys", add_keys },
		{ "@profiles", add_profiles },
		{ "@views", add_views },
		{ "@commands", add_commands },
	};

	for (size_t i = 0; i < N_ELEM(table); i++)
		if (strcmp(table[i].name, what) == 0)
			table[i].add(ctx, kind, text, out);
}
