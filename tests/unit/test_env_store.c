/* The store of environments: what it takes in, keeps and finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "env_help.h"
#include "objstore.h"
#include "weir/env_diff.h"
#include "weir/select.h"

/* full_ids that the query matches, as their first letters, in the list's order. */
static void
check(struct weir_store *s, const char *query, const char *want)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_ENVIRONMENT, .columns = &set };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	struct weir_err err;
	struct buf got = BUF_INIT(256);
	bool row = true;

	assert_int_equal(weir_columns_choose(sel.kind, "full_id", 0, &set, NULL), 0);
	if (weir_query_parse(sel.kind, str_of(query), weir_now_us(), &q, &err))
		fail_msg("%s", err.text);
	sel.query = q;
	if (weir_rows_open(s, &sel, &rows, &err))
		fail_msg("%s: %s", query, err.text);
	while (!weir_rows_next(rows, &row, NULL) && row)
		buf_add(&got, weir_rows_cell(rows, 0)->s.s, 2);
	if (strcmp(buf_cstr(&got), want) != 0)
		fail_msg("%s: %s, not %s", query, buf_cstr(&got), want);
	buf_release(&got);
	weir_rows_close(rows);
	weir_query_free(q);
	weir_columns_release(&set);
}

static void
test_queries(void **state)
{
	struct env_world w;
	struct weir_store *s;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	s = env_store(&w, NULL);
	check(s, "", "abaacc");
	check(s, "helper:no", "abaa");
	check(s, "pkg:openssl", "abaa");
	check(s, "pkg:openssl<3", "aa");
	check(s, "pkg:openssl>=1.1,<3", "aa");
	check(s, "pkg:openssl<3,python>=3.9", "aacc");
	check(s, "pkg:openssl=1.1.1*|>=3.1", "abaa");
	check(s, "pkg:\"openssl >=3\"", "ab");
	check(s, "pkg:openssl@>=3", "ab");
	check(s, "-pkg:openssl", "cc");
	check(s, "pkg:foo.bar==1", "aa");
	check(s, "pkg:Foo_Bar", "aa");
	check(s, "pkg:open*", "abaa");
	check(s, "pkg:nothere", "");
	check(s, "(pkg:openssl<3) or by:carol", "aacc");
	check(s, "by:bob", "ab");
	check(s, "arch:linux-64 default:yes", "ab");
	check(s, "alias:team/x:v1", "aa");
	check(s, "alias:team/*", "abaa");
	check(s, "step:F/*", "aa");
	check(s, "channel:conda-forge", "abaacc");
	check(s, "channel:pypi", "aa");
	check(s, "full_id:ab", "ab");
	check(s, "req:1111", "abaa");
	check(s, "pkg.openssl:3*", "ab");
	check(s, "alice", "aa");
	check(s, "secret", "");
	check(s, "since:2023-01-15", "ab");
	check(s, "n_packages:>2", "aa");
	assert_int_equal(weir_store_check(s, NULL), WEIR_OK);
	weir_store_close(s);
	env_world_drop(&w);
}

/* A row keeps its key; what is gone is gone; what is damaged changes nothing. */
static void
test_changes(void **state)
{
	struct buf notes = BUF_INIT(4096);
	struct env_world w;
	struct weir_store *s;

	(void)state;
	env_world_make(&w);
	s = env_store(&w, NULL);
	check(s, "", "");
	weir_store_close(s);
	env_write(&w, ENV_FILE);
	s = env_store(&w, &notes);
	check(s, "", "abaacc");
	weir_store_close(s);
	assert_int_equal(notes.len, 0);
	env_write(&w,
		"{\"version\": 1, \"environments\": {\"linux-64\": {\"" ENV_R1 "\": {");
	s = env_store(&w, &notes);
	check(s, "", "abaacc");
	weir_store_close(s);
	assert_non_null(strstr(buf_cstr(&notes), "before is shown"));
	buf_clear(&notes);
	env_write(&w, "{\"version\": 1, \"environments\": {\"linux-64\": {\"" ENV_R1
		      "\": {\"" ENV_FC "\": " ENV_OBJECT("",
			      ENV_PKG("python", "3.9.0", "h1_0"), "2022-01-01T10:00:00",
			      "carol") ", \"_default\": \"" ENV_FA "\"}}}} tail");
	s = env_store(&w, &notes);
	check(s, "", "cc");
	check(s, "pkg:openssl", "");
	check(s, "pkg:python", "cc");
	check(s, "default:yes", "");
	weir_store_close(s);
	assert_non_null(strstr(buf_cstr(&notes), "bytes follow"));
	buf_release(&notes);
	env_world_drop(&w);
}

static void
expect(struct weir_store *s, const char *text, enum weir_rc rc, const char *full_id)
{
	struct weir_env_pair pair;
	struct weir_err err;

	if (weir_env_find(s, text, &pair, &err) != rc)
		fail_msg("%s: %s", text, err.text);
	if (!rc)
		assert_string_equal(pair.full_id, full_id);
}

static void
test_find(void **state)
{
	struct weir_env_loaded l;
	struct weir_env_pair pair = { ENV_R1, ENV_FA };
	struct env_world w;
	struct weir_store *s;
	char *folder, *mark;
	FILE *f;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	s = env_store(&w, NULL);
	expect(s, ENV_FA, WEIR_OK, ENV_FA);
	expect(s, "aaaa", WEIR_OK, ENV_FA);
	expect(s, "abbb", WEIR_OK, ENV_FB);
	expect(s, "1111", WEIR_OK, ENV_FB);
	expect(s, ENV_R1 ":" ENV_FA, WEIR_OK, ENV_FA);
	expect(s, "1111:aaaa", WEIR_OK, ENV_FA);
	expect(s, "2222:aaaa", WEIR_ENOTFOUND, "");
	expect(s, "team/x", WEIR_OK, ENV_FB);
	expect(s, "team/x:v1", WEIR_OK, ENV_FA);
	expect(s, "team/x:v2", WEIR_ENOTFOUND, "");
	expect(s, "F/12/start", WEIR_OK, ENV_FA);
	expect(s, "step:F/12/start/7", WEIR_OK, ENV_FA);
	expect(s, "F/13/start", WEIR_ENOTFOUND, "");
	expect(s, "AAAA", WEIR_ENOTFOUND, "");
	expect(s, "", WEIR_ENOTFOUND, "");
	folder = xasprintf("%s/.conda", w.folder);
	mkdir(folder, 0700);
	mark = xasprintf("%s/.metaflowenv", folder);
	f = fopen(mark, "w");
	fputs("[\"" ENV_R1 "\", \"" ENV_FA "\", \"linux-64\"]", f);
	fclose(f);
	expect(s, folder, WEIR_OK, ENV_FA);
	free(folder);
	free(mark);
	assert_int_equal(weir_env_load(s, &w.root, &pair, &l, NULL), WEIR_OK);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].packages.n, 3);
	weir_env_loaded_release(&l);
	weir_store_close(s);
	env_world_drop(&w);
}

/* Created environments and those of the cache. */
static void
test_places(void **state)
{
	static const char object[] = ENV_OBJECT("\"conda::x\"",
		ENV_PKG("zlib", "1.3", "h0_0"), "2024-01-01T10:00:00", "dora");
	struct env_world w;
	struct objstore *o;
	struct weir_store *s;
	char *dir;
	bool made = false;
	struct buf bytes = BUF_INIT(1 << 16);

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	dir = xasprintf("%s/conda_env", w.folder);
	assert_string_equal(w.root.cache, dir);
	assert_int_equal(objstore_open(dir, &o, NULL), WEIR_OK);
	assert_int_equal(objstore_put_absent(o, "envs/osx-64/" ENV_R2 "/" ENV_FA "/env",
				 STR(object), &made, NULL),
		WEIR_OK);
	assert_true(made);
	assert_int_equal(objstore_put_absent(o, "envs/osx-64/" ENV_R2 "/" ENV_FA "/env",
				 STR("other"), &made, NULL),
		WEIR_OK);
	assert_false(made);
	assert_int_equal(
		objstore_get(o, "envs/osx-64/" ENV_R2 "/" ENV_FA "/env", &bytes, NULL),
		WEIR_OK);
	assert_true(str_eq(buf_str(&bytes), object));
	assert_int_equal(objstore_get(o, "envs/nothing", &bytes, NULL), WEIR_ENOTFOUND);
	assert_int_equal(objstore_get(o, "envs/../x", &bytes, NULL), WEIR_EBADDATA);
	assert_int_equal(objstore_get(o, "/etc/passwd", &bytes, NULL), WEIR_EBADDATA);
	objstore_close(o);
	s = env_store(&w, NULL);
	check(s, "pkg:zlib", "aa");
	check(s, "pkg:zlib local:yes", "");
	check(s, "cached:yes", "aa");
	check(s, "here:yes", "");
	weir_store_close(s);
	free(dir);
	buf_release(&bytes);
	env_world_drop(&w);
}

static void
test_diff(void **state)
{
	struct weir_env_set a, b;
	struct weir_env_deltas d = { 0 };
	struct env_world w;
	struct weir_store *s;

	(void)state;
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	s = env_store(&w, NULL);
	assert_int_equal(
		weir_env_set_read(s, &w.root, "aaaa", NULL, NULL, &a, NULL), WEIR_OK);
	assert_int_equal(
		weir_env_set_read(s, &w.root, "abbb", NULL, NULL, &b, NULL), WEIR_OK);
	weir_env_diff(&a, &b, &d);
	assert_int_equal(d.n, 3);
	assert_true(str_eq(d.v[0].a->name, "foo-bar"));
	assert_int_equal(d.v[0].change, WEIR_ENV_REMOVED);
	assert_int_equal(d.v[1].change, WEIR_ENV_UP);
	assert_int_equal(d.v[2].change, WEIR_ENV_BUILD);
	d.n = 0;
	weir_env_diff(&b, &a, &d);
	assert_int_equal(d.v[0].change, WEIR_ENV_ADDED);
	assert_int_equal(d.v[1].change, WEIR_ENV_DOWN);
	d.n = 0;
	weir_env_diff(&a, &a, &d);
	assert_int_equal(d.n, 0);
	VEC_FREE(&d);
	weir_env_set_release(&a);
	weir_env_set_release(&b);
	weir_store_close(s);
	env_world_drop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_diff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
