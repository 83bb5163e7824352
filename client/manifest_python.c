/*
 * What Prefect's own code says of flows: one run of a Python that has it, without a
 * shell, for all the entrypoints.
 */
#include <unistd.h>

#include "manifest_priv.h"
#include "proc.h"
#include "python.h"

enum {
	PYTHON_MS_MAX = 120000,
	PYTHON_BYTES_MAX = 64 << 20,
	NO_PREFECT = 43, /* the script's exit status */
};

/*
 * Its own words go to stdout, one JSON object a line; what the user's code prints goes
 * to stderr.
 */
static const char script[] =
	"import json, os, sys\n"
	"out = os.fdopen(os.dup(1), 'w')\n"
	"os.dup2(2, 1)\n"
	"try:\n"
	"    from prefect.flows import load_flow_from_entrypoint as load\n"
	"    from prefect.utilities.callables import parameter_schema as schema\n"
	"except ImportError:\n"
	"    sys.exit(43)\n"
	"for entrypoint in sys.argv[1:]:\n"
	"    try:\n"
	"        f = load(entrypoint)\n"
	"        s = schema(f)\n"
	"        s = s.model_dump_for_openapi() if hasattr(s, "
	"'model_dump_for_openapi') else s.dict(exclude_none=True)\n"
	"        d = {'name': f.name, 'description': f.description,\n"
	"             'version': f.version, 'schema': s}\n"
	"        text = json.dumps(d, default=str, allow_nan=False)\n"
	"    except BaseException as e:\n"
	"        text = json.dumps({'error': f'{type(e).__name__}: {e}'})\n"
	"    out.write(text + '\\n')\n"
	"    out.flush()\n"
	"os._exit(0)\n";

/* Nothing is sent, started or asked for on the way. */
static const char *const settings[] = {
	"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=false",
	"PREFECT_LOGGING_TO_API_ENABLED=false",
	"PREFECT_SERVER_ANALYTICS_ENABLED=false",
	"PREFECT_CLI_PROMPT=false",
	"PREFECT_LOGGING_LEVEL=ERROR",
	"DO_NOT_TRACK=1",
	"PYTHONDONTWRITEBYTECODE=1",
	"PYTHONUNBUFFERED=1",
	"PYTHONIOENCODING=utf-8",
	NULL,
};

/* ---- one interpreter */

static const char *
last_line(struct buf *b)
{
	char *p;

	while (b->len && strchr(" \n\r", b->s[b->len - 1]))
		buf_truncate(b, b->len - 1);
	p = b->len ? strrchr(b->s, '\n') : NULL;
	return p ? p + 1 : buf_cstr(b);
}

static const char *
copy(struct reading *r, const json_t *v)
{
	return json_is_string(v) ? arena_strndup(r->arena, json_string_value(v),
					   json_string_length(v))
				 : NULL;
}

static enum weir_rc
take_facts(struct reading *r, struct draft *d, const json_t *v)
{
	struct spot s = SPOT_KEY(&d->at, "entrypoint", yaml_get(d->node, "entrypoint"));
	const char *wrong = json_string_value(json_object_get(v, "error"));
	json_t *schema = json_object_get(v, "schema");

	if (wrong)
		return manifest_fail(r, &s, "%s: %.900s", d->entrypoint, wrong);
	if (!json_is_object(schema) || !json_is_string(json_object_get(v, "name")))
		return manifest_fail(r, &s, "%s: Python said nothing", d->entrypoint);
	d->flow.name = copy(r, json_object_get(v, "name"));
	d->flow.description = copy(r, json_object_get(v, "description"));
	d->flow.version = copy(r, json_object_get(v, "version"));
	if (!json_object_size(json_object_get(schema, "definitions")))
		json_object_del(schema, "definitions");
	if (!json_array_size(json_object_get(schema, "required")))
		json_object_del(schema, "required");
	if (!d->flow.schema || !d->flow.certain) {
		json_decref(d->flow.schema);
		d->flow.schema = json_incref(schema);
		d->flow.certain = true;
	}
	return WEIR_OK;
}

static enum weir_rc
read_answers(struct reading *r, struct draft *const *v, size_t n, struct buf *out)
{
	char *line = out->s, *end;
	enum weir_rc rc = WEIR_OK;
	json_t *tree;

	for (size_t i = 0; i < n && !rc; i++, line = end ? end + 1 : NULL) {
		end = line ? strchr(line, '\n') : NULL;
		if (end)
			*end = '\0';
		tree = line ? json_loads(line, 0, NULL) : NULL;
		rc = take_facts(r, v[i], tree);
		json_decref(tree);
	}
	return rc;
}

/* WEIR_ENOTFOUND: no such program, or it has no Prefect. */
static enum weir_rc
ask(struct reading *r, const char *python, struct draft *const *v, size_t n)
{
	struct proc p = { .more_env = settings, .timeout_ms = PYTHON_MS_MAX };
	VEC(const char *) words = { 0 };
	enum weir_rc rc;

	VEC_PUSH(&words, python);
	VEC_PUSH(&words, "-c");
	VEC_PUSH(&words, script);
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(&words, v[i]->entrypoint);
	VEC_PUSH(&words, NULL);
	p.words = words.v;
	buf_init(&p.out, PYTHON_BYTES_MAX);
	buf_init(&p.errors, 1 << 16);
	rc = proc_run(&p, r->err);
	if (!rc && p.status == NO_PREFECT)
		rc = weir_fail(r->err, WEIR_ENOTFOUND, "%s has no prefect", python);
	else if (!rc && p.status)
		rc = weir_fail(r->err, WEIR_EFAIL, "%s: %.900s", python,
			p.errors.len ? last_line(&p.errors) : "it failed");
	if (!rc)
		rc = read_answers(r, v, n, &p.out);
	buf_release(&p.out);
	buf_release(&p.errors);
	VEC_FREE(&words);
	return rc;
}

enum weir_rc
manifest_python(struct reading *r, struct draft *const *v, size_t n)
{
	const char *names[PYTHONS_MAX];
	size_t n_names = python_candidates("prefect", r->opts->python, r->arena, names);
	enum weir_rc rc = WEIR_ENOTFOUND;

	for (size_t i = 0; i < n_names && rc == WEIR_ENOTFOUND; i++)
		rc = ask(r, names[i], v, n);
	if (rc == WEIR_ENOTFOUND && !r->opts->python)
		weir_fail(r->err, rc, "no Python with prefect was found");
	return rc;
}
