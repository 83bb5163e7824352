/*
 * A list outside of the menu: in a file, the pager, the editor, written by the very
 * command that shows it; and the logs of its runs as one.
 */
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

static void
save_to(struct view *v, const char *text)
{
	struct buf command = BUF_INIT(COMMAND_MAX);
	char *path = export_path(text);

	if (export_exists(path)) {
		status_say(v->app, true, "%s exists: choose another name", path);
		goto out;
	}
	add_command(v, "-o tsv --header -n 0 --offline", &command);
	buf_adds(&command, " > ");
	weir_view_quote(&command, path);
	if (outside_run(v->app, buf_cstr(&command), false))
		status_say(v->app, false, "the list is in %s", path);
out:
	buf_release(&command);
	free(path);
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
	struct view *v = arg;
	struct buf command = BUF_INIT(COMMAND_MAX);
	bool done;

	add_command(v, "-o table -n 0 --offline --no-menu", &command);
	buf_adds(&command, " > ");
	weir_view_quote(&command, e->temp);
	done = outside_run(v->app, buf_cstr(&command), false);
	buf_release(&command);
	return done;
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
