/*
 * A subcommand: one file, one struct cmd. CMDS is the only list of them.
 *
 * Dispatch, help, completion and the check of the man pages all read these entries, so an
 * option or command that is added here is added everywhere, or a test fails.
 */
#ifndef WEIR_CLI_CMD_H
#define WEIR_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/config.h>
#include <weir/error.h>
#include <weir/session.h>

enum opt_type {
	OPT_FLAG,   /* bool */
	OPT_STRING, /* const char * (borrowed from argv) */
	OPT_INT,    /* int64_t */
	OPT_LIST,   /* struct opt_list: may be given several times */
};

struct opt {
	const char *name; /* long name without dashes: "columns" */
	char letter;      /* or 0 */
	enum opt_type type;
	size_t offset;   /* into the command's args struct (or struct globals) */
	const char *arg; /* name of the value in help: "COLS"; NULL for flags */
	const char *
		choices; /* "table|tsv|csv", or what completes it: "@runs", "@columns", "@files"; or NULL */
	const char *help; /* one line */
};
#define OPT_END                                                                        \
	{                                                                              \
		0                                                                      \
	}

enum { OPT_LIST_MAX = 256 };
struct opt_list {
	const char *v[OPT_LIST_MAX];
	size_t n;
};

/* Options that every command has (DESIGN 6); cli/opt.c has their table. */
struct globals {
	const char *profile;
	const char *color;
	bool offline, refresh, utc, quiet, verbose, no_menu, read_only, yes, help,
		version;
};

/* What a command is given. */
struct ctx {
	struct globals g;
	struct weir_config *config;   /* loaded unless CMD_NO_CONFIG */
	struct weir_session *session; /* made unless CMD_NO_CONFIG */
	const void *args;             /* the command's struct, filled by its options */
	const char *const *words;     /* positional arguments */
	size_t n_words;
	bool tty_out, tty_in, tty_err; /* are they terminals */
	bool interactive; /* a menu may be opened: both terminals, no --no-menu, CI, TERM=dumb */
	struct weir_err *err;
};

enum cmd_needs {
	CMD_NO_CONFIG = 1 << 0, /* help, completion, --version: nothing is read */
	CMD_STORE =
		1
		<< 1, /* reads the store: main brings it up to date first (weir_sync_for_reading) */
};

struct cmd {
	const char *name;
	const char *summary; /* one line, lower case, no full stop */
	const char *
		usage; /* positional part: "[QUERY]", "ID...", "list|get|set|path [KEY [VALUE]]" */
	const char *
		words; /* what positional arguments complete to: "@query", "@runs", "@keys", "bash|zsh|fish" */
	unsigned needs;
	int min_words, max_words; /* -1: any number */
	const struct opt *opts;   /* ends with OPT_END; NULL: none of its own */
	size_t args_size;
	enum weir_rc (*run)(struct ctx *ctx); /* error text in ctx->err */
};

/* clang-format off */
#define CMDS(X) \
	X(runs) X(flows) X(deployments) X(pools) X(show) X(graph) X(logs) \
	X(sync) X(open) X(config) X(doctor) X(completion) X(help)
/* clang-format on */

#define X(name) extern const struct cmd cmd_##name;
CMDS(X)
#undef X

extern const struct cmd *const cmds[];
extern const size_t n_cmds;

/* Short help of a command on stdout. */
void cmd_help_print(const struct cmd *cmd);

/* One line on stderr, `weir: ` before it; nothing with -q. For progress and remarks. */
void ctx_note(const struct ctx *ctx, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* The store for reading after CMD_STORE, borrowed. */
WEIR_NODISCARD enum weir_rc ctx_store(struct ctx *ctx, struct weir_store **ret_store);

/* Join the words of a query argument with spaces. Owned. */
char *ctx_query_text(const struct ctx *ctx);

#endif
