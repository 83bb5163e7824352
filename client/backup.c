#include "weir/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alive.h"
#include "bell.h"
#include "db_make.h"
#include "holder.h"
#include "migrate.h"
#include "weir/file.h"
#include "weir/store.h"

#define SQLITE_HEAD "SQLite format 3" /* with its NUL */

enum { PART_TRIES = 3 };

static enum weir_rc
check_profile(const struct weir_config *config, const char *what, struct weir_err *err)
{
	if (weir_config_embedded(config))
		return WEIR_OK;
	weir_fail(err, WEIR_EUSAGE,
		"%s: profile %s is a server's: only the embedded store is %s", what,
		weir_config_name(config),
		strcmp(what, "backup") == 0 ? "backed up" : "restored");
	return weir_hint(err, "weir --profile embedded %s FILE", what);
}

static enum weir_rc
fail_file(const char *what, const char *file, int why, struct weir_err *err)
{
	weir_fail(err, WEIR_EFAIL, "%s: %s: %s", what, file, strerror(why));
	return weir_hint(err, "ls -l %s", file);
}

static enum weir_rc
fail_there(const char *file, struct weir_err *err)
{
	weir_fail(err, WEIR_EREFUSED, "backup: %s: is there already", file);
	return weir_hint(err, "weir backup %s.2", file);
}

static int64_t
size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* All pages of one into the other, as one transaction. */
static enum weir_rc
copy(struct db *from, sqlite3 *to, const char *file, struct weir_err *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from->sqlite, "main");
	int code = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;

	if (b)
		sqlite3_backup_finish(b);
	if (code == SQLITE_DONE)
		return WEIR_OK;
	weir_fail(err, WEIR_EDB, "cannot write %s: %s", file,
		code == SQLITE_BUSY || code == SQLITE_LOCKED
			? "locked by another process"
			: sqlite3_errmsg(to));
	return weir_hint(err, "df %s", file);
}

/* ---- backup */

/* A file of one piece, without a WAL beside it. */
static enum weir_rc
write_copy(struct db *from, const char *part, struct weir_err *err)
{
	sqlite3 *to = NULL;
	enum weir_rc rc = WEIR_OK;

	if (sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		rc = weir_fail(
			err, WEIR_EDB, "cannot write %s: %s", part, sqlite3_errmsg(to));
	if (!rc)
		rc = copy(from, to, part, err);
	if (!rc && sqlite3_exec(to, sql_text[SQL_EMB_ONE_FILE], NULL, NULL, NULL) !=
			   SQLITE_OK)
		rc = weir_fail(
			err, WEIR_EDB, "cannot write %s: %s", part, sqlite3_errmsg(to));
	sqlite3_close(to);
	return rc;
}

static enum weir_rc
sync_file(const char *file, struct weir_err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	enum weir_rc rc = WEIR_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = fail_file("cannot write", file, errno, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Not over one that is there; errno says why not. Some file systems have no links. */
static bool
give_name(const char *part, const char *file)
{
	int fd, why;

	if (link(part, file) == 0)
		return true;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return false;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	if (rename(part, file) == 0)
		return true;
	why = errno;
	(void)unlink(file);
	errno = why;
	return false;
}

/* ---- the file beside it */

/* Whose it is: a backup of it at work has it locked. */
enum part { PART_MADE, PART_AT_WORK, PART_LEFT, PART_FOREIGN, PART_FAILED };

static enum weir_rc
fail_part(enum part whose, const char *file, const char *part, long pid,
	struct weir_err *err)
{
	if (whose == PART_FAILED) {
		weir_fail(err, WEIR_EFAIL, "backup: %s: %s", file, strerror(errno));
		return weir_hint(err, "a file in a folder that can be written");
	}
	if (whose == PART_FOREIGN) {
		weir_fail(err, WEIR_EREFUSED,
			"backup: %s: is there already, and is no backup", part);
		return weir_hint(err, "weir backup %s.2", file);
	}
	if (pid)
		weir_fail(err, WEIR_EREFUSED,
			"backup: %s: another backup is writing it (process %ld)", part,
			pid);
	else
		weir_fail(err, WEIR_EREFUSED,
			"backup: %s: another backup is writing it", part);
	return weir_hint(err, "weir backup %s.2", file);
}

/* fd is what now has that name. */
static bool
is_named(int fd, const char *path, struct stat *ret_st)
{
	struct stat there;

	return fstat(fd, ret_st) == 0 && lstat(path, &there) == 0 &&
	       there.st_dev == ret_st->st_dev && there.st_ino == ret_st->st_ino;
}

/* A copy of pages that was begun: the first of them may not be there yet. */
static bool
is_begun(int fd, const struct stat *st)
{
	static const char none[sizeof(SQLITE_HEAD)];
	char head[sizeof(SQLITE_HEAD)];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	return S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	       (n == 0 || (n == (ssize_t)sizeof(head) &&
				  (memcmp(head, SQLITE_HEAD, sizeof(head)) == 0 ||
					  memcmp(head, none, sizeof(head)) == 0)));
}

static void
remove_part(const char *part)
{
	char *journal = xasprintf("%s-journal", part);

	(void)unlink(journal);
	(void)unlink(part);
	free(journal);
}

/* What a backup that was killed left; it may have its name already, so not over it. */
static enum part
remove_left(const char *part, long *ret_pid)
{
	int fd = open(part, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum part whose = PART_FOREIGN;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? PART_LEFT : PART_FOREIGN;
	if (!is_named(fd, part, &st) || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		*ret_pid = holder_of_flock(&st);
		whose = PART_AT_WORK;
	} else if (is_named(fd, part, &st) && is_begun(fd, &st)) {
		remove_part(part);
		whose = PART_LEFT;
	}
	close(fd);
	return whose;
}

/* Made, and locked until *ret_fd is closed. */
static enum part
make_part(const char *part, int *ret_fd, long *ret_pid)
{
	enum part whose = PART_LEFT;
	struct stat st;
	int fd = -1;

	for (int i = 0; whose == PART_LEFT && i < PART_TRIES; i++) {
		fd = open(
			part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 && errno != EEXIST)
			return PART_FAILED;
		if (fd >= 0)
			break;
		whose = remove_left(part, ret_pid);
	}
	if (fd < 0)
		return whose == PART_LEFT ? PART_AT_WORK : whose;
	/* another may have taken it for left behind meanwhile */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || !is_named(fd, part, &st)) {
		close(fd);
		return PART_AT_WORK;
	}
	*ret_fd = fd;
	return PART_MADE;
}

/* Beside it first: there is never half a backup. */
static enum weir_rc
backup_to(struct db *from, const char *file, struct weir_err *err)
{
	char *part = xasprintf("%s.part", file);
	long pid = 0;
	int fd = -1;
	enum part whose = make_part(part, &fd, &pid);
	struct stat st;
	enum weir_rc rc;

	if (whose != PART_MADE) {
		rc = fail_part(whose, file, part, pid, err);
		free(part);
		return rc;
	}
	rc = write_copy(from, part, err);
	if (!rc)
		rc = sync_file(part, err);
	if (!rc && !give_name(part, file))
		rc = errno == EEXIST ? fail_there(file, err)
				     : fail_file("backup", file, errno, err);
	if (is_named(fd, part, &st))
		remove_part(part);
	close(fd);
	if (!rc)
		weir_sync_folder_of(file);
	free(part);
	return rc;
}

enum weir_rc
weir_backup(const struct weir_config *config, const char *file, int64_t *ret_bytes,
	struct weir_err *err)
{
	struct db db = { 0 };
	enum weir_rc rc = check_profile(config, "backup", err);

	if (!rc && access(file, F_OK) == 0)
		rc = fail_there(file, err);
	if (rc)
		return rc;
	rc = db_open(weir_config_store(config), DB_EMBEDDED, DB_READ, &db, err);
	if (rc)
		return rc;
	rc = backup_to(&db, file, err);
	db_close(&db);
	if (!rc)
		*ret_bytes = size_of(file);
	return rc;
}

/* ---- restore */

static enum weir_rc
one_text(struct db *db, enum sql_id id, const char *key, char **ret,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, id, &st, err);

	*ret = NULL;
	if (rc)
		return rc;
	if (key)
		db_bind_str(st, 1, str_of(key));
	rc = db_step(db, st, &row, err);
	if (!rc && row && db_str(st, 0).s)
		*ret = str_copy(db_str(st, 0));
	db_reset(st);
	return rc;
}

static enum weir_rc
fail_copy(const char *file, const char *why, struct weir_err *err)
{
	weir_fail(err, WEIR_EDB, "restore: %s: %s", file, why);
	return weir_hint(err, "weir restore FILE, of a weir backup");
}

/* Sound, an embedded store, and not of a newer weir. */
static enum weir_rc
check_copy(struct db *db, const char *file, struct weir_err *err)
{
	char *address = NULL, *said = NULL;
	bool old = false;
	enum weir_rc rc = migrate_check(db, &old, err);

	if (!rc)
		rc = one_text(db, SQL_CHECK, NULL, &said, err);
	if (!rc && !str_eq(str_of(said), "ok"))
		rc = weir_fail(
			err, WEIR_EDB, "%s: it is damaged: %s", file, said ? said : "");
	if (!rc && one_text(db, SQL_META_GET, "address", &address, err))
		address = NULL; /* it has no such table */
	if (!rc && !str_eq(str_of(address), WEIR_STORE_EMBEDDED))
		rc = fail_copy(file, "it is not an embedded store", err);
	free(address);
	free(said);
	return rc;
}

static enum weir_rc
check_workers(const char *path, struct weir_err *err)
{
	pid_t pid = alive_any(path);

	if (!pid)
		return WEIR_OK;
	weir_fail(err, WEIR_EREFUSED,
		"restore: %s: a worker is at work on it (process %ld)", path,
		(long)pid);
	return weir_hint(err, "kill %ld   (it ends when its runs have)", (long)pid);
}

/* What is damaged is kept beside it, with its WAL. */
static enum weir_rc
keep_damaged(const char *path, struct weir_err *err)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	int64_t now = weir_now_us();
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(parts); i++) {
		char *from = xasprintf("%s%s", path, parts[i]);
		char *to =
			xasprintf("%s.damaged-%lld%s", path, (long long)now, parts[i]);

		if (rename(from, to) != 0 && errno != ENOENT)
			rc = fail_file("cannot rename", from, errno, err);
		free(from);
		free(to);
	}
	return rc;
}

static enum weir_rc
open_target(const char *path, struct db *to, struct weir_err *err)
{
	enum weir_rc rc = db_make(path, DB_EMBEDDED, err);

	if (!rc)
		rc = db_open(path, DB_EMBEDDED, DB_WRITE, to, err);
	if (!rc || !to->damaged)
		return rc;
	*to = (struct db){ 0 };
	rc = keep_damaged(path, err);
	if (!rc)
		rc = db_make(path, DB_EMBEDDED, err);
	return rc ? rc : db_open(path, DB_EMBEDDED, DB_WRITE, to, err);
}

/* The backup, open, if it may be restored. */
static enum weir_rc
open_copy(const struct weir_config *config, const char *file, struct db *ret,
	struct weir_err *err)
{
	enum weir_rc rc = check_profile(config, "restore", err);

	if (!rc && access(file, R_OK) != 0)
		rc = fail_file("restore", file, errno, err);
	if (!rc)
		rc = check_workers(weir_config_store(config), err);
	if (!rc)
		rc = db_open(file, DB_EMBEDDED, DB_READ, ret, err);
	if (rc)
		return rc;
	rc = check_copy(ret, file, err);
	if (rc)
		db_close(ret);
	return rc;
}

enum weir_rc
weir_restore_check(
	const struct weir_config *config, const char *file, struct weir_err *err)
{
	struct db from = { 0 };
	enum weir_rc rc = open_copy(config, file, &from, err);

	if (!rc)
		db_close(&from);
	return rc;
}

enum weir_rc
weir_restore(const struct weir_config *config, const char *file, int64_t *ret_bytes,
	struct weir_err *err)
{
	const char *path = weir_config_store(config);
	struct db from = { 0 }, to = { 0 };
	enum weir_rc rc = open_copy(config, file, &from, err);

	if (rc)
		return rc;
	rc = check_workers(path, err); /* to check the copy took its time */
	if (!rc)
		rc = open_target(path, &to, err);
	if (!rc)
		rc = copy(&from, to.sqlite, path, err);
	if (!rc)
		*ret_bytes = size_of(file);
	if (to.path)
		db_close(&to);
	db_close(&from);
	if (!rc)
		bell_ring(path);
	return rc;
}
