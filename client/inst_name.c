#include "inst_name.h"

#include <strings.h>

#include "weir/text.h"

enum { SHOWN_MAX = 200 };

/* The next part of *rest, which moves behind it; false at the end. */
static bool
next_part(struct str *rest, struct str *ret_part)
{
	size_t n = 0;

	while (rest->len && *rest->s == '/') {
		rest->s++;
		rest->len--;
	}
	while (n < rest->len && rest->s[n] != '/')
		n++;
	*ret_part = (struct str){ rest->s, n };
	rest->s += n;
	rest->len -= n;
	return n > 0;
}

const char *
inst_name_plain(struct str name, struct buf *out)
{
	size_t start = out->len, depth = 0;
	const char *why = NULL;
	struct str part;

	if (name.len == 0)
		return "a member has no name";
	if (name.len > INST_NAME_MAX)
		return "a name is too long";
	if (memchr(name.s, '\0', name.len))
		return "a name has a NUL in it";
	if (name.s[0] == '/')
		return "an absolute name";
	while (!why && next_part(&name, &part)) {
		if (str_eq(part, "."))
			continue;
		if (str_eq(part, ".."))
			why = "a name with .. in it";
		else if (part.len > INST_PART_MAX)
			why = "a name is too long";
		else if (++depth > INST_DEPTH_MAX)
			why = "folders are too deep";
		if (out->len > start)
			buf_addc(out, '/');
		buf_addstr(out, part);
	}
	if (!why && out->truncated)
		why = "a name is too long";
	if (why)
		buf_truncate(out, start);
	return why;
}

static size_t
depth_of(const char *name)
{
	size_t n = 0;

	for (; *name; name++)
		n += *name == '/';
	return n;
}

const char *
inst_name_link(const char *at, struct str to, bool *ret_look)
{
	size_t depth = depth_of(at);
	bool named = false;
	struct str part;

	*ret_look = false;
	if (to.len == 0)
		return "a symbolic link to nothing";
	if (to.len > INST_NAME_MAX || memchr(to.s, '\0', to.len))
		return "a symbolic link is too long";
	if (to.s[0] == '/')
		return "a symbolic link to an absolute name";
	while (next_part(&to, &part)) {
		if (str_eq(part, "."))
			continue;
		if (!str_eq(part, "..")) {
			named = true;
			depth++;
			continue;
		}
		if (depth == 0)
			return "a symbolic link that leads out";
		depth--;
		*ret_look |= named;
	}
	return NULL;
}

int
inst_name_compare(const char *a, const char *b)
{
	int x, y;

	while (*a && *a == *b)
		a++, b++;
	/* The end of a part is before everything that may stand in one. */
	x = *a == '\0' ? 0 : *a == '/' ? 1 : (unsigned char)*a + 1;
	y = *b == '\0' ? 0 : *b == '/' ? 1 : (unsigned char)*b + 1;
	return x - y;
}

bool
inst_name_below(const char *name, const char *top)
{
	size_t n = strlen(top);

	return strncmp(name, top, n) == 0 && name[n] == '/';
}

bool
inst_name_reserved(const char *name)
{
	static const char meta[] = "conda-meta/", clobbers[] = "__clobbers__";
	size_t n = strlen(name);

	/* Some file systems do not tell cases apart. */
	if (strcasecmp(name, ".metaflowenv") == 0 ||
		(strncasecmp(name, clobbers, sizeof(clobbers) - 1) == 0 &&
			(n == sizeof(clobbers) - 1 ||
				name[sizeof(clobbers) - 1] == '/')))
		return true;
	if (strncasecmp(name, meta, sizeof(meta) - 1) != 0)
		return false;
	return strcasecmp(name + sizeof(meta) - 1, "history") == 0 ||
	       (n > 5 && strcasecmp(name + n - 5, ".json") == 0);
}

bool
inst_name_is_part(const char *name)
{
	if (!*name || strlen(name) > INST_PART_MAX || strcmp(name, ".") == 0 ||
		strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || (unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

void
inst_name_show(struct buf *out, struct str name)
{
	struct buf clean = BUF_INIT(4 * INST_NAME_MAX);

	text_sanitize(&clean, name, 0);
	text_fit(out, buf_str(&clean), SHOWN_MAX, 0);
	buf_release(&clean);
}
