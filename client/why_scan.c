/* Failed runs grouped by what their errors have in common. */
#include "beside.h"
#include "why_priv.h"

#include "weir/query.h"
#include "weir/select.h"

enum { PLATFORMS_MAX = 12 };

struct platform {
	struct str name;
	int64_t n;
};

struct group {
	struct weir_why_group g;
	struct id_vec ids;
	struct platform platforms[PLATFORMS_MAX];
	size_t n_platforms;
	struct buf text; /* of the platforms */
};

struct weir_why_scan {
	struct weir_store *s;
	struct why_words words;
	struct arena arena;
	char *folded; /* NULL: any */
	struct id_vec runs;
	size_t at;
	int64_t n_no_log;
	struct intern numbers; /* folded to position in groups */
	VEC(struct group) groups;
	VEC(struct weir_why_group) sorted;
};

static enum weir_rc
read_runs(struct weir_why_scan *s, const char *query, int64_t now_us,
	struct weir_err *err)
{
	struct buf text = BUF_INIT(WEIR_QUERY_MAX + 64);
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_RUN,
		.columns = &set,
		.limit = WEIR_WHY_RUNS_MAX,
		.now_us = now_us };
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	bool row = false;
	enum weir_rc rc;

	/* Alone first, so that an error names its right column. */
	query = query ? query : "since:7d";
	rc = weir_query_parse(WEIR_RUN, str_of(query), now_us, &q, err);
	weir_query_free(q);
	q = NULL;
	if (rc)
		return rc;
	if (why_trim(str_of(query)).len)
		buf_addf(&text, "(%s) ", query);
	buf_adds(&text, "state_type:failed,crashed");
	rc = weir_query_parse(WEIR_RUN, buf_str(&text), now_us, &q, err);
	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(WEIR_RUN, "id", 0, &set, err);
	if (!rc)
		rc = weir_rows_open(s->s, &sel, &rows, err);
	while (!rc && !(rc = weir_rows_next(rows, &row, err)) && row)
		VEC_PUSH(&s->runs, weir_rows_cell(rows, 0)->id);
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	buf_release(&text);
	return rc;
}

enum weir_rc
weir_why_scan_new(struct weir_store *store, const char *query, const char *folded,
	int64_t now_us, struct weir_why_scan **ret_scan, struct weir_err *err)
{
	struct weir_why_scan *s = xcalloc(1, sizeof(*s));
	enum weir_rc rc = why_words_init(&s->words, err);

	s->s = store;
	s->folded = folded ? xstrdup(folded) : NULL;
	if (!rc)
		rc = read_runs(s, query, now_us, err);
	if (rc)
		weir_why_scan_free(s);
	else
		*ret_scan = s;
	return rc;
}

void
weir_why_scan_use(struct weir_why_scan *s, struct weir_store *store)
{
	s->s = store;
}

void
weir_why_scan_free(struct weir_why_scan *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->groups.n; i++) {
		VEC_FREE(&s->groups.v[i].ids);
		buf_release(&s->groups.v[i].text);
	}
	VEC_FREE(&s->groups);
	VEC_FREE(&s->sorted);
	VEC_FREE(&s->runs);
	intern_clear(&s->numbers);
	why_words_release(&s->words);
	arena_free(&s->arena);
	free(s->folded);
	free(s);
}

static struct str
keep(struct weir_why_scan *s, struct str t)
{
	return (struct str){ arena_strndup(&s->arena, t.len ? t.s : "", t.len), t.len };
}

static void
count_platform(struct weir_why_scan *s, struct group *g, struct str name)
{
	for (size_t i = 0; i < g->n_platforms; i++) {
		if (str_equal(g->platforms[i].name, name)) {
			g->platforms[i].n++;
			return;
		}
	}
	if (name.len && g->n_platforms < PLATFORMS_MAX)
		g->platforms[g->n_platforms++] = (struct platform){ keep(s, name), 1 };
}

static struct group *
find_group(struct weir_why_scan *s, const struct weir_why_cause *c)
{
	int64_t at;

	if (intern_find(&s->numbers, c->folded, &at))
		return &s->groups.v[at];
	if (s->groups.n == WEIR_WHY_GROUPS_MAX)
		return NULL;
	VEC_PUSH(&s->groups, ((struct group){ .text = BUF_INIT(1024),
				     .g = { .error = keep(s, c->error),
					     .folded = keep(s, c->folded),
					     .newest = c->run,
					     .newest_name = keep(s, c->run_name),
					     .flow_name = keep(s, c->flow_name),
					     .from_us = WEIR_NO_TIME,
					     .to_us = WEIR_NO_TIME } }));
	intern_put(&s->numbers, c->folded, (int64_t)s->groups.n - 1);
	return &s->groups.v[s->groups.n - 1];
}

static void
add(struct weir_why_scan *s, const struct why_run *run, const struct weir_why_cause *c)
{
	int64_t us = run->end_us == WEIR_NO_TIME ? run->at_us : run->end_us;
	struct group *g;

	s->n_no_log += c->no_log;
	if (s->folded && !str_eq(c->folded, s->folded))
		return;
	g = find_group(s, c);
	if (!g)
		return;
	g->g.n++;
	if (g->g.from_us == WEIR_NO_TIME || us < g->g.from_us)
		g->g.from_us = us;
	if (g->g.to_us == WEIR_NO_TIME || us > g->g.to_us)
		g->g.to_us = us;
	if (!str_equal(g->g.flow_name, run->flow_name))
		g->g.flow_name = STR("");
	if (g->ids.n < WEIR_WHY_IDS_MAX)
		VEC_PUSH(&g->ids, run->id);
	count_platform(s, g, run->platform);
}

static enum weir_rc
step(struct weir_why_scan *s, const struct weir_id *id, struct weir_err *err)
{
	struct id_vec below = { 0 };
	struct arena arena = { 0 };
	struct weir_why_cause c;
	struct why_run run;
	struct weir_store *store = beside_of(s->s, id);
	enum weir_rc rc = why_failed_below(store, id, &below, err);

	if (!rc && !below.n) {
		rc = why_read_run(store, id, &arena, &run, err);
		if (!rc && run.found)
			rc = why_cause(store, &s->words, &run, false, &arena, &c, err);
		if (!rc && run.found)
			add(s, &run, &c);
	}
	VEC_FREE(&below);
	arena_free(&arena);
	return rc;
}

enum weir_rc
weir_why_scan_step(struct weir_why_scan *s, int64_t budget_us, bool *ret_done,
	struct weir_err *err)
{
	int64_t end = weir_monotonic_us() + budget_us;
	enum weir_rc rc = WEIR_OK;

	while (!rc && s->at < s->runs.n) {
		rc = step(s, &s->runs.v[s->at++], err);
		if (budget_us && weir_monotonic_us() >= end)
			break;
	}
	*ret_done = s->at == s->runs.n;
	return rc;
}

static int
cmp_platform(const void *a, const void *b)
{
	const struct platform *x = a, *y = b;

	return x->n > y->n ? -1 : x->n < y->n;
}

static int
cmp_group(const void *a, const void *b)
{
	const struct weir_why_group *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->to_us > y->to_us ? -1 : x->to_us < y->to_us;
}

size_t
weir_why_scan_groups(struct weir_why_scan *s, const struct weir_why_group **ret_groups)
{
	s->sorted.n = 0;
	for (size_t i = 0; i < s->groups.n; i++) {
		struct group *g = &s->groups.v[i];

		qsort(g->platforms, g->n_platforms, sizeof(g->platforms[0]),
			cmp_platform);
		buf_clear(&g->text);
		for (size_t k = 0; k < g->n_platforms; k++) {
			buf_adds(&g->text, k ? ", " : "");
			buf_addstr(&g->text, g->platforms[k].name);
		}
		g->g.platforms = buf_str(&g->text);
		g->g.ids = g->ids.v;
		g->g.n_ids = g->ids.n;
		VEC_PUSH(&s->sorted, g->g);
	}
	if (s->sorted.n)
		qsort(s->sorted.v, s->sorted.n, sizeof(*s->sorted.v), cmp_group);
	*ret_groups = s->sorted.v;
	return s->sorted.n;
}

void
weir_why_scan_counts(const struct weir_why_scan *s, int64_t *ret_n, int64_t *ret_no_log)
{
	*ret_n = (int64_t)s->at;
	*ret_no_log = s->n_no_log;
}

void
weir_why_also(const struct weir_why_group *g, const struct weir_id *but, int64_t now_us,
	bool utc, struct buf *out)
{
	int64_t n = g->n;
	bool one = g->platforms.len && !memchr(g->platforms.s, ',', g->platforms.len);
	struct buf when = BUF_INIT(64), today = BUF_INIT(64);
	const char *text;

	for (size_t i = 0; but && i < g->n_ids; i++)
		n -= weir_id_cmp(&g->ids[i], but) == 0;
	if (n < 1)
		return;
	buf_addf(out, "also %lld run%s since ", (long long)n, n == 1 ? "" : "s");
	weir_time_absolute(&when, g->from_us, utc, false);
	weir_time_absolute(&today, now_us, utc, false);
	text = buf_cstr(&when);
	if (when.len >= 16 && strncmp(text, buf_cstr(&today), 10) == 0)
		buf_addf(out, "%.5s", text + 11);
	else
		buf_addf(out, "%.16s", text);
	if (g->platforms.len)
		buf_addf(out, one ? ", all %.*s" : ": %.*s", (int)g->platforms.len,
			g->platforms.s);
	buf_release(&when);
	buf_release(&today);
}
