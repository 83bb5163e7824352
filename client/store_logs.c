/*
 * Logs on their way into the store: lines are deduplicated by id and merged into blocks
 * that stay in order (timestamp, created, id), however late they come.
 *
 * The lines of one call are sorted, then cut into stretches: lines that fall among the
 * same blocks. A stretch that brings nothing new writes nothing; else its blocks are
 * decoded, merged with the new lines and written again, blocks beside them untouched.
 */
#include "store_logs.h"

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

/*
 * Where `extra` blocks go between block k `last` (0: none) and `next` (0: none): at
 * *ret_at + *ret_step, + 2 * *ret_step...
 */
static enum weir_rc
find_places(struct store_log *j, int64_t last, int64_t next, int64_t extra,
	int64_t *ret_at, int64_t *ret_step)
{
	*ret_step = STORE_PLACE_STEP;
	*ret_at = last;
	if (!last && next)
		*ret_at = next - STORE_PLACE_STEP * (extra + 1);
	else if (!last)
		*ret_at = store_log_first(j->log) + STORE_PLACE_FIRST;
	else if (next) {
		*ret_step = (next - last) / (extra + 1);
		if (*ret_step == 0) {
			*ret_step = STORE_PLACE_STEP;
			return store_log_make_room(
				j, next, STORE_PLACE_STEP * (extra + 1));
		}
	}
	return WEIR_OK;
}

static size_t
count_blocks(const struct store_line_vec *lines)
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
write_stretch(struct store_log *j, size_t lo, size_t hi)
{
	const struct store_line_vec *lines = &j->merged;
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
		rc = store_log_write_block(j, i < hi ? j->dir.v[i].k : (at += step));
	}
	if (!rc && i < hi)
		rc = store_log_cut(j, j->dir.v[i].k, j->dir.v[hi - 1].k);
	return rc;
}

/* Lines of the same blocks: [lo, hi) of the directory, count of the lines to come. */
struct stretch {
	size_t lo, hi, n;
};

static bool
has_room(const struct store_entry *e)
{
	return e->n < LOGBLOCK_LINES && e->bytes < LOGBLOCK_TEXT;
}

/* The blocks among which a line of time us falls; empty: a gap without a block to fill
 * up. */
static struct stretch
place_of(const struct store_entry_vec *dir, int64_t us)
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
find_stretch(const struct store_entry_vec *dir, const struct weir_log *lines, size_t n)
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
collect_seen(struct store_log *j, const struct stretch *s, bool *ret_blind)
{
	static const struct weir_id none;
	struct weir_id id;
	struct str ids;

	j->seen.n = 0;
	*ret_blind = false;
	for (size_t i = s->lo; i < s->hi; i++) {
		enum weir_rc rc = store_log_get_ids(j, j->dir.v[i].k, &ids);

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
read_old(struct store_log *j, const struct stretch *s, struct store_line_vec *ret)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = s->lo; !rc && i < s->hi; i++) {
		struct logblock block;
		struct str ids;

		rc = store_log_get_ids(j, j->dir.v[i].k, &ids);
		if (!rc)
			rc = store_log_get_block(j, j->dir.v[i].k, ids, &block);
		for (size_t l = 0; !rc && l < block.n; l++)
			VEC_PUSH(ret, block.lines[l]);
	}
	return rc;
}

/* Those of lines that are not there yet; sorted, each once. */
static size_t
pick_new(struct store_log *j, const struct weir_log *lines, size_t n,
	struct weir_log *ret)
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
merge(struct store_line_vec *ret, const struct store_line_vec *old,
	const struct weir_log *new, size_t n_new)
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
put_stretch(struct store_log *j, const struct weir_log *lines, const struct stretch *s)
{
	struct weir_log *new = arena_alloc(&j->arena, s->n * sizeof(*new));
	struct store_line_vec old = { 0 };
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
put_sorted(struct store_log *j, const struct weir_log *lines, size_t n)
{
	enum weir_rc rc = WEIR_OK;
	size_t written = j->n_new + 1;

	for (size_t i = 0; !rc && i < n;) {
		struct stretch s;

		if (written != j->n_new)
			rc = store_log_find_dir(
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
release(struct store_log *j)
{
	arena_free(&j->arena);
	VEC_FREE(&j->dir);
	VEC_FREE(&j->merged);
	VEC_FREE(&j->seen);
	logblock_release(&j->out);
}

static enum weir_rc
put_logs(struct store_log *j, const struct weir_log *lines, size_t n)
{
	struct weir_log *sorted = xmemdup(lines, n * sizeof(*lines));
	enum weir_rc rc = store_log_get(j);

	qsort(sorted, n, sizeof(*sorted), cmp_line);
	if (!rc && !j->state.known)
		rc = store_log_add(j, sorted[0].timestamp_us);
	if (!rc)
		rc = put_sorted(j, sorted, n);
	if (!rc && j->n_new) {
		if (j->state.until_us < sorted[n - 1].timestamp_us)
			j->state.until_us = sorted[n - 1].timestamp_us;
		j->state.n += (int64_t)j->n_new;
		j->state.complete = false;
		rc = store_log_set(j);
	}
	free(sorted);
	return rc;
}

enum weir_rc
store_put_logs(struct weir_store *s, const struct weir_id *run,
	const struct weir_log *lines, size_t n, size_t *ret_new, struct weir_err *err)
{
	struct store_log j = { .s = s, .run = *run, .err = err };
	enum weir_rc rc;

	if (n == 0 || store_is_told(s))
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
join(struct store_log *j, size_t lo, size_t hi)
{
	struct stretch s = { lo, hi, 0 };
	enum weir_rc rc;

	arena_clear(&j->arena);
	j->merged.n = 0;
	rc = read_old(j, &s, &j->merged);
	if (rc || j->merged.n == 0)
		return rc;
	logblock_encode(j->merged.v, j->merged.n, false, &j->out);
	rc = store_log_write_block(j, j->dir.v[lo].k);
	return rc ? rc : store_log_cut(j, j->dir.v[lo + 1].k, j->dir.v[hi - 1].k);
}

/* Neighbours that fit into one block become one. */
static enum weir_rc
join_small(struct store_log *j)
{
	enum weir_rc rc =
		store_log_read_dir(j, store_log_first(j->log), INT64_MAX, &j->dir);

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
complete(struct store_log *j, int64_t run_count)
{
	enum weir_rc rc = store_log_get(j);

	if (rc || (j->state.complete && j->state.runs == run_count))
		return rc;
	if (!j->state.known)
		rc = store_log_add(j, weir_now_us());
	if (!rc)
		rc = join_small(j);
	if (!rc)
		rc = store_log_run2(j, SQL_LOG_IDS_CUT, store_log_first(j->log),
			store_log_last(j->log));
	j->state.complete = true;
	j->state.runs = run_count;
	return rc ? rc : store_log_set(j);
}

enum weir_rc
store_complete_logs(struct weir_store *s, const struct weir_id *run, int64_t run_count,
	struct weir_err *err)
{
	struct store_log j = { .s = s, .run = *run, .err = err };
	enum weir_rc rc;

	if (store_is_told(s))
		return WEIR_OK;
	rc = store_begin(s, err);
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
	struct store_log j = { .s = s, .run = *run, .err = err };
	enum weir_rc rc = store_log_get(&j);

	if (!rc)
		*ret = j.state;
	return rc;
}

enum weir_rc
store_delete_log(struct weir_store *s, const struct weir_id *run, struct weir_err *err)
{
	struct store_log j = { .s = s, .run = *run, .err = err };
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = store_log_get(&j);

	if (rc || !j.state.known)
		return rc;
	rc = store_log_cut(&j, store_log_first(j.log), store_log_last(j.log));
	if (!rc)
		rc = db_get(&s->db, SQL_LOG_DELETE, &st, err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, j.log);
	return db_run(&s->db, st, err);
}
