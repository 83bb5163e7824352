#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/error.h>

static void
fail_sets_text_and_returns_the_code(void **state)
{
	struct weir_err err = { .hint = "old hint" };

	(void)state;
	assert_int_equal(
		weir_fail(&err, WEIR_EDB, "store %s: %d", "a.db", 7), WEIR_EDB);
	assert_int_equal(err.rc, WEIR_EDB);
	assert_string_equal(err.text, "store a.db: 7");
	assert_string_equal(err.hint, "");
	assert_int_equal(weir_hint(&err, "weir %s", "doctor"), WEIR_EDB);
	assert_string_equal(err.hint, "weir doctor");
	assert_int_equal(weir_prefix(&err, "run '%s'", "x"), WEIR_EDB);
	assert_string_equal(err.text, "run 'x': store a.db: 7");
	assert_string_equal(err.hint, "weir doctor");
}

static void
nobody_needs_to_listen(void **state)
{
	(void)state;
	assert_int_equal(weir_fail(NULL, WEIR_ENET, "%s", "x"), WEIR_ENET);
	assert_int_equal(weir_hint(NULL, "x"), WEIR_EFAIL);
	assert_int_equal(weir_prefix(NULL, "x"), WEIR_EFAIL);
}

static void
long_texts_are_cut(void **state)
{
	char name[4000];
	struct weir_err err = { 0 };

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	weir_fail(&err, WEIR_EFAIL, "%s", name);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	weir_hint(&err, "%s", name);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	weir_prefix(&err, "%s", name);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	weir_fail(&err, WEIR_EFAIL, "short");
	weir_prefix(&err, "%s", "front");
	assert_string_equal(err.text, "front: short");
}

/* What scripts branch on (DESIGN 6); a new code without a status would be 0 here. */
static void
exit_statuses(void **state)
{
	(void)state;
	assert_int_equal(weir_exit_status(WEIR_OK), 0);
	assert_int_equal(weir_exit_status(WEIR_EFAIL), 1);
	assert_int_equal(weir_exit_status(WEIR_ENOTFOUND), 1);
	assert_int_equal(weir_exit_status(WEIR_EREFUSED), 1);
	assert_int_equal(weir_exit_status(WEIR_EUSAGE), 2);
	assert_int_equal(weir_exit_status(WEIR_ENOSERVER), 2);
	assert_int_equal(weir_exit_status(WEIR_ERUNFAILED), 3);
	assert_int_equal(weir_exit_status(WEIR_EAUTH), 4);
	assert_int_equal(weir_exit_status(WEIR_ENET), 5);
	assert_int_equal(weir_exit_status(WEIR_EPENDING), 8);
	assert_int_equal(weir_exit_status(WEIR_EINTR), 130);
	for (int rc = 1; rc < WEIR_N_RC; rc++)
		assert_int_not_equal(weir_exit_status((enum weir_rc)rc), 0);
	assert_int_equal(weir_exit_status(WEIR_N_RC), 1);
	assert_int_equal(weir_exit_status((enum weir_rc) - 1), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_sets_text_and_returns_the_code),
		cmocka_unit_test(nobody_needs_to_listen),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(exit_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
