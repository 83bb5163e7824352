/* A log to a file, to the pager, to the editor: as it is shown, or all of it. */
#include <weir/text.h>

#include "app.h"
#include "export.h"
#include "logview.h"
#include "word.h"

enum { TEXT_MAX = 8 << 20 };

/* A line with its columns; the rows of its message below each other. */
static void
add_line(const struct log *l, const struct pager_line *line, struct buf *text,
	struct buf *out)
{
	unsigned flags = l->v.app->theme.utf8 ? 0 : (unsigned)TEXT_ASCII;
	size_t indent = 0;
	struct str s;

	for (int i = 0; i < line->n_spans; i++) {
		const struct pager_span *span = &line->spans[i];
		size_t width = (size_t)span->width - (span->right ? 1 : 0);

		buf_clear(text);
		text_sanitize(text, span->text, flags);
		text_pad(out, buf_str(text), width, span->right, flags);
		if (span->right)
			buf_addc(out, ' ');
		indent += (size_t)span->width;
	}
	buf_clear(text);
	text_sanitize(text, line->text, flags | TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS);
	s = buf_str(text);
	while (s.len > 0 && s.s[s.len - 1] == '\n')
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		buf_addc(out, s.s[i]);
		if (s.s[i] == '\n')
			buf_addn(out, ' ', indent);
	}
	buf_addc(out, '\n');
}

/* Returns how many lines there were. */
static size_t
write_lines(struct log *l, struct export *e, bool all)
{
	struct buf text = BUF_INIT(TEXT_MAX), out = BUF_INIT(TEXT_MAX * 2);
	size_t n = all ? logview_n(l) : logview_count(l), done = 0;

	for (size_t i = 0; i < n && !e->failed; i++) {
		struct pager_line line = { 0 };

		if (!logview_fill(l, all ? i : logview_number(l, i), &line))
			break;
		buf_clear(&out);
		add_line(l, &line, &text, &out);
		export_add(e, buf_str(&out));
		done++;
	}
	buf_release(&text);
	buf_release(&out);
	return done;
}

static void
save(struct log *l, bool replace)
{
	struct buf number = BUF_INIT(32);
	struct weir_err err = { 0 };
	struct export e;
	size_t n;

	if (export_open(&e, l->path, replace, &err)) {
		status_say(l->v.app, true, "%s", err.text);
		return;
	}
	n = write_lines(l, &e, l->save_all);
	word_number(&number, (int64_t)n);
	if (export_close(&e, true, &err))
		status_say(l->v.app, true, "%s", err.text);
	else
		status_say(l->v.app, false, "%s lines are in %s", buf_cstr(&number),
			l->path);
	buf_release(&number);
}

static void
save_to(struct log *l, const char *path)
{
	free(l->path);
	l->path = export_path(path);
	if (!export_exists(l->path)) {
		save(l, false);
		return;
	}
	l->question = QUESTION_REPLACE;
	status_say(l->v.app, false, "%s exists: replace it?  [y/N]",
		strlen(l->path) + 40 < (size_t)l->v.width ? l->path : "the file");
}

bool
logview_answer_key(struct view *v, uint32_t key)
{
	struct log *l = logview_of(v);

	if (l->question == QUESTION_NONE)
		return false;
	l->question = QUESTION_NONE;
	if (key == 'y' || key == 'Y')
		save(l, true);
	else
		status_say(v->app, false, "%s is as it was", l->path);
	return true;
}

static void
on_save(struct app *a, void *arg, struct prompt *p, enum prompt_event ev)
{
	(void)a;
	if (ev == PROMPT_EV_ACCEPTED && p->text.len > 0)
		save_to(arg, prompt_text(p));
}

static bool on_save_key(struct app *a, void *arg, struct prompt *p, uint32_t key);

static void
found_save(struct app *a, void *arg, struct buf *out)
{
	const struct log *l = arg;
	size_t n = l->save_all ? logview_n(l) : logview_count((void *)(uintptr_t)l);

	(void)a;
	word_number(out, (int64_t)n);
	buf_adds(out, n == 1 ? " line" : " lines");
	if (logview_filtered(l))
		buf_adds(out, l->save_all ? "  tab: as shown" : "  tab: the whole log");
}

static const struct prompt_user view_user = { .label = "save what is shown to: ",
	.event = on_save,
	.found = found_save,
	.history = "file",
	.key = on_save_key };
static const struct prompt_user all_user = { .label = "save the whole log to: ",
	.event = on_save,
	.found = found_save,
	.history = "file",
	.key = on_save_key };

static bool
on_save_key(struct app *a, void *arg, struct prompt *p, uint32_t key)
{
	struct log *l = arg;

	(void)a;
	if (key != INPUT_TAB)
		return false;
	l->save_all = !l->save_all;
	p->user = l->save_all ? &all_user : &view_user;
	return true;
}

void
logview_save(struct view *v, enum action_id id, const char *arg)
{
	struct log *l = logview_of(v);

	(void)id;
	l->save_all = false;
	if (logview_count(l) == 0)
		status_say(v->app, true, "there is no line to save");
	else if (arg && *arg)
		save_to(l, arg);
	else
		app_prompt(v->app, &view_user, v, "");
}

static bool
fill_shown(struct export *e, void *arg)
{
	write_lines(arg, e, false);
	return true;
}

void
logview_out(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	export_out(v->app, id == ACTION_EDITOR, fill_shown, logview_of(v));
}
