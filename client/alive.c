#include "alive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "weir/id.h"
#include "weir/mem.h"

enum { ALIVE_TRIES = 10 };

/* Beside its lock each has a FIFO `.PID` open for writing: its readers see the end. */
struct alive {
	int fd, life;
	char *folder, *name, *fifo;
	struct timespec seen; /* when the folder had changed, at the last look */
	pid_t pids[ALIVE_PEERS_MAX];
	int fds[ALIVE_PEERS_MAX];
	size_t n;
};

static char *
folder_of(const char *path)
{
	return xasprintf("%s.worker", path);
}

/* Is the file that is open still the one of that name? */
static bool
is_there(int fd, const char *name)
{
	struct stat open_one, named;

	return fstat(fd, &open_one) == 0 && stat(name, &named) == 0 &&
	       open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

/* The lock, or -1; one that was removed between opening and locking is made again. */
static int
take(const char *name)
{
	for (int i = 0; i < ALIVE_TRIES; i++) {
		int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_there(fd, name))
			return fd;
		close(fd);
	}
	return -1;
}

/* A FIFO of that name, open for writing; -1: the file system has none. */
static int
make_fifo(const char *name)
{
	int flags = O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, reader, fd;

	(void)unlink(name); /* of one that had this number before */
	if (mkfifo(name, 0600))
		return -1;
	reader = open(name, O_RDONLY | flags); /* without one it cannot be opened */
	fd = reader < 0 ? -1 : open(name, O_WRONLY | flags);
	if (reader >= 0)
		close(reader);
	return fd;
}

enum weir_rc
alive_hold(const char *path, struct alive **ret_alive, struct weir_err *err)
{
	struct alive *a = xcalloc(1, sizeof(*a));

	a->folder = folder_of(path);
	(void)mkdir(a->folder, 0700);
	a->name = xasprintf("%s/%ld", a->folder, (long)getpid());
	a->life = -1;
	a->fd = take(a->name);
	if (a->fd >= 0)
		(void)!ftruncate(a->fd, 0); /* what a dead one said */
	if (a->fd < 0) {
		weir_fail(
			err, WEIR_EDB, "cannot lock %s: %s", a->name, strerror(errno));
		alive_drop(a);
		return WEIR_EDB;
	}
	a->fifo = xasprintf("%s/.%ld", a->folder, (long)getpid());
	a->life = make_fifo(a->fifo);
	*ret_alive = a;
	return WEIR_OK;
}

int
alive_tick(const char *path)
{
	char *name = xasprintf("%s.tick", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		fd = -1;
	}
	free(name);
	return fd;
}

void
alive_drop(struct alive *a)
{
	if (!a)
		return;
	while (a->n)
		close(a->fds[--a->n]);
	if (a->life >= 0) {
		(void)unlink(a->fifo);
		close(a->life);
	}
	if (a->fd >= 0) {
		(void)unlink(a->name);
		close(a->fd);
	}
	free(a->fifo);
	free(a->name);
	free(a->folder);
	free(a);
}

void
alive_say(struct alive *a, const struct weir_id *id)
{
	char text[WEIR_ID_TEXT + 1];

	(void)!pwrite(a->fd, weir_id_format(id, text), WEIR_ID_TEXT, 0);
}

/* Is it locked? If not, its process has gone and what it left goes too. ret_said: may
 * be NULL. */
static bool
read_held(const char *folder, const char *pid, char ret_said[WEIR_ID_TEXT + 1])
{
	char *name = xasprintf("%s/%s", folder, pid), *fifo;
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool held = false;

	if (ret_said)
		memset(ret_said, 0, WEIR_ID_TEXT + 1);
	if (fd >= 0) {
		held = flock(fd, LOCK_EX | LOCK_NB) != 0;
		if (held && ret_said)
			(void)!pread(fd, ret_said, WEIR_ID_TEXT, 0);
		if (!held && is_there(fd, name)) {
			fifo = xasprintf("%s/.%s", folder, pid);
			(void)unlink(fifo);
			(void)unlink(name);
			free(fifo);
		}
		close(fd);
	}
	free(name);
	return held;
}

static bool
is_held(const char *folder, const char *pid)
{
	return read_held(folder, pid, NULL);
}

static pid_t
find(const char *path, pid_t but)
{
	char *folder = folder_of(path);
	DIR *dir = opendir(folder);
	struct dirent *e;
	pid_t pid = 0;

	while (dir && !pid && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if ((but && pid == but) || !is_held(folder, e->d_name))
			pid = 0;
	}
	if (dir)
		closedir(dir);
	free(folder);
	return pid;
}

pid_t
alive_any(const char *path)
{
	return find(path, 0);
}

pid_t
alive_other(const char *path)
{
	return find(path, getpid());
}

size_t
alive_count(const char *path)
{
	char *folder = folder_of(path);
	DIR *dir = opendir(folder);
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.' && is_held(folder, e->d_name);
	if (dir)
		closedir(dir);
	free(folder);
	return n;
}

bool
alive_said(const char *path, struct id_vec *ret)
{
	char *folder = folder_of(path), said[WEIR_ID_TEXT + 1];
	DIR *dir = opendir(folder);
	struct dirent *e;
	struct weir_id id;
	bool all = true;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || !read_held(folder, e->d_name, said))
			continue;
		if (!weir_id_parse(str_of(said), &id))
			all = false;
		else if (!weir_id_is_null(&id))
			VEC_PUSH(ret, id);
	}
	if (dir)
		closedir(dir);
	free(folder);
	return all;
}

/* ---- the others, watched */

/* Has the folder changed since? What is as new as the clock may change once more. */
static bool
is_changed(struct alive *a)
{
	struct timespec now;
	struct stat st;
	bool changed;

	if (stat(a->folder, &st) || clock_gettime(CLOCK_REALTIME, &now))
		return false;
	changed = st.st_mtim.tv_sec != a->seen.tv_sec ||
		  st.st_mtim.tv_nsec != a->seen.tv_nsec;
	a->seen = st.st_mtim;
	if (now.tv_sec - st.st_mtim.tv_sec < 2)
		a->seen.tv_nsec = -1;
	return changed;
}

static bool
is_known(const struct alive *a, pid_t pid)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->pids[i] == pid)
			return true;
	return false;
}

/* Opened first: one that lives then is heard when it ends. */
static bool
watch(struct alive *a, const char *pid)
{
	char *fifo = xasprintf("%s/.%s", a->folder, pid);
	int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool held = is_held(a->folder, pid);

	if (held && fd >= 0 && a->n < ALIVE_PEERS_MAX && fstat(fd, &st) == 0 &&
		S_ISFIFO(st.st_mode)) {
		a->pids[a->n] = (pid_t)strtol(pid, NULL, 10);
		a->fds[a->n++] = fd;
	} else if (fd >= 0) {
		close(fd);
	}
	free(fifo);
	return held;
}

bool
alive_look(struct alive *a)
{
	DIR *dir = is_changed(a) ? opendir(a->folder) : NULL;
	struct dirent *e;
	bool gone = false;

	while (dir && (e = readdir(dir))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && pid != getpid() && !is_known(a, pid))
			gone |= !watch(a, e->d_name);
	}
	if (dir)
		closedir(dir);
	return gone;
}

size_t
alive_polled(const struct alive *a, struct pollfd *v)
{
	for (size_t i = 0; i < a->n; i++)
		v[i] = (struct pollfd){ .fd = a->fds[i], .events = POLLIN };
	return a->n;
}

bool
alive_heard(struct alive *a, const struct pollfd *v, size_t n)
{
	bool gone = false;

	for (size_t i = n; i-- > 0;) {
		if (!v[i].revents)
			continue;
		gone = true;
		close(a->fds[i]);
		a->n--;
		a->fds[i] = a->fds[a->n];
		a->pids[i] = a->pids[a->n];
	}
	return gone;
}
