/* Versions and specifications; expected values are those of conda's own VersionOrder
 * and of the packaging library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "env_version.h"
#include "weir/mem.h"

/* Ascending; `=` before one that is equal to the one before. */
static const char *const conda[] = { "0.4", "=0.4.0", "=0.4.0.0", "0.4.1.rc",
	"=0.4.1.RC", "0.4.1", "0.5a1", "0.5b3", "0.5C1", "0.5", "0.9.6", "0.960923",
	"1.0", "1.1dev1", "1.1_", "1.1a1", "1.1.0dev1", "=1.1.dev1", "1.1.a1",
	"1.1.0rc1", "1.1.0", "=1.1", "1.1.0post1", "=1.1.post1", "1.1post1",
	"1996.07.12", "1!0.4.1", "1!3.1.1.6", "2!0.4.1" };
static const char *const pep440[] = { "1.dev0", "1.0.dev456", "=1.0.0.DEV456", "1.0a1",
	"1.0a2.dev456", "1.0a12.dev456", "1.0a12", "=1.0.alpha-12", "1.0b1.dev456",
	"1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1",
	"=1.0c1", "=v1.0pre1", "1.0", "=1", "1.0+abc.5", "1.0+abc.7", "1.0+5",
	"1.0.post456.dev34", "1.0.post456", "=1.0-456", "1.0.15", "1.1.dev1", "1!0.1" };

static void
check_order(enum env_rules rules, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rank_i = 0, rank_j;

		for (size_t j = 0; j < n; j++) {
			struct str a = str_of(v[i]), b = str_of(v[j]);

			rank_i = rank_j = 0;
			for (size_t k = 0; k <= i; k++)
				rank_i += v[k][0] != '=';
			for (size_t k = 0; k <= j; k++)
				rank_j += v[k][0] != '=';
			if (a.s[0] == '=')
				a.s++, a.len--;
			if (b.s[0] == '=')
				b.s++, b.len--;
			if (env_version_cmp(rules, a, b) !=
				(rank_i > rank_j) - (rank_i < rank_j))
				fail_msg("%s against %s", v[i], v[j]);
		}
	}
}

static void
test_conda_order(void **state)
{
	(void)state;
	check_order(ENV_RULES_CONDA, conda, N_ELEM(conda));
}

static void
test_pep440_order(void **state)
{
	(void)state;
	check_order(ENV_RULES_PEP440, pep440 + 1, N_ELEM(pep440) - 1);
	assert_true(env_version_cmp(ENV_RULES_PEP440, STR("no-version"), STR("0")) < 0);
}

static void
test_specs(void **state)
{
	static const struct {
		const char *spec, *version;
		bool conda, pep440;
	} cases[] = {
		{ "<3", "1.1.1w", true, true },
		{ "<3", "3.0.0", false, false },
		{ ">=1.1,<3", "1.1.1", true, true },
		{ ">=1.1,<3", "1.0", false, false },
		{ "=1.2", "1.2.9", true, true },
		{ "=1.2", "1.20", false, false },
		{ "1.2", "1.2.0", true, true },
		{ "1.2", "1.2.1", false, false },
		{ "==1.2", "1.2.0", true, true },
		{ "==1.2.*", "1.2.7", true, true },
		{ "1.2.*", "1.2.7", true, true },
		{ "!=1.2.*", "1.2.7", false, false },
		{ "!=1.2.*", "1.3", true, true },
		{ "~=1.4.5", "1.4.9", true, true },
		{ "~=1.4.5", "1.5", false, false },
		{ "3.8.*|3.9.*", "3.9.1", true, true },
		{ "3.8.*|3.9.*", "3.10.1", false, false },
		{ "(>=1,<2)|>3", "2.5", false, false },
		{ "(>=1,<2)|>3", "3.5", true, true },
		{ " > 1 , < 2 ", "1.5", true, true },
		{ "*", "anything", true, true },
		{ ">=1!1.0", "2.0", false, false },
		{ ">=1!1.0", "1!1.1", true, true },
		{ "===1.0", "1.0.0", false, false },
		{ "==1.0", "1.0+cpu", false, true },
		{ ">1.0", "1.0.post1", true, false },
		{ "<1.0", "1.0rc1", true, false },
		{ "=1.1.1", "1.1.1w", true, true },
		{ "=1.1.1a", "1.1.1ab", true, true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct env_spec *s;

		assert_int_equal(
			env_spec_parse(str_of(cases[i].spec), &s, NULL), WEIR_OK);
		if (env_spec_match(s, ENV_RULES_CONDA, str_of(cases[i].version)) !=
				cases[i].conda ||
			env_spec_match(s, ENV_RULES_PEP440, str_of(cases[i].version)) !=
				cases[i].pep440)
			fail_msg("%s with %s", cases[i].version, cases[i].spec);
		env_spec_free(s);
	}
}

static void
test_bad_specs(void **state)
{
	static const char *const bad[] = { "", "<", "<1,", "|1", "1.*.2", "(1", "1)",
		"~=1.*", "=>1", "1 2", ">*", "a b", "$", "<<1" };
	struct env_spec *s;
	struct weir_err err;
	struct buf deep = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < N_ELEM(bad); i++) {
		if (env_spec_parse(str_of(bad[i]), &s, &err) != WEIR_EUSAGE)
			fail_msg("'%s' is taken", bad[i]);
	}
	buf_addn(&deep, '(', 100);
	assert_int_equal(env_spec_parse(buf_str(&deep), &s, &err), WEIR_EUSAGE);
	buf_addn(&deep, '1', 2000);
	assert_int_equal(env_spec_parse(buf_str(&deep), &s, &err), WEIR_EUSAGE);
	buf_release(&deep);
}

static void
check_normal(const char *version, const char *want)
{
	struct buf b = BUF_INIT(1024);

	assert_int_equal(env_version_normal(&b, str_of(version)), want != NULL);
	assert_string_equal(buf_cstr(&b), want ? want : "");
	buf_release(&b);
}

static void
test_normal(void **state)
{
	(void)state;
	check_normal(
		" v01.2.0-ALPHA_3.post.dev2+Ubuntu-01 ", "1.2.0a3.post0.dev2+ubuntu.1");
	check_normal("0!1", "1");
	check_normal("2!1.0-1", "2!1.0.post1");
	check_normal("1.0x", NULL);
	check_normal("1..0", NULL);
	check_normal("1.0+", NULL);
	check_normal("", NULL);
}

/* All pairs of neighbours of a long sorted list, where it is. */
static void
test_vectors(void **state)
{
	static const char *const files[] = {
		"../shared/data/version-vectors/pep440_order.json",
		"../../shared/data/version-vectors/pep440_order.json"
	};
	json_t *root = NULL, *v;

	(void)state;
	for (size_t i = 0; !root && i < N_ELEM(files); i++)
		root = json_load_file(files[i], 0, NULL);
	if (!root)
		skip();
	v = json_object_get(root, "versions");
	assert_true(json_array_size(v) > 1000);
	for (size_t i = 0; i < json_array_size(v); i++) {
		json_t *one = json_array_get(v, i), *before;
		const char *text = json_string_value(json_array_get(one, 0));

		check_normal(text, json_string_value(json_array_get(one, 1)));
		before = json_array_get(v, i ? i - 1 : 0);
		assert_true(
			env_version_cmp(ENV_RULES_PEP440,
				str_of(json_string_value(json_array_get(before, 0))),
				str_of(text)) <= 0);
	}
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conda_order),
		cmocka_unit_test(test_pep440_order),
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_bad_specs),
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
