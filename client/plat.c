/* Compiled with _GNU_SOURCE (Makefile): fallocate, F_SETPIPE_SZ. */
#include "plat.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
