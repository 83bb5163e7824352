/* weir env select-resolved: which environment is the default; undo: the one before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/cell.h>
#include <weir/json.h>
#include <weir/mem.h>
#include <weir/query.h>
#include <weir/statedb.h>
#include <weir/text.h>

#include "env_steps.h"
#include "env_swap.h"

struct job {
	struct ctx *ctx;
	struct env_open o;
	char req_id[WEIR_ENV_ID + 1];
	struct weir_env_groups groups; /* of a flow or run */
	struct weir_env_pair pair;     /* what is chosen */
	struct weir_env_selection sel;
};

/* ---- for what */

/* A step of a run, or the only requirement set of some other word. */
static enum weir_rc
find_word(struct job *j, struct weir_env_pair *ret)
{
	const struct env_args *a = j->ctx->args;
	const char *word = j->ctx->words[1];

	if (a->step) {
		(void)weir_fail(j->ctx->err, WEIR_EUSAGE,
			"env select-resolved: --step goes with FLOW/RUN, not with "
			"'%.200s'",
			word);
		return weir_hint(j->ctx->err, "--step STEP FLOW/RUN");
	}
	return env_steps_word(j->ctx, &j->o, word, a->arch, ret);
}

static enum weir_rc
find_req(struct job *j, struct weir_env_pair *ret)
{
	const struct env_args *a = j->ctx->args;
	enum weir_rc rc = weir_env_find(j->o.store, a->req_id, ret, j->ctx->err);

	if (!rc && strncmp(ret->req_id, a->req_id, strlen(a->req_id)) != 0)
		rc = weir_fail(j->ctx->err, WEIR_ENOTFOUND,
			"--req-id %.100s: no environment is of it", a->req_id);
	return rc;
}

/* The requirement set that is meant: empty when only the environment says it, or a menu
 * asks for one group after the other. */
static enum weir_rc
find_request(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	const struct weir_env_group *group = NULL;
	struct weir_env_pair pair = { "", "" };
	bool run = j->ctx->n_words > 1 && env_steps_is_run(j->ctx->words[1]);
	enum weir_rc rc = WEIR_OK;

	if (a->flow || run) {
		rc = env_steps_find(j->ctx, &j->o, &j->groups, &group);
		if (!rc && group)
			snprintf(pair.req_id, sizeof(pair.req_id), "%s", group->req_id);
	} else if (a->req_id) {
		rc = find_req(j, &pair);
	} else if (j->ctx->n_words > 1) {
		rc = find_word(j, &pair);
	}
	if (!rc)
		memcpy(j->req_id, pair.req_id, sizeof(j->req_id));
	return rc;
}

/* ---- which */

static enum weir_rc
find_latest(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	bool clocks = false;
	enum weir_rc rc = weir_env_latest(
		j->o.store, j->req_id, a->by, &j->pair, &clocks, j->ctx->err);

	if (!rc && clocks)
		ctx_note(j->ctx, "others resolved it within a day of that one: the "
				 "latest is by their own clocks, which may differ");
	return rc;
}

static enum weir_rc
find_named(struct job *j, const char *name)
{
	const struct env_args *a = j->ctx->args;
	char *text = a->full_id && j->req_id[0] ? xasprintf("%s:%s", j->req_id, name)
						: xstrdup(name);
	enum weir_rc rc = weir_env_find(j->o.store, text, &j->pair, j->ctx->err);

	free(text);
	if (rc || !j->req_id[0] || strcmp(j->req_id, j->pair.req_id) == 0)
		return rc;
	(void)weir_fail(j->ctx->err, WEIR_EREFUSED,
		"env select-resolved: '%.200s' is of another requirement set, %s", name,
		j->pair.req_id);
	return weir_hint(j->ctx->err, "weir env list --all req_id:%s", j->req_id);
}

/* May a menu ask which one? */
static bool
asks(const struct ctx *ctx)
{
	const struct env_args *a = ctx->args;

	return ctx->interactive && !a->dry_run && !a->list.output && !a->full_id &&
	       !a->alias && !a->latest;
}

static enum weir_rc
check_words(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	int how = (a->full_id != NULL) + (a->alias != NULL) + a->latest;
	bool word = ctx->n_words > 1, run = word && env_steps_is_run(ctx->words[1]);
	bool what = word || a->flow || a->req_id;
	const char *why = NULL;

	if (how > 1 || (how == 0 && !(what && asks(ctx))))
		why = "one of --full-id, --alias and --latest is needed";
	else if (ctx->n_words > 2 || (word && (a->flow || (a->req_id && !run))))
		why = "one of a step, a run, --flow and --req-id";
	else if (a->step && !word && !a->flow)
		why = "--step of what? FLOW/RUN, or --flow";
	else if (a->step && a->req_id)
		why = "--step or --req-id";
	else if (a->latest && !what)
		why = "--latest of what? a step, or --req-id";
	else if (a->by && !a->latest)
		why = "--by goes with --latest";
	else if (a->python && !a->flow)
		why = "--python goes with --flow";
	if (!why)
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE, "env select-resolved: %s", why);
	return weir_hint(ctx->err, "weir env select-resolved FLOW/RUN/STEP --latest");
}

/* ---- the change */

static enum weir_rc
write_it(struct job *j)
{
	struct weir_env_written r = { .changed = false };
	enum weir_rc rc = env_swap_do(j->ctx, &j->sel, &r);

	if (rc)
		return rc;
	if (r.changed) {
		struct buf undo = BUF_INIT(BUF_MAX);

		env_swap_undo(j->ctx, &undo);
		ctx_note(j->ctx, "%s: written; `%s` takes it back", j->sel.file,
			buf_cstr(&undo));
		buf_release(&undo);
	} else {
		ctx_note(j->ctx, "%s: it was so already", j->sel.file);
	}
	return env_swap_print(j->ctx, &j->sel);
}

static enum weir_rc
refuse_read_only(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;

	if (!ctx->g.read_only || a->dry_run)
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EREFUSED,
		"env %s: --read-only is set, which changes nothing", ctx->words[0]);
	return weir_hint(ctx->err, "--dry-run, or leave out --read-only");
}

static enum weir_rc
load(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	enum weir_rc rc = env_open(j->ctx, &j->o);

	if (!rc)
		rc = find_request(j);
	if (!rc)
		rc = a->latest ? find_latest(j)
			       : find_named(j, a->alias ? a->alias : a->full_id);
	if (!rc)
		rc = weir_env_select_plan(
			j->o.store, &j->o.root, &j->pair, &j->sel, j->ctx->err);
	for (size_t i = 0; !rc && i < j->sel.left.n; i++)
		ctx_note(j->ctx, "%s: unchanged, its environment is not known here",
			j->sel.left.v[i]);
	return rc;
}

static void
release(struct job *j)
{
	weir_env_selection_release(&j->sel);
	weir_env_groups_release(&j->groups);
	env_open_release(&j->o);
}

/* One requirement set after the other; what was selected stays so. */
static enum weir_rc
ask(struct job *j)
{
	bool selected = true;
	enum weir_rc rc = env_open(j->ctx, &j->o);

	if (!rc)
		rc = find_request(j);
	/* The menu has its own. */
	weir_store_close(j->o.store);
	j->o.store = NULL;
	if (!rc && j->req_id[0]) {
		const struct weir_env_group *of = NULL;
		struct buf steps = BUF_INIT(1 << 16);

		for (size_t i = 0; i < j->groups.v.n; i++)
			if (strcmp(j->groups.v.v[i].req_id, j->req_id) == 0)
				of = &j->groups.v.v[i];
		if (of)
			weir_env_group_steps(of, &steps);
		rc = env_menu_select(j->ctx, j->req_id, buf_cstr(&steps), &selected);
		buf_release(&steps);
		return rc;
	}
	for (size_t i = 0; !rc && i < j->groups.v.n; i++) {
		struct buf steps = BUF_INIT(1 << 16);

		weir_env_group_steps(&j->groups.v.v[i], &steps);
		rc = env_menu_select(
			j->ctx, j->groups.v.v[i].req_id, buf_cstr(&steps), &selected);
		buf_release(&steps);
	}
	return rc;
}

enum weir_rc
env_select(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx };
	enum weir_rc rc = check_words(ctx);

	if (!rc)
		rc = refuse_read_only(ctx);
	if (!rc && asks(ctx)) {
		rc = ask(&j);
		release(&j);
		return rc;
	}
	if (!rc)
		rc = load(&j);
	if (!rc && a->dry_run) {
		rc = env_swap_try(ctx, &j.sel);
		if (!rc)
			rc = env_swap_print(ctx, &j.sel);
	} else if (!rc) {
		rc = write_it(&j);
	}
	release(&j);
	return rc;
}

/* ---- undo */

enum weir_rc
env_undo(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx };
	struct weir_env_written r = { .changed = false };
	struct weir_statedb *state = NULL;
	enum weir_rc rc = refuse_read_only(ctx);
	char *file = NULL;

	if (!rc)
		rc = weir_env_root_find(NULL, &j.o.root, ctx->err);
	if (!rc) {
		file = env_swap_file(ctx, &j.o.root);
		rc = weir_session_state(ctx->session, !a->dry_run, &state, ctx->err);
		if (rc == WEIR_ENOTFOUND)
			(void)weir_fail(ctx->err, rc,
				"%s: nothing that weir selected in it is left", file);
	}
	if (!rc)
		rc = weir_env_undo_plan(state, file, &j.sel, ctx->err);
	if (!rc)
		rc = a->dry_run ? env_swap_try(ctx, &j.sel)
				: env_swap_do(ctx, &j.sel, &r);
	if (rc == WEIR_ENOTFOUND)
		weir_hint(ctx->err, "weir env select-resolved; --file PATH");
	if (!rc && !a->dry_run)
		ctx_note(ctx, "%s: %s", j.sel.file,
			r.changed ? "as it was before" : "it was so already");
	if (!rc)
		rc = env_swap_print(ctx, &j.sel);
	release(&j);
	free(file);
	return rc;
}
