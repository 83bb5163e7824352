/* The schemas as ladders of steps; see schema.c and schema_state.c. */
#ifndef WEIR_CLIENT_SCHEMA_H
#define WEIR_CLIENT_SCHEMA_H

struct schema {
	const char *const *steps; /* step i brings user_version from i to i + 1 */
	int version;
};

extern const struct schema schema_cache, schema_state;

#endif
