/*
 * Questions to a metadata service: GETs of lists, page by page where the service has
 * pages, told to the caller object by object. A body is bounded by MF_BODY_MAX and kept
 * only while it is read.
 */
#ifndef WEIR_CLIENT_MF_ASK_H
#define WEIR_CLIENT_MF_ASK_H

#include "mf_source.h"

enum { MF_BODY_MAX = 256 << 20, MF_PAGE = 500, MF_PAGES_MAX = 20000 };

struct mf_ask;

/* Who is asked: METAFLOW_SERVICE_URL with its headers. name: masked, for messages. */
WEIR_NODISCARD enum weir_rc mf_ask_open(const struct weir_metaflow_open *how,
	struct mf_ask **ret_ask, struct weir_err *err);
void mf_ask_close(struct mf_ask *a); /* accepts NULL */
const char *mf_ask_name(const struct mf_ask *a);

/* A question, and what has become of it. */
struct mf_ask_call {
	char *path; /* without a query; owned by the caller */
	bool one;   /* the answer is an object, not a list of them */
	/* Of each object; texts are borrowed. */
	void (*object)(void *arg, const struct mf_object *o);
	/* After each page: false, no more of them. NULL: all. */
	bool (*more)(void *arg);
	void *arg;

	bool done;
	enum weir_rc rc;
	bool of_this; /* the service answered; only this cannot be had */
	struct weir_err err;

	struct mf_ask *ask; /* its own */
	int pages;
	struct buf cursor;
};

/* Put it; until it is done it must stay where it is. */
void mf_ask_put(struct mf_ask *a, struct mf_ask_call *c);
/*
 * Work until all calls are done. WEIR_EINTR: go_on said no, and what was not done is
 * cancelled.
 */
WEIR_NODISCARD enum weir_rc mf_ask_wait(
	struct mf_ask *a, const struct mf_sink *sink, struct weir_err *err);
void mf_ask_release(struct mf_ask_call *c);

/* "/flows/F/runs/R", parts as they must be written; owned. */
char *mf_ask_path(const struct str *parts, size_t n, const char *last);

#endif
