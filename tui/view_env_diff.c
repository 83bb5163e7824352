#include "view_env_diff.h"

#include <weir/env_store.h>
#include <weir/query.h>
#include <weir/shell.h>
#include <weir/text.h>

#include "app.h"
#include "choice.h"
#include "page.h"
#include "word.h"

enum {
	SLOT_SETS,
	BESIDE = 100, /* columns from which both stand side by side */
	WORD = 9,     /* columns of glyph and word */
	NAME_MOST = 32,
	VERSION_MOST = 20,
};

/* On the helper's thread, or with the screen; never both. */
struct sides {
	char *text[2], *arch[2];
	const char *file; /* as --file */
	struct weir_env_set set[2];
};

struct diff {
	struct sides *sides; /* NULL: not known yet */
	char *text[2], *arch[2];
	struct weir_env_deltas deltas;
	uint64_t job;
	char failed[512];
};

static void
sides_free(void *state)
{
	struct sides *s = state;

	for (int i = 0; i < 2; i++) {
		free(s->text[i]);
		free(s->arch[i]);
		weir_env_set_release(&s->set[i]);
	}
	free(s);
}

/* ---- reading, on the helper's thread */

/* From the store, where it is one of those; it need not be read from its file. */
static enum weir_rc
read_side(struct sides *s, int i, struct weir_store *store,
	const struct weir_env_root *root, struct weir_err *err)
{
	const char *arch = s->arch[i][0] ? s->arch[i] : NULL;
	struct weir_env_pair pair;
	struct env_name name;

	if (arch && !weir_env_find(store, s->text[i], &pair, NULL)) {
		char *id = xasprintf("%s:%s", pair.req_id, pair.full_id);
		bool found = facts_env_name(&name, str_of(id), str_of(arch)) &&
			     !facts_env_set(store, &name, &s->set[i], NULL);

		free(id);
		if (found)
			return WEIR_OK;
	}
	return weir_env_set_read(store, root, s->text[i], arch,
		i ? s->set[0].arch.s : NULL, &s->set[i], err);
}

static enum weir_rc
sides_run(void *state, struct weir_store *store, struct weir_err *err)
{
	struct sides *s = state;
	struct weir_env_root root = { .settings = NULL };
	enum weir_rc rc = weir_env_root_find(s->file, &root, err);

	for (int i = 0; !rc && i < 2; i++)
		rc = read_side(s, i, store, &root, err);
	weir_env_root_release(&root);
	return rc;
}

static void
ask(struct page_view *v, struct diff *f)
{
	static const struct finder_call call = { sides_run, sides_free };
	struct sides *s = xcalloc(1, sizeof(*s));
	struct finder_job job = { .kind = FINDER_CALL,
		.view = v->v.serial,
		.slot = SLOT_SETS,
		.object = WEIR_ENVIRONMENT,
		.call = &call,
		.state = s };

	for (int i = 0; i < 2; i++) {
		s->text[i] = xstrdup(f->text[i]);
		s->arch[i] = xstrdup(f->arch[i]);
	}
	s->file = v->v.app->start->env_file;
	f->job = finder_submit(app_helper(v->v.app), &job);
}

static void
on_answer(struct page_view *v, void *arg, struct finder_answer *answer)
{
	struct diff *f = arg;

	if (answer->number != f->job)
		return;
	if (answer->part == FINDER_FAILED)
		word_copy(f->failed, sizeof(f->failed), str_of(answer->text));
	if (answer->part == FINDER_CALLED) {
		VEC_FREE(&f->deltas);
		if (f->sides)
			sides_free(f->sides);
		f->sides = answer->state;
		answer->state = NULL;
		weir_env_diff(&f->sides->set[0], &f->sides->set[1], &f->deltas);
	}
	view_touch(&v->v, VIEW_DATA);
}

/* ---- the page */

struct look {
	const char *glyph;
	enum style style;
};

static struct look
look_of(const struct theme *t, enum weir_env_change change)
{
	const struct look looks[] = {
		[WEIR_ENV_REMOVED] = { "-", STYLE_RED },
		[WEIR_ENV_ADDED] = { "+", STYLE_GREEN },
		[WEIR_ENV_UP] = { theme_glyph(t, GLYPH_UP), STYLE_CYAN },
		[WEIR_ENV_DOWN] = { theme_glyph(t, GLYPH_DOWN), STYLE_YELLOW },
		[WEIR_ENV_BUILD] = { "~", STYLE_PLAIN },
		[WEIR_ENV_CHANNEL] = { "~", STYLE_PLAIN },
	};

	return looks[change];
}

struct widths {
	int name, version, side;
};

static struct widths
measure(const struct diff *f, int width)
{
	struct widths w = { 4, 7, 0 };

	for (size_t i = 0; i < f->deltas.n; i++) {
		const struct weir_env_delta *d = &f->deltas.v[i];

		w.name = page_wider(w.name, (d->a ? d->a : d->b)->name, NAME_MOST);
		if (d->a)
			w.version = page_wider(w.version, d->a->version, VERSION_MOST);
		if (d->b)
			w.version = page_wider(w.version, d->b->version, VERSION_MOST);
	}
	w.side = (width - 1 - 2 - WORD - w.name - 2 - 3) / 2;
	return w;
}

/* Version, build and channel in exactly so many columns. */
static void
add_beside(struct page *p, const struct weir_env_item *item, const struct widths *w,
	enum style style)
{
	struct buf rest = BUF_INIT(1024);

	if (!item) {
		page_gap(p, w->side);
		return;
	}
	buf_addstr(&rest, item->build);
	buf_addf(&rest, "%s%.*s", item->build.len ? "  " : "", (int)item->channel.len,
		item->channel.s);
	page_add(p, style, item->version, w->version + 2, false);
	page_add(p, STYLE_DIM, buf_str(&rest), w->side - w->version - 2, false);
	buf_release(&rest);
}

/* `3.1.2 hd590300_0 -> 3.5.4 h26f9b46_0`: what is the same on both sides is left out.
 */
static void
add_below(struct page *p, const struct weir_env_delta *d, const struct theme *t)
{
	const struct weir_env_item *items[] = { d->a, d->b };
	bool channel = !d->a || !d->b || !str_equal(d->a->channel, d->b->channel);
	struct buf b = BUF_INIT(2048);

	for (int i = 0; i < 2; i++) {
		const struct weir_env_item *one = items[i];

		if (!one)
			continue;
		if (b.len)
			buf_addf(&b, " %s> ", theme_glyph(t, GLYPH_DASH));
		buf_addstr(&b, one->version);
		if (one->build.len && d->change != WEIR_ENV_CHANNEL)
			buf_addf(&b, " %.*s", (int)one->build.len, one->build.s);
		if (one->channel.len && channel)
			buf_addf(&b, " %.*s", (int)one->channel.len, one->channel.s);
	}
	page_add(p, STYLE_PLAIN, buf_str(&b), 0, false);
	buf_release(&b);
}

static void
write_delta(struct page_view *v, struct page *p, const struct weir_env_delta *d,
	const struct widths *w, bool beside)
{
	const struct weir_env_item *any = d->a ? d->a : d->b;
	const struct theme *t = &v->v.app->theme;
	struct look look = look_of(t, d->change);
	struct buf word = BUF_INIT(256);

	page_begin(p, 0);
	facts_env_open(p, any);
	page_gap(p, 1);
	buf_addf(&word, "%s %s", look.glyph, weir_env_change_name(d->change));
	page_add(p, look.style, buf_str(&word), 2 + WORD, false);
	page_add(p, STYLE_STRONG, any->name, w->name + 2, false);
	if (beside) {
		add_beside(p, d->a, w, STYLE_PLAIN);
		page_add(p, STYLE_DIM, str_of(theme_glyph(t, GLYPH_RULE)), 2, false);
		add_beside(p, d->b, w, STYLE_PLAIN);
	} else {
		add_below(p, d, t);
	}
	buf_release(&word);
}

/* `5c1d2e3f:1a2b3c4d linux-64 · 40 packages` */
static void
add_side_name(const struct diff *f, int i, const struct theme *t, struct buf *out)
{
	const struct weir_env_set *set = &f->sides->set[i];
	struct env_name name;

	if (set->what.len == sizeof(name.id) - 1 &&
		facts_env_name(&name, set->what, set->arch))
		facts_env_short(&name, out);
	else
		buf_addstr(out, set->what);
	if (set->arch.len)
		buf_addf(out, " %.*s", (int)set->arch.len, set->arch.s);
	buf_addf(out, " %s %zu packages", theme_glyph(t, GLYPH_DOT), set->v.n);
}

static void
write_head(struct page_view *v, struct page *p, const struct diff *f,
	const struct widths *w, bool beside)
{
	const struct theme *t = &v->v.app->theme;
	struct buf names[2] = { BUF_INIT(4096), BUF_INIT(4096) };

	for (int i = 0; i < 2; i++)
		add_side_name(f, i, t, &names[i]);
	page_begin(p, 0);
	if (beside) {
		page_gap(p, 1 + 2 + WORD + w->name + 2);
		page_add(p, STYLE_HEADER, buf_str(&names[0]), w->side, false);
		page_add(p, STYLE_DIM, str_of(theme_glyph(t, GLYPH_RULE)), 2, false);
		page_add(p, STYLE_HEADER, buf_str(&names[1]), w->side, false);
	} else {
		page_addf(p, STYLE_RED, " - ");
		page_add(p, STYLE_HEADER, buf_str(&names[0]), 0, false);
		page_begin(p, 0);
		page_addf(p, STYLE_GREEN, " + ");
		page_add(p, STYLE_HEADER, buf_str(&names[1]), 0, false);
		page_blank(p);
	}
	buf_release(&names[0]);
	buf_release(&names[1]);
}

static void
write_diff(struct page_view *v, struct page *p, void *arg)
{
	struct diff *f = arg;
	bool beside = v->v.width >= BESIDE;
	struct widths w;

	if (!f->job)
		ask(v, f);
	if (f->failed[0]) {
		page_text(p, NULL, 2, STYLE_ERROR, str_of(f->failed), 3);
		return;
	}
	if (!f->sides) {
		page_text(p, NULL, 2, STYLE_DIM, STR("reading both"), 1);
		return;
	}
	w = measure(f, v->v.width);
	write_head(v, p, f, &w, beside);
	for (size_t i = 0; i < f->deltas.n; i++)
		write_delta(v, p, &f->deltas.v[i], &w, beside);
	if (f->deltas.n == 0) {
		page_blank(p);
		page_text(p, NULL, 2, STYLE_PLAIN,
			STR("No package differs: they have the same."), 1);
	}
}

/* `3 added · 2 removed · 4 up · 30 the same` */
static void
paint_counts(struct page_view *v, void *arg, struct draw *d)
{
	static const enum weir_env_change order[] = { WEIR_ENV_ADDED, WEIR_ENV_REMOVED,
		WEIR_ENV_UP, WEIR_ENV_DOWN, WEIR_ENV_BUILD, WEIR_ENV_CHANNEL };
	const struct diff *f = arg;
	size_t n[WEIR_ENV_CHANGE_N] = { 0 }, same;
	const char *sep = "";
	struct buf b = BUF_INIT(256);

	(void)v;
	if (!f->sides)
		return;
	for (size_t i = 0; i < f->deltas.n; i++)
		n[f->deltas.v[i].change]++;
	for (size_t i = 0; i < N_ELEM(order); i++) {
		struct look look = look_of(d->theme, order[i]);

		if (!n[order[i]])
			continue;
		buf_clear(&b);
		buf_addf(&b, "%s %zu %s", look.glyph, n[order[i]],
			weir_env_change_name(order[i]));
		draw_text(d, STYLE_DIM, sep);
		draw_text(d, look.style, buf_cstr(&b));
		sep = "  ";
	}
	same = f->sides->set[0].v.n;
	for (size_t i = 0; i < f->deltas.n; i++)
		same -= f->deltas.v[i].a && same ? 1 : 0;
	buf_clear(&b);
	buf_addf(&b, "%s%zu the same", sep, same);
	draw_text(d, STYLE_DIM, buf_cstr(&b));
	buf_release(&b);
}

static void
free_diff(void *arg)
{
	struct diff *f = arg;

	VEC_FREE(&f->deltas);
	if (f->sides)
		sides_free(f->sides);
	for (int i = 0; i < 2; i++) {
		free(f->text[i]);
		free(f->arch[i]);
	}
	free(f);
}

static void
say_command(struct page_view *v, void *arg, struct buf *out)
{
	const struct diff *f = arg;

	(void)v;
	buf_adds(out, "weir env diff");
	for (int i = 0; i < 2; i++) {
		struct env_name name;
		struct buf text = BUF_INIT(WEIR_VIEW_MAX);

		if (strlen(f->text[i]) == sizeof(name.id) - 1 &&
			facts_env_name(&name, str_of(f->text[i]), STR("")))
			facts_env_short(&name, &text);
		else
			buf_adds(&text, f->text[i]);
		buf_addc(out, ' ');
		weir_shell_quote(out, buf_cstr(&text));
		buf_release(&text);
	}
	if (f->arch[0][0] && strcmp(f->arch[0], f->arch[1]) == 0) {
		buf_adds(out, " --arch ");
		weir_shell_quote(out, f->arch[0]);
	}
}

static void
say_crumb(struct page_view *v, void *arg, struct buf *out)
{
	(void)v;
	(void)arg;
	buf_adds(out, "diff");
}

/* The one on the right is what is looked at. */
static const struct diff *
diff_of(struct view *v)
{
	return page_view_of(v)->arg;
}

static void
say_ident(struct view *v, struct buf *out)
{
	const struct diff *f = diff_of(v);

	if (f->sides)
		buf_addstr(out, f->sides->set[1].what);
}

static void
act_select(struct view *v, enum action_id id, const char *arg)
{
	const struct diff *f = diff_of(v);
	struct env_name name;

	(void)id;
	(void)arg;
	if (f->sides && f->sides->set[1].what.len == sizeof(name.id) - 1 &&
		facts_env_name(&name, f->sides->set[1].what, f->sides->set[1].arch))
		choice_ask(v->app, &name, false);
	else
		status_say(v->app, true,
			"what stands on the right is no environment "
			"that can be selected");
}

/* The other way round. */
static void
act_diff(struct view *v, enum action_id id, const char *arg)
{
	struct diff *f = page_view_of(v)->arg;
	char *text = f->text[0], *arch = f->arch[0];

	(void)id;
	(void)arg;
	f->text[0] = f->text[1];
	f->arch[0] = f->arch[1];
	f->text[1] = text;
	f->arch[1] = arch;
	f->job = 0;
	f->failed[0] = '\0';
	view_touch(v, VIEW_DATA);
}

static void
act_refresh(struct view *v, enum action_id id, const char *arg)
{
	struct diff *f = page_view_of(v)->arg;

	(void)id;
	(void)arg;
	f->job = 0;
	f->failed[0] = '\0';
	view_touch(v, VIEW_DATA);
}

static const struct view_act acts[] = {
	{ ACTION_SELECT, act_select },
	{ ACTION_DIFF, act_diff },
	{ ACTION_REFRESH, act_refresh },
	{ ACTION_NONE, NULL },
};

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_NEXT,
	ACTION_DIFF, ACTION_SELECT, ACTION_COPY_COMMAND, ACTION_HELP, ACTION_BACK,
	ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_ENV,
	.write = write_diff,
	.free = free_diff,
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
view_env_diff_new(struct app *a, const char *left, const char *left_arch,
	const char *right, const char *right_arch)
{
	struct diff *f = xcalloc(1, sizeof(*f));

	f->text[0] = xstrdup(left);
	f->text[1] = xstrdup(right);
	f->arch[0] = xstrdup(left_arch ? left_arch : "");
	f->arch[1] = xstrdup(right_arch ? right_arch : "");
	return page_view_new(a, &user, f);
}

/* ---- from the default */

/* What its request gets now; false: there is no default. */
static bool
default_of(struct app *a, const struct env_name *n, struct env_name *ret)
{
	struct buf text = BUF_INIT(4096);
	bool found = false;

	buf_addf(&text, "req_id:%.*s is_default:yes arch:", (int)strcspn(n->id, ":"),
		n->id);
	weir_query_quote(&text, str_of(n->arch), true);
	if (!envs_store(a) ||
		facts_env_first(envs_store(a), buf_str(&text), &found, ret, NULL))
		found = false;
	buf_release(&text);
	return found;
}

void
view_env_diff_from(struct app *a, const struct env_name *name, const char *arg)
{
	bool told = arg && *arg;
	struct env_name from;

	if (!told && !default_of(a, name, &from))
		status_say(a, false,
			"its request has no default to compare it with: "
			"mark two of them");
	else if (strcmp(told ? arg : from.id, name->id) == 0)
		status_say(a, false,
			"it is the default itself: mark the one to "
			"compare it with");
	else
		app_push(a, view_env_diff_new(a, told ? arg : from.id,
				    told ? "" : name->arch, name->id, name->arch));
}
