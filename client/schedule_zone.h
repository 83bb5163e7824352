/*
 * Time zones by name, from the system's files (TZif): what its clocks show, and when
 * they show it. UTC needs no file.
 */
#ifndef WEIR_CLIENT_SCHEDULE_ZONE_H
#define WEIR_CLIENT_SCHEDULE_ZONE_H

#include <stdint.h>

#include "weir/buf.h"

struct schedule_zone;

/* WEIR_ENOTFOUND: no such zone, or no zones at all on this machine; one clear line. */
WEIR_NODISCARD enum weir_rc schedule_zone_open(
	const char *name, struct schedule_zone **ret_zone, struct weir_err *err);
void schedule_zone_close(struct schedule_zone *z); /* accepts NULL */

/* The bytes of such a file. WEIR_EBADDATA: they are not. */
WEIR_NODISCARD enum weir_rc schedule_zone_parse(
	struct str bytes, struct schedule_zone **ret_zone, struct weir_err *err);

/* What clocks show, as seconds since 1970-01-01 00:00 by those clocks. */
int64_t schedule_zone_local(const struct schedule_zone *z, int64_t utc_s);

/*
 * When they show it. An hour that comes twice has two answers; one that is left out has
 * them by the offset before and the one after: this is the earlier or the later.
 */
int64_t schedule_zone_utc(const struct schedule_zone *z, int64_t local_s, bool late);

#endif
