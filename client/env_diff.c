#include "weir/env_diff.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_cnd.h"
#include "env_set.h"
#include "env_version.h"
#include "pull.h"

static int
cmp_str(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.s, b.s, n) : 0;

	return d ? d : (a.len > b.len) - (a.len < b.len);
}

static int
cmp_items(const void *a, const void *b)
{
	const struct weir_env_item *x = a, *y = b;
	int d = cmp_str(x->name, y->name);

	return d ? d : cmp_str(x->type, y->type);
}

static void
sort_set(struct weir_env_set *set)
{
	if (set->v.n)
		qsort(set->v.v, set->v.n, sizeof(*set->v.v), cmp_items);
}

static struct str
keep(struct arena *a, struct str s)
{
	return (struct str){ arena_strndup(a, s.s ? s.s : "", s.len), s.len };
}

static void
add_package(struct weir_env_set *set, const struct weir_env_package *p)
{
	struct weir_env_item item;
	struct weir_env_name n;

	weir_env_name(p, &set->arena, &n);
	item = (struct weir_env_item){ keep(&set->arena, p->type),
		keep(&set->arena, n.name), keep(&set->arena, n.version),
		keep(&set->arena, n.build),
		keep(&set->arena, weir_env_channel(p, &set->arena)) };
	VEC_PUSH(&set->v, item);
}

void
weir_env_set_of(const struct weir_env *env, struct weir_env_set *ret)
{
	struct weir_env_set set = { .arch = { "", 0 } };

	set.arch = keep(&set.arena, env->id.arch);
	set.what.s = arena_printf(&set.arena, "%.*s:%.*s", (int)env->id.req_id.len,
		env->id.req_id.s, (int)env->id.full_id.len, env->id.full_id.s);
	set.what.len = strlen(set.what.s);
	for (size_t i = 0; i < env->packages.n; i++)
		add_package(&set, &env->packages.v[i]);
	sort_set(&set);
	*ret = set;
}

void
weir_env_set_release(struct weir_env_set *set)
{
	VEC_FREE(&set->v);
	arena_free(&set->arena);
}

/* ---- folders with conda-meta, lists of addresses */

static bool
read_file(const char *path, struct buf *out)
{
	char chunk[16384];
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			buf_add(out, chunk, (size_t)n);
	close(fd);
	return n == 0 && !out->truncated;
}

/* A record of conda: name, version, build, channel. */
static bool
add_record(struct weir_env_set *set, struct str json)
{
	struct weir_env_item item = { .type = STR("conda") };
	struct weir_env_package at = { .type = STR("conda") };
	struct pull p;
	struct str key;
	bool first = true;

	pull_init(&p, json, &set->arena);
	if (pull_peek(&p) != PULL_OBJECT)
		return false;
	pull_enter(&p);
	while (pull_member(&p, &first, &key)) {
		struct str *to = str_eq(key, "name")      ? &item.name
				 : str_eq(key, "version") ? &item.version
				 : str_eq(key, "build")   ? &item.build
				 : str_eq(key, "url")     ? &at.url
							  : NULL;

		if (!to || !pull_string(&p, to))
			pull_raw(&p);
	}
	if (p.why || !item.name.len)
		return false;
	item.name = keep(&set->arena, item.name);
	item.version = keep(&set->arena, item.version);
	item.build = keep(&set->arena, item.build);
	if (at.url.len)
		item.channel = keep(&set->arena, weir_env_channel(&at, &set->arena));
	VEC_PUSH(&set->v, item);
	return true;
}

static enum weir_rc
read_folder(const char *path, struct weir_env_set *set, struct weir_err *err)
{
	char *folder = arena_printf(&set->arena, "%s/conda-meta", path);
	DIR *dir = opendir(folder);
	struct buf text = BUF_INIT(WEIR_ENV_SET_FILE_MAX);
	const struct dirent *e;
	enum weir_rc rc = WEIR_OK;

	while (!rc && dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);
		char *file;

		if (n < 6 || strcmp(e->d_name + n - 5, ".json") != 0)
			continue;
		file = xasprintf("%s/%s", folder, e->d_name);
		buf_clear(&text);
		if (set->v.n == WEIR_ENV_SET_MAX || !read_file(file, &text) ||
			!add_record(set, buf_str(&text)))
			rc = weir_fail(
				err, WEIR_EBADDATA, "%s: no record of conda", file);
		free(file);
	}
	if (dir)
		closedir(dir);
	buf_release(&text);
	return rc;
}

/* `.../linux-64/name-1-0.conda#md5` */
void
env_set_add_url(struct weir_env_set *set, struct str line)
{
	static const char *const endings[] = { ".conda", ".tar.bz2", ".whl",
		".tar.gz" };
	struct weir_env_package p = { .type = STR("conda") };
	size_t slash;

	for (size_t i = 0; i < line.len; i++) {
		if (line.s[i] == '#' || line.s[i] == ' ') {
			line.len = i;
			break;
		}
	}
	slash = line.len;
	while (slash && line.s[slash - 1] != '/')
		slash--;
	p.url = line;
	p.filename = (struct str){ line.s + slash, line.len - slash };
	for (size_t i = 0; i < N_ELEM(endings); i++) {
		size_t n = strlen(endings[i]);

		if (p.filename.len <= n ||
			memcmp(p.filename.s + p.filename.len - n, endings[i], n) != 0)
			continue;
		p.filename.len -= n;
		p.type = i < 2 ? STR("conda") : STR("pypi");
		if (set->v.n < WEIR_ENV_SET_MAX)
			add_package(set, &p);
		return;
	}
}

void
env_set_add_python(struct weir_env_set *set, struct str name, struct str version)
{
	struct weir_env_package p = { .type = STR("pypi") };

	/* As a source archive is called, whose name is taken apart again. */
	p.filename.s = arena_printf(&set->arena, "%.*s-%.*s", (int)name.len, name.s,
		(int)version.len, version.len ? version.s : "");
	p.filename.len = strlen(p.filename.s);
	if (set->v.n < WEIR_ENV_SET_MAX)
		add_package(set, &p);
}

static bool
read_list(struct str text, struct weir_env_set *set)
{
	bool explicit_ones = false;

	while (text.len) {
		const char *end = memchr(text.s, '\n', text.len);
		struct str line = { text.s, end ? (size_t)(end - text.s) : text.len };
		size_t used = line.len + (end != NULL);

		if (line.len && line.s[line.len - 1] == '\r')
			line.len--;
		if (str_eq(line, "@EXPLICIT"))
			explicit_ones = true;
		else if (line.len && line.s[0] != '#')
			env_set_add_url(set, line);
		text = (struct str){ text.s + used, text.len - used };
	}
	return explicit_ones;
}

static enum weir_rc
read_a_file(const char *path, const char *arch, const char *prefer,
	struct weir_env_set *set, struct weir_err *err)
{
	struct buf text = BUF_INIT(WEIR_ENV_SET_FILE_MAX);
	bool is_lock = false;
	enum weir_rc rc = WEIR_OK;

	if (!read_file(path, &text))
		rc = weir_fail(err, WEIR_EFAIL,
			"%s: cannot be read, or is more than %d MB", path,
			WEIR_ENV_SET_FILE_MAX >> 20);
	else
		rc = env_lock_read(
			path, buf_str(&text), arch, prefer, set, &is_lock, err);
	if (!rc && !is_lock && !read_list(buf_str(&text), set)) {
		rc = weir_fail(err, WEIR_EBADDATA,
			"%s: no list of packages: it has no @EXPLICIT", path);
		weir_hint(err, "a lock file, or what `conda list --explicit` writes");
	}
	buf_release(&text);
	return rc;
}

/* A path on this machine: *ret_is false, nothing read: it is none. */
static enum weir_rc
read_path(const char *path, const char *arch, const char *prefer,
	struct weir_env_set *set, bool *ret_is, struct weir_err *err)
{
	char *meta = xasprintf("%s/conda-meta", path);
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	*ret_is = true;
	if (stat(meta, &st) == 0 && S_ISDIR(st.st_mode)) {
		rc = read_folder(path, set, err);
	} else if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		rc = read_a_file(path, arch, prefer, set, err);
	} else {
		*ret_is = false;
	}
	free(meta);
	return rc;
}

static const struct weir_env *
choose_arch(const struct weir_env_loaded *l, const char *arch, const char *prefer)
{
	for (size_t i = 0; i < l->n; i++)
		if (arch && str_eq(l->v[i].id.arch, arch))
			return &l->v[i];
	for (size_t i = 0; !arch && prefer && i < l->n; i++)
		if (str_eq(l->v[i].id.arch, prefer))
			return &l->v[i];
	return arch ? NULL : &l->v[0];
}

static void
take_archs(struct weir_env_set *set, const struct weir_env_loaded *l)
{
	struct buf b = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%.*s", i ? " " : "", (int)l->v[i].id.arch.len,
			l->v[i].id.arch.s);
	set->archs = keep(&set->arena, buf_str(&b));
	buf_release(&b);
}

enum weir_rc
weir_env_set_read(struct weir_store *s, const struct weir_env_root *root,
	const char *text, const char *arch, const char *prefer,
	struct weir_env_set *ret, struct weir_err *err)
{
	struct weir_env_set set = { .arch = { "", 0 } };
	struct weir_env_loaded l = { 0 };
	const struct weir_env *e = NULL;
	struct weir_env_pair pair;
	bool is_path = false;
	enum weir_rc rc = read_path(text, arch, prefer, &set, &is_path, err);

	if (!rc && !is_path) {
		rc = s ? weir_env_find_for(s, text, arch ? arch : prefer, &pair, err)
		       : weir_fail(err, WEIR_ENOTFOUND,
				 "'%.200s': no such folder or file", text);
		if (!rc)
			rc = weir_env_load(s, root, &pair, &l, err);
		if (!rc)
			e = choose_arch(&l, arch, prefer);
		if (!rc && !e) {
			weir_fail(err, WEIR_ENOTFOUND,
				"environment %s:%s: there is none for %s", pair.req_id,
				pair.full_id, arch);
			rc = weir_hint(
				err, "weir env show %s:%s", pair.req_id, pair.full_id);
		}
		if (!rc) {
			weir_env_set_of(e, &set);
			take_archs(&set, &l);
		}
	} else if (!rc) {
		set.what = keep(&set.arena, str_of(text));
		sort_set(&set);
	}
	weir_env_loaded_release(&l);
	if (rc)
		weir_env_set_release(&set);
	else
		*ret = set;
	return rc;
}

/* ---- the difference */

static const char *const changes[] = { "removed", "added", "up", "down", "build",
	"channel" };

const char *
weir_env_change_name(enum weir_env_change c)
{
	return changes[c];
}

static bool
changed(const struct weir_env_item *a, const struct weir_env_item *b,
	enum weir_env_change *ret)
{
	int d = env_version_cmp(
		str_eq(a->type, "conda") ? ENV_RULES_CONDA : ENV_RULES_PEP440,
		a->version, b->version);

	if (d)
		*ret = d < 0 ? WEIR_ENV_UP : WEIR_ENV_DOWN;
	else if (!str_equal(a->version, b->version) || !str_equal(a->build, b->build))
		*ret = WEIR_ENV_BUILD;
	else if (a->channel.len && b->channel.len && !str_equal(a->channel, b->channel))
		*ret = WEIR_ENV_CHANNEL;
	else
		return false;
	return true;
}

void
weir_env_diff(const struct weir_env_set *a, const struct weir_env_set *b,
	struct weir_env_deltas *ret)
{
	size_t i = 0, j = 0;

	while (i < a->v.n || j < b->v.n) {
		const struct weir_env_item *x = i < a->v.n ? &a->v.v[i] : NULL;
		const struct weir_env_item *y = j < b->v.n ? &b->v.v[j] : NULL;
		struct weir_env_delta delta = { WEIR_ENV_REMOVED, x, y };
		int d = !x ? 1 : !y ? -1 : cmp_items(x, y);
		bool differs = true;

		if (d < 0)
			delta.b = NULL;
		else if (d > 0)
			delta.change = WEIR_ENV_ADDED, delta.a = NULL;
		else
			differs = changed(x, y, &delta.change);
		if (differs)
			VEC_PUSH(ret, delta);
		i += d <= 0;
		j += d >= 0;
	}
}
