/* Defaults changed in the text of any conda_v2.cnd: what comes out is as asked. */
#include <stdint.h>
#include <stdlib.h>

#include "env_cnd.h"
#include "env_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_choice(struct str text, const struct weir_env_choice *c)
{
	static const struct env_cnd_ops none = { .env = NULL };
	struct buf out = BUF_INIT(BUF_MAX), again = BUF_INIT(BUF_MAX);
	bool changed = false, cut;

	if (env_cnd_read(text, &none, NULL, &cut, NULL) ||
		env_edit(text, c, &out, &changed, NULL) || !changed)
		goto out;
	/* It can be read, and there is nothing left to do. */
	if (env_cnd_read(buf_str(&out), &none, NULL, &cut, NULL) ||
		(c->full_id && (env_edit(buf_str(&out), c, &again, &changed, NULL) ||
				       changed)))
		abort();
out:
	buf_release(&out);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct weir_env_choice choices[] = {
		{ "a", "r", "f", { "", 0 } },
		{ "a", "r", "f", { "{}", 2 } },
		{ "a", "r", NULL, { "", 0 } },
	};

	for (size_t i = 0; i < N_ELEM(choices); i++)
		try_choice((struct str){ (const char *)data, size }, &choices[i]);
	return 0;
}
