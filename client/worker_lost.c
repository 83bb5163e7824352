/*
 * Runs of the own store that no folder is left of: the power failed. Their folders are
 * made without waiting for the disk, since what the store has of a run is enough then.
 */
#include <unistd.h>

#include "alive.h"
#include "session.h"
#include "worker.h"

static const char lost_filter[] =
	"{\"limit\":200,\"sort\":\"ID_DESC\",\"flow_runs\":{\"state\":{\"type\":"
	"{\"any_\":[\"PENDING\",\"RUNNING\",\"CANCELLING\"]}}}}";

/* Each that is claimed has a folder for as long as that. */
static bool
has_folder(const struct worker *w, const char *id)
{
	char *path = xasprintf("%s/%s", w->base, id);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
end_lost(struct worker *w, json_t *doc)
{
	struct worker_run *r = worker_run_new(w, json_incref(doc));

	if (!r->dir || !worker_note_open(r, true)) {
		worker_run_free(r);
		return;
	}
	worker_note(r, WORKER_PHASE_RUN);
	worker_say(w, WEIR_WORKER_WARNING, "%s: its worker died: it is ended", r->name);
	(void)worker_kill_marked(r);
	r->claimed = true;
	r->stop = WORKER_LEFT;
	r->spool.tasks = true;
	r->step = WORKER_FLUSHES;
	worker_wake_at(w, 0);
}

static void
on_live(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker *w = arg;
	json_t *found = rc ? NULL : worker_parse(page), *doc;
	size_t i;

	(void)err;
	json_array_foreach(found, i, doc)
	{
		const char *id = json_string_value(json_object_get(doc, "id"));
		const char *pool =
			json_string_value(json_object_get(doc, "work_pool_name"));

		if (id && pool && w->runs.n < WEIR_WORKER_LIMIT_MAX &&
			!has_folder(w, id))
			end_lost(w, doc);
	}
	json_decref(found);
}

void
worker_lost(struct worker *w)
{
	/* another's folders may be elsewhere */
	if (!w->api->local ||
		alive_other(weir_config_store(weir_session_config(w->session))))
		return;
	w->api->ops->raw(w->api, "POST", "/flow_runs/filter", str_of(lost_filter), true,
		on_live, w);
}
