/* The schema of the cache as a ladder of steps; see schema.c. */
#ifndef WEIR_CLIENT_SCHEMA_H
#define WEIR_CLIENT_SCHEMA_H

extern const char *const schema_cache[];
extern const int schema_cache_version;

#endif
