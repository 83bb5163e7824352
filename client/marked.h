/*
 * Processes by a variable that they were started with: what a run or a task began, also
 * where it left the process group. Where the system does not tell (/proc), none.
 */
#ifndef WEIR_CLIENT_MARKED_H
#define WEIR_CLIENT_MARKED_H

#include <stddef.h>
#include <sys/types.h>

/* Send sig to each but this one and that one; how many are not of that group. */
size_t marked_kill(const char *variable, int sig, pid_t but, pid_t group);
/*
 * Kill each, and those of that group (0: none), but for those that are this program:
 * they go on, for what they have read of the others is not yet written.
 */
void marked_kill_others(const char *variable, pid_t group);

#endif
