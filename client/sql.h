/*
 * Every SQL statement of the program, by name. Parameters are ?1, ?2...; values are bound,
 * never printed. The one exception is select.c, which joins whitelisted fragments of
 * column.c and query.c and binds every value.
 */
#ifndef WEIR_CLIENT_SQL_H
#define WEIR_CLIENT_SQL_H

/* clang-format off */
#define SQL_STATEMENTS(X) \
	/* meta, names */ \
	X(META_GET, "SELECT value FROM meta WHERE key = ?1") \
	X(META_SET, "INSERT INTO meta(key, value) VALUES(?1, ?2)" \
		" ON CONFLICT(key) DO UPDATE SET value = ?2 WHERE value IS NOT ?2") \
	X(NAME_GET, "SELECT k FROM names WHERE name = ?1") \
	X(NAME_ADD, "INSERT INTO names(name) VALUES(?1)")
/* clang-format on */

enum sql_id {
#define X(name, text) SQL_##name,
	SQL_STATEMENTS(X)
#undef X
		SQL_N
};

extern const char *const sql_text[SQL_N];

#endif
