/* A pipe that wakes a thread's poll(): bytes in it mean nothing but that. */
#ifndef WEIR_CLIENT_PIPE_H
#define WEIR_CLIENT_PIPE_H

#include <stdbool.h>

/* Both ends do not block and close on exec. */
bool pipe_make(int fds[2]);
void pipe_poke(int fd);
void pipe_drain(int fd);
void pipe_shut(int fds[2]); /* those that are not -1 */

#endif
