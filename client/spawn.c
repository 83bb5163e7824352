#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipe.h"
#include "weir/mem.h"

extern char **environ;

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

static void
add_file(posix_spawn_file_actions_t *files, int from, int to)
{
	if (from == SPAWN_NOTHING)
		posix_spawn_file_actions_addopen(files, to, "/dev/null", O_RDWR, 0);
	else if (from != SPAWN_OURS)
		posix_spawn_file_actions_adddup2(files, from, to);
}

static const int default_signals[] = { SIGPIPE, SIGINT, SIGTERM, SIGCHLD };

static void
set_signals(posix_spawnattr_t *attr)
{
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	for (size_t i = 0; i < N_ELEM(default_signals); i++)
		sigaddset(&set, default_signals[i]);
	posix_spawnattr_setsigdefault(attr, &set);
}

int
spawn_start(const struct spawn *how, pid_t *ret_pid)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	char **env = make_env(how->more_env);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc;

	posix_spawn_file_actions_init(&files);
	add_file(&files, how->in, 0);
	add_file(&files, how->out, 1);
	add_file(&files, how->errors, 2);
	posix_spawnattr_init(&attr);
	set_signals(&attr);
	if (how->group)
		flags |= POSIX_SPAWN_SETPGROUP;
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, flags);
	rc = posix_spawnp(ret_pid, how->words[0], &files, &attr,
		(char *const *)(uintptr_t)how->words, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	return rc;
}

/* ---- in two steps */

/* After the fork: only what is safe there. */
static void
set_files(const struct spawn *how)
{
	const int from[] = { how->in, how->out, how->errors };
	int fd;

	for (int to = 0; to < (int)N_ELEM(from); to++) {
		fd = from[to] == SPAWN_NOTHING ? open("/dev/null", O_RDWR) : from[to];
		if (fd >= 0)
			dup2(fd, to);
		if (from[to] == SPAWN_NOTHING && fd > STDERR_FILENO)
			close(fd);
	}
}

static void be_child(const struct spawn *how, char **env, int go, int told)
	__attribute__((noreturn));

static void
be_child(const struct spawn *how, char **env, int go, int told)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	char word;
	int why;

	if (how->group)
		setpgid(0, 0);
	set_files(how);
	sigemptyset(&plain.sa_mask);
	for (size_t i = 0; i < N_ELEM(default_signals); i++)
		sigaction(default_signals[i], &plain, NULL);
	sigprocmask(SIG_SETMASK, &plain.sa_mask, NULL);
	/* Nobody lets it go: who would wait for it is no more. */
	if (read(go, &word, 1) != 1)
		_exit(127);
	execve(how->words[0], (char *const *)(uintptr_t)how->words, env);
	why = errno;
	(void)!write(told, &why, sizeof(why));
	_exit(127);
}

int
spawn_hold(const struct spawn *how, struct spawn_held *ret_held)
{
	int go[2] = { -1, -1 }, told[2] = { -1, -1 }, why = 0;
	char **env = make_env(how->more_env);
	pid_t pid = -1;

	if (pipe_open(go) && pipe_open(told))
		pid = fork();
	if (pid < 0)
		why = errno;
	if (pid == 0) {
		close(go[1]); /* else its end would never be seen */
		be_child(how, env, go[0], told[1]);
	}
	free(env);
	if (why) {
		pipe_shut(go);
		pipe_shut(told);
		return why;
	}
	close(told[1]);
	if (how->group)
		setpgid(pid, pid);
	/* With an end of it here, writing to one that was killed is no SIGPIPE. */
	*ret_held = (struct spawn_held){ pid, { go[0], go[1] }, told[0] };
	return 0;
}

int
spawn_go(struct spawn_held *h, bool go)
{
	int why = 0, status;
	ssize_t n;

	if (go && write(h->go[1], "", 1) != 1)
		go = false;
	close(h->go[0]);
	close(h->go[1]);
	do
		n = read(h->told, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	close(h->told);
	if (n <= 0)
		why = 0;
	if (why || !go)
		while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
			;
	return why;
}
