/* One environment and its packages, from their JSON objects. */
#include "env_cnd.h"
#include "pull.h"

/* A text member, as far as it is one. */
static void
take_text(struct pull *p, struct str *ret)
{
	if (!pull_string(p, ret))
		pull_raw(p);
}

/* `.tar.gz` and `.tar.bz2` are one ending. */
static struct str
ending_of(struct str url)
{
	static const char *const endings[] = { ".tar.bz2", ".tar.gz", ".conda", ".whl",
		".zip" };

	for (size_t i = 0; i < N_ELEM(endings); i++) {
		size_t n = strlen(endings[i]);

		if (url.len > n && memcmp(url.s + url.len - n, endings[i], n) == 0)
			return str_of(endings[i]);
	}
	return (struct str){ "", 0 };
}

/* The text member called key of an object that was read before. */
static bool
member_of(struct str object, struct arena *arena, struct str key, struct str *ret)
{
	struct pull p;
	struct str name, value;
	bool first = true, found = false;

	pull_init(&p, object, arena);
	if (pull_peek(&p) != PULL_OBJECT)
		return false;
	pull_enter(&p);
	while (pull_member(&p, &first, &name)) {
		if (str_equal(name, key) && pull_string(&p, &value)) {
			*ret = value;
			found = true;
		} else {
			pull_raw(&p);
		}
	}
	return found;
}

/* cache_info: format -> {"url": key}; that of the format, else the first. */
static struct str
cache_of(struct str object, struct arena *arena, struct str format)
{
	struct pull p;
	struct str name, url = { NULL, 0 };
	bool first = true;

	pull_init(&p, object, arena);
	if (pull_peek(&p) != PULL_OBJECT)
		return url;
	pull_enter(&p);
	while (pull_member(&p, &first, &name)) {
		struct str value = pull_raw(&p);

		if (!url.s || str_equal(name, format))
			member_of(value, arena, STR("url"), &url);
	}
	return url;
}

bool
env_cnd_package(struct str doc, struct arena *arena, struct weir_env_package *ret)
{
	struct weir_env_package v = { .doc = doc, .filename = { NULL, 0 } };
	struct str key, hashes = { "", 0 }, cache = { "", 0 };
	struct pull p;
	bool first = true;

	pull_init(&p, doc, arena);
	if (pull_peek(&p) != PULL_OBJECT)
		return false;
	pull_enter(&p);
	while (pull_member(&p, &first, &key)) {
		if (str_eq(key, "_type"))
			take_text(&p, &v.type);
		else if (str_eq(key, "filename"))
			take_text(&p, &v.filename);
		else if (str_eq(key, "url"))
			take_text(&p, &v.url);
		else if (str_eq(key, "url_format"))
			take_text(&p, &v.url_format);
		else if (str_eq(key, "hashes"))
			hashes = pull_raw(&p);
		else if (str_eq(key, "cache_info"))
			cache = pull_raw(&p);
		else
			pull_raw(&p);
	}
	if (p.why || !v.filename.s)
		return false;
	v.type = str_eq(v.type, "pip") || str_eq(v.type, "pypi") ? STR("pypi")
								 : STR("conda");
	if (!v.url_format.len)
		v.url_format = ending_of(v.url);
	if (hashes.len)
		member_of(hashes, arena, v.url_format, &v.hash);
	if (cache.len)
		v.cache_url = cache_of(cache, arena, v.url_format);
	*ret = v;
	return true;
}

static enum weir_rc
read_packages(
	struct pull *p, struct arena *arena, struct weir_env *env, struct weir_err *err)
{
	bool first = true;

	if (pull_peek(p) != PULL_ARRAY)
		return weir_fail(err, WEIR_EBADDATA, "packages: not a list");
	pull_enter(p);
	while (pull_item(p, &first)) {
		struct weir_env_package package;
		struct str doc = pull_raw(p);

		if (env->packages.n == WEIR_ENV_PACKAGES_MAX)
			return weir_fail(err, WEIR_ETOOBIG,
				"more than %d packages, the most that are read",
				WEIR_ENV_PACKAGES_MAX);
		if (p->why || !env_cnd_package(doc, arena, &package))
			return weir_fail(err, WEIR_EBADDATA,
				"package %zu is not one: it has no filename",
				env->packages.n + 1);
		VEC_PUSH(&env->packages, package);
	}
	return WEIR_OK;
}

static struct str *
list_of(struct weir_env *e, struct str key)
{
	return str_eq(key, "deps")                  ? &e->deps
	       : str_eq(key, "sources")             ? &e->sources
	       : str_eq(key, "extras")              ? &e->extras
	       : str_eq(key, "resolved_archs")      ? &e->resolved_archs
	       : str_eq(key, "full_id_unique_keys") ? &e->unique_keys
						    : NULL;
}

enum weir_rc
env_cnd_env(const struct weir_env_id *id, struct str doc, struct arena *arena,
	struct weir_env *ret_env, struct weir_err *err)
{
	const struct str none = { "", 0 };
	struct weir_env e = { .id = *id,
		.deps = none,
		.sources = none,
		.extras = none,
		.resolved_on = none,
		.resolved_by = none,
		.resolved_archs = none,
		.env_type = STR("mixed"),
		.unique_keys = none,
		.accurate_source = true };
	enum weir_rc rc = WEIR_OK;
	struct str key, *list;
	struct pull p;
	bool first = true;

	pull_init(&p, doc, arena);
	if (pull_peek(&p) != PULL_OBJECT)
		return weir_fail(err, WEIR_EBADDATA, "not an object");
	pull_enter(&p);
	while (!rc && pull_member(&p, &first, &key)) {
		list = list_of(&e, key);
		if (list)
			*list = pull_raw(&p);
		else if (str_eq(key, "packages"))
			e.listed = true, rc = read_packages(&p, arena, &e, err);
		else if (str_eq(key, "resolved_on"))
			take_text(&p, &e.resolved_on);
		else if (str_eq(key, "resolved_by"))
			take_text(&p, &e.resolved_by);
		else if (str_eq(key, "env_type"))
			take_text(&p, &e.env_type);
		else if (str_eq(key, "accurate_source"))
			e.accurate_source = str_eq(pull_raw(&p), "true");
		else
			pull_raw(&p);
	}
	if (!rc && p.why)
		rc = weir_fail(
			err, WEIR_EBADDATA, "%s at byte %zu", p.why, pull_offset(&p));
	if (str_eq(e.env_type, "pip-only"))
		e.env_type = STR("pypi-only");
	e.doc = (struct str){ p.begin, pull_offset(&p) };
	if (rc)
		VEC_FREE(&e.packages);
	else
		*ret_env = e;
	return rc;
}
