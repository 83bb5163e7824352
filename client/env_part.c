#include "env_part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "weir/file.h"
#include "weir/mem.h"

enum { PART_LETTERS = 6 /* of mkstemp */ };

struct part {
	const char *path;
	char *folder; /* owned */
	const struct stat *like;
	struct weir_err *err;
};

static enum weir_rc
fail_errno(const struct part *k)
{
	int why = errno;

	(void)weir_fail(k->err, WEIR_EFAIL, "%s: %s", k->path, strerror(why));
	return why == ENOSPC || why == EDQUOT
		       ? weir_hint(
				 k->err, "df %.500s; the file is as it was", k->folder)
		       : WEIR_EFAIL;
}

/* The file may be one's own where nothing can be put beside it. */
static enum weir_rc
fail_folder(const struct part *k)
{
	int why = errno;

	(void)weir_fail(k->err,
		why == EACCES || why == EROFS ? WEIR_EREFUSED : WEIR_EFAIL,
		"%s: %s: the file is replaced as a whole, by one beside it", k->folder,
		strerror(why));
	return weir_hint(k->err, "leave to write in %.500s, or --file PATH", k->folder);
}

bool
env_part_is_current(const char *path, const struct stat *st)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_dev == st->st_dev &&
	       now.st_ino == st->st_ino;
}

/* The same people may do the same with it as with the old one. */
static enum weir_rc
same_access(const struct part *k, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_errno(k);
	if ((st.st_uid != k->like->st_uid || st.st_gid != k->like->st_gid) &&
		fchown(fd, k->like->st_uid, k->like->st_gid) != 0) {
		(void)weir_fail(k->err, WEIR_EREFUSED,
			"%s: it is of a group that a new one cannot be of: %s", k->path,
			strerror(errno));
		return weir_hint(
			k->err, "chgrp \"$(id -gn)\" %.500s, or --file PATH", k->path);
	}
	return fchmod(fd, k->like->st_mode & 07777) == 0 ? WEIR_OK : fail_errno(k);
}

/* A part is locked by who writes it: is he gone? */
static void
sweep_one(int dir, const char *name)
{
	int fd = openat(
		dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(dir, name, 0);
	close(fd);
}

/* What writers left that were killed. */
static void
sweep(const struct part *k)
{
	const char *base = strrchr(k->path, '/');
	char *stem = xasprintf("%s.weir-", base ? base + 1 : k->path);
	DIR *dir = opendir(k->folder);
	const struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strncmp(e->d_name, stem, strlen(stem)) == 0 &&
			strlen(e->d_name) == strlen(stem) + PART_LETTERS)
			sweep_one(dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
	free(stem);
}

/* All of it, on the disk, with the access that the old one has. */
static enum weir_rc
fill_part(const struct part *k, int fd, struct str text)
{
	enum weir_rc rc = same_access(k, fd);

	if (!rc && (!weir_write_all(fd, text) || fsync(fd) != 0))
		rc = fail_errno(k);
	return rc;
}

static enum weir_rc
replace(const struct part *k, struct str text, bool *ret_done)
{
	char *part = xasprintf("%s.weir-XXXXXX", k->path);
	int fd = mkstemp(part);
	enum weir_rc rc = WEIR_OK;

	*ret_done = false;
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
		flock(fd, LOCK_EX | LOCK_NB) != 0)
		rc = fail_folder(k);
	sweep(k);
	if (!rc)
		rc = fill_part(k, fd, text);
	if (!rc && env_part_is_current(k->path, k->like)) {
		*ret_done = rename(part, k->path) == 0;
		/* Between its making and its lock another weir may have swept it. */
		if (!*ret_done && errno != ENOENT)
			rc = fail_errno(k);
	}
	if (*ret_done)
		weir_sync_folder_of(k->path);
	else if (fd >= 0)
		(void)unlink(part);
	if (fd >= 0)
		close(fd);
	free(part);
	return rc;
}

enum weir_rc
env_part_replace(const char *path, const struct stat *like, struct str text,
	bool *ret_done, struct weir_err *err)
{
	struct part k = {
		.path = path, .folder = xstrdup(path), .like = like, .err = err
	};
	char *slash = strrchr(k.folder, '/');
	enum weir_rc rc;

	if (slash)
		slash[slash == k.folder] = '\0';
	rc = replace(&k, text, ret_done);
	free(k.folder);
	return rc;
}
