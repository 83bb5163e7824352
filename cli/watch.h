/* Following runs to their end on the command line: `weir watch`, --wait, --watch. */
#ifndef WEIR_CLI_WATCH_H
#define WEIR_CLI_WATCH_H

#include <weir/mem.h>
#include <weir/types.h>

#include "cmd.h"

enum {
	WATCH_MAX = 2000,    /* runs */
	WATCH_LOGS_MAX = 64, /* of which the lines are shown */
};

/* More runs to watch, asked for now and then; ret is added to. */
VEC_TYPE(watch_ids, struct weir_id);
typedef enum weir_rc watch_more(void *arg, struct watch_ids *ret, struct weir_err *err);

/* What is to be told of those that did not end as they should. */
struct watch_result {
	size_t n_live, n_bad;
	struct weir_id first; /* all zero: there is none */
};

struct watch_options {
	const struct weir_id *ids;
	size_t n;
	/* How a run should end. NONE: completed; CANCELLED: or be gone. */
	enum weir_state want;
	int64_t timeout_us;  /* 0: for ever */
	int64_t interval_us; /* between two looks; 0: as it seems fit */
	bool quiet;          /* only the ends are told, on stderr: --wait */
	bool rows;           /* at the end a row a run on stdout */
	const char *output;  /* form of the rows, or NULL */
	bool logs;           /* lines as they come, on stdout */
	bool fail_fast;      /* the first that fails ends it */
	bool bell;
	watch_more *more; /* may be NULL */
	void *more_arg;
	struct watch_result *ret_result; /* may be NULL */
};

/*
 * Until all have ended, or the time is over. WEIR_OK: all completed; WEIR_ERUNFAILED;
 * WEIR_EPENDING: the time is over; WEIR_ENET: the server stayed away.
 */
WEIR_NODISCARD enum weir_rc watch_runs(
	struct ctx *ctx, const struct watch_options *options);

/* --wait, --watch and --timeout of commands that start runs, or stop them. */
struct watch_args {
	const char *timeout;
	bool wait, watch;
};

/* Rows of an option table; what is the struct watch_args inside of args. */
/* clang-format off */
#define WATCH_OPT_TIMEOUT(of, what) \
	{ "timeout", 0, OPT_STRING, offsetof(of, what.timeout), "DURATION", \
	  NULL, "wait so long at most" }
#define WATCH_OPTS(of, what) \
	{ "wait", 'w', OPT_FLAG, offsetof(of, what.wait), NULL, \
	  NULL, "wait for the end, and exit with the result" }, \
	{ "watch", 0, OPT_FLAG, offsetof(of, what.watch), NULL, \
	  NULL, "the same, and show how they get on" }, \
	WATCH_OPT_TIMEOUT(of, what)
/* clang-format on */

/* *ret_us: 0 for ever. WEIR_EUSAGE: it is no duration, or nothing is waited for. */
WEIR_NODISCARD enum weir_rc watch_timeout(
	struct ctx *ctx, const struct watch_args *args, int64_t *ret_us);

/*
 * The same of runs that a command has just started: it waits and tells each end, or
 * shows how they get on. lines: what is on stdout is for people.
 */
WEIR_NODISCARD enum weir_rc watch_started(struct ctx *ctx, const struct weir_id *ids,
	size_t n, int64_t timeout_us, bool show, bool lines);

#endif
