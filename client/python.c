#include "python.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one beside the tool that the user would start. */
static const char *
beside(const char *tool, struct arena *arena)
{
	const char *path = getenv("PATH"), *end;
	char file[PATH_MAX], *slash;

	for (; path && *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, tool);
		if (access(file, X_OK) != 0)
			continue;
		slash = strrchr(file, '/');
		return arena_printf(arena, "%.*s/python", (int)(slash - file), file);
	}
	return NULL;
}

size_t
python_candidates(const char *tool, const char *named, struct arena *arena,
	const char *ret[PYTHONS_MAX])
{
	const char *venv = getenv("VIRTUAL_ENV"), *of_tool;
	size_t n = 0;

	if (named) {
		ret[0] = named;
		return 1;
	}
	if (venv && *venv)
		ret[n++] = arena_printf(arena, "%s/bin/python", venv);
	if (access(".venv/bin/python", X_OK) == 0)
		ret[n++] = ".venv/bin/python";
	of_tool = beside(tool, arena);
	if (of_tool)
		ret[n++] = of_tool;
	ret[n++] = "python3";
	ret[n++] = "python";
	return n;
}
