/*
 * The parts of registering (weir/register.h).
 *
 *   register_compare   stated against served: which fields differ
 *   register_auto      the same of automations
 *   register_body      the requests that make it so
 *   register_get       many reads in flight
 *   register           the plan
 *   register_check     what would be refused
 *   register_read      what it asks of the server
 *   register_gone      what the file no longer names
 *   register_send      the plan carried out
 *   register_lookup    variables and blocks that the file refers to
 *   register_known     what this file registered before, in the state store
 *
 * JSON is jansson's tree; a `const json_t *` is borrowed.
 */
#ifndef WEIR_CLIENT_REGISTER_H
#define WEIR_CLIENT_REGISTER_H

#include <jansson.h>

#include "api.h"
#include "weir/mem.h"
#include "weir/register.h"

/* jansson's readers do not say that they only read. */
static inline json_t *
reg_tree(const json_t *j)
{
	return (json_t *)(uintptr_t)j;
}

/* ---- register_compare */

struct reg_change {
	char *field;
	json_t *before, *after; /* references; before NULL: there was none */
	char *before_text, *after_text;
};
VEC_TYPE(reg_changes, struct reg_change);

/*
 * What the file states against what the server has (NULL: nothing, all is new). The
 * server's defaults are filled in first. *ret_stuck: job variables that no server
 * of 3.x lets one empty; they are no change.
 */
void register_compare(const json_t *stated, const json_t *served,
	struct reg_changes *out, bool *ret_stuck);
void register_change_add(struct reg_changes *v, const char *field, const json_t *before,
	const json_t *after);
void register_changes_free(struct reg_changes *v);
bool register_changes_has(const struct reg_changes *v, const char *field);

/* A field of a served deployment, whatever the server's age calls it; may be NULL. */
const json_t *register_served(const json_t *deployment, const char *field);

/* Numbers by value, members in any order. */
bool register_json_same(const json_t *a, const json_t *b);
bool register_schedule_same(const json_t *stated, const json_t *served);
const char *register_text(const json_t *object, const char *member); /* "" for none */

/* ---- register_body: all return new references */

json_t *register_body_create(const char *flow_id, const char *name,
	const json_t *stated, const json_t *guessed);
/* 2.x cannot PATCH everything: the whole deployment again. */
bool register_needs_whole(const struct reg_changes *changes, bool old);
json_t *register_body_whole(const json_t *stated, const json_t *served);
/* Without schedules. NULL: nothing to send. */
json_t *register_body_patch(
	const struct reg_changes *changes, const json_t *stated, const json_t *served);

/* What is to be done about schedules: DELETEs before, a PATCH, DELETEs after. */
struct reg_schedules {
	json_t *patch;                   /* array, NULL: none */
	VEC(const char *) before, after; /* ids, borrowed from served */
};
void register_schedules_plan(const json_t *stated, const json_t *served,
	bool can_rename, struct reg_schedules *ret_plan);
void register_schedules_release(struct reg_schedules *p);

/* ---- register_auto */

bool register_automation_same(const json_t *stated, const json_t *served);
/*
 * Are the automations of a deployment as stated? served: all that have to do with it;
 * known_ids: those that were made here, may be NULL.
 */
bool register_automations_same(const json_t *stated, const json_t *served,
	const json_t *known_ids, const char *deployment);
/* The automation as it is to be sent, for this deployment. */
json_t *register_body_automation(const json_t *stated, const char *deployment_id);

/* ---- register_get */

struct reg_get {
	const char *method;
	char *path;
	struct str body;
	struct buf out;
	enum weir_rc rc;
	struct weir_err err;
	bool done;
};
VEC_TYPE(reg_gets, struct reg_get);
/* path is taken over; body is borrowed until they are released. */
void register_gets_add(
	struct reg_gets *v, const char *method, char *path, struct str body);
/* All of them, several in flight; each has its own rc. */
WEIR_NODISCARD enum weir_rc register_gets_run(
	struct api *a, struct reg_gets *v, struct weir_err *err);
void register_gets_release(struct reg_gets *v);
json_t *register_parse(const struct buf *body, const char *what, struct weir_err *err);

/* ---- register_known */

/* {deployment id: "flow/name" or {"name": .., "automations": [id]}}; new reference. */
WEIR_NODISCARD enum weir_rc register_known_read(struct weir_session *s,
	const struct weir_manifest *m, json_t **ret_known, struct weir_err *err);
WEIR_NODISCARD enum weir_rc register_known_write(struct weir_session *s,
	const struct weir_manifest *m, const json_t *known, struct weir_err *err);
const char *register_known_name(const json_t *entry);
const json_t *register_known_automations(const json_t *entry); /* may be NULL */

/* ---- register */

struct reg_item {
	const struct weir_manifest_entry *entry; /* NULL: to be removed */
	json_t *stated, *guessed, *served;
	json_t *triggers, *automations; /* arrays; NULL: not stated, not asked for */
	bool triggers_differ;
	struct reg_changes changes;
	VEC_TYPE(reg_shown, struct weir_reg_change) shown;
	char *flow_name, *name;
};

struct reg_plan {
	struct weir_reg_plan pub;
	const struct weir_manifest *m;
	bool old, can_rename; /* of schedules, by their slugs */
	bool secret;          /* a block was looked up: bodies are not written down */
	VEC_TYPE(reg_items, struct reg_item) items;
	VEC_TYPE(reg_views, struct weir_reg_item) views; /* beside items */
	VEC_TYPE(reg_notes, char *) notes;
	json_t *known;
	bool known_changed;
	struct arena arena;
};

void register_note(struct reg_plan *p, const char *fmt, ...) WEIR_PRINTF(2, 3);
void register_fail(struct reg_plan *p, size_t i, enum weir_rc rc, const char *hint,
	const char *fmt, ...) WEIR_PRINTF(5, 6);
void register_count(struct reg_plan *p);
/* e NULL: one to be removed. */
void register_item_add(struct reg_plan *p, const struct weir_manifest_entry *e,
	const char *flow, const char *name);

/* ---- register_check, register_read, register_gone */

struct reg_pool {
	const char *name;
	json_t *doc;        /* NULL: missing */
	bool missing, idle; /* idle: nobody online works for it */
};
/* pool NULL: none is asked for. */
void register_check(struct reg_plan *p, size_t i, const struct reg_pool *pool);

/* Deployments and pools; what a pool is in the way of has failed. */
WEIR_NODISCARD enum weir_rc register_read_first(
	struct reg_plan *p, struct api *a, struct weir_err *err);
/* After the comparison: triggers, where some are stated or were before. */
WEIR_NODISCARD enum weir_rc register_read_automations(
	struct reg_plan *p, struct api *a, struct weir_err *err);
WEIR_NODISCARD enum weir_rc register_find_gone(
	struct reg_plan *p, struct api *a, struct weir_err *err);

#endif
