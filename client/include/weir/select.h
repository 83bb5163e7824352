/*
 * Reading rows of any kind: columns, order, limit and a query in, typed cells out.
 *
 * Columns are rows of a table in column.c, so a list command, a menu, --sort and the
 * query language speak of the same names. Rows are streamed: memory does not grow with
 * their number. /
 */
#ifndef WEIR_SELECT_H
#define WEIR_SELECT_H

#include <weir/error.h>
#include <weir/query.h>
#include <weir/store.h>
#include <weir/types.h>

enum weir_type {
	WEIR_T_TEXT,
	WEIR_T_ID,
	WEIR_T_TIME,     /* int64 microseconds */
	WEIR_T_DURATION, /* double, seconds; JSON number */
	WEIR_T_INT,
	WEIR_T_REAL,
	WEIR_T_BOOL,
	WEIR_T_STATE,      /* enum weir_state; output as its type, "FAILED" */
	WEIR_T_STATE_NAME, /* text, shown with the glyph of type (cell.i) and name */
	WEIR_T_TAGS,       /* JSON array of strings; tables show it comma-separated */
	WEIR_T_JSON,       /* any JSON, as text */
	WEIR_T_MEMBERS,    /* `rest`: JSON members to be spliced into the object */
};

enum weir_column_flags {
	WEIR_COL_OBJECT = 1 << 0, /* part of `-o json` when no --columns are given */
	WEIR_COL_TABLE =
		1 << 1, /* in the default table on a terminal, in the table's order */
	WEIR_COL_PIPE = 1 << 2,   /* in the default piped output */
	WEIR_COL_WIDE = 1 << 3,   /* added to menus and tables that are wide enough */
	WEIR_COL_RIGHT = 1 << 4,  /* right-aligned */
	WEIR_COL_HIDDEN = 1 << 5, /* not offered in lists of columns (`rest`) */
};

struct weir_column {
	const char *name;  /* its owner's name: "start_time"; output key */
	const char *alias; /* short name: "start", or NULL */
	const char *title; /* header in a table: "STARTED" */
	enum weir_type type;
	unsigned flags;
	int min,
		max; /* width in a table: never below, wish; max 0 takes what is left */
	const char *sql;   /* expression; ours */
	const char *order; /* expression to sort by when not sql, or NULL */
	const char *help;
	const char *arg; /* of a dynamic column: bound to ?@ in sql and order */
	int width;       /* chosen with `name:30`; 0: as its cells need */
};
enum { WEIR_WIDTH_MAX = 999 };

/* All columns of a kind; ends with name NULL. Static. */
const struct weir_column *weir_columns(enum weir_kind kind);

/* A chosen set; dynamic ones (`param.package`, `label.x`) and those with a width are
 * owned by it. */
struct weir_column_set {
	const struct weir_column **v;
	size_t n;
	void *owned;
};

/*
 * Parse `name:30,flow,param.package`: with or without a width. Names and aliases, any
 * case. Errors: WEIR_EUSAGE, with the list of names and the nearest one as hint. want
 * != 0 and text NULL: all with any of these flags. /
 */
WEIR_NODISCARD enum weir_rc weir_columns_choose(enum weir_kind kind, const char *text,
	unsigned want, struct weir_column_set *ret_set, struct weir_err *err);
void weir_columns_release(struct weir_column_set *set);

struct weir_sort {
	const struct weir_column
		*column; /* borrowed from a column set or weir_columns() */
	bool descending;
};
enum { WEIR_SORT_MAX = 4 };
/*
 * Parse `dur:desc,name`; columns as above (dynamic ones go into set). ret_sort has
 * room for WEIR_SORT_MAX.
 */
WEIR_NODISCARD enum weir_rc weir_sort_parse(enum weir_kind kind, const char *text,
	struct weir_column_set *set, struct weir_sort *ret_sort, size_t *ret_n,
	struct weir_err *err);

enum { WEIR_SELECT_KEYS_MAX = 512 };
struct weir_select {
	enum weir_kind kind;
	const struct weir_query *query;        /* NULL: all */
	const struct weir_column_set *columns; /* may be empty: only keys */
	const struct weir_sort *sort;          /* n_sort 0: the kind's own order */
	size_t n_sort;
	bool any_order; /* as they lie in the store: quickest for all */
	int64_t limit;  /* 0: none */
	int64_t key;    /* not 0: only the row with this key, query and sort unused */
	/* Not NULL: only the rows with these keys, in any order; query and sort unused.
	 */
	const int64_t *keys;
	size_t n_keys;  /* at most WEIR_SELECT_KEYS_MAX */
	int64_t now_us; /* for `dur` of live runs and for runs due in the future; 0:
			   weir_now_us() */
};

struct weir_cell {
	enum weir_type type;
	bool null;
	int64_t i;    /* TIME, INT, BOOL, STATE; of STATE_NAME the type */
	double d;     /* DURATION, REAL */
	struct str s; /* TEXT, STATE_NAME, TAGS, JSON, MEMBERS: borrowed until the next
			 row */
	struct weir_id id;
};

struct weir_rows;

/* sel and what it points to are borrowed until close. WEIR_EINTR when interrupted. */
WEIR_NODISCARD enum weir_rc weir_rows_open(struct weir_store *s,
	const struct weir_select *sel, struct weir_rows **ret_rows,
	struct weir_err *err);
WEIR_NODISCARD enum weir_rc weir_rows_next(
	struct weir_rows *r, bool *ret_row, struct weir_err *err);
int64_t weir_rows_key(
	const struct weir_rows *r); /* the row's number in the store: stable, not 0 */
const struct weir_cell *weir_rows_cell(const struct weir_rows *r, size_t column);
void weir_rows_close(struct weir_rows *r);

/*
 * Read the row of one object: fn is called with it, the cells are those of `columns` in
 * order. WEIR_ENOTFOUND when the store does not have it. Who shows what there is may
 * leave the answer alone: fn was called or not.
 */
typedef void weir_row_fn(void *arg, const struct weir_rows *row);
enum weir_rc weir_row_of(struct weir_store *s, enum weir_kind kind,
	const struct weir_id *id, const char *columns, weir_row_fn *fn, void *arg,
	struct weir_err *err);

/* How many rows the query matches. */
WEIR_NODISCARD enum weir_rc weir_rows_count(struct weir_store *s,
	const struct weir_select *sel, int64_t *ret_n, struct weir_err *err);
/* By state type (runs and task runs), for the bottom line. */
WEIR_NODISCARD enum weir_rc weir_rows_count_states(struct weir_store *s,
	const struct weir_select *sel, int64_t n[WEIR_N_STATES], struct weir_err *err);

/*
 * The object that text names: a full id, a unique prefix of 4 or more digits, a name
 * (deployments: flow/name, queues: pool/name), @latest, @failed, a web address. kinds:
 * mask of 1 << enum weir_kind, tried in their order. Errors: WEIR_ENOTFOUND,
 * WEIR_EAMBIGUOUS (the text lists the candidates, one a line).
 * /
 */
WEIR_NODISCARD enum weir_rc weir_resolve(struct weir_store *s, unsigned kinds,
	const char *text, enum weir_kind *ret_kind, struct weir_id *ret_id,
	int64_t *ret_key, struct weir_err *err);

#endif
