#include "weir/run_env.h"

#include "beside.h"
#include "env_named.h"
#include "store_priv.h"
#include "weir/metaflow.h"

struct found {
	struct weir_store *metaflow; /* NULL: none */
	struct weir_run_env *v;
	size_t n;
};

static struct weir_store *
metaflow_of(struct weir_store *s)
{
	return s->db.kind == DB_METAFLOW ? s : weir_store_beside(s);
}

static struct weir_run_env *
find(struct found *f, struct str req_id, struct str full_id, struct str arch)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(req_id, f->v[i].pair.req_id) &&
			str_eq(full_id, f->v[i].pair.full_id) &&
			str_eq(arch, f->v[i].arch))
			return &f->v[i];
	return NULL;
}

/* Is the word one of those with `, ` between them? */
static bool
names(const char *list, struct str word)
{
	while (*list) {
		size_t n = strcspn(list, ",");

		if (str_equal((struct str){ list, n }, word))
			return true;
		list += n + strspn(list + n, ", ");
	}
	return false;
}

static void
add(struct found *f, struct str req_id, struct str full_id, struct str arch,
	struct str by)
{
	struct weir_run_env *e = find(f, req_id, full_id, arch);
	size_t n;

	if (!e && f->n == WEIR_RUN_ENVS_MAX)
		return;
	if (!e) {
		e = &f->v[f->n++];
		*e = (struct weir_run_env){ .by = "" };
		str_into(e->pair.req_id, sizeof(e->pair.req_id), req_id);
		str_into(e->pair.full_id, sizeof(e->pair.full_id), full_id);
		str_into(e->arch, sizeof(e->arch), arch);
	}
	n = strlen(e->by);
	if (!names(e->by, by) && n + by.len + 3 < sizeof(e->by))
		snprintf(e->by + n, sizeof(e->by) - n, "%s%.*s", n ? ", " : "",
			(int)by.len, by.s);
}

/* `Flow/run/step/task`: step. */
static struct str
step_of(struct str pathspec)
{
	size_t slashes = 0, from = 0, to = pathspec.len;

	for (size_t i = 0; i < pathspec.len; i++) {
		if (pathspec.s[i] != '/')
			continue;
		slashes++;
		if (slashes == 2)
			from = i + 1;
		else if (slashes == 3)
			to = i;
	}
	return (struct str){ pathspec.s + from, to - from };
}

static bool
on_task(void *arg, const struct weir_task_env *row)
{
	if (row->req_id.len)
		add(arg, row->req_id, row->full_id, row->arch, step_of(row->pathspec));
	return true;
}

/* ---- of a server's run: what its parameters name */

static void
take_named(struct found *f, struct str name, bool is_path, struct str by)
{
	struct weir_env_id id;
	struct weir_task_pair task;
	char path[1024];

	if (!is_path) {
		id = env_named_split(name);
		add(f, id.req_id, id.full_id, id.arch, by);
		return;
	}
	str_into(path, sizeof(path), name);
	if (f->metaflow && !weir_env_of_pathspec(f->metaflow, path, &task, NULL))
		add(f, str_of(task.pair.req_id), str_of(task.pair.full_id),
			str_of(task.arch), by);
}

static enum weir_rc
named_of(struct weir_store *s, const struct weir_id *run, struct found *f,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_NAMED_OF_RUN, &st, err);

	if (!rc)
		db_bind_id(st, 1, run);
	while (!rc && !(rc = db_step(&s->db, st, &row, err)) && row)
		take_named(f, db_str(st, 0), db_str(st, 1).len > 0, db_str(st, 2));
	db_reset(st);
	return rc;
}

enum weir_rc
weir_run_envs(struct weir_store *s, enum weir_kind kind, const struct weir_id *id,
	struct weir_run_env ret[static WEIR_RUN_ENVS_MAX], size_t *ret_n,
	struct weir_err *err)
{
	struct found f = { .metaflow = metaflow_of(s), .v = ret };
	enum weir_rc rc = WEIR_OK;

	if (f.metaflow && beside_has_id(f.metaflow, id))
		rc = kind == WEIR_TASK_RUN
			     ? weir_env_of_task(f.metaflow, id, on_task, &f, err)
			     : weir_envs_of_run(f.metaflow, id, on_task, &f, err);
	else if (kind == WEIR_RUN)
		rc = named_of(s, id, &f, err);
	*ret_n = f.n;
	return rc;
}

void
weir_run_env_say(const struct weir_run_env *e, struct buf *out)
{
	enum { SHORT = 8 };

	buf_addf(out, "%.*s:%.*s %s", SHORT, e->pair.req_id, SHORT, e->pair.full_id,
		e->arch);
	if (*e->by)
		buf_addf(out, "  %s", e->by);
}

/* ---- back */

struct users {
	struct weir_env_user *v;
	size_t n, most;
};

static bool
on_user(void *arg, const struct weir_task_env *row)
{
	struct users *u = arg;
	struct weir_env_user *to;

	if (u->n == u->most)
		return false;
	to = &u->v[u->n++];
	*to = (struct weir_env_user){
		.task = row->task, .run = row->run, .created_us = row->created_us
	};
	str_into(to->pathspec, sizeof(to->pathspec), row->pathspec);
	return true;
}

enum weir_rc
weir_env_users(struct weir_store *s, const struct weir_env_pair *pair, const char *arch,
	size_t most, struct weir_env_user *ret, size_t *ret_n, struct weir_err *err)
{
	struct users u = { ret, 0, most };
	struct weir_store *metaflow = metaflow_of(s);
	enum weir_rc rc = WEIR_OK;

	if (metaflow)
		rc = weir_tasks_of_env(metaflow, pair, arch, on_user, &u, err);
	*ret_n = u.n;
	return rc;
}
