#include "holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#include "weir/config.h"
#include "weir/text.h"

enum { COMMAND_MAX = 4096, SHOWN_MAX = 120, WORDS = 3, LOCKS_MAX = 1 << 20 };

/* Is one of the descriptors in a folder /proc/N/fd the file, to be written? */
static bool
has_open(int fds, const char *path)
{
	char to[PATH_MAX];
	int copy = dup(fds);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;
	struct stat st;
	bool found = false;

	while (dir && !found && (e = readdir(dir))) {
		ssize_t n = readlinkat(fds, e->d_name, to, sizeof(to) - 1);

		to[n > 0 ? n : 0] = '\0';
		/* the bits of the link are how it was opened */
		found = strcmp(to, path) == 0 &&
			fstatat(fds, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			(st.st_mode & S_IWUSR);
	}
	if (dir)
		closedir(dir);
	else if (copy >= 0)
		close(copy);
	return found;
}

long
holder_of_open(const char *path)
{
	char *real = realpath(path, NULL), name[64];
	DIR *proc = real ? opendir("/proc") : NULL;
	const struct dirent *e;
	long found = 0;

	while (proc && !found && (e = readdir(proc))) {
		int fds;

		if (!isdigit((unsigned char)e->d_name[0]) ||
			strlen(e->d_name) > sizeof(name) - 4)
			continue;
		snprintf(name, sizeof(name), "%.32s/fd", e->d_name);
		fds = openat(dirfd(proc), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fds < 0)
			continue;
		if (has_open(fds, real))
			found = strtol(e->d_name, NULL, 10);
		close(fds);
	}
	if (proc)
		closedir(proc);
	free(real);
	return found;
}

/* `1: FLOCK  ADVISORY  WRITE 123 fe:00:456 0 EOF`; who waits has `->` behind `1:`. */
static long
flock_line(const char *line, const struct stat *st)
{
	unsigned long long ino;
	unsigned high, low;
	long pid;

	if (sscanf(line, "%*d: FLOCK %*s %*s %ld %x:%x:%llu", &pid, &high, &low,
		    &ino) != 4)
		return 0;
	return pid > 0 && high == major(st->st_dev) && low == minor(st->st_dev) &&
			       ino == (unsigned long long)st->st_ino
		       ? pid
		       : 0;
}

long
holder_of_flock(const struct stat *st)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256];
	long found = 0;

	for (int n = 0; f && !found && n < LOCKS_MAX; n++) {
		if (!fgets(line, sizeof(line), f))
			break;
		found = flock_line(line, st);
	}
	if (f)
		fclose(f);
	return found;
}

/* The words of text, each ended by a NUL, as one that can be shown. */
static void
add_words(struct buf *out, const char *text, size_t len)
{
	struct buf one = BUF_INIT(COMMAND_MAX);
	size_t at = 0;

	for (int i = 0; i < WORDS && at < len; i++) {
		if (i)
			buf_addc(&one, ' ');
		weir_url_mask(&one, text + at);
		at += strlen(text + at) + 1;
	}
	if (one.len > SHOWN_MAX)
		one.len = SHOWN_MAX;
	text_sanitize(out, buf_str(&one), 0);
	buf_release(&one);
}

void
holder_add(struct buf *out, long pid)
{
	char path[64], text[COMMAND_MAX];
	int fd;
	ssize_t n;

	buf_addf(out, "process %ld", pid);
	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	buf_adds(out, " (");
	add_words(out, text, (size_t)n);
	buf_addc(out, ')');
}
