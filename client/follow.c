#define LOG_MODULE "follow"
#include "weir/follow.h"

#include <time.h>

#include "api_fields.h"
#include "session.h"
#include "session_beside.h"
#include "store_write.h"
#include "weir/log.h"
#include "weir/select.h"
#include "weir/text.h"
#include "weir/time.h"

enum { NAP_MS = 50 };

/* At most a quarter of the room is columns: one may have four bytes, or marks. */
static void
set_text(char *out, size_t size, struct str text)
{
	size_t n = text_prefix(text, size / 4);

	snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1),
		text.s ? text.s : "");
}

/* Ids in one request. */
static enum weir_rc
ask(struct api *api, const struct weir_followed *runs, size_t n, struct buf *out,
	struct weir_err *err)
{
	struct weir_id *ids = xcalloc(n, sizeof(*ids));
	struct api_list list = API_LIST_INIT;
	struct api_wait w = { .out = out, .err = err };
	enum weir_rc rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = runs[i].id;
	list.kind = WEIR_RUN;
	list.ids = ids;
	list.n_ids = n;
	api->ops->list(api, &list, api_wait_done, &w);
	rc = api_wait(api, &w);
	free(ids);
	return rc;
}

static void
take(struct weir_followed *f, const struct run_vec *runs)
{
	f->state = WEIR_ST_NONE;
	for (size_t i = 0; i < runs->n; i++) {
		const struct weir_run *r = &runs->v[i];

		if (weir_id_cmp(&r->id, &f->id) != 0)
			continue;
		f->state = r->state_type;
		f->expected_us = r->expected_start_us;
		f->start_us = r->start_us;
		f->end_us = r->end_us;
		f->flow_id = r->flow_id;
		f->deployment_id = r->deployment_id;
		set_text(f->name, sizeof(f->name), r->name);
		set_text(f->state_name, sizeof(f->state_name), r->state_name);
	}
}

static enum weir_rc
follow_page(struct api *api, struct weir_store *store, struct weir_followed *runs,
	size_t n, struct weir_err *err)
{
	struct buf body = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct run_vec page = { 0 };
	struct weir_err why;
	enum weir_rc rc = ask(api, runs, n, &body, err);

	if (!rc)
		rc = api_decode_runs(buf_str(&body), &arena, &page, err);
	if (!rc && store && store_put_runs(store, page.v, page.n, NULL, &why))
		LOG(LOG_WARN, "%s", why.text);
	for (size_t i = 0; !rc && i < n; i++)
		take(&runs[i], &page);
	VEC_FREE(&page);
	arena_free(&arena);
	buf_release(&body);
	return rc;
}

static enum weir_rc
follow_server(struct weir_session *s, struct weir_followed *runs, size_t n,
	int64_t deadline_us, struct weir_err *err)
{
	struct weir_store *store = NULL;
	struct api *api;
	size_t page;
	enum weir_rc rc;

	if (weir_session_store(s, WEIR_STORE_WRITE, &store, NULL))
		store = NULL;
	rc = session_api_known(s, &api, err);
	if (rc)
		return rc;
	api->deadline_us = deadline_us;
	for (size_t i = 0; !rc && i < n; i += page) {
		page = api->page_limit < WEIR_FOLLOW_MAX ? api->page_limit
							 : WEIR_FOLLOW_MAX;
		if (page > n - i)
			page = n - i;
		rc = follow_page(api, store, runs + i, page, err);
	}
	api->deadline_us = 0;
	return rc;
}

static void
take_row(void *arg, const struct weir_rows *row)
{
	struct weir_followed *f = arg;
	const struct weir_cell *start = weir_rows_cell(row, 2);
	const struct weir_cell *end = weir_rows_cell(row, 3);

	f->state = (enum weir_state)weir_rows_cell(row, 0)->i;
	set_text(f->state_name, sizeof(f->state_name), weir_rows_cell(row, 1)->s);
	f->start_us = start->null ? WEIR_NO_TIME : start->i;
	f->end_us = end->null ? WEIR_NO_TIME : end->i;
	f->expected_us = f->start_us;
	set_text(f->name, sizeof(f->name), weir_rows_cell(row, 4)->s);
	f->flow_id = weir_rows_cell(row, 5)->id;
	f->deployment_id = (struct weir_id){ { 0 } };
}

/* Runs of Metaflow are looked at where they are. */
static enum weir_rc
follow_metaflow(struct weir_session *s, struct weir_followed *run, bool *ret_is,
	struct weir_err *err)
{
	struct weir_store *store = NULL;
	enum weir_rc rc;

	*ret_is = session_is_metaflow(s, &run->id);
	if (!*ret_is)
		return WEIR_OK;
	rc = session_metaflow_run(s, &run->id, NULL, err);
	if (!rc)
		rc = weir_session_store(s, WEIR_STORE_READ, &store, err);
	return rc ? rc
		  : weir_row_of(store, WEIR_RUN, &run->id,
			    "state_type,state_name,start_time,end_time,name,flow_id",
			    take_row, run, err);
}

enum weir_rc
weir_follow(struct weir_session *s, struct weir_followed *runs, size_t n,
	int64_t deadline_us, struct weir_err *err)
{
	struct weir_followed *theirs = xcalloc(n + 1, sizeof(*theirs));
	size_t *at = xcalloc(n + 1, sizeof(*at)), n_theirs = 0;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n; i++) {
		bool is = false;

		rc = follow_metaflow(s, &runs[i], &is, err);
		if (!is) {
			at[n_theirs] = i;
			theirs[n_theirs++] = runs[i];
		}
	}
	if (!rc && n_theirs)
		rc = follow_server(s, theirs, n_theirs, deadline_us, err);
	for (size_t i = 0; i < n_theirs; i++)
		runs[at[i]] = theirs[i];
	free(theirs);
	free(at);
	return rc;
}

/* A line is one row: of a message of several the last that says something. */
static struct str
last_line(struct str text)
{
	struct str s = text;

	while (s.len && strchr("\n\r \t", s.s[s.len - 1]))
		s.len--;
	for (size_t i = s.len; i-- > 0;)
		if (s.s[i] == '\n')
			return (struct str){ s.s + i + 1, s.len - i - 1 };
	return s;
}

static void
take_line(struct weir_tail *tails, size_t n, const struct weir_log *line)
{
	for (size_t i = 0; i < n; i++) {
		struct weir_tail *t = &tails[i];

		if (weir_id_cmp(&t->id, &line->flow_run_id) != 0 ||
			(t->us != WEIR_NO_TIME && t->us >= line->timestamp_us))
			continue;
		t->us = line->timestamp_us;
		t->level = line->level;
		set_text(t->text, sizeof(t->text), last_line(line->message));
	}
}

static void
tails_body(const struct weir_tail *tails, size_t n, size_t limit, struct buf *out)
{
	char id[WEIR_ID_TEXT + 1];

	buf_adds(out, "{\"logs\":{\"flow_run_id\":{\"any_\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "",
			weir_id_format(&tails[i].id, id));
	buf_addf(out, "]}},\"sort\":\"TIMESTAMP_DESC\",\"limit\":%zu}", limit);
}

enum weir_rc
weir_follow_tails(struct weir_session *s, struct weir_tail *tails, size_t n,
	int64_t deadline_us, struct weir_err *err)
{
	struct buf body = BUF_INIT(BUF_MAX), answer = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct log_vec lines = { 0 };
	struct api *api;
	bool any = false;
	enum weir_rc rc;

	for (size_t i = 0; !any && i < n; i++)
		any = !session_is_metaflow(s, &tails[i].id);
	if (!any)
		return WEIR_OK;
	rc = session_api_known(s, &api, err);
	if (rc)
		return rc;
	n = n < WEIR_FOLLOW_MAX ? n : WEIR_FOLLOW_MAX;
	tails_body(tails, n,
		api->page_limit < WEIR_FOLLOW_MAX ? api->page_limit : WEIR_FOLLOW_MAX,
		&body);
	api->deadline_us = deadline_us;
	rc = api_raw_wait(
		api, "POST", "/logs/filter", buf_str(&body), true, &answer, err);
	api->deadline_us = 0;
	if (!rc)
		rc = api_decode_logs(buf_str(&answer), &arena, &lines, err);
	for (size_t i = 0; !rc && i < lines.n; i++)
		take_line(tails, n, &lines.v[i]);
	VEC_FREE(&lines);
	arena_free(&arena);
	buf_release(&answer);
	buf_release(&body);
	return rc;
}

enum weir_rc
weir_follow_pause(struct weir_session *s, int64_t us, struct weir_err *err)
{
	int64_t until = weir_monotonic_us() + us;
	struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };

	while (weir_monotonic_us() < until) {
		if (weir_session_interrupted(s))
			return weir_fail(err, WEIR_EINTR, "interrupted");
		nanosleep(&nap, NULL);
	}
	return WEIR_OK;
}
