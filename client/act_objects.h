/*
 * The rules of acting on deployments, work pools and queues, without a server: what is
 * sent, what undoes it. Facts in, words out.
 */
#ifndef WEIR_CLIENT_ACT_OBJECTS_H
#define WEIR_CLIENT_ACT_OBJECTS_H

#include "act_rules.h"

/* As far as acting depends on it. Texts are owned, never NULL. */
struct act_object {
	enum weir_kind kind;
	struct weir_id id;
	struct weir_id default_queue; /* of a pool */
	struct weir_id flow;          /* of a deployment */
	struct weir_id pool_id;       /* of a queue */
	char *name, *pool; /* pool: its own name, or that of a queue's pool */
	char *type, *description;
	bool paused;
	int64_t limit;    /* WEIR_POOL_NO_LIMIT: none */
	int64_t priority; /* 0: none */
	size_t n_schedules;
};

/* doc: as the server answers a GET of it. */
WEIR_NODISCARD enum weir_rc act_object_parse(enum weir_kind kind, struct str doc,
	struct act_object *ret_object, struct weir_err *err);
void act_object_release(struct act_object *o);
/* What a queue takes over from its pool. */
void act_object_take_pool(struct act_object *queue, const struct act_object *pool);

/* `pool`, `pool/queue`, or the name of a deployment. */
void act_object_name(const struct act_object *o, struct buf *out);
void act_object_wish_name(const struct weir_pool_wish *wish, struct buf *out);

/* What is sent; without a path nothing is, and said tells why. o: NULL to create. */
void act_object_plan(const struct weir_act *act, const struct act_object *o,
	const struct api_version *version, struct act_plan *ret_plan);

/* The command that undoes it, if there is one. name as shown (FLOW/DEPLOYMENT). */
void act_object_reverse(const struct weir_act *act, const struct act_object *before,
	const char *name, struct buf *out);

/* `paused: no worker gets its runs`. */
void act_object_said(const struct weir_act *act, const struct act_object *before,
	char *out, size_t size);

/*
 * Is the object as the request wanted it? body: of the request, members of the object;
 * an empty one of a deployment: the path tells.
 */
bool act_object_is_so(
	const struct act_object *o, struct str doc, const char *path, const char *body);

#endif
