/* conda-meta: what is in an environment, a file a package, and its history. */
#ifndef WEIR_CLIENT_INST_RECORD_H
#define WEIR_CLIENT_INST_RECORD_H

#include "inst_plan.h"

/* How a file came to be where it is. */
struct inst_done {
	const struct inst_spot *spot;
	const char *place; /* the name it got */
	char sha256[65];   /* of it; a symbolic link's is of its text */
	int64_t size;
};

VEC_TYPE(inst_dones, struct inst_done);

/* Write at/conda-meta/<dist>.json. copied: no file is a hard link. */
WEIR_NODISCARD enum weir_rc inst_record_write(const char *at, const struct inst_unit *u,
	const struct inst_dones *done, bool copied, struct weir_err *err);

/* Write at/conda-meta/history. */
WEIR_NODISCARD enum weir_rc inst_record_history(const char *at, const char *command,
	const struct inst_unit *units, size_t n, struct weir_err *err);

/*
 * repodata_record.json of an unpacked package, new: its index and where it is from.
 * url: without credentials; what is NULL is left out.
 */
json_t *inst_record_new(const json_t *index, const char *url, const char *file,
	const char *md5, const char *sha256, int64_t size);

/* url without user, password and fragment. */
void inst_record_url(struct buf *out, const char *url);

#endif
