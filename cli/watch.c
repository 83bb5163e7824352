#include "watch.h"

#include <weir/text.h>
#include <weir/time.h>

#include "watch_parts.h"

enum {
	TOLD_MAX = 20, /* runs whose first state is told one by one */
	SHARE = 2,     /* pauses are at least so many times as long as looks */
};

/* What lives is looked at so often; what waits for long less often. */
static const int64_t fast_us = 600000, slow_us = 3000000, paint_us = 250000;
static const int64_t soon_us = 60 * INT64_C(1000000), more_us = 5 * INT64_C(1000000);
/* A look that was not answered in so long is begun anew, with twice as long. */
static const int64_t patience_us = 5 * INT64_C(1000000);
static const int64_t patience_max_us = 60 * INT64_C(1000000);
/* The last look, at the end of the time, may take so long. */
static const int64_t grace_us = 1000000;
/* A server that never answered is waited for so long; one that did, so long. */
static const int64_t never_us = 60 * INT64_C(1000000);
static const int64_t away_us = 900 * INT64_C(1000000);
/* So long may explaining take when all have ended. */
static const int64_t explain_us = 500000;

bool
watch_passes(enum weir_rc rc)
{
	return rc == WEIR_ENET || rc == WEIR_EBUSY || rc == WEIR_EPENDING;
}

/* ---- a look */

static bool
is_over(const struct weir_followed *f)
{
	return f->state == WEIR_ST_NONE || weir_state_is_terminal(f->state);
}

static bool
is_good(const struct watch *w, const struct weir_followed *f)
{
	if (w->o->want == WEIR_ST_CANCELLED && f->state == WEIR_ST_NONE)
		return true;
	return f->state == (w->o->want ? w->o->want : WEIR_ST_COMPLETED);
}

/* What was asked of run r has come. */
static bool
take(struct watch *w, struct watch_run *r, const struct weir_followed *f)
{
	bool changed = !r->known || r->f.state != f->state ||
		       strcmp(r->f.state_name, f->state_name) != 0;

	if (f->state == WEIR_ST_NONE && r->known)
		r->f.state = WEIR_ST_NONE; /* its name is remembered */
	else
		r->f = *f;
	r->known = true;
	if (is_over(f) && !r->ended) {
		r->ended = true;
		w->n_live--;
		w->n_bad += !is_good(w, f);
	}
	return changed;
}

static void
tell_all(struct watch *w, const bool *changed, size_t n_changed)
{
	bool first = !w->answered && n_changed > TOLD_MAX;
	struct buf b = BUF_INIT(512);

	if (!w->n_live)
		w->explain_us = weir_monotonic_us() + explain_us;
	for (size_t i = 0; i < w->runs.n; i++) {
		struct watch_run *r = &w->runs.v[i];

		if (!changed[i])
			continue;
		if (r->ended && !is_good(w, &r->f))
			watch_explain(w, r);
		if (!first || r->ended)
			watch_tell(w, r);
	}
	if (first && w->lines) {
		watch_summary(w, &b);
		ctx_note(w->ctx, "%zu runs: %s", w->runs.n, buf_cstr(&b));
	}
	buf_release(&b);
}

static void
take_all(struct watch *w, const struct weir_followed *live, size_t n)
{
	bool *changed = xcalloc(w->runs.n + 1, sizeof(*changed));
	size_t n_changed = 0, k = 0;

	for (size_t i = 0; i < w->runs.n && k < n; i++) {
		if (w->runs.v[i].ended)
			continue;
		changed[i] = take(w, &w->runs.v[i], &live[k++]);
		n_changed += changed[i];
	}
	tell_all(w, changed, n_changed);
	free(changed);
}

static enum weir_rc
ask(struct watch *w)
{
	struct weir_followed *live = xcalloc(w->n_live + 1, sizeof(*live));
	int64_t began = weir_monotonic_us(), until = began + w->patience_us;
	size_t n = 0;
	enum weir_rc rc;

	for (size_t i = 0; i < w->runs.n; i++)
		if (!w->runs.v[i].ended)
			live[n++].id = w->runs.v[i].f.id;
	if (w->until_us && w->until_us + grace_us < until)
		until = w->until_us + grace_us;
	rc = weir_follow(w->ctx->session, live, n, until, w->ctx->err);
	w->took_us = weir_monotonic_us() - began;
	if (!rc)
		take_all(w, live, n);
	free(live);
	return rc;
}

static void
note(struct watch *w, const char *what, const char *why)
{
	if (w->lines || w->o->quiet)
		ctx_note(w->ctx, "%s%s%s", what, *why ? ": " : "", why);
}

static bool
is_late(const struct watch *w)
{
	return w->until_us && weir_monotonic_us() >= w->until_us;
}

/* The server did not answer: is it time to end? */
static enum weir_rc
stay_away(struct watch *w)
{
	int64_t now = weir_monotonic_us();
	struct weir_err *err = w->ctx->err;

	if (!w->away_us && w->answered && is_late(w))
		return WEIR_OK;
	if (!w->away_us) {
		w->away_us = now - w->took_us;
		w->away_at_us = weir_now_us() - w->took_us;
		note(w, "OFFLINE, it is tried again", err->text);
	}
	if (w->patience_us < patience_max_us)
		w->patience_us *= 2;
	if (now - w->away_us < (w->answered ? away_us : never_us))
		return WEIR_OK;
	err->rc = WEIR_ENET;
	return WEIR_ENET;
}

/* A server that is away for a while is waited for: the runs go on without it. */
static enum weir_rc
look(struct watch *w)
{
	enum weir_rc rc = w->n_live ? ask(w) : WEIR_OK;

	if (rc)
		return watch_passes(rc) ? stay_away(w) : rc;
	if (w->away_us)
		note(w, "the server answers again", "");
	w->away_us = 0;
	w->answered = true;
	w->patience_us = patience_us > w->took_us * 4 ? patience_us : w->took_us * 4;
	return WEIR_OK;
}

/* ---- beside it */

static enum weir_rc
add_more(struct watch *w)
{
	struct watch_ids ids = { 0 };
	struct weir_err err;
	enum weir_rc rc;

	w->more_us = weir_monotonic_us() + more_us;
	rc = w->o->more(w->o->more_arg, &ids, &err);
	for (size_t i = 0; !rc && i < ids.n && w->runs.n < WATCH_MAX; i++) {
		struct watch_run r = { .f.id = ids.v[i], .last_us = WEIR_NO_TIME };
		size_t k = 0;

		while (k < w->runs.n && weir_id_cmp(&w->runs.v[k].f.id, &ids.v[i]) != 0)
			k++;
		if (k < w->runs.n)
			continue;
		VEC_PUSH(&w->runs, r);
		w->n_live++;
	}
	VEC_FREE(&ids);
	if (rc != WEIR_EINTR)
		return WEIR_OK;
	*w->ctx->err = err;
	return rc;
}

static enum weir_rc
beside(struct watch *w)
{
	int64_t now = weir_monotonic_us();
	enum weir_rc rc = WEIR_OK;

	if (w->away_us)
		return WEIR_OK;
	if (w->o->more && now >= w->more_us)
		rc = add_more(w);
	if (!rc && w->in_place && w->n_live && now >= w->detail_us)
		rc = watch_details(w);
	if (!rc && w->o->logs && !w->logs_ended)
		rc = logs_follow_look(&w->logs, &w->logs_ended);
	return rc;
}

static bool
is_near(const struct watch_run *r, int64_t now_us)
{
	if (r->f.state == WEIR_ST_PAUSED)
		return false;
	return r->f.state != WEIR_ST_SCHEDULED || r->f.expected_us == WEIR_NO_TIME ||
	       r->f.expected_us < now_us + soon_us;
}

static int64_t
pause_of(const struct watch *w)
{
	int64_t now = weir_now_us(), us = slow_us;

	if (w->o->interval_us)
		return w->o->interval_us;
	for (size_t i = 0; i < w->runs.n && us == slow_us; i++)
		if (!w->runs.v[i].ended && is_near(&w->runs.v[i], now))
			us = fast_us;
	return us > w->took_us * SHARE ? us : w->took_us * SHARE;
}

static enum weir_rc
rest(struct watch *w)
{
	int64_t end = weir_monotonic_us() + pause_of(w), left;
	enum weir_rc rc = WEIR_OK;

	if (w->until_us && w->until_us < end)
		end = w->until_us;
	while (!rc && (left = end - weir_monotonic_us()) > 0) {
		rc = weir_follow_pause(w->ctx->session,
			left < paint_us ? left : paint_us, w->ctx->err);
		if (!rc)
			watch_paint(w);
	}
	return rc;
}

static bool
is_done(const struct watch *w)
{
	if (w->o->fail_fast && w->n_bad)
		return true;
	return !w->n_live && !w->o->more;
}

static enum weir_rc
watch_all(struct watch *w)
{
	enum weir_rc rc;

	for (;;) {
		rc = look(w);
		if (!rc)
			rc = beside(w);
		if (!rc)
			watch_paint(w);
		if (rc || is_done(w) || is_late(w))
			return rc;
		rc = rest(w);
		if (rc)
			return rc;
	}
}

/* ---- the end */

static enum weir_rc
pending(struct watch *w)
{
	const struct watch_run *r = w->runs.v;
	char id[WEIR_ID_TEXT + 1];

	if (w->away_us)
		return weir_fail(w->ctx->err, WEIR_ENET,
			"the time is over, and the server does not answer");
	while (r->ended)
		r++;
	weir_id_format(&r->f.id, id);
	if (w->runs.n == 1)
		(void)weir_fail(w->ctx->err, WEIR_EPENDING, "%s %.8s: still %s",
			r->f.name, id, r->f.state_name);
	else
		(void)weir_fail(w->ctx->err, WEIR_EPENDING,
			"%zu of %zu runs have not ended", w->n_live, w->runs.n);
	return weir_hint(w->ctx->err, "weir show %s", id);
}

static enum weir_rc
failed(struct watch *w)
{
	const struct watch_run *r = w->runs.v;
	char id[WEIR_ID_TEXT + 1];

	while (!r->ended || is_good(w, &r->f))
		r++;
	weir_id_format(&r->f.id, id);
	if (w->runs.n == 1)
		(void)weir_fail(w->ctx->err, WEIR_ERUNFAILED, "%s %.8s: %s", r->f.name,
			id, r->f.state == WEIR_ST_NONE ? "gone" : r->f.state_name);
	else
		(void)weir_fail(w->ctx->err, WEIR_ERUNFAILED,
			"%zu of %zu runs did not complete", w->n_bad, w->runs.n);
	return weir_hint(w->ctx->err, "weir why %s", id);
}

/* Nothing is stopped by leaving. */
static void
say_left(struct watch *w)
{
	if (w->in_place)
		fputs("\r\033[K", stderr); /* the terminal's own ^C */
	if (w->n_live)
		ctx_note(w->ctx, "no longer watched; %zu run%s on as before", w->n_live,
			w->n_live == 1 ? " goes" : "s go");
}

static void
set_result(const struct watch *w, struct watch_result *ret)
{
	*ret = (struct watch_result){ .n_live = w->n_live, .n_bad = w->n_bad };
	for (size_t i = w->runs.n; i-- > 0;)
		if (!w->runs.v[i].ended || !is_good(w, &w->runs.v[i].f))
			ret->first = w->runs.v[i].f.id;
}

static enum weir_rc
finish(struct watch *w, enum weir_rc rc)
{
	struct weir_err why = *w->ctx->err;
	enum weir_rc wrote = WEIR_OK;

	if (rc == WEIR_EINTR) {
		say_left(w);
		return rc;
	}
	/* The rows say it again, on the same terminal. */
	if (w->o->rows && w->ctx->tty_out)
		watch_unpaint(w);
	else
		watch_paint(w);
	if (w->answered)
		wrote = watch_rows(w);
	if (wrote)
		return wrote;
	*w->ctx->err = why;
	watch_ring(w);
	if (rc)
		return rc;
	if (w->n_bad)
		return failed(w);
	return w->n_live ? pending(w) : WEIR_OK;
}

/* ---- the beginning */

static bool
env_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v;
}

static void
find_display(struct watch *w)
{
	const struct ctx *ctx = w->ctx;
	const char *term = getenv("TERM"), *when;
	bool calm = weir_config_bool(ctx->config, WEIR_KEY_ACCESSIBLE) ||
		    (env_set("ACCESSIBLE") && strcmp(getenv("ACCESSIBLE"), "0") != 0);

	if (ctx->g.quiet || w->o->quiet)
		return;
	w->in_place = ctx->tty_err && !calm && !env_set("CI") && !ctx->g.verbose &&
		      term && *term && strcmp(term, "dumb") != 0;
	w->lines = !w->in_place;
	when = weir_config_str(ctx->config, WEIR_KEY_COLOR);
	w->colour = w->in_place && !env_set("NO_COLOR");
	if (when && strcmp(when, "auto") != 0)
		w->colour = strcmp(when, "always") == 0;
}

static void
before_lines(void *arg)
{
	watch_unpaint(arg);
}

static enum weir_rc
begin_logs(struct watch *w)
{
	struct logs_job *j = &w->logs;

	w->log_args.n = -1;
	*j = (struct logs_job){ .ctx = w->ctx,
		.args = &w->log_args,
		.before = before_lines,
		.before_arg = w };
	j->n_roots = w->o->n;
	j->roots = xcalloc(w->o->n + 1, sizeof(*j->roots));
	memcpy(j->roots, w->o->ids, w->o->n * sizeof(*j->roots));
	logs_printer_init(&j->printer, w->ctx, w->ctx->tty_out ? LOGS_PEOPLE : LOGS_RAW,
		false, -1);
	j->printer.many = w->o->n > 1;
	return logs_follow_begin(j);
}

/* The last lines come a little after the end. */
static enum weir_rc
end_logs(struct watch *w, enum weir_rc rc)
{
	struct logs_job *j = &w->logs;

	for (int i = 0; !rc && !w->n_live && !w->logs_ended && i < 3; i++)
		rc = logs_follow_look(j, &w->logs_ended);
	rc = sink_close(&j->printer.sink, rc);
	logs_printer_release(&j->printer);
	logs_release_sources(j);
	free(j->roots);
	return rc;
}

enum weir_rc
watch_runs(struct ctx *ctx, const struct watch_options *o)
{
	struct watch w = { .ctx = ctx, .o = o, .n_live = o->n };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < o->n; i++) {
		struct watch_run r = { .f.id = o->ids[i], .last_us = WEIR_NO_TIME };

		VEC_PUSH(&w.runs, r);
	}
	w.began_us = weir_monotonic_us();
	w.until_us = o->timeout_us ? w.began_us + o->timeout_us : 0;
	w.patience_us = patience_us;
	frame_init(&w.frame);
	find_display(&w);
	if (o->logs)
		rc = begin_logs(&w);
	if (!rc)
		rc = watch_all(&w);
	if (o->logs)
		rc = end_logs(&w, rc);
	rc = finish(&w, rc);
	if (o->ret_result)
		set_result(&w, o->ret_result);
	for (size_t i = 0; i < w.runs.n; i++)
		free(w.runs.v[i].why);
	VEC_FREE(&w.runs);
	frame_release(&w.frame);
	return rc;
}

enum weir_rc
watch_timeout(struct ctx *ctx, const struct watch_args *args, int64_t *ret_us)
{
	const char *name = ctx->cmd->name;

	*ret_us = 0;
	if (!args->timeout)
		return WEIR_OK;
	if (!args->wait && !args->watch) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "%s: --timeout needs --wait", name);
		return weir_hint(ctx->err, "weir %s --wait --timeout %.60s ...", name,
			args->timeout);
	}
	if (weir_duration_parse(str_of(args->timeout), ret_us) && *ret_us > 0)
		return WEIR_OK;
	return weir_fail(ctx->err, WEIR_EUSAGE,
		"%s: --timeout '%.60s': not a duration such as 20m", name,
		args->timeout);
}

enum weir_rc
watch_started(struct ctx *ctx, const struct weir_id *ids, size_t n, int64_t timeout_us,
	bool show, bool lines)
{
	const struct watch_options o = {
		.ids = ids,
		.n = n,
		.timeout_us = timeout_us,
		.quiet = !show,
		.rows = show && lines,
	};

	return watch_runs(ctx, &o);
}
