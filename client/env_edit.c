#include "env_edit.h"

#include "env_cnd.h"
#include "pull.h"

struct finder {
	struct pull p;
	struct arena *arena;
	const struct weir_env_choice *c;
	struct env_spot spot;
};

static size_t
at(const struct finder *f, const char *p)
{
	return (size_t)(p - f->p.begin);
}

static void
add_id(struct finder *f, struct str key)
{
	struct env_spot_id *id = arena_alloc(f->arena, sizeof(*id));

	*id = (struct env_spot_id){
		{ arena_strndup(f->arena, key.s, key.len), key.len }, f->spot.ids
	};
	f->spot.ids = id;
}

/* Members of one req_id's object. */
static void
find_default(struct finder *f)
{
	struct env_spot *s = &f->spot;
	size_t last = pull_offset(&f->p) + 1; /* the end of the member before */
	bool first = true, cut_next = false;
	struct str key;

	pull_enter(&f->p);
	s->empty = true;
	while (pull_member(&f->p, &first, &key)) {
		size_t member = at(f, f->p.member);
		struct str raw;

		if (cut_next)
			s->behind = member;
		cut_next = false;
		if (str_eq(key, "_default")) {
			s->member = member;
			s->before = s->empty ? member : last;
			pull_peek(&f->p);
			s->value = pull_offset(&f->p);
			if (!pull_string(&f->p, &s->chosen)) {
				s->chosen = STR(""); /* something odd: replaced */
				pull_raw(&f->p);
			}
			s->value_end = s->behind = pull_offset(&f->p);
			cut_next = s->empty;
		} else {
			add_id(f, key);
			raw = pull_raw(&f->p);
			if (f->c->full_id && str_eq(key, f->c->full_id))
				s->has_object = raw.len && raw.s[0] == '{';
		}
		last = pull_offset(&f->p);
		s->empty = false;
	}
	s->end = pull_offset(&f->p) - 1;
}

/*
 * The object of the last member called name; the others are skipped. Of two alike
 * Python has the last one.
 */
static bool
find_member(struct finder *f, const char *name, void (*inside)(struct finder *f))
{
	struct env_spot *s = &f->spot;
	bool first = true, found = false, empty = true;
	struct env_spot inner = { .empty = true };
	struct str key;

	pull_enter(&f->p);
	while (pull_member(&f->p, &first, &key)) {
		empty = false;
		if (!str_eq(key, name) || pull_peek(&f->p) != PULL_OBJECT) {
			found = found && !str_eq(key, name);
			pull_raw(&f->p);
			continue;
		}
		*s = (struct env_spot){ .chosen = { NULL, 0 } };
		inside(f);
		inner = *s;
		found = true;
	}
	if (found)
		*s = inner;
	else
		*s = (struct env_spot){ .empty = empty, .end = pull_offset(&f->p) - 1 };
	return found;
}

static void
find_req(struct finder *f)
{
	bool has = find_member(f, f->c->req_id, find_default);

	f->spot.has_req = has;
}

static void
find_arch(struct finder *f)
{
	bool has = find_member(f, f->c->arch, find_req);

	f->spot.has_arch = has;
}

/* What is read may be a copy, with spaces for line ends; offsets must be the same. */
static bool
is_in_place(const struct pull *p, struct str text)
{
	if (p->begin == text.s)
		return true;
	if ((size_t)(p->end - p->begin) != text.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (p->begin[i] != text.s[i] && !strchr("\n\r\t", text.s[i]))
			return false;
	return true;
}

enum weir_rc
env_edit_find(struct str text, const struct weir_env_choice *c, struct arena *arena,
	struct env_spot *ret, struct weir_err *err)
{
	struct finder f = { .c = c, .arena = arena };

	pull_init(&f.p, text, arena);
	if (pull_peek(&f.p) != PULL_OBJECT)
		return weir_fail(
			err, WEIR_EBADDATA, "not the JSON object that conda_v2.cnd is");
	f.spot.has_envs = find_member(&f, "environments", find_arch);
	f.spot.has_root = true;
	if (f.p.why)
		return weir_fail(err, WEIR_EBADDATA, "%s at byte %zu of %zu", f.p.why,
			pull_offset(&f.p), text.len);
	if (!is_in_place(&f.p, text))
		return weir_fail(err, WEIR_EBADDATA,
			"it has bytes that are no UTF-8: it cannot be written safely");
	if (!pull_end(&f.p))
		return weir_fail(err, WEIR_EBADDATA,
			"bytes follow after its end: it is damaged");
	*ret = f.spot;
	return WEIR_OK;
}

/* ---- the new text */

static void
add_object(struct buf *out, const struct weir_env_choice *c, bool object, bool chosen)
{
	if (object) {
		buf_addf(out, "\"%s\": ", c->full_id);
		buf_addstr(out, c->object);
	}
	if (chosen)
		buf_addf(out, "%s\"_default\": \"%s\"", object ? ", " : "", c->full_id);
}

/* What goes to the end of the innermost object that is there. */
static void
add_members(struct buf *out, const struct weir_env_choice *c, const struct env_spot *s)
{
	int open = 0;

	buf_adds(out, s->empty ? "" : ", ");
	if (!s->has_envs) {
		buf_adds(out, "\"environments\": {");
		open++;
	}
	if (!s->has_arch) {
		buf_addf(out, "\"%s\": {", c->arch);
		open++;
	}
	if (!s->has_req) {
		buf_addf(out, "\"%s\": {", c->req_id);
		open++;
	}
	add_object(out, c, !s->has_object, !s->chosen.s);
	while (open--)
		buf_addc(out, '}');
}

static void
add_part(struct buf *out, struct str text, size_t from, size_t to)
{
	buf_add(out, text.s + from, to - from);
}

static void
rewrite(struct str text, const struct weir_env_choice *c, const struct env_spot *s,
	struct buf *out)
{
	size_t from = 0;

	if (!c->full_id) {
		add_part(out, text, 0, s->before);
		add_part(out, text, s->behind, text.len);
		return;
	}
	if (s->chosen.s) {
		add_part(out, text, 0, s->value);
		buf_addf(out, "\"%s\"", c->full_id);
		from = s->value_end;
	}
	add_part(out, text, from, s->end);
	if (!s->has_object || !s->chosen.s)
		add_members(out, c, s);
	add_part(out, text, s->end, text.len);
}

enum weir_rc
env_edit(struct str text, const struct weir_env_choice *c, struct buf *out,
	bool *ret_changed, struct weir_err *err)
{
	struct arena arena = { 0 };
	struct env_spot s;
	enum weir_rc rc = env_edit_find(text, c, &arena, &s, err);

	if (rc)
		goto out;
	if (c->full_id && !s.has_object && !c->object.len) {
		rc = weir_fail(err, WEIR_ENOTFOUND,
			"environment %s:%s: the file does not have it for %s: Metaflow "
			"would resolve anew without a word",
			c->req_id, c->full_id, c->arch);
		goto out;
	}
	*ret_changed = c->full_id ? !s.has_object || !s.chosen.s ||
					    !str_eq(s.chosen, c->full_id)
				  : s.chosen.s != NULL;
	if (*ret_changed)
		rewrite(text, c, &s, out);
	if (out->truncated)
		rc = weir_fail(err, WEIR_ETOOBIG,
			"more than %d MB, the most that is written",
			WEIR_ENV_FILE_MAX >> 20);
out:
	arena_free(&arena);
	return rc;
}

/* ---- aliases */

struct alias_spot {
	bool mutable, aliases, empty, has;
	size_t end; /* of the aliases: their `}` */
};

static void
find_alias(struct pull *p, const char *full_id, struct alias_spot *s)
{
	bool first = true;
	struct str key;

	*s = (struct alias_spot){
		.mutable = s->mutable, .aliases = true, .empty = true
	};
	pull_enter(p);
	while (pull_member(p, &first, &key)) {
		s->has = s->has || str_eq(key, full_id);
		s->empty = false;
		pull_raw(p);
	}
	s->end = (size_t)(p->p - p->begin) - 1;
}

enum weir_rc
env_edit_alias(struct str text, const struct weir_env_choice *c, struct buf *out,
	bool *ret_changed, struct weir_err *err)
{
	struct alias_spot s = { .aliases = false };
	struct arena arena = { 0 };
	bool first = true;
	struct str key;
	struct pull p;

	pull_init(&p, text, &arena);
	if (pull_peek(&p) == PULL_OBJECT)
		pull_enter(&p);
	while (pull_member(&p, &first, &key)) {
		s.mutable = s.mutable || str_eq(key, "mutable_aliases");
		if (str_eq(key, "aliases") && pull_peek(&p) == PULL_OBJECT)
			find_alias(&p, c->full_id, &s);
		else
			pull_raw(&p);
	}
	arena_free(&arena);
	/* Aliases of 0.0.x have another form. */
	*ret_changed = !p.why && s.mutable && s.aliases && !s.has;
	if (!*ret_changed)
		return WEIR_OK;
	add_part(out, text, 0, s.end);
	buf_addf(out, "%s\"%s\": [\"%s\", \"%s\"]", s.empty ? "" : ", ", c->full_id,
		c->req_id, c->full_id);
	add_part(out, text, s.end, text.len);
	if (out->truncated)
		return weir_fail(err, WEIR_ETOOBIG,
			"more than %d MB, the most that is written",
			WEIR_ENV_FILE_MAX >> 20);
	return WEIR_OK;
}
