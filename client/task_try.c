/* A task's command, once: started, its lines to the worker, its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "marked.h"
#include "pipe.h"
#include "relay.h"
#include "spawn.h"
#include "task.h"
#include "task_keep.h"
#include "weir/time.h"

static const int64_t grace_us = 10000000; /* between TERM and KILL after its time */
enum { REST_LOOK_MS = 50, VARIABLE_BYTES = 64 };

/* What the handler wakes, the signal that came to us, and who sent it (0: a terminal).
 */
static int task_wake = -1;
static volatile sig_atomic_t task_signal, task_sender;

struct running {
	pid_t pid;
	int wake[2];
	struct relay *in;         /* two; NULL: it has our own stdout and stderr */
	struct task_keep keep;    /* who reads them, unless it was killed */
	int64_t term_us, kill_us; /* monotonic; 0: never */
	bool passed;              /* the signal that came to us */
};

/* ---- starting */

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	int why = errno;

	(void)context;
	if (sig != SIGCHLD) {
		task_sender = info->si_code == SI_USER ? info->si_pid : 0;
		task_signal = sig;
	}
	pipe_poke(task_wake);
	errno = why;
}

/* By which all that it begins is known. */
static void
put_variable(const struct task_try *y, char out[VARIABLE_BYTES])
{
	char id[WEIR_ID_TEXT + 1];

	snprintf(out, VARIABLE_BYTES, "WEIR_TASK_RUN_ID=%s",
		weir_id_format(&y->task, id));
}

/* Its lines go to out and errors. */
static int
start_with(const struct weir_task *t, const struct task_try *y, int out, int errors,
	pid_t *ret_pid)
{
	char entry[VARIABLE_BYTES];
	const char *const more[] = { entry, NULL };
	struct spawn how = {
		.words = t->words, .in = SPAWN_OURS, .out = out, .errors = errors
	};

	if (!weir_id_is_null(&y->task)) {
		put_variable(y, entry);
		how.more_env = more;
	}
	return spawn_start(&how, ret_pid);
}

static void
set_relay(struct relay *r, int fd, const struct task_try *y)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	r->fd = fd;
	r->spool = y->log_fd;
	r->frame.from = SPOOL_TASK;
	r->frame.task = y->task;
}

static int
start(const struct weir_task *t, const struct task_try *y, struct running *r)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, rc;
	char variable[VARIABLE_BYTES];

	if (y->log_fd < 0)
		return start_with(t, y, SPAWN_OURS, SPAWN_OURS, &r->pid);
	if (!pipe_make(out))
		return errno;
	if (!pipe_make(err)) {
		close(out[0]);
		close(out[1]);
		return errno;
	}
	fcntl(out[1], F_SETFL, 0);
	fcntl(err[1], F_SETFL, 0);
	r->in = xcalloc(2, sizeof(*r->in));
	set_relay(&r->in[0], out[0], y);
	set_relay(&r->in[1], err[0], y);
	put_variable(y, variable);
	(void)task_keep_start(&r->keep, r->in, variable); /* else we read ourselves */
	rc = start_with(t, y, out[1], err[1], &r->pid);
	close(out[1]);
	close(err[1]);
	return rc;
}

/* ---- until its end */

static int
wait_ms(const struct running *r)
{
	int64_t at = r->kill_us ? r->kill_us : r->term_us, left;

	if (!at)
		return -1;
	left = (at - weir_monotonic_us()) / 1000 + 1;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* To all that the command began, where it is a task run; how many, but for that one. */
static size_t
signal_rest(const struct task_try *y, int sig, pid_t but)
{
	char variable[VARIABLE_BYTES];

	if (weir_id_is_null(&y->task))
		return 0;
	put_variable(y, variable);
	return marked_kill(variable, sig, but, 0);
}

static void
watch_time(struct running *r, struct task_try *y)
{
	int64_t now_us = weir_monotonic_us();

	if (r->kill_us && now_us >= r->kill_us) {
		kill(r->pid, SIGKILL);
		r->kill_us = 0;
		r->term_us = 0;
	} else if (!r->kill_us && r->term_us && now_us >= r->term_us) {
		y->timed_out = true;
		kill(r->pid, SIGTERM);
		(void)signal_rest(y, SIGTERM, r->pid);
		r->kill_us = now_us + grace_us;
	}
}

/*
 * What came to us alone is for the command, which a terminal and the worker of a run
 * signal with us: as one group, from outside of it.
 */
static void
pass_on(struct running *r, const struct task_try *y)
{
	pid_t of;

	if (!task_signal || r->passed)
		return;
	r->passed = true;
	of = getpgid((pid_t)task_sender);
	if (task_sender > 0 && (y->log_fd < 0 || of < 0 || of == getpgrp()))
		kill(r->pid, (int)task_signal);
}

/* What there is by now; false: nothing. */
static bool
take(struct running *r, int timeout_ms)
{
	bool ours = r->in && !task_keep_reads(&r->keep), some = false;
	struct pollfd fds[3] = { { .fd = r->wake[0], .events = POLLIN },
		{ .fd = ours ? r->in[0].fd : -1, .events = POLLIN },
		{ .fd = ours ? r->in[1].fd : -1, .events = POLLIN } };

	if (poll(fds, 3, timeout_ms) <= 0)
		return false;
	if (fds[0].revents)
		pipe_drain(r->wake[0]);
	for (int i = 0; ours && i < 2; i++) {
		if (r->in[i].fd < 0 || !fds[i + 1].revents)
			continue;
		relay_take(&r->in[i]);
		some = true;
	}
	return some;
}

/* What is left of one that took too long would be in the way of the next try. */
static void
end_rest(struct running *r, const struct task_try *y)
{
	while (weir_monotonic_us() < r->kill_us && signal_rest(y, 0, 0))
		(void)take(r, REST_LOOK_MS);
	(void)signal_rest(y, SIGKILL, 0);
}

/* Who it left behind may hold the pipes: what is there now is all that is waited for.
 */
static int
wait_for_end(struct running *r, struct task_try *y)
{
	int status = 0;

	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		(void)take(r, wait_ms(r));
		pass_on(r, y);
		watch_time(r, y);
	}
	if (y->timed_out)
		end_rest(r, y);
	task_keep_end(&r->keep);
	while (take(r, 0))
		;
	return status;
}

static void
finish(struct running *r, struct task_try *y)
{
	const char *said;

	task_keep_end(&r->keep);
	for (int i = 0; r->in && i < 2; i++) {
		relay_finish(&r->in[i]);
		if (r->in[i].fd >= 0)
			close(r->in[i].fd);
	}
	if (r->in) {
		said = task_keep_said(r->in);
		snprintf(y->said, sizeof(y->said), "%s", *said ? said : r->keep.said);
	}
	free(r->in);
	close(r->wake[0]);
	close(r->wake[1]);
}

static enum weir_rc
cannot(const struct weir_task *t, int why, struct task_try *y, struct weir_err *err)
{
	y->status = why == ENOENT ? 127 : 126;
	return weir_fail(err, why == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
		"task: command '%.200s': %s", t->words[0],
		why == ENOENT ? "not found" : strerror(why));
}

enum weir_rc
task_try(const struct weir_task *t, struct task_try *y, struct weir_err *err)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT };
	struct sigaction sa = { .sa_flags = SA_SIGINFO }, old[N_ELEM(signals)];
	struct running r = { 0 };
	int why, status;

	/* not what the try before came to */
	y->status = 126;
	y->signal = 0;
	y->timed_out = false;
	if (!pipe_make(r.wake))
		return weir_fail(err, WEIR_EFAIL, "task: %s", strerror(errno));
	task_wake = r.wake[1];
	task_signal = task_sender = 0;
	sa.sa_sigaction = on_signal;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_ELEM(signals); i++)
		sigaction(signals[i], &sa, &old[i]);
	why = start(t, y, &r);
	r.term_us = t->timeout_us ? weir_monotonic_us() + t->timeout_us : 0;
	status = why ? 0 : wait_for_end(&r, y);
	for (size_t i = 0; i < N_ELEM(signals); i++)
		sigaction(signals[i], &old[i], NULL);
	finish(&r, y);
	if (why)
		return cannot(t, why, y, err);
	y->signal = WIFSIGNALED(status) ? WTERMSIG(status) : task_signal;
	y->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (y->timed_out)
		y->status = WEIR_TASK_TIMED_OUT;
	return WEIR_OK;
}
