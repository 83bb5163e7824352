#include "why_print.h"

#include <weir/mem.h>
#include <weir/text.h>
#include <weir/time.h>

#include "para.h"
#include "show.h"
#include "show_text.h"

enum { INDENT = 9, GAP = 3 };

static unsigned
flags_of(const struct ctx *ctx)
{
	return ctx->utf8 ? 0 : TEXT_ASCII;
}

/* Is an earlier cause the same error? */
static bool
is_told(const struct weir_why *w, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (str_equal(w->causes[k].folded, w->causes[i].folded))
			return true;
	}
	return false;
}

/* ---- for people */

static void
put_title(struct ctx *ctx, struct buf *b, const struct weir_why *w)
{
	struct buf t = BUF_INIT(BUF_MAX);

	buf_addstr(&t, w->name);
	if (w->platform.len) {
		buf_adds(&t, ctx->utf8 ? " · " : " - ");
		buf_addstr(&t, w->platform);
	}
	if (w->flow_name.len) {
		buf_adds(&t, "   ");
		buf_addstr(&t, w->flow_name);
	}
	show_text_state(ctx, b, w->state, w->state_name, false);
	buf_adds(b, "   ");
	text_sanitize(b, buf_str(&t), flags_of(ctx));
	buf_addc(b, '\n');
	buf_release(&t);
}

/* The platforms, or names, of the other causes with the same error. */
static void
put_others(struct para *f, const struct weir_why *w, size_t i)
{
	size_t n = 0;

	para_begin(f, NULL);
	for (size_t k = i + 1; k < w->n_causes; k++) {
		const struct weir_why_cause *c = &w->causes[k];

		if (!str_equal(c->folded, w->causes[i].folded))
			continue;
		para_addf(f, n ? 1 : 0, n ? "%.*s" : "the same on %.*s",
			(int)(c->platform.len ? c->platform.len : c->run_name.len),
			c->platform.len ? c->platform.s : c->run_name.s);
		n++;
	}
	para_end(f);
}

static void
put_also(struct para *f, const struct why_card *card, size_t i)
{
	const struct weir_why_group *g = card->same ? card->same[i] : NULL;
	struct buf b = BUF_INIT(1024);

	if (!g)
		return;
	weir_why_also(g, &card->why->causes[i].run, weir_now_us(), f->ctx->utc, &b);
	if (!card->counted_all && b.len)
		buf_adds(&b, ", and maybe more");
	para_begin(f, NULL);
	if (b.len)
		para_words(f, buf_str(&b));
	para_end(f);
	buf_release(&b);
}

static void
put_where(struct para *f, const struct why_card *card, const struct weir_why_cause *c)
{
	struct buf b = BUF_INIT(256);
	bool itself = weir_id_cmp(&c->run, &card->why->run) == 0;

	para_begin(f, "where");
	if (!itself)
		para_pair(f, "run", c->run_name);
	if (!itself)
		para_pair(f, "platform", c->platform);
	para_pair(f, "task", c->task_name);
	if (c->in_log)
		para_addf(f, GAP, "line %zu of its log", c->line + 1);
	weir_why_exit(c, &b);
	if (b.len)
		para_add(f, buf_str(&b), GAP);
	para_end(f);
	buf_release(&b);
}

static void
put_line(struct ctx *ctx, struct sink *sink, const struct weir_why_line *l)
{
	size_t width = para_width(ctx), used = 0;
	struct buf clean = BUF_INIT(BUF_MAX);
	char head[32];

	used = (size_t)snprintf(head, sizeof(head), "%s %6zu  ",
		l->error ? (ctx->utf8 ? "▸" : ">") : " ", l->line + 1);
	used -= l->error && ctx->utf8 ? strlen("▸") - 1 : 0;
	text_sanitize(&clean, l->text, flags_of(ctx) | TEXT_EXPAND_TABS);
	if (l->error && ctx->colour)
		out_colour(&sink->b, "red");
	buf_adds(&sink->b, head);
	if (ctx->tty_out)
		text_fit(&sink->b, buf_str(&clean), width > used ? width - used : 1,
			flags_of(ctx));
	else
		buf_addstr(&sink->b, buf_str(&clean));
	if (l->error && ctx->colour)
		out_colour(&sink->b, "off");
	buf_addc(&sink->b, '\n');
	buf_release(&clean);
}

static void
put_cause(struct ctx *ctx, struct sink *sink, const struct why_card *card, size_t i)
{
	const struct weir_why_cause *c = &card->why->causes[i];
	struct buf said = BUF_INIT(BUF_MAX);
	struct para f;

	buf_addc(&sink->b, '\n');
	para_init(&f, ctx, &sink->b, INDENT);
	if (c->task_name.len) {
		buf_addstr(&said, c->task_name);
		buf_adds(&said, ": ");
	}
	buf_addstr(&said, c->error);
	para_begin(&f, "why");
	para_words(&f, buf_str(&said));
	para_end(&f);
	put_others(&f, card->why, i);
	put_also(&f, card, i);
	put_where(&f, card, c);
	if (c->in_log && c->message.len) {
		para_begin(&f, "state");
		para_words(&f, c->message);
		para_end(&f);
	}
	if (c->n_lines)
		buf_addc(&sink->b, '\n');
	for (size_t k = 0; k < c->n_lines; k++)
		put_line(ctx, sink, &c->lines[k]);
	if (c->no_log) {
		para_begin(&f, NULL);
		para_words(&f, c->n_lines ? STR("its log is not here to its end")
					  : STR("its log is not here"));
		para_end(&f);
	}
	buf_release(&said);
}

static void
put_checks(struct ctx *ctx, struct sink *sink, const struct weir_pickup *p)
{
	struct para f;

	para_init(&f, ctx, &sink->b, INDENT);
	for (size_t i = 0; i < p->n; i++) {
		bool bad = p->v[i].result == WEIR_CHECK_BAD;

		para_begin(&f, bad ? "why" : NULL);
		if (bad || p->v[i].result == WEIR_CHECK_NOTE)
			para_addf(&f, 1, "%s: %s", p->v[i].what, p->v[i].text);
		para_end(&f);
	}
}

void
why_print_card(struct ctx *ctx, struct sink *sink, const struct why_card *card)
{
	const struct weir_why *w = card->why;
	struct buf b = BUF_INIT(BUF_MAX);
	struct para f;

	put_title(ctx, &sink->b, w);
	para_init(&f, ctx, &sink->b, 2);
	if (w->message.len && w->n_causes) {
		para_begin(&f, NULL);
		para_words(&f, w->message);
		para_end(&f);
	}
	if (!w->n_causes) {
		buf_addc(&sink->b, '\n');
		para_init(&f, ctx, &sink->b, INDENT);
		if (w->waits && w->pickup.n_bad) {
			put_checks(ctx, sink, &w->pickup);
		} else {
			weir_why_line(w, &b);
			para_begin(&f, "why");
			para_words(&f, buf_str(&b));
			para_end(&f);
		}
	}
	for (size_t i = 0; i < w->n_causes; i++) {
		if (!is_told(w, i))
			put_cause(ctx, sink, card, i);
	}
	buf_addc(&sink->b, '\n');
	para_init(&f, ctx, &sink->b, INDENT);
	if (w->n_failed > w->n_causes) {
		para_begin(&f, NULL);
		para_addf(&f, 0, "and %zu more failed runs below it",
			w->n_failed - w->n_causes);
		para_end(&f);
	}
	buf_clear(&b);
	for (size_t i = 0; weir_why_next(w, i, &b); i++) {
		para_begin(&f, i ? NULL : "next");
		para_add(&f, buf_str(&b), 0);
		para_end(&f);
		buf_clear(&b);
	}
	buf_release(&b);
}

/* ---- for programs */

/* c: NULL, none is known; the line of the run itself stands in for its error. */
static void
put_cause_row(const struct ctx *ctx, struct buf *out, const struct weir_why *w,
	const struct weir_why_cause *c, struct str error)
{
	static const struct weir_why_cause none = { .in_log = false };
	char run[WEIR_ID_TEXT + 1], at[WEIR_ID_TEXT + 1] = "";
	char status[24] = "", line[24] = "";

	if (c)
		weir_id_format(&c->run, at);
	else
		c = &none;
	if (c->exited)
		snprintf(status, sizeof(status), "%d", c->exit_status);
	if (c->in_log)
		snprintf(line, sizeof(line), "%lld", (long long)c->line + 1);

	const struct str cells[] = { str_of(weir_id_format(&w->run, run)),
		str_of(weir_state_type(w->state)), str_of(at), c->run_name, c->platform,
		c->task_name, str_of(status), str_of(line), error };

	out_cells(ctx, out, OUT_TSV, cells, N_ELEM(cells));
}

void
why_print_tsv(const struct ctx *ctx, struct buf *out, const struct why_card *card)
{
	const struct weir_why *w = card->why;
	struct buf b = BUF_INIT(BUF_MAX);

	if (!w->n_causes) {
		weir_why_line(w, &b);
		put_cause_row(ctx, out, w, NULL, buf_str(&b));
	}
	for (size_t i = 0; i < w->n_causes; i++)
		put_cause_row(ctx, out, w, &w->causes[i], w->causes[i].error);
	buf_release(&b);
}

static void
add_text(struct buf *out, const char *name, struct str text)
{
	buf_addf(out, ",\"%s\":", name);
	text_json(out, text);
}

static void
add_id(struct buf *out, const char *name, const struct weir_id *id)
{
	char text[WEIR_ID_TEXT + 1];

	if (weir_id_is_null(id))
		buf_addf(out, ",\"%s\":null", name);
	else
		buf_addf(out, ",\"%s\":\"%s\"", name, weir_id_format(id, text));
}

static void
add_time(struct buf *out, const char *name, int64_t us)
{
	char text[WEIR_TIME_TEXT];

	if (us == WEIR_NO_TIME)
		buf_addf(out, ",\"%s\":null", name);
	else
		buf_addf(out, ",\"%s\":\"%s\"", name, weir_time_format(us, text));
}

static void
add_group(struct buf *out, const struct weir_why_group *g)
{
	char text[WEIR_ID_TEXT + 1];

	buf_addf(out, "\"runs\":%lld", (long long)g->n);
	add_time(out, "first_end_time", g->from_us);
	add_time(out, "last_end_time", g->to_us);
	add_text(out, "platforms", g->platforms);
	buf_adds(out, ",\"flow_run_ids\":[");
	for (size_t i = 0; i < g->n_ids; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "",
			weir_id_format(&g->ids[i], text));
	buf_addc(out, ']');
}

static void
add_lines(struct buf *out, const struct weir_why_cause *c)
{
	buf_adds(out, ",\"lines\":[");
	for (size_t i = 0; i < c->n_lines; i++) {
		const struct weir_why_line *l = &c->lines[i];

		buf_addf(out, "%s{\"line\":%zu,\"level\":%d", i ? "," : "", l->line + 1,
			l->level);
		add_time(out, "timestamp", l->us);
		add_text(out, "text", l->text);
		buf_addf(out, ",\"error\":%s}", l->error ? "true" : "false");
	}
	buf_addc(out, ']');
}

static void
add_cause(struct buf *out, const struct why_card *card, size_t i)
{
	const struct weir_why_cause *c = &card->why->causes[i];
	const struct weir_why_group *g = card->same ? card->same[i] : NULL;

	buf_adds(out, i ? "," : "");
	buf_adds(out, "{\"error\":");
	text_json(out, c->error);
	add_text(out, "normalized_error", c->folded);
	add_id(out, "flow_run_id", &c->run);
	add_text(out, "flow_run_name", c->run_name);
	add_text(out, "flow_name", c->flow_name);
	add_text(out, "platform", c->platform);
	add_id(out, "task_run_id", &c->task);
	add_text(out, "task_run_name", c->task_name);
	add_text(out, "state_type", str_of(weir_state_type(c->state)));
	add_text(out, "state_name", c->state_name);
	add_text(out, "state_message", c->message);
	add_time(out, "end_time", c->end_us);
	buf_adds(out, ",\"exit_status\":");
	if (c->exited)
		buf_addf(out, "%d", c->exit_status);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"line\":");
	if (c->in_log)
		buf_addf(out, "%zu", c->line + 1);
	else
		buf_adds(out, "null");
	buf_addf(out, ",\"log_complete\":%s", c->no_log ? "false" : "true");
	add_lines(out, c);
	buf_adds(out, ",\"same\":");
	if (g) {
		buf_addc(out, '{');
		add_group(out, g);
		buf_addf(out, ",\"all\":%s}", card->counted_all ? "true" : "false");
	} else {
		buf_adds(out, "null");
	}
	buf_addc(out, '}');
}

void
why_print_json(struct buf *out, const struct why_card *card)
{
	static const char *const results[] = { [WEIR_CHECK_OK] = "ok",
		[WEIR_CHECK_BAD] = "bad",
		[WEIR_CHECK_NOTE] = "note" };
	const struct weir_why *w = card->why;
	struct buf b = BUF_INIT(BUF_MAX);
	char id[WEIR_ID_TEXT + 1];

	buf_addf(out, "{\"id\":\"%s\"", weir_id_format(&w->run, id));
	add_text(out, "name", w->name);
	add_text(out, "flow_name", w->flow_name);
	add_text(out, "platform", w->platform);
	add_text(out, "state_type", str_of(weir_state_type(w->state)));
	add_text(out, "state_name", w->state_name);
	add_text(out, "state_message", w->message);
	add_time(out, "end_time", w->end_us);
	weir_why_line(w, &b);
	add_text(out, "why", buf_str(&b));
	buf_addf(out, ",\"failed_runs\":%zu,\"causes\":[", w->n_failed);
	for (size_t i = 0; i < w->n_causes; i++)
		add_cause(out, card, i);
	buf_adds(out, "],\"pickup\":[");
	for (size_t i = 0; w->waits && i < w->pickup.n; i++) {
		const struct weir_check *c = &w->pickup.v[i];

		buf_addf(out, "%s{\"check\":\"%s\",\"result\":\"%s\"", i ? "," : "",
			c->what, results[c->result]);
		add_text(out, "text", str_of(c->text));
		buf_addc(out, '}');
	}
	buf_adds(out, "],\"next\":[");
	buf_clear(&b);
	for (size_t i = 0; weir_why_next(w, i, &b); i++) {
		buf_adds(out, i ? "," : "");
		text_json(out, buf_str(&b));
		buf_clear(&b);
	}
	buf_adds(out, "]}");
	buf_release(&b);
}

/* ---- groups */

void
why_group_json(struct buf *out, const struct weir_why_group *g)
{
	buf_adds(out, "{\"error\":");
	text_json(out, g->error);
	add_text(out, "normalized_error", g->folded);
	add_id(out, "newest_flow_run_id", &g->newest);
	add_text(out, "newest_flow_run_name", g->newest_name);
	add_text(out, "flow_name", g->flow_name);
	buf_addc(out, ',');
	add_group(out, g);
	buf_addc(out, '}');
}

void
why_group_tsv(const struct ctx *ctx, struct buf *out, const struct weir_why_group *g)
{
	char n[24], from[WEIR_TIME_TEXT] = "", to[WEIR_TIME_TEXT] = "";
	char newest[WEIR_ID_TEXT + 1];

	snprintf(n, sizeof(n), "%lld", (long long)g->n);
	if (g->from_us != WEIR_NO_TIME)
		weir_time_format(g->from_us, from);
	if (g->to_us != WEIR_NO_TIME)
		weir_time_format(g->to_us, to);

	const struct str cells[] = { str_of(n), g->platforms, str_of(from), str_of(to),
		str_of(weir_id_format(&g->newest, newest)), g->error };

	out_cells(ctx, out, OUT_TSV, cells, N_ELEM(cells));
}

void
why_group_text(struct ctx *ctx, struct sink *sink, const struct weir_why_group *g)
{
	size_t width = para_width(ctx);
	struct buf clean = BUF_INIT(BUF_MAX), when = BUF_INIT(256);
	struct para f;

	buf_addf(&sink->b, "%5lld  ", (long long)g->n);
	text_sanitize(&clean, g->error, flags_of(ctx));
	if (ctx->colour)
		out_colour(&sink->b, "red");
	if (ctx->tty_out)
		text_fit(&sink->b, buf_str(&clean), width > 7 ? width - 7 : 1,
			flags_of(ctx));
	else
		buf_addstr(&sink->b, buf_str(&clean));
	if (ctx->colour)
		out_colour(&sink->b, "off");
	buf_addc(&sink->b, '\n');
	para_init(&f, ctx, &sink->b, 7);
	para_begin(&f, NULL);
	weir_time_relative(&when, g->to_us, weir_now_us(), ctx->utc, true);
	para_pair(&f, "newest", g->newest_name);
	para_add(&f, buf_str(&when), 2);
	if (g->flow_name.len)
		para_add(&f, g->flow_name, GAP);
	if (g->platforms.len)
		para_add(&f, g->platforms, GAP);
	para_end(&f);
	buf_release(&clean);
	buf_release(&when);
}
