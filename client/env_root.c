#include "weir/env_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/inst.h"
#include "weir/json.h"

enum { FILES = 2 };

struct settings {
	struct weir_json *files[FILES]; /* highest first; NULL: there is none */
	struct arena arena;             /* values that are no texts */
};

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *
env_of(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* Read a whole file; false with errno when it cannot be. */
static bool
read_config(const char *path, struct buf *out)
{
	char chunk[8192];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	close(fd);
	return n == 0;
}

static enum weir_rc
load(const char *path, bool must, struct weir_json **ret, struct weir_err *err)
{
	struct buf text = BUF_INIT(WEIR_ENV_CONFIG_MAX);
	enum weir_rc rc = WEIR_OK;

	if (!read_config(path, &text)) {
		if (must || errno != ENOENT)
			rc = weir_fail(err, WEIR_ECONFIG, "Metaflow's settings: %s: %s",
				path, strerror(errno));
	} else if (text.truncated) {
		rc = weir_fail(err, WEIR_ECONFIG,
			"Metaflow's settings: %s: longer than %d bytes", path,
			WEIR_ENV_CONFIG_MAX);
	} else if (weir_json_parse(buf_str(&text), ret, err)) {
		rc = weir_prefix(err, "Metaflow's settings: %s", path);
		if (err)
			err->rc = rc = WEIR_ECONFIG;
		else
			rc = WEIR_ECONFIG;
	}
	buf_release(&text);
	return rc;
}

const char *
weir_env_setting(const struct weir_env_root *root, const char *name)
{
	struct settings *s = root->settings;
	char *full = arena_printf(&s->arena, "METAFLOW_%s", name);
	const char *v = getenv(full);

	for (size_t i = 0; !v && i < FILES; i++) {
		const struct weir_json *j = weir_json_get(s->files[i], full);
		struct buf b = BUF_INIT(WEIR_ENV_CONFIG_MAX);

		if (j && weir_json_type(j) != WEIR_JSON_NULL) {
			weir_json_show(j, &b);
			v = arena_strndup(&s->arena, buf_cstr(&b), b.len);
		}
		buf_release(&b);
	}
	return v;
}

/* The nearest folder called .metaflow, from here upward; owned, NULL: none. */
static char *
find_up(const char *from)
{
	char *dir = xstrdup(from), *found = NULL, *slash;

	while (!found) {
		char *path = xasprintf("%s/.metaflow", dir);

		if (is_folder(path))
			found = path;
		else
			free(path);
		slash = strrchr(dir, '/');
		if (found || !slash || !*dir)
			break;
		*slash = '\0';
	}
	free(dir);
	return found;
}

/* getcwd keeps links out of the way; a folder that is gone has no name. */
static char *
here(void)
{
	char *dir = getcwd(NULL, 0);

	return dir ? dir : xstrdup("");
}

static enum weir_rc
load_settings(struct settings *s, const char *near, struct weir_err *err)
{
	const char *home = env_of("METAFLOW_HOME"), *user = env_of("HOME");
	const char *profile = env_of("METAFLOW_PROFILE");
	char *folder = home ? xstrdup(home)
			    : xasprintf("%s/.metaflowconfig", user ? user : "");
	char *name = profile ? xasprintf("%s/config_%s.json", folder, profile)
			     : xasprintf("%s/config.json", folder);
	char *beside = near ? xasprintf("%s/config.json", near) : NULL;
	enum weir_rc rc = WEIR_OK;

	if (beside)
		rc = load(beside, false, &s->files[0], err);
	if (!rc)
		rc = load(name, profile != NULL, &s->files[1], err);
	if (rc && profile && access(name, F_OK) != 0)
		weir_hint(err,
			"set METAFLOW_PROFILE to a profile that is there, or to none");
	free(folder);
	free(name);
	free(beside);
	return rc;
}

/* Absolute, without a trailing slash; owned. */
static char *
absolute(const char *path, const char *cwd)
{
	const char *at = strcmp(cwd, "/") == 0 ? "" : cwd;
	char *full = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", at, path);
	char *real = realpath(full, NULL);
	size_t n;

	if (real) {
		free(full);
		return real;
	}
	for (n = strlen(full); n > 1 && full[n - 1] == '/'; n--)
		full[n - 1] = '\0';
	return full;
}

static void
set_folder(struct weir_env_root *r, const char *near, const char *cwd)
{
	const char *root = weir_env_setting(r, "DATASTORE_SYSROOT_LOCAL");
	const char *name = weir_env_setting(r, "CONDA_MAGIC_FILE_V2");
	char *path;

	if (root && *root)
		path = xasprintf("%s/.metaflow", root);
	else
		path = xstrdup(near ? near : ".metaflow");
	r->found = is_folder(path);
	r->folder = absolute(path, cwd);
	if (!name || !*name)
		name = "conda_v2.cnd";
	r->file = name[0] == '/' ? xstrdup(name) : xasprintf("%s/%s", r->folder, name);
	free(path);
}

static bool
is_ignored(const struct weir_env_root *r)
{
	const char *text = weir_env_setting(r, "CONDA_IGNORE_CACHING_DATASTORES");
	struct weir_json *list = NULL;
	bool found = false;

	if (!text || weir_json_parse(str_of(text), &list, NULL))
		return false;
	for (size_t i = 0; i < weir_json_size(list); i++)
		found = found ||
			str_eq(weir_json_text(weir_json_at(list, i)), r->datastore);
	weir_json_free(list);
	return found;
}

/* CONDA_<X>ROOT, else conda_env below the data store's own root. */
static void
set_cache(struct weir_env_root *r)
{
	static const struct {
		const char *type, *root, *sysroot;
	} stores[] = {
		{ "local", "CONDA_LOCALROOT", "DATASTORE_SYSROOT_LOCAL" },
		{ "s3", "CONDA_S3ROOT", "DATASTORE_SYSROOT_S3" },
		{ "azure", "CONDA_AZUREROOT", "DATASTORE_SYSROOT_AZURE" },
		{ "gs", "CONDA_GSROOT", "DATASTORE_SYSROOT_GS" },
	};
	const char *type = weir_env_setting(r, "DEFAULT_DATASTORE");

	r->datastore = xstrdup(type && *type ? type : "local");
	for (size_t i = 0; !is_ignored(r) && i < N_ELEM(stores); i++) {
		const char *root, *sysroot;

		if (strcmp(stores[i].type, r->datastore) != 0)
			continue;
		root = weir_env_setting(r, stores[i].root);
		sysroot = weir_env_setting(r, stores[i].sysroot);
		if (root && *root)
			r->cache = xstrdup(root);
		else if (sysroot && *sysroot)
			r->cache = xasprintf("%s/conda_env", sysroot);
	}
}

static void
set_rest(struct weir_env_root *r)
{
	static const char *const users[] = { "METAFLOW_USER", "SUDO_USER", "USERNAME",
		"USER" };
	const char *envs = weir_env_setting(r, "CONDA_ENVS_DIRNAME");
	const char *packages = weir_env_setting(r, "CONDA_PACKAGES_DIRNAME");

	if (!packages)
		packages = weir_env_setting(r, "ENV_PACKAGES_DIRNAME");
	r->envs = xstrdup(envs && *envs ? envs : "envs");
	r->packages = xstrdup(packages && *packages ? packages : "packages");
	for (size_t i = 0; !r->user && i < N_ELEM(users); i++) {
		const char *v = env_of(users[i]);

		if (v && strcmp(v, "root") != 0)
			r->user = xstrdup(v);
	}
}

/* That file in place of the one of the settings, and its folder. */
static enum weir_rc
set_file(struct weir_env_root *root, const char *file, struct weir_err *err)
{
	char *real = realpath(file, NULL), *slash;

	if (!real) {
		(void)weir_fail(err, errno == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"--file %.1000s: %s", file, strerror(errno));
		return weir_hint(err, "--file PATH, of a conda_v2.cnd");
	}
	free(root->file);
	free(root->folder);
	root->file = real;
	root->folder = xstrdup(real);
	slash = strrchr(root->folder, '/');
	slash[slash == root->folder] = '\0';
	root->found = true;
	return WEIR_OK;
}

enum weir_rc
weir_env_root_find(
	const char *file, struct weir_env_root *ret_root, struct weir_err *err)
{
	struct weir_env_root r = { .settings = xcalloc(1, sizeof(struct settings)) };
	char *cwd = here(), *near = find_up(cwd);
	enum weir_rc rc = load_settings(r.settings, near, err);

	if (!rc) {
		set_folder(&r, near, cwd);
		set_cache(&r);
		set_rest(&r);
	}
	if (!rc && file)
		rc = set_file(&r, file, err);
	if (!rc)
		*ret_root = r;
	else
		weir_env_root_release(&r);
	free(cwd);
	free(near);
	return rc;
}

void
weir_env_root_release(struct weir_env_root *r)
{
	struct settings *s = r->settings;

	for (size_t i = 0; s && i < FILES; i++)
		weir_json_free(s->files[i]);
	if (s)
		arena_free(&s->arena);
	free(s);
	free(r->folder);
	free(r->file);
	free(r->datastore);
	free(r->cache);
	free(r->envs);
	free(r->packages);
	free(r->user);
	*r = (struct weir_env_root){ 0 };
}

static void
add_folder(struct weir_env_folders *v, char *path)
{
	bool known = !is_folder(path);

	for (size_t i = 0; !known && i < v->n; i++)
		known = strcmp(v->v[i], path) == 0;
	if (known)
		free(path);
	else
		VEC_PUSH(v, path);
}

static void
add_list(struct weir_env_folders *v, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, ":");

		if (n)
			add_folder(v, xstrndup(text, n));
		text += n + (text[n] == ':');
	}
}

static void
add_below(struct weir_env_folders *v, const char *root, const char *below)
{
	if (root && *root)
		add_folder(v, xasprintf("%s/%s", root, below));
}

/* $CONDA_EXE is <root>/bin/conda. */
static void
add_conda(struct weir_env_folders *v)
{
	const char *exe = env_of("CONDA_EXE");
	const char *bin = exe ? strstr(exe, "/bin/") : NULL;

	if (bin)
		add_folder(v, xasprintf("%.*s/envs", (int)(bin - exe), exe));
}

/* Where a new one goes, and what else conda and mamba are told. */
static void
add_told(struct weir_env_folders *v)
{
	char **dirs = NULL;

	if (weir_inst_env_dirs(&dirs, NULL, NULL))
		return; /* a .condarc that cannot be read: who makes one is told */
	for (char **d = dirs; *d; d++)
		add_folder(v, xstrdup(*d));
	weir_inst_dirs_free(dirs);
}

void
weir_env_folders(const struct weir_env_root *root, struct weir_env_folders *ret)
{
	const char *home = env_of("HOME");

	add_told(ret);
	add_list(ret, env_of("CONDA_ENVS_PATH"));
	add_below(ret, weir_env_setting(root, "CONDA_LOCAL_PATH"), "envs");
	add_below(ret, env_of("MAMBA_ROOT_PREFIX"), "envs");
	add_conda(ret);
	add_below(ret, home, ".conda/envs");
	add_below(ret, home, "micromamba/envs");
}

void
weir_env_folders_release(struct weir_env_folders *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i]);
	VEC_FREE(v);
}
