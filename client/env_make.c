#include "weir/env_make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "inst_full.h"

#define PYTHON_LINK "__conda_python"

enum { NAME_BYTES_MAX = 200 };

const char *
weir_env_machine_arch(void)
{
	static const struct {
		const char *system, *machine, *arch;
	} archs[] = {
		{ "Linux", "x86_64", "linux-64" },
		{ "Linux", "aarch64", "linux-aarch64" },
		{ "Linux", "ppc64le", "linux-ppc64le" },
		{ "Linux", "s390x", "linux-s390x" },
		{ "Linux", "riscv64", "linux-riscv64" },
		{ "Linux", "i686", "linux-32" },
		{ "Darwin", "arm64", "osx-arm64" },
		{ "Darwin", "x86_64", "osx-64" },
	};
	struct utsname u;

	if (uname(&u) < 0)
		return NULL;
	for (size_t i = 0; i < N_ELEM(archs); i++)
		if (strcmp(u.sysname, archs[i].system) == 0 &&
			strcmp(u.machine, archs[i].machine) == 0)
			return archs[i].arch;
	return NULL;
}

enum weir_rc
weir_env_for_arch(const struct weir_env_loaded *l, const char *arch,
	const struct weir_env **ret_env, struct weir_err *err)
{
	const char *wanted = arch ? arch : weir_env_machine_arch();
	struct buf known = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < l->n; i++) {
		if (wanted && str_eq(l->v[i].id.arch, wanted)) {
			*ret_env = &l->v[i];
			buf_release(&known);
			return WEIR_OK;
		}
		buf_addf(&known, "%s%.*s", i ? ", " : "", (int)l->v[i].id.arch.len,
			l->v[i].id.arch.s);
	}
	(void)weir_fail(err, WEIR_ENOTFOUND,
		"environment %.*s:%.*s: there is none of it for %s, only for %.300s",
		(int)l->v[0].id.req_id.len, l->v[0].id.req_id.s,
		(int)l->v[0].id.full_id.len, l->v[0].id.full_id.s,
		wanted ? wanted : "this machine", buf_cstr(&known));
	buf_release(&known);
	return weir_hint(
		err, "--arch %.*s", (int)l->v[0].id.arch.len, l->v[0].id.arch.s);
}

static const char *
text_in(struct arena *arena, struct str s)
{
	return s.len ? arena_strndup(arena, s.s, s.len) : NULL;
}

/* Built by Metaflow from a repository or a folder: the address leads nowhere. */
static bool
is_fake(struct str url)
{
	static const char fake[] = "://_fake/";

	for (size_t i = 0; i + sizeof(fake) - 1 <= url.len; i++)
		if (memcmp(url.s + i, fake, sizeof(fake) - 1) == 0)
			return true;
	return false;
}

static void
add_package(struct weir_env_make *m, const struct weir_env_package *p)
{
	struct arena *a = &m->arena;
	const char *hash = text_in(a, p->hash);
	struct weir_inst_package one = {
		.type = str_eq(p->type, "pypi") ? WEIR_INST_PYPI : WEIR_INST_CONDA,
		.url = is_fake(p->url) ? NULL : text_in(a, p->url),
		.file = arena_printf(a, "%.*s%.*s", (int)p->filename.len, p->filename.s,
			(int)p->url_format.len, p->url_format.s),
		.size = -1,
		.cache_key = text_in(a, p->cache_url),
	};

	if (hash && p->hash.len == 64)
		one.sha256 = hash;
	else
		one.md5 = hash;
	VEC_PUSH(&m->packages, one);
}

static enum weir_rc
check_name(const char *name, struct weir_err *err)
{
	if (*name && *name != '.' && !strchr(name, '/') &&
		strlen(name) <= NAME_BYTES_MAX)
		return WEIR_OK;
	(void)weir_fail(
		err, WEIR_EUSAGE, "--name %.250s: not the name of a folder", name);
	return weir_hint(err, "a name without '/', which does not begin with '.'");
}

/* One of conda's folders: `envs` or `pkgs` below CONDA_LOCAL_PATH, else as told. */
static enum weir_rc
choose_dirs(const struct weir_env_root *root, struct weir_env_make *m, char **ret_envs,
	struct weir_err *err)
{
	const char *local = weir_env_setting(root, "CONDA_LOCAL_PATH");
	char **dirs = NULL;
	enum weir_rc rc;

	if (local && *local == '/') {
		*ret_envs = arena_printf(&m->arena, "%s/envs", local);
		m->package_dirs = xcalloc(2, sizeof(char *));
		m->package_dirs[0] = xasprintf("%s/pkgs", local);
		m->inst.elsewhere = "METAFLOW_CONDA_LOCAL_PATH=DIR";
		return WEIR_OK;
	}
	rc = weir_inst_env_dirs(&dirs, &m->notes, err);
	if (!rc)
		*ret_envs = arena_printf(&m->arena, "%s", dirs[0]);
	weir_inst_dirs_free(dirs);
	return rc ? rc : weir_inst_package_dirs(&m->package_dirs, &m->notes, err);
}

/* A folder or file://; other caches cannot be read yet. */
static char *
cache_folder(struct arena *arena, const char *root)
{
	static const char scheme[] = "file://";

	if (!root)
		return NULL;
	if (strncmp(root, scheme, sizeof(scheme) - 1) == 0)
		root += sizeof(scheme) - 1;
	return *root == '/' ? arena_printf(arena, "%s", root) : NULL;
}

enum weir_rc
weir_env_make_prepare(const struct weir_env_root *root, const struct weir_env *env,
	const char *name, struct weir_env_make *ret, struct weir_err *err)
{
	struct weir_env_make m = { .notes = BUF_INIT(BUF_MAX) };
	const struct weir_env_id *id = &env->id;
	char *envs = NULL;
	enum weir_rc rc = name ? check_name(name, err) : WEIR_OK;

	if (!rc)
		rc = choose_dirs(root, &m, &envs, err);
	if (rc) {
		weir_env_make_release(&m);
		return rc;
	}
	if (!name)
		name = arena_printf(&m.arena, "metaflow_%.*s_%.*s", (int)id->req_id.len,
			id->req_id.s, (int)id->full_id.len, id->full_id.s);
	m.inst.target = arena_printf(&m.arena, "%s/%s", envs, name);
	m.inst.marker = arena_printf(&m.arena, "[\"%.*s\", \"%.*s\", \"%.*s\"]",
		(int)id->req_id.len, id->req_id.s, (int)id->full_id.len, id->full_id.s,
		(int)id->arch.len, id->arch.s);
	for (size_t i = 0; i < env->packages.n; i++)
		add_package(&m, &env->packages.v[i]);
	m.inst.packages = m.packages.v;
	m.inst.n_packages = m.packages.n;
	m.inst.package_dirs = (const char *const *)m.package_dirs;
	m.cache = cache_folder(&m.arena, root->cache);
	*ret = m;
	return WEIR_OK;
}

void
weir_env_make_release(struct weir_env_make *m)
{
	VEC_FREE(&m->packages);
	buf_release(&m->notes);
	weir_inst_dirs_free(m->package_dirs);
	arena_free(&m->arena);
	*m = (struct weir_env_make){ .cache = NULL };
}

/* ---- into */

/* Is name the one thing that may be there? */
static bool
is_ours(DIR *dir, const char *name)
{
	struct stat st;

	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       (strcmp(name, PYTHON_LINK) == 0 &&
		       fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISLNK(st.st_mode));
}

enum weir_rc
weir_env_into_check(const char *dir, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	const struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return errno == ENOENT ? WEIR_OK
				       : weir_fail(err, WEIR_EREFUSED, "--into %s: %s",
						 dir, strerror(errno));
	while (!rc && (e = readdir(d)))
		if (!is_ours(d, e->d_name)) {
			(void)weir_fail(err, WEIR_EREFUSED,
				"--into %s: it is not empty: %s is in it", dir,
				e->d_name);
			rc = weir_hint(err, "a folder that is empty, or not there");
		}
	closedir(d);
	return rc;
}

enum weir_rc
weir_env_into_link(const char *dir, const char *target, struct weir_err *err)
{
	char *link = xasprintf("%s/" PYTHON_LINK, dir);
	char *part = xasprintf("%s/." PYTHON_LINK ".%ld", dir, (long)getpid());
	char *python = xasprintf("%s/bin/python", target);
	enum weir_rc rc = WEIR_OK;

	if ((mkdir(dir, 0777) < 0 && errno != EEXIST) ||
		(unlink(part) < 0 && errno != ENOENT) || symlink(python, part) < 0)
		rc = weir_fail(err, WEIR_EFAIL, "--into %s: %s", dir, strerror(errno));
	else if (rename(part, link) < 0) {
		rc = weir_fail(err, WEIR_EFAIL, "--into %s: %s", dir, strerror(errno));
		(void)unlink(part);
	}
	if (rc && err)
		rc = inst_full_explain(err, dir, 0, "--into DIR");
	free(link);
	free(part);
	free(python);
	return rc;
}
