/* What this file registered and no longer names. */
#include "register.h"

static bool
is_named(const struct reg_plan *p, const char *id, const char *full)
{
	for (size_t i = 0; i < p->items.n; i++) {
		const struct reg_item *item = &p->items.v[i];
		size_t n = strlen(item->flow_name);

		if (!strcmp(register_text(item->served, "id"), id))
			return true;
		if (!strncmp(full, item->flow_name, n) && full[n] == '/' &&
			!strcmp(full + n + 1, item->name))
			return true;
	}
	return false;
}

static enum weir_rc
take_gone(struct reg_plan *p, const char *id, const char *full,
	const struct reg_get *doc, const struct reg_get *count, struct weir_err *err)
{
	const char *slash = strchr(full, '/');
	json_t *n, *served;
	char *flow;

	if (doc->rc == WEIR_ENOTFOUND) {
		json_object_del(p->known, id); /* someone else did it */
		return WEIR_OK;
	}
	if (doc->rc || count->rc) {
		*err = doc->rc ? doc->err : count->err;
		return err->rc;
	}
	served = register_parse(&doc->out, doc->path, err);
	if (!served)
		return err->rc;
	flow = slash ? xstrndup(full, (size_t)(slash - full)) : xstrdup("");
	register_item_add(p, NULL, flow, slash ? slash + 1 : full);
	free(flow);
	p->items.v[p->items.n - 1].served = served;
	n = register_parse(&count->out, count->path, NULL);
	p->views.v[p->items.n - 1].verdict = WEIR_REG_REMOVED;
	p->views.v[p->items.n - 1].n_scheduled = (size_t)json_integer_value(n);
	json_decref(n);
	return weir_id_parse(str_of(id), &p->views.v[p->items.n - 1].id)
		       ? WEIR_OK
		       : weir_fail(err, WEIR_EBADDATA, "register: '%s' is no id", id);
}

enum weir_rc
register_find_gone(struct reg_plan *p, struct api *a, struct weir_err *err)
{
	VEC(const char *) ids = { 0 };
	VEC(char *) bodies = { 0 };
	struct reg_gets gets = { 0 };
	const char *id;
	json_t *entry;

	enum weir_rc rc;

	json_object_foreach(p->known, id, entry)
	{
		char *body;

		if (is_named(p, id, register_known_name(entry)))
			continue;
		body = xasprintf("{\"deployments\":{\"id\":{\"any_\":[\"%s\"]}},"
				 "\"flow_runs\":{\"state\":{\"type\":{\"any_\":["
				 "\"SCHEDULED\"]}}}}",
			id);
		VEC_PUSH(&ids, id);
		VEC_PUSH(&bodies, body);
		register_gets_add(
			&gets, "GET", xasprintf("/deployments/%s", id), STR(""));
		register_gets_add(
			&gets, "POST", xstrdup("/flow_runs/count"), str_of(body));
	}

	rc = register_gets_run(a, &gets, err);
	for (size_t i = 0; !rc && i < ids.n; i++)
		rc = take_gone(p, ids.v[i],
			register_known_name(json_object_get(p->known, ids.v[i])),
			&gets.v[2 * i], &gets.v[2 * i + 1], err);
	for (size_t i = 0; i < bodies.n; i++)
		free(bodies.v[i]);
	register_gets_release(&gets);
	VEC_FREE(&bodies);
	VEC_FREE(&ids);
	return rc;
}
