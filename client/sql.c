#include "sql.h"

const char *const sql_text[SQL_N] = {
#define X(name, text) [SQL_##name] = text,
	SQL_STATEMENTS(X)
#undef X
};
