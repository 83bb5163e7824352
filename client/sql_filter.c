#include "sql_filter.h"

#include <stdio.h>

#include "weir/time.h"

/* What stands behind a field, and what is bound for it. */
enum field_type {
	F_IDS,    /* "%s IN (?, ...)" */
	F_TEXTS,  /* the same of text */
	F_STATES, /* of states */
	F_TIME,
	F_BOOL,
	F_LIKE,
	F_EACH, /* all of a list: the fragment for each */
};

struct field {
	const char *path; /* in the body */
	enum field_type type;
	const char *sql; /* a '?' stands for the value or the list */
};

/* clang-format off */
#define TAGS(of, expr) \
	{ of ".tags.all_", F_EACH, "EXISTS(SELECT 1 FROM json_each(" expr ") WHERE value = ?)" }, \
	{ of ".tags.any_", F_TEXTS, "EXISTS(SELECT 1 FROM json_each(" expr ")" \
		" WHERE value IN (?))" }, \
	{ of ".tags.is_null_", F_BOOL, "(coalesce(" expr ", '[]') = '[]') = ?" }
#define IDS(of, column) \
	{ of ".id.any_", F_IDS, column " IN (?)" }, \
	{ of ".id.not_any_", F_IDS, column " NOT IN (?)" }
#define NAME(of, column) \
	{ of ".name.any_", F_TEXTS, column " IN (?)" }, \
	{ of ".name.like_", F_LIKE, column " LIKE '%' || ? || '%'" }
#define RANGE(of, column) \
	{ of ".before_", F_TIME, column " <= ?" }, \
	{ of ".after_", F_TIME, column " >= ?" }
#define STATE(of, column) \
	{ of ".state.type.any_", F_STATES, column " IN (?)" }, \
	{ of ".state.type.not_any_", F_STATES, column " NOT IN (?)" }, \
	{ of ".state.name.any_", F_TEXTS, "sn.name IN (?)" }, \
	{ of ".state.name.not_any_", F_TEXTS, "coalesce(sn.name, '') NOT IN (?)" }

static const struct field run_fields[] = {
	IDS("flow_runs", "r.id"),
	NAME("flow_runs", "r.name"),
	TAGS("flow_runs", "r.tags"),
	STATE("flow_runs", "r.state"),
	{ "flow_runs.deployment_id.any_", F_IDS, "d.id IN (?)" },
	{ "flow_runs.deployment_id.is_null_", F_BOOL, "(r.deployment IS NULL) = ?" },
	{ "flow_runs.work_queue_name.any_", F_TEXTS, "qn.name IN (?)" },
	{ "flow_runs.work_queue_name.is_null_", F_BOOL, "(r.queue IS NULL) = ?" },
	{ "flow_runs.flow_version.any_", F_TEXTS,
		"json_extract('{' || x.rest || '}', '$.flow_version') IN (?)" },
	RANGE("flow_runs.start_time", "coalesce(r.start_us, r.expected_us)"),
	{ "flow_runs.start_time.is_null_", F_BOOL, "(r.start_us IS NULL) = ?" },
	RANGE("flow_runs.end_time", "r.end_us"),
	{ "flow_runs.end_time.is_null_", F_BOOL, "(r.end_us IS NULL) = ?" },
	RANGE("flow_runs.expected_start_time", "r.expected_us"),
	RANGE("flow_runs.next_scheduled_start_time", "r.next_us"),
	{ "flow_runs.parent_flow_run_id.any_", F_IDS, "r.parent IN (?)" },
	{ "flow_runs.parent_task_run_id.any_", F_IDS, "r.parent_task IN (?)" },
	{ "flow_runs.parent_task_run_id.is_null_", F_BOOL, "(r.parent_task IS NULL) = ?" },
	{ "flow_runs.idempotency_key.any_", F_TEXTS,
		"r.id IN (SELECT run FROM keys WHERE key IN (?))" },
	{ "flow_runs.idempotency_key.not_any_", F_TEXTS,
		"r.id NOT IN (SELECT run FROM keys WHERE key IN (?))" },
	IDS("flows", "f.id"), NAME("flows", "f.name"),
	IDS("deployments", "d.id"), NAME("deployments", "d.name"),
	NAME("work_pools", "pn.name"), NAME("work_pool_queues", "qn.name"),
};

static const struct field task_fields[] = {
	IDS("task_runs", "t.id"),
	NAME("task_runs", "t.name"),
	TAGS("task_runs", "t.tags"),
	STATE("task_runs", "t.state"),
	{ "task_runs.flow_run_id.any_", F_IDS, "t.run IN (?)" },
	{ "task_runs.flow_run_id.is_null_", F_BOOL, "(t.run IS NULL) = ?" },
	RANGE("task_runs.start_time", "t.start_us"),
	RANGE("task_runs.end_time", "t.end_us"),
	RANGE("task_runs.expected_start_time", "t.expected_us"),
	{ "task_runs.subflow_runs.exists_", F_BOOL,
		"EXISTS(SELECT 1 FROM runs c WHERE c.parent_task = t.id) = ?" },
	IDS("flow_runs", "t.run"),
};

static const struct field flow_fields[] = {
	IDS("flows", "o.id"), NAME("flows", "o.name"),
	TAGS("flows", "json_extract(o.doc, '$.tags')"),
	{ "flows.deployment.is_null_", F_BOOL, "NOT EXISTS(SELECT 1 FROM deployments d"
		" WHERE d.flow = o.k AND d.doc IS NOT NULL) = ?" },
	{ "deployments.id.any_", F_IDS,
		"EXISTS(SELECT 1 FROM deployments d WHERE d.flow = o.k AND d.id IN (?))" },
};

static const struct field deployment_fields[] = {
	IDS("deployments", "o.id"), NAME("deployments", "o.name"),
	TAGS("deployments", "json_extract(o.doc, '$.tags')"),
	{ "deployments.paused.eq_", F_BOOL, "json_extract(o.doc, '$.paused') = ?" },
	{ "deployments.work_queue_name.any_", F_TEXTS,
		"json_extract(o.doc, '$.work_queue_name') IN (?)" },
	{ "deployments.flow_or_deployment_name.like_", F_LIKE,
		"(SELECT f.name FROM flows f WHERE f.k = o.flow) || '/' || o.name"
		" LIKE '%' || ? || '%'" },
	{ "flows.id.any_", F_IDS, "o.flow IN (SELECT k FROM flows WHERE id IN (?))" },
	{ "flows.name.any_", F_TEXTS, "o.flow IN (SELECT k FROM flows WHERE name IN (?))" },
	{ "work_pools.name.any_", F_TEXTS, "json_extract(o.doc, '$.work_pool_name') IN (?)" },
};

static const struct field pool_fields[] = {
	IDS("work_pools", "o.id"), NAME("work_pools", "o.name"),
	{ "work_pools.type.any_", F_TEXTS, "json_extract(o.doc, '$.type') IN (?)" },
};

static const struct field queue_fields[] = {
	IDS("work_queues", "o.id"), NAME("work_queues", "o.name"),
};

static const struct field worker_fields[] = {
	NAME("workers", "o.name"),
	{ "workers.status.any_", F_TEXTS, "json_extract(o.doc, '$.status') IN (?)" },
	{ "workers.status.not_any_", F_TEXTS, "json_extract(o.doc, '$.status') NOT IN (?)" },
	RANGE("workers.last_heartbeat_time", "o.updated_us"),
};

static const struct field artifact_fields[] = {
	IDS("artifacts", "o.id"),
	{ "artifacts.key.any_", F_TEXTS, "o.name IN (?)" },
	{ "artifacts.key.like_", F_LIKE, "o.name LIKE '%' || ? || '%'" },
	{ "artifacts.key.exists_", F_BOOL, "(o.name IS NOT NULL) = ?" },
	{ "artifacts.flow_run_id.any_", F_IDS, "o.run IN (?)" },
	{ "artifacts.task_run_id.any_", F_TEXTS,
		"json_extract(o.doc, '$.task_run_id') IN (?)" },
	{ "artifacts.type.any_", F_TEXTS, "json_extract(o.doc, '$.type') IN (?)" },
	{ "artifacts.type.not_any_", F_TEXTS,
		"coalesce(json_extract(o.doc, '$.type'), '') NOT IN (?)" },
};

static const struct field limit_fields[] = {
	IDS("concurrency_limits", "o.id"), NAME("concurrency_limits", "o.name"),
};

struct sort {
	const char *name, *sql;
};
static const struct sort run_sorts[] = {
	{ "ID_DESC", " ORDER BY r.id DESC" },
	{ "START_TIME_ASC", " ORDER BY coalesce(r.start_us, r.expected_us)" },
	{ "START_TIME_DESC", " ORDER BY coalesce(r.start_us, r.expected_us) DESC" },
	{ "EXPECTED_START_TIME_ASC", " ORDER BY r.expected_us" },
	{ "EXPECTED_START_TIME_DESC", " ORDER BY r.expected_us DESC" },
	{ "NAME_ASC", " ORDER BY r.name" },
	{ "NAME_DESC", " ORDER BY r.name DESC" },
	{ "NEXT_SCHEDULED_START_TIME_ASC", " ORDER BY r.next_us" },
	{ "END_TIME_DESC", " ORDER BY r.end_us DESC" },
};
static const struct sort task_sorts[] = {
	{ "ID_DESC", " ORDER BY t.id DESC" },
	{ "EXPECTED_START_TIME_ASC", " ORDER BY t.expected_us" },
	{ "EXPECTED_START_TIME_DESC", " ORDER BY t.expected_us DESC" },
	{ "NAME_ASC", " ORDER BY t.name" },
	{ "NAME_DESC", " ORDER BY t.name DESC" },
	{ "NEXT_SCHEDULED_START_TIME_ASC", " ORDER BY t.next_us" },
	{ "END_TIME_DESC", " ORDER BY t.end_us DESC" },
};
static const struct sort doc_sorts[] = {
	{ "NAME_ASC", " ORDER BY o.name, o.k" },
	{ "NAME_DESC", " ORDER BY o.name DESC" },
	{ "CREATED_DESC", " ORDER BY o.created_us DESC" },
	{ "UPDATED_DESC", " ORDER BY o.updated_us DESC" },
	{ "ID_DESC", " ORDER BY o.id DESC" },
	{ "KEY_ASC", " ORDER BY o.name" },
	{ "KEY_DESC", " ORDER BY o.name DESC" },
};

#define RUNS SQL_EMB_RUN_COLUMNS, SQL_EMB_RUN_FROM " WHERE 1"
#define TASKS SQL_EMB_TASK_COLUMNS, SQL_EMB_TASK_FROM " WHERE 1"
#define DOCS(table) "o.doc", " FROM " table " o WHERE o.doc IS NOT NULL"
#define ALL(table) table, N_ELEM(table)
static const struct entity {
	const char *columns, *from;
	const struct field *fields;
	size_t n_fields;
	const struct sort *sorts;
	size_t n_sorts;
} entities[] = {
	[WEIR_RUN] = { RUNS, ALL(run_fields), ALL(run_sorts) },
	[WEIR_TASK_RUN] = { TASKS, ALL(task_fields), ALL(task_sorts) },
	[WEIR_FLOW] = { DOCS("flows"), ALL(flow_fields), ALL(doc_sorts) },
	[WEIR_DEPLOYMENT] = { DOCS("deployments"), ALL(deployment_fields), ALL(doc_sorts) },
	[WEIR_POOL] = { DOCS("pools"), ALL(pool_fields), ALL(doc_sorts) },
	[WEIR_QUEUE] = { DOCS("queues"), ALL(queue_fields), ALL(doc_sorts) },
	[WEIR_WORKER] = { DOCS("workers"), ALL(worker_fields), ALL(doc_sorts) },
	[WEIR_ARTIFACT] = { DOCS("artifacts"), ALL(artifact_fields), ALL(doc_sorts) },
	[WEIR_LIMIT] = { DOCS("limits"), ALL(limit_fields), ALL(doc_sorts) },
};
/* clang-format on */
_Static_assert(N_ELEM(entities) == WEIR_N_SERVED, "all kinds");

/* ---- values */

static void
wrong(struct sql_filter *f, const char *path, const char *why)
{
	if (!f->wrong[0])
		snprintf(f->wrong, sizeof(f->wrong), "%.150s: %s", path, why);
}

/* One value of a field; false: it is not of its type. */
static bool
add_value(struct sql_filter *f, enum field_type type, const json_t *v)
{
	struct sql_value value = { .type = SQL_VALUE_NUMBER };
	struct str text = { json_string_value(v), json_string_length(v) };
	enum weir_state state;

	if (f->values.n == SQL_FILTER_VALUES_MAX)
		return false;
	if (type == F_BOOL) {
		value.number = json_is_true(v);
		if (!json_is_boolean(v))
			return false;
	} else if (!text.s) {
		return false;
	} else if (type == F_IDS) {
		value.type = SQL_VALUE_ID;
		if (!weir_id_parse(text, &value.id))
			return false;
	} else if (type == F_STATES) {
		if (!weir_state_parse(text, &state))
			return false;
		value.number = (int64_t)state;
	} else if (type == F_TIME) {
		if (!weir_time_parse(text, &value.number))
			return false;
	} else {
		value.type = SQL_VALUE_TEXT;
		value.text = text;
		if (type == F_LIKE && text.len > SQL_FILTER_LIKE_MAX)
			return false;
	}
	VEC_PUSH(&f->values, value);
	return true;
}

static void
add_glue(struct sql_filter *f, bool any, bool *first)
{
	if (!*first)
		buf_adds(&f->where, any ? " OR " : " AND ");
	*first = false;
}

/* The fragment with its '?', for a list so many of them. */
static bool
add_leaf(struct sql_filter *f, const struct field *field, const json_t *v)
{
	bool list = field->type == F_IDS || field->type == F_TEXTS ||
		    field->type == F_STATES;
	const char *mark = strchr(field->sql, '?');
	size_t n = json_array_size(v);

	if (list && !json_is_array(v))
		return false;
	buf_add(&f->where, field->sql, (size_t)(mark - field->sql));
	for (size_t i = 0; list && i < n; i++) {
		buf_adds(&f->where, i ? ", ?" : "?");
		if (!add_value(f, field->type, json_array_get(v, i)))
			return false;
	}
	if (!list) {
		buf_addc(&f->where, '?');
		if (!add_value(f, field->type, v))
			return false;
	}
	buf_adds(&f->where, mark + 1);
	return true;
}

static bool
add_field(struct sql_filter *f, const struct field *field, const json_t *v)
{
	bool ok = true;

	if (field->type != F_EACH)
		return add_leaf(f, field, v);
	if (!json_is_array(v) || json_array_size(v) > SQL_FILTER_EACH_MAX)
		return false;
	buf_addc(&f->where, '1');
	for (size_t i = 0; ok && i < json_array_size(v); i++) {
		buf_adds(&f->where, " AND ");
		ok = add_leaf(f, field, json_array_get(v, i));
	}
	return ok;
}

static const struct field *
find_field(enum weir_kind kind, const char *path, bool *ret_above)
{
	const struct entity *e = &entities[kind];
	size_t n = strlen(path);

	*ret_above = false;
	for (size_t i = 0; i < e->n_fields; i++) {
		if (strcmp(e->fields[i].path, path) == 0)
			return &e->fields[i];
		*ret_above |= strncmp(e->fields[i].path, path, n) == 0 &&
			      e->fields[i].path[n] == '.';
	}
	return NULL;
}

/* The members of one object of the filter, joined as its operator says. */
static void
add_object(struct sql_filter *f, const char *path, const json_t *object, int depth)
{
	const char *how = json_string_value(json_object_get(object, "operator"));
	bool any = how && strcmp(how, "or_") == 0, first = true, above;
	const char *name;
	json_t *v;

	buf_addc(&f->where, '(');
	json_object_foreach((json_t *)(uintptr_t)object, name, v)
	{
		char *at = xasprintf("%s.%s", path, name);
		const struct field *field = find_field(f->kind, at, &above);

		if (json_is_null(v) || strcmp(name, "operator") == 0) {
			free(at);
			continue;
		}
		if (field || (above && json_is_object(v)))
			add_glue(f, any, &first);
		if (field && !add_field(f, field, v))
			wrong(f, at, "not a value of this field");
		else if (!field && above && json_is_object(v) &&
			 depth < SQL_FILTER_DEPTH_MAX)
			add_object(f, at, v, depth + 1);
		else if (!field)
			wrong(f, at, "Extra inputs are not permitted");
		free(at);
	}
	buf_adds(&f->where, first ? "1)" : ")");
}

/* ---- the body */

static bool
is_filter(enum weir_kind kind, const char *name)
{
	bool above;

	(void)find_field(kind, name, &above);
	return above;
}

static void
read_sort(struct sql_filter *f, const json_t *sort)
{
	const struct entity *e = &entities[f->kind];
	const char *name = json_string_value(sort);

	f->order = e->sorts[0].sql;
	for (size_t i = 0; name && i < e->n_sorts; i++)
		if (strcmp(e->sorts[i].name, name) == 0) {
			f->order = e->sorts[i].sql;
			return;
		}
	if (name)
		wrong(f, "sort", "there is no such order");
}

/* A number from 0 on, if there is one. */
static void
read_number(struct sql_filter *f, const json_t *body, const char *name, int64_t *n)
{
	const json_t *v = json_object_get(body, name);

	if (json_is_integer(v) && json_integer_value(v) >= 0)
		*n = json_integer_value(v);
	else if (v && !json_is_null(v))
		wrong(f, name, "Input should be a number greater than or equal to 0");
}

static void
read_page(struct sql_filter *f, const json_t *body, size_t limit_max)
{
	f->limit = (int64_t)limit_max;
	read_number(f, body, "limit", &f->limit);
	read_number(f, body, "offset", &f->offset);
	if (f->limit > (int64_t)limit_max)
		snprintf(f->wrong, sizeof(f->wrong),
			"Invalid limit: must be less than or equal to %zu.", limit_max);
}

/* One that servers join and we do not: better no rows than wrong ones. */
static bool
is_foreign(const char *name, const json_t *v)
{
	static const char *const known[] = { "flows", "flow_runs", "task_runs",
		"deployments", "work_pools", "work_pool_queues", "work_queues", "logs",
		"artifacts", "workers" };

	for (size_t i = 0; i < N_ELEM(known); i++)
		if (strcmp(known[i], name) == 0)
			return json_object_size(v) > 0;
	return false;
}

bool
sql_filter_read(
	enum weir_kind kind, const json_t *body, size_t limit_max, struct sql_filter *f)
{
	const char *name;
	json_t *v;

	*f = (struct sql_filter){ .kind = kind, .where = BUF_INIT(BUF_MAX) };
	buf_adds(&f->where, "");
	read_page(f, body, limit_max);
	read_sort(f, json_object_get(body, "sort"));
	json_object_foreach((json_t *)(uintptr_t)body, name, v)
	{
		if (!json_is_object(v))
			continue;
		if (is_filter(kind, name)) {
			buf_adds(&f->where, " AND ");
			add_object(f, name, v, 0);
		} else if (is_foreign(name, v)) {
			wrong(f, name, "cannot be asked for here");
		}
	}
	return !f->wrong[0];
}

void
sql_filter_release(struct sql_filter *f)
{
	buf_release(&f->where);
	VEC_FREE(&f->values);
}

void
sql_filter_of_pool(struct sql_filter *f, const struct weir_id *pool)
{
	struct sql_value value = { .type = SQL_VALUE_ID, .id = *pool };

	if (f->kind == WEIR_QUEUE)
		f->order = " ORDER BY json_extract(o.doc, '$.priority'), o.k";
	buf_adds(&f->where, " AND o.pool = (SELECT k FROM pools WHERE id = ?)");
	VEC_PUSH(&f->values, value);
}

static void
bind(sqlite3_stmt *st, int i, const struct sql_value *v)
{
	if (v->type == SQL_VALUE_NUMBER)
		sqlite3_bind_int64(st, i, v->number);
	else if (v->type == SQL_VALUE_TEXT)
		db_bind_str(st, i, v->text);
	else
		db_bind_id(st, i, &v->id);
}

enum weir_rc
sql_filter_prepare(struct db *db, const struct sql_filter *f, bool count,
	sqlite3_stmt **ret_st, struct weir_err *err)
{
	const struct entity *e = &entities[f->kind];
	struct buf sql = BUF_INIT(BUF_MAX);
	int n = (int)f->values.n, code;

	buf_addf(&sql, "SELECT %s%s%s", count ? "count(*)" : e->columns, e->from,
		buf_cstr(&f->where));
	if (!count)
		buf_addf(&sql, "%s LIMIT ? OFFSET ?", f->order);
	code = sqlite3_prepare_v2(db->sqlite, buf_cstr(&sql), -1, ret_st, NULL);
	buf_release(&sql);
	if (code != SQLITE_OK)
		return db_fail(db, NULL, err);
	for (int i = 0; i < n; i++)
		bind(*ret_st, i + 1, &f->values.v[i]);
	if (!count) {
		sqlite3_bind_int64(*ret_st, n + 1, f->limit);
		sqlite3_bind_int64(*ret_st, n + 2, f->offset);
	}
	return WEIR_OK;
}
