/*
 * What is asked: paths and bodies of the list requests of Prefect's REST API. Pure
 * text.
 *
 * The limit comes last in a body, so that it can be put in again after the server has
 * said how large it may be.
 */
#ifndef WEIR_CLIENT_API_BODY_H
#define WEIR_CLIENT_API_BODY_H

#include "api.h"

/* Where the list is asked for. False: such a list cannot be asked for (workers of no
 * pool). */
bool api_body_path(const struct api_list *list, struct buf *out);

/* Everything but the limit. with_end: the server knows the filter end_time. */
void api_body_list(const struct api_list *list, bool with_end, struct buf *out);
void api_body_logs(const struct api_logs *logs, struct buf *out);

/* Close a body that api_body_list or _logs began. */
void api_body_limit(struct buf *out, size_t limit);

/* The path of a single object, or false for kinds that are only found by filter. */
bool api_body_get_path(enum weir_kind kind, const struct weir_id *id, struct buf *out);

void api_body_history(
	struct api_range expected, int64_t bucket_seconds, struct buf *out);

/* What writes. */
void api_body_write_path(
	enum api_write what, const struct weir_id *id, struct buf *out);

struct api_state {
	enum weir_state type;
	const char *name, *message;
	int64_t scheduled_us; /* of SCHEDULED; WEIR_NO_TIME: not said */
	struct weir_id transition;
	bool force;
};
void api_body_state(const struct api_state *state, struct buf *out);

/* Lines as POST /logs/ takes them. */
void api_body_put_logs(const struct weir_log *logs, size_t n, struct buf *out);

/* A run of a deployment; JSON texts, empty or NULL: not said. */
struct api_create {
	struct str parameters, tags, job_variables, labels;
	const char *key, *name, *queue;
	int64_t at_us;              /* WEIR_NO_TIME or 0: now */
	bool unchecked;             /* whatever the schema says */
	struct weir_id parent_task; /* of the run whose child it is; all zero: none */
};
void api_body_create(const struct api_create *create, struct buf *out);

/* `"name":` of an object that is being written, with its comma; with a text, or not at
 * all where that is NULL. */
void api_body_name(struct buf *out, const char *name);
void api_body_text(struct buf *out, const char *name, const char *text);

void api_body_percent(struct buf *out, const char *segment); /* of a path */

#endif
