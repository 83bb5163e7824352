/* weir env select-resolved: which environment is the default; undo: the one before. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <weir/cell.h>
#include <weir/json.h>
#include <weir/mem.h>
#include <weir/query.h>
#include <weir/statedb.h>
#include <weir/text.h>

#include "env_swap.h"

struct job {
	struct ctx *ctx;
	struct env_open o;
	char *file; /* owned */
	char req_id[WEIR_ENV_ID + 1];
	struct weir_env_pair pair; /* what is chosen */
	struct weir_env_loaded loaded;
	VEC(struct weir_env_choice) choices;
	struct weir_env_past past;
	struct weir_statedb *state;
	bool noted; /* the past is in the state store */
};

/* ---- for what */

/* The step that words and --step name; owned. */
static enum weir_rc
step_of(struct job *j, char **ret_step)
{
	const struct env_args *a = j->ctx->args;
	const char *word = j->ctx->words[1];
	size_t slashes = 0;

	for (const char *p = word; *p; p++)
		slashes += *p == '/';
	if (slashes == 1 && a->step) {
		*ret_step = xasprintf("%s/%s", word, a->step);
		return WEIR_OK;
	}
	if (a->step) {
		(void)weir_fail(j->ctx->err, WEIR_EUSAGE,
			"env select-resolved: --step goes with FLOW/RUN, not with "
			"'%.200s'",
			word);
		return weir_hint(j->ctx->err, "--step STEP FLOW/RUN");
	}
	if (slashes == 1) {
		(void)weir_fail(j->ctx->err, WEIR_EUSAGE,
			"env select-resolved: '%.200s' may have several steps", word);
		return weir_hint(j->ctx->err, "--step STEP, or --req-id ID");
	}
	*ret_step = xstrdup(word);
	return WEIR_OK;
}

/* The requirement set that is meant: empty when only the environment says it. */
static enum weir_rc
find_request(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	struct weir_env_pair pair = { "", "" };
	char *step = NULL;
	enum weir_rc rc = WEIR_OK;

	if (a->req_id) {
		rc = weir_env_find(j->o.store, a->req_id, &pair, j->ctx->err);
		if (!rc && strncmp(pair.req_id, a->req_id, strlen(a->req_id)) != 0)
			rc = weir_fail(j->ctx->err, WEIR_ENOTFOUND,
				"--req-id %.100s: no environment is of it", a->req_id);
	} else if (j->ctx->n_words > 1) {
		rc = step_of(j, &step);
		if (!rc)
			rc = weir_env_find(j->o.store, step, &pair, j->ctx->err);
	}
	if (!rc)
		memcpy(j->req_id, pair.req_id, sizeof(j->req_id));
	free(step);
	return rc;
}

/* ---- which */

static enum weir_rc
query_of(struct job *j, struct weir_query **ret_query)
{
	const struct env_args *a = j->ctx->args;
	struct buf text = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	buf_addf(&text, "req_id:%s", j->req_id);
	if (a->by) {
		buf_adds(&text, " by:");
		weir_query_quote(&text, str_of(a->by), true);
	}
	rc = weir_query_parse(WEIR_ENVIRONMENT, buf_str(&text), weir_now_us(),
		ret_query, j->ctx->err);
	buf_release(&text);
	return rc;
}

/* The first row is the newest; others say whose clocks are compared. */
static enum weir_rc
take_newest(struct job *j, struct weir_rows *rows)
{
	struct buf first = BUF_INIT(BUF_MAX);
	bool row = false, others = false;
	enum weir_rc rc;

	while (!(rc = weir_rows_next(rows, &row, j->ctx->err)) && row) {
		struct str id = weir_rows_cell(rows, 0)->s,
			   by = weir_rows_cell(rows, 1)->s;

		if (!j->pair.full_id[0]) {
			snprintf(j->pair.full_id, sizeof(j->pair.full_id), "%.*s",
				(int)id.len, id.s);
			buf_addstr(&first, by);
		}
		others = others || !str_equal(by, buf_str(&first));
	}
	buf_release(&first);
	if (!rc && others)
		ctx_note(j->ctx, "several people have resolved it: the latest is by "
				 "their own clocks, which may differ");
	return rc;
}

static enum weir_rc
find_latest(struct job *j)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_ENVIRONMENT, .columns = &set };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	enum weir_rc rc = query_of(j, &q);

	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(
			WEIR_ENVIRONMENT, "full_id,resolved_by", 0, &set, j->ctx->err);
	if (!rc)
		rc = weir_rows_open(j->o.store, &sel, &rows, j->ctx->err);
	if (!rc)
		rc = take_newest(j, rows);
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	memcpy(j->pair.req_id, j->req_id, sizeof(j->req_id));
	if (!rc && !j->pair.full_id[0]) {
		(void)weir_fail(j->ctx->err, WEIR_ENOTFOUND,
			"env select-resolved: nobody of that name has resolved %s",
			j->req_id);
		rc = weir_hint(j->ctx->err, "weir env list --all req_id:%s", j->req_id);
	}
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

static enum weir_rc
check_words(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	int how = (a->full_id != NULL) + (a->alias != NULL) + a->latest;
	int what = (a->req_id != NULL) + (ctx->n_words > 1);
	const char *why = NULL;

	if (how != 1)
		why = "one of --full-id, --alias and --latest is needed";
	else if (ctx->n_words > 2 || what > 1)
		why = "one step, or --req-id";
	else if (a->latest && !what)
		why = "--latest of what? a step, or --req-id";
	else if (a->by && !a->latest)
		why = "--by goes with --latest";
	if (!why)
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE, "env select-resolved: %s", why);
	return weir_hint(ctx->err, "weir env select-resolved FLOW/RUN/STEP --latest");
}

/* ---- the change */

static bool
is_meant(struct str archs, struct str arch)
{
	struct buf b = BUF_INIT(BUF_MAX);
	bool found = false;

	weir_json_join(&b, archs, "\n");
	for (const char *p = buf_cstr(&b); *p && !found;) {
		size_t n = strcspn(p, "\n");

		found = str_equal((struct str){ p, n }, arch);
		p += n + (p[n] == '\n');
	}
	found = found || !b.len; /* it does not say: all there are */
	buf_release(&b);
	return found;
}

/* Architectures that it was resolved for, and nothing is known of. */
static void
note_unknown(struct job *j)
{
	struct buf b = BUF_INIT(BUF_MAX);

	weir_json_join(&b, j->loaded.v[0].resolved_archs, "\n");
	for (const char *p = buf_cstr(&b); *p;) {
		size_t n = strcspn(p, "\n");
		bool known = false;

		for (size_t i = 0; i < j->loaded.n; i++)
			known = known ||
				str_equal((struct str){ p, n }, j->loaded.v[i].id.arch);
		if (!known)
			ctx_note(j->ctx,
				"%.*s: unchanged, its environment is not known here",
				(int)n, p);
		p += n + (p[n] == '\n');
	}
	buf_release(&b);
}

static enum weir_rc
plan(struct job *j)
{
	struct arena *a = &j->past.arena;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < j->loaded.n; i++) {
		const struct weir_env *e = &j->loaded.v[i];
		struct weir_env_swap s = { .arch = arena_strndup(
						   a, e->id.arch.s, e->id.arch.len),
			.req_id = j->pair.req_id,
			.is = j->pair.full_id };
		char *was = NULL;

		if (!is_meant(j->loaded.v[0].resolved_archs, e->id.arch))
			continue;
		rc = weir_env_default(j->file, s.arch, s.req_id, &was, j->ctx->err);
		if (was)
			s.was = arena_strndup(a, was, strlen(was));
		free(was);
		VEC_PUSH(&j->past.v, s);
		VEC_PUSH(&j->choices, ((struct weir_env_choice){ .arch = s.arch,
					      .req_id = s.req_id,
					      .full_id = s.is,
					      .object = e->doc }));
	}
	note_unknown(j);
	return rc;
}

/* Under the lock: what is replaced is noted before it is, once. */
static enum weir_rc
on_old(void *arg, const struct weir_env_choice *c, const char *old,
	struct weir_err *err)
{
	struct job *j = arg;
	size_t i = (size_t)(c - j->choices.v);
	struct weir_env_swap *s = &j->past.v.v[i];

	if (j->noted)
		return WEIR_OK; /* it was lost, and is written again */
	s->was = old ? arena_strndup(&j->past.arena, old, strlen(old)) : NULL;
	if (i + 1 < j->choices.n)
		return WEIR_OK;
	j->noted = true;
	return weir_env_past_put(j->state, j->file, &j->past, err);
}

/* Only its owner may: what to ask them for. */
static enum weir_rc
hint_owner(struct job *j, enum weir_rc rc)
{
	const struct passwd *owner = NULL;
	struct stat st;

	if (rc != WEIR_EREFUSED || j->ctx->err->hint[0])
		return rc;
	if (stat(j->file, &st) == 0)
		owner = getpwuid(st.st_uid);
	return weir_hint(j->ctx->err,
		"%s: weir env select-resolved --req-id %s --full-id %s --file %.200s",
		owner ? owner->pw_name : "its owner", j->pair.req_id, j->pair.full_id,
		j->file);
}

static enum weir_rc
write_it(struct job *j)
{
	const struct weir_env_write w = { .file = j->file,
		.v = j->choices.v,
		.n = j->choices.n,
		.old = on_old,
		.arg = j };
	struct weir_env_written r = { .changed = false };
	enum weir_rc rc =
		weir_statedb_open(j->ctx->config, true, &j->state, j->ctx->err);

	if (!rc)
		rc = env_swap_write(j->ctx, &w, &r);
	if (j->noted && rc != WEIR_EINTR && (rc || !r.changed))
		(void)!weir_env_past_forget(j->state, &j->past, NULL);
	if (rc)
		return hint_owner(j, rc);
	if (r.changed)
		ctx_note(j->ctx, "%s: written; `weir env undo` takes it back", j->file);
	else
		ctx_note(j->ctx, "%s: it was so already", j->file);
	return env_swap_print(j->ctx, &j->past);
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
		j->file = env_swap_file(j->ctx, &j->o.root);
	if (!rc)
		rc = find_request(j);
	if (!rc)
		rc = a->latest ? find_latest(j)
			       : find_named(j, a->alias ? a->alias : a->full_id);
	if (!rc)
		rc = weir_env_load(
			j->o.store, &j->o.root, &j->pair, &j->loaded, j->ctx->err);
	return rc ? rc : plan(j);
}

static void
release(struct job *j)
{
	VEC_FREE(&j->choices);
	weir_env_past_release(&j->past);
	weir_env_loaded_release(&j->loaded);
	weir_statedb_close(j->state);
	env_open_release(&j->o);
	free(j->file);
}

enum weir_rc
env_select(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx };
	enum weir_rc rc = check_words(ctx);

	if (!rc)
		rc = refuse_read_only(ctx);
	if (!rc)
		rc = load(&j);
	if (!rc && a->dry_run) {
		ctx_note(ctx, "%s: would be written", j.file);
		rc = env_swap_print(ctx, &j.past);
	} else if (!rc) {
		rc = write_it(&j);
	}
	release(&j);
	return rc;
}

/* ---- undo */

/* Only what weir has put there is taken away. */
static enum weir_rc
on_undo(void *arg, const struct weir_env_choice *c, const char *old,
	struct weir_err *err)
{
	struct job *j = arg;
	const struct weir_env_swap *s = &j->past.v.v[c - j->choices.v];
	const char *now = old ? old : "", *is = s->is ? s->is : "",
		   *was = s->was ? s->was : "";

	if (strcmp(now, is) == 0 || strcmp(now, was) == 0)
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EREFUSED,
		"%s: since then %.100s was chosen for %s, which stays", j->file,
		old ? old : "nothing", s->arch);
	return weir_hint(err, "weir env select-resolved --req-id %s --full-id %s",
		s->req_id, s->was ? s->was : "ID");
}

static enum weir_rc
undo(struct job *j)
{
	const struct weir_env_write w = { .file = j->file,
		.v = j->choices.v,
		.n = j->choices.n,
		.old = on_undo,
		.arg = j };
	struct weir_env_written r = { .changed = false };
	enum weir_rc rc = env_swap_write(j->ctx, &w, &r);

	if (!rc)
		rc = weir_env_past_forget(j->state, &j->past, j->ctx->err);
	if (!rc)
		ctx_note(j->ctx, "%s: %s", j->file,
			r.changed ? "as it was before" : "it was so already");
	return rc;
}

/* The same, the other way round, for those who look. */
static enum weir_rc
print_undone(struct job *j)
{
	for (size_t i = 0; i < j->past.v.n; i++) {
		struct weir_env_swap *s = &j->past.v.v[i];
		const char *was = s->was;

		s->was = s->is;
		s->is = was;
	}
	return env_swap_print(j->ctx, &j->past);
}

enum weir_rc
env_undo(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx };
	enum weir_rc rc = refuse_read_only(ctx);

	if (!rc)
		rc = weir_env_root_find(&j.o.root, ctx->err);
	if (!rc) {
		j.file = env_swap_file(ctx, &j.o.root);
		rc = weir_statedb_open(ctx->config, true, &j.state, ctx->err);
	}
	if (!rc)
		rc = weir_env_past_last(j.state, j.file, &j.past, ctx->err);
	if (rc == WEIR_ENOTFOUND)
		weir_hint(ctx->err, "weir env select-resolved; --file PATH");
	for (size_t i = 0; !rc && i < j.past.v.n; i++)
		VEC_PUSH(&j.choices,
			((struct weir_env_choice){ .arch = j.past.v.v[i].arch,
				.req_id = j.past.v.v[i].req_id,
				.full_id = j.past.v.v[i].was,
				.object = STR("") }));
	if (!rc && a->dry_run)
		ctx_note(ctx, "%s: would be written", j.file);
	else if (!rc)
		rc = undo(&j);
	if (!rc)
		rc = print_undone(&j);
	release(&j);
	return rc;
}
