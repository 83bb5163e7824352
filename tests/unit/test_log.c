#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <weir/log.h>
#include <weir/mem.h>

/* A file to log to, without a name; its descriptor. */
static int
sink(void)
{
	char path[] = "/tmp/weir-test-log-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	return fd;
}

/* What was written to fd, NUL-terminated; owned. */
static char *
contents(int fd)
{
	size_t n = (size_t)lseek(fd, 0, SEEK_END);
	char *s = xmalloc(n + 1);

	assert_int_equal(pread(fd, s, n, 0), n);
	s[n] = '\0';
	return s;
}

static void
levels(void **state)
{
	int fd = sink();
	char *s;

	(void)state;
	assert_false(weir_log_on(LOG_ERROR));
	LOG(LOG_ERROR, "to nowhere");
	weir_log_to(fd, LOG_INFO);
	assert_true(weir_log_on(LOG_INFO));
	assert_false(weir_log_on(LOG_DEBUG));
	setenv("WEIR_NOW", "2026-11-21T14:02:19Z", 1);
	LOG(LOG_INFO, "page %d", 7);
	LOG(LOG_DEBUG, "not this");
	unsetenv("WEIR_NOW");
	weir_log_to(-1, LOG_ERROR);
	s = contents(fd);
	assert_string_equal(s, "2026-11-21T14:02:19Z info  weir: page 7\n");
	free(s);
	close(fd);
}

static void
a_message_is_one_clean_line(void **state)
{
	int fd = sink();
	char *long_text = xasprintf("%100000s", "x");
	char *s;

	(void)state;
	weir_log_to(fd, LOG_ERROR);
	weir_log_write(LOG_ERROR, "http", "two\nlines\x1b[31m \xe2\x80\xae%c", 1);
	weir_log_write(LOG_ERROR, "http", "%s", long_text);
	weir_log_to(-1, LOG_ERROR);
	s = contents(fd);
	assert_non_null(strstr(s, " error http: two lines \xef\xbf\xbd\n"));
	assert_int_equal(s[strlen(s) - 1], '\n');
	assert_ptr_equal(strchr(strchr(s, '\n') + 1, '\n'), s + strlen(s) - 1);
	assert_true(strlen(s) < 10000);
	free(s);
	free(long_text);
	close(fd);
}

static void *
write_lines(void *arg)
{
	for (int i = 0; i < 500; i++)
		weir_log_write(LOG_ERROR, "thread", "<%s>", (const char *)arg);
	return NULL;
}

static void
lines_of_threads_stay_whole(void **state)
{
	int fd = sink();
	char as[] = "aaaaaaaaaaaa";
	char bs[] = "bbbbbbbbbbbb";
	pthread_t a, b;
	int n = 0;
	char *s, *p;

	(void)state;
	weir_log_to(fd, LOG_ERROR);
	assert_int_equal(pthread_create(&a, NULL, write_lines, as), 0);
	assert_int_equal(pthread_create(&b, NULL, write_lines, bs), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	weir_log_to(-1, LOG_ERROR);
	s = contents(fd);
	for (p = s; *p; p = strchr(p, '\n') + 1, n++) {
		p = strstr(p, " error thread: <");
		assert_non_null(p);
		p += 16;
		assert_true(strncmp(p, "aaaaaaaaaaaa>\n", 14) == 0 ||
			    strncmp(p, "bbbbbbbbbbbb>\n", 14) == 0);
	}
	assert_int_equal(n, 1000);
	free(s);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels),
		cmocka_unit_test(a_message_is_one_clean_line),
		cmocka_unit_test(lines_of_threads_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
