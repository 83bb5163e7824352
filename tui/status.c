#include "status.h"

#include <stdarg.h>

#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "word.h"

enum {
	TICK_FINE_S = 5,
	TICK_S = 30,
	GAP = 2,
	PATH_GAP = 3,
	PATH_MIN = 12,
	CRUMBS_MAX = 16,
	CRUMB_COLUMNS = 24
};

void
status_say(struct app *a, bool error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->status.message, sizeof(a->status.message), fmt, ap);
	va_end(ap);
	a->status.error = error;
	a->status.until = 0;
	a->dirty = true;
	if (!a->typing)
		messages_add(&a->messages, error, a->status.message);
}

void
status_hint(struct app *a, const char *text)
{
	word_copy(a->status.message, sizeof(a->status.message), str_of(text));
	a->status.error = false;
	a->status.until = 0;
	a->dirty = true;
}

void
status_clear(struct app *a)
{
	if (a->status.message[0])
		a->dirty = true;
	a->status.message[0] = '\0';
	a->status.until = 0;
}

void
status_forget(struct app *a)
{
	struct status *s = &a->status;

	s->busy = s->offline = false;
	s->done = s->total = 0;
	s->offline_why[0] = '\0';
	s->cycle_us = s->offline_us = WEIR_NO_TIME;
}

void
status_read(struct app *a)
{
	struct status *s = &a->status;
	int64_t since = WEIR_NO_TIME;
	struct weir_err err;

	s->cycle_us = WEIR_NO_TIME;
	if (!a->store)
		return;
	if (weir_store_meta(a->store, WEIR_META_CYCLE_US, &s->cycle_us, &err))
		s->cycle_us = WEIR_NO_TIME;
	/* The store says it of those who know; until then it is when we heard of it. */
	if (weir_store_meta(a->store, WEIR_META_OFFLINE_US, &since, &err))
		since = WEIR_NO_TIME;
	if (!s->offline || since != WEIR_NO_TIME)
		s->offline_us = since;
	else if (s->offline_us == WEIR_NO_TIME)
		s->offline_us = weir_now_us();
}

void
status_body(int rows, int *ret_y, int *ret_height)
{
	int below = rows >= 16 ? 3 : rows >= 8 ? 2 : rows >= 4 ? 1 : 0;
	int above = rows >= 3 ? 1 : 0;

	*ret_y = above;
	*ret_height = rows - above - below;
}

void
status_right(struct draw *d, enum style style, const char *text)
{
	int width = draw_width(d, text);

	if (width == 0 || draw_left(d) < width + (d->x > 0 ? 1 : 0))
		return;
	draw_to(d, d->cols - width);
	draw_text(d, style, text);
}

/* `OFFLINE since 13:40`, of another day with its date. */
static void
add_outage(const struct app *a, struct buf *out)
{
	struct buf when = BUF_INIT(64);
	int64_t since = a->status.offline_us;

	buf_adds(out, "OFFLINE");
	if (since != WEIR_NO_TIME) {
		bool today = a->now_us - since < (int64_t)12 * 3600 * WEIR_SECOND_US;

		weir_time_absolute(&when, since, a->utc, false);
		buf_adds(out, " since ");
		if (today && when.len >= 16)
			buf_add(out, when.s + 11, 5);
		else
			buf_addstr(out, buf_str(&when));
	}
	buf_release(&when);
}

/* `14:02:11`, which stays true without being drawn again. */
static void
add_clock(const struct app *a, int64_t us, struct buf *out)
{
	struct buf when = BUF_INIT(64);

	weir_time_absolute(&when, us, a->utc, false);
	if (a->now_us - us < (int64_t)12 * 3600 * WEIR_SECOND_US && when.len >= 19)
		buf_add(out, when.s + 11, 8);
	else
		buf_addstr(out, buf_str(&when));
	buf_release(&when);
}

/* Right end of the title: what is going on, else how old the data is. */
static enum style
age(struct app *a, struct buf *out)
{
	struct status *s = &a->status;
	struct buf when = BUF_INIT(64);
	enum style style = STYLE_DIM;

	if (s->cycle_us != WEIR_NO_TIME && a->unfocused)
		add_clock(a, s->cycle_us, &when);
	else if (s->cycle_us != WEIR_NO_TIME)
		weir_time_relative(&when, s->cycle_us, a->now_us, a->utc, true);
	if (a->no_server) {
		buf_adds(out, "no server");
	} else if (weir_config_embedded(a->config)) {
		buf_adds(out, "this machine"); /* it is the data: it has no age */
	} else if (a->start->offline) {
		buf_addf(out, "offline%s%s", when.len > 0 ? ", data of " : "",
			buf_cstr(&when));
	} else if (s->offline) {
		add_outage(a, out);
		style = STYLE_ALERT;
	} else if (s->busy && s->total > 0 && !a->accessible && !a->unfocused) {
		buf_addf(out, "%s %lld/%lld", theme_glyph(&a->theme, GLYPH_BUSY),
			(long long)s->done, (long long)s->total);
	} else if (when.len > 0) {
		buf_adds(out, a->unfocused ? "as of " : "");
		buf_addstr(out, buf_str(&when));
	} else {
		buf_adds(out, s->busy ? "fetching" : "not synced");
	}
	buf_release(&when);
	return style;
}

/* What a view is in the path to it: its own word, else that of its command. */
static void
add_crumb(struct view *v, struct buf *out)
{
	struct buf command = BUF_INIT(PROMPT_MAX * 2);
	const char *word;

	if (v->ops->crumb) {
		v->ops->crumb(v, out);
		return;
	}
	v->ops->command(v, &command);
	word = buf_cstr(&command);
	if (strncmp(word, "weir", 4) == 0)
		word += 4;
	word += strspn(word, " :");
	if (v->ops->context == CONTEXT_HELP)
		word = "keys";
	else if (v->ops->context == CONTEXT_COLUMNS)
		word = "columns";
	buf_add(out, word, strcspn(word, " :"));
	buf_release(&command);
}

/* `runs › numpy 2.3.1 › log` in so many columns: what does not fit is left out from the
 * left, where one came from long ago. */
static void
add_path(struct app *a, int columns, struct buf *out)
{
	struct view *views[CRUMBS_MAX];
	struct buf path = BUF_INIT(PROMPT_MAX * 2);
	const char *under = theme_glyph(&a->theme, GLYPH_CRUMB);
	const char *more = theme_glyph(&a->theme, GLYPH_MORE);
	size_t n = 0, depth = 0;

	for (struct view *v = a->top; v; v = v->below, depth++) {
		if (n < CRUMBS_MAX)
			views[n++] = v;
	}
	for (size_t i = 0; depth > 1 && i < n; i++) {
		struct buf longer = BUF_INIT(PROMPT_MAX * 2), crumb = BUF_INIT(256);
		bool all = i + 1 == depth;

		add_crumb(views[i], &crumb);
		text_fit(&longer, buf_str(&crumb), CRUMB_COLUMNS,
			TEXT_PATHSPEC | (a->theme.utf8 ? 0U : (unsigned)TEXT_ASCII));
		if (path.len > 0)
			buf_addf(&longer, " %s %s", under, buf_cstr(&path));
		if (draw_width(&a->draw, buf_cstr(&longer)) + (all ? 0 : 4) <=
			columns) {
			buf_clear(&path);
			buf_addstr(&path, buf_str(&longer));
			buf_clear(out);
			if (!all)
				buf_addf(out, "%s %s ", more, under);
			buf_addstr(out, buf_str(&path));
		} else {
			i = n;
		}
		buf_release(&longer);
		buf_release(&crumb);
	}
	buf_release(&path);
}

/* What stands at the right: who may do what where, and how old it is or which folder
 * it is of. */
struct corner {
	struct buf profile, age;
	enum style profile_style, age_style;
	int width;
};

/* `command` is what stands at the left: it gives way, but not all. */
static void
corner(struct app *a, const char *command, struct corner *c)
{
	const char *colour = weir_config_str(a->config, WEIR_KEY_PROFILE_COLOUR);
	bool elsewhere = a->top->ops->origin != NULL;
	int cols = a->draw.cols, left = draw_width(&a->draw, command);

	c->profile = (struct buf)BUF_INIT(512);
	c->age = (struct buf)BUF_INIT(512);
	c->profile_style = colour ? theme_colour(colour) : STYLE_DIM;
	if (!elsewhere)
		buf_adds(&c->profile, weir_config_name(a->config));
	if (weir_config_bool(a->config, WEIR_KEY_READ_ONLY))
		buf_addf(&c->profile, "%sREAD-ONLY", elsewhere ? "" : " ");
	c->width = c->profile.len ? draw_width(&a->draw, buf_cstr(&c->profile)) + 3 : 0;
	left = left > cols / 2 ? cols / 2 : left < cols / 3 + 1 ? cols / 3 + 1 : left;
	c->age_style = elsewhere ? a->top->ops->origin(a->top,
					   cols - left - GAP - c->width, &c->age)
				 : age(a, &c->age);
	c->width += draw_width(&a->draw, buf_cstr(&c->age));
}

static void
paint_title(struct app *a)
{
	struct draw *d = &a->draw;
	struct buf left = BUF_INIT(PROMPT_MAX * 2), path = BUF_INIT(PROMPT_MAX * 2);
	struct corner c;
	int room;

	a->top->ops->command(a->top, &left);
	corner(a, buf_cstr(&left), &c);
	draw_begin(d, 0);
	room = d->cols - c.width - GAP;
	if (room < d->cols / 3) {
		buf_clear(&c.profile);
		c.width = draw_width(d, buf_cstr(&c.age));
		room = d->cols - c.width - GAP;
	}
	if (room < d->cols / 4)
		room = d->cols;
	draw_str(d, STYLE_TITLE, buf_str(&left), room);
	if (a->top->ops->about && room - d->x > PATH_GAP * 2) {
		buf_clear(&left);
		a->top->ops->about(a->top, &left);
		draw_spaces(d, PATH_GAP);
		draw_str(d, STYLE_DIM, buf_str(&left), room - d->x);
	}
	if (room - d->x > PATH_GAP + PATH_MIN) {
		add_path(a, room - d->x - PATH_GAP, &path);
		draw_spaces(d, path.len > 0 ? PATH_GAP : 0);
		draw_str(d, STYLE_DIM, buf_str(&path), room - d->x);
	}
	if (room < d->cols) {
		draw_to(d, d->cols - c.width);
		if (c.profile.len > 0) {
			draw_str(d, c.profile_style, buf_str(&c.profile), draw_left(d));
			draw_text(d, STYLE_DIM, " ");
			draw_text(d, STYLE_DIM, theme_glyph(&a->theme, GLYPH_DOT));
			draw_text(d, STYLE_DIM, " ");
		}
		draw_str(d, c.age_style, buf_str(&c.age), draw_left(d));
	}
	draw_end(d, false);
	buf_release(&left);
	buf_release(&path);
	buf_release(&c.profile);
	buf_release(&c.age);
}

/* The key of an action, as it is shown, and how wide its hint is; 0: it has none. */
static int
hint_of(const struct app *a, enum action_id id, char ret_key[INPUT_NAME])
{
	uint32_t key = keymap_key(&a->keymap, a->top->ops->context, id);
	char name[INPUT_NAME];

	if (!key)
		return 0;
	word_copy(ret_key, INPUT_NAME,
		str_of(key == INPUT_ENTER ? theme_glyph(&a->theme, GLYPH_ENTER)
					  : input_name(key, name)));
	return draw_width(&a->draw, ret_key) + 1 +
	       draw_width(&a->draw, action_get(id)->hint);
}

/* `⏎ open  / search ...`: the keys of the view's hints, as many as there is room for;
 * where the others are is said in any case. */
static void
paint_hints(struct app *a)
{
	struct draw *d = &a->draw;
	char key[INPUT_NAME];
	int help = 0, width;
	bool full = false;

	for (const enum action_id *id = a->top->ops->hints; id && *id; id++)
		help = *id == ACTION_HELP ? hint_of(a, *id, key) + GAP : help;
	for (const enum action_id *id = a->top->ops->hints; id && *id; id++) {
		help = *id == ACTION_HELP ? 0 : help;
		width = hint_of(a, *id, key);
		if (width == 0)
			continue;
		width += d->x > 0 ? GAP : 0;
		if (full && *id != ACTION_HELP)
			continue;
		if (draw_left(d) < width + help) {
			full = true;
			continue;
		}
		draw_spaces(d, d->x > 0 ? GAP : 0);
		draw_text(d, STYLE_KEY, key);
		draw_spaces(d, 1);
		draw_text(d, STYLE_DIM, action_get(*id)->hint);
	}
}

/* The prompt's text around the cursor, scrolled so that the cursor is visible. */
static void
paint_prompt(struct app *a, int y)
{
	struct draw *d = &a->draw;
	const struct prompt *p = &a->prompt;
	int label = draw_width(d, p->user->label);
	struct str s = buf_str(&p->text);
	size_t skip = 0, valid = p->valid < s.len ? p->valid : s.len;
	int room = d->cols - label - 1, before;

	before = (int)text_width((struct str){ s.s, p->pos });
	while (skip < p->pos &&
		before - (int)text_width((struct str){ s.s, skip }) > room)
		text_decode(s, &skip);
	draw_text(d, STYLE_KEY, p->user->label);
	if (p->user->secret) {
		for (size_t at = skip; at < s.len;) {
			text_decode(s, &at);
			draw_text(d, STYLE_PLAIN, "*");
		}
		skip = s.len;
	}
	if (skip < valid)
		draw_str(
			d, STYLE_PLAIN, (struct str){ s.s + skip, valid - skip }, room);
	if (valid < s.len)
		draw_str(d, STYLE_INVALID,
			(struct str){ s.s + (skip > valid ? skip : valid),
				s.len - (skip > valid ? skip : valid) },
			room);
	draw_cursor(d, y, label + before - (int)text_width((struct str){ s.s, skip }));
	if (p->ghost.len > 0 && p->pos == s.len)
		draw_str(d, STYLE_DIM, buf_str(&p->ghost), draw_left(d));
}

static void
paint_message(struct app *a)
{
	draw_text(&a->draw, a->status.error ? STYLE_ERROR : STYLE_STRONG,
		a->status.message);
}

static void
paint_counts(struct app *a)
{
	const struct prompt *p = &a->prompt;

	if (a->status.message[0])
		paint_message(a);
	else if (p->active && p->user->about)
		p->user->about(a, p->arg, &a->draw);
	else
		a->top->ops->counts(a->top, &a->draw);
}

static void
paint_last(struct app *a, int row, bool alone)
{
	struct buf found = BUF_INIT(256);

	if (a->prompt.active) {
		paint_prompt(a, row);
		if (a->prompt.user->found)
			a->prompt.user->found(a, a->prompt.arg, &found);
		status_right(&a->draw, STYLE_DIM, buf_cstr(&found));
	} else if (alone) {
		paint_counts(a);
	} else if (!a->top->ops->keys || !a->top->ops->keys(a->top, &a->draw)) {
		paint_hints(a);
	}
	buf_release(&found);
}

/* What the prompt has to offer, over the end of the view. */
static void
paint_offers(struct app *a, int y, int height)
{
	const struct prompt *p = &a->prompt;
	int n = p->active && p->user->rows ? p->user->rows(a, p->arg, height) : 0;

	for (int i = 0; i < n; i++) {
		draw_begin(&a->draw, y + height - n + i);
		p->user->row(a, p->arg, &a->draw, i); /* ends it */
	}
}

void
status_paint(struct app *a)
{
	struct draw *d = &a->draw;
	int y, height, last = d->rows - 1;

	status_body(d->rows, &y, &height);
	paint_offers(a, y, height);
	draw_cursor(d, -1, 0);
	if (y > 0)
		paint_title(a);
	for (int row = y + height; row <= last; row++) {
		draw_begin(d, row);
		if (row == last)
			paint_last(a, row, last == y + height);
		else if (row == last - 1)
			paint_counts(a);
		else
			desk_paint_tabs(a, d);
		draw_end(d, false);
	}
}

void
status_echo(struct app *a)
{
	struct draw *d = &a->draw;

	if (!a->prompt.active)
		return;
	draw_begin(d, d->rows - 1);
	paint_last(a, d->rows - 1, false);
	draw_end(d, false);
	draw_flush(d);
}

int64_t
status_due(const struct app *a)
{
	int64_t age_us = a->now_us - a->status.cycle_us;
	int tick = TICK_S;

	if (getenv("WEIR_NOW") || a->status.cycle_us == WEIR_NO_TIME || a->accessible)
		return 0;
	if (age_us < STATUS_AGE_FINE_US && !a->unfocused)
		tick = TICK_FINE_S;
	return a->drawn_us + (int64_t)tick * WEIR_SECOND_US;
}
