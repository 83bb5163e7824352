/* The query thread's store of environments. */
#include <weir/env_store.h>
#include <weir/keys.h>
#include <weir/mem.h>

#include "finder_part.h"

enum { NOTES_MAX = 64 << 10 };

static bool
work_cancelled(void *arg)
{
	return finder_cancelled(arg);
}

/* It goes for the one before: other threads may be about to interrupt that. */
static void
put_store(struct finder *f, struct weir_store *store)
{
	struct weir_store *old = f->envs;

	pthread_mutex_lock(&f->lock);
	f->envs = store;
	pthread_mutex_unlock(&f->lock);
	weir_store_close(old);
	weir_keys_free(f->env_keys);
	f->env_keys = weir_keys_new();
}

void
finder_env_close(struct finder *f)
{
	weir_store_close(f->envs);
	weir_keys_free(f->env_keys);
}

/* Nothing is noted once, after something was. */
static void
post_notes(struct finder *f, const struct finder_work *w, struct buf *notes)
{
	struct finder_answer *a;

	if (!notes->len && !f->env_noted)
		return;
	f->env_noted = notes->len > 0;
	a = finder_answer_new(w, FINDER_NOTES);
	buf_adds(notes, "");
	a->words = buf_steal(notes);
	finder_post(f, a);
}

static enum weir_rc
look(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	struct buf notes = BUF_INIT(NOTES_MAX);
	struct weir_env_root root = { .settings = NULL };
	struct weir_store *store = NULL;
	enum weir_rc rc = weir_env_root_find(f->env_file, &root, err);

	if (!rc) {
		struct weir_env_open how = { .config = f->config,
			.root = &root,
			.local_only = f->env_local,
			.refresh = w->job.refresh };

		rc = weir_env_open(&how, &store, &notes, err);
	}
	weir_env_root_release(&root);
	if (!rc) {
		weir_store_ask(store, work_cancelled, f);
		put_store(f, store);
		post_notes(f, w, &notes);
	}
	buf_release(&notes);
	return rc;
}

enum weir_rc
finder_env_open(struct finder *f, const struct finder_work *w, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (!f->envs || w->job.look || w->job.refresh)
		rc = look(f, w, err);
	f->at = f->envs;
	return rc;
}
