/*
 * A list outside of the menu: in a file, the pager, the editor, written by the very
 * command that shows it; and the logs of its runs as one.
 */
#include <weir/shell.h>

#include "app.h"
#include "export.h"
#include "listview.h"
#include "outside.h"
#include "view_log.h"

enum { COMMAND_MAX = 64 << 10 };

/* The view's command with options behind its name, run by this program. */
static void
add_command(struct view *v, const char *options, struct buf *out)
{
	struct buf command = BUF_INIT(COMMAND_MAX);

	v->ops->command(v, &command);
	outside_command(v->app, buf_cstr(&command), options, out);
	buf_release(&command);
}

/* What the view's command prints into the file of e. */
static bool
fill(struct view *v, struct export *e, const char *options)
{
	struct buf command = BUF_INIT(COMMAND_MAX);
	bool done;

	add_command(v, options, &command);
	buf_adds(&command, " > ");
	weir_shell_quote(&command, e->temp);
	done = outside_run(v->app, buf_cstr(&command), false);
	buf_release(&command);
	return done;
}

static void
save(struct view *v, bool replace)
{
	const char *path = listview_of(v)->save_path;
	struct weir_err err = { 0 };
	struct export e;
	bool done;

	if (export_open(&e, path, replace, &err)) {
		status_say(v->app, true, "%s", err.text);
		return;
	}
	done = fill(v, &e, "-o tsv --header -n 0 --offline");
	if (export_close(&e, done, &err))
		status_say(v->app, true, "%s", err.text);
	else if (done)
		status_say(v->app, false, "the list is in %s", path);
}

static bool
on_replace_key(struct app *a, void *arg, struct prompt *p, uint32_t key)
{
	prompt_stop(p, false);
	if (key == 'y' || key == 'Y')
		save(arg, true);
	else
		status_say(a, false, "%s is as it was", listview_of(arg)->save_path);
	return true;
}

static void
on_replace(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	(void)arg;
	(void)p;
	(void)ev;
}

static const struct prompt_user replace_user = {
	.label = "the file exists: replace it?  "
		 "[y/N] ",
	.event = on_replace,
	.key = on_replace_key
};

static void
save_to(struct view *v, const char *text)
{
	struct listview *r = listview_of(v);

	free(r->save_path);
	r->save_path = export_path(text);
	if (export_exists(r->save_path))
		app_prompt(v->app, &replace_user, v, "");
	else
		save(v, false);
}

static void
on_save(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	if (ev == PROMPT_EV_ACCEPTED && p->text.len > 0)
		save_to(arg, prompt_text(p));
}

static const struct prompt_user save_user = {
	.label = "save the list to: ", .event = on_save, .history = "file"
};

void
listview_save(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	if (arg && *arg)
		save_to(v, arg);
	else
		app_prompt(v->app, &save_user, v, "");
}

static bool
fill_table(struct export *e, void *arg)
{
	return fill(arg, e, "-o table -n 0 --offline --no-menu");
}

void
listview_show(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	export_out(v->app, id == ACTION_EDITOR, fill_table, v);
}

void
listview_merge(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	struct weir_id *ids = NULL, run;
	enum weir_kind kind;
	size_t n;

	(void)id;
	(void)arg;
	if (r->kind != WEIR_RUN) {
		status_say(v->app, false, "only runs have logs to merge");
		return;
	}
	n = listview_marked(r, &ids);
	if (n > 1) {
		struct view *log = view_log_many(v->app, ids, n);

		if (log)
			app_push(v->app, log);
	} else if (n == 1) {
		view_log_tree(v->app, &ids[0]);
	} else if (v->ops->object(v, &kind, &run)) {
		view_log_tree(v->app, &run);
	}
	free(ids);
}
