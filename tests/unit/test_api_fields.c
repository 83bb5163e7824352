/* api_fields.c: pages into rows, held against the same tables walked over jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include "../lib/oracle.h"

static uint32_t
next(uint32_t *r)
{
	*r ^= *r << 13;
	*r ^= *r >> 17;
	*r ^= *r << 5;
	return *r;
}

static void
compare(enum weir_kind kind, bool logs, struct str body, const char *what)
{
	size_t row;
	const char *why = oracle_compare(kind, logs, body, &row);

	if (why)
		fail_msg("%s: row %zu: %s differs\n%.*s", what, row, why,
			(int)(body.len > 2000 ? 2000 : body.len), body.s);
}

/* A JSON value of any kind, now and then one that fits the field. */
static void
add_value(struct buf *b, const struct api_field *f, uint32_t *r, int depth)
{
	static const char *const values[] = { "null", "true", "false", "0", "-3", "1.5",
		"17", "\"\"", "\"text\"", "\"a\\u00e9\\n\\\"\\ud83d\\ude00\"", "[]",
		"{}", "[\"x\",\"y\"]", "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
		"123456.25", "\"01234567-89ab-4def-8123-456789abcdef\"",
		"\"2026-11-21T08:49:42.912913Z\"", "\"2026-02-28T23:59:59+00:00\"",
		"\"FAILED\"", "\"running\"", "1e3", "\"2024-02-29T10:00:00.5+02:00\"",
		"\"caf\xc3\xa9\"", "-0", "-0.0", "-0.5", "-1000000000000000001",
		"\"2026-11-21T08:49:42.Z\"" };
	static const char *const fitting[] = {
		[API_T_ID] = "\"89abcdef-0123-4567-89ab-cdef01234567\"",
		[API_T_TIME] = "\"2026-11-21T08:49:42.912913Z\"",
		[API_T_STR] = "\"zlib-1.3.1-osx-64\"",
		[API_T_INT] = "3",
		[API_T_LEVEL] = "40",
		[API_T_REAL] = "2.245305",
		[API_T_BOOL] = "true",
		[API_T_STATE] = "\"COMPLETED\"",
		[API_T_LIST] = "[\"farm\", \"pr-1\"]",
		[API_T_OBJECT] = "{\"package\":\"zlib\",\"n\":[1,2]}",
	};

	if (f && next(r) % 4)
		buf_adds(b, fitting[f->type]);
	else if (depth < 3 && next(r) % 8 == 0) {
		buf_adds(b, "{\"deep\":");
		add_value(b, NULL, r, depth + 1);
		buf_adds(b, "}");
	} else {
		buf_adds(b, values[next(r) % N_ELEM(values)]);
	}
}

/* An object with the fields of o in some order, some left out, some unknown ones
 * between. */
static void
add_object(struct buf *b, const struct api_object *o, uint32_t *r)
{
	size_t shift = next(r) % 3 ? 0 : next(r) % o->n_fields;
	bool first = true;

	buf_addc(b, '{');
	for (size_t i = 0; i < o->n_fields; i++) {
		const struct api_field *f = &o->fields[(i + shift) % o->n_fields];

		if (next(r) % 3 == 0) {
			buf_addf(b, "%s\"extra_%u\":", first ? "" : ",", (unsigned)i);
			add_value(b, NULL, r, 0);
			first = false;
		}
		if (!(f->flags & API_F_REQUIRED) && next(r) % 10 == 0)
			continue;
		buf_addf(b, "%s\"%s\":%s",
			first          ? ""
			: next(r) % 20 ? ","
				       : " , ",
			f->name.s, next(r) % 20 ? "" : " ");
		if (f->flags & API_F_REQUIRED)
			buf_adds(b, "\"89abcdef-0123-4567-89ab-cdef01234567\"");
		else
			add_value(b, f, r, 0);
		first = false;
	}
	buf_addc(b, '}');
}

static void
add_page(struct buf *b, const struct api_object *o, uint32_t *r)
{
	size_t n = next(r) % 6;

	buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ',');
		add_object(b, o, r);
	}
	buf_addc(b, ']');
}

static void
test_generated_pages(void **state)
{
	struct buf b = BUF_INIT(BUF_MAX);
	uint32_t r = 12345;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		enum weir_kind kind = (enum weir_kind)(next(&r) % WEIR_N_SERVED);
		bool logs = next(&r) % 5 == 0;

		buf_clear(&b);
		add_page(&b, api_object_of(kind, logs), &r);
		compare(kind, logs, buf_str(&b), "generated");
	}
	buf_release(&b);
}

/* One byte altered, put in or taken away: whatever jansson still reads, we read the
 * same. */
static void
test_mutated_pages(void **state)
{
	static const char bytes[] =
		"\"\\{}[]:,0159eE.-+nulltruefalse u\x1f\x80\xc3\xff";
	struct buf b = BUF_INIT(BUF_MAX), m = BUF_INIT(BUF_MAX);
	uint32_t r = 777;
	char *exact;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		enum weir_kind kind = (enum weir_kind)(next(&r) % WEIR_N_SERVED);
		bool logs = next(&r) % 5 == 0;
		size_t at;

		if (i % 20 == 0) {
			buf_clear(&b);
			add_page(&b, api_object_of(kind, logs), &r);
		}
		at = next(&r) % b.len;
		buf_clear(&m);
		buf_add(&m, b.s, at);
		if (next(&r) % 3)
			buf_addc(&m, bytes[next(&r) % (sizeof(bytes) - 1)]);
		at += next(&r) % 2;
		buf_add(&m, b.s + at, b.len - at);
		exact = xmemdup(m.s, m.len);
		compare(kind, logs, (struct str){ exact, m.len }, "mutated");
		free(exact);
	}
	buf_release(&b);
	buf_release(&m);
}

static void
test_run(void **state)
{
	static const char body[] =
		"[{\"id\":\"f8589389-6b59-4dc8-b45d-6b9803980721\",\"created\":"
		"\"2026-11-21T08:49:42.912913Z\",\"name\":\"a\\u00e9\",\"labels\":{"
		"\"k\":1},"
		"\"parameters\":{\"p\":\"x\"},\"tags\":[\"t\"],\"state_type\":"
		"\"FAILED\","
		"\"run_count\":2,\"end_time\":null,\"start_time\":\"2026-11-21T08:49:"
		"42+00:00\","
		"\"total_run_time\":1.5,\"estimated_run_time\":9.0,\"auto_scheduled\":"
		"true,"
		"\"state\":{\"type\":\"FAILED\"},\"new_in_4\":null}]";
	struct arena arena = { 0 };
	struct run_vec v = { 0 };
	struct weir_err err = { 0 };
	const struct weir_run *r;

	(void)state;
	assert_int_equal(api_decode_runs(STR(body), &arena, &v, &err), WEIR_OK);
	assert_int_equal(v.n, 1);
	r = &v.v[0];
	assert_int_equal(r->id.b[0], 0xf8);
	assert_int_equal(r->created_us, INT64_C(1795250982912913));
	assert_int_equal(r->start_us, INT64_C(1795250982000000));
	assert_true(r->end_us == WEIR_NO_TIME);
	assert_true(r->updated_us == WEIR_NO_TIME);
	assert_true(weir_id_is_null(&r->flow_id));
	assert_null(r->work_pool_name.s);
	assert_true(str_eq(r->name, "a\xc3\xa9"));
	assert_int_equal(r->state_type, WEIR_ST_FAILED);
	assert_int_equal(r->run_count, 2);
	assert_true(r->auto_scheduled);
	assert_true(str_eq(r->tags, "[\"t\"]"));
	assert_true(str_eq(r->parameters, "{\"p\":\"x\"}"));
	assert_true(str_eq(r->state, "{\"type\":\"FAILED\"}"));
	assert_true(
		str_eq(r->rest, "\"labels\":{\"k\":1},\"parameters\":{\"p\":\"x\"},"
				"\"state\":{\"type\":\"FAILED\"},\"new_in_4\":null"));
	VEC_FREE(&v);
	arena_free(&arena);
}

static void
test_docs(void **state)
{
	static const char id[] = "\"id\":\"f8589389-6b59-4dc8-b45d-6b9803980721\"";
	static const struct {
		enum weir_kind kind;
		const char *member, *name;
		bool owner;
	} t[] = {
		{ WEIR_FLOW, "\"name\":\"n\"", "n", false },
		{ WEIR_DEPLOYMENT,
			"\"name\":\"n\",\"flow_id\":\"00000000-0000-0000-0000-"
			"000000000001\"",
			"n", true },
		{ WEIR_QUEUE,
			"\"name\":\"n\",\"work_pool_id\":"
			"\"00000000-0000-0000-0000-000000000001\"",
			"n", true },
		{ WEIR_ARTIFACT,
			"\"key\":\"n\",\"flow_run_id\":"
			"\"00000000-0000-0000-0000-000000000001\"",
			"n", true },
		{ WEIR_ARTIFACT, "\"key\":null", NULL, false },
		{ WEIR_LIMIT, "\"tag\":\"n\"", "n", false },
		{ WEIR_LIMIT, "\"name\":\"n\"", "n", false },
	};
	struct buf b = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct doc_vec v = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		buf_clear(&b);
		buf_addf(&b, " {%s, %s} ", id, t[i].member);
		assert_int_equal(
			api_decode_docs(t[i].kind, buf_str(&b), &arena, &v, NULL), 0);
		assert_int_equal(v.n, 1);
		if (t[i].name)
			assert_true(str_eq(v.v[0].name, t[i].name));
		else
			assert_null(v.v[0].name.s);
		assert_int_equal(!weir_id_is_null(&v.v[0].owner_id), t[i].owner);
		assert_int_equal(v.v[0].doc.len, b.len - 2);
	}
	VEC_FREE(&v);
	buf_release(&b);
	arena_free(&arena);
}

static void
test_what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *body, *text;
	} t[] = {
		{ "", "not JSON at byte 0 of 0: it ends too early" },
		{ "12", "not a list of objects" },
		{ "\"x\"", "not a list of objects" },
		{ "[1]", "[0]: not an object" },
		{ "[{\"name\":\"x\"}]", "[0].id: missing" },
		{ "[{\"id\":null}]", "[0].id: missing" },
		{ "[{\"id\":17}]", "[0].id: missing" },
		{ "[{\"id\":\"zz\"}]", "[0].id: missing" },
		{ "[{\"id\":\"f8589389-6b59-4dc8-b45d-6b9803980721\"},null]",
			"[1]: not an object" },
		{ "[{\"id\":\"f8589389-6b59-4dc8-b45d-6b9803980721\"}",
			"not JSON at byte 46 of 46: it ends too early" },
		{ "[]x", "not JSON at byte 2 of 3: something follows after the end" },
		{ "<html>", "not JSON at byte 0 of 6: not a list or object" },
	};
	struct arena arena = { 0 };
	struct run_vec v = { 0 };
	struct weir_err err;

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		assert_int_equal(api_decode_runs(str_of(t[i].body), &arena, &v, &err),
			WEIR_EBADDATA);
		assert_string_equal(err.text, t[i].text);
		assert_int_equal(v.n, 0);
	}
	VEC_FREE(&v);
	arena_free(&arena);
}

static void
test_too_many_rows(void **state)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct log_vec v = { 0 };

	(void)state;
	buf_addc(&b, '[');
	for (int i = 0; i <= API_PAGE_ROWS_MAX; i++)
		buf_addf(&b, "%s{\"id\":\"f8589389-6b59-4dc8-b45d-6b9803980721\"}",
			i ? "," : "");
	buf_addc(&b, ']');
	assert_int_equal(api_decode_logs(buf_str(&b), &arena, &v, NULL), WEIR_EBADDATA);
	VEC_FREE(&v);
	buf_release(&b);
	arena_free(&arena);
}

/* Answers of real servers, where they are at hand. */
static void
compare_file(const char *path, const char *name)
{
	static const struct {
		const char *prefix;
		enum weir_kind kind;
		bool logs;
	} t[] = {
		{ "flow_runs_filter", WEIR_RUN, false },
		{ "flow_runs_children", WEIR_RUN, false },
		{ "flow_run_get", WEIR_RUN, false },
		{ "task_runs_filter", WEIR_TASK_RUN, false },
		{ "logs_filter", WEIR_RUN, true },
		{ "flows_filter", WEIR_FLOW, false },
		{ "deployment", WEIR_DEPLOYMENT, false },
		{ "work_pools_filter", WEIR_POOL, false },
		{ "work_pool_queues_filter", WEIR_QUEUE, false },
		{ "workers_filter", WEIR_WORKER, false },
		{ "artifacts_filter", WEIR_ARTIFACT, false },
	};
	json_t *file = json_load_file(path, 0, NULL), *body;
	char *text;

	body = json_object_get(file, "response");
	text = json_dumps(body ? body : file, JSON_COMPACT);
	for (size_t i = 0; text && i < N_ELEM(t); i++)
		if (strncmp(name, t[i].prefix, strlen(t[i].prefix)) == 0)
			compare(t[i].kind, t[i].logs, str_of(text), name);
	free(text);
	json_decref(file);
}

static void
test_real_answers(void **state)
{
	static const char *const folders[] = { "../shared/data/prefect/recorded",
		"../shared/data/prefect/hand-built",
		"../../shared/data/prefect/recorded",
		"../../shared/data/prefect/hand-built" };
	struct dirent *e;
	char *path;
	size_t n = 0;
	DIR *d;

	(void)state;
	for (size_t i = 0; i < N_ELEM(folders); i++) {
		d = opendir(folders[i]);
		while (d && (e = readdir(d))) {
			path = xasprintf("%s/%s", folders[i], e->d_name);
			if (strstr(e->d_name, ".json")) {
				compare_file(path, e->d_name);
				n++;
			}
			free(path);
		}
		if (d)
			closedir(d);
	}
	if (n == 0)
		skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated_pages),
		cmocka_unit_test(test_mutated_pages),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_what_is_wrong_is_told),
		cmocka_unit_test(test_too_many_rows),
		cmocka_unit_test(test_real_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
