/* Environments by their packages: `pkg:openssl<3`. */
#include <ctype.h>

#include "query.h"
#include "store_write.h"

bool
query_is_package(enum weir_kind kind, const struct weir_column *column)
{
	return kind == WEIR_ENVIRONMENT && strcmp(column->name, "packages") == 0;
}

bool
query_is_env_id(enum weir_kind kind, const struct weir_column *column)
{
	return kind == WEIR_ENVIRONMENT && (strcmp(column->name, "full_id") == 0 ||
						   strcmp(column->name, "req_id") == 0);
}

enum weir_rc
query_env_id_value(struct weir_query *q, struct str text, struct query_value *v,
	struct weir_err *err)
{
	v->type = QUERY_MATCH;
	text.s = arena_printf(&q->arena, "%.*s*", (int)text.len, text.s);
	text.len++;
	v->match = query_match(q, WEIR_MATCH_GLOB, text, err);
	return v->match ? WEIR_OK : WEIR_EUSAGE;
}

static bool
is_op(char c)
{
	return c && strchr("<>=!~", c);
}

bool
query_package_goes_on(struct str rest)
{
	return rest.len > 1 && rest.s[0] == ',' && is_op(rest.s[1]);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* As env_packages.key has it. */
static struct str
key_of(struct weir_query *q, struct str name)
{
	char *p = arena_strndup(&q->arena, name.s, name.len);

	for (size_t i = 0; i < name.len; i++)
		p[i] = p[i] == '_' || p[i] == '.' ? '-'
						  : (char)tolower((unsigned char)p[i]);
	return (struct str){ p, name.len };
}

enum weir_rc
query_package_value(struct weir_query *q, struct str text, struct query_value *v,
	struct weir_err *err)
{
	struct env_spec *spec = NULL;
	struct str name = text;
	enum weir_rc rc = WEIR_OK;
	size_t n = 0;

	while (n < text.len && !is_op(text.s[n]) && text.s[n] != '@' &&
		!is_blank(text.s[n]))
		n++;
	name.len = n;
	while (n < text.len && (is_blank(text.s[n]) || text.s[n] == '@'))
		n++;
	if (!name.len) {
		weir_fail(err, WEIR_EUSAGE, "no name of a package before its version");
		return weir_hint(err, "openssl<3");
	}
	if (n < text.len) {
		rc = env_spec_parse(
			(struct str){ text.s + n, text.len - n }, &spec, err);
		if (rc) {
			weir_hint(err, "openssl<3 or \"openssl>=1.1,<3\"");
			return rc;
		}
		VEC_PUSH(&q->specs, spec);
	}
	v->type = QUERY_PACKAGE;
	v->spec = spec;
	v->name = key_of(q, name);
	if (memchr(name.s, '*', name.len) || memchr(name.s, '?', name.len)) {
		v->match = query_match(q, WEIR_MATCH_GLOB, v->name, err);
		return v->match ? WEIR_OK : WEIR_EUSAGE;
	}
	return WEIR_OK;
}

/* Add the environments of a row: 32-bit numbers. */
static void
add_envs(struct keyset *set, struct str blob)
{
	for (size_t i = 0; i + 4 <= blob.len; i += 4) {
		const unsigned char *p = (const unsigned char *)blob.s + i;

		keyset_add(set, p[0] | p[1] << 8 | p[2] << 16 | (int64_t)p[3] << 24);
	}
}

static bool
fits(const struct query_value *v, sqlite3_stmt *st)
{
	if (v->match && !weir_match_test(v->match, db_str(st, 0)))
		return false;
	return !v->spec || env_spec_match(v->spec,
				   str_eq(db_str(st, 1), "conda") ? ENV_RULES_CONDA
								  : ENV_RULES_PEP440,
				   db_str(st, 2));
}

static enum weir_rc
add_holders(struct db *db, int64_t k, struct keyset *set, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_ENV_HOLDERS, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	rc = db_step(db, st, &row, err);
	if (!rc && row)
		add_envs(set, db_str(st, 0));
	db_reset(st);
	return rc;
}

enum weir_rc
query_package_set(struct weir_store *s, const struct query_value *v, struct keyset *set,
	struct weir_err *err)
{
	struct db *db = store_db(s);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(
		db, v->match ? SQL_ENV_PACKAGES_ALL : SQL_ENV_PACKAGES_NAMED, &st, err);

	if (rc)
		return rc;
	if (!v->match)
		db_bind_str(st, 1, v->name);
	while (!(rc = db_step(db, st, &row, err)) && row) {
		if (fits(v, st))
			rc = add_holders(db, sqlite3_column_int64(st, 3), set, err);
		if (rc)
			break;
	}
	db_reset(st);
	return rc;
}
