/* A list against what is known, then what is due, newest first. */
#include "mf_sync.h"

#include <stdlib.h>

#include "env_map.h"
#include "mf_put.h"
#include "store_priv.h"

enum {
	NOTES_MAX = 20,    /* of one kind of trouble, a person needs no more */
	TOGETHER_MS = 300, /* of a transaction */
	TOGETHER_MAX = 64,
	ORIGINS_MAX = 50, /* runs that others were resumed from, of one round */
	ORIGIN_ROUNDS = 4,
	ASKED = -1, /* in the index: a run that is no row of known */
};

struct known {
	struct weir_id run;
	uint64_t mark;
	bool settled, seen;
	bool stays; /* as it is until its files change */
	int64_t at_us;
};

struct due {
	struct mf_run run; /* texts in the arena */
};

struct known_task {
	struct weir_id id;
	uint64_t mark;
	bool seen;
};

struct mf_sync {
	const struct weir_metaflow_open *how;
	struct mf_source *source;
	struct buf *notes;
	size_t n_notes;
	struct env_map said;  /* notes */
	struct arena arena;   /* of the list */
	struct env_map index; /* pathspec of a run: place in known, and one */
	VEC(struct known) known;
	VEC(struct due) due;
	VEC(struct mf_object) flows;
	int64_t began_us;
	bool first; /* there is nothing yet: the budget waits a little */
	bool some;  /* runs were taken: who waits for the first can go on */

	/* the run that is read */
	struct weir_store *s;
	struct mf_alive alive;
	struct weir_id run;
	struct str flow, name;
	VEC(struct known_task) tasks;
	bool differs; /* a task of it, when it is only looked at */
	size_t changed;
	struct weir_err *err;
};

struct mf_sync *
mf_sync_new(const struct weir_metaflow_open *how, struct mf_source *source,
	struct buf *notes)
{
	struct mf_sync *y = xcalloc(1, sizeof(*y));

	y->how = how;
	y->source = source;
	y->notes = notes;
	y->began_us = weir_monotonic_us();
	return y;
}

void
mf_sync_free(struct mf_sync *y)
{
	if (!y)
		return;
	arena_free(&y->arena);
	env_map_free(&y->index);
	env_map_free(&y->said);
	VEC_FREE(&y->known);
	VEC_FREE(&y->due);
	VEC_FREE(&y->flows);
	VEC_FREE(&y->tasks);
	mf_alive_release(&y->alive);
	free(y);
}

static void
on_note(void *arg, const char *text)
{
	struct mf_sync *y = arg;
	struct env_sum sum = env_map_sum(str_of(text));
	int64_t *said = env_map_at(&y->said, &sum);

	if (*said)
		return;
	*said = 1;
	y->n_notes++;
	if (!y->notes || y->n_notes > NOTES_MAX)
		return;
	buf_adds(y->notes, text);
	buf_addc(y->notes, '\n');
}

static void
say_rest(struct mf_sync *y)
{
	if (y->notes && y->n_notes > NOTES_MAX)
		buf_addf(y->notes, "%s: %zu more such\n", y->source->name,
			y->n_notes - NOTES_MAX);
	y->n_notes = 0;
}

static bool
on_go_on(void *arg)
{
	const struct mf_sync *y = arg;
	int64_t budget_ms = y->how->budget_ms;

	if (y->how->stop && atomic_load(y->how->stop))
		return false;
	if (y->first && !y->some && budget_ms < y->how->first_ms)
		budget_ms = y->source->ops->fetch ? y->how->first_ms : 0;
	return !y->how->budget_ms || !budget_ms ||
	       weir_monotonic_us() - y->began_us < budget_ms * 1000;
}

/* ---- looking */

static enum weir_rc
read_known(struct mf_sync *y, struct weir_store *s, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_MF_RUNS, &st, err);

	if (rc)
		return rc;
	while (!(rc = db_step(&s->db, st, &row, err)) && row) {
		struct known k = { db_id(st, 0), (uint64_t)sqlite3_column_int64(st, 2),
			sqlite3_column_int(st, 3) != 0, false,
			mf_put_stays((enum weir_state)sqlite3_column_int(st, 5),
				db_time(st, 6)),
			db_time(st, 4) };
		struct env_sum sum = env_map_sum(db_str(st, 1));

		VEC_PUSH(&y->known, k);
		*env_map_at(&y->index, &sum) = (int64_t)y->known.n;
	}
	db_reset(st);
	return rc;
}

/* Of a run in the index. */
static int64_t *
place_of(struct mf_sync *y, struct str flow, struct str run)
{
	struct buf path = BUF_INIT(2 * MF_NAME_MAX + 8);
	struct env_sum sum;

	buf_addstr(&path, flow);
	buf_addc(&path, '/');
	buf_addstr(&path, run);
	sum = env_map_sum(buf_str(&path));
	buf_release(&path);
	return env_map_at(&y->index, &sum);
}

static struct str
keep(struct mf_sync *y, struct str s)
{
	return (struct str){ arena_strndup(&y->arena, s.s ? s.s : "", s.len), s.len };
}

static struct mf_object
keep_object(struct mf_sync *y, const struct mf_object *o)
{
	struct mf_object k = *o;

	k.flow = keep(y, o->flow);
	k.run = keep(y, o->run);
	k.user = keep(y, o->user);
	k.tags = keep(y, o->tags);
	k.system_tags = keep(y, o->system_tags);
	return k;
}

static enum weir_rc
on_flow(void *arg, const struct mf_object *self)
{
	struct mf_sync *y = arg;
	struct mf_object o = keep_object(y, self);

	VEC_PUSH(&y->flows, o);
	return WEIR_OK;
}

static enum weir_rc
on_run(void *arg, const struct mf_run *run)
{
	struct mf_sync *y = arg;
	int64_t *place = place_of(y, run->flow, run->run);
	struct known *k = *place > 0 ? &y->known.v[*place - 1] : NULL;
	struct due d = { .run = *run };

	if (*place == ASKED)
		return WEIR_OK; /* told twice */
	if (k) {
		k->seen = true;
		if (k->settled && k->mark && k->mark == run->mark)
			return WEIR_OK;
	} else if (y->source->from_us != WEIR_NO_TIME &&
		   run->at_us < y->source->from_us) {
		return WEIR_OK;
	} else {
		*place = ASKED;
	}
	d.run.flow = keep(y, run->flow);
	d.run.run = keep(y, run->run);
	if (run->has_self)
		d.run.self = keep_object(y, &run->self);
	VEC_PUSH(&y->due, d);
	return WEIR_OK;
}

static int
cmp_due(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	return x->run.at_us < y->run.at_us ? 1 : x->run.at_us > y->run.at_us ? -1 : 0;
}

static bool on_has_task(void *arg, struct str step, struct str task, uint64_t mark);
static enum weir_rc on_task(void *arg, const struct mf_task *task);

static struct mf_sink
sink_of(struct mf_sync *y)
{
	return (struct mf_sink){ y, on_flow, on_run, on_has_task, on_task, on_note,
		on_go_on };
}

/* Not listed, though it would have been. */
static bool
is_gone(const struct mf_sync *y, const struct known *k)
{
	return !k->seen &&
	       (y->source->from_us == WEIR_NO_TIME || k->at_us >= y->source->from_us);
}

static enum weir_rc read_tasks(struct mf_sync *y);

/* Whether it is there as it is known; it is not read here. */
static bool
on_looks_at_task(void *arg, struct str step, struct str task, uint64_t mark)
{
	struct mf_sync *y = arg;

	if (!on_has_task(arg, step, task, mark))
		y->differs = true;
	return true;
}

/*
 * Are the files of a run those that were read? Its tasks are looked at, none is opened.
 */
static bool
is_same(struct mf_sync *y, const struct mf_run *run, const struct known *k)
{
	struct mf_sink sink = sink_of(y);
	struct mf_object self;
	struct arena arena = { 0 };
	struct weir_err why;
	bool same;

	sink.has_task = on_looks_at_task;
	y->run = k->run;
	y->flow = run->flow;
	y->name = run->run;
	y->differs = false;
	y->err = &why;
	same = !read_tasks(y) &&
	       !y->source->ops->read(y->source, run, &sink, &arena, &self, &why);
	for (size_t i = 0; same && i < y->tasks.n; i++)
		same = y->tasks.v[i].seen;
	arena_free(&arena);
	return same && !y->differs;
}

/* Those that may go on, but have not: nothing is to be written for them. */
static void
drop_same(struct mf_sync *y)
{
	size_t n = 0;

	for (size_t i = 0; i < y->due.n; i++) {
		const struct mf_run *run = &y->due.v[i].run;
		int64_t place = *place_of(y, run->flow, run->run);
		const struct known *k = place > 0 ? &y->known.v[place - 1] : NULL;

		if (!k || !k->stays || !k->mark || k->mark != run->mark ||
			!is_same(y, run, k))
			y->due.v[n++] = y->due.v[i];
	}
	y->due.n = n;
}

enum weir_rc
mf_sync_look(
	struct mf_sync *y, struct weir_store *s, bool *ret_due, struct weir_err *err)
{
	struct mf_sink sink = sink_of(y);
	bool gone = false;
	enum weir_rc rc = read_known(y, s, err);

	y->first = !y->known.n;
	if (!rc)
		rc = y->source->ops->list(y->source, &sink, err);
	if (rc)
		return rc;
	y->s = s;
	if (!y->source->ops->fetch)
		drop_same(y);
	for (size_t i = 0; i < y->known.n; i++)
		gone = gone || is_gone(y, &y->known.v[i]);
	if (y->due.n)
		qsort(y->due.v, y->due.n, sizeof(*y->due.v), cmp_due);
	*ret_due = y->due.n || gone;
	return WEIR_OK;
}

/* ---- one run */

static int
cmp_task(const void *a, const void *b)
{
	return weir_id_cmp(a, b); /* the id is the first member */
}

static struct known_task *
find_task(struct mf_sync *y, const struct weir_id *id)
{
	return y->tasks.n ? bsearch(id, y->tasks.v, y->tasks.n, sizeof(*y->tasks.v),
				    cmp_task)
			  : NULL;
}

static enum weir_rc
read_tasks(struct mf_sync *y)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&y->s->db, SQL_MF_TASKS, &st, y->err);

	y->tasks.n = 0;
	if (rc)
		return rc;
	db_bind_id(st, 1, &y->run);
	while (!(rc = db_step(&y->s->db, st, &row, y->err)) && row) {
		struct known_task t = { db_id(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1), false };

		VEC_PUSH(&y->tasks, t);
	}
	db_reset(st);
	return rc;
}

static bool
on_has_task(void *arg, struct str step, struct str task, uint64_t mark)
{
	struct mf_sync *y = arg;
	const struct str parts[] = { y->flow, y->name, step, task };
	struct known_task *t;
	struct weir_id id;

	if (mf_id(parts, N_ELEM(parts), &id, NULL))
		return false;
	t = find_task(y, &id);
	if (t)
		t->seen = true;
	return t && t->mark && t->mark == mark;
}

static enum weir_rc
on_task(void *arg, const struct mf_task *task)
{
	struct mf_sync *y = arg;

	return mf_put_task(y->s, &y->run, task, &y->changed, y->err);
}

/* Tasks that are not there any more, of a run that was read to its end. */
static enum weir_rc
drop_tasks(struct mf_sync *y)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < y->tasks.n; i++)
		if (!y->tasks.v[i].seen)
			rc = mf_put_task_gone(y->s, &y->tasks.v[i].id, y->err);
	return rc;
}

static enum weir_rc
take_run(struct mf_sync *y, const struct mf_run *run, struct weir_sync_result *result)
{
	const struct str parts[] = { run->flow, run->run };
	struct mf_sink sink = sink_of(y);
	struct mf_object self = run->self;
	struct arena arena = { 0 };
	size_t runs = 0;
	enum weir_rc rc = mf_id(parts, N_ELEM(parts), &y->run, y->err);

	y->flow = run->flow;
	y->name = run->run;
	y->changed = 0;
	if (!rc)
		rc = read_tasks(y);
	if (!rc)
		rc = y->source->ops->read(y->source, run, &sink, &arena, &self, y->err);
	if (!rc)
		rc = drop_tasks(y);
	if (!rc)
		rc = mf_put_run(y->s, run, &self, y->source->beats ? NULL : &y->alive,
			&runs, y->err);
	arena_free(&arena);
	result->task_runs += (int64_t)y->changed;
	result->runs += (int64_t)runs;
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

/* ---- taking in */

static enum weir_rc
drop_gone(struct mf_sync *y, struct weir_sync_result *result)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < y->known.n; i++) {
		if (!is_gone(y, &y->known.v[i]))
			continue;
		rc = mf_put_run_gone(y->s, &y->known.v[i].run, y->err);
		result->deleted++;
	}
	return rc;
}

static enum weir_rc
take_first(struct mf_sync *y, struct weir_sync_result *result)
{
	enum weir_rc rc = store_begin(y->s, y->err);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < y->flows.n; i++)
		rc = mf_put_flow(y->s, &y->flows.v[i], y->err);
	if (!rc)
		rc = drop_gone(y, result);
	return store_end(y->s, rc, y->err);
}

static enum weir_rc
fetch(struct mf_sync *y, size_t from, size_t n)
{
	const struct mf_run *runs[TOGETHER_MAX];
	struct mf_sink sink = sink_of(y);

	for (size_t i = 0; i < n; i++)
		runs[i] = &y->due.v[from + i].run;
	return y->source->ops->fetch(y->source, runs, n, &sink, y->err);
}

/* As many as a transaction should have; *at moves on. */
static enum weir_rc
take_some(struct mf_sync *y, size_t *at, struct weir_sync_result *result)
{
	size_t n = y->due.n - *at < y->source->together ? y->due.n - *at
							: y->source->together;
	bool fetched = y->source->ops->fetch != NULL;
	int64_t until;
	enum weir_rc rc = fetched ? fetch(y, *at, n) : WEIR_OK;

	if (!rc)
		rc = store_begin(y->s, y->err);
	if (rc)
		return rc;
	until = weir_monotonic_us() + TOGETHER_MS * 1000;
	for (; !rc && n && (fetched || (weir_monotonic_us() < until && on_go_on(y)));
		n--)
		rc = take_run(y, &y->due.v[(*at)++].run, result);
	if (!rc)
		rc = mf_put_clones(y->s, y->err);
	return store_end(y->s, rc, y->err);
}

static void
tell(struct mf_sync *y, size_t done)
{
	struct weir_progress p = { .what = "Metaflow's runs",
		.done = (int64_t)done,
		.total = (int64_t)y->due.n,
		.changed = true,
		.finished = done > 0 || !y->due.n };

	if (y->how->progress)
		y->how->progress(y->how->arg, &p);
}

static enum weir_rc
take_due(struct mf_sync *y, struct weir_sync_result *result)
{
	enum weir_rc rc = WEIR_OK;
	size_t at = 0;

	while (!rc && at < y->due.n && on_go_on(y)) {
		rc = take_some(y, &at, result);
		y->some = true;
		tell(y, at);
	}
	if ((!rc || rc == WEIR_EINTR) && at < y->due.n)
		return weir_fail(y->err, WEIR_EPENDING,
			"%s: %zu of %zu runs are not read yet", y->source->name,
			y->due.n - at, y->due.n);
	return rc;
}

/* Runs that tasks were cloned from and that are not among those listed. */
static enum weir_rc
find_origins(struct mf_sync *y)
{
	sqlite3_stmt *st = NULL;
	struct str parts[MF_PARTS];
	bool row = false;
	enum weir_rc rc = db_get(&y->s->db, SQL_MF_ORIGINS, &st, y->err);

	y->due.n = 0;
	if (rc)
		return rc;
	while (y->due.n < ORIGINS_MAX && !(rc = db_step(&y->s->db, st, &row, y->err)) &&
		row) {
		struct due d = { .run = { .at_us = 0 } };
		int64_t *known;

		if (mf_id_split(db_str(st, 0), parts) != MF_PARTS)
			continue;
		known = place_of(y, parts[0], parts[1]);
		if (*known)
			continue;
		*known = ASKED;
		d.run.flow = keep(y, parts[0]);
		d.run.run = keep(y, parts[1]);
		VEC_PUSH(&y->due, d);
	}
	db_reset(st);
	return rc;
}

/* They may be clones themselves. */
static enum weir_rc
take_origins(struct mf_sync *y, struct weir_sync_result *result)
{
	enum weir_rc rc = WEIR_OK;

	for (int i = 0; !rc && i < ORIGIN_ROUNDS; i++) {
		rc = find_origins(y);
		if (rc || !y->due.n)
			break;
		rc = take_due(y, result);
	}
	return rc;
}

enum weir_rc
mf_sync_take(struct mf_sync *y, struct weir_store *s, struct weir_sync_result *result,
	struct weir_err *err)
{
	int64_t before = result->task_runs;
	enum weir_rc rc;

	y->s = s;
	y->err = err;
	rc = take_first(y, result);
	if (!rc)
		rc = take_due(y, result);
	if (!rc && y->source->ops->fetch && result->task_runs > before)
		rc = take_origins(y, result);
	say_rest(y);
	result->whole = !rc;
	return rc;
}
