#include "env_busy.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/buf.h"

enum { PROC_FILE_MAX = 16 << 20 };

static bool
is_below(const char *path, size_t n, const char *top)
{
	size_t len = strlen(top);

	return n >= len && memcmp(path, top, len) == 0 &&
	       (n == len || path[len] == '/');
}

static bool
link_below(int pid_dir, const char *name, const char *top)
{
	char to[PATH_MAX];
	ssize_t n = readlinkat(pid_dir, name, to, sizeof(to));

	return n > 0 && is_below(to, (size_t)n, top);
}

/* All of a file of /proc that one may read. */
static void
read_file(int pid_dir, const char *name, struct buf *out)
{
	char bytes[16384];
	int fd = openat(pid_dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf_clear(out);
	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
	if (fd >= 0)
		close(fd);
}

/* `address perms offset dev inode   /path` a line. */
static bool
maps_below(const struct buf *maps, const char *top)
{
	const char *p = maps->s, *end = p + maps->len;

	while (p && p < end) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		const char *slash = memchr(p, '/', (size_t)((line ? line : end) - p));

		if (slash &&
			is_below(slash, (size_t)((line ? line : end) - slash), top))
			return true;
		p = line ? line + 1 : end;
	}
	return false;
}

/* A shell in which it was activated. */
static bool
environ_below(const struct buf *environ_, const char *top)
{
	static const char name[] = "CONDA_PREFIX=";
	const char *p = environ_->s, *end = p + environ_->len;

	while (p && p < end) {
		size_t n = strnlen(p, (size_t)(end - p));

		if (n >= sizeof(name) && memcmp(p, name, sizeof(name) - 1) == 0 &&
			is_below(p + sizeof(name) - 1, n - (sizeof(name) - 1), top))
			return true;
		p += n + 1;
	}
	return false;
}

static bool
process_in(int proc, const char *pid, const char *top, struct buf *text)
{
	int dir = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool in;

	if (dir < 0)
		return false;
	in = link_below(dir, "cwd", top) || link_below(dir, "exe", top);
	if (!in) {
		read_file(dir, "maps", text);
		in = maps_below(text, top);
	}
	if (!in) {
		read_file(dir, "environ", text);
		in = environ_below(text, top);
	}
	close(dir);
	return in;
}

long
env_busy(const char *path)
{
	DIR *proc = opendir("/proc");
	struct buf text = BUF_INIT(PROC_FILE_MAX);
	const struct dirent *e;
	long found = 0;

	while (proc && !found && (e = readdir(proc)))
		if (isdigit((unsigned char)e->d_name[0]) &&
			process_in(dirfd(proc), e->d_name, path, &text))
			found = strtol(e->d_name, NULL, 10);
	if (proc)
		closedir(proc);
	buf_release(&text);
	return found;
}
