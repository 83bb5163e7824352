#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/view.h>

static void
check_format(const char *text, const char *want)
{
	struct buf out = BUF_INIT(BUF_MAX);
	struct weir_err err = { 0 };
	struct weir_view v;

	if (weir_view_parse(str_of(text), &v, &err))
		fail_msg("%s: %s", text, err.text);
	weir_view_format(&v, &out);
	assert_string_equal(buf_cstr(&out), want);
	weir_view_release(&v);
	buf_release(&out);
}

static void
text_becomes_its_usual_form(void **state)
{
	static const char *const cases[][2] = {
		{ "runs", "weir runs" },
		{ "  weir   runs  ", "weir runs" },
		{ "runs ''", "weir runs" },
		{ "runs state:failed since:2d", "weir runs 'state:failed since:2d'" },
		{ "runs --sort dur:desc 'state:failed'",
			"weir runs state:failed --sort dur:desc" },
		{ "runs -sdur --columns=name:30,state --tree",
			"weir runs --sort dur --columns name:30,state --tree" },
		{ "runs -platform:win-64", "weir runs -platform:win-64" },
		{ "runs -- -x", "weir runs -- -x" },
		{ "runs \"flow:'a b' \\$x\"", "weir runs 'flow:'\\''a b'\\'' $x'" },
		{ "runs a\\ b", "weir runs 'a b'" },
		{ "runs =a", "weir runs '=a'" },
		{ "runs --count-by flow", "weir runs --count-by flow" },
		{ "pools --queues default", "weir pools --queues default" },
		{ "pools --workers", "weir pools --workers" },
		{ "show @latest", "weir show @latest" },
		{ "logs 5c1d --level info -g 'vec xl' -t compile",
			"weir logs 5c1d --level info --task compile --grep 'vec xl'" },
		{ "logs --runs 'state:failed since:1d'",
			"weir logs --runs 'state:failed since:1d'" },
		{ "graph 5c1d", "weir graph 5c1d" },
		{ "why @failed", "weir why @failed" },
		{ "weir history", "weir history" },
		{ "environment list pkg:numpy --all", "weir env list pkg:numpy --all" },
		{ "env list --group", "weir env list --group" },
		{ "env list --group --all arch:linux-64 --sort size -c name",
			"weir env list arch:linux-64 --sort size --columns name --all "
			"--group" },
		{ "env list -s req_newest:desc,req_id,size",
			"weir env list --sort req_newest:desc,req_id,size" },
		{ "env show 5c1d:1a2b --arch osx-64",
			"weir env show 5c1d:1a2b --arch osx-64" },
		{ "env diff a b", "weir env diff a b" },
		{ "env select-resolved --req-id 5c1d",
			"weir env select-resolved --req-id 5c1d" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++)
		check_format(cases[i][0], cases[i][1]);
}

static void
wrong_text_is_told(void **state)
{
	static const char *const cases[][3] = {
		{ "", "view: names no command", "" },
		{ "weir", "view: names no command", "" },
		{ "rnus", "view: 'rnus' is no command that shows a view", "weir runs" },
		{ "runs --srot x", "view: runs has no option '--srot'", "--sort" },
		{ "runs --queues", "view: runs has no option '--queues'", "" },
		{ "runs --tree=1", "view: runs has no option '--tree=1'", "--tree" },
		{ "runs --sort", "view: runs: '--sort' needs a value", "" },
		{ "runs 'x", "view: a quote is not closed", "" },
		{ "show", "view: show needs an id or a name", "" },
		{ "show a b", "view: show: 'b' is one too many", "" },
		{ "env diff a", "view: env diff needs two of them", "" },
		{ "env diff a b c", "view: env diff: 'c' is one too many", "" },
		{ "env select-resolved",
			"view: env select-resolved needs an id or a name", "" },
		{ "runs --all", "view: runs has no option '--all'", "" },
		{ "runs --group", "view: runs has no option '--group'", "" },
		{ "history x", "view: history: 'x' is one too many", "" },
		{ "logs a --runs b", "view: logs: either 'a' or --runs", "" },
		{ "logs ''", "view: logs: an id is empty", "" },
		{ "logs a ' -\n-'", "view: logs: an id has a line break", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct weir_err err = { 0 };
		struct weir_view v = { 0 };

		assert_int_equal(
			weir_view_parse(str_of(cases[i][0]), &v, &err), WEIR_EUSAGE);
		assert_string_equal(err.text, cases[i][1]);
		assert_string_equal(err.hint, cases[i][2]);
	}
}

static void
a_size_has_an_end(void **state)
{
	struct buf text = BUF_INIT(BUF_MAX);
	struct weir_err err = { 0 };
	struct weir_view v;

	(void)state;
	buf_adds(&text, "runs ");
	buf_addn(&text, 'x', WEIR_VIEW_MAX);
	assert_int_equal(weir_view_parse(buf_str(&text), &v, &err), WEIR_EUSAGE);
	buf_release(&text);
	assert_int_equal(weir_view_parse(STR("runs a\0b"), &v, &err), WEIR_EUSAGE);
}

static const struct {
	size_t offset;
	unsigned shows;
} members[] = {
	{ offsetof(struct weir_view, query), 1u << WEIR_SHOW_LIST },
	{ offsetof(struct weir_view, sort), 1u << WEIR_SHOW_LIST },
	{ offsetof(struct weir_view, columns), 1u << WEIR_SHOW_LIST },
	{ offsetof(struct weir_view, count_by), 1u << WEIR_SHOW_LIST },
	{ offsetof(struct weir_view, id),
		~(1u << WEIR_SHOW_LIST | 1u << WEIR_SHOW_HISTORY) },
	{ offsetof(struct weir_view, level), 1u << WEIR_SHOW_LOG },
	{ offsetof(struct weir_view, grep), 1u << WEIR_SHOW_LOG },
	{ offsetof(struct weir_view, task), 1u << WEIR_SHOW_LOG },
	{ offsetof(struct weir_view, logger), 1u << WEIR_SHOW_LOG },
	{ offsetof(struct weir_view, arch),
		1u << WEIR_SHOW_ENV | 1u << WEIR_SHOW_DIFF },
};

static char **
member(struct weir_view *v, size_t i)
{
	return (char **)(void *)((char *)v + members[i].offset);
}

static uint32_t seed = 20261121;

static uint32_t
dice(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static char *
random_text(void)
{
	static const char bytes[] = "ab:-'\"\\ $`\n\t=~*#!;|&<>(){}\xc3\xa9\x01";
	struct buf text = BUF_INIT(BUF_MAX);

	do
		buf_addc(&text, bytes[dice(sizeof(bytes) - 1)]);
	while (dice(6) != 0);
	return buf_steal(&text);
}

/* One id, or several with newlines between them. */
static char *
random_ids(void)
{
	char *ids = random_text();

	for (char *s = ids; (s = strchr(s, '\n'));)
		*s = 'n';
	while (dice(3) == 0) {
		char *more = random_text(), *both;

		for (char *s = more; (s = strchr(s, '\n'));)
			*s = 'n';
		both = xasprintf("%s\n%s", ids, more);
		free(ids);
		free(more);
		ids = both;
	}
	return ids;
}

/* Two ids, without newlines of their own. */
static char *
random_pair(void)
{
	char *a = random_text(), *b = random_text(), *both;

	for (char *s = a; (s = strchr(s, '\n'));)
		*s = 'n';
	for (char *s = b; (s = strchr(s, '\n'));)
		*s = 'n';
	both = xasprintf("%s\n%s", a, b);
	free(a);
	free(b);
	return both;
}

static void
random_view(struct weir_view *v)
{
	char *(*const ids[WEIR_N_SHOWS])(void) = {
		[WEIR_SHOW_LOG] = random_ids, [WEIR_SHOW_DIFF] = random_pair
	};

	*v = (struct weir_view){ .show = (enum weir_show)dice(WEIR_N_SHOWS) };
	if (v->show == WEIR_SHOW_LIST)
		v->kind = (enum weir_kind)dice(WEIR_N_KINDS);
	if (v->show >= WEIR_SHOW_ENV)
		v->kind = WEIR_ENVIRONMENT;
	v->all = v->show == WEIR_SHOW_LIST && v->kind == WEIR_ENVIRONMENT && dice(2);
	if (v->kind == WEIR_ENVIRONMENT && dice(2))
		v->file = random_text();
	if (v->show == WEIR_SHOW_LIST || v->show == WEIR_SHOW_LOG)
		v->tree = dice(2);
	v->follow = v->show == WEIR_SHOW_LOG && dice(2);
	for (size_t i = 0; i < N_ELEM(members); i++) {
		bool id = members[i].offset == offsetof(struct weir_view, id);

		if (members[i].shows >> v->show & 1 && (id || dice(2)))
			*member(v, i) =
				id && ids[v->show] ? ids[v->show]() : random_text();
	}
}

static void
assert_same(struct weir_view *a, struct weir_view *b, const char *text)
{
	assert_int_equal(a->show, b->show);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->tree, b->tree);
	assert_int_equal(a->follow, b->follow);
	assert_int_equal(a->all, b->all);
	assert_int_equal(!a->file, !b->file);
	if (a->file)
		assert_string_equal(a->file, b->file);
	for (size_t i = 0; i < N_ELEM(members); i++) {
		const char *x = *member(a, i), *y = *member(b, i);

		if (!x != !y || (x && strcmp(x, y) != 0))
			fail_msg("%s: '%s' is not '%s'", text, x ? x : "(none)",
				y ? y : "(none)");
	}
}

static void
any_view_comes_back_from_its_text(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf text = BUF_INIT(BUF_MAX);
		struct weir_view v, copy, back;
		struct weir_err err = { 0 };

		random_view(&v);
		weir_view_copy(&v, &copy);
		weir_view_format(&v, &text);
		if (weir_view_parse(buf_str(&text), &back, &err))
			fail_msg("%s: %s", buf_cstr(&text), err.text);
		assert_same(&v, &back, buf_cstr(&text));
		assert_same(&v, &copy, "the copy");
		weir_view_release(&v);
		weir_view_release(&copy);
		weir_view_release(&back);
		buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_its_usual_form),
		cmocka_unit_test(wrong_text_is_told),
		cmocka_unit_test(a_size_has_an_end),
		cmocka_unit_test(any_view_comes_back_from_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
