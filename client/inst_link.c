#include "inst_link.h"
#include "dyn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_file.h"
#include "inst_name.h"
#include "inst_prefix.h"
#include "inst_record.h"
#include "inst_sum.h"
#include "inst_tree.h"
#include "weir/file.h"

enum { PATCHED_MAX = BUF_MAX / 2, ENTRY_MODE = 0775, COPY_SIZE = 256 << 10 };

struct to_judge {
	const struct inst_unit *unit;
	const char *place;
};

struct linker {
	const struct inst_link *l;
	const struct inst_unit *unit;
	const struct inst_plan *plan;
	struct arena arena;  /* places */
	struct buf from, to; /* paths */
	struct buf folder;   /* the last one that was made */
	char *real; /* what l->at is without symbolic links; NULL until needed */
	struct inst_dones done;
	/* symbolic links to judge when all is there */
	VEC(struct to_judge) links;
	bool copied; /* a file could not be hard linked */
	struct weir_err *err;
};

static enum weir_rc
fail_at(const struct linker *k, enum weir_rc rc, const char *name, const char *why)
{
	struct buf shown = BUF_INIT(4096);

	inst_name_show(&shown, str_of(name));
	weir_fail(k->err, rc, "%s: %s: %s", k->unit->dist, buf_cstr(&shown), why);
	buf_release(&shown);
	return rc;
}

/* ---- folders */

/* Is the folder at path, which has a symbolic link in it, below the environment? */
static bool
stays_inside(struct linker *k, const char *path)
{
	char *real = realpath(path, NULL);
	bool inside;

	if (!k->real)
		k->real = realpath(k->l->at, NULL);
	inside = real && k->real &&
		 (strcmp(real, k->real) == 0 || inst_name_below(real, k->real));
	free(real);
	return inside;
}

/* One folder; those above it are there. */
static bool
make_one(struct linker *k, const char *path)
{
	struct stat st;

	if (mkdir(path, 0777) == 0)
		return true;
	if (errno != EEXIST || lstat(path, &st))
		return false;
	if (S_ISLNK(st.st_mode)) {
		errno = ENOTDIR;
		return stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
		       stays_inside(k, path);
	}
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

/* The folder that `place` lies in. */
static enum weir_rc
make_folder(struct linker *k, const char *place)
{
	const char *slash = strrchr(place, '/');
	struct str dir = { place, slash ? (size_t)(slash - place) : 0 };
	size_t start;

	if (!dir.len || str_equal(dir, buf_str(&k->folder)))
		return WEIR_OK;
	buf_clear(&k->to);
	buf_addf(&k->to, "%s/", k->l->at);
	for (size_t i = 0; i < dir.len;) {
		start = i;
		while (i < dir.len && dir.s[i] != '/')
			i++;
		buf_add(&k->to, dir.s + start, i - start);
		if (!make_one(k, buf_cstr(&k->to)))
			return fail_at(k, WEIR_EFAIL, place, strerror(errno));
		buf_addc(&k->to, '/');
		i++;
	}
	buf_clear(&k->folder);
	buf_addstr(&k->folder, dir);
	return WEIR_OK;
}

/* ---- one file */

static enum weir_rc
copy_file(struct linker *k, const struct stat *st, const char *name)
{
	int in = open(buf_cstr(&k->from), O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -1;
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_sec = st->st_mtime } };
	char *bytes = NULL;
	ssize_t n = -1;
	bool ok = false;
	int why;

	if (in >= 0)
		out = open(buf_cstr(&k->to),
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		goto out;
	bytes = xmalloc(COPY_SIZE);
	while ((n = read(in, bytes, COPY_SIZE)) > 0)
		if (!weir_write_all(out, (struct str){ bytes, (size_t)n }))
			goto out;
	ok = n == 0 && fchmod(out, st->st_mode & 0777) == 0 && !futimens(out, times);
out:
	why = errno;
	free(bytes);
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out))
		ok = false;
	errno = why;
	return ok ? WEIR_OK : fail_at(k, WEIR_EFAIL, name, strerror(errno));
}

static enum weir_rc
hash_text(struct linker *k, struct str text, struct inst_done *d)
{
	unsigned char sum[DYN_SHA256_SIZE];
	enum weir_rc rc = dyn_hash(DYN_SHA256, text, sum, k->err);

	if (!rc)
		inst_sum_hex(sum, sizeof(sum), d->sha256);
	return rc;
}

static enum weir_rc
link_symbolic(struct linker *k, const struct inst_spot *s, struct inst_done *d)
{
	char to[INST_NAME_MAX + 1];
	ssize_t n = readlink(buf_cstr(&k->from), to, sizeof(to) - 1);
	const char *why;
	bool look;

	if (n <= 0)
		return fail_at(k, WEIR_EFAIL, s->name, strerror(errno));
	to[n] = '\0';
	why = inst_name_link(d->place, str_of(to), &look);
	if (why)
		return fail_at(k, WEIR_EBADDATA, s->name, why);
	if (symlink(to, buf_cstr(&k->to)))
		return fail_at(k, WEIR_EFAIL, s->name, strerror(errno));
	if (strstr(to, ".."))
		VEC_PUSH(&k->links, ((struct to_judge){ k->unit, d->place }));
	if (d->size < 0)
		d->size = n;
	return hash_text(k, str_of(to), d);
}

static enum weir_rc
link_patched(struct linker *k, const struct inst_spot *s, const struct stat *st,
	struct inst_done *d)
{
	const struct inst_path *p = s->path;
	struct buf old = BUF_INIT(PATCHED_MAX), now = BUF_INIT(BUF_MAX);
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_sec = st->st_mtime } };
	enum weir_rc rc =
		inst_file_read(k->unit->dir, p->name, k->unit->dist, &old, k->err);

	if (rc)
		goto out;
	if (p->mode == INST_MODE_TEXT)
		inst_prefix_text(buf_str(&old), p->placeholder, k->l->prefix, &now);
	else if (!inst_prefix_binary(
			 buf_str(&old), p->placeholder, k->l->prefix, &now)) {
		fail_at(k, WEIR_EREFUSED, s->name,
			"the environment's path is longer than the place for it");
		rc = weir_hint(k->err, "a folder whose path has at most %zu bytes",
			strlen(p->placeholder));
		goto out;
	}
	if (now.truncated)
		rc = fail_at(k, WEIR_ETOOBIG, s->name, "the file is too big");
	if (!rc)
		rc = inst_file_make(
			buf_cstr(&k->to), buf_str(&now), st->st_mode & 0777, k->err);
	if (!rc && utimensat(AT_FDCWD, buf_cstr(&k->to), times, AT_SYMLINK_NOFOLLOW))
		rc = fail_at(k, WEIR_EFAIL, s->name, strerror(errno));
	d->size = (int64_t)now.len;
	if (!rc)
		rc = hash_text(k, buf_str(&now), d);
out:
	buf_release(&old);
	buf_release(&now);
	return rc;
}

static enum weir_rc
link_plain(struct linker *k, const struct inst_spot *s, const struct stat *st,
	struct inst_done *d)
{
	const struct inst_path *p = s->path;
	struct inst_sums sums;
	enum weir_rc rc = WEIR_OK;

	if (p->no_link) {
		rc = copy_file(k, st, s->name);
	} else if (k->copied || link(buf_cstr(&k->from), buf_cstr(&k->to))) {
		/* EXDEV, EPERM, EMLINK: whatever it is, a copy says more. */
		k->copied |= errno == EXDEV;
		rc = copy_file(k, st, s->name);
	}
	if (d->size < 0)
		d->size = (int64_t)st->st_size;
	if (rc)
		return rc;
	if (p->sha256) {
		snprintf(d->sha256, sizeof(d->sha256), "%s", p->sha256);
		return WEIR_OK;
	}
	rc = inst_sum_file(buf_cstr(&k->from), &sums, k->err);
	if (!rc)
		memcpy(d->sha256, sums.sha256, sizeof(d->sha256));
	return rc;
}

static enum weir_rc
link_entry(struct linker *k, const struct inst_spot *s, struct inst_done *d)
{
	char *python = xasprintf("%s/%s", k->l->prefix, k->plan->python.program);
	struct buf text = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	inst_entry_script(s->entry, python, &text);
	rc = inst_file_make(buf_cstr(&k->to), buf_str(&text), ENTRY_MODE, k->err);
	d->size = (int64_t)text.len;
	if (!rc)
		rc = hash_text(k, buf_str(&text), d);
	buf_release(&text);
	free(python);
	return rc;
}

static enum weir_rc
link_path(struct linker *k, const struct inst_spot *s, struct inst_done *d)
{
	struct stat st;

	buf_clear(&k->from);
	buf_addf(&k->from, "%s/%s", k->unit->dir, s->path->name);
	d->size = s->path->size;
	if (s->path->type == INST_PATH_FOLDER)
		return make_one(k, buf_cstr(&k->to))
			       ? WEIR_OK
			       : fail_at(k, WEIR_EFAIL, s->name, strerror(errno));
	if (lstat(buf_cstr(&k->from), &st))
		return fail_at(k, WEIR_EBADDATA, s->name,
			errno == ENOENT ? "it is listed, and not in the package"
					: strerror(errno));
	if (S_ISLNK(st.st_mode))
		return link_symbolic(k, s, d);
	if (!S_ISREG(st.st_mode))
		return fail_at(k, WEIR_EBADDATA, s->name, "not a file");
	return s->path->mode ? link_patched(k, s, &st, d) : link_plain(k, s, &st, d);
}

static enum weir_rc
link_spot(struct linker *k, const struct inst_spot *s)
{
	struct inst_done d = { .spot = s, .place = s->name };
	enum weir_rc rc;

	if (s->lost && s->path && s->path->type == INST_PATH_FOLDER)
		return WEIR_OK;
	if (s->lost)
		d.place = arena_printf(
			&k->arena, "__clobbers__/%s/%s", k->unit->meta.name, s->name);
	rc = make_folder(k, d.place);
	if (rc)
		return rc;
	buf_clear(&k->to);
	buf_addf(&k->to, "%s/%s", k->l->at, d.place);
	rc = s->path ? link_path(k, s, &d) : link_entry(k, s, &d);
	if (!rc)
		VEC_PUSH(&k->done, d);
	return rc;
}

/* ---- a package, all of them */

static int
compare_done(const void *a, const void *b)
{
	const struct inst_done *x = a, *y = b;

	return inst_name_compare(x->place, y->place);
}

static enum weir_rc
link_unit(struct linker *k, const struct inst_spot *spots, size_t n)
{
	enum weir_rc rc = WEIR_OK;

	k->done.n = 0;
	k->copied = false;
	for (size_t i = 0; !rc && i < n; i++)
		rc = link_spot(k, &spots[i]);
	if (rc)
		return rc;
	qsort(k->done.v, k->done.n, sizeof(*k->done.v), compare_done);
	return inst_record_write(k->l->at, k->unit, &k->done, k->copied, k->err);
}

static enum weir_rc
write_tag(const char *at, struct weir_err *err)
{
	static const char tag[] =
		"Signature: 8a477f597d28d172789f06886806bc55\n"
		"# This folder was made by weir and can be made again.\n"
		"# See https://bford.info/cachedir/\n";
	char *path = xasprintf("%s/CACHEDIR.TAG", at);
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	if (lstat(path, &st)) /* else it is a package's */
		rc = inst_file_make(path, STR(tag), 0, err);

	free(path);
	return rc;
}

static void
linker_release(struct linker *k)
{
	free(k->real);
	buf_release(&k->from);
	buf_release(&k->to);
	buf_release(&k->folder);
	VEC_FREE(&k->done);
	VEC_FREE(&k->links);
	arena_free(&k->arena);
}

static enum weir_rc
link_units(struct linker *k, const struct inst_unit *units, size_t n)
{
	const struct inst_spots *spots = &k->plan->spots;
	enum weir_rc rc = WEIR_OK;
	size_t first = 0, end;

	/* Spots are by unit. */
	for (size_t i = 0; !rc && i < n; i++) {
		for (end = first; end < spots->n && spots->v[end].unit == i; end++)
			;
		k->unit = &units[i];
		if (k->l->stop && k->l->stop(k->l->arg))
			return weir_fail(k->err, WEIR_EINTR, "interrupted");
		if (k->l->tell)
			k->l->tell(k->l->arg, units[i].dist, i, n);
		rc = link_unit(k, spots->v + first, end - first);
		first = end;
	}
	return rc;
}

/*
 * Other packages' links may be on the way to a link, and on its own way: where `..` in
 * it leads to is known only now.
 */
static bool
leads_inside(struct linker *k, int root, const char *place)
{
	const char *slash = strrchr(place, '/'), *dir;
	char *real, *name;
	bool inside;

	buf_clear(&k->to);
	buf_addf(&k->to, "%s/", k->l->at);
	buf_add(&k->to, place, slash ? (size_t)(slash - place) : 0);
	real = realpath(buf_cstr(&k->to), NULL);
	inside = real && stays_inside(k, real);
	if (inside) {
		dir = real + strlen(k->real);
		name = xasprintf("%s/%s", dir, slash ? slash + 1 : place);
		inside = inst_tree_leads_inside(root, name + 1);
		free(name);
	}
	free(real);
	return inside;
}

static enum weir_rc
judge_links(struct linker *k)
{
	int root = open(k->l->at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum weir_rc rc = WEIR_OK;

	if (root < 0)
		return weir_fail(
			k->err, WEIR_EFAIL, "%s: %s", k->l->at, strerror(errno));
	for (size_t i = 0; !rc && i < k->links.n; i++) {
		k->unit = k->links.v[i].unit;
		if (!leads_inside(k, root, k->links.v[i].place))
			rc = fail_at(k, WEIR_EBADDATA, k->links.v[i].place,
				"a symbolic link that may lead out");
	}
	close(root);
	return rc;
}

enum weir_rc
inst_link_all(const struct inst_link *l, const struct inst_unit *units, size_t n,
	const struct inst_plan *plan, struct weir_err *err)
{
	struct linker k = { .l = l, .plan = plan, .err = err };
	char *meta = xasprintf("%s/conda-meta", l->at);
	enum weir_rc rc = inst_file_folders(meta, err);

	buf_init(&k.from, BUF_MAX);
	buf_init(&k.to, BUF_MAX);
	buf_init(&k.folder, BUF_MAX);
	if (!rc)
		rc = link_units(&k, units, n);
	if (!rc)
		rc = judge_links(&k);
	if (!rc)
		rc = inst_record_history(l->at, l->command, units, n, err);
	if (!rc)
		rc = write_tag(l->at, err);
	linker_release(&k);
	free(meta);
	return rc;
}
