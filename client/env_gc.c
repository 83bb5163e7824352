#include "weir/env_gc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_busy.h"
#include "env_cnd.h"
#include "env_needs.h"
#include "env_places.h"
#include "env_tree.h"
#include "inst_lock.h"
#include "inst_site.h"
#include "inst_tmp.h"
#include "inst_tree.h"
#include "weir/time.h"

#define DAY_US (INT64_C(86400) * WEIR_SECOND_US)
static const char marker_file[] = ".metaflowenv";

struct finder {
	const struct weir_env_gc *how;
	struct weir_env_folders folders;
	struct env_needs needs;
	int64_t now_us;
	struct weir_err *err;
};

const char *
weir_env_keep_name(enum weir_env_keep k)
{
	static const char *const names[WEIR_ENV_N_KEEPS] = {
		[WEIR_ENV_UNNEEDED] = "unneeded",
		[WEIR_ENV_FOREIGN] = "foreign",
		[WEIR_ENV_BUSY] = "busy",
		[WEIR_ENV_DEFAULT] = "default",
		[WEIR_ENV_ALIAS] = "alias",
		[WEIR_ENV_RUN] = "run",
		[WEIR_ENV_NAMED] = "named",
		[WEIR_ENV_UNKNOWN] = "unknown",
		[WEIR_ENV_YOUNG] = "young",
	};

	return names[k];
}

/* ---- the folder itself */

struct folder {
	struct weir_env_id id;
	struct stat st;
	struct stat marker;
	struct arena arena;
};

/* Its marker, read from the folder itself; why it is none, or NULL. */
static const char *
read_marker(int fd, struct folder *f)
{
	char *text = arena_alloc(&f->arena, ENV_MARK_MAX);
	int m = openat(fd, marker_file,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n = -1;

	if (m < 0)
		return "its .metaflowenv cannot be read";
	if (fstat(m, &f->marker) == 0 && S_ISREG(f->marker.st_mode))
		n = read(m, text, ENV_MARK_MAX);
	close(m);
	f->id = (struct weir_env_id){ .arch = STR("") };
	if (n <= 0 || n == ENV_MARK_MAX ||
		!env_cnd_pair((struct str){ text, (size_t)n }, &f->arena, &f->id) ||
		!env_cnd_is_id(f->id.req_id) || !env_cnd_is_id(f->id.full_id) ||
		!f->id.arch.len || f->id.arch.len > 32)
		return "its .metaflowenv does not name an environment";
	return NULL;
}

static bool
has(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* NULL: it is an environment and one's own; else why it is not to be touched. */
static const char *
look_at_folder(const char *path, struct folder *f)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *why = NULL;

	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? "it is a link to elsewhere"
							  : strerror(errno);
	if (fstat(fd, &f->st) != 0)
		why = strerror(errno);
	else if (f->st.st_uid != geteuid())
		why = "it belongs to another user";
	if (!why)
		why = read_marker(fd, f);
	if (!why && (has(fd, "envs") || has(fd, "pkgs") || has(fd, "condabin")))
		why = "conda itself, or its folders, are in it";
	close(fd);
	return why;
}

/* Directly in a folder of environments, by the way that it is written. */
static bool
is_in_folders(const struct weir_env_folders *v, const char *path)
{
	size_t n = (size_t)(strrchr(path, '/') - path);

	for (size_t i = 0; i < v->n; i++)
		if (strlen(v->v[i]) == n && memcmp(v->v[i], path, n) == 0)
			return true;
	return false;
}

/* `metaflow_<req_id>_<full_id>` and its like: 1 when it names id, -1 another one. */
static int
name_says(const char *name, const struct weir_env_id *id)
{
	static const char *const begins[] = { "metaflow_", "metaflowtmp_",
		"metaflow_builder_" };

	for (size_t i = 0; i < N_ELEM(begins); i++) {
		size_t n = strlen(begins[i]);
		struct str req = { name + n, WEIR_ENV_ID };
		struct str full = { name + n + WEIR_ENV_ID + 1, WEIR_ENV_ID };

		if (strncmp(name, begins[i], n) != 0 ||
			strlen(name) != n + 2 * WEIR_ENV_ID + 1 ||
			!env_cnd_is_id(req) || !env_cnd_is_id(full) ||
			req.s[WEIR_ENV_ID] != '_')
			continue;
		return str_equal(req, id->req_id) && str_equal(full, id->full_id) ? 1
										  : -1;
	}
	return 0;
}

/* ---- when it was made, changed, used */

static int64_t
us_of(struct timespec t)
{
	return (int64_t)t.tv_sec * WEIR_SECOND_US + t.tv_nsec / 1000;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A file that other environments have too says nothing of when this one was used. */
static int64_t
used_at(const char *path, const struct folder *f)
{
	static const char *const files[] = { "conda-meta/history", "conda-meta",
		"bin/python" };
	int64_t at = later(us_of(f->st.st_mtim), us_of(f->marker.st_mtim));

	for (size_t i = 0; i < N_ELEM(files); i++) {
		char *name = xasprintf("%s/%s", path, files[i]);
		struct stat st;

		if (stat(name, &st) == 0) {
			if (i + 1 < N_ELEM(files))
				at = later(at, us_of(st.st_mtim));
			else if (st.st_nlink == 1)
				at = later(at, us_of(st.st_atim));
		}
		free(name);
	}
	return at;
}

/* ---- one of them judged */

static void
keep(struct weir_env_local *one, enum weir_env_keep k, char *why)
{
	one->keep = k;
	one->why = why;
}

/* What costs little to see. */
static bool
judge(struct finder *f, struct weir_env_local *one, const struct folder *d)
{
	static const enum weir_env_keep keeps[] = { [ENV_NEED_RUN] = WEIR_ENV_RUN,
		[ENV_NEED_ALIAS] = WEIR_ENV_ALIAS,
		[ENV_NEED_DEFAULT] = WEIR_ENV_DEFAULT };
	int says = name_says(strrchr(one->path, '/') + 1, &d->id);
	struct env_need need = env_needs_of(&f->needs, &d->id);

	if (says < 0)
		keep(one, WEIR_ENV_FOREIGN,
			xstrdup("its name and its .metaflowenv differ"));
	else if (need.kind)
		keep(one, keeps[need.kind], xstrdup(need.why));
	else if (says == 0 && !f->how->named)
		keep(one, WEIR_ENV_NAMED, xstrdup("somebody gave it this name"));
	else if (!env_needs_knows(&f->needs, &d->id) && !f->how->unknown)
		keep(one, WEIR_ENV_UNKNOWN,
			xstrdup("no conda_v2.cnd or cache that is known has it"));
	else if (f->now_us - one->used_us < f->how->older_us)
		keep(one, WEIR_ENV_YOUNG, xstrdup("made, changed or used of late"));
	else
		return true;
	return false;
}

/* Nothing needs it; may it be removed? */
static enum weir_rc
judge_more(struct finder *f, struct weir_env_local *one, const struct folder *d)
{
	const struct weir_env_gc *how = f->how;
	struct env_tree tree = { 0 };
	char *real = realpath(one->path, NULL);
	long pid = real ? env_busy(real) : 0;
	struct weir_err why;
	enum weir_rc rc = env_tree_look(one->path, how->stop, how->arg, &tree, &why);

	free(real);
	if (rc == WEIR_EINTR) {
		*f->err = why;
		return rc;
	}
	one->size = rc ? -1 : tree.size;
	one->freed = rc ? -1 : tree.freed;
	if (rc)
		keep(one, WEIR_ENV_FOREIGN, xstrdup(why.text));
	else if (tree.foreign)
		keep(one, WEIR_ENV_FOREIGN, xstrdup("files of another user are in it"));
	else if (tree.mounted)
		keep(one, WEIR_ENV_FOREIGN,
			xstrdup("another file system is mounted in it"));
	else if (pid)
		keep(one, WEIR_ENV_BUSY, xasprintf("process %ld is in it", pid));
	else if (env_needs_knows(&f->needs, &d->id))
		keep(one, WEIR_ENV_UNNEEDED,
			xstrdup("no default, alias or run of late"));
	else
		keep(one, WEIR_ENV_UNNEEDED, xstrdup("no file that is known has it"));
	return WEIR_OK;
}

static enum weir_rc
take(struct finder *f, const struct env_place *place, struct weir_env_locals *ret)
{
	struct weir_env_local one = { .path = xstrdup(place->path),
		.size = -1,
		.freed = -1,
		.used_us = WEIR_NO_TIME };
	struct folder d = { .arena = { 0 } };
	const char *why = look_at_folder(place->path, &d);
	enum weir_rc rc = WEIR_OK;

	str_into(one.req_id, sizeof(one.req_id), place->id.req_id);
	str_into(one.full_id, sizeof(one.full_id), place->id.full_id);
	str_into(one.arch, sizeof(one.arch), place->id.arch);
	if (!why) {
		one.device = (uint64_t)d.st.st_dev;
		one.inode = (uint64_t)d.st.st_ino;
		one.used_us = used_at(place->path, &d);
		if (!is_in_folders(&f->folders, place->path))
			why = "it is not in a folder of environments";
	}
	if (why)
		keep(&one, WEIR_ENV_FOREIGN, xstrdup(why));
	else if (judge(f, &one, &d))
		rc = judge_more(f, &one, &d);
	VEC_PUSH(&ret->v, one);
	arena_free(&d.arena);
	return rc;
}

static enum weir_rc
read_needs(struct finder *f)
{
	f->needs.now_us = f->now_us;
	f->needs.runs_us = f->how->runs_us;
	f->needs.gone_us = WEIR_ENV_GC_GONE_DAYS * DAY_US;
	return env_needs_read(&f->needs, f->how->config, f->how->root, f->err);
}

enum weir_rc
weir_env_gc_find(const struct weir_env_gc *how, struct weir_env_locals *ret,
	struct weir_err *err)
{
	struct finder f = { .how = how, .now_us = weir_now_us(), .err = err };
	struct weir_env_locals found = { .v = { 0 } };
	struct env_places places = { .v = { 0 } };
	enum weir_rc rc = read_needs(&f);

	if (!rc) {
		weir_env_folders(how->root, &f.folders);
		env_places_find(how->root, &places);
	}
	for (size_t i = 0; !rc && i < places.v.n; i++)
		rc = take(&f, &places.v.v[i], &found);
	env_places_release(&places);
	weir_env_folders_release(&f.folders);
	env_needs_release(&f.needs);
	if (rc)
		weir_env_locals_release(&found);
	else
		*ret = found;
	return rc;
}

void
weir_env_locals_release(struct weir_env_locals *l)
{
	for (size_t i = 0; i < l->v.n; i++) {
		free(l->v.v[i].path);
		free(l->v.v[i].why);
	}
	VEC_FREE(&l->v);
}

/* ---- removing */

static enum weir_rc
refuse(const struct weir_env_local *one, const char *why, struct weir_err *err)
{
	return weir_fail(err, WEIR_EREFUSED, "%s: %s: it stays", one->path, why);
}

/* The lock may have been waited for: does something need it by now? */
static enum weir_rc
judge_again(const struct weir_env_gc *how, const struct weir_env_local *one,
	const struct folder *d, struct weir_err *err)
{
	struct finder f = { .how = how, .now_us = weir_now_us(), .err = err };
	struct weir_env_local now = { .path = one->path, .used_us = one->used_us };
	enum weir_rc rc = read_needs(&f);

	if (!rc && !judge(&f, &now, d))
		rc = refuse(one, now.why, err);
	free(now.why);
	env_needs_release(&f.needs);
	return rc;
}

/* Is it still what was found, not needed, with nobody in it? */
static enum weir_rc
look_again(const struct weir_env_gc *how, const struct weir_env_local *one,
	struct weir_err *err)
{
	struct folder d = { .arena = { 0 } };
	const char *why = look_at_folder(one->path, &d);
	enum weir_rc rc = WEIR_OK;
	char *real;
	long pid;

	if (why)
		rc = refuse(one, why, err);
	else if ((uint64_t)d.st.st_dev != one->device ||
		 (uint64_t)d.st.st_ino != one->inode ||
		 !str_eq(d.id.req_id, one->req_id) ||
		 !str_eq(d.id.full_id, one->full_id) || !str_eq(d.id.arch, one->arch) ||
		 used_at(one->path, &d) != one->used_us)
		rc = refuse(one, "somebody has changed it or made it anew", err);
	else
		rc = judge_again(how, one, &d, err);
	real = rc ? NULL : realpath(one->path, NULL);
	pid = real ? env_busy(real) : 0;
	if (pid) {
		char *text = xasprintf("process %ld is in it", pid);

		rc = refuse(one, text, err);
		free(text);
	}
	free(real);
	arena_free(&d.arena);
	return rc;
}

/*
 * Out of sight in one step: from the renaming on inst_tmp_sweep removes it, should this
 * process die. Without its marker nobody takes what is half removed for one.
 */
static enum weir_rc
put_aside(const struct weir_env_local *one, const struct inst_site *site,
	char **ret_aside, struct weir_err *err)
{
	char *aside = inst_tmp_name(site->parent, INST_TMP_GONE);
	bool renamed = rename(one->path, aside) == 0;
	enum weir_rc rc;

	if (renamed && inst_tmp_unmark(aside)) {
		*ret_aside = aside;
		return WEIR_OK;
	}
	rc = refuse(one, strerror(errno), err);
	if (renamed)
		(void)rename(aside, one->path);
	free(aside);
	return rc;
}

static void
on_wait(void *arg, const char *text)
{
	const struct weir_env_gc *how = arg;

	if (how->tell)
		how->tell(how->arg, text);
}

static bool
on_stop(void *arg)
{
	const struct weir_env_gc *how = arg;

	return how->stop && how->stop(how->arg);
}

static char *
lock_of(const char *folder)
{
	return xasprintf("%s/mf_env-creation.lock", folder);
}

/* The lock of one that was killed would keep Metaflow waiting. */
void
weir_env_gc_sweep(const struct weir_env_root *root)
{
	struct weir_env_folders folders = { 0 };

	weir_env_folders(root, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		char *lock = lock_of(folders.v[i]);

		inst_lock_sweep(lock);
		inst_tmp_sweep(folders.v[i]);
		free(lock);
	}
	weir_env_folders_release(&folders);
}

enum weir_rc
weir_env_gc_remove(const struct weir_env_gc *how, const struct weir_env_local *one,
	struct weir_err *err)
{
	struct inst_lock_wait wait = { .tell = on_wait, .stop = on_stop };
	struct inst_site site = { .target = NULL };
	struct inst_lock lock = { .path = NULL };
	char *path = NULL, *aside = NULL;
	enum weir_rc rc = inst_site_init(&site, one->path, err);

	BUG_ON(one->keep != WEIR_ENV_UNNEEDED);
	wait.arg = (void *)(uintptr_t)how;
	if (!rc) {
		path = lock_of(site.parent);
		inst_tmp_sweep(site.parent);
		rc = inst_lock_take(path, &wait, &lock, err);
	}
	if (!rc)
		rc = look_again(how, one, err);
	/* It has its marker: it needs no note. */
	if (!rc && inst_site_abandoned(&site))
		inst_site_forget(&site);
	if (!rc)
		rc = put_aside(one, &site, &aside, err);
	inst_lock_drop(&lock);
	if (!rc)
		rc = inst_tree_remove(aside, err);
	inst_site_release(&site);
	free(path);
	free(aside);
	return rc;
}
