/* What the parts of `why` share. */
#ifndef WEIR_CLIENT_WHY_PRIV_H
#define WEIR_CLIENT_WHY_PRIV_H

#include "store_priv.h"
#include "weir/logs.h"
#include "weir/match.h"
#include "weir/why.h"

/*
 * What a line of a log is worth as an answer. Below WHY_PLAIN it is what followed from
 * an error, not the error.
 */
enum why_worth {
	WHY_NOTHING,
	WHY_NOISE,     /* "Finished in state Failed(...)" */
	WHY_FOLLOWS,   /* "ninja: build stopped" */
	WHY_WRAPPER,   /* "returned non-zero exit status 2" */
	WHY_SYSTEM,    /* "No such file or directory", at any level */
	WHY_SAYS,      /* "x.c:1: error: ...", at any level */
	WHY_PLAIN,     /* level error, nothing known of its words */
	WHY_SYSTEM_40, /* level error and WHY_SYSTEM */
	WHY_SAYS_40,   /* level error and WHY_SAYS */
};

/* Compiled patterns; made once for many logs. */
struct why_words {
	struct weir_match *noise, *follows, *wrapper, *system, *says, *any;
};
WEIR_NODISCARD enum weir_rc why_words_init(struct why_words *w, struct weir_err *err);
void why_words_release(struct why_words *w);

/* One line of text without escape sequences, of a message of this level. */
enum why_worth why_worth(const struct why_words *w, struct str line, int level);

/* Text that is one of "Flow run encountered an exception: x" and the like: x. */
struct str why_unwrap(struct str message);

/*
 * The exit status that text tells of, negative for a signal. False: none, or 0.
 */
bool why_exit_status(struct str text, int *ret_status);

/* Walk the lines of a text; false at its end. */
bool why_line(struct str *rest, struct str *ret_line);
struct str why_trim(struct str s);

/* Lines of a traceback: where its last exception is said, among n lines. SIZE_MAX: it
 * is not there. */
bool why_is_traceback(struct str line);
size_t why_traceback_end(const struct str *lines, size_t n, size_t from);

/*
 * Look into the log of c->run for the error of c->task: fills error, in_log, line,
 * lines, no_log. since_us: not before it. With `around` the lines around it too.
 */
WEIR_NODISCARD enum weir_rc why_search_log(struct weir_store *s,
	const struct why_words *w, int64_t since_us, bool around, struct arena *arena,
	struct weir_why_cause *c, struct weir_err *err);

/* Of a failed run that has none below it. */
struct why_run {
	struct weir_id id;
	struct str name, flow_name, platform, state_name, message;
	enum weir_state state;
	int64_t at_us, end_us, run_count;
	bool found;
};
WEIR_NODISCARD enum weir_rc why_read_run(struct weir_store *s, const struct weir_id *id,
	struct arena *arena, struct why_run *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc why_failed_below(struct weir_store *s,
	const struct weir_id *run, struct id_vec *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc why_cause(struct weir_store *s, const struct why_words *w,
	const struct why_run *run, bool around, struct arena *arena,
	struct weir_why_cause *ret, struct weir_err *err);

#endif
