/* What the files about versions share. */
#ifndef WEIR_CLIENT_ENV_VERSION_PRIV_H
#define WEIR_CLIENT_ENV_VERSION_PRIV_H

#include <stdint.h>
#include <string.h>

#include "env_version.h"

/* Without blanks around it, cut at the maximum. */
struct str env_version_trim(struct str s);

/* Two numbers as digits without leading zeros. */
int env_version_digits(struct str a, struct str b);

/* conda: is it one of `begin`.*? */
bool env_version_begins(struct str version, struct str begin);
/* conda: all but the last part; empty when there is but one. */
struct str env_version_parent(struct str version);

#endif
