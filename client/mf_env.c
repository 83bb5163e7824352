/* Which environment a task used, and which tasks used an environment. */
#include <stdlib.h>

#include "env_named.h"
#include "mf_id.h"
#include "mf_open.h"
#include "mf_says.h"
#include "store_priv.h"
#include "weir/metaflow.h"

static void
read_row(sqlite3_stmt *st, struct weir_task_env *ret)
{
	*ret = (struct weir_task_env){ .task = db_id(st, 0),
		.run = db_id(st, 1),
		.attempt = sqlite3_column_int(st, 2),
		.kind = (enum weir_task_env_kind)sqlite3_column_int(st, 3),
		.req_id = db_str(st, 4),
		.full_id = db_str(st, 5),
		.arch = db_str(st, 6),
		.value = db_str(st, 7),
		.pathspec = db_str(st, 8),
		.origin = db_str(st, 9),
		.created_us = db_time(st, 10) };
}

/* The rows of a bound statement. */
static enum weir_rc
each(struct weir_store *s, sqlite3_stmt *st, weir_task_env_fn *fn, void *arg,
	struct weir_err *err)
{
	struct weir_task_env row;
	bool more = true, is_row = false;
	enum weir_rc rc = WEIR_OK;

	while (more && !(rc = db_step(&s->db, st, &is_row, err)) && is_row) {
		read_row(st, &row);
		more = fn(arg, &row);
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
by_id(struct weir_store *s, enum sql_id sql, const struct weir_id *id,
	weir_task_env_fn *fn, void *arg, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, sql, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	return each(s, st, fn, arg, err);
}

enum weir_rc
weir_env_of_task(struct weir_store *s, const struct weir_id *task, weir_task_env_fn *fn,
	void *arg, struct weir_err *err)
{
	return by_id(s, SQL_MF_ENV_OF_TASK, task, fn, arg, err);
}

enum weir_rc
weir_envs_of_run(struct weir_store *s, const struct weir_id *run, weir_task_env_fn *fn,
	void *arg, struct weir_err *err)
{
	return by_id(s, SQL_MF_ENVS_OF_RUN, run, fn, arg, err);
}

static enum weir_rc
users_of(struct weir_store *s, enum sql_id sql, const struct weir_env_pair *pair,
	const char *arch, weir_task_env_fn *fn, void *arg, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, sql, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(pair->full_id));
	db_bind_str(st, 2, str_of(pair->req_id));
	if (arch)
		db_bind_str(st, 3, str_of(arch));
	return each(s, st, fn, arg, err);
}

enum weir_rc
weir_tasks_of_env(struct weir_store *s, const struct weir_env_pair *pair,
	const char *arch, weir_task_env_fn *fn, void *arg, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (s->service)
		rc = users_of(s, SQL_MF_TASKS_OF_ENV_SERVICE, pair, arch, fn, arg, err);
	if (!rc)
		rc = users_of(s, SQL_MF_TASKS_OF_ENV, pair, arch, fn, arg, err);
	return rc;
}

/* ---- by pathspec */

enum { STEP = 3 }; /* parts of a step's */

struct hunt {
	struct weir_store *s;
	const char *pathspec;
	struct str step, task;
	size_t tasks; /* of this step that recorded anything */
	bool found, differs;
	struct weir_task_pair got;
	struct buf several;
	struct weir_err *err;
};

static struct weir_task_pair
pair_of(const struct weir_task_env *row)
{
	struct weir_task_pair p = { .task = row->task, .run = row->run };

	str_into(p.pair.req_id, sizeof(p.pair.req_id), row->req_id);
	str_into(p.pair.full_id, sizeof(p.pair.full_id), row->full_id);
	str_into(p.arch, sizeof(p.arch), row->arch);
	return p;
}

static bool
same_pair(const struct weir_task_pair *a, const struct weir_task_pair *b)
{
	return !strcmp(a->pair.req_id, b->pair.req_id) &&
	       !strcmp(a->pair.full_id, b->pair.full_id) && !strcmp(a->arch, b->arch);
}

/* Step and task out of the row's pathspec. */
static bool
is_meant(const struct hunt *h, const struct weir_task_env *row)
{
	struct str parts[MF_PARTS];

	if (mf_id_split(row->pathspec, parts) != MF_PARTS)
		return false;
	return (!h->step.len || str_equal(h->step, parts[2])) &&
	       (!h->task.len || str_equal(h->task, parts[3]));
}

static bool
on_row(void *arg, const struct weir_task_env *row)
{
	struct hunt *h = arg;
	struct weir_task_pair p;

	if (!is_meant(h, row))
		return true;
	h->tasks++;
	if (!row->full_id.len)
		return true;
	p = pair_of(row);
	if (!h->found || !same_pair(&h->got, &p))
		buf_addf(&h->several, "\n  %.*s %s:%s", (int)row->pathspec.len,
			row->pathspec.s, p.pair.req_id, p.pair.full_id);
	h->differs = h->differs || (h->found && !same_pair(&h->got, &p));
	h->got = p; /* the newest comes last */
	h->found = true;
	return true;
}

/* Is a run or task of this id here? */
static enum weir_rc
is_here(struct weir_store *s, enum sql_id sql, const struct weir_id *id, bool *ret_here,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, sql, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, id);
	rc = db_step(&s->db, st, ret_here, err);
	db_reset(st);
	return rc;
}

static enum weir_rc
has_step(struct hunt *h, const struct weir_id *run, bool *ret_here)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&h->s->db, SQL_MF_STEP, &st, h->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	db_bind_str(st, 2, h->step);
	rc = db_step(&h->s->db, st, ret_here, h->err);
	db_reset(st);
	return rc;
}

/* What of the pathspec is not there. */
static enum weir_rc
say_missing(struct hunt *h, const struct str *parts, size_t n)
{
	struct weir_id id;
	bool here = false;
	enum weir_rc rc = mf_id(parts, 2, &id, h->err);

	if (!rc)
		rc = is_here(h->s, SQL_RUN_GET, &id, &here, h->err);
	if (rc)
		return rc;
	if (!here) {
		weir_fail(h->err, WEIR_ENOTFOUND, "%s: there is no run %.*s of %.*s",
			h->pathspec, (int)parts[1].len, parts[1].s, (int)parts[0].len,
			parts[0].s);
		return weir_hint(h->err, "weir runs source:metaflow flow:%.*s",
			(int)parts[0].len, parts[0].s);
	}
	if (n == MF_PARTS) {
		rc = mf_id(parts, n, &id, h->err);
		if (!rc)
			rc = is_here(h->s, SQL_TASK_GET, &id, &here, h->err);
		if (!rc && !here)
			return weir_fail(h->err, WEIR_ENOTFOUND,
				"%s: the run has no such task", h->pathspec);
	}
	if (!rc && n == STEP) {
		rc = has_step(h, &id, &here);
		if (!rc && !here)
			return weir_fail(h->err, WEIR_ENOTFOUND,
				"%s: the run has no such step", h->pathspec);
	}
	if (rc)
		return rc;
	return weir_fail(h->err, WEIR_ENOTFOUND,
		h->tasks ? "%s: it used no environment of conda"
			 : "%s: no environment was recorded",
		h->pathspec);
}

enum weir_rc
weir_env_of_pathspec(struct weir_store *s, const char *pathspec,
	struct weir_task_pair *ret, struct weir_err *err)
{
	struct str parts[MF_PARTS] = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
	size_t n = mf_id_split(str_of(pathspec), parts);
	struct hunt h = { .s = s,
		.pathspec = pathspec,
		.step = parts[2],
		.task = parts[3],
		.several = BUF_INIT(1024),
		.err = err };
	struct weir_id run;
	enum weir_rc rc;

	if (n < 2)
		return weir_fail(err, WEIR_ENOTFOUND,
			"%s: not Flow/run, Flow/run/step or Flow/run/step/task",
			pathspec);
	rc = mf_id(parts, 2, &run, err);
	if (!rc)
		rc = weir_envs_of_run(s, &run, on_row, &h, err);
	if (!rc && !h.found)
		rc = say_missing(&h, parts, n);
	else if (!rc && h.differs && n == 2) {
		rc = weir_fail(err, WEIR_EAMBIGUOUS,
			"%s: its steps used several environments%s", pathspec,
			buf_cstr(&h.several));
		weir_hint(err, "%s/STEP", pathspec);
	}
	if (!rc)
		*ret = h.got;
	buf_release(&h.several);
	return rc;
}

/* ---- runs beside those that are here */

static void
use_service(struct weir_store *s, const struct weir_config *config,
	const struct weir_env_root *root)
{
	const struct weir_metaflow_open how = { .config = config, .root = root };
	struct weir_err why;
	char *path;

	/* Opened by itself first: is it there, of this service, and of this schema? */
	if (s->service || !weir_metaflow_is_service(root) ||
		mf_open_store(&how, WEIR_STORE_READ, &s->runs, NULL, &why))
		return;
	path = weir_metaflow_store(config, root);
	s->service = !db_attach(&s->db, SQL_MF_ATTACH, path, &why) &&
		     !db_exec_id(&s->db, SQL_MF_USES, &why);
	free(path);
}

/* weir_env_at(pathspec): its environment as env_named.h keeps ids, or NULL. */
static void
fn_env_at(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct weir_store *s = sqlite3_user_data(ctx);
	const char *text = (const char *)sqlite3_value_text(v[0]);
	struct buf name = BUF_INIT(256);
	struct weir_task_pair p;

	(void)n;
	if (text && !weir_env_of_pathspec(s->service ? s->runs : s, text, &p, NULL)) {
		env_named_join(&name, str_of(p.pair.req_id), str_of(p.pair.full_id),
			str_of(p.arch));
		sqlite3_result_text(
			ctx, buf_cstr(&name), (int)name.len, SQLITE_TRANSIENT);
	}
	buf_release(&name);
}

/* Is the profile's store there, and of this schema? */
static bool
has_profile(const struct weir_config *config)
{
	const char *path = weir_config_store(config);
	struct weir_store *s = NULL;
	struct weir_err why;
	char *address;
	enum weir_rc rc;

	if (!path)
		return false;
	if (weir_config_embedded(config)) {
		rc = weir_store_open_embedded(path, NULL, WEIR_STORE_READ, &s, &why);
	} else {
		address = weir_url_normalise(weir_config_str(config, WEIR_KEY_API_URL));
		rc = weir_store_open(
			path, address, NULL, WEIR_STORE_READ, &s, NULL, &why);
		free(address);
	}
	weir_store_close(s);
	return !rc;
}

static void
use_profile(struct weir_store *s, const struct weir_config *config)
{
	struct weir_err why;

	if (s->profile || !has_profile(config) ||
		sqlite3_create_function_v2(s->db.sqlite, "weir_env_at", 1,
			SQLITE_UTF8 | SQLITE_INNOCUOUS, s, fn_env_at, NULL, NULL,
			NULL) != SQLITE_OK)
		return;
	s->profile =
		!db_attach(&s->db, SQL_MF_PROFILE, weir_config_store(config), &why) &&
		!db_exec_id(&s->db, SQL_MF_NAMED, &why) &&
		!db_exec_id(
			&s->db, s->service ? SQL_MF_PATHS_SERVICE : SQL_MF_PATHS, &why);
}

void
weir_env_uses(struct weir_store *s, const struct weir_config *config,
	const struct weir_env_root *root)
{
	use_service(s, config, root);
	use_profile(s, config);
}

enum weir_rc
weir_runs_naming(struct weir_store *s, const struct weir_env_id *env, size_t most,
	weir_naming_fn *fn, void *arg, struct weir_err *err)
{
	struct buf name = BUF_INIT(256);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_MF_NAMERS, &st, err);

	env_named_join(&name, env->req_id, env->full_id, env->arch);
	if (!rc) {
		db_bind_str(st, 1, buf_str(&name));
		db_bind_str(st, 2, env->full_id);
		db_bind_str(st, 3, env->req_id);
		db_bind_str(st, 4, env->arch);
		sqlite3_bind_int64(st, 5, (int64_t)most);
	}
	while (!rc && !(rc = db_step(&s->db, st, &row, err)) && row) {
		struct weir_id id = db_id(st, 0);

		fn(arg, &id, db_str(st, 1), db_time(st, 2));
	}
	db_reset(st);
	buf_release(&name);
	return rc;
}
