/*
 * Folders that are done with. In one step they are out of the way, as another worker
 * may take the run meanwhile. What is small is removed at once; a build may leave a
 * million files, so the rest is removed by a process of its own while other runs go on.
 * What it does not come to is left to the next worker.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plat.h"
#include "worker.h"

#define LOG_MODULE "worker"
#include "weir/log.h"

enum { DEPTH_FDS = 16, SMALL_MAX = 256, SMALL_DEPTH = 8 };
enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static const char gone[] = ".gone-";

/* ---- what is small */

static bool clear_small(int at, dev_t dev, int depth, int *left);

static bool
clear_below(int at, const char *name, dev_t dev, int depth, int *left)
{
	int fd = openat(at, name, FOLDER);
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || st.st_dev != dev) {
		close(fd);
		return false;
	}
	return clear_small(fd, dev, depth, left) &&
	       unlinkat(at, name, AT_REMOVEDIR) == 0;
}

/* Closes at. *left: of how many names more. */
static bool
clear_small(int at, dev_t dev, int depth, int *left)
{
	DIR *dir = fdopendir(at);
	bool ok = dir && depth < SMALL_DEPTH;
	struct dirent *e;

	if (!dir)
		close(at);
	while (ok && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		ok = (*left)-- > 0 &&
		     (unlinkat(dirfd(dir), e->d_name, 0) == 0 || errno == ENOENT ||
			     clear_below(dirfd(dir), e->d_name, dev, depth + 1, left));
	}
	if (dir)
		closedir(dir);
	return ok;
}

/* False: it is not, or not all of it can be removed so. */
static bool
remove_small(const char *path)
{
	int fd = open(path, FOLDER), left = SMALL_MAX;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT;
	if (fstat(fd, &st)) {
		close(fd);
		return false;
	}
	return clear_small(fd, st.st_dev, 0, &left) && rmdir(path) == 0;
}

/* ---- what is not */

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)at;
	if (what == FTW_DNR || what == FTW_D)
		(void)!chmod(path, 0700);
	(void)remove(path);
	return 0;
}

/* A build may have made folders that cannot be entered. */
static int
open_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)at;
	if ((what == FTW_D || what == FTW_DNR) && (st->st_mode & 0700) != 0700)
		(void)!chmod(path, 0700);
	return 0;
}

static bool
remove_tree(const char *path)
{
	if (nftw(path, remove_one, DEPTH_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 &&
		access(path, F_OK) != 0)
		return true;
	nftw(path, open_one, DEPTH_FDS, FTW_PHYS | FTW_MOUNT);
	nftw(path, remove_one, DEPTH_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return access(path, F_OK) != 0;
}

/* Unless another is at it. */
static bool
remove_alone(const char *path)
{
	int fd = open(path, FOLDER);
	bool ours = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;
	bool done = !ours || remove_tree(path);

	if (fd >= 0)
		close(fd);
	return done;
}

/* All that is out of the way in that folder; false: something stays. */
static bool
remove_all(const char *base)
{
	DIR *dir = opendir(base);
	struct dirent *e;
	bool done = true;
	char *path;

	while (dir && (e = readdir(dir))) {
		if (!str_starts(str_of(e->d_name), gone))
			continue;
		path = xasprintf("%s/%s", base, e->d_name);
		done &= remove_alone(path);
		free(path);
	}
	if (dir)
		closedir(dir);
	return done;
}

/* ---- the process */

/* The worker ends it: what is to end the worker does not. */
static void
set_up(pid_t worker)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction sa = { .sa_handler = SIG_IGN };
	int null;

	plat_end_with(worker);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_ELEM(ignored); i++)
		sigaction(ignored[i], &sa, NULL);
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	plat_close_above(2);
}

static void
start(struct worker *w)
{
	pid_t worker = getpid(), pid = fork();

	w->sweep_more = false;
	if (pid == 0) {
		set_up(worker);
		_exit(remove_all(w->base) ? 0 : 1);
	}
	if (pid > 0)
		w->sweeper = pid;
	else if (!remove_all(w->base))
		LOG(LOG_WARN, "%s: not all that is gone can be removed", w->base);
}

void
worker_sweep_tick(struct worker *w)
{
	int status = 0;

	if (w->sweeper > 0 && waitpid(w->sweeper, &status, WNOHANG) == w->sweeper) {
		w->sweeper = 0;
		if (status)
			LOG(LOG_WARN, "%s: not all that is gone can be removed",
				w->base);
	}
	if (!w->sweeper && w->sweep_more)
		start(w);
}

void
worker_sweep_end(struct worker *w)
{
	if (w->sweeper > 0) {
		kill(w->sweeper, SIGKILL);
		while (waitpid(w->sweeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	w->sweeper = 0;
}

/* ---- from the loop */

static void
sweep(struct worker *w, const char *path)
{
	if (remove_small(path))
		return;
	/* who only looks at the store waits for it */
	if (w->burying && !remove_alone(path))
		LOG(LOG_WARN, "%s: cannot be removed", path);
	w->sweep_more = !w->burying;
	worker_wake_at(w, 0);
}

void
worker_sweep(struct worker *w, const char *path)
{
	struct weir_id id = weir_id_random();
	char text[WEIR_ID_TEXT + 1];
	char *aside = xasprintf("%s/%s%s", w->base, gone, weir_id_format(&id, text));

	if (rename(path, aside) == 0)
		sweep(w, aside);
	else if (errno != ENOENT)
		LOG(LOG_WARN, "%s: %s", path, strerror(errno));
	free(aside);
}

void
worker_sweep_left(struct worker *w, const char *name)
{
	char *path;

	if (w->sweeper || !str_starts(str_of(name), gone))
		return;
	path = xasprintf("%s/%s", w->base, name);
	sweep(w, path);
	free(path);
}
