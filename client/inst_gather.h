/* All packages of an environment brought together: found, fetched, unpacked. */
#ifndef WEIR_CLIENT_INST_GATHER_H
#define WEIR_CLIENT_INST_GATHER_H

#include "inst_pkgs.h"

struct inst_one {
	const struct weir_inst_package *package;
	struct inst_want want, cached; /* cached: as the cache has it */
	bool has_want, has_cached;
	const struct inst_want *as; /* which of the two it came as */
	char *archive;              /* NULL: only unpacked */
	struct inst_sums sums;      /* of the archive */
	struct inst_unit unit;      /* conda only */
	char *dir;                  /* of the unit; NULL: not unpacked */
};

struct inst_gather {
	struct inst_one *v;
	size_t n;
	size_t n_fetched, n_cached;
	int64_t fetched;
};

/*
 * w: whose packages, dirs and callbacks. home: of inst_pkgs_home. archives: an unpacked
 * package without its archive is not enough. A package that is refused is named, and
 * nothing of it is left.
 */
WEIR_NODISCARD enum weir_rc inst_gather_all(const struct weir_inst *w, const char *home,
	bool archives, struct inst_gather *ret_gather, struct weir_err *err);
void inst_gather_release(struct inst_gather *g);

#endif
