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
	const struct weir_env_group *group;
	char arch[WEIR_TASK_ARCH]; /* where the task of a step ran; "" */
	struct buf where;          /* so much of a query: where the steps run */
	struct weir_env_pair pair; /* what is chosen */
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
	return env_steps_word(j->ctx, &j->o, word, a->arch, ret, j->arch);
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

/* The architecture number i that the steps run on; NULL: there is none. */
static const char *
runs_on(const struct job *j, const struct weir_env_group *group, size_t i)
{
	if (group)
		return i < group->on.n ? group->on.v[i] : NULL;
	return i == 0 && j->arch[0] ? j->arch : NULL;
}

/* Which environments are of use to them. */
static void
say_where(struct job *j, const struct weir_env_group *group)
{
	const char *arch;

	buf_clear(&j->where);
	for (size_t i = 0; (arch = runs_on(j, group, i)); i++) {
		buf_adds(&j->where, i ? "," : "arch:");
		weir_query_quote(&j->where, str_of(arch), false);
	}
}

/* The requirement set that is meant: empty when only the environment says it, or a menu
 * asks for one group after the other. */
static enum weir_rc
find_request(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	struct weir_env_pair pair = { "", "" };
	bool run = j->ctx->n_words > 1 && env_steps_is_run(j->ctx->words[1]);
	enum weir_rc rc = WEIR_OK;

	if (a->flow || run) {
		rc = env_steps_find(j->ctx, &j->o, &j->groups, &j->group);
		if (!rc && j->group)
			snprintf(pair.req_id, sizeof(pair.req_id), "%s",
				j->group->req_id);
	} else if (a->req_id) {
		rc = find_req(j, &pair);
	} else if (j->ctx->n_words > 1) {
		rc = find_word(j, &pair);
	}
	if (!rc)
		memcpy(j->req_id, pair.req_id, sizeof(j->req_id));
	if (!rc)
		say_where(j, j->group);
	return rc;
}

/* ---- which */

static enum weir_rc
find_latest(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	bool clocks = false;
	enum weir_rc rc = weir_env_latest(j->o.store, j->req_id, a->by,
		buf_cstr(&j->where), &j->pair, &clocks, j->ctx->err);

	if (!rc && clocks)
		ctx_note(j->ctx, "others resolved it within a day of that one: the "
				 "latest is by their own clocks, which may differ");
	return rc;
}

static enum weir_rc
find_named(struct job *j, const char *name)
{
	const struct env_args *a = j->ctx->args;
	bool alone = a->full_id && j->req_id[0] && !strchr(name, ':');
	char *text = alone ? xasprintf("%s:%s", j->req_id, name) : xstrdup(name);
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

static bool
is_changed(const struct job *j, const char *arch)
{
	for (size_t i = 0; i < j->sel.past.v.n; i++)
		if (strcmp(j->sel.past.v.v[i].arch, arch) == 0)
			return true;
	return false;
}

static bool
is_left(const struct job *j, const char *arch)
{
	for (size_t i = 0; i < j->sel.left.n; i++)
		if (strcmp(j->sel.left.v[i], arch) == 0)
			return true;
	return false;
}

/* Where the steps run, and it does not: it is not what they would use. */
static enum weir_rc
check_where(struct job *j)
{
	const char *arch, *first = runs_on(j, j->group, 0);
	bool any = !first;

	for (size_t i = 0; (arch = runs_on(j, j->group, i)); i++)
		any = any || is_changed(j, arch);
	if (!any) {
		(void)weir_fail(j->ctx->err, WEIR_EREFUSED,
			"env select-resolved: %s: it is not known for %s, where the "
			"steps run: for them nothing would change",
			j->pair.full_id, first);
		return weir_hint(j->ctx->err,
			"weir env list --all req_id:%s %s; --req-id in place of the "
			"step",
			j->pair.req_id, buf_cstr(&j->where));
	}
	for (size_t i = 0; (arch = runs_on(j, j->group, i)); i++)
		if (!is_changed(j, arch) && !is_left(j, arch))
			ctx_note(j->ctx, "%s: unchanged, the environment is not for it",
				arch);
	return WEIR_OK;
}

/* Its objects are looked for where they were last seen. */
static enum weir_rc
plan(struct job *j)
{
	struct weir_err *err = j->ctx->err;
	enum weir_rc rc =
		weir_env_select_plan(j->o.store, &j->o.root, &j->pair, &j->sel, err);

	if (rc && !err->hint[0])
		weir_hint(
			err, "weir env list --all --refresh req_id:%s", j->pair.req_id);
	return rc;
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
		rc = plan(j);
	for (size_t i = 0; !rc && i < j->sel.left.n; i++)
		ctx_note(j->ctx, "%s: unchanged, its environment is not known here",
			j->sel.left.v[i]);
	return rc ? rc : check_where(j);
}

static void
release(struct job *j)
{
	weir_env_selection_release(&j->sel);
	weir_env_groups_release(&j->groups);
	buf_release(&j->where);
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
		struct buf steps = BUF_INIT(1 << 16);

		if (j->group)
			weir_env_group_steps(j->group, &steps);
		rc = env_menu_select(j->ctx, j->req_id, buf_cstr(&steps),
			buf_cstr(&j->where), &selected);
		buf_release(&steps);
		return rc;
	}
	for (size_t i = 0; !rc && i < j->groups.v.n; i++) {
		struct buf steps = BUF_INIT(1 << 16);

		weir_env_group_steps(&j->groups.v.v[i], &steps);
		say_where(j, &j->groups.v.v[i]);
		rc = env_menu_select(j->ctx, j->groups.v.v[i].req_id, buf_cstr(&steps),
			buf_cstr(&j->where), &selected);
		buf_release(&steps);
	}
	return rc;
}

enum weir_rc
env_select(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx, .where = BUF_INIT(BUF_MAX) };
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
	struct job j = { .ctx = ctx, .where = BUF_INIT(BUF_MAX) };
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
		weir_hint(ctx->err,
			"weir env select-resolved, or --file PATH for another file");
	if (!rc && !a->dry_run)
		ctx_note(ctx, "%s: %s", j.sel.file,
			r.changed ? "as it was before" : "it was so already");
	if (!rc)
		rc = env_swap_print(ctx, &j.sel);
	release(&j);
	free(file);
	return rc;
}
