/* weir logs --runs QUERY: the logs of many runs, newest run first. */
#include <weir/cell.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>

#include "bar.h"
#include "logs_cmd.h"

struct search {
	struct logs_job *j;
	struct weir_id run; /* of the last hit */
	bool any;
	VEC(struct weir_id) runs; /* with hits, when context is wanted */
	char *name;
	enum weir_rc rc;
};

/* Name of a run, and a heading: `5c1d0e7a  flow  name  4 min ago`. */
static void
describe(struct search *s, const struct weir_id *id, struct buf *heading)
{
	struct weir_cell_style style = { weir_now_us(), s->j->ctx->utc, true, false };
	struct weir_select sel = { .kind = WEIR_RUN, .now_us = style.now_us };
	struct weir_column_set set = { 0 };
	struct weir_rows *rows = NULL;
	char text[WEIR_ID_TEXT + 1];
	enum weir_kind kind;
	struct weir_id found;
	struct weir_err err;
	bool row = false;

	weir_id_format(id, text);
	buf_addf(heading, "%.8s", text);
	if (!weir_resolve(
		    s->j->store, 1u << WEIR_RUN, text, &kind, &found, &sel.key, &err) &&
		!weir_columns_choose(WEIR_RUN, "flow,name,at", 0, &set, &err)) {
		sel.columns = &set;
		if (weir_rows_open(s->j->store, &sel, &rows, &err) ||
			weir_rows_next(rows, &row, &err))
			row = false;
	}
	free(s->name);
	s->name = row ? str_copy(weir_rows_cell(rows, 1)->s) : xstrdup("");
	for (size_t i = 0; row && i < set.n; i++) {
		buf_adds(heading, "  ");
		weir_cell_show(heading, weir_rows_cell(rows, i), &style);
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
}

static enum weir_rc
begin_run(struct search *s, const struct weir_id *id)
{
	struct buf heading = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	s->run = *id;
	s->any = true;
	if (s->j->printer.form == LOGS_PEOPLE) {
		describe(s, id, &heading);
		rc = logs_print_heading(&s->j->printer, buf_str(&heading));
		buf_release(&heading);
	}
	return rc;
}

static bool
hit(void *arg, const struct weir_line *line)
{
	struct search *s = arg;
	struct logs_job *j = s->j;
	bool same = s->any && weir_id_cmp(&s->run, &line->run) == 0;

	if (j->args->context) {
		if (!same)
			VEC_PUSH(&s->runs, line->run);
		s->run = line->run;
		s->any = true;
		return true;
	}
	if (j->args->n >= 0 && j->printer.n >= (size_t)j->args->n)
		return false;
	if (!same)
		s->rc = begin_run(s, &line->run);
	if (!s->rc)
		s->rc = logs_print(&j->printer, line, STR(""), false);
	return !s->rc && !j->printer.sink.gone;
}

/* With context each run is read again as a whole. */
static enum weir_rc
print_runs(struct search *s)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < s->runs.n && !s->j->printer.sink.gone; i++) {
		struct logs_source source = { .id = s->runs.v[i] };

		rc = begin_run(s, &source.id);
		source.name = xstrdup(s->name ? s->name : "");
		VEC_PUSH(&s->j->sources, source);
		if (!rc)
			rc = logs_once(s->j);
		logs_release_sources(s->j);
	}
	VEC_FREE(&s->runs);
	return rc;
}

static enum weir_rc
fetch(struct logs_job *j, const struct weir_query *query)
{
	struct bar bar;
	struct weir_sync_options o = {
		.since_us = WEIR_NO_TIME, .progress = bar_progress, .arg = &bar
	};
	struct weir_sync_result result;
	struct weir_err err;
	enum weir_rc rc;

	if (j->ctx->g.offline)
		return WEIR_OK;
	bar_init(&bar, j->ctx);
	rc = weir_sync_logs_of(j->ctx->session, query, &o, &result, &err);
	bar_clear(&bar);
	if (rc == WEIR_EINTR)
		return weir_fail(j->ctx->err, rc, "%s", err.text);
	if (rc)
		ctx_note(j->ctx, "%s", err.text);
	return WEIR_OK;
}

static void
say_missing(struct logs_job *j, const struct weir_query *query)
{
	struct weir_err err;
	int64_t n;

	if (!weir_log_missing(j->store, query, &n, &err) && n > 0)
		ctx_note(j->ctx, "%lld %s no whole log here", (long long)n,
			n == 1 ? "run has" : "runs have");
}

enum weir_rc
logs_search(struct logs_job *j)
{
	struct search s = { .j = j };
	struct weir_query *query = NULL;
	enum weir_rc rc;

	rc = weir_query_parse(
		WEIR_RUN, str_of(j->args->runs), weir_now_us(), &query, j->ctx->err);
	if (!rc)
		rc = ctx_refresh(j->ctx);
	if (!rc)
		rc = fetch(j, query);
	if (!rc)
		rc = ctx_store(j->ctx, &j->store);
	if (rc)
		goto out;
	j->printer.many = j->printer.form == LOGS_RAW;
	j->ctx->reading = !j->args->file;
	rc = weir_log_search(j->store, query, &j->filter, hit, &s, j->ctx->err);
	rc = rc ? rc : s.rc;
	if (!rc)
		rc = print_runs(&s);
	if (!rc)
		say_missing(j, query);
	j->ctx->reading = false;
out:
	VEC_FREE(&s.runs);
	free(s.name);
	weir_query_free(query);
	return rc;
}
