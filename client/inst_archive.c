#include "inst_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dyn.h"
#include "inst_name.h"
#include "weir/json.h"
#include "weir/mem.h"

enum { BLOCK_SIZE = 128 << 10, METADATA_MAX = 64 << 10 };

struct unpack {
	struct dyn_archive lib;
	const char *name;
	struct inst_tree *tree;
	struct buf plain, target; /* of the member at hand */
	struct weir_err *err;
};

/* A stream inside of another: `pkg-*.tar.zst` in `.conda`. */
struct inner {
	const struct dyn_archive *lib;
	struct archive *outer;
	int64_t offset; /* what was given so far: holes cannot be */
};

enum inst_format
inst_archive_format(const char *file, size_t *ret_stem)
{
	static const struct {
		const char *end;
		enum inst_format format;
	} formats[] = {
		{ ".tar.bz2", INST_TAR_BZ2 },
		{ ".conda", INST_CONDA },
		{ ".whl", INST_WHEEL },
	};
	size_t n = strlen(file), m;

	for (size_t i = 0; i < N_ELEM(formats); i++) {
		m = strlen(formats[i].end);
		if (n > m && strcmp(file + n - m, formats[i].end) == 0) {
			if (ret_stem)
				*ret_stem = n - m;
			return formats[i].format;
		}
	}
	return INST_FORMAT_NONE;
}

static enum weir_rc
refuse(struct unpack *u, struct archive *a, const char *what)
{
	const char *reason = a ? u->lib.error_string(a) : NULL;
	struct buf shown = BUF_INIT(4096);

	inst_name_show(&shown, str_of(reason ? reason : "it is not whole"));
	weir_fail(u->err, WEIR_EBADDATA, "%s: %s: %s", u->name, what, buf_cstr(&shown));
	buf_release(&shown);
	return WEIR_EBADDATA;
}

static enum weir_rc
refuse_member(struct unpack *u, const char *member, const char *why)
{
	struct buf shown = BUF_INIT(4096);

	inst_name_show(&shown, str_of(member));
	weir_fail(u->err, WEIR_EBADDATA, "%s: %s: %s", u->name, buf_cstr(&shown), why);
	buf_release(&shown);
	return WEIR_EBADDATA;
}

/* ---- one member */

static enum weir_rc
unpack_file(struct unpack *u, struct archive *a, struct archive_entry *e)
{
	enum weir_rc rc = inst_tree_file(u->tree, buf_cstr(&u->plain), u->err);
	unsigned mode = u->lib.entry_perm(e);
	int64_t size = u->lib.entry_size_is_set(e) ? u->lib.entry_size(e) : -1;
	const void *block;
	int64_t offset;
	size_t n;
	int r;

	while (!rc) {
		r = u->lib.read_data_block(a, &block, &n, &offset);
		if (r == ARCHIVE_EOF)
			break;
		/* Warnings too: a sum of the zip format that is wrong is one. */
		rc = r != ARCHIVE_OK
			     ? refuse(u, a, "cannot be unpacked")
			     : inst_tree_write(u->tree, block, n, offset, u->err);
	}
	/* A wheel made on Windows has no permissions. */
	if (!rc)
		rc = inst_tree_file_end(u->tree, mode ? mode : 0644, size,
			u->lib.entry_mtime(e), u->err);
	return rc;
}

static enum weir_rc
unpack_hardlink(struct unpack *u, const char *to)
{
	const char *why;

	buf_clear(&u->target);
	why = inst_name_plain(str_of(to), &u->target);
	if (why || !u->target.len)
		return refuse_member(u, buf_cstr(&u->plain),
			why ? "a hard link that leads out" : "a hard link to a folder");
	return inst_tree_hardlink(
		u->tree, buf_cstr(&u->plain), buf_cstr(&u->target), u->err);
}

/* Names that the locale has no letters for are there as UTF-8 only. */
static const char *
either(const char *plain, const char *utf8)
{
	return plain ? plain : utf8;
}

static enum weir_rc
unpack_member(struct unpack *u, struct archive *a, struct archive_entry *e)
{
	const char *name =
		either(u->lib.entry_pathname(e), u->lib.entry_pathname_utf8(e));
	const char *to, *why;
	enum weir_rc rc = inst_tree_member(u->tree, u->err);
	unsigned type = u->lib.entry_filetype(e);

	if (rc)
		return rc;
	buf_clear(&u->plain);
	why = inst_name_plain(str_of(name), &u->plain);
	if (why)
		return refuse_member(u, name ? name : "", why);
	if (!u->plain.len)
		return type == AE_IFDIR ? WEIR_OK
					: refuse_member(u, name,
						  "a file in place of the folder");
	to = either(u->lib.entry_hardlink(e), u->lib.entry_hardlink_utf8(e));
	if (to)
		return unpack_hardlink(u, to);
	switch (type) {
	case AE_IFREG:
		return unpack_file(u, a, e);
	case AE_IFDIR:
		return inst_tree_folder(u->tree, buf_cstr(&u->plain), u->err);
	case AE_IFLNK:
		to = either(u->lib.entry_symlink(e), u->lib.entry_symlink_utf8(e));
		return inst_tree_symlink(
			u->tree, buf_cstr(&u->plain), str_of(to), u->err);
	default:
		return refuse_member(u, name, "a device, a pipe or a socket");
	}
}

static enum weir_rc
unpack_all(struct unpack *u, struct archive *a)
{
	struct archive_entry *e;
	enum weir_rc rc = WEIR_OK;
	bool any = false;
	int r;

	while (!rc) {
		r = u->lib.read_next_header(a, &e);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return refuse(u, a, "cannot be unpacked");
		any = true;
		rc = unpack_member(u, a, e);
	}
	if (!rc && !any)
		rc = refuse(u, NULL, "there is nothing in it");
	return rc;
}

/* ---- the formats */

static enum weir_rc
open_fd(struct unpack *u, int fd, enum inst_format format, struct archive **ret_archive)
{
	bool zip = format == INST_CONDA || format == INST_WHEEL;
	struct archive *a = u->lib.read_new();
	bool ok;

	BUG_ON(!a);
	ok = (zip ? u->lib.read_support_format_zip(a)
		  : u->lib.read_support_format_tar(a)) == ARCHIVE_OK;
	/* ARCHIVE_WARN: only by a program of that name, which is not wanted. */
	if (format == INST_TAR_BZ2)
		ok = ok && u->lib.read_support_filter_bzip2(a) == ARCHIVE_OK;
	else if (format == INST_TAR_GZ)
		ok = ok && u->lib.read_support_filter_gzip(a) == ARCHIVE_OK;
	if (!ok || u->lib.read_open_fd(a, fd, BLOCK_SIZE) != ARCHIVE_OK) {
		refuse(u, a, "cannot be read");
		u->lib.read_free(a);
		return WEIR_EBADDATA;
	}
	*ret_archive = a;
	return WEIR_OK;
}

static la_ssize_t
read_inner(struct archive *a, void *arg, const void **ret_block)
{
	struct inner *in = arg;
	int64_t offset;
	size_t n;
	int r;

	(void)a;
	do
		r = in->lib->read_data_block(in->outer, ret_block, &n, &offset);
	while (r == ARCHIVE_OK && n == 0);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK || offset != in->offset)
		return -1;
	in->offset += (int64_t)n;
	return (la_ssize_t)n;
}

/* The member at hand of the outer archive is a `.tar.zst`. */
static enum weir_rc
unpack_inner(struct unpack *u, struct archive *outer, const char *member)
{
	struct inner in = { .lib = &u->lib, .outer = outer };
	struct archive *a = u->lib.read_new();
	enum weir_rc rc;

	BUG_ON(!a);
	if (u->lib.read_support_filter_zstd(a) != ARCHIVE_OK ||
		u->lib.read_support_format_tar(a) != ARCHIVE_OK) {
		weir_fail(u->err, WEIR_EFAIL, "%s: libarchive has no zstd", u->name);
		rc = weir_hint(u->err, "apt-get install libarchive13");
	} else if (u->lib.read_open(a, &in, NULL, read_inner, NULL) != ARCHIVE_OK) {
		rc = refuse(u, a, member);
	} else {
		rc = unpack_all(u, a);
	}
	u->lib.read_free(a);
	return rc;
}

static enum weir_rc
check_metadata(struct unpack *u, struct archive *a)
{
	struct buf text = BUF_INIT(METADATA_MAX);
	struct weir_json *json = NULL;
	enum weir_rc rc = WEIR_OK;
	const void *block;
	int64_t offset;
	size_t n;

	while (u->lib.read_data_block(a, &block, &n, &offset) == ARCHIVE_OK)
		buf_add(&text, block, n);
	if (text.truncated || weir_json_parse(buf_str(&text), &json, NULL))
		rc = refuse_member(u, "metadata.json", "it cannot be read");
	else if (weir_json_number(weir_json_get(json, "conda_pkg_format_version")) != 2)
		rc = refuse_member(u, "metadata.json", "a format that is not known");
	weir_json_free(json);
	buf_release(&text);
	return rc;
}

static enum weir_rc
unpack_conda(struct unpack *u, struct archive *a)
{
	static const char *const parts[] = { "info-", "pkg-" };
	bool seen[N_ELEM(parts)] = { false };
	struct archive_entry *e;
	enum weir_rc rc = WEIR_OK;
	const char *name;
	size_t i, n;
	int r = ARCHIVE_OK;

	while (!rc && (r = u->lib.read_next_header(a, &e)) == ARCHIVE_OK) {
		rc = inst_tree_member(u->tree, u->err);
		name = u->lib.entry_pathname(e);
		n = name ? strlen(name) : 0;
		if (rc || n == 0)
			continue;
		if (strcmp(name, "metadata.json") == 0)
			rc = check_metadata(u, a);
		for (i = 0; !rc && i < N_ELEM(parts); i++) {
			if (!str_starts(str_of(name), parts[i]) || n < 8 ||
				strcmp(name + n - 8, ".tar.zst") != 0)
				continue;
			if (seen[i])
				rc = refuse_member(u, name, "there are two of them");
			else
				rc = unpack_inner(u, a, name);
			seen[i] = true;
		}
	}
	if (!rc && r != ARCHIVE_EOF)
		rc = refuse(u, a, "cannot be unpacked");
	for (i = 0; !rc && i < N_ELEM(parts); i++)
		if (!seen[i])
			rc = weir_fail(u->err, WEIR_EBADDATA,
				"%s: it has no %s*.tar.zst", u->name, parts[i]);
	return rc;
}

/* ---- the whole */

static enum weir_rc
unpack_fd(struct unpack *u, int fd, enum inst_format format)
{
	struct archive *a = NULL;
	enum weir_rc rc = open_fd(u, fd, format, &a);

	if (rc)
		return rc;
	rc = format == INST_CONDA ? unpack_conda(u, a) : unpack_all(u, a);
	if (!rc)
		rc = inst_tree_check(u->tree, u->err);
	u->lib.read_free(a);
	return rc;
}

/*
 * A locale whose letters are all, for this thread: libarchive drops names that the
 * locale has none for. 0: there is no such locale.
 */
static locale_t
all_letters(void)
{
	static const char *const names[] = { "C.UTF-8", "en_US.UTF-8", "UTF-8" };
	locale_t l = (locale_t)0;

	for (size_t i = 0; !l && i < N_ELEM(names); i++)
		l = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
	return l;
}

enum weir_rc
inst_archive_unpack_fd(int fd, enum inst_format format, const char *name,
	const char *into, const struct inst_limits *limits, struct weir_err *err)
{
	struct unpack u = { .name = name, .err = err };
	locale_t utf8 = (locale_t)0, before = (locale_t)0;
	enum weir_rc rc = dyn_archive_load(&u.lib, err);
	struct stat st;

	if (rc)
		return rc;
	if (fstat(fd, &st))
		return weir_fail(err, WEIR_EFAIL, "%s: %s", name, strerror(errno));
	buf_init(&u.plain, INST_NAME_MAX);
	buf_init(&u.target, INST_NAME_MAX);
	rc = inst_tree_open(into, name, limits ? limits : &inst_tree_limits,
		(int64_t)st.st_size, &u.tree, err);
	if (rc)
		goto out;
	utf8 = all_letters();
	before = utf8 ? uselocale(utf8) : before;
	rc = unpack_fd(&u, fd, format);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	inst_tree_close(u.tree);
	if (rc && inst_tree_remove(into, NULL))
		weir_prefix(err, "%s could not be removed", into);
out:
	buf_release(&u.plain);
	buf_release(&u.target);
	return rc;
}

enum weir_rc
inst_archive_unpack(const char *path, const char *name, const char *into,
	const struct inst_limits *limits, struct weir_err *err)
{
	enum inst_format format = inst_archive_format(name, NULL);
	enum weir_rc rc;
	int fd;

	if (!format)
		return weir_fail(err, WEIR_EBADDATA,
			"%s: not a .conda, .tar.bz2 or .whl archive", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(
			err, WEIR_EFAIL, "%s: %s: %s", name, path, strerror(errno));
	rc = inst_archive_unpack_fd(fd, format, name, into, limits, err);
	close(fd);
	return rc;
}
