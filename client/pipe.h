/* Pipes; most of them wake a thread's poll(): bytes in those mean nothing but that. */
#ifndef WEIR_CLIENT_PIPE_H
#define WEIR_CLIENT_PIPE_H

#include <stdbool.h>

bool pipe_open(int fds[2]); /* both ends close on exec */
bool pipe_make(int fds[2]); /* and do not block */
void pipe_poke(int fd);
void pipe_drain(int fd);
void pipe_shut(int fds[2]); /* those that are not -1 */

#endif
