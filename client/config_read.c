#include "config_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "toml.h"
#include "toml_load.h"
#include "weir/mem.h"
#include "weir/text.h"

static const char *
real_env(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

static enum weir_rc
read_all(int fd, const char *path, struct buf *out, struct weir_err *err)
{
	char chunk[8192];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return weir_fail(err, WEIR_ECONFIG, "%s: cannot read: %s", path,
				strerror(errno));
		buf_add(out, chunk, (size_t)n);
		if (out->truncated || out->len > CONFIG_FILE_MAX)
			return weir_fail(err, WEIR_ECONFIG, "%s: bigger than %d bytes",
				path, CONFIG_FILE_MAX);
	}
	return WEIR_OK;
}

static enum weir_rc
real_read(void *arg, const char *path, struct buf *out, bool *ret_found,
	unsigned *ret_mode, struct weir_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	(void)arg;
	*ret_found = false;
	*ret_mode = 0;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return WEIR_OK;
	if (fd < 0)
		return weir_fail(err, WEIR_ECONFIG, "%s: cannot open: %s", path,
			strerror(errno));
	if (fstat(fd, &st))
		rc = weir_fail(err, WEIR_ECONFIG, "%s: cannot read: %s", path,
			strerror(errno));
	else if (S_ISREG(st.st_mode))
		rc = read_all(fd, path, out, err);
	close(fd);
	if (rc)
		return rc;
	*ret_found = S_ISREG(st.st_mode);
	*ret_mode = *ret_found ? st.st_mode & 07777 : st.st_mode;
	return WEIR_OK;
}

const struct config_io config_real_io = { real_env, real_read, NULL };

enum weir_rc
config_read_file(const struct config_io *io, const char *path, struct buf *out,
	bool *ret_found, unsigned *ret_mode, struct weir_err *err)
{
	return io->read(io->arg, path, out, ret_found, ret_mode, err);
}

static void
layer_set(struct config_layer *l, enum weir_key key, char *text)
{
	free(l->v[key]);
	l->v[key] = text;
}

/* A variable's value; place: "" or "FILE: line N: ". */
static enum weir_rc
put_variable(struct config_layer *l, enum weir_key key, const char *name,
	struct str value, const char *place, struct weir_err *err)
{
	const char *why;
	char *text;

	if (!value.len)
		return WEIR_OK; /* as Prefect: set to nothing is not set */
	why = config_check(key, value, &text);
	if (why)
		return weir_fail(
			err, WEIR_ECONFIG, "%s%s: its value %s", place, name, why);
	layer_set(l, key, text);
	return WEIR_OK;
}

static enum weir_rc
put_env(const struct config_io *io, struct config_layer *l, enum weir_key key,
	const char *name, struct weir_err *err)
{
	const char *value = name ? io->env(io->arg, name) : NULL;

	return value ? put_variable(l, key, name, str_of(value), "", err) : WEIR_OK;
}

static enum weir_rc
put_other(const struct config_io *io, struct config_layer *l, enum weir_key key,
	struct weir_err *err)
{
	const char *name = config_key_other(key), *value;

	if (!name || key != WEIR_KEY_COLOR)
		return put_env(io, l, key, name, err);
	value = io->env(io->arg, name);
	if (value && *value)
		layer_set(l, key, xstrdup("never"));
	return WEIR_OK;
}

enum weir_rc
config_read_env(const struct config_io *io, struct config_layer *weir,
	struct config_layer *prefect, struct config_layer *other, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (int i = 0; i < WEIR_N_KEYS && !rc; i++) {
		enum weir_key key = (enum weir_key)i;

		rc = put_env(io, weir, key, config_key_variable(key), err);
		if (!rc)
			rc = put_env(
				io, prefect, key, weir_key_info(key)->prefect, err);
		if (!rc)
			rc = put_other(io, other, key, err);
	}
	return rc;
}

/* Which key does Prefect's variable set? */
static bool
prefect_key(struct str name, enum weir_key *ret_key)
{
	for (int k = 0; k < WEIR_N_KEYS; k++) {
		const char *v = weir_key_info((enum weir_key)k)->prefect;

		if (!v || strlen(v) != name.len || strncasecmp(v, name.s, name.len))
			continue;
		*ret_key = (enum weir_key)k;
		return true;
	}
	return false;
}

struct dotenv_arg {
	const struct config_text *file;
	struct config_layer *l;
	char *profiles_path;
	enum weir_rc rc;
	struct weir_err *err;
};

static void
take_dotenv(void *arg, struct str name, struct str value, unsigned line)
{
	static const char path[] = "PREFECT_PROFILES_PATH";
	struct dotenv_arg *a = arg;
	char place[64];
	enum weir_key key;

	if (name.len == strlen(path) && !strncasecmp(name.s, path, name.len)) {
		free(a->profiles_path);
		a->profiles_path = value.len ? str_copy(value) : NULL;
	}
	/* a profile is not chosen here, as with Prefect */
	if (a->rc || !prefect_key(name, &key) || key == WEIR_KEY_PROFILE)
		return;
	snprintf(place, sizeof(place), "%s: line %u: ", a->file->name, line);
	a->rc = put_variable(
		a->l, key, weir_key_info(key)->prefect, value, place, a->err);
}

enum weir_rc
config_read_dotenv(const struct config_io *io, const struct config_text *file,
	struct config_layer *l, char **ret_profiles_path, struct weir_err *err)
{
	struct dotenv_arg a = { file, l, NULL, WEIR_OK, err };

	config_dotenv(io, file->text, take_dotenv, &a);
	if (!a.rc && a.profiles_path)
		*ret_profiles_path = a.profiles_path;
	else
		free(a.profiles_path);
	return a.rc;
}

enum { PATH_PARTS = 6 };

/* A place in a TOML tree: the names that lead to it. */
struct path {
	const char *v[PATH_PARTS];
	size_t n;
};

static enum weir_rc
bad_value(const struct config_text *file, const struct path *path, const char *why,
	struct weir_err *err)
{
	struct toml_place at;
	const char *name = path->v[path->n - 1];

	if (toml_find(file->text.s, file->text.len, path->v, path->n, &at))
		return weir_fail(err, WEIR_ECONFIG, "%s: %s: its value %s", file->name,
			name, why);
	return weir_fail(err, WEIR_ECONFIG, "%s: line %u, column %u: %s: its value %s",
		file->name, at.line, at.column, name, why);
}

static enum weir_rc
put_toml(const struct config_text *file, const struct path *path, enum weir_key key,
	const json_t *value, struct config_layer *l, struct weir_err *err)
{
	const char *why;
	char *text;

	if (json_is_string(value) && !json_string_length(value))
		return WEIR_OK;
	why = config_check_json(key, value, &text);
	if (why)
		return bad_value(file, path, why, err);
	layer_set(l, key, text);
	return WEIR_OK;
}

static const json_t *
follow(const json_t *tree, const struct path *path)
{
	for (size_t i = 0; i < path->n && tree; i++)
		tree = json_object_get(tree, path->v[i]);
	return tree;
}

/* Append `api.url` to path; the text of the parts lives in scratch. */
static void
path_add(struct path *path, const char *dotted, char scratch[64])
{
	char *dot;

	snprintf(scratch, 64, "%s", dotted);
	dot = strchr(scratch, '.');
	path->v[path->n++] = scratch;
	if (!dot)
		return;
	*dot = '\0';
	path->v[path->n++] = dot + 1;
}

static enum weir_rc
take_prefect(const struct config_text *file, const json_t *tree,
	const struct path *base, struct config_layer *l, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (int k = 0; k < WEIR_N_KEYS && !rc; k++) {
		const char *dotted = weir_key_info((enum weir_key)k)->toml;
		struct path path = *base;
		const json_t *value;
		char scratch[64];

		if (!dotted)
			continue;
		path_add(&path, dotted, scratch);
		value = follow(tree, &path);
		if (value)
			rc = put_toml(file, &path, (enum weir_key)k, value, l, err);
	}
	return rc;
}

enum weir_rc
config_read_prefect(const struct config_text *file, bool pyproject,
	struct config_layer *l, char **ret_profiles_path, struct weir_err *err)
{
	struct path base = { { "tool", "prefect" }, pyproject ? 2 : 0 }, path;
	json_t *tree = NULL;
	const json_t *value;
	enum weir_rc rc;

	rc = toml_load(file->text, file->name, &tree, err);
	if (rc)
		return rc;
	rc = take_prefect(file, tree, &base, l, err);
	path = base;
	path.v[path.n++] = "profiles_path";
	value = follow(tree, &path);
	if (!rc && json_is_string(value) && json_string_length(value))
		*ret_profiles_path = xstrdup(json_string_value(value));
	json_decref(tree);
	return rc;
}

static void
warn_unknown(const struct config_text *file, const char *name, struct buf *warn)
{
	const char *names[WEIR_N_KEYS], *near;

	for (int k = 0; k < WEIR_N_KEYS; k++)
		names[k] = weir_key_info((enum weir_key)k)->name;
	near = text_nearest(str_of(name), names, WEIR_N_KEYS);
	buf_addf(warn, "%s: unknown key '%s' is not used", file->name, name);
	if (near)
		buf_addf(warn, "; did you mean %s?", near);
	buf_addc(warn, '\n');
}

/* The members of a table with our names. base: where the table is. */
static enum weir_rc
take_ours(const struct config_text *file, const json_t *table, const struct path *base,
	struct config_layer *l, struct buf *warn, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)table, name, value)
	{
		struct path path = *base;
		enum weir_key key;

		if (!base->n &&
			(config_is_own_table(name) || !strcmp(name, "profiles") ||
				!strcmp(name, "variables")))
			continue;
		path.v[path.n++] = name;
		if (!weir_key_find(str_of(name), &key) ||
			(key == WEIR_KEY_PROFILE && base->n))
			warn_unknown(file, name, warn);
		else
			rc = put_toml(file, &path, key, value, l, err);
		if (rc)
			break;
	}
	return rc;
}

enum weir_rc
config_read_conf(const struct config_text *file, const json_t *tree,
	struct config_layer *l, struct buf *warn, struct weir_err *err)
{
	struct path base = { { NULL }, 0 };

	return take_ours(file, tree, &base, l, warn, err);
}

static enum weir_rc
take_variables(const struct config_text *file, const json_t *table,
	const struct path *base, struct config_layer *l, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)table, name, value)
	{
		struct path path = *base;
		enum weir_key key;

		path.v[path.n++] = name;
		if (!prefect_key(str_of(name), &key) || key == WEIR_KEY_PROFILE)
			continue; /* Prefect has hundreds that are not ours to judge */
		rc = put_toml(file, &path, key, value, l, err);
		if (rc)
			break;
	}
	return rc;
}

enum weir_rc
config_read_profile(const struct config_text *file, const json_t *tree,
	const char *profile, bool prefect, struct config_layer *l, bool *ret_known,
	struct buf *warn, struct weir_err *err)
{
	struct path base = { { "profiles", profile }, 2 };
	const json_t *table = json_object_get(tree, "profiles");

	if (table && !json_is_object(table)) {
		base.n = 1;
		return bad_value(file, &base, "must be a table", err);
	}
	table = json_object_get(table, profile);
	if (!table)
		return WEIR_OK;
	if (!json_is_object(table))
		return bad_value(file, &base, "must be a table", err);
	*ret_known = true;
	if (prefect)
		return take_variables(file, table, &base, l, err);
	return take_ours(file, table, &base, l, warn, err);
}
