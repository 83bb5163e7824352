#include "show_text.h"

#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>

#include "out.h"
#include "show.h"

enum { SHORT_ID = 8, LABEL_WIDTH = 25, STATE_WIDTH = 12, LIST_MAX = 200 };

/* What comes first, by its owner's names; all other members follow. */
static const char *const order[] = { "id", "flow_name", "flow_run_id",
	"deployment_name", "platform", "start_time", "end_time", "expected_start_time",
	"next_scheduled_start_time", "total_run_time", "run_count", "work_pool_name",
	"work_queue_name", "tags", "description", "parameters" };

/* What is said elsewhere. */
static const char *const skipped[] = { "name", "state_type", "state_name", "state",
	"state_id" };

/* Rarely wanted: documents for machines, ids of what is shown by name. */
static const char *const rare[] = { "updated", "flow_id", "deployment_id",
	"work_queue_id", "work_pool_id", "default_queue_id", "labels",
	"parameter_openapi_schema", "enforce_parameter_schema", "pull_steps",
	"job_variables", "base_job_template", "storage_configuration",
	"storage_document_id", "infrastructure_document_id", "concurrency_options",
	"global_concurrency_limit", "created_by", "updated_by", "metadata_" };

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

void
show_text_state(
	struct ctx *ctx, struct buf *b, enum weir_state type, struct str name, bool pad)
{
	const struct weir_state_look *look = weir_state_look(type, name);
	struct buf text = BUF_INIT(BUF_MAX), clean = BUF_INIT(BUF_MAX);

	if (ctx->utf8)
		buf_adds(&text, look->glyph);
	else
		buf_addc(&text, look->ascii);
	buf_addc(&text, ' ');
	if (!name.len)
		name = str_of(weir_state_type(type));
	text_sanitize(&clean, name, flags_of(ctx));
	name = buf_str(&clean);
	text_pad(&text, name, pad ? STATE_WIDTH : text_width(name), false,
		flags_of(ctx));
	add_coloured(ctx, b, look->colour, buf_cstr(&text));
	buf_release(&clean);
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
		if (text.s[i] == '\n' && text.s[i + 1] != '\n')
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
	if (weir_json_type(v) == WEIR_JSON_BOOL)
		buf_adds(b, weir_json_true(v) ? "yes" : "no");
	else
		weir_json_show(v, b);
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

/* `cron 0 3 * * *  Europe/Berlin`, a line each. */
static void
add_schedule(struct ctx *ctx, struct buf *b, const struct weir_json *o)
{
	const struct weir_json *s = weir_json_get(o, "schedule");
	const struct weir_json *active = weir_json_get(o, "active");
	static const char *const kinds[] = { "cron", "rrule", "interval" };
	struct buf text = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		const struct weir_json *v = weir_json_get(s, kinds[i]);

		if (weir_json_type(v) == WEIR_JSON_NULL)
			continue;
		buf_addf(&text, "%s ", kinds[i]);
		if (weir_json_type(v) == WEIR_JSON_NUMBER)
			weir_duration_format(
				&text, (int64_t)(weir_json_number(v) * 1e6));
		else
			buf_addstr(&text, weir_json_text(v));
	}
	if (weir_json_text(weir_json_get(s, "timezone")).len)
		buf_addf(&text, "  %s", show_text(s, "timezone"));
	if (weir_json_type(active) == WEIR_JSON_BOOL && !weir_json_true(active))
		buf_adds(&text, "  (off)");
	add_lines(ctx, b, buf_str(&text), LABEL_WIDTH + 3);
	buf_release(&text);
}

static void
add_schedules(struct ctx *ctx, struct buf *b, const struct weir_json *list)
{
	for (size_t i = 0; i < weir_json_size(list); i++) {
		add_label(ctx, b, i ? "" : "schedules");
		add_schedule(ctx, b, weir_json_at(list, i));
	}
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
	if (strcmp(name, "schedules") == 0 && weir_json_type(v) == WEIR_JSON_ARRAY) {
		add_schedules(ctx, b, v);
		return;
	}
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
		show_text_state(ctx, b, show_state(o),
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

static void
add_members(struct ctx *ctx, struct buf *b, const struct weir_json *o,
	enum show_text_depth depth)
{
	const struct weir_json *v;
	const char *name;
	void *at = NULL;

	for (size_t i = 0; i < N_ELEM(order); i++)
		add_member(ctx, b, order[i], weir_json_get(o, order[i]));
	while (weir_json_next(o, &at, &name, &v)) {
		if (is_one_of(name, order, N_ELEM(order)) ||
			is_one_of(name, skipped, N_ELEM(skipped)))
			continue;
		if (depth == SHOW_TEXT_ALL || !is_one_of(name, rare, N_ELEM(rare)))
			add_member(ctx, b, name, v);
	}
}

void
show_text_object(struct ctx *ctx, struct sink *sink, enum weir_kind kind,
	const struct weir_json *o, enum show_text_depth depth)
{
	add_title(ctx, &sink->b, kind, o);
	buf_addc(&sink->b, '\n');
	add_members(ctx, &sink->b, o, depth);
}

void
show_text_members(struct ctx *ctx, struct sink *sink, const struct weir_json *o)
{
	show_text_heading(ctx, sink, "MEMBERS");
	add_members(ctx, &sink->b, o, SHOW_TEXT_ALL);
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
		show_text_state(ctx, b, type, name, message.len > 0);
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

/* ---- lists: a column for each member that any of them has */

enum { LIST_TITLE_MAX = 48, LIST_WORD_MAX = 14 };

struct list {
	struct ctx *ctx;
	struct buf *b;
	size_t title, type, status; /* widths; 0: none has it */
	size_t left;                /* columns for the description; 0: any */
	int digits;                 /* of ids: what tells them apart */
};

static struct str
list_title(const struct weir_json *o)
{
	static const char *const names[] = { "name", "key", "description" };
	struct str title = { 0 };

	for (size_t i = 0; i < N_ELEM(names) && !title.len; i++)
		title = weir_json_text(weir_json_get(o, names[i]));
	return title.len ? title : STR("-");
}

static void
widen(struct ctx *ctx, size_t *width, struct str s, size_t max)
{
	struct buf clean = BUF_INIT(BUF_MAX);
	size_t n;

	text_sanitize(&clean, s, flags_of(ctx));
	n = text_width(buf_str(&clean));
	if (n > *width)
		*width = n < max ? n : max;
	buf_release(&clean);
}

static void
add_column(struct list *l, size_t width, struct str s)
{
	if (!width)
		return;
	buf_adds(l->b, "  ");
	add_fit(l->ctx, l->b, s, width, true);
}

static void
add_description(struct list *l, const struct weir_json *o)
{
	struct str text = weir_json_text(weir_json_get(o, "description"));
	size_t used = 1 + (size_t)l->digits + 2 + l->title +
		      (l->type ? l->type + 2 : 0) + (l->status ? l->status + 2 : 0);

	if (!text.len || text.s == list_title(o).s)
		return;
	if (l->ctx->tty_out && used + 12 > l->left)
		return;
	buf_adds(l->b, "  ");
	add_fit(l->ctx, l->b, text, l->ctx->tty_out ? l->left - used : LIST_TITLE_MAX,
		false);
}

static void
add_list_line(struct list *l, const struct weir_json *o)
{
	struct str at = weir_json_text(weir_json_get(o, "start_time"));
	struct buf *b = l->b;
	int64_t us;

	buf_addc(b, ' ');
	if (show_state(o)) {
		show_text_state(l->ctx, b, show_state(o),
			weir_json_text(weir_json_get(o, "state_name")), true);
		buf_addc(b, ' ');
	}
	buf_addf(b, "%.*s  ", l->digits, show_text(o, "id"));
	add_fit(l->ctx, b, list_title(o), l->title, true);
	add_column(l, l->type, weir_json_text(weir_json_get(o, "type")));
	add_column(l, l->status, weir_json_text(weir_json_get(o, "status")));
	if (!show_state(o))
		add_description(l, o);
	if (at.len && weir_time_parse(at, &us)) {
		buf_adds(b, "  ");
		if (l->ctx->tty_out)
			weir_time_relative(b, us, weir_now_us(), l->ctx->utc, true);
		else
			buf_addstr(b, at);
	}
	while (b->len && b->s[b->len - 1] == ' ')
		buf_truncate(b, b->len - 1);
	buf_addc(b, '\n');
}

/* How many digits of the ids there must be: at least 8, whole in a pipe. */
static int
distinct_digits(const struct ctx *ctx, const struct weir_json *list)
{
	size_t n = weir_json_size(list);
	int digits = ctx->tty_out ? SHORT_ID : WEIR_ID_TEXT;

	for (size_t i = 0; i < n && i < LIST_MAX; i++)
		for (size_t k = 0; k < i && digits < WEIR_ID_TEXT; k++)
			while (digits < WEIR_ID_TEXT &&
				strncmp(show_text(weir_json_at(list, i), "id"),
					show_text(weir_json_at(list, k), "id"),
					(size_t)digits) == 0)
				digits++;
	return digits;
}

static bool
is_listed(const struct weir_json *o, enum show_text_depth depth)
{
	return depth == SHOW_TEXT_ALL || !str_eq(list_title(o), "-");
}

void
show_text_list(struct ctx *ctx, struct sink *sink, const char *title,
	const struct weir_json *list, enum show_text_depth depth)
{
	struct list l = { .ctx = ctx, .b = &sink->b };
	size_t n = weir_json_size(list), shown = 0;
	int columns, lines;

	sink_screen(&columns, &lines);
	l.left = (size_t)columns;
	l.digits = distinct_digits(ctx, list);
	for (size_t i = 0; i < n; i++) {
		const struct weir_json *o = weir_json_at(list, i);

		if (!is_listed(o, depth))
			continue;
		shown++;
		widen(ctx, &l.title, list_title(o), LIST_TITLE_MAX);
		widen(ctx, &l.type, weir_json_text(weir_json_get(o, "type")),
			LIST_WORD_MAX);
		widen(ctx, &l.status, weir_json_text(weir_json_get(o, "status")),
			LIST_WORD_MAX);
	}
	if (!shown)
		return;
	show_text_heading(ctx, sink, title);
	for (size_t i = 0, k = 0; i < n && k < LIST_MAX; i++) {
		if (!is_listed(weir_json_at(list, i), depth))
			continue;
		add_list_line(&l, weir_json_at(list, i));
		k++;
	}
	if (shown > LIST_MAX)
		buf_addf(&sink->b, " %zu more, -o json has them\n", shown - LIST_MAX);
}
