#include "envs_fresh.h"

#include <weir/env_store.h>
#include <weir/metaflow.h>

#include "app.h"
#include "listview.h"

enum { WANT_CACHE = 1, WANT_RUNS = 2, WANT_SIZES = 4, PATIENCE_MS = 1000 };

struct fresh {
	const struct weir_config *config;
	const char *file; /* as --file */
	const atomic_bool *leaving;
	bool offline, refresh;
	unsigned wants;
};

static void
fresh_free(void *state)
{
	free(state);
}

static bool
stops(void *arg)
{
	const struct fresh *f = arg;

	return atomic_load(f->leaving);
}

static enum weir_rc
read_runs(const struct fresh *f, const struct weir_env_root *root, struct weir_err *err)
{
	struct weir_metaflow_open how = { .config = f->config,
		.root = root,
		.offline = f->offline,
		.refresh = f->refresh,
		.budget_ms = PATIENCE_MS,
		.stop = f->leaving };
	struct weir_store *store = NULL;
	struct buf notes = BUF_INIT(1 << 20);
	enum weir_rc rc = weir_metaflow_open(&how, &store, &notes, err);

	weir_store_close(store);
	buf_release(&notes);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

/* The helper has looked at the cache before. */
static enum weir_rc
run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct fresh *f = state;
	struct weir_env_root root = { .settings = NULL };
	enum weir_rc rc = weir_env_root_find(f->file, &root, err);

	if (!rc && (f->wants & WANT_RUNS))
		rc = read_runs(f, &root, err);
	if (!rc)
		weir_env_uses(store, f->config, &root);
	if (!rc && (f->wants & WANT_SIZES)) {
		struct weir_env_measure how = {
			.config = f->config, .root = &root, .stop = stops, .arg = f
		};

		rc = weir_env_measure(store, &how, err);
	}
	weir_env_root_release(&root);
	return rc;
}

/* Once too often does no harm. */
static bool
names_one(const struct listview *r, const char *const *names)
{
	const char *const texts[] = { r->columns, r->sort, r->query };

	for (size_t i = 0; i < N_ELEM(texts); i++)
		for (size_t k = 0; names[k]; k++)
			if (strstr(texts[i], names[k]))
				return true;
	return false;
}

static unsigned
wants_of(const struct listview *r)
{
	static const char *const sizes[] = { "size", "disk", NULL };
	static const char *const runs[] = { "run", "used_by", "req_steps", NULL };

	return WANT_CACHE | (names_one(r, sizes) ? WANT_SIZES : 0U) |
	       (names_one(r, runs) ? WANT_RUNS : 0U);
}

void
envs_fresh(struct listview *r, bool again)
{
	static const struct finder_call call = { run, fresh_free };
	const struct weir_env_root *root = envs_root(r->v.app);
	struct finder_job job = { .kind = FINDER_CALL,
		.view = r->v.serial,
		.slot = SLOT_FRESH,
		.object = WEIR_ENVIRONMENT,
		.look = true,
		.refresh = again,
		.call = &call };
	unsigned wants = wants_of(r);
	struct fresh *f;

	if (again)
		r->freshened = 0;
	if (!root || !(wants & ~r->freshened))
		return;
	r->freshened |= wants;
	if (wants == WANT_CACHE && !root->cache)
		return;
	f = xcalloc(1, sizeof(*f));
	f->config = r->v.app->config;
	f->file = r->v.app->start->env_file;
	f->leaving = &r->v.app->leaving;
	f->offline = r->v.app->start->no_network;
	f->refresh = again;
	f->wants = wants;
	job.state = f;
	finder_submit(app_helper(r->v.app), &job);
}
