/* Small files and folders that others write, read with bounds. */
#ifndef WEIR_CLIENT_MF_FILE_H
#define WEIR_CLIENT_MF_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum { MF_FILE_ENTRIES_MAX = 1 << 20 }; /* of one folder */

/*
 * Append a plain file of dirfd; out's maximum bounds it. False, with errno: EFBIG when
 * it is longer, EINVAL when it is no plain file.
 */
bool mf_file_read(int dirfd, const char *path, struct buf *out);

/* A folder below dirfd; -1 with errno. Nothing blocks. */
int mf_file_folder(int dirfd, const char *path);

/* Names in a folder, sorted, in arena. Takes fd. False with errno. */
VEC_TYPE(mf_names, const char *);
bool mf_file_names(int fd, struct arena *arena, struct mf_names *ret);

/* Numbers that change with the file. */
int64_t mf_file_us(const struct stat *st); /* when it was written last */
uint64_t mf_file_mark(uint64_t mark, const struct stat *st);

#endif
