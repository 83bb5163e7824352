/*
 * A command in a process group of its own, its output to the spool by a relay. It is
 * forked first and runs only when told, so that it can be written down before.
 */
#ifndef WEIR_CLIENT_WORKER_CHILD_H
#define WEIR_CLIENT_WORKER_CHILD_H

#include <sys/types.h>

#include "weir/error.h"

struct worker_child {
	pid_t pid;   /* leader of its group; 0: none, or reaped */
	pid_t group; /* stays known */
	pid_t relay; /* 0: none, or reaped */
	int status;  /* of waitpid, once reaped */
	int relay_status;
	int go, told; /* pipes to it, from it */
};

/* The program by PATH of env, as a path; owned. Says what is wrong with it. */
WEIR_NODISCARD enum weir_rc worker_child_find(const char *word, char *const *env,
	const char *dir, char **ret_path, struct weir_err *err);

/* Fork it. dir must be there. */
WEIR_NODISCARD enum weir_rc worker_child_fork(struct worker_child *c, const char *path,
	char *const *words, char *const *env, const char *dir, int spool,
	struct weir_err *err);
/* Let it run; what execve says. */
WEIR_NODISCARD enum weir_rc worker_child_go(
	struct worker_child *c, const char *path, struct weir_err *err);

/* Reap what has ended. */
void worker_child_reap(struct worker_child *c);
/* To the whole group; is there anybody left? */
bool worker_child_kill(const struct worker_child *c, int sig);

#endif
