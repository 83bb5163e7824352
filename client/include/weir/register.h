/*
 * Registering what a manifest names: what differs from the server, and sending that.
 *
 * A plan reads, and writes nothing. Only what the file states is compared; a deployment
 * that is as stated is left alone, so that its scheduled runs keep their ids (any write
 * to a deployment makes the server forget them). weir_register_apply sends what
 * differs, each write in the journal.
 */
#ifndef WEIR_REGISTER_H
#define WEIR_REGISTER_H

#include <weir/id.h>
#include <weir/manifest.h>
#include <weir/session.h>

enum weir_reg_verdict {
	WEIR_REG_UNCHANGED,
	WEIR_REG_CREATED,
	WEIR_REG_CHANGED,
	WEIR_REG_REMOVED,
	WEIR_REG_FAILED, /* cannot be, or could not be, registered: see rc, said */
	WEIR_REG_N
};
const char *weir_reg_verdict_name(enum weir_reg_verdict v); /* "created", ... */

/* A field that differs. Values are JSON, indented; "" for none. */
struct weir_reg_change {
	const char *field;
	const char *before, *after;
};

/* Texts are the plan's, as they came: sanitise. */
struct weir_reg_item {
	const char *flow_name, *name;
	struct weir_place place; /* 0 0: not in the file (removed) */
	/* Of a plan what is to be, after weir_register_apply what was. */
	enum weir_reg_verdict verdict;
	struct weir_id id; /* all zero: the server has none yet */
	const struct weir_reg_change *changes;
	size_t n_changes;
	/* Removed: how many runs that wait for their time go with it. */
	size_t n_scheduled;
	enum weir_rc rc;
	const char *said; /* why it failed, one line; "" */
	const char *hint; /* what to try; "" */
};

struct weir_reg_plan {
	const char *path;
	const struct weir_reg_item *v; /* in the file's order, the removed behind */
	size_t n, count[WEIR_REG_N];
	const char *const *notes; /* what is worth a warning, one line each */
	size_t n_notes;
};

/*
 * First contact. *ret_old: a 2.x server, which the manifest must know
 * (weir_manifest_opts.old_server).
 */
WEIR_NODISCARD enum weir_rc weir_register_server(
	struct weir_session *s, bool *ret_old, struct weir_err *err);

/* The weir_manifest_lookup_fn that asks the server; its arg: */
struct weir_reg_lookup {
	struct weir_session *session;
	bool secret; /* set when a block was looked up: bodies may hold its secrets */
};
weir_manifest_lookup_fn weir_register_lookup;

struct weir_reg_opts {
	bool prune;
	bool secret; /* weir_reg_lookup's: bodies are not written to the journal */
};

/*
 * Compare. prune: also those that this file (path and name) registered before and no
 * longer names; m is then of the whole file. The plan borrows from m and is owned
 * (weir_register_free). An entry that cannot be registered is WEIR_REG_FAILED in the
 * plan; err is only for what concerns all.
 */
WEIR_NODISCARD enum weir_rc weir_register_plan(struct weir_session *s,
	const struct weir_manifest *m, const struct weir_reg_opts *opts,
	struct weir_reg_plan **ret_plan, struct weir_err *err);
void weir_register_free(struct weir_reg_plan *p); /* accepts NULL */

/* Told of each item when it is done; false stops. */
typedef bool weir_reg_fn(void *arg, const struct weir_reg_item *item);

/*
 * Send it: items that failed in the plan are passed over. Verdicts and counts become
 * what was done; an item's failure is in the item. WEIR_EREFUSED in read-only mode.
 */
WEIR_NODISCARD enum weir_rc weir_register_apply(struct weir_session *s,
	struct weir_reg_plan *p, weir_reg_fn *fn, void *arg, struct weir_err *err);

#endif
