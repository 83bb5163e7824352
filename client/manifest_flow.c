#include <unistd.h>

#include "dyn.h"
#include "manifest_priv.h"
#include "pysig.h"

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

/* ---- the source, read without running it */

/* `file.py:function`, `package.module.function`: the file, or NULL; owned. */
static char *
source_of(const struct draft *d, const char **ret_function)
{
	const char *colon = strrchr(d->entrypoint, ':');
	const char *cut = colon ? colon : strrchr(d->entrypoint, '.');
	size_t n = cut ? (size_t)(cut - d->entrypoint) : 0;
	char *path, *file;

	if (!n || !cut[1] || strchr(cut + 1, '.'))
		return NULL;
	*ret_function = cut + 1;
	path = xstrndup(d->entrypoint, n);
	if (colon && (access(path, R_OK) == 0 || strstr(path, ".py")))
		return path;
	for (char *p = path; *p; p++)
		*p = *p == '.' ? '/' : *p;
	file = xasprintf("%s.py", path);
	if (access(file, R_OK) != 0) {
		free(file);
		file = xasprintf("%s/__init__.py", path);
	}
	free(path);
	return file;
}

/* Prefect's version of a flow that states none: a hash of its file. */
static const char *
hash_of(struct reading *r, struct str text)
{
	unsigned char sum[DYN_MD5_SIZE];
	struct buf b = BUF_INIT(64);
	const char *hash;

	if (dyn_hash(DYN_MD5, text, sum, NULL))
		return NULL;
	for (size_t i = 0; i < sizeof(sum); i++)
		buf_addf(&b, "%02x", sum[i]);
	hash = arena_strndup(r->arena, buf_cstr(&b), b.len);
	buf_release(&b);
	return hash;
}

static void
take_signature(
	struct reading *r, struct draft *d, const struct pysig *sig, struct str text)
{
	struct flow_facts *f = &d->flow;

	f->name = sig->name;
	f->description = sig->about;
	f->version = sig->version ? sig->version : hash_of(r, text);
	f->complete = sig->complete;
	if (f->schema) {
		f->complete = sig->complete || (sig->name && sig->found);
		json_decref(sig->schema);
		return;
	}
	f->schema = sig->schema;
	f->certain = sig->certain;
}

/* What cannot be found or read is told only if nobody else is asked. */
static enum weir_rc
read_static(struct reading *r, struct draft *d)
{
	struct spot s = SPOT_KEY(&d->at, "entrypoint", yaml_get(d->node, "entrypoint"));
	struct buf text = BUF_INIT(WEIR_MANIFEST_BYTES_MAX + (1 << 17));
	const char *function = NULL;
	char *file = source_of(d, &function);
	struct pysig sig = { 0 };
	struct weir_err err = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (!file)
		rc = manifest_fail(
			r, &s, "%s names no function of a file", d->entrypoint);
	else if (manifest_read_file(file, &text, &err))
		rc = manifest_fail(r, &s, "%s", err.text);
	else if (!pysig_read(buf_str(&text), function, r->arena, &sig))
		rc = manifest_fail(r, &s, "%s cannot be read as Python", file);
	else if (sig.found)
		take_signature(r, d, &sig, buf_str(&text));
	free(file);
	buf_release(&text);
	return rc;
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

/* What the source did not say: the file may, for the name. */
static enum weir_rc
fall_back(struct reading *r, struct draft *d)
{
	struct spot s = SPOT_KEY(&d->at, "entrypoint", yaml_get(d->node, "entrypoint"));

	if (!d->flow.name)
		d->flow.name = d->flow_name;
	if (!d->flow.name) {
		manifest_fail(r, &s,
			"the name of the flow %s cannot be read without "
			"a Python that has prefect",
			d->entrypoint);
		return weir_hint(r->err, "--python FILE, or flow_name in the file");
	}
	if (!d->flow.schema && r->opts->schema != WEIR_SCHEMA_NONE) {
		manifest_fail(r, &s,
			"the parameters of %s cannot be read without a "
			"Python that has prefect",
			d->entrypoint);
		return weir_hint(r->err,
			"--python FILE, or parameter_openapi_schema in the file");
	}
	if (!d->flow.certain && d->flow.schema)
		manifest_note(r, &s,
			"not all types of its parameters can be read "
			"without a Python that has prefect");
	return WEIR_OK;
}

/* Python knows better; without one, what the source said must do. */
static enum weir_rc
ask_python(struct reading *r, const struct pending *v)
{
	bool must = r->opts->schema == WEIR_SCHEMA_PYTHON || r->opts->python;
	enum weir_rc rc = WEIR_ENOTFOUND;

	if (!v->n)
		return WEIR_OK;
	if (r->opts->schema == WEIR_SCHEMA_AUTO || must)
		rc = manifest_python(r, v->v, v->n);
	if (rc != WEIR_ENOTFOUND)
		return rc;
	if (must)
		return weir_hint(r->err, "--python FILE");
	rc = WEIR_OK;
	for (size_t i = 0; i < v->n && !rc; i++)
		rc = fall_back(r, v->v[i]);
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

/*
 * The source is read first: it takes no time, and what it knows is what Prefect would
 * say. Those that are not complete wait for Python.
 */
static enum weir_rc
read_flow(struct reading *r, struct draft *d, struct pending *wait)
{
	enum weir_schema_way way = r->opts->schema;
	enum weir_rc rc = read_schema(r, d);

	if (rc)
		return rc;
	if (!d->entrypoint)
		return name_command(r, d);
	if (way != WEIR_SCHEMA_PYTHON) {
		rc = read_static(r, d);
		if (rc && way == WEIR_SCHEMA_STATIC && !d->flow_name)
			return rc;
	}
	if (way == WEIR_SCHEMA_NONE) {
		json_decref(d->flow.schema);
		d->flow.schema = NULL;
		return d->flow.name ? WEIR_OK : fall_back(r, d);
	}
	if (!d->flow.complete)
		VEC_PUSH(wait, d);
	return WEIR_OK;
}

enum weir_rc
manifest_flows(struct reading *r, struct draft *drafts, size_t n)
{
	struct pending wait = { 0 };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < n && !rc; i++)
		rc = read_flow(r, &drafts[i], &wait);
	if (!rc)
		rc = ask_python(r, &wait);
	VEC_FREE(&wait);
	for (size_t i = 0; i < n && !rc; i++)
		rc = check_flow_name(r, &drafts[i]);
	return rc;
}
