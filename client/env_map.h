/* Texts to numbers by a hash of 128 bits of them: two that differ do not meet. */
#ifndef WEIR_CLIENT_ENV_MAP_H
#define WEIR_CLIENT_ENV_MAP_H

#include <stdint.h>

#include "weir/buf.h"

struct env_sum {
	unsigned char b[16];
};

struct env_map {
	struct env_map_slot *v;
	size_t n, cap;
};

struct env_map_slot {
	struct env_sum sum;
	int64_t value; /* 0: empty */
};

struct env_sum env_map_sum(struct str text);
struct env_sum env_map_sum3(struct str a, struct str b, struct str c);
/* The value's place, 0 when it is new; valid until the next call. */
int64_t *env_map_at(struct env_map *m, const struct env_sum *sum);
void env_map_free(struct env_map *m);

#endif
