/* Where environments and packages go, as conda and mamba are told. */
#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include "inst_file.h"
#include "weir/inst.h"
#include "weir/mem.h"
#include "yaml_load.h"

enum { CONDARC_MAX = 1 << 20, DIRS_MAX = 64, PATH_BYTES_MAX = 4000 };

VEC_TYPE(dirs, char *);

struct where {
	const char *variable; /* of directories, separated by , or : */
	const char *key;      /* of .condarc */
	const char *below;    /* of the root */
};

static const char *
home(void)
{
	const char *h = getenv("HOME");

	return h && *h == '/' ? h : "/";
}

/* `~` and `$HOME`-like names at its beginning; relative ones are left out. */
static void
add_dir(struct dirs *v, const char *text, size_t n)
{
	struct buf path = BUF_INIT(PATH_BYTES_MAX);
	struct str rest = { text, n };
	const char *value;
	char *name;
	size_t end;

	if (rest.len && rest.s[0] == '~' && (rest.len == 1 || rest.s[1] == '/')) {
		buf_adds(&path, home());
		rest.s++, rest.len--;
	} else if (rest.len > 1 && rest.s[0] == '$') {
		bool brace = rest.s[1] == '{';

		for (end = 1 + brace;
			end < rest.len && rest.s[end] != '/' && rest.s[end] != '}';)
			end++;
		name = xstrndup(rest.s + 1 + brace, end - 1 - brace);
		value = getenv(name);
		buf_adds(&path, value ? value : "");
		free(name);
		end += brace && end < rest.len;
		rest.s += end;
		rest.len -= end;
	}
	buf_addstr(&path, rest);
	while (path.len > 1 && path.s[path.len - 1] == '/')
		buf_truncate(&path, path.len - 1);
	if (path.len && path.s[0] == '/' && !path.truncated && v->n < DIRS_MAX)
		VEC_PUSH(v, xstrdup(buf_cstr(&path)));
	buf_release(&path);
}

static void
add_variable(struct dirs *v, const char *text)
{
	size_t n;

	for (; *text; text += n + (text[n] != '\0')) {
		n = strcspn(text, ",:");
		add_dir(v, text, n);
	}
}

static enum weir_rc
add_condarc(struct dirs *v, const char *path, const char *key, struct weir_err *err)
{
	struct buf text = BUF_INIT(CONDARC_MAX);
	enum weir_rc rc = inst_file_read("/", path, "condarc", &text, NULL);
	struct ynode *list;
	struct yaml y;

	if (rc) { /* none, or not for us */
		buf_release(&text);
		return WEIR_OK;
	}
	rc = yaml_load(buf_str(&text), path, &y, err);
	if (rc)
		goto out;
	list = yaml_get(y.root, key);
	if (list && list->kind == Y_TEXT)
		add_dir(v, list->text, list->n);
	for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++)
		if (list->v[i]->kind == Y_TEXT)
			add_dir(v, list->v[i]->text, list->v[i]->n);
	yaml_free(&y);
out:
	buf_release(&text);
	return rc;
}

static enum weir_rc
add_condarcs(struct dirs *v, const char *key, struct weir_err *err)
{
	static const char *const variables[] = { "CONDARC", "MAMBARC" };
	static const char *const files[] = { ".condarc", ".mambarc", ".conda/.condarc",
		".config/conda/.condarc", ".mamba/.mambarc" };
	static const char *const roots[] = { "MAMBA_ROOT_PREFIX", "CONDA_ROOT",
		"CONDA_PREFIX" };
	enum weir_rc rc = WEIR_OK;
	const char *value;
	char *path;

	for (size_t i = 0; !rc && !v->n && i < N_ELEM(variables); i++) {
		value = getenv(variables[i]);
		if (value && *value)
			rc = add_condarc(v, value, key, err);
	}
	for (size_t i = 0; !rc && !v->n && i < N_ELEM(files); i++) {
		path = xasprintf("%s/%s", home(), files[i]);
		rc = add_condarc(v, path, key, err);
		free(path);
	}
	for (size_t i = 0; !rc && !v->n && i < N_ELEM(roots); i++) {
		value = getenv(roots[i]);
		if (!value || !*value)
			continue;
		path = xasprintf("%s/.condarc", value);
		rc = add_condarc(v, path, key, err);
		free(path);
	}
	return rc;
}

static enum weir_rc
find_dirs(const struct where *w, char ***ret_dirs, struct weir_err *err)
{
	const char *value = getenv(w->variable), *root = getenv("MAMBA_ROOT_PREFIX");
	struct dirs v = { 0 };
	enum weir_rc rc = WEIR_OK;
	char *path;

	if (value && *value)
		add_variable(&v, value);
	if (!v.n)
		rc = add_condarcs(&v, w->key, err);
	if (!rc && !v.n && root && *root == '/') {
		path = xasprintf("%s/%s", root, w->below);
		add_dir(&v, path, strlen(path));
		free(path);
	}
	if (!rc && !v.n) {
		path = xasprintf("%s/.conda/%s", home(), w->below);
		add_dir(&v, path, strlen(path));
		free(path);
	}
	VEC_PUSH(&v, NULL);
	if (rc)
		weir_inst_dirs_free(v.v);
	else
		*ret_dirs = v.v;
	return rc;
}

enum weir_rc
weir_inst_env_dirs(char ***ret_dirs, struct weir_err *err)
{
	static const struct where w = { "CONDA_ENVS_DIRS", "envs_dirs", "envs" };

	return find_dirs(&w, ret_dirs, err);
}

enum weir_rc
weir_inst_package_dirs(char ***ret_dirs, struct weir_err *err)
{
	static const struct where w = { "CONDA_PKGS_DIRS", "pkgs_dirs", "pkgs" };

	return find_dirs(&w, ret_dirs, err);
}

void
weir_inst_dirs_free(char **dirs)
{
	for (char **d = dirs; d && *d; d++)
		free(*d);
	free(dirs);
}
