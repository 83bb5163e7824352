#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir/mem.h"
#include "weir/time.h"

extern char **environ;

struct child {
	pid_t pid;
	struct pollfd fds[2]; /* its stdout and stderr; -1 when closed */
};

/* ---- environment */

static bool
is_replaced(const char *entry, const char *const *more)
{
	size_t name = strcspn(entry, "=") + 1;

	for (; more && *more; more++)
		if (strncmp(entry, *more, name) == 0)
			return true;
	return false;
}

/* Owned array of borrowed texts. */
static char **
make_env(const char *const *more)
{
	VEC(char *) v = { 0 };

	for (char **e = environ; e && *e; e++)
		if (!is_replaced(*e, more))
			VEC_PUSH(&v, *e);
	for (; more && *more; more++)
		VEC_PUSH(&v, (char *)(uintptr_t)*more);
	VEC_PUSH(&v, NULL);
	return v.v;
}

/* ---- starting */

static bool
make_pipe(int fd[2])
{
	if (pipe(fd))
		return false;
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	return true;
}

static int
spawn(const struct proc *p, int out, int errors, pid_t *ret_pid)
{
	char **env = make_env(p->more_env);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t set;
	int rc;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, errors, 2);
	posix_spawnattr_init(&attr);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGINT);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(ret_pid, p->words[0], &files, &attr,
		(char *const *)(uintptr_t)p->words, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	return rc;
}

/* ---- listening */

static void
take(struct pollfd *fd, struct buf *out)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd->fd, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(fd->fd);
		fd->fd = -1;
	}
}

/* false: it took too long. */
static bool
listen_to(struct proc *p, struct child *c)
{
	int64_t end = weir_monotonic_us() + (int64_t)p->timeout_ms * 1000;
	int64_t left;

	while (c->fds[0].fd >= 0 || c->fds[1].fd >= 0) {
		left = (end - weir_monotonic_us()) / 1000;
		if (left <= 0 || p->out.truncated)
			return false;
		if (poll(c->fds, 2, (int)left) < 0 && errno != EINTR)
			return false;
		if (c->fds[0].fd >= 0 && c->fds[0].revents)
			take(&c->fds[0], &p->out);
		if (c->fds[1].fd >= 0 && c->fds[1].revents)
			take(&c->fds[1], &p->errors);
	}
	return true;
}

static void
finish(struct proc *p, struct child *c, bool in_time)
{
	int status = 0;

	for (size_t i = 0; i < N_ELEM(c->fds); i++)
		if (c->fds[i].fd >= 0)
			close(c->fds[i].fd);
	if (!in_time)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

enum weir_rc
proc_run(struct proc *p, struct weir_err *err)
{
	int out[2], errors[2], failed;
	struct child c = { 0 };
	bool in_time;

	if (!make_pipe(out))
		return weir_fail(
			err, WEIR_EFAIL, "%s: %s", p->words[0], strerror(errno));
	if (!make_pipe(errors)) {
		close(out[0]);
		close(out[1]);
		return weir_fail(
			err, WEIR_EFAIL, "%s: %s", p->words[0], strerror(errno));
	}
	failed = spawn(p, out[1], errors[1], &c.pid);
	close(out[1]);
	close(errors[1]);
	c.fds[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	c.fds[1] = (struct pollfd){ .fd = errors[0], .events = POLLIN };
	if (failed) {
		close(out[0]);
		close(errors[0]);
		return weir_fail(err, failed == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"%s: %s", p->words[0], strerror(failed));
	}
	in_time = listen_to(p, &c);
	finish(p, &c, in_time);
	if (p->out.truncated)
		return weir_fail(
			err, WEIR_ETOOBIG, "%s: it printed too much", p->words[0]);
	if (!in_time)
		return weir_fail(err, WEIR_EFAIL, "%s: not done after %d seconds",
			p->words[0], p->timeout_ms / 1000);
	return WEIR_OK;
}
