#include <langinfo.h>
#include <locale.h>
#include <signal.h>

#include <weir/select.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "choice.h"
#include "theme_user.h"

static enum weir_rc
open_views(struct app *a, struct weir_err *err)
{
	static const struct weir_view runs = { .show = WEIR_SHOW_LIST,
		.kind = WEIR_RUN },
				      envs = { .show = WEIR_SHOW_LIST,
					      .kind = WEIR_ENVIRONMENT };
	const struct weir_view *view = &a->start->view;
	struct weir_view left = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (a->start->restore && desk_left_last(a, &left)) {
		rc = app_view_open(a, &left, err);
		weir_view_release(&left);
		if (!rc)
			desk_restore(a, a->top);
		if (!rc)
			desk_tab_match(a);
		return rc;
	}
	if (view->show == WEIR_SHOW_ENV || view->show == WEIR_SHOW_DIFF)
		rc = app_view_open(a, &envs, err);
	else if (view->show != WEIR_SHOW_LIST && view->show != WEIR_SHOW_SELECT)
		rc = app_view_open(a, &runs, err);
	if (!rc)
		rc = app_view_open(a, view, err);
	if (!rc && a->start->named)
		desk_tab_named(a, a->start->named);
	return rc;
}

enum weir_rc
app_start_engine(struct app *a, struct weir_err *err)
{
	enum weir_rc rc;

	app_store(a);
	if (a->start->offline || a->no_server)
		return WEIR_OK;
	rc = weir_engine_start(a->config, a->start->no_network, &a->engine, err);
	if (rc == WEIR_ENOSERVER) {
		a->no_server = true;
		return WEIR_OK;
	}
	if (!rc)
		weir_engine_active(a->engine, !a->unfocused);
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

/* ACCESSIBLE, which several programs know, or the setting. */
static bool
wants_accessible(const struct app *a)
{
	const char *said = getenv("ACCESSIBLE");

	if (said && *said)
		return strcmp(said, "0") != 0;
	return weir_config_bool(a->config, WEIR_KEY_ACCESSIBLE);
}

void
app_warn(struct app *a, const char *lines)
{
	for (const char *p = lines; *p;) {
		size_t n = strcspn(p, "\n");
		struct buf line = BUF_INIT(4096);

		text_sanitize(
			&line, (struct str){ p, n }, a->theme.utf8 ? 0 : TEXT_ASCII);
		if (!a->screen.open)
			fprintf(stderr, "weir: %s\n", buf_cstr(&line));
		messages_add(&a->messages, true, buf_cstr(&line));
		buf_release(&line);
		p += n + (p[n] == '\n');
	}
}

/* What is wrong in [keys] and [colours] is told before the screen is taken, and kept.
 */
static void
read_keys(struct app *a)
{
	struct buf warnings = BUF_INIT(BUF_MAX);

	keymap_read(&a->keymap, a->config, &warnings);
	theme_user_read(&a->theme, a->config, &warnings);
	app_warn(a, buf_cstr(&warnings));
	buf_release(&warnings);
}

static void
init(struct app *a, const struct tui_start *start)
{
	a->start = start;
	a->config = start->config;
	a->utc = weir_config_bool(a->config, WEIR_KEY_UTC);
	a->accessible = wants_accessible(a);
	a->status.cycle_us = a->status.offline_us = WEIR_NO_TIME;
	a->session = weir_session_lasting(a->config, a->start->no_network);
	envs_init(&a->envs);
	setlocale(LC_CTYPE, "");
	a->theme.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	input_init(&a->input);
	prompt_init(&a->prompt);
	keymap_init(&a->keymap);
	read_keys(a);
	desk_init(a);
}

static void
release(struct app *a)
{
	desk_keep(a);
	while (a->top) {
		struct view *v = a->top;

		a->top = v->below;
		v->ops->free(v);
	}
	screen_close(&a->screen);
	weir_engine_stop(a->engine);
	choice_leave(a);
	finder_stop(a->finder);
	finder_stop(a->helper);
	envs_release(&a->envs);
	desk_release(a);
	weir_session_free(a->session);
	draw_release(&a->draw);
	input_release(&a->input);
	prompt_release(&a->prompt);
	messages_release(&a->messages);
	palette_release(&a->palette);
	keymap_release(&a->keymap);
	script_close(&a->script);
	weir_config_free(a->own_config);
}

enum weir_rc
app_run(const struct tui_start *start, struct weir_err *err)
{
	struct app a = { 0 };
	enum weir_rc rc = WEIR_OK;
	int died_of;

	init(&a, start);
	if (start->script)
		rc = script_open(&a.script, start->script, err);
	if (!rc)
		rc = finder_start(a.config, &a.finder, err);
	if (rc)
		goto out;
	finder_envs(a.finder, start->env_file, true);
	/* The first question is on its way while the terminal is set up. */
	a.now_us = weir_now_us();
	draw_init(&a.draw, &a.theme);
	/* One run asks the server as it is opened; a list can wait for its first frame.
	 */
	if (start->view.show != WEIR_SHOW_LIST)
		rc = app_start_engine(&a, err);
	if (!rc)
		rc = open_views(&a, err);
	if (rc)
		goto out;
	a.top->ops->data(a.top);
	a.top->dirty &= ~(unsigned)VIEW_DATA;
	rc = screen_open(&a.screen, start->script != NULL, a.accessible, err);
	if (rc)
		goto out;
	if (weir_config_bool(a.config, WEIR_KEY_MOUSE))
		screen_mouse(&a.screen);
	theme_init(&a.theme, wants_colour(&a));
	if (a.accessible)
		theme_still(&a.theme);
	a.draw.follows = a.accessible;
	app_layout(&a);
	app_first_frame(&a);
	if (start->view.show == WEIR_SHOW_LIST)
		rc = app_start_engine(&a, err);
	if (!rc)
		rc = app_loop(&a, err);
out:
	died_of = a.died_of;
	release(&a);
	if (died_of)
		raise(died_of);
	return rc;
}
