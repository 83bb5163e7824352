#include "env_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/mem.h"

/* A file that has several names. */
struct shared {
	uint64_t inode;
	uint64_t names; /* that it has anywhere */
	int64_t bytes;
};

struct look {
	struct env_tree r;
	dev_t device;
	uid_t owner;
	VEC(struct shared) shared;
	bool (*stop)(void *arg);
	void *arg;
	struct weir_err *err;
};

enum { BLOCK = 512, ASK_EVERY = 256 };

static enum weir_rc look_in(struct look *l, int fd, int depth);

static enum weir_rc
count(struct look *l, const struct stat *st)
{
	int64_t bytes = (int64_t)st->st_blocks * BLOCK;

	l->r.foreign |= st->st_uid != l->owner;
	if (++l->r.n_files > ENV_TREE_FILES_MAX)
		return weir_fail(
			l->err, WEIR_ETOOBIG, "more than %d files", ENV_TREE_FILES_MAX);
	if (l->stop && l->r.n_files % ASK_EVERY == 0 && l->stop(l->arg))
		return weir_fail(l->err, WEIR_EINTR, "interrupted");
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1) {
		struct shared s = { (uint64_t)st->st_ino, (uint64_t)st->st_nlink,
			bytes };

		VEC_PUSH(&l->shared, s);
		return WEIR_OK;
	}
	l->r.size += bytes;
	l->r.freed += bytes;
	return WEIR_OK;
}

static enum weir_rc
look_at(struct look *l, int dir, const char *name, int depth)
{
	struct stat st;
	int fd;
	enum weir_rc rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? WEIR_OK
				       : weir_fail(l->err, WEIR_EFAIL, "%s: %s", name,
						 strerror(errno));
	if (st.st_dev != l->device) {
		l->r.mounted = true;
		return WEIR_OK;
	}
	rc = count(l, &st);
	if (rc || !S_ISDIR(st.st_mode))
		return rc;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? WEIR_OK
				       : weir_fail(l->err, WEIR_EFAIL, "%s: %s", name,
						 strerror(errno));
	return look_in(l, fd, depth + 1);
}

/* The folder fd, which is closed. */
static enum weir_rc
look_in(struct look *l, int fd, int depth)
{
	DIR *dir = depth < ENV_TREE_DEPTH_MAX ? fdopendir(fd) : NULL;
	const struct dirent *e;
	enum weir_rc rc = WEIR_OK;

	if (!dir) {
		close(fd);
		return weir_fail(l->err, WEIR_ETOOBIG, "its folders are too deep");
	}
	while (!rc && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = look_at(l, fd, e->d_name, depth);
	closedir(dir);
	return rc;
}

static int
cmp(const void *a, const void *b)
{
	const struct shared *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* Of files with several names: are all of them here? */
static void
count_shared(struct look *l)
{
	size_t n = 1;

	if (l->shared.n)
		qsort(l->shared.v, l->shared.n, sizeof(*l->shared.v), cmp);
	for (size_t i = 0; i < l->shared.n; i += n) {
		const struct shared *s = &l->shared.v[i];

		for (n = 1; i + n < l->shared.n && s[n].inode == s->inode; n++)
			;
		l->r.size += s->bytes;
		l->r.freed += n == s->names ? s->bytes : 0;
	}
}

enum weir_rc
env_tree_look(const char *path, bool (*stop)(void *arg), void *arg,
	struct env_tree *ret, struct weir_err *err)
{
	struct look l = { .owner = geteuid(), .stop = stop, .arg = arg, .err = err };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	enum weir_rc rc;

	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	l.device = st.st_dev;
	rc = count(&l, &st);
	if (rc)
		close(fd);
	else
		rc = look_in(&l, fd, 0);
	if (rc && rc != WEIR_EINTR)
		weir_prefix(err, "%s", path);
	count_shared(&l);
	if (!rc)
		*ret = l.r;
	VEC_FREE(&l.shared);
	return rc;
}
