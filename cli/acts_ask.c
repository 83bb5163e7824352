/* What acting would do: listed, asked for, or only printed. */
#include "acts.h"

#include <ctype.h>
#include <unistd.h>

#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>

#include "plan.h"

enum { ACTS_LISTED = 200, ACTS_ANSWER_MAX = 64 };

/* The texts of one line. */
struct planned {
	struct buf path, body, company;
	struct weir_act_result r;
	struct weir_err err;
};

static void
plan_one(struct acts *a, const struct acts_target *t, struct planned *p,
	struct plan_line *ret)
{
	struct weir_store *store;
	struct weir_err err;

	*p = (struct planned){ .path = BUF_INIT(4096),
		.body = BUF_INIT(BUF_MAX),
		.company = BUF_INIT(8192) };
	*ret = (struct plan_line){ .id = t->id, .body = "", .company = "" };
	if (weir_session_store(a->ctx->session, WEIR_STORE_READ, &store, &p->err) ||
		weir_act_plan(
			store, &t->act, &t->id, &p->path, &p->body, &p->r, &p->err)) {
		ret->name = ret->path = "";
		ret->said = p->err.text;
		return;
	}
	if (!weir_act_company(store, &t->act, &t->id, &p->company, &err))
		ret->company = buf_cstr(&p->company);
	ret->name = p->r.name;
	ret->path = buf_cstr(&p->path);
	ret->body = buf_cstr(&p->body);
	ret->said = p->path.len ? "" : p->r.said;
}

static void
planned_release(struct planned *p)
{
	buf_release(&p->path);
	buf_release(&p->body);
	buf_release(&p->company);
}

static const char *
verb_of(const struct acts *a)
{
	return weir_act_verb(a->act->kind);
}

/* What would be sent; -v: all of it. */
static void
list_requests(struct acts *a)
{
	struct buf b = BUF_INIT(4096), clean = BUF_INIT(16384);
	size_t most = a->ctx->g.verbose ? SIZE_MAX : ACTS_LISTED;

	for (size_t i = 0; i < a->targets.n && i < most; i++) {
		struct plan_line line;
		struct planned p;

		buf_clear(&b);
		buf_clear(&clean);
		plan_one(a, &a->targets.v[i], &p, &line);
		plan_text(&line, &b);
		planned_release(&p);
		text_sanitize(&clean, buf_str(&b),
			TEXT_KEEP_NEWLINE | (a->ctx->utf8 ? 0 : TEXT_ASCII));
		fprintf(stderr, "  %s\n", buf_cstr(&clean));
	}
	if (a->targets.n > most)
		fprintf(stderr, "  and %zu more\n", a->targets.n - most);
	buf_release(&b);
	buf_release(&clean);
}

/* Runs by what they are; objects, which are few, by what is sent. */
static void
list_all(struct acts *a)
{
	bool runs = !a->ctx->g.verbose;

	for (size_t i = 0; runs && i < a->targets.n; i++)
		runs = a->targets.v[i].act.of == WEIR_RUN;
	if (!runs || !acts_rows(a))
		list_requests(a);
}

/* How many; one by its name. */
static void
name_targets(struct acts *a, struct buf *out)
{
	struct plan_line line;
	struct planned p;

	if (a->targets.n != 1) {
		buf_addf(out, "%zu %s", a->targets.n, acts_noun(a));
		return;
	}
	plan_one(a, &a->targets.v[0], &p, &line);
	buf_addf(out, "%s%s%s", acts_noun(a), *line.name ? " " : "", line.name);
	planned_release(&p);
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
	struct buf who = BUF_INIT(4096);
	bool yes;

	if (!a->ctx->tty_in || !a->ctx->tty_err) {
		name_targets(a, &who);
		(void)weir_fail(a->ctx->err, WEIR_EUSAGE,
			"%s: %s: there is nobody to be asked", verb, buf_cstr(&who));
		buf_release(&who);
		return weir_hint(a->ctx->err, "weir %s%s --yes ..., or --dry-run",
			a->ctx->cmd->name,
			a->act->kind == WEIR_ACT_DELETE ? " delete"
			: a->act->kind == WEIR_ACT_SET  ? " set"
							: "");
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
	struct plan plan;
	enum weir_rc rc = WEIR_OK;

	plan_open(&plan, a->ctx, a->args->output);
	for (size_t i = 0; !rc && i < a->targets.n; i++) {
		const struct acts_target *t = &a->targets.v[i];
		struct plan_line line;
		struct weir_err err;
		struct planned p;

		if (!a->ctx->g.offline && t->act.of == WEIR_RUN &&
			weir_sync_run(a->ctx->session, &t->id, &err))
			ctx_note(a->ctx, "%s", err.text);
		plan_one(a, t, &p, &line);
		rc = plan_put(&plan, &line);
		planned_release(&p);
	}
	return plan_close(&plan, rc);
}
