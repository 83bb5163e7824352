#include "db_make.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/mem.h"

enum weir_rc
db_make_fail(enum db_kind kind, const char *what, const char *path, int why,
	struct weir_err *err)
{
	const char *home = db_home(kind);

	weir_fail(err, WEIR_EDB, "%s: %s: %s", what, path, strerror(why));
	if (why == ENOSPC || why == EDQUOT)
		weir_hint(err, "make room, or set %s to another disk", home);
	else
		weir_hint(err, "set %s to a folder that is yours to write", home);
	return WEIR_EDB;
}

/* Make the folder of path and those above it, each 0700. */
static enum weir_rc
make_folders(const char *path, enum db_kind kind, struct weir_err *err)
{
	char *copy = xstrdup(path);
	enum weir_rc rc = WEIR_OK;
	int why;

	for (char *p = copy + 1; !rc && (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		if (mkdir(copy, 0700) == 0 || errno == EEXIST)
			continue;
		why = errno;
		if (access(copy, X_OK) != 0)
			rc = db_make_fail(
				kind, "cannot make the folder", copy, why, err);
	}
	free(copy);
	return rc;
}

/* Of the folder that path is in; owned. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* The store's own folder is for nobody else, whatever made it. */
static void
close_folder(const char *path)
{
	char *folder = folder_of(path);
	const char *slash = strrchr(folder, '/');
	struct stat st;

	if (slash && str_eq(str_of(slash), "/weir") && stat(folder, &st) == 0 &&
		st.st_uid == getuid() && (st.st_mode & 077))
		(void)!chmod(folder, 0700);
	free(folder);
}

/* SQLite needs to write the file and to make others beside it. */
static enum weir_rc
may_write(const char *path, enum db_kind kind, struct weir_err *err)
{
	char *folder = folder_of(path);
	enum weir_rc rc = WEIR_OK;

	if (access(path, W_OK) != 0 || access(folder, W_OK | X_OK) != 0)
		rc = db_make_fail(kind, "cannot write to the store", path, errno, err);
	free(folder);
	return rc;
}

/*
 * The file, 0600 whatever the umask, before SQLite opens it: -wal and -shm take its
 * mode. An existing one is never opened here, because closing would drop the locks that
 * another connection of this process holds on it.
 */
static enum weir_rc
make_file(const char *path, enum db_kind kind, struct weir_err *err)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0) {
		(void)!fchmod(fd, 0600);
		close(fd);
		return WEIR_OK;
	}
	if (errno != EEXIST)
		return db_make_fail(kind, "cannot create the store", path, errno, err);
	if (stat(path, &st) == 0 && (st.st_mode & 077))
		(void)!chmod(path, 0600);
	return may_write(path, kind, err);
}

enum weir_rc
db_make(const char *path, enum db_kind kind, struct weir_err *err)
{
	enum weir_rc rc = make_folders(path, kind, err);

	close_folder(path);
	return rc ? rc : make_file(path, kind, err);
}
