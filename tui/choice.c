#include "choice.h"

#include <weir/env_select.h>
#include <weir/shell.h>
#include <weir/text.h>

#include "app.h"
#include "listview.h"
#include "word.h"

enum { SHORT = 8, TEXT_MAX = 1024 };

/* On the helper's thread, or with the screen; never both. */
struct choice {
	const struct weir_config *config;
	const char *file; /* as --file */
	const atomic_bool *leaving;
	struct env_name name;
	bool leave;   /* the menu when it is done */
	bool planned; /* else it is to be planned */
	struct weir_env_selection sel;
	struct weir_env_written written;
	char owner_runs[512]; /* instead: the file is another's */
};

static bool
stops(void *arg)
{
	const struct choice *c = arg;

	return atomic_load(c->leaving);
}

static void
choice_free(void *state)
{
	struct choice *c = state;

	weir_env_selection_release(&c->sel);
	free(c);
}

/* ---- on the helper's thread */

static bool
pair_of(const struct env_name *n, struct weir_env_pair *ret)
{
	const char *full = strchr(n->id, ':');

	if (!full || (size_t)(full - n->id) >= sizeof(ret->req_id) ||
		strlen(full + 1) >= sizeof(ret->full_id))
		return false;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->req_id, n->id, (size_t)(full - n->id));
	memcpy(ret->full_id, full + 1, strlen(full + 1));
	return true;
}

static enum weir_rc
plan(struct choice *c, struct weir_store *store, struct weir_err *err)
{
	struct weir_env_root root = { .settings = NULL };
	struct weir_env_pair pair;
	enum weir_rc rc = WEIR_OK;

	if (!pair_of(&c->name, &pair))
		rc = weir_fail(err, WEIR_EBADDATA, "select: its ids are none");
	if (!rc)
		rc = weir_env_root_find(c->file, &root, err);
	if (!rc)
		rc = weir_env_select_plan(store, &root, &pair, &c->sel, err);
	weir_env_root_release(&root);
	return rc;
}

static enum weir_rc
run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct choice *c = state;
	struct weir_session *session;
	enum weir_rc rc;

	if (!c->planned)
		return plan(c, store, err);
	session = weir_session_new(c->config);
	rc = weir_env_select_do(session, &c->sel, stops, c, &c->written, err);
	weir_session_free(session);
	return rc;
}

static const struct finder_call call = { run, choice_free };

static void
submit(struct app *a, struct choice *c)
{
	struct finder_job job = { .kind = FINDER_CALL,
		.view = CHOICE_SERIAL,
		.object = WEIR_ENVIRONMENT,
		.call = &call,
		.state = c };

	finder_submit(app_helper(a), &job);
}

void
choice_ask(struct app *a, const struct env_name *name, bool leave)
{
	struct choice *c;

	if (weir_config_bool(a->config, WEIR_KEY_READ_ONLY)) {
		status_say(
			a, true, "select: --read-only is set, which changes nothing");
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->config = a->config;
	c->file = a->start->env_file;
	c->leaving = &a->leaving;
	c->name = *name;
	c->leave = leave;
	submit(a, c);
}

/* ---- asking */

static const char *
old_of(const struct choice *c)
{
	for (size_t i = 0; i < c->sel.past.v.n; i++) {
		const struct weir_env_swap *s = &c->sel.past.v.v[i];

		if (!s->was || !s->is || strcmp(s->was, s->is) != 0)
			return s->was;
	}
	return NULL;
}

static bool
is_so_already(const struct choice *c)
{
	for (size_t i = 0; i < c->sel.past.v.n; i++) {
		const struct weir_env_swap *s = &c->sel.past.v.v[i];

		if (!s->was || !s->is || strcmp(s->was, s->is) != 0)
			return false;
	}
	return true;
}

/* `linux-64, osx-arm64` */
static void
add_archs(const struct choice *c, struct buf *out)
{
	for (size_t i = 0; i < c->sel.past.v.n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", c->sel.past.v.v[i].arch);
}

/* Above it: a rule, the file, for which architectures. */
static int
rows(struct app *a, void *arg, int room)
{
	(void)a;
	(void)arg;
	return room < 6 ? 0 : 3;
}

static void
row(struct app *a, void *arg, struct draw *d, int i)
{
	const struct choice *c = a->choice;
	struct buf b = BUF_INIT(TEXT_MAX * 4);

	(void)arg;
	if (i == 0)
		while (draw_left(d) > 0)
			draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_DASH));
	if (i == 1) {
		draw_text(d, STYLE_DIM, "in   ");
		envs_tilde(&b, c->sel.file);
	} else if (i == 2) {
		draw_text(d, STYLE_DIM, "for  ");
		add_archs(c, &b);
		for (size_t k = 0; k < c->sel.left.n; k++)
			buf_addf(&b, "%s%s",
				k ? ", " : "; unchanged, as not known here: ",
				c->sel.left.v[k]);
	}
	draw_text(d, STYLE_PLAIN, buf_cstr(&b));
	draw_end(d, false);
	buf_release(&b);
}

/* `make 77ab... the default of 3f2a...? it was 8c1e...` */
static void
about(struct app *a, void *arg, struct draw *d)
{
	const struct choice *c = a->choice;
	const char *full = strchr(c->name.id, ':'), *was = old_of(c);
	const char *more = theme_glyph(&a->theme, GLYPH_MORE);
	struct buf b = BUF_INIT(TEXT_MAX * 4);

	(void)arg;
	buf_addf(&b, "make %.*s%s the default of %.*s%s?  ", SHORT, full + 1, more,
		SHORT, c->name.id, more);
	if (was)
		buf_addf(&b, "it was %.*s%s", SHORT, was, more);
	else
		buf_adds(&b, "there was none");
	draw_text(d, STYLE_STRONG, buf_cstr(&b));
	buf_release(&b);
}

static void
on_event(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	(void)arg;
	(void)p;
	(void)ev;
}

/* It is another's, or nobody's. */
static void
drop(struct app *a)
{
	if (a->choice)
		choice_free(a->choice);
	a->choice = NULL;
}

void
choice_leave(struct app *a)
{
	atomic_store(&a->leaving, true);
	drop(a);
}

static bool
on_key(struct app *a, void *arg, struct prompt *p, uint32_t key)
{
	struct choice *c = a->choice;

	(void)arg;
	prompt_stop(p, false);
	if (key != 'y' && key != 'Y') {
		status_say(a, false, "nothing was changed");
		drop(a);
		return true;
	}
	a->choice = NULL;
	c->planned = true;
	status_say(a, false, "writing it, and looking that it stays");
	submit(a, c);
	return true;
}

static const struct prompt_user user = {
	.label = "select it?  [y/N] ",
	.event = on_event,
	.key = on_key,
	.about = about,
	.rows = rows,
	.row = row,
};

/* ---- the file is another's: their command, which no single line has room for */

static int
owner_rows(struct app *a, void *arg, int room)
{
	struct str s = str_of(a->choice->owner_runs);
	int n = 1;

	(void)arg;
	for (; s.len > 0 && n < room - 1; n++) {
		size_t part = text_prefix(s, (size_t)a->draw.cols);

		s = (struct str){ s.s + part, s.len - part };
	}
	return room < 6 ? 0 : n;
}

static void
owner_row(struct app *a, void *arg, struct draw *d, int i)
{
	struct str s = str_of(a->choice->owner_runs);

	(void)arg;
	for (int k = 1; k < i; k++) {
		size_t part = text_prefix(s, (size_t)d->cols);

		s = (struct str){ s.s + part, s.len - part };
	}
	s.len = text_prefix(s, (size_t)d->cols);
	if (i == 0)
		while (draw_left(d) > 0)
			draw_text(d, STYLE_DIM, theme_glyph(d->theme, GLYPH_DASH));
	else
		draw_str(d, STYLE_PLAIN, s, d->cols);
	draw_end(d, false);
}

static bool
owner_key(struct app *a, void *arg, struct prompt *p, uint32_t key)
{
	(void)arg;
	prompt_stop(p, false);
	if (key == 'y' || key == 'Y')
		app_copy(a, a->choice->owner_runs);
	drop(a);
	return true;
}

static const struct prompt_user owner_user = {
	.label = "its owner may, by that; y copies it, other keys go on ",
	.event = on_event,
	.key = owner_key,
	.rows = owner_rows,
	.row = owner_row,
};

static void
ask_owner(struct app *a, const char *command)
{
	struct choice *c;

	if (a->prompt.active)
		return;
	drop(a);
	c = xcalloc(1, sizeof(*c));
	word_copy(c->owner_runs, sizeof(c->owner_runs), str_of(command));
	a->choice = c;
	app_prompt(a, &owner_user, a, "");
}

/* ---- answers */

static void
say_done(struct app *a, struct choice *c)
{
	const char *full = strchr(c->name.id, ':');
	struct buf b = BUF_INIT(TEXT_MAX * 4);

	if (c->written.overtaken) {
		envs_tilde(&b, c->sel.file);
		buf_adds(&b, ": written, and somebody has chosen another since");
	} else {
		/* A long path leaves no room: how it is taken back comes first. */
		buf_addf(
			&b, "%.*s is the default now; `weir env undo", SHORT, full + 1);
		if (c->file) {
			buf_adds(&b, " --file ");
			weir_shell_quote(&b, c->file);
		}
		buf_adds(&b, "` takes it back (");
		envs_tilde(&b, c->sel.file);
		buf_addc(&b, ')');
	}
	status_say(a, false, "%s", buf_cstr(&b));
	if (c->leave && a->start->said) {
		buf_addstr(a->start->said, buf_str(&b));
		a->quit = true;
	}
	buf_release(&b);
}

static void
look_again(struct app *a)
{
	for (struct view *v = a->top; v; v = v->below) {
		if (v->ops->context == CONTEXT_ENVS)
			listview_look_again(listview_of(v));
		else if (v->ops->context == CONTEXT_ENV)
			view_touch(v, VIEW_DATA);
	}
}

void
choice_answer(struct app *a, struct finder_answer *answer)
{
	struct choice *c = answer->part == FINDER_CALLED ? answer->state : NULL;

	if (answer->part == FINDER_FAILED)
		status_say(a, true, "%.*s%s%s", (int)strcspn(answer->text, "\n"),
			answer->text, answer->hint[0] ? "; try " : "", answer->hint);
	if (answer->part == FINDER_FAILED && answer->rc == WEIR_EREFUSED &&
		answer->hint[0])
		ask_owner(a, answer->hint);
	if (!c)
		return;
	answer->state = NULL;
	if (!c->planned && is_so_already(c)) {
		status_say(a, false, "it is the default already");
		choice_free(c);
	} else if (!c->planned && a->prompt.active) {
		status_say(a, false, "something else is being asked: select again");
		choice_free(c);
	} else if (!c->planned) {
		drop(a);
		a->choice = c;
		app_prompt(a, &user, a, "");
	} else {
		say_done(a, c);
		look_again(a);
		choice_free(c);
	}
}
