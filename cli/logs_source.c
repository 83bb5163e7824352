/* Sources of `weir logs`: a run, or a run and those below it, merged by time. */
#include <weir/query.h>
#include <weir/select.h>
#include <weir/sync.h>

#include "logs_cmd.h"

static bool
has_source(const struct logs_job *j, const struct weir_id *id)
{
	for (size_t i = 0; i < j->sources.n; i++)
		if (weir_id_cmp(&j->sources.v[i].id, id) == 0)
			return true;
	return false;
}

static void
add_source(struct logs_job *j, const struct weir_id *id, struct str name)
{
	struct logs_source s = { .id = *id, .name = str_copy(name) };

	VEC_PUSH(&j->sources, s);
}

/* The runs that text matches, as sources. */
static enum weir_rc
add_matching(struct logs_job *j, const char *text)
{
	struct weir_select sel = { .kind = WEIR_RUN };
	struct weir_column_set set = { 0 };
	struct weir_query *query = NULL;
	struct weir_rows *rows = NULL;
	struct weir_err *err = j->ctx->err;
	bool row = true;
	enum weir_rc rc;

	rc = weir_query_parse(WEIR_RUN, str_of(text), weir_now_us(), &query, err);
	if (!rc)
		rc = weir_columns_choose(WEIR_RUN, "id,name", 0, &set, err);
	sel.query = query;
	sel.columns = &set;
	if (!rc)
		rc = weir_rows_open(j->store, &sel, &rows, err);
	while (!rc && row && j->sources.n < LOGS_RUNS_MAX) {
		rc = weir_rows_next(rows, &row, err);
		if (!rc && row && !has_source(j, &weir_rows_cell(rows, 0)->id))
			add_source(j, &weir_rows_cell(rows, 0)->id,
				weir_rows_cell(rows, 1)->s);
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(query);
	return rc;
}

/* Columns begin as wide as they will be: lines stay aligned. */
static enum weir_rc
measure_tasks(struct logs_job *j, const struct weir_id *run)
{
	struct weir_select sel = { .kind = WEIR_TASK_RUN, .limit = LOGS_TASKS_MAX };
	char text[64], id[WEIR_ID_TEXT + 1];
	struct weir_column_set set = { 0 };
	struct weir_query *query = NULL;
	struct weir_rows *rows = NULL;
	struct weir_err *err = j->ctx->err;
	bool row = true;
	enum weir_rc rc;

	snprintf(text, sizeof(text), "flow_run_id:%s", weir_id_format(run, id));
	rc = weir_query_parse(WEIR_TASK_RUN, str_of(text), weir_now_us(), &query, err);
	if (!rc)
		rc = weir_columns_choose(WEIR_TASK_RUN, "name", 0, &set, err);
	sel.query = query;
	sel.columns = &set;
	if (!rc)
		rc = weir_rows_open(j->store, &sel, &rows, err);
	while (!rc && row) {
		rc = weir_rows_next(rows, &row, err);
		if (!rc && row)
			logs_print_expect_task(&j->printer, weir_rows_cell(rows, 0)->s);
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(query);
	return rc;
}

static enum weir_rc
measure(struct logs_job *j)
{
	enum weir_rc rc = WEIR_OK;

	if (j->printer.form != LOGS_PEOPLE)
		return WEIR_OK;
	for (; !rc && j->n_measured < j->sources.n; j->n_measured++) {
		const struct logs_source *s = &j->sources.v[j->n_measured];

		logs_print_expect_run(&j->printer, str_of(s->name));
		if (!j->args->task)
			rc = measure_tasks(j, &s->id);
	}
	return rc;
}

static bool
needs_details(const struct logs_job *j)
{
	return j->args->tree || j->args->task || j->args->timestamps ||
	       j->printer.form != LOGS_RAW;
}

enum weir_rc
logs_collect(struct logs_job *j, bool fetch)
{
	char text[64], id[WEIR_ID_TEXT + 1];
	struct weir_err err;
	enum weir_rc rc;

	/* Task runs have the names, children are the tree: only a raw log needs none.
	 */
	for (size_t i = 0; fetch && needs_details(j) && i < j->n_roots; i++) {
		if (weir_sync_run_within(j->ctx->session, &j->roots[i],
			    ctx_patience_ms(j->ctx), &err) == WEIR_EINTR)
			return weir_fail(j->ctx->err, WEIR_EINTR, "%s", err.text);
	}
	rc = ctx_store(j->ctx, &j->store);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < j->n_roots; i++) {
		if (has_source(j, &j->roots[i]))
			continue;
		weir_id_format(&j->roots[i], id);
		snprintf(text, sizeof(text), "id:%s", id);
		rc = add_matching(j, text);
	}
	for (size_t i = 0; !rc && j->args->tree && i < j->sources.n; i++) {
		weir_id_format(&j->sources.v[i].id, id);
		snprintf(text, sizeof(text), "parent:%s", id);
		rc = add_matching(j, text);
	}
	if (!rc)
		rc = measure(j);
	return rc;
}

void
logs_release_sources(struct logs_job *j)
{
	for (size_t i = 0; i < j->sources.n; i++) {
		struct logs_source *s = &j->sources.v[i];

		weir_log_close(s->log);
		free(s->name);
		free(s->lines);
		VEC_FREE(&s->seen);
	}
	VEC_FREE(&j->sources);
}

enum weir_rc
logs_update(struct logs_job *j, struct logs_source *s, size_t *ret_from)
{
	if (s->log)
		return weir_log_update(s->log, ret_from, j->ctx->err);
	*ret_from = 0;
	return weir_log_open(j->store, &s->id, &s->log, j->ctx->err);
}

/* The source whose next line is the oldest; its line in *ret_line. */
static enum weir_rc
next_source(
	struct logs_job *j, struct logs_source **ret_source, struct weir_line *ret_line)
{
	struct logs_source *best = NULL;
	struct weir_line line;

	for (size_t i = 0; i < j->sources.n; i++) {
		struct logs_source *s = &j->sources.v[i];
		enum weir_rc rc;

		if (s->at == s->n)
			continue;
		rc = weir_log_get(s->log, s->lines[s->at] >> 1, &line, j->ctx->err);
		if (rc)
			return rc;
		if (best && line.us >= ret_line->us)
			continue;
		best = s;
		*ret_line = line;
	}
	*ret_source = best;
	return WEIR_OK;
}

static enum weir_rc
print_next(struct logs_job *j, struct logs_source *s, const struct weir_line *line,
	bool gaps)
{
	size_t number = s->lines[s->at] >> 1;
	enum weir_rc rc = WEIR_OK;

	if (gaps && s->at && s->lines[s->at - 1] >> 1 != number - 1)
		rc = logs_print_gap(&j->printer);
	if (!rc)
		rc = logs_print(
			&j->printer, line, str_of(s->name), s->lines[s->at] & 1);
	return rc;
}

enum weir_rc
logs_merge(struct logs_job *j, int64_t tail)
{
	bool gaps = j->args->context > 0 && j->sources.n == 1;
	size_t total = 0, skip;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < j->sources.n; i++) {
		j->sources.v[i].at = 0;
		total += j->sources.v[i].n;
	}
	skip = tail >= 0 && (size_t)tail < total ? total - (size_t)tail : 0;
	while (!rc && total-- > 0 && !j->printer.sink.gone) {
		struct logs_source *s;
		struct weir_line line;

		if (weir_session_interrupted(j->ctx->session))
			return weir_fail(j->ctx->err, WEIR_EINTR, "interrupted");
		rc = next_source(j, &s, &line);
		if (!rc && skip)
			skip--;
		else if (!rc)
			rc = print_next(j, s, &line, gaps);
		if (!rc)
			s->at++;
	}
	return rc;
}

/* Numbers that passed, with those around them. */
static void
add_context(struct logs_source *s, size_t context)
{
	size_t total = weir_log_n(s->log), next = 0;
	VEC(size_t) all = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		size_t hit = s->lines[i];
		size_t last = hit + context < total ? hit + context : total - 1;
		size_t first = hit > context ? hit - context : 0;

		if (i + 1 < s->n && s->lines[i + 1] <= last)
			last = s->lines[i + 1] - 1;
		for (size_t k = first > next ? first : next; k <= last; k++)
			VEC_PUSH(&all, k << 1 | (k != hit));
		next = last + 1;
	}
	free(s->lines);
	s->lines = all.v;
	s->n = all.n;
}

enum weir_rc
logs_once(struct logs_job *j)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < j->sources.n; i++) {
		struct logs_source *s = &j->sources.v[i];
		size_t from;

		rc = logs_update(j, s, &from);
		if (!rc)
			rc = weir_log_filter(s->log, &j->filter, 0, SIZE_MAX, &s->lines,
				&s->n, j->ctx->err);
		if (rc)
			break;
		add_context(s, (size_t)j->args->context);
	}
	return rc ? rc : logs_merge(j, j->args->n);
}
