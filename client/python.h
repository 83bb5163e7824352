/* The user's own Python: the one that has the package which weir asks. */
#ifndef WEIR_PYTHON_H
#define WEIR_PYTHON_H

#include <stddef.h>

#include "weir/mem.h"

enum { PYTHONS_MAX = 5 };

/*
 * Which interpreters to try, the likeliest first: that of VIRTUAL_ENV, of .venv here,
 * the one beside `tool` (a command that its package installs: "prefect") in PATH, and
 * python3 and python of PATH; or `named` alone, where the user gave it (else NULL).
 * Returns their number. The names live as long as the arena and `named`.
 */
size_t python_candidates(const char *tool, const char *named, struct arena *arena,
	const char *ret[PYTHONS_MAX]);

#endif
