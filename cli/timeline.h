/*
 * A run's task runs and child runs as a tree, and that tree as lines with state,
 * duration and a bar over time, as rows or as JSON.
 */
#ifndef WEIR_CLI_TIMELINE_H
#define WEIR_CLI_TIMELINE_H

#include <weir/json.h>
#include <weir/mem.h>
#include <weir/store.h>

#include "sink.h"

enum { TIMELINE_DEPTH_MAX = 16 };

struct node {
	bool is_run; /* else a task run */
	const struct weir_json *object;
	VEC(struct node *) children;
};

struct timeline {
	struct node *root;
	VEC(struct weir_json *) lists; /* what the objects of nodes are in */
};

/*
 * Read what is below run, the object of a flow run, borrowed until release. depth:
 * levels of child runs to go into; fetch: ask the server for what lies below child
 * runs.
 */
WEIR_NODISCARD enum weir_rc timeline_read(struct ctx *ctx, struct weir_store *store,
	const struct weir_json *run, int depth, bool fetch, struct timeline *ret);
void timeline_release(struct timeline *t); /* also of zeroes */

/* Lines for people: those below the root, and its own first if whole. */
WEIR_NODISCARD enum weir_rc timeline_print(
	struct ctx *ctx, struct sink *sink, const struct timeline *t, bool whole);

/* A row a node: depth, kind, id, name, flow, state type and name, start, end, seconds.
 */
WEIR_NODISCARD enum weir_rc timeline_tsv(struct sink *sink, const struct timeline *t);

/* Objects with an array `children`. */
void timeline_json(struct buf *out, const struct timeline *t);

#endif
