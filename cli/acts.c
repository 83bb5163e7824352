#include "acts.h"

#include <ctype.h>
#include <unistd.h>

#include <weir/mem.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>

enum { ACTS_MAX = 10000, ACTS_LISTED = 200, ACTS_ANSWER_MAX = 64, ACTS_SHORT_ID = 8 };

VEC_TYPE(ids, struct weir_id);

struct acts {
	struct ctx *ctx;
	const struct weir_act *act;
	const struct acts_args *args;
	struct ids ids;
	bool lines; /* for people */
	struct out out;
	size_t n_failed, n_done;
	struct weir_err failed; /* the last failure, not yet told */
	enum weir_rc rc;        /* of the first failure */
};

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

/* ---- which runs */

static enum weir_rc
add_id(struct acts *a, const struct weir_id *id)
{
	for (size_t i = 0; i < a->ids.n; i++)
		if (weir_id_cmp(&a->ids.v[i], id) == 0)
			return WEIR_OK;
	if (a->ids.n == ACTS_MAX)
		return weir_fail(a->ctx->err, WEIR_ETOOBIG, "%s: more than %d runs",
			a->ctx->cmd->name, ACTS_MAX);
	VEC_PUSH(&a->ids, *id);
	return WEIR_OK;
}

/* A full id needs no store: the server is asked for the run anyway. */
static enum weir_rc
add_word(struct acts *a, const char *word)
{
	struct ctx *ctx = a->ctx;
	enum weir_kind kind;
	struct weir_id id;
	enum weir_rc rc;

	if (strlen(word) >= 32 && weir_id_parse(str_of(word), &id))
		return add_id(a, &id);
	rc = *word == '@' ? ctx_refresh(ctx) : WEIR_OK;
	if (!rc)
		rc = ctx_resolve(ctx, 1u << WEIR_RUN, word, &kind, &id, NULL);
	if (rc == WEIR_ENOTFOUND || rc == WEIR_ENET) {
		/* it may be newer than the store */
		rc = ctx_refresh(ctx);
		if (!rc)
			rc = ctx_resolve(ctx, 1u << WEIR_RUN, word, &kind, &id, NULL);
	}
	return rc ? rc : add_id(a, &id);
}

static enum weir_rc
add_rows(struct acts *a, struct weir_store *store, const struct weir_select *sel)
{
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc = weir_rows_open(store, sel, &rows, a->ctx->err);

	while (!rc && row) {
		rc = weir_rows_next(rows, &row, a->ctx->err);
		if (!rc && row)
			rc = add_id(a, &weir_rows_cell(rows, 0)->id);
	}
	weir_rows_close(rows);
	return rc;
}

static enum weir_rc
add_query(struct acts *a)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = {
		.kind = WEIR_RUN, .columns = &set, .now_us = weir_now_us()
	};
	struct weir_query *query = NULL;
	struct weir_store *store;
	struct weir_err *err = a->ctx->err;
	enum weir_rc rc;

	rc = weir_query_parse(
		WEIR_RUN, str_of(a->args->query), sel.now_us, &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_columns_choose(WEIR_RUN, "id", 0, &set, err);
	if (!rc)
		rc = ctx_refresh(a->ctx);
	if (!rc)
		rc = ctx_store(a->ctx, &store);
	if (!rc)
		rc = add_rows(a, store, &sel);
	weir_columns_release(&set);
	weir_query_free(query);
	return rc;
}

static enum weir_rc
find(struct acts *a)
{
	struct ctx *ctx = a->ctx;
	enum weir_rc rc = WEIR_OK;

	if (!ctx->n_words && !a->args->query) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "%s: which run?", ctx->cmd->name);
		return weir_hint(ctx->err, "weir %s ID...", ctx->cmd->name);
	}
	for (size_t i = 0; !rc && i < ctx->n_words; i++)
		rc = add_word(a, ctx->words[i]);
	if (!rc && a->args->query)
		rc = add_query(a);
	return rc;
}

/* ---- is it wanted */

/* What it amounts to, of one run: `calm-otter 1b3c9d0e: POST /flow_runs/...`. */
static void
add_plan(struct acts *a, const struct weir_id *id, struct buf *out, struct buf *body)
{
	struct buf path = BUF_INIT(512);
	struct weir_act_result r = { 0 };
	struct weir_store *store;
	char text[WEIR_ID_TEXT + 1];
	struct weir_err err = { 0 };

	weir_id_format(id, text);
	if (weir_session_store(a->ctx->session, WEIR_STORE_READ, &store, &err) ||
		weir_act_plan(store, a->act, id, &path, body, &r, &err)) {
		buf_addf(out, "%s: %s", text, err.text);
	} else if (path.len) {
		buf_addf(out, "%s %s: POST %s", r.name, text, buf_cstr(&path));
	} else {
		buf_addf(out, "%s %s: nothing: %s", r.name, text, r.said);
	}
	buf_release(&path);
}

static void
list_runs(struct acts *a)
{
	struct buf b = BUF_INIT(4096), clean = BUF_INIT(16384);

	for (size_t i = 0; i < a->ids.n && i < ACTS_LISTED; i++) {
		buf_clear(&b);
		buf_clear(&clean);
		add_plan(a, &a->ids.v[i], &b, NULL);
		text_sanitize(&clean, buf_str(&b), a->ctx->utf8 ? 0 : TEXT_ASCII);
		fprintf(stderr, "  %s\n", buf_cstr(&clean));
	}
	if (a->ids.n > ACTS_LISTED)
		fprintf(stderr, "  and %zu more\n", a->ids.n - ACTS_LISTED);
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

static enum weir_rc
ask(struct acts *a)
{
	const char *verb = weir_act_verb(a->act->kind);
	char answer[ACTS_ANSWER_MAX], count[32];
	bool yes;

	if (!a->ctx->tty_in || !a->ctx->tty_err) {
		(void)weir_fail(a->ctx->err, WEIR_EUSAGE,
			"%s: %zu runs: there is nobody to be asked", verb, a->ids.n);
		return weir_hint(a->ctx->err, "weir %s --yes ..., or --dry-run", verb);
	}
	list_runs(a);
	snprintf(count, sizeof(count), "%zu", a->ids.n);
	if (a->ids.n > WEIR_ACT_MANY)
		fprintf(stderr, "%s these %s runs? type %s: ", verb, count, count);
	else
		fprintf(stderr, "%s %s? [y/N] ", verb,
			a->ids.n == 1 ? "this run" : "these runs");
	fflush(stderr);
	read_answer(answer);
	if (a->ids.n > WEIR_ACT_MANY)
		yes = strcmp(answer, count) == 0;
	else
		yes = !strcmp(answer, "y") || !strcmp(answer, "Y") ||
		      !strcmp(answer, "yes");
	if (yes)
		return WEIR_OK;
	return weir_fail(a->ctx->err, WEIR_EFAIL, "%s: nothing was done", verb);
}

/* One run that was named is wanted; what a query found, and several, are asked for. */
static bool
must_ask(const struct acts *a)
{
	return (a->ids.n > 1 || a->args->query) && !a->ctx->g.yes;
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

static const char *
result_word(enum weir_rc rc)
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
		[COL_ID] = { .type = WEIR_T_ID, .id = r->run },
		[COL_NAME] = { .type = WEIR_T_TEXT, .s = str_of(r->name) },
		[COL_RESULT] = { .type = WEIR_T_TEXT, .s = str_of(result_word(r->rc)) },
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
	if (r->name[0])
		buf_addf(b, "%s %.*s: ", r->name, ACTS_SHORT_ID, id);
	else
		buf_addf(b, "%s: ", id);
}

static enum weir_rc
put_line(struct ctx *ctx, const struct weir_act_result *r)
{
	struct buf b = BUF_INIT(4096), clean = BUF_INIT(16384);
	enum weir_rc rc;

	add_who(r, &b);
	buf_adds(&b, r->said);
	text_sanitize(&clean, buf_str(&b), ctx->utf8 || !ctx->tty_out ? 0 : TEXT_ASCII);
	buf_addc(&clean, '\n');
	rc = ctx_write(ctx, clean.s, clean.len);
	if (!rc && r->hint[0])
		ctx_note(ctx, "%s", r->hint);
	buf_release(&b);
	buf_release(&clean);
	return rc;
}

static enum weir_rc
set_error(
	enum weir_act_kind kind, const struct weir_act_result *r, struct weir_err *err)
{
	struct buf b = BUF_INIT(1024);

	add_who(r, &b);
	(void)weir_fail(
		err, r->rc, "%s: %s%s", weir_act_verb(kind), buf_cstr(&b), r->said);
	if (r->hint[0])
		(void)weir_hint(err, "%s", r->hint);
	buf_release(&b);
	return r->rc;
}

enum weir_rc
acts_print_one(
	struct ctx *ctx, enum weir_act_kind kind, const struct weir_act_result *result)
{
	return result->rc ? set_error(kind, result, ctx->err) : put_line(ctx, result);
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
	(void)set_error(a->act->kind, r, &a->failed);
}

static enum weir_rc
end(struct acts *a)
{
	struct weir_err *err = a->ctx->err;

	if (!a->n_failed)
		return WEIR_OK;
	*err = a->failed;
	if (a->ids.n == 1)
		return a->rc;
	ctx_report(a->ctx);
	return weir_fail(err, a->rc, "%s: %zu of %zu runs: not done",
		weir_act_verb(a->act->kind), a->n_failed, a->ids.n);
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
	for (size_t i = 0; !rc && i < a->ids.n; i++) {
		struct weir_act_result r;

		if (weir_act(ctx->session, a->act, &a->ids.v[i], &r))
			tell_failure(a, &r);
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

/* ---- what would be sent */

static enum weir_rc
dry_run(struct acts *a)
{
	struct buf b = BUF_INIT(BUF_MAX), body = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < a->ids.n; i++) {
		struct buf clean = BUF_INIT(BUF_MAX);
		struct weir_err err;

		if (!a->ctx->g.offline &&
			weir_sync_run(a->ctx->session, &a->ids.v[i], &err))
			ctx_note(a->ctx, "%s", err.text);
		buf_clear(&b);
		buf_clear(&body);
		add_plan(a, &a->ids.v[i], &b, &body);
		if (body.len)
			buf_addf(&b, "\n  %s", buf_cstr(&body));
		text_sanitize(&clean, buf_str(&b), TEXT_KEEP_NEWLINE);
		buf_addc(&clean, '\n');
		rc = ctx_write(a->ctx, clean.s, clean.len);
		buf_release(&clean);
	}
	buf_release(&b);
	buf_release(&body);
	return rc;
}

static enum weir_rc
may(struct acts *a)
{
	struct ctx *ctx = a->ctx;
	enum weir_rc rc;

	if (a->args->dry_run)
		return WEIR_OK;
	rc = weir_act_allowed(ctx->config, a->act->kind, ctx->err);
	if (rc || !ctx->g.offline)
		return rc;
	return weir_fail(ctx->err, WEIR_ENET, "%s: --offline: no server is asked",
		ctx->cmd->name);
}

enum weir_rc
acts_run(struct ctx *ctx, const struct weir_act *act)
{
	struct acts a = { .ctx = ctx, .act = act, .args = ctx->args };
	enum weir_rc rc = may(&a);

	if (!rc)
		rc = find(&a);
	if (!rc && !a.ids.n)
		ctx_note(ctx, "%s: no run is so", ctx->cmd->name);
	else if (!rc && a.args->dry_run)
		rc = dry_run(&a);
	else if (!rc) {
		rc = must_ask(&a) ? ask(&a) : WEIR_OK;
		if (!rc)
			acts_settle(ctx);
		if (!rc)
			rc = do_all(&a);
	}
	VEC_FREE(&a.ids);
	return rc;
}
