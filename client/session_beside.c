#define LOG_MODULE "metaflow"
#include "session_beside.h"

#include "beside.h"
#include "store_priv.h"
#include "weir/log.h"
#include "weir/metaflow.h"
#include "weir/sync.h"

enum { FIRST_MS = 1000 }; /* for a folder that was never read; the rest comes later */

/* Where Metaflow's settings say; a few looks at the file system, once. */
static bool
look(struct session_beside *b)
{
	struct weir_err err;

	if (b->looked)
		return b->found;
	b->looked = true;
	if (!weir_config_bool(b->config, WEIR_KEY_METAFLOW))
		return false;
	if (weir_env_root_find(NULL, &b->root, &err)) {
		LOG(LOG_WARN, "%s", err.text);
		return false;
	}
	b->found = b->root.found || weir_metaflow_is_service(&b->root);
	return b->found;
}

static enum weir_rc
open_store(struct session_beside *b, const struct weir_metaflow_open *how,
	struct buf *notes, struct weir_err *err)
{
	enum weir_rc rc;

	b->tried = true;
	rc = weir_metaflow_open(how, &b->store, notes, err);
	if (rc)
		b->store = NULL;
	if (rc)
		LOG(LOG_INFO, "%s", err->text);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

struct weir_store *
session_beside_store(struct session_beside *b)
{
	struct weir_metaflow_open how = { .config = b->config,
		.root = &b->root,
		.offline = true,
		.make = b->awaited,
		.budget_ms = FIRST_MS };
	struct weir_err why;

	if (!b->store && !b->tried && look(b) && open_store(b, &how, NULL, &why))
		return NULL;
	return b->store;
}

static void
how_to_sync(struct weir_metaflow_open *how, const struct weir_sync_options *o)
{
	if (!o)
		return;
	if (o->since_us != WEIR_NO_TIME) /* 0 means all of it there */
		how->since_us = o->since_us ? o->since_us : WEIR_NO_TIME;
	how->progress = o->progress;
	how->arg = o->arg;
}

void
session_beside_fetch(struct session_beside *b,
	const struct weir_session_metaflow *asked, struct buf *notes)
{
	struct weir_metaflow_open how = { .config = b->config,
		.root = &b->root,
		.offline = b->offline,
		.refresh = asked->refresh,
		.budget_ms = asked->budget_ms,
		.first_ms = asked->first_ms,
		.stop = asked->stop };
	struct weir_err why;
	enum weir_rc rc;

	if (!look(b))
		return;
	how_to_sync(&how, asked->sync);
	if (b->store || asked->result) {
		rc = weir_metaflow_sync(&how, asked->result, notes, &why);
		b->tried = false;
	} else {
		rc = open_store(b, &how, notes, &why);
		b->tried = b->store || !b->awaited;
	}
	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	if (rc && asked->failed)
		*asked->failed = why;
	else if (rc && notes)
		buf_addf(notes, "%s\n", why.text);
}

enum weir_rc
session_beside_logs(struct session_beside *b, const struct weir_id *run,
	bool *ret_ended, struct weir_err *err)
{
	const struct weir_metaflow_open how = { .config = b->config, .root = &b->root };
	struct buf notes = BUF_INIT(64 << 10);
	enum weir_rc rc = weir_metaflow_logs(&how, run, ret_ended, &notes, err);

	free(b->said);
	b->said = notes.len ? buf_steal(&notes) : NULL;
	buf_release(&notes);
	return rc;
}

void
session_beside_release(struct session_beside *b)
{
	weir_store_close(b->store);
	free(b->said);
	weir_env_root_release(&b->root);
	*b = (struct session_beside){ 0 };
}
