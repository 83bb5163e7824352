#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "query.h"
#include "weir/text.h"

enum { DAY_US_PER_S = 86400, NUMBER_MAX = 64 };
static const int64_t day_us = (int64_t)DAY_US_PER_S * WEIR_SECOND_US;

#define LIVE                                                                           \
	(1u << WEIR_ST_SCHEDULED | 1u << WEIR_ST_PENDING | 1u << WEIR_ST_RUNNING |     \
		1u << WEIR_ST_PAUSED | 1u << WEIR_ST_CANCELLING)
#define ENDED                                                                          \
	(1u << WEIR_ST_COMPLETED | 1u << WEIR_ST_FAILED | 1u << WEIR_ST_CANCELLED |    \
		1u << WEIR_ST_CRASHED)

/* Names that Prefect itself uses, with the one type that they have. */
static const struct {
	const char *name;
	enum weir_state type;
} system_names[] = {
	{ "late", WEIR_ST_SCHEDULED },
	{ "awaitingretry", WEIR_ST_SCHEDULED },
	{ "awaitingconcurrencyslot", WEIR_ST_SCHEDULED },
	{ "resuming", WEIR_ST_SCHEDULED },
	{ "submitting", WEIR_ST_PENDING },
	{ "infrastructurepending", WEIR_ST_PENDING },
	{ "retrying", WEIR_ST_RUNNING },
	{ "suspended", WEIR_ST_PAUSED },
	{ "cached", WEIR_ST_COMPLETED },
	{ "rolledback", WEIR_ST_COMPLETED },
	{ "timedout", WEIR_ST_FAILED },
};

enum op { OP_EQ, OP_GT, OP_GE, OP_LT, OP_LE };

static bool
is_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.s, word, s.len) == 0;
}

struct weir_match *
query_match(struct weir_query *q, enum weir_match_kind kind, struct str pattern,
	struct weir_err *err)
{
	struct weir_match *m;

	if (weir_match_new(kind, pattern, &m, err))
		return NULL;
	VEC_PUSH(&q->matches, m);
	return m;
}

/* The text without the backslashes that quoting put in. */
static struct str
plain(struct weir_query *q, struct str s)
{
	char *p = arena_alloc(&q->arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '\\' && i + 1 < s.len)
			i++;
		p[n++] = s.s[i];
	}
	p[n] = '\0';
	return (struct str){ p, n };
}

static enum op
take_op(struct str *s)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = { { ">=", OP_GE }, { "<=", OP_LE }, { ">", OP_GT }, { "<", OP_LT },
		{ "=", OP_EQ } };

	for (size_t i = 0; i < N_ELEM(ops); i++) {
		size_t n = strlen(ops[i].text);

		if (!str_starts(*s, ops[i].text))
			continue;
		s->s += n;
		s->len -= n;
		return ops[i].op;
	}
	return OP_EQ;
}

/* Split `a..b`; either may be empty. */
static bool
split_range(struct str s, struct str *ret_a, struct str *ret_b)
{
	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.s[i] != '.' || s.s[i + 1] != '.')
			continue;
		*ret_a = (struct str){ s.s, i };
		*ret_b = (struct str){ s.s + i + 2, s.len - i - 2 };
		return true;
	}
	return false;
}

static enum weir_rc
bad_value(struct weir_err *err, const char *want, struct str s)
{
	return weir_fail(err, WEIR_EUSAGE, "'%.*s' is not %s",
		(int)(s.len < 64 ? s.len : 64), s.s, want);
}

static bool
is_span(struct str s)
{
	int64_t us;

	return !(s.len && memchr(s.s, ':', s.len)) && weir_duration_parse(s, &us);
}

/* How much time the words name: a day, a minute, a second, or a moment. */
static int64_t
time_width(struct str s)
{
	static const char *const days[] = { "today", "yesterday", "tomorrow" };
	size_t colons = 0;

	for (size_t i = 0; i < N_ELEM(days); i++) {
		if (str_eq(s, days[i]))
			return day_us;
	}
	if (str_eq(s, "now") || is_span(s) || (s.len && memchr(s.s, '.', s.len)))
		return 1;
	for (size_t i = 0; i < s.len && s.s[i] != '+'; i++)
		colons += s.s[i] == ':';
	return colons == 0   ? day_us
	       : colons == 1 ? 60 * (int64_t)WEIR_SECOND_US
			     : WEIR_SECOND_US;
}

/* [*ret_from, *ret_to]: the time that s names. */
static enum weir_rc
parse_time(struct weir_query *q, struct str s, int64_t *ret_from, int64_t *ret_to,
	struct weir_err *err)
{
	int64_t us, later;

	if (!weir_time_parse_human(s, q->now_us, &us)) {
		bad_value(err, "a time", s);
		return weir_hint(err, "2d, today, 14:02, 2026-11-21 or RFC 3339");
	}
	/* Does it depend on the clock? Then the query must be parsed anew. */
	if (!weir_time_parse_human(s, q->now_us + day_us, &later) || later != us)
		q->relative = true;
	*ret_from = us;
	if (__builtin_add_overflow(us, time_width(s) - 1, ret_to))
		*ret_to = INT64_MAX;
	return WEIR_OK;
}

static enum weir_rc
time_range(struct weir_query *q, struct str a, struct str b, struct query_value *v,
	struct weir_err *err)
{
	int64_t unused;
	enum weir_rc rc = WEIR_OK;

	v->from = WEIR_NO_TIME + 1;
	v->to = INT64_MAX;
	if (a.len)
		rc = parse_time(q, a, &v->from, &unused, err);
	if (!rc && b.len)
		rc = parse_time(q, b, &unused, &v->to, err);
	return rc;
}

static enum weir_rc
time_value(
	struct weir_query *q, struct str s, struct query_value *v, struct weir_err *err)
{
	struct str a, b;
	enum op op;
	enum weir_rc rc;

	v->type = QUERY_TIME;
	if (split_range(s, &a, &b))
		return time_range(q, a, b, v, err);
	op = take_op(&s);
	if (op == OP_EQ && is_span(s)) {
		bad_value(err, "a time but a span", s);
		return weir_hint(err, ">%.*s", (int)(s.len < 64 ? s.len : 64), s.s);
	}
	rc = parse_time(q, s, &v->from, &v->to, err);
	if (rc)
		return rc;
	if (op == OP_GT)
		v->from = v->to == INT64_MAX ? v->to : v->to + 1;
	if (op == OP_LT)
		v->to = v->from - 1;
	if (op == OP_GT || op == OP_GE)
		v->to = INT64_MAX;
	if (op == OP_LT || op == OP_LE)
		v->from = WEIR_NO_TIME + 1;
	return WEIR_OK;
}

static enum weir_rc
since_value(struct weir_query *q, enum query_special special, struct str s,
	struct query_value *v, struct weir_err *err)
{
	enum weir_rc rc;

	v->type = QUERY_TIME;
	rc = parse_time(q, s, &v->from, &v->to, err);
	if (special == QUERY_SINCE)
		v->to = INT64_MAX;
	else
		v->from = WEIR_NO_TIME + 1;
	return rc;
}

static enum weir_rc
parse_number(struct str s, double *ret, struct weir_err *err)
{
	char text[NUMBER_MAX];
	char *end;

	if (s.len == 0 || s.len >= sizeof(text))
		return bad_value(err, "a number", s);
	memcpy(text, s.s, s.len);
	text[s.len] = '\0';
	*ret = strtod(text, &end);
	/* strtod also reads names (inf, nan) and hex: not meant here. */
	if (*end || isspace((unsigned char)text[0]) || !isfinite(*ret) ||
		strpbrk(text, "xXnN"))
		return bad_value(err, "a number", s);
	return WEIR_OK;
}

static enum weir_rc
parse_seconds(struct str s, double *ret, struct weir_err *err)
{
	int64_t us;

	if (!weir_duration_parse(s, &us)) {
		bad_value(err, "a duration", s);
		return weir_hint(err, "90, 20m, 1h30m, 4:12 or 2d");
	}
	*ret = (double)us / WEIR_SECOND_US;
	return WEIR_OK;
}

static enum weir_rc
number_value(struct str s, bool seconds, struct query_value *v, struct weir_err *err)
{
	enum weir_rc (*parse)(struct str, double *, struct weir_err *) =
		seconds ? parse_seconds : parse_number;
	struct str a, b;
	enum op op;
	enum weir_rc rc = WEIR_OK;

	v->type = QUERY_NUMBER;
	v->low = -INFINITY;
	v->high = INFINITY;
	if (split_range(s, &a, &b)) {
		if (a.len)
			rc = parse(a, &v->low, err);
		if (!rc && b.len)
			rc = parse(b, &v->high, err);
		return rc;
	}
	op = take_op(&s);
	if (op == OP_EQ || op == OP_GT || op == OP_GE)
		rc = parse(s, &v->low, err);
	else
		rc = parse(s, &v->high, err);
	v->above = op == OP_GT;
	v->below = op == OP_LT;
	if (op == OP_EQ) {
		/* `dur:90` is what a list shows as 1:30. */
		v->high = seconds ? v->low + 1 : v->low;
		v->below = seconds;
	}
	return rc;
}

/* age:<2d is the time after two days ago. */
static enum weir_rc
age_value(
	struct weir_query *q, struct str s, struct query_value *v, struct weir_err *err)
{
	struct query_value n = { 0 };
	enum weir_rc rc = number_value(s, true, &n, err);
	double now = (double)q->now_us / WEIR_SECOND_US;

	if (rc)
		return rc;
	q->relative = true;
	v->type = QUERY_TIME;
	v->from = isinf(n.high) ? WEIR_NO_TIME + 1
				: (int64_t)((now - n.high) * WEIR_SECOND_US) + n.below;
	v->to = isinf(n.low) ? INT64_MAX
			     : (int64_t)((now - n.low) * WEIR_SECOND_US) - n.above;
	return WEIR_OK;
}

static enum weir_rc
id_value(struct str s, struct query_value *v, struct weir_err *err)
{
	v->type = QUERY_ID;
	if (s.len && s.s[s.len - 1] == '*')
		s.len--;
	if (weir_id_parse_prefix(s, &v->id_from, &v->id_to))
		return WEIR_OK;
	return bad_value(err, "an id or the begin of one", s);
}

static enum weir_rc
bool_value(struct str s, struct query_value *v, struct weir_err *err)
{
	v->type = QUERY_BOOL;
	v->yes = is_word(s, "yes") || is_word(s, "true") || is_word(s, "1");
	if (v->yes || is_word(s, "no") || is_word(s, "false") || is_word(s, "0"))
		return WEIR_OK;
	bad_value(err, "yes or no", s);
	return weir_hint(err, "yes");
}

/* Is a state word being typed that is not finished yet? */
static bool
is_state_begin(struct str s)
{
	for (size_t i = 0; query_states[i]; i++) {
		if (s.len < strlen(query_states[i]) &&
			strncasecmp(s.s, query_states[i], s.len) == 0)
			return true;
	}
	return false;
}

static enum weir_rc
state_name(struct weir_query *q, const struct query_text *t, struct query_value *v,
	struct weir_err *err)
{
	char lower[NUMBER_MAX];
	size_t n = t->text.len < sizeof(lower) ? t->text.len : sizeof(lower) - 1;
	const char *near;
	size_t n_states = 0;

	v->states = LIVE | ENDED;
	for (size_t i = 0; !t->regex && i < N_ELEM(system_names); i++) {
		if (is_word(t->text, system_names[i].name))
			v->states = 1u << system_names[i].type;
	}
	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)t->text.s[i]);
	while (query_states[n_states])
		n_states++;
	near = text_nearest((struct str){ lower, n }, query_states, n_states);
	if (!t->quoted && !t->regex && v->states == (LIVE | ENDED) &&
		!memchr(lower, '*', n) && !memchr(lower, '?', n) &&
		(near || (t->unfinished && is_state_begin(t->text)))) {
		bad_value(err, "a state", t->text);
		return weir_hint(err, "%s", near ? near : "failed");
	}
	/* Lower case: a state's name matches however it is written. */
	v->match = query_match(q, t->regex ? WEIR_MATCH_REGEX : WEIR_MATCH_GLOB,
		t->regex || t->quoted
			? t->text
			: (struct str){ arena_strndup(&q->arena, lower, n), n },
		err);
	return v->match ? WEIR_OK : WEIR_EUSAGE;
}

static enum weir_rc
state_value(struct weir_query *q, bool names, const struct query_text *t,
	struct query_value *v, struct weir_err *err)
{
	enum weir_state state;

	v->type = QUERY_STATES;
	if (t->text.len > 63)
		return bad_value(err, "a state", t->text);
	if (!t->regex && !(t->quoted && names)) {
		v->states = is_word(t->text, "live")    ? LIVE
			    : is_word(t->text, "ended") ? ENDED
							: 0;
		if (weir_state_parse(t->text, &state))
			v->states = 1u << state;
		if (v->states)
			return WEIR_OK;
	}
	if (names)
		return state_name(q, t, v, err);
	bad_value(err, "the type of a state", t->text);
	return weir_hint(err, "failed");
}

static enum weir_rc
text_value(struct weir_query *q, const struct query_text *t, struct query_value *v,
	struct weir_err *err)
{
	struct str s = t->text;

	v->type = QUERY_MATCH;
	if (t->regex) {
		v->match = query_match(q, WEIR_MATCH_REGEX, s, err);
	} else if (!t->quoted && s.len > 1 && s.s[0] == '~') {
		s = (struct str){ s.s + 1, s.len - 1 };
		v->match = query_match(q, WEIR_MATCH_FUZZY, plain(q, s), err);
	} else if (!t->quoted && s.len && strchr("<>", s.s[0])) {
		return weir_fail(err, WEIR_EUSAGE,
			"'%c' is for numbers, times and durations", s.s[0]);
	} else {
		v->match = query_match(q, WEIR_MATCH_GLOB, s, err);
	}
	return v->match ? WEIR_OK : WEIR_EUSAGE;
}

/* `param.x`: a comparison or range is one of numbers, all else is text. */
static enum weir_rc
any_value(struct weir_query *q, const struct query_text *t, struct query_value *v,
	struct weir_err *err)
{
	struct str a, b;
	double number;

	if (!t->regex && !t->quoted && t->text.len && strchr("<>", t->text.s[0]))
		return number_value(t->text, false, v, err);
	if (!t->regex && !t->quoted && split_range(t->text, &a, &b) && a.len + b.len &&
		(!a.len || !parse_number(a, &number, NULL)) &&
		(!b.len || !parse_number(b, &number, NULL)))
		return number_value(t->text, false, v, err);
	return text_value(q, t, v, err);
}

enum weir_rc
query_value_parse(struct weir_query *q, const struct weir_column *column,
	enum query_special special, const struct query_text *t, struct query_value *ret,
	struct weir_err *err)
{
	struct query_value v = { 0 };
	enum weir_type type = column->type;
	struct str s = plain(q, t->text);
	enum weir_rc rc = WEIR_EUSAGE;

	if (special == QUERY_COLUMN && !t->quoted && !t->regex && is_word(s, "none"))
		v.type = QUERY_NONE, rc = WEIR_OK;
	else if (t->regex && type != WEIR_T_TEXT && type != WEIR_T_JSON &&
		 type != WEIR_T_TAGS && type != WEIR_T_STATE_NAME)
		rc = bad_value(err, "possible here: a pattern is for text", t->text);
	else if (special == QUERY_AGE)
		rc = age_value(q, s, &v, err);
	else if (special != QUERY_COLUMN)
		rc = since_value(q, special, s, &v, err);
	else if (type == WEIR_T_TIME)
		rc = time_value(q, s, &v, err);
	else if (type == WEIR_T_DURATION)
		rc = number_value(s, true, &v, err);
	else if (type == WEIR_T_INT || type == WEIR_T_REAL)
		rc = number_value(s, false, &v, err);
	else if (type == WEIR_T_BOOL)
		rc = bool_value(s, &v, err);
	else if (type == WEIR_T_ID)
		rc = id_value(s, &v, err);
	else if (type == WEIR_T_STATE || type == WEIR_T_STATE_NAME)
		rc = state_value(q, type == WEIR_T_STATE_NAME, t, &v, err);
	else if (query_is_env_id(q->kind, column) && !t->regex && !t->quoted)
		rc = query_env_id_value(q, s, &v, err);
	else if (query_is_package(q->kind, column))
		rc = query_package_value(q, s, &v, err);
	else if (type == WEIR_T_JSON && column->arg)
		rc = any_value(q, t, &v, err);
	else
		rc = text_value(q, t, &v, err);
	/* What a live run took grows with time. */
	if (strcmp(column->name, "dur") == 0)
		q->relative = true;
	if (!rc)
		*ret = v;
	return rc;
}
