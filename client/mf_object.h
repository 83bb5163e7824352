/*
 * What Metaflow's files and its service say about a flow, run, step or task, and the
 * records of a task: JSON objects with the same members in both. Ids may be numbers or
 * texts, lists null.
 */
#ifndef WEIR_CLIENT_MF_OBJECT_H
#define WEIR_CLIENT_MF_OBJECT_H

#include "pull.h"
#include "weir/time.h"

enum {
	MF_OBJECT_MAX = 1 << 20, /* bytes of one file */
	MF_VALUE_MAX = 64 << 10, /* of a record's value; longer is cut */
};

/* Texts are slices of what was read, or of the arena. */
struct mf_object {
	struct str flow, run, step, task;
	struct str user;
	struct str tags, system_tags; /* JSON arrays, as sent; "" when null */
	int64_t ts_us, heartbeat_us;  /* WEIR_NO_TIME: none */
	struct str field, value;      /* of a record; a value that is no text as JSON */
	int attempt;                  /* `attempt_id:N` of its tags; -1: none */
};

/* The next value of p. False: it is no object, or a fault (p->why). */
bool mf_object_read(struct pull *p, struct mf_object *ret);

/* One whole text. */
bool mf_object_parse(struct str text, struct arena *arena, struct mf_object *ret);

#endif
