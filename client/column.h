/* Columns by name, for the query compiler; the tables are in columns.h. */
#ifndef WEIR_CLIENT_COLUMN_H
#define WEIR_CLIENT_COLUMN_H

#include "weir/mem.h"
#include "weir/select.h"

/* By name or alias, any case; NULL when there is none. */
const struct weir_column *column_find(enum weir_kind kind, struct str word);

/* A dynamic column (`param.x`), its texts in the arena. */
bool column_dynamic(enum weir_kind kind, struct str word, struct arena *result,
	struct weir_column *ret_column);

#endif
