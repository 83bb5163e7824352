#include <ctype.h>

#include "json_out.h"
#include "manifest_priv.h"

enum hole_kind { HOLE_PLAIN, HOLE_BLOCK, HOLE_VARIABLE, HOLE_ENV };

/* `{{ name }}` in a text. */
struct hole {
	const char *from, *end; /* of all of it */
	struct str name;
	enum hole_kind kind;
};

enum pass { PASS_BLOCKS, PASS_VARIABLES, PASS_ENV, PASS_FINISH };

struct job {
	struct reading *r;
	const struct spot *at;
	enum pass pass;
	enum manifest_finish how;
};

static const char block_prefix[] = "prefect.blocks.";
static const char variable_prefix[] = "prefect.variables.";

/* ---- finding */

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || strchr("_.-[]$", c) || (c & 0x80);
}

static enum hole_kind
kind_of(struct str name)
{
	if (str_starts(name, block_prefix))
		return HOLE_BLOCK;
	if (str_starts(name, variable_prefix))
		return HOLE_VARIABLE;
	return *name.s == '$' ? HOLE_ENV : HOLE_PLAIN;
}

static bool
hole_at(const char *p, struct hole *ret)
{
	const char *from = p;
	struct str name;

	p += 2;
	while (isspace((unsigned char)*p))
		p++;
	name.s = p;
	while (*p && is_name(*p))
		p++;
	name.len = (size_t)(p - name.s);
	while (isspace((unsigned char)*p))
		p++;
	if (!name.len || p[0] != '}' || p[1] != '}')
		return false;
	*ret = (struct hole){ from, p + 2, name, kind_of(name) };
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

/* ---- what a placeholder stands for */

static json_t *
from_environment(struct str name)
{
	char *key = str_copy(name);
	const char *value = getenv(key);

	free(key);
	return value ? json_string(value) : NULL;
}

static enum weir_rc
look_up(struct job *j, const char *what, struct str name, json_t **ret)
{
	const struct weir_manifest_opts *o = j->r->opts;
	struct buf out = BUF_INIT(WEIR_MANIFEST_BYTES_MAX);
	char *key = str_copy(name);
	enum weir_rc rc;

	if (!o->lookup) {
		free(key);
		return manifest_fail(j->r, j->at,
			"{{ prefect.%s.%.*s }} is known to a server only", what,
			(int)name.len, name.s);
	}
	*ret = NULL;
	rc = o->lookup(o->lookup_arg, what, key, &out, j->r->err);
	free(key);
	if (!rc)
		*ret = json_loadb(buf_str(&out).s, out.len, JSON_DECODE_ANY, NULL);
	buf_release(&out);
	if (!rc && !*ret)
		rc = manifest_fail(j->r, j->at, "the value of %.*s cannot be read",
			(int)name.len, name.s);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

/* TYPE.NAME.a.b is named TYPE/NAME.a.b. */
static enum weir_rc
look_up_block(struct job *j, struct str name, json_t **ret)
{
	const char *dot = memchr(name.s, '.', name.len);
	enum weir_rc rc;
	char *key;

	if (!dot || dot == name.s || dot + 1 == name.s + name.len)
		return manifest_fail(j->r, j->at,
			"{{ prefect.blocks.%.*s }}: a block is TYPE.NAME",
			(int)name.len, name.s);
	key = str_copy(name);
	key[dot - name.s] = '/';
	rc = look_up(j, "blocks", str_of(key), ret);
	free(key);
	if (!rc && !*ret)
		rc = manifest_fail(j->r, j->at, "no block %.*s", (int)name.len, name.s);
	return rc;
}

/*
 * Is the hole this pass's to fill? *ret_value: NULL for unresolved; a new reference.
 */
static enum weir_rc
fill(struct job *j, const struct hole *h, bool *ret_mine, json_t **ret_value)
{
	struct str name = h->name;

	*ret_mine = false;
	*ret_value = NULL;
	if (j->pass == PASS_BLOCKS && h->kind == HOLE_BLOCK) {
		*ret_mine = true;
		name.s += strlen(block_prefix);
		name.len -= strlen(block_prefix);
		return look_up_block(j, name, ret_value);
	}
	if (j->pass == PASS_VARIABLES && h->kind == HOLE_VARIABLE) {
		*ret_mine = true;
		name.s += strlen(variable_prefix);
		name.len -= strlen(variable_prefix);
		return look_up(j, "variables", name, ret_value);
	}
	if (j->pass < PASS_ENV || h->kind == HOLE_BLOCK || h->kind == HOLE_VARIABLE)
		return WEIR_OK;
	*ret_mine = true;
	while (h->kind == HOLE_ENV && name.len && *name.s == '$') {
		name.s++;
		name.len--;
	}
	if (h->kind == HOLE_ENV || j->pass == PASS_ENV)
		*ret_value = from_environment(name);
	return WEIR_OK;
}

/* ---- texts */

static enum weir_rc
count_bytes(struct job *j, size_t n)
{
	j->r->expanded += n;
	if (j->r->expanded <= MANIFEST_TEXT_MAX)
		return WEIR_OK;
	return manifest_fail(j->r, j->at, "placeholders expand to more than %d MiB",
		MANIFEST_TEXT_MAX >> 20);
}

/* As Python's str() writes it. */
static enum weir_rc
add_value(struct job *j, const struct hole *h, const json_t *v, struct buf *out)
{
	if (json_is_string(v)) {
		buf_add(out, json_string_value(v), json_string_length(v));
	} else if (json_is_boolean(v)) {
		buf_adds(out, json_is_true(v) ? "True" : "False");
	} else if (json_is_null(v)) {
		buf_adds(out, "None");
	} else if (json_is_number(v)) {
		json_out(out, v);
	} else {
		return manifest_fail(j->r, j->at,
			"%.*s is a list or an object and stands inside of a text",
			(int)(h->end - h->from), h->from);
	}
	return WEIR_OK;
}

static bool
keeps_unresolved(const struct job *j)
{
	return j->pass == PASS_ENV || (j->pass == PASS_FINISH && j->how == FINISH_KEEP);
}

static bool
is_for_later(const struct job *j, const struct hole *h)
{
	return j->pass == PASS_FINISH && j->how == FINISH_DROP_CTX &&
	       str_starts(h->name, "ctx.");
}

static void
tell_unresolved(struct job *j, const struct hole *h, const char *what)
{
	if (j->pass == PASS_FINISH || j->pass == PASS_VARIABLES)
		manifest_note(j->r, j->at, "%.*s is not known: %s",
			(int)(h->end - h->from), h->from, what);
}

static enum weir_rc
replace_one(struct job *j, const struct hole *h, struct buf *out)
{
	json_t *value = NULL;
	enum weir_rc rc = WEIR_OK;
	size_t before = out->len;
	bool mine = false;

	if (!is_for_later(j, h))
		rc = fill(j, h, &mine, &value);
	if (!rc && value) {
		rc = add_value(j, h, value, out);
	} else if (!rc && mine && !keeps_unresolved(j)) {
		tell_unresolved(j, h, "empty text");
	} else if (!rc) {
		buf_add(out, h->from, (size_t)(h->end - h->from));
	}
	json_decref(value);
	return rc ? rc : count_bytes(j, out->len - before);
}

static enum weir_rc
replace_all(struct job *j, const char *text, json_t **ret)
{
	struct buf out = BUF_INIT(WEIR_MANIFEST_BYTES_MAX);
	enum weir_rc rc = WEIR_OK;
	struct hole h;

	while (!rc && next_hole(text, &h)) {
		buf_add(&out, text, (size_t)(h.from - text));
		rc = replace_one(j, &h, &out);
		text = h.end;
	}
	buf_adds(&out, text);
	if (!rc && out.truncated)
		rc = manifest_fail(j->r, j->at, "placeholders make it too long");
	if (!rc)
		*ret = json_stringn(buf_cstr(&out), out.len);
	buf_release(&out);
	if (!rc && !*ret)
		rc = manifest_fail(j->r, j->at, "placeholders make it unreadable");
	return rc;
}

/* A text that is one placeholder: the value keeps its type. */
static enum weir_rc
replace_whole(struct job *j, const struct hole *h, json_t *text, json_t **ret)
{
	enum weir_rc rc;
	bool mine;

	if (is_for_later(j, h)) {
		*ret = json_incref(text);
		return WEIR_OK;
	}
	rc = fill(j, h, &mine, ret);
	if (rc || *ret)
		return rc;
	if (!mine || keeps_unresolved(j)) {
		*ret = json_incref(text);
	} else if (j->pass == PASS_VARIABLES) {
		tell_unresolved(j, h, "empty text");
		*ret = json_string("");
	} else {
		tell_unresolved(j, h, "left out");
	}
	return WEIR_OK;
}

static enum weir_rc
apply_text(struct job *j, json_t *text, json_t **ret)
{
	const char *s = json_string_value(text);
	struct hole h;

	if (!next_hole(s, &h)) {
		*ret = json_incref(text);
		return WEIR_OK;
	}
	if (h.from == s && !*h.end && h.kind != HOLE_ENV)
		return replace_whole(j, &h, text, ret);
	return replace_all(j, s, ret);
}

/* ---- trees */

static enum weir_rc apply(struct job *j, json_t *v, json_t **ret);

static enum weir_rc
apply_object(struct job *j, json_t *v, json_t **ret)
{
	json_t *out = json_object(), *value, *member;
	enum weir_rc rc = WEIR_OK;
	const char *key;

	json_object_foreach(v, key, member)
	{
		value = NULL;
		rc = apply(j, member, &value);
		if (rc)
			break;
		if (value)
			json_object_set_new(out, key, value);
	}
	if (rc)
		json_decref(out);
	else
		*ret = out;
	return rc;
}

static enum weir_rc
apply_array(struct job *j, json_t *v, json_t **ret)
{
	json_t *out = json_array(), *value;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < json_array_size(v) && !rc; i++) {
		value = NULL;
		rc = apply(j, json_array_get(v, i), &value);
		if (!rc && value)
			json_array_append_new(out, value);
	}
	if (rc)
		json_decref(out);
	else
		*ret = out;
	return rc;
}

/* *ret: a new reference, NULL if it is to be left out. */
static enum weir_rc
apply(struct job *j, json_t *v, json_t **ret)
{
	if (json_is_string(v))
		return apply_text(j, v, ret);
	if (json_is_object(v))
		return apply_object(j, v, ret);
	if (json_is_array(v))
		return apply_array(j, v, ret);
	*ret = json_incref(v);
	return WEIR_OK;
}

enum weir_rc
manifest_resolve(struct reading *r, const struct spot *at, const json_t *value,
	enum manifest_values values, json_t **ret)
{
	static const enum pass passes[] = { PASS_BLOCKS, PASS_VARIABLES, PASS_ENV };
	json_t *now = json_deep_copy(value), *then;
	struct job j = { .r = r, .at = at };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < N_ELEM(passes) && !rc; i++) {
		if (values == VALUES_LATER && passes[i] != PASS_ENV)
			continue;
		then = NULL;
		j.pass = passes[i];
		rc = apply(&j, now, &then);
		json_decref(now);
		now = then;
	}
	*ret = now;
	return rc;
}

enum weir_rc
manifest_finish(struct reading *r, const struct spot *at, const json_t *value,
	enum manifest_finish how, json_t **ret)
{
	struct job j = { .r = r, .at = at, .pass = PASS_FINISH, .how = how };
	json_t *copy = json_deep_copy(value), *out = NULL;
	enum weir_rc rc = apply(&j, copy, &out);

	json_decref(copy);
	*ret = out;
	return rc;
}
