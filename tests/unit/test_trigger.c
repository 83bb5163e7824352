#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <weir/mem.h>
#include <weir/time.h>
#include <weir/trigger.h>

static char schema[] =
	"{\"type\":\"object\",\"properties\":{"
	"\"package\":{\"type\":\"string\"},\"jobs\":{\"type\":\"integer\"},"
	"\"any\":{}},\"required\":[\"package\"]}";

static struct weir_deployment
deployment(void)
{
	static char name[] = "nightly", flow[] = "build it", own[] = "{\"jobs\":2}";
	static char none[] = "", array[] = "[]";

	return (struct weir_deployment){
		.id = { { 1, 2, 3 } },
		.name = name,
		.flow_name = flow,
		.parameters = own,
		.schema = schema,
		.tags = array,
		.job_variables = none,
		.pool = none,
		.queue = none,
		.enforced = true,
	};
}

static void
command(const struct weir_trigger *t, const char *want)
{
	struct weir_deployment d = deployment();
	struct buf b = BUF_INIT(4096);

	weir_trigger_command(t, &d, &b);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void
test_command(void **state)
{
	struct weir_trigger t = WEIR_TRIGGER_INIT;

	(void)state;
	command(&t, "weir trigger 'build it/nightly'");
	t.parameters = "{\"package\":\"1.10\",\"jobs\":3,\"any\":\"5\"}";
	command(&t, "weir trigger 'build it/nightly' -p package=1.10 -p jobs=3 "
		    "-p 'any:=\"5\"'");
	t.parameters = "{\"package\":\"@x\",\"any\":{\"a\":[1]}}";
	command(&t, "weir trigger 'build it/nightly' -p 'package:=\"@x\"' "
		    "-p 'any={\"a\":[1]}'");
	t = (struct weir_trigger)WEIR_TRIGGER_INIT;
	t.tags = "[\"pr-1\",\"a b\"]";
	t.name = "by hand";
	t.queue = "fast";
	t.job_variables = "{\"cpu\":4,\"mem\":\"8\",\"arch\":\"x86\"}";
	t.key = "k";
	t.unchecked = true;
	assert_true(weir_time_parse(STR("2026-11-21T18:00:00Z"), &t.at_us));
	command(&t, "weir trigger 'build it/nightly' --tag pr-1 --tag 'a b' "
		    "--job-variable cpu=4 --job-variable 'mem:=\"8\"' "
		    "--job-variable arch=x86 --name 'by hand' --queue fast "
		    "--at 2026-11-21T18:00:00Z --idempotency-key k --unchecked");
}

/* What weir_trigger would do with parameters: the body, or why not. */
static void
plan(struct weir_deployment *d, const char *parameters, const char *want_body,
	const char *want_said, const char *want_hint)
{
	struct weir_trigger t = WEIR_TRIGGER_INIT;
	struct buf path = BUF_INIT(4096), body = BUF_INIT(4096);
	struct weir_act_result r;

	t.deployment = d->id;
	t.known = d;
	t.parameters = parameters;
	assert_int_equal(weir_trigger_plan(NULL, &t, &path, &body, &r, NULL), WEIR_OK);
	assert_string_equal(r.name, "build it/nightly");
	assert_string_equal(buf_cstr(&body), want_body);
	assert_int_equal(path.len == 0, *want_body == '\0');
	assert_int_equal(r.rc, *want_body ? WEIR_OK : WEIR_EREFUSED);
	assert_string_equal(r.said, want_said);
	assert_string_equal(r.hint, want_hint);
	buf_release(&path);
	buf_release(&body);
}

static void
test_plan(void **state)
{
	struct weir_deployment d = deployment();

	(void)state;
	plan(&d, "{\"package\":\"a\"}",
		"{\"parameters\":{\"package\":\"a\"},\"idempotency_key\":\"NEW\"}", "",
		"");
	plan(&d, NULL, "", "not sent: package: is missing: it wants a string",
		"weir trigger 'build it/nightly' -p package=...");
	plan(&d, "{\"job\":1}", "",
		"not sent: package: is missing: it wants a string; "
		"job is no parameter of it, did you mean jobs?",
		"weir trigger 'build it/nightly' -p package=...");
	plan(&d, "{\"package\":1,\"jobs\":\"2\"}", "",
		"not sent: package: 1 is not a string; jobs: \"2\" is not an integer "
		"or null",
		"weir show 'build it/nightly'");
	plan(&d, "{\"package\":\"a\",\"job\":1}",
		"{\"parameters\":{\"package\":\"a\",\"job\":1},\"idempotency_key\":"
		"\"NEW\"}",
		"", "job is no parameter of it, did you mean jobs?");
	d.enforced = false;
	plan(&d, "{\"package\":1}",
		"{\"parameters\":{\"package\":1},\"idempotency_key\":\"NEW\"}", "",
		"sent all the same (its deployment enforces no schema): package: 1 is "
		"not a string");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
