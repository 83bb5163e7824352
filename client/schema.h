/* The schemas as ladders of steps; see schema.c and schema_state.c. */
#ifndef WEIR_CLIENT_SCHEMA_H
#define WEIR_CLIENT_SCHEMA_H

#include <stdbool.h>

struct schema {
	const char *const *steps; /* step i brings user_version from i to i + 1 */
	int version;
	bool mixed; /* steps say versions of other ladders: it is set after each */
};

/* `PRAGMA user_version = i`, as far as ladders go. */
enum { SCHEMA_MARKS = 17 };
extern const char *const schema_marks[SCHEMA_MARKS];

/* Steps of the cache, which the embedded store climbs too. */
extern const char schema_cache_1[], schema_cache_2[], schema_cache_3[];

extern const struct schema schema_cache, schema_state, schema_embedded, schema_metaflow;

#endif
