/*
 * A metadata service: the list of runs of each flow, and all records of a run in one
 * request. Only what is needed of the records is kept.
 */
#include <stdlib.h>

#include "env_map.h"
#include "mf_ask.h"

enum { FETCHED_MAX = 8, FAILS_MAX = 3 };

VEC_TYPE(objects, struct mf_object);

/* What was got of one run. */
struct fetched {
	struct str flow, run; /* of arena */
	struct arena arena;
	struct objects records;
	struct mf_object self;
	bool has_self;
	struct mf_ask_call call, self_call;
};

struct service {
	struct mf_source source;
	struct mf_ask *ask;
	struct fetched got[FETCHED_MAX];
	size_t n_got;
	int64_t since_us;
	int fails; /* runs that could not be had, one after another */
};

static struct str
keep(struct arena *a, struct str s)
{
	return (struct str){ arena_strndup(a, s.s ? s.s : "", s.len), s.len };
}

/* ---- the list */

struct listing {
	struct service *s;
	const struct mf_sink *sink;
	struct arena arena;
	VEC(struct str) flows;
	struct str flow; /* whose runs are listed */
	int64_t oldest_us, last_us;
	bool sorted; /* newest first, as far as seen */
	enum weir_rc rc;
};

static void
on_flow(void *arg, const struct mf_object *o)
{
	struct listing *l = arg;
	struct str name = keep(&l->arena, o->flow);

	if (l->rc || !mf_id_is_name(name))
		return;
	VEC_PUSH(&l->flows, name);
	l->rc = l->sink->flow(l->sink->arg, o);
}

/* Two services' lists of a run differ when something of the run does. */
static uint64_t
mark_of(const struct mf_object *o)
{
	const int64_t times[] = { o->ts_us, o->heartbeat_us };
	struct env_sum sum = env_map_sum3(o->tags, o->system_tags,
		(struct str){ (const char *)times, sizeof(times) });
	uint64_t mark;

	memcpy(&mark, sum.b, sizeof(mark));
	return mark ? mark : 1;
}

static void
on_run(void *arg, const struct mf_object *o)
{
	struct listing *l = arg;
	struct mf_run run = { .flow = l->flow,
		.run = o->run,
		.at_us = o->ts_us,
		.mark = mark_of(o),
		.self = *o,
		.has_self = true };

	if (l->rc || !mf_id_is_name(o->run) || o->run.s[0] == '_' ||
		o->ts_us == WEIR_NO_TIME)
		return;
	l->sorted = l->sorted && o->ts_us <= l->last_us;
	l->last_us = o->ts_us;
	if (o->ts_us < l->oldest_us)
		l->oldest_us = o->ts_us;
	l->rc = l->sink->run(l->sink->arg, &run);
}

/* Runs that come newest first need not be listed to their end. */
static bool
more_runs(void *arg)
{
	const struct listing *l = arg;

	return !l->rc && !(l->sorted && l->oldest_us < l->s->since_us);
}

static enum weir_rc
ask(struct listing *l, struct mf_ask_call *c, struct weir_err *err)
{
	enum weir_rc rc;

	mf_ask_put(l->s->ask, c);
	rc = mf_ask_wait(l->s->ask, l->sink, err);
	if (!rc && c->rc) {
		rc = c->rc;
		if (err)
			*err = c->err;
	}
	mf_ask_release(c);
	return rc ? rc : l->rc;
}

static enum weir_rc
list_runs(struct listing *l, struct weir_err *err)
{
	struct mf_ask_call c = { .path = mf_ask_path(&l->flow, 1, "/runs"),
		.object = on_run,
		.more = more_runs,
		.arg = l };
	enum weir_rc rc;

	l->oldest_us = l->last_us = INT64_MAX;
	l->sorted = true;
	rc = ask(l, &c, err);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc; /* the flow has gone */
}

static enum weir_rc
list(struct mf_source *source, const struct mf_sink *sink, struct weir_err *err)
{
	struct service *s = (struct service *)source;
	struct listing l = { .s = s, .sink = sink };
	struct mf_ask_call c = {
		.path = xstrdup("/flows"), .object = on_flow, .arg = &l
	};
	enum weir_rc rc = ask(&l, &c, err);

	for (size_t i = 0; !rc && i < l.flows.n; i++) {
		l.flow = l.flows.v[i];
		rc = list_runs(&l, err);
	}
	VEC_FREE(&l.flows);
	arena_free(&l.arena);
	return rc;
}

/* ---- runs */

static void
on_record(void *arg, const struct mf_object *o)
{
	static const char *const wanted[] = { "attempt", "attempt_ok", "attempt-done",
		"code-package", "conda_env_id", "conda_env_prefix", "ds-root",
		"ds-type", "foreach-stack", "origin-run-id", "origin-task-id" };
	struct fetched *f = arg;
	struct mf_object k = *o;

	if (!mf_id_is_name(o->step) || o->step.s[0] == '_' || !mf_id_is_name(o->task) ||
		o->ts_us == WEIR_NO_TIME)
		return;
	k.field = (struct str){ "", 0 }; /* that there is one makes a task */
	k.value = k.field;
	for (size_t i = 0; i < N_ELEM(wanted); i++) {
		if (str_eq(o->field, wanted[i])) {
			k.field = str_of(wanted[i]);
			k.value = keep(&f->arena, o->value);
		}
	}
	k.flow = k.run = k.user = k.tags = k.system_tags = (struct str){ "", 0 };
	k.step = keep(&f->arena, o->step);
	k.task = keep(&f->arena, o->task);
	VEC_PUSH(&f->records, k);
}

static void
on_self(void *arg, const struct mf_object *o)
{
	struct fetched *f = arg;

	f->self = *o;
	f->self.user = keep(&f->arena, o->user);
	f->self.tags = keep(&f->arena, o->tags);
	f->self.system_tags = keep(&f->arena, o->system_tags);
	f->has_self = true;
}

static void
forget(struct service *s)
{
	for (size_t i = 0; i < s->n_got; i++) {
		struct fetched *f = &s->got[i];

		mf_ask_release(&f->call);
		mf_ask_release(&f->self_call);
		VEC_FREE(&f->records);
		arena_free(&f->arena);
	}
	s->n_got = 0;
}

static void
put(struct service *s, const struct mf_run *run)
{
	struct fetched *f = &s->got[s->n_got++];
	const struct str parts[] = { run->flow, run->run };

	*f = (struct fetched){ 0 };
	f->flow = keep(&f->arena, run->flow);
	f->run = keep(&f->arena, run->run);
	f->call = (struct mf_ask_call){ .path = mf_ask_path(parts, 2, "/metadata"),
		.object = on_record,
		.arg = f };
	mf_ask_put(s->ask, &f->call);
	if (run->has_self)
		return;
	f->self_call = (struct mf_ask_call){ .path = mf_ask_path(parts, 2, ""),
		.one = true,
		.object = on_self,
		.arg = f };
	mf_ask_put(s->ask, &f->self_call);
}

static enum weir_rc
fetch(struct mf_source *source, const struct mf_run *const *runs, size_t n,
	const struct mf_sink *sink, struct weir_err *err)
{
	struct service *s = (struct service *)source;
	enum weir_rc rc;

	forget(s);
	for (size_t i = 0; i < n && i < FETCHED_MAX; i++)
		put(s, runs[i]);
	rc = mf_ask_wait(s->ask, sink, err);
	if (rc)
		forget(s);
	return rc;
}

static int
cmp_record(const void *a, const void *b)
{
	const struct mf_object *x = a, *y = b;
	size_t n = x->step.len < y->step.len ? x->step.len : y->step.len;
	int d = memcmp(x->step.s, y->step.s, n);

	if (!d && x->step.len != y->step.len)
		d = x->step.len < y->step.len ? -1 : 1;
	if (d)
		return d;
	n = x->task.len < y->task.len ? x->task.len : y->task.len;
	d = memcmp(x->task.s, y->task.s, n);
	if (!d && x->task.len != y->task.len)
		d = x->task.len < y->task.len ? -1 : 1;
	return d;
}

static bool
same_task(const struct mf_object *a, const struct mf_object *b)
{
	return str_equal(a->step, b->step) && str_equal(a->task, b->task);
}

static enum weir_rc
tell_task(const struct mf_sink *sink, const struct mf_run *run,
	struct mf_object *records, size_t n)
{
	struct mf_task t = { .flow = run->flow,
		.run = run->run,
		.step = records[0].step,
		.task = records[0].task,
		.created_us = records[0].ts_us,
		.active_us = records[0].ts_us,
		.done = { -1, false, -1, 0, WEIR_NO_TIME } };
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (records[i].ts_us < t.created_us)
			t.created_us = records[i].ts_us;
		if (records[i].ts_us > t.active_us)
			t.active_us = records[i].ts_us;
		if (records[i].field.len)
			records[kept++] = records[i];
	}
	t.records = records;
	t.n_records = kept;
	sink->has_task(sink->arg, t.step, t.task, 0);
	return sink->task(sink->arg, &t);
}

static enum weir_rc
tell_tasks(struct fetched *f, const struct mf_run *run, const struct mf_sink *sink)
{
	enum weir_rc rc = WEIR_OK;
	size_t n = f->records.n;

	if (n)
		qsort(f->records.v, n, sizeof(*f->records.v), cmp_record);
	for (size_t from = 0, to; !rc && from < n; from = to) {
		for (to = from + 1; to < n; to++)
			if (!same_task(&f->records.v[from], &f->records.v[to]))
				break;
		rc = tell_task(sink, run, f->records.v + from, to - from);
	}
	return rc;
}

/* A run that cannot be had is left out; not one after another. */
static enum weir_rc
skip(struct service *s, const struct mf_ask_call *c, const struct mf_sink *sink,
	struct weir_err *err)
{
	if (err)
		*err = c->err;
	if (c->rc == WEIR_ENOTFOUND)
		return c->rc;
	if (!c->of_this || ++s->fails >= FAILS_MAX)
		return c->rc;
	sink->note(sink->arg, c->err.text);
	return WEIR_ENOTFOUND;
}

static enum weir_rc
read_one(struct mf_source *source, const struct mf_run *run, const struct mf_sink *sink,
	struct arena *arena, struct mf_object *ret_self, struct weir_err *err)
{
	struct service *s = (struct service *)source;
	struct fetched *f = NULL;

	for (size_t i = 0; !f && i < s->n_got; i++)
		if (str_equal(s->got[i].flow, run->flow) &&
			str_equal(s->got[i].run, run->run))
			f = &s->got[i];
	BUG_ON(!f);
	if (f->call.rc)
		return skip(s, &f->call, sink, err);
	if (f->self_call.rc)
		return skip(s, &f->self_call, sink, err);
	s->fails = 0;
	*ret_self = run->self;
	if (!run->has_self) {
		*ret_self = f->self;
		ret_self->user = keep(arena, f->self.user);
		ret_self->tags = keep(arena, f->self.tags);
		ret_self->system_tags = keep(arena, f->self.system_tags);
	}
	return tell_tasks(f, run, sink);
}

static void
service_close(struct mf_source *source)
{
	struct service *s = (struct service *)source;

	forget(s);
	mf_ask_close(s->ask);
	free(s->source.name);
	free(s);
}

static const struct mf_source_ops service_ops = { list, read_one, fetch,
	service_close };

enum weir_rc
mf_service_open(const struct weir_metaflow_open *how, struct mf_source **ret_source,
	struct weir_err *err)
{
	struct service *s = xcalloc(1, sizeof(*s));
	int64_t parallel = weir_config_int(how->config, WEIR_KEY_PARALLEL);
	enum weir_rc rc = mf_ask_open(how, &s->ask, err);

	if (rc) {
		free(s);
		return rc;
	}
	s->source.ops = &service_ops;
	s->source.name = xstrdup(mf_ask_name(s->ask));
	s->source.beats = true;
	s->source.together = parallel < 1             ? 1
			     : parallel > FETCHED_MAX ? FETCHED_MAX
						      : (size_t)parallel;
	s->source.from_us = s->since_us = how->since_us;
	*ret_source = &s->source;
	return WEIR_OK;
}
