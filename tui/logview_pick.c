/*
 * Loggers and tasks of a log, with how many lines each has, above a prompt: the loggers
 * that are shown, one task.
 */
#include <strings.h>

#include "app.h"
#include "logview.h"
#include "word.h"

enum { ROWS_MAX = 10, COUNT_COLUMNS = 10 };

void
logview_pick_release(struct logpick *p)
{
	for (size_t i = 0; i < p->items.n; i++)
		free(p->items.v[i].name);
	VEC_FREE(&p->items);
	VEC_FREE(&p->listed);
	free(p->before);
	*p = (struct logpick){ .chosen = PAGER_NONE };
}

static const struct prompt_user loggers_user, task_user;

static bool
is_open(const struct log *l)
{
	const struct prompt *p = &l->v.app->prompt;

	return p->active && p->arg == l &&
	       (p->user == &loggers_user || p->user == &task_user);
}

static bool
names(const char *name, const char *text)
{
	size_t n = strlen(text);

	for (; strlen(name) >= n; name++) {
		if (strncasecmp(name, text, n) == 0)
			return true;
	}
	return false;
}

/* Those that what is typed names. */
static void
list_items(struct log *l, const char *typed)
{
	struct logpick *p = &l->pick;

	p->listed.n = 0;
	for (size_t i = 0; i < p->items.n; i++) {
		if (names(p->items.v[i].name, typed))
			VEC_PUSH(&p->listed, i);
	}
	p->chosen = PAGER_NONE;
	p->top = 0;
}

void
logview_pick_answer(struct log *l, struct finder_answer *answer)
{
	struct logpick *p = &l->pick;
	const char *s = answer->words;

	if (answer->number != p->job || !is_open(l) || answer->part == FINDER_DOING)
		return;
	p->asked = false;
	while (s && *s) {
		size_t n = strcspn(s, "\n"), digits = strspn(s, "0123456789");
		struct logpick_item item = { .n = (size_t)strtoull(s, NULL, 10) };

		item.name = xstrndup(s + digits + 1, n - digits - 1);
		item.on =
			weir_log_of(*l->loggers ? l->loggers : "!", str_of(item.name));
		VEC_PUSH(&p->items, item);
		s += n + (s[n] == '\n');
	}
	list_items(l, prompt_text(&l->v.app->prompt));
	view_touch(&l->v, VIEW_PAINT);
}

static void
set_loggers(struct log *l, const char *text)
{
	if (strcmp(l->loggers, text) == 0)
		return;
	logview_set(&l->loggers, text);
	logview_refilter(l);
}

/* The shorter way to say it: these, or all but those; new ones belong to the others. */
static void
take_toggles(struct log *l)
{
	const struct logpick *p = &l->pick;
	struct buf text = BUF_INIT(BUF_MAX);
	size_t on = 0, n = p->items.n;
	bool others;

	for (size_t i = 0; i < n; i++)
		on += p->items.v[i].on;
	others = on == 0 || on > n - on;
	for (size_t i = 0; on < n && i < n; i++) {
		if (p->items.v[i].on == others)
			continue;
		buf_adds(&text, text.len > 0 ? "," : others ? "!" : "");
		buf_adds(&text, p->items.v[i].name);
	}
	set_loggers(l, buf_cstr(&text));
	buf_release(&text);
}

/* Only those that are listed; what is written whole is that one. */
static void
take_listed(struct log *l, const char *typed)
{
	struct logpick *p = &l->pick;

	for (size_t i = 0; i < p->items.n; i++)
		p->items.v[i].on = false;
	for (size_t i = 0; i < p->listed.n; i++)
		p->items.v[p->listed.v[i]].on = true;
	for (size_t i = 0; i < p->items.n; i++) {
		if (strcmp(p->items.v[i].name, typed) != 0)
			continue;
		for (size_t k = 0; k < p->items.n; k++)
			p->items.v[k].on = k == i;
	}
	take_toggles(l);
}

static const struct logpick_item *
chosen(const struct logpick *p)
{
	return p->chosen < p->listed.n ? &p->items.v[p->listed.v[p->chosen]] : NULL;
}

static void
on_loggers(struct app *a, void *arg, struct prompt *prompt, enum prompt_event ev)
{
	struct log *l = arg;
	struct logpick *p = &l->pick;
	const char *typed = prompt_text(prompt);

	if (ev == PROMPT_EV_CHANGED) {
		list_items(l, typed);
		return;
	}
	if (ev == PROMPT_EV_CANCELLED)
		set_loggers(l, p->before);
	else if (p->toggled)
		take_toggles(l);
	else if (chosen(p))
		set_loggers(l, chosen(p)->name);
	else if (*typed && p->listed.n > 0)
		take_listed(l, typed);
	else if (*typed)
		status_say(a, true, "no logger of this log is called so: %s", typed);
	logview_pick_release(p);
}

static void
set_task(struct log *l, const char *text)
{
	logview_remember(l);
	logview_set(&l->task_name, text);
	logview_refilter(l);
}

static void
on_task(struct app *a, void *arg, struct prompt *prompt, enum prompt_event ev)
{
	struct log *l = arg;

	(void)a;
	if (ev == PROMPT_EV_CHANGED) {
		list_items(l, prompt_text(prompt));
		return;
	}
	if (ev == PROMPT_EV_ACCEPTED)
		set_task(l, chosen(&l->pick) ? chosen(&l->pick)->name
					     : prompt_text(prompt));
	logview_pick_release(&l->pick);
}

static void
choose(struct logpick *p, int step)
{
	if (step > 0)
		p->chosen = p->chosen == PAGER_NONE ? 0 : p->chosen + 1;
	else
		p->chosen = p->chosen == PAGER_NONE || p->chosen == 0 ? PAGER_NONE
								      : p->chosen - 1;
	if (step > 0 && p->chosen >= p->listed.n)
		p->chosen = p->listed.n > 0 ? p->listed.n - 1 : PAGER_NONE;
}

static bool
on_key(struct app *a, void *arg, struct prompt *prompt, uint32_t key)
{
	struct logpick *p = &((struct log *)arg)->pick;

	(void)a;
	if (key == INPUT_UP && p->chosen == PAGER_NONE)
		return false; /* what was entered before */
	if (key == INPUT_TAB && p->listed.n > 0)
		prompt_set(prompt,
			chosen(p) ? chosen(p)->name : p->items.v[p->listed.v[0]].name);
	else if (key == INPUT_DOWN || key == INPUT_UP)
		choose(p, key == INPUT_DOWN ? 1 : -1);
	else
		return false;
	return true;
}

static bool
on_loggers_key(struct app *a, void *arg, struct prompt *prompt, uint32_t key)
{
	struct log *l = arg;
	struct logpick *p = &l->pick;

	if (key == '*') {
		for (size_t i = 0; i < p->items.n; i++)
			p->items.v[i].on = true;
	} else if (key == ' ' || key == INPUT_TAB) {
		if (p->chosen == PAGER_NONE)
			choose(p, 1);
		if (p->chosen < p->listed.n)
			p->items.v[p->listed.v[p->chosen]].on ^= true;
	} else {
		return (key == INPUT_DOWN || key == INPUT_UP) &&
		       on_key(a, arg, prompt, key);
	}
	p->toggled = true;
	take_toggles(l);
	if (key == INPUT_TAB)
		choose(p, 1);
	return true;
}

static int
n_rows(struct app *a, void *arg, int room)
{
	struct logpick *p = &((struct log *)arg)->pick;
	int most = room / 2 < ROWS_MAX ? room / 2 : ROWS_MAX;
	int n = (int)p->listed.n < most ? (int)p->listed.n : most;

	(void)a;
	if (p->chosen == PAGER_NONE || p->chosen < p->top)
		p->top = p->chosen == PAGER_NONE ? 0 : p->chosen;
	else if (n > 0 && p->chosen >= p->top + (size_t)n)
		p->top = p->chosen - (size_t)n + 1;
	return n;
}

static void
paint_row(struct app *a, void *arg, struct draw *d, int row)
{
	struct log *l = arg;
	const struct logpick *p = &l->pick;
	size_t i = p->top + (size_t)row;
	const struct logpick_item *item = &p->items.v[p->listed.v[i]];
	bool many = a->prompt.user == &loggers_user, dim = many && !item->on;
	struct buf n = BUF_INIT(32);

	word_number(&n, (int64_t)item->n);
	draw_text(d, STYLE_DIM, theme_glyph(&a->theme, GLYPH_RULE));
	draw_spaces(d, 1);
	if (many)
		draw_text(d, dim ? STYLE_DIM : STYLE_PLAIN, item->on ? "[x]" : "[ ]");
	draw_cell(d, dim ? STYLE_DIM : STYLE_PLAIN, buf_str(&n), COUNT_COLUMNS, true);
	draw_spaces(d, 2);
	draw_text(d, dim ? STYLE_DIM : STYLE_STRONG, *item->name ? item->name : "-");
	draw_end(d, p->chosen == i);
	buf_release(&n);
}

static void
found(struct app *a, void *arg, struct buf *out)
{
	const struct logpick *p = &((struct log *)arg)->pick;
	size_t on = 0;

	for (size_t i = 0; i < p->items.n; i++)
		on += p->items.v[i].on;
	if (p->asked)
		buf_addf(out, "counting%s", theme_glyph(&a->theme, GLYPH_MORE));
	else if (a->prompt.user == &loggers_user)
		buf_addf(out, "%zu of %zu shown", on, p->items.n);
	else
		buf_addf(out, "%zu of %zu", p->listed.n, p->items.n);
}

static void
about_loggers(struct app *a, void *arg, struct draw *d)
{
	(void)a;
	(void)arg;
	draw_text(d, STYLE_DIM,
		"down, up choose  space shows or hides  * all  enter only this one");
}

static void
about_task(struct app *a, void *arg, struct draw *d)
{
	(void)a;
	(void)arg;
	draw_text(d, STYLE_DIM,
		"down, up choose; or a name, or the beginning of an id; none: all");
}

static const struct prompt_user loggers_user = { .label = "loggers: ",
	.event = on_loggers,
	.found = found,
	.key = on_loggers_key,
	.rows = n_rows,
	.row = paint_row,
	.about = about_loggers };
static const struct prompt_user task_user = { .label = "only the lines of task: ",
	.event = on_task,
	.found = found,
	.history = "log-task",
	.key = on_key,
	.rows = n_rows,
	.row = paint_row,
	.about = about_task };

static void
open_picker(struct log *l, enum finder_kind kind, const struct prompt_user *user)
{
	struct finder_job job = { .kind = kind,
		.view = l->v.serial,
		.slot = SLOT_NAMES,
		.n_runs = l->n_runs };
	struct weir_id runs[WEIR_LOGS_RUNS_MAX];

	for (size_t i = 0; i < l->n_runs; i++)
		runs[i] = l->runs[i].id;
	job.runs = runs;
	logview_pick_release(&l->pick);
	l->pick.before = xstrdup(l->loggers);
	l->pick.job = finder_submit(l->v.app->finder, &job);
	l->pick.asked = true;
	app_prompt(l->v.app, user, l, user == &task_user ? l->task_name : "");
}

void
logview_pick(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);
	bool task = id == ACTION_TASK;

	logview_remember(l);
	if (task && !weir_id_is_null(&l->task))
		status_say(v->app, false, "this is the log of one task");
	else if (arg && *arg && task)
		set_task(l, arg);
	else if (arg && *arg)
		set_loggers(l, strcmp(arg, "*") == 0 ? "" : arg);
	else if (logview_n(l) == 0)
		status_say(v->app, false, "there is no line yet");
	else if (task)
		open_picker(l, FINDER_TASKS, &task_user);
	else
		open_picker(l, FINDER_LOGGERS, &loggers_user);
}
