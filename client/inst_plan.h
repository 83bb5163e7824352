/*
 * Which file of which package is where in an environment: noarch files moved to where
 * Python has its own, entry points among them, and of several files for one place the
 * one of the package that needs the others.
 */
#ifndef WEIR_CLIENT_INST_PLAN_H
#define WEIR_CLIENT_INST_PLAN_H

#include "inst_meta.h"

/* A conda package that is unpacked. */
struct inst_unit {
	struct inst_meta meta;
	json_t *record;   /* repodata_record.json */
	const char *dir;  /* where it is; borrowed */
	const char *dist; /* name-version-build; borrowed from the plan */
};

struct inst_spot {
	const char *name; /* below the prefix */
	size_t unit;
	const struct inst_path *path;   /* NULL: */
	const struct inst_entry *entry; /* an entry point */
	bool lost; /* another has the place; this goes below __clobbers__ */
};

VEC_TYPE(inst_spots, struct inst_spot);

struct inst_python {
	char version[16];    /* 3.11 */
	const char *program; /* bin/python3.11 */
	const char *site;    /* lib/python3.11/site-packages */
	bool any;            /* there is one */
};

struct inst_plan {
	struct arena arena;
	struct inst_python python;
	struct inst_spots spots; /* by unit in the order of units, then by name */
	size_t *order;           /* units such that what is needed comes first */
	size_t n_lost;
};

/*
 * WEIR_EBADDATA: two packages of one name; a noarch Python package without Python.
 * units are borrowed.
 */
WEIR_NODISCARD enum weir_rc inst_plan_make(struct inst_unit *units, size_t n,
	struct inst_plan *ret_plan, struct weir_err *err);
void inst_plan_release(struct inst_plan *p);

/* The Python of a package called python, by its index. */
WEIR_NODISCARD enum weir_rc inst_plan_python(const struct inst_meta *m, struct arena *a,
	struct inst_python *ret_python, struct weir_err *err);

#endif
