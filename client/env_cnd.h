/*
 * Reading conda_v2.cnd, every generation of it, in one pass over text that may be tens
 * of megabytes in one line. What it holds is told to the caller bit by bit; no tree is
 * made.
 */
#ifndef WEIR_CLIENT_ENV_CND_H
#define WEIR_CLIENT_ENV_CND_H

#include "weir/env.h"

enum env_alias {
	ENV_ALIAS_CACHE = -1, /* only the cache says so */
	ENV_ALIAS_FIXED,
	ENV_ALIAS_MUTABLE,
	ENV_ALIAS_FULL_ID,
};

/*
 * Told of each part, in the order of the file; what is not OK ends the reading. Texts
 * are borrowed for the call. `doc` is the environment's object, checked JSON: see
 * env_cnd_env.
 */
struct env_cnd_ops {
	enum weir_rc (*env)(void *arg, const struct weir_env_id *id, struct str doc);
	enum weir_rc (*chosen)(void *arg, const struct weir_env_id *id); /* a default */
	/* id->arch is empty but in files of 0.0.x. */
	enum weir_rc (*alias)(void *arg, enum env_alias kind, struct str name,
		const struct weir_env_id *id);
	enum weir_rc (*pathspec)(
		void *arg, struct str pathspec, const struct weir_env_id *id);
	/* Something that is left out, and why. */
	void (*warn)(void *arg, const char *text);
};

/*
 * Read text. An empty one has nothing in it. *ret_cut: it ends too early, as it does
 * while another process writes it; the error is WEIR_EBADDATA with the byte. Bytes
 * behind the end are a warning.
 */
WEIR_NODISCARD enum weir_rc env_cnd_read(struct str text, const struct env_cnd_ops *ops,
	void *arg, bool *ret_cut, struct weir_err *err);

/*
 * One environment, from its object; packages.v is to be freed by the caller. Slices are
 * of doc or arena. Warnings as above (ops may be NULL).
 */
WEIR_NODISCARD enum weir_rc env_cnd_env(const struct weir_env_id *id, struct str doc,
	struct arena *arena, struct weir_env *ret_env, struct weir_err *err);

/* One package of its list. */
WEIR_NODISCARD bool env_cnd_package(
	struct str doc, struct arena *arena, struct weir_env_package *ret);

/* `["<req_id>", "<full_id>"]` or with a third text, the arch. */
bool env_cnd_pair(struct str array, struct arena *arena, struct weir_env_id *ret_id);

/* 40 lower-case hex digits? */
bool env_cnd_is_id(struct str s);

#endif
