/* The logs of several runs as one array: which line of which log comes when. */
#include "logs_priv.h"

struct place {
	uint32_t log, line;
};
VEC_TYPE(place_vec, struct place);

struct weir_logs {
	size_t n_logs;
	struct weir_log_reader **logs;
	struct place_vec order; /* of several logs */
};

/* Of one log in a merge: the times of its lines from `first` on. */
struct rest {
	int64_t *us;
	size_t first, n, at;
};

static size_t
earliest(const struct rest *rests, size_t n)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		const struct rest *r = &rests[i];

		if (r->at < r->n &&
			(best == n || r->us[r->at] < rests[best].us[rests[best].at]))
			best = i;
	}
	return best;
}

static void
merge(struct weir_logs *l, struct rest *rests)
{
	size_t i;

	while ((i = earliest(rests, l->n_logs)) < l->n_logs) {
		struct rest *r = &rests[i];
		struct place place = { (uint32_t)i, (uint32_t)(r->first + r->at++) };

		VEC_PUSH(&l->order, place);
	}
}

/* Put in order what is not yet: the lines behind those that l->order has. */
static enum weir_rc
extend(struct weir_logs *l, struct weir_err *err)
{
	struct rest *rests = xcalloc(l->n_logs, sizeof(*rests));
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < l->order.n; i++)
		rests[l->order.v[i].log].first++;
	for (size_t i = 0; !rc && i < l->n_logs; i++) {
		size_t n = weir_log_n(l->logs[i]);

		rests[i].n = n > rests[i].first ? n - rests[i].first : 0;
		rests[i].us = xcalloc(rests[i].n + 1, sizeof(int64_t));
		if (rests[i].n > 0)
			rc = logs_times(l->logs[i], rests[i].first, rests[i].us, err);
		/* It was read anew meanwhile: the next update takes that in. */
		if (weir_log_n(l->logs[i]) < rests[i].first + rests[i].n)
			rests[i].n = 0;
	}
	if (!rc)
		merge(l, rests);
	for (size_t i = 0; i < l->n_logs; i++)
		free(rests[i].us);
	free(rests);
	return rc;
}

enum weir_rc
weir_logs_open(struct weir_store *s, const struct weir_id *runs, size_t n,
	struct weir_logs **ret_logs, struct weir_err *err)
{
	struct weir_logs *l;
	enum weir_rc rc = WEIR_OK;

	if (n > WEIR_LOGS_RUNS_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"logs: %zu runs at once: there is room for %d", n,
			WEIR_LOGS_RUNS_MAX);
	l = xcalloc(1, sizeof(*l));
	l->logs = xcalloc(n + 1, sizeof(*l->logs));
	l->n_logs = n;
	for (size_t i = 0; !rc && i < n; i++)
		rc = weir_log_open(s, &runs[i], &l->logs[i], err);
	if (!rc && n != 1)
		rc = extend(l, err);
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
	VEC_FREE(&l->order);
	free(l);
}

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
	if (l->n_logs == 1)
		return weir_log_get(l->logs[0], i, ret_line, err);
	if (i >= l->order.n)
		return weir_fail(
			err, WEIR_ENOTFOUND, "the logs have no line %zu", i + 1);
	return weir_log_get(
		l->logs[l->order.v[i].log], l->order.v[i].line, ret_line, err);
}

enum weir_rc
weir_logs_update(struct weir_logs *l, size_t *ret_from, struct weir_err *err)
{
	size_t from[WEIR_LOGS_RUNS_MAX] = { 0 }, cut;
	int64_t least = INT64_MAX;
	enum weir_rc rc = WEIR_OK;

	if (l->n_logs == 1)
		return weir_log_update(l->logs[0], ret_from, err);
	for (size_t i = 0; !rc && i < l->n_logs; i++) {
		struct weir_line line;
		size_t n;

		rc = weir_log_update(l->logs[i], &from[i], err);
		n = rc ? 0 : weir_log_n(l->logs[i]);
		/* A line that is new may be earlier than what others have. */
		if (from[i] < n && !weir_log_get(l->logs[i], from[i], &line, err) &&
			line.us < least)
			least = line.us;
	}
	if (rc)
		return rc;
	for (cut = 0; cut < l->order.n; cut++) {
		if (l->order.v[cut].line >= from[l->order.v[cut].log])
			break;
	}
	l->order.n = cut;
	while (cut > 0 && least != INT64_MAX) {
		struct weir_line line;

		if (weir_logs_get(l, cut - 1, &line, err) || line.us < least)
			break;
		cut--;
	}
	l->order.n = cut;
	*ret_from = cut;
	return extend(l, err);
}

size_t
weir_logs_at(struct weir_logs *l, int64_t us)
{
	size_t low = 0, high;

	if (l->n_logs == 1)
		return weir_log_at(l->logs[0], us);
	for (high = l->order.n; low < high;) {
		size_t mid = low + (high - low) / 2;
		struct weir_line line;
		struct weir_err err;

		if (weir_logs_get(l, mid, &line, &err))
			return l->order.n;
		if (line.us < us)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* What passes of one log, as lines of that log. */
struct passed {
	size_t *lines;
	size_t n, at;
};

static enum weir_rc
filter_each(struct weir_logs *l, const struct weir_log_filter *f, size_t from,
	size_t end, struct passed *passed, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < l->n_logs; i++) {
		size_t first = SIZE_MAX, last = 0;

		for (size_t k = from; k < end; k++) {
			if (l->order.v[k].log != i)
				continue;
			first = first == SIZE_MAX ? l->order.v[k].line : first;
			last = l->order.v[k].line + (size_t)1;
		}
		if (first < last)
			rc = weir_log_filter(l->logs[i], f, first, last,
				&passed[i].lines, &passed[i].n, err);
	}
	return rc;
}

enum weir_rc
weir_logs_filter(struct weir_logs *l, const struct weir_log_filter *f, size_t from,
	size_t end, size_t **ret_lines, size_t *ret_n, struct weir_err *err)
{
	struct passed passed[WEIR_LOGS_RUNS_MAX] = { { 0 } };
	VEC(size_t) found = { 0 };
	enum weir_rc rc;

	if (l->n_logs == 1)
		return weir_log_filter(l->logs[0], f, from, end, ret_lines, ret_n, err);
	end = end < l->order.n ? end : l->order.n;
	rc = filter_each(l, f, from, end, passed, err);
	for (size_t k = from; !rc && k < end; k++) {
		struct passed *p = &passed[l->order.v[k].log];

		while (p->at < p->n && p->lines[p->at] < l->order.v[k].line)
			p->at++;
		if (p->at < p->n && p->lines[p->at] == l->order.v[k].line)
			VEC_PUSH(&found, k);
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
