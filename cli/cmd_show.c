/* weir show: everything known of one object. */
#include "cmd.h"

#include <weir/chain.h>
#include <weir/mem.h>
#include <weir/pickup.h>
#include <weir/run_env.h>
#include <weir/text.h>

#include "out.h"
#include "show.h"
#include "show_run.h"
#include "show_text.h"
#include "show_tsv.h"
#include "timeline.h"
#include "tui.h"

struct show_args {
	const char *output;
	bool all;
};

static const unsigned kinds = 1u << WEIR_RUN | 1u << WEIR_TASK_RUN | 1u << WEIR_FLOW |
			      1u << WEIR_DEPLOYMENT | 1u << WEIR_POOL |
			      1u << WEIR_ARTIFACT;

/* Lists that belong to an object. key: its member that the field of the query is. */
static const struct part {
	enum weir_kind of;
	const char *name, *title;
	enum weir_kind kind;
	const char *field, *key, *sort;
	int64_t limit;
} parts[] = {
	{ WEIR_RUN, "task_runs", NULL, WEIR_TASK_RUN, "flow_run_id", "id",
		"expected_start_time", 0 },
	{ WEIR_RUN, "children", NULL, WEIR_RUN, "parent_run_id", "id",
		"expected_start_time", 0 },
	{ WEIR_RUN, "artifacts", "ARTIFACTS", WEIR_ARTIFACT, "flow_run_id", "id", NULL,
		0 },
	{ WEIR_TASK_RUN, "children", "SUBFLOWS", WEIR_RUN, "parent_task_run_id", "id",
		"expected_start_time", 0 },
	{ WEIR_TASK_RUN, "artifacts", "ARTIFACTS", WEIR_ARTIFACT, "task_run_id", "id",
		NULL, 0 },
	{ WEIR_FLOW, "deployments", "DEPLOYMENTS", WEIR_DEPLOYMENT, "flow_id", "id",
		"name", 0 },
	{ WEIR_FLOW, "runs", "LAST RUNS", WEIR_RUN, "flow_id", "id", NULL, 10 },
	{ WEIR_DEPLOYMENT, "runs", "LAST RUNS", WEIR_RUN, "deployment_id", "id", NULL,
		10 },
	{ WEIR_POOL, "queues", "QUEUES", WEIR_QUEUE, "work_pool_id", "id", "name", 0 },
	{ WEIR_POOL, "workers", "WORKERS", WEIR_WORKER, "work_pool_id", "id", "name",
		0 },
};

struct show {
	struct ctx *ctx;
	struct weir_store *store;
	enum weir_kind kind;
	struct weir_id id;
	int64_t key;
	struct buf json; /* the object with all that belongs to it */
	struct weir_json *tree;
};

/* A task run is brought up to date with its run. */
static enum weir_rc
fetch(struct show *s)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct weir_json *task = NULL;
	struct weir_id run = s->id;
	enum weir_rc rc = WEIR_OK;

	if (s->kind == WEIR_TASK_RUN) {
		rc = show_object(s->ctx, s->store, s->kind, s->key, &text);
		if (!rc)
			rc = weir_json_parse(buf_str(&text), &task, s->ctx->err);
		if (!rc && !weir_id_parse(
				   weir_json_text(weir_json_get(task, "flow_run_id")),
				   &run))
			goto out; /* outside of any run */
	}
	if (!rc && (s->kind == WEIR_RUN || s->kind == WEIR_TASK_RUN))
		rc = show_fetch(s->ctx, &run);
	if (!rc)
		rc = ctx_store(s->ctx, &s->store);
out:
	weir_json_free(task);
	buf_release(&text);
	return rc;
}

static void
add_name(struct show *s, const char *name)
{
	buf_addf(&s->json, ",\"%s\":", name);
}

static enum weir_rc
add_states(struct show *s)
{
	char *states = NULL;
	enum weir_rc rc;

	rc = weir_store_run_states(s->store, &s->id, &states, s->ctx->err);
	if (rc)
		return rc;
	add_name(s, "state_history");
	buf_adds(&s->json, states && *states ? states : "null");
	free(states);
	return WEIR_OK;
}

/* Which environments it used, where it is known. */
static enum weir_rc
add_envs(struct show *s)
{
	struct weir_run_env *v = xcalloc(WEIR_RUN_ENVS_MAX, sizeof(*v));
	size_t n = 0;
	enum weir_rc rc = weir_run_envs(s->store, s->kind, &s->id, v, &n, s->ctx->err);

	if (!rc && n)
		add_name(s, "environments");
	for (size_t i = 0; !rc && i < n; i++) {
		buf_addf(&s->json, "%c{\"req_id\":\"%s\",\"full_id\":\"%s\",\"arch\":",
			i ? ',' : '[', v[i].pair.req_id, v[i].pair.full_id);
		text_json(&s->json, str_of(v[i].arch));
		buf_adds(&s->json, ",\"by\":");
		text_json(&s->json, str_of(v[i].by));
		buf_addc(&s->json, '}');
	}
	if (!rc && n)
		buf_addc(&s->json, ']');
	free(v);
	return rc;
}

/* Only a run that has not started can wait to be taken. */
static enum weir_rc
add_pickup(struct show *s)
{
	static const char *const results[] = { [WEIR_CHECK_OK] = "ok",
		[WEIR_CHECK_BAD] = "bad",
		[WEIR_CHECK_NOTE] = "note" };
	enum weir_state state = show_state(s->tree);
	struct weir_pickup p = { 0 };
	enum weir_rc rc;

	add_name(s, "pickup");
	if (state != WEIR_ST_SCHEDULED && state != WEIR_ST_PENDING) {
		buf_adds(&s->json, "null");
		return WEIR_OK;
	}
	rc = weir_pickup(s->store, &s->id, weir_now_us(), &p, s->ctx->err);
	if (rc)
		return rc;
	buf_addc(&s->json, '[');
	for (size_t i = 0; i < p.n; i++) {
		buf_addf(&s->json,
			"%s{\"check\":\"%s\",\"result\":\"%s\",\"text\":", i ? "," : "",
			p.v[i].what, results[p.v[i].result]);
		text_json(&s->json, str_of(p.v[i].text));
		buf_addc(&s->json, '}');
	}
	buf_addc(&s->json, ']');
	return WEIR_OK;
}

/* The runs that were started in place of each other, this one among them; else []. */
static enum weir_rc
add_chain(struct show *s)
{
	struct weir_statedb *state = NULL;
	struct weir_id *ids = NULL;
	char text[WEIR_ID_TEXT + 1];
	size_t n = 0, given = 0;
	struct weir_err err;
	enum weir_rc rc;

	if (weir_session_state(s->ctx->session, false, &state, &err))
		state = NULL; /* nothing was done yet */
	rc = weir_chain(s->store, state, &s->id, &ids, &n, s->ctx->err);
	if (rc)
		return rc;
	add_name(s, "chain");
	buf_addc(&s->json, '[');
	for (size_t i = 0; !rc && n > 1 && i < n; i++) {
		struct buf one = BUF_INIT(BUF_MAX);
		char *query = xasprintf("id:%s", weir_id_format(&ids[i], text));

		rc = show_list(s->ctx, s->store, WEIR_RUN, query, NULL, 1, &one);
		if (!rc && one.len > 2) { /* it may be gone */
			buf_addf(&s->json, "%s%.*s", given++ ? "," : "",
				(int)one.len - 2, one.s + 1);
		}
		free(query);
		buf_release(&one);
	}
	buf_addc(&s->json, ']');
	free(ids);
	return rc;
}

static enum weir_rc
add_parts(struct show *s)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < N_ELEM(parts) && !rc; i++) {
		const struct part *p = &parts[i];
		char *query;

		if (p->of != s->kind)
			continue;
		query = xasprintf("%s:%s", p->field, show_text(s->tree, p->key));
		add_name(s, p->name);
		rc = show_list(
			s->ctx, s->store, p->kind, query, p->sort, p->limit, &s->json);
		free(query);
	}
	return rc;
}

/* The object, then what belongs to it inside its braces. */
static enum weir_rc
collect(struct show *s)
{
	enum weir_rc rc;

	rc = show_object(s->ctx, s->store, s->kind, s->key, &s->json);
	if (!rc)
		rc = weir_json_parse(buf_str(&s->json), &s->tree, s->ctx->err);
	if (rc)
		return rc;
	buf_truncate(&s->json, s->json.len - 1);
	if (s->kind == WEIR_RUN)
		rc = add_states(s);
	if (!rc && s->kind == WEIR_RUN)
		rc = add_pickup(s);
	if (!rc && s->kind == WEIR_RUN)
		rc = add_chain(s);
	if (!rc && (s->kind == WEIR_RUN || s->kind == WEIR_TASK_RUN))
		rc = add_envs(s);
	if (!rc)
		rc = add_parts(s);
	buf_addc(&s->json, '}');
	return rc;
}

static enum weir_rc
print_tasks(struct show *s, struct sink *sink)
{
	struct timeline t = { 0 };
	enum weir_rc rc;

	rc = timeline_read(s->ctx, s->store, s->tree, 0, false, &t);
	if (!rc && t.root->children.n) {
		buf_addc(&sink->b, '\n');
		rc = timeline_print(s->ctx, sink, &t, false);
	}
	timeline_release(&t);
	return rc;
}

/* The run that a run is a child of, or that a task run is in; NULL if unknown. */
static enum weir_rc
read_above(struct show *s, struct weir_json **ret_list)
{
	const char *id = show_text(
		s->tree, s->kind == WEIR_RUN ? "parent_run_id" : "flow_run_id");
	struct buf text = BUF_INIT(BUF_MAX);
	char *query = xasprintf("id:%s", id);
	enum weir_rc rc = WEIR_OK;

	if (*id)
		rc = show_list(s->ctx, s->store, WEIR_RUN, query, NULL, 1, &text);
	if (!rc && *id)
		rc = weir_json_parse(buf_str(&text), ret_list, s->ctx->err);
	free(query);
	buf_release(&text);
	return rc;
}

/* Runs as they are looked at, with their tasks; then what few ask for. */
static enum weir_rc
print_run(struct show *s, struct sink *sink, const struct weir_json *all)
{
	const struct show_args *args = s->ctx->args;
	struct show_run r = { .kind = s->kind, .run = all };
	struct weir_json *above = NULL;
	enum weir_rc rc;

	rc = read_above(s, &above);
	if (rc)
		return rc;
	r.above = weir_json_at(above, 0);
	show_run_print(s->ctx, sink, &r);
	show_text_checks(s->ctx, sink, weir_json_get(all, "pickup"));
	if (s->kind == WEIR_RUN)
		rc = print_tasks(s, sink);
	if (args->all) {
		show_text_states(s->ctx, sink, weir_json_get(all, "state_history"));
		show_text_members(s->ctx, sink, s->tree);
	}
	weir_json_free(above);
	return rc;
}

static enum weir_rc
print_text(struct show *s, struct sink *sink, const struct weir_json *all)
{
	const struct show_args *args = s->ctx->args;
	enum show_text_depth depth = args->all ? SHOW_TEXT_ALL : SHOW_TEXT_USUAL;
	enum weir_rc rc = WEIR_OK;

	if (s->kind == WEIR_RUN || s->kind == WEIR_TASK_RUN)
		rc = print_run(s, sink, all);
	else
		show_text_object(s->ctx, sink, s->kind, s->tree, depth);
	for (size_t i = 0; i < N_ELEM(parts); i++)
		if (parts[i].of == s->kind && parts[i].title)
			show_text_list(s->ctx, sink, parts[i].title,
				weir_json_get(all, parts[i].name), depth);
	return rc;
}

static enum weir_rc
print(struct show *s)
{
	const struct show_args *args = s->ctx->args;
	enum out_form form = out_form(s->ctx, args->output);
	struct weir_json *all = NULL;
	struct sink sink;
	enum weir_rc rc;

	rc = weir_json_parse(buf_str(&s->json), &all, s->ctx->err);
	if (rc)
		return rc;
	sink_init(&sink, s->ctx, form == OUT_TABLE);
	if (form == OUT_TABLE) {
		rc = print_text(s, &sink, all);
	} else if (form == OUT_TSV) {
		show_tsv_object(s->ctx, &sink.b, all);
	} else if (form == OUT_NAME) {
		buf_addf(&sink.b, "%s\n", show_text(s->tree, "id"));
	} else {
		show_put_json(s->ctx, &sink.b, buf_str(&s->json));
		buf_addc(&sink.b, '\n');
	}
	weir_json_free(all);
	return sink_close(&sink, rc);
}

static enum weir_rc
run(struct ctx *ctx)
{
	struct show s = { .ctx = ctx };
	enum weir_rc rc;

	buf_init(&s.json, BUF_MAX);
	rc = ctx_resolve(ctx, kinds, ctx->words[0], &s.kind, &s.id, &s.key);
	if (!rc)
		rc = ctx_store(ctx, &s.store);
	if (!rc)
		rc = fetch(&s);
	if (!rc)
		rc = collect(&s);
	if (!rc)
		rc = print(&s);
	weir_json_free(s.tree);
	buf_release(&s.json);
	return rc;
}

/* On a terminal it prints, for what it prints stays there to be read; a script wants
 * the menu. */
static bool
menu(struct ctx *ctx, struct tui_start *start)
{
	const struct show_args *a = ctx->args;

	if (!ctx->g.script || a->output || a->all)
		return false;
	start->view.show = WEIR_SHOW_OBJECT;
	start->view.id = xstrdup(ctx->words[0]);
	return true;
}

/* clang-format off */
static const struct opt opts[] = {
	{ "output", 'o', OPT_STRING, offsetof(struct show_args, output), "FORM",
	  "table|tsv|json|ndjson|name", "form of the output" },
	{ "all", 'a', OPT_FLAG, offsetof(struct show_args, all), NULL,
	  NULL, "text: the history of states and every member too" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_show = {
	.name = "show",
	.summary = "show everything known of a run, flow, deployment or pool",
	.usage = "ID",
	.words = "@runs",
	.needs = CMD_STORE,
	.min_words = 1,
	.max_words = 1,
	.opts = opts,
	.args_size = sizeof(struct show_args),
	.menu = menu,
	.run = run,
};
