/* Bytes that must be in a file whole, and a folder that must know its name. */
#ifndef WEIR_FILE_H
#define WEIR_FILE_H

#include <stdbool.h>

#include "weir/buf.h"

/* All of it, however often it takes. False: not all, errno says why. */
bool weir_write_all(int fd, struct str bytes);

/* A name that was made or renamed outlives a power cut, where the disk can do that. */
void weir_sync_folder_of(const char *file);

#endif
