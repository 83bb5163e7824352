/* config_edit.c: one key of weir.conf is changed, all else stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "config_layer.h"
#include "weir/mem.h"

static void
test_edit(void **state)
{
	static const struct {
		const char *text, *profile;
		enum weir_key key;
		const char *value, *want;
	} t[] = {
		{ "", NULL, WEIR_KEY_PAGER, "less \"x\"",
			"pager = \"less \\\"x\\\"\"\n" },
		{ "# c\nutc = false # why\n\n# of p\n[profiles.p]\nutc = false\n", NULL,
			WEIR_KEY_UTC, "yes",
			"# c\nutc = true # why\n\n# of p\n[profiles.p]\nutc = "
			"false\n" },
		{ "# c\nutc = false # why\n\n# of p\n[profiles.p]\nutc = false\n", "p",
			WEIR_KEY_UTC, "true",
			"# c\nutc = false # why\n\n# of p\n[profiles.p]\nutc = "
			"true\n" },
		{ "# c\nutc = false\n\n# of p\n[profiles.p]\n", NULL, WEIR_KEY_PARALLEL,
			"8",
			"# c\nutc = false\nparallel = 8\n\n# of p\n[profiles.p]\n" },
		{ "# c\n\n# of p\n[profiles.p]\nutc = true", "p", WEIR_KEY_API_URL,
			"http://a",
			"# c\n\n# of p\n[profiles.p]\napi_url = \"http://a\"\nutc = "
			"true" },
		{ "utc = true", "q r", WEIR_KEY_API_URL, "http://a/",
			"utc = true\n\n[profiles.\"q r\"]\napi_url = "
			"\"http://a\"\n" },
		{ "a_b = 'ü' # ü\npager = '''x''' # é\ncolor = 'auto'\n", NULL,
			WEIR_KEY_PAGER, NULL, "a_b = 'ü' # ü\ncolor = 'auto'\n" },
		{ "pager = 'ü' # é\n", NULL, WEIR_KEY_PAGER, "m",
			"pager = \"m\" # é\n" },
		{ "\"pager\" = 'x'\n", NULL, WEIR_KEY_PAGER, "y",
			"\"pager\" = \"y\"\n" },
		{ "custom_headers = { A = 'b' }\n", NULL, WEIR_KEY_CUSTOM_HEADERS,
			"{\"A\": \"c\"}",
			"custom_headers = \"{\\\"A\\\":\\\"c\\\"}\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct buf out = BUF_INIT(BUF_MAX);
		struct weir_err err = { 0 };

		if (config_edit(str_of(t[i].text), "f", t[i].profile, t[i].key,
			    t[i].value, &out, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_string_equal(buf_cstr(&out), t[i].want);
		buf_release(&out);
	}
}

static void
test_edit_refused(void **state)
{
	static const struct {
		const char *text, *profile;
		enum weir_key key;
		const char *value;
		enum weir_rc rc;
	} t[] = {
		{ "", NULL, WEIR_KEY_UTC, NULL, WEIR_ENOTFOUND },
		{ "", NULL, WEIR_KEY_UTC, "maybe", WEIR_EUSAGE },
		{ "", NULL, WEIR_KEY_PAGER, "", WEIR_EUSAGE },
		{ "broken = ", NULL, WEIR_KEY_UTC, "true", WEIR_ECONFIG },
		{ "profiles = { p = { utc = false, color = 'auto' } }", "p",
			WEIR_KEY_UTC, NULL, WEIR_ECONFIG },
		{ "profiles = { p = {} }", "p", WEIR_KEY_UTC, "true", WEIR_ECONFIG },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct buf out = BUF_INIT(BUF_MAX);
		enum weir_rc rc = config_edit(str_of(t[i].text), "f", t[i].profile,
			t[i].key, t[i].value, &out, NULL);

		assert_int_equal(rc, t[i].rc);
		assert_int_equal(out.len, 0);
		buf_release(&out);
	}
}

/* On a real disk: folders made, 0600, through a symbolic link. */
static void
test_set(void **state)
{
	char root[] = "/tmp/weir-config-XXXXXX", path[128], link_to[128];
	struct weir_config_flags flags = { 0 };
	struct weir_config *c = NULL;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(setenv("XDG_CONFIG_HOME", root, 1), 0);
	assert_int_equal(setenv("HOME", root, 1), 0);
	assert_int_equal(chdir(root), 0);
	assert_int_equal(weir_config_load(&flags, &c, NULL), WEIR_OK);
	assert_int_equal(weir_config_set(c, WEIR_KEY_UTC, "1", NULL), WEIR_OK);
	snprintf(path, sizeof(path), "%s/weir/weir.conf", root);
	snprintf(link_to, sizeof(link_to), "%s/real.conf", root);
	assert_string_equal(weir_config_file(c), path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(rename(path, link_to), 0);
	assert_int_equal(symlink(link_to, path), 0);
	assert_int_equal(weir_config_set(c, WEIR_KEY_COLOR, "never", NULL), WEIR_OK);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	weir_config_free(c);
	assert_int_equal(weir_config_load(&flags, &c, NULL), WEIR_OK);
	assert_true(weir_config_bool(c, WEIR_KEY_UTC));
	assert_string_equal(weir_config_str(c, WEIR_KEY_COLOR), "never");
	weir_config_free(c);
	assert_int_equal(unlink(path) | unlink(link_to), 0);
	snprintf(path, sizeof(path), "%s/weir", root);
	assert_int_equal(rmdir(path) | chdir("/") | rmdir(root), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_edit_refused),
		cmocka_unit_test(test_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
