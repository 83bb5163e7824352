/* Docstrings: cleaned as Python does, Google's sections read as griffe does. */
#include <ctype.h>

#include "pysig_priv.h"

VEC_TYPE(lines, struct str);

static void
split(struct str text, struct lines *out)
{
	const char *p = text.s, *end = p + text.len, *nl;

	for (;; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		VEC_PUSH(out, ((struct str){ p, (size_t)((nl ? nl : end) - p) }));
		if (!nl)
			return;
	}
}

static bool
is_space(char c)
{
	return strchr(" \t\n\r\f\v", c) && c;
}

static size_t
indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.len && is_space(line.s[n]))
		n++;
	return n;
}

static bool
is_blank(struct str line)
{
	return indent_of(line) == line.len;
}

/* ---- inspect.cleandoc */

static void
expand_tabs(const char *doc, struct buf *out)
{
	size_t column = 0;

	for (; *doc; doc++) {
		if (*doc == '\t') {
			do
				buf_addc(out, ' ');
			while (++column % 8);
			continue;
		}
		buf_addc(out, *doc);
		/* columns are characters */
		if (((unsigned char)*doc & 0xc0) != 0x80)
			column = *doc == '\n' || *doc == '\r' ? 0 : column + 1;
	}
}

static size_t
margin_of(const struct lines *v)
{
	size_t margin = (size_t)-1;

	for (size_t i = 1; i < v->n; i++)
		if (!is_blank(v->v[i]) && indent_of(v->v[i]) < margin)
			margin = indent_of(v->v[i]);
	return margin;
}

const char *
pysig_clean_doc(struct arena *arena, const char *doc)
{
	struct buf flat = BUF_INIT(BUF_MAX), out = BUF_INIT(BUF_MAX);
	struct lines v = { 0 };
	size_t margin, cut, last;
	const char *clean;

	expand_tabs(doc, &flat);
	split(buf_str(&flat), &v);
	margin = margin_of(&v);
	for (size_t i = 0; i < v.n; i++) {
		cut = i ? margin : indent_of(v.v[i]);
		cut = cut > v.v[i].len ? v.v[i].len : cut;
		if (i && margin == (size_t)-1)
			cut = 0;
		v.v[i].s += cut;
		v.v[i].len -= cut;
	}
	for (last = v.n; last && !v.v[last - 1].len;)
		last--;
	for (size_t i = 0; i < last; i++) {
		if (!out.len && !v.v[i].len)
			continue;
		buf_addstr(&out, v.v[i]);
		if (i + 1 < last)
			buf_addc(&out, '\n');
	}
	clean = arena_strndup(arena, buf_cstr(&out), out.len);
	buf_release(&flat);
	buf_release(&out);
	VEC_FREE(&v);
	return clean;
}

/* ---- sections */

static struct str
line_at(const struct lines *v, size_t i)
{
	return i < v->n ? v->v[i] : STR("");
}

/* `Args:`, `Note: title`: the word before the colon; empty if it is no title. */
static struct str
title_of(struct str line)
{
	size_t n = 0;

	while (n < line.len &&
		(isalnum((unsigned char)line.s[n]) || line.s[n] == '_' ||
			(line.s[n] & 0x80) ||
			(n && (is_space(line.s[n]) || line.s[n] == '-'))))
		n++;
	if (!n || n == line.len || line.s[n] != ':')
		return STR("");
	if (n + 1 < line.len && !is_space(line.s[n + 1]))
		return STR("");
	return (struct str){ line.s, n };
}

/* Has it a section's form: a blank line above, indented lines below? */
static bool
is_section(const struct lines *v, size_t i)
{
	struct str below = line_at(v, i + 1);

	return title_of(v->v[i]).len && (!i || is_blank(v->v[i - 1])) &&
	       !is_blank(below) && below.s[0] == ' ';
}

static bool
is_args(struct str title)
{
	static const char *const names[] = { "args", "arguments", "params",
		"parameters" };

	for (size_t i = 0; i < N_ELEM(names); i++)
		if (title.len == strlen(names[i]) &&
			strncasecmp(title.s, names[i], title.len) == 0)
			return true;
	return false;
}

/* `name (type): what it is`; the lines that go on are joined. */
static void
add_item(json_t *out, const struct lines *item)
{
	struct str first = item->v[0], name;
	const char *colon = memchr(first.s, ':', first.len), *paren;
	struct buf b = BUF_INIT(BUF_MAX);
	size_t skip;
	char *key;

	if (!colon)
		return;
	name = (struct str){ first.s, (size_t)(colon - first.s) };
	paren = memchr(name.s, '(', name.len);
	if (paren && name.s[name.len - 1] == ')') {
		name.len = (size_t)(paren - name.s);
		while (name.len && is_space(name.s[name.len - 1]))
			name.len--;
	}
	first = (struct str){ colon + 1, first.len - (size_t)(colon + 1 - first.s) };
	skip = indent_of(first);
	buf_add(&b, first.s + skip, first.len - skip);
	for (size_t i = 1; i < item->n; i++) {
		buf_addc(&b, '\n');
		buf_addstr(&b, item->v[i]);
	}
	while (b.len && b.s[b.len - 1] == '\n')
		buf_truncate(&b, b.len - 1);
	key = str_copy(name);
	json_object_set_new(out, key, json_stringn(buf_cstr(&b), b.len));
	free(key);
	buf_release(&b);
}

static struct str
cut(struct str line, size_t n)
{
	return (struct str){ line.s + n, line.len - n };
}

/* *i is at the first line below the title, afterwards at the last of the section. */
static void
read_items(const struct lines *v, size_t *i, json_t *out)
{
	size_t indent = indent_of(v->v[*i]), own;
	struct lines item = { 0 };

	for (; *i < v->n; (*i)++) {
		struct str line = v->v[*i];

		own = indent_of(line);
		if (is_blank(line)) {
			VEC_PUSH(&item, STR(""));
		} else if (own >= indent * 2) {
			VEC_PUSH(&item, cut(line, indent * 2));
		} else if (own > indent) {
			VEC_PUSH(&item, cut(line, own));
		} else if (own == indent) {
			if (item.n)
				add_item(out, &item);
			item.n = 0;
			VEC_PUSH(&item, cut(line, indent));
		} else {
			break;
		}
	}
	if (item.n)
		add_item(out, &item);
	(*i)--;
	VEC_FREE(&item);
}

/* Past the lines of a section that is of no interest. */
static void
skip_section(const struct lines *v, size_t *i)
{
	size_t indent = indent_of(v->v[*i]);

	while (*i < v->n && (is_blank(v->v[*i]) || indent_of(v->v[*i]) >= indent))
		(*i)++;
	(*i)--;
}

json_t *
pysig_doc_args(struct arena *arena, const char *doc)
{
	json_t *out = json_object();
	struct str text = str_of(doc);
	struct lines v = { 0 };
	bool fenced = false;

	/* griffe cleans what is clean: a section in the first line loses its indent */
	while (text.len && is_space(text.s[text.len - 1]))
		text.len--;
	split(str_of(pysig_clean_doc(arena, arena_strndup(arena, text.s, text.len))),
		&v);
	for (size_t i = 0; i < v.n; i++) {
		if (str_starts(cut(v.v[i], indent_of(v.v[i])), "```")) {
			fenced = !fenced;
			continue;
		}
		if (fenced || !is_section(&v, i))
			continue;
		if (is_args(title_of(v.v[i]))) {
			json_object_clear(out); /* the last one counts */
			i++;
			read_items(&v, &i, out);
		} else {
			i++;
			skip_section(&v, &i);
		}
	}
	VEC_FREE(&v);
	return out;
}
