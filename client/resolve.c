/*
 * What a word on the command line names: an id or the begin of one, a name, @latest,
 * @failed, or the address of a page of Prefect's web interface.
 * /
 */
#include <ctype.h>
#include <strings.h>

#include "beside.h"
#include "query.h"
#include "store_write.h"
#include "weir/text.h"

enum { SHOWN_MAX = 8, COUNT_MAX = 1000, PREFIX_MIN = 4, SHORT_ID = 8 };

/* clang-format off */
static const struct {
	const char *table, *order;
	const char *page; /* path segment before the id (of a pool: the name) */
} kinds[WEIR_N_SERVED] = {
	[WEIR_RUN] = { "runs", "at_us DESC", "flow-run" },
	[WEIR_TASK_RUN] = { "task_runs", "start_us DESC", "task-run" },
	[WEIR_FLOW] = { "flows", "name", "flow" },
	[WEIR_DEPLOYMENT] = { "deployments", "name", "deployment" },
	[WEIR_POOL] = { "pools", "name", "work-pool" },
	[WEIR_QUEUE] = { "queues", "name", "work-queue" },
	[WEIR_WORKER] = { "workers", "name", NULL },
	[WEIR_ARTIFACT] = { "artifacts", "created_us DESC", "artifact" },
	[WEIR_LIMIT] = { "limits", "name", "concurrency-limit" },
};
/* clang-format on */

struct found {
	enum weir_kind kind;
	struct weir_id id;
	int64_t key, at_us; /* at_us: of one that a mark names */
};

struct hunt {
	struct weir_store *store; /* one of both */
	int64_t mark;             /* of keys of its rows */
	struct str text;
	unsigned kinds;
	VEC(struct found) hits;
	struct weir_err *err;
};

/* Step st to its end; rows are k, id. */
static enum weir_rc
collect(struct hunt *h, enum weir_kind kind, sqlite3_stmt *st)
{
	bool row = false;
	enum weir_rc rc;

	while (!(rc = db_step(store_db(h->store), st, &row, h->err)) && row) {
		struct found f = { kind, db_id(st, 1),
			sqlite3_column_int64(st, 0) | h->mark, WEIR_NO_TIME };

		if (sqlite3_column_count(st) > 2)
			f.at_us = sqlite3_column_int64(st, 2);

		VEC_PUSH(&h->hits, f);
	}
	return rc;
}

static enum weir_rc
prepare(struct hunt *h, enum weir_kind kind, const char *where, sqlite3_stmt **ret_st)
{
	char *sql = xasprintf("SELECT k, id FROM %s WHERE %s ORDER BY %s LIMIT %d",
		kinds[kind].table, where, kinds[kind].order, COUNT_MAX);
	enum weir_rc rc = query_prepare(h->store, sql, ret_st, h->err);

	free(sql);
	return rc;
}

/* fn finds hits in one store; here in both where there are two. */
static enum weir_rc
in_both(struct hunt *h, enum weir_kind kind,
	enum weir_rc (*fn)(struct hunt *h, enum weir_kind kind))
{
	struct weir_store *s = h->store;
	enum weir_rc rc = fn(h, kind);

	if (rc || !beside_has(s, kind))
		return rc;
	h->store = weir_store_beside(s);
	h->mark = WEIR_KEY_BESIDE;
	rc = fn(h, kind);
	h->store = s;
	h->mark = 0;
	return rc;
}

static enum weir_rc
by_id(struct hunt *h, enum weir_kind kind)
{
	struct weir_id low, high;
	sqlite3_stmt *st = NULL;
	size_t digits = 0;
	enum weir_rc rc;

	for (size_t i = 0; i < h->text.len; i++)
		digits += h->text.s[i] != '-';
	if (digits < PREFIX_MIN || !weir_id_parse_prefix(h->text, &low, &high))
		return WEIR_OK;
	rc = prepare(h, kind, "id BETWEEN ?1 AND ?2", &st);
	if (!rc) {
		sqlite3_bind_blob(st, 1, low.b, sizeof(low.b), SQLITE_STATIC);
		sqlite3_bind_blob(st, 2, high.b, sizeof(high.b), SQLITE_STATIC);
		rc = collect(h, kind, st);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Runs have no index by name: their searchable text says which to look at. */
static enum weir_rc
runs_by_name(struct hunt *h, struct str name)
{
	struct buf keys = BUF_INIT(BUF_MAX);
	struct keyset *set = keyset_new();
	sqlite3_stmt *st = NULL;
	enum weir_rc rc = query_text_candidates(h->store, name, set, h->err);

	if (!rc)
		rc = prepare(h, WEIR_RUN,
			"k IN (SELECT value FROM json_each(?2)) AND name = ?1", &st);
	if (!rc) {
		keyset_json(set, &keys);
		db_bind_str(st, 1, name);
		db_bind_str(st, 2, buf_str(&keys));
		rc = collect(h, WEIR_RUN, st);
	}
	sqlite3_finalize(st);
	keyset_free(set);
	buf_release(&keys);
	return rc;
}

/* `Flow/run/step/task` or, its newest task, `Flow/run/step`: of Metaflow. */
static enum weir_rc
by_pathspec(struct hunt *h)
{
	struct str run = h->text, task = { NULL, 0 };
	sqlite3_stmt *st = NULL;
	size_t slashes = 0, n = h->hits.n;
	enum weir_rc rc;

	for (size_t i = 0; i < h->text.len; i++) {
		if (h->text.s[i] != '/' || ++slashes != 2)
			continue;
		run.len = i;
		task = (struct str){ h->text.s + i + 1, h->text.len - i - 1 };
	}
	if (slashes < 2 || slashes > 3)
		return WEIR_OK;
	rc = prepare(h, WEIR_TASK_RUN,
		slashes == 3
			? "name = ?1 AND run IN (SELECT id FROM runs WHERE name = ?2)"
			: "task_key = ?1 AND run IN"
			  " (SELECT id FROM runs WHERE name = ?2)",
		&st);
	if (!rc) {
		db_bind_str(st, 1, task);
		db_bind_str(st, 2, run);
		rc = collect(h, WEIR_TASK_RUN, st);
	}
	sqlite3_finalize(st);
	if (slashes == 2 && h->hits.n > n)
		h->hits.n = n + 1;
	return rc;
}

static enum weir_rc
by_name(struct hunt *h, enum weir_kind kind)
{
	struct str name = h->text;
	bool two = kind == WEIR_DEPLOYMENT || kind == WEIR_QUEUE;
	const char *slash = two ? memchr(name.s, '/', name.len) : NULL;
	sqlite3_stmt *st = NULL;
	struct str flow = { name.s, slash ? (size_t)(slash - name.s) : 0 };
	enum weir_rc rc;

	if (kind == WEIR_TASK_RUN && store_db(h->store)->kind == DB_METAFLOW &&
		memchr(name.s, '/', name.len)) {
		rc = by_pathspec(h);
		if (rc || h->hits.n)
			return rc;
	}
	if (kind == WEIR_RUN && query_text_has_literal(name))
		return runs_by_name(h, name);
	rc = prepare(h, kind,
		!slash ? "name = ?1"
		: kind == WEIR_QUEUE
			? "name = ?1 AND pool IN (SELECT k FROM pools WHERE"
			  " name = ?2)"
			: "name = ?1 AND flow IN (SELECT k FROM flows WHERE"
			  " name = ?2)",
		&st);
	if (!rc) {
		if (slash) {
			name = (struct str){ slash + 1, name.len - flow.len - 1 };
			db_bind_str(st, 2, flow);
		}
		db_bind_str(st, 1, name);
		rc = collect(h, kind, st);
	}
	sqlite3_finalize(st);
	return rc;
}

/* The newest run, or the newest that failed. */
static enum weir_rc
newest(struct hunt *h, enum weir_kind kind)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	rc = query_prepare(h->store,
		str_eq(h->text, "@failed")
			? "SELECT k, id, at_us FROM (SELECT * FROM (SELECT k, id, "
			  "at_us FROM "
			  "runs"
			  " WHERE state = 7 AND at_us <= ?1 ORDER BY at_us DESC LIMIT "
			  "1)"
			  " UNION ALL SELECT * FROM (SELECT k, id, at_us FROM runs"
			  " WHERE state = 9 AND at_us <= ?1 ORDER BY at_us DESC LIMIT "
			  "1))"
			  " ORDER BY at_us DESC LIMIT 1"
			: "SELECT k, id, at_us FROM runs WHERE at_us <= ?1"
			  " ORDER BY at_us DESC LIMIT 1",
		&st, h->err);
	if (!rc) {
		sqlite3_bind_int64(st, 1, weir_now_us());
		rc = collect(h, kind, st);
	}
	sqlite3_finalize(st);
	return rc;
}

/* @latest, @failed: of runs. */
static enum weir_rc
by_mark(struct hunt *h)
{
	enum weir_rc rc;

	if (!str_eq(h->text, "@failed") && !str_eq(h->text, "@latest")) {
		weir_fail(h->err, WEIR_EUSAGE, "'%.*s': unknown mark",
			(int)(h->text.len < 64 ? h->text.len : 64), h->text.s);
		return weir_hint(h->err, "@latest or @failed");
	}
	rc = in_both(h, WEIR_RUN, newest);
	if (h->hits.n > 1 && h->hits.v[1].at_us > h->hits.v[0].at_us)
		h->hits.v[0] = h->hits.v[1];
	if (h->hits.n > 1)
		h->hits.n = 1;
	return rc;
}

/* `%41` and the like in a path. */
static struct str
unescape(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		struct weir_id low, high;
		struct str hex = { s.s + i + 1, 2 };

		if (s.s[i] == '%' && i + 2 < s.len && s.s[i + 1] != '-' &&
			s.s[i + 2] != '-' && weir_id_parse_prefix(hex, &low, &high)) {
			buf_addc(out, (char)low.b[0]);
			i += 2;
		} else {
			buf_addc(out, s.s[i]);
		}
	}
	return buf_str(out);
}

/* The segment after /flow-run/ and so on; a kind that was not asked for is no hit. */
static enum weir_rc
by_address(struct hunt *h)
{
	struct str path = { h->text.s, 0 };
	struct buf name = BUF_INIT(1024);
	enum weir_rc rc = WEIR_OK;

	while (path.len < h->text.len && !strchr("?#", h->text.s[path.len]))
		path.len++;
	for (int k = 0; !rc && k < WEIR_N_SERVED; k++) {
		size_t n = kinds[k].page ? strlen(kinds[k].page) : 0;

		if (!n || !(h->kinds >> k & 1))
			continue;
		for (size_t i = 0; !rc && i + n + 2 < path.len; i++) {
			size_t from = i + n + 2, to = from;

			if (path.s[i] != '/' || path.s[from - 1] != '/' ||
				memcmp(path.s + i + 1, kinds[k].page, n) != 0)
				continue;
			while (to < path.len && path.s[to] != '/')
				to++;
			buf_clear(&name);
			h->text = unescape(
				(struct str){ path.s + from, to - from }, &name);
			rc = k == WEIR_POOL ? by_name(h, WEIR_POOL)
					    : by_id(h, (enum weir_kind)k);
			h->text = path;
			break;
		}
		if (h->hits.n)
			break;
	}
	buf_release(&name);
	return rc;
}

static enum weir_rc
search(struct hunt *h)
{
	enum weir_rc rc = WEIR_OK;

	if (h->text.len && h->text.s[0] == '@')
		return h->kinds & 1u << WEIR_RUN ? by_mark(h) : WEIR_OK;
	if (str_starts(h->text, "http://") || str_starts(h->text, "https://"))
		return by_address(h);
	for (int k = 0; !rc && !h->hits.n && k < WEIR_N_SERVED; k++) {
		if (h->kinds >> k & 1)
			rc = in_both(h, (enum weir_kind)k, by_id);
	}
	for (int k = 0; !rc && !h->hits.n && k < WEIR_N_SERVED; k++) {
		if (h->kinds >> k & 1)
			rc = in_both(h, (enum weir_kind)k, by_name);
	}
	return rc;
}

enum { LINE_CELLS = 3, CELL_WIDTH = 40 };

/* A line of the list of candidates. */
struct line {
	struct buf cells[LINE_CELLS];
};

static void
read_line(struct hunt *h, const struct found *f, struct line *line)
{
	const char *list = f->kind == WEIR_RUN          ? "flow_name,name,at"
			   : f->kind == WEIR_DEPLOYMENT ? "flow_name,name"
			   : f->kind == WEIR_QUEUE      ? "work_pool_name,name"
			   : f->kind == WEIR_ARTIFACT   ? "key"
							: "name";
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = f->kind, .columns = &set, .key = f->key };
	struct weir_rows *rows = NULL;
	bool row = false;

	for (size_t i = 0; i < LINE_CELLS; i++)
		buf_init(&line->cells[i], BUF_MAX);
	if (weir_columns_choose(f->kind, list, 0, &set, NULL) ||
		weir_rows_open(h->store, &sel, &rows, NULL) ||
		weir_rows_next(rows, &row, NULL) || !row)
		goto out;
	for (size_t i = 0; i < set.n && i < LINE_CELLS; i++) {
		const struct weir_cell *c = weir_rows_cell(rows, i);
		struct buf *b = &line->cells[i];

		if (c->type == WEIR_T_TIME && !c->null)
			weir_time_relative(b, c->i, weir_now_us(), false, true);
		else if (c->type == WEIR_T_TEXT)
			text_fit(b, c->s, CELL_WIDTH, 0);
	}
out:
	weir_rows_close(rows);
	weir_columns_release(&set);
}

/* Digits that tell the ids of the first n hits apart, at least SHORT_ID. */
static size_t
distinct_digits(const struct hunt *h, size_t n)
{
	char a[WEIR_ID_TEXT + 1], b[WEIR_ID_TEXT + 1];
	size_t digits = SHORT_ID;

	for (size_t i = 0; i < n; i++) {
		weir_id_format(&h->hits.v[i].id, a);
		for (size_t k = 0; k < i; k++) {
			weir_id_format(&h->hits.v[k].id, b);
			while (digits < WEIR_ID_TEXT && strncmp(a, b, digits) == 0)
				digits++;
		}
	}
	return digits;
}

/* `  5c1d0e7a  build-one  numpy 2.3.1  4 min ago`, a line each, aligned */
static void
add_candidates(struct hunt *h, struct buf *out)
{
	struct line lines[SHOWN_MAX];
	size_t n = h->hits.n < SHOWN_MAX ? h->hits.n : SHOWN_MAX;
	size_t digits = distinct_digits(h, n), width[LINE_CELLS] = { 0 };
	char id[WEIR_ID_TEXT + 1];

	for (size_t i = 0; i < n; i++) {
		read_line(h, &h->hits.v[i], &lines[i]);
		for (size_t k = 0; k < LINE_CELLS; k++) {
			size_t w = text_width(buf_str(&lines[i].cells[k]));

			if (w > width[k])
				width[k] = w;
		}
	}
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "\n  %.*s", (int)digits,
			weir_id_format(&h->hits.v[i].id, id));
		for (size_t k = 0; k < LINE_CELLS && width[k]; k++) {
			buf_adds(out, "  ");
			text_pad(out, buf_str(&lines[i].cells[k]), width[k], false, 0);
		}
		while (out->len && out->s[out->len - 1] == ' ')
			buf_truncate(out, out->len - 1);
		for (size_t k = 0; k < LINE_CELLS; k++)
			buf_release(&lines[i].cells[k]);
	}
}

/* The shortest begin of the first candidate's id that no other has. */
static void
hint_prefix(struct hunt *h)
{
	char first[WEIR_ID_TEXT + 1], other[WEIR_ID_TEXT + 1];
	size_t n = PREFIX_MIN;

	weir_id_format(&h->hits.v[0].id, first);
	for (size_t i = 1; i < h->hits.n; i++) {
		weir_id_format(&h->hits.v[i].id, other);
		while (n < WEIR_ID_TEXT && strncmp(first, other, n) == 0)
			n++;
	}
	weir_hint(h->err, "%.*s", (int)n, first);
}

static enum weir_rc
ambiguous(struct hunt *h)
{
	struct buf out = BUF_INIT(1400);
	enum weir_kind kind = h->hits.v[0].kind;
	struct weir_id low, high;
	bool id = weir_id_parse_prefix(h->text, &low, &high) &&
		  weir_id_cmp(&h->hits.v[0].id, &low) >= 0 &&
		  weir_id_cmp(&h->hits.v[0].id, &high) <= 0;

	buf_addf(&out, "%s '%.*s': %s%zu %s %s", weir_kind_name(kind),
		(int)(h->text.len < 64 ? h->text.len : 64), h->text.s,
		h->hits.n == COUNT_MAX ? "at least " : "", h->hits.n,
		weir_kind_plural(kind), id ? "begin with it" : "have that name");
	add_candidates(h, &out);
	if (h->hits.n > SHOWN_MAX)
		buf_adds(&out, "\n  ...");
	weir_fail(h->err, WEIR_EAMBIGUOUS, "%s", buf_cstr(&out));
	hint_prefix(h);
	buf_release(&out);
	return WEIR_EAMBIGUOUS;
}

/* Can be said to a shell, and is a bare word of a query. */
static bool
is_plain_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.s[i]) && !strchr("._", s.s[i]) &&
			(s.s[i] != '-' || i == 0))
			return false;
	return s.len > 0 && s.len <= 40 && !str_eq(s, "or") && !str_eq(s, "not");
}

static enum weir_rc
not_found(struct hunt *h)
{
	struct buf what = BUF_INIT(256);
	int n = (int)(h->text.len < 100 ? h->text.len : 100);

	for (int k = 0; k < WEIR_N_SERVED; k++) {
		bool last = !(h->kinds >> (k + 1));

		if (h->kinds >> k & 1)
			buf_addf(&what, "%s%s",
				!what.len ? ""
				: last    ? " or "
					  : ", ",
				weir_kind_name((enum weir_kind)k));
	}
	weir_fail(h->err, WEIR_ENOTFOUND, "'%.*s': no %s here has that id or name", n,
		h->text.s, buf_cstr(&what));
	buf_release(&what);
	if (!(h->kinds & 1u << WEIR_RUN)) {
		weir_hint(h->err, "weir %s",
			h->kinds & 1u << WEIR_DEPLOYMENT ? "deployments"
			: h->kinds & 1u << WEIR_POOL     ? "pools"
			: h->kinds & 1u << WEIR_QUEUE    ? "pools --queues"
							 : "flows");
		return WEIR_ENOTFOUND;
	}
	if (is_plain_word(h->text))
		weir_hint(h->err, "weir runs %.*s", n, h->text.s);
	else
		weir_hint(h->err, "weir runs");
	return WEIR_ENOTFOUND;
}

enum weir_rc
weir_resolve(struct weir_store *s, unsigned kind_mask, const char *text,
	enum weir_kind *ret_kind, struct weir_id *ret_id, int64_t *ret_key,
	struct weir_err *err)
{
	struct hunt h = {
		.store = s, .text = str_of(text), .kinds = kind_mask, .err = err
	};
	enum weir_rc rc = search(&h);

	if (!rc && h.hits.n == 0)
		rc = not_found(&h);
	else if (!rc && h.hits.n > 1)
		rc = ambiguous(&h);
	if (!rc) {
		*ret_kind = h.hits.v[0].kind;
		*ret_id = h.hits.v[0].id;
		*ret_key = h.hits.v[0].key;
	}
	VEC_FREE(&h.hits);
	return rc;
}

enum weir_rc
weir_row_of(struct weir_store *s, enum weir_kind kind, const struct weir_id *id,
	const char *columns, weir_row_fn *fn, void *arg, struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .columns = &set };
	struct weir_rows *rows = NULL;
	char text[WEIR_ID_TEXT + 1];
	enum weir_kind found_kind;
	struct weir_id found;
	bool row = false;
	enum weir_rc rc;

	rc = weir_resolve(s, 1u << kind, weir_id_format(id, text), &found_kind, &found,
		&sel.key, err);
	if (!rc)
		rc = weir_columns_choose(kind, columns, 0, &set, err);
	if (!rc)
		rc = weir_rows_open(s, &sel, &rows, err);
	if (!rc)
		rc = weir_rows_next(rows, &row, err);
	if (!rc && row)
		fn(arg, rows);
	else if (!rc)
		rc = weir_fail(err, WEIR_ENOTFOUND, "%s: %s: not in the store",
			weir_kind_name(kind), text);
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}
