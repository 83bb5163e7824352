#include "listview.h"

#include <weir/time.h>

#include "app.h"
#include "envs_fresh.h"
#include "preview.h"
#include "word.h"

static const struct listview_kind kinds[] = {
	{ WEIR_RUN, "runs", "run" },
	{ WEIR_FLOW, "flows", "flow" },
	{ WEIR_DEPLOYMENT, "deployments", "deployment" },
	{ WEIR_POOL, "pools", "work pool" },
	{ WEIR_QUEUE, "queues", "work queue" },
	{ WEIR_TASK_RUN, "task runs", "task run" },
	{ WEIR_WORKER, "workers", "worker" },
	{ WEIR_LIMIT, "limits", "limit" },
	{ WEIR_ARTIFACT, "artifacts", "artifact" },
	{ WEIR_ENVIRONMENT, "environments", "environment" },
};

const struct listview_kind *
listview_kind(enum weir_kind kind)
{
	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		if (kinds[i].kind == kind)
			return &kinds[i];
	}
	return &kinds[0];
}

struct listview *
listview_of(struct view *v)
{
	return (struct listview *)v;
}

struct weir_store *
listview_store(const struct listview *r)
{
	return r->kind == WEIR_ENVIRONMENT ? envs_store(r->v.app) : r->v.app->store;
}

const struct rows_row *
listview_current(struct listview *r)
{
	return rows_get(&r->rows, listview_store(r), r->list.row);
}

bool
listview_has_header(const struct view *v)
{
	return v->height >= 4;
}

void
listview_set(char **where, const char *text)
{
	char *copy = xstrdup(text);

	free(*where);
	*where = copy;
}

void
listview_view(const struct listview *r, struct weir_view *ret_view)
{
	*ret_view = (struct weir_view){
		.show = WEIR_SHOW_LIST,
		.kind = r->kind,
		.query = r->query,
		.sort = r->sort,
		.columns = r->columns,
		.count_by = r->count_by,
		.tree = r->tree,
		.all = r->all,
		.file = (char *)r->v.app->start->env_file,
	};
}

static void
submit(struct listview *r, bool fresh)
{
	char *query = listview_query(r->kind, r->all, r->query);
	struct finder_job job = {
		.kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_ROWS,
		.now_us = weir_now_us(),
		.object = r->kind,
		.query = query,
		.sort = r->sort,
		.look = r->look,
		.head = fresh ? LISTVIEW_HEAD : 0,
		.counts = r->kind == WEIR_RUN,
		.tree = r->tree,
	};

	r->job = finder_submit(r->v.app->finder, &job);
	r->later = ACTION_NONE;
	free(query);
	r->look = false;
	r->asked = true;
	r->fresh = fresh;
	r->begun = false;
	r->again = false;
	r->again_us = weir_monotonic_us() + AGAIN_US;
}

/* Another query or order: what is on the screen stays until the first rows are here. */
void
listview_ask(struct listview *r)
{
	finder_answer_free(r->held);
	r->held = NULL;
	r->failed[0] = '\0';
	submit(r, true);
}

void
listview_layout(struct listview *r)
{
	struct app *a = r->v.app;

	r->table.utc = a->utc;
	r->table.absolute = r->absolute;
	r->table.several = strchr(r->sort, ',') != NULL;
	r->table.now_us = r->rows.now_us = a->now_us;
	table_layout(&r->table, &a->draw, listview_store(r), r->list.top,
		(size_t)r->list.height, listview_pane(r).list_width);
}

enum weir_rc
listview_choose(struct listview *r, const char *columns, struct weir_err *err)
{
	enum weir_rc rc = rows_choose(&r->rows, columns, err);

	if (rc)
		return rc;
	listview_set(&r->columns, columns);
	table_columns(&r->table);
	listview_layout(r);
	view_touch(&r->v, VIEW_PAINT);
	return WEIR_OK;
}

/* When held keys or another look at the store are due; 0: never. */
static int64_t
keys_due(const struct listview *r)
{
	if (r->held)
		return r->v.app->here_us + HOLD_US;
	return r->again && !r->asked ? r->again_us : 0;
}

/* What only looks different as time passes. True: there is nothing else to be done. */
static bool
take_timers(struct listview *r, int64_t now)
{
	bool taken = r->rows.flagged_us && r->rows.flagged_us <= now;
	int64_t due = keys_due(r);

	if (taken)
		r->rows.flagged_us = 0;
	if (r->preview && preview_due(r->preview) && preview_due(r->preview) <= now) {
		preview_update(r->preview);
		taken = true;
	}
	return taken && !r->look && r->generation == r->v.app->generation &&
	       !(due && due <= now);
}

void
listview_data(struct view *v)
{
	struct listview *r = listview_of(v);
	int64_t now = weir_monotonic_us();

	if (take_timers(r, now))
		return;
	if (listview_env_rests(r))
		return;
	app_store(v->app);
	r->generation = v->app->generation;
	r->rows.flags = !v->app->script.path && !v->app->unfocused;
	if (r->preview)
		preview_stale(r->preview);
	rows_stale(&r->rows);
	if (r->held && now - v->app->here_us >= HOLD_US) {
		struct finder_answer *held = r->held;

		r->held = NULL;
		v->ops->answer(v, held);
		finder_answer_free(held);
	}
	if (r->fold.unfolded.n > 0)
		listview_tree_look(r);
	if (!r->job) {
		listview_ask(r);
	} else if (r->asked || now < r->again_us) {
		r->again = true;
	} else {
		submit(r, r->rows.n == 0);
	}
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

int64_t
listview_due(const struct view *v)
{
	const struct listview *r = (const struct listview *)v;

	return earlier(earlier(keys_due(r), r->rows.flagged_us),
		earlier(r->preview ? preview_due(r->preview) : 0,
			r->kind == WEIR_ENVIRONMENT ? envs_due(r->v.app) : 0));
}

void
listview_moved_rows(struct listview *r)
{
	if (r->kind == WEIR_ENVIRONMENT)
		listview_env_sync(r);
	list_sync(&r->list);
	listview_mark_sync(r);
	if (r->rows.n > 0)
		listview_layout(r);
}

static void
take_keys(struct listview *r, struct finder_answer *answer)
{
	bool first = r->fresh && !r->begun;

	r->begun = true;
	listview_tree_take(
		r, answer, answer->part == FINDER_KEYS || answer->n < LISTVIEW_HEAD);
	if (first) {
		rows_stale(&r->rows);
		if (r->rows.n > 0)
			table_reset(&r->table);
		if (!r->list.moved)
			list_home(&r->list);
	}
	listview_moved_rows(r);
}

static void
take_failure(struct listview *r, const struct finder_answer *answer)
{
	r->asked = false;
	if (r->kind == WEIR_ENVIRONMENT) {
		listview_env_failed(r, answer);
		return;
	}
	if (answer->rc == WEIR_ENOTFOUND || answer->rc == WEIR_ENOSERVER) {
		r->job = 0; /* there is no store yet: ask again when there is */
		return;
	}
	word_copy(r->failed, sizeof(r->failed), str_of(answer->text));
	status_say(r->v.app, true, "%s", answer->text);
}

static void
hold(struct listview *r, struct finder_answer *answer)
{
	struct finder_answer *copy = xmemdup(answer, sizeof(*answer));

	answer->keys = NULL;
	answer->depths = NULL;
	copy->next = NULL;
	finder_answer_free(r->held);
	r->held = copy;
}

void
listview_answer(struct view *v, struct finder_answer *answer)
{
	struct listview *r = listview_of(v);
	bool moving = weir_monotonic_us() - v->app->here_us < HOLD_US;

	if (answer->slot == SLOT_FRESH) {
		listview_env_fresh(r, answer);
		return;
	}
	if (listview_tree_answer(r, answer) || listquery_answer(r, answer) ||
		answer->number != r->job)
		return;
	view_touch(v, VIEW_PAINT);
	switch ((int)answer->part) {
	case FINDER_HEAD:
	case FINDER_KEYS:
		if (!r->fresh && moving && r->list.moved && !v->app->script.path)
			hold(r, answer);
		else
			take_keys(r, answer);
		listview_env_later(r);
		if (r->kind == WEIR_ENVIRONMENT && answer->part == FINDER_KEYS)
			envs_fresh(r, false);
		if (r->fresh)
			r->us = answer->us;
		if (r->rows.whole || answer->part == FINDER_KEYS)
			r->asked = r->kind == WEIR_RUN;
		break;
	case FINDER_COUNTS:
		memcpy(r->states, answer->states, sizeof(r->states));
		r->counted = true;
		r->asked = false;
		break;
	case FINDER_NOTES:
		envs_noted(v->app, answer->words);
		break;
	case FINDER_FAILED:
		take_failure(r, answer);
		break;
	default:
		break;
	}
}
