/* conda_v2.cnd, its environments, packages and ids, from any bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "env_cnd.h"
#include "env_json.h"
#include "weir/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum weir_rc
on_env(void *arg, const struct weir_env_id *id, struct str doc)
{
	struct arena arena = { 0 };
	struct weir_env e;
	const struct weir_env *all[] = { &e };

	(void)arg;
	if (env_cnd_env(id, doc, &arena, &e, NULL) == WEIR_OK) {
		for (size_t i = 0; i < e.packages.n; i++) {
			struct weir_env_name n;

			weir_env_name(&e.packages.v[i], &arena, &n);
			weir_env_channel(&e.packages.v[i], &arena);
		}
		weir_env_verify_req(&e);
		weir_env_verify_full(all, 1);
		VEC_FREE(&e.packages);
	}
	env_json_mask(doc, &arena);
	arena_free(&arena);
	return WEIR_OK;
}

static enum weir_rc
on_alias(void *arg, enum env_alias kind, struct str name, const struct weir_env_id *id)
{
	(void)arg;
	(void)kind;
	(void)name;
	(void)id;
	return WEIR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct env_cnd_ops ops = { .env = on_env, .alias = on_alias };
	bool cut;

	(void)!env_cnd_read(
		(struct str){ (const char *)data, size }, &ops, NULL, &cut, NULL);
	return 0;
}
