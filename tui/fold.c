#include "fold.h"

#include <string.h>

static size_t
indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.len && (line.s[n] == ' ' || line.s[n] == '\t'))
		n++;
	return n;
}

static bool
contains(struct str line, struct str what)
{
	while (line.len >= what.len) {
		const char *at = memchr(line.s, what.s[0], line.len - what.len + 1);

		if (!at)
			return false;
		if (memcmp(at, what.s, what.len) == 0)
			return true;
		line.len -= (size_t)(at + 1 - line.s);
		line.s = at + 1;
	}
	return false;
}

bool
fold_is_head(struct str line)
{
	return contains(line, STR("Traceback (most recent call last)"));
}

/* A frame by its own looks, whatever stands before it: `\tat a.b.C(D.java:1)`. */
static bool
looks_like_frame(struct str line)
{
	size_t n = indent_of(line);
	struct str rest = { line.s + n, line.len - n };

	return n > 0 && (str_starts(rest, "at ") || str_starts(rest, "File \""));
}

bool
fold_is_frame(struct str line)
{
	return indent_of(line) > 0;
}

static struct str
next_line(struct str *rest)
{
	const char *end = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;
	struct str line = { rest->s, end ? (size_t)(end - rest->s) : rest->len };
	size_t used = line.len + (end ? 1 : 0);

	rest->s += used;
	rest->len -= used;
	return line;
}

size_t
fold_find(struct str text, struct fold ret[FOLD_MAX])
{
	struct fold now = { 0, 0 };
	size_t n = 0, number = 0, head = 0;
	bool inside = false, python = false;

	while (n < FOLD_MAX && (text.len > 0 || inside)) {
		bool end = text.len == 0;
		struct str line = next_line(&text);
		bool goes_on = !end && inside &&
			       (python ? indent_of(line) > head && line.len > 0
				       : looks_like_frame(line));

		if (inside && !goes_on) {
			inside = false;
			if (now.n >= FOLD_LEAST)
				ret[n++] = now;
		}
		if (goes_on) {
			now.n++;
		} else if (!end && fold_is_head(line)) {
			inside = python = true;
			head = indent_of(line);
			now = (struct fold){ number + 1, 0 };
		} else if (!end && looks_like_frame(line)) {
			inside = true;
			python = false;
			now = (struct fold){ number, 1 };
		}
		number++;
	}
	return n;
}
