/*
 * The field tables of the objects we read, and the reader that walks them over the pull
 * decoder. The tests walk the same tables over jansson and compare.
 *
 * Pages may be any bytes. Strings are slices of body where that is possible, else in
 * the arena. A missing, null or mistyped optional field reads as absent; a missing id
 * is WEIR_EBADDATA with its place (`[17].id: missing`).
 */
#ifndef WEIR_CLIENT_API_FIELDS_H
#define WEIR_CLIENT_API_FIELDS_H

#include "weir/mem.h"
#include "weir/types.h"

VEC_TYPE(run_vec, struct weir_run);
VEC_TYPE(task_run_vec, struct weir_task_run);
VEC_TYPE(log_vec, struct weir_log);
VEC_TYPE(doc_vec, struct weir_doc);

enum { API_PAGE_ROWS_MAX = 100000 };

/*
 * body is a list, or a single object, which is read as a list of one. It is borrowed:
 * keep it as long as the rows. ret is cleared first, its memory is used again.
 */
WEIR_NODISCARD enum weir_rc api_decode_runs(struct str body, struct arena *result,
	struct run_vec *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc api_decode_task_runs(struct str body, struct arena *result,
	struct task_run_vec *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc api_decode_logs(struct str body, struct arena *result,
	struct log_vec *ret, struct weir_err *err);
/* flows, deployments, pools, queues, workers, artifacts, limits */
WEIR_NODISCARD enum weir_rc api_decode_docs(enum weir_kind kind, struct str body,
	struct arena *result, struct doc_vec *ret, struct weir_err *err);

/* ---- the tables */

enum api_field_type {
	API_T_ID,    /* struct weir_id; null: all zero */
	API_T_TIME,  /* int64_t; null: WEIR_NO_TIME */
	API_T_STR,   /* struct str; null: s NULL */
	API_T_INT,   /* int64_t */
	API_T_LEVEL, /* int */
	API_T_REAL,  /* double */
	API_T_BOOL,  /* bool */
	API_T_STATE, /* enum weir_state */
	API_T_LIST,  /* struct str: a JSON array as it stands */
	API_T_OBJECT /* struct str: a JSON object as it stands */
};

enum api_field_flags {
	API_F_REQUIRED = 1 << 0,
	API_F_REST = 1 << 1, /* stands in `rest` too */
	API_F_DROP = 1 << 2, /* computed anew at each read: neither field nor rest */
};

struct api_field {
	struct str name;
	enum api_field_type type;
	unsigned flags;
	size_t offset;
};

struct api_object {
	const struct api_field *fields;
	size_t n_fields;
	size_t size;        /* of the struct */
	size_t rest_offset; /* of its `rest`, 0: it has none */
	size_t doc_offset;  /* of its `doc`, 0: it has none */
};

/* The table of a kind; `logs`: of a log line, kind is not looked at. */
const struct api_object *api_object_of(enum weir_kind kind, bool logs);

/* Set all fields of the row at `row` to absent. */
void api_row_init(const struct api_object *o, void *row);

#endif
