/* What the queue of the query thread and its work share. */
#ifndef WEIR_TUI_FINDER_PART_H
#define WEIR_TUI_FINDER_PART_H

#include <pthread.h>

#include "finder.h"
#include "finder_log.h"

struct weir_keys;
struct weir_session;

enum { FINDER_JOBS_MAX = 16 };

struct finder_work {
	struct finder_job job; /* its strings are owned */
	int64_t start_us;
};

struct finder {
	const struct weir_config *config;
	pthread_t thread;
	int pipe[2];
	/* The lock protects all below but what the thread owns. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, busy, cancelled;
	struct finder_work queue[FINDER_JOBS_MAX];
	size_t n_queue;
	struct finder_work now; /* what is worked on while busy */
	struct finder_answer *first, *last;
	uint64_t number;
	struct weir_store *store; /* NULL until opened; written by the thread */
	struct weir_store *envs;  /* the same, of environments */

	/* The thread's own. */
	struct weir_session *session;
	struct weir_store *at; /* the one that the job is about */
	struct weir_keys *keys, *env_keys;
	const char *env_file;
	bool env_local, env_noted;
	struct finder_log *log;
	struct weir_err err;
};

bool finder_cancelled(struct finder *f); /* what is worked on */
struct finder_answer *finder_answer_new(
	const struct finder_work *w, enum finder_part part);
void finder_post(struct finder *f, struct finder_answer *a); /* taken */

/* finder_env.c: the store of environments, brought up to date if the job says so. */
WEIR_NODISCARD enum weir_rc finder_env_open(
	struct finder *f, const struct finder_work *w, struct weir_err *err);
void finder_env_close(struct finder *f);

/* finder_work.c: do it and post what comes of it, but a failure. */
WEIR_NODISCARD enum weir_rc finder_do(
	struct finder *f, const struct finder_work *w, struct weir_err *err);

#endif
