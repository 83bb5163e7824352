#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <strings.h>

#include <jansson.h>

#include "api_fields.h"
#include "env_help.h"
#include "farm.h"
#include "weir/cell.h"
#include "weir/query.h"
#include "weir/select.h"

/* A name means one column; an alias may be the name of none. */
static void
test_names(void **state)
{
	(void)state;
	for (int k = 0; k < WEIR_N_KINDS; k++) {
		const struct weir_column *all = weir_columns((enum weir_kind)k);
		int greedy = 0, hidden = 0;

		for (const struct weir_column *c = all; c->name; c++) {
			assert_true(c->title[0] != '\0' && c->help[0] != '\0');
			assert_true(c->min > 0 && (c->max == 0 || c->max >= c->min));
			greedy += c->max == 0;
			hidden += (c->flags & WEIR_COL_HIDDEN) != 0;
			for (const struct weir_column *d = all; d->name; d++) {
				if (d != c)
					assert_string_not_equal(c->name, d->name);
				if (d->alias && d != c)
					assert_string_not_equal(c->name, d->alias);
				if (d->alias && d != c && c->alias)
					assert_string_not_equal(c->alias, d->alias);
			}
		}
		/* One takes what is left of the width, one is the rest. */
		assert_int_equal(greedy, 1);
		assert_int_equal(hidden, 1);
	}
}

/* All columns at once, and by each of them. */
static void
test_sql(void **state)
{
	struct env_world world;
	struct weir_store *environments;

	(void)state;
	env_world_make(&world);
	env_write(&world, ENV_FILE);
	environments = env_store(&world, NULL);
	for (int k = 0; k < WEIR_N_KINDS; k++) {
		struct weir_column_set set;
		struct weir_select sel = { .kind = (enum weir_kind)k, .columns = &set };
		struct weir_sort sort = { 0 };
		bool row;

		assert_int_equal(
			weir_columns_choose(sel.kind, NULL, ~0u, &set, NULL), WEIR_OK);
		sel.sort = &sort;
		for (size_t i = 0; i <= set.n * 2; i++) {
			struct weir_rows *rows;
			struct weir_err err = { 0 };

			sel.n_sort = i < set.n * 2;
			sort.column = set.v[i / 2 < set.n ? i / 2 : 0];
			sort.descending = i % 2;
			if (weir_rows_open(
				    k == WEIR_ENVIRONMENT ? environments : farm->store,
				    &sel, &rows, &err))
				fail_msg("%s: %s", sort.column->name, err.text);
			if (weir_rows_next(rows, &row, &err))
				fail_msg("%s: %s", sort.column->name, err.text);
			weir_rows_close(rows);
		}
		weir_columns_release(&set);
	}
	weir_store_close(environments);
	env_world_drop(&world);
}

static void
test_choose(void **state)
{
	struct weir_column_set set;
	struct weir_sort sort[WEIR_SORT_MAX];
	struct weir_err err;
	size_t n;

	(void)state;
	assert_int_equal(weir_columns_choose(WEIR_RUN,
				 "Start, flow,param.x y ,label.a.b", 0, &set, &err),
		WEIR_OK);
	assert_int_equal(set.n, 4);
	assert_string_equal(set.v[0]->name, "start_time");
	assert_string_equal(set.v[1]->name, "flow_name");
	assert_string_equal(set.v[2]->name, "param.x y");
	assert_string_equal(set.v[3]->arg, "a.b");
	assert_int_equal(weir_sort_parse(WEIR_RUN, "dur:desc,param.z,name:asc", &set,
				 sort, &n, &err),
		WEIR_OK);
	assert_int_equal(n, 3);
	assert_true(sort[0].descending && !sort[1].descending);
	assert_string_equal(sort[1].column->name, "param.z");
	assert_int_equal(weir_sort_parse(WEIR_RUN, "dur:down", &set, sort, &n, &err),
		WEIR_EUSAGE);
	assert_string_equal(err.hint, "dur:desc");
	assert_int_equal(
		weir_sort_parse(WEIR_RUN, "name,id,flow,dur,at", &set, sort, &n, &err),
		WEIR_EUSAGE);
	weir_columns_release(&set);
	assert_int_equal(
		weir_columns_choose(WEIR_RUN, "flwo", 0, &set, &err), WEIR_EUSAGE);
	assert_string_equal(err.hint, "flow");
	assert_non_null(strstr(err.text, "start_time"));
	assert_null(strstr(err.text, "rest"));
	assert_int_equal(
		weir_columns_choose(WEIR_RUN, " , ", 0, &set, &err), WEIR_EUSAGE);
	assert_int_equal(
		weir_columns_choose(WEIR_POOL, "param.x", 0, &set, &err), WEIR_EUSAGE);
}

/* `name:30`: a width, for tables; what is wrong with one is said. */
static void
test_widths(void **state)
{
	static const char *const wrong[] = { "name:0", "name:1000", "name:99999999999",
		"name:", "name:wide", "nmae:3", ":30" };
	struct weir_column_set set;
	struct weir_err err;

	(void)state;
	assert_int_equal(
		weir_columns_choose(WEIR_RUN,
			"name:30,flow,param.x:12,param.a:b,Start:5", 0, &set, &err),
		WEIR_OK);
	assert_int_equal(set.n, 5);
	assert_string_equal(set.v[0]->name, "name");
	assert_int_equal(set.v[0]->width, 30);
	assert_int_equal(set.v[1]->width, 0);
	assert_string_equal(set.v[2]->name, "param.x");
	assert_int_equal(set.v[2]->width, 12);
	assert_string_equal(set.v[3]->name, "param.a:b");
	assert_string_equal(set.v[4]->name, "start_time");
	assert_int_equal(set.v[4]->width, 5);
	weir_columns_release(&set);
	for (size_t i = 0; i < N_ELEM(wrong); i++) {
		assert_int_equal(weir_columns_choose(WEIR_RUN, wrong[i], 0, &set, &err),
			WEIR_EUSAGE);
		assert_true(err.text[0] != '\0');
	}
	for (const struct weir_column *c = weir_columns(WEIR_RUN); c->name; c++)
		assert_int_equal(c->width, 0);
}

/* The object that `-o json` prints for the row with this id. */
static json_t *
object_of(enum weir_kind kind, const struct weir_id *id)
{
	struct weir_column_set set;
	struct weir_select sel = { .kind = kind, .columns = &set };
	struct weir_query *q;
	struct weir_rows *rows;
	struct buf b = BUF_INIT(BUF_MAX);
	char text[64] = "id:";
	bool row;
	json_t *object;
	json_error_t why;

	weir_id_format(id, text + 3);
	assert_int_equal(
		weir_query_parse(kind, str_of(text), farm_now_us, &q, NULL), WEIR_OK);
	sel.query = q;
	assert_int_equal(
		weir_columns_choose(kind, NULL, WEIR_COL_OBJECT, &set, NULL), WEIR_OK);
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	assert_int_equal(weir_rows_next(rows, &row, NULL), WEIR_OK);
	assert_true(row);
	for (size_t i = 0; i < set.n; i++) {
		buf_addc(&b, b.len ? ',' : '{');
		if (set.v[i]->type != WEIR_T_MEMBERS)
			buf_addf(&b, "\"%s\":", set.v[i]->name);
		weir_cell_json(&b, weir_rows_cell(rows, i));
	}
	buf_addc(&b, '}');
	/* A member that is there twice is refused. */
	object = json_loadb(b.s, b.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!object)
		fail_msg("%s: %s", why.text, buf_cstr(&b));
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	buf_release(&b);
	return object;
}

static bool
same(const json_t *a, const json_t *b)
{
	int64_t x, y;

	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_is_string(a) && json_is_string(b) &&
		weir_time_parse(str_of(json_string_value(a)), &x) &&
		weir_time_parse(str_of(json_string_value(b)), &y))
		return x == y;
	return json_equal(a, b);
}

/* Every member that the server sent is in our object, with the same value. */
static void
check_object(enum weir_kind kind, json_t *sent)
{
	struct weir_id id;
	const char *key;
	json_t *value, *ours;

	assert_true(weir_id_parse(
		str_of(json_string_value(json_object_get(sent, "id"))), &id));
	ours = object_of(kind, &id);
	json_object_foreach(sent, key, value)
	{
		if (strncmp(key, "estimated_", 10) == 0)
			continue;
		if (!json_object_get(ours, key))
			fail_msg("%s: '%s' is missing", weir_kind_name(kind), key);
		if (!same(value, json_object_get(ours, key)))
			fail_msg("%s: '%s' differs", weir_kind_name(kind), key);
	}
	json_decref(ours);
}

static void
store_page(enum weir_kind kind, struct str body)
{
	struct arena arena = { 0 };
	struct run_vec runs = { 0 };
	struct task_run_vec tasks = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc;

	if (kind == WEIR_RUN) {
		rc = api_decode_runs(body, &arena, &runs, &err);
		if (!rc)
			rc = store_put_runs(farm->store, runs.v, runs.n, NULL, &err);
	} else if (kind == WEIR_TASK_RUN) {
		rc = api_decode_task_runs(body, &arena, &tasks, &err);
		if (!rc)
			rc = store_put_task_runs(
				farm->store, tasks.v, tasks.n, NULL, &err);
	} else {
		rc = api_decode_docs(kind, body, &arena, &docs, &err);
		if (!rc)
			rc = store_put_docs(
				farm->store, kind, docs.v, docs.n, NULL, &err);
	}
	if (rc)
		fail_msg("%s: %s", weir_kind_plural(kind), err.text);
	VEC_FREE(&runs);
	VEC_FREE(&tasks);
	VEC_FREE(&docs);
	arena_free(&arena);
}

static size_t
check_page(enum weir_kind kind, const json_t *page)
{
	char *body = json_dumps(page, JSON_COMPACT);
	size_t i;
	json_t *object;

	assert_true(json_is_array(page));
	store_page(kind, str_of(body));
	json_array_foreach(page, i, object) check_object(kind, object);
	free(body);
	return json_array_size(page);
}

static void
test_complete(void **state)
{
	static const char run[] =
		"[{\"id\":\"11111111-2222-3333-4444-555555555555\","
		"\"created\":\"2026-11-21T08:48:24.320665Z\",\"updated\":null,"
		"\"name\":\"a\\u0007\\\"b\",\"flow_id\":"
		"\"21111111-2222-3333-4444-555555555555\",\"state_id\":null,"
		"\"deployment_id\":null,\"deployment_version\":\"1\","
		"\"work_queue_id\":null,\"work_queue_name\":\"q\",\"flow_version\":"
		"null,"
		"\"parameters\":{\"package\":\"zlib\",\"flow_name\":1},"
		"\"context\":{},\"empirical_policy\":{\"retries\":null},\"tags\":["
		"\"b\","
		"\"a\"],\"labels\":{\"x\":1.5},\"parent_task_run_id\":null,"
		"\"state_type\":\"FAILED\",\"state_name\":\"TimedOut\",\"run_count\":2,"
		"\"expected_start_time\":\"2026-11-21T08:48:24Z\","
		"\"next_scheduled_start_time\":null,"
		"\"start_time\":\"2026-11-21T08:48:25.000001+00:00\",\"end_time\":null,"
		"\"total_run_time\":0.1,\"estimated_run_time\":3.5,"
		"\"estimated_start_time_delta\":0.5,\"auto_scheduled\":true,"
		"\"infrastructure_pid\":null,\"created_by\":{\"type\":\"SCHEDULE\"},"
		"\"work_pool_name\":null,\"state\":{\"type\":\"FAILED\",\"data\":[1]},"
		"\"job_variables\":null,\"of_tomorrow\":[{\"deep\":[]}]}]";
	static const char *const additions[] = { "flow_name", "deployment_name",
		"parent_run_id", "platform" };
	struct weir_id id;
	json_t *page = json_loads(run, 0, NULL);
	json_t *ours;

	(void)state;
	assert_int_equal(check_page(WEIR_RUN, page), 1);
	assert_true(weir_id_parse(STR("11111111222233334444555555555555"), &id));
	ours = object_of(WEIR_RUN, &id);
	for (size_t i = 0; i < N_ELEM(additions); i++)
		assert_non_null(json_object_get(ours, additions[i]));
	assert_null(json_object_get(ours, "estimated_run_time"));
	json_decref(ours);
	json_decref(page);
}

/* The same for what real servers answered, where those samples are at hand. */
static void
test_samples(void **state)
{
	static const struct {
		enum weir_kind kind;
		const char *name;
	} samples[] = {
		{ WEIR_RUN, "flow_runs_filter" },
		{ WEIR_RUN, "flow_runs_children" },
		{ WEIR_TASK_RUN, "task_runs_filter" },
		{ WEIR_FLOW, "flows_filter" },
		{ WEIR_POOL, "work_pools_filter" },
		{ WEIR_QUEUE, "work_pool_queues_filter" },
		{ WEIR_WORKER, "workers_filter" },
		{ WEIR_ARTIFACT, "artifacts_filter" },
	};
	static const char *const versions[] = { "3.8.3", "2.20.25" };
	size_t n = 0;

	(void)state;
	if (access("../shared/data/prefect/recorded", R_OK) != 0)
		skip();
	for (size_t i = 0; i < N_ELEM(samples) * N_ELEM(versions); i++) {
		char *path = xasprintf("../shared/data/prefect/recorded/%s.%s.json",
			samples[i / 2].name, versions[i % 2]);
		json_t *file = json_load_file(path, 0, NULL);

		assert_non_null(file);
		n += check_page(samples[i / 2].kind, json_object_get(file, "response"));
		json_decref(file);
		free(path);
	}
	assert_true(n > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sql),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_samples),
	};

	return FARM_TESTS(tests, 13);
}
