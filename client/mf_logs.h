/* Log files of one task into the log of its run. */
#ifndef WEIR_CLIENT_MF_LOGS_H
#define WEIR_CLIENT_MF_LOGS_H

#include "store_write.h"

struct mf_logs {
	struct weir_store *s;
	struct weir_id run;
	struct buf *notes;
	size_t n_new;
	struct weir_err *err;
};

struct mf_logs_task {
	struct weir_id id;
	int64_t start_us; /* of lines that say no time */
	bool ended;       /* else a line without newline is not whole yet */
};

/*
 * All files of the task in folder that have grown. *ret_found: there is such a folder.
 */
WEIR_NODISCARD enum weir_rc mf_logs_task(struct mf_logs *l, const char *folder,
	const struct mf_logs_task *task, bool *ret_found);

#endif
