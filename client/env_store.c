/* What changed is taken in when the store is opened. */
#include "weir/env_store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_file.h"
#include "env_fill.h"
#include "env_places.h"
#include "objstore.h"
#include "plat.h"
#include "weir/metaflow.h"
#include "weir/time.h"

enum { READ_TRIES = 6, NAP_MS = 50, CACHE_AGE_S = 10, ALIAS_DEPTH_MAX = 16 };

struct job {
	const struct weir_env_open *how;
	struct weir_store *store;
	struct buf *notes;
	struct weir_err *err;
	struct env_places places;
	bool file_changed, places_changed, cache_due;
};

/* What identifies a file's content without reading it. */
struct mark {
	int64_t inode, size, mtime_ns, looked_us;
	bool known;
};

static struct mark
mark_of(const struct stat *st)
{
	return (struct mark){ .inode = (int64_t)st->st_ino,
		.size = st->st_size,
		.mtime_ns =
			(int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.known = true };
}

static enum weir_rc
get_mark(struct db *db, int64_t source, struct mark *ret, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_SOURCE, &st, err);

	*ret = (struct mark){ .known = false };
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, source);
	rc = db_step(db, st, &row, err);
	if (!rc && row)
		*ret = (struct mark){ sqlite3_column_int64(st, 0),
			sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2),
			sqlite3_column_int64(st, 3), true };
	db_reset(st);
	return rc;
}

static enum weir_rc
put_mark(struct db *db, int64_t source, const char *path, const struct mark *m,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_ENV_SOURCE_PUT, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, source);
	db_bind_str(st, 2, str_of(path));
	sqlite3_bind_int64(st, 3, m->inode);
	sqlite3_bind_int64(st, 4, m->size);
	sqlite3_bind_int64(st, 5, m->mtime_ns);
	sqlite3_bind_int64(st, 6, m->looked_us);
	return db_run(db, st, err);
}

/* What the cache is called; "" for none. Owned. */
static char *
cache_name(const struct weir_env_root *root)
{
	struct buf b = BUF_INIT(BUF_MAX);

	buf_adds(&b, "");
	weir_url_mask(&b, root->cache ? root->cache : "");
	return buf_steal(&b);
}

/* Is the cache that the store knows this one? */
static enum weir_rc
same_cache(struct db *db, const struct weir_env_root *root, bool *ret_same,
	struct weir_err *err)
{
	char *name = cache_name(root);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_SOURCE_PATH, &st, err);

	if (!rc) {
		sqlite3_bind_int64(st, 1, ENV_SOURCE_CACHE);
		rc = db_step(db, st, &row, err);
	}
	*ret_same = !rc && (row ? str_eq(db_str(st, 0), name) : !root->cache);
	db_reset(st);
	free(name);
	return rc;
}

static bool
same_mark(const struct mark *a, const struct mark *b)
{
	return a->known == b->known && a->inode == b->inode && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns;
}

/*
 * The file as it lies there now; an absent one is one of no bytes. One that cannot be
 * looked at is none that was ever read: reading it says why.
 */
static struct mark
look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return mark_of(&st);
	return (struct mark){ .known = true,
		.mtime_ns = errno == ENOENT || errno == ENOTDIR ? 0 : -1 };
}

static bool
cache_is_old(int64_t looked_us)
{
	int64_t now = weir_now_us();

	return now < looked_us ||
	       now - looked_us > (int64_t)CACHE_AGE_S * WEIR_SECOND_US;
}

static enum weir_rc
what_is_due(struct job *j)
{
	struct db *db = store_db(j->store);
	struct mark now = look_at(j->how->root->file), then, cache;
	bool known = true, same = true;
	enum weir_rc rc = get_mark(db, ENV_SOURCE_FILE, &then, j->err);

	if (!rc)
		rc = get_mark(db, ENV_SOURCE_CACHE, &cache, j->err);
	if (!rc)
		rc = env_places_known(db, &j->places, &known, j->err);
	if (rc)
		return rc;
	j->file_changed = !same_mark(&now, &then);
	j->places_changed = !known;
	rc = same_cache(db, j->how->root, &same, j->err);
	j->cache_due = !j->how->local_only &&
		       (!same || (j->how->root->cache &&
					 (j->how->refresh || !cache.known ||
						 cache_is_old(cache.looked_us))));
	return rc;
}

static void WEIR_PRINTF(2, 3) note(struct job *j, const char *fmt, ...)
{
	va_list ap;

	if (!j->notes)
		return;
	va_start(ap, fmt);
	buf_vaddf(j->notes, fmt, ap);
	va_end(ap);
	buf_addc(j->notes, '\n');
}

/* ---- conda_v2.cnd */

static enum weir_rc
fill_text(struct job *j, const struct env_file *file, bool *ret_cut)
{
	struct weir_store *s = j->store;
	struct env_fill f = { 0 };
	struct mark m = mark_of(&file->st);
	struct buf notes = BUF_INIT(BUF_MAX);
	enum weir_rc rc = store_begin(s, j->err);

	*ret_cut = false;
	if (rc)
		return rc;
	rc = env_fill_begin(&f, s, ENV_SOURCE_FILE, j->how->root->file, &notes, j->err);
	if (!rc)
		rc = env_cnd_read((struct str){ file->text, file->len }, &env_fill_ops,
			&f, ret_cut, j->err);
	if (!rc)
		rc = env_fill_end(&f);
	if (!rc)
		rc = put_mark(
			store_db(s), ENV_SOURCE_FILE, j->how->root->file, &m, j->err);
	rc = store_end(s, rc, j->err);
	if (!rc && j->notes)
		buf_addstr(j->notes, buf_str(&notes));
	env_fill_release(&f);
	buf_release(&notes);
	return rc;
}

/* Another process may be at it: what ends too early is looked at again. */
static enum weir_rc
fill_file(struct job *j)
{
	const char *path = j->how->root->file;
	bool cut = true;
	enum weir_rc rc = WEIR_EFAIL;

	for (int i = 0; rc && cut && i < READ_TRIES; i++) {
		struct env_file file = { 0 };

		if (i)
			weir_nap(NAP_MS);
		cut = false;
		rc = env_file_read(path, &file, j->err);
		if (rc == WEIR_ENOTFOUND)
			rc = WEIR_OK; /* no bytes; st is all zero */
		else if (!rc && file.len == 0 && i + 1 < READ_TRIES)
			rc = WEIR_EBADDATA, cut = true; /* being written? */
		if (!rc)
			rc = fill_text(j, &file, &cut);
		env_file_release(&file);
	}
	return rc;
}

/* What was read before is better than nothing. */
static enum weir_rc
take_file(struct job *j)
{
	struct weir_err why;
	struct mark then = { 0 };
	struct weir_err *err = j->err;
	enum weir_rc rc;

	j->err = &why;
	rc = fill_file(j);
	j->err = err;
	if (!rc || rc == WEIR_EDB || rc == WEIR_EINTR ||
		get_mark(store_db(j->store), ENV_SOURCE_FILE, &then, NULL) ||
		!then.known) {
		if (rc && err)
			*err = why;
		if (rc == WEIR_EBADDATA)
			weir_prefix(err, "%s", j->how->root->file);
		return rc;
	}
	note(j, "%s%s%s; what was read of it before is shown",
		rc == WEIR_EBADDATA ? j->how->root->file : "",
		rc == WEIR_EBADDATA ? ": " : "", why.text);
	return WEIR_OK;
}

/* ---- the cache */

struct listing {
	struct job *job;
	struct objstore *store;
	struct env_fill fill;
	const char *arch, *req_id; /* where we are */
	const char *alias;         /* the begin of a name, with its '/' */
	int depth;                 /* of it */
	struct buf object;
};

static enum weir_rc
on_full_id(void *arg, struct str name, bool is_folder)
{
	struct listing *l = arg;
	const struct weir_env_id id = { str_of(l->req_id), name, str_of(l->arch) };
	struct weir_err why;
	enum weir_rc rc;
	char *key;

	if (!is_folder || !name.len || name.s[0] == '_' || env_fill_has(&l->fill, &id))
		return WEIR_OK;
	key = xasprintf("%s/%s/%s/%.*s/env", l->job->how->root->envs, l->arch,
		l->req_id, (int)name.len, name.s);
	buf_clear(&l->object);
	rc = objstore_get(l->store, key, &l->object, &why);
	if (!rc)
		rc = env_fill_ops.env(&l->fill, &id, buf_str(&l->object));
	else if (rc != WEIR_ENOTFOUND)
		note(l->job, "%s, left out", why.text);
	free(key);
	return rc == WEIR_EDB ? rc : WEIR_OK;
}

static enum weir_rc
on_req_id(void *arg, struct str name, bool is_folder)
{
	struct listing *l = arg;
	char *prefix, *req_id;
	enum weir_rc rc;

	if (!is_folder || !env_cnd_is_id(name))
		return WEIR_OK;
	req_id = str_copy(name);
	prefix = xasprintf("%s/%s/%s", l->job->how->root->envs, l->arch, req_id);
	l->req_id = req_id;
	rc = objstore_list(l->store, prefix, on_full_id, l, l->job->err);
	free(prefix);
	free(req_id);
	return rc;
}

/* `["<req_id>", "<full_id>"]` at envs/aliases/generic/<name>/<tag>. */
static enum weir_rc
take_alias(struct listing *l, const char *key, const char *alias)
{
	struct arena arena = { 0 };
	struct weir_env_id id = { .arch = STR("") };
	struct weir_err why;
	enum weir_rc rc;

	buf_clear(&l->object);
	rc = objstore_get(l->store, key, &l->object, &why);
	if (!rc && env_cnd_pair(buf_str(&l->object), &arena, &id))
		rc = env_fill_ops.alias(&l->fill, ENV_ALIAS_CACHE, str_of(alias), &id);
	else if (rc && rc != WEIR_ENOTFOUND)
		note(l->job, "%s, left out", why.text);
	arena_free(&arena);
	return rc == WEIR_EDB ? rc : WEIR_OK;
}

static enum weir_rc
on_alias(void *arg, struct str name, bool is_folder)
{
	struct listing *l = arg;
	const char *before = l->alias;
	char *alias = xasprintf("%s%.*s", before, (int)name.len, name.s);
	char *key = xasprintf("%s/aliases/generic/%s", l->job->how->root->envs, alias);
	char *below = xasprintf("%s/", alias);
	enum weir_rc rc = WEIR_OK;

	if (!is_folder) {
		rc = take_alias(l, key, alias);
	} else if (l->depth < ALIAS_DEPTH_MAX) {
		l->alias = below;
		l->depth++;
		rc = objstore_list(l->store, key, on_alias, l, l->job->err);
		l->depth--;
		l->alias = before;
	}
	free(alias);
	free(key);
	free(below);
	return rc;
}

static enum weir_rc
list_aliases(struct listing *l)
{
	char *prefix = xasprintf("%s/aliases/generic", l->job->how->root->envs);
	enum weir_rc rc;

	l->alias = "";
	rc = objstore_list(l->store, prefix, on_alias, l, l->job->err);
	free(prefix);
	return rc;
}

static enum weir_rc
on_arch(void *arg, struct str name, bool is_folder)
{
	struct listing *l = arg;
	char *prefix, *arch;
	enum weir_rc rc;

	if (!is_folder || str_eq(name, "aliases"))
		return WEIR_OK;
	arch = str_copy(name);
	prefix = xasprintf("%s/%s", l->job->how->root->envs, arch);
	l->arch = arch;
	rc = objstore_list(l->store, prefix, on_req_id, l, l->job->err);
	free(prefix);
	free(arch);
	return rc;
}

/* o NULL: there is none that can be read, so nothing of it is known. */
static enum weir_rc
fill_cache(struct job *j, struct objstore *o)
{
	char *name = cache_name(j->how->root);
	struct listing l = {
		.job = j, .store = o, .object = BUF_INIT(WEIR_ENV_OBJECT_MAX)
	};
	struct mark m = { .looked_us = weir_now_us() };
	enum weir_rc rc = store_begin(j->store, j->err);

	if (rc)
		goto out;
	rc = env_fill_begin(
		&l.fill, j->store, ENV_SOURCE_CACHE, name, j->notes, j->err);
	if (!rc && o)
		rc = objstore_list(o, j->how->root->envs, on_arch, &l, j->err);
	if (!rc && o)
		rc = list_aliases(&l);
	if (!rc)
		rc = env_fill_end(&l.fill);
	if (!rc)
		rc = put_mark(store_db(j->store), ENV_SOURCE_CACHE, name, &m, j->err);
	rc = store_end(j->store, rc, j->err);
	env_fill_release(&l.fill);
out:
	buf_release(&l.object);
	free(name);
	return rc;
}

/* A cache that cannot be read is said, and does without. */
static enum weir_rc
take_cache(struct job *j)
{
	struct objstore *o = NULL;
	struct weir_err why;
	struct weir_err *err = j->err;
	enum weir_rc rc;

	if (j->how->root->cache && objstore_open(j->how->root->cache, &o, &why))
		note(j, "%s", why.text);
	j->err = &why;
	rc = fill_cache(j, o);
	j->err = err;
	objstore_close(o);
	if (rc == WEIR_EDB || rc == WEIR_EINTR) {
		if (err)
			*err = why;
		return rc;
	}
	if (rc)
		note(j, "%s", why.text);
	return WEIR_OK;
}

static enum weir_rc
take_places(struct job *j)
{
	enum weir_rc rc = store_begin(j->store, j->err);

	if (rc)
		return rc;
	rc = env_places_put(store_db(j->store), &j->places, j->err);
	if (!rc)
		rc = env_join(store_db(j->store), false, j->err);
	return store_end(j->store, rc, j->err);
}

/* ---- opening */

static enum weir_rc
take_in(struct job *j)
{
	enum weir_rc rc = WEIR_OK;

	if (j->file_changed)
		rc = take_file(j);
	if (!rc && j->cache_due)
		rc = take_cache(j);
	/* Joined last: it looks at the environments that there are. */
	if (!rc && j->places_changed)
		rc = take_places(j);
	return rc;
}

static enum weir_rc
open_for_writing(struct job *j, const char *path)
{
	char *said = NULL;
	enum weir_rc rc = store_open_metaflow(
		path, j->how->root->folder, WEIR_STORE_WRITE, &j->store, &said, j->err);

	if (said)
		note(j, "%s", said);
	free(said);
	if (!rc)
		rc = what_is_due(j);
	return rc ? rc : take_in(j);
}

static enum weir_rc
no_folder(const struct weir_env_root *root, struct weir_err *err)
{
	weir_fail(err, WEIR_ENOTFOUND, "no environments: %s: there is no such folder",
		root->folder);
	return weir_hint(err,
		"go to a folder with a .metaflow, or set "
		"METAFLOW_DATASTORE_SYSROOT_LOCAL to the one that has it");
}

/* A cache that is a folder may not be there; of another one only asking tells. */
static bool
has_cache(const struct weir_env_root *root)
{
	struct stat st;

	return root->cache && (root->cache[0] != '/' || !stat(root->cache, &st));
}

enum weir_rc
weir_env_open(const struct weir_env_open *how, struct weir_store **ret_store,
	struct buf *notes, struct weir_err *err)
{
	struct job j = { .how = how, .notes = notes, .err = err };
	char *path;
	enum weir_rc rc;

	if (!how->root->found && !has_cache(how->root))
		return no_folder(how->root, err);
	path = weir_config_metaflow(how->config, how->root->folder);
	env_places_find(how->root, &j.places);
	rc = store_open_metaflow(
		path, how->root->folder, WEIR_STORE_READ, &j.store, NULL, err);
	if (!rc)
		rc = what_is_due(&j);
	if (rc || j.file_changed || j.cache_due || j.places_changed) {
		weir_store_close(j.store);
		j.store = NULL;
		rc = open_for_writing(&j, path);
	}
	if (rc)
		weir_store_close(j.store);
	else
		*ret_store = j.store;
	if (!rc)
		weir_env_uses(j.store, how->config, how->root);
	env_places_release(&j.places);
	free(path);
	return rc;
}

enum weir_rc
weir_env_peek(const struct weir_config *config, const struct weir_env_root *root,
	struct weir_store **ret_store, struct weir_err *err)
{
	char *path = weir_config_metaflow(config, root->folder);
	enum weir_rc rc = store_open_metaflow(
		path, root->folder, WEIR_STORE_READ, ret_store, NULL, err);

	if (!rc)
		weir_env_uses(*ret_store, config, root);
	free(path);
	return rc;
}

int
weir_env_watch(const struct weir_env_root *root)
{
	return root->found ? plat_watch(root->folder) : -1;
}

bool
weir_env_watched(int fd, const struct weir_env_root *root)
{
	const char *slash = strrchr(root->file, '/');

	return plat_watched(fd, slash ? slash + 1 : root->file);
}
