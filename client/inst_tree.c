#include "inst_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_name.h"
#include "weir/mem.h"

const struct inst_limits inst_tree_limits = {
	.members = 1000000,
	.file = INT64_C(32) << 30,
	.tree = INT64_C(64) << 30,
	.ratio = 250,
	.free_bytes = INT64_C(256) << 20,
};

struct inst_tree {
	int root, file; /* file: the one that is being written, -1 for none */
	const char *what;
	struct inst_limits max;
	int64_t packed, members, bytes, length; /* length: of the file so far */
	int dir;                                /* the folder of the last name, or -1 */
	char *dir_name;
	char *file_name;
	VEC(char *) look; /* links to be looked at in the end */
};

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* `<what>: <name>: <why>` */
static enum weir_rc
refuse(const struct inst_tree *t, enum weir_rc rc, const char *name, const char *why,
	struct weir_err *err)
{
	struct buf shown = BUF_INIT(4096);

	inst_name_show(&shown, str_of(name));
	weir_fail(err, rc, "%s: %s: %s", t->what, buf_cstr(&shown), why);
	buf_release(&shown);
	return rc;
}

static enum weir_rc
refuse_errno(const struct inst_tree *t, const char *name, struct weir_err *err)
{
	int why = errno;

	if (why == EEXIST)
		return refuse(t, WEIR_EBADDATA, name,
			"it is there twice, or its case alone is another", err);
	if (why == ELOOP || why == ENOTDIR)
		return refuse(t, WEIR_EBADDATA, name,
			"it would go through a file or a symbolic link", err);
	return refuse(t, WEIR_EFAIL, name, strerror(why), err);
}

enum weir_rc
inst_tree_open(const char *path, const char *what, const struct inst_limits *limits,
	int64_t packed, struct inst_tree **ret_tree, struct weir_err *err)
{
	struct inst_tree *t;
	int fd;

	if (mkdir(path, 0777) || (fd = open(path, FOLDER)) < 0)
		return weir_fail(
			err, WEIR_EFAIL, "%s: %s: %s", what, path, strerror(errno));
	t = xcalloc(1, sizeof(*t));
	t->root = fd;
	t->file = t->dir = -1;
	t->what = what;
	t->max = *limits;
	t->packed = packed;
	*ret_tree = t;
	return WEIR_OK;
}

static void
drop_dir(struct inst_tree *t)
{
	if (t->dir >= 0)
		close(t->dir);
	t->dir = -1;
	free(t->dir_name);
	t->dir_name = NULL;
}

void
inst_tree_close(struct inst_tree *t)
{
	if (!t)
		return;
	if (t->file >= 0)
		close(t->file);
	drop_dir(t);
	close(t->root);
	for (size_t i = 0; i < t->look.n; i++)
		free(t->look.v[i]);
	VEC_FREE(&t->look);
	free(t->file_name);
	free(t);
}

static enum weir_rc
check_stop(const struct inst_tree *t, struct weir_err *err)
{
	return t->max.stop && t->max.stop(t->max.arg)
		       ? weir_fail(err, WEIR_EINTR, "interrupted")
		       : WEIR_OK;
}

enum weir_rc
inst_tree_member(struct inst_tree *t, struct weir_err *err)
{
	enum weir_rc rc = check_stop(t, err);

	if (rc)
		return rc;
	if (++t->members <= t->max.members)
		return WEIR_OK;
	return weir_fail(err, WEIR_ETOOBIG, "%s: more than %lld members", t->what,
		(long long)t->max.members);
}

static enum weir_rc
count_bytes(struct inst_tree *t, int64_t more, struct weir_err *err)
{
	t->bytes += more;
	if (t->bytes > t->max.tree)
		return weir_fail(err, WEIR_ETOOBIG, "%s: unpacks to more than %lld MiB",
			t->what, (long long)(t->max.tree >> 20));
	if (t->packed > 0 && t->bytes > t->max.free_bytes &&
		t->bytes / t->max.ratio > t->packed)
		return weir_fail(err, WEIR_ETOOBIG,
			"%s: unpacks to more than %lld times its size", t->what,
			(long long)t->max.ratio);
	return WEIR_OK;
}

/* The folder of that name below the root, made when make; -1 with errno. */
static int
walk(const struct inst_tree *t, struct str name, bool make)
{
	char part[INST_PART_MAX + 1];
	int at = dup(t->root), next;
	size_t n;

	while (at >= 0 && name.len) {
		for (n = 0; n < name.len && name.s[n] != '/'; n++)
			;
		memcpy(part, name.s, n);
		part[n] = '\0';
		next = openat(at, part, FOLDER);
		if (next < 0 && errno == ENOENT && make &&
			(mkdirat(at, part, 0777) == 0 || errno == EEXIST))
			next = openat(at, part, FOLDER);
		close(at);
		at = next;
		n += n < name.len;
		name.s += n;
		name.len -= n;
	}
	if (at >= 0)
		fcntl(at, F_SETFD, FD_CLOEXEC);
	return at;
}

/* The folder that name lies in, kept for the next one; *ret_last is its last part. */
static int
folder_of(struct inst_tree *t, const char *name, const char **ret_last)
{
	const char *slash = strrchr(name, '/');
	struct str dir = { name, slash ? (size_t)(slash - name) : 0 };

	*ret_last = slash ? slash + 1 : name;
	if (t->dir >= 0 && str_eq(dir, t->dir_name))
		return t->dir;
	drop_dir(t);
	t->dir = walk(t, dir, true);
	if (t->dir >= 0)
		t->dir_name = str_copy(dir);
	return t->dir;
}

enum weir_rc
inst_tree_folder(struct inst_tree *t, const char *name, struct weir_err *err)
{
	int fd = walk(t, str_of(name), true);

	if (fd < 0)
		return refuse_errno(t, name, err);
	close(fd);
	return WEIR_OK;
}

enum weir_rc
inst_tree_symlink(
	struct inst_tree *t, const char *name, struct str to, struct weir_err *err)
{
	const char *last, *why;
	bool look;
	char *text;
	int dir, rc;

	why = inst_name_link(name, to, &look);
	if (why)
		return refuse(t, WEIR_EBADDATA, name, why, err);
	dir = folder_of(t, name, &last);
	if (dir < 0)
		return refuse_errno(t, name, err);
	text = str_copy(to);
	rc = symlinkat(text, dir, last);
	free(text);
	if (rc)
		return refuse_errno(t, name, err);
	if (look)
		VEC_PUSH(&t->look, xstrdup(name));
	return WEIR_OK;
}

enum weir_rc
inst_tree_hardlink(
	struct inst_tree *t, const char *name, const char *to, struct weir_err *err)
{
	const char *slash = strrchr(to, '/'), *last;
	struct str dir = { to, slash ? (size_t)(slash - to) : 0 };
	int from = walk(t, dir, false), at;
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	if (from < 0 ||
		fstatat(from, slash ? slash + 1 : to, &st, AT_SYMLINK_NOFOLLOW)) {
		rc = refuse(t, WEIR_EBADDATA, name,
			"a hard link to what the archive does not have", err);
		goto out;
	}
	at = folder_of(t, name, &last);
	if (at < 0 || linkat(from, slash ? slash + 1 : to, at, last, 0))
		rc = refuse_errno(t, name, err);
out:
	if (from >= 0)
		close(from);
	return rc;
}

enum weir_rc
inst_tree_file(struct inst_tree *t, const char *name, struct weir_err *err)
{
	const char *last;
	int dir = folder_of(t, name, &last);

	BUG_ON(t->file >= 0);
	if (dir >= 0)
		t->file = openat(dir, last,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (t->file < 0)
		return refuse_errno(t, name, err);
	free(t->file_name);
	t->file_name = xstrdup(name);
	t->length = 0;
	return WEIR_OK;
}

enum weir_rc
inst_tree_write(struct inst_tree *t, const void *p, size_t n, int64_t offset,
	struct weir_err *err)
{
	const char *at = p;
	enum weir_rc rc;
	ssize_t done;

	if (offset < 0 || offset > t->max.file || (int64_t)n > t->max.file - offset)
		return refuse(
			t, WEIR_ETOOBIG, t->file_name, "the file is too big", err);
	rc = count_bytes(t, (int64_t)n, err);
	if (!rc)
		rc = check_stop(t, err);
	if (rc)
		return rc;
	while (n) {
		done = pwrite(t->file, at, n, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return refuse_errno(t, t->file_name, err);
		at += done;
		n -= (size_t)done;
		offset += done;
	}
	if (offset > t->length)
		t->length = offset;
	return WEIR_OK;
}

enum weir_rc
inst_tree_file_end(struct inst_tree *t, unsigned mode, int64_t size, int64_t mtime_s,
	struct weir_err *err)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_sec = (time_t)mtime_s } };
	int fd = t->file;
	enum weir_rc rc = WEIR_OK;

	t->file = -1;
	if (size > t->max.file)
		rc = refuse(t, WEIR_ETOOBIG, t->file_name, "the file is too big", err);
	else if (size > t->length)
		rc = count_bytes(t, size - t->length, err);
	if (!rc && ((size > t->length && ftruncate(fd, (off_t)size)) ||
			   fchmod(fd, (mode_t)(mode & 0777)) || futimens(fd, times)))
		rc = refuse_errno(t, t->file_name, err);
	if (close(fd) && !rc)
		rc = refuse_errno(t, t->file_name, err);
	return rc;
}

/*
 * Is every name that `..` comes after a folder of its own? Otherwise where `..` leads
 * to is not what the text says.
 */
bool
inst_tree_leads_inside(int root, const char *name)
{
	char to[INST_NAME_MAX + 1];
	struct buf at = BUF_INIT(2 * INST_NAME_MAX);
	const char *slash = strrchr(name, '/'), *up;
	ssize_t n = readlinkat(root, name, to, sizeof(to) - 1);
	struct str rest, part;
	bool inside = n > 0;
	struct stat st;

	buf_add(&at, name, slash ? (size_t)(slash - name) : 0);
	rest = (struct str){ to, n > 0 ? (size_t)n : 0 };
	while (inside && rest.len) {
		for (part = rest, part.len = 0;
			part.len < rest.len && rest.s[part.len] != '/';)
			part.len++;
		rest.s += part.len + (part.len < rest.len);
		rest.len -= part.len + (part.len < rest.len);
		if (part.len == 0 || str_eq(part, "."))
			continue;
		if (!str_eq(part, "..")) {
			if (at.len)
				buf_addc(&at, '/');
			buf_addstr(&at, part);
			continue;
		}
		/* Folders above are real: no link is on the way. */
		inside = at.len &&
			 fstatat(root, buf_cstr(&at), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			 S_ISDIR(st.st_mode);
		up = at.len ? strrchr(buf_cstr(&at), '/') : NULL;
		buf_truncate(&at, up ? (size_t)(up - at.s) : 0);
	}
	buf_release(&at);
	return inside;
}

enum weir_rc
inst_tree_check(struct inst_tree *t, struct weir_err *err)
{
	for (size_t i = 0; i < t->look.n; i++)
		if (!inst_tree_leads_inside(t->root, t->look.v[i]))
			return refuse(t, WEIR_EBADDATA, t->look.v[i],
				"a symbolic link that may lead out", err);
	return WEIR_OK;
}

/* ---- removing */

/* One's own folder may be closed to its owner. */
static void
make_writable(int at)
{
	struct stat st;

	if (fstat(at, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU)
		(void)fchmod(at, S_IRWXU);
}

/* What is in the folder at, which is closed. */
static bool
empty_folder(int at, unsigned depth)
{
	DIR *dir;
	struct dirent *e;
	bool ok;
	int below;

	make_writable(at);
	dir = fdopendir(at);
	ok = dir && depth < 2 * INST_DEPTH_MAX;
	if (!dir)
		close(at);
	while (ok && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		/* A folder: EISDIR on Linux, EPERM elsewhere. */
		below = openat(dirfd(dir), e->d_name, FOLDER);
		if (below < 0 && errno == EACCES &&
			fchmodat(dirfd(dir), e->d_name, 0700, 0) == 0)
			below = openat(dirfd(dir), e->d_name, FOLDER);
		ok = below >= 0 && empty_folder(below, depth + 1) &&
		     unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR) == 0;
	}
	if (dir)
		closedir(dir);
	return ok;
}

enum weir_rc
inst_tree_remove(const char *path, struct weir_err *err)
{
	int fd = open(path, FOLDER);

	if (fd < 0 && errno == ENOENT)
		return WEIR_OK;
	errno = fd < 0 ? errno : 0;
	if (fd < 0 || !empty_folder(fd, 0) || rmdir(path))
		return weir_fail(err, WEIR_EFAIL, "%s: cannot be removed: %s", path,
			errno ? strerror(errno) : "folders are too deep");
	return WEIR_OK;
}
