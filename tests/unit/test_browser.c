/* browser.c: what is started, with which words, and what failure looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include <weir/browser.h>
#include <weir/mem.h>

static const char address[] = "http://h/runs?a=b&c=$(d)";
static char dir[64] = "/tmp/weir-test-browser.XXXXXX";

static enum weir_rc
open_with(const char *browser, const char *to, enum weir_browser_how how,
	struct weir_err *err)
{
	const struct weir_config_flags flags = { 0 };
	struct weir_config *c;
	enum weir_rc rc;

	setenv("BROWSER", browser, 1);
	assert_int_equal(weir_config_load(&flags, &c, err), WEIR_OK);
	rc = weir_browser_open(c, to, how, err);
	weir_config_free(c);
	return rc;
}

/* What the browser wrote: its words, one a line; waits for a detached one. */
static char *
written(const char *path)
{
	static char text[512];
	size_t n = 0;

	for (int i = 0; i < 3000 && access(path, F_OK); i++)
		usleep(20000);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	unlink(path);
	text[n] = '\0';
	return text;
}

static int
make_browser(void **state)
{
	char *path;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("HOME", dir, 1);
	setenv("XDG_CONFIG_HOME", dir, 1);
	path = xasprintf("%s/browser", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nfor a; do echo \"$a\"; done >%s/new\nmv %s/new %s/out\n",
		dir, dir, dir);
	fclose(f);
	chmod(path, 0700);
	free(path);
	return 0;
}

static int
remove_browser(void **state)
{
	char *path = xasprintf("%s/browser", dir);

	(void)state;
	unlink(path);
	free(path);
	return rmdir(dir);
}

static void
test_words(void **state)
{
	const enum weir_browser_how hows[] = { WEIR_BROWSER_WAIT, WEIR_BROWSER_DETACH };
	char *out = xasprintf("%s/out", dir);
	struct weir_err err;

	(void)state;
	for (size_t i = 0; i < N_ELEM(hows); i++) {
		char *browser = xasprintf("%s/browser  --new <%%s>;rm", dir);
		char *expect = xasprintf("--new\n<%s>;rm\n", address);

		assert_int_equal(open_with(browser, address, hows[i], &err), WEIR_OK);
		assert_string_equal(written(out), expect);
		free(browser);
		free(expect);
		browser = xasprintf("%s/browser -x", dir);
		expect = xasprintf("-x\n%s\n", address);
		assert_int_equal(open_with(browser, address, hows[i], &err), WEIR_OK);
		assert_string_equal(written(out), expect);
		free(browser);
		free(expect);
	}
	free(out);
}

static void
test_failures(void **state)
{
	struct weir_err err;

	(void)state;
	assert_int_equal(
		open_with("/no/such", address, WEIR_BROWSER_DETACH, &err), WEIR_EFAIL);
	assert_string_equal(err.text, "browser '/no/such': No such file or directory");
	assert_int_equal(
		open_with("/no/such", address, WEIR_BROWSER_WAIT, &err), WEIR_EFAIL);
	assert_int_equal(
		open_with("false", address, WEIR_BROWSER_WAIT, &err), WEIR_EFAIL);
	assert_int_equal(
		open_with("true", "file:///etc/passwd", WEIR_BROWSER_WAIT, &err),
		WEIR_ECONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, make_browser, remove_browser);
}
