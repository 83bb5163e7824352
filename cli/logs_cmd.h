/* The parts of `weir logs`: its options, its sources, and the ways to print them. */
#ifndef WEIR_CLI_LOGS_CMD_H
#define WEIR_CLI_LOGS_CMD_H

#include <weir/logs.h>
#include <weir/mem.h>

#include "logs_print.h"

struct logs_args {
	const char *output, *level, *grep, *since, *until, *task, *logger, *runs, *file;
	int64_t context, n; /* n -1: not given */
	bool follow, ignore_case, invert, tree, timestamps, force;
};

/* One run's log. */
struct logs_source {
	struct weir_id id;
	char *name; /* of the run; owned */
	struct weir_log_reader *log;
	bool ended;
	VEC(uint64_t) seen; /* hashes of the lines that were there, while following */
	size_t *lines;      /* to print next: number << 1 | is context; owned */
	size_t n, at;
};

struct logs_job {
	struct ctx *ctx;
	const struct logs_args *args;
	struct weir_log_filter filter;
	struct weir_match *match;
	struct weir_store *store; /* borrowed; asked for again after each sync */
	struct logs_printer printer;
	struct weir_id *roots; /* the runs that were named; owned */
	size_t n_roots;
	VEC(struct logs_source) sources;
	size_t n_measured; /* of sources: their names have made columns wide */
	/* While following: */
	int64_t looks;
	bool away;
	void (*before)(void *arg); /* called when lines are to be printed; or NULL */
	void *before_arg;
};

/* Of one tree, of one run; named ones. */
enum { LOGS_RUNS_MAX = 2000, LOGS_TASKS_MAX = 2000, LOGS_ROOTS_MAX = 64 };

/*
 * The roots and, with --tree, all below them become sources; new ones are added when it
 * is called again. fetch: ask the server for them first.
 */
WEIR_NODISCARD enum weir_rc logs_collect(struct logs_job *j, bool fetch);
void logs_release_sources(struct logs_job *j);

/* Open a source's log or take in what is new; *ret_from as weir_log_update. */
WEIR_NODISCARD enum weir_rc logs_update(
	struct logs_job *j, struct logs_source *s, size_t *ret_from);

/* Print what all sources have in `lines`, by time; only the last `tail` (-1: all). */
WEIR_NODISCARD enum weir_rc logs_merge(struct logs_job *j, int64_t tail);

/* Print once what is there. */
WEIR_NODISCARD enum weir_rc logs_once(struct logs_job *j);

/* Print what is there and what comes, until all runs have ended. */
WEIR_NODISCARD enum weir_rc logs_follow(struct logs_job *j);

/*
 * The same by and by: begin once, then look again and again. *ret_ended: nothing more
 * will come. A server that is away is told of and is no error.
 */
WEIR_NODISCARD enum weir_rc logs_follow_begin(struct logs_job *j);
WEIR_NODISCARD enum weir_rc logs_follow_look(struct logs_job *j, bool *ret_ended);

/* Search the logs of the runs that --runs matches. */
WEIR_NODISCARD enum weir_rc logs_search(struct logs_job *j);

#endif
