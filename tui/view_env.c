#include "view_env.h"

#include <weir/env_store.h>
#include <weir/query.h>
#include <weir/shell.h>

#include "app.h"
#include "choice.h"
#include "page.h"
#include "view_env_diff.h"
#include "word.h"

enum { SLOT_CHECK };

struct env {
	struct facts_env facts;
	bool found;
	uint64_t job; /* that checks its ids; 0: not asked */
};

static struct env *
env_of(struct view *v)
{
	return page_view_of(v)->arg;
}

/* ---- ids, on the helper's thread: the file is read whole */

struct check {
	struct env_name name;
	const char *file;
	enum weir_env_formula req, full;
};

static void
check_free(void *state)
{
	free(state);
}

static void
verify(struct check *c, const struct weir_env_loaded *l)
{
	const struct weir_env **all = xcalloc(l->n + 1, sizeof(const void *));

	for (size_t i = 0; i < l->n; i++)
		all[i] = &l->v[i];
	for (size_t i = 0; i < l->n; i++) {
		if (!str_eq(l->v[i].id.arch, c->name.arch))
			continue;
		c->req = weir_env_verify_req(all[i]);
		c->full = weir_env_verify_full(&all[i], 1);
		/* It may be of several architectures together. */
		if (c->full == WEIR_ENV_UNVERIFIED && l->n > 1)
			c->full = weir_env_verify_full(all, l->n);
		break;
	}
	free(all);
}

static enum weir_rc
check_run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct check *c = state;
	struct weir_env_root root = { .settings = NULL };
	struct weir_env_loaded l = { .n = 0 };
	struct weir_env_pair pair;
	enum weir_rc rc = weir_env_root_find(c->file, &root, err);

	if (!rc)
		rc = weir_env_find(store, c->name.id, &pair, err);
	if (!rc)
		rc = weir_env_load(store, &root, &pair, &l, err);
	if (!rc)
		verify(c, &l);
	weir_env_loaded_release(&l);
	weir_env_root_release(&root);
	return rc;
}

static void
check(struct page_view *v, struct env *e)
{
	static const struct finder_call call = { check_run, check_free };
	struct check *c = xcalloc(1, sizeof(*c));
	struct finder_job job = { .kind = FINDER_CALL,
		.view = v->v.serial,
		.slot = SLOT_CHECK,
		.object = WEIR_ENVIRONMENT,
		.call = &call,
		.state = c };

	c->name = e->facts.name;
	c->file = v->v.app->start->env_file;
	e->job = finder_submit(app_helper(v->v.app), &job);
}

static void
on_answer(struct page_view *v, void *arg, struct finder_answer *answer)
{
	struct env *e = arg;
	const struct check *c = answer->state;

	if (answer->number != e->job || answer->part != FINDER_CALLED)
		return;
	e->facts.checked = true;
	e->facts.req = c->req;
	e->facts.full = c->full;
	view_touch(&v->v, VIEW_DATA);
}

/* ---- the page */

static void
write_env(struct page_view *v, struct page *p, void *arg)
{
	struct app *a = v->v.app;
	struct env *e = arg;

	e->facts.p = p;
	e->facts.store = envs_store(a);
	e->facts.theme = &a->theme;
	e->found = e->facts.store && facts_env_write(&e->facts);
	if (!e->found) {
		page_blank(p);
		page_text(p, NULL, 2, STYLE_PLAIN,
			STR("This environment is no longer here."), 1);
	} else if (!e->job) {
		check(v, e);
	}
}

static void
free_env(void *arg)
{
	free(arg);
}

static void
say_command(struct page_view *v, void *arg, struct buf *out)
{
	const struct env *e = arg;

	(void)v;
	buf_adds(out, "weir env show ");
	facts_env_short(&e->facts.name, out);
	buf_adds(out, " --arch ");
	weir_shell_quote(out, e->facts.name.arch);
}

static void
paint_counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct env *e = arg;
	struct buf text = BUF_INIT(256);

	word_number(&text, (int64_t)e->facts.n_packages);
	buf_adds(&text, e->facts.n_packages == 1 ? " package" : " packages");
	if (e->facts.is_default)
		buf_addf(&text, " %s the default", theme_glyph(d->theme, GLYPH_DOT));
	draw_text(d, STYLE_PLAIN, buf_cstr(&text));
	if (e->found && !e->facts.checked)
		draw_text(d, STYLE_DIM, "  checking its ids");
	buf_release(&text);
	(void)v;
}

static void
say_crumb(struct page_view *v, void *arg, struct buf *out)
{
	const struct env *e = arg;
	const char *full = strchr(e->facts.name.id, ':');

	(void)v;
	buf_addf(out, "%.8s", full ? full + 1 : e->facts.name.id);
}

static void
say_ident(struct view *v, struct buf *out)
{
	buf_adds(out, env_of(v)->facts.name.id);
}

static void
act_select(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	choice_ask(v->app, &env_of(v)->facts.name, false);
}

static void
act_diff(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	view_env_diff_from(v->app, &env_of(v)->facts.name, arg);
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	(void)id;
	(void)arg;
	env_of(v)->job = 0;
	view_touch(v, VIEW_DATA);
	status_say(v->app, false, "looking again");
}

static const struct view_act acts[] = {
	{ ACTION_SELECT, act_select },
	{ ACTION_DIFF, act_diff },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_SELECT, ACTION_DIFF, ACTION_SEARCH,
	ACTION_OPEN, ACTION_COPY_ID, ACTION_HELP, ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_ENV,
	.write = write_env,
	.free = free_env,
	.command = say_command,
	.hints = hints,
	.acts = acts,
	.counts = paint_counts,
	.answer = on_answer,
	.crumb = say_crumb,
	.ident = say_ident,
	.origin = envs_origin,
};

struct view *
view_env_new(struct app *a, const struct env_name *name)
{
	struct env *e = xcalloc(1, sizeof(*e));

	e->facts.name = *name;
	return page_view_new(a, &user, e);
}

/* ---- by a word */

static enum weir_rc
first_arch(struct weir_store *s, const struct weir_env_pair *pair, const char *arch,
	struct env_name *ret, struct weir_err *err)
{
	struct buf text = BUF_INIT(4096);
	bool found;
	enum weir_rc rc;

	buf_addf(&text, "req_id:%s full_id:%s", pair->req_id, pair->full_id);
	if (arch) {
		buf_adds(&text, " arch:");
		weir_query_quote(&text, str_of(arch), true);
	}
	rc = facts_env_first(s, buf_str(&text), &found, ret, err);
	if (!rc && !found)
		rc = weir_fail(err, WEIR_ENOTFOUND, "env show: there is none for %s",
			arch ? arch : "any architecture");
	buf_release(&text);
	return rc;
}

static enum weir_rc
find(struct app *a, const char *text, struct weir_env_pair *ret_pair,
	struct weir_err *err)
{
	struct weir_store *store = envs_store(a);

	if (!store)
		return weir_fail(err, WEIR_ENOTFOUND,
			"env show: conda_v2.cnd was not read yet: :environments");
	return weir_env_find(store, text, ret_pair, err);
}

/* Who comes from a run has looked at no list of them, which takes in what is new. */
static bool
take_in(struct app *a)
{
	const struct weir_env_open how = {
		.config = a->config, .root = envs_root(a), .local_only = true
	};
	struct weir_store *s = NULL;
	bool done = how.root && !weir_env_open(&how, &s, NULL, NULL);

	weir_store_close(s);
	return done;
}

enum weir_rc
view_env_open(struct app *a, const char *text, const char *arch, struct view **ret_view,
	struct weir_err *err)
{
	struct weir_env_pair pair;
	struct env_name name;
	enum weir_rc rc = find(a, text, &pair, err);

	if (rc == WEIR_ENOTFOUND && take_in(a))
		rc = find(a, text, &pair, err);
	if (!rc)
		rc = first_arch(envs_store(a), &pair, arch, &name, err);
	if (!rc)
		*ret_view = view_env_new(a, &name);
	return rc;
}
