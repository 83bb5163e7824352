/* The ids of environments, by every formula that made some. */
#include <stdlib.h>

#include "dyn.h"
#include "env_cnd.h"
#include "env_json.h"
#include "pull.h"
#include "weir/env.h"

enum { SAID_MAX = 200 /* bytes of what an error names */ };

/* clang-format off */
static const struct { const char *name, *since; } formulas[WEIR_ENV_N_FORMULAS] = {
	[WEIR_ENV_UNVERIFIED] = { "unverified", "" },
	[WEIR_ENV_ERA_A] = { "A", "0.0.1 .. 0.2.4" },
	[WEIR_ENV_ERA_B] = { "B", "1.0.0 and later" },
	[WEIR_ENV_F1] = { "F1", "0.0.1 .. 0.0.10" },
	[WEIR_ENV_F2A] = { "F2a", "0.1.0 .. 0.2.1" },
	[WEIR_ENV_F2B] = { "F2b", "0.2.2 .. 1.2.3" },
	[WEIR_ENV_F3] = { "F3", "1.3.0 and later" },
	[WEIR_ENV_LAZY] = { "lazy", "0.1.0 .. 1.3.1" },
	[WEIR_ENV_C1] = { "C1", "0.0.x, several architectures" },
	[WEIR_ENV_C2] = { "C2", "0.1.0 and later, several architectures" },
};
/* clang-format on */

const char *
weir_env_formula_name(enum weir_env_formula f)
{
	return formulas[f].name;
}

const char *
weir_env_formula_since(enum weir_env_formula f)
{
	return formulas[f].since;
}

/* The word that the byte at belongs to is what has no place in an id. */
static enum weir_rc
fail_ascii(struct str text, size_t at, struct weir_err *err)
{
	size_t from = at, to = at;

	while (from > 0 && text.s[from - 1] != ' ')
		from--;
	while (to < text.len && text.s[to] != ' ')
		to++;
	return weir_fail(err, WEIR_EBADDATA,
		"'%.*s' is not ASCII, so that no id exists",
		(int)(to - from < SAID_MAX ? to - from : SAID_MAX), text.s + from);
}

/* SHA-1 of what was added, its last space left out. */
static enum weir_rc
finish(struct buf *b, char ret_id[WEIR_ENV_ID + 1], struct weir_err *err)
{
	unsigned char sum[DYN_SHA1_SIZE];
	struct str text = buf_str(b);
	enum weir_rc rc;

	if (text.len)
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.s[i] >= 0x80)
			return fail_ascii(text, i, err);
	}
	rc = dyn_hash(DYN_SHA1, text, sum, err);
	for (size_t i = 0; !rc && i < sizeof(sum); i++) {
		ret_id[2 * i] = "0123456789abcdef"[sum[i] >> 4];
		ret_id[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
	}
	if (!rc)
		ret_id[WEIR_ENV_ID] = '\0';
	return rc;
}

static void
add(struct buf *b, struct str s)
{
	buf_addstr(b, s);
	buf_addc(b, ' ');
}

static int
cmp_str(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.s, b.s, n) : 0;

	return d ? d : (a.len > b.len) - (a.len < b.len);
}

/* A requirement: what stands before and behind the first `::`. */
struct wish {
	struct str category, value;
};

static int
cmp_wishes(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;
	int d = cmp_str(x->category, y->category);

	return d ? d : cmp_str(x->value, y->value);
}

static struct wish
wish_of(struct str s, enum weir_env_formula era)
{
	struct wish w = { { "", 0 }, s };

	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.s[i] != ':' || s.s[i + 1] != ':')
			continue;
		w.category = (struct str){ s.s, i };
		w.value = (struct str){ s.s + i + 2, s.len - i - 2 };
		break;
	}
	if (era == WEIR_ENV_ERA_B && str_eq(w.category, "pip"))
		w.category = STR("pypi");
	return w;
}

/* Sorted by category, then value; which comes to the same as one after the other. */
static bool
add_list(struct buf *b, struct str json, enum weir_env_formula era)
{
	struct arena arena = { 0 };
	struct env_texts v = { 0 };
	struct wish *wishes;
	bool ok = env_json_texts(json, &arena, &v);

	wishes = xcalloc(v.n + 1, sizeof(*wishes));
	for (size_t i = 0; i < v.n; i++)
		wishes[i] = wish_of(v.v[i], era);
	if (v.n)
		qsort(wishes, v.n, sizeof(*wishes), cmp_wishes);
	for (size_t i = 0; i < v.n; i++) {
		if (era == WEIR_ENV_ERA_B) {
			buf_addstr(b, wishes[i].category);
			buf_adds(b, "::");
		}
		add(b, wishes[i].value);
	}
	free(wishes);
	VEC_FREE(&v);
	arena_free(&arena);
	return ok;
}

enum weir_rc
weir_env_req_id(const struct weir_env *env, enum weir_env_formula era,
	char ret_id[WEIR_ENV_ID + 1], struct weir_err *err)
{
	struct buf b = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	if (add_list(&b, env->deps, era) && add_list(&b, env->sources, era) &&
		add_list(&b, env->extras, era))
		rc = finish(&b, ret_id, err);
	else
		rc = weir_fail(err, WEIR_EBADDATA,
			"deps, sources or extras: not a list of texts");
	buf_release(&b);
	return rc;
}

/* Packages in their order, or by filename; equal ones stay in order. */
struct place {
	const struct weir_env_package *p;
	size_t at;
};

static int
cmp_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int d = cmp_str(x->p->filename, y->p->filename);

	return d ? d : (x->at > y->at) - (x->at < y->at);
}

static void
add_packages(struct buf *b, const struct weir_env *env, bool sorted, bool hashes)
{
	struct place *v = xcalloc(env->packages.n + 1, sizeof(*v));

	for (size_t i = 0; i < env->packages.n; i++)
		v[i] = (struct place){ &env->packages.v[i], i };
	if (sorted && env->packages.n)
		qsort(v, env->packages.n, sizeof(*v), cmp_places);
	for (size_t i = 0; i < env->packages.n; i++) {
		buf_addstr(b, v[i].p->filename);
		if (hashes) {
			buf_addc(b, '#');
			buf_addstr(b, v[i].p->hash.s ? v[i].p->hash : STR("None"));
		}
		buf_addc(b, ' ');
	}
	free(v);
}

static int
cmp_texts(const void *a, const void *b)
{
	return cmp_str(*(const struct str *)a, *(const struct str *)b);
}

/* `key:value`, sorted by key. */
static void
add_unique_keys(struct buf *b, struct str json)
{
	struct arena arena = { 0 };
	struct env_texts keys = { 0 };
	struct pull p;
	struct str key, value;
	bool first = true;

	pull_init(&p, json, &arena);
	if (json.len && pull_peek(&p) == PULL_OBJECT && pull_enter(&p)) {
		while (pull_member(&p, &first, &key)) {
			if (!pull_string(&p, &value))
				value = pull_raw(&p);
			/* 0x01 sorts a key before longer ones that begin with it. */
			key.s = arena_printf(&arena, "%.*s%c%.*s", (int)key.len, key.s,
				1, (int)value.len, value.s);
			VEC_PUSH(&keys, str_of(key.s));
		}
	}
	if (keys.n)
		qsort(keys.v, keys.n, sizeof(*keys.v), cmp_texts);
	for (size_t i = 0; i < keys.n; i++) {
		char *sep = memchr(keys.v[i].s, 1, keys.v[i].len);

		*sep = ':';
		add(b, keys.v[i]);
	}
	VEC_FREE(&keys);
	arena_free(&arena);
}

static void
add_one(struct buf *b, const struct weir_env *e, enum weir_env_formula f)
{
	if (f == WEIR_ENV_C1 || f == WEIR_ENV_C2)
		add(b, e->id.arch);
	add_packages(b, e,
		f == WEIR_ENV_F2A || f == WEIR_ENV_F3 || f == WEIR_ENV_LAZY ||
			f == WEIR_ENV_C2,
		f != WEIR_ENV_F1 && f != WEIR_ENV_LAZY && f != WEIR_ENV_C1);
	if (f == WEIR_ENV_F2A || f == WEIR_ENV_F2B || f == WEIR_ENV_F3 ||
		f == WEIR_ENV_LAZY)
		add(b, e->id.arch);
	if (f == WEIR_ENV_F3)
		add_unique_keys(b, e->unique_keys);
}

static int
cmp_archs(const void *a, const void *b)
{
	const struct weir_env *const *x = a, *const *y = b;

	return cmp_str((*x)->id.arch, (*y)->id.arch);
}

enum weir_rc
weir_env_full_id(const struct weir_env *const *envs, size_t n, enum weir_env_formula f,
	char ret_id[WEIR_ENV_ID + 1], struct weir_err *err)
{
	bool together = f == WEIR_ENV_C1 || f == WEIR_ENV_C2;
	const struct weir_env **sorted = xmemdup(envs, n * sizeof(*envs));
	struct buf b = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	qsort(sorted, n, sizeof(*sorted), cmp_archs);
	for (size_t i = 0; i < (together ? n : 1); i++)
		add_one(&b, together ? sorted[i] : envs[0], f);
	rc = finish(&b, ret_id, err);
	free(sorted);
	buf_release(&b);
	return rc;
}

enum weir_env_formula
weir_env_verify_req(const struct weir_env *env)
{
	static const enum weir_env_formula eras[] = { WEIR_ENV_ERA_B, WEIR_ENV_ERA_A };
	char id[WEIR_ENV_ID + 1];

	for (size_t i = 0; i < N_ELEM(eras); i++) {
		if (!weir_env_req_id(env, eras[i], id, NULL) &&
			str_eq(env->id.req_id, id))
			return eras[i];
	}
	return WEIR_ENV_UNVERIFIED;
}

enum weir_env_formula
weir_env_verify_full(const struct weir_env *const *envs, size_t n)
{
	static const enum weir_env_formula alone[] = { WEIR_ENV_F3, WEIR_ENV_F2B,
		WEIR_ENV_F2A, WEIR_ENV_F1, WEIR_ENV_LAZY };
	static const enum weir_env_formula together[] = { WEIR_ENV_C2, WEIR_ENV_C1 };
	const enum weir_env_formula *f = n > 1 ? together : alone;
	size_t n_f = n > 1 ? N_ELEM(together) : N_ELEM(alone);
	char id[WEIR_ENV_ID + 1];

	for (size_t i = 0; n && i < n_f; i++) {
		if (!weir_env_full_id(envs, n, f[i], id, NULL) &&
			str_eq(envs[0]->id.full_id, id))
			return f[i];
	}
	return WEIR_ENV_UNVERIFIED;
}
