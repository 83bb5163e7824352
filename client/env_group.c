#include "env_group.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct weir_env_group *
find(struct weir_env_groups *g, struct str req_id, const char *archs)
{
	for (size_t i = 0; i < g->v.n; i++)
		if (str_eq(req_id, g->v.v[i].req_id) &&
			strcmp(g->v.v[i].archs, archs) == 0)
			return &g->v.v[i];
	return NULL;
}

struct weir_env_group *
env_group_add(struct weir_env_groups *g, const char *step, struct str req_id,
	struct str full_id, const char *archs)
{
	struct arena *a = &g->arena;
	struct weir_env_group *at = find(g, req_id, archs);

	if (!at) {
		VEC_PUSH(&g->v,
			((struct weir_env_group){
				.req_id = arena_strndup(a, req_id.s, req_id.len),
				.full_id = arena_strndup(
					a, full_id.s ? full_id.s : "", full_id.len),
				.archs = arena_strndup(a, archs, strlen(archs)) }));
		at = &g->v.v[g->v.n - 1];
	}
	VEC_PUSH(&at->steps, arena_strndup(a, step, strlen(step)));
	return at;
}

void
env_group_on(struct weir_env_groups *g, struct weir_env_group *group, struct str arch)
{
	bool known = !arch.len;

	for (size_t i = 0; i < group->on.n && !known; i++)
		known = str_eq(arch, group->on.v[i]);
	if (!known)
		VEC_PUSH(&group->on, arena_strndup(&g->arena, arch.s, arch.len));
}

void
env_group_alone(struct weir_env_groups *g, const char *step, const char *fmt, ...)
{
	struct buf why = BUF_INIT(1024);
	va_list args;

	va_start(args, fmt);
	buf_vaddf(&why, fmt, args);
	va_end(args);
	VEC_PUSH(&g->alone,
		((struct weir_env_alone){
			.step = arena_strndup(&g->arena, step, strlen(step)),
			.why = arena_strndup(&g->arena, buf_cstr(&why), why.len) }));
	buf_release(&why);
}

const struct weir_env_group *
weir_env_group_of(const struct weir_env_groups *g, const char *step)
{
	for (size_t i = 0; i < g->v.n; i++)
		for (size_t j = 0; j < g->v.v[i].steps.n; j++)
			if (strcmp(g->v.v[i].steps.v[j], step) == 0)
				return &g->v.v[i];
	return NULL;
}

void
weir_env_group_steps(const struct weir_env_group *g, struct buf *out)
{
	for (size_t i = 0; i < g->steps.n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", g->steps.v[i]);
}

void
weir_env_groups_release(struct weir_env_groups *g)
{
	for (size_t i = 0; i < g->v.n; i++) {
		VEC_FREE(&g->v.v[i].steps);
		VEC_FREE(&g->v.v[i].on);
	}
	VEC_FREE(&g->v);
	VEC_FREE(&g->alone);
	arena_free(&g->arena);
	*g = (struct weir_env_groups){ 0 };
}
