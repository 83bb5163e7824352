/* Environments that runs used; tasks that used one, runs that name it. */
#include <weir/metaflow.h>
#include <weir/run_env.h>
#include <weir/text.h>
#include <weir/time.h>

#include "facts_env.h"
#include "facts_parts.h"

enum { USERS = 5, WIDTH_MAX = 100 };

void
facts_envs(struct facts *f)
{
	struct weir_run_env *v = xcalloc(WEIR_RUN_ENVS_MAX, sizeof(*v));
	size_t n = 0;

	if (weir_run_envs(f->store, f->kind, &f->id, v, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		struct buf b = BUF_INIT(512);

		weir_run_env_say(&v[i], &b);
		facts_begin(f, i ? "" : "env");
		page_add(f->p, STYLE_PLAIN, buf_str(&b), 0, false);
		page_command(f->p, "weir env show %s:%s --arch %s", v[i].pair.req_id,
			v[i].pair.full_id, v[i].arch);
		buf_release(&b);
	}
	free(v);
}

struct users {
	struct page *p;
	struct weir_env_user *v;
	size_t n;
	const char *title, *many;
	enum weir_kind kind;
};

/* A line each, that opens it. */
static void
write_users(struct users *u)
{
	struct page *p = u->p;
	size_t width = 0;

	if (u->n) {
		page_blank(p);
		page_begin(p, 0);
		page_gap(p, 1);
		page_add(p, STYLE_HEADER, str_of(u->title), 0, false);
		if (u->n > USERS)
			page_addf(
				p, STYLE_DIM, "  the last %d that %s", USERS, u->many);
	}
	for (size_t i = 0; i < u->n && i < USERS; i++) {
		size_t columns = text_width(str_of(u->v[i].pathspec));

		width = columns > width ? columns : width;
	}
	for (size_t i = 0; i < u->n && i < USERS; i++) {
		const struct weir_env_user *one = &u->v[i];
		struct buf at = BUF_INIT(64);

		page_begin(p, 0);
		page_gap(p, 2);
		page_add(p, STYLE_PLAIN, str_of(one->pathspec),
			(int)(width < WIDTH_MAX ? width : WIDTH_MAX), false);
		if (one->created_us != WEIR_NO_TIME)
			weir_time_absolute(&at, one->created_us, false, false);
		page_gap(p, 2);
		page_add(p, STYLE_DIM, buf_str(&at), 0, false);
		page_object(p, u->kind, u->kind == WEIR_RUN ? &one->run : &one->task);
		buf_release(&at);
	}
}

static void
on_naming(void *arg, const struct weir_id *run, struct str shown, int64_t at_us)
{
	struct users *u = arg;
	struct weir_env_user *to = &u->v[u->n++];

	*to = (struct weir_env_user){ .run = *run, .created_us = at_us };
	str_into(to->pathspec, sizeof(to->pathspec), shown);
}

void
facts_env_users(struct page *p, struct weir_store *store, const struct env_name *name)
{
	struct users u = { .p = p,
		.v = xcalloc(USERS + 1, sizeof(*u.v)),
		.title = "TASKS",
		.many = "used it",
		.kind = WEIR_TASK_RUN };
	struct weir_env_pair pair;
	struct weir_env_id id;

	if (!weir_env_find(store, name->id, &pair, NULL)) {
		if (!weir_env_users(
			    store, &pair, name->arch, USERS + 1, u.v, &u.n, NULL))
			write_users(&u);
		u.n = 0;
		u.title = "RUNS";
		u.many = "name it";
		u.kind = WEIR_RUN;
		id = (struct weir_env_id){ str_of(pair.req_id), str_of(pair.full_id),
			str_of(name->arch) };
		if (!weir_runs_naming(store, &id, USERS + 1, on_naming, &u, NULL))
			write_users(&u);
	}
	free(u.v);
}
