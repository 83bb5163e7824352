/* What Metaflow says of a flow's environments, from any bytes; what it printed is
 * behind the first NUL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "weir/env_group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nul = memchr(data, '\0', size);
	size_t n = nul ? (size_t)(nul - text) : size;
	struct str printed = { nul ? nul + 1 : "", nul ? size - n - 1 : 0 };
	struct weir_env_groups g;
	struct buf out = BUF_INIT(1 << 20);

	if (weir_env_groups_read(NULL, (struct str){ text, n }, printed, &g, NULL))
		return 0;
	for (size_t i = 0; i < g.v.n; i++) {
		weir_env_group_steps(&g.v.v[i], &out);
		for (size_t j = 0; j < g.v.v[i].steps.n; j++)
			if (!weir_env_group_of(&g, g.v.v[i].steps.v[j]))
				abort();
	}
	buf_release(&out);
	weir_env_groups_release(&g);
	return 0;
}
