#include "objstore.h"

#include <stdlib.h>
#include <string.h>

#include "weir/config.h"
#include "weir/mem.h"

/* A key stays below the root: no empty part, no `.`, no `..`. */
static enum weir_rc
check_key(const struct objstore *o, const char *key, struct weir_err *err)
{
	size_t n = strlen(key);

	if (n == 0 || n > OBJSTORE_KEY_MAX)
		return weir_fail(
			err, WEIR_EBADDATA, "%s: a key of %zu bytes", o->root, n);
	for (const char *p = key; *p;) {
		size_t part = strcspn(p, "/");

		if (part == 0 || (part == 1 && p[0] == '.') ||
			(part == 2 && p[0] == '.' && p[1] == '.') ||
			(p[part] == '/' && !p[part + 1]))
			return weir_fail(err, WEIR_EBADDATA, "%s: '%.200s' is no key",
				o->root, key);
		p += part + (p[part] == '/');
	}
	return WEIR_OK;
}

enum weir_rc
objstore_open(const char *root, struct objstore **ret_store, struct weir_err *err)
{
	static const char file[] = "file://";
	struct buf masked = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	if (strncmp(root, file, sizeof(file) - 1) == 0)
		return objstore_local_open(root + sizeof(file) - 1, ret_store, err);
	if (!strstr(root, "://"))
		return objstore_local_open(root, ret_store, err);
	weir_url_mask(&masked, root);
	rc = weir_fail(err, WEIR_EFAIL, "cache %s: this weir reads folders only",
		buf_cstr(&masked));
	buf_release(&masked);
	return rc;
}

void
objstore_close(struct objstore *o)
{
	if (o)
		o->ops->close(o);
}

enum weir_rc
objstore_list(struct objstore *o, const char *prefix, objstore_list_fn *fn, void *arg,
	struct weir_err *err)
{
	enum weir_rc rc = check_key(o, prefix, err);

	return rc ? rc : o->ops->list(o, prefix, fn, arg, err);
}

enum weir_rc
objstore_get(struct objstore *o, const char *key, struct buf *out, struct weir_err *err)
{
	enum weir_rc rc = check_key(o, key, err);

	return rc ? rc : o->ops->get(o, key, out, err);
}

enum weir_rc
objstore_head(struct objstore *o, const char *key, struct objstore_info *ret_info,
	struct weir_err *err)
{
	enum weir_rc rc = check_key(o, key, err);

	return rc ? rc : o->ops->head(o, key, ret_info, err);
}

enum weir_rc
objstore_put_absent(struct objstore *o, const char *key, struct str bytes,
	bool *ret_made, struct weir_err *err)
{
	enum weir_rc rc = check_key(o, key, err);

	return rc ? rc : o->ops->put(o, key, bytes, ret_made, err);
}
