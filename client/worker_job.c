#include "worker_job.h"

#include <stdint.h>
#include <string.h>

#include "template.h"
#include "weir/mem.h"

/* ---- pools of type weir */

/* clang-format off */
static const char base_job[] =
"{\"job_configuration\":{\"command\":\"{{ command }}\",\"env\":\"{{ env }}\","
"\"working_dir\":\"{{ working_dir }}\",\"timeout\":\"{{ timeout }}\","
"\"grace_seconds\":\"{{ grace_seconds }}\",\"retries\":\"{{ retries }}\","
"\"retry_delay\":\"{{ retry_delay }}\",\"shell\":\"{{ shell }}\"},"
"\"variables\":{\"type\":\"object\",\"required\":[\"command\"],\"properties\":{"
"\"command\":{\"title\":\"Command\",\"description\":\"What is run: a line for the shell, or"
" a list of words that is run without one.\",\"anyOf\":[{\"type\":\"string\"},"
"{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1}]},"
"\"env\":{\"title\":\"Environment Variables\",\"description\":\"Variables of its"
" environment; null takes one away.\",\"type\":\"object\","
"\"additionalProperties\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}},"
"\"working_dir\":{\"title\":\"Working Directory\",\"description\":\"Where it runs; unless"
" told in an empty directory of its own.\","
"\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]},"
"\"timeout\":{\"title\":\"Timeout\",\"description\":\"Seconds it may take.\","
"\"anyOf\":[{\"type\":\"number\",\"exclusiveMinimum\":0},{\"type\":\"null\"}]},"
"\"grace_seconds\":{\"title\":\"Grace Seconds\",\"description\":\"Seconds between SIGTERM"
" and SIGKILL when it is stopped.\",\"type\":\"number\",\"minimum\":0,\"default\":30},"
"\"retries\":{\"title\":\"Retries\",\"description\":\"How often it is run again when it"
" failed.\",\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},{\"type\":\"null\"}]},"
"\"retry_delay\":{\"title\":\"Retry Delay\",\"description\":\"Seconds before it is run"
" again.\",\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},{\"type\":\"null\"}]},"
"\"shell\":{\"title\":\"Shell\",\"description\":\"The shell of a command that is a"
" line.\",\"type\":\"string\",\"default\":\"/bin/sh\"}}}}";
/* clang-format on */

const char *
worker_job_base(void)
{
	return base_job;
}

/* ---- variables */

static json_t *
defaults_of(const json_t *base)
{
	json_t *properties =
		json_object_get(json_object_get(base, "variables"), "properties");
	json_t *out = json_object(), *property, *value;
	const char *name;

	json_object_foreach(properties, name, property)
	{
		value = json_object_get(property, "default");
		if (value && !json_is_null(value))
			json_object_set(out, name, value);
	}
	return out;
}

/* `env.NAME` is a member of env. */
static void
set_dotted(json_t *out, const char *name, json_t *value)
{
	const char *dot = strchr(name, '.');
	char *first = xstrndup(name, (size_t)(dot - name));
	json_t *below = json_object_get(out, first);

	below = json_is_object(below) ? json_deep_copy(below) : json_object();
	json_object_set(below, dot + 1, value);
	json_object_set_new(out, first, below);
	free(first);
}

/* Lay them over what is there; env key by key. */
static void
lay_over(json_t *out, const json_t *more)
{
	json_t *over = (json_t *)(uintptr_t)more, *value, *old, *both;
	const char *name;

	json_object_foreach(over, name, value)
	{
		if (strchr(name, '.'))
			set_dotted(out, name, value);
	}
	json_object_foreach(over, name, value)
	{
		old = json_object_get(out, name);
		if (strchr(name, '.'))
			continue;
		if (strcmp(name, "env") != 0 || !json_is_object(old) ||
			!json_is_object(value)) {
			json_object_set(out, name, value);
			continue;
		}
		both = json_deep_copy(old);
		json_object_update(both, value);
		json_object_set_new(out, name, both);
	}
}

/* ---- filling */

struct filling {
	const json_t *values, *properties;
	struct buf unknown;
};

static enum template_found
look_variable(void *arg, struct str name, json_t **ret_value)
{
	struct filling *f = arg;
	const json_t *value = template_member(f->values, name);
	char *key;

	if (template_is_reference(name))
		return TEMPLATE_KEEP;
	if (value) {
		*ret_value = json_incref((json_t *)(uintptr_t)value);
		return TEMPLATE_VALUE;
	}
	key = str_copy(name);
	if (!json_object_get(f->properties, key) && !f->unknown.len)
		buf_adds(&f->unknown, key);
	free(key);
	return TEMPLATE_NONE;
}

static enum weir_rc
fill(const json_t *config, struct filling *f, json_t **ret, struct weir_err *err)
{
	json_t *out = template_walk(config, look_variable, f);
	enum weir_rc rc = WEIR_OK;

	if (!out)
		rc = weir_fail(err, WEIR_ETOOBIG,
			"job template: filled, it is over %d MiB or too deep",
			TEMPLATE_TOTAL_MAX >> 20);
	else if (f->unknown.len)
		rc = weir_fail(err, WEIR_EUSAGE,
			"job template: {{ %.200s }}: the pool has no such variable",
			buf_cstr(&f->unknown));
	if (rc)
		json_decref(out);
	else
		*ret = out;
	return rc;
}

enum weir_rc
worker_job_fill(const json_t *base, const json_t *deployment, const json_t *run,
	json_t **ret_config, struct weir_err *err)
{
	const json_t *template = json_object_get(base, "job_configuration");
	json_t *values = defaults_of(base), *config, *env;
	struct filling f = { .unknown = { .max = 256 } };
	enum weir_rc rc;

	if (!json_is_object(template)) {
		json_decref(values);
		return weir_fail(err, WEIR_EBADDATA,
			"job template: it has no job_configuration");
	}
	lay_over(values, deployment);
	lay_over(values, run);
	config = json_deep_copy(template);
	env = json_object_get(config, "env");
	if (json_is_object(env))
		json_object_update(env, json_object_get(values, "env"));
	f.values = values;
	f.properties =
		json_object_get(json_object_get(base, "variables"), "properties");
	rc = fill(config, &f, ret_config, err);
	json_decref(config);
	json_decref(values);
	buf_release(&f.unknown);
	return rc;
}

/* ---- references */

static enum template_found
look_reference(void *arg, struct str name, json_t **ret_value)
{
	char *key = str_copy(name);

	(void)ret_value;
	if (template_is_reference(name))
		json_object_set_new(arg, key, json_null());
	free(key);
	return TEMPLATE_KEEP;
}

json_t *
worker_job_references(const json_t *tree)
{
	json_t *names = json_object();

	json_decref(template_walk(tree, look_reference, names));
	return names;
}

static enum template_found
look_value(void *arg, struct str name, json_t **ret_value)
{
	char *key = str_copy(name);
	json_t *value = json_object_get(arg, key);

	free(key);
	if (!value)
		return TEMPLATE_KEEP;
	*ret_value = json_incref(value);
	return TEMPLATE_VALUE;
}

enum weir_rc
worker_job_resolve(const json_t *tree, const json_t *values, json_t **ret_tree,
	struct weir_err *err)
{
	json_t *out = template_walk(tree, look_value, (void *)(uintptr_t)values);

	if (!out)
		return weir_fail(err, WEIR_ETOOBIG, "job: filled, it is too large");
	*ret_tree = out;
	return WEIR_OK;
}

/* ---- reading */

static enum weir_rc
bad(struct weir_err *err, const char *name, const char *what)
{
	weir_fail(err, WEIR_EUSAGE, "job variable %s: %s", name, what);
	return weir_hint(err, "weir show DEPLOYMENT");
}

/* Seconds; unset stays as it is. A text that is a number is one. */
static enum weir_rc
read_number(const json_t *config, const char *name, double max, double *value,
	struct weir_err *err)
{
	const json_t *v = json_object_get(config, name);
	char *end = NULL;
	double n;

	if (!v || json_is_null(v))
		return WEIR_OK;
	n = json_number_value(v);
	if (json_is_string(v)) {
		n = strtod(json_string_value(v), &end);
		if (end == json_string_value(v) || *end)
			return bad(err, name, "not a number");
	} else if (!json_is_number(v)) {
		return bad(err, name, "not a number");
	}
	if (!(n >= 0 && n <= max))
		return bad(err, name, "not a number from 0 on, or too large");
	*value = n;
	return WEIR_OK;
}

static void
push_word(struct worker_job *j, size_t *n, const char *word)
{
	j->words = xreallocarray(j->words, *n + 2, sizeof(*j->words));
	j->words[(*n)++] = xstrdup(word);
	j->words[*n] = NULL;
}

static enum weir_rc
read_words(const json_t *command, struct worker_job *j, struct weir_err *err)
{
	size_t n = 0, count = json_array_size(command);

	if (!count || count > WORKER_WORDS_MAX)
		return bad(err, "command", "a list of 1 to 4096 words");
	for (size_t i = 0; i < count; i++) {
		const json_t *word = json_array_get(command, i);

		if (!json_is_string(word) ||
			strlen(json_string_value(word)) != json_string_length(word))
			return bad(err, "command", "a list of words: texts only");
		push_word(j, &n, json_string_value(word));
	}
	return *j->words[0] ? WEIR_OK : bad(err, "command", "its first word is empty");
}

static enum weir_rc
read_command(
	const json_t *config, bool engine, struct worker_job *j, struct weir_err *err)
{
	static const char *const python[] = { "python", "-m", "prefect.engine" };
	const json_t *command = json_object_get(config, "command");
	const char *shell = json_string_value(json_object_get(config, "shell"));
	size_t n = 0;

	if (json_is_array(command))
		return read_words(command, j, err);
	if (engine && (!command || json_is_null(command))) {
		for (size_t i = 0; i < N_ELEM(python); i++)
			push_word(j, &n, python[i]);
		return WEIR_OK;
	}
	if (!json_is_string(command) || !json_string_length(command)) {
		weir_fail(err, WEIR_EUSAGE,
			"job variable command: there is none, so nothing can be run");
		return weir_hint(
			err, "in prefect.yaml: work_pool: job_variables: command: ...");
	}
	if (strlen(json_string_value(command)) != json_string_length(command))
		return bad(err, "command", "it has a NUL in it");
	push_word(j, &n, shell && *shell ? shell : "/bin/sh");
	push_word(j, &n, "-c");
	push_word(j, &n, json_string_value(command));
	return WEIR_OK;
}

static enum weir_rc
read_dir(const json_t *config, struct worker_job *j, struct weir_err *err)
{
	const json_t *dir = json_object_get(config, "working_dir");

	if (!dir || json_is_null(dir) ||
		(json_is_string(dir) && !json_string_length(dir)))
		return WEIR_OK;
	if (!json_is_string(dir))
		return bad(err, "working_dir", "not a path");
	j->dir = xstrdup(json_string_value(dir));
	return WEIR_OK;
}

static enum weir_rc
read_numbers(const json_t *config, struct worker_job *j, struct weir_err *err)
{
	double timeout = 0, grace = WORKER_GRACE_S, retries = -1, delay = -1;
	enum weir_rc rc;

	rc = read_number(config, "timeout", WORKER_SECONDS_MAX, &timeout, err);
	if (!rc)
		rc = read_number(
			config, "grace_seconds", WORKER_SECONDS_MAX, &grace, err);
	if (!rc)
		rc = read_number(config, "retries", WORKER_RETRIES_MAX, &retries, err);
	if (!rc)
		rc = read_number(
			config, "retry_delay", WORKER_SECONDS_MAX, &delay, err);
	j->timeout_us = (int64_t)(timeout * 1e6);
	j->grace_us = (int64_t)(grace * 1e6);
	j->retries = (int64_t)retries;
	j->retry_delay = (int64_t)delay;
	return rc;
}

enum weir_rc
worker_job_read(const json_t *config, bool engine, struct worker_job *ret_job,
	struct weir_err *err)
{
	struct worker_job j = { .env = json_object_get(config, "env") };
	enum weir_rc rc = read_command(config, engine, &j, err);

	if (!rc)
		rc = read_dir(config, &j, err);
	if (!rc)
		rc = read_numbers(config, &j, err);
	if (!rc && j.env && !json_is_object(j.env) && !json_is_null(j.env))
		rc = bad(err, "env", "not an object");
	if (rc)
		worker_job_release(&j);
	else
		*ret_job = j;
	return rc;
}

void
worker_job_release(struct worker_job *j)
{
	for (char **w = j->words; w && *w; w++)
		free(*w);
	free(j->words);
	free(j->dir);
	memset(j, 0, sizeof(*j));
}
