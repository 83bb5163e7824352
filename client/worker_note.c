/*
 * A run's folder: its lock, spool, parameters, and what the next worker must know if
 * this one dies: <state store's name>.runs/RUN/.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_out.h"
#include "owner.h"
#include "worker.h"

#define LOG_MODULE "worker"
#include "weir/file.h"
#include "weir/log.h"

static const char *const phase_names[] = {
	[WORKER_PHASE_DUE] = "due",
	[WORKER_PHASE_CLAIM] = "claim",
	[WORKER_PHASE_START] = "start",
	[WORKER_PHASE_RUN] = "run",
};

char *
worker_note_base(const struct weir_config *config)
{
	const char *state = weir_config_state(config);
	size_t n = state ? strlen(state) : 0;

	if (n > 3 && strcmp(state + n - 3, ".db") == 0)
		n -= 3;
	return state ? xasprintf("%.*s.runs", (int)n, state) : NULL;
}

/* ---- the lock */

static bool
make_folders(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)!mkdir(path, 0700);
		*p = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool
worker_note_open(struct worker_run *r, bool made)
{
	char *path = xasprintf("%s/lock", r->dir);
	struct stat here, there;
	bool ok = !made || make_folders(r->dir);

	r->lock = ok ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	ok = r->lock >= 0 && flock(r->lock, LOCK_EX | LOCK_NB) == 0;
	/* its last owner may have removed the folder meanwhile */
	ok = ok && fstat(r->lock, &here) == 0 && stat(path, &there) == 0 &&
	     here.st_ino == there.st_ino;
	if (!ok && r->lock >= 0) {
		close(r->lock);
		r->lock = -1;
		errno = EWOULDBLOCK;
	}
	free(path);
	return ok;
}

/* ---- what is noted */

/* The note's, and once that of the run's folder. */
static void
sync_names(const struct worker_run *r, const char *note)
{
	weir_sync_folder_of(note);
	if (!r->claimed)
		weir_sync_folder_of(r->dir);
}

/*
 * sync: a server would wait for ever for a run of which a power cut took the note. The
 * own store does not: worker_lost.
 */
static bool
write_whole(const struct worker_run *r, const char *text, bool sync)
{
	char *path = xasprintf("%s/note", r->dir), *part = xasprintf("%s.new", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && weir_write_all(fd, str_of(text));

	if (ok && sync)
		ok = fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	ok = ok && rename(part, path) == 0;
	if (!ok)
		LOG(LOG_ERROR, "%s: %s", path, strerror(errno));
	else if (sync)
		sync_names(r, path);
	free(path);
	free(part);
	return ok;
}

void
worker_note(struct worker_run *r, enum worker_phase phase)
{
	char transition[WEIR_ID_TEXT + 1];
	char *owner = r->child.group > 0 ? owner_of((long)r->child.group) : NULL;
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "phase",
		phase_names[phase], "pool", r->w->pool, "host", r->w->host, "name",
		r->name, "transition", weir_id_format(&r->transition, transition),
		"stop", (int)r->stop);
	char *text;

	if (r->child.group > 0) {
		json_object_set_new(j, "group", json_integer(r->child.group));
		json_object_set_new(j, "owner", json_string(owner ? owner : ""));
	}
	if (r->reaped && !r->pulling)
		json_object_set_new(j, "status", json_integer(r->child.status));
	text = json_out_text(j);
	if (text)
		(void)!write_whole(r, text,
			phase != WORKER_PHASE_DUE && !r->reaped && !r->w->api->local);
	free(text);
	free(owner);
	json_decref(j);
}

json_t *
worker_note_read(const struct worker_run *r)
{
	char *path = xasprintf("%s/note", r->dir);
	json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	free(path);
	return j;
}
