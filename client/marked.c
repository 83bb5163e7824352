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

size_t
marked_kill(const char *variable, int sig, pid_t but, pid_t group)
{
	char *text = xmalloc(ENVIRON_MAX);
	DIR *proc = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	while (proc && (e = readdir(proc))) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid > 1 && pid != (long)getpid() && pid != (long)but &&
			has_variable(pid, variable, text)) {
			LOG(LOG_INFO, "%s: signal %d to process %ld", variable, sig,
				pid);
			n += getpgid((pid_t)pid) != group;
			kill((pid_t)pid, sig);
		}
	}
	if (proc)
		closedir(proc);
	free(text);
	return n;
}

static bool
is_this_program(long pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	return stat("/proc/self/exe", &ours) == 0 && stat(path, &its) == 0 &&
	       ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

void
marked_kill_others(const char *variable, pid_t group)
{
	char *text = xmalloc(ENVIRON_MAX);
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid > 1 && pid != (long)getpid() &&
			((group && getpgid((pid_t)pid) == group) ||
				has_variable(pid, variable, text)))
			kill((pid_t)pid, is_this_program(pid) ? SIGCONT : SIGKILL);
	}
	if (proc)
		closedir(proc);
	else if (group)
		kill(-group, SIGKILL);
	free(text);
}
