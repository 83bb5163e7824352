/*
 * SQL functions over matches, key sets and JSON. Matches and sets are bound as
 * pointers, so no text can forge one. They are registered when a statement first needs
 * them. /
 */
#include <stdlib.h>

#include "alive.h"
#include "jscan.h"
#include "query.h"
#include "store_write.h"
#include "weir/time.h"

enum { FN_ANY = -1 };

/* The text of a JSON string, decoded; of another value as it is. */
static void
add_text(struct buf *out, struct str value)
{
	if (value.len && value.s[0] == '"')
		jscan_unescape(out, value);
	else
		buf_addstr(out, value);
}

/* Walk an object, its members without braces (`rest`), or an array. */
static void
walk(struct jscan *j, struct str json)
{
	if (!jscan_open(j, json) && json.s)
		*j = (struct jscan){ json.s, json.s + json.len, '}' };
}

static bool
key_is(struct str raw, struct str key)
{
	struct buf b = BUF_INIT(BUF_MAX);
	bool same;

	if (!memchr(raw.s, '\\', raw.len))
		return str_equal(raw, key);
	jscan_unescape(&b, (struct str){ raw.s - 1, raw.len + 2 });
	same = str_equal(buf_str(&b), key);
	buf_release(&b);
	return same;
}

/* Member of an object, raw; false when absent or null. */
static bool
find_member(struct str object, struct str key, struct str *ret_value)
{
	struct jscan j = { 0 };
	struct str k, v;

	walk(&j, object);
	while (j.p && jscan_next(&j, &k, &v)) {
		if (k.s && key_is(k, key)) {
			*ret_value = v;
			return !str_eq(v, "null");
		}
	}
	return false;
}

static struct str
text_of(sqlite3_value *v)
{
	const char *s = (const char *)sqlite3_value_text(v);

	return (struct str){ s, s ? (size_t)sqlite3_value_bytes(v) : 0 };
}

static void
fn_in(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const struct keyset *set = sqlite3_value_pointer(v[0], "weir_set");

	(void)n;
	sqlite3_result_int(ctx, set && sqlite3_value_type(v[1]) == SQLITE_INTEGER &&
					keyset_has(set, sqlite3_value_int64(v[1])));
}

/* weir_match(match, text...): does any of the texts match? */
static void
fn_match(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const struct weir_match *m = sqlite3_value_pointer(v[0], "weir_match");
	bool hit = false;

	for (int i = 1; m && i < n && !hit; i++)
		hit = sqlite3_value_type(v[i]) != SQLITE_NULL &&
		      weir_match_test(m, text_of(v[i]));
	sqlite3_result_int(ctx, hit);
}

/* weir_tags(match, array): does an element match? */
static void
fn_tags(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const struct weir_match *m = sqlite3_value_pointer(v[0], "weir_match");
	struct buf b = BUF_INIT(BUF_MAX);
	struct jscan j;
	struct str key, value;
	bool open = jscan_open(&j, text_of(v[1]));
	bool hit = false;

	(void)n;
	while (m && open && !hit && jscan_next(&j, &key, &value)) {
		buf_clear(&b);
		add_text(&b, value);
		hit = weir_match_test(m, buf_str(&b));
	}
	buf_release(&b);
	sqlite3_result_int(ctx, hit);
}

static bool
member(int n, sqlite3_value **v, struct str *ret)
{
	struct str s = text_of(v[0]);

	for (int i = 1; i < n; i++) {
		if (!s.s || !find_member(s, text_of(v[i]), &s))
			return false;
	}
	*ret = s;
	return s.s != NULL;
}

/* weir_json(object, key...): the value as JSON text. */
static void
fn_json(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct str s;

	if (member(n, v, &s))
		sqlite3_result_text(ctx, s.s, (int)s.len, SQLITE_TRANSIENT);
}

static void
result_text(sqlite3_context *ctx, struct str value)
{
	struct buf b = BUF_INIT(BUF_MAX);

	add_text(&b, value);
	sqlite3_result_text(ctx, buf_cstr(&b), (int)b.len, SQLITE_TRANSIENT);
	buf_release(&b);
}

static bool
number(struct str s, double *ret)
{
	char text[64];
	char *end;

	if (s.len == 0 || s.len >= sizeof(text) || !strchr("-0123456789", s.s[0]))
		return false;
	memcpy(text, s.s, s.len);
	text[s.len] = '\0';
	*ret = strtod(text, &end);
	return *end == '\0';
}

/*
 * weir_value(object, key...): text, number, 'true', 'false'; other values as JSON
 * text.
 */
static void
fn_value(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct str s;
	double d;

	if (!member(n, v, &s))
		return;
	if (!number(s, &d))
		result_text(ctx, s);
	else if (d >= -9e15 && d <= 9e15 && d == (double)(int64_t)d)
		sqlite3_result_int64(ctx, (int64_t)d);
	else
		sqlite3_result_double(ctx, d);
}

/* weir_scalar(json): the text of a string, number or truth value; none of others. */
static void
fn_scalar(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct str s = text_of(v[0]);

	(void)n;
	if (s.len && s.s[0] != '{' && s.s[0] != '[')
		result_text(ctx, s);
}

/* weir_number(json): of a number, or of a string that is one. */
static void
fn_number(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct str s = text_of(v[0]);
	double d;

	(void)n;
	if (s.len > 2 && s.s[0] == '"')
		s = (struct str){ s.s + 1, s.len - 2 };
	if (number(s, &d))
		sqlite3_result_double(ctx, d);
}

static void
fn_us(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	int64_t us;

	(void)n;
	if (weir_time_parse(text_of(v[0]), &us))
		sqlite3_result_int64(ctx, us);
}

static void
fn_id(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct weir_id id;

	(void)n;
	if (weir_id_parse(text_of(v[0]), &id))
		sqlite3_result_blob(ctx, id.b, sizeof(id.b), SQLITE_TRANSIENT);
}

static void
fn_uuid(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	char text[WEIR_ID_TEXT + 1];
	struct weir_id id;

	(void)n;
	if (sqlite3_value_bytes(v[0]) != (int)sizeof(id.b))
		return;
	memcpy(id.b, sqlite3_value_blob(v[0]), sizeof(id.b));
	sqlite3_result_text(
		ctx, weir_id_format(&id, text), WEIR_ID_TEXT, SQLITE_TRANSIENT);
}

/* weir_join(json): the scalars of an array or object, a line each. */
static void
fn_join(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct jscan j;
	struct str key, value;
	bool open = jscan_open(&j, text_of(v[0]));

	(void)n;
	while (open && jscan_next(&j, &key, &value)) {
		if (value.s[0] == '{' || value.s[0] == '[')
			continue;
		add_text(&b, value);
		buf_addc(&b, '\n');
	}
	sqlite3_result_text(ctx, buf_cstr(&b), (int)b.len, SQLITE_TRANSIENT);
	buf_release(&b);
}

/* weir_source(): whose rows those of the store are. */
static void
fn_source(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const struct db *db = sqlite3_user_data(ctx);

	(void)n;
	(void)v;
	sqlite3_result_text(ctx, db->kind == DB_METAFLOW ? "metaflow" : "prefect", -1,
		SQLITE_STATIC);
}

/*
 * weir_live(online): now where a worker gives its signs of life by being there: of the
 * embedded store, as long as all that are ONLINE live. Else NULL. It looks at files:
 * for a subselect of its own, which is asked once a statement.
 */
static void
fn_live(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const struct db *db = sqlite3_user_data(ctx);
	size_t online = (size_t)sqlite3_value_int64(v[0]);

	(void)n;
	if (db->kind == DB_EMBEDDED && online && alive_count(db->path) >= online)
		sqlite3_result_int64(ctx, weir_now_us());
}

static enum weir_rc
add_functions(struct db *db, struct weir_err *err)
{
	static const struct {
		const char *name;
		int n;
		void (*fn)(sqlite3_context *, int, sqlite3_value **);
	} fns[] = {
		{ "weir_in", 2, fn_in },
		{ "weir_match", FN_ANY, fn_match },
		{ "weir_tags", 2, fn_tags },
		{ "weir_json", FN_ANY, fn_json },
		{ "weir_value", FN_ANY, fn_value },
		{ "weir_scalar", 1, fn_scalar },
		{ "weir_number", 1, fn_number },
		{ "weir_us", 1, fn_us },
		{ "weir_id", 1, fn_id },
		{ "weir_uuid", 1, fn_uuid },
		{ "weir_join", 1, fn_join },
		{ "weir_source", 0, fn_source },
		{ "weir_live", 1, fn_live },
	};
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

	for (size_t i = 0; i < N_ELEM(fns); i++) {
		if (sqlite3_create_function_v2(db->sqlite, fns[i].name, fns[i].n, flags,
			    db, fns[i].fn, NULL, NULL, NULL) != SQLITE_OK)
			return db_fail(db, "prepare a search", err);
	}
	return WEIR_OK;
}

enum weir_rc
query_prepare(struct weir_store *s, const char *sql, sqlite3_stmt **ret_st,
	struct weir_err *err)
{
	struct db *db = store_db(s);
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, ret_st, NULL);
	enum weir_rc rc;

	if (code == SQLITE_ERROR &&
		strstr(sqlite3_errmsg(db->sqlite), "no such function: weir_")) {
		rc = add_functions(db, err);
		if (rc)
			return rc;
		code = sqlite3_prepare_v2(db->sqlite, sql, -1, ret_st, NULL);
	}
	return code == SQLITE_OK ? WEIR_OK : db_fail(db, "read", err);
}
