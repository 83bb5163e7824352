#include "task_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "marked.h"
#include "pipe.h"
#include "plat.h"

enum { KEEP_OUT, KEEP_ERR, KEEP_SPOOL, KEEP_LINE, KEEP_TOLD, KEEP_FDS };

const char *
task_keep_said(const struct relay in[2])
{
	return in[1].error[0] ? in[1].error : in[0].error[0] ? in[0].error : in[1].last;
}

/* ---- the process */

/* What is to end it ends the command; it goes on to the end of the pipes. */
static void
set_up(const int from[KEEP_FDS])
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGXFSZ, SIGPIPE };
	struct sigaction sa = { .sa_handler = SIG_IGN };
	int high[KEEP_FDS];

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_ELEM(ignored); i++)
		sigaction(ignored[i], &sa, NULL);
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	for (int i = 0; i < KEEP_FDS; i++)
		high[i] = fcntl(from[i], F_DUPFD, KEEP_FDS);
	for (int i = 0; i < KEEP_FDS; i++)
		dup2(high[i], i);
	plat_close_above(KEEP_FDS - 1);
}

/* From the task: true: it says that the command has ended. */
static bool
hear(struct pollfd *line, const char *variable)
{
	char byte;

	if (!line->revents)
		return false;
	if (read(KEEP_LINE, &byte, 1) == 1)
		return true;
	line->fd = -1;
	marked_kill_others(variable, 0);
	return false;
}

static void
listen_to(struct relay in[2], const char *variable)
{
	struct pollfd fds[3] = { [2] = { .fd = KEEP_LINE, .events = POLLIN } };
	bool ended = false;

	while (in[0].fd >= 0 || in[1].fd >= 0) {
		for (int i = 0; i < 2; i++)
			fds[i] = (struct pollfd){ .fd = in[i].fd, .events = POLLIN };
		if (poll(fds, 3, ended ? 0 : -1) == 0)
			return;
		for (int i = 0; i < 2; i++)
			if (in[i].fd >= 0 && fds[i].revents)
				relay_take(&in[i]);
		if (!ended && hear(&fds[2], variable)) {
			ended = true;
			fds[2].fd = -1;
		}
	}
}

static void keep(const struct relay from[2], const int fds[KEEP_FDS],
	const char *variable) __attribute__((noreturn));

static void
keep(const struct relay from[2], const int fds[KEEP_FDS], const char *variable)
{
	struct relay *in = xcalloc(2, sizeof(*in));
	const char *said;

	set_up(fds);
	for (int i = 0; i < 2; i++) {
		in[i] = from[i];
		in[i].fd = i;
		in[i].spool = KEEP_SPOOL;
	}
	listen_to(in, variable);
	relay_finish(&in[0]);
	relay_finish(&in[1]);
	said = task_keep_said(in);
	(void)!write(KEEP_TOLD, said, strlen(said));
	_exit(0);
}

/* ---- from outside */

bool
task_keep_start(struct task_keep *k, const struct relay in[2], const char *variable)
{
	int line[2] = { -1, -1 }, told[2] = { -1, -1 };

	memset(k, 0, sizeof(*k));
	if (pipe_open(line) && pipe_open(told))
		k->pid = fork();
	if (k->pid == 0 && told[1] >= 0)
		keep(in,
			(int[KEEP_FDS]){
				in[0].fd, in[1].fd, in[0].spool, line[0], told[1] },
			variable);
	if (k->pid <= 0) {
		k->pid = 0;
		pipe_shut(line);
		pipe_shut(told);
		return false;
	}
	close(line[0]);
	close(told[1]);
	k->line = line[1];
	k->told = told[0];
	return true;
}

/* It has ended, or is about to. */
static void
take_words(struct task_keep *k)
{
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(k->said) - 1 &&
		((got = read(k->told, k->said + n, sizeof(k->said) - 1 - n)) > 0 ||
			(got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	k->said[n] = '\0';
	close(k->line);
	close(k->told);
}

bool
task_keep_reads(struct task_keep *k)
{
	if (k->pid > 0 && waitpid(k->pid, NULL, WNOHANG) == k->pid) {
		take_words(k);
		k->pid = 0;
	}
	return k->pid > 0;
}

void
task_keep_end(struct task_keep *k)
{
	if (k->pid <= 0)
		return;
	(void)!write(k->line, "", 1);
	take_words(k);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
	k->pid = 0;
}
