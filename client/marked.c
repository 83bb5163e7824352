#include "marked.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/mem.h"

#define LOG_MODULE "marked"
#include "weir/log.h"

enum { ENVIRON_MAX = 1 << 20 };

/* Is the variable in what a process was started with? */
static bool
has_variable(long pid, const char *variable, char *text)
{
	char path[64];
	size_t n = 0, len = strlen(variable);
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (n < ENVIRON_MAX && (got = read(fd, text + n, ENVIRON_MAX - n)) > 0)
		n += (size_t)got;
	close(fd);
	for (char *p = text; p < text + n;) {
		char *end = memchr(p, 0, (size_t)(text + n - p));
		size_t m = end ? (size_t)(end - p) : (size_t)(text + n - p);

		if (m == len && memcmp(p, variable, len) == 0)
			return true;
		p += m + 1;
	}
	return false;
}

/* A walk over processes; all zero but for what they are known by. */
struct walk {
	const char *variable;
	pid_t group; /* or of this one; 0: none */
	DIR *proc;
	char *text;
};

static bool
is_wanted(const struct walk *w, pid_t pid)
{
	if (pid <= 1 || pid == getpid())
		return false;
	return (w->group && getpgid(pid) == w->group) ||
	       has_variable((long)pid, w->variable, w->text);
}

/* The next of them but this one; 0: no more, and the walk is over. */
static pid_t
next(struct walk *w)
{
	struct dirent *e;

	if (!w->text) {
		w->text = xmalloc(ENVIRON_MAX);
		w->proc = opendir("/proc");
	}
	while (w->proc && (e = readdir(w->proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (is_wanted(w, pid))
			return pid;
	}
	if (w->proc)
		closedir(w->proc);
	free(w->text);
	return 0;
}

size_t
marked_kill(const char *variable, int sig, pid_t but, pid_t group)
{
	struct walk w = { .variable = variable };
	size_t n = 0;
	pid_t pid;

	while ((pid = next(&w))) {
		if (pid == but)
			continue;
		LOG(LOG_INFO, "%s: signal %d to process %ld", variable, sig, (long)pid);
		n += getpgid(pid) != group;
		kill(pid, sig);
	}
	return n;
}

static bool
is_this_program(pid_t pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	return stat("/proc/self/exe", &ours) == 0 && stat(path, &its) == 0 &&
	       ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

void
marked_kill_others(const char *variable, pid_t group)
{
	struct walk w = { .variable = variable, .group = group };
	pid_t pid;

	while ((pid = next(&w)))
		kill(pid, is_this_program(pid) ? SIGCONT : SIGKILL);
	if (!w.proc && group)
		kill(-group, SIGKILL);
}
