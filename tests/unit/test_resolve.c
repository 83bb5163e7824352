#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "farm.h"
#include "weir/select.h"

enum { RUNS = 1u << WEIR_RUN, ALL = (1u << WEIR_N_SERVED) - 1 };

static struct weir_err err;

static enum weir_rc
resolve(unsigned kinds, const char *text, struct weir_id *ret_id)
{
	enum weir_kind kind;
	int64_t key;

	err = (struct weir_err){ 0 };
	return weir_resolve(farm->store, kinds, text, &kind, ret_id, &key, &err);
}

static void
expect(unsigned kinds, const char *text, const struct weir_id *want)
{
	struct weir_id id;

	if (resolve(kinds, text, &id))
		fail_msg("'%s': %s", text, err.text);
	assert_memory_equal(&id, want, sizeof(id));
}

static struct farm_run
add_run(const char *id, const char *name, enum weir_state state, int64_t at_us)
{
	struct farm_run r = { .state = state,
		.state_name = "x",
		.deployment = -1,
		.at_us = at_us,
		.start_us = WEIR_NO_TIME,
		.end_us = WEIR_NO_TIME };

	assert_true(weir_id_parse(str_of(id), &r.id));
	snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(r.tags, sizeof(r.tags), "[]");
	farm_put(farm, &r);
	return r;
}

static void
test_ids(void **state)
{
	char text[WEIR_ID_TEXT + 1];
	struct farm_run a =
		add_run("abcd1234-0000-0000-0000-000000000001", "one", 6, 1000);
	struct farm_run b =
		add_run("abcd1299-0000-0000-0000-000000000002", "two", 6, 2000);
	struct weir_id id;

	(void)state;
	for (size_t i = 0; i < FARM_RUNS; i += 37)
		expect(RUNS, weir_id_format(&farm->runs[i].id, text),
			&farm->runs[i].id);
	expect(RUNS, "abcd1234", &a.id);
	expect(RUNS, "ABCD-1299", &b.id);
	expect(ALL, "abcd1234-", &a.id);
	assert_int_equal(resolve(RUNS, "abcd12", &id), WEIR_EAMBIGUOUS);
	assert_true(str_starts(
		str_of(err.text), "run 'abcd12': 2 runs begin with it\n  abcd1299  "));
	assert_non_null(strstr(err.text, "\n  abcd1234  build-0  one  "));
	assert_string_equal(err.hint, "abcd129");
	assert_int_equal(resolve(RUNS, "abc", &id), WEIR_ENOTFOUND);
	assert_int_equal(resolve(RUNS, "ffffffff", &id), WEIR_ENOTFOUND);
	assert_int_equal(resolve(RUNS, "", &id), WEIR_ENOTFOUND);
	/* Another kind's id is not a run's. */
	assert_int_equal(resolve(RUNS, weir_id_format(&farm->flows[0], text), &id),
		WEIR_ENOTFOUND);
	expect(ALL, text, &farm->flows[0]);
}

static void
test_names(void **state)
{
	struct farm_run a =
		add_run("bbbb0000-0000-0000-0000-000000000001", "only one so", 6, 1000);
	struct weir_id id;

	(void)state;
	expect(RUNS, "only one so", &a.id);
	assert_int_equal(resolve(RUNS, "only one", &id), WEIR_ENOTFOUND);
	assert_int_equal(resolve(RUNS, "Only one so", &id), WEIR_ENOTFOUND);
	expect(1u << WEIR_FLOW, "build-3", &farm->flows[3]);
	expect(ALL, "nightly-12", &farm->flows[12]);
	expect(1u << WEIR_DEPLOYMENT, "deploy-1", &farm->deployments[1]);
	expect(1u << WEIR_DEPLOYMENT, "build-5/deploy-0", &farm->deployments[5]);
	assert_int_equal(
		resolve(1u << WEIR_DEPLOYMENT, "deploy-0", &id), WEIR_EAMBIGUOUS);
	assert_non_null(strstr(err.text, "2 deployments have that name"));
	assert_int_equal(resolve(1u << WEIR_DEPLOYMENT, "build-4/deploy-0", &id),
		WEIR_ENOTFOUND);
	add_run("bbbb0000-0000-0000-0000-000000000002", "only one so", 6, 1001);
	assert_int_equal(resolve(RUNS, "only one so", &id), WEIR_EAMBIGUOUS);
}

static void
test_marks(void **state)
{
	int64_t now = weir_now_us();
	struct farm_run late = add_run(
		"cccc0000-0000-0000-0000-000000000001", "l", WEIR_ST_RUNNING, now - 1);
	struct farm_run crashed = add_run(
		"cccc0000-0000-0000-0000-000000000002", "c", WEIR_ST_CRASHED, now - 2);
	struct weir_id id;

	(void)state;
	add_run("cccc0000-0000-0000-0000-000000000003", "due", WEIR_ST_SCHEDULED,
		weir_now_us() + 3600 * (int64_t)WEIR_SECOND_US);
	expect(RUNS, "@latest", &late.id);
	expect(RUNS, "@failed", &crashed.id);
	assert_int_equal(resolve(RUNS, "@lates", &id), WEIR_EUSAGE);
	assert_int_equal(resolve(1u << WEIR_FLOW, "@latest", &id), WEIR_ENOTFOUND);
}

static void
test_addresses(void **state)
{
	char id[WEIR_ID_TEXT + 1], text[160];
	struct weir_id got;

	(void)state;
	weir_id_format(&farm->runs[5].id, id);
	snprintf(text, sizeof(text), "http://h:4200/runs/flow-run/%s?tab=Logs#x", id);
	expect(RUNS, text, &farm->runs[5].id);
	snprintf(text, sizeof(text),
		"https://app.prefect.cloud/account/a/workspace/b/flow-runs/flow-run/"
		"%s/",
		id);
	expect(ALL, text, &farm->runs[5].id);
	weir_id_format(&farm->deployments[2], id);
	snprintf(text, sizeof(text), "http://h/deployments/deployment/%s", id);
	expect(ALL, text, &farm->deployments[2]);
	assert_int_equal(resolve(RUNS, text, &got), WEIR_ENOTFOUND);
	weir_id_format(&farm->flows[2], id);
	snprintf(text, sizeof(text), "http://h/flows/flow/%s", id);
	expect(ALL, text, &farm->flows[2]);
	assert_int_equal(resolve(ALL, "http://h/runs/flow-run/", &got), WEIR_ENOTFOUND);
	assert_int_equal(resolve(ALL, "http://", &got), WEIR_ENOTFOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_addresses),
	};

	return FARM_TESTS(tests, 17);
}
