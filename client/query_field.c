#include <strings.h>

#include "column.h"
#include "columns.h"
#include "query.h"
#include "weir/text.h"

const char *const query_states[] = { "live", "ended", "scheduled", "pending", "running",
	"paused", "cancelling", "completed", "failed", "cancelled", "crashed", "late",
	"awaitingretry", "awaitingconcurrencyslot", "resuming", "submitting",
	"infrastructurepending", "retrying", "suspended", "cached", "rolledback",
	"timedout", "none", NULL };

/* What may stand after a field of each type. */
#define VALUES_TEXT "text"
#define VALUES_ID "id"
#define VALUES_TIME "time"
#define VALUES_DURATION "duration"
#define VALUES_INT "number"
#define VALUES_REAL "number"
#define VALUES_BOOL "yes, no"
#define VALUES_STATE "state"
#define VALUES_STATE_NAME "state"
#define VALUES_TAGS "text"
#define VALUES_JSON "text"
#define VALUES_MEMBERS NULL

#define FIELD(name, alias, title, type, flags, min, max, sql, order, help, example)    \
	{ name, alias, VALUES_##type, help, example },
/* clang-format off */
#define TIMES \
	{ "since", NULL, "time", "at or after that time", "since:2d" }, \
	{ "until", NULL, "time", "at or before that time", "until:2026-11-21" }, \
	{ "age", NULL, "duration", "how long ago", "age:<2h" },
#define PARAM \
	{ "param.NAME", NULL, "text", \
	  "a parameter that is text, a number, true or false", "param.package:numpy" },
#define LABEL \
	{ "label.NAME", NULL, "text", "a label", "label.prefect.flow.id:5c1d*" },
#define PACKAGE_VERSION \
	{ "pkg.NAME", NULL, "text", "version and build of a package", \
	  "pkg.openssl:3.*" },
#define VARIABLE \
	{ "job_variable.NAME", NULL, "text", "a job variable", "job_variable.cpu:>2" },
/* clang-format on */

/*
 * The last column of each kind, `rest` or `doc`, is not a field and stands at the
 * end.
 */
static const struct weir_query_field run_fields[] = {
	TIMES PARAM LABEL VARIABLE RUN_COLUMNS(FIELD)
};
static const struct weir_query_field task_run_fields[] = { TIMES LABEL TASK_RUN_COLUMNS(
	FIELD) };
static const struct weir_query_field flow_fields[] = { TIMES LABEL FLOW_COLUMNS(
	FIELD) };
static const struct weir_query_field deployment_fields[] = {
	TIMES PARAM LABEL VARIABLE DEPLOYMENT_COLUMNS(FIELD)
};
static const struct weir_query_field pool_fields[] = { TIMES POOL_COLUMNS(FIELD) };
static const struct weir_query_field queue_fields[] = { TIMES QUEUE_COLUMNS(FIELD) };
static const struct weir_query_field worker_fields[] = { TIMES WORKER_COLUMNS(FIELD) };
static const struct weir_query_field artifact_fields[] = { TIMES ARTIFACT_COLUMNS(
	FIELD) };
static const struct weir_query_field limit_fields[] = { TIMES LIMIT_COLUMNS(FIELD) };

static const struct weir_query_field environment_fields[] = {
	TIMES PACKAGE_VERSION ENVIRONMENT_COLUMNS(FIELD)
};

static const struct {
	const struct weir_query_field *v;
	size_t n;
} fields[WEIR_N_KINDS] = {
	[WEIR_RUN] = { run_fields, N_ELEM(run_fields) - 1 },
	[WEIR_TASK_RUN] = { task_run_fields, N_ELEM(task_run_fields) - 1 },
	[WEIR_FLOW] = { flow_fields, N_ELEM(flow_fields) - 1 },
	[WEIR_DEPLOYMENT] = { deployment_fields, N_ELEM(deployment_fields) - 1 },
	[WEIR_POOL] = { pool_fields, N_ELEM(pool_fields) - 1 },
	[WEIR_QUEUE] = { queue_fields, N_ELEM(queue_fields) - 1 },
	[WEIR_WORKER] = { worker_fields, N_ELEM(worker_fields) - 1 },
	[WEIR_ARTIFACT] = { artifact_fields, N_ELEM(artifact_fields) - 1 },
	[WEIR_ENVIRONMENT] = { environment_fields, N_ELEM(environment_fields) - 1 },
	[WEIR_LIMIT] = { limit_fields, N_ELEM(limit_fields) - 1 },
};

/* The moment of a task run or document, for since, until and age. */
static const struct weir_column task_run_time = { .name = "at",
	.type = WEIR_T_TIME,
	.sql = "coalesce(r.start_us, r.expected_us, r.created_us)" };

size_t
weir_query_fields(enum weir_kind kind, const struct weir_query_field **ret_fields)
{
	*ret_fields = fields[kind].v;
	return fields[kind].n;
}

const struct weir_column *
query_time_column(enum weir_kind kind)
{
	if (kind == WEIR_TASK_RUN)
		return &task_run_time;
	return column_find(kind, kind == WEIR_RUN           ? STR("at")
				 : kind == WEIR_ENVIRONMENT ? STR("resolved")
							    : STR("created"));
}

static bool
is_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.s, word, s.len) == 0;
}

const struct weir_column *
query_field_find(enum weir_kind kind, struct str name, struct arena *arena,
	enum query_special *ret_special)
{
	const struct weir_column *c;
	struct weir_column made;
	struct weir_column *copy;

	*ret_special = is_word(name, "since")   ? QUERY_SINCE
		       : is_word(name, "until") ? QUERY_UNTIL
		       : is_word(name, "age")   ? QUERY_AGE
						: QUERY_COLUMN;
	if (*ret_special != QUERY_COLUMN)
		return query_time_column(kind);
	c = column_find(kind, name);
	if (c)
		return c->flags & WEIR_COL_HIDDEN ? NULL : c;
	if (!column_dynamic(kind, name, arena, &made))
		return NULL;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = made;
	return copy;
}

const char *
query_field_near(enum weir_kind kind, struct str name)
{
	const char *names[256];
	size_t n = 0;

	for (size_t i = 0; i < fields[kind].n; i++) {
		names[n++] = fields[kind].v[i].name;
		if (fields[kind].v[i].alias)
			names[n++] = fields[kind].v[i].alias;
	}
	return text_nearest(name, names, n);
}
