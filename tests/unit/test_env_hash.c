/* Ids of environments: a few that are known, and all of the test data where it is. */
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
#include "weir/env.h"

static json_t *
load(const char *name)
{
	static const char *const folders[] = { "../shared/data/metaflow",
		"../../shared/data/metaflow" };
	json_t *root = NULL;
	char path[512];

	for (size_t i = 0; !root && i < N_ELEM(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		root = json_load_file(path, 0, NULL);
	}
	return root;
}

static struct str
dump(struct arena *a, const json_t *v)
{
	char *text = v ? json_dumps(v, JSON_ENCODE_ANY) : NULL;
	struct str s = { "", 0 };

	if (text) {
		s.len = strlen(text);
		s.s = arena_strndup(a, text, s.len);
	}
	free(text);
	return s;
}

static void
test_known(void **state)
{
	struct weir_env env = { .deps = STR("[\"conda::python==3.8.16\"]"),
		.sources = STR("[]"),
		.extras = STR("") };
	char id[WEIR_ENV_ID + 1];

	(void)state;
	assert_int_equal(weir_env_req_id(&env, WEIR_ENV_ERA_A, id, NULL), WEIR_OK);
	assert_string_equal(id, "bcae56baf352770767c040b49c46532cff72637f");
	env.deps = STR("[]");
	assert_int_equal(weir_env_req_id(&env, WEIR_ENV_ERA_B, id, NULL), WEIR_OK);
	assert_string_equal(id, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	env.deps = STR("[\"conda::p\xc3\xa4\"]");
	assert_int_equal(
		weir_env_req_id(&env, WEIR_ENV_ERA_B, id, NULL), WEIR_EBADDATA);
	env.deps = STR("{}");
	assert_int_equal(
		weir_env_req_id(&env, WEIR_ENV_ERA_B, id, NULL), WEIR_EBADDATA);
}

/* Two packages: order, hashes and the architecture each make another id. */
static void
test_formulas(void **state)
{
	struct weir_env_package v[] = {
		{ .filename = STR("b-1-0"), .hash = STR("22") },
		{ .filename = STR("a-1-0"), .hash = { NULL, 0 } },
	};
	struct weir_env env = { .id.arch = STR("linux-64"),
		.packages = { .v = v, .n = 2 },
		.unique_keys = STR("{\"k\":\"1\",\"a\":\"2\"}") };
	const struct weir_env *envs[] = { &env };
	char ids[WEIR_ENV_N_FORMULAS][WEIR_ENV_ID + 1];

	(void)state;
	for (int f = WEIR_ENV_F1; f < WEIR_ENV_N_FORMULAS; f++) {
		assert_int_equal(weir_env_full_id(envs, 1, (enum weir_env_formula)f,
					 ids[f], NULL),
			WEIR_OK);
		for (int g = WEIR_ENV_F1; g < f; g++)
			assert_string_not_equal(ids[f], ids[g]);
	}
	/* printf 'b-1-0 a-1-0' | sha1sum and so on */
	assert_string_equal(
		ids[WEIR_ENV_F1], "e8c83d185e100f480b93fa5f137ccdbed9e81af5");
	assert_string_equal(
		ids[WEIR_ENV_F3], "8bef1d6bc7ca24c3c678548bc506dcc99e5c7dfd");
	assert_string_equal(
		ids[WEIR_ENV_C2], "d57c905a1ea8754d7278429557c52a66fe06509e");
	env.id.full_id = str_of(ids[WEIR_ENV_F2B]);
	assert_int_equal(weir_env_verify_full(envs, 1), WEIR_ENV_F2B);
	env.id.full_id = STR("0000000000000000000000000000000000000000");
	assert_int_equal(weir_env_verify_full(envs, 1), WEIR_ENV_UNVERIFIED);
}

static void
test_req_ids(void **state)
{
	json_t *root = load("req_id.json"), *c;
	size_t i, checked = 0;

	(void)state;
	if (!root)
		skip();
	json_array_foreach(json_object_get(root, "cases"), i, c)
	{
		struct arena a = { 0 };
		struct weir_env env = { .deps = dump(&a, json_object_get(c, "deps")),
			.sources = dump(&a, json_object_get(c, "sources")),
			.extras = dump(&a, json_object_get(c, "extras")) };

		for (int era = 0; era < 2; era++) {
			const char *want = json_string_value(json_object_get(
				json_object_get(c, era ? "era_B" : "era_A"), "req_id"));
			char id[WEIR_ENV_ID + 1];

			if (!want)
				continue;
			assert_int_equal(weir_env_req_id(&env,
						 era ? WEIR_ENV_ERA_B : WEIR_ENV_ERA_A,
						 id, NULL),
				WEIR_OK);
			assert_string_equal(id, want);
			checked++;
		}
		arena_free(&a);
	}
	assert_true(checked > 40);
	json_decref(root);
}

static void
read_env(json_t *list, json_t *keys, const char *arch, struct weir_env *e)
{
	size_t i;
	json_t *p;
	static struct arena keep;

	*e = (struct weir_env){ .id.arch = str_of(arch),
		.unique_keys = keys ? dump(&keep, keys) : STR("") };
	json_array_foreach(list, i, p)
	{
		const char *hash = json_string_value(json_object_get(p, "hash"));
		struct weir_env_package v = {
			.filename = str_of(
				json_string_value(json_object_get(p, "filename")))
		};

		if (hash)
			v.hash = str_of(hash);
		VEC_PUSH(&e->packages, v);
	}
}

static size_t
check_formula(json_t *c, const char *key, const struct weir_env *const *envs, size_t n,
	enum weir_env_formula f)
{
	const char *want =
		json_string_value(json_object_get(json_object_get(c, key), "full_id"));
	char id[WEIR_ENV_ID + 1];

	if (!want || want[0] == '_')
		return 0;
	assert_int_equal(weir_env_full_id(envs, n, f, id, NULL), WEIR_OK);
	assert_string_equal(id, want);
	return 1;
}

static void
test_full_ids(void **state)
{
	json_t *root = load("full_id.json"), *c, *one;
	size_t i, j, checked = 0;

	(void)state;
	if (!root)
		skip();
	json_array_foreach(json_object_get(root, "single_arch"), i, c)
	{
		struct weir_env e;
		const struct weir_env *envs[] = { &e };

		read_env(json_object_get(c, "packages"),
			json_object_get(c, "full_id_unique_keys"),
			json_string_value(json_object_get(c, "arch")), &e);
		checked += check_formula(c, "F1_0.0.x", envs, 1, WEIR_ENV_F1);
		checked +=
			check_formula(c, "F2a_0.1.0_to_0.2.1", envs, 1, WEIR_ENV_F2A);
		checked +=
			check_formula(c, "F2b_0.2.2_to_1.2.3", envs, 1, WEIR_ENV_F2B);
		checked += check_formula(c, "F3_1.3.0_on", envs, 1, WEIR_ENV_F3);
		checked +=
			check_formula(c, "lazy_0.1.0_to_1.3.1", envs, 1, WEIR_ENV_LAZY);
		checked += check_formula(c, "lazy_1.3.4_on", envs, 1, WEIR_ENV_F3);
		VEC_FREE(&e.packages);
	}
	json_array_foreach(json_object_get(root, "co_resolved"), i, c)
	{
		struct weir_env v[8];
		const struct weir_env *envs[8];
		size_t n = 0;

		json_array_foreach(json_object_get(c, "environments"), j, one)
		{
			read_env(json_object_get(one, "packages"), NULL,
				json_string_value(json_object_get(one, "arch")), &v[n]);
			envs[n] = &v[n];
			n++;
		}
		checked += check_formula(c, "C1_0.0.x", envs, n, WEIR_ENV_C1);
		checked += check_formula(c, "C2_0.1.0_on", envs, n, WEIR_ENV_C2);
		for (size_t k = 0; k < n; k++)
			VEC_FREE(&v[k].packages);
	}
	assert_true(checked > 70);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_formulas),
		cmocka_unit_test(test_req_ids),
		cmocka_unit_test(test_full_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
