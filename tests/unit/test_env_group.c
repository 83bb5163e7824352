/* Steps in groups: what Metaflow says of a flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "env_help.h"
#include "weir/env_group.h"

#define STEP(more)                                                                     \
	"{\"is_disabled\": false, \"error\": null, \"requested_hash\": \"" ENV_R1      \
	"\", \"from_env_name\": null, \"is_fetch_at_exec\": false" more "}"
#define HAS(req, full, archs)                                                          \
	", \"env_id\": [\"" req "\", \"" full "\", \"linux-64\"], \"env\": "           \
	"{\"resolved_archs\": " archs "}"

static struct weir_env_groups
read_it(struct weir_store *s, const char *json, const char *printed)
{
	struct weir_env_groups g;
	struct weir_err err;

	assert_int_equal(
		weir_env_groups_read(s, str_of(json), str_of(printed), &g, &err),
		WEIR_OK);
	return g;
}

static void
assert_group(const struct weir_env_group *g, const char *req_id, const char *full_id,
	const char *archs, const char *steps)
{
	struct buf b = BUF_INIT(BUF_MAX);

	assert_string_equal(g->req_id, req_id);
	assert_string_equal(g->full_id, full_id);
	assert_string_equal(g->archs, archs);
	weir_env_group_steps(g, &b);
	assert_string_equal(buf_cstr(&b), steps);
	buf_release(&b);
}

static void
groups_by_request_and_archs(void **state)
{
	static const char json[] = "{\"a\": " STEP(HAS(ENV_R1, ENV_FA,
		"[\"osx-64\", \"linux-64\"]")) ", \"b\": " STEP(HAS(ENV_R2, ENV_FC,
		"[]")) ", \"c\": " STEP(HAS(ENV_R1, ENV_FA,
		"[\"linux-64\", \"osx-64\"]")) ", \"d\": " STEP(HAS(ENV_R1, ENV_FA,
		"[\"linux-64\"]")) "}";
	struct weir_env_groups g =
		read_it(NULL, json, "Step c\n\tx\n Step d\nStep b\nStep a\n");

	(void)state;
	assert_int_equal(g.v.n, 3);
	assert_int_equal(g.alone.n, 0);
	assert_group(&g.v.v[0], ENV_R1, ENV_FA, "linux-64, osx-64", "c, a");
	assert_group(&g.v.v[1], ENV_R2, ENV_FC, "linux-64", "b");
	assert_group(&g.v.v[2], ENV_R1, ENV_FA, "linux-64", "d");
	assert_ptr_equal(weir_env_group_of(&g, "a"), &g.v.v[0]);
	assert_null(weir_env_group_of(&g, "x"));
	weir_env_groups_release(&g);
}

#define DISABLED ", \"is_disabled\": true"
#define WRONG ", \"error\": \"Base environment 'x' was not found\""
#define NONE ", \"env_id\": null, \"env\": null"
#define FETCHED ", \"is_fetch_at_exec\": true"
#define A HAS(ENV_R1, ENV_FA, "[]")
#define C HAS(ENV_R2, ENV_FC, "[]")
#define FROM ", \"from_env_name\": \"team/x\""

static void
leaves_steps_alone(void **state)
{
	/* clang-format off */
	static const char json[] = "{\"a\": " STEP(DISABLED)
		", \"b\": " STEP(WRONG)
		", \"c\": " STEP(FETCHED FROM A)
		", \"d\": " STEP(NONE)
		", \"e\": {}, \"f\": 3, \"g\": " STEP(FROM C) "}";
	/* clang-format on */
	static const char *const why[] = { "disabled",
		"Base environment 'x' was not found",
		"fetched as 'team/x' when it runs", "not resolved yet",
		"not resolved yet", "it has the environment 'team/x'" };
	struct env_world w;
	struct weir_store *s;
	struct weir_env_groups g = read_it(NULL, json, "");

	(void)state;
	assert_int_equal(g.v.n, 0);
	assert_int_equal(g.alone.n, N_ELEM(why));
	for (size_t i = 0; i < N_ELEM(why); i++)
		assert_string_equal(g.alone.v[i].why, why[i]);
	weir_env_groups_release(&g);

	/* The store knows one that it could have. */
	env_world_make(&w);
	env_write(&w, ENV_FILE);
	s = env_store(&w, &(struct buf)BUF_INIT(BUF_MAX));
	g = read_it(s, json, "");
	assert_int_equal(g.v.n, 1);
	assert_group(&g.v.v[0], ENV_R1, "", "", "d");
	assert_int_equal(g.alone.n, N_ELEM(why) - 1);
	weir_env_groups_release(&g);
	weir_store_close(s);
	env_world_drop(&w);
}

static void
refuses_what_is_no_answer(void **state)
{
	static const char *const bad[] = { "", "[]", "{\"a\": ", "3" };
	struct weir_env_groups g;
	struct weir_err err;

	(void)state;
	for (size_t i = 0; i < N_ELEM(bad); i++)
		assert_int_equal(
			weir_env_groups_read(NULL, str_of(bad[i]), STR(""), &g, &err),
			WEIR_EBADDATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_by_request_and_archs),
		cmocka_unit_test(leaves_steps_alone),
		cmocka_unit_test(refuses_what_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
