/* Editing a field: typed at the prompt, chosen, or in the user's editor. */
#include <weir/select.h>
#include <weir/text.h>

#include "app.h"
#include "export.h"
#include "view_form.h"

enum { WORDS_MAX = 64 << 10, LABEL_COLUMNS = 24, ROWS_MAX = 8, QUEUES_MAX = 1000 };

static struct form_view *
form_of(struct view *v)
{
	return page_view_of(v)->arg;
}

void
view_form_changed(struct view *v)
{
	form_check(&form_of(v)->form, weir_now_us());
	view_touch(v, VIEW_DATA);
}

/* ---- at the prompt */

static void
restore(struct form_view *fv)
{
	if (fv->field != FORM_NONE)
		form_set(&fv->form, fv->field, fv->old_set ? fv->old : NULL);
}

static void
add(struct app *a, struct view *v, const char *text)
{
	struct form_view *fv = form_of(v);
	struct weir_err err = { 0 };
	size_t i;

	if (!*text)
		return;
	if (form_add(&fv->form, str_of(text), &i, &err)) {
		status_say(a, true, "%s", err.text);
		return;
	}
	view_form_changed(v);
	view_update(v);
	page_view_goto(page_view_of(v),
		page_find(&page_view_of(v)->page, (int64_t)i + 1, PAGE_NONE));
}

/* Work queues of the deployment's pool, one a line. */
static void
add_queues(struct app *a, const char *pool, struct buf *out)
{
	struct weir_select sel = { .kind = WEIR_QUEUE, .limit = QUEUES_MAX };
	struct weir_column_set set = { 0 };
	struct weir_rows *rows = NULL;
	bool row = true;

	sel.columns = &set;
	if (!app_store(a))
		return;
	if (weir_columns_choose(WEIR_QUEUE, "work_pool_name,name", 0, &set, NULL) ||
		weir_rows_open(a->store, &sel, &rows, NULL))
		row = false;
	while (row && !weir_rows_next(rows, &row, NULL) && row) {
		if (!str_eq(weir_rows_cell(rows, 0)->s, pool))
			continue;
		buf_addstr(out, weir_rows_cell(rows, 1)->s);
		buf_addc(out, '\n');
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
}

/* Of the lines those that begin with what is typed, then those that have it. */
static void
add_fitting(struct str lines, const char *typed, bool begin, struct buf *out)
{
	while (lines.len) {
		const char *nl = memchr(lines.s, '\n', lines.len);
		size_t n = nl ? (size_t)(nl - lines.s) : lines.len;
		char *line = xstrndup(lines.s, n);
		const char *at = strstr(line, typed);

		if (at && (at == line) == begin)
			buf_addf(out, "%s\n", line);
		free(line);
		lines.s += n + (nl ? 1 : 0);
		lines.len -= n + (nl ? 1 : 0);
	}
}

static void
offer(struct app *a, struct form_view *fv, struct prompt *p)
{
	const struct form_field *field = &fv->form.fields.v[fv->field];
	struct buf words = BUF_INIT(WORDS_MAX), fit = BUF_INIT(WORDS_MAX);
	const char *typed = prompt_text(p);

	p->valid = p->text.len;
	if (field->kind == FORM_QUEUE)
		add_queues(a, fv->form.d.pool, &words);
	else
		form_choices(field, &words);
	if (strcmp(typed, p->original) == 0)
		typed = ""; /* all that there are */
	add_fitting(buf_str(&words), typed, true, &fit);
	add_fitting(buf_str(&words), typed, false, &fit);
	prompt_offer(p, 0, buf_str(&fit));
	buf_release(&words);
	buf_release(&fit);
}

/* What is offered, above the prompt; what Tab took is selected. */
static int
n_rows(struct app *a, void *arg, int room)
{
	int most = room / 2 < ROWS_MAX ? room / 2 : ROWS_MAX;
	int n = (int)a->prompt.words.n;

	(void)arg;
	return n < most ? n : most > 0 ? most : 0;
}

static void
row(struct app *a, void *arg, struct draw *d, int i)
{
	const struct prompt *p = &a->prompt;
	size_t shown = (size_t)n_rows(a, arg, ((struct view *)arg)->height);
	size_t top = p->cycling && p->word >= shown ? p->word - shown + 1 : 0;

	draw_text(d, STYLE_DIM, theme_glyph(&a->theme, GLYPH_RULE));
	draw_to(d, 2);
	draw_text(d, STYLE_PLAIN, p->words.v[top + (size_t)i]);
	draw_end(d, p->cycling && p->word == top + (size_t)i);
}

static void
typed(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	struct view *v = arg;
	struct form_view *fv = form_of(v);

	p->valid = p->text.len;
	if (fv->field == FORM_NONE) {
		if (ev == PROMPT_EV_ACCEPTED)
			add(a, v, prompt_text(p));
		return;
	}
	if (ev == PROMPT_EV_CANCELLED)
		restore(fv);
	else if (strcmp(prompt_text(p), p->original) != 0)
		form_type(&fv->form, fv->field, buf_str(&p->text));
	else
		restore(fv);
	if (ev == PROMPT_EV_CHANGED)
		offer(a, fv, p);
	view_form_changed(v);
}

/* Up and down go through what is offered. An empty line is a value, too: going back
 * over its begin does not end it. */
static bool
key(struct app *a, void *arg, struct prompt *p, uint32_t k)
{
	(void)arg;
	if ((k == INPUT_DOWN || k == INPUT_UP) && p->words.n > 0) {
		a->untold = prompt_key(p, k == INPUT_DOWN ? INPUT_TAB : INPUT_BACKTAB,
				    STR("")) == PROMPT_CHANGED ||
			    a->untold;
		return true;
	}
	return k == INPUT_BACKSPACE && p->text.len == 0;
}

/* What is wrong with what is typed, else what it is for. */
static void
about(struct app *a, void *arg, struct draw *d)
{
	struct page_view *v = page_view_of(arg);
	const struct form_view *fv = v->arg;
	const struct form *f = &fv->form;

	(void)a;
	for (size_t i = 0; i < f->faults.n; i++) {
		if (fv->field == FORM_NONE || f->faults.v[i].field != fv->field)
			continue;
		draw_text(d, f->faults.v[i].warns ? STYLE_WARNING : STYLE_ERROR,
			f->faults.v[i].text);
		return;
	}
	view_form_counts(v, v->arg, d);
}

static void
ask(struct view *v, size_t field, const char *name, const char *text)
{
	struct form_view *fv = form_of(v);
	struct buf b = BUF_INIT(FORM_LABEL_MAX - 4);

	text_fit(&b, str_of(name), LABEL_COLUMNS < v->width / 3 ? LABEL_COLUMNS : 8,
		v->app->theme.utf8 ? 0 : TEXT_ASCII);
	snprintf(fv->label, sizeof(fv->label), "%s: ", buf_cstr(&b));
	fv->field = field;
	fv->ask = (struct prompt_user){
		.label = fv->label,
		.event = typed,
		.key = key,
		.rows = n_rows,
		.row = row,
		.about = about,
		.secret =
			field != FORM_NONE && form_is_secret(&fv->form.fields.v[field]),
	};
	app_prompt(v->app, &fv->ask, v, text);
	if (field != FORM_NONE)
		offer(v->app, fv, &v->app->prompt);
	buf_release(&b);
}

/* ---- in the editor */

static void
edit_outside(struct view *v, size_t i)
{
	struct form_view *fv = form_of(v);
	const struct form_field *field = &fv->form.fields.v[i];
	struct buf text = BUF_INIT(FORM_TEXT_MAX), back = BUF_INIT(FORM_TEXT_MAX);
	const char *value = form_value(field);
	bool json = value && (*value == '{' || *value == '[');

	if (form_is_secret(field)) {
		status_say(v->app, true, "%s is secret: it is not put into a file",
			field->name);
		return;
	}
	if (json)
		form_pretty(str_of(value), &text);
	else
		form_text(&fv->form, i, &text);
	if (export_edit(v->app, buf_str(&text), &back)) {
		/* Editors end the last line. */
		while (back.len && back.s[back.len - 1] == '\n')
			buf_truncate(&back, back.len - 1);
		while (text.len && text.s[text.len - 1] == '\n')
			buf_truncate(&text, text.len - 1);
		if (!str_equal(buf_str(&back), buf_str(&text)))
			form_type(&fv->form, i, buf_str(&back));
		view_form_changed(v);
	}
	buf_release(&text);
	buf_release(&back);
}

void
view_form_editor(struct view *v, enum action_id id, const char *arg)
{
	const struct page_line *line = page_view_line(page_view_of(v));

	(void)id;
	(void)arg;
	if (line && line->key > 0 && (size_t)line->key <= form_of(v)->form.fields.n)
		edit_outside(v, (size_t)line->key - 1);
	else
		status_say(v->app, false, "there is no value here");
}

void
view_form_edit(struct view *v, size_t field)
{
	struct form_view *fv = form_of(v);
	struct buf text = BUF_INIT(FORM_TEXT_MAX);

	if (field == FORM_NONE) {
		ask(v, field, "name=value", "");
		return;
	}
	if (form_is_switch(&fv->form.fields.v[field])) {
		form_step(&fv->form, field, 1);
		view_form_changed(v);
		return;
	}
	if (form_is_long(&fv->form.fields.v[field]) &&
		!form_is_secret(&fv->form.fields.v[field])) {
		edit_outside(v, field);
		return;
	}
	free(fv->old);
	fv->old_set = fv->form.fields.v[field].value != NULL;
	fv->old = fv->old_set ? xstrdup(fv->form.fields.v[field].value) : NULL;
	form_text(&fv->form, field, &text);
	ask(v, field, fv->form.fields.v[field].name, buf_cstr(&text));
	buf_release(&text);
}
