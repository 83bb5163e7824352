/* A folder of Metaflow with a file of environments, and its store. */
#ifndef WEIR_TESTS_ENV_HELP_H
#define WEIR_TESTS_ENV_HELP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/env_store.h"

#define ENV_R1 "1111111111111111111111111111111111111111"
#define ENV_R2 "2222222222222222222222222222222222222222"
#define ENV_FA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ENV_FB "abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ENV_FC "cccccccccccccccccccccccccccccccccccccccc"

#define ENV_PKG(name, version, build)                                                  \
	"{\"_type\": \"conda\", \"filename\": \"" name "-" version "-" build           \
	"\", \"url\": \"https://conda.anaconda.org/conda-forge/linux-64/" name         \
	"-" version "-" build ".conda\", \"url_format\": \".conda\", \"hashes\": "     \
	"{\".conda\": \"ab\"}}"
#define ENV_WHEEL(name, version)                                                       \
	"{\"_type\": \"pypi\", \"filename\": \"" name "-" version "-py3-none-any\", "  \
	"\"url\": \"https://u:secret@h/" name ".whl\", \"url_format\": \".whl\", "     \
	"\"hashes\": {}}"
#define ENV_OBJECT(deps, packages, on, by)                                             \
	"{\"deps\": [" deps "], \"sources\": [\"conda::conda-forge\"], \"packages\": " \
	"[" packages "], \"resolved_on\": \"" on "\", \"resolved_by\": \"" by          \
	"\", \"resolved_archs\": [\"linux-64\"]}"

/* Three of two requests; the newest of the first is its default. */
#define ENV_FILE                                                                       \
	"{\"version\": 1, \"mappings\": {\"F/12/start\": [\"" ENV_R1 "\", \"" ENV_FA   \
	"\"]}, \"mutable_aliases\": {\"team/x/latest\": [\"" ENV_R1 "\", \"" ENV_FB    \
	"\"]}, \"aliases\": {\"team/x/v1\": [\"" ENV_R1 "\", \"" ENV_FA                \
	"\"]}, \"environments\": {\"linux-64\": {\"" ENV_R1 "\": {\"" ENV_FA           \
	"\": " ENV_OBJECT("\"conda::python==3.8.1\"",                                  \
		ENV_PKG("openssl", "1.1.1w", "h0_0") ", " ENV_PKG(                     \
			"python", "3.8.1", "h1_0") ", " ENV_WHEEL("Foo_Bar", "1.0"),   \
		"2023-01-01T10:00:00",                                                 \
		"alice") ", \"" ENV_FB "\": " ENV_OBJECT("\"conda::python==3.8.1\"",   \
		ENV_PKG("openssl", "3.1.0", "h0_0") ", " ENV_PKG(                      \
			"python", "3.8.1", "h2_0"),                                    \
		"2023-02-01T10:00:00.5",                                               \
		"bob (compatible with x)") ", \"_default\": "                          \
					   "\"" ENV_FB "\"}, \"" ENV_R2                \
					   "\": {\"" ENV_FC                            \
					   "\": " ENV_OBJECT("\"conda::python==3.9\"," \
							     " \"conda::wheel\", "     \
							     "\"conda::tomli==2\"",    \
						   ENV_PKG("python", "3.9.0", "h1_0"), \
						   "2022-01-01T10:00:00",              \
						   "carol") "}}}}"

struct env_world {
	char folder[64]; /* .metaflow is in it */
	struct weir_env_root root;
	struct weir_config *config;
};

static inline void
env_write(const struct env_world *w, const char *text)
{
	char *part = xasprintf("%s.new", w->root.file);
	FILE *f = fopen(part, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0 ||
		rename(part, w->root.file) != 0)
		abort();
	free(part);
}

static inline void
env_world_make(struct env_world *w)
{
	static const char *const unset[] = { "METAFLOW_DATASTORE_SYSROOT_LOCAL",
		"METAFLOW_PROFILE", "METAFLOW_CONDA_LOCALROOT",
		"METAFLOW_DEFAULT_DATASTORE", "METAFLOW_CONDA_MAGIC_FILE_V2",
		"CONDA_ENVS_DIRS", "CONDA_ENVS_PATH", "MAMBA_ROOT_PREFIX",
		"CONDA_EXE" };
	char *dir, *cache;

	snprintf(w->folder, sizeof(w->folder), "/tmp/weir-env-XXXXXX");
	if (!mkdtemp(w->folder))
		abort();
	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		unsetenv(unset[i]);
	dir = xasprintf("%s/.metaflow", w->folder);
	cache = xasprintf("%s/cache", w->folder);
	setenv("HOME", w->folder, 1);
	setenv("XDG_CACHE_HOME", cache, 1);
	setenv("METAFLOW_DATASTORE_SYSROOT_LOCAL", w->folder, 1);
	if (mkdir(dir, 0700) != 0 || weir_env_root_find(NULL, &w->root, NULL) ||
		weir_config_load(NULL, &w->config, NULL))
		abort();
	free(dir);
	free(cache);
}

static inline int
env_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
env_world_drop(struct env_world *w)
{
	weir_env_root_release(&w->root);
	weir_config_free(w->config);
	nftw(w->folder, env_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct weir_store *
env_store(struct env_world *w, struct buf *notes)
{
	struct weir_env_open how = { .config = w->config, .root = &w->root };
	struct weir_store *s = NULL;
	struct weir_err err;

	if (weir_env_open(&how, &s, notes, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return s;
}

#endif
