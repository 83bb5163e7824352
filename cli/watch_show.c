/* Runs that are watched, as lines: painted in place, or one a change. */
#include <unistd.h>

#include <weir/file.h>
#include <weir/text.h>
#include <weir/time.h>

#include "out.h"
#include "watch_parts.h"

enum {
	NAME_MIN = 8,
	NAME_MAX = 40,
	STATE_WIDTH = 12,
	STATE_MAX = 24,
	TOOK_WIDTH = 7,
	LEFT_WIDTH = 13,
	BAR_WIDTH = 10,
	BAR_FROM = 100, /* columns: narrower terminals have no bars */
	LINE_MAX_BYTES = 4096,
	RANKS = 4,
};

/* A line that is being made: no more than so many columns of it. */
struct line {
	struct buf b;
	size_t width, max;
	bool ascii, colour;
};

static void
put(struct line *l, const char *colour, struct str text)
{
	size_t at = l->b.len, room = l->max - l->width;

	if (l->colour && colour)
		out_colour(&l->b, colour);
	l->width += text_fit(&l->b, text, room, l->ascii ? TEXT_ASCII : 0);
	if (l->colour && colour && l->b.len > at)
		out_colour(&l->b, "off");
}

static void
put_padded(
	struct line *l, const char *colour, struct str text, size_t width, bool right)
{
	struct buf b = BUF_INIT(LINE_MAX_BYTES), clean = BUF_INIT(LINE_MAX_BYTES);
	unsigned flags = l->ascii ? TEXT_ASCII : 0;

	text_sanitize(&clean, text, flags);
	text_pad(&b, buf_str(&clean), width, right, flags);
	put(l, colour, buf_str(&b));
	buf_release(&clean);
	buf_release(&b);
}

static void
put_clean(struct line *l, const char *colour, struct str text)
{
	struct buf b = BUF_INIT(LINE_MAX_BYTES);

	text_sanitize(&b, text, l->ascii ? TEXT_ASCII : 0);
	put(l, colour, buf_str(&b));
	buf_release(&b);
}

static void
begin(const struct watch *w, struct line *l, int columns)
{
	*l = (struct line){ .max = columns > 1 ? (size_t)columns - 1 : 1,
		.ascii = !w->ctx->utf8,
		.colour = w->colour };
	buf_init(&l->b, LINE_MAX_BYTES);
	buf_adds(&l->b, "");
}

static void
end(struct line *l, struct frame_lines *lines)
{
	struct frame_line line = { .width = l->width };

	line.text = l->b.len ? buf_steal(&l->b) : xstrdup("");
	VEC_PUSH(lines, line);
	buf_release(&l->b);
}

/* Of columns that are as wide as what they hold. */
struct widths {
	size_t state, name;
};

/* Of `2026-11-21 14:02:11` what is behind the blank. */
static struct str
time_of_day(const struct buf *b)
{
	const char *text = buf_cstr(b), *blank = strchr(text, ' ');

	return str_of(blank ? blank + 1 : text);
}

/* ---- one run */

static void
put_state(struct line *l, const struct watch_run *r, size_t width)
{
	struct str name = str_of(r->known ? r->f.state_name : "");
	const struct weir_state_look *look = weir_state_look(r->f.state, name);
	char ascii[2] = { look->ascii ? look->ascii : ' ', '\0' };

	if (r->known && r->f.state == WEIR_ST_NONE)
		name = STR("gone");
	put(l, look->colour, str_of(l->ascii ? ascii : look->glyph));
	put(l, NULL, STR(" "));
	put_padded(l, look->colour, name, width, false);
}

static int64_t
sum(const int64_t n[WEIR_N_STATES])
{
	int64_t all = 0;

	for (size_t i = 0; i < WEIR_N_STATES; i++)
		all += n[i];
	return all;
}

static int64_t
bad(const int64_t n[WEIR_N_STATES])
{
	return n[WEIR_ST_FAILED] + n[WEIR_ST_CRASHED];
}

static void
put_bar(struct line *l, const int64_t n[WEIR_N_STATES])
{
	int64_t all = sum(n), failed = bad(n);
	int64_t done = n[WEIR_ST_COMPLETED] + n[WEIR_ST_CANCELLED];
	int64_t reds = failed * BAR_WIDTH / all, greens = done * BAR_WIDTH / all;
	const char *full = l->ascii ? "#" : "█", *none = l->ascii ? "." : "░";

	if (failed && !reds)
		reds = 1;
	if (greens + reds > BAR_WIDTH)
		greens = BAR_WIDTH - reds;
	for (int64_t i = 0; i < BAR_WIDTH; i++)
		put(l,
			i < greens          ? "green"
			: i < greens + reds ? "red"
					    : NULL,
			str_of(i < greens + reds ? full : none));
	put(l, NULL, STR("  "));
}

/* `5/7 runs, 1 failed` */
static void
put_counts(struct line *l, const int64_t n[WEIR_N_STATES], const char *what)
{
	int64_t all = sum(n), failed = bad(n), done = 0;
	struct buf b = BUF_INIT(128);

	for (size_t i = 0; i < WEIR_N_STATES; i++)
		if (weir_state_is_terminal((enum weir_state)i))
			done += n[i];
	if (all) {
		buf_addf(&b, "%lld/%lld %s", (long long)done, (long long)all, what);
		put(l, NULL, buf_str(&b));
		if (failed) {
			buf_clear(&b);
			buf_addf(&b, " %lld failed", (long long)failed);
			put(l, "red", buf_str(&b));
		}
		put(l, NULL, STR("  "));
	}
	buf_release(&b);
}

/* Whole seconds, and never none. */
static void
add_span(struct buf *b, const char *before, int64_t us, const char *after)
{
	int64_t s = (us + WEIR_SECOND_US - 1) / WEIR_SECOND_US;

	buf_adds(b, before);
	weir_duration_format(b, s * WEIR_SECOND_US);
	buf_adds(b, after);
}

static void
add_left(const struct watch_run *r, int64_t now_us, struct buf *b)
{
	int64_t took = watch_took(r, now_us);

	if (r->ended)
		return;
	if (took == WEIR_NO_TIME) {
		if (r->f.expected_us != WEIR_NO_TIME && r->f.expected_us > now_us)
			add_span(b, "in ", r->f.expected_us - now_us, "");
	} else if (r->median_us > took) {
		add_span(b, "~", r->median_us - took, " left");
	} else if (r->median_us) {
		add_span(b, "usually ", r->median_us, "");
	}
}

static void
add_run(const struct watch *w, const struct watch_run *r, const struct widths *widths,
	int columns, struct frame_lines *lines)
{
	const int64_t *n = sum(r->children) ? r->children : r->tasks;
	int64_t now = weir_now_us(), took = watch_took(r, now);
	struct buf b = BUF_INIT(256);
	struct line l;

	begin(w, &l, columns);
	put_state(&l, r, widths->state);
	put(&l, NULL, STR(" "));
	put_padded(&l, NULL, str_of(r->f.name), widths->name, false);
	if (took != WEIR_NO_TIME)
		weir_duration_format(&b, took - took % WEIR_SECOND_US);
	put(&l, NULL, STR(" "));
	put_padded(&l, NULL, buf_str(&b), TOOK_WIDTH, true);
	put(&l, NULL, STR("  "));
	buf_clear(&b);
	add_left(r, now, &b);
	if (r->ended && r->why) {
		put_clean(&l, "red", str_of(r->why));
	} else if (!r->ended) {
		put_padded(&l, NULL, buf_str(&b), LEFT_WIDTH, false);
		put(&l, NULL, STR("  "));
		if (columns >= BAR_FROM && sum(n))
			put_bar(&l, n);
		put_counts(&l, r->children, "runs");
		put_counts(&l, r->tasks, "tasks");
	}
	buf_release(&b);
	end(&l, lines);
}

static void
add_log(const struct watch *w, const struct watch_run *r, int columns,
	struct frame_lines *lines)
{
	struct buf b = BUF_INIT(64);
	struct line l;

	begin(w, &l, columns);
	put(&l, NULL, STR("  "));
	weir_time_absolute(&b, r->last_us, w->ctx->utc, false);
	if (b.len > 11)
		put(&l, "dim", (struct str){ b.s + 11, b.len - 11 }); /* not the date */
	put(&l, NULL, STR(" "));
	put_clean(&l, "dim", str_of(r->last));
	buf_release(&b);
	end(&l, lines);
}

/* ---- all of them */

static void
add_count(struct buf *b, int64_t n, const char *what)
{
	if (n)
		buf_addf(b, "%s%lld %s", b->len ? ", " : "", (long long)n, what);
}

void
watch_summary(const struct watch *w, struct buf *out)
{
	int64_t n[WEIR_N_STATES] = { 0 }, gone = 0;

	for (size_t i = 0; i < w->runs.n; i++) {
		const struct watch_run *r = &w->runs.v[i];

		if (r->ended && r->f.state == WEIR_ST_NONE)
			gone++;
		else
			n[r->f.state]++;
	}
	add_count(out, n[WEIR_ST_RUNNING], "running");
	add_count(out, n[WEIR_ST_PENDING], "pending");
	add_count(out, n[WEIR_ST_SCHEDULED], "scheduled");
	add_count(out, n[WEIR_ST_PAUSED], "paused");
	add_count(out, n[WEIR_ST_CANCELLING], "cancelling");
	add_count(out, n[WEIR_ST_COMPLETED], "completed");
	add_count(out, n[WEIR_ST_FAILED], "failed");
	add_count(out, n[WEIR_ST_CRASHED], "crashed");
	add_count(out, n[WEIR_ST_CANCELLED], "cancelled");
	add_count(out, gone, "gone");
}

/* The longest of those that live, as far as it is known. */
static int64_t
left_of_all(const struct watch *w, int64_t now_us)
{
	int64_t left = 0;

	for (size_t i = 0; i < w->runs.n; i++) {
		const struct watch_run *r = &w->runs.v[i];
		int64_t took = watch_took(r, now_us), mine;

		if (r->ended)
			continue;
		if (!r->median_us)
			return 0;
		mine = r->median_us - (took == WEIR_NO_TIME ? 0 : took);
		left = mine > left ? mine : left;
	}
	return left;
}

static void
add_bottom(const struct watch *w, size_t hidden, int columns, struct frame_lines *lines)
{
	int64_t now = weir_now_us(), left = left_of_all(w, now);
	struct buf b = BUF_INIT(512);
	struct line l;

	begin(w, &l, columns);
	if (w->away_us) {
		weir_time_absolute(&b, w->away_at_us, w->ctx->utc, false);
		put(&l, "bold red", STR("OFFLINE since "));
		put(&l, "bold red", time_of_day(&b));
		put(&l, NULL, STR("  "));
		buf_clear(&b);
	}
	watch_summary(w, &b);
	if (hidden)
		buf_addf(&b, "  (%zu not shown)", hidden);
	put(&l, NULL, buf_str(&b));
	buf_clear(&b);
	buf_adds(&b, "  ");
	weir_duration_format(&b,
		(weir_monotonic_us() - w->began_us) / WEIR_SECOND_US * WEIR_SECOND_US);
	if (left > 0 && w->runs.n > 1)
		add_span(&b, "  ~", left, " left");
	put(&l, "dim", buf_str(&b));
	buf_release(&b);
	end(&l, lines);
}

/* What is shown when there is no room for all: lower is shown rather. */
static int
rank(const struct watch_run *r)
{
	if (!r->ended)
		return r->f.state == WEIR_ST_SCHEDULED ? 2 : 0;
	return r->f.state == WEIR_ST_COMPLETED ? 3 : 1;
}

/* Numbers of the runs that are shown, in their order. */
static size_t
choose(const struct watch *w, size_t room, size_t *ret)
{
	size_t n = 0, at = 0;
	bool *shown = xcalloc(w->runs.n + 1, sizeof(*shown));

	for (int pass = 0; pass < RANKS; pass++) {
		for (size_t i = 0; i < w->runs.n && n < room; i++) {
			if (!w->runs.v[i].known || rank(&w->runs.v[i]) != pass)
				continue;
			shown[i] = true;
			n++;
		}
	}
	for (size_t i = 0; i < w->runs.n; i++)
		if (shown[i])
			ret[at++] = i;
	free(shown);
	return n;
}

static void
widen(size_t *width, const char *text, size_t max)
{
	struct buf clean = BUF_INIT(LINE_MAX_BYTES);
	size_t mine;

	text_sanitize(&clean, str_of(text), 0);
	mine = text_width(buf_str(&clean));
	if (mine > *width)
		*width = mine > max ? max : mine;
	buf_release(&clean);
}

static struct widths
measure(const struct watch *w, const size_t *shown, size_t n, int columns)
{
	size_t max = (size_t)(columns > 60 ? columns / 3 : NAME_MIN);
	struct widths widths = { STATE_WIDTH, NAME_MIN };

	for (size_t i = 0; i < n; i++) {
		const struct watch_run *r = &w->runs.v[shown[i]];

		widen(&widths.name, r->f.name, max < NAME_MAX ? max : NAME_MAX);
		if (columns >= BAR_FROM)
			widen(&widths.state, r->f.state_name, STATE_MAX);
	}
	return widths;
}

static void
add_all(const struct watch *w, int columns, int rows, struct frame_lines *lines)
{
	/* the last line is the summary's, the one below the cursor's */
	size_t room = rows > 3 ? (size_t)rows - 3 : 1, n, spare;
	struct widths widths;
	size_t *shown;

	room = room < FRAME_LINES_MAX - 1 ? room : FRAME_LINES_MAX - 1;
	shown = xcalloc(room + 1, sizeof(*shown));
	n = choose(w, room, shown);
	widths = measure(w, shown, n, columns);
	spare = room - n;
	for (size_t i = 0; i < n; i++) {
		const struct watch_run *r = &w->runs.v[shown[i]];

		add_run(w, r, &widths, columns, lines);
		if (!r->ended && r->last_us != WEIR_NO_TIME && !w->o->logs && spare) {
			add_log(w, r, columns, lines);
			spare--;
		}
	}
	add_bottom(w, w->runs.n - n, columns, lines);
	free(shown);
}

/* One write a picture: nothing flickers. */
static void
send(const struct buf *b)
{
	(void)weir_write_all(STDERR_FILENO, buf_str(b));
}

void
watch_paint(struct watch *w)
{
	struct frame_lines lines = { 0 };
	struct buf b = BUF_INIT(BUF_MAX);
	int columns, rows;

	if (!w->in_place)
		return;
	frame_screen(STDERR_FILENO, &columns, &rows);
	add_all(w, columns, rows, &lines);
	frame_paint(&w->frame, &lines, columns, &b);
	send(&b);
	frame_lines_release(&lines);
	buf_release(&b);
}

void
watch_unpaint(struct watch *w)
{
	struct buf b = BUF_INIT(BUF_MAX);
	int columns, rows;

	if (!w->in_place)
		return;
	frame_screen(STDERR_FILENO, &columns, &rows);
	frame_clear(&w->frame, columns, &b);
	send(&b);
	buf_release(&b);
}

/* `14:02:11 calm-otter 1b3c9d0e: Running` */
void
watch_tell(struct watch *w, const struct watch_run *r)
{
	struct buf b = BUF_INIT(LINE_MAX_BYTES), time = BUF_INIT(64);
	char id[WEIR_ID_TEXT + 1];

	if (!w->lines && (!w->o->quiet || !r->ended))
		return;
	weir_id_format(&r->f.id, id);
	weir_time_absolute(&time, weir_now_us(), w->ctx->utc, false);
	if (r->f.state == WEIR_ST_NONE)
		buf_addf(&b, "%s: it is gone from the server", id);
	else
		buf_addf(&b, "%s %.8s: %s", r->f.name, id, r->f.state_name);
	if (r->why)
		buf_addf(&b, ": %s", r->why);
	if (w->lines)
		ctx_note(w->ctx, "%s %s", time_of_day(&time).s, buf_cstr(&b));
	else
		ctx_note(w->ctx, "%s", buf_cstr(&b));
	buf_release(&time);
	buf_release(&b);
}
