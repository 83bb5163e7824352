/*
 * Lines from the spool to the server: one batch of a run in flight. A batch that was
 * not answered may be there: how far it came is asked before any of it is sent again.
 * After a power cut the own store, which is synced, may have more than the progress of
 * the spool says, which is not: of what was found it is asked until there is no more.
 */
#include "weir/time.h"
#include "worker.h"

#define LOG_MODULE "worker"
#include "weir/log.h"

enum { SOON_BYTES = 64 << 10 };
static const int64_t gather_us = 300000; /* between batches of few lines */

static void send_batch(struct worker_run *r);

static void
batch_done(struct worker_run *r)
{
	spool_sent(&r->spool, &r->batch);
	spool_batch_release(&r->batch);
	worker_wake_at(r->w, 0);
}

static void
not_answered(struct worker_run *r, const struct weir_err *err)
{
	struct worker *w = r->w;

	if (!w->away && err->rc != WEIR_EINTR)
		worker_say(w, WEIR_WORKER_WARNING, "%s", err->text);
	w->away = true;
	r->spool.doubt = true;
	r->posted_us = weir_monotonic_us() + WORKER_AGAIN_US;
	spool_batch_release(&r->batch);
	worker_wake_at(w, r->posted_us);
}

static bool
is_refused(enum weir_rc rc)
{
	return rc == WEIR_EREFUSED || rc == WEIR_ENOTFOUND || rc == WEIR_ETOOBIG ||
	       rc == WEIR_EBADDATA;
}

static void
on_put(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker_run *r = arg;

	(void)page;
	r->posting = false;
	r->w->posts--;
	worker_wake_at(r->w, 0);
	if (rc && !is_refused(rc)) {
		not_answered(r, err);
		return;
	}
	r->w->away = false;
	if (rc)
		worker_say(r->w, WEIR_WORKER_WARNING, "%s: %zu lines are not taken: %s",
			r->name, r->batch.lines.n - r->batch.first, err->text);
	batch_done(r);
}

static void
on_newest(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct worker_run *r = arg;

	r->posting = false;
	r->w->posts--;
	if (rc && !is_refused(rc)) {
		not_answered(r, err);
		return;
	}
	if (!rc && page->n)
		spool_batch_there(&r->batch, page->logs[0].timestamp_us);
	LOG(LOG_INFO, "%s: %zu of %zu lines were there", r->id_text, r->batch.first,
		r->batch.lines.n);
	if (r->batch.first == r->batch.lines.n) {
		batch_done(r);
	} else {
		r->spool.old = false;
		send_batch(r);
	}
}

static void
read_back(struct worker_run *r)
{
	struct api_logs logs = {
		.run = r->id,
		.timestamp = { r->batch.lines.v[0].timestamp_us,
			r->batch.lines.v[r->batch.lines.n - 1].timestamp_us },
		.sort = API_TIMESTAMP_DESC,
		.limit = 1,
	};

	r->posting = true;
	r->w->posts++;
	r->w->api->ops->logs(r->w->api, &logs, on_newest, r);
}

static void
send_batch(struct worker_run *r)
{
	r->posting = true;
	r->w->posts++;
	r->posted_us = weir_monotonic_us();
	r->w->api->ops->put_logs(r->w->api, r->batch.lines.v + r->batch.first,
		r->batch.lines.n - r->batch.first, on_put, r);
}

/* Few lines wait a little for more, unless there will be none. */
static bool
is_time(struct worker_run *r, int64_t now_us)
{
	int64_t left = r->spool.size - r->spool.done;
	int64_t at = r->posted_us;

	if (!r->spool.doubt && at <= now_us &&
		(r->step != WORKER_RUNS || left >= SOON_BYTES))
		return true;
	at += r->spool.doubt ? 0 : gather_us;
	if (at <= now_us)
		return true;
	worker_wake_at(r->w, at);
	return false;
}

/* A few batches at once, which bounds memory; to the own store one, and small ones. */
static bool
has_turn(const struct worker_run *r)
{
	if (r->w->posts < (r->w->api->local ? 1 : WORKER_POSTS_MAX))
		return true;
	return r->w->api->local && r->spool.size - r->spool.done < SOON_BYTES;
}

/* Prefect's engine sends its lines itself. */
static bool
ships(const struct worker_run *r)
{
	return !r->w->engine && r->spool.fd >= 0;
}

void
worker_ship_tick(struct worker_run *r, int64_t now_us)
{
	if (!ships(r) || r->posting || !worker_has_room(r->w) ||
		r->step == WORKER_GONE || r->stop == WORKER_ENDED)
		return;
	if (r->step != WORKER_RUNS)
		(void)spool_grown(&r->spool);
	if (r->spool.size <= r->spool.done || !is_time(r, now_us) || !has_turn(r))
		return;
	if (!spool_next(&r->spool, &r->id, &r->batch))
		return;
	if (r->spool.doubt || (r->spool.old && r->w->api->local))
		read_back(r);
	else
		send_batch(r);
}

bool
worker_shipped(struct worker_run *r)
{
	struct spool_batch b;
	bool more;

	if (!ships(r) || r->stop == WORKER_ENDED)
		return !r->posting;
	if (r->posting || r->spool.doubt)
		return false;
	if (!spool_grown(&r->spool))
		return true;
	/* what is left may be half a frame of a writer that died */
	more = spool_next(&r->spool, &r->id, &b);
	if (more)
		spool_batch_release(&b);
	return !more;
}
