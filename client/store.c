/* The store's small things: transactions, interning, meta, counts. */
#include "beside.h"
#include "store_priv.h"

struct db *
store_db(struct weir_store *s)
{
	return &s->db;
}

void
store_forget(struct weir_store *s)
{
	intern_clear(&s->names);
	intern_clear(&s->flows);
	intern_clear(&s->deployments);
	store_text_forget(&s->text);
}

static enum weir_rc
get_number(struct weir_store *s, enum sql_id id, int64_t *ret_n, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, id, &st, err);

	if (!rc)
		rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		*ret_n = sqlite3_column_int64(st, 0);
	db_reset(st);
	return rc;
}

/* What the caches know may be gone when another connection has written. */
void
store_own(struct weir_store *s)
{
	s->own = true;
}

bool
store_is_told(const struct weir_store *s)
{
	return s->db.kind == DB_EMBEDDED && !s->own;
}

enum weir_rc
store_begin(struct weir_store *s, struct weir_err *err)
{
	int64_t version = 0;
	enum weir_rc rc = db_begin(&s->db, err);

	if (rc || s->db.depth > 1)
		return rc;
	rc = get_number(s, SQL_DATA_VERSION, &version, err);
	if (rc)
		return db_end(&s->db, rc, err);
	if (version != s->seen_version)
		store_forget(s);
	s->seen_version = version;
	return WEIR_OK;
}

enum weir_rc
store_end(struct weir_store *s, enum weir_rc rc, struct weir_err *err)
{
	bool outermost = s->db.depth == 1;

	if (outermost && !rc)
		rc = store_text_flush(s, err);
	rc = db_end(&s->db, rc, err);
	if (outermost && rc)
		store_forget(s);
	return rc;
}

void
store_bind_k(sqlite3_stmt *st, int i, int64_t k)
{
	if (k)
		sqlite3_bind_int64(st, i, k);
	else
		sqlite3_bind_null(st, i);
}

static void
bind_key(sqlite3_stmt *st, enum store_intern what, struct str key)
{
	if (what == STORE_NAME)
		db_bind_str(st, 1, key);
	else
		sqlite3_bind_blob64(st, 1, key.s, key.len, SQLITE_STATIC);
}

static enum weir_rc
find_or_add(struct weir_store *s, enum store_intern what, struct str key,
	int64_t *ret_k, struct weir_err *err)
{
	static const enum sql_id get[] = { SQL_NAME_GET, SQL_FLOW_GET,
		SQL_DEPLOYMENT_GET };
	static const enum sql_id add[] = { SQL_NAME_ADD, SQL_FLOW_NEW,
		SQL_DEPLOYMENT_NEW };
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, get[what], &st, err);

	if (rc)
		return rc;
	bind_key(st, what, key);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		*ret_k = sqlite3_column_int64(st, 0);
	db_reset(st);
	if (rc || row)
		return rc;
	rc = db_get(&s->db, add[what], &st, err);
	if (rc)
		return rc;
	bind_key(st, what, key);
	rc = db_run(&s->db, st, err);
	if (!rc)
		*ret_k = sqlite3_last_insert_rowid(s->db.sqlite);
	return rc;
}

enum weir_rc
store_intern(struct weir_store *s, enum store_intern what, struct str key,
	int64_t *ret_k, struct weir_err *err)
{
	struct intern *maps[] = { &s->names, &s->flows, &s->deployments };
	int64_t k = 0;
	enum weir_rc rc;

	if (!key.s || intern_find(maps[what], key, &k)) {
		*ret_k = k;
		return WEIR_OK;
	}
	rc = find_or_add(s, what, key, &k, err);
	if (rc)
		return rc;
	intern_put(maps[what], key, k);
	*ret_k = k;
	return WEIR_OK;
}

enum weir_rc
store_intern_id(struct weir_store *s, enum store_intern what, const struct weir_id *id,
	int64_t *ret_k, struct weir_err *err)
{
	struct str key = { (const char *)id->b, sizeof(id->b) };

	if (weir_id_is_null(id))
		key = (struct str){ NULL, 0 };
	return store_intern(s, what, key, ret_k, err);
}

enum weir_rc
store_run_id(struct weir_store *s, enum sql_id id, const struct weir_id *a,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, id, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, a);
	return db_run(&s->db, st, err);
}

enum weir_rc
store_look(struct weir_store *s, enum sql_id sql, const struct weir_id *id,
	struct store_old *ret_old, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, sql, &st, err);

	if (rc)
		return rc;
	*ret_old = (struct store_old){ 0 };
	db_bind_id(st, 1, id);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		*ret_old = (struct store_old){ sqlite3_column_int64(st, 0),
			db_id(st, 1), db_time(st, 2) };
	db_reset(st);
	return rc;
}

bool
store_is_same(
	const struct store_old *old, const struct weir_id *state_id, int64_t updated_us)
{
	return old->k && weir_id_cmp(&old->state_id, state_id) == 0 &&
	       old->updated_us == updated_us;
}

static int
cmp_id(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

bool
store_id_in(const struct weir_id *v, size_t n, const struct weir_id *id)
{
	return n && bsearch(id, v, n, sizeof(*v), cmp_id);
}

struct weir_id *
store_sorted(const struct weir_id *ids, size_t n)
{
	struct weir_id *v = xmemdup(ids, n * sizeof(*ids));

	if (n)
		qsort(v, n, sizeof(*v), cmp_id);
	return v;
}

static const char *
meta_name(enum weir_meta key)
{
	static const char *const names[] = {
		[WEIR_META_CYCLE_US] = "cycle_us",
		[WEIR_META_WATERMARK_US] = "watermark_us",
		[WEIR_META_FILLED_US] = "filled_us",
		[WEIR_META_SINCE_US] = "since_us",
		[WEIR_META_CLOCK_US] = "clock_us",
		[WEIR_META_DRIFT_US] = "drift_us",
		[WEIR_META_PAGE_LIMIT] = "page_limit",
		[WEIR_META_OFFLINE_US] = "offline_us",
	};

	_Static_assert(N_ELEM(names) == WEIR_N_META, "a name for each");
	return names[key];
}

/* Bind key to the statement id and step it; *ret_st is NULL when there is no such
 * value. */
static enum weir_rc
meta_step(struct weir_store *s, const char *key, sqlite3_stmt **ret_st,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_META_GET, &st, err);

	*ret_st = NULL;
	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(key));
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		*ret_st = st;
	else
		db_reset(st);
	return rc;
}

/* Nothing of the embedded store is on its way. */
static bool
embedded_meta(const struct weir_store *s, enum weir_meta key, int64_t *ret_value)
{
	if (s->db.kind != DB_EMBEDDED)
		return false;
	if (key == WEIR_META_CYCLE_US || key == WEIR_META_WATERMARK_US)
		*ret_value = weir_now_us();
	else if (key == WEIR_META_FILLED_US || key == WEIR_META_SINCE_US ||
		 key == WEIR_META_CLOCK_US)
		*ret_value = 0;
	else
		*ret_value = WEIR_NO_TIME;
	return true;
}

enum weir_rc
weir_store_meta(struct weir_store *s, enum weir_meta key, int64_t *ret_value,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	if (embedded_meta(s, key, ret_value))
		return WEIR_OK;
	rc = meta_step(s, meta_name(key), &st, err);
	if (!rc)
		*ret_value = st ? db_time(st, 0) : WEIR_NO_TIME;
	db_reset(st);
	return rc;
}

enum weir_rc
weir_store_text(
	struct weir_store *s, const char *key, char **ret_text, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = meta_step(s, key, &st, err);

	if (!rc)
		*ret_text = st ? str_copy(db_str(st, 0)) : NULL;
	db_reset(st);
	return rc;
}

static enum weir_rc
unset(struct weir_store *s, const char *key, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&s->db, SQL_META_UNSET, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(key));
	return db_run(&s->db, st, err);
}

enum weir_rc
weir_store_set_meta(
	struct weir_store *s, enum weir_meta key, int64_t value, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	if (value == WEIR_NO_TIME)
		return unset(s, meta_name(key), err);
	rc = db_get(&s->db, SQL_META_SET, &st, err);
	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(meta_name(key)));
	sqlite3_bind_int64(st, 2, value);
	return db_run(&s->db, st, err);
}

enum weir_rc
weir_store_set_text(
	struct weir_store *s, const char *key, const char *text, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	if (!text)
		return unset(s, key, err);
	rc = db_get(&s->db, SQL_META_SET, &st, err);
	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(key));
	db_bind_str(st, 2, str_of(text));
	return db_run(&s->db, st, err);
}

int64_t
store_generation(struct weir_store *s)
{
	int64_t others = 0;

	if (get_number(s, SQL_DATA_VERSION, &others, NULL) != WEIR_OK)
		return 0;
	return (int64_t)((uint64_t)others << 32 ^
			 (uint64_t)sqlite3_total_changes64(s->db.sqlite));
}

int64_t
weir_store_generation(struct weir_store *s)
{
	enum { ODD = 1000003 };
	uint64_t n = (uint64_t)store_generation(s);

	if (s->beside)
		n += (uint64_t)store_generation(s->beside) * ODD;
	return (int64_t)n;
}

enum weir_rc
weir_store_count(
	struct weir_store *s, enum weir_kind kind, int64_t *ret_n, struct weir_err *err)
{
	int64_t more = 0;
	enum weir_rc rc;

	static const enum sql_id ids[] = {
		[WEIR_RUN] = SQL_RUN_COUNT,
		[WEIR_TASK_RUN] = SQL_TASK_COUNT,
		[WEIR_FLOW] = SQL_FLOW_COUNT,
		[WEIR_DEPLOYMENT] = SQL_DEPLOYMENT_COUNT,
		[WEIR_POOL] = SQL_POOL_COUNT,
		[WEIR_QUEUE] = SQL_QUEUE_COUNT,
		[WEIR_WORKER] = SQL_WORKER_COUNT,
		[WEIR_ARTIFACT] = SQL_ARTIFACT_COUNT,
		[WEIR_LIMIT] = SQL_LIMIT_COUNT,
	};

	_Static_assert(N_ELEM(ids) == WEIR_N_SERVED, "a count for each");
	rc = get_number(s, ids[kind], ret_n, err);
	if (!rc && beside_has(s, kind))
		rc = get_number(s->beside, ids[kind], &more, err);
	if (!rc)
		*ret_n += more;
	return rc;
}

enum weir_rc
weir_store_check(struct weir_store *s, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_CHECK, &st, err);

	if (!rc)
		rc = db_step(&s->db, st, &row, err);
	if (!rc && !(row && str_eq(db_str(st, 0), "ok"))) {
		struct str why = db_str(st, 0);

		rc = weir_fail(err, WEIR_EDB, "the %s is damaged: %s: %.*s",
			db_word(s->db.kind), s->db.path, (int)why.len,
			why.s ? why.s : "");
		if (s->db.kind == DB_EMBEDDED)
			weir_hint(err, "weir restore FILE, of a weir backup");
		else
			weir_hint(
				err, "weir sync   (sets it aside and fills a new one)");
		db_suspect(&s->db);
	}
	db_reset(st);
	return rc;
}

enum weir_rc
weir_store_run_states(struct weir_store *server, const struct weir_id *run,
	char **ret_json, struct weir_err *err)
{
	struct weir_store *s = beside_of(server, run);
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum sql_id id =
		s->db.kind == DB_EMBEDDED ? SQL_EMB_STATES : SQL_DETAILS_STATES;
	enum weir_rc rc = db_get(&s->db, id, &st, err);

	if (rc)
		return rc;
	db_bind_id(st, 1, run);
	rc = db_step(&s->db, st, &row, err);
	if (!rc)
		*ret_json = row && db_str(st, 0).s ? str_copy(db_str(st, 0)) : NULL;
	db_reset(st);
	return rc;
}
