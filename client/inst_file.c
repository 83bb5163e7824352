#include "inst_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_name.h"
#include "inst_tmp.h"
#include "weir/file.h"
#include "weir/mem.h"

enum { READ_SIZE = 64 << 10 };

enum weir_rc
inst_file_read(const char *dir, const char *file, const char *what, struct buf *out,
	struct weir_err *err)
{
	char *path = xasprintf("%s/%s", dir, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum weir_rc rc = WEIR_OK;
	char *bytes = NULL;
	struct stat st;
	ssize_t n = 0;

	free(path);
	if (fd < 0)
		return weir_fail(err, errno == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"%s: %s: %s", what, file, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		rc = weir_fail(err, WEIR_EBADDATA, "%s: %s: not a file", what, file);
		goto out;
	}
	bytes = xmalloc(READ_SIZE);
	while (!out->truncated &&
		((n = read(fd, bytes, READ_SIZE)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			buf_add(out, bytes, (size_t)n);
	if (out->truncated)
		rc = weir_fail(err, WEIR_ETOOBIG, "%s: %s: larger than %zu MiB", what,
			file, out->max >> 20);
	else if (n < 0)
		rc = weir_fail(
			err, WEIR_EFAIL, "%s: %s: %s", what, file, strerror(errno));
out:
	free(bytes);
	close(fd);
	return rc;
}

static enum weir_rc
fail_at(const char *path, struct weir_err *err)
{
	return weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
}

enum weir_rc
inst_file_make(const char *path, struct str text, mode_t mode, struct weir_err *err)
{
	int fd;
	bool ok;

	if (unlink(path) && errno != ENOENT)
		return fail_at(path, err);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		mode ? 0600 : 0666);
	if (fd < 0)
		return fail_at(path, err);
	ok = weir_write_all(fd, text) && (!mode || fchmod(fd, mode) == 0);
	if (close(fd))
		ok = false;
	return ok ? WEIR_OK : fail_at(path, err);
}

enum weir_rc
inst_file_replace(const char *path, struct str text, mode_t mode, struct weir_err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, (size_t)(slash - path));
	char *part = inst_tmp_name(dir, slash + 1);
	enum weir_rc rc = WEIR_OK;
	bool ok;
	int fd;

	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	ok = fd >= 0;
	if (ok) {
		ok = weir_write_all(fd, text) && fsync(fd) == 0;
		if (close(fd))
			ok = false;
		ok = ok && rename(part, path) == 0;
		if (!ok)
			rc = fail_at(path, err);
		if (!ok)
			unlink(part);
		else
			weir_sync_folder_of(path);
	} else {
		rc = fail_at(part, err);
	}
	free(part);
	free(dir);
	return rc;
}

enum weir_rc
inst_file_folders(const char *path, struct weir_err *err)
{
	char *copy = xstrdup(path);
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	for (char *p = copy + 1; !rc; p++) {
		p += strcspn(p, "/");
		char was = *p;

		*p = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			rc = fail_at(copy, err);
		*p = was;
		if (!was)
			break;
	}
	if (!rc && (stat(copy, &st) || !S_ISDIR(st.st_mode)))
		rc = weir_fail(err, WEIR_EFAIL, "%s: not a folder", path);
	free(copy);
	return rc;
}

enum weir_rc
inst_file_folders_below(const char *top, const char *path, struct weir_err *err)
{
	char *base = realpath(top, NULL), *there = xstrdup(path), *real, *slash;
	enum weir_rc rc;

	/* What is missing is made without links: where what is there leads to counts.
	 */
	while (!(real = realpath(there, NULL)) && errno == ENOENT &&
		(slash = strrchr(there, '/')) && slash != there)
		*slash = '\0';
	if (!base || !real)
		rc = fail_at(there, err);
	else if (strcmp(real, base) != 0 && !inst_name_below(real, base))
		rc = weir_fail(err, WEIR_EBADDATA,
			"%s: a symbolic link leads out of %s", path, top);
	else
		rc = inst_file_folders(path, err);
	free(real);
	free(there);
	free(base);
	return rc;
}
