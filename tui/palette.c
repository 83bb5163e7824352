#include "palette.h"

#include "app.h"

enum { ROWS_MAX = 10, KEYS_COLUMNS = 14, NAME_MIN = 16 };

static void
forget_values(struct palette *p)
{
	for (size_t i = 0; i < PALETTE_ASKS; i++) {
		free(p->asks[i].field);
		free(p->asks[i].prefix);
		free(p->asks[i].words);
		p->asks[i] = (struct palette_ask){ 0 };
	}
}

void
palette_release(struct palette *p)
{
	forget_values(p);
	arena_free(&p->arena);
	VEC_FREE(&p->offers);
}

/* The only action that works here and begins so; ACTION_NONE: none or several do. */
static enum action_id
only_one(const struct app *a, struct str name)
{
	enum action_id found = ACTION_NONE;

	for (size_t i = 1; i < ACTION_N && name.len > 0; i++) {
		struct str whole = str_of(action_get((enum action_id)i)->name);

		if (whole.len < name.len || memcmp(whole.s, name.s, name.len) != 0 ||
			!view_works(a->top, (enum action_id)i))
			continue;
		if (found != ACTION_NONE)
			return ACTION_NONE;
		found = (enum action_id)i;
	}
	return found;
}

static enum weir_rc
no_action(const struct app *a, struct str name, struct weir_err *err)
{
	const char *near = action_nearest(name, (unsigned)a->top->ops->context);

	if (near)
		return weir_fail(err, WEIR_EUSAGE,
			"no action '%.*s' works here; did you mean %s?", (int)name.len,
			name.s, near);
	return weir_fail(
		err, WEIR_EUSAGE, "no action '%.*s' works here", (int)name.len, name.s);
}

/* `q` is what fingers know from other programs. */
static enum action_id
find(const struct app *a, struct str name)
{
	enum action_id id = action_find(name);

	if (id == ACTION_NONE && str_eq(name, "q"))
		id = ACTION_BACK;
	return id == ACTION_NONE ? only_one(a, name) : id;
}

static enum weir_rc
check(const struct app *a, enum action_id id, struct str arg, struct weir_err *err)
{
	const struct action *action = action_get(id);

	if (!(action->contexts & (unsigned)a->top->ops->context)) {
		struct buf where = BUF_INIT(256);

		action_contexts(action->contexts, &where);
		(void)weir_fail(err, WEIR_EUSAGE, "%s does nothing here, but in: %s",
			action->name, buf_cstr(&where));
		buf_release(&where);
		return WEIR_EUSAGE;
	}
	if (!view_works(a->top, id))
		return weir_fail(
			err, WEIR_EUSAGE, "%s does nothing here", action->name);
	if (arg.len > 0 && action->arg == ARG_NONE)
		return weir_fail(
			err, WEIR_EUSAGE, "%s takes no argument", action->name);
	return WEIR_OK;
}

enum weir_rc
palette_run(struct app *a, const char *line, struct weir_err *err)
{
	struct str name, arg;
	enum action_id id;
	enum weir_rc rc;
	char *owned;

	action_split(str_of(line + strspn(line, ": ")), &name, &arg);
	if (name.len == 0)
		return WEIR_OK;
	if (str_eq(name, "weir")) {
		app_open_command(a, name.s);
		return WEIR_OK;
	}
	id = find(a, name);
	if (*name.s >= '0' && *name.s <= '9') {
		id = ACTION_GOTO;
		arg = name;
	}
	if (id == ACTION_NONE)
		return no_action(a, name, err);
	rc = check(a, id, arg, err);
	if (rc)
		return rc;
	owned = arg.len > 0 ? str_copy(arg) : NULL;
	app_settle(a);
	action_get(id)->run(a, id, owned);
	free(owned);
	return WEIR_OK;
}

static const struct palette_offer *
shown(const struct palette *p)
{
	size_t i = p->chosen == PALETTE_NONE ? 0 : p->chosen;

	return i < p->offers.n ? &p->offers.v[i] : NULL;
}

/* The rest of what fits best; of what is chosen, if it goes on from what is typed. */
static void
show_ghost(const struct palette *p, struct prompt *prompt)
{
	const struct palette_offer *o = shown(p);
	const char *line = prompt_text(prompt);
	size_t n = strlen(line);

	buf_clear(&prompt->ghost);
	if (o && n > 0 && strncmp(o->text, line, n) == 0)
		buf_adds(&prompt->ghost, o->text + n);
}

/* What was typed changed. */
static void
typed(struct app *a, struct prompt *prompt)
{
	struct palette *p = &a->palette;
	const char *line = prompt_text(prompt);

	arena_clear(&p->arena);
	p->offers.n = 0;
	p->chosen = PALETTE_NONE;
	p->top = 0;
	palette_offer(a, p, line);
	show_ghost(p, prompt);
}

static void
choose(struct palette *p, struct prompt *prompt, size_t i)
{
	p->chosen = i < p->offers.n ? i : PALETTE_NONE;
	show_ghost(p, prompt);
}

static const struct prompt_user user;

void
palette_answer(struct app *a, struct finder_answer *answer)
{
	struct palette *p = &a->palette;
	struct palette_ask *ask = &p->asks[answer->slot];
	size_t chosen = p->chosen;

	if (answer->number != ask->job || answer->part != FINDER_WORDS)
		return;
	free(ask->words);
	ask->words = answer->words;
	answer->words = NULL;
	if (!a->prompt.active || a->prompt.user != &user)
		return;
	typed(a, &a->prompt);
	/* What is chosen is before what came. */
	choose(p, &a->prompt, chosen);
}

static void
on_line(struct app *a, void *arg, struct prompt *prompt, enum prompt_event ev)
{
	struct weir_err err = { 0 };
	char *line;

	(void)arg;
	if (ev == PROMPT_EV_CHANGED)
		typed(a, prompt);
	if (ev != PROMPT_EV_ACCEPTED)
		return;
	line = xstrdup(prompt_text(prompt)); /* an action may ask for a line, too */
	if (palette_run(a, line, &err))
		status_say(a, true, "%s", err.text);
	free(line);
}

/* The line becomes what is chosen, or what fits best. */
static void
take(struct app *a, struct prompt *prompt)
{
	const struct palette_offer *o = shown(&a->palette);
	char *line;

	if (!o)
		return;
	line = xasprintf("%s%s", o->text,
		o->action != ACTION_NONE && action_get(o->action)->arg != ARG_NONE
			? " "
			: "");
	prompt_set(prompt, line);
	free(line);
	typed(a, prompt);
}

static bool
on_key(struct app *a, void *arg, struct prompt *prompt, uint32_t key)
{
	struct palette *p = &a->palette;
	bool some = p->chosen != PALETTE_NONE;

	(void)arg;
	switch (key) {
	case INPUT_DOWN:
		if (!some || p->chosen + 1 < p->offers.n)
			choose(p, prompt, some ? p->chosen + 1 : 0);
		return true;
	case INPUT_UP:
	case INPUT_BACKTAB:
		if (!some)
			return key == INPUT_BACKTAB; /* up: what was entered before */
		choose(p, prompt, p->chosen > 0 ? p->chosen - 1 : PALETTE_NONE);
		return true;
	case INPUT_PGDN:
		choose(p, prompt, p->offers.n ? p->offers.n - 1 : PALETTE_NONE);
		return true;
	case INPUT_PGUP:
		choose(p, prompt, 0);
		return true;
	case INPUT_TAB:
		take(a, prompt);
		return true;
	case INPUT_ENTER:
		if (some)
			prompt_set(prompt, p->offers.v[p->chosen].text);
		return false;
	default:
		return false;
	}
}

static int
n_rows(struct app *a, void *arg, int room)
{
	struct palette *p = &a->palette;
	int most = room / 2 < ROWS_MAX ? room / 2 : ROWS_MAX;
	int n = (int)p->offers.n < most ? (int)p->offers.n : most;

	(void)arg;
	if (n <= 0)
		return 0;
	if (p->chosen == PALETTE_NONE || p->chosen < p->top)
		p->top = p->chosen == PALETTE_NONE ? 0 : p->chosen;
	else if (p->chosen >= p->top + (size_t)n)
		p->top = p->chosen - (size_t)n + 1;
	return n;
}

static int
name_columns(const struct palette *p, const struct draw *d)
{
	int most = d->cols / 3, columns = NAME_MIN;

	for (size_t i = 0; i < p->offers.n; i++) {
		int width = draw_width(d, p->offers.v[i].label) + 2;

		columns = width > columns ? width : columns;
	}
	return columns < most ? columns : most < NAME_MIN ? NAME_MIN : most;
}

static void
row(struct app *a, void *arg, struct draw *d, int i)
{
	const struct palette *p = &a->palette;
	const struct palette_offer *o = &p->offers.v[p->top + (size_t)i];
	struct buf keys = BUF_INIT(256);

	(void)arg;
	draw_text(d, STYLE_DIM, theme_glyph(&a->theme, GLYPH_RULE));
	draw_to(d, 2);
	draw_cell(d, STYLE_STRONG, str_of(o->label), name_columns(p, d), false);
	if (o->action != ACTION_NONE) {
		keymap_keys(
			&a->keymap, (unsigned)a->top->ops->context, o->action, &keys);
		draw_cell(d, STYLE_KEY, buf_str(&keys),
			d->cols < 60 ? KEYS_COLUMNS / 2 : KEYS_COLUMNS, false);
		draw_spaces(d, 1);
	}
	draw_text(d, STYLE_DIM, o->help);
	draw_end(d, p->chosen == p->top + (size_t)i);
	buf_release(&keys);
}

/* Name, argument and help of what is chosen, or of the action that is typed. */
static void
about(struct app *a, void *arg, struct draw *d)
{
	const struct palette_offer *o = shown(&a->palette);
	enum action_id id = o ? o->action : ACTION_NONE;
	const struct action *action;
	struct str name, rest;

	(void)arg;
	if (id == ACTION_NONE) {
		action_split(buf_str(&a->prompt.text), &name, &rest);
		id = find(a, name);
	}
	if (id == ACTION_NONE) {
		if (a->prompt.text.len > 0)
			draw_text(d, STYLE_DIM, "no action is called so");
		return;
	}
	action = action_get(id);
	draw_text(d, STYLE_STRONG, action->name);
	if (*action->hint && action->arg != ARG_NONE) {
		draw_spaces(d, 1);
		draw_text(d, STYLE_PLAIN, action_arg_name(action->arg));
	}
	draw_spaces(d, 2);
	draw_text(d, STYLE_DIM, action->help);
}

static void
found(struct app *a, void *arg, struct buf *out)
{
	const struct palette *p = &a->palette;

	(void)arg;
	if (p->chosen != PALETTE_NONE)
		buf_addf(out, "%zu of ", p->chosen + 1);
	if (a->prompt.text.len > 0)
		buf_addf(out, "%zu", p->offers.n);
}

static const struct prompt_user user = {
	.label = ":",
	.event = on_line,
	.found = found,
	.history = "command",
	.key = on_key,
	.rows = n_rows,
	.row = row,
	.about = about,
};

void
palette_open(struct app *a)
{
	forget_values(&a->palette);
	app_prompt(a, &user, a, "");
	typed(a, &a->prompt);
}
