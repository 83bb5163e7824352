#include "sortkeys.h"

#include <string.h>

/* Times, numbers and spans are asked for from the largest down. */
static bool
descends_first(const struct weir_column *c)
{
	return c->type == WEIR_T_TIME || c->type == WEIR_T_DURATION ||
	       c->type == WEIR_T_INT || c->type == WEIR_T_REAL;
}

static void
add_key(struct buf *out, const struct weir_column *c, bool descending)
{
	buf_addf(out, "%s%s%s", out->len ? "," : "", c->alias ? c->alias : c->name,
		descending ? ":desc" : "");
}

bool
sortkeys_choose(const struct weir_sort *sort, size_t n,
	const struct weir_column *column, bool add, struct buf *out)
{
	size_t at = 0;

	while (at < n && strcmp(sort[at].column->name, column->name) != 0)
		at++;
	if (!add) {
		bool again = n > 0 && at == 0;

		add_key(out, column,
			again ? !sort[0].descending : descends_first(column));
		return true;
	}
	if (at == WEIR_SORT_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		add_key(out, sort[i].column, sort[i].descending != (i == at));
	if (at == n)
		add_key(out, column, descends_first(column));
	return true;
}
