#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form.h"
#include "store_help.h"

#define NOW (INT64_C(1795255200) * WEIR_SECOND_US) /* 2026-11-21T10:00:00Z */

#define SCHEMA                                                                         \
	"{\"type\":\"object\",\"required\":[\"package\"],\"properties\":{"             \
	"\"package\":{\"type\":\"string\"},\"package.v\":{\"type\":\"string\"},"       \
	"\"jobs\":{\"type\":\"integer\",\"minimum\":1,\"default\":1},"                 \
	"\"on\":{\"enum\":[\"linux-64\",\"win-64\"],\"default\":\"linux-64\"},"        \
	"\"dry\":{\"type\":\"boolean\",\"default\":false},"                            \
	"\"note\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],"             \
	"\"default\":null},"                                                           \
	"\"list\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},"               \
	"\"default\":[]},"                                                             \
	"\"token\":{\"type\":\"string\",\"writeOnly\":true,\"default\":\"x\","         \
	"\"minLength\":3}}}"

static const char doc[] =
	"{\"name\":\"nightly\",\"parameters\":{\"jobs\":2},\"tags\":[],"
	"\"enforce_parameter_schema\":true,\"work_pool_name\":\"farm\","
	"\"parameter_openapi_schema\":" SCHEMA "}";
#define PARAMETERS "{\"package\":\"zlib\",\"jobs\":8,\"old\":true,\"token\":\"hidden\"}"

struct fixture {
	struct help h;
	struct weir_id deployment, run;
	struct form f;
};

static int
set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));
	struct weir_doc flow = { .id = help_id(2, 0),
		.name = STR("build"),
		.created_us = 1,
		.updated_us = 1,
		.doc = STR("{\"name\":\"build\"}") };
	struct weir_doc d = { .name = STR("nightly"),
		.created_us = 1,
		.updated_us = 1,
		.doc = { doc, sizeof(doc) - 1 } };
	struct weir_run run = help_run(0);
	struct weir_err *err = &x->h.err;

	help_new(&x->h);
	x->deployment = d.id = help_id(4, 0);
	d.owner_id = flow.id;
	x->run = run.id;
	run.deployment_id = d.id;
	run.parameters = STR(PARAMETERS);
	run.rest = STR("\"parameters\":" PARAMETERS);
	OK(store_put_docs(x->h.s, WEIR_FLOW, &flow, 1, NULL, err));
	OK(store_put_docs(x->h.s, WEIR_DEPLOYMENT, &d, 1, NULL, err));
	OK(store_put_runs(x->h.s, &run, 1, NULL, err));
	*state = x;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *x = *state;

	form_close(&x->f);
	help_end(&x->h);
	free(x);
	return 0;
}

static void
open_deployment(struct fixture *x)
{
	struct weir_err *err = &x->h.err;

	OK(form_open(&x->f, x->h.s, WEIR_DEPLOYMENT, &x->deployment, err));
	form_check(&x->f, NOW);
}

static void
open_run(struct fixture *x)
{
	struct weir_err *err = &x->h.err;

	OK(form_open(&x->f, x->h.s, WEIR_RUN, &x->run, err));
	form_check(&x->f, NOW);
}

static size_t
at(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->fields.n; i++) {
		if (strcmp(f->fields.v[i].name, name) == 0)
			return i;
	}
	fail_msg("no field %s", name);
	return 0;
}

static void
type(struct fixture *x, const char *name, const char *text)
{
	form_type(&x->f, at(&x->f, name), str_of(text));
	form_check(&x->f, NOW);
}

static void
sends(struct fixture *x, const char *want)
{
	struct form_wish w;

	form_wish(&x->f, NOW, &w);
	assert_string_equal(w.parameters ? w.parameters : "", want);
	assert_true(w.trigger.parameters == w.parameters);
	assert_true(w.act.parameters == w.parameters);
	form_wish_release(&w);
}

static void
commands(struct fixture *x, const char *want)
{
	struct buf b = BUF_INIT(4096);

	form_command(&x->f, &b);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void
shows(struct fixture *x, const char *name, const char *want)
{
	struct buf b = BUF_INIT(4096);

	form_text(&x->f, at(&x->f, name), &b);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

/* Defaults are shown, and only what differs from them is sent. */
static void
test_defaults(void **state)
{
	struct fixture *x = *state;

	open_deployment(x);
	assert_int_equal(x->f.fields.n, 8 + 4);
	shows(x, "jobs", "2"); /* the deployment's, before the schema's */
	shows(x, "on", "linux-64");
	shows(x, "package", "");
	assert_false(form_is_dirty(&x->f));
	sends(x, "");
	type(x, "package", "zlib");
	type(x, "jobs", "2");
	sends(x, "{\"package\":\"zlib\"}");
	type(x, "jobs", "3");
	sends(x, "{\"package\":\"zlib\",\"jobs\":3}");
	commands(x, "weir trigger build/nightly -p package=zlib -p jobs=3");
	assert_true(form_is_dirty(&x->f));
	form_default(&x->f, at(&x->f, "jobs"));
	form_undo(&x->f, at(&x->f, "package"));
	assert_false(form_is_dirty(&x->f));
	sends(x, "");
}

/* What is typed means what the schema says. */
static void
test_typed(void **state)
{
	struct fixture *x = *state;

	open_deployment(x);
	type(x, "package", "17");
	type(x, "package.v", "\"17\"");
	type(x, "list", "[1, 2]");
	type(x, "note", "true");
	sends(x, "{\"package\":\"17\",\"package.v\":\"\\\"17\\\"\",\"note\":\"true\","
		 "\"list\":[1,2]}");
	shows(x, "package", "17");
	shows(x, "list", "[1,2]");
	/* An empty text is one; an empty list is none. */
	type(x, "package", "");
	type(x, "list", "");
	sends(x, "{\"package\":\"\",\"package.v\":\"\\\"17\\\"\",\"note\":"
		 "\"true\"}");
}

static void
test_steps(void **state)
{
	struct fixture *x = *state;

	open_deployment(x);
	assert_true(form_step(&x->f, at(&x->f, "on"), 1));
	assert_true(form_step(&x->f, at(&x->f, "dry"), 1));
	sends(x, "{\"on\":\"win-64\",\"dry\":true}");
	assert_true(form_step(&x->f, at(&x->f, "on"), 1));
	assert_true(form_step(&x->f, at(&x->f, "dry"), -1));
	sends(x, "");
	type(x, "on", "beos");
	assert_true(form_step(&x->f, at(&x->f, "on"), -1));
	sends(x, "{\"on\":\"win-64\"}");
	assert_false(form_step(&x->f, at(&x->f, "jobs"), 1));
	assert_false(form_null(&x->f, at(&x->f, "jobs")));
	type(x, "note", "hm");
	assert_true(form_null(&x->f, at(&x->f, "note")));
	sends(x, "{\"on\":\"win-64\"}"); /* null is the default */
}

/* Each fault is at its field, the first one first; the longest name has it. */
static void
test_faults(void **state)
{
	struct fixture *x = *state;
	const struct form *f = &x->f;

	open_deployment(x);
	assert_int_equal(f->n_stop, 1);
	assert_int_equal(f->faults.v[0].field, at(f, "package"));
	type(x, "package.v", "v");
	type(x, "list", "[1,\"a\"]");
	type(x, "jobs", "0");
	type(x, "package", "zlib");
	assert_int_equal(f->n_stop, 2);
	assert_int_equal(f->faults.v[0].field, at(f, "jobs"));
	assert_int_equal(f->faults.v[1].field, at(f, "list"));
	assert_string_equal(f->faults.v[1].path, "list[1]");
	assert_true(f->fields.v[at(f, "list")].fault);
	assert_false(f->fields.v[at(f, "package")].fault);
	type(x, "jobs", "1");
	type(x, "list", "[]");
	assert_int_equal(f->faults.n, 0);
	/* With none enforced they warn. */
	x->f.d.enforced = false;
	type(x, "jobs", "0");
	assert_int_equal(f->n_stop, 0);
	assert_true(f->faults.v[0].warns);
}

static void
test_secrets(void **state)
{
	struct fixture *x = *state;
	struct buf b = BUF_INIT(4096);

	open_deployment(x);
	type(x, "package", "zlib");
	type(x, "token", "ab");
	assert_int_equal(x->f.n_stop, 1);
	assert_null(strstr(x->f.faults.v[0].text, "ab"));
	type(x, "token", "abcd");
	commands(x, "weir trigger build/nightly -p package=zlib -p 'token=****'");
	sends(x, "{\"package\":\"zlib\",\"token\":\"abcd\"}");
	form_mask(&x->f, STR("{\"token\":\"abcd\",\"x\":\"abcd\"}"), &b);
	assert_string_equal(buf_cstr(&b), "{\"token\":\"****\",\"x\":\"****\"}");
	buf_release(&b);
}

static void
test_own_fields(void **state)
{
	static const struct {
		const char *text;
		int64_t at_us; /* 0: a fault */
	} starts[] = {
		{ "", WEIR_NO_TIME },
		{ "now", WEIR_NO_TIME },
		{ "in 20m", NOW + INT64_C(1200) * WEIR_SECOND_US },
		{ "at 2026-11-21T12:00:00Z", NOW + INT64_C(7200) * WEIR_SECOND_US },
		{ "2026-11-21T12:00:00Z", NOW + INT64_C(7200) * WEIR_SECOND_US },
		{ "2026-11-20", 0 },
		{ "20m", 0 },
		{ "in", 0 },
		{ "in 99999999999999w", 0 },
		{ "soon", 0 },
	};
	struct fixture *x = *state;
	struct form_wish w;

	open_deployment(x);
	type(x, "package", "zlib");
	for (size_t i = 0; i < N_ELEM(starts); i++) {
		type(x, "start", starts[i].text);
		assert_int_equal(x->f.n_stop, starts[i].at_us == 0);
		form_wish(&x->f, NOW, &w);
		if (starts[i].at_us)
			assert_true(w.trigger.at_us == starts[i].at_us);
		form_wish_release(&w);
	}
	type(x, "start", "in 20m");
	type(x, "tags", " pr-1,, a b ,");
	type(x, "name", "one");
	type(x, "queue", "slow");
	form_wish(&x->f, NOW, &w);
	assert_string_equal(w.tags, "[\"pr-1\",\"a b\"]");
	assert_string_equal(w.trigger.name, "one");
	assert_string_equal(w.trigger.queue, "slow");
	form_wish_release(&w);
	commands(x, "weir trigger build/nightly -p package=zlib --tag pr-1 --tag 'a b' "
		    "--name one --queue slow --in 20m");
}

/* Of a run: its values, the changed ones are sent; a value taken away sends all. */
static void
test_again(void **state)
{
	struct fixture *x = *state;
	char id[WEIR_ID_TEXT + 1], want[200];
	struct form_wish w;

	open_run(x);
	weir_id_format(&x->run, id);
	assert_int_equal(x->f.fields.n, 8 + 1); /* and the one that is no longer */
	shows(x, "jobs", "8");
	shows(x, "old", "true");
	assert_int_equal(x->f.n_stop, 0);
	sends(x, "");
	type(x, "jobs", "9");
	sends(x, "{\"jobs\":9}");
	snprintf(want, sizeof(want), "weir retrigger %s -p jobs=9", id);
	commands(x, want);
	form_default(&x->f, at(&x->f, "jobs"));
	shows(x, "jobs", "2");
	sends(x, "{\"package\":\"zlib\",\"token\":\"hidden\",\"old\":true}");
	form_wish(&x->f, NOW, &w);
	assert_int_equal(w.act.kind, WEIR_ACT_RETRIGGER);
	assert_true(w.act.defaults);
	form_wish_release(&w);
	form_undo(&x->f, at(&x->f, "jobs"));
	assert_false(form_is_dirty(&x->f));
}

static void
test_add(void **state)
{
	struct fixture *x = *state;
	struct weir_err err = { 0 };
	size_t i = 0;

	open_deployment(x);
	assert_int_equal(form_add(&x->f, STR("nothing"), &i, &err), WEIR_EUSAGE);
	assert_int_equal(form_add(&x->f, STR("=1"), &i, &err), WEIR_EUSAGE);
	assert_int_equal(form_add(&x->f, STR("new=1"), &i, &err), WEIR_OK);
	assert_int_equal(i, 8);
	assert_int_equal(form_add(&x->f, STR("package=zlib"), &i, &err), WEIR_OK);
	assert_int_equal(i, 0);
	sends(x, "{\"package\":\"zlib\",\"new\":1}");
}

static void
test_pretty(void **state)
{
	struct buf b = BUF_INIT(4096);

	(void)state;
	form_pretty(STR("{\"a\":[1,{\"b\":null}],\"c\":{}}"), &b);
	assert_string_equal(buf_cstr(&b),
		"{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n"
		"  \"c\": {}\n}");
	buf_clear(&b);
	form_pretty(STR("not json"), &b);
	assert_string_equal(buf_cstr(&b), "not json");
	buf_release(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_typed),
		TEST(test_steps),
		TEST(test_faults),
		TEST(test_secrets),
		TEST(test_own_fields),
		TEST(test_again),
		TEST(test_add),
		cmocka_unit_test(test_pretty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
