#include "weir/env_code.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dyn.h"
#include "inst_archive.h"
#include "inst_full.h"
#include "inst_sum.h"
#include "inst_tmp.h"
#include "mf_id.h"
#include "store_write.h"
#include "weir/config.h"
#include "weir/json.h"

enum { SHA_TEXT = 2 * DYN_SHA1_SIZE, READ_SIZE = 256 << 10 };

/* ---- what a task remembers */

/* A member that is text; owned, "" for none. */
static char *
member(const struct weir_json *o, const char *name)
{
	return str_copy(weir_json_text(weir_json_get(o, name)));
}

static bool
is_sha(const char *s)
{
	return strlen(s) == SHA_TEXT && strspn(s, "0123456789abcdef") == SHA_TEXT;
}

/* `code-package` among the members of a task: JSON text within. */
static bool
take_rest(struct str rest, struct weir_env_code *c)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct weir_json *members = NULL, *value = NULL;
	bool ok;

	buf_addf(&text, "{%.*s}", (int)rest.len, rest.s);
	ok = !weir_json_parse(buf_str(&text), &members, NULL) &&
	     !weir_json_parse(weir_json_text(weir_json_get(members, "code-package")),
		     &value, NULL);
	if (ok) {
		c->sha = member(value, "sha");
		c->location = member(value, "location");
		ok = is_sha(c->sha);
	}
	weir_json_free(members);
	weir_json_free(value);
	buf_release(&text);
	return ok;
}

static enum weir_rc
remembered(struct weir_store *s, const struct str parts[MF_PARTS], size_t n,
	struct weir_env_code *c, struct weir_err *err)
{
	struct db *db = store_db(s);
	sqlite3_stmt *st = NULL;
	struct weir_id run;
	bool row = false, found = false;
	enum weir_rc rc = mf_id(parts, 2, &run, err);

	if (!rc)
		rc = db_get(db, SQL_MF_CODE, &st, err);
	if (rc)
		return rc;
	db_bind_id(st, 1, &run);
	db_bind_str(st, 2, n > 2 ? parts[2] : STR(""));
	while (!found && !(rc = db_step(db, st, &row, err)) && row) {
		weir_env_code_release(c);
		found = take_rest(db_str(st, 1), c);
		c->task = str_copy(db_str(st, 0));
	}
	db_reset(st);
	if (!rc && !found)
		rc = weir_fail(err, WEIR_ENOTFOUND,
			"%.*s/%.*s: the run has no code package", (int)parts[0].len,
			parts[0].s, (int)parts[1].len, parts[1].s);
	return rc;
}

/* ---- the bytes */

static enum weir_rc
bad(const struct weir_env_code *c, enum weir_rc rc, const char *why,
	struct weir_err *err)
{
	return weir_fail(err, rc, "code package of %s: %s: %s", c->task, c->path, why);
}

static enum weir_rc
sum(const struct weir_env_code *c, char hex[SHA_TEXT + 1], struct weir_err *err)
{
	struct dyn_crypto lib;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *bytes = xmalloc(READ_SIZE);
	EVP_MD_CTX *md = NULL;
	ssize_t n = 1;
	bool ok;
	enum weir_rc rc = dyn_crypto_load(&lib, err);

	if (!rc)
		md = lib.EVP_MD_CTX_new();
	ok = md && lib.EVP_DigestInit_ex(md, lib.EVP_sha1(), NULL);
	for (int64_t at = 0; ok && n > 0; at += n) {
		n = pread(c->fd, bytes, READ_SIZE, (off_t)at);
		ok = n >= 0 && (n == 0 || lib.EVP_DigestUpdate(md, bytes, (size_t)n));
	}
	ok = ok && lib.EVP_DigestFinal_ex(md, digest, NULL);
	if (ok)
		inst_sum_hex(digest, DYN_SHA1_SIZE, hex);
	else if (!rc)
		rc = bad(c, WEIR_EFAIL, "its hash cannot be taken", err);
	if (md)
		lib.EVP_MD_CTX_free(md);
	free(bytes);
	return rc;
}

static enum weir_rc
verify(struct weir_env_code *c, struct weir_err *err)
{
	char hex[SHA_TEXT + 1];
	struct stat st;
	enum weir_rc rc = WEIR_OK;

	if (fstat(c->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return bad(c, WEIR_EBADDATA, "not a file", err);
	c->size = (int64_t)st.st_size;
	if (c->size > WEIR_ENV_CODE_MAX)
		return bad(c, WEIR_ETOOBIG, "more than 1 GiB", err);
	rc = sum(c, hex, err);
	if (!rc && strcmp(hex, c->sha) != 0)
		rc = bad(c, WEIR_EBADDATA, "its bytes are not those of that name", err);
	return rc;
}

/* path is taken over. */
static bool
try_open(struct weir_env_code *c, char *path)
{
	c->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	free(c->path);
	c->path = path;
	return c->fd >= 0;
}

/* In the data store of the folder, else where Metaflow says. */
static enum weir_rc
open_it(struct weir_env_code *c, const struct weir_env_root *root, struct str flow,
	struct weir_err *err)
{
	struct buf shown = BUF_INIT(4096);
	const char *at = c->location;

	if (try_open(c, xasprintf("%s/%.*s/data/%.2s/%s", root->folder, (int)flow.len,
				flow.s, c->sha, c->sha)))
		return WEIR_OK;
	if (strncmp(at, "file://", 7) == 0)
		at += 7;
	if (*at == '/' && try_open(c, xstrdup(at)))
		return WEIR_OK;
	weir_url_mask(&shown, c->location);
	weir_fail(err, WEIR_ENOTFOUND, "code package of %s: not on this machine: %s",
		c->task, shown.len ? buf_cstr(&shown) : c->path);
	buf_release(&shown);
	return WEIR_ENOTFOUND;
}

enum weir_rc
weir_env_code_find(struct weir_store *runs, const struct weir_env_root *root,
	const char *pathspec, struct weir_env_code *ret, struct weir_err *err)
{
	struct str parts[MF_PARTS] = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
	size_t n = mf_id_split(str_of(pathspec), parts);
	struct weir_env_code c = { .fd = -1 };
	enum weir_rc rc;

	if (n < 2)
		return weir_fail(err, WEIR_ENOTFOUND, "%s: not of a run", pathspec);
	rc = remembered(runs, parts, n, &c, err);
	if (!rc)
		rc = open_it(&c, root, parts[0], err);
	if (!rc)
		rc = verify(&c, err);
	if (rc)
		weir_env_code_release(&c);
	else
		*ret = c;
	return rc;
}

void
weir_env_code_release(struct weir_env_code *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->task);
	free(c->sha);
	free(c->location);
	free(c->path);
	*c = (struct weir_env_code){ .fd = -1 };
}

/* ---- unpacked */

static bool
is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum weir_rc
refuse(const char *name, struct weir_err *err)
{
	(void)weir_fail(
		err, WEIR_EREFUSED, "code package: %s: it is there already", name);
	return weir_hint(err, "a folder that is empty, or not there");
}

/* What is in one folder into the other, if that has none of it. */
static enum weir_rc
move_all(int from, int to, struct weir_err *err)
{
	int again = dup(from);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *e;
	enum weir_rc rc = WEIR_OK;

	for (int pass = 0; dir && !rc && pass < 2; pass++) {
		rewinddir(dir);
		while (!rc && (e = readdir(dir))) {
			const char *name = e->d_name;

			if (!strcmp(name, ".") || !strcmp(name, ".."))
				continue;
			if (!pass && is_there(to, name))
				rc = refuse(name, err);
			else if (pass && renameat(from, name, to, name) != 0)
				rc = weir_fail(err, WEIR_EFAIL, "code package: %s: %s",
					name, strerror(errno));
		}
	}
	if (dir)
		closedir(dir);
	else if (again >= 0)
		close(again);
	return rc;
}

enum weir_rc
weir_env_code_unpack(struct weir_env_code *c, const char *dir, struct weir_err *err)
{
	char *tmp = inst_tmp_name(dir, "code"), *name;
	int from = -1, to = -1;
	enum weir_rc rc;

	name = xasprintf("code package of %s", c->task);
	rc = lseek(c->fd, 0, SEEK_SET) == 0 ? WEIR_OK
					    : bad(c, WEIR_EFAIL, strerror(errno), err);
	if (!rc)
		rc = inst_archive_unpack_fd(c->fd, INST_TAR_GZ, name, tmp, NULL, err);
	if (rc == WEIR_EFAIL && err)
		rc = inst_full_explain(err, dir, 0, "--into DIR");
	if (rc)
		goto out;
	from = open(tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	to = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = from < 0 || to < 0
		     ? weir_fail(err, WEIR_EFAIL, "%s: %s", dir, strerror(errno))
		     : move_all(from, to, err);
	if (inst_tree_remove(tmp, rc ? NULL : err) && !rc)
		rc = WEIR_EFAIL;
out:
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	free(name);
	free(tmp);
	return rc;
}
