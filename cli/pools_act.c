#include "pools_act.h"

#include <errno.h>
#include <limits.h>

#include "local.h"

static const struct {
	const char *word;
	enum weir_act_kind kind;
} verbs[] = {
	{ "create", WEIR_ACT_CREATE },
	{ "set", WEIR_ACT_SET },
	{ "delete", WEIR_ACT_DELETE },
};

bool
pools_act_is(const struct ctx *ctx)
{
	for (size_t i = 0; ctx->n_words && i < N_ELEM(verbs); i++)
		if (!strcmp(ctx->words[0], verbs[i].word))
			return true;
	return false;
}

static enum weir_act_kind
kind_of(const char *word)
{
	size_t i = 0;

	while (i + 1 < N_ELEM(verbs) && strcmp(word, verbs[i].word) != 0)
		i++;
	return verbs[i].kind;
}

static enum weir_rc
wrong(struct ctx *ctx, const char *option, const char *value, const char *what)
{
	(void)weir_fail(
		ctx->err, WEIR_EUSAGE, "pools: --%s '%s': %s", option, value, what);
	return weir_hint(ctx->err, "weir pools set NAME --%s 4", option);
}

static enum weir_rc
read_number(struct ctx *ctx, const char *option, const char *text, int64_t least,
	int64_t *ret)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end || errno || n < least || n > INT_MAX)
		return wrong(ctx, option, text,
			least ? "a number from 1 on" : "a number, or none");
	*ret = n;
	return WEIR_OK;
}

static enum weir_rc
read_wish(struct ctx *ctx, const struct pools_act *args, struct weir_pool_wish *w)
{
	enum weir_rc rc = WEIR_OK;

	*w = (struct weir_pool_wish){
		.type = args->type, .description = args->description, .limit = -1
	};
	if (args->limit && !strcmp(args->limit, "none"))
		w->limit = WEIR_POOL_NO_LIMIT;
	else if (args->limit)
		rc = read_number(ctx, "limit", args->limit, 0, &w->limit);
	if (!rc && args->priority)
		rc = read_number(ctx, "priority", args->priority, 1, &w->priority);
	return rc;
}

/* What does not go together is said before anybody is asked. */
static enum weir_rc
check(struct ctx *ctx, enum weir_act_kind kind, const struct weir_pool_wish *w,
	const char *name)
{
	bool queue = strchr(name, '/') != NULL;
	bool said = w->type || w->description || w->limit != -1 || w->priority;

	if (kind == WEIR_ACT_DELETE && said) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"pools: delete: --type, --limit, --priority and --description "
			"are of create and set");
		return weir_hint(ctx->err, "weir pools delete %s", name);
	}
	if (kind == WEIR_ACT_SET && !said) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE, "pools: set: set what?");
		return weir_hint(ctx->err, "weir pools set %s --limit 4", name);
	}
	if (queue && w->type) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"pools: --type: '%s' is a queue, only pools have one", name);
		return weir_hint(
			ctx->err, "weir pools %s %s", weir_act_verb(kind), name);
	}
	if (!queue && w->priority) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"pools: --priority: '%s' is a pool, only queues have one",
			name);
		return weir_hint(ctx->err, "weir pools %s %s/QUEUE --priority 1",
			weir_act_verb(kind), name);
	}
	return WEIR_OK;
}

/* POOL or POOL/QUEUE as servers take it. */
static enum weir_rc
check_name(struct ctx *ctx, const char *name)
{
	const char *slash = strchr(name, '/');

	if (*name && *name != '/' &&
		(!slash || (slash[1] && !strchr(slash + 1, '/'))) &&
		!strpbrk(name, "%&<>"))
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"pools: create: '%s': not a name: POOL or POOL/QUEUE without / %% & < "
		">",
		name);
	return weir_hint(ctx->err, "weir pools create farm/fast");
}

static enum weir_rc
create(struct ctx *ctx, const struct acts_args *args, struct weir_pool_wish *w,
	const char *const *names, size_t n)
{
	const char *type = w->type;
	bool local = weir_config_embedded(ctx->config);
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n; i++)
		rc = check_name(ctx, names[i]);
	for (size_t i = 0; !rc && i < n; i++) {
		char *pool = xstrdup(names[i]), *queue = strchr(pool, '/');
		struct weir_act act = { .kind = WEIR_ACT_CREATE, .wish = w };
		struct weir_id none = { { 0 } };
		struct acts a;

		if (queue)
			*queue++ = '\0';
		w->pool = pool;
		w->queue = queue;
		w->type = queue ? NULL : type ? type : local ? "weir" : "process";
		acts_init(&a, ctx, &act, args);
		rc = acts_may(&a);
		if (!rc)
			rc = acts_add(&a, queue ? WEIR_QUEUE : WEIR_POOL, &none);
		if (!rc)
			rc = acts_go(&a);
		acts_release(&a);
		free(pool);
	}
	return rc;
}

static enum weir_rc
find(struct acts *a, const char *const *names, size_t n)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < n; i++)
		rc = acts_find(a,
			1u << (strchr(names[i], '/') ? WEIR_QUEUE : WEIR_POOL),
			names + i, 1);
	return rc;
}

enum weir_rc
pools_act_run(struct ctx *ctx, const struct pools_act *args, const char *output)
{
	struct acts_args acts = args->acts;
	struct weir_pool_wish wish;
	struct weir_act act = { .kind = kind_of(ctx->words[0]), .wish = &wish };
	const char *const *names = ctx->words + 1;
	size_t n = ctx->n_words - 1;
	struct acts a;
	enum weir_rc rc;

	acts.output = output;
	if (!n) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "pools: %s: which one?", ctx->words[0]);
		return weir_hint(ctx->err, "weir pools %s NAME, or weir pools name:%s",
			ctx->words[0], ctx->words[0]);
	}
	rc = read_wish(ctx, args, &wish);
	for (size_t i = 0; !rc && i < n; i++)
		rc = check(ctx, act.kind, &wish, names[i]);
	if (!rc)
		rc = local_allowed(ctx);
	if (rc)
		return rc;
	if (act.kind == WEIR_ACT_CREATE)
		return create(ctx, &acts, &wish, names, n);
	acts_init(&a, ctx, &act, &acts);
	rc = acts_may(&a);
	if (!rc)
		rc = find(&a, names, n);
	if (!rc)
		rc = acts_go(&a);
	acts_release(&a);
	return rc;
}

enum weir_rc
pools_act_none(struct ctx *ctx, const struct pools_act *args)
{
	if (!args->type && !args->description && !args->limit && !args->priority &&
		!args->acts.dry_run)
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"pools: --type, --limit, --priority, --description and --dry-run are "
		"of "
		"create, set and delete");
	return weir_hint(ctx->err, "weir pools set NAME --limit 4");
}
