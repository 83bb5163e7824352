/* The logs of several runs as one array: which line of which log comes when. */
#include "logs_priv.h"

/* Places are found by counting from the last of these marks on. */
enum { MARK = 1024 };

/*
 * Whose line comes when: a byte a line, and at each mark how many lines of each log
 * come before it.
 */
struct weir_log_order {
	size_t n_logs, n;
	VEC(uint8_t) log;
	VEC(uint32_t) before;
	size_t count[WEIR_LOGS_RUNS_MAX]; /* of each log, at the end */
};

struct place {
	size_t log, line;
};

struct weir_logs {
	size_t n_logs;
	struct weir_log_reader **logs;
	struct weir_log_order order; /* of several logs */
	bool behind;                 /* the order lacks lines */
	/* Of each log: lines from there on are not in the order, or as others. */
	size_t from[WEIR_LOGS_RUNS_MAX];
	size_t since[WEIR_LOGS_RUNS_MAX]; /* the same, since weir_logs_begin */
};

/* ---- the order */

static void
order_release(struct weir_log_order *o)
{
	VEC_FREE(&o->log);
	VEC_FREE(&o->before);
	o->n = 0;
}

void
weir_log_order_free(struct weir_log_order *o)
{
	if (!o)
		return;
	order_release(o);
	free(o);
}

static void
order_add(struct weir_log_order *o, size_t log)
{
	for (size_t i = 0; o->n % MARK == 0 && i < o->n_logs; i++)
		VEC_PUSH(&o->before, (uint32_t)o->count[i]);
	VEC_PUSH(&o->log, (uint8_t)log);
	o->count[log]++;
	o->n++;
}

static struct place
order_at(const struct weir_log_order *o, size_t i)
{
	size_t mark = i / MARK;
	struct place p = { o->log.v[i], 0 };

	p.line = o->before.v[mark * o->n_logs + p.log];
	for (size_t k = mark * MARK; k < i; k++)
		p.line += o->log.v[k] == p.log;
	return p;
}

static void
order_cut(struct weir_log_order *o, size_t n)
{
	size_t mark = n / MARK;

	if (n >= o->n)
		return;
	for (size_t i = 0; i < o->n_logs; i++)
		o->count[i] = o->before.v[mark * o->n_logs + i];
	for (size_t k = mark * MARK; k < n; k++)
		o->count[o->log.v[k]]++;
	o->n = o->log.n = n;
	o->before.n = (n + MARK - 1) / MARK * o->n_logs;
}

/* The first place, of those before `end`, that has a line at or after from[its log]. */
static size_t
order_bound(const struct weir_log_order *o, const size_t *from, size_t end)
{
	size_t line[WEIR_LOGS_RUNS_MAX] = { 0 }, i = 0;
	bool whole = true;

	for (size_t k = 0; k < o->n_logs; k++)
		whole = whole && from[k] >= o->count[k];
	if (whole)
		return end < o->n ? end : o->n;
	while (i < o->n && i < end && line[o->log.v[i]] < from[o->log.v[i]])
		line[o->log.v[i++]]++;
	return i;
}

struct weir_log_order *
weir_logs_order(const struct weir_logs *l)
{
	struct weir_log_order *o = xmemdup(&l->order, sizeof(*o));

	o->log.v = NULL;
	o->before.v = NULL;
	o->log.cap = o->before.cap = 0;
	if (o->n == 0)
		return o;
	VEC_RESERVE(&o->log, o->log.n);
	VEC_RESERVE(&o->before, o->before.n);
	memcpy(o->log.v, l->order.log.v, o->log.n);
	memcpy(o->before.v, l->order.before.v, o->before.n * sizeof(*o->before.v));
	return o;
}

/* ---- merging */

/* Of one log in a merge: the times of its lines, a block at a time. */
struct rest {
	int64_t us[LOGBLOCK_LINES];
	size_t first, n, at; /* us[0] is line `first` of the log */
	bool ended;
};

/* The next line's time is at r->us[r->at], or it has ended. */
static enum weir_rc
look(struct weir_logs *l, size_t i, struct rest *r, struct weir_err *err)
{
	enum weir_rc rc;

	if (r->ended || r->at < r->n)
		return WEIR_OK;
	r->first += r->n;
	r->n = r->at = 0;
	r->ended = r->first >= weir_log_n(l->logs[i]);
	if (r->ended)
		return WEIR_OK;
	rc = logs_times(l->logs[i], r->first, r->us, &r->n, err);
	/* It got shorter meanwhile: the next update takes that in. */
	r->ended = r->n == 0;
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

static size_t
earliest(const struct rest *rests, size_t n)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		const struct rest *r = &rests[i];

		if (!r->ended &&
			(best == n || r->us[r->at] < rests[best].us[rests[best].at]))
			best = i;
	}
	return best;
}

static size_t
lines_of_all(const struct weir_logs *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_logs; i++)
		n += weir_log_n(l->logs[i]);
	return n;
}

/* Up to `most` lines behind those that the order has; then nothing else is wrong. */
static enum weir_rc
merge(struct weir_logs *l, size_t most, struct weir_err *err)
{
	struct rest *rests = xcalloc(l->n_logs, sizeof(*rests));
	enum weir_rc rc = WEIR_OK;
	size_t best = 0;

	for (size_t i = 0; !rc && i < l->n_logs; i++) {
		rests[i].first = l->order.count[i];
		rc = look(l, i, &rests[i], err);
	}
	for (; !rc && most > 0; most--) {
		best = earliest(rests, l->n_logs);
		if (best == l->n_logs)
			break;
		order_add(&l->order, best);
		rests[best].at++;
		rc = look(l, best, &rests[best], err);
	}
	l->behind = rc || earliest(rests, l->n_logs) < l->n_logs;
	for (size_t i = 0; i < l->n_logs; i++)
		l->from[i] = l->order.count[i];
	free(rests);
	return rc;
}

/* When the first line comes that the order has not, or not rightly. */
static int64_t
first_new(struct weir_logs *l)
{
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < l->n_logs; i++) {
		struct weir_line line;
		struct weir_err err;

		if (l->from[i] < weir_log_n(l->logs[i]) &&
			!weir_log_get(l->logs[i], l->from[i], &line, &err) &&
			line.us < least)
			least = line.us;
	}
	return least;
}

/* The first line of the order, before `end`, that is not before us. */
static size_t
bound_us(struct weir_logs *l, size_t end, int64_t us)
{
	size_t low = 0;

	while (low < end) {
		size_t mid = low + (end - low) / 2;
		struct weir_line line;
		struct weir_err err;

		if (weir_logs_get(l, mid, &line, &err))
			return low;
		if (line.us < us)
			low = mid + 1;
		else
			end = mid;
	}
	return low;
}

/* Take in what l->from tells; *ret_from: the first place that has changed. */
static enum weir_rc
extend(struct weir_logs *l, size_t at_once, size_t *ret_from, struct weir_err *err)
{
	size_t total = lines_of_all(l);
	size_t cut = order_bound(&l->order, l->from, SIZE_MAX);

	*ret_from = cut;
	if (cut == l->order.n && total == l->order.n) {
		l->behind = false;
		return WEIR_OK;
	}
	/* A line that is new may be earlier than what others have. */
	cut = bound_us(l, cut, first_new(l));
	if (total > cut && total - cut > at_once && l->order.n > 0) {
		l->behind = true;
		return WEIR_OK;
	}
	order_cut(&l->order, cut);
	*ret_from = cut;
	return merge(l, at_once, err);
}

enum weir_rc
weir_logs_open(struct weir_store *s, const struct weir_id *runs, size_t n,
	size_t at_once, struct weir_logs **ret_logs, struct weir_err *err)
{
	struct weir_logs *l;
	enum weir_rc rc = WEIR_OK;
	size_t from;

	if (n > WEIR_LOGS_RUNS_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"logs: %zu runs at once: there is room for %d", n,
			WEIR_LOGS_RUNS_MAX);
	l = xcalloc(1, sizeof(*l));
	l->logs = xcalloc(n + 1, sizeof(*l->logs));
	l->n_logs = l->order.n_logs = n;
	for (size_t i = 0; !rc && i < n; i++)
		rc = weir_log_open(s, &runs[i], &l->logs[i], err);
	if (!rc && n > 1)
		rc = extend(l, at_once, &from, err);
	if (rc)
		weir_logs_close(l);
	else
		*ret_logs = l;
	return rc;
}

void
weir_logs_close(struct weir_logs *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_logs; i++)
		weir_log_close(l->logs[i]);
	free(l->logs);
	order_release(&l->order);
	free(l);
}

bool
weir_logs_behind(const struct weir_logs *l)
{
	return l->behind;
}

enum weir_rc
weir_logs_merge(struct weir_logs *l, bool (*step)(void *arg, size_t done, size_t total),
	void *arg, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (!l->behind)
		return WEIR_OK;
	order_cut(&l->order,
		bound_us(l, order_bound(&l->order, l->from, SIZE_MAX), first_new(l)));
	do {
		if (!step(arg, l->order.n, lines_of_all(l)))
			return weir_fail(err, WEIR_EINTR, "cancelled");
		rc = merge(l, WEIR_LOGS_STEP, err);
	} while (!rc && l->behind);
	return rc;
}

/* Lines that were read anew, by log. */
static enum weir_rc
update_each(struct weir_logs *l, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < l->n_logs; i++) {
		size_t from = 0;

		rc = weir_log_update(l->logs[i], &from, err);
		if (!rc && from < l->from[i])
			l->from[i] = from;
		if (!rc && from < l->since[i])
			l->since[i] = from;
	}
	return rc;
}

enum weir_rc
weir_logs_update(
	struct weir_logs *l, size_t at_once, size_t *ret_from, struct weir_err *err)
{
	enum weir_rc rc;

	if (l->n_logs == 1)
		return weir_log_update(l->logs[0], ret_from, err);
	rc = update_each(l, err);
	return rc ? rc : extend(l, at_once, ret_from, err);
}

void
weir_logs_begin(struct weir_logs *l)
{
	for (size_t i = 0; i < l->n_logs; i++)
		l->since[i] = SIZE_MAX;
}

/* The places that two orders share at their beginning. */
static size_t
common(const struct weir_log_order *a, const struct weir_log_order *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && a->log.v[i] == b->log.v[i])
		i++;
	return i;
}

enum weir_rc
weir_logs_put(struct weir_logs *l, struct weir_log_order *order, size_t at_once,
	size_t *ret_from, struct weir_err *err)
{
	size_t same = common(&l->order, order), from = 0;
	enum weir_rc rc = update_each(l, err);

	same = order_bound(&l->order, l->from, same);
	order_release(&l->order);
	l->order = *order;
	free(order);
	for (size_t i = 0; i < l->n_logs; i++)
		l->from[i] = l->since[i] < l->order.count[i] ? l->since[i]
							     : l->order.count[i];
	if (!rc)
		rc = extend(l, at_once, &from, err);
	*ret_from = from < same ? from : same;
	return rc;
}

/* ---- as an array */

size_t
weir_logs_n(const struct weir_logs *l)
{
	return l->n_logs == 1 ? weir_log_n(l->logs[0]) : l->order.n;
}

bool
weir_logs_complete(const struct weir_logs *l)
{
	for (size_t i = 0; i < l->n_logs; i++) {
		if (!weir_log_complete(l->logs[i]))
			return false;
	}
	return true;
}

enum weir_rc
weir_logs_get(
	struct weir_logs *l, size_t i, struct weir_line *ret_line, struct weir_err *err)
{
	struct place p;

	if (l->n_logs == 1)
		return weir_log_get(l->logs[0], i, ret_line, err);
	if (i >= l->order.n)
		return weir_fail(
			err, WEIR_ENOTFOUND, "the logs have no line %zu", i + 1);
	p = order_at(&l->order, i);
	return weir_log_get(l->logs[p.log], p.line, ret_line, err);
}

size_t
weir_logs_at(struct weir_logs *l, int64_t us)
{
	if (l->n_logs == 1)
		return weir_log_at(l->logs[0], us);
	return bound_us(l, l->order.n, us);
}

/* What passes of one log, as lines of that log. */
struct passed {
	size_t *lines;
	size_t n, at;
};

/* The lines of each log that the places in [from, end) have. */
static void
ranges(const struct weir_log_order *o, size_t from, size_t end, size_t *first,
	size_t *n)
{
	for (size_t i = 0; from < o->n && i < o->n_logs; i++)
		first[i] = o->before.v[from / MARK * o->n_logs + i];
	for (size_t k = from / MARK * MARK; k < from && k < o->n; k++)
		first[o->log.v[k]]++;
	for (size_t k = from; k < end; k++)
		n[o->log.v[k]]++;
}

enum weir_rc
weir_logs_filter(struct weir_logs *l, const struct weir_log_filter *f, size_t from,
	size_t end, size_t **ret_lines, size_t *ret_n, struct weir_err *err)
{
	struct passed passed[WEIR_LOGS_RUNS_MAX] = { { 0 } };
	size_t line[WEIR_LOGS_RUNS_MAX] = { 0 }, n[WEIR_LOGS_RUNS_MAX] = { 0 };
	VEC(size_t) found = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (l->n_logs == 1)
		return weir_log_filter(l->logs[0], f, from, end, ret_lines, ret_n, err);
	end = end < l->order.n ? end : l->order.n;
	ranges(&l->order, from, end, line, n);
	for (size_t i = 0; !rc && i < l->n_logs; i++) {
		if (n[i] > 0)
			rc = weir_log_filter(l->logs[i], f, line[i], line[i] + n[i],
				&passed[i].lines, &passed[i].n, err);
	}
	for (size_t k = from; !rc && k < end; k++) {
		size_t log = l->order.log.v[k], at = line[log]++;
		struct passed *p = &passed[log];

		if (p->at < p->n && p->lines[p->at] == at) {
			VEC_PUSH(&found, k);
			p->at++;
		}
	}
	for (size_t i = 0; i < l->n_logs; i++)
		free(passed[i].lines);
	if (rc) {
		VEC_FREE(&found);
		return rc;
	}
	*ret_lines = found.v;
	*ret_n = found.n;
	return WEIR_OK;
}
