#include "journal.h"

#include <pwd.h>
#include <unistd.h>

#include "owner.h"
#include "statedb.h"
#include "weir/mem.h"

/* What another machine began is taken for its own business as long as this. */
static const int64_t elsewhere_us = INT64_C(600) * WEIR_SECOND_US;

static const char *const states[] = {
	[WEIR_DEED_OPEN] = "unanswered",
	[WEIR_DEED_DONE] = "done",
	[WEIR_DEED_REFUSED] = "refused",
	[WEIR_DEED_FAILED] = "failed",
	[WEIR_DEED_LOST] = "not known",
};

const char *
weir_deed_state_name(enum weir_deed_state state)
{
	return states[state];
}

/* "" is NULL in the store. */
static void
bind_text(sqlite3_stmt *st, int i, const char *text)
{
	db_bind_str(st, i, text && *text ? str_of(text) : (struct str){ NULL, 0 });
}

void
journal_who(struct buf *out)
{
	const struct passwd *p = getpwuid(getuid());
	const char *name = p ? p->pw_name : getenv("LOGNAME");
	char host[128] = "";

	buf_adds(out, name ? name : "?");
	if (gethostname(host, sizeof(host) - 1) == 0 && *host)
		buf_addf(out, "@%s", host);
}

enum weir_rc
journal_write(struct weir_statedb *s, const struct weir_deed *deed, int64_t *ret_number,
	struct weir_err *err)
{
	struct db *db = statedb_db(s);
	char *owner = owner_self();
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_ACTS_ADD, &st, err);

	if (!rc) {
		db_bind_time(st, 1, deed->at_us);
		bind_text(st, 2, deed->verb);
		bind_text(st, 3, deed->who);
		bind_text(st, 4, deed->profile);
		bind_text(st, 5, deed->server);
		bind_text(st, 6, weir_kind_name(deed->kind));
		db_bind_id(st, 7, &deed->object);
		bind_text(st, 8, deed->name);
		bind_text(st, 9, deed->key);
		bind_text(st, 10, deed->path);
		bind_text(st, 11, deed->body);
		bind_text(st, 12, owner);
		db_bind_time(st, 13, deed->sent_us);
		rc = db_run(db, st, err);
	}
	if (!rc)
		*ret_number = sqlite3_last_insert_rowid(db->sqlite);
	free(owner);
	return rc;
}

enum weir_rc
journal_answer(struct weir_statedb *s, int64_t number, const struct weir_deed *deed,
	struct weir_err *err)
{
	struct db *db = statedb_db(s);
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_ACTS_ANSWER, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, number);
	sqlite3_bind_int(st, 2, (int)deed->state);
	db_bind_time(st, 3, weir_now_us());
	bind_text(st, 4, deed->answer);
	bind_text(st, 5, deed->said);
	db_bind_id(st, 6, &deed->made);
	bind_text(st, 7, deed->reverse);
	return db_run(db, st, err);
}

static enum weir_rc
run_number(struct weir_statedb *s, enum sql_id id, int64_t number, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(statedb_db(s), id, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, number);
	return db_run(statedb_db(s), st, err);
}

enum weir_rc
journal_hold(struct weir_statedb *s, int64_t number, struct weir_err *err)
{
	return run_number(s, SQL_ACTS_HOLD, number, err);
}

enum weir_rc
journal_open(struct weir_statedb *s, int64_t **ret_numbers, size_t *ret_n,
	struct weir_err *err)
{
	struct db *db = statedb_db(s);
	VEC(int64_t) numbers = { 0 };
	sqlite3_stmt *st = NULL;
	bool row = true;
	enum weir_rc rc = db_get(db, SQL_ACTS_OPEN, &st, err);

	while (!rc && row) {
		rc = db_step(db, st, &row, err);
		if (!rc && row)
			VEC_PUSH(&numbers, sqlite3_column_int64(st, 0));
	}
	db_reset(st);
	if (rc) {
		VEC_FREE(&numbers);
		return rc;
	}
	*ret_numbers = numbers.v;
	*ret_n = numbers.n;
	return WEIR_OK;
}

static bool
is_free(const char *owner, int64_t at_us)
{
	switch (owner_life(owner)) {
	case OWNER_LIVES:
		return false;
	case OWNER_ELSEWHERE:
		return weir_now_us() - at_us > elsewhere_us;
	case OWNER_GONE:
	case OWNER_SELF:
		break;
	}
	return true;
}

/* In one transaction, so that of two only one sees the old owner. */
static enum weir_rc
claim(struct weir_statedb *s, int64_t number, bool *ret_mine, struct weir_err *err)
{
	struct db *db = statedb_db(s);
	sqlite3_stmt *st = NULL;
	bool row = false, mine = false;
	char *owner = NULL;
	enum weir_rc rc = db_get(db, SQL_ACTS_OWNER, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, number);
	rc = db_step(db, st, &row, err);
	if (!rc && row) {
		owner = str_copy(db_str(st, 0));
		mine = is_free(owner, db_time(st, 1));
		free(owner);
	}
	db_reset(st);
	if (rc || !mine)
		return rc;
	rc = db_get(db, SQL_ACTS_TAKE, &st, err);
	if (rc)
		return rc;
	owner = owner_self();
	sqlite3_bind_int64(st, 1, number);
	bind_text(st, 2, owner);
	rc = db_run(db, st, err);
	free(owner);
	*ret_mine = !rc;
	return rc;
}

enum weir_rc
journal_claim(
	struct weir_statedb *s, int64_t number, bool *ret_mine, struct weir_err *err)
{
	struct db *db = statedb_db(s);
	bool mine = false;
	enum weir_rc rc = db_begin(db, err);

	if (rc)
		return rc;
	rc = db_end(db, claim(s, number, &mine, err), err);
	*ret_mine = !rc && mine;
	return rc;
}

enum weir_rc
journal_link(struct weir_statedb *s, const struct weir_id *run,
	const struct weir_id *of, struct weir_err *err)
{
	struct db *db = statedb_db(s);
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_CHAIN_PUT, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	db_bind_id(st, 2, of);
	db_bind_time(st, 3, weir_now_us());
	return db_run(db, st, err);
}

/* ---- reading */

struct texts {
	char *v[16];
	size_t n;
};

static const char *
text(struct texts *t, sqlite3_stmt *st, int column)
{
	t->v[t->n] = str_copy(db_str(st, column));
	return t->v[t->n++];
}

static enum weir_kind
kind_of(struct str name)
{
	for (int k = 0; k < WEIR_N_KINDS; k++)
		if (str_eq(name, weir_kind_name((enum weir_kind)k)))
			return (enum weir_kind)k;
	return WEIR_RUN;
}

static enum weir_deed_state
state_of(int64_t n)
{
	return n >= 0 && n < WEIR_DEED_N ? (enum weir_deed_state)n : WEIR_DEED_LOST;
}

static bool
give(sqlite3_stmt *st, weir_deed_fn *fn, void *arg)
{
	struct texts t = { .n = 0 };
	struct weir_deed d = {
		.number = sqlite3_column_int64(st, 0),
		.at_us = db_time(st, 1),
		.verb = text(&t, st, 2),
		.who = text(&t, st, 3),
		.profile = text(&t, st, 4),
		.server = text(&t, st, 5),
		.kind = kind_of(db_str(st, 6)),
		.object = db_id(st, 7),
		.name = text(&t, st, 8),
		.key = text(&t, st, 9),
		.path = text(&t, st, 10),
		.body = text(&t, st, 11),
		.sent_us = db_time(st, 12),
		.state = state_of(sqlite3_column_int64(st, 13)),
		.answered_us = db_time(st, 14),
		.answer = text(&t, st, 15),
		.said = text(&t, st, 16),
		.made = db_id(st, 17),
		.reverse = text(&t, st, 18),
	};
	bool more = fn(arg, &d);

	for (size_t i = 0; i < t.n; i++)
		free(t.v[i]);
	return more;
}

static enum weir_rc
each(struct weir_statedb *s, sqlite3_stmt *st, weir_deed_fn *fn, void *arg,
	size_t *ret_n, struct weir_err *err)
{
	bool row = true, more = true;
	enum weir_rc rc = WEIR_OK;

	while (!rc && row && more) {
		rc = db_step(statedb_db(s), st, &row, err);
		if (!rc && row) {
			more = give(st, fn, arg);
			++*ret_n;
		}
	}
	db_reset(st);
	return rc;
}

enum weir_rc
weir_journal_each(struct weir_statedb *s, size_t n, weir_deed_fn *fn, void *arg,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t count = 0;
	enum weir_rc rc = db_get(statedb_db(s), SQL_ACTS_NEWEST, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, n ? (int64_t)n : -1);
	return each(s, st, fn, arg, &count, err);
}

enum weir_rc
weir_journal_get(struct weir_statedb *s, int64_t number, weir_deed_fn *fn, void *arg,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t count = 0;
	enum weir_rc rc = db_get(statedb_db(s), SQL_ACTS_GET, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, number);
	rc = each(s, st, fn, arg, &count, err);
	if (rc || count)
		return rc;
	(void)weir_fail(err, WEIR_ENOTFOUND, "no action has the number %lld",
		(long long)number);
	return weir_hint(err, "weir history");
}

enum weir_rc
weir_journal_chain(struct weir_statedb *s, const struct weir_id *run,
	struct weir_id **ret_ids, size_t *ret_n, struct weir_err *err)
{
	struct id_vec ids = { 0 };
	struct db *db = statedb_db(s);
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(db, SQL_CHAIN_OF, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	sqlite3_bind_int(st, 2, WEIR_JOURNAL_CHAIN_MAX);
	rc = db_ids(db, st, &ids, err);
	if (rc) {
		VEC_FREE(&ids);
		return rc;
	}
	*ret_ids = ids.v;
	*ret_n = ids.n;
	return WEIR_OK;
}
