#include "env_cnd.h"

#include "env_json.h"
#include "pull.h"

enum { WARNINGS_MAX = 20, SAID_MAX = 80 };

struct reader {
	struct pull p;
	struct arena arena; /* what is told of; cleared now and then */
	const struct env_cnd_ops *ops;
	void *arg;
	struct weir_err *err;
	enum weir_rc rc; /* of the caller */
	int warnings;
	bool version_seen;
};

bool
env_cnd_is_id(struct str s)
{
	if (s.len != WEIR_ENV_ID)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!(s.s[i] >= '0' && s.s[i] <= '9') &&
			!(s.s[i] >= 'a' && s.s[i] <= 'f'))
			return false;
	}
	return true;
}

static void WEIR_PRINTF(2, 3) warn(struct reader *r, const char *fmt, ...)
{
	struct buf b = BUF_INIT(512);
	va_list ap;

	if (++r->warnings > WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (r->ops->warn)
		r->ops->warn(r->arg, buf_cstr(&b));
	buf_release(&b);
}

static int
shown(struct str s)
{
	return (int)(s.len < SAID_MAX ? s.len : SAID_MAX);
}

/* Members of the object that comes next; of something else a warning. */
static bool
enter_object(struct reader *r, const char *what)
{
	if (pull_peek(&r->p) == PULL_OBJECT)
		return pull_enter(&r->p);
	if (!r->p.why)
		warn(r, "%s: not an object, left out", what);
	pull_raw(&r->p);
	return false;
}

static bool
next(struct reader *r, bool *first, struct str *ret_key)
{
	return !r->rc && pull_member(&r->p, first, ret_key);
}

bool
env_cnd_pair(struct str array, struct arena *arena, struct weir_env_id *ret_id)
{
	struct env_texts v = { 0 };
	bool ok = array.len && array.s[0] == '[' && env_json_texts(array, arena, &v) &&
		  (v.n == 2 || v.n == 3);

	if (ok) {
		ret_id->req_id = v.v[0];
		ret_id->full_id = v.v[1];
		if (v.n == 3)
			ret_id->arch = v.v[2];
	}
	VEC_FREE(&v);
	return ok;
}

static void
tell_alias(struct reader *r, bool mutable_ones, struct str name, struct str value,
	struct str arch)
{
	struct weir_env_id id = { .arch = arch };
	enum env_alias kind = mutable_ones          ? ENV_ALIAS_MUTABLE
			      : env_cnd_is_id(name) ? ENV_ALIAS_FULL_ID
						    : ENV_ALIAS_FIXED;

	if (!env_cnd_pair(value, &r->arena, &id))
		warn(r, "alias '%.*s': not a pair of ids, left out", shown(name),
			name.s);
	else if (r->ops->alias)
		r->rc = r->ops->alias(r->arg, kind, name, &id);
}

/* `name: [req, full]`, and of 0.0.x `name: {arch: [req, full]}`. */
static void
read_aliases(struct reader *r, bool mutable_ones)
{
	struct str name, arch, value;
	bool first = true;

	if (!enter_object(r, mutable_ones ? "mutable_aliases" : "aliases"))
		return;
	while (next(r, &first, &name)) {
		bool inner = true;

		if (pull_peek(&r->p) != PULL_OBJECT) {
			value = pull_raw(&r->p);
			if (!r->p.why)
				tell_alias(r, mutable_ones, name, value, STR(""));
			continue;
		}
		pull_enter(&r->p);
		while (next(r, &inner, &arch)) {
			value = pull_raw(&r->p);
			if (!r->p.why)
				tell_alias(r, mutable_ones, name, value, arch);
		}
	}
}

static void
read_mappings(struct reader *r)
{
	struct str name, value;
	bool first = true;

	if (!enter_object(r, "mappings"))
		return;
	while (next(r, &first, &name)) {
		struct weir_env_id id = { .arch = { "", 0 } };

		value = pull_raw(&r->p);
		if (r->p.why)
			return;
		if (!env_cnd_pair(value, &r->arena, &id))
			warn(r, "mapping '%.*s': not a pair of ids, left out",
				shown(name), name.s);
		else if (r->ops->pathspec)
			r->rc = r->ops->pathspec(r->arg, name, &id);
	}
}

/* Something below a req_id: a default, an environment, or what is neither. */
static void
read_one(struct reader *r, struct weir_env_id *id)
{
	struct str text;

	if (str_eq(id->full_id, "_default")) {
		if (!pull_string(&r->p, &id->full_id)) {
			pull_raw(&r->p);
			warn(r, "default of %.*s: not an id, left out",
				shown(id->req_id), id->req_id.s);
		} else if (r->ops->chosen) {
			r->rc = r->ops->chosen(r->arg, id);
		}
	} else if (id->full_id.len && id->full_id.s[0] == '_') {
		pull_raw(&r->p);
	} else if (pull_peek(&r->p) == PULL_OBJECT) {
		text = pull_raw(&r->p);
		if (!r->p.why && r->ops->env)
			r->rc = r->ops->env(r->arg, id, text);
	} else {
		pull_raw(&r->p);
		if (!r->p.why)
			warn(r, "environment %.*s: not an object, left out",
				shown(id->full_id), id->full_id.s);
	}
}

static void
read_environments(struct reader *r)
{
	struct weir_env_id id, one;
	bool first_arch = true;

	if (!enter_object(r, "environments"))
		return;
	while (next(r, &first_arch, &id.arch)) {
		bool first_req = true;

		if (!enter_object(r, "environments of an architecture"))
			continue;
		while (next(r, &first_req, &id.req_id)) {
			bool first = true;

			if (!enter_object(r, "environments of a req_id"))
				continue;
			one = id;
			while (next(r, &first, &one.full_id))
				read_one(r, &one);
		}
	}
}

static void
read_version(struct reader *r)
{
	struct str value = pull_raw(&r->p);

	r->version_seen = true;
	if (r->p.why || str_eq(value, "1"))
		return;
	r->rc = weir_fail(r->err, WEIR_EBADDATA,
		"its version is %.*s, this weir knows version 1", shown(value),
		value.s);
	weir_hint(r->err, "a newer weir");
}

static void
read_root(struct reader *r)
{
	struct str key;
	bool first = true;

	if (pull_peek(&r->p) != PULL_OBJECT) {
		if (!r->p.why && r->p.p < r->p.end)
			r->rc = weir_fail(r->err, WEIR_EBADDATA,
				"not the JSON object that conda_v2.cnd is");
		else
			pull_enter(&r->p);
		return;
	}
	pull_enter(&r->p);
	while (next(r, &first, &key)) {
		if (str_eq(key, "version"))
			read_version(r);
		else if (str_eq(key, "environments"))
			read_environments(r);
		else if (str_eq(key, "aliases"))
			read_aliases(r, false);
		else if (str_eq(key, "mutable_aliases"))
			read_aliases(r, true);
		else if (str_eq(key, "mappings"))
			read_mappings(r);
		else
			pull_raw(&r->p);
		if (r->rc)
			return;
	}
}

enum weir_rc
env_cnd_read(struct str text, const struct env_cnd_ops *ops, void *arg, bool *ret_cut,
	struct weir_err *err)
{
	struct reader r = { .ops = ops, .arg = arg, .err = err };
	enum weir_rc rc;

	*ret_cut = false;
	if (text.len == 0)
		return WEIR_OK;
	pull_init(&r.p, text, &r.arena);
	read_root(&r);
	rc = r.rc;
	if (!rc && r.p.why) {
		*ret_cut = r.p.p == r.p.end;
		rc = weir_fail(err, WEIR_EBADDATA, "%s at byte %zu of %zu", r.p.why,
			pull_offset(&r.p), text.len);
	} else if (!rc && !r.version_seen) {
		rc = weir_fail(err, WEIR_EBADDATA, "it has no version");
	} else if (!rc) {
		size_t end = pull_offset(&r.p);

		if (!pull_end(&r.p))
			warn(&r, "%zu bytes follow after its end at byte %zu, left out",
				text.len - end, end);
		if (r.warnings > WARNINGS_MAX && ops->warn)
			ops->warn(arg, "and more like that");
	}
	arena_free(&r.arena);
	return rc;
}
