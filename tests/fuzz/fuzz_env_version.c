/* Versions and specifications: an order stays one, whatever is compared. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "env_version.h"
#include "weir/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(enum env_rules rules, struct str a, struct str b, struct str c)
{
	int ab = env_version_cmp(rules, a, b), ba = env_version_cmp(rules, b, a);
	int bc = env_version_cmp(rules, b, c), ac = env_version_cmp(rules, a, c);

	if (ab != -ba || env_version_cmp(rules, a, a) != 0)
		abort();
	if (ab <= 0 && bc <= 0 && ac > 0)
		abort();
}

/* Three lines: versions, or a specification and versions. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str parts[3] = { { "", 0 }, { "", 0 }, { "", 0 } };
	const char *p = (const char *)data, *end = p + size;
	struct buf normal = BUF_INIT(1 << 16), again = BUF_INIT(1 << 16);
	struct env_spec *s;

	for (size_t i = 0; i < N_ELEM(parts) && p && p < end; i++) {
		const char *line = memchr(p, '\n', (size_t)(end - p));

		parts[i] = (struct str){ p, (size_t)((line ? line : end) - p) };
		p = line ? line + 1 : NULL;
	}
	check(ENV_RULES_CONDA, parts[0], parts[1], parts[2]);
	check(ENV_RULES_PEP440, parts[0], parts[1], parts[2]);
	if (env_spec_parse(parts[0], &s, NULL) == WEIR_OK) {
		env_spec_match(s, ENV_RULES_CONDA, parts[1]);
		env_spec_match(s, ENV_RULES_PEP440, parts[2]);
		env_spec_free(s);
	}
	if (env_version_normal(&normal, parts[0]) && normal.len < ENV_VERSION_MAX) {
		if (!env_version_normal(&again, buf_str(&normal)) ||
			!str_equal(buf_str(&normal), buf_str(&again)))
			abort();
	}
	buf_release(&normal);
	buf_release(&again);
	return 0;
}
