/* Which environments the steps of an earlier run had. */
#include <stdlib.h>
#include <string.h>

#include "env_cnd.h"
#include "env_group.h"
#include "mf_id.h"
#include "weir/metaflow.h"

/* A step as its tasks tell it; the newest task has the last word. */
struct step {
	const char *name, *why; /* why: it has none */
	struct str req_id, full_id;
	VEC(const char *) archs;
};

struct reading {
	VEC(struct step) steps;
	struct arena arena;
};

static struct step *
step_of(struct reading *r, struct str name)
{
	for (size_t i = 0; i < r->steps.n; i++)
		if (str_eq(name, r->steps.v[i].name))
			return &r->steps.v[i];
	VEC_PUSH(&r->steps,
		((struct step){ .name = arena_strndup(&r->arena, name.s, name.len) }));
	return &r->steps.v[r->steps.n - 1];
}

static struct str
copy(struct reading *r, struct str s)
{
	return (struct str){ arena_strndup(&r->arena, s.s ? s.s : "", s.len), s.len };
}

static void
add_arch(struct reading *r, struct step *s, struct str arch)
{
	for (size_t i = 0; i < s->archs.n; i++)
		if (str_eq(arch, s->archs.v[i]))
			return;
	VEC_PUSH(&s->archs, copy(r, arch).s);
}

static bool
on_task(void *arg, const struct weir_task_env *row)
{
	struct str parts[MF_PARTS];
	struct reading *r = arg;
	struct step *s;

	if (mf_id_split(row->pathspec, parts) != MF_PARTS)
		return true;
	if (r->steps.n == WEIR_ENV_FLOW_STEPS_MAX)
		return false;
	s = step_of(r, parts[2]);
	if (!env_cnd_is_id(row->req_id) || !env_cnd_is_id(row->full_id)) {
		s->why = row->kind == WEIR_TASK_ENV_OTHER
				 ? "it had an environment of another decorator"
				 : "disabled";
		return true;
	}
	s->why = NULL;
	if (!str_equal(s->req_id, row->req_id))
		s->archs.n = 0;
	s->req_id = copy(r, row->req_id);
	s->full_id = copy(r, row->full_id);
	add_arch(r, s, row->arch);
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add(struct weir_env_groups *g, const struct step *s)
{
	struct buf archs = BUF_INIT(1 << 12);
	struct weir_env_group *group = NULL;

	if (s->archs.n)
		qsort(s->archs.v, s->archs.n, sizeof(*s->archs.v), by_text);
	for (size_t i = 0; i < s->archs.n; i++)
		buf_addf(&archs, "%s%s", i ? ", " : "", s->archs.v[i]);
	if (s->why)
		env_group_alone(g, s->name, "%s", s->why);
	else
		group = env_group_add(
			g, s->name, s->req_id, s->full_id, buf_cstr(&archs));
	for (size_t i = 0; group && i < s->archs.n; i++)
		env_group_on(g, group, str_of(s->archs.v[i]));
	buf_release(&archs);
}

enum weir_rc
weir_env_groups_of_run(struct weir_store *s, const char *run,
	struct weir_env_groups *ret, struct weir_err *err)
{
	struct weir_env_groups g = { 0 };
	struct reading r = { 0 };
	struct weir_task_pair none;
	struct weir_id id;
	enum weir_rc rc = weir_metaflow_id(str_of(run), &id, err);

	if (!rc)
		rc = weir_envs_of_run(s, &id, on_task, &r, err);
	if (!rc && !r.steps.n) /* it says what is not there */
		rc = weir_env_of_pathspec(s, run, &none, err);
	for (size_t i = 0; i < r.steps.n; i++) {
		if (!rc)
			add(&g, &r.steps.v[i]);
		VEC_FREE(&r.steps.v[i].archs);
	}
	VEC_FREE(&r.steps);
	arena_free(&r.arena);
	if (!rc)
		*ret = g;
	return rc;
}
