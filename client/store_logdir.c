/* The directory of a log and its blocks, read and written. */
#include "store_logs.h"

enum weir_rc
store_log_get(struct store_log *j)
{
	sqlite3_stmt *st = NULL;
	struct db *db = &j->s->db;
	bool row = false;
	enum weir_rc rc = db_get(db, SQL_LOG_GET, &st, j->err);

	j->state = (struct store_log_state){ .until_us = WEIR_NO_TIME };
	if (rc)
		return rc;
	db_bind_id(st, 1, &j->run);
	rc = db_step(db, st, &row, j->err);
	if (!rc && row) {
		j->log = sqlite3_column_int64(st, 0);
		j->state.known = true;
		j->state.complete = sqlite3_column_int(st, 1) != 0;
		j->state.until_us = db_time(st, 2);
		j->state.n = sqlite3_column_int64(st, 3);
		j->state.runs = sqlite3_column_int64(st, 4);
	}
	db_reset(st);
	return rc;
}

enum weir_rc
store_log_add(struct store_log *j, int64_t at_us)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&j->s->db, SQL_LOG_ADD, &st, j->err);

	if (rc)
		return rc;
	db_bind_id(st, 1, &j->run);
	sqlite3_bind_int64(st, 2, at_us);
	rc = db_run(&j->s->db, st, j->err);
	if (!rc)
		j->log = sqlite3_last_insert_rowid(j->s->db.sqlite);
	return rc;
}

enum weir_rc
store_log_set(struct store_log *j)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&j->s->db, SQL_LOG_SET, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, j->log);
	sqlite3_bind_int(st, 2, j->state.complete);
	db_bind_time(st, 3, j->state.until_us);
	sqlite3_bind_int64(st, 4, j->state.n);
	sqlite3_bind_int64(st, 5, j->state.runs);
	sqlite3_bind_int64(st, 6, weir_now_us());
	return db_run(&j->s->db, st, j->err);
}

/* A statement with two numbers that gives one; *ret_k 0 when it is NULL. */
static enum weir_rc
find_k(struct store_log *j, enum sql_id id, int64_t a, int64_t b, int64_t *ret_k)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&j->s->db, id, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, a);
	sqlite3_bind_int64(st, 2, b);
	rc = db_step(&j->s->db, st, &row, j->err);
	if (!rc)
		*ret_k = row ? sqlite3_column_int64(st, 0) : 0;
	db_reset(st);
	return rc;
}

enum weir_rc
store_log_run2(struct store_log *j, enum sql_id id, int64_t a, int64_t b)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&j->s->db, id, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, a);
	sqlite3_bind_int64(st, 2, b);
	return db_run(&j->s->db, st, j->err);
}

enum weir_rc
store_log_read_dir(struct store_log *j, int64_t from, int64_t until_us,
	struct store_entry_vec *dir)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&j->s->db, SQL_LOG_BLOCKS, &st, j->err);

	dir->n = 0;
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, from);
	sqlite3_bind_int64(st, 2, store_log_last(j->log));
	while ((rc = db_step(&j->s->db, st, &row, j->err)) == WEIR_OK && row) {
		struct store_entry e = { .k = sqlite3_column_int64(st, 0),
			.from_us = sqlite3_column_int64(st, 1),
			.to_us = sqlite3_column_int64(st, 2),
			.n = (size_t)sqlite3_column_int64(st, 3),
			.bytes = (size_t)sqlite3_column_int64(st, 4) };

		VEC_PUSH(dir, e);
		if (e.from_us > until_us)
			break;
	}
	db_reset(st);
	return rc;
}

enum weir_rc
store_log_find_dir(struct store_log *j, int64_t from_us, int64_t to_us)
{
	int64_t k = 0, before = 0;
	enum weir_rc rc = find_k(j, SQL_LOG_BLOCK_AT, j->log, from_us, &k);

	if (!rc)
		rc = find_k(j, SQL_LOG_BLOCK_BEFORE, store_log_first(j->log),
			k ? k : store_log_last(j->log), &before);
	if (rc)
		return rc;
	j->dir.n = 0;
	if (!k && !before)
		return WEIR_OK;
	return store_log_read_dir(j, before ? before : k, to_us, &j->dir);
}

/* Copy of the ids or text and lines of a block into the arena; empty when there are
 * none. */
static struct str
keep(struct store_log *j, struct str s)
{
	return (struct str){ arena_strndup(&j->arena, s.s ? s.s : "", s.len), s.len };
}

enum weir_rc
store_log_get_ids(struct store_log *j, int64_t k, struct str *ret_ids)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&j->s->db, SQL_LOG_BLOCK_IDS, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	rc = db_step(&j->s->db, st, &row, j->err);
	if (!rc)
		*ret_ids = row ? keep(j, db_str(st, 0)) : (struct str){ "", 0 };
	db_reset(st);
	return rc;
}

enum weir_rc
store_log_get_block(
	struct store_log *j, int64_t k, struct str ids, struct logblock *ret)
{
	sqlite3_stmt *st = NULL;
	struct str text, lines;
	bool row = false;
	enum weir_rc rc = db_get(&j->s->db, SQL_LOG_BLOCK_TEXT, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	rc = db_step(&j->s->db, st, &row, j->err);
	if (!rc) {
		text = keep(j, db_str(st, 0));
		lines = keep(j, db_str(st, 1));
	}
	db_reset(st);
	if (!rc)
		rc = logblock_decode(&j->run, lines, text, ids, &j->arena, ret, j->err);
	return rc;
}

enum weir_rc
store_log_write_block(struct store_log *j, int64_t k)
{
	const struct logblock_out *o = &j->out;
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&j->s->db, SQL_LOG_INDEX_PUT, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	sqlite3_bind_int64(st, 2, j->log);
	sqlite3_bind_int64(st, 3, o->from_us);
	sqlite3_bind_int64(st, 4, o->to_us);
	sqlite3_bind_int64(st, 5, (int64_t)o->n);
	sqlite3_bind_int64(st, 6, (int64_t)o->text.len);
	sqlite3_bind_int64(st, 7, o->levels);
	sqlite3_bind_blob64(st, 8, o->grams.s, o->grams.len, SQLITE_STATIC);
	rc = db_run(&j->s->db, st, j->err);
	if (!rc)
		rc = db_get(&j->s->db, SQL_LOG_TEXT_PUT, &st, j->err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	sqlite3_bind_blob64(st, 2, o->text.s, o->text.len, SQLITE_STATIC);
	sqlite3_bind_blob64(st, 3, o->lines.s, o->lines.len, SQLITE_STATIC);
	rc = db_run(&j->s->db, st, j->err);
	if (rc || !o->ids.len)
		return rc;
	rc = db_get(&j->s->db, SQL_LOG_IDS_PUT, &st, j->err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, k);
	sqlite3_bind_blob64(st, 2, o->ids.s, o->ids.len, SQLITE_STATIC);
	return db_run(&j->s->db, st, j->err);
}

enum weir_rc
store_log_cut(struct store_log *j, int64_t from, int64_t to)
{
	static const enum sql_id cuts[] = { SQL_LOG_INDEX_CUT, SQL_LOG_TEXT_CUT,
		SQL_LOG_IDS_CUT };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && from <= to && i < N_ELEM(cuts); i++)
		rc = store_log_run2(j, cuts[i], from, to);
	return rc;
}

static enum weir_rc
move(struct store_log *j, int64_t from, int64_t to)
{
	static const enum sql_id moves[] = { SQL_LOG_INDEX_MOVE, SQL_LOG_TEXT_MOVE,
		SQL_LOG_IDS_MOVE };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(moves); i++)
		rc = store_log_run2(j, moves[i], from, to);
	return rc;
}

enum weir_rc
store_log_make_room(struct store_log *j, int64_t k, int64_t by)
{
	struct store_entry_vec tail = { 0 };
	enum weir_rc rc = store_log_read_dir(j, k, INT64_MAX, &tail);

	for (size_t i = tail.n; !rc && i > 0; i--)
		rc = move(j, tail.v[i - 1].k, tail.v[i - 1].k + by);
	VEC_FREE(&tail);
	return rc;
}
