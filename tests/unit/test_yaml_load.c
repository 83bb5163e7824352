/* yaml_load.c, yaml_scalar.c: YAML 1.1 as PyYAML reads it, bounded, with places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "yaml_load.h"

static void
expect_json(const char *text, const char *want)
{
	struct weir_err err = { 0 };
	struct yaml y;
	json_t *tree;
	char *got;

	if (yaml_load(str_of(text), "f", &y, &err))
		fail_msg("%s: %s", text, err.text);
	tree = yaml_json(y.root);
	got = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(got, want);
	free(got);
	json_decref(tree);
	yaml_free(&y);
}

static void
expect_wrong(const char *text, const char *want)
{
	struct weir_err err = { 0 };
	struct yaml y;

	if (!yaml_load(str_of(text), "f", &y, &err)) {
		yaml_free(&y);
		fail_msg("read: %s", text);
	}
	if (!strstr(err.text, want))
		fail_msg("'%s' is not in: %s", want, err.text);
}

static void
test_scalars(void **state)
{
	(void)state;
	expect_json("", "null");
	expect_json("[~, null, NULL, '', \"\"]", "[null,null,null,\"\",\"\"]");
	expect_json("[yes, Off, TRUE, y, n, 'yes']",
		"[true,false,true,\"y\",\"n\",\"yes\"]");
	expect_json("[1_000, 0x1F, 017, 0b11, 0o17, 1:30, -12, +5, 08]",
		"[1000,31,15,3,\"0o17\",90,-12,5,\"08\"]");
	expect_json("[1.5, 1., .5, 1e5, 1.0e+5, 1:30.5, '1.0']",
		"[1.5,1.0,0.5,\"1e5\",100000.0,90.5,\"1.0\"]");
	expect_json("[.inf, -.INF, .nan]", "[null,null,null]");
	expect_json("[!!str 1, !!int \"7\", !!float 1, ! 3]", "[\"1\",7,1.0,3]");
}

/* As Prefect would send them: Python's dates in JSON. */
static void
test_times(void **state)
{
	(void)state;
	expect_json("- 2024-01-02\n- 2024-1-2\n- 2024-1-2 3:04:05",
		"[\"2024-01-02\",\"2024-1-2\",\"2024-01-02T03:04:05\"]");
	expect_json("- 2024-01-02T03:04:05Z\n- 2024-01-02 03:04:05.25 +02:30",
		"[\"2024-01-02T03:04:05Z\","
		"\"2024-01-02T03:04:05.250000+02:30\"]");
	expect_wrong("a: 2024-13-01", "f:1:4: 2024-13-01 is a date that does not");
}

static void
test_merge(void **state)
{
	(void)state;
	expect_json("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}",
		"{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1,\"y\":3}}");
	/* of a list the first says most, whatever stands before `<<` says more */
	expect_json("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {z: 9, <<: [*a, *b]}",
		"{\"a\":{\"x\":1},\"b\":{\"x\":2,\"z\":3},\"c\":{\"x\":1,\"z\":9}}");
	expect_json("{a: 1, b: 2, a: 3}", "{\"a\":3,\"b\":2}");
	expect_json("{\"<<\": 1}", "{\"<<\":1}");
	expect_wrong("a: {<<: 1}", "f:1:9: << wants a mapping");
}

static void
test_keys(void **state)
{
	(void)state;
	expect_json("{1: a, true: b, ~: c, 1.5: d}",
		"{\"1\":\"a\",\"true\":\"b\",\"None\":\"c\",\"1.5\":\"d\"}");
	expect_wrong("? [a]\n: b", "a list cannot be a key");
}

static void
test_places(void **state)
{
	struct weir_err err = { 0 };
	const struct ynode *b;
	struct yaml y;

	(void)state;
	assert_int_equal(yaml_load(STR("a: 1\nb:\n  - c: xyz\n"), "f", &y, &err), 0);
	b = yaml_get(yaml_get(y.root, "b")->v[0], "c");
	assert_int_equal(b->line, 3);
	assert_int_equal(b->column, 8);
	assert_string_equal(b->text, "xyz");
	assert_null(yaml_get(y.root, "c"));
	assert_null(yaml_get(b, "c"));
	yaml_free(&y);
}

static void
test_wrong(void **state)
{
	(void)state;
	expect_wrong("a: [1, 2", "f:");
	expect_wrong("a: *b", "f:1:4: no anchor &b before it");
	expect_wrong("a: &a [*a]", "f:1:8: *a is inside of what it stands for");
	expect_wrong("a: &a 1\nb: &a 2", "f:2:4: the anchor &a is also at 1:4");
	expect_wrong("a: 1\n---\nb: 2", "f:2:1: a second document");
	expect_wrong("a: !x 1", "f:1:4: the tag !x means nothing here");
	expect_wrong("a: !!binary aGk=", "f:1:4: the tag !!binary cannot be used");
	expect_wrong("a: !!int x", "f:1:4: x is not what its tag says");
	expect_wrong("a: \"\\0\"", "f:1:4: a NUL");
	expect_wrong("a: 99999999999999999999", "more than 64 bits");
	expect_wrong("\xff\xfe\xff", "f:");
}

static void
test_deep(void **state)
{
	struct buf b = BUF_INIT(1 << 16);

	(void)state;
	buf_addn(&b, '[', 199);
	buf_addn(&b, ']', 199);
	{
		struct weir_err err = { 0 };
		struct yaml y;

		assert_int_equal(yaml_load(buf_str(&b), "f", &y, &err), 0);
		yaml_free(&y);
	}
	buf_clear(&b);
	buf_addn(&b, '[', 300);
	buf_addn(&b, ']', 300);
	expect_wrong(buf_cstr(&b), "nested too deep");
	/* deep by aliases */
	buf_clear(&b);
	buf_adds(&b, "a0: &a0 x\n");
	for (int i = 1; i < 30; i++)
		buf_addf(&b, "a%d: &a%d [[[[[[[[*a%d]]]]]]]]\n", i, i, i - 1);
	expect_wrong(buf_cstr(&b), "f:27:18: nested too deep");
	buf_release(&b);
}

/* Ten aliases of ten aliases ...: refused at once, in little memory. */
static void
test_bomb(void **state)
{
	struct buf b = BUF_INIT(1 << 16);

	(void)state;
	buf_adds(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++) {
		buf_addf(&b, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_addf(&b, "%s*a%d", k ? ", " : "", i - 1);
		buf_adds(&b, "]\n");
	}
	expect_wrong(buf_cstr(&b), "aliases expand it to more than");
	/* the same with merge keys */
	buf_clear(&b);
	buf_adds(&b, "m: &m {");
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%sk%d: 1", i ? ", " : "", i);
	buf_adds(&b, "}\n");
	for (int i = 0; i < 50; i++) {
		buf_addf(&b, "b%d: {<<: [*m", i);
		for (int k = 0; k < 100; k++)
			buf_adds(&b, ", *m");
		buf_adds(&b, "]}\n");
	}
	expect_wrong(buf_cstr(&b), "more than");
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
