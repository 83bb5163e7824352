#include "inst_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder.h"
#include "inst_tmp.h"
#include "owner.h"
#include "weir/mem.h"
#include "weir/time.h"

enum { OWNER_MAX = 600, LOOK_MS = 200, TELL_MS = 10 * 1000, TIMEOUT_MAX_S = 7 * 86400 };
static const char ours[] = "weir ";

/* What the file at fd says of its owner; "" for one of Metaflow's. */
static void
read_owner(int fd, char out[OWNER_MAX])
{
	ssize_t n = pread(fd, out, OWNER_MAX - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (strncmp(out, ours, sizeof(ours) - 1) != 0)
		out[0] = '\0';
	else
		memmove(out, out + sizeof(ours) - 1, strlen(out) - sizeof(ours) + 2);
}

static bool
is_at(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static void
add_user(struct buf *out, uid_t uid)
{
	struct passwd pw, *found = NULL;
	char bytes[4096];

	if (getpwuid_r(uid, &pw, bytes, sizeof(bytes), &found) == 0 && found)
		buf_addf(out, "user %s", found->pw_name);
	else
		buf_addf(out, "user %lu", (unsigned long)uid);
}

/* One of ours, by what it says: PID START HOST/BOOT/NAMESPACE. */
static void
add_weir(struct buf *out, const char *owner)
{
	const char *place = strrchr(owner, ' ');

	buf_addf(out, "weir, process %.*s", (int)strcspn(owner, " "), owner);
	if (place && owner_life(owner) == OWNER_ELSEWHERE)
		buf_addf(out, " on %.*s", (int)strcspn(place + 1, "/"), place + 1);
}

/* Metaflow's do not say whose they are; who has one keeps it open. */
static bool
add_other(struct buf *out, const char *path)
{
	long pid = holder_of_open(path);

	if (pid)
		holder_add(out, pid);
	else
		buf_adds(out, "another program (probably Metaflow)");
	return pid != 0;
}

bool
inst_lock_who(const char *path, struct buf *out)
{
	char owner[OWNER_MAX];
	struct stat st;
	bool known = true;
	int64_t age;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && lstat(path, &st))
		return false;
	owner[0] = '\0';
	if (fd >= 0) {
		fstat(fd, &st);
		read_owner(fd, owner);
		close(fd);
	}
	buf_addf(out, "%s: held by ", path);
	if (owner[0])
		add_weir(out, owner);
	else
		known = add_other(out, path);
	buf_adds(out, ", of ");
	add_user(out, st.st_uid);
	age = (int64_t)time(NULL) - (int64_t)st.st_mtime;
	buf_adds(out, ", since ");
	weir_duration_format(out, (age > 0 ? age : 0) * WEIR_SECOND_US);
	if (!known && age > INST_LOCK_TIMEOUT_S)
		buf_adds(out, "; it may be left from a process that was killed");
	return true;
}

bool
inst_lock_gone(const char *owner)
{
	enum owner_life life = owner_life(owner);
	const char *place = strrchr(owner, ' ');
	char *self, *here;
	size_t host, boot;
	bool gone;

	if (life != OWNER_ELSEWHERE || !place)
		return life == OWNER_GONE;
	/* host/boot/name space */
	self = owner_self();
	here = strrchr(self, ' ');
	host = strcspn(place, "/") + 1;
	boot = strcspn(place + host, "/");
	gone = strncmp(place, here, host) == 0 && boot &&
	       strncmp(place, " localhost/", 11) != 0 &&
	       (strcspn(here + host, "/") != boot ||
		       strncmp(place + host, here + host, boot) != 0);
	free(self);
	return gone;
}

/* Remove a lock of a weir that is no more. True: it is worth another try. */
static bool
remove_left(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char owner[OWNER_MAX];
	bool left = false;

	if (fd < 0)
		return errno == ENOENT;
	read_owner(fd, owner);
	if (owner[0] && inst_lock_gone(owner) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		is_at(fd, path))
		left = unlink(path) == 0;
	close(fd);
	return left;
}

void
inst_lock_sweep(const char *path)
{
	(void)remove_left(path);
}

/* Create it, locked, with the name of its owner in it. Its descriptor; -1: errno. */
static int
create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	char *self;

	if (fd < 0)
		return -1;
	self = owner_self();
	flock(fd, LOCK_EX | LOCK_NB);
	(void)dprintf(fd, "%s%s\n", ours, self); /* an empty one holds as well */
	free(self);
	return fd;
}

/*
 * As create, but it appears with its owner's name in it: one that is killed in between
 * leaves no lock that seems to be Metaflow's. Where files cannot have two names:
 * create.
 */
static int
create_whole(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, (size_t)(slash - path));
	char *tmp = inst_tmp_name(dir, slash + 1);
	int fd = create(tmp), why = errno;

	if (fd >= 0 && link(tmp, path)) {
		why = errno;
		close(fd);
		fd = -1;
	}
	unlink(tmp);
	free(tmp);
	free(dir);
	errno = why;
	return fd < 0 && why != EEXIST ? create(path) : fd;
}

/* 0: taken. Else errno. */
static int
try_take(const char *path, struct inst_lock *ret_lock)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0)
		return EEXIST;
	fd = create_whole(path);
	if (fd < 0)
		return errno;
	ret_lock->path = xstrdup(path);
	ret_lock->fd = fd;
	return 0;
}

static int64_t
timeout_us(const struct inst_lock_wait *w)
{
	const char *text = getenv("METAFLOW_CONDA_LOCK_TIMEOUT");
	long s = w->timeout_s;

	if (s <= 0)
		s = text ? strtol(text, NULL, 10) : 0;
	if (s <= 0 || s > TIMEOUT_MAX_S)
		s = INST_LOCK_TIMEOUT_S;
	return (int64_t)s * WEIR_SECOND_US;
}

static enum weir_rc
fail_busy(const char *path, struct weir_err *err)
{
	struct buf who = BUF_INIT(BUF_MAX);

	if (!inst_lock_who(path, &who))
		buf_addf(&who, "%s: held by others in turn", path);
	weir_fail(err, WEIR_EBUSY, "%s", buf_cstr(&who));
	buf_release(&who);
	return weir_hint(err, "rm %s (if no run is making an environment)", path);
}

static void
tell_who(const struct inst_lock_wait *w, const char *path)
{
	struct buf who = BUF_INIT(BUF_MAX);

	if (w->tell && inst_lock_who(path, &who))
		w->tell(w->arg, buf_cstr(&who));
	buf_release(&who);
}

enum weir_rc
inst_lock_take(const char *path, const struct inst_lock_wait *w,
	struct inst_lock *ret_lock, struct weir_err *err)
{
	static const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	int64_t now = weir_monotonic_us(), end = now + timeout_us(w), tell = now;
	int why;

	for (;;) {
		why = try_take(path, ret_lock);
		if (why == 0)
			return WEIR_OK;
		if (why != EEXIST)
			return weir_fail(
				err, WEIR_EFAIL, "%s: %s", path, strerror(why));
		if (remove_left(path))
			continue;
		if (w->stop && w->stop(w->arg))
			return weir_fail(err, WEIR_EINTR, "interrupted");
		now = weir_monotonic_us();
		if (now >= end)
			return fail_busy(path, err);
		if (now >= tell) {
			tell_who(w, path);
			tell = now + (int64_t)TELL_MS * 1000;
		}
		nanosleep(&pause, NULL);
	}
}

void
inst_lock_drop(struct inst_lock *l)
{
	if (!l->path)
		return;
	if (is_at(l->fd, l->path))
		unlink(l->path);
	close(l->fd);
	free(l->path);
	*l = (struct inst_lock){ 0 };
}
