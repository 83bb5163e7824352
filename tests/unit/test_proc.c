/* proc.c: programs run for what they print, bounded in time and bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/time.h>

#include "proc.h"

static enum weir_rc
run(struct proc *p, const char *script, int timeout_ms, struct weir_err *err)
{
	static const char *const env[] = { "WEIR_A=b c", NULL };
	const char *words[] = { "sh", "-c", script, NULL };

	memset(p, 0, sizeof(*p));
	p->words = words;
	p->more_env = env;
	p->timeout_ms = timeout_ms;
	buf_init(&p->out, 10000);
	buf_init(&p->errors, 10);
	return proc_run(p, err);
}

static void
drop(struct proc *p)
{
	buf_release(&p->out);
	buf_release(&p->errors);
}

static void
test_output(void **state)
{
	struct weir_err err = { 0 };
	struct proc p;

	(void)state;
	assert_int_equal(run(&p,
				 "read x; echo \"$x$WEIR_A\"; echo 12345678901234567890"
				 " >&2; exit 3",
				 20000, &err),
		WEIR_OK);
	assert_string_equal(buf_cstr(&p.out), "b c\n");
	assert_string_equal(buf_cstr(&p.errors), "1234567890");
	assert_int_equal(p.status, 3);
	drop(&p);
	assert_int_equal(run(&p, "kill -9 $$", 20000, &err), WEIR_OK);
	assert_int_equal(p.status, 128 + 9);
	drop(&p);
}

static void
test_bounds(void **state)
{
	struct weir_err err = { 0 };
	struct proc p;
	int64_t began = weir_monotonic_us();

	(void)state;
	assert_int_equal(run(&p, "exec sleep 100", 200, &err), WEIR_EFAIL);
	assert_true(weir_monotonic_us() - began < 50 * (int64_t)WEIR_SECOND_US);
	assert_int_equal(p.status, 128 + 9);
	drop(&p);
	assert_int_equal(run(&p, "exec yes", 50000, &err), WEIR_ETOOBIG);
	drop(&p);
}

static void
test_missing(void **state)
{
	static const char *const words[] = { "/no/such/program", NULL };
	struct proc p = { .words = words, .timeout_ms = 1000 };
	struct weir_err err = { 0 };

	(void)state;
	assert_int_equal(proc_run(&p, &err), WEIR_ENOTFOUND);
	assert_string_equal(err.text, "/no/such/program: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
