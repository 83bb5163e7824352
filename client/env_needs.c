#include "env_needs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db.h"
#include "env_cnd.h"
#include "env_file.h"
#include "env_named.h"
#include "migrate.h"
#include "store_priv.h"
#include "weir/metaflow.h"
#include "weir/time.h"

enum { READ_TRIES = 6, NAP_MS = 50, STORES_MAX = 10000, RUN_DIGITS = 16 };

struct reader {
	struct env_needs *needs;
	const char *file; /* where it is said */
	struct weir_err *err;
};

static void
add(struct env_needs *n, const struct weir_env_id *id, enum env_need_kind kind,
	char *why)
{
	struct env_sum sum = env_map_sum3(id->req_id, id->full_id, id->arch);
	int64_t *at = env_map_at(&n->at, &sum);

	if (!*at) {
		VEC_PUSH(&n->v, ((struct env_need){ kind, why }));
		*at = (int64_t)n->v.n;
		return;
	}
	if (n->v.v[*at - 1].kind < kind) {
		free(n->v.v[*at - 1].why);
		n->v.v[*at - 1] = (struct env_need){ kind, why };
	} else {
		free(why);
	}
}

static void
add_known(struct env_needs *n, const struct weir_env_id *id)
{
	struct env_sum sum = env_map_sum3(id->req_id, id->full_id, id->arch);

	*env_map_at(&n->known, &sum) = 1;
}

/* ---- what a file says */

static enum weir_rc
on_env(void *arg, const struct weir_env_id *id, struct str doc)
{
	struct reader *r = arg;

	(void)doc;
	add_known(r->needs, id);
	return WEIR_OK;
}

static enum weir_rc
on_chosen(void *arg, const struct weir_env_id *id)
{
	struct reader *r = arg;
	char *why = xasprintf("it is a default in %s", r->file);

	add(r->needs, id, ENV_NEED_DEFAULT, why);
	return WEIR_OK;
}

/* Of an alias the arch is empty: it is one of them all. */
static enum weir_rc
on_alias(void *arg, enum env_alias kind, struct str name, const struct weir_env_id *id)
{
	struct reader *r = arg;
	struct weir_env_id own = *id;

	if (!own.arch.s)
		own.arch = STR("");
	if (kind != ENV_ALIAS_FULL_ID)
		add(r->needs, &own, ENV_NEED_ALIAS,
			xasprintf("it is %.*s in %s", (int)name.len, name.s, r->file));
	return WEIR_OK;
}

/* When a run began: the ids that Metaflow itself makes are that, in microseconds. */
static int64_t
began(struct str pathspec)
{
	const char *slash = memchr(pathspec.s, '/', pathspec.len);
	size_t left = slash ? pathspec.len - (size_t)(slash + 1 - pathspec.s) : 0,
	       n = 0;
	int64_t us = 0;

	for (; n < left && slash[1 + n] >= '0' && slash[1 + n] <= '9' &&
		n <= RUN_DIGITS;
		n++)
		us = us * 10 + (slash[1 + n] - '0');
	return n == RUN_DIGITS ? us : WEIR_NO_TIME;
}

/* A step whose time is not known counts. */
static enum weir_rc
on_pathspec(void *arg, struct str pathspec, const struct weir_env_id *id)
{
	struct reader *r = arg;
	struct weir_env_id own = { id->req_id, id->full_id, STR("") };
	int64_t at = began(pathspec);

	if (at == WEIR_NO_TIME || at > r->needs->now_us - r->needs->runs_us)
		add(r->needs, &own, ENV_NEED_RUN,
			xasprintf("%.*s used it", (int)pathspec.len, pathspec.s));
	return WEIR_OK;
}

/* Somebody may be writing it: what ends too early is looked at again. */
static enum weir_rc
read_file(struct reader *r)
{
	static const struct env_cnd_ops ops = { .env = on_env,
		.chosen = on_chosen,
		.alias = on_alias,
		.pathspec = on_pathspec };
	bool cut = true;
	enum weir_rc rc = WEIR_EBADDATA;

	for (int i = 0; rc && cut && i < READ_TRIES; i++) {
		struct env_file file = { 0 };

		if (i)
			weir_nap(NAP_MS);
		cut = false;
		rc = env_file_read(r->file, &file, r->err);
		if (rc)
			break;
		if (file.len == 0 && i + 1 < READ_TRIES)
			rc = WEIR_EBADDATA, cut = true;
		else
			rc = env_cnd_read((struct str){ file.text, file.len }, &ops, r,
				&cut, r->err);
		env_file_release(&file);
	}
	if (rc == WEIR_EBADDATA)
		weir_prefix(r->err, "%s", r->file);
	return rc;
}

/* ---- what a store remembers */

enum { ROW_DEFAULT, ROW_ALIAS, ROW_STEP, ROW_ENV, ROW_RUN };

static enum weir_rc
take_row(struct reader *r, int kind, sqlite3_stmt *st)
{
	const struct weir_env_id id = { db_str(st, 0), db_str(st, 1), db_str(st, 2) };

	switch (kind) {
	case ROW_DEFAULT:
		return on_chosen(r, &id);
	case ROW_ALIAS:
		return on_alias(r, ENV_ALIAS_FIXED, db_str(st, 3), &id);
	case ROW_STEP:
		return on_pathspec(r, db_str(st, 3), &id);
	case ROW_RUN:
		add(r->needs, &id, ENV_NEED_RUN,
			xasprintf("%.*s used it", (int)db_str(st, 3).len,
				db_str(st, 3).s));
		return WEIR_OK;
	default:
		return on_env(r, &id, id.req_id);
	}
}

static enum weir_rc
read_rows(struct reader *r, struct db *db, int kind, enum sql_id id)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, id, &st, r->err);

	if (!rc && kind == ROW_RUN)
		sqlite3_bind_int64(st, 1, r->needs->now_us - r->needs->runs_us);
	while (!rc && !(rc = db_step(db, st, &row, r->err)) && row)
		rc = take_row(r, kind, st);
	db_reset(st);
	return rc;
}

/* The conda_v2.cnd of a store; NULL: it has none. Owned. */
static enum weir_rc
file_of(struct db *db, char **ret_file, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_SOURCE_PATH, &st, err);

	*ret_file = NULL;
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, 1);
	rc = db_step(db, st, &row, err);
	if (!rc && row)
		*ret_file = str_copy(db_str(st, 0));
	db_reset(st);
	return rc;
}

/* The file has gone: perhaps its disk is not there now. */
static bool
counts_though_gone(const struct reader *r, const char *store)
{
	struct stat st;

	return stat(store, &st) == 0 && (int64_t)st.st_mtime * WEIR_SECOND_US >
						r->needs->now_us - r->needs->gone_us;
}

/* One that an older weir made is brought up to date first. */
static enum weir_rc
open_store(const char *path, enum db_kind kind, struct db *ret_db, struct weir_err *err)
{
	bool old = false;
	enum weir_rc rc = db_open(path, kind, DB_READ, ret_db, err);

	if (!rc)
		rc = migrate_check(ret_db, &old, err);
	if (rc || !old)
		return rc;
	db_close(ret_db);
	rc = db_open(path, kind, DB_WRITE, ret_db, err);
	return rc ? rc : migrate(ret_db, err);
}

/* What runs of a server named by a pathspec: perhaps it is of this store. */
static void
take_paths(struct env_needs *n, struct weir_store *s)
{
	for (size_t i = 0; i < n->paths.n; i++) {
		const struct env_need_path *p = &n->paths.v[i];
		struct weir_task_pair found;
		struct weir_env_id id;

		if (weir_env_of_pathspec(s, p->path, &found, NULL))
			continue;
		id = (struct weir_env_id){ str_of(found.pair.req_id),
			str_of(found.pair.full_id), str_of(found.arch) };
		add(n, &id, ENV_NEED_RUN, xstrdup(p->why));
	}
}

static enum weir_rc
read_store(struct env_needs *n, const char *path, struct weir_err *err)
{
	static const enum sql_id remembered[] = { [ROW_DEFAULT] =
							  SQL_ENV_NEEDS_DEFAULTS,
		[ROW_ALIAS] = SQL_ENV_NEEDS_ALIASES,
		[ROW_STEP] = SQL_ENV_NEEDS_STEPS };
	struct reader r = { .needs = n, .err = err };
	struct weir_store s = { .lock_fd = -1 };
	struct db *db = &s.db;
	char *file = NULL;
	enum weir_rc rc = open_store(path, DB_METAFLOW, db, err);

	if (!rc)
		rc = file_of(db, &file, err);
	if (!rc && file) {
		r.file = file;
		rc = read_file(&r);
		if (rc == WEIR_ENOTFOUND)
			rc = WEIR_OK;
		if (!rc && access(file, F_OK) != 0 && counts_though_gone(&r, path))
			for (int i = 0; !rc && i <= ROW_STEP; i++)
				rc = read_rows(&r, db, i, remembered[i]);
	}
	if (!rc)
		rc = read_rows(&r, db, ROW_RUN, SQL_ENV_NEEDS_RUNS);
	if (!rc)
		take_paths(n, &s);
	/* Those of the cache too. */
	if (!rc)
		rc = read_rows(&r, db, ROW_ENV, SQL_ENV_NEEDS_KNOWN);
	db_close(db);
	free(file);
	return rc;
}

/* Runs of late of a server, or of this machine, that name environments. */
static enum weir_rc
read_runs(
	struct env_needs *n, const char *path, enum db_kind kind, struct weir_err *err)
{
	struct db db = { .sqlite = NULL };
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = open_store(path, kind, &db, err);

	if (!rc)
		rc = db_get(&db, SQL_NAMED_SINCE, &st, err);
	if (!rc)
		sqlite3_bind_int64(st, 1, n->now_us - n->runs_us);
	while (!rc && !(rc = db_step(&db, st, &row, err)) && row) {
		struct str name = db_str(st, 0), run = db_str(st, 2);
		struct weir_env_id id;
		char *why = xasprintf("%.*s names it", (int)run.len, run.s);

		if (db_str(st, 1).len) {
			VEC_PUSH(&n->paths,
				((struct env_need_path){ str_copy(name), why }));
			continue;
		}
		id = env_named_split(name);
		add(n, &id, ENV_NEED_RUN, why);
	}
	db_close(&db);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

static bool
is_store(const char *name)
{
	size_t n = strlen(name);

	return strncmp(name, "metaflow@", 9) == 0 && n > 12 &&
	       strcmp(name + n - 3, ".db") == 0;
}

static enum weir_rc
fail_folder(const char *folder, struct weir_err *err)
{
	return weir_fail(err, WEIR_EFAIL, "%s: %s", folder, strerror(errno));
}

/* `<profile>-<16 digits>.db`: what a server said. */
static bool
is_profile(const char *name)
{
	enum { DIGITS = 16, TAIL = DIGITS + 3 };
	size_t n = strlen(name);

	return n > TAIL + 1 && name[n - TAIL - 1] == '-' &&
	       strspn(name + n - TAIL, "0123456789abcdef") == DIGITS &&
	       strcmp(name + n - 3, ".db") == 0;
}

static enum weir_rc
read_named(
	struct env_needs *n, const char *folder, const char *name, struct weir_err *err)
{
	char *path = xasprintf("%s/%s", folder, name);
	enum weir_rc rc = is_store(name) ? read_store(n, path, err)
					 : read_runs(n, path, DB_CACHE, err);

	free(path);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc; /* just now removed */
}

/* All of them or an error: one that is left out may need any environment. */
static enum weir_rc
read_stores(struct env_needs *n, const char *folder, bool is(const char *),
	struct weir_err *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *e = NULL;
	enum weir_rc rc = WEIR_OK;
	int stores = 0;

	if (!dir)
		return errno == ENOENT ? WEIR_OK : fail_folder(folder, err);
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (!is(e->d_name))
			continue;
		if (++stores > STORES_MAX)
			rc = weir_fail(err, WEIR_ETOOBIG, "%s: more than %d %s*.db",
				folder, STORES_MAX,
				is == is_store ? "metaflow@" : "PROFILE-");
		else
			rc = read_named(n, folder, e->d_name, err);
	}
	if (!rc && errno)
		rc = fail_folder(folder, err);
	closedir(dir);
	return rc;
}

enum weir_rc
env_needs_read(struct env_needs *n, const struct weir_config *config,
	const struct weir_env_root *root, struct weir_err *err)
{
	struct reader r = { .needs = n, .file = root->file, .err = err };
	char *store = weir_config_metaflow(config, root->folder);
	enum weir_rc rc = read_file(&r);

	if (!rc || rc == WEIR_ENOTFOUND) {
		*strrchr(store, '/') = '\0';
		rc = read_runs(n, weir_config_own(config), DB_EMBEDDED, err);
		if (!rc)
			rc = read_stores(n, store, is_profile, err);
		if (!rc)
			rc = read_stores(n, store, is_store, err);
	}
	free(store);
	if (rc && !err->hint[0])
		weir_hint(err, "mend or remove it: what it needs cannot be told");
	return rc;
}

void
env_needs_release(struct env_needs *n)
{
	for (size_t i = 0; i < n->v.n; i++)
		free(n->v.v[i].why);
	for (size_t i = 0; i < n->paths.n; i++) {
		free(n->paths.v[i].path);
		free(n->paths.v[i].why);
	}
	VEC_FREE(&n->paths);
	VEC_FREE(&n->v);
	env_map_free(&n->at);
	env_map_free(&n->known);
}

static struct env_need
need_at(struct env_needs *n, const struct weir_env_id *id, struct str arch)
{
	struct env_sum sum = env_map_sum3(id->req_id, id->full_id, arch);
	int64_t at = *env_map_at(&n->at, &sum);

	return at ? n->v.v[at - 1] : (struct env_need){ ENV_NEED_NONE, NULL };
}

struct env_need
env_needs_of(struct env_needs *n, const struct weir_env_id *id)
{
	struct env_need one = need_at(n, id, id->arch);
	struct env_need all = need_at(n, id, STR(""));

	return one.kind > all.kind ? one : all;
}

bool
env_needs_knows(struct env_needs *n, const struct weir_env_id *id)
{
	struct env_sum sum = env_map_sum3(id->req_id, id->full_id, id->arch);

	return *env_map_at(&n->known, &sum) != 0;
}
