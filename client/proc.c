#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipe.h"
#include "spawn.h"
#include "weir/mem.h"
#include "weir/time.h"

struct child {
	pid_t pid;
	struct pollfd fds[2]; /* its stdout and stderr; -1 when closed */
};

/* ---- starting */

static bool
make_pipe(int fd[2])
{
	if (!pipe_open(fd))
		return false;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	return true;
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
	struct spawn how = {
		.words = p->words, .more_env = p->more_env, .in = SPAWN_NOTHING
	};
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
	how.out = out[1];
	how.errors = errors[1];
	failed = spawn_start(&how, &c.pid);
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
