#include "show_text.h"

#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>

#include "out.h"
#include "show.h"

enum { LABEL_WIDTH = 25, STATE_WIDTH = 12, LIST_MAX = 200 };

/* What comes first, by its owner's names; all other members follow. */
static const char *const order[] = { "id", "flow_name", "flow_run_id",
	"deployment_name", "platform", "start_time", "end_time", "expected_start_time",
	"next_scheduled_start_time", "total_run_time", "run_count", "work_pool_name",
	"work_queue_name", "tags", "description", "parameters" };

/* What is said elsewhere. */
static const char *const skipped[] = { "name", "state_type", "state_name", "state",
	"state_id" };

static bool
is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static unsigned
flags_of(const struct ctx *ctx)
{
	return ctx->utf8 ? 0 : TEXT_ASCII;
}

/* The first line of s in at most so many columns, sanitised; pad: exactly so many. */
static void
add_fit(struct ctx *ctx, struct buf *b, struct str s, size_t columns, bool pad)
{
	const char *end = s.len ? memchr(s.s, '\n', s.len) : NULL;
	struct buf clean = BUF_INIT(BUF_MAX);

	if (end)
		s.len = (size_t)(end - s.s);
	text_sanitize(&clean, s, flags_of(ctx));
	if (pad)
		text_pad(b, buf_str(&clean), columns, false, flags_of(ctx));
	else
		text_fit(b, buf_str(&clean), columns, flags_of(ctx));
	buf_release(&clean);
}

static void
add_coloured(struct ctx *ctx, struct buf *b, const char *colour, const char *text)
{
	if (ctx->colour)
		out_colour(b, colour);
	buf_adds(b, text);
	if (ctx->colour && *colour)
		out_colour(b, "off");
}

static void
add_state(
	struct ctx *ctx, struct buf *b, enum weir_state type, struct str name, bool pad)
{
	const struct weir_state_look *look = weir_state_look(type, name);
	struct buf text = BUF_INIT(1024);

	if (ctx->utf8)
		buf_adds(&text, look->glyph);
	else
		buf_addc(&text, look->ascii);
	buf_addc(&text, ' ');
	if (!name.len)
		name = str_of(weir_state_type(type));
	text_pad(&text, name, pad ? STATE_WIDTH : text_width(name), false,
		flags_of(ctx));
	add_coloured(ctx, b, look->colour, buf_cstr(&text));
	buf_release(&text);
}

/* Several lines: those after the first are indented to the column of the first. */
static void
add_lines(struct ctx *ctx, struct buf *b, struct str s, size_t indent)
{
	struct buf clean = BUF_INIT(BUF_MAX);
	struct str text;

	text_sanitize(&clean, s, flags_of(ctx) | TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS);
	text = buf_str(&clean);
	while (text.len && text.s[text.len - 1] == '\n')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		buf_addc(b, text.s[i]);
		if (text.s[i] == '\n')
			buf_addn(b, ' ', indent);
	}
	buf_addc(b, '\n');
	buf_release(&clean);
}

/* A time for people; where nobody looks, as the server said it. */
static bool
add_time(struct ctx *ctx, struct buf *b, struct str s)
{
	int64_t us;

	if (s.len < 19 || s.len > 40 || s.s[4] != '-' || !weir_time_parse(s, &us))
		return false;
	if (!ctx->tty_out) {
		buf_addstr(b, s);
	} else {
		weir_time_absolute(b, us, ctx->utc, false);
		buf_adds(b, "  ");
		weir_time_relative(b, us, weir_now_us(), ctx->utc, true);
	}
	buf_addc(b, '\n');
	return true;
}

static bool
is_plain(const struct weir_json *v)
{
	return weir_json_type(v) != WEIR_JSON_ARRAY &&
	       weir_json_type(v) != WEIR_JSON_OBJECT;
}

static bool
is_plain_array(const struct weir_json *v)
{
	if (weir_json_type(v) != WEIR_JSON_ARRAY)
		return false;
	for (size_t i = 0; i < weir_json_size(v); i++)
		if (!is_plain(weir_json_at(v, i)))
			return false;
	return true;
}

static void
add_scalar(struct buf *b, const struct weir_json *v)
{
	if (weir_json_type(v) == WEIR_JSON_TEXT)
		buf_addstr(b, weir_json_text(v));
	else if (weir_json_type(v) == WEIR_JSON_BOOL)
		buf_adds(b, weir_json_true(v) ? "yes" : "no");
	else
		weir_json_dump(v, b);
}

/* The value of a member and its newline; indent: the column it begins in. */
static void
add_value(struct ctx *ctx, struct buf *b, const char *name, const struct weir_json *v,
	size_t indent)
{
	struct buf text = BUF_INIT(BUF_MAX);
	int columns, lines;

	if (weir_json_type(v) == WEIR_JSON_TEXT && add_time(ctx, b, weir_json_text(v)))
		return;
	sink_screen(&columns, &lines);
	if (strcmp(name, "total_run_time") == 0) {
		weir_duration_format(&text, (int64_t)(weir_json_number(v) * 1e6));
		add_lines(ctx, b, buf_str(&text), indent);
	} else if (is_plain(v)) {
		add_scalar(&text, v);
		add_lines(ctx, b, buf_str(&text), indent);
	} else if (!weir_json_size(v)) {
		buf_adds(b, weir_json_type(v) == WEIR_JSON_ARRAY ? "[]\n" : "{}\n");
	} else if (is_plain_array(v)) {
		for (size_t i = 0; i < weir_json_size(v); i++) {
			buf_adds(&text, i ? ", " : "");
			add_scalar(&text, weir_json_at(v, i));
		}
		add_lines(ctx, b, buf_str(&text), indent);
	} else {
		weir_json_dump(v, &text);
		if (ctx->tty_out && (size_t)columns > indent + 20)
			add_fit(ctx, b, buf_str(&text), (size_t)columns - indent,
				false);
		else
			text_sanitize(b, buf_str(&text), flags_of(ctx));
		buf_addc(b, '\n');
	}
	buf_release(&text);
}

static void
add_label(struct ctx *ctx, struct buf *b, const char *label)
{
	struct buf text = BUF_INIT(512);

	text_sanitize(&text, str_of(label), flags_of(ctx));
	buf_adds(b, " ");
	text_pad(b, buf_str(&text),
		text_width(buf_str(&text)) > LABEL_WIDTH ? text_width(buf_str(&text))
							 : LABEL_WIDTH,
		false, flags_of(ctx));
	buf_adds(b, "  ");
	buf_release(&text);
}

/* Nothing is said of what is null or empty. */
static bool
says_something(const struct weir_json *v)
{
	switch (weir_json_type(v)) {
	case WEIR_JSON_NULL:
		return false;
	case WEIR_JSON_TEXT:
		return weir_json_text(v).len > 0;
	case WEIR_JSON_ARRAY:
	case WEIR_JSON_OBJECT:
		return weir_json_size(v) > 0;
	case WEIR_JSON_BOOL:
	case WEIR_JSON_NUMBER:
		break;
	}
	return true;
}

/* One level of an object is opened: parameters, labels, job variables. */
static void
add_member(struct ctx *ctx, struct buf *b, const char *name, const struct weir_json *v)
{
	const struct weir_json *inner;
	const char *inner_name;
	void *at = NULL;

	if (!says_something(v))
		return;
	if (weir_json_type(v) != WEIR_JSON_OBJECT) {
		add_label(ctx, b, name);
		add_value(ctx, b, name, v, LABEL_WIDTH + 3);
		return;
	}
	buf_addc(b, ' ');
	add_fit(ctx, b, str_of(name), LABEL_WIDTH * 2, false);
	buf_addc(b, '\n');
	while (weir_json_next(v, &at, &inner_name, &inner)) {
		char *label = xasprintf("  %s", inner_name);

		add_label(ctx, b, label);
		add_value(ctx, b, inner_name, inner, LABEL_WIDTH + 3);
		free(label);
	}
}

static void
add_title(
	struct ctx *ctx, struct buf *b, enum weir_kind kind, const struct weir_json *o)
{
	struct str name = weir_json_text(weir_json_get(o, "name"));
	struct str key = weir_json_text(weir_json_get(o, "key"));
	struct str flow = weir_json_text(weir_json_get(o, "flow_name"));
	const struct weir_json *state = weir_json_get(o, "state");
	struct str message = weir_json_text(weir_json_get(state, "message"));

	if (show_state(o)) {
		add_state(ctx, b, show_state(o),
			weir_json_text(weir_json_get(o, "state_name")), false);
		buf_adds(b, "   ");
	} else {
		buf_addf(b, "%s   ", weir_kind_name(kind));
	}
	if (flow.len) {
		text_sanitize(b, flow, flags_of(ctx));
		buf_adds(b, kind == WEIR_DEPLOYMENT ? "/" : "   ");
	}
	text_sanitize(b, name.len ? name : key, flags_of(ctx));
	buf_addc(b, '\n');
	if (!message.len)
		return;
	buf_adds(b, "  ");
	add_lines(ctx, b, message, 2);
}

void
show_text_object(struct ctx *ctx, struct sink *sink, enum weir_kind kind,
	const struct weir_json *o)
{
	struct buf *b = &sink->b;
	const struct weir_json *v;
	const char *name;
	void *at = NULL;

	add_title(ctx, b, kind, o);
	buf_addc(b, '\n');
	for (size_t i = 0; i < N_ELEM(order); i++)
		add_member(ctx, b, order[i], weir_json_get(o, order[i]));
	while (weir_json_next(o, &at, &name, &v))
		if (!is_one_of(name, order, N_ELEM(order)) &&
			!is_one_of(name, skipped, N_ELEM(skipped)))
			add_member(ctx, b, name, v);
}

void
show_text_heading(struct ctx *ctx, struct sink *sink, const char *title)
{
	buf_addc(&sink->b, '\n');
	add_coloured(ctx, &sink->b, "bold", title);
	buf_addc(&sink->b, '\n');
}

void
show_text_states(struct ctx *ctx, struct sink *sink, const struct weir_json *states)
{
	struct buf *b = &sink->b;

	if (!weir_json_size(states))
		return;
	show_text_heading(ctx, sink, "STATES");
	for (size_t i = 0; i < weir_json_size(states); i++) {
		const struct weir_json *s = weir_json_at(states, i);
		struct str name = weir_json_text(weir_json_get(s, "name"));
		struct str message = weir_json_text(weir_json_get(s, "message"));
		enum weir_state type = WEIR_ST_NONE;
		int64_t us = show_time(s, "timestamp");

		(void)weir_state_parse(weir_json_text(weir_json_get(s, "type")), &type);
		buf_addc(b, ' ');
		if (!ctx->tty_out)
			buf_adds(b, show_text(s, "timestamp"));
		else if (us != WEIR_NO_TIME)
			weir_time_absolute(b, us, ctx->utc, true);
		buf_adds(b, "  ");
		add_state(ctx, b, type, name, message.len > 0);
		buf_adds(b, message.len ? "  " : "");
		add_lines(ctx, b, message, 28 + STATE_WIDTH);
	}
}

void
show_text_checks(struct ctx *ctx, struct sink *sink, const struct weir_json *checks)
{
	static const struct {
		const char *result, *glyph, *ascii, *colour;
	} looks[] = {
		{ "ok", "●", "+", "green" },
		{ "bad", "✗", "x", "red" },
		{ "note", "○", ".", "" },
	};
	struct buf *b = &sink->b;

	if (!weir_json_size(checks))
		return;
	show_text_heading(ctx, sink, "WHY IT WAITS");
	for (size_t i = 0; i < weir_json_size(checks); i++) {
		const struct weir_json *c = weir_json_at(checks, i);
		size_t k = 0;

		while (k < 2 && strcmp(show_text(c, "result"), looks[k].result) != 0)
			k++;
		buf_addc(b, ' ');
		add_coloured(ctx, b, looks[k].colour,
			ctx->utf8 ? looks[k].glyph : looks[k].ascii);
		buf_addc(b, ' ');
		add_fit(ctx, b, weir_json_text(weir_json_get(c, "check")), 18, true);
		add_lines(ctx, b, weir_json_text(weir_json_get(c, "text")), 21);
	}
}

static void
add_list_line(struct ctx *ctx, struct buf *b, const struct weir_json *o)
{
	static const char *const names[] = { "name", "key" };
	static const char *const more[] = { "type", "status", "description" };
	struct str title = { 0 };
	struct str at = weir_json_text(weir_json_get(o, "start_time"));

	buf_addc(b, ' ');
	if (show_state(o)) {
		add_state(ctx, b, show_state(o),
			weir_json_text(weir_json_get(o, "state_name")), true);
		buf_addc(b, ' ');
	}
	buf_addf(b, "%.*s  ", ctx->tty_out ? 8 : WEIR_ID_TEXT, show_text(o, "id"));
	for (size_t i = 0; i < N_ELEM(names) && !title.len; i++)
		title = weir_json_text(weir_json_get(o, names[i]));
	add_fit(ctx, b, title.len ? title : STR("-"), 60, false);
	for (size_t i = 0; i < N_ELEM(more); i++) {
		struct str text = weir_json_text(weir_json_get(o, more[i]));

		if (!text.len)
			continue;
		buf_adds(b, "  ");
		add_fit(ctx, b, text, 60, false);
	}
	buf_adds(b, at.len ? "  " : "");
	if (!at.len || !add_time(ctx, b, at))
		buf_addc(b, '\n');
}

void
show_text_list(struct ctx *ctx, struct sink *sink, const char *title,
	const struct weir_json *list)
{
	size_t n = weir_json_size(list);

	if (!n)
		return;
	show_text_heading(ctx, sink, title);
	for (size_t i = 0; i < n && i < LIST_MAX; i++)
		add_list_line(ctx, &sink->b, weir_json_at(list, i));
	if (n > LIST_MAX)
		buf_addf(&sink->b, " %zu more, -o json has them\n", n - LIST_MAX);
}
