#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/params.h>

static const char build[] =
	"{\"title\":\"Parameters\",\"type\":\"object\",\"properties\":{"
	"\"platform\":{\"position\":1,\"enum\":[\"linux-64\",\"osx-arm64\"],"
	"\"type\":\"string\",\"title\":\"platform\"},"
	"\"package\":{\"position\":0,\"type\":\"string\",\"title\":\"package\"},"
	"\"jobs\":{\"position\":2,\"type\":\"integer\",\"minimum\":1,"
	"\"exclusiveMaximum\":65,\"default\":4},"
	"\"deep\":{\"position\":3,\"allOf\":[{\"$ref\":\"#/definitions/Deep\"}],"
	"\"default\":null,\"title\":\"deep\"},"
	"\"mode\":{\"position\":4,\"const\":\"fast\",\"default\":\"fast\"},"
	"\"secret\":{\"position\":5,\"anyOf\":[{\"type\":\"string\",\"format\":"
	"\"password\",\"writeOnly\":true},{\"type\":\"null\"}]},"
	"\"when\":{\"position\":6,\"type\":\"string\",\"format\":\"date-time\"},"
	"\"any\":{\"position\":7},"
	"\"dry\":{\"position\":8,\"type\":\"boolean\",\"default\":false},"
	"\"list\":{\"position\":9,\"type\":\"array\",\"items\":{\"type\":\"string\"},"
	"\"minItems\":1,\"uniqueItems\":true,\"default\":[\"x\"]},"
	"\"mixed\":{\"position\":10,\"type\":[\"integer\",\"string\"]}},"
	"\"required\":[\"package\",\"platform\"],"
	"\"definitions\":{\"Deep\":{\"type\":\"object\",\"title\":\"Deep\","
	"\"properties\":{\"tag\":{\"type\":\"string\",\"pattern\":\"^v[0-9]+\\\\Z\"},"
	"\"next\":{\"$ref\":\"#/definitions/Deep\"},"
	"\"rows\":{\"type\":\"array\",\"items\":[{\"type\":\"integer\"},"
	"{\"type\":\"boolean\"}]}},\"required\":[\"tag\"],"
	"\"additionalProperties\":false}}}";

static struct weir_schema *
schema(const char *text)
{
	struct weir_schema *s = NULL;
	struct weir_err err = { 0 };

	assert_int_equal(weir_schema_parse(str_of(text), &s, &err), WEIR_OK);
	return s;
}

static void
collect(void *arg, const char *path, const char *text)
{
	buf_addf(arg, "%s: %s\n", path, text);
}

/* The faults of parameters, one a line. */
static void
faults(const char *of, const char *parameters, const char *want)
{
	struct weir_schema *s = schema(of);
	struct buf got = BUF_INIT(65536);
	struct weir_json *j = NULL;
	size_t n;

	assert_int_equal(weir_json_parse(str_of(parameters), &j, NULL), WEIR_OK);
	n = weir_params_check(s, j, collect, &got);
	assert_string_equal(buf_cstr(&got), want);
	assert_int_equal(n != 0, *want != '\0');
	weir_json_free(j);
	weir_schema_free(s);
	buf_release(&got);
}

/* Of one parameter x with that schema. */
static void
fault(const char *of, const char *value, const char *want)
{
	char *s = xasprintf("{\"type\":\"object\",\"properties\":{\"x\":%s}}", of);
	char *p = xasprintf("{\"x\":%s}", value);
	char *w = *want ? xasprintf("x%s%s\n", *want == '.' || *want == '[' ? "" : ": ",
				  want)
			: xstrdup("");

	faults(s, p, w);
	free(s);
	free(p);
	free(w);
}

static void
test_params(void **state)
{
	struct weir_schema *s = schema(build);
	const struct weir_param *p;

	(void)state;
	assert_int_equal(weir_schema_size(s), 11);
	p = weir_schema_param(s, 0);
	assert_string_equal(p->name, "package");
	assert_true(p->required);
	assert_int_equal(p->type, WEIR_PARAM_TEXT);
	assert_false(p->nullable);
	assert_null(p->choices);
	assert_null(p->fallback);
	p = weir_schema_param(s, 1);
	assert_string_equal(p->name, "platform");
	assert_int_equal(weir_json_size(p->choices), 2);
	p = weir_schema_find(s, STR("jobs"));
	assert_false(p->required);
	assert_int_equal(p->type, WEIR_PARAM_INTEGER);
	assert_true(weir_json_number(p->fallback) == 4);
	p = weir_schema_find(s, STR("deep"));
	assert_int_equal(p->type, WEIR_PARAM_OBJECT);
	assert_string_equal(p->title, "deep");
	assert_int_equal(weir_json_type(p->fallback), WEIR_JSON_NULL);
	assert_non_null(p->fallback);
	assert_non_null(weir_json_get(p->schema, "required"));
	p = weir_schema_find(s, STR("mode"));
	assert_int_equal(weir_json_size(p->choices), 1);
	assert_int_equal(p->type, WEIR_PARAM_TEXT);
	p = weir_schema_find(s, STR("secret"));
	assert_true(p->secret && p->nullable);
	assert_int_equal(p->type, WEIR_PARAM_TEXT);
	assert_string_equal(weir_schema_find(s, STR("when"))->format, "date-time");
	assert_int_equal(weir_schema_find(s, STR("any"))->type, WEIR_PARAM_ANY);
	assert_int_equal(weir_schema_find(s, STR("mixed"))->type, WEIR_PARAM_ANY);
	assert_null(weir_schema_find(s, STR("none")));
	assert_null(weir_schema_param(s, 11));
	weir_schema_free(s);
}

static void
test_no_schema(void **state)
{
	static const char *const texts[] = { "", "null", "{}" };
	struct weir_schema *s = NULL;
	struct weir_err err;

	(void)state;
	for (size_t i = 0; i < N_ELEM(texts); i++) {
		s = schema(texts[i]);
		assert_int_equal(weir_schema_size(s), 0);
		weir_schema_free(s);
		faults(texts[i], "{\"a\":1}", "");
	}
	assert_int_equal(weir_schema_parse(STR("[1]"), &s, &err), WEIR_EBADDATA);
	assert_string_equal(err.text, "schema of the parameters: it is not an object");
	assert_int_equal(weir_schema_parse(STR("{"), &s, &err), WEIR_EBADDATA);
}

static void
value(const struct weir_schema *s, const char *name, const char *typed,
	const char *want)
{
	struct buf out = BUF_INIT(4096);

	weir_param_value(s, str_of(name), str_of(typed), &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static void
test_values(void **state)
{
	struct weir_schema *s = schema(build);

	(void)state;
	value(s, "package", "zlib", "\"zlib\"");
	value(s, "package", "1.10", "\"1.10\"");
	value(s, "package", "null", "\"null\"");
	value(s, "package", "", "\"\"");
	value(s, "package", "a\"b\n", "\"a\\\"b\\n\"");
	value(s, "jobs", "8", "8");
	value(s, "jobs", " 8 ", "8");
	value(s, "jobs", "many", "\"many\"");
	value(s, "jobs", "1.5", "1.5");
	value(s, "dry", "true", "true");
	value(s, "dry", "True", "\"True\"");
	value(s, "list", "[\"a\"]", "[\"a\"]");
	value(s, "list", "a,b", "\"a,b\"");
	value(s, "mixed", "3", "3");
	value(s, "mixed", "1.5", "\"1.5\"");
	value(s, "any", "1.10", "1.10");
	value(s, "any", "123456789012345678901234567890",
		"123456789012345678901234567890");
	value(s, "any", "{\"a\": 1}", "{\"a\": 1}");
	value(s, "deep", "{\"a\":1}", "{\"a\":1}");
	value(s, "secret", "5", "\"5\"");
	value(s, "unheard", "5", "5");
	value(s, "unheard", "five", "\"five\"");
	weir_schema_free(s);
}

static void
test_check(void **state)
{
	(void)state;
	faults(build, "{\"package\":\"zlib\",\"platform\":\"linux-64\"}", "");
	faults(build, "{}",
		"package: is missing: it wants a string\n"
		"platform: is missing: it wants one of linux-64, osx-arm64\n");
	faults(build, "{\"package\":5,\"platform\":\"linux-63\",\"jobs\":65}",
		"platform: \"linux-63\" is none of linux-64, osx-arm64; did you mean "
		"linux-64?\n"
		"package: 5 is not a string\n"
		"jobs: 65 is not under 65\n");
	faults(build,
		"{\"package\":\"\",\"platform\":\"linux-64\",\"deep\":{\"tag\":\"v1\","
		"\"next\":{\"tag\":\"v1\\n\",\"tga\":1,\"rows\":[1,2,3]}}}",
		"deep.next.tag: \"v1\\n\" does not match the pattern "
		"\"^v[0-9]+\\\\Z\"\n"
		"deep.next.rows[1]: 2 is not true or false\n"
		"deep.next.tga: is not known; did you mean tag?\n");
	/* what has a type, no default and is not required may be null */
	faults(build, "{\"package\":\"a\",\"platform\":\"linux-64\",\"when\":null}",
		"");
	faults(build, "{\"package\":\"a\",\"platform\":\"linux-64\",\"jobs\":null}",
		"jobs: null is not an integer\n");
	faults(build,
		"{\"package\":\"a\",\"platform\":\"linux-64\",\"list\":[\"a\",\"a\"]}",
		"list: has \"a\" twice\n");
	faults(build, "{\"package\":\"a\",\"platform\":\"linux-64\",\"list\":[1]}",
		"list[0]: 1 is not a string\n");
}

static void
test_keywords(void **state)
{
	(void)state;
	fault("{\"type\":\"integer\",\"default\":1}", "3.0", "");
	fault("{\"type\":\"integer\",\"default\":1}", "3.5", "3.5 is not an integer");
	fault("{\"type\":\"integer\",\"default\":1}", "true", "true is not an integer");
	fault("{\"type\":[\"integer\",\"null\"],\"default\":1}", "\"1\"",
		"\"1\" is not an integer or null");
	fault("{\"minimum\":9007199254740993}", "9007199254740992",
		"9007199254740992 is under the minimum of 9007199254740993");
	fault("{\"maximum\":1.5}", "1.5", "");
	fault("{\"exclusiveMinimum\":0}", "0", "0 is not over 0");
	fault("{\"multipleOf\":3}", "7", "7 is not a multiple of 3");
	fault("{\"multipleOf\":0.1}", "0.3", "0.3 is not a multiple of 0.1");
	fault("{\"multipleOf\":0.5}", "1e308", "");
	fault("{\"minLength\":2}", "\"\xc3\xa4\"",
		"\"\xc3\xa4\" is too short, the minimum of characters is 2");
	fault("{\"maxLength\":1}", "\"\xc3\xa4\"", "");
	fault("{\"pattern\":\"^\\\\d{,2}$\"}", "\"12\"", "");
	fault("{\"pattern\":\"^[[a]+\\\\u0041$\"}", "\"[aA\"", "");
	fault("{\"pattern\":\"(\"}", "\"x\"", "");
	fault("{\"const\":1}", "1.0", "");
	fault("{\"const\":1}", "true", "true is not 1");
	fault("{\"enum\":[null,{\"a\":[1]}]}", "{\"a\":[1.0]}", "");
	fault("{\"minItems\":2}", "[1]", "has 1 items, the minimum is 2");
	fault("{\"prefixItems\":[{},{}],\"items\":false}", "[1,2,3]",
		"has 3 items, at most 2 are expected");
	fault("{\"contains\":{\"type\":\"string\"},\"minContains\":2}", "[\"a\",1]",
		"has 1 items that fit, at least 2 are needed");
	fault("{\"uniqueItems\":true}", "[1,true]", "");
	fault("{\"uniqueItems\":true}", "[1,1.0]", "has 1.0 twice");
	fault("{\"minProperties\":1}", "{}", "has 0 members, the minimum is 1");
	fault("{\"patternProperties\":{\"^n\":{\"type\":\"number\"}},"
	      "\"additionalProperties\":{\"type\":\"string\"}}",
		"{\"n1\":1,\"s\":\"t\",\"u\":2}", ".u: 2 is not a string");
	fault("{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}",
		".ab: is not a name that fits");
	fault("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
		".b: is missing: a needs it");
	fault("{\"not\":{\"type\":\"null\"}}", "null", "null is what it may not be");
	fault("{\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":1},"
	      "\"else\":{\"type\":\"integer\"}}",
		"false", "false is not an integer");
	fault("false", "1", "may not be given");
	fault("{\"format\":\"date-time\"}", "\"tomorrow\"", "");
}

static void
test_branches(void **state)
{
	static const char *const either =
		"{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1},{\"type\":\"object\","
		"\"properties\":{\"a\":{\"type\":\"string\",\"default\":\"\"}}},"
		"{\"type\":\"null\"}]}";

	(void)state;
	fault(either, "null", "");
	fault(either, "0", "0 is under the minimum of 1");
	fault(either, "{\"a\":1}", ".a: 1 is not a string");
	fault(either, "\"x\"", "\"x\" is not an integer or an object or null");
	fault("{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "3",
		"3 fits more than one of what it may be");
	fault("{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "0", "");
	fault("{\"allOf\":[{\"minimum\":1},{\"maximum\":5}]}", "9",
		"9 is over the maximum of 5");
}

static void
test_references(void **state)
{
	static const char loop[] =
		"{\"properties\":{\"x\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{"
		"\"A\":{\"$ref\":\"#/$defs/B\"},\"B\":{\"$ref\":\"#/$defs/A\"}}}";
	static const char bush[] =
		"{\"properties\":{\"x\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{"
		"\"A\":{\"anyOf\":[{\"$ref\":\"#/$defs/A\"},{\"$ref\":\"#/$defs/"
		"A\"}]}}}";
	struct buf deep = BUF_INIT(65536);

	(void)state;
	faults(loop, "{\"x\":1}", "x: its schema #/$defs/B refers to itself\n");
	faults(bush, "{\"y\":1}", "");
	faults("{\"properties\":{\"x\":{\"$ref\":\"#/definitions/None\"}}}",
		"{\"x\":1}",
		"x: its schema refers to #/definitions/None, which is not there\n");
	faults("{\"properties\":{\"x\":{\"$ref\":\"#/$defs/a~1b%20c\"}},\"$defs\":{"
	       "\"a/b c\":{\"type\":\"string\"}}}",
		"{\"x\":1}", "x: 1 is not a string\n");
	faults("{\"properties\":{\"x\":{\"$ref\":\"#\"}},\"required\":[\"x\"]}",
		"{\"x\":{\"x\":{}}}", "x.x.x: is missing: it wants a value\n");
	/* a value deeper than anybody's is not followed to its end */
	for (int i = 0; i < 1500; i++)
		buf_adds(&deep, "{\"x\":");
	buf_adds(&deep, "1");
	buf_addn(&deep, '}', 1500);
	faults("{\"properties\":{\"x\":{\"$ref\":\"#\"}}}", buf_cstr(&deep), "");
	buf_release(&deep);
}

static void
test_bush_ends(void **state)
{
	static const char bush[] =
		"{\"properties\":{\"x\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{"
		"\"A\":{\"allOf\":[{\"$ref\":\"#/$defs/A\"},{\"$ref\":\"#/$defs/"
		"A\"}]}}}";
	struct weir_schema *s = schema(bush);
	struct weir_json *j = NULL;
	struct buf got = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(weir_json_parse(STR("{\"x\":1}"), &j, NULL), WEIR_OK);
	assert_true(weir_params_check(s, j, collect, &got) > 0);
	assert_false(got.truncated);
	weir_json_free(j);
	weir_schema_free(s);
	buf_release(&got);
}

static void
test_kinds(void **state)
{
	(void)state;
	fault("{\"type\":\"integer\"}",
		"{\"__prefect_kind\":\"jinja\",\"template\":\"{{ a }}\"}", "");
	fault("{\"type\":\"integer\"}",
		"{\"__prefect_kind\":\"workspace_variable\",\"variable_name\":\"a\"}",
		"");
	fault("{\"type\":\"integer\",\"default\":1}",
		"{\"__prefect_kind\":\"json\",\"value\":\"true\"}",
		"true is not an integer");
	fault("{\"type\":\"integer\",\"default\":1}",
		"{\"__prefect_kind\":\"none\",\"value\":\"1\"}",
		"\"1\" is not an integer");
	fault("{\"type\":\"integer\"}", "{\"__prefect_kind\":\"json\",\"value\":\"{\"}",
		"");
	faults("{\"required\":[\"x\"]}", "{\"x\":{\"__prefect_kind\":\"json\"}}",
		"x: is missing\n");
}

/* The members behind one with members are held against its required ones. */
static void
test_null_typing(void **state)
{
	static const char *const s =
		"{\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{},"
		"\"required\":[\"b\"]},\"b\":{\"type\":\"string\"},"
		"\"c\":{\"type\":\"string\"}},\"required\":[\"c\"]}";

	(void)state;
	faults(s, "{\"b\":null,\"c\":null}", "b: null is not a string\n");
}

static void
test_unknown(void **state)
{
	struct weir_schema *s = schema(build);
	struct buf got = BUF_INIT(4096);
	struct weir_json *j = NULL;

	(void)state;
	assert_int_equal(
		weir_json_parse(STR("{\"packge\":1,\"jobs\":1,\"zzz\":1}"), &j, NULL),
		WEIR_OK);
	assert_int_equal(weir_params_unknown(s, j, collect, &got), 2);
	assert_string_equal(buf_cstr(&got), "packge: package\nzzz: \n");
	weir_schema_free(s);
	buf_clear(&got);
	s = schema("{\"type\":\"object\"}");
	assert_int_equal(weir_params_unknown(s, j, collect, &got), 0);
	weir_schema_free(s);
	s = schema("{\"properties\":{},\"additionalProperties\":true}");
	assert_int_equal(weir_params_unknown(s, j, collect, &got), 0);
	weir_schema_free(s);
	weir_json_free(j);
	buf_release(&got);
}

/* Short names are near too; what begins two of them is near to none. */
static void
test_unknown_short(void **state)
{
	struct weir_schema *s = schema("{\"properties\":{\"n\":{},\"retries\":{},"
				       "\"package\":{},\"packager\":{}}}");
	struct buf got = BUF_INIT(4096);
	struct weir_json *j = NULL;

	(void)state;
	assert_int_equal(weir_json_parse(STR("{\"nn\":1,\"ret\":1,\"pac\":1,"
					     "\"nnnnnn\":1,\"\":1}"),
				 &j, NULL),
		WEIR_OK);
	assert_int_equal(weir_params_unknown(s, j, collect, &got), 5);
	assert_string_equal(
		buf_cstr(&got), "nn: n\nret: retries\npac: \nnnnnnn: \n: \n");
	weir_schema_free(s);
	weir_json_free(j);
	buf_release(&got);
}

static void
overlay(const char *under, const char *over, const char *want)
{
	struct buf out = BUF_INIT(4096);

	assert_int_equal(
		weir_params_overlay(str_of(under), str_of(over), &out, NULL), WEIR_OK);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static void
test_overlay(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct weir_err err;
	char *big = xmalloc(WEIR_PARAMS_MAX + 16);

	(void)state;
	overlay("", "", "{}");
	overlay("{\"a\": 1, \"b\":{\"c\":2}}", " {\"b\":3} ", "{\"a\":1,\"b\":3}");
	overlay("{\"n\":0.10000000000000000001}", "{}",
		"{\"n\":0.10000000000000000001}");
	overlay("{\"\\u0061\":1,\"\\u00e9\":2}", "{\"a\":2}",
		"{\"\\u00e9\":2,\"a\":2}");
	assert_int_equal(
		weir_params_overlay(STR("[]"), STR(""), &out, &err), WEIR_EBADDATA);
	assert_string_equal(err.text, "parameters: not a JSON object");
	assert_int_equal(weir_params_overlay(STR("{}"), STR("{\"a\":}"), &out, &err),
		WEIR_EBADDATA);
	memset(big, 'x', WEIR_PARAMS_MAX);
	memcpy(big, "{\"a\":\"", 6);
	memcpy(big + WEIR_PARAMS_MAX, "\"}", 3);
	assert_int_equal(
		weir_params_overlay(STR("{}"), str_of(big), &out, &err), WEIR_ETOOBIG);
	assert_int_equal(out.len, 0);
	free(big);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_no_schema),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_bush_ends),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_null_typing),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_unknown_short),
		cmocka_unit_test(test_overlay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
