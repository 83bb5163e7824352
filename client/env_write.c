#include "weir/env_write.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_cnd.h"
#include "env_edit.h"
#include "env_file.h"
#include "env_part.h"
#include "holder.h"
#include "weir/time.h"

enum {
	REDO_MAX = 20,
	NAP_MS = 20,
	SEEN_MAX = 16,
	ODD_MAX = 8, /* times that such a one is taken for a loss */
	LOCK_AGAIN_MAX = 1000,
};

/* A file that has nothing yet, as every version of Metaflow reads it. */
static const char fresh[] =
	"{\"version\": 1, \"mappings\": {}, \"mutable_aliases\": {}, "
	"\"aliases\": {}, \"environments\": {}}";

struct writer {
	const struct weir_env_write *w;
	char *path; /* where the file really is: links followed */
	int fd;     /* open and locked; -1 */
	struct stat st;
	/* Defaults that stood there before ours: who brings them back has lost it. */
	char *seen[WEIR_ENV_CHOICES_MAX][SEEN_MAX];
	size_t n_seen[WEIR_ENV_CHOICES_MAX];
	/* Environments that were there when ours was written; odd: others of them. */
	struct env_spot_id *ids[WEIR_ENV_CHOICES_MAX];
	int n_odd[WEIR_ENV_CHOICES_MAX];
	struct arena arena;
	bool again; /* it was written before: what was lost, only */
	struct weir_err *err;
};

enum fate { THERE, OVERTAKEN, DAMAGED, LOST };

static enum fate fate_of(struct writer *k, size_t i, struct str text);

static bool
stopped(const struct writer *k)
{
	return k->w->stop && k->w->stop(k->w->arg);
}

static enum weir_rc
fail_errno(struct writer *k)
{
	return weir_fail(k->err, WEIR_EFAIL, "%s: %s", k->path, strerror(errno));
}

static enum weir_rc
refuse_owner(struct writer *k, uid_t owner)
{
	const struct passwd *p = getpwuid(owner);

	return weir_fail(k->err, WEIR_EREFUSED,
		"%s: it belongs to %s, who alone may replace it", k->path,
		p ? p->pw_name : "somebody else");
}

/* ---- the lock */

static enum weir_rc
fail_busy(struct writer *k)
{
	struct buf who = BUF_INIT(1024);
	long pid = holder_of_flock(&k->st);

	if (pid)
		holder_add(&who, pid);
	else
		buf_adds(&who, "another process");
	weir_fail(k->err, WEIR_EBUSY, "%s: %s holds its lock", k->path, buf_cstr(&who));
	buf_release(&who);
	return pid ? WEIR_EBUSY : weir_hint(k->err, "fuser %s   (names it)", k->path);
}

static enum weir_rc
take_lock(struct writer *k, int64_t end_us)
{
	while (flock(k->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail_errno(k);
		if (stopped(k))
			return weir_fail(k->err, WEIR_EINTR, "interrupted");
		if (weir_monotonic_us() >= end_us)
			return fail_busy(k);
		weir_nap(NAP_MS);
	}
	return WEIR_OK;
}

static void
unlock(struct writer *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

static bool
may_make(const struct writer *k)
{
	for (size_t i = 0; i < k->w->n; i++)
		if (k->w->v[i].object.len)
			return true;
	return false;
}

static enum weir_rc
open_it(struct writer *k)
{
	struct stat st;

	k->fd = open(k->path,
		O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
			(may_make(k) ? O_CREAT : 0),
		0666);
	if (k->fd < 0 && errno == EACCES && stat(k->path, &st) == 0 &&
		st.st_uid != geteuid())
		return refuse_owner(k, st.st_uid);
	if (k->fd < 0 && errno == ENOENT)
		return weir_fail(k->err, WEIR_ENOTFOUND, "%s: there is none", k->path);
	if (k->fd < 0 || fstat(k->fd, &k->st) != 0)
		return fail_errno(k);
	if (!S_ISREG(k->st.st_mode))
		return weir_fail(k->err, WEIR_EFAIL, "%s: not a file", k->path);
	if (k->st.st_uid != geteuid())
		return refuse_owner(k, k->st.st_uid);
	return WEIR_OK;
}

/* A link that led nowhere leads to the file that was made just now. */
static void
follow(struct writer *k)
{
	char *real = realpath(k->path, NULL);

	if (real) {
		free(k->path);
		k->path = real;
	}
}

/* Open and locked, and nobody has put another in its place. */
static enum weir_rc
lock_it(struct writer *k)
{
	int ms = k->w->lock_ms ? k->w->lock_ms : WEIR_ENV_LOCK_MS;
	int64_t end = weir_monotonic_us() + (int64_t)ms * 1000;
	enum weir_rc rc;

	for (int i = 0; i < LOCK_AGAIN_MAX; i++) {
		rc = open_it(k);
		if (!rc)
			rc = take_lock(k, end);
		if (rc)
			return rc;
		follow(k);
		if (env_part_is_current(k->path, &k->st))
			return fstat(k->fd, &k->st) == 0 ? WEIR_OK : fail_errno(k);
		unlock(k);
	}
	return weir_fail(k->err, WEIR_EBUSY,
		"%s: others replace it faster than it can be locked", k->path);
}

/* ---- reading */

static enum weir_rc
read_locked(struct writer *k, struct buf *out)
{
	static const struct env_cnd_ops none = { .env = NULL };
	char *bytes = xmalloc(1 << 20);
	enum weir_rc rc = WEIR_OK;
	off_t where = 0;
	bool cut;
	ssize_t n;

	while ((n = pread(k->fd, bytes, 1 << 20, where)) > 0 ||
		(n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		buf_add(out, bytes, (size_t)n);
		where += n;
	}
	free(bytes);
	if (n < 0)
		return fail_errno(k);
	if (out->truncated)
		return weir_fail(k->err, WEIR_ETOOBIG,
			"%s: more than %d MB, the most that is read", k->path,
			WEIR_ENV_FILE_MAX >> 20);
	if (!out->len)
		buf_adds(out, fresh);
	rc = env_cnd_read(buf_str(out), &none, NULL, &cut, k->err);
	return rc ? weir_prefix(k->err, "%s", k->path) : WEIR_OK;
}

static void
see_ids(struct writer *k, size_t i, const struct env_spot_id *ids)
{
	for (; ids; ids = ids->next) {
		struct env_spot_id *copy = arena_alloc(&k->arena, sizeof(*copy));
		struct str s = ids->id;

		*copy = (struct env_spot_id){
			{ arena_strndup(&k->arena, s.s, s.len), s.len }, k->ids[i]
		};
		k->ids[i] = copy;
	}
}

static void
see(struct writer *k, size_t i, struct str chosen)
{
	char *old = xstrndup(chosen.s ? chosen.s : "", chosen.len);
	bool known = k->w->v[i].full_id && strcmp(old, k->w->v[i].full_id) == 0;

	for (size_t j = 0; !known && j < k->n_seen[i]; j++)
		known = strcmp(k->seen[i][j], old) == 0;
	if (known || k->n_seen[i] == SEEN_MAX)
		free(old);
	else
		k->seen[i][k->n_seen[i]++] = old;
}

/* ---- writing */

static enum weir_rc
tell_old(struct writer *k, const struct weir_env_choice *c, struct str chosen)
{
	char *old;
	enum weir_rc rc;

	if (!k->w->old)
		return WEIR_OK;
	old = chosen.s ? xstrndup(chosen.s, chosen.len) : NULL;
	rc = k->w->old(k->w->arg, c, old, k->again, k->err);
	free(old);
	return rc;
}

typedef enum weir_rc edit_fn(struct str text, const struct weir_env_choice *c,
	struct buf *out, bool *ret_changed, struct weir_err *err);

static enum weir_rc
apply(struct writer *k, edit_fn *edit, const struct weir_env_choice *c,
	struct buf *text, bool *ret_changed)
{
	struct buf next = BUF_INIT(WEIR_ENV_FILE_MAX);
	bool changed = false;
	enum weir_rc rc = edit(buf_str(text), c, &next, &changed, k->err);

	if (rc)
		(void)weir_prefix(k->err, "%s", k->path);
	if (rc || !changed) {
		buf_release(&next);
		return rc;
	}
	buf_release(text);
	*text = next;
	*ret_changed = true;
	return WEIR_OK;
}

static enum weir_rc
edit_one(struct writer *k, size_t i, struct buf *text, bool *ret_changed)
{
	const struct weir_env_choice *c = &k->w->v[i];
	struct arena arena = { 0 };
	struct env_spot spot;
	enum weir_rc rc = env_edit_find(buf_str(text), c, &arena, &spot, k->err);

	if (rc) {
		(void)weir_prefix(k->err, "%s", k->path);
		goto out;
	}
	see(k, i, spot.chosen);
	if (!k->again)
		see_ids(k, i, spot.ids);
	rc = tell_old(k, c, spot.chosen);
	if (!rc)
		rc = apply(k, env_edit, c, text, ret_changed);
	if (!rc && c->full_id && !spot.has_object)
		rc = apply(k, env_edit_alias, c, text, ret_changed);
out:
	arena_free(&arena);
	return rc;
}

/* Each choice in turn; *text is what comes of it. */
static enum weir_rc
edit_all(struct writer *k, struct buf *text, bool *ret_changed)
{
	enum weir_rc rc = WEIR_OK;

	*ret_changed = false;
	for (size_t i = 0; !rc && i < k->w->n; i++)
		if (!k->again || fate_of(k, i, buf_str(text)) != OVERTAKEN)
			rc = edit_one(k, i, text, ret_changed);
	return rc;
}

/* What is to be written must be what every reader can read. */
static enum weir_rc
check(struct writer *k, struct str text)
{
	static const struct env_cnd_ops none = { .env = NULL };
	bool cut;
	enum weir_rc rc = env_cnd_read(text, &none, NULL, &cut, k->err);

	return rc ? weir_prefix(k->err, "%s: not written: it would be damaged", k->path)
		  : WEIR_OK;
}

/* Once; *ret_done false: somebody replaced the file meanwhile. */
static enum weir_rc
write_once(struct writer *k, bool *ret_done, bool *ret_changed)
{
	struct buf text = BUF_INIT(WEIR_ENV_FILE_MAX);
	enum weir_rc rc = lock_it(k);

	if (!rc)
		rc = read_locked(k, &text);
	if (!rc)
		rc = edit_all(k, &text, ret_changed);
	if (!rc && *ret_changed)
		rc = check(k, buf_str(&text));
	if (!rc && *ret_changed && k->w->note)
		rc = k->w->note(k->w->arg, k->err);
	if (!rc && *ret_changed)
		rc = env_part_replace(
			k->path, &k->st, buf_str(&text), ret_done, k->err);
	else
		*ret_done = true;
	unlock(k);
	buf_release(&text);
	return rc;
}

/* ---- is it still there? */

/*
 * Is what stands there now what a writer remembered? One that stood there before ours
 * is; one that is new in the file is a choice. Of the others it cannot be told: that
 * Metaflow remembers them is likelier, but weirs that do not see each other's notes
 * must not fight.
 */
static bool
is_back(struct writer *k, size_t i, struct str chosen)
{
	const struct weir_env_choice *c = &k->w->v[i];
	bool known = !c->full_id || !chosen.s;

	if (k->w->later && k->w->later(k->w->arg, c))
		return false;
	for (size_t j = 0; !known && j < k->n_seen[i]; j++)
		known = str_eq(chosen, k->seen[i][j]);
	if (known)
		return true;
	for (const struct env_spot_id *id = k->ids[i]; id && !known; id = id->next)
		known = str_equal(id->id, chosen);
	return known && k->n_odd[i]++ < ODD_MAX;
}

static enum fate
fate_of(struct writer *k, size_t i, struct str text)
{
	const struct weir_env_choice *c = &k->w->v[i];
	struct arena arena = { 0 };
	struct env_spot s;
	enum fate fate;

	if (env_edit_find(text, c, &arena, &s, NULL))
		fate = DAMAGED;
	else if (!c->full_id && !s.chosen.s)
		fate = THERE;
	else if (c->full_id && s.chosen.s && str_eq(s.chosen, c->full_id))
		fate = s.has_object ? THERE : LOST;
	else
		fate = is_back(k, i, s.chosen) ? LOST : OVERTAKEN;
	arena_free(&arena);
	return fate;
}

static enum fate
look_again(struct writer *k)
{
	struct env_file file = { 0 };
	enum fate worst = THERE;

	if (env_file_read(k->path, &file, NULL))
		return LOST;
	for (size_t i = 0; i < k->w->n; i++) {
		enum fate fate = fate_of(k, i, (struct str){ file.text, file.len });

		if (fate > worst)
			worst = fate;
	}
	env_file_release(&file);
	return worst;
}

/* After 0.1, 0.5 and 2 s: a writer that held the old file may have come in between. */
static enum weir_rc
watch(struct writer *k, enum fate *ret_fate)
{
	static const int naps[] = { 100, 400, 1500 };

	*ret_fate = THERE;
	for (size_t i = 0; i < N_ELEM(naps) && *ret_fate != LOST; i++) {
		weir_nap(naps[i]);
		if (stopped(k))
			return weir_fail(k->err, WEIR_EINTR,
				"interrupted: it is written, but others may have "
				"undone it");
		*ret_fate = look_again(k);
	}
	return *ret_fate == DAMAGED ? weir_fail(k->err, WEIR_EBADDATA,
					      "%s: it was written, and damaged by "
					      "another writer since",
					      k->path)
				    : WEIR_OK;
}

static enum weir_rc
write_until(struct writer *k, struct weir_env_written *r)
{
	for (int i = 0; i < REDO_MAX; i++) {
		bool done = false, changed = false;
		enum fate fate = THERE;
		enum weir_rc rc = write_once(k, &done, &changed);

		if (!rc && done && (changed || k->again))
			rc = watch(k, &fate);
		if (rc)
			return rc;
		if (!done)
			continue;
		r->changed = r->changed || changed;
		r->overtaken = fate == OVERTAKEN;
		if (fate != LOST)
			return WEIR_OK;
		k->again = true;
		r->redone++;
	}
	return weir_fail(k->err, WEIR_EBUSY,
		"%s: written %d times, and each time another process put the old "
		"content back",
		k->path, REDO_MAX);
}

enum weir_rc
weir_env_write(const struct weir_env_write *w, struct weir_env_written *ret,
	struct weir_err *err)
{
	struct writer k = { .w = w, .fd = -1, .err = err };
	struct weir_env_written r = { .changed = false };
	enum weir_rc rc;

	if (w->n > WEIR_ENV_CHOICES_MAX)
		return weir_fail(err, WEIR_ETOOBIG, "more than %d defaults at a time",
			WEIR_ENV_CHOICES_MAX);
	k.path = realpath(w->file, NULL);
	if (!k.path)
		k.path = xstrdup(w->file);
	rc = write_until(&k, &r);
	for (size_t i = 0; i < w->n; i++)
		for (size_t j = 0; j < k.n_seen[i]; j++)
			free(k.seen[i][j]);
	arena_free(&k.arena);
	free(k.path);
	if (!rc)
		*ret = r;
	return rc;
}

enum weir_rc
weir_env_default(const char *file, const char *arch, const char *req_id, char **ret_id,
	struct weir_err *err)
{
	const struct weir_env_choice c = { .arch = arch, .req_id = req_id };
	struct env_file text = { 0 };
	struct arena arena = { 0 };
	struct env_spot s = { .chosen = { NULL, 0 } };
	enum weir_rc rc = env_file_read(file, &text, err);

	if (rc == WEIR_ENOTFOUND) { /* no file: no default */
		*ret_id = NULL;
		return WEIR_OK;
	}
	if (!rc && text.len)
		rc = env_edit_find(
			(struct str){ text.text, text.len }, &c, &arena, &s, err);
	if (!rc)
		*ret_id = s.chosen.s ? xstrndup(s.chosen.s, s.chosen.len) : NULL;
	arena_free(&arena);
	env_file_release(&text);
	return rc;
}
