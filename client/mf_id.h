/* Ids of what Metaflow goes by pathspecs for. */
#ifndef WEIR_CLIENT_MF_ID_H
#define WEIR_CLIENT_MF_ID_H

#include "weir/buf.h"
#include "weir/error.h"
#include "weir/id.h"

/* The parts of a pathspec, as many as there are. */
enum { MF_PARTS = 4, MF_NAME_MAX = 255 };

/* Of the first n parts: flow, run, step, task. */
WEIR_NODISCARD enum weir_rc mf_id(const struct str *parts, size_t n,
	struct weir_id *ret_id, struct weir_err *err);

/*
 * May it be a part: UTF-8 without controls, '/' or a dot in front, no longer than
 * MF_NAME_MAX?
 */
bool mf_id_is_name(struct str name);

/* Take a pathspec apart; 0: it is none. */
size_t mf_id_split(struct str pathspec, struct str ret_parts[MF_PARTS]);

#endif
