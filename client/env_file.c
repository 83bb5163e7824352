#include "env_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "weir/time.h"

enum { LOCK_TRIES = 20, NAP_MS = 25 };

static enum weir_rc
no_file(const char *path, const struct stat *st, struct weir_err *err)
{
	if (S_ISDIR(st->st_mode))
		return weir_fail(
			err, WEIR_EFAIL, "%s: it is a folder, not a file", path);
	return weir_fail(err, WEIR_EFAIL, "%s: not a file", path);
}

/* Closed to us: say to whom it belongs. */
static enum weir_rc
no_open(const char *path, int why, struct weir_err *err)
{
	struct stat st;
	const struct passwd *owner;

	if (why == ENOENT || why == ENOTDIR)
		return weir_fail(err, WEIR_ENOTFOUND, "%s: there is none", path);
	if (why != EACCES || stat(path, &st) != 0)
		return weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(why));
	owner = getpwuid(st.st_uid);
	weir_fail(err, WEIR_EFAIL, "%s: it belongs to %s and others may not read it",
		path, owner ? owner->pw_name : "somebody else");
	return weir_hint(err, "chmod a+r %s   (by its owner)", path);
}

/* Writers hold the lock for as long as writing takes. */
static void
wait_for_lock(int fd)
{
	for (int i = 0; i < LOCK_TRIES && flock(fd, LOCK_SH | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK)
			return;
		weir_nap(NAP_MS);
	}
}

static enum weir_rc
read_all(int fd, const char *path, struct env_file *f, struct weir_err *err)
{
	size_t size = (size_t)f->st.st_size + 1;

	f->text = xmalloc(size);
	for (;;) {
		ssize_t n = read(fd, f->text + f->len, size - f->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return weir_fail(
				err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
		if (n == 0)
			return WEIR_OK;
		f->len += (size_t)n;
		if (f->len > WEIR_ENV_FILE_MAX)
			return weir_fail(err, WEIR_ETOOBIG,
				"%s: more than %d MB, the most that is read", path,
				WEIR_ENV_FILE_MAX >> 20);
		if (f->len == size) {
			size += size / 2 + 4096;
			f->text = xrealloc(f->text, size);
		}
	}
}

enum weir_rc
env_file_read(const char *path, struct env_file *ret, struct weir_err *err)
{
	struct env_file f = { 0 };
	enum weir_rc rc = WEIR_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return no_open(path, errno, err);
	if (fstat(fd, &f.st) != 0)
		rc = weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(f.st.st_mode))
		rc = no_file(path, &f.st, err);
	if (!rc) {
		wait_for_lock(fd);
		rc = fstat(fd, &f.st) == 0 ? WEIR_OK
					   : weir_fail(err, WEIR_EFAIL, "%s: %s", path,
						     strerror(errno));
	}
	if (!rc && f.st.st_size > WEIR_ENV_FILE_MAX)
		rc = weir_fail(err, WEIR_ETOOBIG,
			"%s: more than %d MB, the most that is read", path,
			WEIR_ENV_FILE_MAX >> 20);
	if (!rc)
		rc = read_all(fd, path, &f, err);
	close(fd);
	if (rc)
		env_file_release(&f);
	else
		*ret = f;
	return rc;
}

void
env_file_release(struct env_file *f)
{
	free(f->text);
	*f = (struct env_file){ 0 };
}
