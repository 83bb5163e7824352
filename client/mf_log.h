/*
 * Lines of Metaflow's log files:
 * `[MFLOG|0|2026-11-21T22:17:21.496702Z|runtime|ID]text`. What has no such head is a
 * line all the same, of the time of the one before.
 */
#ifndef WEIR_CLIENT_MF_LOG_H
#define WEIR_CLIENT_MF_LOG_H

#include "weir/buf.h"
#include "weir/id.h"

struct mf_log_line {
	int64_t us;        /* WEIR_NO_TIME: it says none */
	struct weir_id id; /* all zero: it says none */
	struct str text;
};

/* One line, without its newline. */
void mf_log_parse(struct str line, struct mf_log_line *ret);

/* 20 unless the text says otherwise: 40 and 30 by the words that start it, 40 for
 * Python's `Traceback`. */
int mf_log_level(struct str text);

/* `<attempt>.<runtime|task>_<stdout|stderr>.log`: the attempt; -1: another file. */
int mf_log_file(const char *name, bool *ret_stderr);

#endif
