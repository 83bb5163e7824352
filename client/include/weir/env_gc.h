/*
 * Environments of this machine, and which of them nothing needs any more. What is
 * removed is only ever a folder with a .metaflowenv, directly in one of the folders of
 * environments, all of it one's own; whatever may be wanted stays, with the reason.
 */
#ifndef WEIR_ENV_GC_H
#define WEIR_ENV_GC_H

#include <weir/config.h>
#include <weir/env_root.h>

enum weir_env_keep {
	WEIR_ENV_UNNEEDED, /* may go; why: what says so */
	WEIR_ENV_FOREIGN,  /* not one that is removed, or not safely */
	WEIR_ENV_BUSY,     /* a process is in it */
	WEIR_ENV_DEFAULT,  /* of a conda_v2.cnd that is known */
	WEIR_ENV_ALIAS,    /* has one there */
	WEIR_ENV_RUN,      /* a run of late used it */
	WEIR_ENV_NAMED,    /* its name is not Metaflow's: somebody gave it */
	WEIR_ENV_UNKNOWN,  /* no file that is known has it */
	WEIR_ENV_YOUNG,    /* made or used a short while ago */
	WEIR_ENV_N_KEEPS
};
const char *weir_env_keep_name(enum weir_env_keep k); /* "unneeded", "foreign", ... */

enum {
	WEIR_ENV_GC_OLDER_DAYS = 7, /* what was made or used since stays */
	WEIR_ENV_GC_RUNS_DAYS = 30, /* what a run used since stays */
	/* A conda_v2.cnd that has gone counts for so long as it was when last read. */
	WEIR_ENV_GC_GONE_DAYS = 90,
};

struct weir_env_gc {
	const struct weir_config *config;
	const struct weir_env_root *root;
	int64_t older_us, runs_us;                 /* spans of time; see above */
	bool named, unknown;                       /* these may go too */
	void (*tell)(void *arg, const char *what); /* is waited for; may be NULL */
	bool (*stop)(void *arg);                   /* may be NULL. True: WEIR_EINTR */
	void *arg;
};

struct weir_env_local {
	char *path; /* owned */
	char req_id[41], full_id[41], arch[33];
	enum weir_env_keep keep;
	char *why; /* owned; for people */
	/* On the disk; freed: of files that no other folder has too. -1: not measured
	 */
	int64_t size, freed;
	int64_t used_us;        /* when it was last made, changed or, as far as the
				   file system keeps that, used */
	uint64_t device, inode; /* of the folder */
};

struct weir_env_locals {
	VEC(struct weir_env_local) v; /* by path */
};

/*
 * All that there are. WEIR_EFAIL, WEIR_EBADDATA: a conda_v2.cnd or store that is known
 * cannot be read, so that what it needs cannot be told.
 */
WEIR_NODISCARD enum weir_rc weir_env_gc_find(const struct weir_env_gc *how,
	struct weir_env_locals *ret, struct weir_err *err);
void weir_env_locals_release(struct weir_env_locals *l);

/* Remove what a weir that was killed left: what was half removed, its locks. */
void weir_env_gc_sweep(const struct weir_env_root *root);

/*
 * Remove one that may go, under Metaflow's lock of its folder, if it is still the same,
 * nothing needs it by then and nobody is in it. It is renamed first: what is stopped or
 * killed has it whole or not at all. WEIR_EREFUSED: something has changed.
 */
WEIR_NODISCARD enum weir_rc weir_env_gc_remove(const struct weir_env_gc *how,
	const struct weir_env_local *one, struct weir_err *err);

#endif
