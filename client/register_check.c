/*
 * What the server would refuse, or would take and nobody could run: said before
 * anything is sent.
 */
#include "json_out.h"
#include "register.h"

#include "weir/params.h"

enum { FAULTS_MAX = 600 };

/* ---- values against a schema */

/* What is required may come with the run. */
static void
drop_required(json_t *schema)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(schema)) {
		json_array_foreach(schema, i, value)
		{
			drop_required(value);
		}
		return;
	}
	if (json_is_array(json_object_get(schema, "required")))
		json_object_del(schema, "required");
	json_object_foreach(schema, key, value)
	{
		drop_required(value);
	}
}

static void
add_fault(void *arg, const char *path, const char *text)
{
	struct buf *faults = arg;

	buf_addf(faults, "%s%s: %s", faults->len ? "; " : "", path, text);
}

/* What the server fills in before it looks cannot be judged here. */
static bool
has_template(const char *text)
{
	return strstr(text, "{{") || strstr(text, "\"$ref\"") ||
	       strstr(text, "__prefect_kind");
}

/* Appends what is wrong; nothing when that cannot be told. */
static void
find_faults(const json_t *values, const json_t *schema, struct buf *out)
{
	json_t *open = json_deep_copy(schema);
	char *values_text = json_out_text(values), *schema_text;
	struct weir_schema *s = NULL;
	struct weir_json *j = NULL;

	drop_required(open);
	schema_text = json_out_text(open);
	if (values_text && schema_text && !has_template(values_text) &&
		!weir_schema_parse(str_of(schema_text), &s, NULL) &&
		!weir_json_parse(str_of(values_text), &j, NULL))
		(void)weir_params_check(s, j, add_fault, out);
	weir_json_free(j);
	weir_schema_free(s);
	free(values_text);
	free(schema_text);
	json_decref(open);
}

static void
check_values(struct reg_plan *p, size_t i, const char *what, const json_t *values,
	const json_t *schema)
{
	struct buf faults = BUF_INIT(FAULTS_MAX);

	if (json_object_size(values) && json_is_object(schema))
		find_faults(values, schema, &faults);
	if (faults.len)
		register_fail(
			p, i, WEIR_EREFUSED, NULL, "%s.%s", what, buf_cstr(&faults));
	buf_release(&faults);
}

/* As the server would hold them against each other. */
static const json_t *
wanted(const struct reg_item *item, const char *field)
{
	const json_t *v = json_object_get(item->stated, field);

	return v ? v : json_object_get(item->served, field);
}

static void
check_parameters(struct reg_plan *p, size_t i)
{
	const struct reg_item *item = &p->items.v[i];

	if (!json_is_false(wanted(item, "enforce_parameter_schema")))
		check_values(p, i, "parameters", wanted(item, "parameters"),
			wanted(item, "parameter_openapi_schema"));
}

/* ---- pools */

/* The one key of a step, "" if it is not so. */
static const char *
step_name(const json_t *step)
{
	const char *key = "";
	json_t *value;

	json_object_foreach(reg_tree(step), key, value)
	{
		(void)value;
		return key;
	}
	return "";
}

/* What a worker of a pool of type weir can do itself (weir-worker). */
static void
check_steps(struct reg_plan *p, size_t i)
{
	static const char *const known[] = { "git_clone", "set_working_directory",
		"run_shell_script" };
	static const char package[] = "prefect.deployments.steps.";
	const json_t *step;
	size_t k, at;

	json_array_foreach(
		json_object_get(p->items.v[i].stated, "pull_steps"), at, step)
	{
		const char *name = step_name(step);

		for (k = 0; k < N_ELEM(known); k++)
			if (!strncmp(name, package, strlen(package)) &&
				!strcmp(name + strlen(package), known[k]))
				break;
		if (k == N_ELEM(known))
			register_fail(p, i, WEIR_EREFUSED,
				"git_clone, set_working_directory, run_shell_script",
				"pull[%zu]: %s: a pool of type weir does without "
				"Python, and so without this step",
				at, name);
	}
}

static void
check_pool(struct reg_plan *p, size_t i, const struct reg_pool *pool)
{
	const char *name = pool->name;
	char hint[256];

	snprintf(hint, sizeof(hint), "weir pools create %s", name);
	if (pool->missing) {
		register_fail(p, i, WEIR_EREFUSED, hint,
			"work_pool.name: there is no work pool '%s'", name);
		return;
	}
	if (!strcmp(register_text(pool->doc, "type"), "prefect-agent"))
		register_fail(p, i, WEIR_EREFUSED, NULL,
			"work_pool.name: '%s' is for agents, which take no such "
			"deployments",
			name);
	if (!strcmp(register_text(pool->doc, "type"), "weir"))
		check_steps(p, i);
	if (json_is_true(json_object_get(pool->doc, "is_paused")))
		register_note(p, "work pool '%s' is paused: its runs will wait", name);
	else if (pool->idle)
		register_note(p,
			"no worker of work pool '%s' is online: its runs will wait",
			name);
}

void
register_check(struct reg_plan *p, size_t i, const struct reg_pool *pool)
{
	check_parameters(p, i);
	if (!pool)
		return;
	check_pool(p, i, pool);
	check_values(p, i, "work_pool.job_variables",
		json_object_get(p->items.v[i].stated, "job_variables"),
		json_object_get(
			json_object_get(pool->doc, "base_job_template"), "variables"));
}
