#include "mf_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "weir/time.h"

bool
mf_file_read(int dirfd, const char *path, struct buf *out)
{
	char chunk[8192];
	struct stat st;
	ssize_t n = -1;
	int why = 0;
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		why = EINVAL;
	while (!why && !out->truncated) {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		else if (n == 0)
			break;
		else if (errno != EINTR)
			why = errno;
	}
	if (!why && out->truncated)
		why = EFBIG;
	close(fd);
	errno = why;
	return !why;
}

int
mf_file_folder(int dirfd, const char *path)
{
	return openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK);
}

static int
cmp_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

bool
mf_file_names(int fd, struct arena *arena, struct mf_names *ret)
{
	const struct dirent *e;
	DIR *dir = fdopendir(fd);

	ret->n = 0;
	if (!dir) {
		close(fd);
		return false;
	}
	while ((e = readdir(dir)) && ret->n < MF_FILE_ENTRIES_MAX) {
		if (e->d_name[0] != '.')
			VEC_PUSH(ret,
				arena_strndup(arena, e->d_name, strlen(e->d_name)));
	}
	closedir(dir);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_name);
	return true;
}

int64_t
mf_file_us(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * WEIR_SECOND_US +
	       st->st_mtim.tv_nsec / 1000;
}

static uint64_t
mix(uint64_t mark, uint64_t v)
{
	enum { BYTE = 8 };

	for (unsigned i = 0; i < sizeof(v) * BYTE; i += BYTE)
		mark = (mark ^ (v >> i & 0xff)) * 0x100000001b3;
	return mark;
}

uint64_t
mf_file_mark(uint64_t mark, const struct stat *st)
{
	mark = mix(mark ^ 0xcbf29ce484222325, (uint64_t)st->st_ino);
	mark = mix(mark, (uint64_t)st->st_mtim.tv_sec);
	mark = mix(mark, (uint64_t)st->st_mtim.tv_nsec);
	return mark ? mark : 1;
}
