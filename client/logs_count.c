/* How many lines of logs are of which logger, or task run. */
#include "logs_priv.h"
#include "query_tally.h"

static void
count(struct query_tally *t, enum weir_log_by by, const struct weir_line *line)
{
	struct query_tally_entry *e;

	if (by == WEIR_LOG_BY_TASK && line->task_name.len == 0)
		return;
	e = query_tally_at(t, by == WEIR_LOG_BY_TASK ? line->task_name : line->logger);
	if (e)
		e->n++;
}

static int
most_first(const void *a, const void *b)
{
	const struct query_tally_entry *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->text.s, y->text.s);
}

enum weir_rc
weir_logs_count(struct weir_logs *l, enum weir_log_by by,
	bool (*step)(void *arg, size_t done, size_t total), void *arg, struct buf *out,
	struct weir_err *err)
{
	size_t total = weir_logs_n(l);
	struct query_tally t;
	enum weir_rc rc = WEIR_OK;

	query_tally_init(&t, WEIR_LOG_NAMES_MAX);
	for (size_t i = 0; !rc && i < total; i++) {
		struct weir_line line;

		if (i % WEIR_LOGS_STEP == 0 && !step(arg, i, total))
			rc = weir_fail(err, WEIR_EINTR, "cancelled");
		if (!rc)
			rc = weir_logs_get(l, i, &line, err);
		if (!rc)
			count(&t, by, &line);
	}
	/* The log got shorter meanwhile: what is left is counted. */
	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	if (t.v.n > 1)
		qsort(t.v.v, t.v.n, sizeof(t.v.v[0]), most_first);
	for (size_t i = 0; !rc && i < t.v.n; i++)
		buf_addf(out, "%lld %.*s\n", (long long)t.v.v[i].n,
			(int)t.v.v[i].text.len, t.v.v[i].text.s);
	query_tally_release(&t);
	return rc;
}
