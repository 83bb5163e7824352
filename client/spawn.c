#include "spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>

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

static void
set_signals(posix_spawnattr_t *attr)
{
	static const int defaults[] = { SIGPIPE, SIGINT, SIGTERM, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	for (size_t i = 0; i < N_ELEM(defaults); i++)
		sigaddset(&set, defaults[i]);
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
