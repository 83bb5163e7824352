/* A log to a file, to the pager, to the editor: as it is shown, or all of it. */
#include <weir/text.h>

#include "app.h"
#include "export.h"
#include "logview.h"
#include "word.h"

enum { TEXT_MAX = 8 << 20, SLICE_US = 8000, SLICE_LINES = 256 };

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

/* Up to so many lines more; false: one could not be read, or written. */
static bool
write_some(struct log *l, struct export *e, size_t many)
{
	struct buf text = BUF_INIT(TEXT_MAX), out = BUF_INIT(TEXT_MAX * 2);
	bool ok = true;

	for (; ok && many > 0 && l->out.at < l->out.n; many--) {
		size_t i = l->out.at;
		size_t number = l->out.all ? i : lineset_at(&l->out.lines, i);
		struct pager_line line = { 0 };

		ok = logview_fill(l, number, &line);
		if (!ok)
			break;
		buf_clear(&out);
		add_line(l, &line, &text, &out);
		export_add(e, buf_str(&out));
		ok = !e->failed;
		l->out.at++;
	}
	buf_release(&text);
	buf_release(&out);
	return ok;
}

static void
end(struct log *l)
{
	bool begun = l->out.begun;

	lineset_release(&l->out.lines);
	l->out.begun = false;
	l->out.to = OUT_NOTHING;
	if (begun)
		view_touch(&l->v, VIEW_DATA); /* what came meanwhile */
}

static void
finish(struct log *l, bool ok)
{
	struct buf number = BUF_INIT(32);
	struct weir_err err = { 0 };
	bool unread = !ok && !l->out.file.failed;

	word_number(&number, (int64_t)l->out.n);
	if (export_close(&l->out.file, ok, &err))
		status_say(l->v.app, true, "%s", err.text);
	else if (unread)
		status_say(l->v.app, true, "line %zu cannot be read: nothing was saved",
			l->out.at + 1);
	else
		status_say(l->v.app, false, "%s %s in %s%s", buf_cstr(&number),
			l->out.n == 1 ? "line is" : "lines are", l->path,
			l->syncing || l->live ? ", and more may come" : "");
	end(l);
	buf_release(&number);
}

/* Are the lines that shall be saved all known? */
static bool
is_known(const struct log *l)
{
	return l->out.all || !logview_filtered(l) || !l->found[SLOT_FILTER].asked;
}

/* What is saved is what is there now. */
static bool
begin(struct log *l)
{
	struct weir_err err = { 0 };

	if (!logview_filtered(l))
		l->out.all = true;
	if (!l->out.all)
		logview_shown(l, &l->out.lines);
	l->out.n = l->out.all ? logview_n(l) : l->out.lines.n;
	l->out.at = 0;
	l->out.begun = true;
	if (l->out.to == OUT_FILE &&
		export_open(&l->out.file, l->path, l->out.replace, &err)) {
		status_say(l->v.app, true, "%s", err.text);
		end(l);
		return false;
	}
	return true;
}

static bool
fill_shown(struct export *e, void *arg)
{
	struct log *l = arg;

	if (write_some(l, e, SIZE_MAX))
		return true;
	if (!e->failed)
		status_say(l->v.app, true, "line %zu cannot be read", l->out.at + 1);
	return false;
}

bool
logview_saving(const struct log *l)
{
	return l->out.begun;
}

bool
logview_save_step(struct log *l)
{
	int64_t until = weir_monotonic_us() + SLICE_US;
	bool ok = true;

	if (l->out.to == OUT_NOTHING || (!l->out.begun && !is_known(l)) ||
		(!l->out.begun && !begin(l)))
		return false;
	if (l->out.to != OUT_FILE) {
		export_out(l->v.app, l->out.to == OUT_EDITOR, fill_shown, l);
		end(l);
		return false;
	}
	while (ok && l->out.at < l->out.n && weir_monotonic_us() < until)
		ok = write_some(l, &l->out.file, SLICE_LINES);
	if (!ok || l->out.at == l->out.n) {
		finish(l, ok);
		return false;
	}
	status_say(l->v.app, false, "saving: %zu of %zu lines", l->out.at, l->out.n);
	return true;
}

void
logview_save_stop(struct log *l, const char *why)
{
	struct weir_err err = { 0 };

	if (l->out.to == OUT_NOTHING)
		return;
	if (l->out.begun && export_close(&l->out.file, false, &err))
		why = err.text;
	end(l);
	status_say(l->v.app, true, "nothing was saved: %s", why);
}

static void
start(struct log *l, enum logview_out to, bool all, bool replace)
{
	logview_save_stop(l, "something else is");
	l->out.to = to;
	l->out.all = all;
	l->out.replace = replace;
	if (!is_known(l))
		status_say(l->v.app, false, "once all lines are found");
	(void)logview_save_step(l);
}

static void
save_to(struct log *l, const char *path)
{
	free(l->path);
	l->path = export_path(path);
	if (!export_exists(l->path)) {
		start(l, OUT_FILE, l->save_all, false);
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
		start(l, OUT_FILE, l->save_all, true);
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

void
logview_out(struct view *v, enum action_id id, const char *arg)
{
	(void)arg;
	start(logview_of(v), id == ACTION_EDITOR ? OUT_EDITOR : OUT_PAGER, false,
		false);
}
