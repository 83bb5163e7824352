/*
 * What `weir show` and `weir graph` read: objects and lists of objects as JSON trees,
 * from the store by the columns that lists use.
 */
#ifndef WEIR_CLI_SHOW_H
#define WEIR_CLI_SHOW_H

#include <weir/json.h>
#include <weir/store.h>

#include "cmd.h"
#include "out.h"

/* Append the object with this key, `{...}`. */
WEIR_NODISCARD enum weir_rc show_object(struct ctx *ctx, struct weir_store *store,
	enum weir_kind kind, int64_t key, struct buf *out);

/* Append an array of the objects that query finds, in the order of sort; limit 0: all.
 */
WEIR_NODISCARD enum weir_rc show_list(struct ctx *ctx, struct weir_store *store,
	enum weir_kind kind, const char *query, const char *sort, int64_t limit,
	struct buf *out);

/*
 * Bring a run wholly up to date unless --offline. A server that is away is said on
 * stderr and is no error: the store is shown.
 */
WEIR_NODISCARD enum weir_rc show_fetch(struct ctx *ctx, const struct weir_id *run);

/* Members of an object: "" or WEIR_NO_TIME or WEIR_ST_NONE when it is none. */
const char *show_text(const struct weir_json *object, const char *name);
int64_t show_time(const struct weir_json *object, const char *name);
enum weir_state show_state(const struct weir_json *object);

/* Append JSON text, made safe where standard output is a terminal. */
void show_put_json(const struct ctx *ctx, struct buf *out, struct str json);

#endif
