#include <stdlib.h>
#include <strings.h>

#include "jscan.h"
#include "query.h"
#include "query_tally.h"
#include "weir/group.h"

enum {
	SAMPLE = 20000,     /* of the newest rows are looked at */
	SAMPLE_DOCS = 3000, /* where each row's document must be read */
	DIFFERENT = 5000,   /* values at most */
	SHOWN_MAX = 200,    /* bytes of a value that is offered */
};

/* Where values are that no row of the sample has. */
static const struct {
	enum weir_kind kind;
	const char *name;
	enum weir_kind of;
} others[] = {
	{ WEIR_RUN, "flow_name", WEIR_FLOW },
	{ WEIR_RUN, "deployment_name", WEIR_DEPLOYMENT },
	{ WEIR_RUN, "work_pool_name", WEIR_POOL },
	{ WEIR_RUN, "work_queue_name", WEIR_QUEUE },
	{ WEIR_DEPLOYMENT, "flow_name", WEIR_FLOW },
	{ WEIR_QUEUE, "work_pool_name", WEIR_POOL },
	{ WEIR_WORKER, "work_pool_name", WEIR_POOL },
};

static bool
is_offered(struct str s, struct str prefix)
{
	if (s.len < prefix.len || s.len == 0 || s.len > SHOWN_MAX ||
		(prefix.len && strncasecmp(s.s, prefix.s, prefix.len) != 0))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.s[i] < 0x20 || s.s[i] == 0x7f)
			return false;
	}
	return true;
}

static void
add(struct query_tally *t, struct str s, struct str prefix, int64_t n)
{
	struct query_tally_entry *e =
		is_offered(s, prefix) ? query_tally_at(t, s) : NULL;

	if (e)
		e->n += n;
}

static void
add_json(struct query_tally *t, struct str value, struct str prefix)
{
	struct buf b = BUF_INIT(BUF_MAX);

	if (value.len && value.s[0] == '"') {
		jscan_unescape(&b, value);
		add(t, buf_str(&b), prefix, 1);
	} else if (value.len && !strchr("{[", value.s[0]) && !str_eq(value, "null")) {
		add(t, value, prefix, 1);
	}
	buf_release(&b);
}

/* names: the keys of an object; else its value, or the elements of an array. */
static void
add_cell(
	struct query_tally *t, const struct weir_cell *c, bool names, struct str prefix)
{
	struct jscan j;
	struct str key, value;

	if (c->null)
		return;
	if (names || c->type == WEIR_T_TAGS) {
		bool open = jscan_open(&j, c->s);

		while (open && jscan_next(&j, &key, &value)) {
			if (!names)
				add_json(t, value, prefix);
			else if (!memchr(key.s, '\\', key.len))
				add(t, key, prefix, 1);
		}
	} else if (c->type == WEIR_T_JSON) {
		add_json(t, c->s, prefix);
	} else if (c->type == WEIR_T_TEXT) {
		add(t, c->s, prefix, 1);
	}
}

static enum weir_rc
sample(struct weir_store *s, enum weir_kind kind, const char *column, bool names,
	struct str prefix, struct query_tally *t, struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = kind, .columns = &set, .limit = SAMPLE };
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc = weir_columns_choose(kind, column, 0, &set, err);

	if (!rc && kind == WEIR_RUN && strstr(set.v[0]->sql, "run_docs"))
		sel.limit = SAMPLE_DOCS;
	if (!rc)
		rc = weir_rows_open(s, &sel, &rows, err);
	while (!rc && !(rc = weir_rows_next(rows, &row, err)) && row)
		add_cell(t, weir_rows_cell(rows, 0), names, prefix);
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}

/* Names of objects that no row of the sample speaks of. */
static enum weir_rc
add_others(struct weir_store *s, enum weir_kind kind, const char *column,
	struct str prefix, struct query_tally *t, struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	enum weir_rc rc = weir_columns_choose(kind, column, 0, &set, err);

	for (size_t i = 0; !rc && i < N_ELEM(others); i++) {
		if (others[i].kind == kind && set.n == 1 &&
			strcmp(others[i].name, set.v[0]->name) == 0)
			rc = sample(s, others[i].of, "name", false, prefix, t, err);
	}
	weir_columns_release(&set);
	return rc;
}

static int
by_count(const void *a, const void *b)
{
	const struct query_tally_entry *x = a, *y = b;
	size_t n = x->text.len < y->text.len ? x->text.len : y->text.len;
	int c = memcmp(x->text.s, y->text.s, n);

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return c ? c : (x->text.len > y->text.len) - (x->text.len < y->text.len);
}

enum weir_rc
weir_query_values(struct weir_store *s, enum weir_kind kind, const char *field,
	struct str prefix, struct buf *out, struct weir_err *err)
{
	bool names = strcasecmp(field, "param.") == 0;
	const char *column = names ? "parameters" : field;
	struct query_tally t;
	enum weir_rc rc;

	query_tally_init(&t, DIFFERENT);
	rc = sample(s, kind, column, names, prefix, &t, err);
	if (!rc && !names)
		rc = add_others(s, kind, column, prefix, &t, err);
	if (!rc && t.v.n > 1)
		qsort(t.v.v, t.v.n, sizeof(*t.v.v), by_count);
	for (size_t i = 0; !rc && i < t.v.n && i < WEIR_VALUES_MAX; i++) {
		if (out->len)
			buf_addc(out, '\n');
		if (names)
			buf_addf(out, "param.%s:", t.v.v[i].text.s);
		else
			weir_query_quote(out, t.v.v[i].text, false);
	}
	query_tally_release(&t);
	return rc;
}
