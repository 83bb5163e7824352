/* A map from short byte strings to row numbers: what the writer knows of interned rows.
 */
#ifndef WEIR_CLIENT_INTERN_H
#define WEIR_CLIENT_INTERN_H

#include <stdint.h>

#include "weir/buf.h"

/* Past this many the map starts anew, so that a hostile server cannot fill memory. */
enum { INTERN_MAX = 1 << 16 };

struct intern_slot {
	char *key; /* owned; NULL: free */
	size_t len;
	int64_t value;
};

struct intern {
	struct intern_slot *slots; /* a power of two of them */
	size_t n, size;
};

bool intern_find(const struct intern *m, struct str key, int64_t *ret_value);
void intern_put(struct intern *m, struct str key, int64_t value);
void intern_clear(struct intern *m);

#endif
