/* Environments whole, from where they are. */
#include <stdlib.h>

#include "env_cnd.h"
#include "env_file.h"
#include "env_fill.h"
#include "objstore.h"
#include "pull.h"
#include "weir/env_store.h"

enum { ARCHS_MAX = 64 };

struct keep {
	struct arena arena;
	VEC(struct weir_env) envs;
	const struct weir_env_pair *pair;
	struct weir_err *err;
};

static enum weir_rc
on_env(void *arg, const struct weir_env_id *id, struct str doc)
{
	struct keep *k = arg;
	struct weir_env_id own = *id;
	struct weir_env e;
	enum weir_rc rc;

	if (!str_eq(id->full_id, k->pair->full_id) ||
		!str_eq(id->req_id, k->pair->req_id) || k->envs.n == ARCHS_MAX)
		return WEIR_OK;
	own.req_id.s = arena_strndup(&k->arena, id->req_id.s, id->req_id.len);
	own.full_id.s = arena_strndup(&k->arena, id->full_id.s, id->full_id.len);
	own.arch.s = arena_strndup(&k->arena, id->arch.s, id->arch.len);
	doc.s = arena_strndup(&k->arena, doc.s, doc.len);
	rc = env_cnd_env(&own, doc, &k->arena, &e, k->err);
	if (!rc)
		VEC_PUSH(&k->envs, e);
	return rc;
}

static bool
has_arch(const struct keep *k, struct str arch)
{
	for (size_t i = 0; i < k->envs.n; i++)
		if (str_equal(k->envs.v[i].id.arch, arch))
			return true;
	return false;
}

static enum weir_rc
load_file(struct keep *k, const char *path)
{
	static const struct env_cnd_ops ops = { .env = on_env };
	struct env_file file = { 0 };
	bool cut;
	enum weir_rc rc = env_file_read(path, &file, k->err);

	if (!rc)
		rc = env_cnd_read(
			(struct str){ file.text, file.len }, &ops, k, &cut, k->err);
	if (rc && file.text)
		(void)weir_prefix(k->err, "%s", path);
	env_file_release(&file);
	return rc;
}

static enum weir_rc
load_object(struct keep *k, struct objstore *o, const char *envs, struct str arch)
{
	struct weir_env_id id = { str_of(k->pair->req_id), str_of(k->pair->full_id),
		arch };
	struct buf text = BUF_INIT(WEIR_ENV_OBJECT_MAX);
	char *key = xasprintf("%s/%.*s/%s/%s/env", envs, (int)arch.len, arch.s,
		k->pair->req_id, k->pair->full_id);
	enum weir_rc rc = objstore_get(o, key, &text, k->err);

	if (!rc)
		rc = on_env(k, &id, buf_str(&text));
	if (rc && rc != WEIR_ENOTFOUND)
		weir_prefix(k->err, "%s", key);
	free(key);
	buf_release(&text);
	return rc;
}

/* Those architectures that only the cache has. */
static enum weir_rc
load_cache(struct keep *k, struct weir_store *s, const struct weir_env_root *root)
{
	struct objstore *o = NULL;
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(store_db(s), SQL_ENV_ROWS, &st, k->err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(k->pair->full_id));
	db_bind_str(st, 2, str_of(k->pair->req_id));
	while (!rc && !(rc = db_step(store_db(s), st, &row, k->err)) && row) {
		struct str arch = db_str(st, 2);

		if (sqlite3_column_int64(st, 1) != ENV_SOURCE_CACHE ||
			has_arch(k, arch) || !root->cache)
			continue;
		if (!o)
			rc = objstore_open(root->cache, &o, k->err);
		if (!rc)
			rc = load_object(k, o, root->envs, arch);
	}
	db_reset(st);
	objstore_close(o);
	return rc;
}

void
weir_env_loaded_release(struct weir_env_loaded *l)
{
	struct keep *k = l->owned;

	if (!k)
		return;
	for (size_t i = 0; i < k->envs.n; i++)
		VEC_FREE(&k->envs.v[i].packages);
	VEC_FREE(&k->envs);
	arena_free(&k->arena);
	free(k);
	*l = (struct weir_env_loaded){ 0 };
}

enum weir_rc
weir_env_load(struct weir_store *s, const struct weir_env_root *root,
	const struct weir_env_pair *pair, struct weir_env_loaded *ret,
	struct weir_err *err)
{
	struct keep *k = xcalloc(1, sizeof(*k));
	struct weir_env_loaded l = { .owned = k };
	enum weir_rc rc;

	k->pair = pair;
	k->err = err;
	rc = load_file(k, root->file);
	if (!rc || rc == WEIR_ENOTFOUND)
		rc = load_cache(k, s, root);
	if (!rc && !k->envs.n)
		rc = weir_fail(err, WEIR_ENOTFOUND,
			"environment %s:%s: neither conda_v2.cnd nor the cache has it",
			pair->req_id, pair->full_id);
	l.v = k->envs.v;
	l.n = k->envs.n;
	if (rc)
		weir_env_loaded_release(&l);
	else
		*ret = l;
	return rc;
}

/* ---- from a description */

/* Its ids, as far as it says them. */
static void
take_ids(struct pull *p, struct weir_env_id *id)
{
	struct str key;
	bool first = true;

	pull_enter(p);
	while (pull_member(p, &first, &key)) {
		struct str *to = str_eq(key, "req_id")    ? &id->req_id
				 : str_eq(key, "full_id") ? &id->full_id
				 : str_eq(key, "arch")    ? &id->arch
							  : NULL;

		if (!to || !pull_string(p, to))
			pull_raw(p);
	}
}

static enum weir_rc
parse_one(struct keep *k, struct str doc)
{
	const struct str none = { "", 0 };
	struct weir_env_id id = { none, none, none };
	struct weir_env e;
	struct pull p;
	enum weir_rc rc;

	pull_init(&p, doc, &k->arena);
	if (pull_peek(&p) == PULL_OBJECT)
		take_ids(&p, &id);
	if (k->envs.n == ARCHS_MAX)
		return weir_fail(k->err, WEIR_ETOOBIG,
			"more than %d architectures, the most that are read",
			ARCHS_MAX);
	rc = env_cnd_env(&id, doc, &k->arena, &e, k->err);
	if (!rc)
		VEC_PUSH(&k->envs, e);
	return rc;
}

enum weir_rc
weir_env_parse(struct str json, struct weir_env_loaded *ret, struct weir_err *err)
{
	struct keep *k = xcalloc(1, sizeof(*k));
	struct weir_env_loaded l = { .owned = k };
	enum weir_rc rc = WEIR_OK;
	bool first = true;
	struct pull p;

	k->err = err;
	json.s = arena_strndup(&k->arena, json.s ? json.s : "", json.len);
	pull_init(&p, json, &k->arena);
	if (pull_peek(&p) != PULL_ARRAY) {
		rc = parse_one(k, (struct str){ p.p, (size_t)(p.end - p.p) });
	} else {
		pull_enter(&p);
		while (!rc && pull_item(&p, &first)) {
			struct str doc = pull_raw(&p);

			if (!p.why)
				rc = parse_one(k, doc);
		}
		if (!rc && (p.why || !k->envs.n))
			rc = weir_fail(err, WEIR_EBADDATA, "%s at byte %zu",
				p.why ? p.why : "an empty list", pull_offset(&p));
	}
	l.v = k->envs.v;
	l.n = k->envs.n;
	if (rc)
		weir_env_loaded_release(&l);
	else
		*ret = l;
	return rc;
}
