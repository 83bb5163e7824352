#include "inst_tmp.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_tree.h"
#include "owner.h"
#include "weir/mem.h"
#include "weir/time.h"

enum { OLD_S = 7 * 24 * 3600, WHAT_MAX = 200 };

/* Where process numbers mean the same as here, as a number. */
static unsigned
machine(void)
{
	char *self = owner_self(), *place = strrchr(self, ' ');
	unsigned h = 2166136261U;

	for (const char *c = place ? place : self; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619U;
	free(self);
	return h;
}

char *
inst_tmp_name(const char *dir, const char *what)
{
	return xasprintf("%s/.weir-%08x-%ld-%llx-%.*s", dir, machine(), (long)getpid(),
		(unsigned long long)weir_monotonic_us(), WHAT_MAX, what);
}

/* Is it what a process left that is no more? */
static bool
is_left(const char *path, const char *name)
{
	struct stat st;
	unsigned host;
	long pid;
	int n = 0;

	if (sscanf(name, ".weir-%8x-%ld-%n", &host, &pid, &n) != 2 || n == 0)
		return false;
	if (host == machine())
		return pid > 0 && pid != (long)getpid() && kill((pid_t)pid, 0) != 0 &&
		       errno == ESRCH;
	/* Before the machine was started anew, or another's: nothing takes that long.
	 */
	return lstat(path, &st) == 0 && time(NULL) - st.st_mtime > OLD_S;
}

static bool
is_environment(const char *path)
{
	char *marker = xasprintf("%s/.metaflowenv", path);
	bool is = access(marker, F_OK) == 0;

	free(marker);
	return is;
}

static bool
is_gone(const char *name)
{
	size_t n = strlen(name), m = strlen(INST_TMP_GONE);

	return n > m && strcmp(name + n - m, INST_TMP_GONE) == 0;
}

void
inst_tmp_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, ".weir-", 6) != 0)
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		if (is_left(path, e->d_name) &&
			(is_gone(e->d_name) || !is_environment(path)) &&
			inst_tree_remove(path, NULL))
			unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
}

bool
inst_tmp_unmark(const char *folder)
{
	char *marker = xasprintf("%s/.metaflowenv", folder);
	bool gone = unlink(marker) == 0 || errno == ENOENT;

	if (!gone && errno == EACCES && chmod(folder, 0700) == 0)
		gone = unlink(marker) == 0;
	free(marker);
	return gone;
}

enum weir_rc
inst_tmp_remove(const char *path, struct weir_err *err)
{
	return inst_tmp_unmark(path)
		       ? inst_tree_remove(path, err)
		       : weir_fail(err, WEIR_EFAIL, "%s: cannot be removed: %s", path,
				 strerror(errno));
}

static bool
is_of(const char *name, const char *what)
{
	unsigned long long when;
	unsigned host;
	long pid;
	int n = 0;

	return sscanf(name, ".weir-%8x-%ld-%llx-%n", &host, &pid, &when, &n) == 3 &&
	       n > 0 && strcmp(name + n, what) == 0;
}

char *
inst_tmp_aside(const char *dir, const char *what)
{
	/* Names that were cut off could be of two. */
	DIR *d = strlen(what) < WHAT_MAX ? opendir(dir) : NULL;
	char *path = NULL;
	struct dirent *e;

	while (d && !path && (e = readdir(d))) {
		if (!is_of(e->d_name, what))
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		if (!is_left(path, e->d_name) || !is_environment(path)) {
			free(path);
			path = NULL;
		}
	}
	if (d)
		closedir(d);
	return path;
}
