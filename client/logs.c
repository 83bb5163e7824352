/* One run's log as an array of lines over its blocks. */
#include "weir/logs.h"

#include "beside.h"
#include "logs_priv.h"

/* A line is borrowed until the second next call, which may be of another block each. */
enum { CACHED = 4 };
/* So many blocks are looked up when a log is opened, all when one asks for more. */
enum { HEAD = 32 };

struct ref {
	int64_t k, from_us, to_us;
	size_t n, first; /* lines; number of the first */
	uint32_t levels;
};

struct weir_log_reader {
	struct weir_store *s, *first; /* where the log is; who was asked */
	struct weir_id run;
	int64_t log; /* 0: nothing known of it */
	bool complete;
	VEC(struct ref) refs;
	bool partial; /* refs has only the first blocks */
	size_t n;
	size_t changed_from; /* by a reload that nobody was told of; SIZE_MAX: none */
	struct logs_block cache[CACHED];
	uint64_t used[CACHED], tick;
	struct logs_names names;
};

static enum weir_rc
read_state_in(struct weir_log_reader *l, struct weir_store *s, size_t *ret_n,
	struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	int64_t n;
	enum weir_rc rc = db_get(&s->db, SQL_LOG_GET, &st, err);

	if (rc)
		return rc;
	l->s = l->names.s = s;
	db_bind_id(st, 1, &l->run);
	rc = db_step(&s->db, st, &row, err);
	if (!rc) {
		l->log = row ? sqlite3_column_int64(st, 0) : 0;
		l->complete = row && sqlite3_column_int(st, 1);
		n = row ? sqlite3_column_int64(st, 3) : 0;
		*ret_n = n > 0 ? (size_t)n : 0;
	}
	db_reset(st);
	return rc;
}

static enum weir_rc
read_state(struct weir_log_reader *l, size_t *ret_n, struct weir_err *err)
{
	enum weir_rc rc = read_state_in(l, l->first, ret_n, err);
	struct weir_store *beside = weir_store_beside(l->first);

	if (rc || l->log || !beside)
		return rc;
	rc = read_state_in(l, beside, ret_n, err);
	if (!rc && !l->log)
		l->s = l->names.s = l->first;
	return rc;
}

static struct ref
get_ref(sqlite3_stmt *st, size_t first)
{
	int64_t n = sqlite3_column_int64(st, 3);

	return (struct ref){ .k = sqlite3_column_int64(st, 0),
		.from_us = sqlite3_column_int64(st, 1),
		.to_us = sqlite3_column_int64(st, 2),
		.n = n > 0 ? (size_t)n : 0,
		.first = first,
		.levels = (uint32_t)sqlite3_column_int64(st, 5) };
}

static bool
same_ref(const struct ref *a, const struct ref *b)
{
	return a->k == b->k && a->n == b->n && a->from_us == b->from_us &&
	       a->to_us == b->to_us && a->levels == b->levels;
}

/*
 * Read the directory anew, at most so many blocks; *ret_from is the first line of the
 * first block that differs.
 */
static enum weir_rc
reload(struct weir_log_reader *l, size_t most, size_t *ret_from, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t i = 0, n = 0, from = SIZE_MAX, total = 0;
	bool row = false;
	enum weir_rc rc = read_state(l, &total, err);

	if (!rc)
		rc = db_get(&l->s->db, SQL_LOG_BLOCKS, &st, err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, store_log_first(l->log));
	sqlite3_bind_int64(st, 2, store_log_last(l->log));
	while (i < most && (rc = db_step(&l->s->db, st, &row, err)) == WEIR_OK && row) {
		struct ref ref = get_ref(st, n);

		if (from == SIZE_MAX &&
			(i >= l->refs.n || !same_ref(&l->refs.v[i], &ref)))
			from = n;
		if (i < l->refs.n)
			l->refs.v[i] = ref;
		else
			VEC_PUSH(&l->refs, ref);
		n += ref.n;
		i++;
	}
	db_reset(st);
	if (rc && from == SIZE_MAX)
		return rc; /* interrupted: what was known stays, it is the same */
	l->refs.n = i;
	l->partial = i == most && total > n;
	n = l->partial ? total : n;
	l->n = n;
	*ret_from = from < n ? from : n;
	/* Blocks from there on may have been rewritten in place. */
	for (size_t c = 0; from != SIZE_MAX && c < CACHED; c++)
		l->cache[c].k = 0;
	return rc;
}

enum weir_rc
weir_log_open(struct weir_store *s, const struct weir_id *run,
	struct weir_log_reader **ret_log, struct weir_err *err)
{
	struct weir_log_reader *l = xcalloc(1, sizeof(*l));
	size_t from;
	enum weir_rc rc;

	l->s = l->names.s = l->first = s;
	l->run = *run;
	l->changed_from = SIZE_MAX;
	rc = reload(l, HEAD, &from, err);
	if (rc)
		weir_log_close(l);
	else
		*ret_log = l;
	return rc;
}

void
weir_log_close(struct weir_log_reader *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < CACHED; i++)
		arena_free(&l->cache[i].arena);
	logs_names_release(&l->names);
	VEC_FREE(&l->refs);
	free(l);
}

size_t
weir_log_n(const struct weir_log_reader *l)
{
	return l->n;
}

bool
weir_log_complete(const struct weir_log_reader *l)
{
	return l->complete;
}

/* Lines of the blocks that were looked up. */
static size_t
known_lines(const struct weir_log_reader *l)
{
	const struct ref *last = l->refs.n > 0 ? &l->refs.v[l->refs.n - 1] : NULL;

	return last ? last->first + last->n : 0;
}

/* All of the directory; *ret_from: what was there at and after it may be other lines.
 */
static enum weir_rc
reload_all(struct weir_log_reader *l, size_t *ret_from, struct weir_err *err)
{
	size_t head = known_lines(l), n = l->n;
	bool partial = l->partial;
	enum weir_rc rc = reload(l, SIZE_MAX, ret_from, err);

	/* The same as it was, with more known of it. */
	if (!rc && partial && *ret_from >= head && l->n == n)
		*ret_from = n;
	return rc;
}

/* More than the first blocks is asked for; the next update tells what has changed. */
static enum weir_rc
need_all(struct weir_log_reader *l, struct weir_err *err)
{
	size_t n = l->n, from;
	enum weir_rc rc;

	if (!l->partial)
		return WEIR_OK;
	rc = reload_all(l, &from, err);
	if (!rc && (from < n || l->n != n) && from < l->changed_from)
		l->changed_from = from;
	return rc;
}

/* The block in memory; the one not used for longest makes room. */
static enum weir_rc
cached(struct weir_log_reader *l, const struct ref *ref, struct logs_block **ret_block,
	struct weir_err *err)
{
	size_t slot = 0;
	enum weir_rc rc;

	for (size_t i = 0; i < CACHED; i++) {
		if (l->cache[i].k == ref->k) {
			l->used[i] = ++l->tick;
			*ret_block = &l->cache[i];
			return WEIR_OK;
		}
		if (l->used[i] < l->used[slot])
			slot = i;
	}
	rc = logs_read_block(l->s, ref->k, &l->run, &l->cache[slot], err);
	if (!rc && l->cache[slot].b.n != ref->n) {
		l->cache[slot].k = 0;
		rc = weir_fail(err, WEIR_ENOTFOUND, "a block of a log was rewritten");
	}
	if (rc)
		return rc;
	l->used[slot] = ++l->tick;
	*ret_block = &l->cache[slot];
	return WEIR_OK;
}

/* Position of the block that holds line i. */
static size_t
ref_of(const struct weir_log_reader *l, size_t i)
{
	size_t lo = 0, hi = l->refs.n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->refs.v[mid].first <= i)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/*
 * The block of line i. When sync has rewritten it since the directory was read, the
 * directory is read again, and the next update tells of it.
 */
static enum weir_rc
block_of(struct weir_log_reader *l, size_t i, size_t *ret_ref,
	struct logs_block **ret_block, struct weir_err *err)
{
	enum weir_rc rc = i < known_lines(l) ? WEIR_OK : need_all(l, err);
	size_t from;

	if (rc)
		return rc;
	rc = WEIR_ENOTFOUND;
	for (int try = 0; rc == WEIR_ENOTFOUND && try < 3; try++) {
		if (try) {
			rc = reload_all(l, &from, err);
			if (rc)
				return rc;
			if (from < l->changed_from)
				l->changed_from = from;
		}
		if (i >= l->n)
			return weir_fail(
				err, WEIR_ENOTFOUND, "the log has no line %zu", i + 1);
		*ret_ref = ref_of(l, i);
		rc = cached(l, &l->refs.v[*ret_ref], ret_block, err);
	}
	return rc;
}

enum weir_rc
weir_log_get(struct weir_log_reader *l, size_t i, struct weir_line *ret_line,
	struct weir_err *err)
{
	struct logs_block *block;
	size_t ref;
	enum weir_rc rc = block_of(l, i, &ref, &block, err);

	if (!rc)
		logs_fill_line(ret_line, block, i - l->refs.v[ref].first, &l->names);
	return rc;
}

enum weir_rc
weir_log_update(struct weir_log_reader *l, size_t *ret_from, struct weir_err *err)
{
	size_t from;
	enum weir_rc rc = reload_all(l, &from, err);

	if (rc)
		return rc;
	if (l->changed_from < from)
		from = l->changed_from;
	l->changed_from = SIZE_MAX;
	/* Names may be known by now that were not. */
	logs_names_release(&l->names);
	*ret_from = from;
	return WEIR_OK;
}

size_t
weir_log_at(struct weir_log_reader *l, int64_t us)
{
	struct logs_block *block;
	size_t lo = 0, hi, ref;

	if (need_all(l, NULL))
		return l->n;
	for (hi = l->refs.n; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->refs.v[mid].to_us < us)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == l->refs.n ||
		block_of(l, l->refs.v[lo].first, &ref, &block, NULL) != WEIR_OK)
		return l->n;
	for (size_t i = 0; i < block->b.n; i++)
		if (block->b.lines[i].timestamp_us >= us)
			return l->refs.v[ref].first + i;
	return l->refs.v[ref].first + block->b.n;
}

enum weir_rc
logs_times(struct weir_log_reader *l, size_t from, int64_t us[static LOGBLOCK_LINES],
	size_t *ret_n, struct weir_err *err)
{
	struct logs_block *block;
	size_t ref, n = 0;
	enum weir_rc rc = block_of(l, from, &ref, &block, err);

	if (rc)
		return rc;
	for (size_t i = from - l->refs.v[ref].first; i < block->b.n; i++) {
		if (n < LOGBLOCK_LINES)
			us[n++] = block->b.lines[i].timestamp_us;
	}
	*ret_n = n;
	return WEIR_OK;
}

/* Numbers of lines as they are found, those before `end`. */
struct found {
	VEC(size_t) v;
	size_t first, end;
};

static bool
add_found(void *arg, size_t line)
{
	struct found *found = arg;

	if (found->first + line >= found->end)
		return false;
	VEC_PUSH(&found->v, found->first + line);
	return true;
}

/* Without a bitmap: a block that the levels and times let through. */
static bool
bitmap_lets(
	struct weir_log_reader *l, const struct logs_filter *lf, const struct ref *r)
{
	sqlite3_stmt *st = NULL;
	bool row = false, lets = true;

	if (!logs_filter_block(
		    lf, r->from_us, r->to_us, r->levels, (struct str){ NULL, 0 }))
		return false;
	if (!lf->needle.n || db_get(&l->s->db, SQL_LOG_BLOCK_GRAMS, &st, NULL))
		return true;
	sqlite3_bind_int64(st, 1, r->k);
	if (db_step(&l->s->db, st, &row, NULL) == WEIR_OK && row)
		lets = grams_may_contain(db_str(st, 0), &lf->needle);
	db_reset(st);
	return lets;
}

enum weir_rc
weir_log_filter(struct weir_log_reader *l, const struct weir_log_filter *f, size_t from,
	size_t end, size_t **ret_lines, size_t *ret_n, struct weir_err *err)
{
	struct logs_filter lf;
	struct found found = { .end = end };
	size_t i = from, ref;
	enum weir_rc rc = need_all(l, err);

	logs_filter_init(&lf, f);
	while (!rc && i < l->n && i < end) {
		struct logs_block *block;

		ref = ref_of(l, i);
		if (!bitmap_lets(l, &lf, &l->refs.v[ref])) {
			i = l->refs.v[ref].first + l->refs.v[ref].n;
			continue;
		}
		rc = block_of(l, i, &ref, &block, err);
		if (rc)
			break;
		found.first = l->refs.v[ref].first;
		logs_filter_lines(
			&lf, block, i - found.first, &l->names, add_found, &found);
		i = found.first + block->b.n;
	}
	/* The log got shorter under us (its run was deleted): what is left is all. */
	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK;
	if (rc) {
		VEC_FREE(&found.v);
		return rc;
	}
	*ret_lines = found.v.v;
	*ret_n = found.v.n;
	return WEIR_OK;
}
