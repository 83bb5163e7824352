/*
 * What a list is sorted by, as --sort says it: `dur:desc,name`, and how a key that
 * names a column changes that.
 */
#ifndef WEIR_TUI_SORTKEYS_H
#define WEIR_TUI_SORTKEYS_H

#include <weir/buf.h>
#include <weir/select.h>

/*
 * Append what to sort by when a column is chosen. Alone it becomes the only key, or is
 * reversed when it is the first already. `add`: it becomes one more key, or is reversed
 * where it is. False: there are WEIR_SORT_MAX keys already.
 */
bool sortkeys_choose(const struct weir_sort *sort, size_t n,
	const struct weir_column *column, bool add, struct buf *out);

#endif
