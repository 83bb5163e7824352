/*
 * Filters of Prefect's REST API as SQL over the embedded store: one table of the fields
 * that there are, whitelisted fragments, every value bound.
 */
#ifndef WEIR_CLIENT_SQL_FILTER_H
#define WEIR_CLIENT_SQL_FILTER_H

#include <jansson.h>

#include "db.h"
#include "weir/types.h"

enum {
	SQL_FILTER_VALUES_MAX = 10000,
	SQL_FILTER_EACH_MAX = 100, /* of conditions on one field */
	SQL_FILTER_LIKE_MAX = 4096,
	SQL_FILTER_DEPTH_MAX = 8
};

/* A bound value. */
struct sql_value {
	enum { SQL_VALUE_NUMBER, SQL_VALUE_TEXT, SQL_VALUE_ID } type;
	int64_t number;
	struct str text; /* borrowed from the body */
	struct weir_id id;
};

struct sql_filter {
	enum weir_kind kind;
	struct buf where; /* "" or conditions */
	VEC(struct sql_value) values;
	const char *order; /* static; "" for none */
	int64_t limit, offset;
	char wrong[256]; /* the field that there is not, or a value that cannot be */
};

/*
 * Read a body of /X/filter or /X/count. False: `wrong` says why; it would be a 422.
 * Release in both cases.
 */
bool sql_filter_read(enum weir_kind kind, const json_t *body, size_t limit_max,
	struct sql_filter *f);
void sql_filter_release(struct sql_filter *f);

/* One more condition: rows of this pool, bound like the others; queues by priority. */
void sql_filter_of_pool(struct sql_filter *f, const struct weir_id *pool);

/* A statement of our own, to be finalized; count: of one number. */
WEIR_NODISCARD enum weir_rc sql_filter_prepare(struct db *db,
	const struct sql_filter *f, bool count, sqlite3_stmt **ret_st,
	struct weir_err *err);

#endif
