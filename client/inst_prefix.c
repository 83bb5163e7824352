#include "inst_prefix.h"

#include <ctype.h>

#include "weir/mem.h"

#ifdef __APPLE__
enum { SHEBANG_MAX = 512 };
#else
enum { SHEBANG_MAX = 127 };
#endif

/* memmem is not POSIX. */
static const char *
find(struct str in, struct str what)
{
	const char *p = in.s, *end = in.s + in.len;

	if (what.len == 0 || what.len > in.len)
		return NULL;
	end -= what.len - 1;
	while (p < end && (p = memchr(p, what.s[0], (size_t)(end - p)))) {
		if (memcmp(p, what.s, what.len) == 0)
			return p;
		p++;
	}
	return NULL;
}

static void
skip_to(struct str *s, const char *p)
{
	s->len -= (size_t)(p - s->s);
	s->s = p;
}

static void
replace(struct str from, struct str old, struct str prefix, struct buf *out)
{
	const char *p;

	while ((p = find(from, old))) {
		buf_add(out, from.s, (size_t)(p - from.s));
		buf_addstr(out, prefix);
		skip_to(&from, p + old.len);
	}
	buf_addstr(out, from);
}

/* `python`, `python3`, `python3.11` */
static bool
is_python(struct str s)
{
	size_t i = 6, dots = 0;

	if (!str_starts(s, "python"))
		return false;
	for (; i < s.len; i++) {
		if (s.s[i] == '.' && i > 6 && i + 1 < s.len && dots == 0)
			dots++;
		else if (!isdigit((unsigned char)s.s[i]))
			return false;
	}
	return true;
}

/* `#!`, blanks, a path with its blanks escaped, the rest. */
static bool
split_shebang(struct str line, struct str *ret_path, struct str *ret_rest)
{
	size_t i = 2, start;

	while (i < line.len && line.s[i] == ' ')
		i++;
	start = i;
	if (i >= line.len || line.s[i] != '/')
		return false;
	for (; i < line.len; i++) {
		if (line.s[i] == '\\' && i + 1 < line.len && line.s[i + 1] == ' ')
			i++;
		else if (strchr(" \n\r\t", line.s[i]) && line.s[i])
			break;
	}
	*ret_path = (struct str){ line.s + start, i - start };
	*ret_rest = (struct str){ line.s + i, line.len - i };
	return true;
}

static void
through_env(struct str line, struct buf *out)
{
	struct str path, rest, program;

	if (!split_shebang(line, &path, &rest)) {
		buf_addstr(out, line);
		return;
	}
	program = path;
	for (size_t i = 0; i < path.len; i++)
		if (path.s[i] == '/')
			program = (struct str){ path.s + i + 1, path.len - i - 1 };
	if (is_python(program)) {
		buf_adds(out, "#!/bin/sh\n'''exec' \"");
		buf_addstr(out, path);
		buf_adds(out, "\"");
		buf_addstr(out, rest);
		buf_adds(out, " \"$0\" \"$@\" #'''");
	} else {
		buf_adds(out, "#!/usr/bin/env ");
		buf_addstr(out, program);
		buf_addstr(out, rest);
	}
}

static void
replace_shebang(struct str line, struct str old, struct str prefix, struct buf *out)
{
	struct buf b = BUF_INIT(BUF_MAX);

	if (memchr(prefix.s, ' ', prefix.len)) {
		if (find(line, old))
			through_env(line, &b);
		else
			buf_addstr(&b, line);
		replace(buf_str(&b), old, prefix, out);
	} else {
		replace(line, old, prefix, &b);
		if (b.len > SHEBANG_MAX)
			through_env(buf_str(&b), out);
		else
			buf_addstr(out, buf_str(&b));
	}
	buf_release(&b);
}

void
inst_prefix_text(struct str from, const char *old, const char *prefix, struct buf *out)
{
	struct str line = from;
	const char *end;

	if (str_starts(from, "#!")) {
		end = memchr(from.s, '\n', from.len);
		line.len = end ? (size_t)(end - from.s) : from.len;
		replace_shebang(line, str_of(old), str_of(prefix), out);
		skip_to(&from, from.s + line.len);
	}
	replace(from, str_of(old), str_of(prefix), out);
}

bool
inst_prefix_binary(
	struct str from, const char *old_text, const char *prefix, struct buf *out)
{
	struct str old = str_of(old_text), now = str_of(prefix), string;
	const char *p, *end;
	size_t start;

	while ((p = find(from, old))) {
		if (now.len > old.len)
			return false;
		buf_add(out, from.s, (size_t)(p - from.s));
		skip_to(&from, p);
		end = memchr(p, '\0', from.len);
		string = from;
		string.len = end ? (size_t)(end - p) : from.len;
		start = out->len;
		replace(string, old, now, out);
		buf_addn(out, '\0', string.len - (out->len - start));
		skip_to(&from, from.s + string.len);
	}
	buf_addstr(out, from);
	return true;
}
