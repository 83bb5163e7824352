/* What the filename and address of a package say of it. */
#include <ctype.h>

#include "env_version.h"
#include "weir/config.h"
#include "weir/env.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What is behind the last dash; false: there is none with something on both sides. */
static bool
cut_last(struct str *s, struct str *ret_tail)
{
	size_t n = s->len;

	while (n && s->s[n - 1] != '-')
		n--;
	if (n < 2 || n == s->len)
		return false;
	*ret_tail = (struct str){ s->s + n, s->len - n };
	s->len = n - 1;
	return true;
}

static bool
conda_name(struct str s, struct weir_env_name *ret)
{
	struct weir_env_name n;

	if (!cut_last(&s, &n.build) || !cut_last(&s, &n.version))
		return false;
	n.name = s;
	*ret = n;
	return true;
}

/* Lower case, runs of `-_.` one dash. */
static struct str
normal_name(struct str s, struct arena *arena)
{
	char *p = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool joint = s.s[i] == '-' || s.s[i] == '_' || s.s[i] == '.';

		if (joint && i && strchr("-_.", s.s[i - 1]))
			continue;
		p[n++] = joint ? '-' : (char)tolower((unsigned char)s.s[i]);
	}
	p[n] = '\0';
	return (struct str){ p, n };
}

static bool
set_version(struct str name, struct str version, struct arena *arena,
	struct weir_env_name *ret)
{
	struct buf normal = BUF_INIT(2 * ENV_VERSION_MAX);

	if (!env_version_normal(&normal, version))
		return false;
	ret->name = normal_name(name, arena);
	ret->version.len = normal.len;
	ret->version.s = arena_strndup(arena, buf_cstr(&normal), normal.len);
	ret->build = (struct str){ "", 0 };
	buf_release(&normal);
	return true;
}

/* A build tag is a number and what follows. */
static struct str
build_of(struct str tag, struct arena *arena)
{
	size_t n = 0, zeros = 0;
	char *text;

	while (n < tag.len && is_digit(tag.s[n]))
		n++;
	while (zeros + 1 < n && tag.s[zeros] == '0')
		zeros++;
	text = arena_printf(arena, "%.*s-%.*s", (int)(n - zeros), tag.s + zeros,
		(int)(tag.len - n), tag.s + n);
	return str_of(text);
}

/* `name-version[-build]-python-abi-platform`. */
static bool
wheel_name(struct str s, struct arena *arena, struct weir_env_name *ret)
{
	struct str tag, build = { "", 0 }, version;

	for (int i = 0; i < 3; i++)
		if (!cut_last(&s, &tag))
			return false;
	if (!cut_last(&s, &version))
		return false;
	if (memchr(s.s, '-', s.len)) {
		build = version;
		if (!is_digit(build.s[0]) || !cut_last(&s, &version) ||
			memchr(s.s, '-', s.len))
			return false;
	}
	if (!set_version(s, version, arena, ret))
		return false;
	if (build.len)
		ret->build = build_of(build, arena);
	return true;
}

static bool
pypi_name(struct str s, struct arena *arena, struct weir_env_name *ret)
{
	struct str name = s, version;

	return (cut_last(&name, &version) && set_version(name, version, arena, ret)) ||
	       wheel_name(s, arena, ret);
}

void
weir_env_name(const struct weir_env_package *p, struct arena *arena,
	struct weir_env_name *ret_name)
{
	struct weir_env_name n;

	if (str_eq(p->type, "conda") ? conda_name(p->filename, &n)
				     : pypi_name(p->filename, arena, &n))
		*ret_name = n;
	else
		*ret_name = (struct weir_env_name){ p->filename, { "", 0 }, { "", 0 } };
}

static struct str
cut_at_slash(struct str s)
{
	size_t n = s.len;

	while (n && s.s[n - 1] != '/')
		n--;
	return (struct str){ s.s, n ? n - 1 : 0 };
}

struct str
weir_env_channel(const struct weir_env_package *p, struct arena *arena)
{
	static const char home[] = "https://conda.anaconda.org/";
	struct str url = cut_at_slash(cut_at_slash(p->url)); /* file and subdir */
	struct buf b = BUF_INIT(BUF_MAX);
	struct str masked;

	if (!str_eq(p->type, "conda"))
		return STR("pypi");
	if (str_starts(p->url, home) && url.len > sizeof(home) - 1)
		return (struct str){ url.s + sizeof(home) - 1,
			url.len - (sizeof(home) - 1) };
	weir_url_mask(&b, arena_strndup(arena, url.s ? url.s : "", url.len));
	masked.len = b.len;
	masked.s = arena_strndup(arena, buf_cstr(&b), b.len);
	buf_release(&b);
	return masked;
}
