#include "template.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "json_out.h"
#include "weir/mem.h"

struct walk {
	template_look *look;
	void *arg;
	size_t bytes;
	int depth;
	bool too_large;
};

/* `{{ name }}` in a text. */
struct hole {
	const char *from, *end;
	struct str name;
};

/* ---- names */

bool
template_is_reference(struct str name)
{
	return str_starts(name, "prefect.variables.") ||
	       str_starts(name, "prefect.blocks.");
}

/* One part of the path, a key or `[0]`; false: it is malformed. */
static bool
step(const json_t **value, struct str *path)
{
	size_t n = 0, i = 0;
	char *key;

	if (path->len && path->s[0] == '[') {
		for (n = 1; n < path->len && isdigit((unsigned char)path->s[n]); n++)
			i = i > TEMPLATE_TOTAL_MAX
				    ? i
				    : i * 10 + (size_t)(path->s[n] - '0');
		if (n == 1 || n == path->len || path->s[n++] != ']')
			return false;
		*value = json_array_get(*value, i);
	} else {
		while (n < path->len && path->s[n] != '.' && path->s[n] != '[')
			n++;
		key = xstrndup(path->s, n);
		*value = json_object_get(*value, key);
		free(key);
	}
	path->s += n;
	path->len -= n;
	if (path->len && path->s[0] == '.') {
		path->s++;
		path->len--;
	}
	return true;
}

const json_t *
template_member(const json_t *value, struct str path)
{
	while (value && path.len)
		if (!step(&value, &path))
			return NULL;
	return value;
}

/* ---- holes */

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || (c & 0x80) || (c && strchr("_.-[]$", c));
}

static bool
hole_at(const char *p, struct hole *ret)
{
	struct hole h = { .from = p };

	for (p += 2; isspace((unsigned char)*p);)
		p++;
	h.name.s = p;
	while (is_name(*p))
		p++;
	h.name.len = (size_t)(p - h.name.s);
	while (isspace((unsigned char)*p))
		p++;
	if (!h.name.len || p[0] != '}' || p[1] != '}')
		return false;
	h.end = p + 2;
	*ret = h;
	return true;
}

static bool
next_hole(const char *p, struct hole *ret)
{
	for (; (p = strstr(p, "{{")); p++)
		if (hole_at(p, ret))
			return true;
	return false;
}

/* ---- texts */

/* Inside of a text: text as it is, all else as JSON. */
static void
add_value(struct buf *out, const json_t *v)
{
	if (json_is_string(v)) {
		buf_add(out, json_string_value(v), json_string_length(v));
		return;
	}
	json_out(out, v);
}

static json_t *
fill_text(struct walk *w, const char *text)
{
	struct buf out = BUF_INIT(TEMPLATE_BYTES_MAX);
	struct hole h;
	json_t *value;

	while (next_hole(text, &h)) {
		buf_add(&out, text, (size_t)(h.from - text));
		value = NULL;
		switch (w->look(w->arg, h.name, &value)) {
		case TEMPLATE_VALUE:
			add_value(&out, value);
			break;
		case TEMPLATE_KEEP:
			buf_add(&out, h.from, (size_t)(h.end - h.from));
			break;
		case TEMPLATE_NONE:
			break;
		}
		json_decref(value);
		text = h.end;
	}
	buf_adds(&out, text);
	w->bytes += out.len;
	w->too_large = w->too_large || out.truncated || w->bytes > TEMPLATE_TOTAL_MAX;
	value = json_stringn_nocheck(buf_cstr(&out), out.len);
	buf_release(&out);
	return value;
}

static json_t *
walk_text(struct walk *w, const json_t *text)
{
	const char *s = json_string_value(text);
	json_t *value = NULL;
	struct hole h;

	if (!next_hole(s, &h))
		return json_copy((json_t *)(uintptr_t)text);
	if (h.from != s || *h.end)
		return fill_text(w, s);
	switch (w->look(w->arg, h.name, &value)) {
	case TEMPLATE_VALUE:
		return value;
	case TEMPLATE_KEEP:
		return json_copy((json_t *)(uintptr_t)text);
	case TEMPLATE_NONE:
		break;
	}
	return NULL;
}

/* ---- trees */

static json_t *walk(struct walk *w, const json_t *v);

static json_t *
walk_object(struct walk *w, const json_t *v)
{
	json_t *out = json_object(), *member, *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)v, key, member)
	{
		value = walk(w, member);
		if (value)
			json_object_set_new_nocheck(out, key, value);
	}
	return out;
}

static json_t *
walk_array(struct walk *w, const json_t *v)
{
	json_t *out = json_array(), *value;

	for (size_t i = 0; i < json_array_size(v); i++) {
		value = walk(w, json_array_get(v, i));
		if (value)
			json_array_append_new(out, value);
	}
	return out;
}

/* NULL: it is to be left out. */
static json_t *
walk(struct walk *w, const json_t *v)
{
	json_t *out;

	if (w->too_large || ++w->depth > TEMPLATE_DEPTH_MAX) {
		w->too_large = true;
		return NULL;
	}
	if (json_is_string(v))
		out = walk_text(w, v);
	else if (json_is_object(v))
		out = walk_object(w, v);
	else if (json_is_array(v))
		out = walk_array(w, v);
	else
		out = json_copy((json_t *)(uintptr_t)v);
	w->depth--;
	return out;
}

json_t *
template_walk(const json_t *tree, template_look *look, void *arg)
{
	struct walk w = { .look = look, .arg = arg };
	json_t *out = walk(&w, tree);

	if (!w.too_large)
		return out;
	json_decref(out);
	return NULL;
}
