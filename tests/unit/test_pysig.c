/* pysig*.c: signatures read from source; what is not certain is not claimed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pysig.h"

#define HEAD                                                                           \
	"from typing import Any, Dict, List, Literal, Optional, Union\n"               \
	"import typing as t\n"                                                         \
	"import datetime\n"                                                            \
	"from prefect import flow\n"

struct result {
	struct arena arena;
	struct pysig sig;
};

static void
read_source(struct result *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	assert_true(pysig_read(str_of(text), "f", &r->arena, &r->sig));
}

static void
drop(struct result *r)
{
	json_decref(r->sig.schema);
	arena_free(&r->arena);
}

/* The properties of `def f(parameters)`; certain, unless want is NULL. */
static void
expect(const char *parameters, const char *want)
{
	char *text = xasprintf(HEAD "@flow\ndef f(%s):\n    pass\n", parameters);
	struct result r;
	char *got;

	read_source(&r, text);
	assert_true(r.sig.found);
	if (r.sig.certain != (want != NULL))
		fail_msg("%s: certain %d", parameters, r.sig.certain);
	got = json_dumps(json_object_get(r.sig.schema, "properties"),
		JSON_COMPACT | JSON_SORT_KEYS);
	if (want && strcmp(got, want) != 0)
		fail_msg("%s\ngot  %s\nwant %s", parameters, got, want);
	free(got);
	free(text);
	drop(&r);
}

/* One parameter a, without position and title. */
static void
expect_type(const char *annotation, const char *want)
{
	char *text = xasprintf(HEAD "@flow\ndef f(a: %s):\n    pass\n", annotation);
	struct result r;
	json_t *a;
	char *got;

	read_source(&r, text);
	if (r.sig.certain != (want != NULL))
		fail_msg("%s: certain %d", annotation, r.sig.certain);
	a = json_object_get(json_object_get(r.sig.schema, "properties"), "a");
	json_object_del(a, "position");
	json_object_del(a, "title");
	got = json_dumps(a, JSON_COMPACT | JSON_SORT_KEYS);
	if (strcmp(got, want ? want : "{}") != 0)
		fail_msg("%s\ngot  %s\nwant %s", annotation, got, want);
	free(got);
	free(text);
	drop(&r);
}

static void
test_types(void **state)
{
	(void)state;
	expect_type("int", "{\"type\":\"integer\"}");
	expect_type(
		"list[str]", "{\"items\":{\"type\":\"string\"},\"type\":\"array\"}");
	expect_type("t.Dict[str, int]", "{\"additionalProperties\":{\"type\":"
					"\"integer\"},\"type\":\"object\"}");
	expect_type("dict", "{\"additionalProperties\":true,\"type\":\"object\"}");
	expect_type("Optional[int]",
		"{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]}");
	expect_type("None | str | int",
		"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"},"
		"{\"type\":\"null\"}]}");
	expect_type("Union[int, int]", "{\"type\":\"integer\"}");
	expect_type(
		"Literal['a', 'b']", "{\"enum\":[\"a\",\"b\"],\"type\":\"string\"}");
	expect_type("Literal['a']", "{\"const\":\"a\",\"type\":\"string\"}");
	expect_type("Literal[1, 'a']", "{\"enum\":[1,\"a\"]}");
	expect_type("datetime.date", "{\"format\":\"date\",\"type\":\"string\"}");
	expect_type("Any", "{}");
	expect_type("Mine", NULL);
	expect_type("'int'", NULL);
	expect_type("dict[int, str]", NULL);
	expect_type("list[Mine]", NULL);
	expect_type("None | None", NULL);
	expect_type("int[str]", NULL);
}

static void
test_parameters(void **state)
{
	(void)state;
	expect("", "{}");
	expect("a, b=1, *, c: bool = True, **kw",
		"{\"a\":{\"position\":0,\"title\":\"a\"},"
		"\"b\":{\"default\":1,\"position\":1,\"title\":\"b\"},"
		"\"c\":{\"default\":true,\"position\":2,\"title\":\"c\","
		"\"type\":\"boolean\"},\"kw\":{\"position\":3,\"title\":\"kw\"}}");
	expect("a=[1, -2.5, 'x' 'y', None], # why\n  b={'k': (1,)}",
		"{\"a\":{\"default\":[1,-2.5,\"xy\",null],\"position\":0,"
		"\"title\":\"a\"},\"b\":{\"default\":{\"k\":[1]},\"position\":1,"
		"\"title\":\"b\"}}");
	expect("a='\\u00e9\\n', b=r'\\d', c=0x1F, d=1_000",
		"{\"a\":{\"default\":\"\xc3\xa9\\n\",\"position\":0,\"title\":\"a\"},"
		"\"b\":{\"default\":\"\\\\d\",\"position\":1,\"title\":\"b\"},"
		"\"c\":{\"default\":31,\"position\":2,\"title\":\"c\"},"
		"\"d\":{\"default\":1000,\"position\":3,\"title\":\"d\"}}");
	expect("a=LIMIT", NULL);
	expect("a=1 + 2", NULL);
	expect("a=f'x'", NULL);
	expect("a=b'x'", NULL);
	expect("a=lambda x, y: 1", NULL);
	expect("self", NULL);
	expect("_a", NULL);
}

static void
expect_flow(const char *text, bool found, const char *name, bool complete)
{
	struct result r;

	read_source(&r, text);
	if (r.sig.found != found)
		fail_msg("found %d: %s", r.sig.found, text);
	if (name)
		assert_string_equal(r.sig.name, name);
	else
		assert_null(r.sig.name);
	if (r.sig.complete != complete)
		fail_msg("complete %d: %s", r.sig.complete, text);
	drop(&r);
}

static void
test_names(void **state)
{
	(void)state;
	expect_flow("import prefect\n@prefect.flow\nasync def f(): pass\n", true, "f",
		true);
	expect_flow(HEAD "@flow(name='My ' \"flow\", retries=N)\ndef f(): pass", true,
		"My flow", true);
	expect_flow(HEAD "@flow(name=N)\ndef f(): pass", true, NULL, false);
	expect_flow(HEAD "@flow(**o)\ndef f(): pass", true, NULL, false);
	expect_flow(HEAD "@flow\n@wrap\ndef f(): pass", true, NULL, false);
	expect_flow(HEAD "@wrap\n@flow\ndef f(): pass", false, NULL, false);
	expect_flow(HEAD "def f(): pass", false, NULL, false);
	expect_flow(HEAD "class A:\n  @flow\n  def f(self): pass", false, NULL, false);
	expect_flow("from x import flow\n@flow\ndef f(): pass", false, NULL, false);
	expect_flow("from prefect import *\n@flow\ndef f(): pass", false, NULL, false);
	expect_flow(HEAD "flow = 1\n@flow\ndef f(): pass", false, NULL, false);
	expect_flow(HEAD "@flow\ndef f(): pass\nf = f.with_options(name='x')", false,
		NULL, false);
	expect_flow(HEAD "@flow\ndef f(): pass\nf.serve(name='x')\n", true, "f", true);
	expect_flow(HEAD "@flow\ndef f(): pass\nif __name__ == '__main__':\n"
			 "    f(str(1), int=2)\n",
		true, "f", true);
	/* a name that is bound twice is nobody's */
	expect_flow(HEAD "try:\n    from x import int\nexcept E as e:\n    pass\n"
			 "@flow\ndef f(a: int): pass",
		true, "f", false);
	expect_flow(
		HEAD "str: type = bytes\n@flow\ndef f(a: str): pass", true, "f", false);
	expect_flow(HEAD "def g():\n    int = 1\n@flow\ndef f(a: int): pass", true, "f",
		true);
}

static void
test_docs(void **state)
{
	struct result r;
	const json_t *a;

	(void)state;
	read_source(&r, HEAD "@flow(version='3')\ndef f(a: int):\n"
			     "    '''Builds.\n\n    Args:\n        a (int): what\n"
			     "            it is\n        b: other\n    '''\n");
	assert_string_equal(r.sig.version, "3");
	assert_string_equal(r.sig.about,
		"Builds.\n\nArgs:\n    a (int): what\n        it is\n    b: other");
	a = json_object_get(json_object_get(r.sig.schema, "properties"), "a");
	assert_string_equal(
		json_string_value(json_object_get(a, "description")), "what\nit is");
	assert_int_equal(r.sig.line, 6);
	assert_true(r.sig.complete);
	drop(&r);
	read_source(&r, HEAD "@flow(description='d')\ndef f(): \"\"\"x\"\"\"\n");
	assert_string_equal(r.sig.about, "d");
	drop(&r);
}

static void
test_wrong(void **state)
{
	static const char *const texts[] = { "def f(", "x = 'abc\n", "def f())",
		"'''abc", "a \x01 b" };
	struct arena arena = { 0 };
	struct pysig sig;

	(void)state;
	for (size_t i = 0; i < N_ELEM(texts); i++)
		if (pysig_read(str_of(texts[i]), "f", &arena, &sig))
			fail_msg("read: %s", texts[i]);
	assert_true(pysig_read(str_of(NULL), "f", &arena, &sig));
	assert_false(sig.found);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
