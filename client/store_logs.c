/*
 * Logs on their way into the store: lines are deduplicated by id and merged into blocks
 * that stay in order (timestamp, created, id), however late they come.
 *
 * The lines of one call are sorted, then cut into stretches: lines that fall among the
 * same blocks. A stretch that brings nothing new writes nothing; else its blocks are
 * decoded, merged with the new lines and written again, blocks beside them untouched.
 */
#include "logblock.h"
#include "store_priv.h"

/* Places of blocks: the first in the middle, then with room for others between them. */
enum { PLACE_STEP = 1 << 12 };
static const int64_t place_first = (int64_t)1 << 31;

VEC_TYPE(line_vec, struct weir_log);

/* A block as the directory knows it. */
struct entry {
	int64_t k, from_us, to_us;
	size_t n, bytes;
};
VEC_TYPE(entry_vec, struct entry);

/* One call at work on one log. */
struct job {
	struct weir_store *s;
	struct weir_id run;
	int64_t log; /* k of logs */
	struct store_log_state state;
	struct entry_vec dir; /* the blocks that the lines may touch, and one before */
	struct arena arena;   /* of one stretch */
	struct line_vec merged;
	struct id_vec seen; /* ids in the blocks of a stretch, sorted */
	struct logblock_out out;
	size_t n_new;
	struct weir_err *err;
};

static enum weir_rc
get_log(struct job *j)
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

static enum weir_rc
add_log(struct job *j, int64_t at_us)
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

static enum weir_rc
set_log(struct job *j)
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
find_k(struct job *j, enum sql_id id, int64_t a, int64_t b, int64_t *ret_k)
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

static enum weir_rc
run_2(struct job *j, enum sql_id id, int64_t a, int64_t b)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = db_get(&j->s->db, id, &st, j->err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, a);
	sqlite3_bind_int64(st, 2, b);
	return db_run(&j->s->db, st, j->err);
}

/* Blocks k >= from whose first line is not after until_us, and one more. */
static enum weir_rc
read_dir(struct job *j, int64_t from, int64_t until_us, struct entry_vec *dir)
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
		struct entry e = { .k = sqlite3_column_int64(st, 0),
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

/* The part of the directory that lines of [from_us, to_us] may touch. */
static enum weir_rc
find_dir(struct job *j, int64_t from_us, int64_t to_us)
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
	return read_dir(j, before ? before : k, to_us, &j->dir);
}

static int
cmp_line(const void *a, const void *b)
{
	return logblock_cmp(a, b);
}

static int
cmp_id(const void *a, const void *b)
{
	return weir_id_cmp(a, b);
}

/* Copy of the ids or text and lines of a block into the arena; empty when there are
 * none. */
static struct str
keep(struct job *j, struct str s)
{
	return (struct str){ arena_strndup(&j->arena, s.s ? s.s : "", s.len), s.len };
}

static enum weir_rc
get_ids(struct job *j, int64_t k, struct str *ret_ids)
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

static enum weir_rc
get_block(struct job *j, int64_t k, struct str ids, struct logblock *ret)
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

static bool
same_line(const struct weir_log *a, const struct weir_log *b)
{
	return a->timestamp_us == b->timestamp_us && a->level == b->level &&
	       str_equal(a->message, b->message) &&
	       weir_id_cmp(&a->task_run_id, &b->task_run_id) == 0;
}

/*
 * The lines of a completed log have no ids any more. When it goes on (the run was
 * started again) what overlaps is known by its content; each old line stands for one
 * new one.
 */
static bool
stands_for(struct weir_log *old, size_t n, const struct weir_log *line)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (old[mid].timestamp_us < line->timestamp_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < n && old[lo].timestamp_us == line->timestamp_us; lo++) {
		if (weir_id_is_null(&old[lo].id) && same_line(&old[lo], line)) {
			old[lo].id = line->id;
			return true;
		}
	}
	return false;
}

static enum weir_rc
write_block(struct job *j, int64_t k)
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

static enum weir_rc
cut(struct job *j, int64_t from, int64_t to)
{
	static const enum sql_id cuts[] = { SQL_LOG_INDEX_CUT, SQL_LOG_TEXT_CUT,
		SQL_LOG_IDS_CUT };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && from <= to && i < N_ELEM(cuts); i++)
		rc = run_2(j, cuts[i], from, to);
	return rc;
}

static enum weir_rc
move(struct job *j, int64_t from, int64_t to)
{
	static const enum sql_id moves[] = { SQL_LOG_INDEX_MOVE, SQL_LOG_TEXT_MOVE,
		SQL_LOG_IDS_MOVE };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(moves); i++)
		rc = run_2(j, moves[i], from, to);
	return rc;
}

/* No place is left before block k: move it and all after it up by `by`. */
static enum weir_rc
make_room(struct job *j, int64_t k, int64_t by)
{
	struct entry_vec tail = { 0 };
	enum weir_rc rc = read_dir(j, k, INT64_MAX, &tail);

	for (size_t i = tail.n; !rc && i > 0; i--)
		rc = move(j, tail.v[i - 1].k, tail.v[i - 1].k + by);
	VEC_FREE(&tail);
	return rc;
}

/*
 * Where `extra` blocks go between block k `last` (0: none) and `next` (0: none): at
 * *ret_at + *ret_step, + 2 * *ret_step...
 */
static enum weir_rc
find_places(struct job *j, int64_t last, int64_t next, int64_t extra, int64_t *ret_at,
	int64_t *ret_step)
{
	*ret_step = PLACE_STEP;
	*ret_at = last;
	if (!last && next)
		*ret_at = next - PLACE_STEP * (extra + 1);
	else if (!last)
		*ret_at = store_log_first(j->log) + place_first;
	else if (next) {
		*ret_step = (next - last) / (extra + 1);
		if (*ret_step == 0) {
			*ret_step = PLACE_STEP;
			return make_room(j, next, PLACE_STEP * (extra + 1));
		}
	}
	return WEIR_OK;
}

static size_t
count_blocks(const struct line_vec *lines)
{
	size_t n = 0;

	for (size_t at = 0; at < lines->n; n++)
		at += logblock_take(lines->v + at, lines->n - at);
	return n;
}

/*
 * Write j->merged over the blocks dir[lo..hi). The first blocks take the places of the
 * old ones, further ones go between those and dir[hi]; places left over are emptied.
 */
static enum weir_rc
write_stretch(struct job *j, size_t lo, size_t hi)
{
	const struct line_vec *lines = &j->merged;
	size_t n_blocks = count_blocks(lines), i = lo, take;
	int64_t at = 0, step = 0;
	enum weir_rc rc = WEIR_OK;

	if (n_blocks > hi - lo)
		rc = find_places(j, hi ? j->dir.v[hi - 1].k : 0,
			hi < j->dir.n ? j->dir.v[hi].k : 0,
			(int64_t)(n_blocks - (hi - lo)), &at, &step);
	for (size_t done = 0; !rc && done < lines->n; done += take, i++) {
		take = logblock_take(lines->v + done, lines->n - done);
		logblock_encode(lines->v + done, take, true, &j->out);
		rc = write_block(j, i < hi ? j->dir.v[i].k : (at += step));
	}
	if (!rc && i < hi)
		rc = cut(j, j->dir.v[i].k, j->dir.v[hi - 1].k);
	return rc;
}

/* Lines of the same blocks: [lo, hi) of the directory, count of the lines to come. */
struct stretch {
	size_t lo, hi, n;
};

static bool
has_room(const struct entry *e)
{
	return e->n < LOGBLOCK_LINES && e->bytes < LOGBLOCK_TEXT;
}

/* The blocks among which a line of time us falls; empty: a gap without a block to fill
 * up. */
static struct stretch
place_of(const struct entry_vec *dir, int64_t us)
{
	struct stretch s = { 0, dir->n, 1 };

	while (s.lo < dir->n && dir->v[s.lo].to_us < us)
		s.lo++;
	while (s.hi > 0 && dir->v[s.hi - 1].from_us > us)
		s.hi--;
	if (s.lo >= s.hi)
		s.lo = s.hi > 0 && has_room(&dir->v[s.hi - 1]) ? s.hi - 1 : s.hi;
	return s;
}

static struct stretch
find_stretch(const struct entry_vec *dir, const struct weir_log *lines, size_t n)
{
	struct stretch s = place_of(dir, lines[0].timestamp_us);

	for (; s.n < n; s.n++) {
		struct stretch next = place_of(dir, lines[s.n].timestamp_us);

		if (!(next.lo < s.hi || (next.lo == s.hi && next.hi == s.hi)))
			break;
		if (next.hi > s.hi)
			s.hi = next.hi;
	}
	return s;
}

/* Ids of the blocks of a stretch into j->seen; *ret_blind when a line has none. */
static enum weir_rc
collect_seen(struct job *j, const struct stretch *s, bool *ret_blind)
{
	static const struct weir_id none;
	struct weir_id id;
	struct str ids;

	j->seen.n = 0;
	*ret_blind = false;
	for (size_t i = s->lo; i < s->hi; i++) {
		enum weir_rc rc = get_ids(j, j->dir.v[i].k, &ids);

		if (rc)
			return rc;
		if (ids.len / LOGBLOCK_ID < j->dir.v[i].n)
			*ret_blind = true;
		for (size_t at = 0; at + LOGBLOCK_ID <= ids.len; at += LOGBLOCK_ID) {
			memcpy(id.b, ids.s + at, sizeof(id.b));
			VEC_PUSH(&j->seen, id);
		}
	}
	if (j->seen.n)
		qsort(j->seen.v, j->seen.n, sizeof(*j->seen.v), cmp_id);
	if (store_id_in(j->seen.v, j->seen.n, &none))
		*ret_blind = true;
	return WEIR_OK;
}

/* The lines that dir[lo..hi) hold, in the arena. */
static enum weir_rc
read_old(struct job *j, const struct stretch *s, struct line_vec *ret)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = s->lo; !rc && i < s->hi; i++) {
		struct logblock block;
		struct str ids;

		rc = get_ids(j, j->dir.v[i].k, &ids);
		if (!rc)
			rc = get_block(j, j->dir.v[i].k, ids, &block);
		for (size_t l = 0; !rc && l < block.n; l++)
			VEC_PUSH(ret, block.lines[l]);
	}
	return rc;
}

/* Those of lines that are not there yet; sorted, each once. */
static size_t
pick_new(struct job *j, const struct weir_log *lines, size_t n, struct weir_log *ret)
{
	size_t n_new = 0;

	for (size_t i = 0; i < n; i++) {
		if (n_new && weir_id_cmp(&ret[n_new - 1].id, &lines[i].id) == 0)
			continue;
		if (!store_id_in(j->seen.v, j->seen.n, &lines[i].id))
			ret[n_new++] = lines[i];
	}
	return n_new;
}

/* Old lines keep their order among themselves, whatever is still known of it. */
static void
merge(struct line_vec *ret, const struct line_vec *old, const struct weir_log *new,
	size_t n_new)
{
	size_t i = 0;

	ret->n = 0;
	VEC_RESERVE(ret, old->n + n_new);
	for (size_t k = 0; k < n_new; k++) {
		while (i < old->n && logblock_cmp(&old->v[i], &new[k]) <= 0)
			ret->v[ret->n++] = old->v[i++];
		ret->v[ret->n++] = new[k];
	}
	while (i < old->n)
		ret->v[ret->n++] = old->v[i++];
}

static enum weir_rc
put_stretch(struct job *j, const struct weir_log *lines, const struct stretch *s)
{
	struct weir_log *new = arena_alloc(&j->arena, s->n * sizeof(*new));
	struct line_vec old = { 0 };
	size_t n_new, n = 0;
	bool blind;
	enum weir_rc rc = collect_seen(j, s, &blind);

	if (rc)
		return rc;
	n_new = pick_new(j, lines, s->n, new);
	if (n_new)
		rc = read_old(j, s, &old);
	for (size_t i = 0; blind && i < n_new; i++)
		if (!stands_for(old.v, old.n, &new[i]))
			new[n++] = new[i];
	if (blind)
		n_new = n;
	if (!rc && n_new) {
		merge(&j->merged, &old, new, n_new);
		rc = write_stretch(j, s->lo, s->hi);
		j->n_new += n_new;
	}
	VEC_FREE(&old);
	return rc;
}

/* lines are sorted. After a stretch was written the directory is another. */
static enum weir_rc
put_sorted(struct job *j, const struct weir_log *lines, size_t n)
{
	enum weir_rc rc = WEIR_OK;
	size_t written = j->n_new + 1;

	for (size_t i = 0; !rc && i < n;) {
		struct stretch s;

		if (written != j->n_new)
			rc = find_dir(
				j, lines[i].timestamp_us, lines[n - 1].timestamp_us);
		if (rc)
			return rc;
		written = j->n_new;
		arena_clear(&j->arena);
		s = find_stretch(&j->dir, lines + i, n - i);
		rc = put_stretch(j, lines + i, &s);
		i += s.n;
	}
	return rc;
}

static void
release(struct job *j)
{
	arena_free(&j->arena);
	VEC_FREE(&j->dir);
	VEC_FREE(&j->merged);
	VEC_FREE(&j->seen);
	logblock_release(&j->out);
}

static enum weir_rc
put_logs(struct job *j, const struct weir_log *lines, size_t n)
{
	struct weir_log *sorted = xmemdup(lines, n * sizeof(*lines));
	enum weir_rc rc = get_log(j);

	qsort(sorted, n, sizeof(*sorted), cmp_line);
	if (!rc && !j->state.known)
		rc = add_log(j, sorted[0].timestamp_us);
	if (!rc)
		rc = put_sorted(j, sorted, n);
	if (!rc && j->n_new) {
		if (j->state.until_us < sorted[n - 1].timestamp_us)
			j->state.until_us = sorted[n - 1].timestamp_us;
		j->state.n += (int64_t)j->n_new;
		j->state.complete = false;
		rc = set_log(j);
	}
	free(sorted);
	return rc;
}

enum weir_rc
store_put_logs(struct weir_store *s, const struct weir_id *run,
	const struct weir_log *lines, size_t n, size_t *ret_new, struct weir_err *err)
{
	struct job j = { .s = s, .run = *run, .err = err };
	enum weir_rc rc;

	if (n == 0)
		return WEIR_OK;
	rc = store_begin(s, err);
	if (rc)
		return rc;
	rc = put_logs(&j, lines, n);
	rc = store_end(s, rc, err);
	if (!rc && ret_new)
		*ret_new += j.n_new;
	release(&j);
	return rc;
}

/* Join dir[lo..hi) into one block without ids. */
static enum weir_rc
join(struct job *j, size_t lo, size_t hi)
{
	struct stretch s = { lo, hi, 0 };
	enum weir_rc rc;

	arena_clear(&j->arena);
	j->merged.n = 0;
	rc = read_old(j, &s, &j->merged);
	if (rc || j->merged.n == 0)
		return rc;
	logblock_encode(j->merged.v, j->merged.n, false, &j->out);
	rc = write_block(j, j->dir.v[lo].k);
	return rc ? rc : cut(j, j->dir.v[lo + 1].k, j->dir.v[hi - 1].k);
}

/* Neighbours that fit into one block become one. */
static enum weir_rc
join_small(struct job *j)
{
	enum weir_rc rc = read_dir(j, store_log_first(j->log), INT64_MAX, &j->dir);

	for (size_t lo = 0, hi; !rc && lo < j->dir.n; lo = hi) {
		size_t n = j->dir.v[lo].n, bytes = j->dir.v[lo].bytes;

		for (hi = lo + 1; hi < j->dir.n; hi++) {
			n += j->dir.v[hi].n;
			bytes += j->dir.v[hi].bytes;
			if (n > LOGBLOCK_LINES || bytes > LOGBLOCK_TEXT)
				break;
		}
		if (hi > lo + 1)
			rc = join(j, lo, hi);
	}
	return rc;
}

static enum weir_rc
complete(struct job *j, int64_t run_count)
{
	enum weir_rc rc = get_log(j);

	if (rc || (j->state.complete && j->state.runs == run_count))
		return rc;
	if (!j->state.known)
		rc = add_log(j, weir_now_us());
	if (!rc)
		rc = join_small(j);
	if (!rc)
		rc = run_2(j, SQL_LOG_IDS_CUT, store_log_first(j->log),
			store_log_last(j->log));
	j->state.complete = true;
	j->state.runs = run_count;
	return rc ? rc : set_log(j);
}

enum weir_rc
store_complete_logs(struct weir_store *s, const struct weir_id *run, int64_t run_count,
	struct weir_err *err)
{
	struct job j = { .s = s, .run = *run, .err = err };
	enum weir_rc rc = store_begin(s, err);

	if (rc)
		return rc;
	rc = store_end(s, complete(&j, run_count), err);
	release(&j);
	return rc;
}

enum weir_rc
store_log_state(struct weir_store *s, const struct weir_id *run,
	struct store_log_state *ret, struct weir_err *err)
{
	struct job j = { .s = s, .run = *run, .err = err };
	enum weir_rc rc = get_log(&j);

	if (!rc)
		*ret = j.state;
	return rc;
}

enum weir_rc
store_delete_log(struct weir_store *s, const struct weir_id *run, struct weir_err *err)
{
	struct job j = { .s = s, .run = *run, .err = err };
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = get_log(&j);

	if (rc || !j.state.known)
		return rc;
	rc = cut(&j, store_log_first(j.log), store_log_last(j.log));
	if (!rc)
		rc = db_get(&s->db, SQL_LOG_DELETE, &st, err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, j.log);
	return db_run(&s->db, st, err);
}
