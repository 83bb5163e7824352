/*
 * The field tables of the objects we read, and the two readers that walk them.
 *
 * decode_*: our pull decoder, for big pages. The oracle_* readers do the same over jansson,
 * for small bodies and to check the decoder in tests. Strings land in the arena; pages may be
 * any bytes. A missing, null or mistyped optional field reads as absent; a missing id is
 * WEIR_EBADDATA with the path (`[17].id`).
 */
#ifndef WEIR_CLIENT_API_FIELDS_H
#define WEIR_CLIENT_API_FIELDS_H

#include "weir/mem.h"
#include "weir/types.h"

VEC_TYPE(run_vec, struct weir_run);
VEC_TYPE(task_run_vec, struct weir_task_run);
VEC_TYPE(log_vec, struct weir_log);
VEC_TYPE(doc_vec, struct weir_doc);

enum { API_PAGE_ROWS_MAX = 100000, API_DEPTH_MAX = 64 };

WEIR_NODISCARD enum weir_rc decode_runs(struct str body, struct arena *result,
	struct run_vec *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc decode_task_runs(struct str body, struct arena *result,
	struct task_run_vec *ret, struct weir_err *err);
WEIR_NODISCARD enum weir_rc decode_logs(struct str body, struct arena *result,
	struct log_vec *ret, struct weir_err *err);
/* flows, deployments, pools, queues, workers, artifacts, limits */
WEIR_NODISCARD enum weir_rc decode_docs(enum weir_kind kind, struct str body,
	struct arena *result, struct doc_vec *ret, struct weir_err *err);

#endif
