/*
 * The store of environments of one Metaflow folder, brought up to date with what is in
 * the folder, the cache and on this machine; and one environment out of them.
 */
#ifndef WEIR_ENV_STORE_H
#define WEIR_ENV_STORE_H

#include <weir/config.h>
#include <weir/env.h>
#include <weir/env_root.h>
#include <weir/store.h>

struct weir_env_open {
	const struct weir_config *config;
	const struct weir_env_root *root;
	bool local_only; /* leave the cache alone */
	bool refresh;    /* look into the cache even if that was done a moment ago */
};

/*
 * Open it for reading, what has changed taken in first. conda_v2.cnd is read only when
 * it is another file than it was, or longer, or newer; damaged, what was read of it
 * before is kept. notes: what a person should know, a line each.
 * WEIR_ENOTFOUND: there is no such folder; WEIR_EBADDATA: it cannot be read.
 */
WEIR_NODISCARD enum weir_rc weir_env_open(const struct weir_env_open *how,
	struct weir_store **ret_store, struct buf *notes, struct weir_err *err);

/* The same as it is, nothing taken in; WEIR_ENOTFOUND: nothing was yet. */
WEIR_NODISCARD enum weir_rc weir_env_peek(const struct weir_config *config,
	const struct weir_env_root *root, struct weir_store **ret_store,
	struct weir_err *err);

/*
 * Who looks is told when conda_v2.cnd is written: a descriptor that is readable then,
 * to be closed. -1: the folder or the system has none, then look by time. watched takes
 * in what has come: was it that file?
 */
int weir_env_watch(const struct weir_env_root *root);
bool weir_env_watched(int fd, const struct weir_env_root *root);

/*
 * Measure what the environments that were created here take on the disk, as far as they
 * are new or have changed; the columns size and disk then say it. WEIR_EINTR.
 */
struct weir_env_measure {
	const struct weir_config *config;
	const struct weir_env_root *root;
	const char *full_id; /* only this one; NULL: all */
	void (*tell)(void *arg, int64_t done, int64_t of); /* may be NULL */
	bool (*stop)(void *arg);                           /* may be NULL */
	void *arg;
};
WEIR_NODISCARD enum weir_rc weir_env_measure(
	struct weir_store *s, const struct weir_env_measure *how, struct weir_err *err);

/*
 * Which environment is meant: a step (`Flow/run/step`), `req_id:full_id`, `req_id` (its
 * default, else its newest), `full_id`, both by their begins (4 digits), an alias
 * (`name[:tag]`), or a folder of this machine with a .metaflowenv. WEIR_EAMBIGUOUS
 * lists the candidates.
 */
struct weir_env_pair {
	char req_id[WEIR_ENV_ID + 1], full_id[WEIR_ENV_ID + 1];
};
WEIR_NODISCARD enum weir_rc weir_env_find(struct weir_store *s, const char *text,
	struct weir_env_pair *ret_pair, struct weir_err *err);
/* The same; of a req_id the one that is its default for arch, else the newest for it,
 * else as above. arch NULL: any. */
WEIR_NODISCARD enum weir_rc weir_env_find_for(struct weir_store *s, const char *text,
	const char *arch, struct weir_env_pair *ret_pair, struct weir_err *err);
/* Append the architectures that a requirement set has environments for, with ", "
 * between. */
WEIR_NODISCARD enum weir_rc weir_env_req_archs(struct weir_store *s, const char *req_id,
	struct buf *out, struct weir_err *err);

/* The row of one, whose id is `req_id:full_id`, for weir_select.key; 0: none. */
int64_t weir_env_key(struct weir_store *s, const char *id, const char *arch);

/*
 * All that is stated of the environment, one for each architecture, read from where it
 * is: passwords in addresses are there. Freed by weir_env_loaded_release.
 */
struct weir_env_loaded {
	struct weir_env *v;
	size_t n;
	void *owned;
};
WEIR_NODISCARD enum weir_rc weir_env_load(struct weir_store *s,
	const struct weir_env_root *root, const struct weir_env_pair *pair,
	struct weir_env_loaded *ret, struct weir_err *err);
/*
 * The same from a description: an object as in conda_v2.cnd, which may have req_id,
 * full_id and arch too, or an array of such. What it lacks is empty.
 */
WEIR_NODISCARD enum weir_rc weir_env_parse(
	struct str json, struct weir_env_loaded *ret, struct weir_err *err);
void weir_env_loaded_release(struct weir_env_loaded *l);

#endif
