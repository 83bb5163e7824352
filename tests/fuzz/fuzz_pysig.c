/* Python signatures: any source is read or refused; a schema is always JSON. */
#include <stddef.h>
#include <stdint.h>

#include "pysig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena arena = { 0 };
	struct pysig sig;
	char *json;

	if (pysig_read(text, "f", &arena, &sig)) {
		if (sig.complete && (!sig.certain || !sig.name || !sig.schema))
			abort();
		if (sig.schema) {
			json = json_dumps(sig.schema, 0);
			if (!json)
				abort();
			free(json);
		}
		json_decref(sig.schema);
	}
	arena_free(&arena);
	return 0;
}
