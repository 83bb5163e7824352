/* What acting would do: listed, asked for, or only printed. */
#include "acts.h"

#include <ctype.h>
#include <unistd.h>

#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>

enum { ACTS_LISTED = 200, ACTS_ANSWER_MAX = 64 };

/* `calm-otter 1b3c9d0e-...: POST /flow_runs/...` */
static void
add_plan(struct acts *a, const struct acts_target *t, struct buf *out, struct buf *body)
{
	struct buf path = BUF_INIT(4096);
	struct weir_act_result r = { 0 };
	struct weir_store *store;
	char text[WEIR_ID_TEXT + 1] = "";
	struct weir_err err = { 0 };

	if (!weir_id_is_null(&t->id))
		weir_id_format(&t->id, text);
	if (weir_session_store(a->ctx->session, WEIR_STORE_READ, &store, &err) ||
		weir_act_plan(store, &t->act, &t->id, &path, body, &r, &err)) {
		buf_addf(out, "%s: %s", text, err.text);
	} else {
		buf_addf(out, "%s%s%s: ", r.name, *text ? " " : "", text);
		if (!path.len)
			buf_addf(out, "nothing: %s", r.said);
		else
			buf_addf(out, "%s%s", path.s[0] == '/' ? "POST " : "",
				buf_cstr(&path));
	}
	buf_release(&path);
}

/* What goes with it, indented. */
static void
add_company(struct acts *a, const struct acts_target *t, struct buf *out)
{
	struct buf lines = BUF_INIT(8192);
	struct weir_store *store;
	struct weir_err err = { 0 };

	if (weir_session_store(a->ctx->session, WEIR_STORE_READ, &store, &err) ||
		weir_act_company(store, &t->act, &t->id, &lines, &err))
		return;
	for (const char *p = buf_cstr(&lines); *p;) {
		size_t n = strcspn(p, "\n");

		buf_adds(out, "\n    ");
		buf_add(out, p, n);
		p += n + (p[n] == '\n');
	}
	buf_release(&lines);
}

static const char *
verb_of(const struct acts *a)
{
	return weir_act_verb(a->act->kind);
}

static void
list_all(struct acts *a)
{
	struct buf b = BUF_INIT(4096), clean = BUF_INIT(16384);

	for (size_t i = 0; i < a->targets.n && i < ACTS_LISTED; i++) {
		buf_clear(&b);
		buf_clear(&clean);
		add_plan(a, &a->targets.v[i], &b, NULL);
		add_company(a, &a->targets.v[i], &b);
		text_sanitize(&clean, buf_str(&b),
			TEXT_KEEP_NEWLINE | (a->ctx->utf8 ? 0 : TEXT_ASCII));
		fprintf(stderr, "  %s\n", buf_cstr(&clean));
	}
	if (a->targets.n > ACTS_LISTED)
		fprintf(stderr, "  and %zu more\n", a->targets.n - ACTS_LISTED);
	buf_release(&b);
	buf_release(&clean);
}

/* The first word of a line of the terminal; "" at its end. */
static void
read_answer(char out[ACTS_ANSWER_MAX])
{
	size_t n = 0;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (n + 1 < ACTS_ANSWER_MAX && !isspace((unsigned char)c))
			out[n++] = c;
	out[n] = '\0';
}

enum weir_rc
acts_ask(struct acts *a)
{
	const char *verb = verb_of(a), *noun = acts_noun(a);
	char answer[ACTS_ANSWER_MAX], count[32];
	bool yes;

	if (!a->ctx->tty_in || !a->ctx->tty_err) {
		(void)weir_fail(a->ctx->err, WEIR_EUSAGE,
			"%s: %zu %s: there is nobody to be asked", verb, a->targets.n,
			noun);
		return weir_hint(a->ctx->err, "weir %s --yes ..., or --dry-run",
			a->ctx->cmd->name);
	}
	list_all(a);
	snprintf(count, sizeof(count), "%zu", a->targets.n);
	if (a->targets.n > WEIR_ACT_MANY)
		fprintf(stderr, "%s these %s %s? type %s: ", verb, count, noun, count);
	else
		fprintf(stderr, "%s %s %s? [y/N] ", verb,
			a->targets.n == 1 ? "this" : "these", noun);
	fflush(stderr);
	read_answer(answer);
	if (a->targets.n > WEIR_ACT_MANY)
		yes = strcmp(answer, count) == 0;
	else
		yes = !strcmp(answer, "y") || !strcmp(answer, "Y") ||
		      !strcmp(answer, "yes");
	if (yes)
		return WEIR_OK;
	return weir_fail(a->ctx->err, WEIR_EFAIL, "%s: nothing was done", verb);
}

enum weir_rc
acts_dry_run(struct acts *a)
{
	struct buf b = BUF_INIT(BUF_MAX), body = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < a->targets.n; i++) {
		struct buf clean = BUF_INIT(BUF_MAX);
		const struct acts_target *t = &a->targets.v[i];
		struct weir_err err;

		if (!a->ctx->g.offline && t->act.of == WEIR_RUN &&
			weir_sync_run(a->ctx->session, &t->id, &err))
			ctx_note(a->ctx, "%s", err.text);
		buf_clear(&b);
		buf_clear(&body);
		add_plan(a, t, &b, &body);
		if (body.len)
			buf_addf(&b, "\n  %s", buf_cstr(&body));
		add_company(a, t, &b);
		text_sanitize(&clean, buf_str(&b), TEXT_KEEP_NEWLINE);
		buf_addc(&clean, '\n');
		rc = ctx_write(a->ctx, clean.s, clean.len);
		buf_release(&clean);
	}
	buf_release(&b);
	buf_release(&body);
	return rc;
}
