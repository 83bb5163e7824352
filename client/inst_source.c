/* Where each package of an environment would come from: nothing is fetched or written.
 */
#include <sys/stat.h>

#include "inst_pkgs.h"
#include "weir/mem.h"

/* Unpacked, or its archive with the right hash. */
static bool
is_here(const struct inst_pkgs *pkgs, const struct inst_want *want)
{
	struct inst_unit unit = { .dir = NULL };
	struct inst_sums sums;
	char *dir = NULL, *archive = NULL;
	bool here = want->type == WEIR_INST_CONDA &&
		    inst_pkgs_unpacked(pkgs, want, &unit, &dir) == WEIR_OK;

	if (here)
		inst_pkgs_unit_release(&unit);
	else
		archive = inst_pkgs_archive(pkgs, want, &sums);
	here = here || archive;
	free(dir);
	free(archive);
	return here;
}

static int64_t
size_in_cache(const char *cache, const char *key)
{
	char *path = xasprintf("%s/%s", cache, key);
	struct stat st;
	int64_t size =
		stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;

	free(path);
	return size;
}

enum weir_inst_from
weir_inst_source(const struct weir_inst *w, const char *cache,
	const struct weir_inst_package *p, int64_t *ret_size)
{
	const struct inst_pkgs pkgs = { .dirs = w->package_dirs,
		.home = w->package_dirs[0] };
	enum weir_rc (*const wants[])(const struct weir_inst_package *,
		struct inst_want *,
		struct weir_err *) = { inst_pkgs_want, inst_pkgs_want_cached };
	bool here = false;

	*ret_size = p->size;
	for (size_t i = 0; !here && i < N_ELEM(wants); i++) {
		struct inst_want want;

		if (i && !p->cache_key)
			break;
		if (wants[i](p, &want, NULL))
			continue;
		here = is_here(&pkgs, &want);
		inst_pkgs_want_release(&want);
	}
	if (here)
		return WEIR_INST_HERE;
	if (cache && p->cache_key) {
		int64_t size = size_in_cache(cache, p->cache_key);

		*ret_size = size >= 0 ? size : *ret_size;
		if (size >= 0)
			return WEIR_INST_CACHE;
	}
	return p->url ? WEIR_INST_WEB : WEIR_INST_NOWHERE;
}
