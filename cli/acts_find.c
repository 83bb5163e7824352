/* On what the commands that act do it. */
#include "acts.h"

#include <weir/beside.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/text.h>

enum { ACTS_MAX = 10000 };

const char *
acts_noun(const struct acts *a)
{
	size_t n = a->targets.n;

	for (size_t i = 1; i < n; i++)
		if (a->targets.v[i].act.of != a->targets.v[0].act.of)
			return "objects";
	if (!n)
		return "objects";
	return n == 1 ? weir_kind_name(a->targets.v[0].act.of)
		      : weir_kind_plural(a->targets.v[0].act.of);
}

enum weir_rc
acts_add(struct acts *a, enum weir_kind kind, const struct weir_id *id)
{
	struct acts_target t = { .act = *a->act, .id = *id };

	for (size_t i = 0; i < a->targets.n; i++)
		if (weir_id_cmp(&a->targets.v[i].id, id) == 0)
			return WEIR_OK;
	if (a->targets.n == ACTS_MAX)
		return weir_fail(a->ctx->err, WEIR_ETOOBIG, "%s: more than %d %s",
			a->ctx->cmd->name, ACTS_MAX, acts_noun(a));
	t.act.of = kind;
	VEC_PUSH(&a->targets, t);
	return WEIR_OK;
}

/* A name that two kinds of objects have is not guessed at. */
static enum weir_rc
resolve(struct acts *a, unsigned kinds, const char *word, enum weir_kind *ret_kind,
	struct weir_id *ret_id)
{
	struct ctx *ctx = a->ctx;
	struct weir_store *store;
	enum weir_kind kind, other;
	struct weir_id id, second;
	int64_t key;
	enum weir_rc rc = ctx_resolve(ctx, kinds, word, &kind, &id, NULL);

	if (rc || ctx_store(ctx, &store))
		return rc;
	for (int k = kind + 1; k < WEIR_N_SERVED; k++) {
		if (!(kinds >> k & 1) ||
			weir_resolve(store, 1u << k, word, &other, &second, &key, NULL))
			continue;
		(void)weir_fail(ctx->err, WEIR_EAMBIGUOUS,
			"%s: '%s' is the name of a %s and of a %s", ctx->cmd->name,
			word, weir_kind_name(kind), weir_kind_name(other));
		return weir_hint(ctx->err, "weir %s %s %s", ctx->cmd->name,
			kind == WEIR_DEPLOYMENT ? "deployment" : "pool", word);
	}
	*ret_kind = kind;
	*ret_id = id;
	return WEIR_OK;
}

/* A run of Metaflow is refused before anything is opened or asked for. */
static enum weir_rc
may(struct acts *a, const struct weir_id *run)
{
	struct weir_store *store;
	enum weir_rc rc = ctx_store(a->ctx, &store);

	if (!rc)
		rc = weir_act_may(store, a->act->kind, run, a->ctx->err);
	return rc == WEIR_EREFUSED ? weir_prefix(a->ctx->err, "%s", a->ctx->cmd->name)
				   : WEIR_OK;
}

/* A full id of a run needs no store: the server is asked for it anyway. */
static enum weir_rc
add_word(struct acts *a, unsigned kinds, const char *word)
{
	struct ctx *ctx = a->ctx;
	enum weir_kind kind;
	struct weir_id id;
	enum weir_rc rc;

	if (kinds == 1u << WEIR_RUN && strlen(word) >= 32 &&
		weir_id_parse(str_of(word), &id))
		return acts_add(a, WEIR_RUN, &id);
	rc = *word == '@' ? ctx_refresh(ctx) : WEIR_OK;
	if (!rc)
		rc = resolve(a, kinds, word, &kind, &id);
	if (rc == WEIR_ENOTFOUND || rc == WEIR_ENET) {
		/* it may be newer than the store */
		rc = ctx_refresh_now(ctx);
		if (!rc)
			rc = resolve(a, kinds, word, &kind, &id);
	}
	if (!rc && kind == WEIR_RUN && !a->looks)
		rc = may(a, &id);
	return rc ? rc : acts_add(a, kind, &id);
}

static enum weir_rc
add_rows(struct acts *a, struct weir_store *store, const struct weir_select *sel)
{
	struct weir_rows *rows = NULL;
	size_t others = 0;
	bool row = true;
	enum weir_rc rc = weir_rows_open(store, sel, &rows, a->ctx->err);

	while (!rc && row) {
		const struct weir_id *id;

		rc = weir_rows_next(rows, &row, a->ctx->err);
		if (rc || !row)
			break;
		id = &weir_rows_cell(rows, 0)->id;
		if (sel->kind == WEIR_RUN && !a->looks && weir_is_metaflow(store, id))
			others++;
		else
			rc = acts_add(a, sel->kind, id);
	}
	weir_rows_close(rows);
	if (!rc && others)
		ctx_note(a->ctx, "%zu of Metaflow %s left out: weir can only show %s",
			others, others > 1 ? "are" : "is", others > 1 ? "them" : "it");
	return rc;
}

static enum weir_rc
add_query(struct acts *a, enum weir_kind kind)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = {
		.kind = kind, .columns = &set, .now_us = weir_now_us()
	};
	struct weir_query *query = NULL;
	struct weir_store *store;
	struct weir_err *err = a->ctx->err;
	enum weir_rc rc;

	rc = weir_query_parse(kind, str_of(a->args->query), sel.now_us, &query, err);
	sel.query = query;
	if (!rc)
		rc = weir_columns_choose(kind, "id", 0, &set, err);
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

/* The kind that a query is about: the first of them. */
static enum weir_kind
first_kind(unsigned kinds)
{
	int k = 0;

	while (k < WEIR_N_SERVED - 1 && !(kinds >> k & 1))
		k++;
	return (enum weir_kind)k;
}

enum weir_rc
acts_find(struct acts *a, unsigned kinds, const char *const *words, size_t n_words)
{
	struct ctx *ctx = a->ctx;
	enum weir_rc rc = WEIR_OK;

	if (!n_words && !a->args->query) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE, "%s: which %s?", ctx->cmd->name,
			kinds == 1u << WEIR_RUN ? "run" : "one");
		return weir_hint(ctx->err, "weir %s %s", ctx->cmd->name,
			ctx->cmd->usage[0] == '[' ? "ID..." : ctx->cmd->usage);
	}
	for (size_t i = 0; !rc && i < n_words; i++)
		rc = add_word(a, kinds, words[i]);
	if (!rc && a->args->query)
		rc = add_query(a, first_kind(kinds));
	return rc;
}
