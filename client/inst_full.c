#include "inst_full.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "weir/mem.h"

static bool
says(const struct weir_err *err, int why)
{
	return strstr(err->text, strerror(why)) != NULL;
}

bool
inst_full_is(const struct weir_err *err)
{
	return says(err, ENOSPC) || says(err, EDQUOT);
}

/* Path without its last part; false: it is the root. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* Where the file system of dir, or of what is there of it, is mounted; owned. */
static char *
mounted_at(const char *dir)
{
	char *at = xstrdup(dir), *above;
	struct stat st, up;

	while (stat(at, &st) && go_up(at))
		;
	above = xstrdup(at);
	while (go_up(above) && stat(above, &up) == 0 && up.st_dev == st.st_dev) {
		free(at);
		at = xstrdup(above);
	}
	free(above);
	return at;
}

static int64_t
free_bytes(const struct statvfs *fs)
{
	return (int64_t)fs->f_bavail * (int64_t)fs->f_frsize;
}

enum weir_rc
inst_full_explain(
	struct weir_err *err, const char *dir, int64_t wanted, const char *elsewhere)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct statvfs fs = { 0 };
	enum weir_rc rc = err->rc;
	bool known;
	char *at;

	if (!inst_full_is(err))
		return rc;
	at = mounted_at(dir);
	known = statvfs(at, &fs) == 0;
	buf_addf(&b, "%s: the file system of %s, at %s, has ", err->text, dir, at);
	if (says(err, EDQUOT)) {
		buf_adds(&b, "no more room for this user");
	} else if (known && fs.f_files && !fs.f_favail) {
		buf_adds(&b, "no room for more files");
	} else if (known) {
		buf_addsize(&b, free_bytes(&fs));
		buf_adds(&b, " free");
	} else {
		buf_adds(&b, "no room");
	}
	if (wanted > 0) {
		buf_adds(&b, ", and at least ");
		buf_addsize(&b, wanted);
		buf_adds(&b, " are wanted");
	}
	weir_fail(err, rc, "%s", buf_cstr(&b));
	weir_hint(
		err, "make room there, or name a folder elsewhere with %s", elsewhere);
	buf_release(&b);
	free(at);
	return rc;
}

int64_t
inst_full_linking(
	const struct inst_unit *units, const struct inst_plan *plan, const char *dir)
{
	struct stat to = { 0 }, from = { 0 };
	size_t unit = SIZE_MAX;
	int64_t sum = 0;

	if (stat(dir, &to))
		return 0;
	for (size_t i = 0; i < plan->spots.n; i++) {
		const struct inst_spot *s = &plan->spots.v[i];
		const struct inst_path *p = s->path;

		if (s->unit != unit && stat(units[s->unit].dir, &from))
			from = to;
		unit = s->unit;
		if (p && p->size > 0 &&
			(p->mode || p->no_link || from.st_dev != to.st_dev))
			sum += p->size;
	}
	return sum;
}

const char *
inst_full_less(const char *a, const char *b)
{
	struct statvfs x, y;

	return !statvfs(a, &x) && !statvfs(b, &y) && free_bytes(&y) < free_bytes(&x)
		       ? b
		       : a;
}
