/* What counts as a difference, and the requests that take it away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "register.h"

static json_t *
J(const char *text)
{
	json_error_t why;
	json_t *j = json_loads(text, JSON_DECODE_ANY, &why);

	if (!j)
		fail_msg("%s: %s", text, why.text);
	return j;
}

static void
is_json(const json_t *got, const char *want)
{
	json_t *w = J(want);
	char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS);

	if (!json_equal(got, w))
		fail_msg("%s\nis not %s", text ? text : "nothing", want);
	free(text);
	json_decref(w);
}

/* Names of the fields that differ, with spaces behind. */
static const char *
differing(const char *stated, const char *served)
{
	static char names[512];
	struct reg_changes changes = { 0 };
	json_t *a = J(stated), *b = served ? J(served) : NULL;
	bool stuck;

	register_compare(a, b, &changes, &stuck);
	names[0] = '\0';
	for (size_t i = 0; i < changes.n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ",
			changes.v[i].field);
	if (stuck)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "STUCK");
	register_changes_free(&changes);
	json_decref(a);
	json_decref(b);
	return names;
}

#define SAME(stated, served) assert_string_equal(differing(stated, served), "")
#define DIFFER(names, stated, served)                                                  \
	assert_string_equal(differing(stated, served), names)

static void
fields(void **state)
{
	(void)state;
	/* what is not stated is not compared */
	SAME("{}", "{\"tags\":[\"a\"],\"paused\":true}");
	SAME("{\"tags\":[\"a\",\"b\",\"a\"]}", "{\"tags\":[\"b\",\"a\"]}");
	DIFFER("tags ", "{\"tags\":[\"a\"]}", "{\"tags\":[\"b\",\"a\"]}");
	DIFFER("tags ", "{\"tags\":[\"a\",\"b\"]}", "{\"tags\":[\"a\"]}");
	DIFFER("tags ", "{\"tags\":[]}", "{\"tags\":[\"a\"]}");
	SAME("{\"description\":\"\"}", "{\"description\":null}");
	SAME("{\"version\":null}", "{}");
	DIFFER("version ", "{\"version\":\"1\"}", "{\"version\":null}");
	DIFFER("description ", "{\"description\":null}", "{\"description\":\"x\"}");
	SAME("{\"pull_steps\":[]}", "{\"pull_steps\":null}");
	SAME("{\"paused\":false}", "{\"paused\":false}");
	DIFFER("paused ", "{\"paused\":true}", "{\"paused\":false}");
	/* numbers by value, members in any order */
	SAME("{\"parameters\":{\"a\":1,\"b\":[2.5]}}",
		"{\"parameters\":{\"b\":[2.5],\"a\":1.0}}");
	DIFFER("parameters ", "{\"parameters\":{\"a\":1}}",
		"{\"parameters\":{\"a\":\"1\"}}");
	DIFFER("parameters ", "{\"parameters\":{}}", "{\"parameters\":{\"a\":null}}");
	DIFFER("parameters ", "{\"parameters\":{\"b\":null}}",
		"{\"parameters\":{\"a\":null}}");
	/* what the server interprets */
	SAME("{\"parameters\":{\"a\":{\"__prefect_kind\":\"json\",\"value\":\"[1]\"}}}",
		"{\"parameters\":{\"a\":[1]}}");
	DIFFER("parameters ",
		"{\"parameters\":{\"a\":{\"__prefect_kind\":\"json\",\"value\":\"[2]\"}"
		"}"
		"}",
		"{\"parameters\":{\"a\":[1]}}");
	/* of a pool without a queue's name, its default one */
	SAME("{\"work_queue_name\":null}", "{\"work_queue_name\":\"default\"}");
	DIFFER("work_queue_name ", "{\"work_queue_name\":null}",
		"{\"work_queue_name\":\"high\"}");
	/* what is unknown is compared as it is, what is forgotten is not */
	DIFFER("odd ", "{\"odd\":1}", "{\"odd\":2}");
	SAME("{\"version_info\":{\"type\":\"x\"}}", "{}");
}

static void
schemas(void **state)
{
	(void)state;
	SAME("{\"parameter_openapi_schema\":{\"type\":\"object\",\"properties\":{},"
	     "\"definitions\":{},\"required\":[]}}",
		"{\"parameter_openapi_schema\":{\"properties\":{},\"type\":\"object\"}"
		"}");
	DIFFER("parameter_openapi_schema ",
		"{\"parameter_openapi_schema\":{\"type\":\"object\",\"required\":["
		"\"a\"]}"
		"}",
		"{\"parameter_openapi_schema\":{\"type\":\"object\"}}");
}

static void
old_names(void **state)
{
	(void)state;
	SAME("{\"job_variables\":{\"image\":\"x\"}}",
		"{\"infra_overrides\":{\"image\":\"x\"}}");
	DIFFER("job_variables ", "{\"job_variables\":{}}",
		"{\"infra_overrides\":{\"image\":\"x\"}}");
	/* 3.x does not take an empty object for a wish */
	DIFFER("STUCK", "{\"job_variables\":{}}",
		"{\"job_variables\":{\"image\":\"x\"}}");
	SAME("{\"concurrency_limit\":3}", "{\"concurrency_limit\":null,\"global_"
					  "concurrency_limit\":{\"limit\":3}}");
	DIFFER("concurrency_limit ", "{\"concurrency_limit\":null}",
		"{\"global_concurrency_limit\":{\"limit\":3}}");
	SAME("{\"concurrency_options\":{\"collision_strategy\":\"ENQUEUE\"}}",
		"{\"concurrency_options\":{\"collision_strategy\":\"ENQUEUE\","
		"\"grace_period_seconds\":null}}");
	DIFFER("concurrency_options ",
		"{\"concurrency_options\":{\"collision_strategy\":\"ENQUEUE\"}}",
		"{\"concurrency_options\":{\"collision_strategy\":\"ENQUEUE\","
		"\"grace_period_seconds\":90}}");
}

static void
a_new_one(void **state)
{
	(void)state;
	DIFFER("tags paused ",
		"{\"paused\":false,\"tags\":[\"a\"],\"parameters\":{},"
		"\"description\":null}",
		NULL);
}

#define CRON(members) "{\"schedule\":{\"cron\":\"0 3 * * *\"" members "}"
#define SERVED_CRON                                                                    \
	"{\"id\":\"i\",\"deployment_id\":\"d\",\"active\":true,"                       \
	"\"max_scheduled_runs\":null,\"parameters\":{},\"slug\":null,"                 \
	"\"schedule\":{\"cron\":\"0 3 * * *\",\"timezone\":\"UTC\",\"day_or\":true}}"
#define LIST(what) "{\"schedules\":[" what "]}"

static void
schedules(void **state)
{
	static const char hourly[] =
		LIST("{\"active\":true,\"schedule\":{\"interval\":3600.0,"
		     "\"anchor_date\":\"2026-01-01T00:00:00Z\",\"timezone\":\"UTC\"}}");

	(void)state;
	SAME(LIST(CRON("}")), LIST(SERVED_CRON));
	SAME(LIST(CRON(",\"timezone\":\"UTC\",\"day_or\":true},\"active\":true")),
		LIST(SERVED_CRON));
	SAME(LIST(CRON("},\"parameters\":{},\"slug\":null")), LIST(SERVED_CRON));
	DIFFER("schedules ", LIST(CRON(",\"timezone\":\"Asia/Tokyo\"}")),
		LIST(SERVED_CRON));
	DIFFER("schedules ", LIST(CRON("},\"active\":false")), LIST(SERVED_CRON));
	DIFFER("schedules ", LIST(CRON("},\"parameters\":{\"a\":1}")),
		LIST(SERVED_CRON));
	DIFFER("schedules ", LIST(CRON("},\"slug\":\"nightly\"")), LIST(SERVED_CRON));
	DIFFER("schedules ", LIST(""), LIST(SERVED_CRON));
	DIFFER("schedules ", LIST(CRON("}") "," CRON("}")), LIST(SERVED_CRON));
	/* an anchor that nobody asked for is the time of the creation */
	SAME(LIST("{\"schedule\":{\"interval\":3600}}"), hourly);
	SAME(LIST("{\"schedule\":{\"interval\":3600,\"anchor_date\":"
		  "\"2026-01-01T01:00:00+01:00\"}}"),
		hourly);
	DIFFER("schedules ",
		LIST("{\"schedule\":{\"interval\":3600,\"anchor_date\":"
		     "\"2026-01-02T00:00:00Z\"}}"),
		hourly);
	/* newer servers write a start before a rule that has none */
	SAME(LIST("{\"schedule\":{\"rrule\":\"FREQ=DAILY\"}}"),
		LIST("{\"schedule\":{\"timezone\":\"UTC\",\"rrule\":"
		     "\"DTSTART:20200101T000000\\nFREQ=DAILY\"}}"));
	DIFFER("schedules ",
		LIST("{\"schedule\":{\"rrule\":\"DTSTART:20210101T000000\\n"
		     "FREQ=DAILY\"}}"),
		LIST("{\"schedule\":{\"timezone\":\"UTC\",\"rrule\":"
		     "\"DTSTART:20200101T000000\\nFREQ=DAILY\"}}"));
	/* in any order, but each once */
	SAME(LIST("{\"schedule\":{\"rrule\":\"FREQ=DAILY\"}}," CRON("}")),
		LIST(SERVED_CRON
			",{\"active\":true,\"schedule\":{\"rrule\":\"FREQ=DAILY\","
			"\"timezone\":\"UTC\"}}"));
	DIFFER("schedules ", LIST(CRON("}") "," CRON("}")),
		LIST(SERVED_CRON
			",{\"active\":true,\"schedule\":{\"rrule\":\"FREQ=DAILY\","
			"\"timezone\":\"UTC\"}}"));
}

/* ---- requests */

static void
patched(const char *stated, const char *served, const char *want)
{
	struct reg_changes changes = { 0 };
	json_t *a = J(stated), *b = J(served), *body;
	bool stuck;

	register_compare(a, b, &changes, &stuck);
	body = register_body_patch(&changes, a, b);
	if (want)
		is_json(body, want);
	else
		assert_null(body);
	json_decref(body);
	json_decref(a);
	json_decref(b);
	register_changes_free(&changes);
}

static void
patches(void **state)
{
	(void)state;
	patched("{\"tags\":[\"a\"],\"paused\":true}", "{\"tags\":[],\"paused\":true}",
		"{\"tags\":[\"a\"]}");
	patched("{\"tags\":[]}", "{\"tags\":[]}", NULL);
	patched("{\"schedules\":[]}", LIST(SERVED_CRON), NULL);
	/* a queue alone would be made outside any pool; variables go unchecked */
	patched("{\"work_queue_name\":\"high\"}",
		"{\"work_pool_name\":\"p\",\"work_queue_name\":\"default\","
		"\"job_variables\":{\"a\":1}}",
		"{\"work_pool_name\":\"p\",\"work_queue_name\":\"high\","
		"\"job_variables\":{\"a\":1}}");
	patched("{\"job_variables\":{\"a\":2}}",
		"{\"work_pool_name\":\"p\",\"work_queue_name\":\"q\","
		"\"job_variables\":{\"a\":1}}",
		"{\"work_pool_name\":\"p\",\"work_queue_name\":\"q\","
		"\"job_variables\":{\"a\":2}}");
	/* the old pool's queue is not one of the new pool */
	patched("{\"work_pool_name\":\"new\"}",
		"{\"work_pool_name\":\"p\",\"work_queue_name\":\"q\","
		"\"job_variables\":{}}",
		"{\"work_pool_name\":\"new\",\"job_variables\":{}}");
	patched("{\"concurrency_limit\":null}",
		"{\"global_concurrency_limit\":{\"limit\":3}}",
		"{\"concurrency_limit\":null}");
}

static void
creation(void **state)
{
	json_t *stated =
		J("{\"tags\":[\"a\"],\"schedules\":[{\"slug\":\"b\","
		  "\"replaces\":\"a\",\"schedule\":{\"cron\":\"* * * * *\"}}]}");
	json_t *guessed = J("{\"version\":\"abc\",\"tags\":[]}");
	json_t *body = register_body_create("F", "n", stated, guessed);

	(void)state;
	is_json(body, "{\"flow_id\":\"F\",\"name\":\"n\",\"version\":\"abc\",\"tags\":["
		      "\"a\"],"
		      "\"schedules\":[{\"slug\":\"b\",\"schedule\":{\"cron\":\"* * * * "
		      "*\"}}]}");
	assert_non_null(json_object_get(
		json_array_get(json_object_get(stated, "schedules"), 0), "replaces"));
	json_decref(body);
	json_decref(stated);
	json_decref(guessed);
}

static void
whole(void **state)
{
	json_t *stated = J("{\"pull_steps\":[{\"x\":{}}]}");
	json_t *served = J("{\"id\":\"i\",\"name\":\"n\",\"flow_id\":\"F\","
			   "\"paused\":true,\"infra_overrides\":{\"a\":1},"
			   "\"schedules\":[{\"id\":\"s\",\"active\":false,"
			   "\"schedule\":{\"cron\":\"* * * * *\"}}]}");
	json_t *body = register_body_whole(stated, served);
	struct reg_changes changes = { 0 };
	bool stuck;

	(void)state;
	is_json(body, "{\"name\":\"n\",\"flow_id\":\"F\",\"paused\":true,"
		      "\"job_variables\":{\"a\":1},\"pull_steps\":[{\"x\":{}}],"
		      "\"schedules\":[{\"active\":false,"
		      "\"schedule\":{\"cron\":\"* * * * *\"}}]}");
	register_compare(stated, served, &changes, &stuck);
	assert_true(register_needs_whole(&changes, true));
	assert_false(register_needs_whole(&changes, false));
	register_changes_free(&changes);
	json_decref(body);
	json_decref(stated);
	json_decref(served);
}

static void
add_ids(char *out, size_t size, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s ", ids[i]);
}

/* want: the PATCH's array, "" for none. */
static void
planned(const char *stated, const char *served, bool can_rename, const char *before,
	const char *want, const char *after)
{
	struct reg_schedules p;
	json_t *a = J(stated), *b = J(served);
	char ids[256] = "";

	register_schedules_plan(a, b, can_rename, &p);
	if (*want)
		is_json(p.patch, want);
	else
		assert_null(p.patch);
	add_ids(ids, sizeof(ids), p.before.v, p.before.n);
	assert_string_equal(ids, before);
	ids[0] = '\0';
	add_ids(ids, sizeof(ids), p.after.v, p.after.n);
	assert_string_equal(ids, after);
	register_schedules_release(&p);
	json_decref(a);
	json_decref(b);
}

#define WHEN "\"schedule\":{\"cron\":\"0 3 * * *\"}"
#define OTHER "\"schedule\":{\"cron\":\"0 4 * * *\"}"
#define SLUG(id, slug, when)                                                           \
	"{\"id\":\"" id "\",\"slug\":\"" slug                                          \
	"\",\"active\":true,\"parameters\":{}," when "}"
#define SENT(slug, when)                                                               \
	"{\"slug\":\"" slug "\",\"active\":true,\"parameters\":{}," when "}"

static void
schedule_requests(void **state)
{
	(void)state;
	/* by slug, only what differs; the rest is deleted singly */
	planned("[{\"slug\":\"a\"," WHEN "},{\"slug\":\"b\"," OTHER "}]",
		"[" SLUG("1", "a", WHEN) "," SLUG("2", "b", WHEN) "," SLUG(
			"3", "c", WHEN) "]",
		true, "", "[" SENT("b", OTHER) "]", "3 ");
	/* a renamed one keeps its id where the server knows how */
	planned("[{\"slug\":\"new\",\"replaces\":\"a\"," WHEN "}]",
		"[" SLUG("1", "a", WHEN) "]", true, "",
		"[{\"slug\":\"new\",\"replaces\":\"a\",\"active\":true,"
		"\"parameters\":{}," WHEN "}]",
		"");
	planned("[{\"slug\":\"new\",\"replaces\":\"a\"," WHEN "}]",
		"[" SLUG("1", "a", WHEN) "]", false, "", "[" SENT("new", WHEN) "]",
		"1 ");
	/* renamed long ago */
	planned("[{\"slug\":\"new\",\"replaces\":\"a\"," WHEN "}]",
		"[" SLUG("1", "new", WHEN) "]", true, "", "", "");
	/* [] does not remove them, and a list without slugs is refused while they are
	 */
	planned("[]", "[" SLUG("1", "a", WHEN) "," SLUG("2", "b", WHEN) "]", true,
		"1 2 ", "", "");
	planned("[{" WHEN "}]", "[" SLUG("1", "a", WHEN) "]", true, "1 ",
		"[{\"active\":true,\"parameters\":{}," WHEN "}]", "");
	/* else the list replaces */
	planned("[]", "[{\"id\":\"1\",\"active\":true,\"parameters\":{}," WHEN "}]",
		true, "", "[]", "");
	planned("[{\"slug\":\"a\"," WHEN "}]",
		"[{\"id\":\"1\",\"active\":true,\"parameters\":{}," WHEN "}]", true, "",
		"[" SENT("a", WHEN) "]", "");
	/* 2.x has neither slugs nor parameters */
	planned("[{" OTHER "}]",
		"[{\"id\":\"1\",\"active\":true,\"catchup\":false," WHEN "}]", false,
		"", "[{\"active\":true," OTHER "}]", "");
	planned("[{" OTHER "}]", "[]", true, "", "[{\"active\":true," OTHER "}]", "");
}

/* ---- triggers */

#define TRIGGER "\"trigger\":{\"type\":\"event\",\"expect\":[\"e.1\",\"e.2\"]"
#define STATED_AUTO                                                                    \
	"{\"name\":\"n\"," TRIGGER "},\"actions\":[{\"type\":\"run-deployment\","      \
	"\"parameters\":{\"a\":1}}]}"
#define SERVED_AUTO(id, name, threshold)                                               \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"description\":\"\","               \
	"\"enabled\":true,\"trigger\":{\"type\":\"event\",\"id\":\"t\",\"match\":{},"  \
	"\"after\":[],\"expect\":[\"e.2\",\"e.1\"],\"for_each\":[],"                   \
	"\"posture\":\"Reactive\",\"threshold\":" threshold ",\"within\":0.0},"        \
	"\"actions\":[{\"type\":\"run-deployment\",\"source\":\"selected\","           \
	"\"deployment_id\":\"d\",\"parameters\":{\"a\":1},\"job_variables\":null,"     \
	"\"schedule_after\":0.0}],\"actions_on_trigger\":[],\"tags\":[]}"

static bool
automations(const char *stated, const char *served, const char *known)
{
	json_t *a = J(stated), *b = J(served), *k = J(known);
	bool same = register_automations_same(a, b, k, "nightly");

	json_decref(a);
	json_decref(b);
	json_decref(k);
	return same;
}

static void
triggers(void **state)
{
	(void)state;
	assert_true(automations(
		"[" STATED_AUTO "]", "[" SERVED_AUTO("1", "n", "1") "]", "[]"));
	/* a default that is none any more, another name, one too few */
	assert_false(automations(
		"[" STATED_AUTO "]", "[" SERVED_AUTO("1", "n", "3") "]", "[]"));
	assert_false(automations(
		"[" STATED_AUTO "]", "[" SERVED_AUTO("1", "m", "1") "]", "[]"));
	assert_false(automations("[" STATED_AUTO "," STATED_AUTO "]",
		"[" SERVED_AUTO("1", "n", "1") "]", "[]"));
	assert_false(automations("[" STATED_AUTO "]", "[]", "[]"));
	/* what others made stays; what was made here, or is named so, does not */
	assert_true(automations("[]", "[" SERVED_AUTO("1", "mine", "1") "]", "[]"));
	assert_false(
		automations("[]", "[" SERVED_AUTO("1", "mine", "1") "]", "[\"1\"]"));
	assert_false(automations(
		"[]", "[" SERVED_AUTO("1", "nightly__automation_2", "1") "]", "[]"));
	assert_true(automations(
		"[]", "[" SERVED_AUTO("1", "nightly__automation_x", "1") "]", "[]"));
}

static void
trigger_bodies(void **state)
{
	json_t *stated = J(STATED_AUTO), *body = register_body_automation(stated, "D");

	(void)state;
	is_json(body, "{\"name\":\"n\"," TRIGGER
		      "},\"actions\":[{\"type\":\"run-deployment\","
		      "\"deployment_id\":\"D\",\"parameters\":{\"a\":1}}],"
		      "\"owner_resource\":\"prefect.deployment.D\"}");
	is_json(stated, STATED_AUTO);
	json_decref(body);
	json_decref(stated);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(schemas),
		cmocka_unit_test(old_names),
		cmocka_unit_test(a_new_one),
		cmocka_unit_test(schedules),
		cmocka_unit_test(patches),
		cmocka_unit_test(creation),
		cmocka_unit_test(whole),
		cmocka_unit_test(schedule_requests),
		cmocka_unit_test(triggers),
		cmocka_unit_test(trigger_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
