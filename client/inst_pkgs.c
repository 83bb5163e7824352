#include "inst_pkgs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_archive.h"
#include "inst_file.h"
#include "inst_name.h"
#include "inst_record.h"
#include "inst_tmp.h"

enum { RECORD_MAX = 16 << 20, KEY_TEXT = 16 };

/* ---- what is wanted */

static bool
is_hash(const char *text, size_t n)
{
	if (strlen(text) != n)
		return false;
	for (; *text; text++)
		if (!isxdigit((unsigned char)*text))
			return false;
	return true;
}

static char *
hash_of(const char *text, size_t n)
{
	return text && is_hash(text, n) ? xstrdup(text) : NULL;
}

static bool
fits_type(enum weir_inst_type type, enum inst_format format)
{
	return type == WEIR_INST_PYPI ? format == INST_WHEEL
				      : format == INST_CONDA || format == INST_TAR_BZ2;
}

static enum weir_rc
set_file(struct inst_want *w, const char *file, struct weir_err *err)
{
	struct buf shown = BUF_INIT(4096);
	enum weir_rc rc = WEIR_OK;
	size_t n = 0;

	if (!file || !inst_name_is_part(file) || *file == '.' || *file == '-' ||
		!fits_type(w->type, inst_archive_format(file, &n))) {
		inst_name_show(&shown, str_of(file ? file : ""));
		rc = weir_fail(err, WEIR_EBADDATA, "%s: not the name of a %s",
			buf_cstr(&shown),
			w->type == WEIR_INST_PYPI ? "wheel" : "conda package");
		buf_release(&shown);
		return rc;
	}
	w->file = xstrdup(file);
	w->stem = xstrndup(file, n);
	return WEIR_OK;
}

enum weir_rc
inst_pkgs_want(const struct weir_inst_package *p, struct inst_want *ret_want,
	struct weir_err *err)
{
	struct inst_want w = { .type = p->type, .size = p->size };
	enum weir_rc rc = set_file(&w, p->file, err);

	w.md5 = hash_of(p->md5, 32);
	w.sha256 = hash_of(p->sha256, 64);
	if (!rc && ((p->md5 && *p->md5 && !w.md5) ||
			   (p->sha256 && *p->sha256 && !w.sha256)))
		rc = weir_fail(err, WEIR_EBADDATA, "%s: its hash is none", w.file);
	w.url = xstrdup(p->url ? p->url : "");
	if (rc)
		inst_pkgs_want_release(&w);
	else
		*ret_want = w;
	return rc;
}

enum weir_rc
inst_pkgs_want_cached(const struct weir_inst_package *p, struct inst_want *ret_want,
	struct weir_err *err)
{
	const char *key = p->cache_key, *file = strrchr(key, '/'), *hash = file;
	struct weir_inst_package own = *p;
	enum weir_rc rc;
	char *text;

	while (hash && hash > key && hash[-1] != '/')
		hash--;
	if (!hash || hash == file)
		return weir_fail(err, WEIR_EBADDATA, "%s: the key of the cache is none",
			p->file);
	text = xstrndup(hash, (size_t)(file - hash));
	own.file = file + 1;
	own.md5 = is_hash(text, 32) ? text : NULL;
	own.sha256 = is_hash(text, 64) ? text : NULL;
	if (strcmp(own.file, p->file ? p->file : "") != 0)
		own.size = -1; /* it was made into another format */
	rc = own.md5 || own.sha256
		     ? inst_pkgs_want(&own, ret_want, err)
		     : weir_fail(err, WEIR_EBADDATA,
			       "%s: the key of the cache has no hash", p->file);
	free(text);
	return rc;
}

void
inst_pkgs_want_release(struct inst_want *w)
{
	free(w->file);
	free(w->stem);
	free(w->md5);
	free(w->sha256);
	free(w->url);
	*w = (struct inst_want){ 0 };
}

/* What tells packages of one name apart. */
static void
key_of(const struct inst_want *w, char out[KEY_TEXT + 1])
{
	const char *hash = w->sha256 ? w->sha256 : w->md5;
	uint64_t h = UINT64_C(14695981039346656037);

	if (hash) {
		snprintf(out, KEY_TEXT + 1, "%.16s", hash);
		return;
	}
	for (const char *c = w->url; *c; c++)
		h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
	snprintf(out, KEY_TEXT + 1, "%016llx", (unsigned long long)h);
}

/* ---- places */

enum weir_rc
inst_pkgs_home(const char *const *dirs, const char **ret_home, struct weir_err *err)
{
	struct weir_err why = { 0 };

	weir_fail(&why, WEIR_EFAIL, "packages: no folder is given for them");
	for (; *dirs; dirs++) {
		if (inst_file_folders(*dirs, &why))
			continue;
		if (access(*dirs, W_OK | X_OK) == 0) {
			*ret_home = *dirs;
			return WEIR_OK;
		}
		weir_fail(&why, WEIR_EFAIL, "%s: %s", *dirs, strerror(errno));
	}
	if (err)
		*err = why;
	weir_prefix(err, "packages: no folder can be written");
	return weir_hint(err, "export CONDA_PKGS_DIRS=DIR");
}

/* dir/name as others have it (other false), or where it is alone; owned. */
static char *
path_in(const char *dir, const struct inst_want *w, const char *name, bool other)
{
	static const char *const below[] = { "", "pypi/" };
	char key[KEY_TEXT + 1];

	if (!other)
		return xasprintf("%s/%s%s", dir, below[w->type], name);
	key_of(w, key);
	return xasprintf("%s/.weir/%s/%s", dir, key, name);
}

static void
note(const struct inst_pkgs *p, const char *path, const char *why)
{
	char *text;

	if (!p->note)
		return;
	text = xasprintf("%s: not taken: %s", path, why);
	p->note(p->arg, text);
	free(text);
}

/* ---- unpacked */

/* Is the record of an unpacked package that of what is wanted? */
static bool
is_wanted(const json_t *record, const struct inst_want *w)
{
	const char *md5 = json_string_value(json_object_get(record, "md5")),
		   *sha256 = json_string_value(json_object_get(record, "sha256")),
		   *url = json_string_value(json_object_get(record, "url"));
	struct buf plain = BUF_INIT(BUF_MAX);
	bool same;

	if (md5 && w->md5 && strcasecmp(md5, w->md5) != 0)
		return false;
	if (sha256 && w->sha256 && strcasecmp(sha256, w->sha256) != 0)
		return false;
	if ((md5 && w->md5) || (sha256 && w->sha256))
		return true;
	inst_record_url(&plain, w->url);
	same = url && *url && strcmp(url, buf_cstr(&plain)) == 0;
	buf_release(&plain);
	return same;
}

static json_t *
read_record(const char *dir)
{
	struct buf text = BUF_INIT(RECORD_MAX);
	json_t *record = NULL;

	if (!inst_file_read(dir, "info/repodata_record.json", dir, &text, NULL))
		record = json_loadb(text.s ? text.s : "", text.len, 0, NULL);
	buf_release(&text);
	if (json_is_object(record))
		return record;
	json_decref(record);
	return NULL;
}

/* The package at dir as a unit, when it is that. */
static bool
open_unit(const struct inst_pkgs *p, const struct inst_want *w, const char *dir,
	struct inst_unit *ret_unit)
{
	struct inst_unit u = { .dir = dir };
	struct weir_err why = { 0 };

	u.record = read_record(dir);
	if (!u.record)
		return false;
	if (!is_wanted(u.record, w)) {
		note(p, dir, "it is of another archive");
	} else if (inst_meta_read(dir, w->file, &u.meta, &why)) {
		note(p, dir, why.text);
	} else if (!inst_meta_fits(&u.meta, dir)) {
		note(p, dir, "a file of it is missing or has another size");
	} else {
		*ret_unit = u;
		return true;
	}
	inst_pkgs_unit_release(&u);
	return false;
}

enum weir_rc
inst_pkgs_unpacked(const struct inst_pkgs *p, const struct inst_want *w,
	struct inst_unit *ret_unit, char **ret_dir)
{
	char *dir;

	for (size_t i = 0; p->dirs[i]; i++)
		for (int other = 0; other < 2; other++) {
			dir = path_in(p->dirs[i], w, w->stem, other);
			if (open_unit(p, w, dir, ret_unit)) {
				*ret_dir = dir;
				return WEIR_OK;
			}
			free(dir);
		}
	return WEIR_ENOTFOUND;
}

void
inst_pkgs_unit_release(struct inst_unit *u)
{
	inst_meta_release(&u->meta);
	json_decref(u->record);
	*u = (struct inst_unit){ 0 };
}

/* ---- archives */

static bool
check_archive(const struct inst_pkgs *p, const struct inst_want *w, const char *path,
	struct inst_sums *ret_sums)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	/* Without a hash there is nothing to know it by. */
	if (!w->md5 && !w->sha256)
		return false;
	if (st.st_size > INST_ARCHIVE_MAX) {
		note(p, path, "it is too big");
		return false;
	}
	if (inst_sum_file(path, ret_sums, NULL))
		return false;
	if (inst_sum_is(ret_sums, w->md5, w->sha256))
		return true;
	note(p, path, "its hash is another");
	return false;
}

char *
inst_pkgs_archive(const struct inst_pkgs *p, const struct inst_want *w,
	struct inst_sums *ret_sums)
{
	char *path;

	for (size_t i = 0; p->dirs[i]; i++)
		for (int other = 0; other < 2; other++) {
			path = path_in(p->dirs[i], w, w->file, other);
			if (check_archive(p, w, path, ret_sums))
				return path;
			free(path);
		}
	return NULL;
}

static enum weir_rc
make_folder_of(const char *path, struct weir_err *err)
{
	char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	enum weir_rc rc = inst_file_folders(dir, err);

	free(dir);
	return rc;
}

enum weir_rc
inst_pkgs_place(const struct inst_pkgs *p, const struct inst_want *w, char **ret_path,
	struct weir_err *err)
{
	char *path = path_in(p->home, w, w->file, false);
	enum weir_rc rc;

	if (access(path, F_OK) == 0) { /* another of that name */
		free(path);
		path = path_in(p->home, w, w->file, true);
	}
	rc = make_folder_of(path, err);
	if (rc)
		free(path);
	else
		*ret_path = path;
	return rc;
}

/* ---- unpacking */

/* It says of itself what its file is called. */
static enum weir_rc
check_name(const struct inst_want *w, const struct inst_meta *m, struct weir_err *err)
{
	char *dist = xasprintf("%s-%s-%s", m->name, m->version, m->build);
	enum weir_rc rc = WEIR_OK;

	if (strcmp(dist, w->stem) != 0)
		rc = weir_fail(
			err, WEIR_EBADDATA, "%s: it says that it is %s", w->file, dist);
	free(dist);
	return rc;
}

static enum weir_rc
write_record(const struct inst_want *w, const struct inst_sums *sums, const char *dir,
	struct inst_unit *u, struct weir_err *err)
{
	char *path = xasprintf("%s/info/repodata_record.json", dir), *text;
	enum weir_rc rc;

	u->record = inst_record_new(
		u->meta.index, w->url, w->file, sums->md5, sums->sha256, sums->size);
	text = json_dumps(u->record, JSON_INDENT(2));
	rc = text ? inst_file_make(path, str_of(text), 0, err)
		  : weir_fail(
			    err, WEIR_EBADDATA, "%s: its index is not UTF-8", w->file);
	free(text);
	free(path);
	return rc;
}

static void
add_url(const struct inst_pkgs *p, const struct inst_want *w)
{
	char *path = xasprintf("%s/urls.txt", p->home);
	struct buf line = BUF_INIT(BUF_MAX);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	inst_record_url(&line, w->url);
	buf_addc(&line, '\n');
	/* One write is one line, whoever else writes. For conda alone: no harm if not.
	 */
	if (fd >= 0 && write(fd, line.s, line.len) < 0)
		note(p, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	buf_release(&line);
	free(path);
}

/* The unpacked package at tmp moved to where it belongs; *ret_dir is owned. */
static enum weir_rc
move_in(const struct inst_pkgs *p, const struct inst_want *w, const char *tmp,
	char **ret_dir, struct weir_err *err)
{
	char *dir = NULL;
	enum weir_rc rc;

	for (int other = 0; other < 2; other++) {
		free(dir);
		dir = path_in(p->home, w, w->stem, other);
		rc = make_folder_of(dir, err);
		if (!rc && rename(tmp, dir) == 0) {
			*ret_dir = dir;
			return WEIR_OK;
		}
	}
	rc = weir_fail(err, WEIR_EFAIL, "%s: %s: %s", w->file, dir, strerror(errno));
	free(dir);
	return rc;
}

enum weir_rc
inst_pkgs_unpack(const struct inst_pkgs *p, const struct inst_want *w,
	const char *archive, const struct inst_sums *sums, struct inst_unit *ret_unit,
	char **ret_dir, struct weir_err *err)
{
	char *tmp = inst_tmp_name(p->home, w->stem);
	struct inst_limits limits = inst_tree_limits;
	struct inst_unit u = { 0 };
	enum weir_rc rc;

	limits.stop = p->stop;
	limits.arg = p->arg;
	rc = inst_archive_unpack(archive, w->file, tmp, &limits, err);
	if (rc)
		goto out;
	rc = inst_meta_read(tmp, w->file, &u.meta, err);
	if (!rc)
		rc = check_name(w, &u.meta, err);
	if (!rc && !inst_meta_fits(&u.meta, tmp))
		rc = weir_fail(err, WEIR_EBADDATA,
			"%s: a file of its list is missing or has another size",
			w->file);
	if (!rc)
		rc = write_record(w, sums, tmp, &u, err);
	if (!rc)
		rc = move_in(p, w, tmp, ret_dir, err);
	if (rc) {
		if (inst_tree_remove(tmp, NULL))
			weir_prefix(err, "%s could not be removed", tmp);
		inst_pkgs_unit_release(&u);
		goto out;
	}
	add_url(p, w);
	u.dir = *ret_dir;
	*ret_unit = u;
out:
	free(tmp);
	return rc;
}
