#include "column.h"

#include <strings.h>

#include "columns.h"
#include "weir/mem.h"
#include "weir/text.h"

enum { COLUMNS_MAX = 64, COLUMN_NAME_MAX = 256 };

#define COLUMN(name, alias, title, type, flags, min, max, sql, order, help, example)   \
	{ name, alias, title, WEIR_T_##type, flags, min, max, sql, order, help, NULL,  \
		0 },
#define END                                                                            \
	{                                                                              \
		0                                                                      \
	}

static const struct weir_column run_columns[] = { RUN_COLUMNS(COLUMN) END };
static const struct weir_column task_run_columns[] = { TASK_RUN_COLUMNS(COLUMN) END };
static const struct weir_column flow_columns[] = { FLOW_COLUMNS(COLUMN) END };
static const struct weir_column deployment_columns[] = { DEPLOYMENT_COLUMNS(COLUMN)
		END };
static const struct weir_column pool_columns[] = { POOL_COLUMNS(COLUMN) END };
static const struct weir_column queue_columns[] = { QUEUE_COLUMNS(COLUMN) END };
static const struct weir_column worker_columns[] = { WORKER_COLUMNS(COLUMN) END };
static const struct weir_column artifact_columns[] = { ARTIFACT_COLUMNS(COLUMN) END };
static const struct weir_column limit_columns[] = { LIMIT_COLUMNS(COLUMN) END };

static const struct weir_column environment_columns[] = { ENVIRONMENT_COLUMNS(COLUMN)
		END };

static const struct weir_column *const columns[WEIR_N_KINDS] = {
	[WEIR_RUN] = run_columns,
	[WEIR_TASK_RUN] = task_run_columns,
	[WEIR_FLOW] = flow_columns,
	[WEIR_DEPLOYMENT] = deployment_columns,
	[WEIR_POOL] = pool_columns,
	[WEIR_QUEUE] = queue_columns,
	[WEIR_WORKER] = worker_columns,
	[WEIR_ARTIFACT] = artifact_columns,
	[WEIR_LIMIT] = limit_columns,
	[WEIR_ENVIRONMENT] = environment_columns,
};

#define RUN_REST "(SELECT d.rest FROM run_docs d WHERE d.k = r.k)"
/* Quoted, since cells of such columns are JSON. */
#define VERSION_OF                                                                     \
	"(SELECT json_quote(group_concat(p.version || CASE WHEN p.build = '' THEN ''"  \
	" ELSE ' ' || p.build END, ', ')) FROM json_each(r.packages) j CROSS JOIN"     \
	" env_packages p WHERE p.k = j.value AND p.key ="                              \
	" lower(replace(replace(?@, '_', '-'), '.', '-')))"
#define ON(kind) (1u << WEIR_##kind)

/* `param.x`: a member of an object in the rest or the document. */
/* clang-format off */
static const struct {
	const char *prefix;
	unsigned kinds;
	const char *sql, *order, *help;
} dynamic[] = {
	{ "param.", ON(RUN),
	  "weir_json(" RUN_REST ", 'parameters', ?@)",
	  "weir_value(" RUN_REST ", 'parameters', ?@)", "a parameter" },
	{ "label.", ON(RUN),
	  "weir_json(" RUN_REST ", 'labels', ?@)",
	  "weir_value(" RUN_REST ", 'labels', ?@)", "a label" },
	{ "job_variable.", ON(RUN),
	  "weir_json(" RUN_REST ", 'job_variables', ?@)",
	  "weir_value(" RUN_REST ", 'job_variables', ?@)", "a job variable" },
	{ "label.", ON(TASK_RUN),
	  "weir_json(r.rest, 'labels', ?@)",
	  "weir_value(r.rest, 'labels', ?@)", "a label" },
	{ "param.", ON(DEPLOYMENT),
	  "weir_json(r.doc, 'parameters', ?@)",
	  "weir_value(r.doc, 'parameters', ?@)", "a parameter" },
	{ "label.", ON(FLOW) | ON(DEPLOYMENT),
	  "weir_json(r.doc, 'labels', ?@)",
	  "weir_value(r.doc, 'labels', ?@)", "a label" },
	{ "job_variable.", ON(DEPLOYMENT),
	  "coalesce(weir_json(r.doc, 'job_variables', ?@),"
	  " weir_json(r.doc, 'infra_overrides', ?@))",
	  "coalesce(weir_value(r.doc, 'job_variables', ?@),"
	  " weir_value(r.doc, 'infra_overrides', ?@))", "a job variable" },
	{ "pkg.", ON(ENVIRONMENT), VERSION_OF, VERSION_OF, "version of a package" },
};
/* clang-format on */

const struct weir_column *
weir_columns(enum weir_kind kind)
{
	return columns[kind];
}

static bool
same_name(struct str word, const char *name)
{
	return name && strlen(name) == word.len &&
	       strncasecmp(word.s, name, word.len) == 0;
}

/* By name, else by alias: `name` of one column may be the alias of another. */
const struct weir_column *
column_find(enum weir_kind kind, struct str word)
{
	for (const struct weir_column *c = columns[kind]; c->name; c++) {
		if (same_name(word, c->name))
			return c;
	}
	for (const struct weir_column *c = columns[kind]; c->name; c++) {
		if (same_name(word, c->alias))
			return c;
	}
	return NULL;
}

static int
dynamic_find(enum weir_kind kind, struct str word)
{
	for (size_t i = 0; i < N_ELEM(dynamic); i++) {
		size_t n = strlen(dynamic[i].prefix);

		if ((dynamic[i].kinds & 1u << kind) && word.len > n &&
			word.len <= COLUMN_NAME_MAX &&
			strncasecmp(word.s, dynamic[i].prefix, n) == 0)
			return (int)i;
	}
	return -1;
}

bool
column_dynamic(enum weir_kind kind, struct str word, struct arena *result,
	struct weir_column *ret_column)
{
	int i = dynamic_find(kind, word);
	size_t n;

	if (i < 0)
		return false;
	n = strlen(dynamic[i].prefix);
	*ret_column = (struct weir_column){
		.name = arena_printf(result, "%s%.*s", dynamic[i].prefix,
			(int)(word.len - n), word.s + n),
		.type = WEIR_T_JSON,
		.min = 6,
		.max = 20,
		.sql = dynamic[i].sql,
		.order = dynamic[i].order,
		.help = dynamic[i].help,
		.arg = arena_strndup(result, word.s + n, word.len - n),
	};
	ret_column->title = ret_column->arg;
	return true;
}

static size_t
names_of(enum weir_kind kind, const char **names)
{
	size_t n = 0;

	for (const struct weir_column *c = columns[kind]; c->name; c++) {
		if (c->flags & WEIR_COL_HIDDEN)
			continue;
		names[n++] = c->name;
		if (c->alias)
			names[n++] = c->alias;
	}
	return n;
}

static enum weir_rc
unknown_column(enum weir_kind kind, struct str word, struct weir_err *err)
{
	const char *names[2 * COLUMNS_MAX];
	size_t n = names_of(kind, names);
	struct buf list = BUF_INIT(1200);
	const char *near = text_nearest(word, names, n);

	for (const struct weir_column *c = columns[kind]; c->name; c++) {
		if (!(c->flags & WEIR_COL_HIDDEN))
			buf_addf(&list, "%s%s", list.len ? ", " : "", c->name);
	}
	weir_fail(err, WEIR_EUSAGE, "column '%.*s': there is none; %s have %s",
		(int)(word.len < 64 ? word.len : 64), word.s, weir_kind_plural(kind),
		buf_cstr(&list));
	buf_release(&list);
	if (near)
		weir_hint(err, "%s", near);
	return WEIR_EUSAGE;
}

/* What a column set owns: the dynamic columns and the vector. */
struct owned {
	struct arena arena;
	VEC(const struct weir_column *) v;
};

static struct owned *
set_owned(struct weir_column_set *set)
{
	if (!set->owned)
		set->owned = xcalloc(1, sizeof(struct owned));
	return set->owned;
}

static const struct weir_column *
set_find(enum weir_kind kind, struct str word, struct weir_column_set *set)
{
	const struct weir_column *c = column_find(kind, word);
	struct weir_column made;
	struct weir_column *copy;

	if (c || !column_dynamic(kind, word, &set_owned(set)->arena, &made))
		return c;
	copy = arena_alloc(&set_owned(set)->arena, sizeof(*copy));
	*copy = made;
	return copy;
}

/* `name:30` without its width, which is returned; 0: there is none. */
static int
take_width(struct str *item)
{
	size_t n = item->len;
	int width = 0;

	while (n > 0 && item->s[n - 1] >= '0' && item->s[n - 1] <= '9')
		n--;
	if (n == item->len || n < 2 || item->s[n - 1] != ':')
		return 0;
	for (size_t i = n; i < item->len && width <= WEIR_WIDTH_MAX; i++)
		width = width * 10 + item->s[i] - '0';
	item->len = n - 1;
	return width > 0 ? width : -1;
}

/* A column of the list, as wide as it says. */
static enum weir_rc
choose_one(enum weir_kind kind, struct str item, struct weir_column_set *set,
	const struct weir_column **ret_column, struct weir_err *err)
{
	int width = take_width(&item);
	const struct weir_column *c = set_find(kind, item, set);
	struct weir_column *copy;

	if (!c)
		return unknown_column(kind, item, err);
	if (width < 0 || width > WEIR_WIDTH_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"column '%s': a width is a number from 1 to %d", c->name,
			WEIR_WIDTH_MAX);
	if (width) {
		copy = arena_alloc(&set_owned(set)->arena, sizeof(*copy));
		*copy = *c;
		copy->width = width;
		c = copy;
	}
	*ret_column = c;
	return WEIR_OK;
}

static void
set_push(struct weir_column_set *set, const struct weir_column *c)
{
	struct owned *o = set_owned(set);

	VEC_PUSH(&o->v, c);
	set->v = o->v.v;
	set->n = o->v.n;
}

/* Next item of a comma list; false at the end. Blanks around it are not part of it. */
static bool
next_item(const char **text, struct str *ret_item)
{
	const char *s = *text;
	size_t n;

	s += strspn(s, " ,");
	n = strcspn(s, ",");
	*text = s + n;
	while (n && s[n - 1] == ' ')
		n--;
	*ret_item = (struct str){ s, n };
	return n > 0;
}

enum weir_rc
weir_columns_choose(enum weir_kind kind, const char *text, unsigned want,
	struct weir_column_set *ret_set, struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct str item;

	if (!text) {
		for (const struct weir_column *c = columns[kind]; c->name; c++) {
			if (c->flags & want)
				set_push(&set, c);
		}
		*ret_set = set;
		return WEIR_OK;
	}
	while (next_item(&text, &item)) {
		const struct weir_column *c = NULL;
		enum weir_rc rc = choose_one(kind, item, &set, &c, err);

		if (!rc && set.n == COLUMNS_MAX)
			rc = weir_fail(err, WEIR_EUSAGE,
				"columns: more than %d are named", COLUMNS_MAX);
		if (rc) {
			weir_columns_release(&set);
			return rc;
		}
		set_push(&set, c);
	}
	if (set.n == 0)
		return weir_fail(err, WEIR_EUSAGE, "columns: none is named");
	*ret_set = set;
	return WEIR_OK;
}

void
weir_columns_release(struct weir_column_set *set)
{
	struct owned *o = set->owned;

	if (o) {
		arena_free(&o->arena);
		VEC_FREE(&o->v);
		free(o);
	}
	*set = (struct weir_column_set){ 0 };
}

static enum weir_rc
sort_direction(struct str *item, bool *ret_descending, struct weir_err *err)
{
	const char *colon = memchr(item->s, ':', item->len);
	struct str how;

	*ret_descending = false;
	if (!colon)
		return WEIR_OK;
	how = (struct str){ colon + 1, item->len - (size_t)(colon + 1 - item->s) };
	item->len = (size_t)(colon - item->s);
	*ret_descending = same_name(how, "desc");
	if (*ret_descending || same_name(how, "asc"))
		return WEIR_OK;
	weir_fail(err, WEIR_EUSAGE, "sort by '%.*s': unknown direction '%.*s'",
		(int)item->len, item->s, (int)(how.len < 32 ? how.len : 32), how.s);
	return weir_hint(err, "%.*s:desc", (int)item->len, item->s);
}

enum weir_rc
weir_sort_parse(enum weir_kind kind, const char *text, struct weir_column_set *set,
	struct weir_sort *ret_sort, size_t *ret_n, struct weir_err *err)
{
	struct weir_sort sort[WEIR_SORT_MAX];
	struct str item;
	size_t n = 0;
	enum weir_rc rc;

	while (next_item(&text, &item)) {
		if (n == WEIR_SORT_MAX)
			return weir_fail(err, WEIR_EUSAGE,
				"sort: by at most %d columns", WEIR_SORT_MAX);
		rc = sort_direction(&item, &sort[n].descending, err);
		if (rc)
			return rc;
		sort[n].column = set_find(kind, item, set);
		if (!sort[n].column)
			return unknown_column(kind, item, err);
		n++;
	}
	memcpy(ret_sort, sort, n * sizeof(sort[0]));
	*ret_n = n;
	return WEIR_OK;
}
