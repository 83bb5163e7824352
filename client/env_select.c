#include "weir/env_select.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "statedb.h"
#include "weir/cell.h"
#include "weir/json.h"
#include "weir/query.h"
#include "weir/session.h"
#include "weir/shell.h"
#include "weir/text.h"
#include "weir/time.h"

/* ---- what it comes to */

/* The next of lines, and what is behind it. */
static bool
next_line(const char **text, struct str *ret)
{
	size_t n = strcspn(*text, "\n");

	*ret = (struct str){ *text, n };
	*text += n + ((*text)[n] == '\n');
	return n > 0;
}

/* Was the environment resolved for arch? One that does not say is for what there is. */
static bool
is_meant(const struct buf *archs, struct str arch)
{
	const char *p = archs->len ? archs->s : "";
	struct str line;

	while (next_line(&p, &line))
		if (str_equal(line, arch))
			return true;
	return !archs->len;
}

static bool
is_loaded(const struct weir_env_loaded *l, struct str arch)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_equal(l->v[i].id.arch, arch))
			return true;
	return false;
}

static void
list_left(struct weir_env_selection *sel, const struct buf *archs)
{
	const char *p = archs->len ? archs->s : "";
	struct str line;

	while (next_line(&p, &line))
		if (!is_loaded(&sel->loaded, line))
			VEC_PUSH(&sel->left, xstrndup(line.s, line.len));
}

static const char *
keep(struct weir_env_selection *sel, const char *s)
{
	return s ? arena_strndup(&sel->past.arena, s, strlen(s)) : NULL;
}

static enum weir_rc
plan_one(struct weir_env_selection *sel, const struct weir_env *e,
	const struct weir_env_pair *pair, struct weir_err *err)
{
	struct weir_env_swap s = { .arch = arena_strndup(&sel->past.arena, e->id.arch.s,
					   e->id.arch.len),
		.req_id = keep(sel, pair->req_id),
		.is = keep(sel, pair->full_id) };
	char *was = NULL;
	enum weir_rc rc = weir_env_default(sel->file, s.arch, s.req_id, &was, err);

	if (rc == WEIR_EBADDATA)
		return weir_prefix(err, "%s", sel->file);
	if (rc)
		return rc;
	s.was = keep(sel, was);
	free(was);
	VEC_PUSH(&sel->past.v, s);
	VEC_PUSH(&sel->choices, ((struct weir_env_choice){ .arch = s.arch,
					.req_id = s.req_id,
					.full_id = s.is,
					.object = e->doc }));
	return WEIR_OK;
}

static char *
real_file(const char *file)
{
	char *real = realpath(file, NULL);

	return real ? real : xstrdup(file);
}

enum weir_rc
weir_env_select_plan(struct weir_store *s, const struct weir_env_root *root,
	const struct weir_env_pair *pair, struct weir_env_selection *ret,
	struct weir_err *err)
{
	struct weir_env_selection sel = { .file = real_file(root->file) };
	struct buf archs = BUF_INIT(BUF_MAX);
	enum weir_rc rc = weir_env_load(s, root, pair, &sel.loaded, err);

	if (!rc) {
		weir_json_join(&archs, sel.loaded.v[0].resolved_archs, "\n");
		list_left(&sel, &archs);
	}
	for (size_t i = 0; !rc && i < sel.loaded.n; i++)
		if (is_meant(&archs, sel.loaded.v[i].id.arch))
			rc = plan_one(&sel, &sel.loaded.v[i], pair, err);
	buf_release(&archs);
	if (rc)
		weir_env_selection_release(&sel);
	else
		*ret = sel;
	return rc;
}

enum weir_rc
weir_env_undo_plan(struct weir_statedb *state, const char *file,
	struct weir_env_selection *ret, struct weir_err *err)
{
	struct weir_env_selection sel = { .file = real_file(file), .undone = true };
	enum weir_rc rc = weir_env_past_last(state, sel.file, &sel.past, err);

	for (size_t i = 0; !rc && i < sel.past.v.n; i++) {
		struct weir_env_swap *s = &sel.past.v.v[i];
		const char *was = s->was;

		s->was = s->is;
		s->is = was;
		VEC_PUSH(&sel.choices, ((struct weir_env_choice){ .arch = s->arch,
					       .req_id = s->req_id,
					       .full_id = was,
					       .object = STR("") }));
	}
	if (rc)
		weir_env_selection_release(&sel);
	else
		*ret = sel;
	return rc;
}

void
weir_env_selection_release(struct weir_env_selection *sel)
{
	for (size_t i = 0; i < sel->left.n; i++)
		free(sel->left.v[i]);
	VEC_FREE(&sel->left);
	VEC_FREE(&sel->choices);
	weir_env_past_release(&sel->past);
	weir_env_loaded_release(&sel->loaded);
	free(sel->file);
	*sel = (struct weir_env_selection){ .file = NULL };
}

/* ---- doing it */

struct job {
	struct weir_env_selection *sel;
	struct weir_statedb *state;
	char *undoes; /* of an undo: the selection that it takes back; owned */
	bool noted;
	bool (*stop)(void *arg);
	void *arg;
};

/* Only what weir has put there is taken away. */
static enum weir_rc
check_undo(const struct job *j, const struct weir_env_swap *s, const char *old,
	struct weir_err *err)
{
	const char *now = old ? old : "", *is = s->is ? s->is : "",
		   *was = s->was ? s->was : "";

	if (strcmp(now, is) == 0 || strcmp(now, was) == 0)
		return WEIR_OK;
	(void)weir_fail(err, WEIR_EREFUSED,
		"%s: since then %.100s was chosen for %s, which stays", j->sel->file,
		old ? old : "nothing", s->arch);
	return weir_hint(err, "weir env select-resolved --req-id %s --full-id %s",
		s->req_id, s->is ? s->is : "ID");
}

/*
 * Put with each write, at the end of the others: who wrote last is noted last. The one
 * before goes after it, so that there is always one.
 */
static enum weir_rc
on_note(void *arg, struct weir_err *err)
{
	struct job *j = arg;
	struct weir_env_past before = { .name = j->sel->past.name };
	enum weir_rc rc;

	j->sel->past.name = NULL;
	rc = weir_env_past_put(j->state, j->sel->file, &j->sel->past, err);
	if (!rc && j->noted)
		rc = weir_env_past_forget(j->state, &before, err);
	free(before.name);
	j->noted = j->noted || !rc;
	return rc;
}

/* Under the lock: what is replaced is noted before it is. */
static enum weir_rc
on_old(void *arg, const struct weir_env_choice *c, const char *old, bool again,
	struct weir_err *err)
{
	struct job *j = arg;
	size_t i = (size_t)(c - j->sel->choices.v);
	struct weir_env_swap *s = &j->sel->past.v.v[i];
	enum weir_rc rc = WEIR_OK;

	if (!again) {
		rc = j->sel->undone ? check_undo(j, s, old, err) : WEIR_OK;
		s->was = keep(j->sel, old);
	}
	return rc;
}

static bool
on_later(void *arg, const struct weir_env_choice *c)
{
	struct job *j = arg;

	return weir_env_past_overtaken(j->state, &j->sel->past, c);
}

static bool
on_stop(void *arg)
{
	struct job *j = arg;

	return j->stop && j->stop(j->arg);
}

/* What it was in the end, for the history. */
static void
tell(const struct weir_env_selection *sel, struct buf *name, struct buf *body,
	struct buf *said)
{
	buf_addc(body, '[');
	for (size_t i = 0; i < sel->past.v.n; i++) {
		const struct weir_env_swap *s = &sel->past.v.v[i];

		if (!i)
			buf_addf(name, "%.8s:%.8s", s->req_id, s->is ? s->is : "-");
		buf_addf(said, "%s%s: %.8s -> %.8s", i ? ", " : "", s->arch,
			s->was ? s->was : "none", s->is ? s->is : "none");
		buf_adds(body, i ? "," : "");
		weir_env_swap_json(s, body);
	}
	buf_addc(body, ']');
}

/* Both in one: an action that is there has its end. */
static enum weir_rc
write_history(struct weir_statedb *s, const struct weir_deed *d, struct weir_err *err)
{
	int64_t number = 0;
	enum weir_rc rc = db_begin(statedb_db(s), err);

	if (rc)
		return rc;
	rc = journal_write(s, d, &number, err);
	if (!rc)
		rc = journal_answer(s, number, d, err);
	return db_end(statedb_db(s), rc, err);
}

static enum weir_rc
add_history(const struct job *j, struct weir_session *session, struct weir_err *err)
{
	struct buf name = BUF_INIT(200), body = BUF_INIT(BUF_MAX),
		   said = BUF_INIT(JOURNAL_SAID_MAX), who = BUF_INIT(BUF_MAX);
	struct weir_deed d = { .at_us = weir_now_us(),
		.verb = j->sel->undone ? "undo" : "select",
		.profile = weir_config_name(weir_session_config(session)),
		.kind = WEIR_ENVIRONMENT,
		.path = j->sel->file,
		.sent_us = WEIR_NO_TIME,
		.state = WEIR_DEED_DONE };
	struct buf reverse = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	tell(j->sel, &name, &body, &said);
	journal_who(&who);
	d.name = buf_cstr(&name);
	d.body = buf_cstr(&body);
	d.said = buf_cstr(&said);
	d.who = buf_cstr(&who);
	buf_adds(&reverse, "weir env undo --file ");
	weir_shell_quote(&reverse, j->sel->file);
	d.reverse = j->sel->undone ? NULL : buf_cstr(&reverse);
	rc = write_history(j->state, &d, err);
	buf_release(&reverse);
	buf_release(&name);
	buf_release(&body);
	buf_release(&said);
	buf_release(&who);
	return rc;
}

/* The notes that are of no use any more. */
static enum weir_rc
clear_notes(struct job *j, bool done, struct weir_err *err)
{
	struct weir_env_past undoes = { .name = j->undoes };
	enum weir_rc rc = WEIR_OK;

	if (j->noted && (!done || j->sel->undone))
		rc = weir_env_past_forget(j->state, &j->sel->past, err);
	if (!rc && done && j->undoes)
		rc = weir_env_past_forget(j->state, &undoes, err);
	return rc;
}

/* Only its owner may: what to ask them for. */
static void
hint_owner(const struct weir_env_selection *sel, struct weir_err *err)
{
	const struct weir_env_swap *s = &sel->past.v.v[0];
	const struct passwd *owner;
	struct buf user = BUF_INIT(100), file = BUF_INIT(400);
	struct stat st;

	if (err->hint[0] || !sel->past.v.n || !s->is || stat(sel->file, &st) != 0)
		return;
	owner = getpwuid(st.st_uid);
	if (owner)
		buf_adds(&user, owner->pw_name);
	else /* one without a name, as sudo takes it */
		buf_addf(&user, "'#%lu'", (unsigned long)st.st_uid);
	weir_shell_quote(&file, sel->file);
	weir_hint(err,
		"sudo -u %.50s weir env select-resolved --req-id %s --full-id %s "
		"--file "
		"%s",
		buf_cstr(&user), s->req_id, s->is, buf_cstr(&file));
	buf_release(&user);
	buf_release(&file);
}

enum weir_rc
weir_env_select_do(struct weir_session *session, struct weir_env_selection *sel,
	bool (*stop)(void *arg), void *arg, struct weir_env_written *ret,
	struct weir_err *err)
{
	struct job j = { .sel = sel, .stop = stop, .arg = arg };
	const struct weir_env_write w = { .file = sel->file,
		.v = sel->choices.v,
		.n = sel->choices.n,
		.old = on_old,
		.note = on_note,
		.later = on_later,
		.stop = on_stop,
		.arg = &j };
	struct weir_env_written r = { .changed = false };
	enum weir_rc rc = weir_session_state(session, true, &j.state, err);

	if (rc)
		return rc;
	if (sel->undone) { /* it gets a note of its own while it is done */
		j.undoes = sel->past.name;
		sel->past.name = NULL;
		sel->past.undoing = true;
	}
	rc = weir_env_write(&w, &r, err);
	if (!rc && r.changed)
		rc = add_history(&j, session, err);
	if (rc == WEIR_EREFUSED)
		hint_owner(sel, err);
	if (!rc)
		rc = clear_notes(&j, sel->undone || r.changed, err);
	else /* interrupted it is written, and may be taken back */
		(void)!clear_notes(&j, rc == WEIR_EINTR && j.noted, NULL);
	free(j.undoes);
	if (!rc)
		*ret = r;
	return rc;
}

/* ---- only seeing */

/* In the place of the note that comes before the write: here it ends. */
static enum weir_rc
on_would(void *arg, struct weir_err *err)
{
	struct job *j = arg;

	j->noted = true;
	return weir_fail(err, WEIR_EINTR, "not written");
}

/* A new file is put beside the old one: may it be? */
static enum weir_rc
check_folder(const char *file, struct weir_err *err)
{
	char *folder = xstrdup(file), *slash = strrchr(folder, '/');
	enum weir_rc rc = WEIR_OK;

	if (slash)
		slash[slash == folder] = '\0';
	if (access(slash ? folder : ".", W_OK | X_OK) != 0) {
		rc = weir_fail(err, WEIR_EREFUSED,
			"%s: %s: the file is replaced as a whole, by one beside it",
			slash ? folder : ".", strerror(errno));
		weir_hint(err, "leave to write in %.500s, or --file PATH",
			slash ? folder : ".");
	}
	free(folder);
	return rc;
}

enum weir_rc
weir_env_select_try(struct weir_env_selection *sel, bool (*stop)(void *arg), void *arg,
	bool *ret_changes, struct weir_err *err)
{
	struct job j = { .sel = sel, .stop = stop, .arg = arg };
	const struct weir_env_write w = { .file = sel->file,
		.v = sel->choices.v,
		.n = sel->choices.n,
		.old = on_old,
		.note = on_would,
		.stop = on_stop,
		.arg = &j };
	struct weir_env_written r;
	struct weir_err own = { .rc = WEIR_OK };
	enum weir_rc rc = WEIR_OK;

	/* The writer makes one that is not there. */
	if (!sel->undone && access(sel->file, F_OK) != 0 && errno == ENOENT)
		j.noted = true;
	else
		rc = weir_env_write(&w, &r, &own);
	if (j.noted)
		rc = check_folder(sel->file, &own);
	if (rc == WEIR_EREFUSED)
		hint_owner(sel, &own);
	if (rc && err)
		*err = own;
	else if (!rc)
		*ret_changes = j.noted;
	return rc;
}

/* ---- the latest */

/* Zones differ by 26 hours at most; what is stored has none. */
static const int64_t clocks_us = INT64_C(26) * 3600 * WEIR_SECOND_US;

static enum weir_rc
query_of(const char *req_id, const char *by, const char *where,
	struct weir_query **ret_query, struct weir_err *err)
{
	struct buf text = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	buf_addf(&text, "req_id:%s %s", req_id, where);
	if (by) {
		buf_adds(&text, " by:");
		weir_query_quote(&text, str_of(by), true);
	}
	rc = weir_query_parse(
		WEIR_ENVIRONMENT, buf_str(&text), weir_now_us(), ret_query, err);
	buf_release(&text);
	return rc;
}

/* Is the time as it is written later? Python puts 'T' or ' ' between day and hour. */
static bool
is_later(struct str a, struct str b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		char x = a.s[i] == ' ' ? 'T' : a.s[i], y = b.s[i] == ' ' ? 'T' : b.s[i];

		if (x != y)
			return x > y;
	}
	return a.len > b.len;
}

/*
 * The rows come newest first by times of this machine, where an hour is left out in
 * spring and comes twice in autumn: of near ones what is written decides.
 */
static enum weir_rc
take_newest(struct weir_rows *rows, struct weir_env_pair *pair, bool *ret_clocks,
	struct weir_err *err)
{
	struct buf first = BUF_INIT(BUF_MAX), written = BUF_INIT(BUF_MAX);
	bool row = false, near = true, none = false;
	int64_t newest = 0;
	enum weir_rc rc = WEIR_OK;

	while (near && !(rc = weir_rows_next(rows, &row, err)) && row) {
		struct str id = weir_rows_cell(rows, 0)->s,
			   by = weir_rows_cell(rows, 1)->s,
			   on = weir_rows_cell(rows, 3)->s;
		const struct weir_cell *at = weir_rows_cell(rows, 2);
		bool is_first = !pair->full_id[0];
		int64_t us = at->i;

		if (is_first) {
			buf_addstr(&first, by);
			newest = us;
			none = at->null;
		}
		/* Those of no time come last. */
		near = none || (!at->null && newest - us <= clocks_us);
		if (is_first || (near && is_later(on, buf_str(&written)))) {
			str_into(pair->full_id, sizeof(pair->full_id), id);
			buf_clear(&written);
			buf_addstr(&written, on);
		}
		*ret_clocks = *ret_clocks || (near && !str_equal(by, buf_str(&first)));
	}
	buf_release(&first);
	buf_release(&written);
	return rc;
}

enum weir_rc
weir_env_latest(struct weir_store *s, const char *req_id, const char *by,
	const char *where, struct weir_env_pair *ret_pair, bool *ret_clocks,
	struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_ENVIRONMENT, .columns = &set };
	struct weir_env_pair pair = { "", "" };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	bool clocks = false;
	enum weir_rc rc = query_of(req_id, by, where, &q, err);

	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(WEIR_ENVIRONMENT,
			"full_id,creator,resolved,resolved_on", 0, &set, err);
	if (!rc)
		rc = weir_rows_open(s, &sel, &rows, err);
	if (!rc)
		rc = take_newest(rows, &pair, &clocks, err);
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	snprintf(pair.req_id, sizeof(pair.req_id), "%s", req_id);
	if (!rc && !pair.full_id[0]) {
		rc = weir_fail(err, WEIR_ENOTFOUND,
			"request %s: %s has resolved it%s%s", req_id,
			by ? "nobody of that name" : "nobody", *where ? " for " : "",
			where);
		weir_hint(err, "weir env list --all req_id:%s", req_id);
	}
	if (!rc) {
		*ret_pair = pair;
		*ret_clocks = clocks;
	}
	return rc;
}
