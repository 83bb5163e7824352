/* Versions by PEP 440, taken apart. */
#ifndef WEIR_CLIENT_ENV_PEP440_H
#define WEIR_CLIENT_ENV_PEP440_H

#include "weir/buf.h"

enum { PEP440_PARTS_MAX = 64 };

/* Numbers are digits without leading zeros: "" is 0. */
struct pep440 {
	struct str epoch;
	struct str release[PEP440_PARTS_MAX];
	size_t n_release;
	char pre; /* 'a', 'b', 'r' (rc), 0: none */
	struct str pre_n;
	bool has_post, has_dev;
	struct str post_n, dev_n;
	struct str local; /* as written */
};

bool env_pep440_parse(struct str text, struct pep440 *ret);
int env_pep440_cmp(const struct pep440 *a, const struct pep440 *b);
/* The same without their local parts. */
int env_pep440_cmp_public(const struct pep440 *a, const struct pep440 *b);
/* a == b.*, as `==1.2.*` has it; b has release, pre and post only. */
bool env_pep440_begins(const struct pep440 *a, const struct pep440 *b);

#endif
