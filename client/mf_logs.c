#include "mf_logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "env_map.h"
#include "mf_file.h"
#include "mf_log.h"

enum {
	CHUNK = 1 << 20,
	LINE_MAX_BYTES = 1 << 20, /* the rest of a longer line is left out */
	FILE_MAX = 1 << 30,
};

/* One file at work. */
struct feed {
	struct mf_logs *l;
	const struct mf_logs_task *task;
	const char *path;
	struct str logger;
	int fd;
	struct buf text; /* from the first byte that is no line yet */
	bool skip;       /* the rest of a line that is too long */
	int64_t us;      /* of the line before */
	int64_t n;       /* lines so far */
	bool held;       /* its end waits */
	VEC(struct weir_log) lines;
};

/* Lines without an id of their own are known by their place. */
static struct weir_id
id_of(const struct feed *f)
{
	struct env_sum sum = env_map_sum3(str_of(f->path),
		(struct str){ (const char *)&f->n, sizeof(f->n) }, STR("line"));
	struct weir_id id;

	memcpy(id.b, sum.b, sizeof(id.b));
	return id;
}

static void
add_line(struct feed *f, struct str line)
{
	struct mf_log_line parsed;
	struct weir_log log;

	mf_log_parse(line, &parsed);
	if (parsed.us != WEIR_NO_TIME)
		f->us = parsed.us;
	f->n++;
	log = (struct weir_log){ .id = parsed.id,
		.created_us = f->n, /* keeps their order at one time */
		.timestamp_us = f->us,
		.name = f->logger,
		.level = mf_log_level(parsed.text),
		.message = parsed.text,
		.flow_run_id = f->l->run,
		.task_run_id = f->task->id };
	if (weir_id_is_null(&log.id))
		log.id = id_of(f);
	VEC_PUSH(&f->lines, log);
}

/* Whole lines of f->text; what is left of it stays. */
static enum weir_rc
take_lines(struct feed *f, bool at_end)
{
	size_t from = 0;
	enum weir_rc rc;

	f->lines.n = 0;
	while (from < f->text.len) {
		const char *p = f->text.s + from;
		size_t left = f->text.len - from;
		const char *nl = memchr(p, '\n', left);
		size_t n = nl ? (size_t)(nl - p) : left;

		if (!nl && n < LINE_MAX_BYTES && !(at_end && f->task->ended)) {
			f->held = at_end;
			break;
		}
		if (!f->skip)
			add_line(f, (struct str){ p,
					    n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES });
		f->skip = !nl;
		from += n + (nl != NULL);
	}
	rc = store_put_logs(
		f->l->s, &f->l->run, f->lines.v, f->lines.n, &f->l->n_new, f->l->err);
	memmove(f->text.s, f->text.s + from, f->text.len - from);
	f->text.len -= from;
	return rc;
}

static enum weir_rc
read_lines(struct feed *f, int64_t *ret_size)
{
	enum weir_rc rc = WEIR_OK;

	*ret_size = 0;
	while (!rc) {
		ssize_t n;

		buf_reserve(&f->text, CHUNK + 1);
		n = read(f->fd, f->text.s + f->text.len, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || *ret_size > FILE_MAX)
			break;
		f->text.len += (size_t)n;
		*ret_size += n;
		rc = take_lines(f, false);
	}
	return rc ? rc : take_lines(f, true);
}

/* ---- what has been read of it */

static enum weir_rc
is_known(struct mf_logs *l, const char *path, uint64_t mark, int64_t size,
	bool *ret_known)
{
	sqlite3_stmt *st = NULL;
	struct db *db = store_db(l->s);
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_MF_LOG, &st, l->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &l->run);
	db_bind_str(st, 2, str_of(path));
	rc = db_step(db, st, &row, l->err);
	*ret_known = !rc && row && sqlite3_column_int64(st, 0) == size &&
		     (uint64_t)sqlite3_column_int64(st, 1) == mark;
	db_reset(st);
	return rc;
}

static enum weir_rc
put_known(struct mf_logs *l, const char *path, uint64_t mark, int64_t size)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(store_db(l->s), SQL_MF_LOG_PUT, &st, l->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &l->run);
	db_bind_str(st, 2, str_of(path));
	sqlite3_bind_int64(st, 3, size);
	sqlite3_bind_int64(st, 4, (int64_t)mark);
	return db_run(store_db(l->s), st, l->err);
}

static enum weir_rc
read_file(struct feed *f)
{
	struct stat st;
	bool known = false;
	int64_t size = 0;
	uint64_t mark;
	enum weir_rc rc;

	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return WEIR_OK;
	mark = mf_file_mark(0, &st);
	rc = is_known(f->l, f->path, mark, st.st_size, &known);
	if (rc || known)
		return rc;
	rc = read_lines(f, &size);
	if (!rc && !f->held)
		rc = put_known(f->l, f->path, mark, size);
	if (!rc && size > FILE_MAX && f->l->notes)
		buf_addf(f->l->notes, "%s: more than %d MB, the rest is left out\n",
			f->path, FILE_MAX >> 20);
	return rc;
}

enum weir_rc
mf_logs_task(struct mf_logs *l, const char *folder, const struct mf_logs_task *task,
	bool *ret_found)
{
	struct arena arena = { 0 };
	struct mf_names names = { 0 };
	enum weir_rc rc = WEIR_OK;
	int fd = mf_file_folder(AT_FDCWD, folder);
	int again = fd < 0 ? -1 : mf_file_folder(fd, ".");

	*ret_found = again >= 0 && mf_file_names(again, &arena, &names);
	for (size_t i = 0; !rc && i < names.n; i++) {
		bool is_stderr = false;
		struct feed f = { .l = l,
			.task = task,
			.us = task->start_us,
			.text = BUF_INIT(2 * LINE_MAX_BYTES + 2 * CHUNK) };

		if (mf_log_file(names.v[i], &is_stderr) < 0)
			continue;
		f.logger = is_stderr ? STR("stderr") : STR("stdout");
		f.path = arena_printf(&arena, "%s/%s", folder, names.v[i]);
		f.fd = openat(
			fd, names.v[i], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (f.fd < 0)
			continue;
		rc = read_file(&f);
		close(f.fd);
		buf_release(&f.text);
		VEC_FREE(&f.lines);
	}
	if (fd >= 0)
		close(fd);
	VEC_FREE(&names);
	arena_free(&arena);
	return rc;
}
