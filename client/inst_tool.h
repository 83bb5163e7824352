/* Programs that make environments, or a part of them: found, run without a shell. */
#ifndef WEIR_CLIENT_INST_TOOL_H
#define WEIR_CLIENT_INST_TOOL_H

#include "inst_site.h"
#include "weir/inst.h"

/* The first of micromamba, mamba, conda in PATH; owned, NULL when there is none. */
char *inst_tool_find(void);

/* A program at that name in PATH, or at that path; owned, NULL when there is none. */
char *inst_tool_path(const char *name);

struct inst_tool {
	const char *const *words; /* the program's path and its arguments; NULL ends */
	const char *const *more_env; /* NAME=VALUE; NULL ends; may be NULL */
	const char *what;            /* for errors: "micromamba", "post-link script" */
	/* What it works at: noted before it begins, and what it makes of it */
	const struct inst_site *site;
	bool (*stop)(void *arg); /* may be NULL */
	void *arg;
};

/*
 * Run it to its end. WEIR_EFAIL: its exit status was another than 0, and the end of
 * what it printed is in the error; WEIR_EINTR: stopped, and it was killed.
 */
WEIR_NODISCARD enum weir_rc inst_tool_run(
	const struct inst_tool *t, struct weir_err *err);

/* Wheels, by paths in the file list, as Metaflow has uv or pip install them; program:
 * uv, or the Python that has pip. */
WEIR_NODISCARD enum weir_rc inst_tool_wheels(const struct inst_tool *t, bool uv,
	const char *program, const char *list, struct weir_err *err);

#endif
