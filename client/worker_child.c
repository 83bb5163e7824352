#include "worker_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipe.h"
#include "plat.h"
#include "relay.h"
#include "weir/buf.h"
#include "weir/mem.h"
#include "worker_env.h"

enum { PIPE_BYTES = 256 << 10 };

/* ---- which program */

/* 0: it can be run; else errno's. */
static int
can_run(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return access(path, X_OK) == 0 ? 0 : errno;
}

static enum weir_rc
cannot(const char *word, int why, struct weir_err *err)
{
	switch (why) {
	case ENOENT:
	case ENOTDIR:
		return weir_fail(
			err, WEIR_ENOTFOUND, "command '%.200s': not found", word);
	case EACCES:
		return weir_fail(
			err, WEIR_EREFUSED, "command '%.200s': not executable", word);
	default:
		return weir_fail(
			err, WEIR_EFAIL, "command '%.200s': %s", word, strerror(why));
	}
}

/* The first of the PATH that can be run; else the best reason why none can. */
static int
search(const char *word, const char *path, char **ret_path)
{
	int why = ENOENT, rc;
	size_t n;

	for (; *path; path += n + (path[n] == ':')) {
		char *file;

		n = strcspn(path, ":");
		file = xasprintf("%.*s%s%s", (int)n, path, n ? "/" : "./", word);
		rc = can_run(file);
		if (!rc) {
			*ret_path = file;
			return 0;
		}
		if (rc != ENOENT && rc != ENOTDIR)
			why = rc;
		free(file);
	}
	return why;
}

enum weir_rc
worker_child_find(const char *word, char *const *env, const char *dir, char **ret_path,
	struct weir_err *err)
{
	const char *path = worker_env_get(env, "PATH");
	struct stat st;
	char *file;
	int why;

	if (stat(dir, &st) || (!S_ISDIR(st.st_mode) && ((errno = ENOTDIR))))
		return weir_fail(err, WEIR_ENOTFOUND, "working directory '%.300s': %s",
			dir, strerror(errno));
	if (!strchr(word, '/')) {
		why = search(
			word, path ? path : "/usr/local/bin:/usr/bin:/bin", ret_path);
		return why ? cannot(word, why, err) : WEIR_OK;
	}
	file = *word == '/' ? xstrdup(word) : xasprintf("%s/%s", dir, word);
	why = can_run(file);
	if (!why) {
		*ret_path = file;
		return WEIR_OK;
	}
	free(file);
	return cannot(word, why, err);
}

/* ---- starting */

struct start {
	const char *path, *dir;
	char *const *words, *const *env;
	int out[2], err[2], go[2], told[2], spool;
};

static void
close_pair(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* Above what it gets, so that none is overwritten on the way. */
static int
up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, WORKER_LOG_FD + 1);
}

static void
default_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigemptyset(&sa.sa_mask);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_main(const struct start *s) __attribute__((noreturn));

/* After the fork: only what is safe there. */
static void
child_main(const struct start *s)
{
	int out = up(s->out[1]), err = up(s->err[1]), spool = up(s->spool);
	int go = up(s->go[0]), told = up(s->told[1]), why, null;
	char word;

	setpgid(0, 0);
	close(s->go[1]); /* else its end would never be seen */
	null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	dup2(spool, WORKER_LOG_FD);
	default_signals();
	/* a worker that died meanwhile never says so */
	if (read(go, &word, 1) != 1)
		_exit(127);
	if (chdir(s->dir) == 0)
		execve(s->path, s->words, s->env);
	why = errno;
	while (write(told, &why, sizeof(why)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static void relay_main(const struct start *s) __attribute__((noreturn));

static void
relay_main(const struct start *s)
{
	setpgid(0, 0);
	_exit(relay_run(s->out[0], s->err[0], s->spool));
}

static bool
fork_both(struct worker_child *c, const struct start *s)
{
	c->pid = fork();
	if (c->pid < 0)
		return false;
	if (c->pid == 0)
		child_main(s);
	setpgid(c->pid, c->pid);
	c->group = c->pid;
	c->relay = fork();
	if (c->relay < 0)
		return false;
	if (c->relay == 0)
		relay_main(s);
	return true;
}

enum weir_rc
worker_child_fork(struct worker_child *c, const char *path, char *const *words,
	char *const *env, const char *dir, int spool, struct weir_err *err)
{
	struct start s = { path, dir, words, env, { -1, -1 }, { -1, -1 }, { -1, -1 },
		{ -1, -1 }, spool };
	bool made;
	int why;

	memset(c, 0, sizeof(*c));
	made = pipe_open(s.out) && pipe_open(s.err) && pipe_open(s.go) &&
	       pipe_open(s.told) && fork_both(c, &s);
	why = errno;
	if (made)
		plat_widen(s.out[0], PIPE_BYTES); /* for one that prints in bursts */
	close_pair(s.out);
	close_pair(s.err);
	if (made) {
		close(s.go[0]);
		close(s.told[1]);
		c->go = s.go[1];
		c->told = s.told[0];
		return WEIR_OK;
	}
	close_pair(s.go);
	close_pair(s.told);
	if (c->pid > 0)
		waitpid(c->pid, &c->status, 0);
	memset(c, 0, sizeof(*c));
	return weir_fail(err, WEIR_EFAIL, "a process: %s", strerror(why));
}

/* What a script names in its first line; "" for none. */
static void
read_interpreter(const char *path, char *out, size_t size)
{
	char head[128];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, head, sizeof(head) - 1) : -1;
	size_t from = 2, len;

	if (fd >= 0)
		close(fd);
	*out = '\0';
	if (n < 3 || head[0] != '#' || head[1] != '!')
		return;
	head[n] = '\0';
	from += strspn(head + from, " \t");
	len = strcspn(head + from, " \t\r\n");
	snprintf(out, size, "%.*s", (int)len, head + from);
}

/* It is there and may be run, as was seen before; so why not? */
static enum weir_rc
not_executed(const char *path, int why, struct weir_err *err)
{
	char interpreter[128];

	read_interpreter(path, interpreter, sizeof(interpreter));
	if (why == ENOENT && *interpreter)
		return weir_fail(err, WEIR_EFAIL,
			"command '%.300s': its first line asks for '%s', which is not "
			"there",
			path, interpreter);
	if (why == ENOEXEC)
		return weir_fail(err, WEIR_EFAIL,
			"command '%.300s': no program of this machine (a script needs "
			"a line #!/bin/sh)",
			path);
	return weir_fail(err, WEIR_EFAIL, "command '%.300s': %s", path, strerror(why));
}

enum weir_rc
worker_child_go(struct worker_child *c, const char *path, struct weir_err *err)
{
	int why = 0;
	ssize_t n;

	(void)!write(c->go, "", 1);
	close(c->go);
	do
		n = read(c->told, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	close(c->told);
	if (n != sizeof(why))
		return WEIR_OK;
	return not_executed(path, why, err);
}

/* ---- ending */

void
worker_child_reap(struct worker_child *c)
{
	if (c->pid > 0 && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->pid = 0;
	if (c->relay > 0 && waitpid(c->relay, &c->relay_status, WNOHANG) == c->relay)
		c->relay = 0;
}

bool
worker_child_kill(const struct worker_child *c, int sig)
{
	return c->group > 0 && kill(-c->group, sig) == 0;
}
