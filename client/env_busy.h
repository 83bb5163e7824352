/* Is a process at work in a folder? */
#ifndef WEIR_CLIENT_ENV_BUSY_H
#define WEIR_CLIENT_ENV_BUSY_H

#include <stdbool.h>

/*
 * The first process whose program, working folder, mapped files or CONDA_PREFIX is at
 * or below path (absolute, without links); 0: none that can be seen. Of others'
 * processes only what the system shows; where there is no /proc, nothing.
 */
long env_busy(const char *path);

#endif
