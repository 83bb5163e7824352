#include "finder_log.h"

#include <weir/logs.h>
#include <weir/mem.h>

/* The first part is small so that it is soon there, the next ones double. */
enum { PART_FIRST = 16384, PART_MAX = 1 << 17, TESTS_MAX = 32 };

struct finder_log {
	struct weir_logs *logs;
	struct weir_id *runs;
	size_t n_runs;
};

/* Patterns compiled. */
struct tests {
	struct weir_log_test v[TESTS_MAX];
	size_t n;
};

void
finder_log_free(struct finder_log *log)
{
	if (!log)
		return;
	weir_logs_close(log->logs);
	free(log->runs);
	free(log);
}

static bool
is_of(const struct finder_log *log, const struct finder_job *job)
{
	return log && log->n_runs == job->n_runs &&
	       memcmp(log->runs, job->runs, job->n_runs * sizeof(*job->runs)) == 0;
}

static bool
go_on(void *arg, size_t done, size_t total)
{
	const struct finder_log_sink *sink = arg;

	if (sink->cancelled(sink->arg))
		return false;
	if (done > 0)
		sink->doing(sink->arg, done, total);
	return true;
}

static enum weir_rc
open_log(struct finder_log **log, struct weir_store *store,
	const struct finder_job *job, const struct finder_log_sink *sink,
	struct weir_err *err)
{
	size_t from;
	enum weir_rc rc;

	if (is_of(*log, job)) {
		rc = weir_logs_update((*log)->logs, 0, &from, err);
	} else {
		finder_log_free(*log);
		*log = xcalloc(1, sizeof(**log));
		(*log)->n_runs = job->n_runs;
		(*log)->runs = xmemdup(job->runs, job->n_runs * sizeof(*job->runs));
		rc = weir_logs_open(
			store, job->runs, job->n_runs, 0, &(*log)->logs, err);
	}
	return rc ? rc
		  : weir_logs_merge((*log)->logs, go_on, (void *)(uintptr_t)sink, err);
}

/* What was interrupted goes on the next time, what failed begins anew. */
static enum weir_rc
kept_log(struct finder_log **log, struct weir_store *store,
	const struct finder_job *job, const struct finder_log_sink *sink,
	struct weir_err *err)
{
	enum weir_rc rc = open_log(log, store, job, sink, err);

	if (rc && (rc != WEIR_EINTR || !(*log)->logs)) {
		finder_log_free(*log);
		*log = NULL;
	}
	return rc;
}

enum weir_rc
finder_log_order(struct finder_log **log, struct weir_store *store,
	const struct finder_job *job, const struct finder_log_sink *sink,
	struct weir_log_order **ret_order, struct weir_err *err)
{
	enum weir_rc rc = kept_log(log, store, job, sink, err);

	if (!rc)
		*ret_order = weir_logs_order((*log)->logs);
	return rc;
}

enum weir_rc
finder_log_names(struct finder_log **log, struct weir_store *store,
	const struct finder_job *job, const struct finder_log_sink *sink,
	struct buf *out, struct weir_err *err)
{
	enum weir_rc rc = kept_log(log, store, job, sink, err);

	if (rc)
		return rc;
	return weir_logs_count((*log)->logs,
		job->kind == FINDER_TASKS ? WEIR_LOG_BY_TASK : WEIR_LOG_BY_LOGGER,
		go_on, (void *)(uintptr_t)sink, out, err);
}

enum weir_rc
finder_log_match(struct str text, bool may_invert, bool *ret_invert,
	struct weir_match **ret_match, struct weir_err *err)
{
	bool regex;

	*ret_invert = may_invert && text.len > 0 && text.s[0] == '!';
	*ret_match = NULL;
	if (*ret_invert)
		text.s++, text.len--;
	regex = text.len > 1 && text.s[0] == '/';
	if (regex) {
		text.s++, text.len--;
		if (text.len > 1 && text.s[text.len - 1] == '/')
			text.len--;
	}
	if (text.len == 0)
		return WEIR_OK;
	return weir_match_new(
		regex ? WEIR_MATCH_REGEX : WEIR_MATCH_WORD, text, ret_match, err);
}

static enum weir_rc
compile(struct tests *tests, const char *patterns, struct weir_err *err)
{
	struct str rest = str_of(patterns);

	while (rest.len > 0 && tests->n < TESTS_MAX) {
		const char *end = memchr(rest.s, '\n', rest.len);
		struct str one = { rest.s, end ? (size_t)(end - rest.s) : rest.len };
		struct weir_match *match = NULL;
		bool invert = false;
		enum weir_rc rc = finder_log_match(one, true, &invert, &match, err);

		if (rc)
			return rc;
		if (match)
			tests->v[tests->n++] = (struct weir_log_test){ match, invert };
		rest.s += one.len + (end ? 1 : 0);
		rest.len -= one.len + (end ? 1 : 0);
	}
	return WEIR_OK;
}

/* The one that lets blocks be skipped goes first. */
static void
arrange(struct tests *tests, struct weir_log_filter *filter)
{
	for (size_t i = 0; i < tests->n; i++) {
		struct weir_log_test first = tests->v[0];

		if (tests->v[i].invert)
			continue;
		tests->v[0] = tests->v[i];
		tests->v[i] = first;
		break;
	}
	if (tests->n == 0)
		return;
	filter->match = tests->v[0].match;
	filter->invert = tests->v[0].invert;
	filter->also = tests->v + 1;
	filter->n_also = tests->n - 1;
}

static enum weir_rc
search(struct weir_logs *logs, const struct weir_log_filter *filter, size_t from,
	const struct finder_log_sink *sink, struct weir_err *err)
{
	size_t part = PART_FIRST, total = weir_logs_n(logs);
	bool more = true;

	while (more) {
		size_t *lines = NULL, n = 0, end = from + part;
		struct lineset set = { 0 };
		enum weir_rc rc =
			weir_logs_filter(logs, filter, from, end, &lines, &n, err);

		if (!rc && sink->cancelled(sink->arg)) {
			free(lines);
			rc = weir_fail(err, WEIR_EINTR, "cancelled");
		}
		if (rc)
			return rc;
		more = end < total;
		for (size_t i = 0; i < n; i++)
			lineset_add(&set, lines[i] - from);
		free(lines);
		sink->found(sink->arg, &set, from, more);
		from = end;
		part = part < PART_MAX ? part * 2 : part;
	}
	return WEIR_OK;
}

enum weir_rc
finder_log_work(struct finder_log **log, struct weir_store *store,
	const struct finder_job *job, const struct finder_log_sink *sink,
	struct weir_err *err)
{
	struct weir_log_filter filter = { .min_level = job->min_level };
	struct tests tests = { 0 };
	enum weir_rc rc = kept_log(log, store, job, sink, err);

	if (rc)
		return rc;
	if (job->task && *job->task)
		filter.task = job->task;
	if (job->loggers && *job->loggers)
		filter.loggers = job->loggers;
	rc = compile(&tests, job->patterns, err);
	arrange(&tests, &filter);
	if (!rc)
		rc = search((*log)->logs, &filter, job->from, sink, err);
	for (size_t i = 0; i < tests.n; i++)
		weir_match_free((struct weir_match *)(uintptr_t)tests.v[i].match);
	return rc;
}
