#include <stdlib.h>

#include "jscan.h"
#include "query.h"
#include "query_tally.h"
#include "weir/group.h"
#include "weir/time.h"

enum { VALUE_MAX = 1024, CELLS_MAX = 3 };

/* How long: values are numbers of seconds at or above `from`. */
static const struct {
	double from;
	const char *label, *low, *high;
} spans[] = {
	{ 0, "0s..1s", "0s", "1s" },
	{ 1, "1s..10s", "1s", "10s" },
	{ 10, "10s..1m", "10s", "1m" },
	{ 60, "1m..10m", "1m", "10m" },
	{ 600, "10m..1h", "10m", "1h" },
	{ 3600, "1h..6h", "1h", "6h" },
	{ 21600, "6h..1d", "6h", "1d" },
	{ 86400, "1d..", "1d", NULL },
};

static size_t
span_of(double seconds)
{
	size_t i = N_ELEM(spans) - 1;

	while (i > 0 && seconds < spans[i].from)
		i--;
	return i;
}

/* A cell as the text that names its group; s NULL: no value. */
static struct str
text_of(const struct weir_cell *c, struct buf *out)
{
	char id[WEIR_ID_TEXT + 1];

	buf_clear(out);
	if (c->null)
		return (struct str){ NULL, 0 };
	switch (c->type) {
	case WEIR_T_ID:
		buf_adds(out, weir_id_format(&c->id, id));
		break;
	case WEIR_T_TIME:
		weir_time_absolute(out, c->i, false, false);
		buf_truncate(out, 10);
		break;
	case WEIR_T_DURATION:
		buf_adds(out, spans[span_of(c->d)].label);
		break;
	case WEIR_T_REAL:
		buf_addf(out, "%.15g", c->d);
		break;
	case WEIR_T_INT:
		buf_addf(out, "%lld", (long long)c->i);
		break;
	case WEIR_T_BOOL:
		buf_adds(out, c->i ? "yes" : "no");
		break;
	case WEIR_T_STATE:
		buf_adds(out, weir_state_type((enum weir_state)c->i));
		break;
	default:
		return c->s.len ? c->s : (struct str){ NULL, 0 };
	}
	return buf_str(out);
}

static void
count(struct query_tally *t, struct str text, const struct weir_cell *cells, size_t n,
	int64_t *others)
{
	struct query_tally_entry *e =
		text.len <= VALUE_MAX ? query_tally_at(t, text) : NULL;

	if (!e) {
		++*others;
		return;
	}
	e->n++;
	if (n > 1 && !cells[1].null && cells[1].i > e->newest_us)
		e->newest_us = cells[1].i;
	if (n > 2 && !cells[2].null && cells[2].i >= 0 && cells[2].i < WEIR_N_STATES)
		e->states[cells[2].i]++;
}

/* One row: into the group of its value, or of each of its values. */
static void
count_row(struct query_tally *t, const struct weir_cell *cells, size_t n, bool array,
	struct buf *scratch, int64_t *others)
{
	struct jscan j;
	struct str key, value;
	bool any = false;

	if (!array || cells[0].null || !jscan_open(&j, cells[0].s)) {
		count(t, text_of(&cells[0], scratch), cells, n, others);
		return;
	}
	while (jscan_next(&j, &key, &value)) {
		buf_clear(scratch);
		if (value.len && value.s[0] == '"')
			jscan_unescape(scratch, value);
		else
			buf_addstr(scratch, value);
		if (scratch->len == 0)
			continue;
		any = true;
		count(t, buf_str(scratch), cells, n, others);
	}
	if (!any)
		count(t, (struct str){ NULL, 0 }, cells, n, others);
}

/* The value of a parameter as text; objects and arrays are none. */
static void
unquote(struct weir_cell *c, struct buf *scratch)
{
	if (c->null || c->s.len == 0)
		return;
	if (c->s.s[0] == '{' || c->s.s[0] == '[' || str_eq(c->s, "null")) {
		c->null = true;
	} else if (c->s.s[0] == '"') {
		buf_clear(scratch);
		jscan_unescape(scratch, c->s);
		c->s = buf_str(scratch);
	}
}

static enum weir_rc
count_rows(struct weir_store *s, const struct weir_select *sel, struct query_tally *t,
	int64_t *ret_rows, int64_t *ret_others, struct weir_err *err)
{
	const struct weir_column *c = sel->columns->v[0];
	struct buf scratch = BUF_INIT(BUF_MAX), text = BUF_INIT(BUF_MAX);
	struct weir_cell cells[CELLS_MAX];
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc = weir_rows_open(s, sel, &rows, err);

	while (!rc && !(rc = weir_rows_next(rows, &row, err)) && row) {
		for (size_t i = 0; i < sel->columns->n; i++)
			cells[i] = *weir_rows_cell(rows, i);
		if (c->type == WEIR_T_JSON)
			unquote(&cells[0], &text);
		count_row(t, cells, sel->columns->n, c->type == WEIR_T_TAGS, &scratch,
			ret_others);
		++*ret_rows;
	}
	weir_rows_close(rows);
	buf_release(&scratch);
	buf_release(&text);
	return rc;
}

static int
by_count(const void *a, const void *b)
{
	const struct weir_group *x = a, *y = b;
	size_t n = x->value.len < y->value.len ? x->value.len : y->value.len;
	int c;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (!x->value.s != !y->value.s)
		return x->value.s ? -1 : 1;
	c = n ? memcmp(x->value.s, y->value.s, n) : 0;
	return c ? c : (x->value.len > y->value.len) - (x->value.len < y->value.len);
}

static enum weir_rc
choose(enum weir_kind kind, const char *field, struct weir_column_set *set,
	struct weir_err *err)
{
	enum weir_rc rc = weir_columns_choose(kind, field, 0, set, err);

	if (rc)
		return rc;
	if (set->n == 1 && set->v[0]->type != WEIR_T_MEMBERS)
		return WEIR_OK;
	weir_columns_release(set);
	return weir_fail(
		err, WEIR_EUSAGE, "count by '%s': one column is wanted", field);
}

enum weir_rc
weir_group_check(enum weir_kind kind, const char *field, struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	enum weir_rc rc = choose(kind, field, &set, err);

	weir_columns_release(&set);
	return rc;
}

static const struct weir_column *
state_column(enum weir_kind kind)
{
	for (const struct weir_column *c = weir_columns(kind); c->name; c++) {
		if (c->type == WEIR_T_STATE)
			return c;
	}
	return NULL;
}

static void
fill(struct weir_groups *g, struct query_tally *t)
{
	g->n = t->v.n;
	g->v = xcalloc(g->n + 1, sizeof(*g->v));
	for (size_t i = 0; i < g->n; i++) {
		const struct query_tally_entry *e = &t->v.v[i];

		g->v[i].value = e->text;
		g->v[i].n = e->n;
		g->v[i].newest_us = e->newest_us;
		memcpy(g->v[i].states, e->states, sizeof(e->states));
	}
	qsort(g->v, g->n, sizeof(*g->v), by_count);
}

enum weir_rc
weir_rows_group(struct weir_store *s, const struct weir_select *sel, const char *field,
	struct weir_groups *ret_groups, struct weir_err *err)
{
	struct weir_groups g = { 0 };
	struct query_tally *t = xcalloc(1, sizeof(*t));
	const struct weir_column *columns[CELLS_MAX] = { 0 };
	struct weir_column_set set = { columns, 2, NULL };
	struct weir_select what = { .kind = sel->kind,
		.query = sel->query,
		.columns = &set,
		.now_us = sel->now_us,
		.any_order = true };
	enum weir_rc rc = choose(sel->kind, field, &g.columns, err);

	query_tally_init(t, WEIR_GROUPS_MAX);
	g.owned = t;
	if (!rc) {
		columns[0] = g.column = g.columns.v[0];
		columns[1] = query_time_column(sel->kind);
		columns[2] = state_column(sel->kind);
		set.n += columns[2] != NULL;
		rc = count_rows(s, &what, t, &g.rows, &g.others, err);
	}
	if (rc) {
		weir_groups_release(&g);
		return rc;
	}
	fill(&g, t);
	*ret_groups = g;
	return WEIR_OK;
}

void
weir_groups_release(struct weir_groups *g)
{
	if (g->owned)
		query_tally_release(g->owned);
	free(g->owned);
	free(g->v);
	weir_columns_release(&g->columns);
	*g = (struct weir_groups){ 0 };
}

void
weir_groups_query(const struct weir_groups *g, size_t i, struct buf *out)
{
	const struct weir_column *c = g->column;
	const char *field = c->alias ? c->alias : c->name;
	const struct weir_group *group = &g->v[i];

	if (!group->value.s) {
		buf_addf(out, "%s:none", field);
	} else if (c->type == WEIR_T_DURATION) {
		for (size_t k = 0; k < N_ELEM(spans); k++) {
			if (!str_eq(group->value, spans[k].label))
				continue;
			buf_addf(out, "%s:>=%s", field, spans[k].low);
			if (spans[k].high)
				buf_addf(out, " %s:<%s", field, spans[k].high);
		}
	} else {
		buf_addf(out, "%s:", field);
		/* In quotes a state is its name, not all of its type. */
		weir_query_quote(out, group->value, c->type == WEIR_T_STATE_NAME);
	}
}

bool
weir_query_is_word(const char *query)
{
	return *query && !query[strspn(query, "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789-._")];
}

void
weir_query_quote(struct buf *out, struct str s, bool always)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_./@%+=";
	bool bare = !always && s.len > 0 && !strchr("-/=", *s.s) &&
		    !(s.len == 4 && sqlite3_strnicmp(s.s, "none", 4) == 0);

	for (size_t i = 0; bare && i < s.len; i++) {
		if (!memchr(plain, s.s[i], sizeof(plain) - 1) ||
			(i > 0 && s.s[i] == '.' && s.s[i - 1] == '.'))
			bare = false;
	}
	if (bare) {
		buf_addstr(out, s);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.s[i]);
	}
	buf_addc(out, '"');
}
