/* Which process has a file: by a child that has it, as Metaflow has its locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder.h"
#include "inst_lock.h"
#include "weir/mem.h"

static char top[] = "/tmp/weir-test-holder-XXXXXX";
static char *lock;

static int
set_up(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return 1;
	lock = xasprintf("%s/x.lock", top);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(lock);
	free(lock);
	return rmdir(top);
}

struct child {
	pid_t pid;
	int in; /* it ends when this is closed, at the latest */
};

/* A program that has the file open; it is running when this returns. */
static struct child
start(int flags, int operation)
{
	int in[2], began[2];
	struct child c;
	char byte;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(began), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(began[i], F_SETFD, FD_CLOEXEC), 0);
	c.pid = fork();
	if (c.pid == 0) {
		int fd = open(lock, flags, 0644);

		dup2(in[0], 0);
		close(in[0]);
		close(in[1]);
		if (fd < 0 || flock(fd, operation) != 0)
			_exit(1);
		execlp("cat", "http://bob:sekret@h/\033[1m", "-", "/dev/null", "fourth",
			(char *)NULL);
		_exit(1);
	}
	close(in[0]);
	close(began[1]);
	assert_int_equal(read(began[0], &byte, 1), 0);
	close(began[0]);
	c.in = in[1];
	return c;
}

static void
stop(struct child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->in);
}

static void
test_open(void **state)
{
	struct child c = start(O_RDWR | O_CREAT, LOCK_UN);

	(void)state;
	assert_int_equal(holder_of_open(lock), c.pid);
	assert_int_equal(holder_of_open(top), 0);
	/* another file of that name */
	unlink(lock);
	close(open(lock, O_WRONLY | O_CREAT, 0644));
	assert_int_equal(holder_of_open(lock), 0);
	unlink(lock);
	assert_int_equal(holder_of_open(lock), 0);
	stop(&c);
	/* who reads it is one who waits */
	close(open(lock, O_WRONLY | O_CREAT, 0644));
	c = start(O_RDONLY, LOCK_UN);
	assert_int_equal(holder_of_open(lock), 0);
	stop(&c);
}

static void
test_flock(void **state)
{
	struct child c = start(O_RDWR | O_CREAT, LOCK_EX);
	struct stat st;

	(void)state;
	assert_int_equal(stat(lock, &st), 0);
	assert_int_equal(holder_of_flock(&st), c.pid);
	assert_int_equal(stat(top, &st), 0);
	assert_int_equal(holder_of_flock(&st), 0);
	assert_int_equal(stat(lock, &st), 0);
	stop(&c);
	assert_int_equal(holder_of_flock(&st), 0);
}

static void
check_who(const char *want)
{
	struct buf b = BUF_INIT(BUF_MAX);

	assert_true(inst_lock_who(lock, &b));
	if (!strstr(buf_cstr(&b), want))
		fail_msg("%s\nwithout: %s", buf_cstr(&b), want);
	buf_release(&b);
}

static void
test_words(void **state)
{
	struct child c = start(O_RDWR | O_CREAT, LOCK_UN);
	char *want = xasprintf(
		"x.lock: held by process %ld (http://***@h/ - /dev/null), of user ",
		(long)c.pid);
	struct buf b = BUF_INIT(BUF_MAX);
	FILE *f;

	(void)state;
	check_who(want);
	free(want);
	stop(&c);
	check_who("x.lock: held by another program (probably Metaflow), of user ");
	holder_add(&b, (long)c.pid);
	assert_null(strchr(buf_cstr(&b), '('));
	buf_release(&b);
	/* of a weir: which, and where */
	f = fopen(lock, "w");
	fputs("weir 12 34 otherhost/boot/ns\n", f);
	fclose(f);
	check_who("x.lock: held by weir, process 12 on otherhost, of user ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_flock),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
