#include "inst_tmp.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_tree.h"
#include "owner.h"
#include "weir/mem.h"
#include "weir/time.h"

enum { OLD_S = 7 * 24 * 3600, WHAT_MAX = 200 };

/* Where process numbers mean the same as here, as a number; place as in owner.h. */
static unsigned
machine(const char *place)
{
	unsigned h = 2166136261U;

	for (const char *c = place; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619U;
	return h;
}

char *
inst_tmp_name(const char *dir, const char *what)
{
	char *self = owner_self(), *place = strrchr(self, ' '), *path;

	*place = '\0';
	*strchr(self, ' ') = '-';
	path = xasprintf("%s/.weir-%08x-%s-%llx-%.*s", dir, machine(place + 1), self,
		(unsigned long long)weir_monotonic_us(), WHAT_MAX, what);
	free(self);
	return path;
}

/* What a name says; what: NULL when it is cut off before. */
struct parts {
	unsigned host;
	long pid;
	struct str start;
	const char *what;
};

static bool
read_name(const char *name, struct parts *ret)
{
	unsigned long long when;
	const char *rest;
	int n = 0, m = 0;

	*ret = (struct parts){ .what = NULL };
	if (sscanf(name, ".weir-%8x-%ld-%n", &ret->host, &ret->pid, &n) != 2 || n == 0)
		return false;
	ret->start = (struct str){ name + n, strspn(name + n, "0123456789.") };
	rest = ret->start.s + ret->start.len;
	if (sscanf(rest, "-%llx-%n", &when, &m) == 1 && m > 0)
		ret->what = rest + m;
	return true;
}

/* Is it what a process left that is no more? */
static bool
is_left(const char *path, const char *name)
{
	char *self = owner_self(), *place = strrchr(self, ' ') + 1, *owner = NULL;
	struct parts of;
	struct stat st;
	bool known = read_name(name, &of), left = false;

	if (known && of.host == machine(place)) {
		/* By more than its number, which is soon used again. */
		owner = xasprintf(
			"%ld %.*s %s", of.pid, (int)of.start.len, of.start.s, place);
		left = owner_life(owner) == OWNER_GONE;
	} else if (known) {
		/* Before a new start of the machine, or of another: none takes long. */
		left = lstat(path, &st) == 0 && time(NULL) - st.st_mtime > OLD_S;
	}
	free(owner);
	free(self);
	return left;
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
	struct parts of;

	return read_name(name, &of) && of.what && strcmp(of.what, what) == 0;
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
