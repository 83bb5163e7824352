/* weir doctor: is everything as it should be, and what to do where it is not. */
#include "cmd.h"

#include <langinfo.h>

#include <weir/doctor.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "out.h"
#include "tui.h"

struct doctor_args {
	const char *output;
	bool header;
};

struct look {
	const char *word, *glyph, *ascii, *colour;
};

static const struct look looks[] = {
	[WEIR_HEALTH_OK] = { "ok", "●", "+", "green" },
	[WEIR_HEALTH_WARN] = { "warn", "!", "!", "yellow" },
	[WEIR_HEALTH_FAIL] = { "fail", "✗", "x", "red" },
};

/* clang-format off */
static const struct weir_column columns[] = {
	{ .name = "result", .title = "RESULT", .type = WEIR_T_TEXT },
	{ .name = "check", .title = "CHECK", .type = WEIR_T_TEXT },
	{ .name = "text", .title = "TEXT", .type = WEIR_T_TEXT },
	{ .name = "hint", .title = "HINT", .type = WEIR_T_TEXT },
};
/* clang-format on */

struct report {
	struct ctx *ctx;
	struct out *out; /* NULL: lines for people */
	size_t n[N_ELEM(looks)];
	enum weir_rc first; /* failure */
	char hint[512];     /* of it */
	enum weir_rc rc;    /* of writing */
};

static void
add_line(struct buf *b, const struct ctx *ctx, const struct weir_finding *f)
{
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;
	const struct look *l = &looks[f->health];
	const char *colour = ctx->colour ? l->colour : "";

	out_colour(b, colour);
	buf_addf(b, "%s %-4s", ctx->utf8 ? l->glyph : l->ascii, l->word);
	out_colour(b, *colour ? "off" : "");
	buf_addf(b, "  %-13s  ", f->what);
	text_sanitize(b, str_of(f->text), flags);
	buf_addc(b, '\n');
	if (!f->hint[0])
		return;
	buf_adds(b, "                       try: ");
	text_sanitize(b, str_of(f->hint), flags);
	buf_addc(b, '\n');
}

static void
add_row(struct report *r, const struct weir_finding *f)
{
	const char *const text[] = { looks[f->health].word, f->what, f->text,
		f->hint[0] ? f->hint : NULL };
	struct weir_cell cells[N_ELEM(columns)];
	const struct weir_cell *row[N_ELEM(columns)];

	for (size_t i = 0; i < N_ELEM(columns); i++) {
		cells[i] = (struct weir_cell){
			.type = WEIR_T_TEXT, .null = !text[i], .s = str_of(text[i])
		};
		row[i] = &cells[i];
	}
	r->rc = out_row(r->out, row);
}

static void
take(void *arg, const struct weir_finding *f)
{
	struct report *r = arg;
	struct buf b = BUF_INIT(8 << 10);

	r->n[f->health]++;
	if (f->health == WEIR_HEALTH_FAIL && !r->first) {
		r->first = f->rc;
		snprintf(r->hint, sizeof(r->hint), "%s", f->hint);
	}
	if (r->rc)
		return;
	if (r->out) {
		add_row(r, f);
		return;
	}
	add_line(&b, r->ctx, f);
	r->rc = ctx_write(r->ctx, b.s, b.len);
	buf_release(&b);
}

static void
check_terminal(struct report *r)
{
	const char *term = getenv("TERM");
	struct weir_finding f = { .what = "terminal" };
	int columns_n, lines_n;

	sink_screen(&columns_n, &lines_n);
	if (!r->ctx->tty_out) {
		snprintf(f.text, sizeof(f.text), "standard output is not one");
	} else if (!term || !*term || strcmp(term, "dumb") == 0) {
		f.health = WEIR_HEALTH_WARN;
		snprintf(f.text, sizeof(f.text), "TERM is %s: no menus, no colours",
			term && *term ? term : "not set");
		snprintf(f.hint, sizeof(f.hint), "export TERM=xterm-256color");
	} else {
		snprintf(f.text, sizeof(f.text), "%s, %d by %d, %s, %s", term,
			columns_n, lines_n, nl_langinfo(CODESET),
			r->ctx->colour ? "colours" : "no colours");
	}
	take(r, &f);
	if (!r->ctx->tty_out || r->ctx->utf8)
		return;
	f.health = WEIR_HEALTH_WARN;
	snprintf(f.text, sizeof(f.text), "the locale is not UTF-8: ASCII is shown");
	snprintf(f.hint, sizeof(f.hint), "export LC_ALL=C.UTF-8");
	take(r, &f);
}

/* Keys that weir.conf binds, if it does. */
static void
check_keys(struct report *r)
{
	struct weir_finding f = { .what = "keys" };
	struct buf warnings = BUF_INIT(BUF_MAX);
	size_t n = tui_check_keys(r->ctx->config, &warnings);

	if (n > 0 && warnings.len == 0) {
		snprintf(f.text, sizeof(f.text), "%zu bound in weir.conf", n);
		take(r, &f);
	}
	f.health = WEIR_HEALTH_WARN;
	snprintf(f.hint, sizeof(f.hint), "man weir-keys");
	for (const char *p = buf_cstr(&warnings); *p;) {
		size_t len = strcspn(p, "\n");

		snprintf(f.text, sizeof(f.text), "%.*s", (int)len, p);
		take(r, &f);
		p += len + (p[len] == '\n');
	}
	buf_release(&warnings);
}

static enum weir_rc
run(struct ctx *ctx)
{
	const struct doctor_args *args = ctx->args;
	const struct weir_column *list[N_ELEM(columns)];
	struct out_spec spec = { .form = out_form(ctx, args->output),
		.columns = list,
		.n_columns = N_ELEM(columns),
		.header = args->header };
	struct report r = { .ctx = ctx };
	struct out out;
	enum weir_rc rc;

	for (size_t i = 0; i < N_ELEM(columns); i++)
		list[i] = &columns[i];
	if (spec.form == OUT_NAME) {
		spec.form = OUT_TSV;
		spec.n_columns = 2;
	}
	if (spec.form != OUT_TABLE) {
		out_open(&out, ctx, &spec);
		r.out = &out;
	}
	weir_doctor(ctx->session, ctx->g.offline, take, &r);
	check_terminal(&r);
	check_keys(&r);
	rc = r.out ? out_close(&out, r.rc) : r.rc;
	if (rc)
		return rc;
	if (!r.first)
		return WEIR_OK;
	(void)weir_fail(ctx->err, r.first, "doctor: %zu of %zu checks failed",
		r.n[WEIR_HEALTH_FAIL],
		r.n[WEIR_HEALTH_OK] + r.n[WEIR_HEALTH_WARN] + r.n[WEIR_HEALTH_FAIL]);
	return weir_hint(ctx->err, "%s", r.hint);
}

/* clang-format off */
static const struct opt opts[] = {
	{ "output", 'o', OPT_STRING, offsetof(struct doctor_args, output), "FORM",
	  OUT_FORMS, "form of the output" },
	{ "header", 0, OPT_FLAG, offsetof(struct doctor_args, header), NULL,
	  NULL, "begin tsv and csv with the names of the columns" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "check server, settings, store and terminal, say what to do",
	.usage = "",
	.opts = opts,
	.args_size = sizeof(struct doctor_args),
	.run = run,
};
