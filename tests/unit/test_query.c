#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include "env_help.h"
#include "farm.h"
#include "weir/match.h"
#include "weir/query.h"
#include "weir/select.h"

/* What the query says, said again without the compiler. */
typedef bool says(const struct farm *f, const struct farm_run *r);

static bool
holds(const char *text, const char *word)
{
	size_t n = strlen(word);
	bool exact = false;

	for (size_t i = 0; i < n; i++)
		exact |= isupper((unsigned char)word[i]) != 0;
	for (; strlen(text) >= n; text++) {
		size_t i = 0;

		while (i < n && (exact ? text[i] == word[i]
				       : tolower((unsigned char)text[i]) == word[i]))
			i++;
		if (i == n)
			return true;
	}
	return false;
}

/* A bare word; no word that is looked for spans two tags. */
static bool
word(const struct farm *f, const struct farm_run *r, const char *w)
{
	char text[256], id[WEIR_ID_TEXT + 1];

	snprintf(text, sizeof(text), "%s|%s|%s|%s|%d|%s|%s", r->name, r->tags,
		r->platform, r->package, r->version, r->automatic ? "true" : "false",
		weir_id_format(&r->id, id));
	return holds(text, w) || holds(f->flow_names[r->flow], w) ||
	       holds(r->state_name, w) ||
	       (r->deployment >= 0 && holds(f->deployment_names[r->deployment], w));
}

static double
took(const struct farm_run *r)
{
	if (r->start_us == WEIR_NO_TIME)
		return -1;
	return (double)((r->end_us == WEIR_NO_TIME ? farm_now_us : r->end_us) -
			r->start_us) /
	       WEIR_SECOND_US;
}

#define SAYS(name, expression)                                                         \
	static bool name(const struct farm *f, const struct farm_run *r)               \
	{                                                                              \
		(void)f;                                                               \
		(void)r;                                                               \
		return expression;                                                     \
	}
/* clang-format off */
SAYS(all, true)
SAYS(failed, r->state == WEIR_ST_FAILED)
SAYS(failed_crashed, r->state == WEIR_ST_FAILED || r->state == WEIR_ST_CRASHED)
SAYS(live, !weir_state_is_terminal(r->state))
SAYS(ended, weir_state_is_terminal(r->state))
SAYS(late, strcmp(r->state_name, "Late") == 0)
SAYS(timed_out, strcmp(r->state_name, "TimedOut") == 0)
SAYS(skipped, strcmp(r->state_name, "Skipped") == 0)
SAYS(late_failed, late(f, r) || failed(f, r))
SAYS(ed, strlen(r->state_name) > 2
	&& strcmp(r->state_name + strlen(r->state_name) - 2, "ed") == 0)
SAYS(flow_3, r->flow == 3)
SAYS(flow_build, r->flow < 12)
SAYS(flow_nightly, r->flow >= 12)
SAYS(flow_one, r->flow == 1 || r->flow == 10 || r->flow == 11)
SAYS(never, false)
SAYS(no_deployment, r->deployment < 0)
SAYS(deploy_0, r->deployment == 0 || r->deployment == 5)
SAYS(deploy_0_or_none, deploy_0(f, r) || no_deployment(f, r))
SAYS(numpy_name, strncmp(r->name, "numpy", 5) == 0)
SAYS(openssl_name, strncmp(r->name, "OpenSSL", 7) == 0)
SAYS(dot_five, strcmp(r->name + strlen(r->name) - 2, ".5") == 0)
SAYS(digits, isdigit((unsigned char)r->name[strlen(r->name) - 3]) != 0
	&& isdigit((unsigned char)r->name[strlen(r->name) - 4]) != 0)
SAYS(win, strcmp(r->platform, "win-64") == 0)
SAYS(no_platform, !*r->platform)
SAYS(some_64, holds(r->platform, "-64"))
SAYS(pr_1, holds(r->tags, "\"pr-1\""))
SAYS(pr, holds(r->tags, "\"pr-1"))
SAYS(quoted_tag, holds(r->tags, "nightly"))
SAYS(no_tags, strcmp(r->tags, "[]") == 0)
SAYS(param_numpy, strcmp(r->package, "numpy") == 0)
SAYS(param_ssl, strcmp(r->package, "OpenSSL") == 0)
SAYS(version_over_5, r->version > 5)
SAYS(version_3_to_7, r->version >= 3 && r->version <= 7)
SAYS(version_1, r->version == 1)
SAYS(debug, r->automatic)
SAYS(manual, !r->automatic)
SAYS(label_v3, r->version == 3)
SAYS(message_m_4, r->version == 4)
SAYS(top, !r->child)
SAYS(child, r->child)
SAYS(pool_farm, r->pool && strcmp(r->pool, "farm") == 0)
SAYS(no_pool, !r->pool)
SAYS(over_20m, took(r) > 1200)
SAYS(under_1m, took(r) >= 0 && took(r) < 60)
SAYS(one_to_ten, took(r) >= 60 && took(r) <= 600)
SAYS(since_1d, r->at_us >= farm_now_us - INT64_C(86400000000))
SAYS(until_1d, r->at_us <= farm_now_us - INT64_C(86400000000))
SAYS(age_1d, r->at_us > farm_now_us - INT64_C(86400000000))
SAYS(future, r->at_us > farm_now_us)
SAYS(no_start, r->start_us == WEIR_NO_TIME)
SAYS(ended_1d, r->end_us != WEIR_NO_TIME
	&& r->end_us > farm_now_us - INT64_C(86400000000))
SAYS(tries_2, r->run_count >= 2)
SAYS(w_numpy, word(f, r, "numpy"))
SAYS(w_ssl, word(f, r, "SSL"))
SAYS(w_build, word(f, r, "build"))
SAYS(w_nightly, word(f, r, "nightly"))
SAYS(w_late, word(f, r, "late"))
SAYS(w_arm, word(f, r, "arm64"))
SAYS(w_deploy, word(f, r, "deploy-3"))
SAYS(w_phrase, word(f, r, "zlib 1"))
SAYS(w_tag, word(f, r, "pr-12"))
SAYS(w_none, word(f, r, "nothing-like-it"))
SAYS(re_start, strncmp(r->name, "qt6", 3) == 0 || strncmp(r->package, "qt6", 3) == 0)
/* clang-format on */

static const struct {
	const char *text;
	says *says;
} leaves[] = {
	{ "state:failed", failed },
	{ "state:FAILED", failed },
	{ "state_type:failed", failed },
	{ "state:failed,crashed", failed_crashed },
	{ "state:live", live },
	{ "state:ended", ended },
	{ "state:late", late },
	{ "state:TimedOut", timed_out },
	{ "state:skipped", skipped },
	{ "state:late,failed", late_failed },
	{ "state_name:*ed", ed },
	{ "flow:build-3", flow_3 },
	{ "flow_name:BUILD-3", never },
	{ "flow:build-*", flow_build },
	{ "flow:nightly-12,nightly-13", flow_nightly },
	{ "flow:build-1*", flow_one },
	{ "flow:nothing", never },
	{ "deployment:none", no_deployment },
	{ "deployment:deploy-0", deploy_0 },
	{ "deployment:deploy-0,none", deploy_0_or_none },
	{ "name:numpy*", numpy_name },
	{ "name:openssl*", openssl_name },
	{ "name:numpY*", never },
	{ "name:/\\.5$/", dot_five },
	{ "name:/\\d\\d\\.\\d$/", digits },
	{ "platform:win-64", win },
	{ "platform:none", no_platform },
	{ "platform:*-64", some_64 },
	{ "tag:pr-1", pr_1 },
	{ "tag:pr-1*", pr },
	{ "tag:\"a \\\"b\\\"\"", quoted_tag },
	{ "tag:none", no_tags },
	{ "param.package:numpy", param_numpy },
	{ "param.package:openssl", param_ssl },
	{ "param.version:>5", version_over_5 },
	{ "param.version:3..7", version_3_to_7 },
	{ "param.version:1", version_1 },
	{ "param.debug:true", debug },
	{ "param.list:*zz*", never },
	{ "param.nothing:none", all },
	{ "label.a.b:v3", label_v3 },
	{ "state_message:\"m 4\"", message_m_4 },
	{ "auto_scheduled:yes", debug },
	{ "auto_scheduled:no", manual },
	{ "parent:none", top },
	{ "-parent_task_run_id:none", child },
	{ "pool:farm", pool_farm },
	{ "pool:none", no_pool },
	{ "dur:>20m", over_20m },
	{ "dur:<1m", under_1m },
	{ "dur:1m..10m", one_to_ten },
	{ "since:1d", since_1d },
	{ "until:1d", until_1d },
	{ "age:<1d", age_1d },
	{ "at:>now", future },
	{ "start_time:none", no_start },
	{ "end:>1d", ended_1d },
	{ "run_count:>=2", tries_2 },
	{ "numpy", w_numpy },
	{ "SSL", w_ssl },
	{ "build", w_build },
	{ "nightly", w_nightly },
	{ "late", w_late },
	{ "arm64", w_arm },
	{ "deploy-3", w_deploy },
	{ "\"zlib 1\"", w_phrase },
	{ "pr-12", w_tag },
	{ "nothing-like-it", w_none },
	{ "/^qt6/", re_start },
	{ "\"\"numpy", w_numpy },
};

static struct weir_query *
parse(const char *text)
{
	struct weir_query *q = NULL;
	struct weir_err err = { 0 };

	if (weir_query_parse(WEIR_RUN, str_of(text), farm_now_us, &q, &err))
		fail_msg("'%s': %s", text, err.text);
	return q;
}

static size_t
find_run(const struct weir_id *id)
{
	for (size_t i = 0; i < FARM_RUNS; i++) {
		if (weir_id_cmp(&farm->runs[i].id, id) == 0)
			return i;
	}
	fail_msg("a run that is not in the farm");
	return 0;
}

/* The rows of a query are those that the naive reading keeps, each once. */
static void
compare(const char *text, const bool keep[FARM_RUNS])
{
	struct weir_query *q = parse(text);
	struct weir_column_set set;
	struct weir_select sel = {
		.kind = WEIR_RUN, .query = q, .columns = &set, .now_us = farm_now_us
	};
	struct weir_rows *rows;
	bool got[FARM_RUNS] = { 0 };
	int64_t states[WEIR_N_STATES], n = 0, counted = -1, sum = 0;
	bool row;

	assert_int_equal(weir_columns_choose(WEIR_RUN, "id", 0, &set, NULL), WEIR_OK);
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, NULL), WEIR_OK);
	while (weir_rows_next(rows, &row, NULL) == WEIR_OK && row) {
		size_t i = find_run(&weir_rows_cell(rows, 0)->id);

		if (got[i])
			fail_msg("'%s': a run comes twice", text);
		got[i] = true;
		n++;
	}
	weir_rows_close(rows);
	for (size_t i = 0; i < FARM_RUNS; i++) {
		if (got[i] != keep[i])
			fail_msg("'%s': '%s' (%s, %s) is %s", text, farm->runs[i].name,
				farm->runs[i].state_name,
				farm->flow_names[farm->runs[i].flow],
				got[i] ? "there" : "missing");
	}
	assert_int_equal(weir_rows_count(farm->store, &sel, &counted, NULL), WEIR_OK);
	assert_int_equal(counted, n);
	assert_int_equal(
		weir_rows_count_states(farm->store, &sel, states, NULL), WEIR_OK);
	for (int i = 0; i < WEIR_N_STATES; i++)
		sum += states[i];
	assert_int_equal(sum, n);
	weir_columns_release(&set);
	weir_query_free(q);
}

static void
test_leaves(void **state)
{
	bool keep[FARM_RUNS];

	(void)state;
	for (size_t i = 0; i < N_ELEM(leaves); i++) {
		for (size_t j = 0; j < FARM_RUNS; j++)
			keep[j] = leaves[i].says(farm, &farm->runs[j]);
		compare(leaves[i].text, keep);
	}
}

/* A random expression as text and as what it keeps. */
static void
make(int depth, struct buf *text, bool keep[FARM_RUNS])
{
	uint64_t what = farm_random(farm, depth > 0 ? 5 : 1);
	bool other[FARM_RUNS];
	size_t leaf;

	if (what == 0) {
		leaf = farm_random(farm, N_ELEM(leaves));
		buf_adds(text, leaves[leaf].text);
		for (size_t i = 0; i < FARM_RUNS; i++)
			keep[i] = leaves[leaf].says(farm, &farm->runs[i]);
	} else if (what == 1) {
		buf_adds(text, farm_random(farm, 2) ? "not (" : "-(");
		make(depth - 1, text, keep);
		buf_addc(text, ')');
		for (size_t i = 0; i < FARM_RUNS; i++)
			keep[i] = !keep[i];
	} else {
		buf_addc(text, '(');
		make(depth - 1, text, keep);
		buf_adds(text, what == 2 ? ") or (" : what == 3 ? ") (" : ") and (");
		make(depth - 1, text, other);
		buf_addc(text, ')');
		for (size_t i = 0; i < FARM_RUNS; i++)
			keep[i] = what == 2 ? keep[i] || other[i] : keep[i] && other[i];
	}
}

static void
test_expressions(void **state)
{
	struct buf text = BUF_INIT(BUF_MAX);
	bool keep[FARM_RUNS];

	(void)state;
	for (int i = 0; i < 400; i++) {
		buf_clear(&text);
		make(3, &text, keep);
		compare(buf_cstr(&text), keep);
	}
	buf_release(&text);
}

static void
test_precedence(void **state)
{
	bool keep[FARM_RUNS];

	(void)state;
	for (size_t i = 0; i < FARM_RUNS; i++) {
		const struct farm_run *r = &farm->runs[i];

		keep[i] = failed(farm, r) || (numpy_name(farm, r) && !win(farm, r));
	}
	compare("state:failed or name:numpy* -platform:win-64", keep);
	compare("state:failed OR name:numpy* AND NOT platform:win-64", keep);
	compare("  (state:failed) or(name:numpy* not platform:win-64 ) ", keep);
	for (size_t i = 0; i < FARM_RUNS; i++)
		keep[i] = true;
	compare("", keep);
	compare(" \t", keep);
}

static void
test_errors(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *error, *hint;
	} cases[] = {
		{ "stat:failed",
		  "query: unknown field 'stat' at column 1\n  stat:failed\n  ^~~~",
		  "state:failed" },
		{ "numpy state:faild",
		  "query: 'faild' is not a state at column 13\n"
		  "  numpy state:faild\n              ^~~~~", "state:failed" },
		{ "\xc3\xa9\xc3\xa9 x:y",
		  "query: unknown field 'x' at column 4\n  \xc3\xa9\xc3\xa9 x:y\n     ^",
		  "\"x:y\" to look for the text" },
		{ "(a", "query: '(' without its ')' at column 1\n  (a\n  ^", "" },
		{ "a or", "query: nothing after 'or' at column 4\n  a or\n     ^", "" },
		{ "or a", NULL, "" },
		{ "a )", NULL, "" },
		{ "not", NULL, "" },
		{ "()", NULL, "" },
		{ "state:", NULL, "" },
		{ "state:failed,", NULL, "" },
		{ "dur:>abc", NULL, NULL },
		{ "start:yesteryear", NULL, NULL },
		{ "start:2d", NULL, "start:>2d" },
		{ "run_count:many", NULL, "" },
		{ "run_count:inf", NULL, "" },
		{ "auto_scheduled:maybe", NULL, "auto_scheduled:yes" },
		{ "id:xyz", NULL, "" },
		{ "name:>5", NULL, "" },
		{ "/a(/", NULL, "" },
		{ "/abc", NULL, NULL },
		{ "\"abc", NULL, "" },
		{ "~", NULL, "" },
		{ "\"\"", NULL, "" },
		{ "state_type:late", NULL, "state_type:failed" },
		{ "rest:x", NULL, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_query *q = NULL;
		struct weir_err err = { 0 };

		assert_int_equal(weir_query_parse(WEIR_RUN, str_of(cases[i].text),
					 farm_now_us, &q, &err),
			WEIR_EUSAGE);
		assert_null(q);
		if (strncmp(err.text, "query: ", 7) != 0 || !strstr(err.text, "\n  ") ||
			!strchr(err.text, '^'))
			fail_msg("'%s': '%s'", cases[i].text, err.text);
		if (cases[i].error)
			assert_string_equal(err.text, cases[i].error);
		if (cases[i].hint)
			assert_string_equal(err.hint, cases[i].hint);
	}
}

static void
test_limits(void **state)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct weir_query *q = NULL;
	struct weir_err err;

	(void)state;
	buf_addn(&text, 'a', WEIR_QUERY_MAX + 1);
	assert_int_equal(
		weir_query_parse(WEIR_RUN, buf_str(&text), farm_now_us, &q, &err),
		WEIR_EUSAGE);
	buf_clear(&text);
	buf_addn(&text, '(', 5000);
	assert_int_equal(
		weir_query_parse(WEIR_RUN, buf_str(&text), farm_now_us, &q, &err),
		WEIR_EUSAGE);
	buf_clear(&text);
	buf_addn(&text, '-', 5000);
	buf_addc(&text, 'a');
	assert_int_equal(
		weir_query_parse(WEIR_RUN, buf_str(&text), farm_now_us, &q, &err),
		WEIR_EUSAGE);
	buf_clear(&text);
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, "a ");
	assert_int_equal(
		weir_query_parse(WEIR_RUN, buf_str(&text), farm_now_us, &q, &err),
		WEIR_EUSAGE);
	assert_null(q);
	buf_release(&text);
}

/* The most terms that are taken can be run, whatever joins them. */
static void
test_many_terms(void **state)
{
	static const char *const joints[] = { " ", " or ", " -" };
	struct buf text = BUF_INIT(BUF_MAX);

	(void)state;
	for (size_t j = 0; j < N_ELEM(joints); j++) {
		struct weir_query *q;
		struct weir_select sel = { .kind = WEIR_RUN };
		int64_t n;

		buf_clear(&text);
		for (int i = 0; i < 200; i++)
			buf_addf(&text, "%srun_count:%d", i ? joints[j] : "", i);
		q = parse(buf_cstr(&text));
		sel.query = q;
		assert_int_equal(weir_rows_count(farm->store, &sel, &n, NULL), WEIR_OK);
		weir_query_free(q);
	}
	buf_release(&text);
}

/* The deepest that is taken can be run: SQLite has limits of its own. */
static void
test_deep(void **state)
{
	static const char *const opens[] = { "(", "-(", "a or (", "a -(",
		"a (a or -(" };

	(void)state;
	for (size_t j = 0; j < N_ELEM(opens); j++) {
		struct buf text = BUF_INIT(BUF_MAX);
		struct weir_query *q = NULL, *deepest = NULL;
		struct weir_select sel = { .kind = WEIR_RUN };
		int64_t n;

		for (size_t depth = 1; depth < 100; depth++) {
			buf_clear(&text);
			for (size_t i = 0; i < depth; i++)
				buf_adds(&text, opens[j]);
			buf_adds(&text, "param.version:1..2,none parent:none");
			for (size_t i = 0, m = text.len; i < m; i++)
				if (text.s[i] == '(')
					buf_addc(&text, ')');
			if (weir_query_parse(
				    WEIR_RUN, buf_str(&text), farm_now_us, &q, NULL))
				break;
			weir_query_free(deepest);
			deepest = q;
		}
		assert_non_null(deepest);
		sel.query = deepest;
		assert_int_equal(weir_rows_count(farm->store, &sel, &n, NULL), WEIR_OK);
		weir_query_free(deepest);
		buf_release(&text);
	}
}

static void
test_prefix(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		size_t valid;
	} cases[] = {
		{ "", 0 },
		{ "state:failed", 12 },
		{ "state:failed nu", 15 },
		{ "state:failed stat:", 12 },
		{ "state:failed or", 12 },
		{ "state:failed or ", 12 },
		{ "(state:failed or", 13 },
		{ "(state:failed", 13 },
		{ "state:fai", 0 },
		{ "numpy state:", 5 },
		{ "numpy -", 7 },
		{ "\"a b", 4 },
		{ "/vec_x", 6 },
		{ "a /b(", 1 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_err err;
		size_t valid;
		struct weir_query *q = weir_query_parse_prefix(
			WEIR_RUN, str_of(cases[i].text), farm_now_us, &valid, &err);

		assert_non_null(q);
		if (valid != cases[i].valid)
			fail_msg("'%s': %zu are valid", cases[i].text, valid);
		assert_int_equal(err.rc == WEIR_OK, valid == strlen(cases[i].text));
		weir_query_free(q);
	}
}

static void
test_properties(void **state)
{
	const struct weir_match *const *words;
	struct weir_query *q;

	(void)state;
	q = parse("");
	assert_true(weir_query_matches_all(q));
	assert_false(weir_query_is_relative(q));
	weir_query_free(q);
	q = parse("since:2d");
	assert_true(weir_query_is_relative(q));
	weir_query_free(q);
	q = parse("dur:>1m");
	assert_true(weir_query_is_relative(q));
	weir_query_free(q);
	q = parse("start:2026-11-21T10:00:00Z..2026-11-21T11:00:00Z numpy -(/a b/)");
	assert_false(weir_query_matches_all(q));
	assert_false(weir_query_is_relative(q));
	assert_int_equal(weir_query_words(q, &words), 2);
	assert_true(weir_match_test(words[0], STR("NumPy")));
	weir_query_free(q);
}

static void
test_complete(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *has, *field;
	} cases[] = {
		{ "", "state:", NULL },
		{ "sta", "state:", NULL },
		{ "numpy -pla", "platform:", NULL },
		{ "state:fa", "state:failed", NULL },
		{ "state:failed,cra", "state:failed,crashed", NULL },
		{ "(state:la", "state:late", NULL },
		{ "auto_scheduled:", "auto_scheduled:yes", NULL },
		{ "flow:bu", NULL, "flow_name" },
		{ "para", "param.", NULL },
		{ "a o", "or", NULL },
		{ "\"a sta", NULL, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct buf out = BUF_INIT(BUF_MAX);
		const char *field;
		char *lines;

		weir_query_complete(WEIR_RUN, str_of(cases[i].text), &out, &field);
		lines = xasprintf("\n%s\n", buf_cstr(&out));
		if (cases[i].has) {
			char *want = xasprintf("\n%s\n", cases[i].has);

			if (!strstr(lines, want))
				fail_msg("'%s': '%s'", cases[i].text, lines);
			free(want);
		}
		if (cases[i].field)
			assert_string_equal(field, cases[i].field);
		else
			assert_null(field);
		free(lines);
		buf_release(&out);
	}
}

/* Every field's example is a query that runs. */
static void
test_examples(void **state)
{
	struct env_world world;
	struct weir_store *environments;

	(void)state;
	env_world_make(&world);
	env_write(&world, ENV_FILE);
	environments = env_store(&world, NULL);
	for (int k = 0; k < WEIR_N_KINDS; k++) {
		const struct weir_query_field *f;
		size_t n = weir_query_fields((enum weir_kind)k, &f);

		assert_true(n > 5);
		for (size_t i = 0; i < n; i++) {
			struct weir_select sel = { .kind = (enum weir_kind)k };
			struct weir_query *q = NULL;
			struct weir_err err = { 0 };
			int64_t count;

			if (weir_query_parse((enum weir_kind)k, str_of(f[i].example),
				    farm_now_us, &q, &err))
				fail_msg("%s", err.text);
			sel.query = q;
			if (weir_rows_count(
				    k == WEIR_ENVIRONMENT ? environments : farm->store,
				    &sel, &count, &err))
				fail_msg("%s: %s", f[i].example, err.text);
			assert_non_null(f[i].values);
			assert_true(f[i].help[0] != '\0');
			weir_query_free(q);
		}
	}
	weir_store_close(environments);
	env_world_drop(&world);
}

/* Take the next line of the page; false at its end. */
static bool
page_line(FILE *page, char *line, size_t size)
{
	if (!fgets(line, (int)size, page))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* What the page says of a field: its names and values, its help, an example. */
static void
check_entry(FILE *page, const struct weir_query_field *f)
{
	char line[512];
	char *want = xasprintf(".It Cm %s%s%s Pq Em %s", f->name, f->alias ? " , " : "",
		f->alias ? f->alias : "", f->values);

	assert_true(page_line(page, line, sizeof(line)));
	assert_string_equal(line, want);
	free(want);
	assert_true(page_line(page, line, sizeof(line)));
	assert_int_equal(
		tolower((unsigned char)line[0]), tolower((unsigned char)f->help[0]));
	assert_true(strncmp(line + 1, f->help + 1, strlen(f->help + 1)) == 0);
	assert_true(page_line(page, line, sizeof(line)));
	assert_true(strncmp(line, ".Dl ", 4) == 0);
	assert_string_equal(line + 4, f->example);
}

/* weir-query(7) lists exactly the fields of each kind, in the order of the tables. */
static void
test_manual(void **state)
{
	FILE *page = fopen("man/weir-query.7", "r");
	char line[512] = "";

	(void)state;
	assert_non_null(page);
	while (strcmp(line, ".Sh FIELDS OF EACH KIND") != 0)
		assert_true(page_line(page, line, sizeof(line)));
	for (int k = 0; k < WEIR_N_KINDS; k++) {
		const struct weir_query_field *f;
		size_t n = weir_query_fields((enum weir_kind)k, &f);

		while (strncmp(line, ".Bl -tag", 8) != 0)
			assert_true(page_line(page, line, sizeof(line)));
		for (size_t i = 0; i < n; i++)
			check_entry(page, &f[i]);
		assert_true(page_line(page, line, sizeof(line)));
		assert_string_equal(line, ".El");
	}
	fclose(page);
}

static void
test_interrupt(void **state)
{
	struct weir_query *q = parse("numpy");
	struct weir_select sel = { .kind = WEIR_RUN, .query = q };
	struct weir_rows *rows = NULL;
	struct weir_err err;
	bool row;
	enum weir_rc rc;

	(void)state;
	sel.query = NULL;
	assert_int_equal(weir_rows_open(farm->store, &sel, &rows, &err), WEIR_OK);
	assert_int_equal(weir_rows_next(rows, &row, &err), WEIR_OK);
	weir_store_interrupt(farm->store);
	rc = weir_rows_next(rows, &row, &err);
	assert_int_equal(rc, WEIR_EINTR);
	weir_rows_close(rows);
	weir_query_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_terms),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_interrupt),
	};

	return FARM_TESTS(tests, 7);
}
