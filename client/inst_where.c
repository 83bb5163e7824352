/* Where environments and packages go, as conda and mamba are told. */
#include <ctype.h>
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

/* Folders so far, and what people should know of how they were told. */
struct found {
	struct dirs dirs;
	struct buf *notes; /* a line each; NULL: nobody wants them */
};

static void
note_passed(struct found *f, const char *from, struct str told, const char *why)
{
	if (f->notes)
		buf_addf(f->notes,
			"%s: %.*s: passed over: %s; try: write the whole path\n", from,
			(int)told.len, told.s, why);
}

static void
note_relative(struct found *f, const char *from, struct str told, const char *path)
{
	if (f->notes)
		buf_addf(f->notes,
			"%s: %.*s: is relative, so below the working directory, as for "
			"conda: %s; try: write the whole path\n",
			from, (int)told.len, told.s, path);
}

/* `$NAME` and `${NAME}` at the beginning of rest; others are no variables. */
static const char *
add_value(struct str *rest, struct buf *path)
{
	bool brace = rest->len > 1 && rest->s[1] == '{';
	size_t start = 1 + brace, end = start;
	const char *value;
	char *name;

	while (end < rest->len &&
		(rest->s[end] == '_' || isalnum((unsigned char)rest->s[end])))
		end++;
	if (end == start || (brace && (end == rest->len || rest->s[end] != '}')))
		return "a '$' that begins no variable";
	name = xstrndup(rest->s + start, end - start);
	value = getenv(name);
	free(name);
	if (!value)
		return "a variable in it is not set";
	buf_adds(path, value);
	rest->s += end + brace;
	rest->len -= end + brace;
	return NULL;
}

/* `~` and variables replaced; what cannot be is said. */
static const char *
expand(struct str told, struct buf *path)
{
	const char *why = NULL;

	if (told.len && told.s[0] == '~') {
		if (told.len > 1 && told.s[1] != '/')
			return "it is below another user's folder";
		buf_adds(path, home());
		told.s++, told.len--;
	}
	while (!why && told.len) {
		if (*told.s == '$') {
			why = add_value(&told, path);
		} else {
			buf_addc(path, *told.s);
			told.s++, told.len--;
		}
	}
	return why;
}

/* Without `.`, `..` and what else is not needed, as text: no link is looked at. */
static void
add_plain(struct buf *out, const char *path)
{
	size_t n;

	for (; *path; path += n) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0 || (n == 1 && *path == '.'))
			continue;
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (out->len && out->s[out->len - 1] != '/')
				buf_truncate(out, out->len - 1);
			if (out->len)
				buf_truncate(out, out->len - 1);
			continue;
		}
		buf_addc(out, '/');
		buf_add(out, path, n);
	}
}

/* The whole path of what is told; as conda has it, from the working directory. */
static const char *
whole_path(struct str told, struct buf *out, bool *ret_relative)
{
	struct buf path = BUF_INIT(PATH_BYTES_MAX);
	const char *why = expand(told, &path);
	char *here = NULL;

	if (!why && !path.len)
		why = "it is empty";
	*ret_relative = !why && path.s[0] != '/';
	if (*ret_relative) {
		here = getcwd(NULL, 0);
		why = here ? NULL : "it is relative, and the working directory is gone";
	}
	if (!why) {
		add_plain(out, here ? here : "");
		add_plain(out, buf_cstr(&path));
	}
	if (!out->len)
		buf_addc(out, '/');
	if (!why && (path.truncated || out->truncated))
		why = "it is too long";
	free(here);
	buf_release(&path);
	return why;
}

static void
add_dir(struct found *f, const char *from, struct str told)
{
	struct buf path = BUF_INIT(PATH_BYTES_MAX);
	const char *why;
	bool relative;

	if (!told.len)
		return;
	why = whole_path(told, &path, &relative);
	if (!why && f->dirs.n == DIRS_MAX)
		why = "there are too many";
	if (why) {
		note_passed(f, from, told, why);
	} else {
		if (relative)
			note_relative(f, from, told, buf_cstr(&path));
		VEC_PUSH(&f->dirs, xstrdup(buf_cstr(&path)));
	}
	buf_release(&path);
}

static void
add_variable(struct found *f, const char *variable)
{
	const char *text = getenv(variable);
	size_t n;

	for (; text && *text; text += n + (text[n] != '\0')) {
		n = strcspn(text, ",:");
		add_dir(f, variable, (struct str){ text, n });
	}
}

static enum weir_rc
add_condarc(struct found *f, const char *path, const char *key, struct weir_err *err)
{
	struct buf text = BUF_INIT(CONDARC_MAX);
	enum weir_rc rc = inst_file_read("/", path, "condarc", &text, NULL);
	struct ynode *list;
	struct yaml y;
	char *from;

	if (rc) { /* none, or not for us */
		buf_release(&text);
		return WEIR_OK;
	}
	rc = yaml_load(buf_str(&text), path, &y, err);
	if (rc)
		goto out;
	from = xasprintf("%s: %s", path, key);
	list = yaml_get(y.root, key);
	if (list && list->kind == Y_TEXT)
		add_dir(f, from, (struct str){ list->text, list->n });
	for (size_t i = 0; list && list->kind == Y_LIST && i < list->n; i++)
		if (list->v[i]->kind == Y_TEXT)
			add_dir(f, from,
				(struct str){ list->v[i]->text, list->v[i]->n });
	free(from);
	yaml_free(&y);
out:
	buf_release(&text);
	return rc;
}

static enum weir_rc
add_told_condarc(
	struct found *f, const char *variable, const char *key, struct weir_err *err)
{
	struct str told = str_of(getenv(variable));
	struct buf path = BUF_INIT(PATH_BYTES_MAX);
	enum weir_rc rc = WEIR_OK;
	const char *why;
	bool relative;

	if (!told.len)
		return WEIR_OK;
	why = whole_path(told, &path, &relative);
	if (why)
		note_passed(f, variable, told, why);
	else
		rc = add_condarc(f, buf_cstr(&path), key, err);
	buf_release(&path);
	return rc;
}

static enum weir_rc
add_condarcs(struct found *f, const char *key, struct weir_err *err)
{
	static const char *const variables[] = { "CONDARC", "MAMBARC" };
	static const char *const files[] = { ".condarc", ".mambarc", ".conda/.condarc",
		".config/conda/.condarc", ".mamba/.mambarc" };
	static const char *const roots[] = { "MAMBA_ROOT_PREFIX", "CONDA_ROOT",
		"CONDA_PREFIX" };
	enum weir_rc rc = WEIR_OK;
	const char *value;
	char *path;

	for (size_t i = 0; !rc && !f->dirs.n && i < N_ELEM(variables); i++)
		rc = add_told_condarc(f, variables[i], key, err);
	for (size_t i = 0; !rc && !f->dirs.n && i < N_ELEM(files); i++) {
		path = xasprintf("%s/%s", home(), files[i]);
		rc = add_condarc(f, path, key, err);
		free(path);
	}
	for (size_t i = 0; !rc && !f->dirs.n && i < N_ELEM(roots); i++) {
		value = getenv(roots[i]);
		if (!value || !*value)
			continue;
		path = xasprintf("%s/.condarc", value);
		rc = add_condarc(f, path, key, err);
		free(path);
	}
	return rc;
}

static void
add_below(struct found *f, const char *root, const char *folder, const char *below)
{
	struct buf path = BUF_INIT(BUF_MAX);

	add_plain(&path, root);
	add_plain(&path, folder);
	add_plain(&path, below);
	VEC_PUSH(&f->dirs, buf_steal(&path));
}

static enum weir_rc
find_dirs(const struct where *w, char ***ret_dirs, struct buf *notes,
	struct weir_err *err)
{
	const char *root = getenv("MAMBA_ROOT_PREFIX");
	struct found f = { .notes = notes };
	enum weir_rc rc = WEIR_OK;

	add_variable(&f, w->variable);
	if (!f.dirs.n)
		rc = add_condarcs(&f, w->key, err);
	if (!rc && !f.dirs.n && root && *root == '/')
		add_below(&f, root, "", w->below);
	if (!rc && !f.dirs.n)
		add_below(&f, home(), ".conda", w->below);
	VEC_PUSH(&f.dirs, NULL);
	if (rc)
		weir_inst_dirs_free(f.dirs.v);
	else
		*ret_dirs = f.dirs.v;
	return rc;
}

enum weir_rc
weir_inst_env_dirs(char ***ret_dirs, struct buf *notes, struct weir_err *err)
{
	static const struct where w = { "CONDA_ENVS_DIRS", "envs_dirs", "envs" };

	return find_dirs(&w, ret_dirs, notes, err);
}

enum weir_rc
weir_inst_package_dirs(char ***ret_dirs, struct buf *notes, struct weir_err *err)
{
	static const struct where w = { "CONDA_PKGS_DIRS", "pkgs_dirs", "pkgs" };

	return find_dirs(&w, ret_dirs, notes, err);
}

void
weir_inst_dirs_free(char **dirs)
{
	for (char **d = dirs; d && *d; d++)
		free(*d);
	free(dirs);
}
