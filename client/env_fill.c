#include "env_fill.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "env_json.h"
#include "weir/env.h"

static void
note(struct env_fill *f, const char *text)
{
	if (f->notes)
		buf_addf(f->notes, "%s: %s\n", f->path, text);
}

static enum weir_rc
read_packages(struct env_fill *f)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(f->db, SQL_ENV_PACKAGE_KEYS, &st, f->err);

	while (!rc && !(rc = db_step(f->db, st, &row, f->err)) && row) {
		struct str hash = db_str(st, 1);
		int64_t k = sqlite3_column_int64(st, 0);
		struct env_sum sum;

		if (hash.len != sizeof(sum.b))
			continue;
		memcpy(sum.b, hash.s, sizeof(sum.b));
		*env_map_at(&f->packages, &sum) = k;
		if (k > f->last_package)
			f->last_package = k;
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
read_known(struct env_fill *f)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(f->db, SQL_ENV_KEYS, &st, f->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, f->source);
	while (!(rc = db_step(f->db, st, &row, f->err)) && row) {
		struct env_sum sum =
			env_map_sum3(db_str(st, 1), db_str(st, 2), db_str(st, 3));
		struct env_known one = { .k = sqlite3_column_int64(st, 0) };
		struct str hash = db_str(st, 4);

		if (hash.len == sizeof(one.hash.b))
			memcpy(one.hash.b, hash.s, sizeof(one.hash.b));
		VEC_PUSH(&f->known, one);
		*env_map_at(&f->envs, &sum) = (int64_t)f->known.n;
	}
	db_reset(st);
	return rc;
}

/* The aliases of the cache, so that one that comes or goes shows. */
static enum weir_rc
sum_aliases(struct env_fill *f, struct env_sum *ret)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(f->db, SQL_ENV_CACHE_ALIASES, &st, f->err);

	*ret = (struct env_sum){ { 0 } };
	while (!rc && !(rc = db_step(f->db, st, &row, f->err)) && row) {
		struct env_sum one =
			env_map_sum3(db_str(st, 0), db_str(st, 1), db_str(st, 2));
		char both[2 * sizeof(one)];

		memcpy(both, ret, sizeof(one));
		memcpy(both + sizeof(one), &one, sizeof(one));
		*ret = env_map_sum((struct str){ both, sizeof(both) });
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
clear_file(struct env_fill *f)
{
	static const enum sql_id clear[] = { SQL_ENV_DEFAULTS_CLEAR,
		SQL_ENV_ALIASES_CLEAR, SQL_ENV_STEPS_CLEAR };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && f->source == ENV_SOURCE_FILE && i < N_ELEM(clear);
		i++)
		rc = db_exec_id(f->db, clear[i], f->err);
	if (f->source == ENV_SOURCE_CACHE)
		rc = sum_aliases(f, &f->aliases);
	if (!rc && f->source == ENV_SOURCE_CACHE)
		rc = db_exec_id(f->db, SQL_ENV_CACHE_ALIASES_CLEAR, f->err);
	return rc;
}

enum weir_rc
env_fill_begin(struct env_fill *f, struct weir_store *s, int64_t source,
	const char *path, struct buf *notes, struct weir_err *err)
{
	enum weir_rc rc;

	*f = (struct env_fill){ .store = s,
		.db = store_db(s),
		.source = source,
		.path = path,
		.notes = notes,
		.err = err };
	rc = read_packages(f);
	if (!rc)
		rc = read_known(f);
	return rc ? rc : clear_file(f);
}

void
env_fill_release(struct env_fill *f)
{
	env_map_free(&f->packages);
	env_map_free(&f->envs);
	VEC_FREE(&f->known);
	arena_free(&f->arena);
}

/* ---- packages */

static void
bind_hash(sqlite3_stmt *st, int i, const struct env_sum *sum)
{
	sqlite3_bind_blob(st, i, sum->b, sizeof(sum->b), SQLITE_STATIC);
}

/* The name as it is looked for. */
static struct str
key_of(struct str name, struct arena *arena)
{
	char *p = arena_strndup(arena, name.s, name.len);

	for (size_t i = 0; i < name.len; i++)
		p[i] = p[i] == '_' || p[i] == '.' ? '-'
						  : (char)tolower((unsigned char)p[i]);
	return (struct str){ p, name.len };
}

static enum weir_rc
add_package(struct env_fill *f, const struct weir_env_package *p,
	const struct env_sum *sum, int64_t k)
{
	struct weir_env_name n;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(f->db, SQL_ENV_PACKAGE_ADD, &st, f->err);

	if (rc)
		return rc;
	weir_env_name(p, &f->arena, &n);
	sqlite3_bind_int64(st, 1, k);
	bind_hash(st, 2, sum);
	db_bind_str(st, 3, p->type);
	db_bind_str(st, 4, n.name);
	db_bind_str(st, 5, key_of(n.name, &f->arena));
	db_bind_str(st, 6, n.version);
	db_bind_str(st, 7, n.build);
	db_bind_str(st, 8, weir_env_channel(p, &f->arena));
	rc = db_run(f->db, st, f->err);
	if (!rc)
		rc = db_get(f->db, SQL_ENV_DOC_ADD, &st, f->err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	db_bind_str(st, 2, env_json_mask(p->doc, &f->arena));
	return db_run(f->db, st, f->err);
}

static enum weir_rc
package_key(struct env_fill *f, const struct weir_env_package *p, int64_t *ret_k)
{
	struct env_sum sum = env_map_sum(p->doc);
	int64_t *slot = env_map_at(&f->packages, &sum);

	if (!*slot)
		*slot = ++f->last_package;
	else
		return *ret_k = *slot, WEIR_OK;
	*ret_k = *slot;
	return add_package(f, p, &sum, *slot);
}

/* ---- one environment */

enum { CHANNELS_MAX = 64 };

/* Channels of its packages, each once, as a JSON array. */
static void
add_channel(struct env_texts *v, const struct weir_env_package *p, struct arena *arena)
{
	struct str c = weir_env_channel(p, arena);

	for (size_t i = 0; i < v->n; i++)
		if (str_equal(v->v[i], c))
			return;
	if (v->n < CHANNELS_MAX)
		VEC_PUSH(v, c);
}

static void
add_text(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, (unsigned char)s.s[i] < 0x20 ? ' ' : s.s[i]);
	}
	buf_addc(b, '"');
}

/* Metaflow's own environments for building: nothing but these, tomli and wheel too. */
static bool
is_helper(struct str deps, struct arena *arena)
{
	static const char *const names[] = { "tomli", "wheel", "python", "pip",
		"setuptools", "uv" };
	struct env_texts v = { 0 };
	unsigned seen = 0;
	bool all = env_json_texts(deps, arena, &v);

	for (size_t i = 0; all && i < v.n; i++) {
		struct str s = v.v[i];
		bool known = str_starts(s, "sys::");

		for (size_t j = 0; !known && j < N_ELEM(names); j++) {
			size_t n = strlen(names[j]);

			known = str_starts(s, "conda::") && s.len >= 7 + n &&
				memcmp(s.s + 7, names[j], n) == 0 &&
				(s.len == 7 + n || strchr("=<>!~;", s.s[7 + n]));
			seen |= known ? 1u << j : 0;
		}
		all = known;
	}
	VEC_FREE(&v);
	return all && (seen & 3) == 3;
}

static bool
is_time(const struct tm *tm)
{
	return tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 &&
	       tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour < 24 &&
	       tm->tm_min >= 0 && tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec < 60;
}

/* `YYYY-MM-DDTHH:MM:SS[.ffffff]`, taken for local time. */
static int64_t
moment_of(struct str s)
{
	struct tm tm = { .tm_isdst = -1 };
	char text[32] = "";
	int fraction = 0, scale = 100000, at = 0;
	time_t t;

	if (s.len >= sizeof(text))
		return WEIR_NO_TIME;
	memcpy(text, s.s, s.len);
	if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
		    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &at) != 6 ||
		!is_time(&tm))
		return WEIR_NO_TIME;
	if (text[at] == '.')
		for (at++; isdigit((unsigned char)text[at]) && scale; at++, scale /= 10)
			fraction += (text[at] - '0') * scale;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = mktime(&tm);
	return t == (time_t)-1 ? WEIR_NO_TIME : (int64_t)t * WEIR_SECOND_US + fraction;
}

struct parts {
	struct buf packages, channels;
	int64_t n_conda, n_pypi;
};

static enum weir_rc
take_packages(struct env_fill *f, const struct weir_env *e, struct parts *p)
{
	struct env_texts channels = { 0 };
	enum weir_rc rc = WEIR_OK;

	buf_addc(&p->packages, '[');
	for (size_t i = 0; !rc && i < e->packages.n; i++) {
		const struct weir_env_package *one = &e->packages.v[i];
		int64_t k = 0;

		rc = package_key(f, one, &k);
		buf_addf(&p->packages, "%s%lld", i ? "," : "", (long long)k);
		if (str_eq(one->type, "conda"))
			p->n_conda++;
		else
			p->n_pypi++;
		add_channel(&channels, one, &f->arena);
	}
	buf_addc(&p->packages, ']');
	buf_addc(&p->channels, '[');
	for (size_t i = 0; i < channels.n; i++) {
		buf_adds(&p->channels, i ? "," : "");
		add_text(&p->channels, channels.v[i]);
	}
	buf_addc(&p->channels, ']');
	VEC_FREE(&channels);
	return rc;
}

static void
bind_list(struct env_fill *f, sqlite3_stmt *st, int i, struct str json)
{
	db_bind_str(st, i, json.len ? env_json_mask(json, &f->arena) : STR("[]"));
}

static enum weir_rc
put_env(struct env_fill *f, const struct weir_env *e, const struct env_sum *sum)
{
	struct parts p = { .packages = BUF_INIT(BUF_MAX),
		.channels = BUF_INIT(BUF_MAX) };
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = take_packages(f, e, &p);

	if (!rc)
		rc = db_get(f->db, SQL_ENV_PUT, &st, f->err);
	if (rc)
		goto out;
	sqlite3_bind_int64(st, 1, f->source);
	db_bind_str(st, 2, e->id.req_id);
	db_bind_str(st, 3, e->id.full_id);
	db_bind_str(st, 4, e->id.arch);
	bind_hash(st, 5, sum);
	db_bind_str(st, 6, e->resolved_on);
	db_bind_str(st, 7, e->resolved_by);
	db_bind_time(st, 8, moment_of(e->resolved_on));
	bind_list(f, st, 9, e->resolved_archs);
	bind_list(f, st, 10, e->deps);
	bind_list(f, st, 11, e->sources);
	bind_list(f, st, 12, e->extras);
	db_bind_str(st, 13, e->env_type);
	sqlite3_bind_int(st, 14, e->accurate_source);
	db_bind_str(st, 15,
		e->unique_keys.len ? env_json_mask(e->unique_keys, &f->arena)
				   : STR("{}"));
	db_bind_str(st, 16, buf_str(&p.packages));
	sqlite3_bind_int64(st, 17, p.n_conda);
	sqlite3_bind_int64(st, 18, p.n_pypi);
	db_bind_str(st, 19, buf_str(&p.channels));
	sqlite3_bind_int(st, 20, is_helper(e->deps, &f->arena));
	rc = db_run(f->db, st, f->err);
out:
	buf_release(&p.packages);
	buf_release(&p.channels);
	return rc;
}

static struct env_known *
find_known(struct env_fill *f, const struct weir_env_id *id, int64_t **ret_slot)
{
	struct env_sum sum = env_map_sum3(id->req_id, id->full_id, id->arch);

	*ret_slot = env_map_at(&f->envs, &sum);
	return **ret_slot ? &f->known.v[**ret_slot - 1] : NULL;
}

bool
env_fill_has(struct env_fill *f, const struct weir_env_id *id)
{
	int64_t *slot;
	struct env_known *known = find_known(f, id, &slot);

	if (known)
		known->seen = true;
	else
		VEC_PUSH(&f->known, ((struct env_known){ .seen = true })),
			*slot = (int64_t)f->known.n;
	return known != NULL;
}

static enum weir_rc
on_env(void *arg, const struct weir_env_id *id, struct str doc)
{
	struct env_fill *f = arg;
	struct env_sum sum = env_map_sum(doc);
	int64_t *slot;
	struct env_known *known = find_known(f, id, &slot);
	struct weir_err why;
	struct weir_env e;
	enum weir_rc rc;

	if (!known) {
		VEC_PUSH(&f->known, (struct env_known){ 0 });
		*slot = (int64_t)f->known.n;
		known = &f->known.v[f->known.n - 1];
	}
	known->seen = true;
	if (known->k && memcmp(&known->hash, &sum, sizeof(sum)) == 0)
		return WEIR_OK;
	arena_clear(&f->arena);
	if (env_cnd_env(id, doc, &f->arena, &e, &why)) {
		struct buf b = BUF_INIT(1024);

		buf_addf(&b, "environment %.40s:%.*s: %s, left out",
			arena_strndup(&f->arena, id->req_id.s, id->req_id.len),
			(int)(id->full_id.len < 40 ? id->full_id.len : 40),
			id->full_id.s, why.text);
		note(f, buf_cstr(&b));
		buf_release(&b);
		known->seen = false;
		return WEIR_OK;
	}
	f->changed = true;
	rc = put_env(f, &e, &sum);
	VEC_FREE(&e.packages);
	return rc;
}

/* ---- the rest of the file */

static enum weir_rc
put_texts(struct env_fill *f, enum sql_id id, const struct str *v, int n)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(f->db, id, &st, f->err);

	for (int i = 0; !rc && i < n; i++)
		db_bind_str(st, i + 1, v[i].s ? v[i] : STR(""));
	return rc ? rc : db_run(f->db, st, f->err);
}

static enum weir_rc
on_chosen(void *arg, const struct weir_env_id *id)
{
	const struct str v[] = { id->arch, id->req_id, id->full_id };

	return put_texts(arg, SQL_ENV_DEFAULT_PUT, v, 3);
}

/* `team/pandas/v1` is shown, and typed, as `team/pandas:v1`. */
static struct str
shown_name(struct env_fill *f, struct str name, bool full_id)
{
	char *p = arena_strndup(&f->arena, name.s, name.len);
	char *slash = full_id ? NULL : strrchr(p, '/');

	if (slash)
		*slash = ':';
	return (struct str){ p, name.len };
}

static enum weir_rc
on_alias(void *arg, enum env_alias kind, struct str name, const struct weir_env_id *id)
{
	struct env_fill *f = arg;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(f->db, SQL_ENV_ALIAS_PUT, &st, f->err);

	if (rc)
		return rc;
	arena_clear(&f->arena);
	db_bind_str(st, 1, name);
	db_bind_str(st, 2, shown_name(f, name, kind == ENV_ALIAS_FULL_ID));
	sqlite3_bind_int(st, 3, (int)kind);
	db_bind_str(st, 4, id->req_id);
	db_bind_str(st, 5, id->full_id);
	db_bind_str(st, 6, id->arch.s ? id->arch : STR(""));
	return db_run(f->db, st, f->err);
}

static enum weir_rc
on_pathspec(void *arg, struct str pathspec, const struct weir_env_id *id)
{
	const struct str v[] = { pathspec, id->req_id, id->full_id };

	return put_texts(arg, SQL_ENV_STEP_PUT, v, 3);
}

static void
on_warn(void *arg, const char *text)
{
	note(arg, text);
}

const struct env_cnd_ops env_fill_ops = { on_env, on_chosen, on_alias, on_pathspec,
	on_warn };

/* A cache is looked at every few seconds and mostly the same; a file has changed. */
static enum weir_rc
join(struct env_fill *f)
{
	struct env_sum now;
	bool same = false;
	enum weir_rc rc = WEIR_OK;

	if (f->source == ENV_SOURCE_CACHE && !f->changed) {
		rc = sum_aliases(f, &now);
		same = memcmp(&now, &f->aliases, sizeof(now)) == 0;
	}
	return rc || same ? rc : env_join(f->db, f->changed, f->err);
}

enum weir_rc
env_fill_end(struct env_fill *f)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < f->known.n; i++) {
		sqlite3_stmt *st = NULL;

		if (f->known.v[i].seen || !f->known.v[i].k)
			continue;
		rc = db_get(f->db, SQL_ENV_DELETE, &st, f->err);
		if (rc)
			break;
		sqlite3_bind_int64(st, 1, f->known.v[i].k);
		rc = db_run(f->db, st, f->err);
		f->changed = true;
	}
	return rc ? rc : join(f);
}
