#include "view.h"

#include "app.h"

void
view_init(struct view *v, const struct view_ops *ops, struct app *app)
{
	v->ops = ops;
	v->app = app;
	v->serial = ++app->n_views;
	v->dirty = VIEW_ALL;
}

void
view_touch(struct view *v, unsigned dirty)
{
	v->dirty |= dirty | VIEW_PAINT;
}

void
view_update(struct view *v)
{
	if (v->dirty & VIEW_LAYOUT) {
		v->dirty &= ~(unsigned)VIEW_LAYOUT;
		v->ops->layout(v);
		v->dirty |= VIEW_PAINT;
	}
	if (v->dirty & VIEW_DATA) {
		v->dirty &= ~(unsigned)VIEW_DATA;
		v->ops->data(v);
		v->dirty |= VIEW_PAINT;
	}
}

bool
view_works(const struct view *v, enum action_id id)
{
	const struct action *action = action_get(id);

	if (!(action->contexts & (unsigned)v->ops->context))
		return false;
	if (action->run != app_forward)
		return true;
	if (id <= ACTION_LAST)
		return v->ops->move != NULL;
	for (const struct view_act *act = v->ops->acts; act->id != ACTION_NONE; act++) {
		if (act->id == id)
			return true;
	}
	return false;
}

bool
view_do(struct view *v, enum action_id id, const char *arg)
{
	if (v->ops->move && v->ops->move(v, id))
		return true;
	for (const struct view_act *act = v->ops->acts; act->id != ACTION_NONE; act++) {
		if (act->id == id) {
			act->run(v, id, arg);
			return true;
		}
	}
	return false;
}
