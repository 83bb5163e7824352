/*
 * The menu as a whole: terminal, keys, views, threads, and the loop that joins them. It
 * is the one state of the screen's thread, passed to everything in tui/.
 */
#ifndef WEIR_TUI_APP_H
#define WEIR_TUI_APP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/config.h>
#include <weir/engine.h>
#include <weir/session.h>
#include <weir/store.h>

#include "action.h"
#include "desk.h"
#include "draw.h"
#include "envs.h"
#include "finder.h"
#include "input.h"
#include "keymap.h"
#include "messages.h"
#include "palette.h"
#include "prompt.h"
#include "screen.h"
#include "script.h"
#include "status.h"
#include "theme.h"
#include "tui.h"
#include "view.h"

struct app {
	const struct tui_start *start;
	const struct weir_config *config;
	struct weir_config *own_config; /* of a profile that was changed to */
	struct screen screen;
	struct theme theme;
	struct draw draw;
	struct input input;
	struct keymap keymap;
	struct prompt prompt;
	struct palette palette;
	struct status status;
	struct messages messages;
	struct script script;
	struct desk desk;

	struct weir_session *session;
	struct weir_store *store;   /* NULL: there is none yet */
	int64_t generation;         /* of the store when it was last looked at */
	struct weir_engine *engine; /* NULL: offline, or no server is configured */
	bool no_server;             /* none is configured */
	char store_why[512];        /* why there is no store */
	struct finder *finder;
	struct finder *helper; /* another one, for what takes long; NULL: not yet */
	struct envs envs;

	struct view *top;
	uint64_t n_views;

	struct choice *choice; /* an environment that is asked for; NULL: none */
	atomic_bool leaving;   /* what works for long gives up */

	struct weir_id made; /* the run that was started last; null: none */

	int64_t now_us;   /* of the frame: what "ago" is counted from */
	int64_t drawn_us; /* weir_monotonic_us when it was drawn */
	int64_t key_us;   /* weir_monotonic_us of the last key */
	int64_t here_us;  /* the same of the view on top; 0: one came back to it */
	bool utc;
	bool accessible;  /* for screen readers: nothing moves by itself */
	bool unfocused;   /* the terminal says that nobody types here */
	bool dirty;       /* something looks different */
	bool moved;       /* a cursor did, and nothing else looks different */
	bool untold;      /* a prompt's user has not heard of the text's last change */
	bool typing;      /* a prompt's text changed: what is said of it is not kept */
	int64_t click_us; /* when the mouse was last clicked, and in which row */
	int click_y;
	bool quit;
	int died_of; /* the signal that ended us, 0: none */
};

WEIR_NODISCARD enum weir_rc app_run(
	const struct tui_start *start, struct weir_err *err);

/* The loop, after the first frame: until the user leaves. */
void app_first_frame(struct app *a);
WEIR_NODISCARD enum weir_rc app_loop(struct app *a, struct weir_err *err);

WEIR_NODISCARD enum weir_rc app_start_engine(struct app *a, struct weir_err *err);

/* Views. push takes it. */
void app_push(struct app *a, struct view *v);
void app_pop(struct app *a);
void app_layout(struct app *a);
/* Open an object's own view; a task run's is its log. Why not is said. */
void app_open(struct app *a, enum weir_kind kind, const struct weir_id *id);
/* The object that a word means. */
WEIR_NODISCARD enum weir_rc app_resolve(struct app *a, unsigned kinds, const char *word,
	enum weir_kind *ret_kind, struct weir_id *ret_id, struct weir_err *err);
/* Open a list. Wrong words are said. */
void app_open_list(
	struct app *a, enum weir_kind kind, const char *query, const char *sort);
/* Open any view, as the command that shows it says; its texts are copied. Why not is
 * said. */
void app_open_view(struct app *a, const struct weir_view *view);
/* The same, for who must know; the error is not said. */
WEIR_NODISCARD enum weir_rc app_view_open(
	struct app *a, const struct weir_view *view, struct weir_err *err);
/* The same, from the command as text. */
void app_open_command(struct app *a, const char *command);
/* A named view, as a tab. Why not is said. */
void app_view_named(struct app *a, const char *name);
/* Keep warnings, one a line; before the screen is taken they are told there too. */
void app_warn(struct app *a, const char *lines);
/* The store for reading; NULL when there is none yet. */
struct weir_store *app_store(struct app *a);
/* Does the store hold what it held? Else views read anew. */
void app_changed(struct app *a);
/* What is said of a request that is on its way. */
const char *app_asking(const struct app *a);
uint64_t app_submit(struct app *a, enum weir_req_kind kind, const struct weir_id *id);
/* Ask for a line. arg is the user's: the view, or the app. */
void app_prompt(
	struct app *a, const struct prompt_user *user, void *arg, const char *text);
void app_key(struct app *a, uint32_t key);
/* Tell a prompt's user of what was typed; app_echo shows it first. The next key tells
 * too. */
void app_tell(struct app *a);
void app_echo(struct app *a);
/* A view that is new has read what it shows before it is asked to do anything: keys
 * may come faster than frames. */
void app_settle(struct app *a);
void app_paint(struct app *a);
/* Who does what takes long, so that searches need not wait; made when it is first
 * asked for. */
struct finder *app_helper(struct app *a);
/* The view is gone: nobody waits for its answers. */
void app_cancel(struct app *a, uint64_t serial);
/* Nothing is going on and nothing is due: what a script waits for. */
bool app_idle(struct app *a);
/* The clock is a script's or WEIR_NOW's: nothing grows by itself. */
bool app_stands(const struct app *a);

/* The run that a task run is part of; false: it is not here. */
bool app_run_of_task(
	struct app *a, const struct weir_id *task, struct weir_id *ret_run);

/* What an action such as ACTION_RUNS lists; runs, of others. */
enum weir_kind app_list_kind(enum action_id id);

/* Actions of the table. */
void app_nothing(struct app *a, enum action_id id, const char *arg);
void app_forward(struct app *a, enum action_id id, const char *arg);
void app_command(struct app *a, enum action_id id, const char *arg);
void app_shell(struct app *a, enum action_id id, const char *arg);
void app_act(struct app *a, enum action_id id, const char *arg);
void app_trigger(struct app *a, enum action_id id, const char *arg);
void app_started(struct app *a, enum action_id id, const char *arg);
void app_history(struct app *a, enum action_id id, const char *arg);
void app_profile(struct app *a, enum action_id id, const char *arg);
void app_timeline(struct app *a, enum action_id id, const char *arg);
void app_parameters(struct app *a, enum action_id id, const char *arg);
void app_messages(struct app *a, enum action_id id, const char *arg);
void app_back(struct app *a, enum action_id id, const char *arg);
void app_quit(struct app *a, enum action_id id, const char *arg);
/* To the clipboard, and say so. */
void app_copy(struct app *a, const char *text);
void app_copy_id(struct app *a, enum action_id id, const char *arg);
void app_copy_command(struct app *a, enum action_id id, const char *arg);
void app_web(struct app *a, enum action_id id, const char *arg);
void app_why(struct app *a, enum action_id id, const char *arg);
void app_zone(struct app *a, enum action_id id, const char *arg);
void app_refresh(struct app *a, enum action_id id, const char *arg);
void app_repaint(struct app *a, enum action_id id, const char *arg);
void app_suspend(struct app *a, enum action_id id, const char *arg);
void app_help(struct app *a, enum action_id id, const char *arg);
void app_list(struct app *a, enum action_id id, const char *arg);
void app_view(struct app *a, enum action_id id, const char *arg);
void app_view_step(struct app *a, enum action_id id, const char *arg);
void app_save_view(struct app *a, enum action_id id, const char *arg);
void app_show(struct app *a, enum action_id id, const char *arg);
void app_dump(struct app *a, enum action_id id, const char *arg);

#endif
