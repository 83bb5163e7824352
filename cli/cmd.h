/*
 * A subcommand: one struct cmd. CMDS is the only list of them.
 *
 * Dispatch, help, completion and the check of the man pages all read these entries, so
 * an option or command that is added here is added everywhere, or a test fails.
 */
#ifndef WEIR_CLI_CMD_H
#define WEIR_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/config.h>
#include <weir/error.h>
#include <weir/session.h>
#include <weir/types.h>

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
	/* "table|tsv|csv", or what completes it: "@runs", "@columns", "@files" */
	const char *choices;
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
	const char *view;   /* a named view instead of a command */
	const char *script; /* keys for a menu without a terminal: a file */
	bool offline, refresh, utc, quiet, verbose, no_menu, read_only, yes, help,
		version;
};

/* What a command is given. */
struct ctx {
	struct globals g;
	const struct cmd *cmd;
	struct weir_config *config;   /* loaded unless CMD_NO_CONFIG */
	struct weir_session *session; /* made unless CMD_NO_CONFIG */
	const void *args;             /* the command's struct, filled by its options */
	const char *const *words;     /* positional arguments */
	size_t n_words;
	bool tty_out, tty_in, tty_err; /* are they terminals */
	/* A menu may open: both terminals, no --no-menu, CI, TERM=dumb; or --script. */
	bool interactive;
	/* It compares: exit 1 means differs, and what is 1 elsewhere is 6. */
	bool compares;
	int status;            /* that the process exits with; 0: as the result says */
	bool refreshed;        /* ctx_refresh was done */
	bool no_network;       /* --offline, whatever the store is of */
	bool away;             /* and the server did not answer it */
	volatile bool reading; /* ^C may end the process at once */
	bool utf8;             /* the locale's encoding */
	bool colour;           /* on stdout: --color, weir.conf, NO_COLOR, terminal */
	bool utc;              /* --utc or weir.conf */
	struct weir_err *err;
};

enum cmd_needs {
	CMD_NO_CONFIG = 1 << 0, /* help, completion: nothing is read */
	/* Reads the store: it is brought up to date first (weir_sync_for_reading). */
	CMD_STORE = 1 << 1,
	CMD_ACTS = 1 << 2, /* on a server, or the embedded store (local.h) */
};

/*
 * How long a command that has something to show asks for more of it. 0 (no limit) with
 * --refresh.
 */
int64_t ctx_patience_ms(const struct ctx *ctx);

struct tui_start;

/*
 * What a command consists of: `weir env gc`. An option of the command that is not of
 * the part that was named is an error, before anything is done.
 */
struct cmd_part {
	const char *name;    /* "gc"; NULL ends a table */
	const char *usage;   /* "[QUERY]"; "": takes no words */
	const char *summary; /* as that of a command */
	const char *opts;    /* names of the command's options: "output|arch" */
	const char *words;   /* what its own words complete to; or NULL */
	enum weir_rc (*run)(struct ctx *ctx);
};

struct cmd {
	const char *name;
	const char *summary; /* one line, lower case, no full stop */
	/* Positional part: "[QUERY]", "ID...", "list|get|set|path [KEY [VALUE]]". */
	const char *usage;
	/* What positional arguments complete to: "@query", "@runs", "bash|zsh|fish". */
	const char *words;
	unsigned needs;
	enum weir_kind kind;          /* what a list command lists */
	int min_words, max_words;     /* -1: any number */
	const struct opt *opts;       /* ends with OPT_END; NULL: none of its own */
	const struct cmd_part *parts; /* of which the first word names one; or NULL */
	size_t args_size;
	const void *args_init; /* what args begin as; NULL: zeroes */
	/* Fill what the menu shall show; false: print instead. NULL: has no menu. */
	bool (*menu)(struct ctx *ctx, struct tui_start *start);
	enum weir_rc (*run)(struct ctx *ctx); /* error text in ctx->err */
};

/* clang-format off */
#define CMDS(X) \
	X(runs) X(flows) X(deployments) X(pools) X(limits) X(task_runs) X(artifacts) X(env) X(show) X(why) X(graph) X(logs) X(watch) X(cancel) X(trigger) \
	X(worker) X(task) X(retrigger) X(resume) X(pause) X(unpause) X(register) X(history) \
	X(sync) X(backup) X(restore) X(open) X(config) X(doctor) X(completion) X(help)
/* clang-format on */

#define X(name) extern const struct cmd cmd_##name;
CMDS(X)
#undef X

extern const struct cmd *const cmds[];
extern const size_t n_cmds;

/* The command called name, or NULL. */
const struct cmd *cmd_find(const char *name);

/* The part that a word names, or NULL. */
const struct cmd_part *cmd_part_find(const struct cmd *cmd, const char *name);
/* Has it this option of its command? */
bool cmd_part_has(const struct cmd_part *part, const char *option);

/* Run the program: everything but the process's own set-up. Returns its result. */
enum weir_rc cmd_main(struct ctx *ctx, int argc, char **argv);

/* Short help of a command (NULL: of the program), or of a part of it, on stdout. */
void cmd_help_print(const struct cmd *cmd, const struct cmd_part *part);

/* One line on stderr, `weir: ` before it; nothing with -q. For progress and remarks. */
void ctx_note(const struct ctx *ctx, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* The error in ctx->err on stderr: `weir: <text>` and `try: <hint>`, sanitised. */
/* Each line of a text, or none. */
void ctx_notes(const struct ctx *ctx, const char *lines);
void ctx_report(const struct ctx *ctx);

/* Configuration, its warnings, the session. */
/* What the command line says of the settings. */
struct weir_config_flags ctx_config_flags(const struct ctx *ctx);
WEIR_NODISCARD enum weir_rc ctx_open(struct ctx *ctx);
void ctx_close(struct ctx *ctx);

/* Bring the store up to date for reading as DESIGN 2 says; the data's age on stderr. */
WEIR_NODISCARD enum weir_rc ctx_refresh(struct ctx *ctx);

/* The same, whatever the age of the data: what was made a moment ago is looked for. */
WEIR_NODISCARD enum weir_rc ctx_refresh_now(struct ctx *ctx);

/* The store for reading, borrowed. None yet is WEIR_ENET: the network was needed. */
WEIR_NODISCARD enum weir_rc ctx_store(struct ctx *ctx, struct weir_store **ret_store);

/*
 * The object that text names (weir_resolve). A full id that is not in the store is
 * asked of the server, unless --offline. ret_key may be NULL.
 */
WEIR_NODISCARD enum weir_rc ctx_resolve(struct ctx *ctx, unsigned kinds,
	const char *text, enum weir_kind *ret_kind, struct weir_id *ret_id,
	int64_t *ret_key);

/* Are the words, which may be runs, a query: a field in one that no run is called? */
bool ctx_is_query(struct ctx *ctx);

/* Join the words of a query argument with spaces. Owned. */
char *ctx_query_text(const struct ctx *ctx);

/* Write all to stdout. A reader that has gone ends the process as SIGPIPE does. */
WEIR_NODISCARD enum weir_rc ctx_write(struct ctx *ctx, const char *p, size_t n);
/* A text, made clean as the flags of text_sanitize say, and a newline. */
WEIR_NODISCARD enum weir_rc ctx_write_line(
	struct ctx *ctx, struct str text, unsigned flags);

#endif
