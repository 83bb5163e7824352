#include "wait.h"

#include <weir/follow.h>
#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>

/* A poll is one request; what ends is told within so long. */
static const int64_t poll_us = 700 * 1000;

struct wait {
	struct ctx *ctx;
	struct weir_followed *runs; /* those that have not ended come first */
	size_t n, n_live, n_bad;
	int64_t until_us; /* monotonic; 0: for ever */
};

static void
tell(const struct wait *w, const struct weir_followed *f)
{
	char id[WEIR_ID_TEXT + 1];

	weir_id_format(&f->id, id);
	if (f->state == WEIR_ST_NONE)
		ctx_note(w->ctx, "%s: it is gone from the server", id);
	else
		ctx_note(w->ctx, "%s %.8s: %s", f->name, id, f->state_name);
}

/* What has ended goes behind what lives. */
static void
sort_out(struct wait *w)
{
	for (size_t i = 0; i < w->n_live;) {
		struct weir_followed f = w->runs[i];

		if (f.state != WEIR_ST_NONE && !weir_state_is_terminal(f.state)) {
			i++;
			continue;
		}
		tell(w, &f);
		w->n_bad += f.state != WEIR_ST_COMPLETED;
		w->runs[i] = w->runs[--w->n_live];
		w->runs[w->n_live] = f;
	}
}

static enum weir_rc
pending(struct wait *w)
{
	const struct weir_followed *f = &w->runs[0];
	char id[WEIR_ID_TEXT + 1];

	weir_id_format(&f->id, id);
	if (w->n == 1)
		(void)weir_fail(w->ctx->err, WEIR_EPENDING, "%s %.8s: still %s",
			f->name, id, f->state_name);
	else
		(void)weir_fail(w->ctx->err, WEIR_EPENDING,
			"%zu of %zu runs have not ended", w->n_live, w->n);
	return weir_hint(w->ctx->err, "weir show %s", id);
}

/* A server that is away for a while is waited for: the runs go on without it. */
static enum weir_rc
poll_once(struct wait *w, bool *was_away)
{
	enum weir_rc rc = weir_follow(w->ctx->session, w->runs, w->n_live, w->ctx->err);
	bool away = rc == WEIR_ENET;

	if (away && !*was_away)
		ctx_note(w->ctx, "%s", w->ctx->err->text);
	*was_away = away;
	if (!rc)
		sort_out(w);
	return away ? WEIR_OK : rc;
}

static enum weir_rc
wait_all(struct wait *w)
{
	bool away = false;
	enum weir_rc rc = poll_once(w, &away);

	while (!rc && w->n_live) {
		int64_t left = w->until_us - weir_monotonic_us();

		if (w->until_us && left <= 0)
			return pending(w);
		rc = weir_follow_pause(w->ctx->session,
			w->until_us && left < poll_us ? left : poll_us, w->ctx->err);
		if (!rc)
			rc = poll_once(w, &away);
	}
	return rc;
}

static enum weir_rc
failed(struct wait *w)
{
	const struct weir_followed *f = w->runs;
	char id[WEIR_ID_TEXT + 1];

	while (f->state == WEIR_ST_COMPLETED)
		f++;
	weir_id_format(&f->id, id);
	if (w->n == 1)
		(void)weir_fail(w->ctx->err, WEIR_ERUNFAILED, "%s %.8s: %s", f->name,
			id, f->state == WEIR_ST_NONE ? "gone" : f->state_name);
	else
		(void)weir_fail(w->ctx->err, WEIR_ERUNFAILED,
			"%zu of %zu runs did not complete", w->n_bad, w->n);
	return weir_hint(w->ctx->err, "weir why %s", id);
}

enum weir_rc
wait_runs(struct ctx *ctx, const struct weir_id *ids, size_t n, int64_t timeout_us)
{
	struct wait w = { .ctx = ctx, .n = n, .n_live = n };
	enum weir_rc rc;

	w.runs = xcalloc(n + 1, sizeof(*w.runs));
	for (size_t i = 0; i < n; i++)
		w.runs[i].id = ids[i];
	if (timeout_us)
		w.until_us = weir_monotonic_us() + timeout_us;
	rc = wait_all(&w);
	if (!rc && w.n_bad)
		rc = failed(&w);
	free(w.runs);
	return rc;
}
