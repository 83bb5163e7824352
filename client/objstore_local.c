/* A folder as an object store: file://, CONDA_LOCALROOT. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objstore.h"
#include "weir/file.h"
#include "weir/mem.h"
#include "weir/time.h"

enum { CHUNK = 64 << 10 };

static char *
path_of(const struct objstore *o, const char *key)
{
	return xasprintf("%s/%s", o->root, key);
}

static enum weir_rc
fail(const char *path, struct weir_err *err)
{
	int why = errno;

	return weir_fail(err,
		why == ENOENT || why == ENOTDIR ? WEIR_ENOTFOUND : WEIR_EFAIL, "%s: %s",
		path, strerror(why));
}

/* Is it a folder? Not every file system says so in the list. */
static bool
is_folder(const char *dir, const struct dirent *e)
{
	struct stat st;
	char *path;
	bool is;

	if (e->d_type != DT_UNKNOWN && e->d_type != DT_LNK)
		return e->d_type == DT_DIR;
	path = xasprintf("%s/%s", dir, e->d_name);
	is = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	free(path);
	return is;
}

static enum weir_rc
local_list(struct objstore *o, const char *prefix, objstore_list_fn *fn, void *arg,
	struct weir_err *err)
{
	char *path = path_of(o, prefix);
	DIR *dir = opendir(path);
	enum weir_rc rc = WEIR_OK;
	const struct dirent *e;
	int n = 0;

	if (!dir && errno != ENOENT && errno != ENOTDIR)
		rc = fail(path, err);
	while (!rc && dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		if (++n > OBJSTORE_LIST_MAX)
			rc = weir_fail(err, WEIR_ETOOBIG,
				"%s: more than %d entries, the most that are read",
				path, OBJSTORE_LIST_MAX);
		else
			rc = fn(arg, str_of(e->d_name), is_folder(path, e));
	}
	if (dir)
		closedir(dir);
	free(path);
	return rc;
}

static enum weir_rc
read_all(int fd, const char *path, struct buf *out, struct weir_err *err)
{
	char *chunk = xmalloc(CHUNK);
	enum weir_rc rc = WEIR_OK;
	ssize_t n;

	while (!rc && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0)
			rc = fail(path, err);
		else
			buf_add(out, chunk, (size_t)n);
		if (!rc && out->truncated)
			rc = weir_fail(err, WEIR_ETOOBIG, "%s: more than %zu bytes",
				path, out->max);
	}
	free(chunk);
	return rc;
}

static enum weir_rc
local_get(struct objstore *o, const char *key, struct buf *out, struct weir_err *err)
{
	char *path = path_of(o, key);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	enum weir_rc rc = WEIR_OK;

	if (fd < 0 || fstat(fd, &st) != 0)
		rc = fail(path, err);
	else if (!S_ISREG(st.st_mode))
		rc = weir_fail(err, WEIR_EFAIL, "%s: not a file", path);
	else
		rc = read_all(fd, path, out, err);
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

static enum weir_rc
local_head(struct objstore *o, const char *key, struct objstore_info *ret_info,
	struct weir_err *err)
{
	char *path = path_of(o, key);
	enum weir_rc rc = WEIR_OK;
	struct stat st;

	if (stat(path, &st) != 0)
		rc = fail(path, err);
	else
		*ret_info = (struct objstore_info){ st.st_size,
			(int64_t)st.st_mtim.tv_sec * WEIR_SECOND_US +
				st.st_mtim.tv_nsec / 1000 };
	free(path);
	return rc;
}

static enum weir_rc
make_folders(char *path, struct weir_err *err)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			enum weir_rc rc = fail(path, err);

			*p = '/';
			return rc;
		}
		*p = '/';
	}
	return WEIR_OK;
}

/* Whole under another name first; a link is made once only. */
static enum weir_rc
local_put(struct objstore *o, const char *key, struct str bytes, bool *ret_made,
	struct weir_err *err)
{
	char *path = path_of(o, key), *part = xasprintf("%s.XXXXXX", path);
	enum weir_rc rc = make_folders(path, err);
	int fd = -1;

	if (!rc) {
		fd = mkstemp(part);
		if (fd < 0)
			rc = fail(part, err);
	}
	if (!rc &&
		(fchmod(fd, 0644) != 0 || !weir_write_all(fd, bytes) || fsync(fd) != 0))
		rc = fail(part, err);
	if (!rc) {
		*ret_made = link(part, path) == 0;
		if (!*ret_made && errno != EEXIST)
			rc = fail(path, err);
	}
	if (fd >= 0) {
		close(fd);
		unlink(part);
	}
	free(path);
	free(part);
	return rc;
}

static void
local_close(struct objstore *o)
{
	free(o->root);
	free(o);
}

enum weir_rc
objstore_local_open(
	const char *folder, struct objstore **ret_store, struct weir_err *err)
{
	static const struct objstore_ops ops = { local_list, local_get, local_head,
		local_put, local_close };
	struct objstore *o;
	size_t n = strlen(folder);

	if (folder[0] != '/')
		return weir_fail(err, WEIR_ECONFIG,
			"cache '%.200s': not an absolute folder", folder);
	o = xcalloc(1, sizeof(*o));
	while (n > 1 && folder[n - 1] == '/')
		n--;
	o->ops = &ops;
	o->root = xstrndup(folder, n);
	*ret_store = o;
	return WEIR_OK;
}
