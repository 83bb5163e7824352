/*
 * Folders of packages, laid out as conda does: archives, what they unpack to beside
 * them with info/repodata_record.json, and urls.txt. What is there already, by whoever
 * made it, is taken when it is what is wanted.
 */
#ifndef WEIR_CLIENT_INST_PKGS_H
#define WEIR_CLIENT_INST_PKGS_H

#include "inst_plan.h"
#include "inst_sum.h"
#include "weir/inst.h"

struct inst_pkgs {
	const char *const *dirs; /* NULL ends */
	const char *home;        /* the one that is written to */
	/* told what was found and not taken, and why; may be NULL */
	void (*note)(void *arg, const char *text);
	bool (*stop)(void *arg); /* may be NULL */
	void *arg;
};

/* A package as it lies in one place: its own file, or what the cache has for it. */
struct inst_want {
	enum weir_inst_type type;
	char *file, *stem;  /* without the ending */
	char *md5, *sha256; /* NULL: not known */
	char *url; /* of the package itself, as it was given; borrowed texts none */
	int64_t size;
};

/* WEIR_EBADDATA: its file name or hash is none. */
WEIR_NODISCARD enum weir_rc inst_pkgs_want(const struct weir_inst_package *p,
	struct inst_want *ret_want, struct weir_err *err);
/* The same by the key of the cache: `.../<file>/<hash>/<file>`. */
WEIR_NODISCARD enum weir_rc inst_pkgs_want_cached(const struct weir_inst_package *p,
	struct inst_want *ret_want, struct weir_err *err);
void inst_pkgs_want_release(struct inst_want *w);

/*
 * The first of dirs that can be written, made if need be. WEIR_EFAIL: none can. *ret is
 * borrowed from dirs.
 */
WEIR_NODISCARD enum weir_rc inst_pkgs_home(
	const char *const *dirs, const char **ret_home, struct weir_err *err);

/*
 * The unpacked package. WEIR_ENOTFOUND: there is none that fits. *ret_dir is owned and
 * ret_unit->dir borrows it.
 */
WEIR_NODISCARD enum weir_rc inst_pkgs_unpacked(const struct inst_pkgs *p,
	const struct inst_want *w, struct inst_unit *ret_unit, char **ret_dir);
void inst_pkgs_unit_release(struct inst_unit *u);

/* The archive, with the right hash; owned, NULL: there is none. */
char *inst_pkgs_archive(const struct inst_pkgs *p, const struct inst_want *w,
	struct inst_sums *ret_sums);

/* Where it is to be put when it is fetched; its folder is made. */
WEIR_NODISCARD enum weir_rc inst_pkgs_place(const struct inst_pkgs *p,
	const struct inst_want *w, char **ret_path, struct weir_err *err);

/*
 * Unpack the archive of a conda package beside the others. What it is refused for is
 * WEIR_EBADDATA or WEIR_ETOOBIG, and nothing of it is left.
 */
WEIR_NODISCARD enum weir_rc inst_pkgs_unpack(const struct inst_pkgs *p,
	const struct inst_want *w, const char *archive, const struct inst_sums *sums,
	struct inst_unit *ret_unit, char **ret_dir, struct weir_err *err);

#endif
