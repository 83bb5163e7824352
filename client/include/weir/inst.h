/*
 * An environment made on this machine from a list of packages: fetched, verified,
 * unpacked, linked.
 *
 * Nothing is taken on trust: what an archive may do is in inst_tree.h and
 * inst_archive.h. A folder counts as an environment of ours when it has the marker
 * `.metaflowenv`, which is written last; what is without one is never removed, unless a
 * note beside it says that a weir which no longer lives was making it.
 */
#ifndef WEIR_INST_H
#define WEIR_INST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/error.h>

enum weir_inst_type { WEIR_INST_CONDA, WEIR_INST_PYPI };

enum { WEIR_INST_PACKAGES_MAX = 20000 };

/* All texts borrowed; what is not known is NULL, a size -1. */
struct weir_inst_package {
	enum weir_inst_type type;
	const char *url;  /* may have user:password, which are never shown or kept */
	const char *file; /* its name there, with its ending */
	const char *md5, *sha256;
	int64_t size;
	const char *cache_key; /* in an object cache: .../<file>/<hash>/<file> */
};

enum weir_inst_step {
	WEIR_INST_WAIT,   /* for a lock; what: whose it is */
	WEIR_INST_NOTE,   /* what: a line that people should read */
	WEIR_INST_FETCH,  /* done and of: bytes of all; what: a package that is done */
	WEIR_INST_UNPACK, /* done and of: packages */
	WEIR_INST_LINK,   /* the same */
	WEIR_INST_RUN,    /* what: a program that is run */
};

struct weir_inst_event {
	enum weir_inst_step step;
	const char *what; /* borrowed; user and password masked; may be NULL */
	int64_t done, of; /* of: -1 when it is not known */
};

/* What makes the environment once the packages are here. */
enum weir_inst_tool {
	WEIR_INST_ANY, /* micromamba, mamba or conda when one is found, else: */
	WEIR_INST_OWN, /* weir's own installer */
};

struct weir_inst {
	const struct weir_inst_package *packages;
	size_t n_packages;
	const char *target; /* the folder; absolute */
	const char *marker; /* the text of .metaflowenv */
	/* Where packages lie; the first that can be written is. NULL ends. */
	const char *const *package_dirs;
	/* How another place is told, for hints; NULL: by CONDA_ENVS_DIRS and
	 * CONDA_PKGS_DIRS. */
	const char *elsewhere;
	bool recreate;    /* in place of what has a marker */
	bool run_scripts; /* post-link scripts */
	bool offline;     /* nothing from the web */
	enum weir_inst_tool tool;
	int lock_timeout_s; /* 0: as long as Metaflow, an hour */
	int parallel;       /* downloads at a time; 0: 5 */

	/* An object of the cache into the file `to`; NULL: there is no cache.
	 * WEIR_ENOTFOUND: it does not have it. */
	enum weir_rc (*cache_get)(
		void *arg, const char *key, const char *to, struct weir_err *err);
	void (*tell)(void *arg, const struct weir_inst_event *e); /* may be NULL */
	bool (*stop)(void *arg); /* asked often; may be NULL. True: WEIR_EINTR */
	void *arg;
};

struct weir_inst_result {
	char *made_by;    /* weir, or the tool's path; owned */
	size_t n_fetched; /* packages from the web */
	size_t n_cached;  /* from the cache */
	int64_t fetched;  /* bytes from the web */
	size_t n_scripts; /* post-link scripts that were found */
	char *scripts;    /* their names, one a line; owned, may be NULL */
	char *failed;     /* of those, which failed when run; owned, may be NULL */
	bool existed;     /* it was there, with that marker: nothing was done */
};

/* WEIR_EUSAGE: no environment can be made at that path; no file is looked at. */
WEIR_NODISCARD enum weir_rc weir_inst_check_target(
	const char *target, struct weir_err *err);

/*
 * Make it. WEIR_EREFUSED: the target is something else's; WEIR_EBADDATA, WEIR_ETOOBIG:
 * a package is not what it should be, and is named; WEIR_EBUSY: a lock was not let go
 * in time; WEIR_ENET: a package could not be had. Whatever it is, nothing is left at
 * the target that was not there before, and what was there is there.
 */
WEIR_NODISCARD enum weir_rc weir_inst_make(const struct weir_inst *w,
	struct weir_inst_result *ret_result, struct weir_err *err);
void weir_inst_result_release(struct weir_inst_result *r);

/*
 * Where a package would come from: it lies in a folder of packages, in the cache (a
 * folder; may be NULL), on the web, or cannot be had. *ret_size: bytes of its archive,
 * -1 when that is not known.
 */
enum weir_inst_from {
	WEIR_INST_HERE,
	WEIR_INST_CACHE,
	WEIR_INST_WEB,
	WEIR_INST_NOWHERE
};
enum weir_inst_from weir_inst_source(const struct weir_inst *w, const char *cache,
	const struct weir_inst_package *p, int64_t *ret_size);

/*
 * What a list says that begins with `@EXPLICIT`: a line a package, URL#md5, or
 * URL#sha256=hash, URL#sha256:hash; with wheels, `# pip name @ url#sha256=hash`. Texts
 * live as long as the list.
 */
struct weir_inst_list;
WEIR_NODISCARD enum weir_rc weir_inst_list_parse(struct str text, const char *name,
	struct weir_inst_list **ret_list, struct weir_err *err);
void weir_inst_list_free(struct weir_inst_list *l);
const struct weir_inst_package *weir_inst_list_packages(
	const struct weir_inst_list *l, size_t *ret_n);

/* A cache that is a folder: arg of weir_inst_cache_folder is its path. */
enum weir_rc weir_inst_cache_folder(
	void *arg, const char *key, const char *to, struct weir_err *err);

/*
 * Where environments and packages go: CONDA_ENVS_DIRS and CONDA_PKGS_DIRS, envs_dirs
 * and pkgs_dirs of .condarc, MAMBA_ROOT_PREFIX, else ~/.conda. A relative one is below
 * the working directory, as conda has it. NULL ends; owned, to be freed with
 * weir_inst_dirs_free. notes: a line for each that is relative or passed over; may be
 * NULL.
 */
WEIR_NODISCARD enum weir_rc weir_inst_env_dirs(
	char ***ret_dirs, struct buf *notes, struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_inst_package_dirs(
	char ***ret_dirs, struct buf *notes, struct weir_err *err);
void weir_inst_dirs_free(char **dirs);

#endif
