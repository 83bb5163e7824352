/*
 * Defaults of conda_v2.cnd changed in its text: what is not meant stays byte for byte
 * as it is, keys that no version knows too.
 */
#ifndef WEIR_CLIENT_ENV_EDIT_H
#define WEIR_CLIENT_ENV_EDIT_H

#include "weir/env_write.h"

/* An environment of the requirement set, by its full_id. */
struct env_spot_id {
	struct str id;
	struct env_spot_id *next;
};

/* Where a default stands; offsets into the text. */
struct env_spot {
	bool has_root, has_envs, has_arch, has_req; /* objects on the way */
	bool empty; /* the innermost that is there has no members */
	size_t end; /* of the innermost: its `}` */
	bool has_object;
	struct str chosen;             /* the default; s NULL: none. In the arena */
	size_t value, value_end;       /* of `"..."` */
	size_t member, before, behind; /* `"_default"`, what to cut with it */
	struct env_spot_id *ids;       /* all that are there; in the arena */
};

/* WEIR_EBADDATA: cannot be read, or not safely be written. */
WEIR_NODISCARD enum weir_rc env_edit_find(struct str text,
	const struct weir_env_choice *c, struct arena *arena, struct env_spot *ret,
	struct weir_err *err);

/*
 * text with c done, into out; *ret_changed false: it was so, out is not written.
 * WEIR_ENOTFOUND: neither the text nor c has the object.
 */
WEIR_NODISCARD enum weir_rc env_edit(struct str text, const struct weir_env_choice *c,
	struct buf *out, bool *ret_changed, struct weir_err *err);

/*
 * The alias that Metaflow gives each environment that it adds, its full_id; the first
 * request that has it keeps it. Not in files of 0.0.x.
 */
WEIR_NODISCARD enum weir_rc env_edit_alias(struct str text,
	const struct weir_env_choice *c, struct buf *out, bool *ret_changed,
	struct weir_err *err);

#endif
