#include "env_places.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "env_cnd.h"

/* The ids in `<folder>/<name>/.metaflowenv`; false: there are none. */
static bool
read_mark(int dir, const char *name, struct arena *arena, struct weir_env_id *ret_id)
{
	char *path = arena_printf(arena, "%s/.metaflowenv", name);
	char *text = arena_alloc(arena, ENV_MARK_MAX);
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, ENV_MARK_MAX);
		close(fd);
	}
	*ret_id = (struct weir_env_id){ .arch = STR("") };
	return n > 0 && env_cnd_pair((struct str){ text, (size_t)n }, arena, ret_id) &&
	       ret_id->arch.len;
}

static void
look_in(const char *folder, struct env_places *p)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	while (dir && p->v.n < ENV_PLACES_MAX && (e = readdir(dir))) {
		struct env_place one;

		if (e->d_name[0] == '.' ||
			!read_mark(dirfd(dir), e->d_name, &p->arena, &one.id))
			continue;
		one.path = xasprintf("%s/%s", folder, e->d_name);
		VEC_PUSH(&p->v, one);
	}
	if (dir)
		closedir(dir);
}

/* Those that conda remembers wherever they are, a path a line. */
static void
look_in_list(struct env_places *p)
{
	const char *home = getenv("HOME");
	char *path =
		arena_printf(&p->arena, "%s/.conda/environments.txt", home ? home : "");
	char line[ENV_MARK_MAX];
	FILE *f = fopen(path, "re");

	while (f && p->v.n < ENV_PLACES_MAX && fgets(line, sizeof(line), f)) {
		struct env_place one;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '/' || !read_mark(AT_FDCWD, line, &p->arena, &one.id))
			continue;
		one.path = xstrdup(line);
		VEC_PUSH(&p->v, one);
	}
	if (f)
		fclose(f);
}

static int
cmp(const void *a, const void *b)
{
	const struct env_place *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* A folder may be found in two ways. */
static void
drop_twins(struct env_places *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->v.n; i++) {
		if (n && strcmp(p->v.v[n - 1].path, p->v.v[i].path) == 0)
			free(p->v.v[i].path);
		else
			p->v.v[n++] = p->v.v[i];
	}
	p->v.n = n;
}

void
env_places_find(const struct weir_env_root *root, struct env_places *ret)
{
	struct weir_env_folders folders = { 0 };

	*ret = (struct env_places){ 0 };
	weir_env_folders(root, &folders);
	for (size_t i = 0; i < folders.n; i++)
		look_in(folders.v[i], ret);
	weir_env_folders_release(&folders);
	look_in_list(ret);
	if (ret->v.n)
		qsort(ret->v.v, ret->v.n, sizeof(*ret->v.v), cmp);
	drop_twins(ret);
}

void
env_places_release(struct env_places *p)
{
	for (size_t i = 0; i < p->v.n; i++)
		free(p->v.v[i].path);
	VEC_FREE(&p->v);
	arena_free(&p->arena);
}

enum weir_rc
env_places_known(struct db *db, const struct env_places *p, bool *ret_known,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false, same = true;
	size_t i = 0;
	enum weir_rc rc = db_get(db, SQL_ENV_FOLDERS, &st, err);

	while (!rc && same && !(rc = db_step(db, st, &row, err)) && row) {
		const struct env_place *one = i < p->v.n ? &p->v.v[i++] : NULL;

		same = one && str_eq(db_str(st, 0), one->path) &&
		       str_equal(db_str(st, 1), one->id.req_id) &&
		       str_equal(db_str(st, 2), one->id.full_id) &&
		       str_equal(db_str(st, 3), one->id.arch);
	}
	db_reset(st);
	*ret_known = same && i == p->v.n;
	return rc;
}

enum weir_rc
env_places_put(struct db *db, const struct env_places *p, struct weir_err *err)
{
	enum weir_rc rc = db_exec_id(db, SQL_ENV_FOLDERS_CLEAR, err);

	for (size_t i = 0; !rc && i < p->v.n; i++) {
		const struct env_place *one = &p->v.v[i];
		sqlite3_stmt *st = NULL;

		rc = db_get(db, SQL_ENV_FOLDER_PUT, &st, err);
		if (rc)
			break;
		db_bind_str(st, 1, str_of(one->path));
		db_bind_str(st, 2, one->id.req_id);
		db_bind_str(st, 3, one->id.full_id);
		db_bind_str(st, 4, one->id.arch);
		rc = db_run(db, st, err);
	}
	return rc;
}
