#include "logs_print.h"

#include <limits.h>

#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "out.h"

enum {
	TASK_MIN = 4, /* `flow`; the column grows to what it has seen */
	TASK_MAX = 20,
	RUN_MAX = 28,
};

static const struct level {
	int least;
	char letter;
	const char *name, *colour;
} levels[] = {
	{ 50, 'C', "CRITICAL", "bold red" },
	{ 40, 'E', "ERROR", "red" },
	{ 30, 'W', "WARNING", "yellow" },
	{ 20, 'I', "INFO", "" },
	{ INT_MIN, 'D', "DEBUG", "dim" },
};

static const struct level *
find_level(int level)
{
	size_t i = 0;

	while (level < levels[i].least)
		i++;
	return &levels[i];
}

void
logs_printer_init(
	struct logs_printer *p, struct ctx *ctx, enum logs_form form, bool page, int fd)
{
	struct buf now = BUF_INIT(64);

	*p = (struct logs_printer){
		.ctx = ctx,
		.form = form,
		.task_width = TASK_MIN,
		.text = BUF_INIT(BUF_MAX),
		.prefix = BUF_INIT(BUF_MAX),
	};
	sink_init(&p->sink, ctx, page && fd < 0);
	if (fd >= 0)
		p->sink.fd = fd;
	if (form == LOGS_PEOPLE) {
		weir_time_absolute(&now, weir_now_us(), ctx->utc, false);
		snprintf(p->today, sizeof(p->today), "%.11s", buf_cstr(&now));
		buf_release(&now);
	}
}

void
logs_printer_release(struct logs_printer *p)
{
	buf_release(&p->text);
	buf_release(&p->prefix);
	VEC_FREE(&p->colours);
}

static unsigned
text_flags(const struct logs_printer *p)
{
	return p->ctx->utf8 ? 0 : TEXT_ASCII;
}

/* The time alone for lines of today. */
static void
add_time(const struct logs_printer *p, struct buf *b, int64_t us)
{
	size_t start = b->len, n = strlen(p->today);
	char text[64];

	weir_time_absolute(b, us, p->ctx->utc, true);
	if (b->len - start < sizeof(text) && b->len - start > n &&
		memcmp(b->s + start, p->today, n) == 0) {
		size_t rest = b->len - start - n;

		memcpy(text, b->s + start + n, rest);
		buf_truncate(b, start);
		buf_add(b, text, rest);
	}
}

static void
widen(size_t *width, struct str safe, size_t max)
{
	size_t n = text_width(safe);

	if (n > *width)
		*width = n < max ? n : max;
}

static void
expect(const struct logs_printer *p, struct str s, size_t *width, size_t max)
{
	struct buf safe = BUF_INIT(BUF_MAX);

	text_sanitize(&safe, s, text_flags(p));
	widen(width, buf_str(&safe), max);
	buf_release(&safe);
}

void
logs_print_expect_task(struct logs_printer *p, struct str name)
{
	expect(p, name, &p->task_width, TASK_MAX);
}

void
logs_print_expect_run(struct logs_printer *p, struct str name)
{
	expect(p, name, &p->run_width, RUN_MAX);
}

static void
add_column(const struct logs_printer *p, struct buf *b, struct str s, size_t *width,
	size_t max)
{
	struct buf safe = BUF_INIT(BUF_MAX);

	text_sanitize(&safe, s, text_flags(p));
	widen(width, buf_str(&safe), max);
	text_pad(b, buf_str(&safe), *width, false, text_flags(p));
	buf_release(&safe);
}

/* `14:04:51.640 E compile  `; returns the columns it takes. */
static size_t
add_prefix(struct logs_printer *p, struct buf *b, const struct weir_line *line,
	struct str run)
{
	const struct level *level = find_level(line->level);
	bool colour = p->ctx->colour && level->colour[0];
	struct str task = line->task_name;
	size_t start = b->len, width;

	if (!task.len)
		task = weir_id_is_null(&line->task) ? STR("flow") : STR("task");
	add_time(p, b, line->us);
	width = text_width((struct str){ b->s + start, b->len - start }) + 3;
	buf_addc(b, ' ');
	if (colour)
		out_colour(b, level->colour);
	buf_addc(b, level->letter);
	if (colour)
		out_colour(b, "off");
	buf_addc(b, ' ');
	if (p->many) {
		add_column(p, b, run, &p->run_width, RUN_MAX);
		buf_adds(b, "  ");
		width += p->run_width + 2;
	}
	add_column(p, b, task, &p->task_width, TASK_MAX);
	buf_adds(b, "  ");
	return width + p->task_width + 2;
}

/*
 * A row of p->text as the colours of the message and of what was found want it: what
 * was found wins.
 */
static void
add_coloured(struct logs_printer *p, struct buf *b, struct str s, bool context)
{
	struct weir_sgr base = WEIR_SGR_NONE, was = WEIR_SGR_NONE, now;
	static const struct weir_sgr found = { 1, -1, WEIR_SGR_BOLD };
	const struct weir_sgr_runs *runs = &p->colours;
	size_t start = 0, end = 0, first = (size_t)(s.s - p->text.s), run = 0;
	bool may = p->highlight && !context;

	base.attrs = context ? WEIR_SGR_DIM : 0;
	for (size_t at = 0, next; at < s.len; at = next) {
		if (may && at >= end)
			may = weir_match_find(p->highlight, s, at, &start, &end) &&
			      end > start;
		while (run < runs->n && runs->v[run].at <= first + at)
			run++;
		next = run < runs->n && runs->v[run].at - first < s.len
			       ? runs->v[run].at - first
			       : s.len;
		now = run > 0 ? runs->v[run - 1].sgr : base;
		if (may && at >= start) {
			next = end;
			now = found;
		} else if (may && start < next) {
			next = start;
		}
		if (!weir_sgr_equal(was, now))
			weir_sgr_emit(b, now);
		was = now;
		buf_add(b, s.s + at, next - at);
	}
	if (!weir_sgr_equal(was, WEIR_SGR_NONE))
		weir_sgr_emit(b, WEIR_SGR_NONE);
}

static void
put_people(struct logs_printer *p, const struct weir_line *line, struct str run,
	bool context)
{
	struct buf *b = &p->sink.b;
	size_t indent = add_prefix(p, b, line, run);
	struct str s;

	buf_clear(&p->text);
	weir_sgr_text(&p->text, line->message,
		text_flags(p) | TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS, &p->colours);
	s = buf_str(&p->text);
	for (bool more = true; more;) {
		const char *nl = s.len ? memchr(s.s, '\n', s.len) : NULL;
		struct str one = { s.s, nl ? (size_t)(nl - s.s) : s.len };

		if (one.len && s.s != p->text.s)
			buf_addn(b, ' ', indent);
		if (p->ctx->colour)
			add_coloured(p, b, one, context);
		else
			buf_addstr(b, one);
		buf_addc(b, '\n');
		more = nl && (size_t)(nl + 1 - s.s) < s.len;
		if (more)
			s = (struct str){ nl + 1, s.len - one.len - 1 };
	}
}

/* The bytes as they came; columns before each of their lines when asked for. */
static void
put_raw(struct logs_printer *p, const struct weir_line *line)
{
	struct buf *b = &p->sink.b;
	char id[WEIR_ID_TEXT + 1], when[WEIR_TIME_TEXT];
	struct str s = line->message;

	buf_clear(&p->prefix);
	if (p->many)
		buf_addf(&p->prefix, "%s\t", weir_id_format(&line->run, id));
	if (p->timestamps) {
		buf_addf(&p->prefix, "%s\t%s\t", weir_time_format(line->us, when),
			find_level(line->level)->name);
		buf_addstr(&p->prefix, line->task_name);
		buf_addc(&p->prefix, '\t');
	}
	while (p->prefix.len) {
		const char *nl = s.len ? memchr(s.s, '\n', s.len) : NULL;
		size_t n = nl ? (size_t)(nl - s.s) + 1 : s.len;

		buf_addstr(b, buf_str(&p->prefix));
		if (n == s.len)
			break;
		buf_add(b, s.s, n);
		s = (struct str){ s.s + n, s.len - n };
	}
	buf_addstr(b, s);
	buf_addc(b, '\n');
}

static void
add_id(struct buf *b, const char *name, const struct weir_id *id)
{
	char text[WEIR_ID_TEXT + 1];

	if (weir_id_is_null(id))
		buf_addf(b, ",\"%s\":null", name);
	else
		buf_addf(b, ",\"%s\":\"%s\"", name, weir_id_format(id, text));
}

static void
put_ndjson(struct logs_printer *p, const struct weir_line *line)
{
	char when[WEIR_TIME_TEXT];
	struct buf *b = &p->text;

	buf_clear(b);
	buf_addf(b, "{\"timestamp\":\"%s\",\"level\":%d,\"name\":",
		weir_time_format(line->us, when), line->level);
	text_json(b, line->logger);
	buf_adds(b, ",\"message\":");
	text_json(b, line->message);
	add_id(b, "flow_run_id", &line->run);
	add_id(b, "task_run_id", &line->task);
	buf_adds(b, ",\"task_run_name\":");
	if (line->task_name.len)
		text_json(b, line->task_name);
	else
		buf_adds(b, "null");
	buf_adds(b, "}\n");
	if (p->ctx->tty_out && p->sink.fd < 0)
		out_json_escape(&p->sink.b, buf_str(b), text_flags(p));
	else
		buf_addstr(&p->sink.b, buf_str(b));
}

enum weir_rc
logs_print(struct logs_printer *p, const struct weir_line *line, struct str run,
	bool context)
{
	if (p->form == LOGS_PEOPLE)
		put_people(p, line, run, context);
	else if (p->form == LOGS_RAW)
		put_raw(p, line);
	else
		put_ndjson(p, line);
	p->n++;
	return sink_row(&p->sink);
}

enum weir_rc
logs_print_gap(struct logs_printer *p)
{
	if (p->form != LOGS_NDJSON)
		buf_adds(&p->sink.b, "--\n");
	return sink_row(&p->sink);
}

enum weir_rc
logs_print_heading(struct logs_printer *p, struct str heading)
{
	struct buf *b = &p->sink.b;

	if (p->form != LOGS_PEOPLE)
		return WEIR_OK;
	if (p->n)
		buf_addc(b, '\n');
	if (p->ctx->colour)
		out_colour(b, "magenta");
	text_sanitize(b, heading, text_flags(p));
	if (p->ctx->colour)
		out_colour(b, "off");
	buf_addc(b, '\n');
	return sink_row(&p->sink);
}
