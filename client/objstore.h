/*
 * Object stores: keys with bytes, as caches of environments and packages lie in. What a
 * store can do is a table of functions, one a kind of store; keys are below the root
 * that it was opened with, parts with '/' between.
 *
 * All that comes back is bounded by what the caller allows.
 */
#ifndef WEIR_CLIENT_OBJSTORE_H
#define WEIR_CLIENT_OBJSTORE_H

#include <stdint.h>

#include "weir/buf.h"
#include "weir/error.h"

enum {
	OBJSTORE_KEY_MAX = 1024,     /* S3's limit */
	OBJSTORE_LIST_MAX = 4 << 20, /* entries of one list */
};

struct objstore;

struct objstore_info {
	int64_t size;
	int64_t modified_us;
};

/* An object, or what keys have in common up to the next '/' (a folder). */
typedef enum weir_rc objstore_list_fn(void *arg, struct str name, bool is_folder);

struct objstore_ops {
	enum weir_rc (*list)(struct objstore *o, const char *prefix,
		objstore_list_fn *fn, void *arg, struct weir_err *err);
	enum weir_rc (*get)(struct objstore *o, const char *key, struct buf *out,
		struct weir_err *err);
	enum weir_rc (*head)(struct objstore *o, const char *key,
		struct objstore_info *ret_info, struct weir_err *err);
	enum weir_rc (*put)(struct objstore *o, const char *key, struct str bytes,
		bool *ret_made, struct weir_err *err);
	void (*close)(struct objstore *o);
};

/* What every kind of store begins with. */
struct objstore {
	const struct objstore_ops *ops;
	char *root; /* as given, masked, for messages; owned */
};

/*
 * By the address of its root: a folder or file://. WEIR_EFAIL names what cannot be read
 * yet.
 */
WEIR_NODISCARD enum weir_rc objstore_open(
	const char *root, struct objstore **ret_store, struct weir_err *err);
void objstore_close(struct objstore *o);

/*
 * What is directly below prefix ("envs/linux-64", no '/' at its end): the last part of
 * each name. Nothing there: no calls.
 */
WEIR_NODISCARD enum weir_rc objstore_list(struct objstore *o, const char *prefix,
	objstore_list_fn *fn, void *arg, struct weir_err *err);

/* The whole object; WEIR_ENOTFOUND. WEIR_ETOOBIG: it is more than out takes. */
WEIR_NODISCARD enum weir_rc objstore_get(
	struct objstore *o, const char *key, struct buf *out, struct weir_err *err);
WEIR_NODISCARD enum weir_rc objstore_head(struct objstore *o, const char *key,
	struct objstore_info *ret_info, struct weir_err *err);

/* Put it unless there is one: *ret_made false, and it stays as it is. */
WEIR_NODISCARD enum weir_rc objstore_put_absent(struct objstore *o, const char *key,
	struct str bytes, bool *ret_made, struct weir_err *err);

/* objstore_local.c */
WEIR_NODISCARD enum weir_rc objstore_local_open(
	const char *folder, struct objstore **ret_store, struct weir_err *err);

#endif
