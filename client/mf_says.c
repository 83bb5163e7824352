#include "mf_says.h"

#include "weir/env.h"

static int
to_number(struct str s)
{
	int n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] < '0' || s.s[i] > '9' || n > 1 << 20)
			return -1;
		n = n * 10 + (s.s[i] - '0');
	}
	return s.len ? n : -1;
}

/* Old releases give records no attempt: then time tells. */
static bool
all_are_tagged(const struct mf_task *t)
{
	for (size_t i = 0; i < t->n_records; i++)
		if (t->records[i].attempt < 0)
			return false;
	return true;
}

/* When attempt n was begun, by its record; INT64_MAX: it was not. */
static int64_t
begun_us(const struct mf_task *t, int n)
{
	int64_t us = INT64_MAX;

	for (size_t i = 0; i < t->n_records; i++) {
		const struct mf_object *o = &t->records[i];

		if (str_eq(o->field, "attempt") && to_number(o->value) == n &&
			o->ts_us < us)
			us = o->ts_us;
	}
	return us;
}

/* Does the record belong to the attempt? -1: any does. */
struct span {
	int attempt;
	bool tagged;
	int64_t from_us, to_us;
};

static struct span
span_of(const struct mf_task *t, int attempt)
{
	struct span s = { attempt, attempt < 0 || all_are_tagged(t), 0, 0 };

	if (!s.tagged) {
		s.from_us = begun_us(t, attempt);
		s.to_us = begun_us(t, attempt + 1);
	}
	return s;
}

static bool
is_within(const struct span *s, const struct mf_object *o)
{
	if (s->attempt < 0)
		return true;
	if (s->tagged)
		return o->attempt == s->attempt;
	return o->ts_us >= s->from_us && o->ts_us < s->to_us;
}

const struct mf_object *
mf_says_newest(const struct mf_task *t, const char *field, int attempt)
{
	struct span s = span_of(t, attempt);
	const struct mf_object *best = NULL;

	for (size_t i = 0; i < t->n_records; i++) {
		const struct mf_object *o = &t->records[i];

		if (str_eq(o->field, field) && is_within(&s, o) &&
			(!best || o->ts_us >= best->ts_us))
			best = o;
	}
	return best;
}

bool
mf_says_attempt(const struct mf_task *t, int attempt)
{
	struct span s = span_of(t, attempt);

	for (size_t i = 0; i < t->n_records; i++)
		if (is_within(&s, &t->records[i]))
			return true;
	return false;
}

/* How it ended, when attempt_ok does not tell. */
static void
ended_otherwise(const struct mf_task *t, struct mf_says *s)
{
	int last = s->attempts - 1;
	const struct mf_object *o = mf_says_newest(t, "attempt-done", last);
	bool done = o || (t->done.attempt == last && t->done.locked);

	if (t->done.attempt == last && t->done.success == 0)
		s->state = WEIR_ST_FAILED;
	else if (done)
		s->state = WEIR_ST_COMPLETED;
	else
		return;
	s->end_us = o ? o->ts_us : t->done.us;
	s->ok = s->state == WEIR_ST_COMPLETED;
	s->ok_us = s->end_us > s->attempt_us ? s->end_us : s->attempt_us;
	s->code = t->done.attempt == last && t->done.code > 0 ? t->done.code : -1;
}

static void
take_times(const struct mf_task *t, struct mf_says *s)
{
	s->attempts = t->attempts;
	s->active_us = t->active_us;
	s->start_us = WEIR_NO_TIME;
	for (size_t i = 0; i < t->n_records; i++) {
		const struct mf_object *o = &t->records[i];
		int n = str_eq(o->field, "attempt") ? to_number(o->value) : -1;

		if (o->ts_us > s->active_us)
			s->active_us = o->ts_us;
		if (n < 0)
			continue;
		if (n >= s->attempts)
			s->attempts = n + 1;
		if (s->start_us == WEIR_NO_TIME || o->ts_us < s->start_us)
			s->start_us = o->ts_us;
	}
}

/* Only what ended well is cloned, whether the clone says so or not. */
static void
clone_ended(struct mf_says *s)
{
	if (s->state != WEIR_ST_RUNNING)
		return;
	s->state = WEIR_ST_COMPLETED;
	s->end_us = s->ok_us = s->active_us;
	s->ok = 1;
}

void
mf_says_task(const struct mf_task *t, struct mf_says *ret)
{
	const struct mf_object *ok = mf_says_newest(t, "attempt_ok", -1);
	const struct mf_object *attempt = mf_says_newest(t, "attempt", -1);
	const struct mf_object *run = mf_says_newest(t, "origin-run-id", -1);
	const struct mf_object *task = mf_says_newest(t, "origin-task-id", -1);

	*ret = (struct mf_says){ .state = WEIR_ST_RUNNING,
		.code = -1,
		.ok = -1,
		.ok_us = WEIR_NO_TIME,
		.attempt_us = attempt ? attempt->ts_us : WEIR_NO_TIME,
		.end_us = WEIR_NO_TIME,
		.origin_run = { "", 0 },
		.origin_task = { "", 0 } };
	take_times(t, ret);
	if (ok) {
		ret->ok = str_eq(ok->value, "True");
		ret->ok_us = ok->ts_us;
	}
	if (!ok || (!ret->ok && attempt && attempt->ts_us > ok->ts_us)) {
		ended_otherwise(t, ret);
	} else {
		ret->state = ret->ok ? WEIR_ST_COMPLETED : WEIR_ST_FAILED;
		ret->end_us = ok->ts_us;
	}
	if (ret->state == WEIR_ST_FAILED && t->done.attempt == ret->attempts - 1 &&
		t->done.code > 0)
		ret->code = t->done.code;
	if (run && task && !str_eq(run->value, "None") && run->value.len &&
		task->value.len) {
		ret->origin_run = run->value;
		ret->origin_task = task->value;
		clone_ended(ret);
	}
}

void
mf_says_run(const struct mf_sum *sum, int64_t now_us, enum weir_state *ret_state,
	int64_t *ret_end_us)
{
	bool again = sum->ok == 0 && sum->attempt_us != WEIR_NO_TIME &&
		     sum->ok_us < sum->attempt_us;
	int64_t quiet =
		sum->beat_us == WEIR_NO_TIME ? INT64_MAX : now_us - sum->beat_us;

	*ret_end_us = WEIR_NO_TIME;
	if (again) {
		*ret_state = WEIR_ST_RUNNING;
	} else if (sum->ok >= 0) {
		*ret_state = sum->ok ? WEIR_ST_COMPLETED : WEIR_ST_FAILED;
		*ret_end_us = sum->ok_us;
	} else if (quiet <= MF_BEAT_US && quiet >= -MF_BEAT_US) {
		*ret_state = WEIR_ST_RUNNING;
	} else {
		*ret_state = WEIR_ST_FAILED;
		*ret_end_us = sum->beat_us;
	}
}

bool
mf_says_env(struct str value, struct arena *arena, struct str ret[3])
{
	struct pull p;
	bool first = true;
	size_t n = 0;

	pull_init(&p, value, arena);
	if (pull_peek(&p) != PULL_ARRAY || !pull_enter(&p))
		return false;
	while (pull_item(&p, &first)) {
		struct str s;

		if (n == 3 || !pull_string(&p, &s))
			return false;
		ret[n++] = s;
	}
	return n == 3 && !p.why && pull_end(&p) && ret[0].len <= WEIR_ENV_ID &&
	       ret[1].len <= WEIR_ENV_ID && ret[2].len < MF_ARCH_MAX;
}
