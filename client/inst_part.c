#include "inst_part.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/file.h"
#include "weir/mem.h"

enum { READ_SIZE = 256 << 10 };

void
inst_part_init(struct inst_part *p)
{
	*p = (struct inst_part){ .fd = -1 };
}

static enum weir_rc
fail_at(const struct inst_part *p, struct weir_err *err)
{
	return weir_fail(err, WEIR_EFAIL, "%s: %s", p->path, strerror(errno));
}

/* The file at path, locked; -1: it cannot be, or somebody else has it. */
static int
open_locked(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	struct stat a, b;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &a) == 0 &&
		stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev &&
		S_ISREG(a.st_mode))
		return fd;
	close(fd);
	errno = EWOULDBLOCK;
	return -1;
}

static enum weir_rc
read_what_is_there(struct inst_part *p, struct weir_err *err)
{
	char *bytes = xmalloc(READ_SIZE);
	ssize_t n;

	while ((n = read(p->fd, bytes, READ_SIZE)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0) {
			inst_sum_add(p->sum, bytes, (size_t)n);
			p->size += n;
		}
	free(bytes);
	return n < 0 ? fail_at(p, err) : WEIR_OK;
}

enum weir_rc
inst_part_open(struct inst_part *p, const struct inst_get *get, struct weir_err *err)
{
	enum weir_rc rc;

	inst_part_close(p);
	p->path = xasprintf("%s.part", get->to);
	p->fd = open_locked(p->path);
	if (p->fd < 0 && errno == EWOULDBLOCK) {
		free(p->path);
		p->path = xasprintf("%s.%ld.part", get->to, (long)getpid());
		p->fd = open_locked(p->path);
	}
	if (p->fd < 0)
		return fail_at(p, err);
	p->size = 0;
	rc = inst_sum_new(&p->sum, err);
	if (!rc)
		rc = read_what_is_there(p, err);
	if (!rc && get->size >= 0 && p->size > get->size)
		rc = inst_part_clear(p, err);
	return rc;
}

enum weir_rc
inst_part_add(struct inst_part *p, const void *bytes, size_t n, struct weir_err *err)
{
	inst_sum_add(p->sum, bytes, n);
	p->size += (int64_t)n;
	return weir_write_all(p->fd, (struct str){ bytes, n }) ? WEIR_OK
							       : fail_at(p, err);
}

enum weir_rc
inst_part_clear(struct inst_part *p, struct weir_err *err)
{
	struct inst_sums sums;

	inst_sum_end(p->sum, &sums);
	p->size = 0;
	if (ftruncate(p->fd, 0) || lseek(p->fd, 0, SEEK_SET))
		return fail_at(p, err);
	return WEIR_OK;
}

static enum weir_rc
wrong_hash(const char *name, const char *kind, const char *has, const char *should,
	struct weir_err *err)
{
	return weir_fail(err, WEIR_EBADDATA, "%s: its %s is %s, and should be %s", name,
		kind, has, should);
}

enum weir_rc
inst_part_keep(struct inst_part *p, struct inst_get *get, struct weir_err *err)
{
	struct inst_sums sums;

	inst_sum_end(p->sum, &sums);
	if (get->size >= 0 && sums.size != get->size)
		return weir_fail(err, WEIR_EBADDATA,
			"%s: it has %lld bytes, and should have %lld", get->name,
			(long long)sums.size, (long long)get->size);
	if (!inst_sum_is(&sums, NULL, get->sha256))
		return wrong_hash(get->name, "SHA-256", sums.sha256, get->sha256, err);
	if (!inst_sum_is(&sums, get->md5, NULL))
		return wrong_hash(get->name, "MD5", sums.md5, get->md5, err);
	if (rename(p->path, get->to))
		return fail_at(p, err);
	get->sums = sums;
	free(p->path);
	p->path = NULL;
	inst_part_close(p);
	return WEIR_OK;
}

void
inst_part_drop(struct inst_part *p)
{
	if (p->fd >= 0)
		unlink(p->path);
	inst_part_close(p);
}

void
inst_part_close(struct inst_part *p)
{
	if (p->fd >= 0 && p->size == 0 && p->path)
		unlink(p->path); /* nothing to go on with */
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->path);
	p->path = NULL;
	inst_sum_free(p->sum);
	p->sum = NULL;
	p->size = 0;
}
