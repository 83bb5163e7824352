/* The reader of conda_v2.cnd: every generation, damage, names of packages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "env_cnd.h"
#include "env_json.h"
#include "weir/env.h"

/* What was told, one line each. */
struct heard {
	struct buf b;
	struct arena arena;
	VEC(struct weir_env) envs;
	char *doc; /* the file */
};

static enum weir_rc
on_env(void *arg, const struct weir_env_id *id, struct str doc)
{
	struct heard *h = arg;
	struct weir_env e;
	struct weir_err err;

	buf_addf(&h->b, "env %.*s %.*s %.*s\n", (int)id->arch.len, id->arch.s,
		(int)id->req_id.len, id->req_id.s, (int)id->full_id.len, id->full_id.s);
	if (env_cnd_env(id, doc, &h->arena, &e, &err))
		buf_addf(&h->b, "bad %s\n", err.text);
	else
		VEC_PUSH(&h->envs, e);
	return WEIR_OK;
}

static enum weir_rc
on_chosen(void *arg, const struct weir_env_id *id)
{
	struct heard *h = arg;

	buf_addf(&h->b, "default %.*s %.*s %.*s\n", (int)id->arch.len, id->arch.s,
		(int)id->req_id.len, id->req_id.s, (int)id->full_id.len, id->full_id.s);
	return WEIR_OK;
}

static enum weir_rc
on_alias(void *arg, enum env_alias kind, struct str name, const struct weir_env_id *id)
{
	struct heard *h = arg;

	buf_addf(&h->b, "alias %d %.*s %.*s:%.*s%s%.*s\n", (int)kind, (int)name.len,
		name.s, (int)id->req_id.len, id->req_id.s, (int)id->full_id.len,
		id->full_id.s, id->arch.len ? " " : "", (int)id->arch.len, id->arch.s);
	return WEIR_OK;
}

static enum weir_rc
on_pathspec(void *arg, struct str pathspec, const struct weir_env_id *id)
{
	struct heard *h = arg;

	buf_addf(&h->b, "step %.*s %.*s:%.*s\n", (int)pathspec.len, pathspec.s,
		(int)id->req_id.len, id->req_id.s, (int)id->full_id.len, id->full_id.s);
	return WEIR_OK;
}

static void
on_warn(void *arg, const char *text)
{
	struct heard *h = arg;

	buf_addf(&h->b, "warning %s\n", text);
}

static const struct env_cnd_ops ops = { on_env, on_chosen, on_alias, on_pathspec,
	on_warn };

static enum weir_rc
hear(struct heard *h, struct str text, bool *ret_cut, struct weir_err *err)
{
	*h = (struct heard){ .b = BUF_INIT(BUF_MAX) };
	return env_cnd_read(text, &ops, h, ret_cut, err);
}

static void
forget(struct heard *h)
{
	for (size_t i = 0; i < h->envs.n; i++)
		VEC_FREE(&h->envs.v[i].packages);
	VEC_FREE(&h->envs);
	arena_free(&h->arena);
	buf_release(&h->b);
	free(h->doc);
}

static void
check(const char *text, enum weir_rc rc, bool cut, const char *want)
{
	struct heard h;
	struct weir_err err = { 0 };
	bool was_cut = false;

	assert_int_equal(hear(&h, str_of(text), &was_cut, &err), rc);
	assert_int_equal(was_cut, cut);
	if (rc)
		assert_non_null(strstr(err.text, want));
	else
		assert_string_equal(buf_cstr(&h.b), want);
	forget(&h);
}

#define FULL "0123456789012345678901234567890123456789"

static void
test_generations(void **state)
{
	(void)state;
	check("", WEIR_OK, false, "");
	check("{\"version\": 1}", WEIR_OK, false, "");
	check("{\"version\": 1, \"mappings\": {\"F/1/s\": [\"r\", \"f\"]},"
	      " \"mutable_aliases\": {\"a/latest\": [\"r\", \"f\"]},"
	      " \"aliases\": {\"a/b/v1\": [\"r\", \"f\"], \"" FULL "\": [\"r\", \"" FULL
	      "\"], \"bad\": 3}, \"other\": [{}],"
	      " \"environments\": {\"linux-64\": {\"r\": {\"f\": {\"packages\": []},"
	      " \"_default\": \"f\", \"_new\": {}, \"odd\": \"x\"}}}}",
		WEIR_OK, false,
		"step F/1/s r:f\nalias 1 a/latest r:f\nalias 0 a/b/v1 r:f\n"
		"alias 2 " FULL " r:" FULL "\n"
		"warning alias 'bad': not a pair of ids, left out\n"
		"env linux-64 r f\ndefault linux-64 r f\n"
		"warning environment odd: not an object, left out\n");
	check("{\"version\": 1, \"mappings\": {}, \"aliases\":"
	      " {\"x\": {\"osx-64\": [\"r\", \"f\"]}}, \"environments\": {}}",
		WEIR_OK, false, "alias 0 x r:f osx-64\n");
}

static void
test_damage(void **state)
{
	(void)state;
	check("{\"version\": 1, \"environments\": {}}x\"}}}", WEIR_OK, false,
		"warning 5 bytes follow after its end at byte 34, left out\n");
	check("{\"version\": 1, \"environments\": {\"linux-64\": {\"r\"", WEIR_EBADDATA,
		true, "at byte 48 of 48");
	check("{\"version\": 1, \"environments\": {]", WEIR_EBADDATA, false,
		"at byte 32");
	check("{\"version\": 2}", WEIR_EBADDATA, false, "its version is 2");
	check("{\"environments\": {}}", WEIR_EBADDATA, false, "it has no version");
	check("[1]", WEIR_EBADDATA, false, "not the JSON object");
	check("{\"version\": 1, \"environments\": []}", WEIR_OK, false,
		"warning environments: not an object, left out\n");
}

/* An object without anything that is not needed, of the oldest kind. */
static void
test_old_object(void **state)
{
	static const char doc[] =
		"{\"packages\": [{\"_type\": \"pip\", \"filename\": \"Foo_Bar-1.0-1\","
		" \"url\": \"https://u:p@h/x/Foo_Bar-1.0-1.tar.gz\","
		" \"hashes\": {\".tar.gz\": \"ab\"}, \"cache_info\": {\".whl\":"
		" {\"_type\": \"pip\", \"url\": \"k1\"}, \".tar.gz\": {\"url\":"
		" \"k2\"}}}], \"env_type\": \"pip-only\", \"alias\": null}";
	struct weir_env_id id = { STR("r"), STR("f"), STR("linux-64") };
	struct arena arena = { 0 };
	struct weir_env_package *p;
	struct weir_env e;

	(void)state;
	assert_int_equal(env_cnd_env(&id, STR(doc), &arena, &e, NULL), WEIR_OK);
	assert_int_equal(e.packages.n, 1);
	p = &e.packages.v[0];
	assert_true(str_eq(p->type, "pypi"));
	assert_true(str_eq(p->url_format, ".tar.gz"));
	assert_true(str_eq(p->hash, "ab"));
	assert_true(str_eq(p->cache_url, "k2"));
	assert_true(str_eq(e.env_type, "pypi-only"));
	assert_true(e.accurate_source);
	VEC_FREE(&e.packages);
	assert_int_equal(env_cnd_env(&id, STR("{\"packages\":[3]}"), &arena, &e, NULL),
		WEIR_EBADDATA);
	arena_free(&arena);
}

static void
test_mask(void **state)
{
	static const char *const texts[][2] = {
		{ "\"https://u:p@h/x\"", "\"https://***@h/x\"" },
		{ "\"packages/conda/u:p@h:80/x\"", "\"packages/conda/***@h:80/x\"" },
		{ "\"pypi::a@git+https://h/x@main\"",
			"\"pypi::a@git+https://h/x@main\"" },
		{ "[\"pypi::https://u:p@w@h/s\",\"a@b\"]",
			"[\"pypi::https://***@h/s\",\"a@b\"]" },
		{ "[\"pypi::https://token@h/s\"]", "[\"pypi::https://***@h/s\"]" },
		{ "\"https://h/t/tk-12345-abc/c/x.conda\"",
			"\"https://h/t/***/c/x.conda\"" },
		{ "\"https://h/t/short/x\"", "\"https://h/t/short/x\"" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEM(texts); i++) {
		struct str s = env_json_mask(str_of(texts[i][0]), &arena);

		assert_int_equal(s.len, strlen(texts[i][1]));
		assert_memory_equal(s.s, texts[i][1], s.len);
	}
	arena_free(&arena);
}

static json_t *
load(const char *name, char **ret_text, size_t *ret_len)
{
	static const char *const folders[] = { "../shared/data/metaflow",
		"../../shared/data/metaflow" };
	json_t *root = NULL;
	FILE *f = NULL;

	for (size_t i = 0; !f && i < N_ELEM(folders); i++) {
		char *path = xasprintf("%s/%s", folders[i], name);

		f = fopen(path, "rb");
		root = ret_text ? NULL : json_load_file(path, 0, NULL);
		free(path);
	}
	if (f && ret_text) {
		*ret_text = xcalloc(1, 1 << 20);
		*ret_len = fread(*ret_text, 1, 1 << 20, f);
	}
	if (f)
		fclose(f);
	return root;
}

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void
check_names(const struct weir_env *e, json_t *want)
{
	struct arena arena = { 0 };

	assert_int_equal(e->packages.n, json_array_size(want));
	for (size_t i = 0; i < e->packages.n; i++) {
		json_t *w = json_array_get(want, i);
		const char *type = json_string_value(json_array_get(w, 0));
		const char *name = json_string_value(json_array_get(w, 1));
		const char *version = json_string_value(json_array_get(w, 2));
		struct weir_env_name n;

		weir_env_name(&e->packages.v[i], &arena, &n);
		assert_int_equal(str_eq(e->packages.v[i].type, "conda"),
			strcmp(type, "conda") == 0);
		/* 0.0.10 does not normalise: `Foo` and `foo` are one. */
		assert_int_equal(n.name.len, strlen(name));
		assert_true(str_eq(n.version, version) || strcmp(type, "pip") == 0);
	}
	arena_free(&arena);
}

/* All environments of others, in this order; their ids by one formula or another. */
static void
check_manifest(const char *folder, enum weir_env_formula era)
{
	char *name = xasprintf("%s/conda_v2.cnd", folder);
	char *expected = xasprintf("%s/expected.json", folder);
	struct weir_err err;
	struct heard h;
	size_t len = 0, i;
	char *text = NULL;
	bool cut;
	json_t *want, *w;

	load(name, &text, &len);
	want = load(expected, NULL, NULL);
	free(name);
	free(expected);
	if (!text || !want)
		skip();
	assert_int_equal(hear(&h, (struct str){ text, len }, &cut, &err), WEIR_OK);
	assert_null(strstr(buf_cstr(&h.b), "warning"));
	assert_null(strstr(buf_cstr(&h.b), "bad "));
	assert_int_equal(
		h.envs.n, json_array_size(json_object_get(want, "environments")));
	json_array_foreach(json_object_get(want, "environments"), i, w)
	{
		const struct weir_env *e = NULL, *all[8];
		size_t n = 0;
		char *line;

		for (size_t j = 0; j < h.envs.n; j++) {
			const struct weir_env *x = &h.envs.v[j];

			if (!str_eq(x->id.req_id, text_of(w, "req_id")) ||
				!str_eq(x->id.full_id, text_of(w, "full_id")))
				continue;
			if (str_eq(x->id.arch, text_of(w, "arch")))
				e = x;
			if (n < N_ELEM(all))
				all[n++] = x;
		}
		assert_non_null(e);
		assert_true(str_eq(e->resolved_by, text_of(w, "resolved_by")));
		assert_true(
			str_eq(e->resolved_on, text_of(w, "resolved_on_isoformat")));
		check_names(e, json_object_get(w, "packages"));
		line = xasprintf("default %s %s %s\n", text_of(w, "arch"),
			text_of(w, "req_id"), text_of(w, "full_id"));
		assert_int_equal(strstr(buf_cstr(&h.b), line) != NULL,
			json_is_true(json_object_get(w, "is_default")));
		free(line);
		assert_int_equal(weir_env_verify_req(e), era);
		assert_int_not_equal(weir_env_verify_full(all, n), WEIR_ENV_UNVERIFIED);
	}
	forget(&h);
	free(text);
	json_decref(want);
}

static void
test_manifest_old(void **state)
{
	(void)state;
	check_manifest("manifest-0.0.10", WEIR_ENV_ERA_A);
}

static void
test_manifest_main(void **state)
{
	(void)state;
	check_manifest("manifest-main", WEIR_ENV_ERA_B);
}

static void
test_split(void **state)
{
	json_t *root = load("paths-and-names-main.json", NULL, NULL), *want;
	json_t *types = json_object_get(root, "filename_split"), *names;
	const char *type, *filename;
	struct arena arena = { 0 };

	(void)state;
	if (!root)
		skip();
	json_object_foreach(types, type, names)
	{
		json_object_foreach(names, filename, want)
		{
			struct weir_env_package p = { .type = str_of(type),
				.filename = str_of(filename) };
			struct weir_env_name n;

			weir_env_name(&p, &arena, &n);
			if (!json_is_array(want)) {
				assert_true(str_eq(n.name, filename));
				assert_int_equal(n.version.len, 0);
				continue;
			}
			assert_true(str_eq(
				n.name, json_string_value(json_array_get(want, 0))));
			assert_true(str_eq(
				n.version, json_string_value(json_array_get(want, 1))));
			if (strcmp(type, "conda") == 0)
				assert_non_null(strstr(
					json_string_value(json_array_get(want, 2)),
					arena_strndup(&arena, n.build.s, n.build.len)));
			else
				assert_true(str_eq(n.build,
					json_string_value(json_array_get(want, 2))));
		}
	}
	arena_free(&arena);
	json_decref(root);
}

static void
test_names(void **state)
{
	static const struct {
		const char *type, *filename, *name, *version, *build;
	} cases[] = {
		{ "conda", "ld_impl_linux-64-2.40-h41732ed_0", "ld_impl_linux-64",
			"2.40", "h41732ed_0" },
		{ "conda", "one-dash", "one-dash", "", "" },
		{ "pypi", "Flask-2.2.2-py3-none-any", "flask", "2.2.2", "" },
		{ "pypi", "future-0.18.3", "future", "0.18.3", "" },
		{ "pypi", "my.pkg-1.0-02build-py3-none-any", "my-pkg", "1.0",
			"2-build" },
		{ "pypi", "odd", "odd", "", "" },
		{ "pypi", "-", "-", "", "" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_env_package p = { .type = str_of(cases[i].type),
			.filename = str_of(cases[i].filename) };
		struct weir_env_name n;

		weir_env_name(&p, &arena, &n);
		assert_true(str_eq(n.name, cases[i].name));
		assert_true(str_eq(n.version, cases[i].version));
		assert_true(str_eq(n.build, cases[i].build));
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_old_object),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_manifest_old),
		cmocka_unit_test(test_manifest_main),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
