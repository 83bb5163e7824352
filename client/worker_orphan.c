/*
 * Runs of workers of this machine that died: their folders are not locked. What still
 * runs of them is killed, what they printed is sent, then they are called crashed. What
 * was only asked for goes on where it was.
 */
#include <dirent.h>
#include <signal.h>

#include "marked.h"
#include "owner.h"
#include "weir/time.h"
#include "worker.h"

/* ---- processes */

/*
 * How long who writes to the spool of an orphan may go on, and how long he is waited
 * for: one that left its group and has no mark may have it open for ever.
 */
static const int64_t left_kill_us = 2000000, left_most_us = 4000000;
static const int64_t left_look_us = 2000;

static char *
variable_of(const struct worker_run *r)
{
	return xasprintf("PREFECT__FLOW_RUN_ID=%s", r->id_text);
}

size_t
worker_kill_marked(const struct worker_run *r)
{
	char *variable = variable_of(r);
	size_t n = marked_kill(variable, SIGKILL, 0, r->child.group);

	free(variable);
	return n;
}

/* The group of its command; 0: not known to be the one that was started then. */
static pid_t
group_of(const json_t *note)
{
	const char *owner = json_string_value(json_object_get(note, "owner"));
	json_int_t group = json_integer_value(json_object_get(note, "group"));
	bool lives = owner && group > 1 && owner_life(owner) == OWNER_LIVES;

	return lives ? (pid_t)group : 0;
}

static void
kill_all(const struct worker_run *r, const json_t *note)
{
	pid_t group = group_of(note);

	if (group)
		kill(-group, SIGKILL);
	(void)worker_kill_marked(r);
}

/* A `weir task` may not yet have written what it has read of its command. */
static void
kill_commands(struct worker_run *r, const json_t *note)
{
	char *variable = variable_of(r);

	marked_kill_others(variable, group_of(note));
	free(variable);
	r->left_us = weir_monotonic_us();
	worker_wake_at(r->w, 0);
}

bool
worker_orphan_is_still(struct worker_run *r, int64_t now_us)
{
	bool written = r->left_us && spool_is_written(&r->spool);
	int64_t since = now_us - r->left_us;

	if (!r->left_us)
		return true;
	if (!r->left_killed && (!written || since >= left_kill_us)) {
		(void)worker_kill_marked(r);
		r->left_killed = true;
	}
	if (written && since < left_most_us) {
		worker_wake_at(r->w, now_us + left_look_us);
		return false;
	}
	r->left_us = 0;
	return true;
}

/* ---- runs */

static const char *
said(const json_t *note, const char *name)
{
	const char *text = json_string_value(json_object_get(note, name));

	return text ? text : "";
}

static bool
is_phase(const json_t *note, const char *phase)
{
	return strcmp(said(note, "phase"), phase) == 0;
}

/* Its result, if the command ended and only that was not said. */
static void
take_end(struct worker_run *r, const json_t *note)
{
	const json_t *status = json_object_get(note, "status");

	/* the same transition, if it was proposed and only the answer is missing */
	(void)weir_id_parse(str_of(said(note, "transition")), &r->transition);
	if (!json_is_integer(status)) {
		r->stop = WORKER_LEFT;
		return;
	}
	r->child.status = (int)json_integer_value(status);
	r->reaped = true;
	r->stop = (enum worker_stop)json_integer_value(json_object_get(note, "stop"));
}

static void
adopt(struct worker_run *r, const json_t *note)
{
	struct weir_err err;

	if (is_phase(note, "claim") && strcmp(said(note, "pool"), r->w->pool) == 0 &&
		weir_id_parse(str_of(said(note, "transition")), &r->transition)) {
		r->late = true;
		worker_claim(r);
		return;
	}
	if (is_phase(note, "start") && strcmp(said(note, "pool"), r->w->pool) == 0 &&
		weir_id_parse(str_of(said(note, "transition")), &r->begun) &&
		!spool_open(&r->spool, r->dir, &err)) {
		kill_all(r, note);
		worker_claim_resume(r);
		return;
	}
	worker_say(
		r->w, WEIR_WORKER_WARNING, "%s: its worker died: it is ended", r->name);
	kill_commands(r, note);
	r->claimed = r->adopted = true;
	r->late = is_phase(note, "start");
	if (spool_open(&r->spool, r->dir, &err))
		r->spool.fd = -1;
	r->spool.tasks = true;
	/* What its worker was sending may be at the server, not yet in its store. */
	if (r->spool.doubt && !r->w->api->local)
		r->posted_us = weir_monotonic_us() + WORKER_AGAIN_US;
	take_end(r, note);
	r->step = WORKER_FLUSHES;
}

/* r has its folder and lock; whose it was is in the note. */
static void
look_at(struct worker_run *r)
{
	json_t *note = worker_note_read(r);

	if (note && strcmp(said(note, "host"), r->w->host) != 0) {
		worker_run_free(r); /* of another machine */
	} else if (r->w->burying && (!note || !is_phase(note, "run"))) {
		worker_run_free(r); /* a worker may go on with it */
	} else if (!note || is_phase(note, "due")) {
		worker_run_end(r);
	} else {
		free(r->name);
		r->name = xstrdup(said(note, "name"));
		adopt(r, note);
	}
	json_decref(note);
}

bool
worker_orphan_take(struct worker_run *r)
{
	json_t *note = worker_note_read(r);
	bool begun = note && !is_phase(note, "due");

	json_decref(note);
	if (begun)
		look_at(r);
	return begun;
}

static bool
is_ours(const struct worker *w, const struct weir_id *id)
{
	for (size_t i = 0; i < w->runs.n; i++)
		if (weir_id_cmp(&w->runs.v[i]->id, id) == 0)
			return true;
	return false;
}

void
worker_orphans(struct worker *w)
{
	DIR *dir = opendir(w->base);
	struct worker_run *r;
	struct weir_id id;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		worker_sweep_left(w, e->d_name);
		if (!weir_id_parse(str_of(e->d_name), &id) || is_ours(w, &id))
			continue;
		r = worker_run_new(w, json_pack("{s:s}", "id", e->d_name));
		if (worker_note_open(r, false))
			look_at(r);
		else
			worker_run_free(r);
	}
	if (dir)
		closedir(dir);
}

bool
worker_is_survived(const struct weir_config *config)
{
	char *base = worker_note_base(config);
	DIR *dir = base ? opendir(base) : NULL;
	bool found = false;
	struct weir_id id;
	struct dirent *e;

	while (!found && dir && (e = readdir(dir)))
		found = weir_id_parse(str_of(e->d_name), &id);
	if (dir)
		closedir(dir);
	free(base);
	return found;
}
