/* The log of a run: where its tasks keep theirs, and what can be read of that. */
#include <stdlib.h>

#include "mf_id.h"
#include "mf_logs.h"
#include "mf_open.h"
#include "weir/json.h"

enum { SETTLED_S = 30 }; /* the last lines are written after the run's end */

struct task {
	struct mf_logs_task t;
	char *name, *type, *root; /* owned; "" when not said */
};

struct job {
	const struct weir_metaflow_open *how;
	struct mf_logs logs;
	char *path; /* of the run; owned */
	enum weir_state state;
	int64_t end_us, run_count;
	VEC(struct task) tasks;
	size_t away; /* tasks whose data store is not here */
	const struct task *away_task;
};

static void
release(struct job *j)
{
	for (size_t i = 0; i < j->tasks.n; i++) {
		free(j->tasks.v[i].name);
		free(j->tasks.v[i].type);
		free(j->tasks.v[i].root);
	}
	VEC_FREE(&j->tasks);
	free(j->path);
	weir_store_close(j->logs.s);
}

static enum weir_rc
read_run(struct job *j)
{
	struct db *db = store_db(j->logs.s);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_MF_LOG_RUN, &st, j->logs.err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &j->logs.run);
	rc = db_step(db, st, &row, j->logs.err);
	if (!rc && row) {
		j->path = str_copy(db_str(st, 0));
		j->state = (enum weir_state)sqlite3_column_int(st, 1);
		j->end_us = db_time(st, 2);
		j->run_count = sqlite3_column_int64(st, 3);
	}
	db_reset(st);
	if (!rc && !row)
		rc = weir_fail(j->logs.err, WEIR_ENOTFOUND,
			"log: Metaflow has no such run (any more)");
	return rc;
}

static char *
member(const struct weir_json *rest, const char *name)
{
	return str_copy(weir_json_text(weir_json_get(rest, name)));
}

static void
add_task(struct job *j, sqlite3_stmt *st)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct weir_json *rest = NULL;
	struct task t = { .t = { .id = db_id(st, 0), .start_us = db_time(st, 2) } };

	t.t.ended = weir_state_is_terminal((enum weir_state)sqlite3_column_int(st, 3));
	t.name = str_copy(db_str(st, 1));
	buf_addc(&text, '{');
	buf_addstr(&text, db_str(st, 4));
	buf_addc(&text, '}');
	if (weir_json_parse(buf_str(&text), &rest, NULL))
		rest = NULL;
	t.type = member(rest, "ds-type");
	t.root = member(rest, "ds-root");
	weir_json_free(rest);
	buf_release(&text);
	VEC_PUSH(&j->tasks, t);
}

static enum weir_rc
read_tasks(struct job *j)
{
	struct db *db = store_db(j->logs.s);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_MF_LOG_TASKS, &st, j->logs.err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &j->logs.run);
	while (!(rc = db_step(db, st, &row, j->logs.err)) && row)
		add_task(j, st);
	db_reset(st);
	return rc;
}

static enum weir_rc
read_below(struct job *j, const struct task *t, const char *root, bool *ret_found)
{
	char *folder = xasprintf("%s/%s/%s", root, j->path, t->name);
	enum weir_rc rc = mf_logs_task(&j->logs, folder, &t->t, ret_found);

	free(folder);
	return rc;
}

/* In the folder that the records are in, else where the task says it keeps its data. */
static enum weir_rc
read_task(struct job *j, const struct task *t)
{
	bool local = !*t->type || !strcmp(t->type, "local"), found = false;
	enum weir_rc rc = WEIR_OK;

	if (local && !weir_metaflow_is_service(j->how->root))
		rc = read_below(j, t, j->how->root->folder, &found);
	if (!rc && local && !found && t->root[0] == '/')
		rc = read_below(j, t, t->root, &found);
	if (!found) {
		j->away++;
		j->away_task = t;
	}
	return rc;
}

static void
say_away(struct job *j)
{
	const struct task *t = j->away_task;

	if (!j->away || !j->logs.notes)
		return;
	buf_addf(j->logs.notes, "%s: the log of %zu of %zu tasks is in ", j->path,
		j->away, j->tasks.n);
	if (!*t->root) {
		buf_adds(j->logs.notes, "a data store that they do not name\n");
		return;
	}
	buf_adds(j->logs.notes, !strcmp(t->type, "local")
					? "a folder of another machine: "
					: "the data store, which is not read: ");
	weir_url_mask(j->logs.notes, t->root);
	buf_addf(j->logs.notes, " (%s)\n", *t->type ? t->type : "of no known kind");
}

static enum weir_rc
read_all(struct job *j, bool *ret_over)
{
	enum weir_rc rc = read_tasks(j);
	int64_t since_end = weir_now_us() - j->end_us;

	for (size_t i = 0; !rc && i < j->tasks.n; i++)
		rc = read_task(j, &j->tasks.v[i]);
	if (rc)
		return rc;
	say_away(j);
	*ret_over = weir_state_is_terminal(j->state);
	if (*ret_over && j->end_us != WEIR_NO_TIME &&
		since_end > (int64_t)SETTLED_S * WEIR_SECOND_US && !j->away)
		rc = store_complete_logs(
			j->logs.s, &j->logs.run, j->run_count, j->logs.err);
	return rc;
}

/* Nothing is to be done for a log that is all here. */
static enum weir_rc
is_complete(struct job *j, bool *ret_complete)
{
	struct store_log_state state;
	enum weir_rc rc = store_log_state(j->logs.s, &j->logs.run, &state, j->logs.err);

	*ret_complete =
		!rc && state.known && state.complete && state.runs == j->run_count;
	return rc;
}

enum weir_rc
weir_metaflow_logs(const struct weir_metaflow_open *how, const struct weir_id *run,
	bool *ret_ended, struct buf *notes, struct weir_err *err)
{
	struct job j = { .how = how,
		.logs = { .run = *run, .notes = notes, .err = err } };
	bool over = true, complete = false;
	enum weir_rc rc = mf_open_store(how, WEIR_STORE_WRITE, &j.logs.s, notes, err);

	if (!rc)
		rc = read_run(&j);
	if (!rc)
		rc = is_complete(&j, &complete);
	if (!rc && !complete)
		rc = read_all(&j, &over);
	if (!rc && ret_ended)
		*ret_ended = over;
	release(&j);
	return rc;
}
