/* All layers of the configuration: which files there are, which profile is meant. */
#include "config_layer.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "toml_load.h"
#include "weir/mem.h"

/* Profiles that Prefect knows without a file. */
static const struct builtin {
	const char *name, *api_url;
} builtins[] = {
	{ "ephemeral", NULL },
	{ "local", "http://127.0.0.1:4200/api" },
	{ "test", NULL },
	{ "cloud", NULL },
	{ "default", NULL }, /* of Prefect 2 */
	{ "embedded", NULL },
};

/* What a load carries about. */
struct load {
	const struct config_io *io;
	const struct weir_config_flags *flags;
	struct weir_config *c;
	char *home;
	char *profiles_name; /* the file that was read */
	char *profiles_path; /* PREFECT_PROFILES_PATH of any layer */
	struct buf conf_text, profiles_text;
	struct config_text conf_file, profiles_file;
	json_t *conf, *profiles; /* NULL: no such file */
	unsigned conf_mode;
	struct weir_err *err;
};

static const char *
env(const struct load *ld, const char *name)
{
	const char *value = ld->io->env(ld->io->arg, name);

	return value && *value ? value : NULL;
}

static char *
home_folder(const struct load *ld)
{
	const char *home = env(ld, "HOME");
	const struct passwd *pw;

	if (home)
		return xstrdup(home);
	pw = getpwuid(getuid());
	return xstrdup(pw && pw->pw_dir && *pw->pw_dir ? pw->pw_dir : "/");
}

/* $variable/weir, or ~/fallback/weir. Owned. */
static char *
xdg(const struct load *ld, const char *variable, const char *fallback)
{
	const char *root = env(ld, variable);

	if (root && *root == '/')
		return xasprintf("%s/weir", root);
	return xasprintf("%s/%s/weir", ld->home, fallback);
}

static char *
expand_home(const struct load *ld, const char *path)
{
	if (*path == '~' && (path[1] == '/' || !path[1]))
		return xasprintf("%s%s", ld->home, path + 1);
	return xstrdup(path);
}

static void
set(struct weir_config *c, enum config_source from, enum weir_key key, const char *text)
{
	free(c->layers[from].v[key]);
	c->layers[from].v[key] = xstrdup(text);
}

static enum weir_rc
read_flags(struct load *ld)
{
	const struct weir_config_flags *f = ld->flags;
	struct config_layer *l = &ld->c->layers[CONFIG_FLAG];
	const char *why = NULL;

	if (f->profile)
		ld->c->flag_profile = xstrdup(f->profile);
	if (f->profile)
		set(ld->c, CONFIG_FLAG, WEIR_KEY_PROFILE, f->profile);
	if (f->utc)
		set(ld->c, CONFIG_FLAG, WEIR_KEY_UTC, "true");
	if (f->read_only)
		set(ld->c, CONFIG_FLAG, WEIR_KEY_READ_ONLY, "true");
	if (f->color)
		why = config_check(
			WEIR_KEY_COLOR, str_of(f->color), &l->v[WEIR_KEY_COLOR]);
	if (why)
		return weir_fail(
			ld->err, WEIR_EUSAGE, "--color: '%s' %s", f->color, why);
	return WEIR_OK;
}

/* One of the files that Prefect reads in the working directory. */
static enum weir_rc
read_cwd_file(struct load *ld, const char *name, enum config_source to)
{
	struct buf text = BUF_INIT(CONFIG_FILE_MAX + 1);
	struct config_layer *l = &ld->c->layers[to];
	struct config_text file = { .name = name };
	char *path = NULL;
	enum weir_rc rc;
	unsigned mode;
	bool found;

	rc = config_read_file(ld->io, name, &text, &found, &mode, ld->err);
	if (rc || !found)
		goto out;
	file.text = buf_str(&text);
	l->origin = xstrdup(name);
	if (to == CONFIG_DOTENV)
		rc = config_read_dotenv(ld->io, &file, l, &path, ld->err);
	else if (to == CONFIG_PREFECT_TOML || strstr(buf_cstr(&text), "prefect"))
		rc = config_read_prefect(
			&file, to == CONFIG_PYPROJECT, l, &path, ld->err);
	if (rc || ld->profiles_path)
		free(path);
	else
		ld->profiles_path = path;
out:
	buf_release(&text);
	return rc;
}

/* A folder where a file belongs; `.env` may be one (a virtual environment). */
static enum weir_rc
refuse_folder(struct load *ld, const char *path, unsigned mode)
{
	if ((mode & S_IFMT) != S_IFDIR)
		return WEIR_OK;
	return weir_fail(ld->err, WEIR_ECONFIG, "%s: a folder, not a file", path);
}

static enum weir_rc
read_conf(struct load *ld)
{
	struct weir_config *c = ld->c;
	char *folder = xdg(ld, "XDG_CONFIG_HOME", ".config");
	enum weir_rc rc;
	bool found;

	c->file = xasprintf("%s/weir.conf", folder);
	free(folder);
	rc = config_read_file(
		ld->io, c->file, &ld->conf_text, &found, &ld->conf_mode, ld->err);
	if (rc || !found)
		return rc ? rc : refuse_folder(ld, c->file, ld->conf_mode);
	ld->conf_file = (struct config_text){ buf_str(&ld->conf_text), c->file };
	rc = toml_load(ld->conf_file.text, c->file, &ld->conf, ld->err);
	if (rc)
		return rc;
	c->layers[CONFIG_CONF].origin = xstrdup("weir.conf");
	config_read_entries(c, &ld->conf_file, ld->conf);
	return config_read_conf(&ld->conf_file, ld->conf, &c->layers[CONFIG_CONF],
		&c->warnings, ld->err);
}

static enum weir_rc
check_profiles(struct load *ld)
{
	const json_t *active = json_object_get(ld->profiles, "active");
	const json_t *all = json_object_get(ld->profiles, "profiles");

	if (active && !json_is_string(active))
		return weir_fail(ld->err, WEIR_ECONFIG,
			"%s: active: its value must be text", ld->profiles_name);
	if (all && !json_is_object(all))
		return weir_fail(ld->err, WEIR_ECONFIG,
			"%s: profiles: its value must be a table", ld->profiles_name);
	return WEIR_OK;
}

/* Prefect's profiles.toml: where it was said to be, $PREFECT_HOME, ~/.prefect. */
static enum weir_rc
read_profiles(struct load *ld)
{
	const char *given = env(ld, "PREFECT_PROFILES_PATH");
	const char *prefect_home = env(ld, "PREFECT_HOME");
	char *paths[3] = { 0 };
	enum weir_rc rc = WEIR_OK;
	bool found = false;
	unsigned mode = 0;
	size_t i;

	if (!given)
		given = ld->profiles_path;
	if (given)
		paths[0] = expand_home(ld, given);
	if (prefect_home && !given) {
		char *folder = expand_home(ld, prefect_home);

		paths[1] = xasprintf("%s/profiles.toml", folder);
		free(folder);
	}
	if (!given)
		paths[2] = xasprintf("%s/.prefect/profiles.toml", ld->home);
	for (i = 0; i < N_ELEM(paths) && !rc && !found; i++)
		if (paths[i]) {
			rc = config_read_file(ld->io, paths[i], &ld->profiles_text,
				&found, &mode, ld->err);
			if (!rc && !found)
				rc = refuse_folder(ld, paths[i], mode);
		}
	if (!rc && found) {
		ld->profiles_name = paths[i - 1];
		paths[i - 1] = NULL;
		ld->profiles_file = (struct config_text){ buf_str(&ld->profiles_text),
			ld->profiles_name };
		rc = toml_load(ld->profiles_file.text, ld->profiles_name, &ld->profiles,
			ld->err);
	}
	for (i = 0; i < N_ELEM(paths); i++)
		free(paths[i]);
	return rc ? rc : check_profiles(ld);
}

static const struct builtin *
find_builtin(const char *name)
{
	for (size_t i = 0; i < N_ELEM(builtins); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

/* The profile's name and who chose it. */
static const char *
chosen_profile(struct load *ld, const char **ret_by)
{
	static const enum config_source by[] = { CONFIG_FLAG, CONFIG_WEIR_ENV,
		CONFIG_PREFECT_ENV, CONFIG_CONF };
	static const char *const names[] = { "--profile", "WEIR_PROFILE",
		"PREFECT_PROFILE", "weir.conf" };
	const json_t *active;

	for (size_t i = 0; i < N_ELEM(by); i++) {
		const char *name = ld->c->layers[by[i]].v[WEIR_KEY_PROFILE];

		if (!name)
			continue;
		ld->c->profile_given = true;
		ld->c->profile_flag = by[i] == CONFIG_FLAG;
		*ret_by = names[i];
		return name;
	}
	active = json_object_get(ld->profiles, "active");
	if (!json_is_string(active) || !json_string_length(active))
		return NULL;
	*ret_by = "profiles.toml";
	ld->c->layers[CONFIG_PROFILE].origin = xstrdup("profiles.toml");
	set(ld->c, CONFIG_PROFILE, WEIR_KEY_PROFILE, json_string_value(active));
	return ld->c->layers[CONFIG_PROFILE].v[WEIR_KEY_PROFILE];
}

static void
list_profiles(struct load *ld)
{
	const json_t *files[] = { json_object_get(ld->conf, "profiles"),
		json_object_get(ld->profiles, "profiles") };
	struct buf *b = &ld->c->profiles;
	const char *name;
	json_t *value;

	for (size_t i = 0; i < N_ELEM(files); i++)
		json_object_foreach((json_t *)(uintptr_t)files[i], name, value)
		{
			if (i == 0 || !json_object_get(files[0], name))
				buf_addf(b, "%s\n", name);
		}
	for (size_t i = 0; i < N_ELEM(builtins); i++)
		if (!json_object_get(files[0], builtins[i].name) &&
			!json_object_get(files[1], builtins[i].name))
			buf_addf(b, "%s\n", builtins[i].name);
}

static void
warn_no_profile(struct load *ld, const char *name, const char *by)
{
	struct buf *w = &ld->c->warnings;
	const char *sep = " ";

	buf_addf(
		w, "profile '%s' (%s) is not known and not used; there are:", name, by);
	for (const char *p = buf_cstr(&ld->c->profiles); *p; sep = ", ") {
		size_t n = strcspn(p, "\n");

		buf_addf(w, "%s%.*s", sep, (int)n, p);
		p += n + (p[n] == '\n');
	}
	buf_addc(w, '\n');
}

static void
forget_profile(struct weir_config *c)
{
	c->profile_given = c->profile_flag = false;
	for (int i = 0; i < CONFIG_N_SOURCES; i++) {
		free(c->layers[i].v[WEIR_KEY_PROFILE]);
		c->layers[i].v[WEIR_KEY_PROFILE] = NULL;
	}
}

static enum weir_rc
read_profile_of(struct load *ld, enum config_source to, bool *ret_known)
{
	bool prefect = to == CONFIG_PROFILE;
	struct config_layer *l = &ld->c->layers[to];
	const json_t *tree = prefect ? ld->profiles : ld->conf;
	bool known = false;
	enum weir_rc rc;

	if (!tree)
		return WEIR_OK;
	rc = config_read_profile(prefect ? &ld->profiles_file : &ld->conf_file, tree,
		ld->c->profile, prefect, l, &known, &ld->c->warnings, ld->err);
	if (rc || !known)
		return rc;
	*ret_known = true;
	free(l->origin);
	l->origin = xasprintf(
		"%s:%s", prefect ? "profiles.toml" : "weir.conf", ld->c->profile);
	return WEIR_OK;
}

static enum weir_rc
read_profile(struct load *ld)
{
	struct weir_config *c = ld->c;
	const char *by = NULL, *name = chosen_profile(ld, &by);
	const struct builtin *builtin;
	bool known = false;
	enum weir_rc rc;

	if (!name)
		return WEIR_OK;
	c->profile = xstrdup(name);
	builtin = find_builtin(name);
	c->no_address = !strcmp(name, "embedded");
	if (c->no_address)
		return WEIR_OK;
	rc = read_profile_of(ld, CONFIG_CONF_PROFILE, &known);
	if (!rc)
		rc = read_profile_of(ld, CONFIG_PROFILE, &known);
	if (rc || known)
		return rc;
	if (!builtin) {
		warn_no_profile(ld, name, by);
		free(c->profile);
		c->profile = NULL;
		/* what was asked for by name is not replaced by what is exported */
		c->no_address = c->profile_flag;
		forget_profile(c);
		return WEIR_OK;
	}
	free(c->layers[CONFIG_PROFILE].origin);
	c->layers[CONFIG_PROFILE].origin = xasprintf("built-in profile %s", name);
	if (builtin->api_url)
		set(c, CONFIG_PROFILE, WEIR_KEY_API_URL, builtin->api_url);
	return WEIR_OK;
}

static enum weir_rc
load_layers(struct load *ld)
{
	struct config_layer *l = ld->c->layers;
	enum weir_rc rc;

	rc = read_flags(ld);
	if (!rc)
		rc = config_read_env(ld->io, &l[CONFIG_WEIR_ENV],
			&l[CONFIG_PREFECT_ENV], &l[CONFIG_OTHER_ENV], ld->err);
	if (!rc)
		rc = read_cwd_file(ld, ".env", CONFIG_DOTENV);
	if (!rc)
		rc = read_cwd_file(ld, "prefect.toml", CONFIG_PREFECT_TOML);
	if (!rc)
		rc = read_cwd_file(ld, "pyproject.toml", CONFIG_PYPROJECT);
	if (!rc)
		rc = read_conf(ld);
	if (!rc)
		rc = read_profiles(ld);
	if (!rc) {
		list_profiles(ld);
		rc = read_profile(ld);
	}
	return rc;
}

enum weir_rc
config_load(const struct config_io *io, const struct weir_config_flags *flags,
	struct weir_config **ret_config, struct weir_err *err)
{
	static const struct weir_config_flags none = { 0 };
	struct load ld = { .io = io, .flags = flags ? flags : &none, .err = err };
	enum weir_rc rc;
	char *cache, *state, *data;

	ld.c = xcalloc(1, sizeof(*ld.c));
	buf_init(&ld.c->warnings, BUF_MAX);
	buf_init(&ld.c->profiles, BUF_MAX);
	buf_init(&ld.conf_text, CONFIG_FILE_MAX + 1);
	buf_init(&ld.profiles_text, CONFIG_FILE_MAX + 1);
	ld.home = home_folder(&ld);
	rc = load_layers(&ld);
	if (!rc) {
		cache = xdg(&ld, "XDG_CACHE_HOME", ".cache");
		state = xdg(&ld, "XDG_STATE_HOME", ".local/state");
		data = xdg(&ld, "XDG_DATA_HOME", ".local/share");
		config_resolve(ld.c, ld.conf_mode, cache, state, data);
		free(cache);
		free(state);
		free(data);
		*ret_config = ld.c;
	} else {
		weir_config_free(ld.c);
	}
	json_decref(ld.conf);
	json_decref(ld.profiles);
	buf_release(&ld.conf_text);
	buf_release(&ld.profiles_text);
	free(ld.profiles_path);
	free(ld.profiles_name);
	free(ld.home);
	return rc;
}

enum weir_rc
weir_config_load(const struct weir_config_flags *flags, struct weir_config **ret_config,
	struct weir_err *err)
{
	return config_load(&config_real_io, flags, ret_config, err);
}
