/*
 * What POSIX has not and a system may have: each is a matter of speed or room, and does
 * nothing where it is missing.
 */
#ifndef WEIR_CLIENT_PLAT_H
#define WEIR_CLIENT_PLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Close all descriptors above it; where the system cannot, the first few thousand. */
void plat_close_above(int fd);
/* Be killed when the process that this one is a child of has ended, however. */
void plat_end_with(pid_t parent);
/* Let a pipe hold so much. */
void plat_widen(int fd, size_t bytes);
/* Give back the disk's room of the file's first bytes, which then read as NULs. */
bool plat_punch(int fd, int64_t bytes);
/* When the file or folder was made; false: it cannot be told. */
bool plat_born(const char *path, struct timespec *ret_at);
/* A descriptor that is readable when a file of the folder was changed; -1: the system
 * has none. */
int plat_watch(const char *folder);
/* Take in what has come: was it one of this name? */
bool plat_watched(int fd, const char *name);
/* This thread is the only one; false: it cannot be told. */
bool plat_alone(void);

#endif
