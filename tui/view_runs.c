#include "view_runs.h"

#include <weir/query.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "list.h"
#include "table.h"
#include "view_log.h"
#include "view_run.h"
#include "word.h"

enum { SLOT_ROWS, SLOT_BAD };
/* No new order under a moving cursor: this long after the last key. */
enum { HOLD_US = 2000000 };
/* Between two questions that only look for changes. */
enum { AGAIN_US = 500000 };

struct runs {
	struct view v;
	enum weir_kind kind;
	char *query, *start_query; /* what is shown; what it was opened with */
	char *sort, *start_sort;   /* as --sort; "" is the kind's own order */
	struct rows rows;
	struct table table;
	struct list list;
	bool letters; /* `~` was pressed: a column's letter is awaited */
	bool absolute;

	uint64_t job;     /* what the answers must belong to */
	bool asked;       /* the job has not answered wholly */
	bool fresh;       /* it is for a new question: the first rows come first */
	bool again;       /* ask once more, something changed meanwhile */
	int64_t again_us; /* not before (weir_monotonic_us) */
	struct finder_answer *held; /* new keys that wait until the cursor rests */

	int64_t states[WEIR_N_STATES];
	bool counted;
	int64_t us; /* how long the last new question took */
	char failed[512];

	int seek; /* +1, -1: the next failure is looked for */
	uint64_t bad_job;
};

static const struct {
	enum weir_kind kind;
	const char *command, *one;
	const char *opens; /* the field of runs that Enter filters by; NULL: none */
} kinds[] = {
	{ WEIR_RUN, "runs", "run", NULL },
	{ WEIR_FLOW, "flows", "flow", "flow" },
	{ WEIR_DEPLOYMENT, "deployments", "deployment", "deployment" },
	{ WEIR_POOL, "pools", "work pool", "pool" },
};

static size_t
kind_index(enum weir_kind kind)
{
	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		if (kinds[i].kind == kind)
			return i;
	}
	return 0;
}

static struct runs *
runs_of(struct view *v)
{
	return (struct runs *)v;
}

/* The list's model: keys of rows. */
static size_t
model_n(void *arg)
{
	return ((struct runs *)arg)->rows.n;
}

static int64_t
model_key(void *arg, size_t row)
{
	return ((struct runs *)arg)->rows.keys[row];
}

static bool
model_find(void *arg, int64_t key, size_t hint, size_t *ret_row)
{
	return rows_find(&((struct runs *)arg)->rows, key, hint, ret_row);
}

static const struct list_model model = { model_n, model_key, model_find, NULL };

static bool
has_header(const struct view *v)
{
	return v->height >= 4;
}

static void
set(char **where, const char *text)
{
	char *copy = xstrdup(text);

	free(*where);
	*where = copy;
}

static void
submit(struct runs *r, bool fresh)
{
	struct finder_job job = {
		.kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_ROWS,
		.now_us = weir_now_us(),
		.object = r->kind,
		.query = r->query,
		.sort = r->sort,
		.head = fresh ? (size_t)r->v.height * 2 + 1 : 0,
		.counts = r->kind == WEIR_RUN,
	};

	r->job = finder_submit(r->v.app->finder, &job);
	r->asked = true;
	r->fresh = fresh;
	r->again = false;
	r->again_us = weir_monotonic_us() + AGAIN_US;
}

/* Another query or order: what is on the screen stays until the first rows are here. */
static void
ask(struct runs *r)
{
	finder_answer_free(r->held);
	r->held = NULL;
	r->failed[0] = '\0';
	submit(r, true);
}

static void
layout_columns(struct runs *r)
{
	struct app *a = r->v.app;

	r->table.utc = a->utc;
	r->table.absolute = r->absolute;
	r->table.now_us = r->rows.now_us = a->now_us;
	table_layout(&r->table, &a->draw, a->store, r->list.top, (size_t)r->list.height,
		r->v.width);
}

static void
view_layout(struct view *v)
{
	struct runs *r = runs_of(v);

	list_height(&r->list, v->height - (has_header(v) ? 1 : 0));
	layout_columns(r);
}

static void
view_data(struct view *v)
{
	struct runs *r = runs_of(v);
	int64_t now = weir_monotonic_us();

	app_store(v->app);
	rows_stale(&r->rows);
	if (r->held && now - v->app->key_us >= HOLD_US) {
		struct finder_answer *held = r->held;

		r->held = NULL;
		v->ops->answer(v, held);
		finder_answer_free(held);
	}
	if (!r->job) {
		ask(r);
	} else if (r->asked || now < r->again_us) {
		r->again = true;
	} else {
		submit(r, r->rows.n == 0);
	}
}

static int64_t
view_due(const struct view *v)
{
	const struct runs *r = (const struct runs *)v;

	if (r->held)
		return v->app->key_us + HOLD_US;
	return r->again && !r->asked ? r->again_us : 0;
}

static void
take_keys(struct runs *r, struct finder_answer *answer)
{
	bool first = r->fresh && answer->part == FINDER_HEAD;

	rows_set(&r->rows, answer->keys, answer->n,
		answer->part == FINDER_KEYS || answer->n < (size_t)r->v.height * 2 + 1);
	answer->keys = NULL;
	if (first) {
		rows_stale(&r->rows);
		table_reset(&r->table);
		if (!r->list.moved)
			list_home(&r->list);
	}
	list_sync(&r->list);
	layout_columns(r);
}

/* Where the next failure is: both lists are in the same order. */
static void
take_bad(struct runs *r, const struct finder_answer *answer)
{
	size_t found = r->rows.n, k = 0;

	for (size_t i = 0; i < r->rows.n && k < answer->n; i++) {
		if (r->rows.keys[i] != answer->keys[k])
			continue;
		k++;
		if (r->seek < 0 && i < r->list.row)
			found = i;
		if (r->seek > 0 && i > r->list.row) {
			found = i;
			break;
		}
	}
	if (found < r->rows.n)
		list_goto(&r->list, found);
	else
		status_say(r->v.app, false, "no failed %s %s", kinds[0].one,
			r->seek > 0 ? "below" : "above");
	r->seek = 0;
}

static void
take_failure(struct runs *r, const struct finder_answer *answer)
{
	r->asked = false;
	if (answer->rc == WEIR_ENOTFOUND || answer->rc == WEIR_ENOSERVER) {
		r->job = 0; /* there is no store yet: ask again when there is */
		return;
	}
	word_copy(r->failed, sizeof(r->failed), str_of(answer->text));
	status_say(r->v.app, true, "%s", answer->text);
}

static void
hold(struct runs *r, struct finder_answer *answer)
{
	struct finder_answer *copy = xmemdup(answer, sizeof(*answer));

	answer->keys = NULL;
	copy->next = NULL;
	finder_answer_free(r->held);
	r->held = copy;
}

static void
view_answer(struct view *v, struct finder_answer *answer)
{
	struct runs *r = runs_of(v);
	bool moving = weir_monotonic_us() - v->app->key_us < HOLD_US;

	if (answer->slot == SLOT_BAD) {
		if (answer->number == r->bad_job && answer->part == FINDER_KEYS)
			take_bad(r, answer);
		return;
	}
	if (answer->number != r->job)
		return;
	view_touch(v, VIEW_PAINT);
	switch (answer->part) {
	case FINDER_HEAD:
	case FINDER_KEYS:
		if (!r->fresh && moving && r->list.moved && !v->app->script.path)
			hold(r, answer);
		else
			take_keys(r, answer);
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
	case FINDER_FAILED:
		take_failure(r, answer);
		break;
	case FINDER_LINES:
		break;
	}
}

/* The column and direction of r->sort, for the header's arrow. */
static const struct weir_column *
sorted_by(const struct runs *r, bool *ret_descending)
{
	size_t n = strcspn(r->sort, ":,");

	for (const struct weir_column *c = weir_columns(r->kind); c->name && n; c++) {
		if ((strlen(c->name) == n && strncmp(c->name, r->sort, n) == 0) ||
			(c->alias && strlen(c->alias) == n &&
				strncmp(c->alias, r->sort, n) == 0)) {
			*ret_descending = strncmp(r->sort + n, ":desc", 5) == 0;
			return c;
		}
	}
	return NULL;
}

/* What is said where no row is. */
static void
paint_empty(struct runs *r, struct draw *d, int row)
{
	struct app *a = r->v.app;
	const char *lines[3] = { NULL, NULL, NULL };
	struct buf text = BUF_INIT(1024);

	if (a->store_why[0]) {
		lines[0] = a->store_why;
		if (a->no_server)
			lines[1] =
				"try: export PREFECT_API_URL=http://127.0.0.1:4200/api";
	} else if (!a->store && a->status.offline) {
		lines[0] = "The server does not answer, and nothing is stored yet.";
		lines[1] = a->status.offline_why;
		lines[2] = "try: weir doctor";
	} else if (!a->store) {
		lines[0] =
			a->start->offline
				? "Nothing is stored yet: start once without --offline."
				: "Fetching the first runs...";
	} else if (r->failed[0]) {
		lines[0] = r->failed;
	} else if (r->asked) {
		lines[0] = "...";
	} else if (*r->query) {
		buf_addf(&text, "No %s matches. / changes the query, Esc clears it.",
			kinds[kind_index(r->kind)].one);
		lines[0] = buf_cstr(&text);
	} else {
		buf_addf(&text, "There is no %s yet.", kinds[kind_index(r->kind)].one);
		lines[0] = buf_cstr(&text);
	}
	if (row >= 1 && row <= 3 && lines[row - 1]) {
		draw_spaces(d, 2);
		draw_text(d, row == 1 ? STYLE_PLAIN : STYLE_DIM, lines[row - 1]);
	}
	buf_release(&text);
}

static void
view_paint(struct view *v, struct draw *d)
{
	struct runs *r = runs_of(v);
	bool descending = false;
	const struct weir_column *sort = sorted_by(r, &descending);
	int y = v->y;

	r->rows.now_us = r->table.now_us = v->app->now_us;
	if (has_header(v)) {
		draw_begin(d, y++);
		table_header(&r->table, d, r->letters, sort, descending);
		draw_end(d, false);
	}
	for (int i = 0; i < r->list.height && y < v->y + v->height; i++, y++) {
		size_t row = r->list.top + (size_t)i;

		draw_begin(d, y);
		if (row < r->rows.n)
			table_row(&r->table, d, rows_get(&r->rows, v->app->store, row));
		else if (r->rows.n == 0)
			paint_empty(r, d, i);
		draw_end(d, row < r->rows.n && row == r->list.row);
	}
}

static const enum weir_state state_order[] = { WEIR_ST_FAILED, WEIR_ST_CRASHED,
	WEIR_ST_RUNNING, WEIR_ST_PENDING, WEIR_ST_SCHEDULED, WEIR_ST_PAUSED,
	WEIR_ST_CANCELLING, WEIR_ST_CANCELLED, WEIR_ST_COMPLETED };

static void
paint_state_counts(const struct runs *r, struct draw *d)
{
	for (size_t i = 0; i < N_ELEM(state_order); i++) {
		enum weir_state state = state_order[i];
		struct buf part = BUF_INIT(128);
		char glyph[8];
		enum style style = theme_state(
			d->theme, state, str_of(weir_state_type(state)), glyph);

		if (r->states[state] > 0) {
			word_number(&part, r->states[state]);
			buf_addc(&part, ' ');
			for (const char *p = weir_state_type(state); *p; p++)
				buf_addc(&part, (char)(*p | 0x20));
			draw_text(d, STYLE_DIM, " ");
			draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_DOT));
			draw_text(d, STYLE_DIM, " ");
			draw_text(d,
				state == WEIR_ST_FAILED || state == WEIR_ST_CRASHED
					? style
					: STYLE_PLAIN,
				buf_cstr(&part));
		}
		buf_release(&part);
	}
}

static void
view_counts(struct view *v, struct draw *d)
{
	struct runs *r = runs_of(v);
	const char *command = kinds[kind_index(r->kind)].command;
	struct buf left = BUF_INIT(128), right = BUF_INIT(128);
	int64_t n = (int64_t)r->rows.n;
	size_t last = r->list.top + (size_t)r->list.height;

	if (r->letters) {
		draw_text(d, STYLE_STRONG,
			"sort by: a letter or number of a column, 0 as it was");
		return;
	}
	if (!r->rows.whole && r->counted) {
		n = 0;
		for (size_t i = 0; i < WEIR_N_STATES; i++)
			n += r->states[i];
	}
	word_number(&left, n);
	buf_addf(&left, "%s %s", r->rows.whole || r->counted || !n ? "" : "+", command);
	draw_text(d, STYLE_PLAIN, buf_cstr(&left));
	if (r->counted)
		paint_state_counts(r, d);
	if (r->rows.n > 0) {
		if (last > r->rows.n)
			last = r->rows.n;
		buf_addf(&right, "%s ", theme_glyph(d->theme, GLYPH_UPDOWN));
		word_number(&right, (int64_t)r->list.top + 1);
		buf_addc(&right, '-');
		word_number(&right, (int64_t)last);
		status_right(d, STYLE_DIM, buf_cstr(&right));
	}
	buf_release(&left);
	buf_release(&right);
}

static void
view_found(struct view *v, struct buf *out)
{
	struct runs *r = runs_of(v);

	word_number(out, (int64_t)r->rows.n);
	if (!r->rows.whole)
		buf_addc(out, '+');
	buf_addf(out, " %s", kinds[kind_index(r->kind)].command);
	if (!v->app->script.path) /* a script's screens are the same each time */
		buf_addf(out, " %s %lld ms", theme_glyph(&v->app->theme, GLYPH_DOT),
			(long long)(r->us / 1000));
}

static void
view_command(struct view *v, struct buf *out)
{
	struct runs *r = runs_of(v);

	buf_addf(out, "weir %s", kinds[kind_index(r->kind)].command);
	if (*r->query) {
		buf_addc(out, ' ');
		word_quote(out, r->query);
	}
	if (*r->sort) {
		buf_adds(out, " --sort ");
		word_quote(out, r->sort);
	}
}

static const struct rows_row *
current(struct runs *r)
{
	return rows_get(&r->rows, r->v.app->store, r->list.row);
}

static bool
view_object(struct view *v, enum weir_kind *ret_kind, struct weir_id *ret_id)
{
	struct runs *r = runs_of(v);
	const struct rows_row *row = current(r);

	if (!row || r->rows.id >= r->rows.columns.n)
		return false;
	*ret_kind = r->kind;
	*ret_id = row->cells[r->rows.id].id;
	return true;
}

static struct str
name_of(const struct runs *r, const struct rows_row *row)
{
	for (size_t i = 0; i < r->rows.columns.n; i++) {
		if (strcmp(r->rows.columns.v[i]->name, "name") == 0)
			return row->cells[i].s;
	}
	return STR("");
}

static void
view_name(struct view *v, struct buf *out)
{
	struct runs *r = runs_of(v);
	const struct rows_row *row = current(r);

	if (row)
		buf_addstr(out, name_of(r, row));
}

/* Runs of this flow, deployment or pool. */
static void
open_runs_of(struct runs *r, const struct rows_row *row)
{
	const char *field = kinds[kind_index(r->kind)].opens;
	struct buf query = BUF_INIT(ROWS_CELL_MAX * 2);
	struct view *v = NULL;
	struct weir_err err = { 0 };

	if (!field)
		return;
	buf_addf(&query, "%s:", field);
	word_value(&query, name_of(r, row));
	if (view_runs_new(r->v.app, WEIR_RUN, buf_cstr(&query), NULL, &v, &err))
		status_say(r->v.app, true, "%s", err.text);
	else
		app_push(r->v.app, v);
	buf_release(&query);
}

static void
open_current(struct runs *r, bool log)
{
	const struct rows_row *row = current(r);
	struct app *a = r->v.app;
	struct view *v;
	struct weir_id id;

	if (!row)
		return;
	if (r->kind != WEIR_RUN) {
		if (!log)
			open_runs_of(r, row);
		return;
	}
	id = row->cells[r->rows.id].id;
	v = log ? view_log_new(a, WEIR_RUN, &id) : view_run_new(a, &id);
	if (v)
		app_push(a, v);
	else
		status_say(a, true, "this run is no longer here");
}

static void
seek_bad(struct runs *r, int direction)
{
	struct buf query = BUF_INIT(PROMPT_MAX * 2);
	struct finder_job job = { .kind = FINDER_ROWS,
		.view = r->v.serial,
		.slot = SLOT_BAD,
		.now_us = weir_now_us(),
		.object = r->kind,
		.sort = r->sort };

	if (r->kind != WEIR_RUN)
		return;
	if (*r->query)
		buf_addf(&query, "(%s) ", r->query);
	buf_adds(&query, "state_type:failed,crashed");
	job.query = buf_cstr(&query);
	r->seek = direction;
	r->bad_job = finder_submit(r->v.app->finder, &job);
	buf_release(&query);
}

static bool
take_back(struct runs *r)
{
	if (strcmp(r->query, r->start_query) == 0)
		return false;
	set(&r->query, r->start_query);
	ask(r);
	return true;
}

static void
move_by_match(struct runs *r, int direction)
{
	list_act(&r->list, direction > 0 ? ACTION_DOWN : ACTION_UP);
}

static bool
view_act(struct view *v, enum action_id id)
{
	struct runs *r = runs_of(v);

	if (list_act(&r->list, id))
		return true;
	switch ((int)id) {
	case ACTION_LEFT:
		return table_scroll(&r->table, -1);
	case ACTION_RIGHT:
		return table_scroll(&r->table, 1);
	case ACTION_OPEN:
		open_current(r, false);
		return true;
	case ACTION_LOG:
		open_current(r, true);
		return true;
	case ACTION_SEARCH:
		app_prompt(v->app, '/', r->query);
		return true;
	case ACTION_NEXT:
		move_by_match(r, 1);
		return true;
	case ACTION_PREVIOUS:
		move_by_match(r, -1);
		return true;
	case ACTION_SORT:
		r->letters = true;
		return true;
	case ACTION_NEXT_BAD:
		seek_bad(r, 1);
		return true;
	case ACTION_PREVIOUS_BAD:
		seek_bad(r, -1);
		return true;
	case ACTION_TIMES:
		r->absolute = !r->absolute;
		table_reset(&r->table);
		layout_columns(r);
		return true;
	case ACTION_BACK:
		return take_back(r);
	default:
		return false;
	}
}

/* Times, numbers and spans are asked for from the largest down. */
static bool
descends_first(const struct weir_column *c)
{
	return c->type == WEIR_T_TIME || c->type == WEIR_T_DURATION ||
	       c->type == WEIR_T_INT || c->type == WEIR_T_REAL;
}

static void
sort_by(struct runs *r, const struct weir_column *c)
{
	bool descending = descends_first(c), now = false;
	struct buf sort = BUF_INIT(256);

	if (sorted_by(r, &now) == c)
		descending = !now;
	buf_addf(&sort, "%s%s", c->alias ? c->alias : c->name,
		descending ? ":desc" : "");
	set(&r->sort, buf_cstr(&sort));
	buf_release(&sort);
	ask(r);
}

/* The key after `~`. */
static bool
view_key(struct view *v, uint32_t key)
{
	struct runs *r = runs_of(v);
	const struct weir_column *c;

	if (!r->letters)
		return false;
	r->letters = false;
	c = table_pick(&r->table, key);
	if (c) {
		sort_by(r, c);
	} else if (key == '0') {
		set(&r->sort, r->start_sort);
		ask(r);
	} else if (key != INPUT_ESC && key != '~') {
		status_say(v->app, true, "no column has this letter or number");
	}
	return true;
}

/* What completion would add at the end of the text. */
static void
complete(struct runs *r, struct prompt *p)
{
	struct buf words = BUF_INIT(64 << 10);
	struct str text = buf_str(&p->text), typed = text;
	const char *field = NULL;
	size_t n;

	buf_clear(&p->ghost);
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(" (-", text.s[i]))
			typed = (struct str){ text.s + i + 1, text.len - i - 1 };
	}
	if (typed.len == 0)
		return;
	weir_query_complete(r->kind, text, &words, &field);
	n = strcspn(buf_cstr(&words), "\n");
	if (n > typed.len && strncmp(buf_cstr(&words), typed.s, typed.len) == 0)
		buf_add(&p->ghost, buf_cstr(&words) + typed.len, n - typed.len);
	buf_release(&words);
}

/* The first line of an error that also shows the place, which is underlined here. */
static void
say_why(struct app *a, const struct weir_err *err)
{
	status_say(a, true, "%.*s", (int)strcspn(err->text, "\n"), err->text);
}

static void
view_prompt(struct view *v, struct prompt *p, enum view_prompt what)
{
	struct runs *r = runs_of(v);
	struct str text = buf_str(&p->text);
	struct weir_err err = { 0 };
	char *used;

	if (what == VIEW_PROMPT_CANCELLED)
		text = str_of(p->original);
	weir_query_free(
		weir_query_parse_prefix(r->kind, text, weir_now_us(), &p->valid, &err));
	if (err.rc && what != VIEW_PROMPT_CANCELLED)
		say_why(v->app, &err);
	if (what == VIEW_PROMPT_CHANGED)
		complete(r, p);
	while (p->valid < text.len && text.s[p->valid] == ' ')
		p->valid++;
	text.len = p->valid;
	while (text.len > 0 && text.s[text.len - 1] == ' ')
		text.len--;
	used = str_copy(text);
	if (strcmp(used, r->query) != 0) {
		set(&r->query, used);
		ask(r);
	}
	free(used);
}

static void
view_free(struct view *v)
{
	struct runs *r = runs_of(v);

	finder_answer_free(r->held);
	rows_release(&r->rows);
	free(r->query);
	free(r->start_query);
	free(r->sort);
	free(r->start_sort);
	free(r);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_SORT,
	ACTION_NEXT_BAD, ACTION_LOG, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct view_ops ops = {
	.context = CONTEXT_LIST,
	.free = view_free,
	.layout = view_layout,
	.data = view_data,
	.paint = view_paint,
	.counts = view_counts,
	.command = view_command,
	.act = view_act,
	.found = view_found,
	.key = view_key,
	.answer = view_answer,
	.prompt = view_prompt,
	.due = view_due,
	.object = view_object,
	.name = view_name,
	.hints = hints,
};

/* Wrong words are told before the terminal is taken. */
static enum weir_rc
check(enum weir_kind kind, const char *query, const char *sort, struct weir_err *err)
{
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_column_set extra = { 0 };
	struct weir_query *q = NULL;
	size_t n = 0;
	enum weir_rc rc;

	rc = weir_query_parse(kind, str_of(query), weir_now_us(), &q, err);
	weir_query_free(q);
	if (rc || !*sort)
		return rc;
	rc = weir_sort_parse(kind, sort, &extra, sorts, &n, err);
	weir_columns_release(&extra);
	return rc;
}

enum weir_rc
view_runs_new(struct app *a, enum weir_kind kind, const char *query, const char *sort,
	struct view **ret_view, struct weir_err *err)
{
	struct runs *r;
	enum weir_rc rc;

	query = query ? query : "";
	sort = sort ? sort : "";
	rc = check(kind, query, sort, err);
	if (rc)
		return rc;
	r = xcalloc(1, sizeof(*r));
	rc = rows_init(&r->rows, kind, err);
	if (rc) {
		free(r);
		return rc;
	}
	view_init(&r->v, &ops, a);
	r->kind = kind;
	set(&r->query, query);
	set(&r->start_query, query);
	set(&r->sort, sort);
	set(&r->start_sort, sort);
	table_init(&r->table, &r->rows);
	list_init(&r->list, &model, r);
	*ret_view = &r->v;
	return WEIR_OK;
}
