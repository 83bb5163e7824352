#include "inst_gather.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_archive.h"
#include "inst_fetch.h"
#include "inst_full.h"
#include "inst_name.h"
#include "inst_tmp.h"
#include "weir/config.h"
#include "weir/file.h"

enum { COPY_SIZE = 256 << 10 };

struct gatherer {
	const struct weir_inst *w;
	struct inst_gather *g;
	struct inst_pkgs pkgs;
	bool archives;
	int64_t done, of; /* bytes */
	struct weir_err *err;
};

static void
tell(struct gatherer *k, enum weir_inst_step step, const char *what, int64_t done,
	int64_t of)
{
	struct weir_inst_event e = { step, what, done, of };

	if (k->w->tell)
		k->w->tell(k->w->arg, &e);
}

static void
on_note(void *arg, const char *text)
{
	tell(arg, WEIR_INST_NOTE, text, 0, -1);
}

static bool
on_stop(void *arg)
{
	const struct gatherer *k = arg;

	return k->w->stop && k->w->stop(k->w->arg);
}

/* ---- what is here */

static bool
find_as(struct gatherer *k, struct inst_one *one, const struct inst_want *want)
{
	bool conda = one->package->type == WEIR_INST_CONDA;

	if (conda && !one->dir)
		if (inst_pkgs_unpacked(&k->pkgs, want, &one->unit, &one->dir))
			one->dir = NULL;
	if (!one->dir || k->archives)
		one->archive = inst_pkgs_archive(&k->pkgs, want, &one->sums);
	if (!one->archive && (!one->dir || k->archives))
		return false;
	one->as = want;
	return true;
}

static bool
find(struct gatherer *k, struct inst_one *one)
{
	bool found = one->has_want && find_as(k, one, &one->want);

	if (!found && one->has_cached) {
		/* What is not taken was said, if it was looked at. */
		k->pkgs.note = one->has_want ? NULL : on_note;
		found = find_as(k, one, &one->cached);
		k->pkgs.note = on_note;
	}
	return found;
}

/* ---- from the cache */

static enum weir_rc
take_cached(struct gatherer *k, struct inst_one *one)
{
	char *path = NULL, *part = NULL;
	struct weir_err why = { 0 };
	enum weir_rc rc = inst_pkgs_place(&k->pkgs, &one->cached, &path, k->err);

	if (rc)
		return rc;
	part = inst_tmp_name(k->pkgs.home, one->cached.file);
	rc = k->w->cache_get(k->w->arg, one->package->cache_key, part, &why);
	if (!rc)
		rc = inst_sum_file(part, &one->sums, &why);
	if (!rc && !inst_sum_is(&one->sums, one->cached.md5, one->cached.sha256))
		rc = weir_fail(&why, WEIR_EBADDATA,
			"%s: what the cache has for it has another hash",
			one->cached.file);
	if (!rc && rename(part, path))
		rc = weir_fail(&why, WEIR_EFAIL, "%s: %s", path, strerror(errno));
	if (!rc) {
		one->archive = path;
		one->as = &one->cached;
		path = NULL;
		k->g->n_cached++;
		rc = WEIR_OK;
	} else {
		unlink(part);
		if (rc == WEIR_ENOTFOUND) {
			rc = WEIR_OK;
		} else if (!inst_full_is(&why)) { /* the web may have it */
			tell(k, WEIR_INST_NOTE, why.text, 0, -1);
			rc = WEIR_OK;
		} else if (k->err) {
			*k->err = why;
		}
	}
	free(part);
	free(path);
	return rc;
}

enum weir_rc
weir_inst_cache_folder(void *arg, const char *key, const char *to, struct weir_err *err)
{
	struct buf plain = BUF_INIT(INST_NAME_MAX);
	const char *why = inst_name_plain(str_of(key), &plain),
		   *file = strrchr(key, '/');
	char *path = xasprintf("%s/%s", (const char *)arg, buf_cstr(&plain));
	int in = why ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1;
	char *bytes = xmalloc(COPY_SIZE);
	enum weir_rc rc = WEIR_OK;
	ssize_t n = -1;

	/* Keys may have a user and a password in them: the file's name alone. */
	file = file ? file + 1 : key;
	if (in < 0) {
		rc = weir_fail(err,
			!why && errno == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"cache: %s: %s", file, why ? why : strerror(errno));
		goto out;
	}
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	while (out >= 0 && (n = read(in, bytes, COPY_SIZE)) > 0)
		if (!weir_write_all(out, (struct str){ bytes, (size_t)n })) {
			n = -1;
			break;
		}
	if (out >= 0 && close(out))
		n = -1;
	if (n != 0)
		rc = weir_fail(err, WEIR_EFAIL, "%s: %s", to, strerror(errno));
out:
	if (in >= 0)
		close(in);
	free(bytes);
	free(path);
	buf_release(&plain);
	return rc;
}

/* ---- from the web */

static bool
is_local(const char *url)
{
	return strncasecmp(url, "file:", 5) == 0;
}

/* `file:///path`: the archive is there. */
static enum weir_rc
take_local(struct gatherer *k, struct inst_one *one)
{
	const char *path = one->package->url + 5;

	path += strncmp(path, "//", 2) == 0 ? 2 : 0;
	if (inst_sum_file(path, &one->sums, k->err))
		return weir_prefix(k->err, "%s", one->want.file);
	if (!inst_sum_is(&one->sums, one->want.md5, one->want.sha256))
		return weir_fail(k->err, WEIR_EBADDATA,
			"%s: %s: its hash is another than is wanted", one->want.file,
			path);
	one->archive = xstrdup(path);
	one->as = &one->want;
	return WEIR_OK;
}

static void
on_bytes(void *arg, const char *name, int64_t bytes)
{
	struct gatherer *k = arg;

	k->done += bytes;
	k->g->fetched += bytes;
	tell(k, WEIR_INST_FETCH, name, k->done, k->of);
}

static enum weir_rc
check_fetchable(struct gatherer *k, const struct inst_one *one)
{
	struct buf shown = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	if (!k->w->offline && one->package->url &&
		(strncasecmp(one->package->url, "http:", 5) == 0 ||
			strncasecmp(one->package->url, "https:", 6) == 0))
		return WEIR_OK;
	weir_url_mask(&shown, one->package->url ? one->package->url : "no address");
	rc = weir_fail(k->err, k->w->offline ? WEIR_ENET : WEIR_ENOTFOUND,
		"%s: it is neither here nor in the cache: %s", one->want.file,
		buf_cstr(&shown));
	buf_release(&shown);
	return k->w->offline ? weir_hint(k->err, "without --offline") : rc;
}

static void
tell_unverified(struct gatherer *k, const char *file)
{
	char *text = xasprintf("%s: its hash is not known: it is not verified", file);

	tell(k, WEIR_INST_NOTE, text, 0, -1);
	free(text);
}

/* What is fetched, as inst_fetch wants it; gets and ones have room for all. */
static enum weir_rc
prepare(struct gatherer *k, struct inst_get *gets, struct inst_one **ones,
	size_t *ret_n)
{
	enum weir_rc rc = WEIR_OK;
	struct inst_one *one;
	size_t n = 0;
	char *path;

	for (size_t i = 0; !rc && i < k->g->n; i++) {
		one = &k->g->v[i];
		if (one->as)
			continue;
		if (!one->has_want) {
			rc = weir_fail(k->err, WEIR_ENOTFOUND,
				"%s: it is neither here nor in the cache",
				one->cached.file);
			break;
		}
		if (one->package->url && is_local(one->package->url)) {
			rc = take_local(k, one);
			continue;
		}
		rc = check_fetchable(k, one);
		if (!rc)
			rc = inst_pkgs_place(&k->pkgs, &one->want, &path, k->err);
		if (rc)
			break;
		if (!one->want.md5 && !one->want.sha256)
			tell_unverified(k, one->want.file);
		gets[n] = (struct inst_get){ .name = one->want.file,
			.url = one->package->url,
			.to = path,
			.md5 = one->want.md5,
			.sha256 = one->want.sha256,
			.size = one->want.size };
		k->of = k->of >= 0 && one->want.size >= 0 ? k->of + one->want.size : -1;
		ones[n++] = one;
	}
	*ret_n = n;
	return rc;
}

static enum weir_rc
fetch(struct gatherer *k)
{
	struct inst_get *gets = xcalloc(k->g->n + 1, sizeof(*gets));
	struct inst_one **ones = xcalloc(k->g->n + 1, sizeof(*ones));
	struct inst_fetch f = { .gets = gets,
		.parallel = k->w->parallel,
		.max = INST_ARCHIVE_MAX,
		.tell = on_bytes,
		.stop = on_stop,
		.arg = k };
	enum weir_rc rc = prepare(k, gets, ones, &f.n);

	if (!rc)
		rc = inst_fetch_all(&f, k->err);
	for (size_t i = 0; i < f.n; i++) {
		if (!rc) {
			ones[i]->archive = (char *)(uintptr_t)gets[i].to;
			ones[i]->sums = gets[i].sums;
			ones[i]->as = &ones[i]->want;
			k->g->n_fetched++;
		} else {
			free((char *)(uintptr_t)gets[i].to);
		}
	}
	free(ones);
	free(gets);
	return rc;
}

/* ---- unpacked */

static enum weir_rc
unpack(struct gatherer *k, size_t i)
{
	struct inst_one *one = &k->g->v[i];
	enum weir_rc rc;

	if (one->package->type != WEIR_INST_CONDA || one->dir)
		return WEIR_OK;
	if (on_stop(k))
		return weir_fail(k->err, WEIR_EINTR, "interrupted");
	tell(k, WEIR_INST_UNPACK, one->as->file, (int64_t)i, (int64_t)k->g->n);
	rc = inst_pkgs_unpack(&k->pkgs, one->as, one->archive, &one->sums, &one->unit,
		&one->dir, k->err);
	/* A bad archive that was fetched would be taken again. */
	if ((rc == WEIR_EBADDATA || rc == WEIR_ETOOBIG) &&
		str_starts(str_of(one->archive), k->pkgs.home))
		unlink(one->archive);
	return rc;
}

/* ---- the whole */

static enum weir_rc
want(struct gatherer *k, size_t i)
{
	struct inst_one *one = &k->g->v[i];
	struct weir_err why = { 0 };
	enum weir_rc rc;

	one->package = &k->w->packages[i];
	if (one->package->cache_key) {
		rc = inst_pkgs_want_cached(one->package, &one->cached, k->err);
		if (rc)
			return rc;
		one->has_cached = true;
	}
	rc = inst_pkgs_want(one->package, &one->want, &why);
	one->has_want = rc == WEIR_OK;
	/* A source is no wheel; the cache may have what was built of it. */
	if (rc && !one->has_cached) {
		if (k->err)
			*k->err = why;
		return rc;
	}
	return WEIR_OK;
}

static enum weir_rc
gather(struct gatherer *k)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < k->g->n; i++)
		rc = want(k, i);
	for (size_t i = 0; !rc && i < k->g->n; i++) {
		struct inst_one *one = &k->g->v[i];

		if (on_stop(k))
			return weir_fail(k->err, WEIR_EINTR, "interrupted");
		if (!find(k, one) && one->has_cached && k->w->cache_get)
			rc = take_cached(k, one);
	}
	if (!rc)
		rc = fetch(k);
	for (size_t i = 0; !rc && i < k->g->n; i++)
		rc = unpack(k, i);
	if (!rc)
		tell(k, WEIR_INST_UNPACK, NULL, (int64_t)k->g->n, (int64_t)k->g->n);
	return rc;
}

/* As far as that is known: an archive unpacks to more than it is itself. */
static int64_t
still_wanted(const struct inst_gather *g)
{
	int64_t sum = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct inst_one *one = &g->v[i];

		if (!one->as && one->package && one->package->size > 0)
			sum += one->package->size;
		if (one->as && one->package->type == WEIR_INST_CONDA && !one->dir)
			sum += one->sums.size;
	}
	return sum;
}

enum weir_rc
inst_gather_all(const struct weir_inst *w, const char *home, bool archives,
	struct inst_gather *ret_gather, struct weir_err *err)
{
	struct inst_gather g = { .n = w->n_packages };
	struct gatherer k = { .w = w, .g = &g, .archives = archives, .err = err };
	enum weir_rc rc;

	if (w->n_packages > WEIR_INST_PACKAGES_MAX)
		return weir_fail(err, WEIR_ETOOBIG, "more than %d packages",
			WEIR_INST_PACKAGES_MAX);
	k.pkgs = (struct inst_pkgs){
		.dirs = w->package_dirs,
		.home = home,
		.note = on_note,
		.stop = on_stop,
		.arg = &k,
	};
	g.v = xcalloc(g.n + 1, sizeof(*g.v));
	rc = gather(&k);
	if (rc == WEIR_EFAIL && err)
		rc = inst_full_explain(err, home, still_wanted(&g),
			w->elsewhere ? w->elsewhere : "CONDA_PKGS_DIRS=DIR");
	if (rc)
		inst_gather_release(&g);
	else
		*ret_gather = g;
	return rc;
}

void
inst_gather_release(struct inst_gather *g)
{
	for (size_t i = 0; i < g->n; i++) {
		inst_pkgs_want_release(&g->v[i].want);
		inst_pkgs_want_release(&g->v[i].cached);
		if (g->v[i].dir)
			inst_pkgs_unit_release(&g->v[i].unit);
		free(g->v[i].dir);
		free(g->v[i].archive);
	}
	free(g->v);
	*g = (struct inst_gather){ 0 };
}
