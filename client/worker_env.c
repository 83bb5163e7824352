#include "worker_env.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "json_out.h"
#include "weir/mem.h"

extern char **environ;

static const char param_prefix[] = "WEIR_PARAM_";

/* Of an outer run, or of this worker alone. */
static const char *const not_passed[] = { "WEIR_LOG_FD", "WEIR_TASK_RUN_ID",
	"WEIR_PARAMETERS", "WEIR_PARAMETERS_FILE", "WEIR_PROFILE", "WEIR_NOW",
	"WEIR_LOG", "PREFECT__FLOW_RUN_ID", "NOTIFY_SOCKET", "WATCHDOG_PID",
	"LISTEN_FDS", "LISTEN_PID" };

struct env {
	VEC(char *) v;
	struct buf *warnings;
};

/* ---- a list of variables */

static bool
is_of(const char *entry, const char *name, size_t n)
{
	return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

/* Among the first n. */
static size_t
find(const struct env *e, size_t n, const char *name)
{
	size_t i = 0, len = strlen(name);

	while (i < n && !is_of(e->v.v[i], name, len))
		i++;
	return i;
}

static void
unset(struct env *e, const char *name)
{
	size_t i = find(e, e->v.n, name);

	if (i == e->v.n)
		return;
	free(e->v.v[i]);
	e->v.v[i] = e->v.v[--e->v.n];
}

/* In place of the one among the first n, beside which there is none. */
static void
set_among(struct env *e, size_t n, const char *name, const char *value)
{
	char *entry = xasprintf("%s=%s", name, value);
	size_t i = find(e, n, name);

	if (i == n) {
		VEC_PUSH(&e->v, entry);
		return;
	}
	free(e->v.v[i]);
	e->v.v[i] = entry;
}

static void
set(struct env *e, const char *name, const char *value)
{
	set_among(e, e->v.n, name, value);
}

static bool
is_passed(const char *entry)
{
	size_t n = strcspn(entry, "=");

	if (!entry[n] || strncmp(entry, param_prefix, sizeof(param_prefix) - 1) == 0)
		return false;
	for (size_t i = 0; i < N_ELEM(not_passed); i++)
		if (is_of(entry, not_passed[i], strlen(not_passed[i])))
			return false;
	return true;
}

/* ---- values */

/* Text as it is, null as nothing, all else as JSON; false: it cannot be a variable. */
static bool
value_text(const json_t *v, struct buf *out)
{
	if (json_is_string(v)) {
		buf_add(out, json_string_value(v), json_string_length(v));
		buf_adds(out, "");
		return !memchr(json_string_value(v), 0, json_string_length(v)) &&
		       !out->truncated;
	}
	if (json_is_null(v))
		return buf_adds(out, ""), true;
	json_out(out, v);
	return !out->truncated;
}

static bool
is_variable(const char *name)
{
	return *name && !strchr(name, '=');
}

static void
add_job(struct env *e, const json_t *job)
{
	json_t *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)job, name, value)
	{
		struct buf b = BUF_INIT(WORKER_ENV_ONE_MAX);

		if (json_is_null(value))
			unset(e, name);
		else if (is_variable(name) && value_text(value, &b))
			set(e, name, buf_cstr(&b));
		else
			buf_addf(e->warnings,
				"env: %.80s: cannot be a variable of the environment\n",
				name);
		buf_release(&b);
	}
}

/* ---- parameters */

static char *
param_name(const char *name)
{
	char *out = xasprintf("%s%s", param_prefix, name);

	for (char *p = out + sizeof(param_prefix) - 1; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p)
						: '_';
	return out;
}

static bool
is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

/* Each variable that a parameter would be: false, true where others would be it too. */
static json_t *
find_clashes(const json_t *parameters)
{
	json_t *seen = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
	{
		char *variable;

		if (!is_scalar(value))
			continue;
		variable = param_name(name);
		json_object_set_new(seen, variable,
			json_boolean(json_object_get(seen, variable) != NULL));
		free(variable);
	}
	return seen;
}

/* n: variables there were before those of parameters. */
static void
add_param(struct env *e, size_t n, const json_t *clashes, const char *name,
	const json_t *value)
{
	struct buf b = BUF_INIT(WORKER_ENV_ONE_MAX);
	char *variable = param_name(name);

	if (json_is_true(json_object_get(clashes, variable)))
		buf_addf(e->warnings,
			"parameter %.80s: another one is %.120s too, so it is not "
			"set\n",
			name, variable);
	else if (!value_text(value, &b))
		buf_addf(e->warnings,
			"parameter %.80s: too long for a variable, or it has a NUL: "
			"%.120s is not set; it is in WEIR_PARAMETERS_FILE\n",
			name, variable);
	else
		set_among(e, n, variable, buf_cstr(&b));
	free(variable);
	buf_release(&b);
}

static void
add_parameters(struct env *e, const struct worker_env *w)
{
	json_t *clashes = find_clashes(w->parameters), *value;
	const char *name;
	size_t n;
	char *whole = json_out_text(w->parameters);

	if (w->parameters_file)
		set(e, "WEIR_PARAMETERS_FILE", w->parameters_file);
	if (whole && strlen(whole) <= WORKER_ENV_WHOLE_MAX)
		set(e, "WEIR_PARAMETERS", whole);
	free(whole);
	n = e->v.n;
	json_object_foreach((json_t *)(uintptr_t)w->parameters, name, value)
	{
		if (is_scalar(value))
			add_param(e, n, clashes, name, value);
	}
	json_decref(clashes);
}

/* ---- the way back */

static void
add_setting(struct env *e, const struct weir_config *c, enum weir_key key)
{
	const char *value = weir_config_str(c, key);
	const char *name = weir_key_info(key)->prefect;

	if (value && *value && name)
		set(e, name, value);
}

/* A named profile has it all; the environment and files of a folder do not follow. */
static void
add_server(struct env *e, const struct worker_env *w)
{
	static const enum weir_key keys[] = { WEIR_KEY_API_URL, WEIR_KEY_API_KEY,
		WEIR_KEY_API_AUTH_STRING, WEIR_KEY_SSL_CERT_FILE,
		WEIR_KEY_CUSTOM_HEADERS };
	const char *origin = weir_config_origin(w->config, WEIR_KEY_API_URL);
	const char *name = weir_config_str(w->config, WEIR_KEY_PROFILE);
	bool named = origin && name &&
		     (strstr(origin, "profiles.toml") || strstr(origin, "weir.conf"));

	if (weir_config_embedded(w->config)) {
		/* said, so that it is no guess of a command that acts */
		set(e, "WEIR_PROFILE", "embedded");
		return;
	}
	if (named)
		set(e, "WEIR_PROFILE", name);
	if (named && !w->engine)
		return;
	for (size_t i = 0; i < N_ELEM(keys); i++)
		add_setting(e, w->config, keys[i]);
}

char **
worker_env_make(const struct worker_env *w, struct buf *warnings)
{
	struct env e = { .warnings = warnings };
	char id[WEIR_ID_TEXT + 1], fd[16];

	for (char **p = environ; p && *p; p++)
		if (is_passed(*p))
			VEC_PUSH(&e.v, xstrdup(*p));
	add_server(&e, w);
	add_job(&e, w->job);
	if (!w->engine) {
		add_parameters(&e, w);
		snprintf(fd, sizeof(fd), "%d", WORKER_LOG_FD);
		set(&e, "WEIR_LOG_FD", fd);
	}
	set(&e, "PREFECT__FLOW_RUN_ID", weir_id_format(&w->run, id));
	VEC_PUSH(&e.v, NULL);
	return e.v.v;
}

void
worker_env_free(char **env)
{
	for (char **p = env; p && *p; p++)
		free(*p);
	free(env);
}

const char *
worker_env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (is_of(*env, name, n))
			return *env + n + 1;
	return NULL;
}
