#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "template.h"
#include "worker_job.h"

static json_t *
parse(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!j)
		fail_msg("not JSON: %s", text);
	return j;
}

static enum template_found
look(void *arg, struct str name, json_t **ret_value)
{
	const json_t *value = template_member(arg, name);

	if (template_is_reference(name))
		return TEMPLATE_KEEP;
	if (!value)
		return TEMPLATE_NONE;
	*ret_value = json_incref((json_t *)(uintptr_t)value);
	return TEMPLATE_VALUE;
}

static void
check(const char *tree, const char *values, const char *expected)
{
	json_t *t = parse(tree), *v = parse(values);
	json_t *out = template_walk(t, look, v);
	char *text = json_dumps(out, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(text, expected);
	free(text);
	json_decref(out);
	json_decref(t);
	json_decref(v);
}

static void
placeholders(void **state)
{
	static const char values[] =
		"{\"a\":\"x\",\"n\":3,\"l\":[1,\"two\"],\"o\":{\"k\":{\"z\":true}},"
		"\"nothing\":null,\"f\":1.5}";
	static const char *const cases[][2] = {
		{ "[\"{{ a }}\"]", "[\"x\"]" },
		{ "[\"{{a}}-{{  n }}\"]", "[\"x-3\"]" },
		{ "[\"{{ n }}\"]", "[3]" },
		{ "[\"{{ l }}\"]", "[[1,\"two\"]]" },
		{ "[\"is {{ l }}\"]", "[\"is [1,\\\"two\\\"]\"]" },
		{ "[\"{{ l[1] }}\",\"{{ o.k.z }}\"]", "[\"two\",true]" },
		{ "[\"{{ nothing }}\",\"{{ f }}\"]", "[null,1.5]" },
		{ "{\"k\":\"{{ missing }}\",\"l\":1}", "{\"l\":1}" },
		{ "[\"{{ missing }}\",\"a{{ missing }}b\"]", "[\"ab\"]" },
		{ "[\"{{ prefect.variables.v }}\"]",
			"[\"{{ prefect.variables.v }}\"]" },
		{ "[\"{{ a\",\"{{}}\",\"{{ a b }}\",\"{ a }\"]",
			"[\"{{ a\",\"{{}}\",\"{{ a b }}\",\"{ a }\"]" },
		{ "[\"{{{ a }}}\"]", "[\"{x}\"]" },
		{ "[true,null,1,{\"{{ a }}\":\"{{ a }}\"}]",
			"[true,null,1,{\"{{ a }}\":\"x\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i][0], values, cases[i][1]);
}

static void
members(void **state)
{
	json_t *v = parse("{\"a\":{\"b\":[{\"c\":7}]},\"x.y\":1}");

	(void)state;
	assert_int_equal(json_integer_value(template_member(v, STR("a.b[0].c"))), 7);
	assert_null(template_member(v, STR("a.b[1].c")));
	assert_null(template_member(v, STR("a.b[99999999999999999999999].c")));
	assert_null(template_member(v, STR("a.b[x]")));
	assert_null(template_member(v, STR("a.b[0")));
	assert_null(template_member(v, STR("a.none.c")));
	assert_ptr_equal(template_member(v, STR("")), v);
	json_decref(v);
}

/* Text that doubles with each level ends, as does depth. */
static void
bounds(void **state)
{
	json_t *tree = json_array(), *at = tree, *values, *big;
	char *text = malloc(3 << 20);

	(void)state;
	memset(text, 'x', (3 << 20) - 1);
	text[(3 << 20) - 1] = '\0';
	values = json_pack("{s:s}", "a", text);
	big = parse("[\"{{ a }}{{ a }}\"]");
	assert_null(template_walk(big, look, values));
	json_decref(big);
	for (int i = 0; i < 100; i++) {
		json_t *below = json_array();

		json_array_append_new(at, below);
		at = below;
	}
	assert_null(template_walk(tree, look, values));
	json_decref(tree);
	json_decref(values);
	free(text);
}

/* ---- jobs */

static void
fill(const char *deployment, const char *run, const char *member, const char *expected)
{
	json_t *base = parse(worker_job_base()), *d = parse(deployment);
	json_t *r = parse(run), *config = NULL;
	struct weir_err err = { 0 };
	char *text;

	assert_int_equal(worker_job_fill(base, d, r, &config, &err), WEIR_OK);
	text = json_dumps(json_object_get(config, member),
		JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
	free(text);
	json_decref(config);
	json_decref(base);
	json_decref(d);
	json_decref(r);
}

static void
variables_overlay(void **state)
{
	(void)state;
	fill("{\"command\":\"make\"}", "{}", "command", "\"make\"");
	fill("{\"command\":\"make\"}", "{\"command\":[\"ls\",\"-l\"]}", "command",
		"[\"ls\",\"-l\"]");
	fill("{}", "{}", "command", NULL);
	fill("{}", "{}", "grace_seconds", "30");
	fill("{\"grace_seconds\":1}", "{\"grace_seconds\":0}", "grace_seconds", "0");
	fill("{\"env\":{\"A\":\"1\",\"B\":\"2\"}}",
		"{\"env\":{\"B\":\"3\",\"C\":null}}", "env",
		"{\"A\":\"1\",\"B\":\"3\",\"C\":null}");
	fill("{\"env.A\":\"1\"}", "{\"env.B\":\"2\"}", "env",
		"{\"A\":\"1\",\"B\":\"2\"}");
}

static void
base_with_env(void **state)
{
	json_t *base = parse("{\"job_configuration\":{\"env\":{\"X\":\"{{ v }}\"},"
			     "\"command\":\"{{ c }} {{ prefect.blocks.secret.s }}\"},"
			     "\"variables\":{\"properties\":{\"v\":{\"default\":\"d\"},"
			     "\"c\":{}}}}");
	json_t *over = parse("{\"env\":{\"Y\":\"y\"},\"c\":\"run\"}"), *config = NULL;
	json_t *names;
	struct weir_err err = { 0 };
	char *text;

	(void)state;
	assert_int_equal(worker_job_fill(base, over, NULL, &config, &err), WEIR_OK);
	text = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"command\":\"run {{ prefect.blocks.secret.s }}\","
				  "\"env\":{\"X\":\"d\",\"Y\":\"y\"}}");
	free(text);
	names = worker_job_references(config);
	assert_int_equal(json_object_size(names), 1);
	json_object_set_new(names, "prefect.blocks.secret.s", json_string("hush"));
	json_decref(base);
	base = config;
	assert_int_equal(worker_job_resolve(base, names, &config, &err), WEIR_OK);
	assert_string_equal(
		json_string_value(json_object_get(config, "command")), "run hush");
	json_decref(config);
	json_decref(base);
	json_decref(over);
	json_decref(names);
}

static void
unknown_variable(void **state)
{
	json_t *base = parse("{\"job_configuration\":{\"command\":\"{{ nope }}\"},"
			     "\"variables\":{\"properties\":{}}}");
	json_t *none = parse("{}"), *config = NULL;
	struct weir_err err = { 0 };

	(void)state;
	assert_int_equal(worker_job_fill(base, NULL, NULL, &config, &err), WEIR_EUSAGE);
	assert_non_null(strstr(err.text, "{{ nope }}"));
	assert_int_equal(
		worker_job_fill(none, NULL, NULL, &config, &err), WEIR_EBADDATA);
	json_decref(base);
	json_decref(none);
}

static void
read_job(const char *config, bool engine, enum weir_rc rc, const char *says)
{
	json_t *j = parse(config);
	struct worker_job job;
	struct weir_err err = { 0 };

	assert_int_equal(worker_job_read(j, engine, &job, &err), rc);
	if (rc) {
		assert_non_null(strstr(err.text, says));
	} else {
		struct buf b = BUF_INIT(4096);

		for (char **w = job.words; *w; w++)
			buf_addf(&b, "%s|", *w);
		assert_string_equal(buf_cstr(&b), says);
		buf_release(&b);
		worker_job_release(&job);
	}
	json_decref(j);
}

static void
jobs(void **state)
{
	(void)state;
	read_job("{\"command\":\"make -j\"}", false, WEIR_OK, "/bin/sh|-c|make -j|");
	read_job("{\"command\":\"x\",\"shell\":\"/bin/bash\"}", false, WEIR_OK,
		"/bin/bash|-c|x|");
	read_job("{\"command\":[\"ls\",\"a b\"]}", false, WEIR_OK, "ls|a b|");
	read_job("{}", true, WEIR_OK, "python|-m|prefect.engine|");
	read_job("{}", false, WEIR_EUSAGE, "command");
	read_job("{\"command\":[]}", false, WEIR_EUSAGE, "command");
	read_job("{\"command\":[\"\"]}", false, WEIR_EUSAGE, "first word");
	read_job("{\"command\":[1]}", false, WEIR_EUSAGE, "texts only");
	read_job("{\"command\":\"x\",\"timeout\":\"soon\"}", false, WEIR_EUSAGE,
		"timeout");
	read_job("{\"command\":\"x\",\"retries\":-1}", false, WEIR_EUSAGE, "retries");
	read_job("{\"command\":\"x\",\"env\":[]}", false, WEIR_EUSAGE, "env");
	read_job("{\"command\":\"x\",\"working_dir\":5}", false, WEIR_EUSAGE,
		"working_dir");
}

static void
job_numbers(void **state)
{
	json_t *j = parse("{\"command\":\"x\",\"timeout\":1.5,\"grace_seconds\":\"2\","
			  "\"retries\":3,\"retry_delay\":null}");
	struct worker_job job;
	struct weir_err err;

	(void)state;
	assert_int_equal(worker_job_read(j, false, &job, &err), WEIR_OK);
	assert_int_equal(job.timeout_us, 1500000);
	assert_int_equal(job.grace_us, 2000000);
	assert_int_equal(job.retries, 3);
	assert_int_equal(job.retry_delay, -1);
	worker_job_release(&job);
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placeholders),
		cmocka_unit_test(members),
		cmocka_unit_test(bounds),
		cmocka_unit_test(variables_overlay),
		cmocka_unit_test(base_with_env),
		cmocka_unit_test(unknown_variable),
		cmocka_unit_test(jobs),
		cmocka_unit_test(job_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
