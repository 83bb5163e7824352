/* What environments take on this machine; measured again when they have changed. */
#include <stdlib.h>
#include <sys/stat.h>

#include "env_tree.h"
#include "store_write.h"
#include "weir/env_store.h"

struct measured {
	char *path; /* owned */
	int64_t mark, size;
};
VEC_TYPE(measures, struct measured);

/* When what is installed last changed: pip and conda leave a trace in one of these. */
static int64_t
mark_of(const char *path)
{
	static const char *const names[] = { "", "/.metaflowenv", "/conda-meta",
		"/conda-meta/history", "/bin", "/lib" };
	int64_t mark = 0;

	for (size_t i = 0; i < N_ELEM(names); i++) {
		char *name = xasprintf("%s%s", path, names[i]);
		struct stat st;

		if (stat(name, &st) == 0) {
			int64_t at = (int64_t)st.st_mtim.tv_sec * WEIR_SECOND_US +
				     st.st_mtim.tv_nsec / 1000;

			mark = at > mark ? at : mark;
		}
		free(name);
	}
	return mark;
}

/* Those that are new or have changed. */
static enum weir_rc
what_is_due(
	struct db *db, const char *full_id, struct measures *ret, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_SIZES, &st, err);

	if (!rc && full_id)
		db_bind_str(st, 1, str_of(full_id));
	while (!rc && !(rc = db_step(db, st, &row, err)) && row) {
		struct measured m = { .path = str_copy(db_str(st, 0)) };

		m.mark = mark_of(m.path);
		if (sqlite3_column_type(st, 1) != SQLITE_NULL &&
			sqlite3_column_int64(st, 1) == m.mark)
			free(m.path);
		else
			VEC_PUSH(ret, m);
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
put(struct weir_store *s, const struct measures *v, struct weir_err *err)
{
	struct db *db = store_db(s);
	enum weir_rc rc = store_begin(s, err);

	if (rc)
		return rc;
	rc = db_exec_id(db, SQL_ENV_SIZES_GONE, err);
	for (size_t i = 0; !rc && i < v->n; i++) {
		sqlite3_stmt *st = NULL;

		rc = db_get(db, SQL_ENV_SIZE_PUT, &st, err);
		if (rc)
			break;
		db_bind_str(st, 1, str_of(v->v[i].path));
		sqlite3_bind_int64(st, 2, v->v[i].mark);
		sqlite3_bind_int64(st, 3, v->v[i].size);
		rc = db_run(db, st, err);
	}
	return store_end(s, rc, err);
}

/* One that cannot be read has no size. */
static enum weir_rc
measure(const struct weir_env_measure *how, struct measures *v, struct weir_err *err)
{
	size_t n = 0;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < v->n; i++) {
		struct measured *m = &v->v[i];
		struct env_tree tree;

		if (how->tell && !rc)
			how->tell(how->arg, (int64_t)i, (int64_t)v->n);
		if (!rc)
			rc = env_tree_look(m->path, how->stop, how->arg, &tree, err);
		if (!rc) {
			m->size = tree.size;
			v->v[n++] = *m;
			continue;
		}
		free(m->path);
		if (rc != WEIR_EINTR)
			rc = WEIR_OK;
	}
	v->n = n;
	return rc;
}

enum weir_rc
weir_env_measure(
	struct weir_store *s, const struct weir_env_measure *how, struct weir_err *err)
{
	char *path = weir_config_metaflow(how->config, how->root->folder);
	struct weir_store *w = NULL;
	struct measures v = { 0 };
	enum weir_rc rc = what_is_due(store_db(s), how->full_id, &v, err);

	if (!rc && v.n)
		rc = measure(how, &v, err);
	if (!rc && v.n)
		rc = store_open_metaflow(
			path, how->root->folder, WEIR_STORE_WRITE, &w, NULL, err);
	if (!rc && w)
		rc = put(w, &v, err);
	weir_store_close(w);
	for (size_t i = 0; i < v.n; i++)
		free(v.v[i].path);
	VEC_FREE(&v);
	free(path);
	return rc;
}
