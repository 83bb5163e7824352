#include <langinfo.h>
#include <locale.h>
#include <signal.h>

#include <weir/select.h>
#include <weir/time.h>

#include "app.h"
#include "view_detail.h"
#include "view_list.h"
#include "view_log.h"

static enum weir_rc
open_views(struct app *a, struct weir_err *err)
{
	const struct tui_start *start = a->start;
	struct view *v = NULL;
	struct weir_id id;
	enum weir_kind kind;
	int64_t key;
	enum weir_rc rc;

	rc = view_list_new(a, start->kind, start->query, start->sort, &v, err);
	if (rc)
		return rc;
	app_push(a, v);
	if (!start->open)
		return WEIR_OK;
	if (!app_store(a))
		return weir_fail(err, WEIR_ENOTFOUND, "run '%s': nothing is stored yet",
			start->open);
	rc = weir_resolve(a->store, 1u << WEIR_RUN | 1u << WEIR_TASK_RUN, start->open,
		&kind, &id, &key, err);
	if (rc)
		return rc;
	v = start->log || kind == WEIR_TASK_RUN ? view_log_new(a, kind, &id)
						: view_detail_new(a, &id);
	if (!v)
		return weir_fail(
			err, WEIR_ENOTFOUND, "run '%s': not here", start->open);
	app_push(a, v);
	return WEIR_OK;
}

static enum weir_rc
start_engine(struct app *a, struct weir_err *err)
{
	enum weir_rc rc;

	app_store(a);
	if (a->start->offline || a->no_server)
		return WEIR_OK;
	rc = weir_engine_start(a->config, false, &a->engine, err);
	if (rc == WEIR_ENOSERVER) {
		a->no_server = true;
		return WEIR_OK;
	}
	if (!rc)
		weir_engine_active(a->engine, true);
	return rc;
}

static bool
wants_colour(const struct app *a)
{
	const char *color = weir_config_str(a->config, WEIR_KEY_COLOR);
	const char *none = getenv("NO_COLOR");

	if (color && strcmp(color, "never") == 0)
		return false;
	if (color && strcmp(color, "always") == 0)
		return true;
	return !none || !*none;
}

static void
init(struct app *a, const struct tui_start *start)
{
	a->start = start;
	a->config = start->config;
	a->utc = weir_config_bool(a->config, WEIR_KEY_UTC);
	a->status.cycle_us = a->status.offline_us = WEIR_NO_TIME;
	a->session = weir_session_new(a->config);
	setlocale(LC_CTYPE, "");
	a->theme.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	input_init(&a->input);
	prompt_init(&a->prompt);
}

static void
release(struct app *a)
{
	while (a->top) {
		struct view *v = a->top;

		a->top = v->below;
		v->ops->free(v);
	}
	screen_close(&a->screen);
	weir_engine_stop(a->engine);
	finder_stop(a->finder);
	weir_session_free(a->session);
	draw_release(&a->draw);
	input_release(&a->input);
	prompt_release(&a->prompt);
	keymap_release(&a->keymap);
	script_close(&a->script);
}

enum weir_rc
app_run(const struct tui_start *start, struct weir_err *err)
{
	struct app a = { 0 };
	enum weir_rc rc;
	int died_of;

	init(&a, start);
	rc = keymap_parse(&a.keymap, "default keys", str_of(keymap_defaults), err);
	if (!rc && start->script)
		rc = script_open(&a.script, start->script, err);
	if (!rc)
		rc = finder_start(a.config, &a.finder, err);
	if (rc)
		goto out;
	/* The first question is on its way while the terminal is set up. */
	a.now_us = weir_now_us();
	draw_init(&a.draw, &a.theme);
	/* One run asks the server as it is opened; a list can wait for its first frame.
	 */
	if (start->open)
		rc = start_engine(&a, err);
	if (!rc)
		rc = open_views(&a, err);
	if (rc)
		goto out;
	a.top->ops->data(a.top);
	a.top->dirty &= ~(unsigned)VIEW_DATA;
	rc = screen_open(&a.screen, start->script != NULL, err);
	if (rc)
		goto out;
	theme_init(&a.theme, wants_colour(&a));
	app_layout(&a);
	app_first_frame(&a);
	if (!start->open)
		rc = start_engine(&a, err);
	if (!rc)
		rc = app_loop(&a, err);
out:
	died_of = a.died_of;
	release(&a);
	if (died_of)
		raise(died_of);
	return rc;
}
