/* The embedded backend: variables and secrets; what is READY by whom; queues in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "api_fields.h"
#include "embedded_help.h"
#include "embedded_priv.h"
#include "store_write.h"

static void
put_file(const struct emb *e, const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", e->folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static void
open_conf(struct emb *e, char **ret_conf)
{
	emb_new(e);
	emb_close(e);
	*ret_conf = xasprintf("%s/weir.conf", e->folder);
	e->conf = *ret_conf;
	emb_open(e);
}

static void
test_variables(void **state)
{
	struct emb e;
	char *conf, *text;

	(void)state;
	open_conf(&e, &conf);
	emb_call(&e, "GET", xstrdup("/variables/name/x"), NULL);
	assert_int_equal(e.status, 404);
	assert_non_null(strstr(emb_text(e.last, "detail"), "[variables]"));
	emb_call(&e, "POST", xstrdup("/variables/filter"), "{}");
	assert_int_equal(json_array_size(e.last), 0);
	put_file(&e, "weir.conf",
		"color = \"never\"\n[variables]\nx = \"a b\"\n"
		"list = [1, 2]\nn = 3\n",
		0600);
	emb_call(&e, "GET", xstrdup("/variables/name/x"), NULL);
	assert_int_equal(e.status, 200);
	assert_string_equal(emb_text(e.last, "value"), "a b");
	emb_call(&e, "GET", xstrdup("/variables/name/list"), NULL);
	text = json_dumps(json_object_get(e.last, "value"), JSON_COMPACT);
	assert_string_equal(text, "[1,2]");
	free(text);
	emb_call(&e, "GET", xstrdup("/variables/name/color"), NULL);
	assert_int_equal(e.status, 404);
	emb_call(&e, "POST", xstrdup("/variables/filter"), "{}");
	assert_int_equal(json_array_size(e.last), 3);
	put_file(&e, "weir.conf", "[variables\n", 0600);
	emb_call(&e, "GET", xstrdup("/variables/name/x"), NULL);
	assert_int_equal(e.status, 409);
	assert_non_null(strstr(emb_text(e.last, "detail"), "weir.conf"));
	emb_end(&e);
	free(conf);
}

#define SECRET(name) "/block_types/slug/secret/block_documents/name/" name

static void
test_secrets(void **state)
{
	static const char *const bad[] = { SECRET("..%2Fweir.conf"), SECRET(".x"),
		SECRET("none"), "/block_types/slug/s3/block_documents/name/token" };
	struct emb e;
	char *conf, *folder;
	const json_t *data;

	(void)state;
	open_conf(&e, &conf);
	folder = xasprintf("%s/secrets", e.folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	put_file(&e, "weir.conf", "", 0600);
	put_file(&e, "secrets/token", "s3cret\n", 0600);
	emb_call(&e, "GET", xstrdup(SECRET("token") "?include_secrets=true"), NULL);
	assert_int_equal(e.status, 200);
	data = json_object_get(e.last, "data");
	assert_string_equal(emb_text(data, "value"), "s3cret");
	for (size_t i = 0; i < N_ELEM(bad); i++) {
		emb_call(&e, "GET", xstrdup(bad[i]), NULL);
		assert_int_equal(e.status, 404);
	}
	put_file(&e, "secrets/token", "s3cret\n", 0640);
	emb_call(&e, "GET", xstrdup(SECRET("token")), NULL);
	assert_int_equal(e.status, 409);
	assert_non_null(strstr(emb_text(e.last, "detail"), "chmod 600"));
	put_file(&e, "secrets/token", "\xff\xfe", 0600);
	emb_call(&e, "GET", xstrdup(SECRET("token")), NULL);
	assert_int_equal(e.status, 409);
	emb_end(&e);
	free(folder);
	free(conf);
}

static const char *
status_at(struct emb *e, const char *path)
{
	emb_call(e, "GET", xstrdup(path), NULL);
	assert_int_equal(e->status, 200);
	return emb_text(e->last, "status");
}

/* Of pool, queue and deployment. */
static void
assert_status(struct emb *e, const char *status)
{
	static const char *const paths[] = { "/work_pools/farm",
		"/work_pools/farm/queues/default", "/deployments/name/build/d" };

	for (size_t i = 0; i < N_ELEM(paths); i++)
		assert_string_equal(status_at(e, paths[i]), status);
}

static void
test_ready(void **state)
{
	struct emb e;
	struct weir_err *err = &e.err;

	(void)state;
	emb_new(&e);
	free(emb_deployment(&e, ""));
	assert_status(&e, "NOT_READY");
	emb_call(&e, "POST", xstrdup("/work_pools/farm/workers/heartbeat"),
		"{\"name\":\"w\"}");
	assert_status(&e, "READY");
	free(emb_deployment(&e, "")); /* the same again, while a worker is there */
	assert_status(&e, "READY");
	emb_call(&e, "DELETE", xstrdup("/work_pools/farm/workers/w"), NULL);
	assert_int_equal(e.status, 204);
	assert_status(&e, "NOT_READY");
	emb_call(&e, "POST", xstrdup("/work_pools/farm/workers/heartbeat"),
		"{\"name\":\"w\"}");
	emb_close(&e);
	/* it ended without a word */
	OK(embedded_settle(e.path, "platform", err));
	emb_open(&e);
	assert_status(&e, "NOT_READY");
	emb_end(&e);
}

static int64_t
priority_of(struct emb *e, const char *queue)
{
	emb_call(e, "GET", xasprintf("/work_pools/farm/queues/%s", queue), NULL);
	return json_integer_value(json_object_get(e->last, "priority"));
}

/* A number that is taken is made free, as on Prefect's servers. */
static void
test_priorities(void **state)
{
	struct emb e;

	(void)state;
	emb_new(&e);
	free(emb_deployment(&e, ""));
	emb_call(&e, "POST", xstrdup("/work_pools/farm/queues"),
		"{\"name\":\"now\",\"priority\":1}");
	assert_int_equal(e.status, 201);
	assert_int_equal(priority_of(&e, "now"), 1);
	assert_int_equal(priority_of(&e, "default"), 2);
	emb_call(
		&e, "POST", xstrdup("/work_pools/farm/queues"), "{\"name\":\"later\"}");
	assert_int_equal(priority_of(&e, "later"), 3);
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/later"),
		"{\"priority\":1}");
	assert_int_equal(priority_of(&e, "later"), 1);
	assert_int_equal(priority_of(&e, "now"), 2);
	assert_int_equal(priority_of(&e, "default"), 3);
	emb_call(&e, "PATCH", xstrdup("/work_pools/farm/queues/later"),
		"{\"priority\":9}");
	emb_call(&e, "POST", xstrdup("/work_pools/farm/queues"), "{\"name\":\"gap\"}");
	assert_int_equal(priority_of(&e, "gap"), 1);
	emb_call(&e, "POST", xstrdup("/work_pools/farm/queues/filter"), "{}");
	assert_string_equal(emb_text(json_array_get(e.last, 0), "name"), "gap");
	assert_string_equal(emb_text(json_array_get(e.last, 3), "name"), "later");
	emb_end(&e);
}

static int64_t
slots(struct emb *e)
{
	emb_call(e, "POST", xstrdup("/v2/concurrency_limits/filter"), "{}");
	if (json_array_size(e->last) != 1)
		return -1;
	return json_integer_value(
		json_object_get(json_array_get(e->last, 0), "active_slots"));
}

/* The limit of a deployment is among the limits, with how much of it is taken. */
static void
test_slots(void **state)
{
	char *deployment, *one, *two;
	struct emb e;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "\"concurrency_limit\":2");
	assert_int_equal(slots(&e), 0);
	one = emb_run(&e, deployment, "{}");
	two = emb_run(&e, deployment, "{}");
	emb_state(&e, one, "{\"type\":\"PENDING\"}", false);
	emb_state(&e, two, "{\"type\":\"PENDING\"}", false);
	emb_state(&e, two, "{\"type\":\"RUNNING\"}", false);
	assert_int_equal(slots(&e), 2);
	emb_state(&e, two, "{\"type\":\"COMPLETED\"}", false);
	assert_int_equal(slots(&e), 1);
	emb_call(&e, "DELETE", xasprintf("/flow_runs/%s", one), NULL);
	assert_int_equal(slots(&e), 0);
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", deployment),
		"{\"concurrency_limit\":null}");
	assert_int_equal(slots(&e), -1);
	emb_call(&e, "PATCH", xasprintf("/deployments/%s", deployment),
		"{\"concurrency_limit\":3}");
	assert_int_equal(slots(&e), 0);
	emb_call(&e, "DELETE", xasprintf("/deployments/%s", deployment), NULL);
	assert_int_equal(slots(&e), -1);
	free(one);
	free(two);
	free(deployment);
	emb_end(&e);
}

/* An answer that is kept late, by who asked, does not undo what came after it. */
static void
test_stale(void **state)
{
	struct weir_store *reader = NULL;
	struct arena arena = { 0 };
	struct run_vec rows = { 0 };
	char *deployment, *run, *answer;
	struct emb e;
	struct weir_err *err = &e.err;

	(void)state;
	emb_new(&e);
	deployment = emb_deployment(&e, "");
	run = emb_run(&e, deployment, "{}");
	answer = json_dumps(e.last, JSON_COMPACT);
	emb_call(&e, "POST", xasprintf("/flow_runs/%s/set_state", run),
		"{\"state\":{\"type\":\"RUNNING\"}}");
	assert_int_equal(e.status, 201);
	OK(weir_store_open_embedded(
		e.path, "platform", WEIR_STORE_WRITE, &reader, err));
	OK(api_decode_runs(str_of(answer), &arena, &rows, err));
	OK(store_put_runs(reader, rows.v, rows.n, NULL, err));
	OK(store_runs_gone(reader, &rows.v[0].id, 1, err));
	weir_store_close(reader);
	emb_call(&e, "GET", xasprintf("/flow_runs/%s", run), NULL);
	assert_int_equal(e.status, 200);
	assert_string_equal(emb_text(e.last, "state_type"), "RUNNING");
	VEC_FREE(&rows);
	arena_free(&arena);
	free(answer);
	free(run);
	free(deployment);
	emb_end(&e);
}

/* A thousand runs of schedules and by hand: hardly two that are called the same. */
static void
test_names(void **state)
{
	enum { N = 1000 };
	char *names[N];
	size_t same = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct weir_id dice = weir_id_random();
		struct buf b = BUF_INIT(64);

		embedded_name(&dice, &b);
		names[i] = buf_steal(&b);
		assert_true(strlen(names[i]) <= 16);
		assert_int_equal(strspn(names[i], "abcdefghijklmnopqrstuvwxyz-"),
			strlen(names[i]));
		for (size_t k = 0; k < i; k++)
			same += strcmp(names[i], names[k]) == 0;
	}
	/* seven are expected; of the 1,024 names that there were, 488 */
	assert_true(same < 40);
	for (size_t i = 0; i < N; i++)
		free(names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
