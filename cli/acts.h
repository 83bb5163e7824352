/*
 * What the commands that act share: on which objects, whether that is really wanted,
 * one clear line each.
 *
 *   acts_find -> acts_ask or acts_dry_run -> acts.c: each is done and told
 */
#ifndef WEIR_CLI_ACTS_H
#define WEIR_CLI_ACTS_H

#include <weir/act.h>
#include <weir/mem.h>

#include "cmd.h"
#include "out.h"
#include "watch.h"

struct acts_args {
	const char *query, *output;
	bool dry_run;
};

/* Rows of an option table; what is the struct acts_args inside of args. */
/* clang-format off */
#define ACTS_OPTS_OUT(of, what) \
	{ "dry-run", 'd', OPT_FLAG, offsetof(of, what.dry_run), NULL, \
	  NULL, "print what would be sent, send nothing" }, \
	{ "output", 'o', OPT_STRING, offsetof(of, what.output), "FORM", \
	  OUT_FORMS, "form of the output" }
#define ACTS_OPTS(of, what, plural) \
	{ "query", 'Q', OPT_STRING, offsetof(of, what.query), "QUERY", \
	  NULL, "the " plural " that QUERY finds, beside those that are named" }, \
	ACTS_OPTS_OUT(of, what)
/* clang-format on */

/* One object, and what is done to it. */
struct acts_target {
	struct weir_act act;
	struct weir_id id;
	char *parameters; /* owned; what act.parameters is, or NULL */
};

struct acts {
	struct ctx *ctx;
	const struct weir_act *act; /* what each is given */
	const struct acts_args *args;
	VEC(struct acts_target) targets;
	struct watch_ids started; /* what came of it, where that is runs */
	bool lines;               /* for people */
	bool looks;               /* nothing is done to them */
	struct out out;
	size_t n_failed;
	struct weir_err failed; /* the last failure, not yet told */
	enum weir_rc rc;        /* of the first failure */
};

/* The words name runs, or objects of these kinds (mask); act is done to each. */
WEIR_NODISCARD enum weir_rc acts_run(struct ctx *ctx, const struct weir_act *act,
	const struct acts_args *args, unsigned kinds, const char *const *words,
	size_t n_words);

/* The same in parts: objects are added, then it is done. */
void acts_init(struct acts *a, struct ctx *ctx, const struct weir_act *act,
	const struct acts_args *args);
WEIR_NODISCARD enum weir_rc acts_may(struct acts *a);
WEIR_NODISCARD enum weir_rc acts_find(
	struct acts *a, unsigned kinds, const char *const *words, size_t n_words);
WEIR_NODISCARD enum weir_rc acts_add(
	struct acts *a, enum weir_kind kind, const struct weir_id *id);
WEIR_NODISCARD enum weir_rc acts_go(struct acts *a);
void acts_release(struct acts *a);

/* `3 runs`, `this pool` ... */
const char *acts_noun(const struct acts *a);
WEIR_NODISCARD enum weir_rc acts_ask(struct acts *a);
/* All are runs: a line each on stderr, about a screen of them. False: it cannot. */
bool acts_rows(struct acts *a);
WEIR_NODISCARD enum weir_rc acts_dry_run(struct acts *a);

/* "done", "refused", "failed" */
const char *acts_result_word(enum weir_rc rc);

/* One result as the last of them: on stdout, or as the error. */
WEIR_NODISCARD enum weir_rc acts_print_one(
	struct ctx *ctx, const char *verb, const struct weir_act_result *result);

/* Bring to an end what an earlier weir left unanswered, if there is any; told of. */
void acts_settle(struct ctx *ctx);

#endif
