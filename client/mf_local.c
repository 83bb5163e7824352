/*
 * Metaflow's own files: <folder>/<Flow>/<run>/<step>/<task>, what is said of each in
 * `_meta` there. What is listed costs two looks at a run; a task that has not changed
 * is not read.
 *
 * Files may be anything: what is broken or odd is left out with a note, what vanishes
 * meanwhile is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mf_file.h"
#include "mf_source.h"

/* Times of files are no finer than a tick of the clock: what is this young may change
 * without that they show it. */
enum { RACY_US = 2 * WEIR_SECOND_US, NOTE_MAX = 1024, TOGETHER = 64 };

struct local {
	struct mf_source source;
	char *folder;
};

/* One call at work. */
struct walk {
	const struct mf_sink *sink;
	struct weir_err *err;
	const char *folder;    /* for notes */
	struct buf text;       /* of one file */
	struct arena arena;    /* of one flow, or one task */
	struct mf_names names; /* of one folder */
	int64_t now_us;        /* of files, not frozen */
};

static void WEIR_PRINTF(2, 3) note(struct walk *w, const char *fmt, ...)
{
	struct buf b = BUF_INIT(NOTE_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	w->sink->note(w->sink->arg, buf_cstr(&b));
	buf_release(&b);
}

static bool
is_gone(int why)
{
	return why == ENOENT || why == ENOTDIR;
}

/* Of files that are another's it is enough to hear once. */
static void
say_closed(struct walk *w, const char *where, const char *path, int why)
{
	if (is_gone(why))
		return;
	if (why == EACCES)
		note(w, "%s: what others may not read of it is left out", w->folder);
	else
		note(w, "%s/%s/%s: %s, left out", w->folder, where, path,
			why == EFBIG ? "more than 1 MB" : strerror(why));
}

/* A file that says something; what is not there says nothing. where: for the note. */
static bool
read_object(struct walk *w, int fd, const char *path, const char *where,
	struct arena *arena, struct mf_object *ret)
{
	buf_clear(&w->text);
	w->text.truncated = false;
	if (!mf_file_read(fd, path, &w->text)) {
		say_closed(w, where, path, errno);
		return false;
	}
	if (mf_object_parse(
		    (struct str){ arena_strndup(arena, buf_cstr(&w->text), w->text.len),
			    w->text.len },
		    arena, ret))
		return true;
	note(w, "%s/%s/%s: not a record of Metaflow, left out", w->folder, where, path);
	return false;
}

static int64_t
real_now_us(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * WEIR_SECOND_US + t.tv_nsec / 1000;
}

static bool
is_racy(const struct walk *w, const struct stat *st)
{
	return mf_file_us(st) > w->now_us - RACY_US;
}

/* ---- the list */

static enum weir_rc
tell_run(struct walk *w, int fd, struct str flow, const char *name)
{
	char self[MF_NAME_MAX + 32];
	struct mf_run run = { .flow = flow, .run = str_of(name) };
	struct stat st, meta;

	if (name[0] == '_' || !mf_id_is_name(run.run))
		return WEIR_OK;
	if (fstatat(fd, name, &st, 0) != 0 || !S_ISDIR(st.st_mode))
		return WEIR_OK;
	snprintf(self, sizeof(self), "%s/_meta/_self.json", name);
	if (fstatat(fd, self, &meta, 0) != 0)
		return WEIR_OK; /* `data`, or being made */
	run.at_us = mf_file_us(&st);
	if (!is_racy(w, &st) && !is_racy(w, &meta))
		run.mark = mf_file_mark(mf_file_mark(0, &st), &meta);
	return w->sink->run(w->sink->arg, &run);
}

static enum weir_rc
list_flow(struct walk *w, int root, const char *name)
{
	struct str flow = str_of(name);
	struct mf_object self;
	struct mf_names runs = { 0 };
	enum weir_rc rc = WEIR_OK;
	int fd = mf_file_folder(root, name), again;

	if (fd < 0) {
		if (errno == EACCES)
			note(w, "%s/%s: %s, left out", w->folder, name,
				strerror(errno));
		return WEIR_OK;
	}
	if (faccessat(fd, "_meta/_self.json", F_OK, 0) != 0 ||
		!read_object(w, fd, "_meta/_self.json", name, &w->arena, &self))
		goto out;
	self.flow = flow;
	rc = w->sink->flow(w->sink->arg, &self);
	again = mf_file_folder(fd, ".");
	if (again < 0 || !mf_file_names(again, &w->arena, &runs))
		goto out;
	for (size_t i = 0; !rc && i < runs.n; i++)
		rc = tell_run(w, fd, flow, runs.v[i]);
out:
	VEC_FREE(&runs);
	close(fd);
	return rc;
}

static void
walk_release(struct walk *w)
{
	buf_release(&w->text);
	arena_free(&w->arena);
	VEC_FREE(&w->names);
}

static enum weir_rc
list(struct mf_source *s, const struct mf_sink *sink, struct weir_err *err)
{
	struct local *l = (struct local *)s;
	struct walk w = { .sink = sink,
		.err = err,
		.folder = l->folder,
		.text = BUF_INIT(MF_OBJECT_MAX),
		.now_us = real_now_us() };
	struct arena arena = { 0 };
	struct mf_names flows = { 0 };
	enum weir_rc rc = WEIR_OK;
	int root = mf_file_folder(AT_FDCWD, l->folder);
	int again = root < 0 ? -1 : mf_file_folder(root, ".");

	if (again < 0 || !mf_file_names(again, &arena, &flows))
		rc = weir_fail(err, is_gone(errno) ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"Metaflow's runs: %s: %s", l->folder, strerror(errno));
	for (size_t i = 0; !rc && i < flows.n; i++) {
		arena_clear(&w.arena);
		if (flows.v[i][0] != '_' && mf_id_is_name(str_of(flows.v[i])))
			rc = list_flow(&w, root, flows.v[i]);
	}
	if (root >= 0)
		close(root);
	VEC_FREE(&flows);
	arena_free(&arena);
	walk_release(&w);
	return rc;
}

/* ---- one task */

/* What is read of the records: `sysmeta_<field>_<ms>.json`. */
static bool
is_wanted(const char *name)
{
	static const char head[] = "sysmeta_";
	static const char *const fields[] = { "attempt", "attempt_ok", "attempt-done",
		"code-package", "conda_env_id", "conda_env_prefix", "ds-root",
		"ds-type", "foreach-stack", "origin-run-id", "origin-task-id" };
	const char *field = name + sizeof(head) - 1, *end;

	if (strncmp(name, head, sizeof(head) - 1) != 0)
		return false;
	end = strrchr(field, '_');
	for (size_t i = 0; end && i < N_ELEM(fields); i++) {
		size_t n = strlen(fields[i]);

		if ((size_t)(end - field) == n && !memcmp(field, fields[i], n))
			return true;
	}
	return false;
}

VEC_TYPE(objects, struct mf_object);

static void
read_records(struct walk *w, int meta, const char *where, struct objects *ret)
{
	int again = mf_file_folder(meta, ".");
	struct mf_object o;

	if (again < 0 || !mf_file_names(again, &w->arena, &w->names))
		return;
	for (size_t i = 0; i < w->names.n; i++) {
		if (!is_wanted(w->names.v[i]) ||
			!read_object(w, meta, w->names.v[i], where, &w->arena, &o))
			continue;
		if (o.ts_us == WEIR_NO_TIME || !o.field.len)
			note(w, "%s/%s/%s: not a record of Metaflow, left out",
				w->folder, where, w->names.v[i]);
		else
			VEC_PUSH(ret, o);
	}
}

/* `<attempt>.<what>`; -1: it is no such name. */
static int
attempt_file(const char *name, const char **ret_what)
{
	char *end = NULL;
	long n = strtol(name, &end, 10);

	if (name[0] < '0' || name[0] > '9' || *end != '.' || n > 1 << 20)
		return -1;
	*ret_what = end + 1;
	return (int)n;
}

/* `{"return_code": 0, "killed": false, "success": true}`, of who started the task. */
static void
read_result(struct walk *w, int fd, struct mf_done *d)
{
	char name[32];
	struct pull p;
	struct str key;
	bool first = true, is_int;
	double v;
	int64_t code = 0;

	snprintf(name, sizeof(name), "%d.runtime", d->attempt);
	buf_clear(&w->text);
	if (!mf_file_read(fd, name, &w->text))
		return;
	pull_init(&p, buf_str(&w->text), &w->arena);
	if (pull_peek(&p) != PULL_OBJECT || !pull_enter(&p))
		return;
	while (pull_member(&p, &first, &key)) {
		enum pull_kind kind = pull_peek(&p);

		if (str_eq(key, "success") && (kind == PULL_TRUE || kind == PULL_FALSE))
			d->success = kind == PULL_TRUE;
		if (str_eq(key, "return_code") && kind == PULL_NUMBER &&
			pull_number(&p, &v, &code, &is_int))
			d->code = (int)code;
		else
			pull_raw(&p);
	}
	if (p.why)
		d->success = -1;
}

/* What the names of the other files say. */
static void
read_done(struct walk *w, int fd, struct mf_task *t)
{
	int again = mf_file_folder(fd, ".");
	const char *what = NULL;
	bool result = false;
	struct stat st;

	t->done = (struct mf_done){ -1, false, -1, 0, WEIR_NO_TIME };
	if (again < 0 || !mf_file_names(again, &w->arena, &w->names))
		return;
	for (size_t i = 0; i < w->names.n; i++) {
		int n = attempt_file(w->names.v[i], &what);

		if (n < 0)
			continue;
		if (n >= t->attempts)
			t->attempts = n + 1;
		if (n > t->done.attempt) {
			t->done = (struct mf_done){ n, false, -1, 0, WEIR_NO_TIME };
			result = false;
		}
		if (n != t->done.attempt)
			continue;
		result = result || !strcmp(what, "runtime");
		if (strcmp(what, "DONE.lock") != 0 && strcmp(what, "runtime") != 0)
			continue;
		t->done.locked = t->done.locked || what[0] == 'D';
		if (fstatat(fd, w->names.v[i], &st, 0) == 0)
			t->done.us = mf_file_us(&st);
	}
	if (result)
		read_result(w, fd, &t->done);
}

static enum weir_rc
read_task(struct walk *w, int fd, int meta, struct mf_task *t)
{
	char where[4 * MF_NAME_MAX + 32];
	struct objects records = { 0 };
	struct mf_object self;
	enum weir_rc rc = WEIR_OK;

	snprintf(where, sizeof(where), "%.*s/%.*s/%.*s/%.*s/_meta", (int)t->flow.len,
		t->flow.s, (int)t->run.len, t->run.s, (int)t->step.len, t->step.s,
		(int)t->task.len, t->task.s);
	if (!read_object(w, meta, "_self.json", where, &w->arena, &self))
		return WEIR_OK;
	t->created_us = self.ts_us;
	read_records(w, meta, where, &records);
	read_done(w, fd, t);
	t->records = records.v;
	t->n_records = records.n;
	rc = w->sink->task(w->sink->arg, t);
	VEC_FREE(&records);
	return rc;
}

static enum weir_rc
look_at_task(struct walk *w, int step, const char *name, struct mf_task *t)
{
	char inside[MF_NAME_MAX + 8];
	struct stat st, meta_st;
	enum weir_rc rc = WEIR_OK;
	int fd, meta = -1;

	if (name[0] == '_' || !mf_id_is_name(str_of(name)))
		return WEIR_OK;
	snprintf(inside, sizeof(inside), "%s/_meta", name);
	if (fstatat(step, name, &st, 0) != 0 || !S_ISDIR(st.st_mode) ||
		fstatat(step, inside, &meta_st, 0) != 0) {
		if (errno == EACCES)
			say_closed(w, "", name, errno);
		return WEIR_OK;
	}
	t->task = str_of(name);
	t->active_us = mf_file_us(&st) > mf_file_us(&meta_st) ? mf_file_us(&st)
							      : mf_file_us(&meta_st);
	if (!is_racy(w, &st) && !is_racy(w, &meta_st))
		t->mark = mf_file_mark(mf_file_mark(0, &st), &meta_st);
	if (w->sink->has_task(w->sink->arg, t->step, t->task, t->mark))
		return WEIR_OK;
	fd = mf_file_folder(step, name);
	if (fd >= 0)
		meta = mf_file_folder(fd, "_meta");
	if (meta >= 0)
		rc = read_task(w, fd, meta, t);
	else if (errno == EACCES)
		say_closed(w, "", name, errno);
	if (meta >= 0)
		close(meta);
	if (fd >= 0)
		close(fd);
	return rc;
}

static enum weir_rc
read_step(struct walk *w, int run_fd, const struct mf_run *run, const char *step)
{
	struct arena arena = { 0 };
	struct mf_names tasks = { 0 };
	enum weir_rc rc = WEIR_OK;
	int fd, again;

	if (step[0] == '_' || !mf_id_is_name(str_of(step)))
		return WEIR_OK;
	fd = mf_file_folder(run_fd, step);
	if (fd < 0 && errno == EACCES)
		say_closed(w, "", step, errno);
	again = fd < 0 ? -1 : mf_file_folder(fd, ".");
	if (again >= 0 && mf_file_names(again, &arena, &tasks)) {
		for (size_t i = 0; !rc && i < tasks.n; i++) {
			struct mf_task t = {
				.flow = run->flow, .run = run->run, .step = str_of(step)
			};

			arena_clear(&w->arena);
			rc = look_at_task(w, fd, tasks.v[i], &t);
		}
	}
	if (fd >= 0)
		close(fd);
	VEC_FREE(&tasks);
	arena_free(&arena);
	return rc;
}

static enum weir_rc
read_run(struct walk *w, int fd, const struct mf_run *run, struct arena *arena,
	struct mf_object *ret_self)
{
	char where[2 * MF_NAME_MAX + 8];
	struct mf_names steps = { 0 };
	enum weir_rc rc = WEIR_OK;
	int again;

	snprintf(where, sizeof(where), "%.*s/%.*s", (int)run->flow.len, run->flow.s,
		(int)run->run.len, run->run.s);
	if (!read_object(w, fd, "_meta/_self.json", where, arena, ret_self))
		return weir_fail(w->err, WEIR_ENOTFOUND, "run %s: it has gone", where);
	again = mf_file_folder(fd, ".");
	if (again < 0 || !mf_file_names(again, arena, &steps))
		return WEIR_OK;
	for (size_t i = 0; !rc && i < steps.n; i++)
		rc = read_step(w, fd, run, steps.v[i]);
	VEC_FREE(&steps);
	return rc;
}

static enum weir_rc
read_one(struct mf_source *s, const struct mf_run *run, const struct mf_sink *sink,
	struct arena *arena, struct mf_object *ret_self, struct weir_err *err)
{
	struct local *l = (struct local *)s;
	struct walk w = { .sink = sink,
		.err = err,
		.folder = l->folder,
		.text = BUF_INIT(MF_OBJECT_MAX),
		.now_us = real_now_us() };
	char *path = xasprintf("%s/%.*s/%.*s", l->folder, (int)run->flow.len,
		run->flow.s, (int)run->run.len, run->run.s);
	enum weir_rc rc;
	int fd = mf_file_folder(AT_FDCWD, path);

	if (fd < 0)
		rc = weir_fail(
			err, WEIR_ENOTFOUND, "run %s: %s", path, strerror(errno));
	else
		rc = read_run(&w, fd, run, arena, ret_self);
	if (fd >= 0)
		close(fd);
	free(path);
	walk_release(&w);
	return rc;
}

static void
local_close(struct mf_source *s)
{
	struct local *l = (struct local *)s;

	free(l->folder);
	free(l->source.name);
	free(l);
}

static const struct mf_source_ops local_ops = { list, read_one, NULL, local_close };

struct mf_source *
mf_local_open(const char *folder)
{
	struct local *l = xcalloc(1, sizeof(*l));

	l->source.ops = &local_ops;
	l->source.name = xstrdup(folder);
	l->source.together = TOGETHER;
	l->source.from_us = WEIR_NO_TIME;
	l->folder = xstrdup(folder);
	return &l->source;
}
