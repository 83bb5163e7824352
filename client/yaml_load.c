#include "yaml_load.h"

#include <limits.h>
#include <stdint.h>

#include "dyn.h"
#include "yaml_scalar.h"

VEC_TYPE(ynodes, struct ynode *);
VEC_TYPE(ypairs, struct ypair);

struct anchor {
	struct ynode *node;
	bool open; /* what it names is still being read */
};

struct loader {
	struct dyn_yaml lib;
	yaml_parser_t parser;
	struct arena *arena;
	const char *name;
	struct weir_err *err;
	json_t *names; /* of anchors: their index below */
	VEC(struct anchor) anchors;
	size_t work; /* members and elements looked at, merged ones too */
};

static enum weir_rc WEIR_PRINTF(4, 5)
	fail_at(struct loader *l, unsigned line, unsigned column, const char *fmt, ...)
{
	enum weir_rc rc;
	va_list ap;

	va_start(ap, fmt);
	rc = weir_vfail(l->err, WEIR_EBADDATA, fmt, ap);
	va_end(ap);
	weir_prefix(l->err, "%s:%u:%u", l->name, line, column);
	return rc;
}

static enum weir_rc
fail_mark(struct loader *l, yaml_mark_t mark, const char *why)
{
	return fail_at(
		l, (unsigned)mark.line + 1, (unsigned)mark.column + 1, "%s", why);
}

static enum weir_rc
next(struct loader *l, yaml_event_t *ret_event)
{
	yaml_mark_t mark;

	if (l->lib.parser_parse(&l->parser, ret_event))
		return WEIR_OK;
	mark = l->parser.problem_mark;
	if (l->parser.error == YAML_READER_ERROR)
		mark = l->parser.mark;
	return fail_at(l, (unsigned)mark.line + 1, (unsigned)mark.column + 1, "%s%s%s",
		l->parser.context ? l->parser.context : "",
		l->parser.context ? ": " : "",
		l->parser.problem ? l->parser.problem : "cannot be read");
}

static struct ynode *
new_node(struct loader *l, enum ykind kind, const yaml_event_t *e)
{
	struct ynode *node = arena_zalloc(l->arena, sizeof(*node));

	node->kind = kind;
	node->line = (unsigned)e->start_mark.line + 1;
	node->column = (unsigned)e->start_mark.column + 1;
	node->weight = 1;
	node->text = "";
	return node;
}

/* ---- bounds */

static enum weir_rc
count_work(struct loader *l, const struct ynode *at)
{
	if (l->work++ < YAML_NODES_MAX)
		return WEIR_OK;
	return fail_at(l, at->line, at->column, "more than %d values", YAML_NODES_MAX);
}

static enum weir_rc
add_weight(struct loader *l, struct ynode *node, const struct ynode *part)
{
	if (part->height >= YAML_DEPTH_MAX)
		return fail_at(l, node->line, node->column, "nested too deep");
	if (node->height <= part->height)
		node->height = part->height + 1;
	if (part->weight > YAML_NODES_MAX - node->weight)
		return fail_at(l, node->line, node->column,
			"aliases expand it to more than %d values", YAML_NODES_MAX);
	node->weight += part->weight;
	return WEIR_OK;
}

/* ---- anchors */

static enum weir_rc
find_alias(struct loader *l, const yaml_event_t *e, struct ynode **ret_node)
{
	const char *name = (const char *)e->data.alias.anchor;
	const json_t *at = json_object_get(l->names, name);
	const struct anchor *a;

	if (!at)
		return fail_at(l, (unsigned)e->start_mark.line + 1,
			(unsigned)e->start_mark.column + 1, "no anchor &%s before it",
			name);
	a = &l->anchors.v[json_integer_value(at)];
	if (a->open)
		return fail_at(l, (unsigned)e->start_mark.line + 1,
			(unsigned)e->start_mark.column + 1,
			"*%s is inside of what it stands for", name);
	*ret_node = a->node;
	return WEIR_OK;
}

/* *ret_index: SIZE_MAX without an anchor. */
static enum weir_rc
note_anchor(struct loader *l, const unsigned char *anchor, struct ynode *node,
	size_t *ret_index)
{
	const char *name = (const char *)anchor;
	const json_t *before;
	const struct ynode *first;

	*ret_index = SIZE_MAX;
	if (!name)
		return WEIR_OK;
	before = json_object_get(l->names, name);
	if (before) {
		first = l->anchors.v[json_integer_value(before)].node;
		return fail_at(l, node->line, node->column,
			"the anchor &%s is also at %u:%u", name, first->line,
			first->column);
	}
	*ret_index = l->anchors.n;
	if (json_object_set_new(l->names, name, json_integer((json_int_t)l->anchors.n)))
		return fail_at(l, node->line, node->column, "unreadable anchor");
	VEC_PUSH(&l->anchors, ((struct anchor){ node, true }));
	return WEIR_OK;
}

static void
close_anchor(struct loader *l, size_t index)
{
	if (index != SIZE_MAX)
		l->anchors.v[index].open = false;
}

/* ---- scalars */

struct tag {
	const char *tag;
	enum ykind kind;
};

#define CORE "tag:yaml.org,2002:"

static const struct tag tags[] = {
	{ CORE "null", Y_NULL },
	{ CORE "bool", Y_BOOL },
	{ CORE "int", Y_INT },
	{ CORE "float", Y_REAL },
	{ CORE "timestamp", Y_TIME },
	{ CORE "str", Y_TEXT },
	{ CORE "seq", Y_LIST },
	{ CORE "map", Y_MAP },
};

/* The kind that a tag names; kind stays as it is without one. */
static enum weir_rc
kind_of_tag(struct loader *l, const unsigned char *tag, const struct ynode *node,
	enum ykind *kind)
{
	const char *name = (const char *)tag;
	bool plain = *kind == Y_LIST || *kind == Y_MAP;

	if (!name || strcmp(name, "!") == 0)
		return WEIR_OK;
	for (size_t i = 0; i < N_ELEM(tags); i++) {
		if (strcmp(name, tags[i].tag) != 0)
			continue;
		if (plain ? tags[i].kind != *kind : tags[i].kind >= Y_LIST)
			break;
		*kind = tags[i].kind;
		return WEIR_OK;
	}
	if (strncmp(name, CORE, strlen(CORE)) == 0)
		return fail_at(l, node->line, node->column, "the tag !!%s %s",
			name + strlen(CORE), "cannot be used here");
	return fail_at(
		l, node->line, node->column, "the tag %s means nothing here", name);
}

static enum weir_rc
read_scalar(struct loader *l, const yaml_event_t *e, struct ynode **ret_node)
{
	struct str text = { (const char *)e->data.scalar.value, e->data.scalar.length };
	const unsigned char *tag = e->data.scalar.tag;
	struct ynode *node = new_node(l, Y_TEXT, e);
	enum ykind kind = Y_TEXT;
	enum weir_rc rc;
	const char *why = NULL;
	size_t anchor;

	if (memchr(text.s, '\0', text.len))
		return fail_mark(l, e->start_mark, "a NUL in a text");
	rc = kind_of_tag(l, tag, node, &kind);
	if (rc)
		return rc;
	node->text = arena_strndup(l->arena, text.s, text.len);
	node->n = text.len;
	node->weight += (unsigned)(text.len / 32);
	if (tag && strcmp((const char *)tag, "!") != 0)
		why = yaml_scalar_tagged(l->arena, text, kind, node);
	else if (e->data.scalar.plain_implicit)
		why = yaml_scalar_plain(l->arena, text, node);
	if (why)
		return fail_at(
			l, node->line, node->column, "%.40s %s", node->text, why);
	rc = note_anchor(l, e->data.scalar.anchor, node, &anchor);
	close_anchor(l, anchor);
	*ret_node = node;
	return rc;
}

/* ---- lists and mappings */

static enum weir_rc read_node(
	struct loader *l, yaml_event_t *e, unsigned depth, struct ynode **ret_node);

static enum weir_rc
read_elements(struct loader *l, struct ynode *list, unsigned depth, struct ynodes *out)
{
	struct ynode *child = NULL;
	enum weir_rc rc = WEIR_OK;
	yaml_event_t e;

	while (!rc) {
		rc = next(l, &e);
		if (rc)
			return rc;
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			l->lib.event_delete(&e);
			return WEIR_OK;
		}
		rc = read_node(l, &e, depth + 1, &child);
		l->lib.event_delete(&e);
		if (!rc)
			rc = count_work(l, child);
		if (!rc)
			rc = add_weight(l, list, child);
		if (!rc)
			VEC_PUSH(out, child);
	}
	return rc;
}

static enum weir_rc
read_list(struct loader *l, const yaml_event_t *e, unsigned depth,
	struct ynode **ret_node)
{
	struct ynode *list = new_node(l, Y_LIST, e);
	struct ynodes v = { 0 };
	enum ykind kind = Y_LIST;
	enum weir_rc rc;
	size_t anchor;

	rc = kind_of_tag(l, e->data.sequence_start.tag, list, &kind);
	if (!rc)
		rc = note_anchor(l, e->data.sequence_start.anchor, list, &anchor);
	if (!rc)
		rc = read_elements(l, list, depth, &v);
	if (!rc) {
		close_anchor(l, anchor);
		list->n = v.n;
		list->v = arena_alloc(l->arena, v.n * sizeof(*v.v) + 1);
		if (v.n)
			memcpy(list->v, v.v, v.n * sizeof(*v.v));
		*ret_node = list;
	}
	VEC_FREE(&v);
	return rc;
}

/* Python's JSON names a key that is not text as it writes the value. */
static enum weir_rc
key_text(struct loader *l, const struct ynode *from, const char **ret_key)
{
	switch (from->kind) {
	case Y_LIST:
	case Y_MAP:
		return fail_at(l, from->line, from->column, "%s cannot be a key",
			yaml_kind_name(from->kind));
	case Y_NULL:
		*ret_key = "None";
		return WEIR_OK;
	case Y_BOOL:
		*ret_key = from->yes ? "true" : "false";
		return WEIR_OK;
	case Y_INT:
		*ret_key = arena_printf(l->arena, "%lld", from->number);
		return WEIR_OK;
	default:
		*ret_key = from->text;
		return WEIR_OK;
	}
}

static enum weir_rc
push_pairs(struct loader *l, const struct ynode *map, struct ypairs *out)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < map->n && !rc; i++) {
		rc = count_work(l, map);
		if (!rc)
			VEC_PUSH(out, map->pairs[i]);
	}
	return rc;
}

/* `<<`: a mapping, or a list of them of which the first says most. */
static enum weir_rc
merge(struct loader *l, const struct ynode *value, struct ypairs *out)
{
	enum weir_rc rc = WEIR_OK;

	if (value->kind == Y_MAP)
		return push_pairs(l, value, out);
	if (value->kind != Y_LIST)
		return fail_at(l, value->line, value->column,
			"<< wants a mapping or a list of mappings, this is %s",
			yaml_kind_name(value->kind));
	for (size_t i = value->n; i-- > 0 && !rc;) {
		const struct ynode *m = value->v[i];

		if (m->kind != Y_MAP)
			return fail_at(l, m->line, m->column,
				"<< wants mappings, this is %s",
				yaml_kind_name(m->kind));
		rc = push_pairs(l, m, out);
	}
	return rc;
}

static enum weir_rc
read_member(struct loader *l, yaml_event_t *e, unsigned depth, struct ypairs *merged,
	struct ypairs *own)
{
	bool is_merge = e->type == YAML_SCALAR_EVENT && !e->data.scalar.tag &&
			e->data.scalar.plain_implicit &&
			strcmp((const char *)e->data.scalar.value, "<<") == 0;
	struct ypair pair = { 0 };
	enum weir_rc rc;
	yaml_event_t at;

	rc = read_node(l, e, depth + 1, &pair.from);
	if (!rc)
		rc = key_text(l, pair.from, &pair.key);
	if (!rc)
		rc = next(l, &at);
	if (rc)
		return rc;
	rc = read_node(l, &at, depth + 1, &pair.value);
	l->lib.event_delete(&at);
	if (!rc)
		rc = count_work(l, pair.from);
	if (rc)
		return rc;
	if (is_merge)
		return merge(l, pair.value, merged);
	VEC_PUSH(own, pair);
	return WEIR_OK;
}

static enum weir_rc
read_members(
	struct loader *l, unsigned depth, struct ypairs *merged, struct ypairs *own)
{
	enum weir_rc rc = WEIR_OK;
	yaml_event_t e;

	while (!rc) {
		rc = next(l, &e);
		if (rc)
			return rc;
		if (e.type == YAML_MAPPING_END_EVENT) {
			l->lib.event_delete(&e);
			return WEIR_OK;
		}
		rc = read_member(l, &e, depth, merged, own);
		l->lib.event_delete(&e);
	}
	return rc;
}

/* Where a key is already in out, or its end. */
static size_t
find_key(const struct ypairs *out, json_t *index, const char *key)
{
	const json_t *at;

	if (index) {
		at = json_object_get(index, key);
		return at ? (size_t)json_integer_value(at) : out->n;
	}
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->v[i].key, key) == 0)
			return i;
	return out->n;
}

/* Members in their order; of equal keys the last one's value at the first one's place.
 */
static void
unite(const struct ypairs *from, struct ypairs *out, json_t *index)
{
	size_t at;

	for (size_t i = 0; i < from->n; i++) {
		at = find_key(out, index, from->v[i].key);
		if (at < out->n) {
			out->v[at] = from->v[i];
			continue;
		}
		if (index)
			json_object_set_new(
				index, from->v[i].key, json_integer((json_int_t)at));
		VEC_PUSH(out, from->v[i]);
	}
}

static enum weir_rc
finish_map(struct loader *l, struct ynode *map, const struct ypairs *merged,
	const struct ypairs *own)
{
	enum { MANY = 16 };
	json_t *index = merged->n + own->n > MANY ? json_object() : NULL;
	struct ypairs all = { 0 };
	enum weir_rc rc = WEIR_OK;

	unite(merged, &all, index);
	unite(own, &all, index);
	json_decref(index);
	map->n = all.n;
	map->pairs = arena_alloc(l->arena, all.n * sizeof(*all.v) + 1);
	if (all.n)
		memcpy(map->pairs, all.v, all.n * sizeof(*all.v));
	for (size_t i = 0; i < all.n && !rc; i++)
		rc = add_weight(l, map, all.v[i].value);
	VEC_FREE(&all);
	return rc;
}

static enum weir_rc
read_map(struct loader *l, const yaml_event_t *e, unsigned depth,
	struct ynode **ret_node)
{
	struct ynode *map = new_node(l, Y_MAP, e);
	struct ypairs merged = { 0 }, own = { 0 };
	enum ykind kind = Y_MAP;
	enum weir_rc rc;
	size_t anchor;

	rc = kind_of_tag(l, e->data.mapping_start.tag, map, &kind);
	if (!rc)
		rc = note_anchor(l, e->data.mapping_start.anchor, map, &anchor);
	if (!rc)
		rc = read_members(l, depth, &merged, &own);
	if (!rc)
		rc = finish_map(l, map, &merged, &own);
	if (!rc) {
		close_anchor(l, anchor);
		*ret_node = map;
	}
	VEC_FREE(&merged);
	VEC_FREE(&own);
	return rc;
}

static enum weir_rc
read_node(struct loader *l, yaml_event_t *e, unsigned depth, struct ynode **ret_node)
{
	if (depth > YAML_DEPTH_MAX)
		return fail_mark(l, e->start_mark, "nested too deep");
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return find_alias(l, e, ret_node);
	case YAML_SCALAR_EVENT:
		return read_scalar(l, e, ret_node);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(l, e, depth, ret_node);
	case YAML_MAPPING_START_EVENT:
		return read_map(l, e, depth, ret_node);
	default:
		return fail_mark(l, e->start_mark, "cannot be read");
	}
}

/* ---- documents */

static enum weir_rc
read_documents(struct loader *l, struct ynode **ret_root)
{
	struct ynode *root = NULL;
	enum weir_rc rc = WEIR_OK;
	yaml_event_type_t type = YAML_NO_EVENT;
	yaml_event_t e;

	while (!rc && type != YAML_STREAM_END_EVENT) {
		rc = next(l, &e);
		if (rc)
			return rc;
		type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && root)
			rc = fail_mark(l, e.start_mark,
				"a second document begins; there may be one only");
		else if (type == YAML_ALIAS_EVENT || type == YAML_SCALAR_EVENT ||
			 type == YAML_SEQUENCE_START_EVENT ||
			 type == YAML_MAPPING_START_EVENT)
			rc = read_node(l, &e, 0, &root);
		else if (type == YAML_STREAM_END_EVENT && !root)
			root = new_node(l, Y_NULL, &e);
		l->lib.event_delete(&e);
	}
	*ret_root = root;
	return rc;
}

enum weir_rc
yaml_load(struct str text, const char *name, struct yaml *ret, struct weir_err *err)
{
	struct yaml y = { 0 };
	struct loader l = { .name = name, .err = err, .arena = &y.arena };
	enum weir_rc rc;

	if (text.len > YAML_BYTES_MAX)
		return weir_fail(err, WEIR_ETOOBIG, "%s: more than %d MiB", name,
			YAML_BYTES_MAX >> 20);
	rc = dyn_yaml_load(&l.lib, err);
	if (rc)
		return rc;
	if (!l.lib.parser_initialize(&l.parser))
		return weir_fail(err, WEIR_EFAIL, "%s: out of memory", name);
	l.names = json_object();
	l.lib.parser_set_input_string(
		&l.parser, (const unsigned char *)(text.s ? text.s : ""), text.len);
	rc = read_documents(&l, &y.root);
	l.lib.parser_delete(&l.parser);
	json_decref(l.names);
	VEC_FREE(&l.anchors);
	if (rc) {
		arena_free(&y.arena);
		return rc;
	}
	*ret = y;
	return WEIR_OK;
}
