/* What came of runs that were watched. */
#include <unistd.h>

#include <weir/text.h>
#include <weir/time.h>

#include "out.h"
#include "watch_parts.h"

enum { COMMAND_ID = 8, NAME_MAX = 40, STATE_WIDTH = 12, TOOK_WIDTH = 7 };

int64_t
watch_took(const struct watch_run *r, int64_t now_us)
{
	int64_t end = r->f.end_us != WEIR_NO_TIME ? r->f.end_us : now_us;

	if (!r->known || r->f.start_us == WEIR_NO_TIME)
		return WEIR_NO_TIME;
	return end > r->f.start_us ? end - r->f.start_us : 0;
}

/* ---- for people */

static size_t
name_width(const struct watch *w)
{
	size_t width = 1;

	for (size_t i = 0; i < w->runs.n; i++) {
		struct buf clean = BUF_INIT(4096);
		size_t mine;

		text_sanitize(&clean, str_of(w->runs.v[i].f.name), 0);
		mine = text_width(buf_str(&clean));
		width = mine > width ? mine : width;
		buf_release(&clean);
	}
	return width < NAME_MAX ? width : NAME_MAX;
}

static void
add_state(struct watch *w, const struct watch_run *r, struct buf *b)
{
	unsigned flags = w->ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf clean = BUF_INIT(4096);
	bool gone = r->f.state == WEIR_ST_NONE;
	struct str name = gone ? STR("gone") : str_of(r->f.state_name);
	const struct weir_state_look *look = weir_state_look(r->f.state, name);

	if (w->ctx->colour)
		out_colour(b, look->colour);
	if (w->ctx->utf8)
		buf_adds(b, look->glyph);
	else
		buf_addc(b, look->ascii ? look->ascii : ' ');
	buf_addc(b, ' ');
	text_sanitize(&clean, name, flags);
	text_pad(b, buf_str(&clean), STATE_WIDTH, false, flags);
	if (w->ctx->colour)
		out_colour(b, "off");
	buf_release(&clean);
}

/*
 * ✗ Failed  numpy 2.3.1   2:58  weir logs 5c1d0e7a  compile: vec.c:88: error: ...
 * The last part goes below where it does not fit beside.
 */
static void
add_line(struct watch *w, const struct watch_run *r, size_t width, int columns,
	struct buf *out)
{
	unsigned flags = w->ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf clean = BUF_INIT(16384), took = BUF_INIT(64);
	int64_t us = watch_took(r, weir_now_us());
	size_t used = 2 + STATE_WIDTH + 1 + width + 1 + TOOK_WIDTH + 2 + 18 + 2;
	char id[WEIR_ID_TEXT + 1];

	add_state(w, r, out);
	buf_addc(out, ' ');
	buf_adds(&clean, "");
	text_sanitize(&clean, str_of(r->f.name), flags);
	text_pad(out, buf_str(&clean), width, false, flags);
	buf_adds(&took, us == WEIR_NO_TIME ? "-" : "");
	if (us != WEIR_NO_TIME)
		weir_duration_format(&took, us);
	buf_addc(out, ' ');
	text_pad(out, buf_str(&took), TOOK_WIDTH, true, flags);
	buf_addf(out, "  weir logs %.*s", COMMAND_ID, weir_id_format(&r->f.id, id));
	if (r->why) {
		buf_clear(&clean);
		text_sanitize(&clean, str_of(r->why), flags);
		buf_adds(out, used + text_width(buf_str(&clean)) < (size_t)columns
				      ? "  "
				      : "\n  ");
		buf_addstr(out, buf_str(&clean));
	}
	buf_addc(out, '\n');
	buf_release(&took);
	buf_release(&clean);
}

static enum weir_rc
lines_of_all(struct watch *w)
{
	struct buf b = BUF_INIT(BUF_MAX);
	size_t width = name_width(w);
	int columns, rows;
	enum weir_rc rc;

	sink_screen(&columns, &rows);
	for (size_t i = 0; i < w->runs.n; i++)
		if (w->runs.v[i].known)
			add_line(w, &w->runs.v[i], width, columns, &b);
	rc = ctx_write(w->ctx, b.s, b.len);
	buf_release(&b);
	return rc;
}

/* ---- for programs */

enum {
	COL_ID,
	COL_TYPE,
	COL_STATE,
	COL_NAME,
	COL_START,
	COL_END,
	COL_TOOK,
	COL_WHY,
	COL_N
};

/* clang-format off */
static const struct weir_column columns[COL_N] = {
	[COL_ID] = { .name = "id", .title = "ID", .type = WEIR_T_ID, .min = 36, .max = 36 },
	[COL_TYPE] = { .name = "state_type", .title = "TYPE", .type = WEIR_T_STATE,
		.min = 9, .max = 10 },
	[COL_STATE] = { .name = "state_name", .title = "STATE", .type = WEIR_T_STATE_NAME,
		.min = 9, .max = 12 },
	[COL_NAME] = { .name = "name", .title = "RUN", .type = WEIR_T_TEXT,
		.min = 8, .max = 24 },
	[COL_START] = { .name = "start_time", .title = "STARTED", .type = WEIR_T_TIME,
		.min = 8, .max = 12 },
	[COL_END] = { .name = "end_time", .title = "ENDED", .type = WEIR_T_TIME,
		.min = 8, .max = 12 },
	[COL_TOOK] = { .name = "dur", .title = "TOOK", .type = WEIR_T_DURATION,
		.flags = WEIR_COL_RIGHT, .min = 6, .max = 10 },
	[COL_WHY] = { .name = "why", .title = "WHY", .type = WEIR_T_TEXT, .min = 10 },
};
/* clang-format on */

static const struct weir_column *const shown[] = { &columns[COL_ID], &columns[COL_TYPE],
	&columns[COL_STATE], &columns[COL_NAME], &columns[COL_START], &columns[COL_END],
	&columns[COL_TOOK], &columns[COL_WHY] };

static enum weir_rc
put_row(struct out *out, const struct watch_run *r)
{
	bool gone = !r->known || r->f.state == WEIR_ST_NONE;
	int64_t us = watch_took(r, weir_now_us());
	struct weir_cell cells[COL_N] = {
		[COL_ID] = { .type = WEIR_T_ID, .id = r->f.id },
		[COL_TYPE] = { .type = WEIR_T_STATE, .i = r->f.state, .null = gone },
		[COL_STATE] = { .type = WEIR_T_STATE_NAME,
			.i = r->f.state,
			.null = gone,
			.s = str_of(r->f.state_name) },
		[COL_NAME] = { .type = WEIR_T_TEXT, .s = str_of(r->f.name) },
		[COL_START] = { .type = WEIR_T_TIME,
			.i = r->f.start_us,
			.null = gone || r->f.start_us == WEIR_NO_TIME },
		[COL_END] = { .type = WEIR_T_TIME,
			.i = r->f.end_us,
			.null = gone || r->f.end_us == WEIR_NO_TIME },
		[COL_TOOK] = { .type = WEIR_T_DURATION,
			.null = us == WEIR_NO_TIME,
			.d = us == WEIR_NO_TIME ? 0 : (double)us / WEIR_SECOND_US },
		[COL_WHY] = { .type = WEIR_T_TEXT,
			.s = str_of(r->why ? r->why : ""),
			.null = !r->why },
	};
	const struct weir_cell *row[COL_N];

	for (size_t i = 0; i < COL_N; i++)
		row[i] = &cells[i];
	return out_row(out, row);
}

enum weir_rc
watch_rows(struct watch *w)
{
	struct out_spec spec = { .form = out_form(w->ctx, w->o->output),
		.columns = shown,
		.n_columns = COL_N };
	struct out out;
	enum weir_rc rc = WEIR_OK;

	if (!w->o->rows || (w->ctx->g.quiet && !w->o->output))
		return WEIR_OK;
	if (!w->o->output && w->ctx->tty_out)
		return lines_of_all(w);
	if (spec.form == OUT_NAME)
		spec.n_columns = 1;
	out_open(&out, w->ctx, &spec);
	for (size_t i = 0; !rc && i < w->runs.n; i++)
		rc = put_row(&out, &w->runs.v[i]);
	return out_close(&out, rc);
}

/* ---- and heard */

static bool
is_any(const char *name, const char *const *values)
{
	const char *v = getenv(name);

	for (; v && *values; values++)
		if (strcmp(v, *values) == 0)
			return true;
	return false;
}

/* Terminals that show the text of OSC 9 as a notification of the desktop. */
static bool
knows_osc9(void)
{
	static const char *const programs[] = { "iTerm.app", "WezTerm", "ghostty",
		NULL };
	static const char *const terms[] = { "xterm-kitty", "xterm-ghostty", "foot",
		"foot-extra", NULL };
	const char *tmux = getenv("TMUX");

	return !(tmux && *tmux) &&
	       (is_any("TERM_PROGRAM", programs) || is_any("TERM", terms));
}

void
watch_ring(const struct watch *w)
{
	struct buf b = BUF_INIT(512);

	if (!w->o->bell || !w->ctx->tty_err)
		return;
	watch_summary(w, &b);
	fputs("\a", stderr);
	if (knows_osc9())
		fprintf(stderr, "\033]9;weir: %s\a", buf_cstr(&b));
	fflush(stderr);
	buf_release(&b);
}
