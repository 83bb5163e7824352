#include "desk.h"

#include <weir/time.h>

#include "app.h"

/* So many are looked for again at each change of the store, more only so often. */
enum { LOOK_MAX = 4096, LOOK_US = 10 * 1000000 };

void
desk_init(struct app *a)
{
	a->desk.keeper = keeper_new(a->config);
	a->desk.current = SIZE_MAX;
	desk_read(a);
}

void
desk_release(struct app *a)
{
	keeper_free(a->desk.keeper);
	for (size_t i = 0; i < WEIR_N_KINDS; i++) {
		marks_release(&a->desk.marks[i]);
		free(a->desk.left[i]);
	}
	free(a->desk.left_last);
	weir_views_release(&a->desk.views);
}

bool
desk_idle(struct app *a)
{
	return keeper_idle(a->desk.keeper);
}

static void
take_marks(struct desk *d, const struct keeper_answer *answer)
{
	struct marks *m = &d->marks[answer->kind];

	if (answer->number < d->changed[answer->kind])
		return;
	marks_release(m);
	for (size_t i = 0; i < answer->n; i++)
		marks_set(m, answer->keys[i], true);
}

void
desk_take(struct app *a)
{
	struct keeper_answer *answer;

	while ((answer = keeper_next(a->desk.keeper))) {
		if (answer->rc)
			status_say(a, true, "not kept: %s", answer->text);
		else
			take_marks(&a->desk, answer);
		keeper_answer_free(answer);
		a->dirty = true;
		if (a->top)
			view_touch(a->top, VIEW_PAINT);
	}
}

void
desk_look(struct app *a)
{
	int64_t now = weir_monotonic_us();

	for (size_t i = 0; i < WEIR_N_KINDS; i++) {
		size_t n = a->desk.marks[i].n;

		if (n == 0 || i == WEIR_ENVIRONMENT ||
			(n > LOOK_MAX && now - a->desk.looked_us[i] < LOOK_US) ||
			!keeper_idle(a->desk.keeper))
			continue;
		a->desk.looked_us[i] = now;
		keeper_load(a->desk.keeper, (enum weir_kind)i);
	}
}

const struct marks *
desk_marks(struct app *a, enum weir_kind kind)
{
	if (!a->desk.known[kind] && kind == WEIR_ENVIRONMENT) {
		desk_envs_read(a);
	} else if (!a->desk.known[kind]) {
		a->desk.known[kind] = true;
		keeper_load(a->desk.keeper, kind);
	}
	return &a->desk.marks[kind];
}

void
desk_mark(struct app *a, enum weir_kind kind, uint32_t *keys, size_t n, bool on)
{
	struct marks *m = &a->desk.marks[kind];
	size_t changed = 0;

	for (size_t i = 0; i < n; i++)
		if (marks_set(m, keys[i], on))
			keys[changed++] = keys[i];
	if (changed > 0 && kind != WEIR_ENVIRONMENT) {
		a->desk.changed[kind] =
			keeper_mark(a->desk.keeper, kind, keys, changed, on);
		return;
	}
	free(keys);
	if (changed > 0)
		desk_envs_keep(a);
}

void
desk_unmark_all(struct app *a, enum weir_kind kind)
{
	if (a->desk.marks[kind].n == 0)
		return;
	marks_release(&a->desk.marks[kind]);
	if (kind == WEIR_ENVIRONMENT)
		desk_envs_keep(a);
	else
		a->desk.changed[kind] = keeper_unmark_all(a->desk.keeper, kind);
}
