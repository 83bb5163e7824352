#include <unistd.h>

#include "manifest_priv.h"

static const char set_directory[] = "prefect.deployments.steps.set_working_directory";

/* ---- build and push: code, that a reader does not run */

static bool
is_filled(const struct ynode *v)
{
	return v && v->kind != Y_NULL && v->n;
}

static enum weir_rc
refuse_steps(struct reading *r, const struct spot *at, const struct ynode *v)
{
	const struct ynode *step = v->kind == Y_LIST ? v->v[0] : v;
	struct spot s = *at, below;
	const char *name = step->n ? step->pairs[0].key : "";

	if (v->kind == Y_LIST)
		s = SPOT_AT(at, 0, step);
	below = SPOT_KEY(&s, name, step->n ? step->pairs[0].from : NULL);
	manifest_fail(r, *name ? &below : &s,
		"a step that `prefect deploy` runs; weir runs no code here");
	return weir_hint(r->err,
		"run it yourself and say %s: null in the deployment; "
		"its result by {{ $VARIABLE }}",
		at->key);
}

/*
 * A deployment's own replace those of the top; an empty push does not, in Prefect
 * either.
 */
static enum weir_rc
check_no_steps(struct reading *r, const struct draft *d, const char *key)
{
	const struct ynode *own = yaml_get(d->node, key);
	const struct ynode *top = yaml_get(r->yaml.root, key);
	struct spot own_at = SPOT_KEY(&d->at, key, own);
	struct spot top_at = SPOT_KEY(NULL, key, top);
	bool hides = own && (strcmp(key, "build") == 0 || is_filled(own));

	if (is_filled(own))
		return refuse_steps(r, &own_at, own);
	if (!hides && is_filled(top))
		return refuse_steps(r, &top_at, top);
	return WEIR_OK;
}

/* ---- pull: stored for those who run it */

/* The steps that count, NULL if Prefect makes its own; at: where they are. */
static const struct ynode *
find_pull(const struct reading *r, const struct draft *d, struct spot *at)
{
	const struct ynode *own = yaml_get(d->node, "pull");
	const struct ynode *top = yaml_get(r->yaml.root, "pull");

	*at = SPOT_KEY(&d->at, "pull", own);
	if (own && own->kind == Y_LIST && !own->n)
		return own;
	if (is_filled(own))
		return own;
	*at = SPOT_KEY(NULL, "pull", top);
	if (is_filled(top) || (!own && top && top->kind == Y_LIST))
		return top;
	return NULL;
}

static enum weir_rc
set_pull(struct reading *r, struct draft *d, const struct spot *at,
	const struct ynode *v)
{
	json_t *raw = yaml_json(v), *list = raw, *done = NULL;
	enum weir_rc rc;

	if (v->kind == Y_MAP) {
		list = json_array();
		json_array_append_new(list, raw);
	}
	rc = manifest_finish(r, at, list, FINISH_KEEP, &done);
	json_decref(list);
	if (!rc)
		json_object_set_new(d->stated, "pull_steps", done);
	return rc;
}

/* ---- the default of a left-out pull */

/* An image of one's own has the code in a folder of its own. */
static bool
has_image(const struct draft *d)
{
	const json_t *pool = json_object_get(d->stated, "job_variables");
	const json_t *image = json_object_get(pool, "image");

	return json_is_string(image) ? json_string_length(image) > 0
				     : image && !json_is_null(image);
}

static void
guess_pull(struct reading *r, struct draft *d)
{
	const char *folder = has_image(d) ? "/opt/prefect" : r->cwd;
	json_t *list = json_array();

	if (d->entrypoint)
		json_array_append_new(list,
			json_pack("{s:{s:s}}", set_directory, "directory", folder));
	json_object_set_new(d->guessed, "pull_steps", list);
}

enum weir_rc
manifest_steps(struct reading *r, struct draft *d)
{
	const struct ynode *pull;
	struct spot at;
	enum weir_rc rc;

	rc = check_no_steps(r, d, "build");
	if (!rc)
		rc = check_no_steps(r, d, "push");
	if (rc)
		return rc;
	pull = find_pull(r, d, &at);
	if (pull)
		return set_pull(r, d, &at, pull);
	guess_pull(r, d);
	return WEIR_OK;
}
