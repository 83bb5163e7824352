/*
 * Pages: the first byte says of what kind, the rest is any bytes. What jansson can read
 * must come out the same through the pull decoder; what it cannot must not break it.
 */
#include <stddef.h>
#include <stdint.h>

#include "../lib/oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum weir_kind kind;
	const char *why;
	size_t row;

	if (size == 0)
		return 0;
	kind = (enum weir_kind)(data[0] % WEIR_N_SERVED);
	why = oracle_compare(kind, data[0] >= 128,
		(struct str){ (const char *)data + 1, size - 1 }, &row);
	if (why) {
		fprintf(stderr, "row %zu: %s differs\n", row, why);
		abort();
	}
	return 0;
}
