#include "acts.h"

#include <weir/select.h>
#include <weir/text.h>

enum { ACTS_SHORT_ID = 8 };

static void
note_settled(void *arg, const char *text)
{
	ctx_note(arg, "%s", text);
}

void
acts_settle(struct ctx *ctx)
{
	struct weir_err err = { 0 };

	if (!ctx->g.offline && weir_act_settle(ctx->session, note_settled, ctx, &err) &&
		err.rc != WEIR_EINTR)
		ctx_note(ctx, "%s", err.text);
}

/* ---- what came of it */

enum { COL_ID, COL_NAME, COL_RESULT, COL_MESSAGE, COL_MADE, COL_N };

/* clang-format off */
static const struct weir_column columns[COL_N] = {
	[COL_ID] = { .name = "id", .title = "ID", .type = WEIR_T_ID, .min = 36, .max = 36 },
	[COL_NAME] = { .name = "name", .title = "NAME", .type = WEIR_T_TEXT,
		.min = 8, .max = 24 },
	[COL_RESULT] = { .name = "result", .title = "RESULT", .type = WEIR_T_TEXT,
		.min = 7, .max = 7 },
	[COL_MESSAGE] = { .name = "message", .title = "MESSAGE", .type = WEIR_T_TEXT,
		.min = 10 },
	[COL_MADE] = { .name = "new_id", .title = "NEW ID", .type = WEIR_T_ID,
		.min = 36, .max = 36 },
};
/* clang-format on */

static const struct weir_column *const shown[] = { &columns[COL_ID], &columns[COL_NAME],
	&columns[COL_RESULT], &columns[COL_MESSAGE], &columns[COL_MADE] };
static const struct weir_column *const names[] = { &columns[COL_MADE] };

const char *
acts_result_word(enum weir_rc rc)
{
	return rc == WEIR_OK ? "done" : rc == WEIR_EREFUSED ? "refused" : "failed";
}

static enum weir_rc
put_row(struct acts *a, const struct weir_act_result *r)
{
	/* -o name: the run that is now to be looked at */
	bool made = !weir_id_is_null(&r->made);
	bool name = a->args->output && !strcmp(a->args->output, "name");
	struct weir_cell cells[COL_N] = {
		[COL_ID] = { .type = WEIR_T_ID,
			.id = r->run,
			.null = weir_id_is_null(&r->run) },
		[COL_NAME] = { .type = WEIR_T_TEXT, .s = str_of(r->name) },
		[COL_RESULT] = { .type = WEIR_T_TEXT,
			.s = str_of(acts_result_word(r->rc)) },
		[COL_MESSAGE] = { .type = WEIR_T_TEXT, .s = str_of(r->said) },
		[COL_MADE] = { .type = WEIR_T_ID, .id = r->made, .null = !made },
	};
	const struct weir_cell *row[] = { &cells[0], &cells[1], &cells[2], &cells[3],
		&cells[4] };

	if (!name)
		return out_row(&a->out, row);
	if (r->rc)
		return WEIR_OK;
	row[0] = made ? &cells[COL_MADE] : &cells[COL_ID];
	return out_row(&a->out, row);
}

static void
add_who(const struct weir_act_result *r, struct buf *b)
{
	char id[WEIR_ID_TEXT + 1];

	weir_id_format(&r->run, id);
	if (r->name[0] && (strchr(r->name, '/') || weir_id_is_null(&r->run)))
		buf_addf(b, "%s: ", r->name);
	else if (r->name[0])
		buf_addf(b, "%s %.*s: ", r->name, ACTS_SHORT_ID, id);
	else if (!weir_id_is_null(&r->run))
		buf_addf(b, "%s: ", id);
}

static enum weir_rc
put_line(struct ctx *ctx, const struct weir_act_result *r)
{
	struct buf b = BUF_INIT(4096);
	enum weir_rc rc;

	add_who(r, &b);
	buf_adds(&b, r->said);
	rc = ctx_write_line(
		ctx, buf_str(&b), ctx->utf8 || !ctx->tty_out ? 0 : TEXT_ASCII);
	if (!rc && r->hint[0])
		ctx_note(ctx, "%s", r->hint);
	buf_release(&b);
	return rc;
}

static enum weir_rc
set_error(const char *verb, const struct weir_act_result *r, struct weir_err *err)
{
	struct buf b = BUF_INIT(1024);

	add_who(r, &b);
	(void)weir_fail(err, r->rc, "%s: %s%s", verb, buf_cstr(&b), r->said);
	if (r->hint[0])
		(void)weir_hint(err, "%s", r->hint);
	buf_release(&b);
	return r->rc;
}

enum weir_rc
acts_print_one(struct ctx *ctx, const char *verb, const struct weir_act_result *result)
{
	return result->rc ? set_error(verb, result, ctx->err) : put_line(ctx, result);
}

/* A failure is told when the next comes; the last is the command's own. */
static void
tell_failure(struct acts *a, const struct weir_act_result *r)
{
	struct weir_err *err = a->ctx->err;

	if (a->n_failed++) {
		*err = a->failed;
		ctx_report(a->ctx);
	} else {
		a->rc = r->rc;
	}
	(void)set_error(weir_act_verb(a->act->kind), r, &a->failed);
}

static enum weir_rc
end(struct acts *a)
{
	struct weir_err *err = a->ctx->err;

	if (!a->n_failed)
		return WEIR_OK;
	*err = a->failed;
	if (a->targets.n == 1)
		return a->rc;
	ctx_report(a->ctx);
	return weir_fail(err, a->rc, "%s: %zu of %zu %s: not done",
		weir_act_verb(a->act->kind), a->n_failed, a->targets.n, acts_noun(a));
}

/* No server said what it is called: as it is known here, or was to be called. */
static void
name_by_store(
	const struct acts *a, const struct acts_target *t, struct weir_act_result *r)
{
	struct buf path = BUF_INIT(4096);
	struct weir_act_result known = { 0 };
	struct weir_store *store;
	struct weir_err err;

	if (!weir_session_store(a->ctx->session, WEIR_STORE_READ, &store, &err) &&
		!weir_act_plan(store, &t->act, &t->id, &path, NULL, &known, &err))
		memcpy(r->name, known.name, sizeof(r->name));
	buf_release(&path);
}

static enum weir_rc
do_all(struct acts *a)
{
	struct ctx *ctx = a->ctx;
	bool name = a->args->output && !strcmp(a->args->output, "name");
	struct out_spec spec = {
		.form = out_form(ctx, a->args->output),
		.columns = name ? names : shown,
		.n_columns = name ? N_ELEM(names) : N_ELEM(shown),
	};
	enum weir_rc rc = WEIR_OK;

	a->lines = !a->args->output && ctx->tty_out;
	if (!a->lines)
		out_open(&a->out, ctx, &spec);
	for (size_t i = 0; !rc && i < a->targets.n; i++) {
		const struct acts_target *t = &a->targets.v[i];
		struct weir_act_result r;

		if (weir_act(ctx->session, &t->act, &t->id, &r)) {
			if (!r.name[0])
				name_by_store(a, t, &r);
			tell_failure(a, &r);
		} else if (t->act.kind == WEIR_ACT_RETRIGGER)
			VEC_PUSH(
				&a->started, weir_id_is_null(&r.made) ? r.run : r.made);
		if (r.rc == WEIR_EINTR)
			break;
		if (!a->lines)
			rc = put_row(a, &r);
		else if (!r.rc)
			rc = put_line(ctx, &r);
	}
	if (!a->lines)
		rc = out_close(&a->out, rc);
	return rc ? rc : end(a);
}

/* ---- all of it */

void
acts_init(struct acts *a, struct ctx *ctx, const struct weir_act *act,
	const struct acts_args *args)
{
	*a = (struct acts){ .ctx = ctx, .act = act, .args = args };
}

void
acts_release(struct acts *a)
{
	for (size_t i = 0; i < a->targets.n; i++)
		free(a->targets.v[i].parameters);
	VEC_FREE(&a->targets);
	VEC_FREE(&a->started);
}

enum weir_rc
acts_may(struct acts *a)
{
	struct ctx *ctx = a->ctx;
	enum weir_rc rc;

	if (a->args->dry_run)
		return WEIR_OK;
	rc = weir_act_allowed(ctx->config, a->act->kind, ctx->err);
	if (rc || !ctx->g.offline)
		return rc;
	(void)weir_fail(ctx->err, WEIR_ENET, "%s: --offline: no server is asked",
		ctx->cmd->name);
	return weir_hint(ctx->err, "weir %s --dry-run ..., or leave out --offline",
		ctx->cmd->name);
}

/*
 * One that was named is wanted; what a query found, and several, are asked for, and
 * whatever is deleted.
 */
static bool
must_ask(const struct acts *a)
{
	return (a->targets.n > 1 || a->args->query ||
		       a->act->kind == WEIR_ACT_DELETE) &&
	       !a->ctx->g.yes;
}

enum weir_rc
acts_go(struct acts *a)
{
	enum weir_rc rc;

	if (!a->targets.n) {
		ctx_note(a->ctx, "%s: no %s matches", a->ctx->cmd->name,
			a->act->kind < WEIR_ACT_PAUSE ? "run" : "object");
		return WEIR_OK;
	}
	if (a->args->dry_run)
		return acts_dry_run(a);
	rc = must_ask(a) ? acts_ask(a) : WEIR_OK;
	if (rc)
		return rc;
	acts_settle(a->ctx);
	return do_all(a);
}

enum weir_rc
acts_run(struct ctx *ctx, const struct weir_act *act, const struct acts_args *args,
	unsigned kinds, const char *const *words, size_t n_words)
{
	struct acts a;
	enum weir_rc rc;

	acts_init(&a, ctx, act, args);
	rc = acts_may(&a);
	if (!rc)
		rc = acts_find(&a, kinds, words, n_words);
	if (!rc)
		rc = acts_go(&a);
	acts_release(&a);
	return rc;
}
