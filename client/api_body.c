#include "api_body.h"

#include <ctype.h>
#include <inttypes.h>

#include "weir/text.h"
#include "weir/time.h"

struct list_kind {
	const char *path;   /* NULL: depends on the pool */
	const char *filter; /* name of the filter object */
	const char *get;    /* path of one object, up to its id */
};

/* clang-format off */
static const struct list_kind kinds[WEIR_N_SERVED] = {
	[WEIR_RUN] = { "/flow_runs/filter", "flow_runs", "/flow_runs/" },
	[WEIR_TASK_RUN] = { "/task_runs/filter", "task_runs", "/task_runs/" },
	[WEIR_FLOW] = { "/flows/filter", "flows", "/flows/" },
	[WEIR_DEPLOYMENT] = { "/deployments/filter", "deployments", "/deployments/" },
	[WEIR_POOL] = { "/work_pools/filter", "work_pools", NULL },
	[WEIR_QUEUE] = { "/work_queues/filter", "work_queues", "/work_queues/" },
	[WEIR_WORKER] = { NULL, "workers", NULL },
	[WEIR_ARTIFACT] = { "/artifacts/filter", "artifacts", "/artifacts/" },
	[WEIR_LIMIT] = { "/v2/concurrency_limits/filter", "concurrency_limits",
		"/v2/concurrency_limits/" },
};

static const char *const sorts[] = {
	[API_SORT_NONE] = NULL,
	[API_ID_DESC] = "ID_DESC",
	[API_EXPECTED_ASC] = "EXPECTED_START_TIME_ASC",
	[API_EXPECTED_DESC] = "EXPECTED_START_TIME_DESC",
	[API_START_DESC] = "START_TIME_DESC",
	[API_END_DESC] = "END_TIME_DESC",
	[API_UPDATED_DESC] = "UPDATED_DESC",
	[API_TIMESTAMP_ASC] = "TIMESTAMP_ASC",
	[API_TIMESTAMP_DESC] = "TIMESTAMP_DESC",
};
/* clang-format on */

/* `"name":` with a comma before it unless it is the first of its object. */
void
api_body_name(struct buf *out, const char *name)
{
	if (out->len && out->s[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_addf(out, "\"%s\":", name);
}

static void
add_ids(struct buf *out, const char *name, const struct weir_id *ids, size_t n)
{
	char text[WEIR_ID_TEXT + 1];

	if (!ids)
		return;
	api_body_name(out, name);
	buf_adds(out, "{\"any_\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "", weir_id_format(&ids[i], text));
	buf_adds(out, "]}");
}

static void
add_states(struct buf *out, unsigned mask)
{
	bool first = true;

	if (!mask)
		return;
	api_body_name(out, "state");
	buf_adds(out, "{\"type\":{\"any_\":[");
	for (int s = WEIR_ST_SCHEDULED; s < WEIR_N_STATES; s++) {
		if (!(mask & 1u << s))
			continue;
		buf_addf(out, "%s\"%s\"", first ? "" : ",",
			weir_state_type((enum weir_state)s));
		first = false;
	}
	buf_adds(out, "]}}");
}

static void
add_time(struct buf *out, const char *name, int64_t us)
{
	char text[WEIR_TIME_TEXT];

	if (us == WEIR_NO_TIME)
		return;
	api_body_name(out, name);
	buf_addf(out, "\"%s\"", weir_time_format(us, text));
}

static void
add_range(struct buf *out, const char *name, struct api_range r)
{
	if (r.after_us == WEIR_NO_TIME && r.before_us == WEIR_NO_TIME)
		return;
	api_body_name(out, name);
	buf_addc(out, '{');
	add_time(out, "after_", r.after_us);
	add_time(out, "before_", r.before_us);
	buf_addc(out, '}');
}

static void
add_page(struct buf *out, enum api_sort sort, size_t offset)
{
	if (sorts[sort]) {
		api_body_name(out, "sort");
		buf_addf(out, "\"%s\"", sorts[sort]);
	}
	if (offset) {
		api_body_name(out, "offset");
		buf_addf(out, "%zu", offset);
	}
}

void
api_body_list(const struct api_list *list, bool with_end, struct buf *out)
{
	struct buf filter = BUF_INIT(BUF_MAX);

	buf_addc(&filter, '{');
	add_ids(&filter, "id", list->ids, list->n_ids);
	if (list->key) {
		api_body_name(&filter, "idempotency_key");
		buf_adds(&filter, "{\"any_\":[");
		text_json(&filter, str_of(list->key));
		buf_adds(&filter, "]}");
	}
	add_states(&filter, list->states);
	if (list->never_started) {
		api_body_name(&filter, "start_time");
		buf_addf(&filter, "{\"is_null_\":%s}",
			list->never_started > 0 ? "true" : "false");
	}
	add_range(&filter, "expected_start_time", list->expected);
	if (with_end)
		add_range(&filter, "end_time", list->end);
	add_range(&filter, "next_scheduled_start_time", list->next);
	add_ids(&filter, list->kind == WEIR_RUN ? "parent_flow_run_id" : "flow_run_id",
		list->run_ids, list->n_run_ids);
	buf_addc(&filter, '}');

	buf_addc(out, '{');
	if (filter.len > 2) {
		api_body_name(out, kinds[list->kind].filter);
		buf_addstr(out, buf_str(&filter));
	}
	add_page(out, list->sort, list->offset);
	buf_release(&filter);
}

void
api_body_logs(const struct api_logs *logs, struct buf *out)
{
	buf_adds(out, "{\"logs\":{");
	add_ids(out, "flow_run_id", &logs->run, 1);
	add_range(out, "timestamp", logs->timestamp);
	buf_addc(out, '}');
	add_page(out, logs->sort, logs->offset);
}

void
api_body_limit(struct buf *out, size_t limit)
{
	api_body_name(out, "limit");
	buf_addf(out, "%zu}", limit);
}

void
api_body_percent(struct buf *out, const char *segment)
{
	for (const char *p = segment; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr("-._~", *p))
			buf_addc(out, *p);
		else
			buf_addf(out, "%%%02X", (unsigned char)*p);
	}
}

bool
api_body_path(const struct api_list *list, struct buf *out)
{
	bool worker = list->kind == WEIR_WORKER;

	if (list->pool && (worker || list->kind == WEIR_QUEUE)) {
		buf_adds(out, "/work_pools/");
		api_body_percent(out, list->pool);
		buf_adds(out, worker ? "/workers/filter" : "/queues/filter");
		return true;
	}
	if (!kinds[list->kind].path)
		return false;
	buf_adds(out, kinds[list->kind].path);
	return true;
}

bool
api_body_get_path(enum weir_kind kind, const struct weir_id *id, struct buf *out)
{
	char text[WEIR_ID_TEXT + 1];

	if (!kinds[kind].get)
		return false;
	buf_addf(out, "%s%s", kinds[kind].get, weir_id_format(id, text));
	return true;
}

void
api_body_history(struct api_range expected, int64_t bucket_seconds, struct buf *out)
{
	buf_addc(out, '{');
	add_time(out, "history_start", expected.after_us);
	add_time(out, "history_end", expected.before_us);
	api_body_name(out, "history_interval_seconds");
	buf_addf(out, "%" PRId64 "}", bucket_seconds);
}

/* ---- what writes */

void
api_body_write_path(enum api_write what, const struct weir_id *id, struct buf *out)
{
	static const struct {
		const char *of, *what;
	} paths[] = {
		[API_SET_STATE] = { "flow_runs", "set_state" },
		[API_CREATE_RUN] = { "deployments", "create_flow_run" },
		[API_RESUME] = { "flow_runs", "resume" },
		[API_OBJECT] = { "", "" },
	};
	char text[WEIR_ID_TEXT + 1];

	buf_addf(out, "/%s/%s/%s", paths[what].of, weir_id_format(id, text),
		paths[what].what);
}

void
api_body_text(struct buf *out, const char *name, const char *text)
{
	if (!text)
		return;
	api_body_name(out, name);
	text_json(out, str_of(text));
}

void
api_body_state(const struct api_state *state, struct buf *out)
{
	char text[WEIR_ID_TEXT + 1];

	buf_adds(out, "{\"state\":{");
	api_body_text(out, "type", weir_state_type(state->type));
	api_body_text(out, "name", state->name);
	api_body_text(out, "message", state->message);
	api_body_name(out, "state_details");
	buf_addc(out, '{');
	add_time(out, "scheduled_time", state->scheduled_us);
	api_body_text(out, "transition_id", weir_id_format(&state->transition, text));
	buf_addf(out, "}},\"force\":%s}", state->force ? "true" : "false");
}

static void
add_log(struct buf *out, const struct weir_log *log)
{
	char id[WEIR_ID_TEXT + 1], at[WEIR_TIME_TEXT];

	buf_adds(out, "{\"name\":");
	text_json(out, log->name);
	buf_addf(out, ",\"level\":%d,\"timestamp\":\"%s\",\"message\":", log->level,
		weir_time_format(log->timestamp_us, at));
	text_json(out, log->message);
	if (!weir_id_is_null(&log->flow_run_id))
		buf_addf(out, ",\"flow_run_id\":\"%s\"",
			weir_id_format(&log->flow_run_id, id));
	if (!weir_id_is_null(&log->task_run_id))
		buf_addf(out, ",\"task_run_id\":\"%s\"",
			weir_id_format(&log->task_run_id, id));
	buf_addc(out, '}');
}

void
api_body_put_logs(const struct weir_log *logs, size_t n, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ',');
		add_log(out, &logs[i]);
	}
	buf_addc(out, ']');
}

static void
add_json(struct buf *out, const char *name, struct str json)
{
	if (!json.len)
		return;
	api_body_name(out, name);
	buf_addstr(out, json);
}

void
api_body_create(const struct api_create *create, struct buf *out)
{
	buf_addc(out, '{');
	add_json(out, "parameters", create->parameters);
	add_json(out, "tags", create->tags);
	add_json(out, "job_variables", create->job_variables);
	add_json(out, "labels", create->labels);
	api_body_text(out, "name", create->name);
	api_body_text(out, "work_queue_name", create->queue);
	if (create->at_us && create->at_us != WEIR_NO_TIME) {
		api_body_name(out, "state");
		buf_adds(out, "{\"type\":\"SCHEDULED\",\"state_details\":{");
		add_time(out, "scheduled_time", create->at_us);
		buf_adds(out, "}}");
	}
	if (!weir_id_is_null(&create->parent_task)) {
		char id[WEIR_ID_TEXT + 1];

		api_body_text(out, "parent_task_run_id",
			weir_id_format(&create->parent_task, id));
	}
	if (create->unchecked) {
		api_body_name(out, "enforce_parameter_schema");
		buf_adds(out, "false");
	}
	api_body_text(out, "idempotency_key", create->key);
	buf_addc(out, '}');
}
