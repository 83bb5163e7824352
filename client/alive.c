#include "alive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/mem.h"

enum { ALIVE_TRIES = 10 };

struct alive {
	int fd;
	char *name;
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

enum weir_rc
alive_hold(const char *path, struct alive **ret_alive, struct weir_err *err)
{
	struct alive *a = xcalloc(1, sizeof(*a));
	char *folder = folder_of(path);
	enum weir_rc rc = WEIR_OK;

	(void)mkdir(folder, 0700);
	a->name = xasprintf("%s/%ld", folder, (long)getpid());
	a->fd = take(a->name);
	if (a->fd < 0) {
		rc = weir_fail(
			err, WEIR_EDB, "cannot lock %s: %s", a->name, strerror(errno));
		alive_drop(a);
	} else {
		*ret_alive = a;
	}
	free(folder);
	return rc;
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
	if (a->fd >= 0) {
		(void)unlink(a->name);
		close(a->fd);
	}
	free(a->name);
	free(a);
}

/* Is it locked? If not, its process has gone and it goes too. */
static bool
is_held(const char *name)
{
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) != 0;
	if (!held && is_there(fd, name))
		(void)unlink(name);
	close(fd);
	return held;
}

static pid_t
find(const char *path, pid_t but)
{
	char *folder = folder_of(path);
	DIR *dir = opendir(folder);
	struct dirent *e;
	pid_t pid = 0;

	while (dir && !pid && (e = readdir(dir))) {
		char *name;

		if (e->d_name[0] == '.')
			continue;
		name = xasprintf("%s/%s", folder, e->d_name);
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if ((but && pid == but) || !is_held(name))
			pid = 0;
		free(name);
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
