#include "api_fields.h"

#include <limits.h>

#include "pull.h"

/* clang-format off */
#define F(type_, object, name_, member, flags_) \
	{ .name = { name_, sizeof(name_) - 1 }, .type = API_T_##type_, \
	  .flags = (flags_), .offset = offsetof(struct weir_##object, member) }
#define DROP(name_) \
	{ .name = { name_, sizeof(name_) - 1 }, .type = API_T_REAL, \
	  .flags = API_F_DROP }

/* In the order of the server's answers. */
static const struct api_field run_fields[] = {
	F(ID,     run, "id", id, API_F_REQUIRED),
	F(TIME,   run, "created", created_us, 0),
	F(TIME,   run, "updated", updated_us, 0),
	F(STR,    run, "name", name, 0),
	F(ID,     run, "flow_id", flow_id, 0),
	F(ID,     run, "state_id", state_id, 0),
	F(ID,     run, "deployment_id", deployment_id, 0),
	F(STR,    run, "work_queue_name", work_queue_name, 0),
	F(OBJECT, run, "parameters", parameters, API_F_REST),
	F(LIST,   run, "tags", tags, 0),
	F(ID,     run, "parent_task_run_id", parent_task_run_id, 0),
	F(STATE,  run, "state_type", state_type, 0),
	F(STR,    run, "state_name", state_name, 0),
	F(INT,    run, "run_count", run_count, 0),
	F(TIME,   run, "expected_start_time", expected_start_us, 0),
	F(TIME,   run, "next_scheduled_start_time", next_scheduled_us, 0),
	F(TIME,   run, "start_time", start_us, 0),
	F(TIME,   run, "end_time", end_us, 0),
	F(REAL,   run, "total_run_time", total_run_time, 0),
	DROP("estimated_run_time"),
	DROP("estimated_start_time_delta"),
	F(BOOL,   run, "auto_scheduled", auto_scheduled, 0),
	F(STR,    run, "work_pool_name", work_pool_name, 0),
	F(OBJECT, run, "state", state, API_F_REST),
};

static const struct api_field task_run_fields[] = {
	F(ID,     task_run, "id", id, API_F_REQUIRED),
	F(TIME,   task_run, "created", created_us, 0),
	F(TIME,   task_run, "updated", updated_us, 0),
	F(STR,    task_run, "name", name, 0),
	F(ID,     task_run, "flow_run_id", flow_run_id, 0),
	F(STR,    task_run, "task_key", task_key, 0),
	F(STR,    task_run, "dynamic_key", dynamic_key, 0),
	F(LIST,   task_run, "tags", tags, 0),
	F(ID,     task_run, "state_id", state_id, 0),
	F(STATE,  task_run, "state_type", state_type, 0),
	F(STR,    task_run, "state_name", state_name, 0),
	F(INT,    task_run, "run_count", run_count, 0),
	F(TIME,   task_run, "expected_start_time", expected_start_us, 0),
	F(TIME,   task_run, "next_scheduled_start_time", next_scheduled_us, 0),
	F(TIME,   task_run, "start_time", start_us, 0),
	F(TIME,   task_run, "end_time", end_us, 0),
	F(REAL,   task_run, "total_run_time", total_run_time, 0),
	DROP("estimated_run_time"),
	DROP("estimated_start_time_delta"),
	F(OBJECT, task_run, "state", state, API_F_REST),
};

static const struct api_field log_fields[] = {
	F(ID,    log, "id", id, API_F_REQUIRED),
	F(TIME,  log, "created", created_us, 0),
	F(STR,   log, "name", name, 0),
	F(LEVEL, log, "level", level, 0),
	F(STR,   log, "message", message, 0),
	F(TIME,  log, "timestamp", timestamp_us, 0),
	F(ID,    log, "flow_run_id", flow_run_id, 0),
	F(ID,    log, "task_run_id", task_run_id, 0),
};

#define DOC_FIELDS \
	F(ID,   doc, "id", id, API_F_REQUIRED), \
	F(TIME, doc, "created", created_us, 0), \
	F(TIME, doc, "updated", updated_us, 0)

static const struct api_field named_fields[] = {
	DOC_FIELDS,
	F(STR,  doc, "name", name, 0),
};
static const struct api_field deployment_fields[] = {
	DOC_FIELDS,
	F(STR,  doc, "name", name, 0),
	F(ID,   doc, "flow_id", owner_id, 0),
};
static const struct api_field pool_child_fields[] = {
	DOC_FIELDS,
	F(STR,  doc, "name", name, 0),
	F(ID,   doc, "work_pool_id", owner_id, 0),
};
static const struct api_field artifact_fields[] = {
	DOC_FIELDS,
	F(STR,  doc, "key", name, 0),
	F(ID,   doc, "flow_run_id", owner_id, 0),
};
/* A limit of tags has a tag, a global one a name. */
static const struct api_field limit_fields[] = {
	DOC_FIELDS,
	F(STR,  doc, "tag", name, 0),
	F(STR,  doc, "name", name, 0),
};

#define OBJECT(table, object, rest_, doc_) \
	{ .fields = table, .n_fields = N_ELEM(table), \
	  .size = sizeof(struct weir_##object), .rest_offset = rest_, \
	  .doc_offset = doc_ }
#define DOC(table) OBJECT(table, doc, 0, offsetof(struct weir_doc, doc))

static const struct api_object log_object = OBJECT(log_fields, log, 0, 0);
static const struct api_object objects[WEIR_N_SERVED] = {
	[WEIR_RUN] = OBJECT(run_fields, run, offsetof(struct weir_run, rest), 0),
	[WEIR_TASK_RUN] = OBJECT(task_run_fields, task_run,
		offsetof(struct weir_task_run, rest), 0),
	[WEIR_FLOW] = DOC(named_fields),
	[WEIR_DEPLOYMENT] = DOC(deployment_fields),
	[WEIR_POOL] = DOC(named_fields),
	[WEIR_QUEUE] = DOC(pool_child_fields),
	[WEIR_WORKER] = DOC(pool_child_fields),
	[WEIR_ARTIFACT] = DOC(artifact_fields),
	[WEIR_LIMIT] = DOC(limit_fields),
};
/* clang-format on */

const struct api_object *
api_object_of(enum weir_kind kind, bool logs)
{
	return logs ? &log_object : &objects[kind];
}

static void
set_no_time(void *to)
{
	static const int64_t none = WEIR_NO_TIME;

	memcpy(to, &none, sizeof(none));
}

void
api_row_init(const struct api_object *o, void *row)
{
	memset(row, 0, o->size);
	for (size_t i = 0; i < o->n_fields; i++)
		if (o->fields[i].type == API_T_TIME)
			set_no_time((char *)row + o->fields[i].offset);
}

/* Set one field to absent. */
static void
clear_field(const struct api_field *f, void *row)
{
	static const size_t sizes[] = {
		[API_T_ID] = sizeof(struct weir_id),
		[API_T_TIME] = sizeof(int64_t),
		[API_T_STR] = sizeof(struct str),
		[API_T_INT] = sizeof(int64_t),
		[API_T_LEVEL] = sizeof(int),
		[API_T_REAL] = sizeof(double),
		[API_T_BOOL] = sizeof(bool),
		[API_T_STATE] = sizeof(enum weir_state),
		[API_T_LIST] = sizeof(struct str),
		[API_T_OBJECT] = sizeof(struct str),
	};
	char *to = (char *)row + f->offset;

	if (f->flags & API_F_DROP)
		return;
	memset(to, 0, sizes[f->type]);
	if (f->type == API_T_TIME)
		set_no_time(to);
}

/* ---- values */

/* Two digits at s, or a negative number. */
static int
two(const char *s)
{
	int a = s[0] - '0', b = s[1] - '0';

	return a < 0 || a > 9 || b < 0 || b > 9 ? -100000 : a * 10 + b;
}

/* Microseconds of the fraction at s (`.441000Z`); *ret_s is what follows it. A lone dot
 * is none. */
static int64_t
read_fraction(const char *s, const char *end, const char **ret_s)
{
	int64_t us = 0, unit = WEIR_SECOND_US / 10;

	if (end - s > 1 && *s == '.' && s[1] >= '0' && s[1] <= '9')
		for (s++; s < end && *s >= '0' && *s <= '9'; s++, unit /= 10)
			us += (*s - '0') * unit;
	*ret_s = s;
	return us;
}

/*
 * A time as Prefect writes it, `2026-11-21T14:02:19.441000Z` or with `+00:00`; all
 * others go the general way. Days from civil date after H. Hinnant's public-domain
 * formula.
 */
static bool
read_time(struct str t, int64_t *ret_us)
{
	const char *s = t.s, *end = t.s + t.len, *zone;
	int64_t year, month, day, hour, minute, second, us, days;

	if (t.len < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
		s[16] != ':')
		return weir_time_parse(t, ret_us);
	year = two(s) * 100 + two(s + 2);
	month = two(s + 5);
	day = two(s + 8);
	hour = two(s + 11);
	minute = two(s + 14);
	second = two(s + 17);
	us = read_fraction(s + 19, end, &zone);
	t = (struct str){ zone, (size_t)(end - zone) };
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 28 || hour < 0 ||
		hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
		(!str_eq(t, "Z") && !str_eq(t, "+00:00")))
		return weir_time_parse((struct str){ s, (size_t)(end - s) }, ret_us);
	year -= month <= 2;
	days = year / 400 * 146097;
	year %= 400;
	days += year * 365 + year / 4 - year / 100;
	days += (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 719468;
	*ret_us = (days * 86400 + hour * 3600 + minute * 60 + second) * WEIR_SECOND_US +
		  us;
	return true;
}

/* A string field of another meaning; what does not parse reads as absent. */
static void
set_from_text(enum api_field_type type, struct str text, void *to)
{
	struct weir_id id;
	enum weir_state state;
	int64_t us;

	if (type == API_T_ID && weir_id_parse(text, &id))
		memcpy(to, &id, sizeof(id));
	else if (type == API_T_TIME && read_time(text, &us))
		memcpy(to, &us, sizeof(us));
	else if (type == API_T_STATE && weir_state_parse(text, &state))
		memcpy(to, &state, sizeof(state));
	else if (type == API_T_STR)
		memcpy(to, &text, sizeof(text));
}

static void
set_from_number(enum api_field_type type, double d, int64_t i, void *to)
{
	int level = (int)(i < INT_MIN ? INT_MIN : i > INT_MAX ? INT_MAX : i);

	if (type == API_T_INT)
		memcpy(to, &i, sizeof(i));
	else if (type == API_T_LEVEL)
		memcpy(to, &level, sizeof(level));
	else if (type == API_T_REAL)
		memcpy(to, &d, sizeof(d));
}

/* Read the value of a known field; a repeated one counts as the last says. */
static void
read_field(struct pull *p, const struct api_field *f, void *row)
{
	void *to = (char *)row + f->offset;
	enum pull_kind kind = pull_peek(p);
	struct str text;
	double d;
	int64_t i;
	bool exact, b = kind == PULL_TRUE;

	if (f->flags & API_F_DROP) {
		pull_raw(p);
	} else if (kind == PULL_STRING) {
		if (pull_string(p, &text))
			set_from_text(f->type, text, to);
	} else if (kind == PULL_NUMBER) {
		if (pull_number(p, &d, &i, &exact))
			set_from_number(f->type, d, i, to);
	} else {
		text = pull_raw(p);
		if (p->why)
			return;
		if ((kind == PULL_OBJECT && f->type == API_T_OBJECT) ||
			(kind == PULL_ARRAY && f->type == API_T_LIST))
			memcpy(to, &text, sizeof(text));
		else if (f->type == API_T_BOOL &&
			 (kind == PULL_TRUE || kind == PULL_FALSE))
			memcpy(to, &b, sizeof(b));
	}
}

/* ---- objects */

enum { SEEN_MAX = 64 };

/*
 * Servers send the members of all rows in one order: the member that was i-th in the
 * last row is tried first. Members for `rest` are kept as spans, neighbours as one.
 */
struct reader {
	struct pull p;
	const struct api_object *o;
	struct {
		struct str key;
		const struct api_field *field;
	} seen[SEEN_MAX];
	VEC(struct str) rest;
};

static const struct api_field *
find_field(struct reader *r, size_t nth, struct str key)
{
	const struct api_field *f = NULL;

	if (nth < SEEN_MAX && str_equal(r->seen[nth].key, key))
		return r->seen[nth].field;
	for (size_t i = 0; !f && i < r->o->n_fields; i++)
		if (str_equal(r->o->fields[i].name, key))
			f = &r->o->fields[i];
	if (nth < SEEN_MAX) {
		r->seen[nth].key = key;
		r->seen[nth].field = f;
	}
	return f;
}

/* Take the member that stands from `from` to where the decoder is into rest. */
static void
add_rest(struct reader *r, const char *from)
{
	struct str *last = r->rest.n ? &r->rest.v[r->rest.n - 1] : NULL;

	if (last && last->s + last->len + 1 == from && from[-1] == ',')
		last->len = (size_t)(r->p.p - last->s);
	else
		VEC_PUSH(&r->rest, ((struct str){ from, (size_t)(r->p.p - from) }));
}

static struct str
join_rest(struct reader *r)
{
	size_t len = 0, at = 0;
	char *text;

	for (size_t i = 0; i < r->rest.n; i++)
		len += r->rest.v[i].len + 1;
	if (r->rest.n == 1)
		return r->rest.v[0];
	text = arena_alloc(r->p.arena, len + 1);
	for (size_t i = 0; i < r->rest.n; i++) {
		if (at)
			text[at++] = ',';
		memcpy(text + at, r->rest.v[i].s, r->rest.v[i].len);
		at += r->rest.v[i].len;
	}
	text[at] = '\0';
	return (struct str){ text, at };
}

static enum weir_rc
check_required(struct reader *r, const char *row, size_t i, struct weir_err *err)
{
	const struct api_field *f = r->o->fields;
	struct weir_id id;

	for (; f < r->o->fields + r->o->n_fields; f++) {
		memcpy(&id, row + f->offset, sizeof(id));
		if ((f->flags & API_F_REQUIRED) && weir_id_is_null(&id))
			return weir_fail(
				err, WEIR_EBADDATA, "[%zu].%s: missing", i, f->name.s);
	}
	return WEIR_OK;
}

static enum weir_rc
read_row(struct reader *r, size_t i, char *row, struct weir_err *err)
{
	const struct api_field *f;
	const char *start;
	struct str key, text;
	const char *member;
	uint64_t given = 0, bit;
	bool first = true;

	if (pull_peek(&r->p) != PULL_OBJECT)
		return r->p.why ? WEIR_OK
				: weir_fail(err, WEIR_EBADDATA, "[%zu]: not an object",
					  i);
	api_row_init(r->o, row);
	r->rest.n = 0;
	start = r->p.p;
	pull_enter(&r->p);
	for (size_t nth = 0; pull_member(&r->p, &first, &key); nth++) {
		member = r->p.member;
		f = find_field(r, nth, key);
		bit = f ? UINT64_C(1) << (f - r->o->fields) : 0;
		if (given & bit)
			clear_field(f, row);
		given |= bit;
		if (f)
			read_field(&r->p, f, row);
		else
			pull_raw(&r->p);
		if (r->o->rest_offset && (!f || (f->flags & API_F_REST)))
			add_rest(r, member);
	}
	if (r->p.why)
		return WEIR_OK; /* the caller looks at it */
	text = r->o->rest_offset ? join_rest(r)
				 : (struct str){ start, (size_t)(r->p.p - start) };
	if (r->o->rest_offset)
		memcpy(row + r->o->rest_offset, &text, sizeof(text));
	else if (r->o->doc_offset)
		memcpy(row + r->o->doc_offset, &text, sizeof(text));
	return check_required(r, row, i, err);
}

/* A growing array of rows of any type. */
struct rows {
	void *v;
	size_t n, cap;
};

static enum weir_rc
read_list(struct reader *r, struct rows *rows, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	bool first = true;

	if (pull_peek(&r->p) == PULL_OBJECT) {
		rows->v = vec_grow(rows->v, &rows->cap, 1, r->o->size);
		rc = read_row(r, rows->n, rows->v, err);
		rows->n++;
		return rc;
	}
	if (pull_peek(&r->p) != PULL_ARRAY && pull_peek(&r->p) != PULL_BAD)
		return weir_fail(err, WEIR_EBADDATA, "not a list of objects");
	pull_enter(&r->p);
	while (!rc && pull_item(&r->p, &first)) {
		if (rows->n == API_PAGE_ROWS_MAX)
			return weir_fail(err, WEIR_EBADDATA,
				"a page of more than %d objects", API_PAGE_ROWS_MAX);
		rows->v = vec_grow(rows->v, &rows->cap, rows->n + 1, r->o->size);
		rc = read_row(r, rows->n, (char *)rows->v + rows->n * r->o->size, err);
		rows->n++;
	}
	return rc;
}

static enum weir_rc
decode(const struct api_object *o, struct str body, struct arena *result,
	struct rows *rows, struct weir_err *err)
{
	struct reader r = { .o = o };
	enum weir_rc rc;

	pull_init(&r.p, body, result);
	rc = read_list(&r, rows, err);
	if (!rc)
		pull_end(&r.p);
	if (!rc && r.p.why)
		rc = weir_fail(err, WEIR_EBADDATA, "not JSON at byte %zu of %zu: %s",
			pull_offset(&r.p), body.len, r.p.why);
	if (rc)
		rows->n = 0;
	VEC_FREE(&r.rest);
	return rc;
}

/* The typed forms: a vector differs from struct rows in its pointer's type only. */
#define DECODE(object, vec)                                                            \
	struct rows rows = { vec->v, 0, vec->cap };                                    \
	enum weir_rc rc = decode(object, body, result, &rows, err);                    \
                                                                                       \
	vec->v = rows.v;                                                               \
	vec->n = rows.n;                                                               \
	vec->cap = rows.cap;                                                           \
	return rc

enum weir_rc
api_decode_runs(struct str body, struct arena *result, struct run_vec *ret,
	struct weir_err *err)
{
	DECODE(&objects[WEIR_RUN], ret);
}

enum weir_rc
api_decode_task_runs(struct str body, struct arena *result, struct task_run_vec *ret,
	struct weir_err *err)
{
	DECODE(&objects[WEIR_TASK_RUN], ret);
}

enum weir_rc
api_decode_logs(struct str body, struct arena *result, struct log_vec *ret,
	struct weir_err *err)
{
	DECODE(&log_object, ret);
}

enum weir_rc
api_decode_docs(enum weir_kind kind, struct str body, struct arena *result,
	struct doc_vec *ret, struct weir_err *err)
{
	DECODE(&objects[kind], ret);
}
