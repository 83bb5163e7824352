/* A folder of Metaflow with runs in it, and its store. */
#ifndef WEIR_TESTS_MF_HELP_H
#define WEIR_TESTS_MF_HELP_H

#include "env_help.h"
#include "weir/metaflow.h"
#include "weir/time.h"

/* When all of them ran: 2026-11-21T02:06:46.002Z. */
#define MF_MS INT64_C(1795226806002)

/* A file below .metaflow, with the folders above it. */
static inline void
mf_write(const struct env_world *w, const char *path, const char *text)
{
	char *full = xasprintf("%s/%s", w->root.folder, path);
	FILE *f;

	for (char *p = strchr(full + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	free(full);
}

static inline void
mf_self(const struct env_world *w, const char *path, int64_t ms, const char *more)
{
	char *file = xasprintf("%s/_meta/_self.json", path);
	char *text = xasprintf("{\"user_name\": \"alice\", %s\"ts_epoch\": %lld}", more,
		(long long)ms);

	mf_write(w, file, text);
	free(file);
	free(text);
}

/* attempt -1: a record of an old release. value: JSON. */
static inline void
mf_record(const struct env_world *w, const char *task, const char *field,
	const char *value, int attempt, int64_t ms)
{
	char *file =
		xasprintf("%s/_meta/sysmeta_%s_%lld.json", task, field, (long long)ms);
	char *tags =
		attempt < 0 ? xstrdup("[]") : xasprintf("[\"attempt_id:%d\"]", attempt);
	char *text = xasprintf("{\"field_name\": \"%s\", \"type\": \"%s\", \"value\": "
			       "%s, \"tags\": %s, \"ts_epoch\": %lld}",
		field, field, value, tags, (long long)ms);

	mf_write(w, file, text);
	free(file);
	free(tags);
	free(text);
}

/* A task whose only attempt ended so (NULL: not yet); env: JSON text or NULL. */
static inline void
mf_task(const struct env_world *w, const char *task, int64_t ms, const char *ok,
	const char *env)
{
	mf_self(w, task, ms, "");
	mf_record(w, task, "attempt", "\"0\"", 0, ms + 10);
	if (env)
		mf_record(w, task, "conda_env_id", env, 0, ms + 11);
	if (ok)
		mf_record(w, task, "attempt_ok", ok, 0, ms + 20);
}

/* A file of vectors, where they are at hand; owned, NULL: they are not. */
static inline char *
mf_shared(const char *name)
{
	static const char *const folders[] = { "../shared", "../../shared" };
	const char *root = getenv("ROOT");

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = xasprintf(
			"%s/%s/data/metaflow/%s", root ? root : ".", folders[i], name);

		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

#define MF_ENV(req, full) "\"[\\\"" req "\\\", \\\"" full "\\\", \\\"linux-64\\\"]\""

static inline struct weir_store *
mf_store(const struct env_world *w, struct buf *notes)
{
	struct weir_metaflow_open how = { .config = w->config, .root = &w->root };
	struct weir_store *s = NULL;
	struct weir_err err;

	if (weir_metaflow_open(&how, &s, notes, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return s;
}

#endif
