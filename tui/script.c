#include "script.h"

#include <errno.h>

#include <weir/text.h>

#include "app.h"

enum rest { REST_NONE, REST_WORD };

enum weir_rc
script_open(struct script *s, const char *path, struct weir_err *err)
{
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	if (!f)
		return weir_fail(
			err, WEIR_EFAIL, "script: %s: %s", path, strerror(errno));
	*s = (struct script){ .path = path };
	buf_init(&s->text, SCRIPT_MAX);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&s->text, chunk, n);
	fclose(f);
	if (!s->text.truncated)
		return WEIR_OK;
	script_close(s);
	return weir_fail(err, WEIR_ETOOBIG, "script: %s: longer than %d bytes", path,
		SCRIPT_MAX);
}

void
script_close(struct script *s)
{
	buf_release(&s->text);
	s->path = NULL;
}

static enum weir_rc
do_key(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	uint32_t key;

	if (!input_parse(arg, &key))
		return weir_fail(err, WEIR_EUSAGE, "%s:%d: no key '%.*s'", s->path,
			s->line, (int)arg.len, arg.s);
	app_key(a, key);
	return WEIR_OK;
}

static enum weir_rc
do_text(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	size_t pos = 0;

	(void)s;
	(void)err;
	while (pos < arg.len && !a->quit)
		app_key(a, text_decode(arg, &pos));
	return WEIR_OK;
}

/* As a terminal that brackets what is pasted. `\n` is a newline. */
static enum weir_rc
do_paste(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	(void)s;
	(void)err;
	buf_clear(&a->input.paste);
	for (size_t i = 0; i < arg.len; i++) {
		bool escaped = arg.s[i] == '\\' && i + 1 < arg.len;

		if (escaped)
			i++;
		buf_addc(&a->input.paste, escaped && arg.s[i] == 'n' ? '\n' : arg.s[i]);
	}
	app_key(a, INPUT_PASTE);
	return WEIR_OK;
}

/* `CxR`: column and row from 1, as terminals count. */
static enum weir_rc
do_click(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	char place[32] = { 0 }, end;
	int x, y;

	if (arg.len < sizeof(place))
		memcpy(place, arg.s, arg.len);
	if (sscanf(place, "%4dx%4d%c", &x, &y, &end) != 2 || x < 1 || y < 1)
		return weir_fail(err, WEIR_EUSAGE,
			"%s:%d: click wants COLUMNxROW, such as 10x3", s->path,
			s->line);
	a->input.mouse_x = x - 1;
	a->input.mouse_y = y - 1;
	app_key(a, INPUT_CLICK);
	return WEIR_OK;
}

/* A line of the palette. */
static enum weir_rc
do_command(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	char *line = str_copy(arg);
	struct weir_err why = { 0 };
	enum weir_rc rc = palette_run(a, line, &why);

	if (rc)
		rc = weir_fail(err, rc, "%s:%d: %s", s->path, s->line, why.text);
	free(line);
	return rc;
}

static enum weir_rc
do_resize(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	char size[32] = { 0 }, end;
	int cols, rows;

	if (arg.len < sizeof(size))
		memcpy(size, arg.s, arg.len);
	if (sscanf(size, "%4dx%4d%c", &cols, &rows, &end) != 2 || cols < 1 ||
		rows < 1 || cols > DRAW_COLS_MAX || rows > DRAW_ROWS_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"%s:%d: resize wants COLSxROWS, such as 80x24", s->path,
			s->line);
	screen_resize(&a->screen, cols, rows);
	app_layout(a);
	return WEIR_OK;
}

static enum weir_rc
do_wait(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	(void)a;
	(void)arg;
	(void)err;
	s->waiting = true;
	return WEIR_OK;
}

static enum weir_rc
dump(struct script *s, struct app *a, struct str arg, bool attributes,
	struct weir_err *err)
{
	struct buf cells = BUF_INIT(DRAW_COLS_MAX * DRAW_ROWS_MAX);
	char *path = str_copy(arg);
	FILE *f = fopen(path, "w");
	bool failed = !f;
	enum weir_rc rc = WEIR_OK;

	app_paint(a);
	draw_dump(&a->draw, attributes, &cells);
	if (f) {
		failed = fwrite(buf_cstr(&cells), 1, cells.len, f) != cells.len;
		failed = fclose(f) != 0 || failed;
	}
	if (failed)
		rc = weir_fail(err, WEIR_EFAIL, "%s:%d: %s: %s", s->path, s->line, path,
			strerror(errno));
	buf_release(&cells);
	free(path);
	return rc;
}

static enum weir_rc
do_dump(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	return dump(s, a, arg, false, err);
}

static enum weir_rc
do_dump_attr(struct script *s, struct app *a, struct str arg, struct weir_err *err)
{
	return dump(s, a, arg, true, err);
}

/* clang-format off */
static const struct {
	const char *name;
	bool argument;
	enum weir_rc (*run)(struct script *, struct app *, struct str, struct weir_err *);
} verbs[] = {
	{ "key",       true,  do_key },
	{ "text",      true,  do_text },
	{ "paste",     true,  do_paste },
	{ "click",     true,  do_click },
	{ "command",   true,  do_command },
	{ "resize",    true,  do_resize },
	{ "wait-idle", false, do_wait },
	{ "dump",      true,  do_dump },
	{ "dump-attr", true,  do_dump_attr },
};
/* clang-format on */

static enum weir_rc
do_line(struct script *s, struct app *a, struct str line, struct weir_err *err)
{
	struct str arg = line;
	size_t n = 0;

	while (n < line.len && line.s[n] != ' ')
		n++;
	arg.s += n < line.len ? n + 1 : n;
	arg.len -= n < line.len ? n + 1 : n;
	line.len = n;
	for (size_t i = 0; i < N_ELEM(verbs); i++) {
		if (!str_eq(line, verbs[i].name))
			continue;
		if (verbs[i].argument != (arg.len > 0))
			return weir_fail(err, WEIR_EUSAGE, "%s:%d: %s %s", s->path,
				s->line, verbs[i].name,
				arg.len > 0 ? "takes no argument"
					    : "needs an argument");
		return verbs[i].run(s, a, arg, err);
	}
	weir_fail(err, WEIR_EUSAGE, "%s:%d: no command '%.*s'", s->path, s->line,
		(int)n, line.s);
	return weir_hint(err, "key, text, paste, click, command, resize, wait-idle, "
			      "dump or dump-attr");
}

enum weir_rc
script_step(struct script *s, struct app *a, bool *ret_more, struct weir_err *err)
{
	struct str rest = buf_str(&s->text), line;
	const char *end;

	*ret_more = true;
	if (s->waiting) {
		if (!a->quit && !app_idle(a)) /* who has left waits for nothing */
			return WEIR_OK;
		s->waiting = false;
	}
	if (s->pos >= rest.len) {
		*ret_more = false;
		return WEIR_OK;
	}
	rest.s += s->pos;
	rest.len -= s->pos;
	end = memchr(rest.s, '\n', rest.len);
	line = (struct str){ rest.s, end ? (size_t)(end - rest.s) : rest.len };
	s->pos += line.len + (end ? 1 : 0);
	s->line++;
	if (line.len > 0 && line.s[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || *line.s == '#')
		return WEIR_OK;
	if (a->quit)
		return weir_fail(err, WEIR_EUSAGE, "%s:%d: the menu was left before",
			s->path, s->line);
	return do_line(s, a, line, err);
}
