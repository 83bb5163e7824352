/* Sets of packages, and how two of them differ. */
#ifndef WEIR_ENV_DIFF_H
#define WEIR_ENV_DIFF_H

#include <weir/env_store.h>

struct weir_env_item {
	struct str type, name, version, build, channel;
};

/* Packages by type and name; of an environment, a folder, or a file. */
struct weir_env_set {
	struct str what;  /* for people: `req_id:full_id`, or the path */
	struct str arch;  /* empty: it has none of its own */
	struct str archs; /* all that the environment is known for, blanks between */
	VEC(struct weir_env_item) v;
	struct arena arena;
};
enum {
	WEIR_ENV_SET_FILE_MAX = 64 << 20, /* bytes of a list, or of a record of conda */
	WEIR_ENV_SET_MAX = 1 << 20,       /* packages */
};

/*
 * What text names: see weir_env_find; also a folder with `conda-meta`, lock files, and
 * a file that begins with `@EXPLICIT`. arch: of several the one that is meant; NULL:
 * `prefer`, else the first there is. s and root may be NULL: only folders and files
 * then.
 */
WEIR_NODISCARD enum weir_rc weir_env_set_read(struct weir_store *s,
	const struct weir_env_root *root, const char *text, const char *arch,
	const char *prefer, struct weir_env_set *ret, struct weir_err *err);
void weir_env_set_release(struct weir_env_set *set);
/* The same of an environment at hand. */
void weir_env_set_of(const struct weir_env *env, struct weir_env_set *ret);

enum weir_env_change {
	WEIR_ENV_REMOVED,
	WEIR_ENV_ADDED,
	WEIR_ENV_UP,      /* a greater version */
	WEIR_ENV_DOWN,    /* a lesser one */
	WEIR_ENV_BUILD,   /* the same version, another build */
	WEIR_ENV_CHANNEL, /* from elsewhere, else the same */
	WEIR_ENV_CHANGE_N
};
const char *weir_env_change_name(enum weir_env_change c); /* "removed", "up", ... */

struct weir_env_delta {
	enum weir_env_change change;
	const struct weir_env_item *a, *b; /* NULL where it is not */
};
VEC_TYPE(weir_env_deltas, struct weir_env_delta);
/* By name; borrowed from both. Lists without channels do not differ by them. */
void weir_env_diff(const struct weir_env_set *a, const struct weir_env_set *b,
	struct weir_env_deltas *ret);

#endif
