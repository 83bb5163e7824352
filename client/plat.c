/* Compiled with _GNU_SOURCE (Makefile): fallocate, F_SETPIPE_SZ, statx. */
#include "plat.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#include <sys/prctl.h>
#endif
#ifdef __has_include
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define HAS_SINGLE_THREADED 1
#endif
#endif

enum { FDS_MAX = 4096 };

void
plat_close_above(int fd)
{
	long high = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
	if (syscall(SYS_close_range, fd + 1, ~0U, 0) == 0)
		return;
#endif
	for (int i = fd + 1; i < high && i < FDS_MAX; i++)
		close(i);
}

void
plat_end_with(pid_t parent)
{
#ifdef PR_SET_PDEATHSIG
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	if (getppid() != parent)
		raise(SIGKILL);
}

void
plat_widen(int fd, size_t bytes)
{
#ifdef F_SETPIPE_SZ
	(void)fcntl(fd, F_SETPIPE_SZ, (int)bytes);
#else
	(void)fd;
	(void)bytes;
#endif
}

bool
plat_punch(int fd, int64_t bytes)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		       (off_t)bytes) == 0;
#else
	(void)fd;
	(void)bytes;
	return false;
#endif
}

bool
plat_born(const char *path, struct timespec *ret_at)
{
#if defined(STATX_BTIME)
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &st) ||
		!(st.stx_mask & STATX_BTIME))
		return false;
	ret_at->tv_sec = (time_t)st.stx_btime.tv_sec;
	ret_at->tv_nsec = (long)st.stx_btime.tv_nsec;
	return true;
#elif defined(__APPLE__)
	struct stat st;

	if (lstat(path, &st))
		return false;
	*ret_at = st.st_birthtimespec;
	return true;
#else
	(void)path;
	(void)ret_at;
	return false;
#endif
}

#ifdef __linux__
enum { WATCHED = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO };

int
plat_watch(const char *folder)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0 || inotify_add_watch(fd, folder, WATCHED) >= 0)
		return fd;
	close(fd);
	return -1;
}

bool
plat_watched(int fd, const char *name)
{
	union {
		struct inotify_event align;
		char bytes[4096];
	} in;
	bool found = false;
	ssize_t n;

	while ((n = read(fd, in.bytes, sizeof(in.bytes))) > 0) {
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n;) {
			struct inotify_event e;

			memcpy(&e, in.bytes + at, sizeof(e));
			at += sizeof(e);
			found = found || (e.mask & (IN_Q_OVERFLOW | IN_IGNORED)) ||
				(e.len && strcmp(in.bytes + at, name) == 0);
			at += e.len;
		}
	}
	return found;
}
#else
int
plat_watch(const char *folder)
{
	(void)folder;
	return -1;
}

bool
plat_watched(int fd, const char *name)
{
	(void)fd;
	(void)name;
	return false;
}
#endif

bool
plat_alone(void)
{
#ifdef HAS_SINGLE_THREADED
	return __libc_single_threaded;
#else
	return false;
#endif
}
