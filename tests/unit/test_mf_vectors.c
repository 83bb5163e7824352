/* Trees of real runs against what Metaflow's own client says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "mf_help.h"
#include "store_write.h"

/* The first column of all rows, a space between; "" for none. */
static const char *
column(struct weir_store *s, char *sql)
{
	static char out[4096];
	sqlite3_stmt *st = NULL;
	size_t n = 0;

	out[0] = '\0';
	if (sqlite3_prepare_v2(store_db(s)->sqlite, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(store_db(s)->sqlite));
	while (sqlite3_step(st) == SQLITE_ROW && n < sizeof(out)) {
		const unsigned char *text = sqlite3_column_text(st, 0);

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s", n ? " " : "",
			text ? (const char *)text : "null");
	}
	sqlite3_finalize(st);
	free(sql);
	return out;
}

static char *
joined(const json_t *array)
{
	struct buf b = BUF_INIT(4096);
	const json_t *v;
	size_t i;

	buf_adds(&b, "");
	json_array_foreach(array, i, v)
	{
		if (i)
			buf_addc(&b, ' ');
		buf_adds(&b, json_string_value(v));
	}
	return buf_steal(&b);
}

static const char *
member(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "null";
}

/* Both, as Metaflow means them: only a run that ended well is both. */
static const char *
ended_well(const json_t *o)
{
	bool finished = json_is_true(json_object_get(o, "finished"));
	bool successful = json_is_true(json_object_get(o, "successful"));

	return finished && successful ? "6" : "7";
}

static void
check_run(struct weir_store *s, const json_t *run)
{
	const char *path = member(run, "pathspec");
	char *steps = joined(json_object_get(run, "steps"));
	char *tags = joined(json_object_get(run, "tags"));
	char *system_tags = joined(json_object_get(run, "system_tags"));

	assert_string_equal(
		column(s, xasprintf("SELECT state FROM runs WHERE name = '%s'", path)),
		ended_well(run));
	assert_string_equal(
		column(s,
			xasprintf("SELECT task_key FROM task_runs WHERE run = (SELECT "
				  "id FROM runs WHERE name = '%s') GROUP BY task_key "
				  "ORDER BY min(created_us) DESC",
				path)),
		steps);
	assert_string_equal(
		column(s, xasprintf("SELECT value FROM runs, json_each(tags) "
				    "WHERE name = '%s' AND value NOT LIKE "
				    "'%%:%%' OR name = '%s' AND value LIKE "
				    "'team:%%'",
				  path, path)),
		tags);
	assert_string_equal(
		column(s, xasprintf("SELECT value FROM runs, json_each(tags) "
				    "WHERE name = '%s' AND value LIKE '%%:%%'"
				    " AND value NOT LIKE 'team:%%' ORDER BY 1",
				  path)),
		system_tags);
	free(steps);
	free(tags);
	free(system_tags);
}

#define OF_TASK                                                                        \
	" FROM task_runs t JOIN runs r ON r.id = t.run WHERE r.name || '/' || t.name " \
	"= '"

static void
check_attempts(struct weir_store *s, const char *path, const json_t *attempts)
{
	const char *attempt;
	json_t *values;

	json_object_foreach((json_t *)attempts, attempt, values)
	{
		char *want = joined(values);

		assert_string_equal(
			column(s,
				xasprintf("SELECT value FROM task_envs e JOIN "
					  "task_runs t ON t.id = e.task JOIN runs r ON "
					  "r.id = t.run WHERE r.name || '/' || t.name ="
					  " '%s' AND attempt = %s",
					path, attempt)),
			want);
		free(want);
	}
}

static void
check_task(struct weir_store *s, const json_t *task)
{
	const char *path = member(task, "pathspec");
	const json_t *raw = json_object_get(task, "conda_env_id_raw");
	int64_t us = 0;

	assert_string_equal(column(s, xasprintf("SELECT t.state" OF_TASK "%s'", path)),
		ended_well(task));
	assert_string_equal(
		column(s, xasprintf("SELECT t.run_count - 1" OF_TASK "%s'", path)),
		member(task, "attempt"));
	assert_true(weir_time_parse(str_of(member(task, "created_at")), &us));
	assert_int_equal(
		strtoll(column(s, xasprintf("SELECT t.created_us" OF_TASK "%s'", path)),
			NULL, 10),
		us);
	assert_string_equal(
		column(s, xasprintf("SELECT coalesce(value, 'null') FROM task_envs e "
				    "JOIN task_runs t ON t.id = e.task JOIN runs r ON "
				    "r.id = t.run WHERE r.name || '/' || t.name = '%s' "
				    "AND attempt = -1",
				  path)),
		json_is_string(raw) ? json_string_value(raw) : "");
	if (json_is_string(json_object_get(task, "origin_pathspec")))
		assert_string_equal(
			column(s,
				xasprintf("SELECT DISTINCT origin_path FROM task_envs "
					  "e JOIN task_runs t ON t.id = e.task JOIN "
					  "runs r ON r.id = t.run WHERE r.name || '/' "
					  "|| t.name = '%s'",
					path)),
			member(task, "origin_pathspec"));
	check_attempts(s, path, json_object_get(task, "per_attempt_conda_env_id"));
}

/* Of each step the newest task. */
static void
check_steps(struct weir_store *s, const json_t *steps)
{
	const char *step;
	json_t *want;

	json_object_foreach((json_t *)steps, step, want)
	{
		const char *got = column(s,
			xasprintf(
				"SELECT r.name || '/' || t.name FROM task_runs t JOIN "
				"runs r ON r.id = t.run WHERE r.name || '/' || "
				"t.task_key = '%s' ORDER BY t.created_us DESC LIMIT 1",
				step));

		if (strcmp(json_string_value(want), "MetaflowNotFound") == 0)
			want = json_string("");
		else
			json_incref(want);
		assert_string_equal(got, json_string_value(want));
		json_decref(want);
	}
}

static void
check_tree(const char *name)
{
	char *path = mf_shared(name), *order;
	struct buf notes = BUF_INIT(4096);
	json_t *tree, *expected, *v;
	struct weir_store *s;
	struct env_world w;
	const char *file;
	size_t i;

	if (!path)
		skip();
	tree = json_load_file(path, 0, NULL);
	assert_non_null(tree);
	env_world_make(&w);
	json_object_foreach(json_object_get(tree, "files"), file, v)
		mf_write(&w, file, json_string_value(v));
	s = mf_store(&w, &notes);
	assert_string_equal(buf_cstr(&notes), "");
	expected = json_object_get(tree, "expected");
	order = joined(json_object_get(expected, "run_order"));
	assert_string_equal(
		column(s, xstrdup("SELECT substr(name, 10) FROM runs ORDER BY"
				  " at_us DESC")),
		order);
	json_array_foreach(json_object_get(expected, "runs"), i, v) check_run(s, v);
	json_array_foreach(json_object_get(expected, "tasks"), i, v) check_task(s, v);
	check_steps(s, json_object_get(expected, "step_task"));
	weir_store_close(s);
	env_world_drop(&w);
	json_decref(tree);
	buf_release(&notes);
	free(order);
	free(path);
}

static void
test_first(void **state)
{
	(void)state;
	check_tree("run-tree-0.0.10.json");
}

static void
test_main(void **state)
{
	(void)state;
	check_tree("run-tree-main.json");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_main),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
