#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include <weir/mem.h>
#include <weir/shell.h>

static const char *const words[] = { "", "plain", "=x", "a b", "it's", "'", "''", "\"",
	"\\", "$HOME", "`id`", "a\nb", "\t", "~", "#no", "-x", "a;b", "(", "*", "?",
	"[a]", "{a,b}", "!", "%1", "h\303\251", "\001\033[31m\177" };

/* Every word behind a blank, as it is quoted. */
static void
quote_all(struct buf *out)
{
	char byte[] = "x.";

	for (size_t i = 0; i < N_ELEM(words); i++) {
		buf_addc(out, ' ');
		weir_shell_quote(out, words[i]);
	}
	for (int c = 1; c < 128; c++) {
		byte[0] = (char)c;
		buf_addc(out, ' ');
		weir_shell_quote(out, byte);
	}
}

static void
assert_word(size_t i, const char *got)
{
	char byte[] = "x.";

	if (i >= N_ELEM(words))
		byte[0] = (char)(i - N_ELEM(words) + 1);
	assert_string_equal(got, i < N_ELEM(words) ? words[i] : byte);
}

static void
what_is_quoted_is_split_again(void **state)
{
	struct buf line = BUF_INIT(BUF_MAX);
	struct weir_err err = { 0 };
	char **got;
	size_t n;

	(void)state;
	quote_all(&line);
	assert_int_equal(
		weir_shell_split("line", buf_str(&line), &got, &n, &err), WEIR_OK);
	assert_int_equal(n, N_ELEM(words) + 127);
	for (size_t i = 0; i < n; i++)
		assert_word(i, got[i]);
	weir_shell_free(got, n);
	buf_release(&line);
}

/* /bin/sh reads each word back as it was; two controls stand behind each. */
static void
a_shell_reads_the_quoting(void **state)
{
	struct buf script = BUF_INIT(BUF_MAX);
	char got[16 << 10], *p = got;
	ssize_t n = 0, more;
	int ends[2];

	(void)state;
	buf_adds(&script, "printf '%s\\001\\002'");
	quote_all(&script);
	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", buf_cstr(&script), (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	while ((more = read(ends[0], got + n, sizeof(got) - 1 - (size_t)n)) > 0)
		n += more;
	close(ends[0]);
	got[n] = '\0';
	for (size_t i = 0; i < N_ELEM(words) + 127; i++) {
		char *end = strstr(p, "\001\002");

		assert_non_null(end);
		*end = '\0';
		assert_word(i, p);
		p = end + 2;
	}
	assert_string_equal(p, "");
	buf_release(&script);
}

static void
words_are_those_of_a_shell(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "  \t\n ", "" },
		{ "a  b\tc", "a|b|c|" },
		{ "a'b c'\"d e\"f", "ab cd ef|" },
		{ "'' \"\"", "||" },
		{ "a\\ b \\'", "a b|'|" },
		{ "\"\\\" \\x \\$\"", "\" \\x $|" },
		{ "a\\", "a\\|" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct buf all = BUF_INIT(BUF_MAX);
		struct weir_err err = { 0 };
		char **got;
		size_t n;

		assert_int_equal(
			weir_shell_split("line", str_of(cases[i][0]), &got, &n, &err),
			WEIR_OK);
		for (size_t k = 0; k < n; k++)
			buf_addf(&all, "%s|", got[k]);
		assert_string_equal(buf_cstr(&all), cases[i][1]);
		weir_shell_free(got, n);
		buf_release(&all);
	}
}

static void
assert_refused(struct str line, const char *why)
{
	struct weir_err err = { 0 };
	char **got = NULL;
	size_t n = 0;

	assert_int_equal(weir_shell_split("line", line, &got, &n, &err), WEIR_EUSAGE);
	assert_string_equal(err.text, why);
	assert_null(got);
}

static void
what_is_no_line_is_refused(void **state)
{
	struct buf big = BUF_INIT(BUF_MAX);

	(void)state;
	assert_refused(str_of("a 'b"), "line: a quote is not closed");
	assert_refused(str_of("a \"b\\\""), "line: a quote is not closed");
	assert_refused((struct str){ "a\0b", 3 }, "line: holds a NUL byte");
	buf_addn(&big, 'x', WEIR_SHELL_MAX + 1);
	assert_refused(buf_str(&big), "line: longer than 65536 bytes");
	buf_release(&big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_quoted_is_split_again),
		cmocka_unit_test(a_shell_reads_the_quoting),
		cmocka_unit_test(words_are_those_of_a_shell),
		cmocka_unit_test(what_is_no_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
