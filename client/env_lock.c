/* Packages that lock files name. */
#include "env_set.h"
#include "toml_load.h"
#include "yaml_load.h"

static const char *
text_of(const struct ynode *map, const char *key)
{
	const struct ynode *n = yaml_get(map, key);

	return n && n->kind != Y_NULL && n->kind != Y_LIST && n->kind != Y_MAP ? n->text
									       : "";
}

/* The architecture that is meant: it must be there when it was asked for by name. */
static const char *
choose_arch(const struct ynode *list, const char *arch, const char *prefer)
{
	const char *first = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const char *platform = text_of(list->v[i], "platform");

		if (!first)
			first = platform;
		if (strcmp(platform, arch ? arch : prefer ? prefer : "") == 0)
			return platform;
	}
	return arch ? NULL : first;
}

static enum weir_rc
read_conda_lock(const char *path, struct str text, const char *arch, const char *prefer,
	struct weir_env_set *set, struct weir_err *err)
{
	struct yaml y = { .root = NULL };
	const struct ynode *list;
	enum weir_rc rc = yaml_load(text, path, &y, err);

	if (rc)
		return rc;
	list = yaml_get(y.root, "package");
	if (!list || list->kind != Y_LIST || list->n > WEIR_ENV_SET_MAX) {
		rc = weir_fail(err, WEIR_EBADDATA,
			"%s: not a file of conda-lock: it has no list of packages",
			path);
		goto out;
	}
	arch = choose_arch(list, arch, prefer);
	if (!arch) {
		weir_fail(
			err, WEIR_ENOTFOUND, "%s: nothing for that architecture", path);
		rc = weir_hint(err, "another --arch, or none");
		goto out;
	}
	set->arch.s = arena_strndup(&set->arena, arch, strlen(arch));
	set->arch.len = strlen(arch);
	for (size_t i = 0; i < list->n; i++) {
		const struct ynode *p = list->v[i];

		if (strcmp(text_of(p, "platform"), arch) != 0)
			continue;
		if (strcmp(text_of(p, "manager"), "conda") == 0)
			env_set_add_url(set, str_of(text_of(p, "url")));
		else
			env_set_add_python(set, str_of(text_of(p, "name")),
				str_of(text_of(p, "version")));
	}
out:
	yaml_free(&y);
	return rc;
}

static enum weir_rc
read_python_lock(const char *path, struct str text, struct weir_env_set *set,
	struct weir_err *err)
{
	json_t *root = NULL, *list, *p;
	enum weir_rc rc = toml_load(text, path, &root, err);
	size_t i;

	if (rc)
		return rc;
	list = json_object_get(root, "package");
	if (!list)
		list = json_object_get(root, "packages");
	if (!json_is_array(list) || json_array_size(list) > WEIR_ENV_SET_MAX)
		rc = weir_fail(err, WEIR_EBADDATA,
			"%s: not a lock file: it has no list of packages", path);
	json_array_foreach(list, i, p)
	{
		const char *name = json_string_value(json_object_get(p, "name"));
		const char *version = json_string_value(json_object_get(p, "version"));

		if (!rc && name)
			env_set_add_python(set, str_of(name), str_of(version));
	}
	json_decref(root);
	return rc;
}

static bool
ends(const char *path, const char *with)
{
	size_t n = strlen(path), k = strlen(with);

	return n > k && strcmp(path + n - k, with) == 0;
}

enum weir_rc
env_lock_read(const char *path, struct str text, const char *arch, const char *prefer,
	struct weir_env_set *set, bool *ret_is, struct weir_err *err)
{
	*ret_is = true;
	if (ends(path, ".yml") || ends(path, ".yaml"))
		return read_conda_lock(path, text, arch, prefer, set, err);
	if (ends(path, ".lock") || ends(path, ".toml"))
		return read_python_lock(path, text, set, err);
	*ret_is = false;
	return WEIR_OK;
}
