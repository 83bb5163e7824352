/*
 * An operation of the Prefect backend: one request, repeated when the server says that
 * the page is too large or that it wants a CSRF token:
 *
 *   list, logs, get... -> api_op_send -> transport -> op_reply -> done
 *                             ^                           | 422 limit
 *                             +---------------------------+ 403 CSRF (a token first)
 */
#ifndef WEIR_CLIENT_API_OP_H
#define WEIR_CLIENT_API_OP_H

#include "api.h"
#include "api_fields.h"
#include "api_pace.h"
#include "transport.h"
#include "weir/mem.h"

enum api_op_what {
	API_OP_RAW,
	API_OP_OBJECTS, /* a page or one object of `kind` */
	API_OP_LOGS,
	API_OP_LIMITS, /* all concurrency limits, of both kinds */
};

struct api_prefect {
	struct api api;
	struct transport *transport;
	struct api_pace pace;
	struct api_op *ops; /* all that are not done */
	bool csrf_allowed;
	char client[WEIR_ID_TEXT + 1]; /* our name to the server's CSRF table */
	char token[512];               /* "" until one was needed */
	unsigned token_n;              /* counts tokens */
	bool token_fetching;
	VEC(struct api_op *) token_waiters;
};

struct api_op {
	struct api_prefect *p;
	struct api_op *next, **prev;
	enum api_op_what what;
	enum weir_kind kind;
	const char *method;
	char *path;
	struct buf body;
	size_t limit_at; /* where the limit stands in body; 0: it has none */
	size_t limit;
	bool repeatable, one; /* one: a list of none means not found */
	unsigned token_n;     /* the token that was sent */
	int token_tries;
	const struct weir_log *put; /* lines in place of a body; borrowed */
	size_t n_put;
	api_done *done;
	void *arg;

	/* API_OP_LIMITS: what was read so far */
	struct arena arena;
	struct doc_vec docs;
	bool old_kind;
	size_t offset;
	int pages;
};

/* At the head of the list of those that are not done; its body is empty. */
struct api_op *api_op_new(struct api_prefect *p, enum api_op_what what,
	const char *method, api_done *done, void *arg);
void api_op_free(struct api_op *op);

/* Close the body with this limit (0: the server's most), or put another in. */
void api_op_set_limit(struct api_op *op, size_t limit);
void api_op_send(struct api_op *op);

/* Ask for the next page of limits. */
void api_op_limits(struct api_op *op);

/* It cannot be asked for. */
void api_op_refuse(struct api_op *op, const char *why);

#endif
