#include "mf_object.h"

#include <stddef.h>

#include "jscan.h"

enum { ATTEMPT_MAX = 1 << 20 };

static int64_t
to_us(double v, int64_t whole, bool is_int, int64_t unit)
{
	if (is_int)
		return whole > 0 && whole < INT64_MAX / unit ? whole * unit
							     : WEIR_NO_TIME;
	return v > 0 && v < (double)(INT64_MAX / unit) ? (int64_t)(v * (double)unit)
						       : WEIR_NO_TIME;
}

/* A time that is no number is none. */
static void
read_time(struct pull *p, int64_t unit, int64_t *ret_us)
{
	double v = 0;
	int64_t whole = 0;
	bool is_int = false;

	if (pull_peek(p) != PULL_NUMBER) {
		pull_raw(p);
		return;
	}
	if (pull_number(p, &v, &whole, &is_int))
		*ret_us = to_us(v, whole, is_int, unit);
}

/* A text, or the JSON of what is none; null is "". */
static struct str
read_any(struct pull *p)
{
	enum pull_kind kind = pull_peek(p);
	struct str s = { "", 0 };

	if (kind == PULL_STRING) {
		if (!pull_string(p, &s))
			s = (struct str){ "", 0 };
	} else {
		s = pull_raw(p);
	}
	if (kind == PULL_NULL || !s.s)
		s = (struct str){ "", 0 };
	return s;
}

static struct str
read_list(struct pull *p)
{
	bool is_list = pull_peek(p) == PULL_ARRAY;
	struct str s = pull_raw(p);

	return is_list && s.s ? s : (struct str){ "", 0 };
}

/* One of `"attempt_id:N"`, quotes included. */
static int
attempt_of(struct str tag)
{
	static const char head[] = "\"attempt_id:";
	int n = 0;
	size_t i = sizeof(head) - 1;

	if (!str_starts(tag, head) || tag.len < i + 2)
		return -1;
	for (; i + 1 < tag.len; i++) {
		if (tag.s[i] < '0' || tag.s[i] > '9' || n > ATTEMPT_MAX)
			return -1;
		n = n * 10 + (tag.s[i] - '0');
	}
	return n;
}

static void
find_attempt(struct mf_object *o)
{
	struct jscan j;
	struct str key, value;

	o->attempt = -1;
	if (!jscan_open(&j, o->tags))
		return;
	while (o->attempt < 0 && jscan_next(&j, &key, &value))
		o->attempt = attempt_of(value);
}

/* Members that are texts, or numbers that stand for one. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "flow_id", offsetof(struct mf_object, flow) },
	{ "run_number", offsetof(struct mf_object, run) },
	{ "step_name", offsetof(struct mf_object, step) },
	{ "task_id", offsetof(struct mf_object, task) },
	{ "user_name", offsetof(struct mf_object, user) },
	{ "field_name", offsetof(struct mf_object, field) },
	{ "value", offsetof(struct mf_object, value) },
};

static void
read_member(struct pull *p, struct str key, struct mf_object *o)
{
	for (size_t i = 0; i < N_ELEM(texts); i++) {
		if (str_eq(key, texts[i].name)) {
			struct str s = read_any(p);

			memcpy((char *)o + texts[i].offset, &s, sizeof(s));
			return;
		}
	}
	if (str_eq(key, "tags"))
		o->tags = read_list(p);
	else if (str_eq(key, "system_tags"))
		o->system_tags = read_list(p);
	else if (str_eq(key, "ts_epoch"))
		read_time(p, WEIR_SECOND_US / 1000, &o->ts_us);
	else if (str_eq(key, "last_heartbeat_ts"))
		read_time(p, WEIR_SECOND_US, &o->heartbeat_us);
	else
		pull_raw(p);
}

bool
mf_object_read(struct pull *p, struct mf_object *ret)
{
	const struct str none = { "", 0 };
	struct mf_object o = { none, none, none, none, none, none, none, WEIR_NO_TIME,
		WEIR_NO_TIME, none, none, -1 };
	bool first = true;
	struct str key;

	if (pull_peek(p) != PULL_OBJECT) {
		pull_raw(p);
		return false;
	}
	if (!pull_enter(p))
		return false;
	while (pull_member(p, &first, &key))
		read_member(p, key, &o);
	if (p->why)
		return false;
	find_attempt(&o);
	if (o.value.len > MF_VALUE_MAX)
		o.value.len = MF_VALUE_MAX;
	*ret = o;
	return true;
}

bool
mf_object_parse(struct str text, struct arena *arena, struct mf_object *ret)
{
	struct pull p;

	pull_init(&p, text, arena);
	return mf_object_read(&p, ret);
}
