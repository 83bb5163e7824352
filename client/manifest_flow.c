#include <limits.h>

#include "manifest_priv.h"

void
manifest_flow_release(struct flow_facts *f)
{
	json_decref(f->schema);
	f->schema = NULL;
}

/* ---- a schema that the user gives */

static bool
has_ref(const json_t *v)
{
	json_t *tree = (json_t *)(uintptr_t)v, *member;
	const char *key;

	for (size_t i = 0; i < json_array_size(v); i++)
		if (has_ref(json_array_get(v, i)))
			return true;
	json_object_foreach(tree, key, member)
	{
		if (strcmp(key, "$ref") == 0 || has_ref(member))
			return true;
	}
	return false;
}

static bool
is_yaml_name(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && (strcasecmp(dot, ".yaml") == 0 || strcasecmp(dot, ".yml") == 0);
}

static enum weir_rc
parse_schema(const char *file, struct str text, json_t **ret, struct weir_err *err)
{
	struct yaml y = { 0 };
	json_error_t why;
	enum weir_rc rc;

	if (is_yaml_name(file)) {
		rc = yaml_load(text, file, &y, err);
		if (!rc)
			*ret = yaml_json(y.root);
		yaml_free(&y);
		return rc;
	}
	*ret = json_loadb(text.s ? text.s : "", text.len, 0, &why);
	return *ret ? WEIR_OK
		    : weir_fail(err, WEIR_EBADDATA, "%s:%d:%d: %s", file, why.line,
			      why.column, why.text);
}

/* Relative to the folder of prefect.yaml. */
static enum weir_rc
schema_file(struct reading *r, const struct spot *s, json_t **ret)
{
	struct buf text = BUF_INIT(WEIR_MANIFEST_BYTES_MAX + (1 << 17));
	const char *name = s->node->text;
	char *file = *name == '/' ? xstrdup(name) : xasprintf("%s/%s", r->folder, name);
	enum weir_rc rc;

	rc = manifest_read_file(file, &text, r->err);
	if (!rc)
		rc = parse_schema(file, buf_str(&text), ret, r->err);
	if (rc)
		weir_prefix(
			r->err, "%s:%u:%u", r->file, s->node->line, s->node->column);
	free(file);
	buf_release(&text);
	return rc;
}

static enum weir_rc
read_schema(struct reading *r, struct draft *d)
{
	const struct ynode *v = yaml_get(d->node, "parameter_openapi_schema");
	struct spot s = SPOT_KEY(&d->at, "parameter_openapi_schema", v);
	enum weir_rc rc = WEIR_OK;

	if (!v || v->kind == Y_NULL)
		return WEIR_OK;
	if (v->kind == Y_TEXT)
		rc = schema_file(r, &s, &d->flow.schema);
	else
		d->flow.schema = yaml_json(v);
	if (rc)
		return rc;
	d->flow.certain = true;
	if (!json_is_object(d->flow.schema))
		return manifest_fail(r, &s, "a schema is an object");
	if (v->kind == Y_MAP && has_ref(d->flow.schema))
		return manifest_fail(
			r, &s, "$ref is for a schema in a file of its own");
	return WEIR_OK;
}

/* ---- flows */

VEC_TYPE(pending, struct draft *);

static enum weir_rc
name_command(struct reading *r, struct draft *d)
{
	if (!d->flow_name) {
		manifest_fail(r, &d->at, "an entrypoint is needed");
		return weir_hint(r->err, "for a command: flow_name and "
					 "work_pool.job_variables.command");
	}
	d->flow.name = d->flow_name;
	if (!d->flow.schema) {
		d->flow.schema =
			json_pack("{s:s, s:{}}", "type", "object", "properties");
		d->flow.certain = true;
	}
	return WEIR_OK;
}

static enum weir_rc
ask_python(struct reading *r, const struct pending *v)
{
	enum weir_rc rc;

	if (!v->n)
		return WEIR_OK;
	rc = manifest_python(r, v->v, v->n);
	if (rc == WEIR_ENOTFOUND)
		weir_hint(r->err, "--python FILE, or parameter_openapi_schema and "
				  "flow_name in the file");
	return rc;
}

static enum weir_rc
check_flow_name(struct reading *r, const struct draft *d)
{
	const char *key = d->entrypoint ? "entrypoint" : "flow_name";
	struct spot s = SPOT_KEY(&d->at, key, yaml_get(d->node, key));
	size_t bad = strcspn(d->flow.name, "/%&><");

	if (!d->flow.name[bad])
		return WEIR_OK;
	return manifest_fail(r, &s, "the flow's name %s cannot have a %c", d->flow.name,
		d->flow.name[bad]);
}

enum weir_rc
manifest_flows(struct reading *r, struct draft *drafts, size_t n)
{
	struct pending wait = { 0 };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		struct draft *d = &drafts[i];

		rc = read_schema(r, d);
		if (!rc && !d->entrypoint)
			rc = name_command(r, d);
		else if (!rc && d->flow_name &&
			 (d->flow.schema || r->opts->schema == WEIR_SCHEMA_NONE))
			d->flow.name = d->flow_name;
		else if (!rc)
			VEC_PUSH(&wait, d);
	}
	if (!rc)
		rc = ask_python(r, &wait);
	VEC_FREE(&wait);
	for (size_t i = 0; i < n && !rc; i++)
		rc = check_flow_name(r, &drafts[i]);
	return rc;
}
