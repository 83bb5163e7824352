#include "env_named.h"

#include "env_cnd.h"
#include "jscan.h"
#include "mf_id.h"

enum { ARCH_MAX = 31, TEXT_MAX = 2048 /* bytes of a value that may be one */ };

void
env_named_join(struct buf *out, struct str req_id, struct str full_id, struct str arch)
{
	buf_addf(out, "%.*s:%.*s:%.*s", (int)req_id.len, req_id.s, (int)full_id.len,
		full_id.s, (int)arch.len, arch.s);
}

struct weir_env_id
env_named_split(struct str name)
{
	enum { FULL = WEIR_ENV_ID + 1, ARCH = FULL + WEIR_ENV_ID + 1 };

	return (struct weir_env_id){ { name.s, WEIR_ENV_ID },
		{ name.s + FULL, WEIR_ENV_ID }, { name.s + ARCH, name.len - ARCH } };
}

/* Has the array ended, and the text with it? */
static bool
is_whole(const struct jscan *j)
{
	const char *p = j->p;

	if (p == j->end || *p++ != ']')
		return false;
	while (p < j->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p == j->end;
}

/* `["req_id", "full_id", "arch"]` */
static bool
take_triple(struct str json, struct buf *ret_name)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	size_t from[4] = { 0 }, n = 0;
	struct str key, value, ids[3];
	struct jscan j;
	bool good = jscan_open(&j, json) && j.close == ']';

	while (good && jscan_next(&j, &key, &value)) {
		good = n < N_ELEM(ids) && value.s[0] == '"';
		if (good) {
			jscan_unescape(&text, value);
			from[++n] = text.len;
		}
	}
	for (size_t i = 0; i < N_ELEM(ids); i++)
		ids[i] = (struct str){ buf_cstr(&text) + from[i],
			from[i + 1] - from[i] };
	good = good && n == N_ELEM(ids) && is_whole(&j) && env_cnd_is_id(ids[0]) &&
	       env_cnd_is_id(ids[1]) && ids[2].len && ids[2].len <= ARCH_MAX;
	if (good)
		env_named_join(ret_name, ids[0], ids[1], ids[2]);
	buf_release(&text);
	return good;
}

/* Flows and steps have names of Python. */
static bool
is_python(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];
		bool letter = c == '_' || c >= 0x80 || (c >= 'a' && c <= 'z') ||
			      (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return true;
}

/* `Flow/run` of a pathspec; empty: it is none. Runs are numbers, or like `argo-x`. */
static struct str
run_of(struct str text)
{
	struct str parts[MF_PARTS];
	size_t n = mf_id_split(text, parts), len;
	bool good = n >= 2 && is_python(parts[0]) && (n == 2 || is_python(parts[2]));

	len = good ? parts[0].len + 1 + parts[1].len : 0;
	for (size_t i = 0; good && i < parts[1].len; i++)
		if (strchr("0123456789-", parts[1].s[i]))
			return (struct str){ text.s, len };
	return STR("");
}

/* May the text of this string, quotes and all, be one? Most are not. */
static bool
may_be(struct str value)
{
	return value.s[0] == '"' && value.len <= TEXT_MAX && value.len > 2 &&
	       (value.s[1] == '[' || memchr(value.s, '/', value.len));
}

/* What the value names; of a pathspec ret_of is its run. */
static bool
take_value(struct str value, struct buf *text, struct buf *ret_name, struct str *ret_of)
{
	*ret_of = STR("");
	if (value.s[0] == '[')
		return take_triple(value, ret_name);
	if (!may_be(value))
		return false;
	buf_clear(text);
	jscan_unescape(text, value);
	if (take_triple(buf_str(text), ret_name))
		return true;
	*ret_of = run_of(buf_str(text));
	buf_addstr(ret_name, ret_of->len ? buf_str(text) : STR(""));
	return ret_of->len > 0;
}

static enum weir_rc
put(struct db *db, int64_t k, int64_t at_us, struct str key, struct str name,
	struct str of, struct weir_err *err)
{
	struct buf by = BUF_INIT(TEXT_MAX);
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_NAMED_ADD, &st, err);

	/* A key comes without the quotes around it. */
	jscan_unescape(&by, (struct str){ key.s - 1, key.len + 2 });
	if (!rc) {
		db_bind_str(st, 1, name);
		db_bind_str(st, 2, of);
		rc = db_run(db, st, err);
	}
	if (!rc)
		rc = db_get(db, SQL_NAMED_BY, &st, err);
	if (!rc) {
		sqlite3_bind_int64(st, 1, k);
		sqlite3_bind_int64(st, 2, at_us);
		db_bind_str(st, 3, str_of(buf_cstr(&by)));
		db_bind_str(st, 4, name);
		rc = db_run(db, st, err);
	}
	buf_release(&by);
	return rc;
}

enum weir_rc
env_named_put(struct db *db, int64_t k, int64_t at_us, struct str parameters,
	struct weir_err *err)
{
	struct buf text = BUF_INIT(TEXT_MAX), name = BUF_INIT(TEXT_MAX);
	struct str key, value, of;
	struct jscan j;
	enum weir_rc rc = WEIR_OK;
	size_t n = 0;

	if (!jscan_open(&j, parameters) || j.close != '}')
		return WEIR_OK;
	while (!rc && n < ENV_NAMED_MAX && jscan_next(&j, &key, &value)) {
		buf_clear(&name);
		if (!take_value(value, &text, &name, &of))
			continue;
		n++;
		rc = put(db, k, at_us, key, buf_str(&name), of, err);
	}
	buf_release(&text);
	buf_release(&name);
	return rc;
}

/* Of members without the braces around them. */
static struct str
parameters_of(struct str rest)
{
	struct jscan j = { rest.s, rest.s + rest.len, '}' };
	struct str key, value;

	while (rest.len && jscan_next(&j, &key, &value))
		if (str_eq(key, "parameters"))
			return value;
	return STR("");
}

enum weir_rc
env_named_fill(struct db *db, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_NAMED_DOCS, &st, err);

	while (!rc && !(rc = db_step(db, st, &row, err)) && row)
		rc = env_named_put(db, sqlite3_column_int64(st, 0),
			sqlite3_column_int64(st, 1), parameters_of(db_str(st, 2)), err);
	db_reset(rc ? NULL : st);
	return rc;
}
