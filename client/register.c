/*
 * The plan: what the file states against what the server has.
 *
 *   weir_register_plan -> open_items -> register_read_first (deployments, pools,
 * workers)
 *                      -> compare -> register_read_automations -> register_find_gone
 */
#include "register.h"

#include "session.h"

static const char *const verdicts[WEIR_REG_N] = {
	[WEIR_REG_UNCHANGED] = "unchanged",
	[WEIR_REG_CREATED] = "created",
	[WEIR_REG_CHANGED] = "changed",
	[WEIR_REG_REMOVED] = "removed",
	[WEIR_REG_FAILED] = "failed",
};

const char *
weir_reg_verdict_name(enum weir_reg_verdict v)
{
	return verdicts[v];
}

/* ---- what is told */

void
register_note(struct reg_plan *p, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < p->notes.n; i++)
		if (strcmp(p->notes.v[i], text) == 0) {
			free(text);
			return;
		}
	VEC_PUSH(&p->notes, text);
	p->pub.notes = (const char *const *)p->notes.v;
	p->pub.n_notes = p->notes.n;
}

void
register_fail(struct reg_plan *p, size_t i, enum weir_rc rc, const char *hint,
	const char *fmt, ...)
{
	struct weir_reg_item *view = &p->views.v[i];
	char text[1536];
	va_list ap;

	if (view->verdict == WEIR_REG_FAILED)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	view->verdict = WEIR_REG_FAILED;
	view->rc = rc;
	view->said = arena_strndup(&p->arena, text, strlen(text));
	view->hint = hint ? arena_strndup(&p->arena, hint, strlen(hint)) : "";
}

void
register_count(struct reg_plan *p)
{
	memset(p->pub.count, 0, sizeof(p->pub.count));
	for (size_t i = 0; i < p->views.n; i++)
		p->pub.count[p->views.v[i].verdict]++;
	p->pub.v = p->views.v;
	p->pub.n = p->views.n;
}

static char *
pretty(const json_t *j)
{
	char *text =
		j ? json_dumps(j, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY |
					  JSON_REAL_PRECISION(17))
		  : NULL;

	return text ? text : xstrdup("");
}

static void
show_changes(struct reg_plan *p, size_t i)
{
	struct reg_item *item = &p->items.v[i];
	struct weir_reg_item *view = &p->views.v[i];

	for (size_t k = 0; k < item->changes.n; k++) {
		struct reg_change *c = &item->changes.v[k];
		struct weir_reg_change shown = { .field = c->field };

		c->before_text = pretty(c->before);
		c->after_text = pretty(c->after);
		shown.before = c->before_text;
		shown.after = c->after_text;
		VEC_PUSH(&item->shown, shown);
	}
	view->changes = item->shown.v;
	view->n_changes = item->shown.n;
	if (view->verdict != WEIR_REG_FAILED && !item->served)
		view->verdict = WEIR_REG_CREATED;
	else if (view->verdict != WEIR_REG_FAILED && item->changes.n)
		view->verdict = WEIR_REG_CHANGED;
}

/* ---- the file */

static json_t *
load(struct str text)
{
	return text.len ? json_loadb(text.s, text.len, JSON_ALLOW_NUL, NULL) : NULL;
}

void
register_item_add(struct reg_plan *p, const struct weir_manifest_entry *e,
	const char *flow, const char *name)
{
	struct reg_item item = {
		.entry = e,
		.flow_name = xstrdup(flow),
		.name = xstrdup(name),
	};
	struct weir_reg_item view = {
		.flow_name = item.flow_name,
		.name = item.name,
		.said = "",
		.hint = "",
	};

	if (e) {
		view.place = e->place;
		item.stated = load(e->stated);
		item.guessed = load(e->guessed);
		item.triggers = load(e->triggers);
		if (!item.stated)
			item.stated = json_object();
	}
	VEC_PUSH(&p->items, item);
	VEC_PUSH(&p->views, view);
}

static void
open_items(struct reg_plan *p)
{
	json_t *seen = json_object();

	for (size_t i = 0; i < p->m->n; i++) {
		const struct weir_manifest_entry *e = &p->m->v[i];
		char *full = xasprintf("%s/%s", e->flow_name, e->name);

		register_item_add(p, e, e->flow_name, e->name);
		if (json_object_get(seen, full))
			register_fail(p, i, WEIR_EREFUSED, NULL,
				"the file names it twice, first at line %d",
				(int)json_integer_value(json_object_get(seen, full)));
		else
			json_object_set_new(seen, full, json_integer(e->place.line));
		free(full);
	}
	json_decref(seen);
}

static void
compare(struct reg_plan *p, size_t i)
{
	struct reg_item *item = &p->items.v[i];
	bool stuck = false;

	register_compare(item->stated, item->served, &item->changes, &stuck);
	if (stuck)
		register_note(p,
			"%s/%s: job_variables: the server does not let them be "
			"emptied, they stay as they are",
			item->flow_name, item->name);
}

/* ---- the way in */

static enum weir_rc
make(struct reg_plan *p, struct weir_session *s, const struct weir_reg_opts *opts,
	struct weir_err *err)
{
	struct api *a;
	enum weir_rc rc = session_api(s, 0, &a, err);

	if (rc)
		return rc;
	p->old = a->version.major == 2;
	p->can_rename = api_since(a, 3, 6, 17);
	open_items(p);
	rc = register_known_read(s, p->m, &p->known, err);
	if (!rc)
		rc = register_read_first(p, a, err);
	for (size_t i = 0; !rc && i < p->m->n; i++)
		compare(p, i);
	if (!rc)
		rc = register_read_automations(p, a, err);
	if (!rc && opts->prune)
		rc = register_find_gone(p, a, err);
	for (size_t i = 0; !rc && i < p->m->n; i++)
		show_changes(p, i);
	register_count(p);
	return rc;
}

enum weir_rc
weir_register_server(struct weir_session *s, bool *ret_old, struct weir_err *err)
{
	struct api *a;
	enum weir_rc rc = session_api(s, 0, &a, err);

	if (!rc)
		*ret_old = a->version.major == 2;
	return rc;
}

enum weir_rc
weir_register_plan(struct weir_session *s, const struct weir_manifest *m,
	const struct weir_reg_opts *opts, struct weir_reg_plan **ret_plan,
	struct weir_err *err)
{
	struct reg_plan *p = xcalloc(1, sizeof(*p));
	enum weir_rc rc;

	p->m = m;
	p->pub.path = m->path;
	p->secret = opts->secret;
	rc = make(p, s, opts, err);
	if (rc)
		weir_register_free(&p->pub);
	else
		*ret_plan = &p->pub;
	return rc;
}

void
weir_register_free(struct weir_reg_plan *plan)
{
	struct reg_plan *p = (void *)plan; /* its first member */

	if (!p)
		return;
	for (size_t i = 0; i < p->items.n; i++) {
		struct reg_item *item = &p->items.v[i];

		json_decref(item->stated);
		json_decref(item->guessed);
		json_decref(item->served);
		json_decref(item->triggers);
		json_decref(item->automations);
		register_changes_free(&item->changes);
		VEC_FREE(&item->shown);
		free(item->flow_name);
		free(item->name);
	}
	for (size_t i = 0; i < p->notes.n; i++)
		free(p->notes.v[i]);
	VEC_FREE(&p->items);
	VEC_FREE(&p->views);
	VEC_FREE(&p->notes);
	json_decref(p->known);
	arena_free(&p->arena);
	free(p);
}
