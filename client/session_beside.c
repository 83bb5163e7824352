#define LOG_MODULE "metaflow"
#include "session_beside.h"

#include "store_write.h"
#include "weir/log.h"

/* Where Metaflow's settings say; a few looks at the file system, once. */
static bool
look(struct session_beside *b, const struct weir_config *config)
{
	struct weir_err err;
	const char *metadata;

	if (b->looked)
		return b->found;
	b->looked = true;
	if (!weir_config_bool(config, WEIR_KEY_METAFLOW))
		return false;
	if (weir_env_root_find(&b->root, &err)) {
		LOG(LOG_WARN, "%s", err.text);
		return false;
	}
	metadata = weir_env_setting(&b->root, "DEFAULT_METADATA");
	b->found = b->root.found || (metadata && strcmp(metadata, "service") == 0);
	return b->found;
}

struct weir_store *
session_beside_store(struct session_beside *b, const struct weir_config *config)
{
	struct weir_err err;
	enum weir_rc rc;
	char *path;

	if (b->store || !look(b, config))
		return b->store;
	path = weir_config_metaflow(config, b->root.folder);
	rc = store_open_metaflow(
		path, b->root.folder, WEIR_STORE_READ, &b->store, NULL, &err);
	if (rc && rc != WEIR_ENOTFOUND)
		LOG(LOG_WARN, "%s", err.text);
	free(path);
	return b->store;
}

void
session_beside_release(struct session_beside *b)
{
	weir_store_close(b->store);
	weir_env_root_release(&b->root);
	*b = (struct session_beside){ 0 };
}
