/* The embedded backend as its own files see it. */
#ifndef WEIR_CLIENT_EMBEDDED_PRIV_H
#define WEIR_CLIENT_EMBEDDED_PRIV_H

#include <jansson.h>

#include "json_out.h"
#include "store_write.h"
#include "weir/buf.h"
#include "weir/types.h"

enum {
	EMBEDDED_PARTS = 4,               /* variable parts of a path */
	EMBEDDED_PAGE = 200,              /* rows of a page, as Prefect's servers */
	EMBEDDED_BODY_MAX = 64 << 20,     /* of a request */
	EMBEDDED_PARAMETERS_MAX = 524288, /* of a run */
	EMBEDDED_PLACE_MAX = 512,         /* of the name of a place in a body */
	EMBEDDED_LATE_US = 15000000       /* after that a run that waits is Late */
};

/* As Prefect says it. */
#define EMBEDDED_NEVER_RESUMED "The flow was paused and never resumed."

/* A request that is being answered. */
struct embedded_call {
	struct weir_store *store;
	struct db *db;
	enum weir_kind kind;        /* of the route */
	char *part[EMBEDDED_PARTS]; /* what stands for each `{}`; owned */
	const char *query;          /* behind the '?'; "" */
	const char *conf;           /* weir.conf; NULL: there is none */
	json_t *body;               /* null when there is none; owned */
	const struct weir_log *logs;
	size_t n_logs;
	struct alive *alive; /* of the worker that asks; or NULL */
	int64_t now_us;
	long status; /* the answer's */
	struct buf out;
	struct weir_err *err;
};

/*
 * Answers by status and out. An error is one of the store: the whole transaction fails.
 * So what is refused is refused before anything is written.
 */
typedef enum weir_rc embedded_handler(struct embedded_call *c);

/* ---- embedded_json.c: answers and values */

/* Take the body; 204 when it is NULL. */
enum weir_rc embedded_answer(struct embedded_call *c, long status, json_t *owned);
/* {"detail": ...} */
enum weir_rc embedded_refuse(struct embedded_call *c, long status, const char *fmt, ...)
	WEIR_PRINTF(3, 4);
/* {"exception_message": ...}, as Prefect's models say that there is no such thing. */
enum weir_rc embedded_missing(struct embedded_call *c, const char *fmt, ...)
	WEIR_PRINTF(2, 3);

json_t *embedded_time(int64_t us); /* null for none */
int64_t embedded_us(const json_t *time);
/* So many seconds from now, ten years at most; what is no number of them: now. */
int64_t embedded_after(const struct embedded_call *c, const json_t *seconds);
json_t *embedded_id(const struct weir_id *id); /* null for none */
bool embedded_get_id(const json_t *v, struct weir_id *ret_id);
/* The id in part i of the path; false: it is none, and the answer is made. */
bool embedded_part(struct embedded_call *c, size_t i, struct weir_id *ret_id);
const char *embedded_str(const json_t *object, const char *name); /* or NULL */
/* {id, created, updated}: of a new object. */
json_t *embedded_new(const struct embedded_call *c);
/* Copy the members of from that are in names (up to NULL), if they are there. */
void embedded_take(json_t *to, const json_t *from, const char *const *names);
/* Set what is not there. */
void embedded_default(json_t *object, const char *name, json_t *owned);
/* The first whole number of more than 64 bits: where and which into out. */
bool embedded_too_big(struct str body, struct buf *out);
/* Union of two arrays of text. Owned. */
json_t *embedded_union(const json_t *a, const json_t *b);

/* ---- embedded_rows.c: objects in the store; *ret NULL when there is none; owned */

WEIR_NODISCARD enum weir_rc embedded_run(
	struct embedded_call *c, const struct weir_id *id, json_t **ret);
/* Writes it, `updated` moved on. */
WEIR_NODISCARD enum weir_rc embedded_put_run(struct embedded_call *c, json_t *run);
WEIR_NODISCARD enum weir_rc embedded_task(
	struct embedded_call *c, const struct weir_id *id, json_t **ret);
WEIR_NODISCARD enum weir_rc embedded_put_task(struct embedded_call *c, json_t *task);
WEIR_NODISCARD enum weir_rc embedded_doc(struct embedded_call *c, enum weir_kind kind,
	const struct weir_id *id, json_t **ret);
/* owner: flow of a deployment, pool of a queue or worker; else not looked at. */
WEIR_NODISCARD enum weir_rc embedded_named(struct embedded_call *c, enum weir_kind kind,
	const struct weir_id *owner, const char *name, json_t **ret);
WEIR_NODISCARD enum weir_rc embedded_put_doc(
	struct embedded_call *c, enum weir_kind kind, json_t *doc);
/* Documents that a statement with an id as its parameter finds, as an array. */
WEIR_NODISCARD enum weir_rc embedded_docs_of(struct embedded_call *c, enum sql_id sql,
	const struct weir_id *id, json_t **ret);
WEIR_NODISCARD enum weir_rc embedded_ids_of(struct embedded_call *c, enum sql_id sql,
	const struct weir_id *id, struct id_vec *ret);
/* A number that a statement with up to two names as its parameters counts. */
WEIR_NODISCARD enum weir_rc embedded_count(struct embedded_call *c, enum sql_id sql,
	const char *a, const char *b, int64_t *ret_n);
/* The columns of SQL_EMB_RUN_COLUMNS or SQL_EMB_TASK_COLUMNS as JSON, appended. */
void embedded_run_text(sqlite3_stmt *st, struct buf *out);
void embedded_task_text(sqlite3_stmt *st, struct buf *out);

/* ---- embedded_name.c */

/* Of two words, some 70,000 of them; what is thrown says which. Appended. */
void embedded_name(const struct weir_id *dice, struct buf *ret);

/* ---- embedded_list.c */

/* The object that the path begins with; NULL: the answer says that there is none. */
WEIR_NODISCARD enum weir_rc embedded_find(struct embedded_call *c, enum weir_kind kind,
	struct weir_id *ret_id, json_t **ret_object);

/* ---- embedded_state.c */

/* A state as it will stand: id, timestamp, name and details filled in. Owned. */
json_t *embedded_state(struct embedded_call *c, const char *type, const char *name,
	const char *message, int64_t scheduled_us);
json_t *embedded_state_of(struct embedded_call *c, const json_t *proposed);
enum weir_state embedded_type(const json_t *state);
/*
 * The run enters the state (stolen): what goes with it (times, counts), its history,
 * the stand-in task run above it, its log when it ends. run is written.
 */
WEIR_NODISCARD enum weir_rc embedded_enter(
	struct embedded_call *c, json_t *run, json_t *state);
WEIR_NODISCARD enum weir_rc embedded_enter_task(
	struct embedded_call *c, json_t *task, json_t *state);

/* ---- embedded_rules.c: which transitions there are */

enum embedded_verdict {
	EMBEDDED_ACCEPT,
	EMBEDDED_REJECT,
	EMBEDDED_ABORT,
	EMBEDDED_WAIT
};
struct embedded_move {
	struct embedded_call *c;
	json_t *run;      /* changed on the way (its policy) */
	json_t *from;     /* its state, borrowed; NULL: none yet */
	json_t *proposed; /* owned; NULL: the present one stays */
	enum embedded_verdict verdict;
	char reason[256];
	int64_t delay_s;
	bool resumed; /* is to leave PAUSED */
};
WEIR_NODISCARD enum weir_rc embedded_rules(struct embedded_move *m, bool force);

/* ---- others */

/* A run of the deployment as c->body asks for it: the answer as to a request. */
WEIR_NODISCARD enum weir_rc embedded_make_run(
	struct embedded_call *c, const json_t *deployment, bool checked);
/* Runs that should have started are Late. */
WEIR_NODISCARD enum weir_rc embedded_settle_late(struct embedded_call *c);
/* Runs whose pause has been too long are Failed; when the next will be: or INT64_MAX.
 */
WEIR_NODISCARD enum weir_rc embedded_settle_pauses(struct embedded_call *c);
WEIR_NODISCARD enum weir_rc embedded_pause_next(
	struct embedded_call *c, int64_t *ret_us);

/* The work queue of that pool and name (NULL: its default), made if it is not there. */
WEIR_NODISCARD enum weir_rc embedded_queue(
	struct embedded_call *c, const json_t *pool, const char *name, json_t **ret);
/* The pool of the path; NULL: the answer says that there is none. */
WEIR_NODISCARD enum weir_rc embedded_find_pool(
	struct embedded_call *c, struct weir_id *ret_id, json_t **ret_pool);
/*
 * Those that are ONLINE in the store while no process says that it is that worker
 * (alive.h): are there such, and all of them made OFFLINE. One that lives and has said
 * nothing so far may be any of them.
 */
bool embedded_has_left(struct embedded_call *c, const char *path);
WEIR_NODISCARD enum weir_rc embedded_settle_left(
	struct embedded_call *c, const char *path);
/* PAUSED, READY or NOT_READY: into the document, which is not written. */
WEIR_NODISCARD enum weir_rc embedded_pool_status(struct embedded_call *c, json_t *pool);
/* Why these parameters do not fit this schema: appended; false: they do not. */
bool embedded_fits(const json_t *schema, const json_t *parameters, struct buf *why);
WEIR_NODISCARD enum weir_rc embedded_delete_runs(
	struct embedded_call *c, enum sql_id sql, const struct weir_id *of);
/* The limit of a deployment: false for none. */
bool embedded_limit_of(const json_t *deployment, int64_t *ret_limit, bool *ret_cancel);
/* How much of it is taken, into its document among the limits; none: nothing. */
WEIR_NODISCARD enum weir_rc embedded_count_slots(
	struct embedded_call *c, const struct weir_id *deployment);
WEIR_NODISCARD enum weir_rc embedded_drop_deployment(
	struct embedded_call *c, const struct weir_id *id); /* its runs stay */
WEIR_NODISCARD enum weir_rc embedded_drop_limit(
	struct embedded_call *c, const struct weir_id *deployment);
WEIR_NODISCARD enum weir_rc embedded_busy(
	struct embedded_call *c, const struct weir_id *deployment, int64_t *ret_n);

/* Handlers, as the routes of embedded.c name them. */
/* clang-format off */
#define EMBEDDED_HANDLERS(X) \
	X(list) X(count) X(history) X(get_doc) X(delete_doc) X(yes) X(api_version) X(version) \
	X(nothing) X(empty) X(variable) X(variables) X(block) \
	X(post_flow) X(patch_flow) X(flow_named) X(delete_flow) \
	X(post_pool) X(pool_named) X(patch_pool) X(delete_pool) X(list_of_pool) \
	X(post_queue) X(queue_named) X(patch_queue) X(delete_queue) X(heartbeat) X(get_tick) X(tick) \
	X(delete_worker) X(scheduled) \
	X(post_deployment) X(patch_deployment) X(deployment_named) X(delete_deployment) \
	X(pause_deployment) X(resume_deployment) X(get_schedules) X(post_schedules) \
	X(patch_schedule) X(delete_schedule) X(create_run) \
	X(post_run) X(get_run) X(patch_run) X(patch_labels) X(delete_run) X(set_state) \
	X(resume) X(states) X(get_state) \
	X(post_task) X(get_task) X(patch_task) X(delete_task) X(set_task_state) \
	X(post_logs) X(list_logs) X(post_artifact) X(post_limit) X(limit_named) \
	X(delete_limit_named)
/* clang-format on */
#define X(name) embedded_handler embedded_do_##name;
EMBEDDED_HANDLERS(X)
#undef X

#endif
