#include "list_group.h"

#include <stdlib.h>
#include <strings.h>

#include <weir/group.h>
#include <weir/mem.h>
#include <weir/time.h>

/* After the value come the count, each state's, and the newest. */
enum { COUNT = 1, STATES = 2, N_STATES = 9, NEWEST = STATES + N_STATES, COLUMNS };

static const enum weir_state states[N_STATES] = { WEIR_ST_FAILED, WEIR_ST_CRASHED,
	WEIR_ST_RUNNING, WEIR_ST_PENDING, WEIR_ST_SCHEDULED, WEIR_ST_PAUSED,
	WEIR_ST_CANCELLING, WEIR_ST_CANCELLED, WEIR_ST_COMPLETED };

#define NUMBER(NAME, TITLE)                                                            \
	{                                                                              \
		.name = NAME, .title = TITLE, .type = WEIR_T_INT,                      \
		.flags = WEIR_COL_RIGHT, .min = 5, .max = 10                           \
	}

/* clang-format off */
static const struct weir_column fixed[COLUMNS] = {
	[COUNT] = NUMBER("count", "COUNT"),
	[STATES] = NUMBER("failed", "FAILED"),
	NUMBER("crashed", "CRASHED"),
	NUMBER("running", "RUNNING"),
	NUMBER("pending", "PENDING"),
	NUMBER("scheduled", "SCHEDULED"),
	NUMBER("paused", "PAUSED"),
	NUMBER("cancelling", "CANCELLING"),
	NUMBER("cancelled", "CANCELLED"),
	NUMBER("completed", "COMPLETED"),
	[NEWEST] = { .name = "newest", .title = "NEWEST", .type = WEIR_T_TIME,
		     .flags = WEIR_COL_RIGHT, .min = 9, .max = 11 },
};
/* clang-format on */

struct job {
	struct ctx *ctx;
	const struct list_args *args;
	struct weir_select sel;
	struct weir_groups groups;
	struct weir_column value;
	const struct weir_column *columns[COLUMNS];
	size_t n_columns;
	size_t sort; /* of the columns */
	bool descending;
};

static bool
has_states(enum weir_kind kind)
{
	return kind == WEIR_RUN || kind == WEIR_TASK_RUN;
}

static bool
any(const struct job *j, enum weir_state state)
{
	for (size_t i = 0; i < j->groups.n; i++) {
		if (j->groups.v[i].states[state])
			return true;
	}
	return false;
}

/* People see only states that are there; programs see all. */
static void
choose(struct job *j, enum out_form form)
{
	const struct weir_column *c = j->groups.column;

	j->value = (struct weir_column){
		.name = c->name, .title = c->title, .type = WEIR_T_TEXT, .min = 8
	};
	j->columns[j->n_columns++] = &j->value;
	for (size_t i = COUNT; form != OUT_NAME && i < COLUMNS; i++) {
		bool state = i >= STATES && i < NEWEST;

		if (state &&
			(!has_states(j->sel.kind) ||
				(form == OUT_TABLE && !any(j, states[i - STATES]))))
			continue;
		j->columns[j->n_columns++] = &fixed[i];
	}
}

static struct weir_cell
cell_of(const struct weir_group *g, const struct weir_column *c)
{
	struct weir_cell cell = { .type = c->type };
	size_t i = (size_t)(c - fixed);

	if (c->type == WEIR_T_TEXT) {
		cell.s = g->value;
		cell.null = !g->value.s;
	} else if (i == COUNT) {
		cell.i = g->n;
	} else if (i == NEWEST) {
		cell.i = g->newest_us;
		cell.null = g->newest_us == WEIR_NO_TIME;
	} else {
		cell.i = g->states[states[i - STATES]];
	}
	return cell;
}

static int64_t
number_of(const struct weir_group *g, size_t sort)
{
	return sort == COUNT    ? g->n
	       : sort == NEWEST ? g->newest_us
				: g->states[states[sort - STATES]];
}

static int
compare_values(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c;

	if (!a.s != !b.s)
		return a.s ? -1 : 1;
	c = n ? memcmp(a.s, b.s, n) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static bool
is_before(const struct job *j, const struct weir_group *a, const struct weir_group *b)
{
	int64_t x, y;
	int c = compare_values(a->value, b->value);

	if (j->sort == 0)
		return j->descending ? c > 0 : c < 0;
	x = number_of(a, j->sort);
	y = number_of(b, j->sort);
	if (x == y)
		return c < 0;
	return j->descending ? x > y : x < y;
}

/* Shell sort: qsort's comparison could not know by what. */
static void
arrange(struct job *j)
{
	struct weir_group *v = j->groups.v;

	for (size_t gap = j->groups.n / 2; gap > 0; gap /= 2) {
		for (size_t i = gap; i < j->groups.n; i++) {
			struct weir_group g = v[i];
			size_t k = i;

			for (; k >= gap && is_before(j, &g, &v[k - gap]); k -= gap)
				v[k] = v[k - gap];
			v[k] = g;
		}
	}
}

/* `count`, `failed:desc`, the field itself or `value`. */
static enum weir_rc
parse_sort(struct job *j)
{
	const char *text = j->args->sort;
	size_t n = text ? strcspn(text, ":") : 0;
	const struct weir_column *c = j->groups.column;

	j->sort = COUNT;
	j->descending = true;
	if (!text)
		return WEIR_OK;
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *name = i ? fixed[i].name : c->name;
		bool here = strlen(name) == n && strncasecmp(text, name, n) == 0;

		if (i == 0 && c->alias && strlen(c->alias) == n)
			here = here || strncasecmp(text, c->alias, n) == 0;
		if (i == 0)
			here = here || (n == 5 && strncasecmp(text, "value", 5) == 0);
		if (!here)
			continue;
		j->sort = i;
		j->descending = strcasecmp(text + n, ":desc") == 0;
		if (!text[n] || j->descending || strcasecmp(text + n, ":asc") == 0)
			return WEIR_OK;
	}
	(void)weir_fail(j->ctx->err, WEIR_EUSAGE,
		"sort by '%s': groups have %s, count, newest and states", text,
		c->alias ? c->alias : c->name);
	return weir_hint(j->ctx->err, "--sort count:desc");
}

static enum weir_rc
print(struct job *j, enum out_form form)
{
	int64_t most = j->args->n < 0 ? LIST_ROWS : j->args->n, shown = 0;
	struct out_spec spec = { .form = form,
		.columns = j->columns,
		.n_columns = j->n_columns,
		.header = j->args->header };
	const struct weir_cell *cells[COLUMNS];
	struct weir_cell values[COLUMNS];
	struct out out;
	enum weir_rc rc = WEIR_OK;

	out_open(&out, j->ctx, &spec);
	for (size_t i = 0; !rc && !out.sink.gone && i < j->groups.n; i++) {
		if (most && shown == most)
			break;
		for (size_t k = 0; k < j->n_columns; k++) {
			values[k] = cell_of(&j->groups.v[i], j->columns[k]);
			cells[k] = &values[k];
		}
		rc = out_row(&out, cells);
		shown++;
	}
	rc = out_close(&out, rc);
	if (!rc && j->args->n < 0 && shown < (int64_t)j->groups.n)
		ctx_note(j->ctx, "%lld of %zu groups shown, -n 0 for all",
			(long long)shown, j->groups.n);
	if (!rc && j->groups.others)
		ctx_note(j->ctx, "%lld %s are in more groups than %d",
			(long long)j->groups.others, weir_kind_plural(j->sel.kind),
			WEIR_GROUPS_MAX);
	if (!rc && !shown && form == OUT_TABLE)
		ctx_note(j->ctx, "no %s", weir_kind_plural(j->sel.kind));
	return rc;
}

enum weir_rc
list_group_run(struct ctx *ctx, enum weir_kind kind, const struct list_args *args,
	const char *query, struct weir_store *store)
{
	struct job j = { .ctx = ctx, .args = args };
	enum out_form form = out_form(ctx, args->output);
	struct weir_query *q = NULL;
	enum weir_rc rc;

	if (args->columns)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"--count-by: groups have columns of their own, not --columns");
	rc = weir_group_check(kind, args->count_by, ctx->err);
	if (rc)
		return rc;
	j.sel.kind = kind;
	j.sel.now_us = weir_now_us();
	rc = weir_query_parse(kind, str_of(query), j.sel.now_us, &q, ctx->err);
	j.sel.query = q;
	if (!rc && !store)
		rc = ctx_refresh(ctx);
	if (!rc && !store)
		rc = ctx_store(ctx, &store);
	ctx->reading = true;
	if (!rc)
		rc = weir_rows_group(
			store, &j.sel, args->count_by, &j.groups, ctx->err);
	ctx->reading = false;
	if (!rc)
		rc = parse_sort(&j);
	if (!rc) {
		arrange(&j);
		choose(&j, form);
		rc = print(&j, form);
	}
	weir_groups_release(&j.groups);
	weir_query_free(q);
	return rc;
}
