#include "show_run.h"

#include <ctype.h>

#include <weir/cell.h>
#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>

#include "out.h"
#include "para.h"
#include "show.h"
#include "show_text.h"

enum {
	INDENT = 9,      /* where what is said begins: ` where   ` */
	STATES_MAX = 24, /* of the history in its line */
	GAP = 3,
};

static struct str
text_of(const struct weir_json *o, const char *name)
{
	return weir_json_text(weir_json_get(o, name));
}

static struct str
message_of(const struct weir_json *o)
{
	return text_of(weir_json_get(o, "state"), "message");
}

/* ---- the line of the state: left what it is, right the flows above it */

static void
add_above(const struct show_run *r, struct buf *b, bool utf8)
{
	buf_addstr(b, text_of(r->run, "flow_name"));
	if (!r->above)
		return;
	if (b->len)
		buf_adds(b, utf8 ? " ‹ " : " < ");
	buf_addstr(b, text_of(r->above, "flow_name"));
	if (r->kind == WEIR_TASK_RUN) {
		buf_adds(b, " ");
		buf_addstr(b, text_of(r->above, "name"));
	}
}

static void
put_title(struct ctx *ctx, struct buf *b, const struct show_run *r)
{
	struct buf left = BUF_INIT(BUF_MAX), right = BUF_INIT(BUF_MAX);
	struct buf clean = BUF_INIT(BUF_MAX), state = BUF_INIT(1024);
	struct str name = text_of(r->run, "name"), on = text_of(r->run, "platform");
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;
	struct str state_name = text_of(r->run, "state_name");
	size_t n, width = para_width(ctx);

	text_sanitize(&state, state_name, flags);
	buf_addstr(&left, name.len ? name : text_of(r->run, "id"));
	if (on.len) {
		buf_adds(&left, ctx->utf8 ? " · " : " - ");
		buf_addstr(&left, on);
	}
	text_sanitize(&clean, buf_str(&left), flags);
	show_text_state(ctx, b, show_state(r->run), state_name, false);
	buf_adds(b, "   ");
	n = 2 + text_width(buf_str(&state)) + 3 + text_width(buf_str(&clean));
	buf_addstr(b, buf_str(&clean));
	buf_clear(&clean);
	add_above(r, &right, ctx->utf8);
	text_sanitize(&clean, buf_str(&right), flags);
	if (clean.len && n + GAP + text_width(buf_str(&clean)) <= width) {
		buf_addn(b, ' ', width - n - text_width(buf_str(&clean)));
		buf_addstr(b, buf_str(&clean));
	} else if (clean.len) {
		buf_adds(b, "\n  ");
		text_fit(b, buf_str(&clean), width - 2, flags);
	}
	buf_addc(b, '\n');
	buf_release(&state);
	buf_release(&clean);
	buf_release(&right);
	buf_release(&left);
}

/* ---- why it failed: the first below it that did */

static bool
has_failed(const struct weir_json *o)
{
	enum weir_state s = show_state(o);

	return s == WEIR_ST_FAILED || s == WEIR_ST_CRASHED;
}

/* What failed first by time, and how many did. */
static const struct weir_json *
first_failed(const struct weir_json *list, size_t *ret_n)
{
	const struct weir_json *found = NULL;
	int64_t at = 0;

	*ret_n = 0;
	for (size_t i = 0; i < weir_json_size(list); i++) {
		const struct weir_json *o = weir_json_at(list, i);
		int64_t end = show_time(o, "end_time");

		if (!has_failed(o))
			continue;
		++*ret_n;
		if (!found || end < at) {
			found = o;
			at = end;
		}
	}
	return found;
}

static void
put_why(struct para *f, const struct show_run *r)
{
	const struct weir_json *o;
	const char *what = "child runs";
	struct buf b = BUF_INIT(BUF_MAX);
	size_t n;

	if (!has_failed(r->run))
		return;
	o = first_failed(weir_json_get(r->run, "children"), &n);
	if (!o) {
		o = first_failed(weir_json_get(r->run, "task_runs"), &n);
		what = "task runs";
	}
	if (!o)
		return;
	para_begin(f, "why");
	buf_addstr(&b, text_of(o, "name"));
	buf_adds(&b, ": ");
	buf_addstr(&b, message_of(o).len ? message_of(o) : text_of(o, "state_name"));
	para_words(f, buf_str(&b));
	para_end(f);
	if (n > 1) {
		para_begin(f, NULL);
		para_addf(f, 1, "the first of %zu %s that failed", n, what);
		para_end(f);
	}
	buf_release(&b);
}

/* ---- when */

struct when {
	struct para *f;
	char day[16]; /* of the time before: it is said once */
};

static void
add_when(struct when *w, int64_t us, const char *what)
{
	struct buf b = BUF_INIT(256);
	size_t skip = 0;

	if (us == WEIR_NO_TIME)
		return;
	weir_time_absolute(&b, us, w->f->ctx->utc, false);
	if (b.len > 11 && strncmp(b.s, w->day, 11) == 0)
		skip = 11;
	snprintf(w->day, sizeof(w->day), "%.11s", buf_cstr(&b));
	buf_addf(&b, " %s", what);
	para_add(w->f, (struct str){ b.s + skip, b.len - skip }, GAP);
	buf_release(&b);
}

static void
put_when(struct para *f, const struct show_run *r)
{
	struct when w = { .f = f };
	int64_t now = weir_now_us(), start = show_time(r->run, "start_time");
	int64_t due = show_time(r->run, "expected_start_time");
	int64_t end = show_time(r->run, "end_time"), us = now;
	struct buf b = BUF_INIT(256), state = BUF_INIT(256);
	struct str name = text_of(r->run, "state_name");
	double runs = weir_json_number(weir_json_get(r->run, "run_count"));

	weir_time_absolute(&b, now, f->ctx->utc, false);
	snprintf(w.day, sizeof(w.day), "%.11s", buf_cstr(&b));
	for (size_t i = 0; i < name.len; i++)
		buf_addc(&state, (char)tolower((unsigned char)name.s[i]));
	para_begin(f, "when");
	if (due != WEIR_NO_TIME &&
		(start == WEIR_NO_TIME || start - due >= WEIR_SECOND_US))
		add_when(&w, due, "scheduled");
	add_when(&w, start, "running");
	add_when(&w, end, buf_cstr(&state));
	buf_clear(&b);
	if (start != WEIR_NO_TIME) {
		buf_adds(&b, "TOOK ");
		weir_duration_format(&b, (end == WEIR_NO_TIME ? now : end) - start);
		buf_adds(&b, end == WEIR_NO_TIME ? " so far" : "");
		para_add(f, buf_str(&b), GAP);
		us = end == WEIR_NO_TIME ? start : end;
	} else if (due != WEIR_NO_TIME) {
		us = due;
	}
	if (runs > 1)
		para_addf(f, GAP, "%.0f attempts", runs);
	if (f->ctx->tty_out && us != now) {
		buf_clear(&b);
		weir_time_relative(&b, us, now, f->ctx->utc, true);
		para_add(f, buf_str(&b), GAP);
	}
	para_end(f);
	buf_release(&state);
	buf_release(&b);
}

/* ---- where, with what */

static void
put_where(struct para *f, const struct show_run *r)
{
	static const struct {
		const char *word, *name;
	} parts[] = {
		{ "pool", "work_pool_name" },
		{ "queue", "work_queue_name" },
		{ "deployment", "deployment_name" },
		{ "process", "infrastructure_pid" },
	};

	para_begin(f, "where");
	for (size_t i = 0; i < N_ELEM(parts); i++)
		para_pair(f, parts[i].word, text_of(r->run, parts[i].name));
	para_end(f);
}

static void
put_with(struct para *f, const struct weir_json *parameters)
{
	const struct weir_json *v;
	const char *name;
	void *at = NULL;

	para_begin(f, "with");
	while (weir_json_next(parameters, &at, &name, &v)) {
		struct buf b = BUF_INIT(BUF_MAX);

		buf_addf(&b, "%s ", name);
		weir_json_show(v, &b);
		para_add(f, buf_str(&b), GAP);
		buf_release(&b);
	}
	para_end(f);
}

static void
put_tags(struct para *f, const struct weir_json *tags)
{
	para_begin(f, "tags");
	for (size_t i = 0; i < weir_json_size(tags); i++)
		para_add(f, weir_json_text(weir_json_at(tags, i)), 2);
	para_end(f);
}

/* ---- through which states; one that comes again at once is counted */

static void
put_states(struct para *f, const struct weir_json *states)
{
	size_t n = weir_json_size(states), same = 1;
	const char *line = f->ctx->utf8 ? " ─ " : " - ";

	para_begin(f, "state");
	for (size_t i = n > STATES_MAX ? n - STATES_MAX : 0; i < n; i++) {
		struct str name = text_of(weir_json_at(states, i), "name");
		struct buf b = BUF_INIT(BUF_MAX);

		if (i + 1 < n &&
			str_equal(name, text_of(weir_json_at(states, i + 1), "name"))) {
			same++;
			continue;
		}
		buf_addstr(&b, name);
		if (same > 1)
			buf_addf(&b, "(%zu)", same);
		buf_adds(&b, i + 1 < n ? line : "");
		para_add(f, buf_str(&b), 0);
		same = 1;
		buf_release(&b);
	}
	para_end(f);
}

static void
put_ids(struct para *f, const struct show_run *r)
{
	para_begin(f, "id");
	para_words(f, text_of(r->run, "id"));
	para_end(f);
	if (!r->above)
		return;
	para_begin(f, r->kind == WEIR_RUN ? "parent" : "run");
	para_words(f, text_of(r->above, "id"));
	para_add(f, text_of(r->above, "name"), 2);
	para_end(f);
}

/* Which environments it used: `weir env show` takes the ids. */
static void
put_envs(struct para *f, const struct weir_json *envs)
{
	for (size_t i = 0; i < weir_json_size(envs); i++) {
		const struct weir_json *e = weir_json_at(envs, i);
		struct buf b = BUF_INIT(1024);

		para_begin(f, i ? NULL : "env");
		buf_addf(&b, "%s:%s", text_of(e, "req_id").s, text_of(e, "full_id").s);
		para_words(f, buf_str(&b));
		para_add(f, text_of(e, "arch"), 1);
		para_add(f, text_of(e, "by"), 2);
		para_end(f);
		buf_release(&b);
	}
}

/* Which runs were started in place of which: a line each, in their order. */
static void
put_chain(struct para *f, const struct weir_json *runs, struct str id)
{
	for (size_t i = 0; i < weir_json_size(runs); i++) {
		const struct weir_json *r = weir_json_at(runs, i);

		para_begin(f, i ? NULL : "chain");
		para_words(f, text_of(r, "id"));
		para_add(f, text_of(r, "name"), 2);
		para_add(f, text_of(r, "state_name"), 2);
		if (str_equal(text_of(r, "id"), id))
			para_add(f, STR("(this one)"), 2);
		para_end(f);
	}
}

void
show_run_print(struct ctx *ctx, struct sink *sink, const struct show_run *r)
{
	struct para f;

	put_title(ctx, &sink->b, r);
	para_init(&f, ctx, &sink->b, 2);
	para_begin(&f, NULL);
	para_words(&f, message_of(r->run));
	para_end(&f);
	buf_addc(&sink->b, '\n');
	para_init(&f, ctx, &sink->b, INDENT);
	put_why(&f, r);
	put_when(&f, r);
	put_where(&f, r);
	put_with(&f, weir_json_get(r->run, "parameters"));
	put_tags(&f, weir_json_get(r->run, "tags"));
	put_states(&f, weir_json_get(r->run, "state_history"));
	put_envs(&f, weir_json_get(r->run, "environments"));
	put_ids(&f, r);
	put_chain(&f, weir_json_get(r->run, "chain"), text_of(r->run, "id"));
}
