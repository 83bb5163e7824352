/*
 * The query thread: searches, sorts and counts that a key must not wait for.
 *
 * It has its own read-only connection. A job is named by (view, slot); a newer job of
 * the same name replaces an older one, and interrupts it when it is being worked on.
 * Answers come back in parts, as soon as each is known.
 */
#ifndef WEIR_TUI_FINDER_H
#define WEIR_TUI_FINDER_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/config.h>
#include <weir/error.h>
#include <weir/types.h>

#include "lineset.h"

struct finder;
struct weir_groups;
struct weir_log_order;
struct weir_store;

enum finder_kind {
	FINDER_ROWS,
	FINDER_LOG,
	FINDER_COUNT,
	FINDER_VALUES,
	FINDER_GROUPS,
	FINDER_ORDER,   /* of the lines of several logs */
	FINDER_LOGGERS, /* of logs, with counts */
	FINDER_TASKS,
	FINDER_CALL /* any read of the store: run of call */
};

/*
 * What reads the store: run fills its state on the query thread; the answer brings it
 * back. Nobody else looks at it meanwhile.
 */
struct finder_call {
	enum weir_rc (*run)(
		void *state, struct weir_store *store, struct weir_err *err);
	void (*free)(void *state);
};

struct finder_job {
	enum finder_kind kind;
	uint64_t view;
	int slot;
	uint64_t number; /* set by finder_submit */
	int64_t now_us;
	/* rows: strings are copied, NULL is none */
	enum weir_kind object;
	const char *query, *sort;
	size_t head;        /* answer with so many keys first; 0: no such part */
	bool counts;        /* and by state at the end */
	const char *field;  /* values, groups */
	const char *prefix; /* values */
	bool tree;          /* runs: child runs below their parents; there is no head */
	/* Environments: take in first what has changed; look into the cache too. */
	bool look, refresh;
	/* logs */
	const struct weir_id *runs; /* copied */
	size_t n_runs;
	int min_level;
	/* One a line, each a word or /re/, `!` before it turns it round; all must hold.
	 */
	const char *patterns;
	const char *task;
	const char *loggers; /* NULL or empty: all */
	size_t from;
	/* calls */
	const struct finder_call *call; /* static */
	void *state;                    /* taken */
};

enum finder_part {
	FINDER_HEAD,   /* keys: the first ones only; n_keys < head: these are all */
	FINDER_KEYS,   /* keys: all */
	FINDER_COUNTS, /* states */
	FINDER_LINES,  /* lines of the log, at or after `from`; `more` follow */
	FINDER_TOTAL,  /* total: rows of the kind that the query matches */
	FINDER_WORDS,  /* words: values of the field, a line each; or as weir_logs_count
			*/
	FINDER_GROUPED, /* groups */
	FINDER_DOING,   /* n of total is done */
	FINDER_ORDERED, /* order */
	FINDER_CALLED,  /* state */
	FINDER_NOTES,   /* words: what a person should know, a line each; "": nothing */
	FINDER_FAILED,  /* rc, text, hint; nothing more comes */
};

struct finder_answer {
	struct finder_answer *next;
	uint64_t view, number;
	int slot;
	enum finder_part part;
	uint32_t *keys; /* owned by the answer until taken */
	size_t n;
	unsigned char *depths; /* of the keys, when a tree was asked for; owned */
	struct lineset lines;  /* each less `from`; owned */
	size_t from;
	bool more;
	int64_t states[WEIR_N_STATES];
	int64_t total;
	char *words;                /* owned by the answer until taken */
	struct weir_groups *groups; /* the same */
	struct weir_log_order *order;
	const struct finder_call *call;
	void *state; /* as words */
	int64_t us;  /* how long the job has taken */
	enum weir_rc rc;
	char text[512], hint[512];
};

WEIR_NODISCARD enum weir_rc finder_start(const struct weir_config *config,
	struct finder **ret_finder, struct weir_err *err);
/* Before the first job about environments: as --file (borrowed, NULL: as the settings
 * say), and whether the cache is left alone. */
void finder_envs(struct finder *f, const char *file, bool local_only);
void finder_stop(struct finder *f); /* interrupts, joins, frees; accepts NULL */

uint64_t finder_submit(struct finder *f, const struct finder_job *job);
void finder_cancel(struct finder *f, uint64_t view); /* all jobs of a view */

int finder_fd(const struct finder *f);               /* readable when answers wait */
struct finder_answer *finder_next(struct finder *f); /* owned: finder_answer_free */
void finder_answer_free(struct finder_answer *a);
bool finder_idle(struct finder *f); /* no job and no answer waits */

#endif
