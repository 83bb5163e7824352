/*
 * What the server has: deployments, work pools with their workers, then automations.
 * Each round is as many requests at once as the server bears.
 */
#include "api_body.h"
#include "register.h"

/* ---- first round: deployments, pools, workers */

VEC_TYPE(pools, struct reg_pool);
static char *
deployment_path(const struct reg_item *item)
{
	struct buf path = BUF_INIT(BUF_MAX);

	buf_adds(&path, "/deployments/name/");
	api_body_percent(&path, item->flow_name);
	buf_addc(&path, '/');
	api_body_percent(&path, item->name);
	return buf_steal(&path);
}

static char *
pool_path(const char *name, const char *rest)
{
	struct buf path = BUF_INIT(BUF_MAX);

	buf_adds(&path, "/work_pools/");
	api_body_percent(&path, name);
	buf_adds(&path, rest);
	return buf_steal(&path);
}

static struct reg_pool *
find_pool(struct pools *pools, const char *name)
{
	for (size_t i = 0; i < pools->n; i++)
		if (strcmp(pools->v[i].name, name) == 0)
			return &pools->v[i];
	return NULL;
}

static void
find_pools(const struct reg_plan *p, struct pools *pools)
{
	for (size_t i = 0; i < p->items.n; i++) {
		const char *name =
			register_text(p->items.v[i].stated, "work_pool_name");

		if (*name && !find_pool(pools, name))
			VEC_PUSH(pools, ((struct reg_pool){ .name = name }));
	}
}

static enum weir_rc
take_deployment(
	struct reg_plan *p, size_t i, const struct reg_get *g, struct weir_err *err)
{
	struct reg_item *item = &p->items.v[i];
	const char *id;

	if (g->rc == WEIR_ENOTFOUND)
		return WEIR_OK;
	if (g->rc) {
		*err = g->err;
		return g->rc;
	}
	item->served = register_parse(&g->out, g->path, err);
	if (!item->served)
		return err->rc;
	id = register_text(item->served, "id");
	if (weir_id_parse(str_of(id), &p->views.v[i].id))
		return WEIR_OK;
	return weir_fail(err, WEIR_ENET, "server: %s: the answer has no id", g->path);
}

static enum weir_rc
take_pool(struct reg_pool *pool, const struct reg_get *doc,
	const struct reg_get *workers, struct weir_err *err)
{
	const char *type;
	json_t *online;

	pool->missing = doc->rc == WEIR_ENOTFOUND;
	if (pool->missing)
		return WEIR_OK;
	if (doc->rc) {
		*err = doc->err;
		return doc->rc;
	}
	pool->doc = register_parse(&doc->out, doc->path, err);
	if (!pool->doc)
		return err->rc;
	type = register_text(pool->doc, "type");
	online =
		workers->rc ? NULL : register_parse(&workers->out, workers->path, NULL);
	pool->idle = online && !json_array_size(online) && !strstr(type, ":push") &&
		     !strstr(type, ":managed");
	json_decref(online);
	return WEIR_OK;
}

static enum weir_rc
ask_first(struct reg_plan *p, struct api *a, struct pools *pools, struct weir_err *err)
{
	static const char online[] =
		"{\"workers\":{\"status\":{\"any_\":[\"ONLINE\"]}},\"limit\":1}";
	struct reg_gets gets = { 0 };
	size_t n = p->items.n;
	enum weir_rc rc;

	for (size_t i = 0; i < n; i++)
		register_gets_add(
			&gets, "GET", deployment_path(&p->items.v[i]), STR(""));
	for (size_t i = 0; i < pools->n; i++) {
		register_gets_add(
			&gets, "GET", pool_path(pools->v[i].name, ""), STR(""));
		register_gets_add(&gets, "POST",
			pool_path(pools->v[i].name, "/workers/filter"), STR(online));
	}
	rc = register_gets_run(a, &gets, err);
	for (size_t i = 0; !rc && i < n; i++)
		rc = take_deployment(p, i, &gets.v[i], err);
	for (size_t i = 0; !rc && i < pools->n; i++)
		rc = take_pool(
			&pools->v[i], &gets.v[n + 2 * i], &gets.v[n + 2 * i + 1], err);
	register_gets_release(&gets);
	return rc;
}

enum weir_rc
register_read_first(struct reg_plan *p, struct api *a, struct weir_err *err)
{
	struct pools pools = { 0 };
	enum weir_rc rc;

	find_pools(p, &pools);
	rc = ask_first(p, a, &pools, err);
	for (size_t i = 0; !rc && i < p->items.n; i++) {
		const char *name =
			register_text(p->items.v[i].stated, "work_pool_name");

		register_check(p, i, *name ? find_pool(&pools, name) : NULL);
	}
	for (size_t i = 0; i < pools.n; i++)
		json_decref(pools.v[i].doc);
	VEC_FREE(&pools);
	return rc;
}

/* ---- second round: automations */

static const json_t *
known_of(const struct reg_plan *p, size_t i)
{
	return json_object_get(p->known, register_text(p->items.v[i].served, "id"));
}

static bool
wants_automations(const struct reg_plan *p, size_t i)
{
	const struct reg_item *item = &p->items.v[i];

	return item->served && p->views.v[i].verdict != WEIR_REG_FAILED &&
	       (item->triggers ||
		       json_array_size(register_known_automations(known_of(p, i))));
}

static void
compare_automations(struct reg_plan *p, size_t i)
{
	struct reg_item *item = &p->items.v[i];
	json_t *none = json_array(), *before = json_array(), *one;
	const json_t *stated = item->triggers ? item->triggers : none;
	size_t k;

	if (!register_automations_same(stated, item->automations,
		    register_known_automations(known_of(p, i)), item->name)) {
		item->triggers_differ = true;
		json_array_foreach(item->automations, k, one)
		{
			json_array_append(before, one);
		}
		register_change_add(&item->changes, "triggers", before, stated);
	}
	json_decref(none);
	json_decref(before);
}

static void
no_automations(struct reg_plan *p, size_t i)
{
	struct reg_item *item = &p->items.v[i];

	if (json_array_size(item->triggers))
		register_note(p,
			"%s/%s: triggers: there are no automations here: left out",
			item->flow_name, item->name);
}

enum weir_rc
register_read_automations(struct reg_plan *p, struct api *a, struct weir_err *err)
{
	struct reg_gets gets = { 0 };
	VEC(size_t) which = { 0 };
	enum weir_rc rc;

	for (size_t i = 0; i < p->items.n; i++)
		if (wants_automations(p, i)) {
			VEC_PUSH(&which, i);
			register_gets_add(&gets, "GET",
				xasprintf("/automations/related-to/"
					  "prefect.deployment.%s",
					register_text(p->items.v[i].served, "id")),
				STR(""));
		}
	rc = register_gets_run(a, &gets, err);
	for (size_t k = 0; !rc && k < which.n; k++) {
		struct reg_item *item = &p->items.v[which.v[k]];

		if (gets.v[k].rc == WEIR_ENOTFOUND) {
			no_automations(p, which.v[k]);
			continue;
		}
		rc = gets.v[k].rc;
		if (rc)
			*err = gets.v[k].err;
		else if (!(item->automations = register_parse(
				   &gets.v[k].out, gets.v[k].path, err)))
			rc = err->rc;
		else
			compare_automations(p, which.v[k]);
	}
	register_gets_release(&gets);
	VEC_FREE(&which);
	return rc;
}
