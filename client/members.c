#include "weir/members.h"

#include "pull.h"

/* The next value as text; false at a fault. */
static bool
take_value(struct pull *p, struct str *ret, bool *ret_is_string)
{
	*ret_is_string = pull_string(p, ret);
	if (!*ret_is_string)
		*ret = pull_raw(p);
	return !p->why;
}

bool
weir_members_each(struct str json, weir_member_fn *fn, void *arg)
{
	struct arena arena = { 0 };
	struct pull p;
	struct str name = STR(""), value;
	bool first = true, is_string = false, object, more = true;
	enum pull_kind kind;

	pull_init(&p, json, &arena);
	kind = pull_peek(&p);
	object = kind == PULL_OBJECT;
	if ((object || kind == PULL_ARRAY) && pull_enter(&p)) {
		while (more && (object ? pull_member(&p, &first, &name)
				       : pull_item(&p, &first))) {
			if (!take_value(&p, &value, &is_string))
				break;
			more = fn(arg, name, value, is_string);
		}
	}
	arena_free(&arena);
	return (object || kind == PULL_ARRAY) && !p.why;
}

struct wanted {
	const char *name;
	struct buf *out;
	bool found;
};

static bool
get_one(void *arg, struct str name, struct str value, bool is_string)
{
	struct wanted *w = arg;

	(void)is_string;
	if (!str_eq(name, w->name))
		return true;
	w->found = true;
	buf_addstr(w->out, value);
	return false;
}

bool
weir_members_get(struct str json, const char *name, struct buf *out)
{
	struct wanted w = { name, out, false };

	weir_members_each(json, get_one, &w);
	return w.found;
}

char *
weir_members_copy(struct str json, const char *name, size_t max)
{
	struct buf b = BUF_INIT(max);

	buf_adds(&b, "");
	if (!weir_members_get(json, name, &b) || !strcmp(buf_cstr(&b), "null"))
		buf_clear(&b);
	return b.len ? buf_steal(&b) : (buf_release(&b), xstrdup(""));
}
