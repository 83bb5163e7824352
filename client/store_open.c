/* Opening, creating, refusing and setting aside; the sync lock. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_make.h"
#include "migrate.h"
#include "store_priv.h"
#include "weir/config.h"
#include "weir/store.h"

enum { ASK_EVERY = 1000 }; /* steps of SQLite's machine: about 0.1 ms */

enum { PLATFORM_PARAMS_MAX = 64 };

static enum weir_rc
take_lock(const char *path, int *ret_fd, struct weir_err *err)
{
	char *name = xasprintf("%s.lock", path);
	enum weir_rc rc = WEIR_OK;
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		rc = db_make_fail(DB_CACHE, "cannot lock the store", name, errno, err);
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		rc = weir_fail(err, WEIR_EBUSY, "another weir is syncing: %s", path);
	if (rc && fd >= 0)
		close(fd);
	if (!rc)
		*ret_fd = fd;
	free(name);
	return rc;
}

enum weir_rc
store_lock(struct weir_store *s, struct weir_err *err)
{
	return s->lock_fd >= 0 ? WEIR_OK : take_lock(s->db.path, &s->lock_fd, err);
}

void
store_unlock(struct weir_store *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}

static void
remove_beside(const char *path, const char *suffix)
{
	char *name = xasprintf("%s%s", path, suffix);

	unlink(name);
	free(name);
}

/* Rename the damaged file and its WAL, so that a new store can be begun. */
static enum weir_rc
set_aside(const char *path, char **ret_note, struct weir_err *err)
{
	char when[WEIR_TIME_TEXT];
	char *aside, *wal, *aside_wal;
	enum weir_rc rc = WEIR_OK;
	int lock = -1;

	rc = take_lock(path, &lock, err);
	if (rc == WEIR_EBUSY)
		return weir_fail(err, WEIR_EDB,
			"the store is damaged: %s: another weir is at work on it",
			path);
	if (rc)
		return rc;
	weir_time_format(weir_now_us() / WEIR_SECOND_US * WEIR_SECOND_US, when);
	aside = xasprintf("%s.damaged-%s", path, when);
	wal = xasprintf("%s-wal", path);
	aside_wal = xasprintf("%s-wal", aside);
	if (rename(path, aside) != 0)
		rc = weir_fail(err, WEIR_EDB,
			"cannot set the damaged store aside: %s: %s", path,
			strerror(errno));
	if (!rc) {
		rename(wal, aside_wal);
		remove_beside(path, "-shm");
		remove_beside(path, DB_DAMAGE_MARK);
		if (ret_note) {
			free(*ret_note);
			*ret_note = xasprintf("the store was damaged: set aside as %s, "
					      "a new one is filled",
				aside);
		}
	}
	close(lock);
	free(aside);
	free(wal);
	free(aside_wal);
	return rc;
}

/* What is set aside can be had again. */
static bool
may_set_aside(const struct weir_store *s, enum db_kind kind)
{
	return db_is_cache(kind) && s->db.damaged;
}

/* Is there a mark, and is it right? A wrong one is removed. */
static enum weir_rc
check_suspect(struct weir_store *s, struct weir_err *err)
{
	char *mark = xasprintf("%s" DB_DAMAGE_MARK, s->db.path);
	enum weir_rc rc = WEIR_OK;

	if (access(mark, F_OK) == 0) {
		rc = weir_store_check(s, err);
		if (rc == WEIR_OK)
			unlink(mark);
	}
	free(mark);
	return rc;
}

static enum weir_rc
check_address(struct weir_store *s, const char *address, struct weir_err *err)
{
	char *mine = weir_url_normalise(address);
	char *theirs = NULL;
	enum weir_rc rc = weir_store_text(s, "address", &theirs, err);

	if (!rc && !theirs && s->mode == WEIR_STORE_WRITE)
		rc = weir_store_set_text(s, "address", mine, err);
	else if (!rc && !theirs)
		rc = weir_fail(err, WEIR_ENOTFOUND, "no store yet: %s", s->db.path);
	else if (!rc && strcmp(mine, theirs) != 0) {
		rc = weir_fail(err, WEIR_EDB, "store: %s: it is of %s, not of %s",
			s->db.path, theirs, mine);
		weir_hint(err, "remove the file; it is a cache");
	}
	free(mine);
	free(theirs);
	return rc;
}

static void
set_platform_params(struct weir_store *s, const char *text)
{
	const char *p = text ? text : "";

	s->platform_params = xcalloc(PLATFORM_PARAMS_MAX, sizeof(char *));
	while (*p && s->n_platform_params < PLATFORM_PARAMS_MAX) {
		size_t n;

		p += strspn(p, ", \t");
		n = strcspn(p, ", \t");
		if (n)
			s->platform_params[s->n_platform_params++] = xstrndup(p, n);
		p += n;
	}
}

static enum weir_rc
begin_write(struct weir_store *s, const char *address, struct weir_err *err)
{
	enum weir_rc rc = migrate(&s->db, err);

	if (!rc)
		rc = check_suspect(s, err);
	if (!rc)
		rc = check_address(s, address, err);
	if (!rc)
		rc = db_exec_id(&s->db, SQL_PROBE, err);
	return rc;
}

static enum weir_rc
open_write(struct weir_store *s, const char *path, enum db_kind kind,
	const char *address, char **ret_note, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;
	bool again = true;

	while (!rc) {
		rc = db_make(path, kind, err);
		if (!rc)
			rc = db_open(path, kind, DB_WRITE, &s->db, err);
		if (!rc)
			rc = begin_write(s, address, err);
		if (!rc || !may_set_aside(s, kind) || !again)
			break;
		again = false;
		s->db.damaged = false;
		db_close(&s->db);
		rc = set_aside(path, ret_note, err);
	}
	return rc;
}

/* A store of an older weir is brought up to date first. */
static enum weir_rc
open_read(struct weir_store *s, const char *path, enum db_kind kind,
	const char *address, struct weir_err *err)
{
	struct db writer = { 0 };
	bool old = false;
	enum weir_rc rc = db_open(path, kind, DB_READ, &s->db, err);

	if (!rc)
		rc = migrate_check(&s->db, &old, err);
	if (rc)
		return rc;
	if (old && s->db.version == 0)
		return weir_fail(err, WEIR_ENOTFOUND, "no store yet: %s", path);
	if (old) {
		db_close(&s->db);
		rc = db_open(path, kind, DB_WRITE, &writer, err);
		if (!rc) {
			rc = migrate(&writer, err);
			db_close(&writer);
		}
		if (!rc)
			rc = db_open(path, kind, DB_READ, &s->db, err);
	}
	return rc ? rc : check_address(s, address, err);
}

static enum weir_rc
store_of(const char *path, enum db_kind kind, const char *address,
	const char *platform_params, enum weir_store_mode mode,
	struct weir_store **ret_store, char **ret_note, struct weir_err *err)
{
	struct weir_store *s = xcalloc(1, sizeof(*s));
	enum weir_rc rc;

	s->mode = mode;
	s->lock_fd = -1;
	if (mode == WEIR_STORE_READ) {
		rc = open_read(s, path, kind, address, err);
	} else {
		set_platform_params(s, platform_params);
		rc = open_write(s, path, kind, address, ret_note, err);
	}
	if (rc)
		weir_store_close(s);
	else
		*ret_store = s;
	return rc;
}

enum weir_rc
weir_store_open(const char *path, const char *address, const char *platform_params,
	enum weir_store_mode mode, struct weir_store **ret_store, char **ret_note,
	struct weir_err *err)
{
	return store_of(path, DB_CACHE, address, platform_params, mode, ret_store,
		ret_note, err);
}

enum weir_rc
weir_store_open_embedded(const char *path, const char *platform_params,
	enum weir_store_mode mode, struct weir_store **ret_store, struct weir_err *err)
{
	return store_of(path, DB_EMBEDDED, WEIR_STORE_EMBEDDED, platform_params, mode,
		ret_store, NULL, err);
}

enum weir_rc
store_open_metaflow(const char *path, const char *root, enum weir_store_mode mode,
	struct weir_store **ret_store, char **ret_note, struct weir_err *err)
{
	return store_of(path, DB_METAFLOW, root, NULL, mode, ret_store, ret_note, err);
}

void
weir_store_close(struct weir_store *s)
{
	if (!s)
		return;
	store_forget(s);
	store_unlock(s);
	weir_store_close(s->runs);
	db_close(&s->db);
	for (size_t i = 0; i < s->n_platform_params; i++)
		free(s->platform_params[i]);
	free(s->platform_params);
	for (size_t i = 0; s->found && i < STORE_FOUND; i++)
		store_found_release(&s->found[i]);
	free(s->found);
	free(s);
}

void
weir_store_interrupt(struct weir_store *s)
{
	if (s->beside)
		sqlite3_interrupt(s->beside->db.sqlite);
	sqlite3_interrupt(s->db.sqlite);
}

static int
ask(void *arg)
{
	const struct weir_store *s = arg;

	return s->cancelled && s->cancelled(s->cancelled_arg);
}

void
weir_store_ask(struct weir_store *s, bool (*cancelled)(void *arg), void *arg)
{
	s->cancelled = cancelled;
	s->cancelled_arg = arg;
	sqlite3_progress_handler(s->db.sqlite, cancelled ? ASK_EVERY : 0, ask, s);
	if (s->beside)
		weir_store_ask(s->beside, cancelled, arg);
}
