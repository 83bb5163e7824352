/*
 * The rows of a list: the keys of all of them in order, four bytes a row, and the cells
 * of the few that were last shown. Keys come from the query thread; cells are read by
 * key through the screen's own connection.
 */
#ifndef WEIR_TUI_ROWS_H
#define WEIR_TUI_ROWS_H

#include <weir/mem.h>
#include <weir/select.h>

enum {
	ROWS_CACHE = 1024,
	ROWS_COLUMNS_MAX = 64,
	ROWS_CELL_MAX = 16 << 10,
	ROWS_TEXT_MAX = 16 << 10
};
enum { ROWS_LIVE_US = 1000000 };    /* how long cells of a live row are good */
enum { ROWS_CHANGED_US = 2000000 }; /* how long a changed cell is told from others */

struct rows_row {
	int64_t key; /* 0: the slot is empty */
	uint64_t epoch;
	int64_t read_us;  /* the `now` that its cells were read for */
	bool live;        /* cells such as `dur` change with time */
	bool gone;        /* the store has it no more */
	uint64_t changed; /* the columns that another reading found changed, a bit each
			   */
	int64_t changed_us; /* when (weir_monotonic_us) */
	struct weir_cell *cells;
	char *text; /* what cells point to */
};

struct rows {
	enum weir_kind kind;
	struct weir_column_set columns;
	bool chosen;  /* by the user; else those of the kind's tables */
	size_t first; /* of them that may be shown: those before are read for us */
	/* Where `id`, `state_type`, `state_name`, `name` and `arch` are;
	 * ROWS_COLUMNS_MAX: nowhere. */
	size_t id, state, state_name, name, arch;
	uint32_t *keys;
	size_t n;
	bool whole;         /* keys are all of them, not only the first */
	uint64_t epoch;     /* cells read before it are stale */
	int64_t now_us;     /* of the frame */
	bool flags;         /* tell which cells changed */
	int64_t flagged_us; /* until when any is told (weir_monotonic_us); 0: none is */
	struct rows_row *cache;
};

/*
 * columns: as --columns names them, "" for those of the kind's tables. Read are these,
 * and id, name and state where the kind has them.
 */
WEIR_NODISCARD enum weir_rc rows_init(
	struct rows *r, enum weir_kind kind, const char *columns, struct weir_err *err);
/* Read other columns. Upon an error all is as it was. */
WEIR_NODISCARD enum weir_rc rows_choose(
	struct rows *r, const char *columns, struct weir_err *err);
void rows_release(struct rows *r);

/* New keys, taken. whole: these are all. */
void rows_set(struct rows *r, uint32_t *keys, size_t n, bool whole);
/* Cells are read again when they are next shown. */
void rows_stale(struct rows *r);

/* Read n rows from the first on at once, those whose cells are not known. */
void rows_load(struct rows *r, struct weir_store *store, size_t first, size_t n);

/* The cells of row i, borrowed until the next 1024 rows; NULL when it cannot be read.
 */
const struct rows_row *rows_get(struct rows *r, struct weir_store *store, size_t i);

/* The columns of a row that changed a moment ago, a bit each. */
uint64_t rows_changed(const struct rows_row *row, int64_t monotonic_us);

/* Where a key is; hint: where it was. */
bool rows_find(const struct rows *r, int64_t key, size_t hint, size_t *ret_row);

#endif
