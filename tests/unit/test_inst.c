/*
 * The parts of the installer that need no archive: names, links, prefixes, entry
 * points, who has a place, lists, folders of packages, locks, whose a folder is.
 * Archives, the web and kills are in tests/inst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inst_archive.h"
#include "inst_entry.h"
#include "inst_file.h"
#include "inst_lock.h"
#include "inst_name.h"
#include "inst_plan.h"
#include "inst_prefix.h"
#include "inst_record.h"
#include "inst_site.h"
#include "inst_sum.h"
#include "inst_tmp.h"
#include "weir/inst.h"

static char top[] = "/tmp/weir-test-inst-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(top) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	return inst_tree_remove(top, NULL) != WEIR_OK;
}

/* ---- names */

static void
test_plain_names(void **state)
{
	static const struct {
		const char *name, *plain; /* NULL: refused */
	} rows[] = {
		{ "a", "a" },
		{ "./a//b/./c/", "a/b/c" },
		{ "./", "" },
		{ "a/..b/...", "a/..b/..." },
		{ "a\\b", "a\\b" },
		{ "", NULL },
		{ "/a", NULL },
		{ "..", NULL },
		{ "a/../b", NULL },
		{ "a/..", NULL },
		{ "./../a", NULL },
	};
	struct buf out = BUF_INIT(INST_NAME_MAX);
	char *deep = xmalloc(4 * INST_DEPTH_MAX);

	(void)state;
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		const char *why = inst_name_plain(str_of(rows[i].name), &out);

		assert_int_equal(why == NULL, rows[i].plain != NULL);
		assert_string_equal(buf_cstr(&out), why ? "" : rows[i].plain);
		buf_clear(&out);
	}
	assert_non_null(inst_name_plain((struct str){ "a\0b", 3 }, &out));
	for (size_t i = 0; i < INST_DEPTH_MAX + 1; i++)
		memcpy(deep + 2 * i, "d/", 3);
	assert_non_null(inst_name_plain(str_of(deep), &out));
	assert_null(inst_name_plain(str_of(deep + 2), &out));
	free(deep);
	deep = xmalloc(INST_PART_MAX + 2);
	memset(deep, 'x', INST_PART_MAX + 1);
	deep[INST_PART_MAX + 1] = '\0';
	assert_non_null(inst_name_plain(str_of(deep), &out));
	free(deep);
	buf_release(&out);
}

static void
test_links(void **state)
{
	static const struct {
		const char *at, *to;
		bool ok, look;
	} rows[] = {
		{ "lib/a", "b", true, false },
		{ "lib/a", "../bin/b", true, false },
		{ "lib/a", "./../lib/./b", true, false },
		{ "lib/a", "../../b", false, false },
		{ "a", "..", false, false },
		{ "a/b/c", "../..", true, false },
		{ "a", "b/..", true, true },
		{ "a/b", "c/../../d", true, true },
		{ "a/b", "c/../../../d", false, false },
		{ "a", "/etc", false, false },
		{ "a", "", false, false },
	};
	bool look;

	(void)state;
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		assert_int_equal(
			inst_name_link(rows[i].at, str_of(rows[i].to), &look) == NULL,
			rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(look, rows[i].look);
	}
}

static void
test_order_of_names(void **state)
{
	(void)state;
	assert_true(inst_name_compare("a/b", "a-b") < 0);
	assert_true(inst_name_compare("a", "a/b") < 0);
	assert_true(inst_name_compare("flask/__init__.py", "flask-3.dist-info/X") < 0);
	assert_true(inst_name_compare("b", "a/z") > 0);
	assert_int_equal(inst_name_compare("a/b", "a/b"), 0);
	assert_true(inst_name_below("a/b", "a"));
	assert_false(inst_name_below("ab", "a"));
	assert_false(inst_name_below("a", "a"));
}

static void
test_reserved_names(void **state)
{
	(void)state;
	assert_true(inst_name_reserved(".metaflowenv"));
	assert_true(inst_name_reserved(".MetaflowEnv"));
	assert_true(inst_name_reserved("conda-meta/history"));
	assert_true(inst_name_reserved("conda-meta/x-1-0.json"));
	assert_true(inst_name_reserved("__clobbers__/a"));
	assert_false(inst_name_reserved("conda-meta/pinned"));
	assert_false(inst_name_reserved("share/.metaflowenv"));
	assert_false(inst_name_reserved("__clobbers__x"));
}

/* ---- prefixes */

static void
check_text(const char *from, const char *prefix, const char *expected)
{
	struct buf out = BUF_INIT(BUF_MAX);

	inst_prefix_text(str_of(from), "/old", prefix, &out);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void
test_text_prefix(void **state)
{
	char *deep = xmalloc(200), *script;

	(void)state;
	check_text("", "/new", "");
	check_text("x/old/old y", "/new", "x/new/new y");
	check_text("#!/old/bin/sh -e\n/old\n", "/n", "#!/n/bin/sh -e\n/n\n");
	check_text("#!/old/bin/sh", "/n", "#!/n/bin/sh");
	check_text("#!/usr/bin/perl\n/old", "/a b", "#!/usr/bin/perl\n/a b");
	check_text("#!/old/bin/perl -w\n", "/a b", "#!/usr/bin/env perl -w\n");
	check_text("#!/old/bin/python3.11 -u\n", "/a b",
		"#!/bin/sh\n'''exec' \"/a b/bin/python3.11\" -u \"$0\" \"$@\" #'''\n");
	check_text("#!/old/bin/python3x\n", "/a b", "#!/usr/bin/env python3x\n");
	memset(deep, 'd', 199);
	deep[0] = '/';
	deep[110] = '\0'; /* 2 + 110 + 15 bytes: just fits */
	script = xasprintf("#!%s/bin/python3.11\n", deep);
	check_text("#!/old/bin/python3.11\n", deep, script);
	free(script);
	deep[110] = 'd';
	deep[120] = '\0';
	script = xasprintf(
		"#!/bin/sh\n'''exec' \"%s/bin/python\" \"$0\" \"$@\" #'''\n", deep);
	check_text("#!/old/bin/python\n", deep, script);
	free(script);
	free(deep);
}

static void
test_binary_prefix(void **state)
{
	static const char from[] = "a\0/old/x:/old/y\0b/old",
			  to[] = "a\0/n/x:/n/y\0\0\0\0\0b/n\0";
	struct buf out = BUF_INIT(BUF_MAX);

	(void)state;
	assert_true(inst_prefix_binary(
		(struct str){ from, sizeof(from) - 1 }, "/old", "/n", &out));
	assert_int_equal(out.len, sizeof(from) - 1);
	assert_memory_equal(out.s, to, out.len);
	buf_clear(&out);
	assert_false(inst_prefix_binary(STR("x/old"), "/old", "/longer", &out));
	buf_clear(&out);
	assert_true(inst_prefix_binary(STR("none"), "/old", "/longer", &out));
	assert_string_equal(buf_cstr(&out), "none");
	buf_release(&out);
}

/* ---- entry points */

static void
test_entry_points(void **state)
{
	static const char *const bad[] = { "", "a", "a=b", "a = b:", "= b:c", "a=:c",
		"../a = b:c", "-a = b:c", "a/b = c:d", "a = b:c()", "a = b;c:d",
		"a = b.:c", "a = .b:c", "a = b:c [x", "a = 1b:c", "a\n= b:c d",
		"a = b c:d" };
	struct buf out = BUF_INIT(BUF_MAX);
	struct arena arena = { 0 };
	struct inst_entry e;

	(void)state;
	assert_true(inst_entry_parse(STR(" f-1.x = a.b_c:D.e [x, y] "), &arena, &e));
	assert_string_equal(e.command, "f-1.x");
	assert_string_equal(e.module, "a.b_c");
	assert_string_equal(e.function, "D.e");
	for (size_t i = 0; i < N_ELEM(bad); i++)
		assert_false(inst_entry_parse(str_of(bad[i]), &arena, &e));
	inst_entry_script(&e, "/env/bin/python3.11", &out);
	assert_string_equal(buf_cstr(&out),
		"#!/env/bin/python3.11\n# -*- coding: utf-8 -*-\nimport re\nimport "
		"sys\n\nfrom a.b_c import D\n\nif __name__ == '__main__':\n"
		"\tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', "
		"sys.argv[0])\n"
		"\tsys.exit(D.e())\n");
	buf_release(&out);
	arena_free(&arena);
}

static void
test_entry_points_file(void **state)
{
	struct inst_entries v = { 0 };
	struct arena arena = { 0 };
	size_t line;

	(void)state;
	assert_true(inst_entry_parse_ini(
		STR("# c\n[console_scripts]\r\na = b:c\r\n\n[x]\nnot this\n"
		    "[gui_scripts]\nd=e:f\n"),
		&arena, &v, &line));
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[1].command, "d");
	assert_false(inst_entry_parse_ini(
		STR("[console_scripts]\na = b:c\nbad\n"), &arena, &v, &line));
	assert_int_equal(line, 3);
	VEC_FREE(&v);
	arena_free(&arena);
}

/* ---- who has a place */

static void
make_unit(struct inst_unit *u, const char *index, const char *paths)
{
	*u = (struct inst_unit){ .dir = "/nowhere" };
	assert_int_equal(inst_meta_parse_index(&u->meta, str_of(index), "x", NULL), 0);
	assert_int_equal(inst_meta_parse_paths(&u->meta, str_of(paths), "x", NULL), 0);
}

static const struct inst_spot *
spot_of(const struct inst_plan *p, size_t unit, const char *name)
{
	for (size_t i = 0; i < p->spots.n; i++)
		if (p->spots.v[i].unit == unit && strcmp(p->spots.v[i].name, name) == 0)
			return &p->spots.v[i];
	fail_msg("%s: no such place", name);
	return NULL;
}

static void
test_plan(void **state)
{
	struct inst_unit u[4];
	struct inst_plan p;
	struct weir_err err = { 0 };

	(void)state;
	make_unit(&u[0],
		"{\"name\":\"a\",\"version\":\"1\",\"build\":\"0\",\"depends\":[\"z "
		">=1\"]}",
		"{\"paths\":[{\"_path\":\"s/both\",\"path_type\":\"hardlink\"}]}");
	make_unit(&u[1], "{\"name\":\"z\",\"version\":\"1\",\"build\":\"0\"}",
		"{\"paths\":[{\"_path\":\"s/both\",\"path_type\":\"hardlink\"},"
		"{\"_path\":\"s/d/x\",\"path_type\":\"hardlink\"}]}");
	make_unit(&u[2], "{\"name\":\"python\",\"version\":\"3.12.1\",\"build\":\"0\"}",
		"{\"paths\":[{\"_path\":\"s/d\",\"path_type\":\"hardlink\"}]}");
	make_unit(&u[3],
		"{\"name\":\"n\",\"version\":\"1\",\"build\":\"0\",\"noarch\":"
		"\"python\"}",
		"{\"paths\":[{\"_path\":\"site-packages/"
		"n.py\",\"path_type\":\"hardlink\"},"
		"{\"_path\":\"python-scripts/n\",\"path_type\":\"hardlink\"}]}");
	assert_int_equal(inst_plan_make(u, 4, &p, &err), WEIR_OK);
	assert_string_equal(p.python.version, "3.12");
	spot_of(&p, 3, "lib/python3.12/site-packages/n.py");
	spot_of(&p, 3, "bin/n");
	/* a needs z, and is put over it; z comes after python by name: its folder */
	assert_true(spot_of(&p, 1, "s/both")->lost);
	assert_false(spot_of(&p, 0, "s/both")->lost);
	assert_true(spot_of(&p, 2, "s/d")->lost);
	assert_false(spot_of(&p, 1, "s/d/x")->lost);
	assert_int_equal(p.n_lost, 2);
	assert_int_equal(p.order[0], 2);
	assert_int_equal(p.order[1], 3);
	assert_int_equal(p.order[2], 1);
	assert_int_equal(p.order[3], 0);
	inst_plan_release(&p);

	/* no Python; two of a name */
	assert_int_equal(inst_plan_make(u + 3, 1, &p, &err), WEIR_EBADDATA);
	assert_non_null(strstr(err.text, "n-1-0: it needs Python"));
	inst_meta_release(&u[1].meta);
	make_unit(&u[1], "{\"name\":\"a\",\"version\":\"2\",\"build\":\"0\"}",
		"{\"paths\":[]}");
	assert_int_equal(inst_plan_make(u, 2, &p, &err), WEIR_EBADDATA);
	assert_non_null(strstr(err.text, "a: there are two packages"));
	for (size_t i = 0; i < 4; i++)
		inst_meta_release(&u[i].meta);
}

/* Those that need each other are all there. */
static void
test_plan_circle(void **state)
{
	struct inst_unit u[3];
	struct inst_plan p;
	size_t seen = 0;

	(void)state;
	make_unit(&u[0],
		"{\"name\":\"a\",\"version\":\"1\",\"build\":\"0\",\"depends\":[\"b\"]"
		"}",
		"{\"paths\":[]}");
	make_unit(&u[1],
		"{\"name\":\"b\",\"version\":\"1\",\"build\":\"0\",\"depends\":[\"a\","
		"\"b\"]}",
		"{\"paths\":[]}");
	make_unit(&u[2],
		"{\"name\":\"c\",\"version\":\"1\",\"build\":\"0\",\"depends\":[\"b\","
		"\"x\"]}",
		"{\"paths\":[]}");
	assert_int_equal(inst_plan_make(u, 3, &p, NULL), WEIR_OK);
	for (size_t i = 0; i < 3; i++)
		seen |= (size_t)1 << p.order[i];
	assert_int_equal(seen, 7);
	assert_int_equal(p.order[2], 2);
	inst_plan_release(&p);
	for (size_t i = 0; i < 3; i++)
		inst_meta_release(&u[i].meta);
}

/* ---- lists */

#define MD5 "0123456789abcdef0123456789abcdef"

static void
test_lists(void **state)
{
	struct weir_inst_list *l;
	const struct weir_inst_package *p;
	struct weir_err err = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(
		weir_inst_list_parse(
			STR("# made by "
			    "x\n@EXPLICIT\nhttps://u:p@h/c/linux-64/a-1-0.conda#" MD5
			    "\r\n\nhttp://h/c/noarch/"
			    "x264-1%21161-0.tar.bz2?t=1#sha256:" MD5 MD5
			    "\nhttps://h/b-1-0.conda\n# pip w @ "
			    "https://h/w-1-py3-none-any.whl"
			    "#sha256=" MD5 MD5),
			"list", &l, &err),
		WEIR_OK);
	p = weir_inst_list_packages(l, &n);
	assert_int_equal(n, 4);
	assert_string_equal(p[0].file, "a-1-0.conda");
	assert_string_equal(p[0].md5, MD5);
	assert_string_equal(p[1].file, "x264-1!161-0.tar.bz2");
	assert_string_equal(p[1].sha256, MD5 MD5);
	assert_null(p[2].md5);
	assert_int_equal(p[3].type, WEIR_INST_PYPI);
	weir_inst_list_free(l);
}

static void
test_bad_lists(void **state)
{
	static const char *const bad[] = { "", "# nothing\n",
		"https://h/a-1-0.conda#" MD5, "@EXPLICIT\na-1-0.conda\n",
		"@EXPLICIT\nhttps://u:secret@h/a-1-0.conda#12\n",
		"@EXPLICIT\nhttps://h/%2e%2e#" MD5,
		"@EXPLICIT\nhttps://h/a%2fb.conda\n", "@EXPLICIT\nhttps://h/\n",
		"@EXPLICIT\nhttps://h/a.conda b\n",
		"@EXPLICIT\nhttps://h/a.conda#sha256:" MD5 };
	struct weir_inst_list *l;
	struct weir_err err;

	(void)state;
	for (size_t i = 0; i < N_ELEM(bad); i++) {
		err = (struct weir_err){ 0 };
		assert_int_equal(weir_inst_list_parse(str_of(bad[i]), "list", &l, &err),
			WEIR_EBADDATA);
		assert_non_null(strstr(err.text, "list:"));
		assert_null(strstr(err.text, "secret"));
	}
}

/* ---- addresses in records */

static void
test_record_urls(void **state)
{
	static const struct {
		const char *url, *plain;
	} rows[] = {
		{ "https://h/c/x.conda#abc", "https://h/c/x.conda" },
		{ "https://u:p@h:1/c/x", "https://h:1/c/x" },
		{ "https://u:p@ss@h/c@d/x", "https://h/c@d/x" },
		{ "file:///a/b", "file:///a/b" },
		{ "x", "x" },
	};
	struct buf out = BUF_INIT(BUF_MAX);

	(void)state;
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		inst_record_url(&out, rows[i].url);
		assert_string_equal(buf_cstr(&out), rows[i].plain);
		buf_clear(&out);
	}
	buf_release(&out);
}

/* ---- places */

static void
check_dirs(enum weir_rc (*find)(char ***, struct buf *, struct weir_err *),
	const char *expected)
{
	struct buf out = BUF_INIT(BUF_MAX);
	char **dirs;

	assert_int_equal(find(&dirs, NULL, NULL), WEIR_OK);
	for (char **d = dirs; *d; d++)
		buf_addf(&out, "%s ", *d);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
	weir_inst_dirs_free(dirs);
}

static void
test_where(void **state)
{
	char *condarc = xasprintf("%s/.condarc", top);
	char *expected = xasprintf("%s/.conda/envs ", top);
	struct weir_err err = { 0 };
	char here[4096], **dirs;

	(void)state;
	setenv("HOME", top, 1);
	unsetenv("CONDA_ENVS_DIRS");
	unsetenv("CONDA_PKGS_DIRS");
	unsetenv("MAMBA_ROOT_PREFIX");
	unsetenv("CONDARC");
	unsetenv("MAMBARC");
	unsetenv("CONDA_ROOT");
	unsetenv("CONDA_PREFIX");
	check_dirs(weir_inst_env_dirs, expected);
	setenv("MAMBA_ROOT_PREFIX", "/m", 1);
	check_dirs(weir_inst_env_dirs, "/m/envs ");
	check_dirs(weir_inst_package_dirs, "/m/pkgs ");
	assert_int_equal(inst_file_replace(condarc,
				 STR("envs_dirs:\n  - ~/e\n  - /e2/\n  - relative\n"
				     "pkgs_dirs: $MAMBA_ROOT_PREFIX/p\n"),
				 0644, NULL),
		WEIR_OK);
	free(expected);
	assert_non_null(getcwd(here, sizeof(here)));
	expected = xasprintf("%s/e /e2 %s/relative ", top, here);
	check_dirs(weir_inst_env_dirs, expected);
	check_dirs(weir_inst_package_dirs, "/m/p ");
	setenv("CONDA_ENVS_DIRS", "/x:/y,/z", 1);
	check_dirs(weir_inst_env_dirs, "/x /y /z ");
	assert_int_equal(
		inst_file_replace(condarc, STR("pkgs_dirs: [\n"), 0644, NULL), WEIR_OK);
	assert_int_not_equal(weir_inst_package_dirs(&dirs, NULL, &err), WEIR_OK);
	assert_non_null(strstr(err.text, ".condarc"));
	unlink(condarc);
	free(condarc);
	free(expected);
}

/* What is told in another way than a whole path, as Python's abspath has it. */
static void
test_where_told(void **state)
{
	/* clang-format off */
	static const struct {
		const char *told, *path, *note; /* path: HERE is the working directory */
	} rows[] = {
		{ "envs", "HERE/envs", "CONDA_ENVS_DIRS: envs: is relative" },
		{ "./a/../b/", "HERE/b", "is relative" },
		{ ".", "HERE", "is relative" },
		{ "/a//./b/../../../c", "/c", NULL },
		{ "/", "/", NULL },
		{ "/s/$WHO/e", "/s/me/e", NULL },
		{ "/s/${WHO}s", "/s/mes", NULL },
		{ "/s/$NOBODY/e", "/d/envs", "$NOBODY/e: passed over: a variable in it is not set" },
		{ "$NOTHING", "/d/envs", "passed over: it is empty" },
		{ "/s/${WHO", "/d/envs", "passed over: a '$' that begins no variable" },
		{ "/s/$", "/d/envs", "passed over: a '$'" },
		{ "~someone/envs", "/d/envs", "passed over: it is below another user's folder" },
		{ "", "/d/envs", NULL },
		{ ":,", "/d/envs", NULL },
	};
	/* clang-format on */
	char here[4096], *expected, **dirs;

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	setenv("HOME", top, 1);
	setenv("MAMBA_ROOT_PREFIX", "/d", 1);
	setenv("WHO", "me", 1);
	setenv("NOTHING", "", 1);
	unsetenv("NOBODY");
	for (size_t i = 0; i < N_ELEM(rows); i++) {
		bool below = strncmp(rows[i].path, "HERE", 4) == 0;
		struct buf notes = BUF_INIT(BUF_MAX);

		setenv("CONDA_ENVS_DIRS", rows[i].told, 1);
		assert_int_equal(weir_inst_env_dirs(&dirs, &notes, NULL), WEIR_OK);
		expected = below ? xasprintf("%s%s", here, rows[i].path + 4)
				 : xstrdup(rows[i].path);
		assert_string_equal(dirs[0], expected);
		assert_null(dirs[1]);
		if (rows[i].note)
			assert_non_null(strstr(buf_cstr(&notes), rows[i].note));
		else
			assert_int_equal(notes.len, 0);
		weir_inst_dirs_free(dirs);
		buf_release(&notes);
		free(expected);
	}
	unsetenv("CONDA_ENVS_DIRS");
}

/* ---- locks and folders */

static void
test_locks(void **state)
{
	char *path = xasprintf("%s/lock", top);
	struct inst_lock_wait wait = { .timeout_s = 1 };
	struct inst_lock a = { 0 }, b = { 0 };
	struct weir_err err = { 0 };

	(void)state;
	assert_int_equal(inst_lock_take(path, &wait, &a, &err), WEIR_OK);
	assert_int_equal(access(path, F_OK), 0);
	/* our own: this process lives */
	assert_int_equal(inst_lock_take(path, &wait, &b, &err), WEIR_EBUSY);
	assert_non_null(strstr(err.text, "held by weir, process"));
	inst_lock_drop(&a);
	assert_int_not_equal(access(path, F_OK), 0);
	inst_lock_drop(&a);
	/* what somebody else put there is not removed */
	assert_int_equal(inst_lock_take(path, &wait, &a, &err), WEIR_OK);
	unlink(path);
	assert_int_equal(inst_file_replace(path, STR(""), 0644, NULL), WEIR_OK);
	inst_lock_drop(&a);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	assert_false(inst_lock_gone("1 1 otherhost/boot/ns"));
	assert_true(inst_lock_gone("nonsense"));
	free(path);
}

static void
test_sites(void **state)
{
	char *target = xasprintf("%s/env", top), *file = xasprintf("%s/x", target);
	char *word = xasprintf("%s/.weir-making", target);
	char *other = xasprintf("%s/other", top);
	struct inst_site s;
	struct stat st;

	(void)state;
	assert_int_equal(inst_site_init(&s, target, NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FREE);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FREE);
	assert_int_equal(inst_file_replace(file, STR("mine"), 0644, NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FOREIGN);
	/* a note about another folder */
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(inst_site_note(&s, other, 0, NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FOREIGN);
	assert_int_equal(inst_tree_remove(other, NULL), WEIR_OK);
	assert_int_equal(inst_site_note(&s, target, getppid(), NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_MAKING);
	assert_int_equal(inst_site_note(&s, target, 0, NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_LEFT);
	/* another folder that got the number of that one */
	assert_int_equal(unlink(word), 0);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FOREIGN);
	assert_int_equal(inst_file_make(word, STR("other"), 0600, NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FOREIGN);
	assert_int_equal(inst_site_note(&s, target, 0, NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_LEFT);
	/* a note that somebody else may have written */
	assert_int_equal(rename(s.note, file), 0);
	assert_int_equal(symlink(file, s.note), 0);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FOREIGN);
	assert_int_equal(rename(file, s.note), 0);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_LEFT);
	if (geteuid() == 0) {
		assert_int_equal(chown(s.note, 12345, (gid_t)-1), 0);
		assert_int_equal(inst_site_look(&s, "m"), INST_SITE_FOREIGN);
	}
	assert_int_equal(inst_site_mark(&s, "m", NULL), WEIR_OK);
	assert_int_equal(inst_site_look(&s, "m"), INST_SITE_SAME);
	assert_int_equal(inst_site_look(&s, "other"), INST_SITE_OTHER);
	assert_int_not_equal(lstat(s.note, &st), 0);
	assert_int_not_equal(lstat(word, &st), 0);
	inst_site_release(&s);
	assert_int_equal(inst_site_init(&s, "relative", NULL), WEIR_EUSAGE);
	assert_int_equal(inst_site_init(&s, "/", NULL), WEIR_EUSAGE);
	free(word);
	free(other);
	free(file);
	free(target);
}

static void
test_sweep(void **state)
{
	char *mine = inst_tmp_name(top, "what"), *left, *file;
	char *own = strchr(strstr(mine, ".weir-") + strlen(".weir-"), '-') + 1;
	pid_t child = fork();
	struct dirent *e;
	struct stat st;
	DIR *d;

	(void)state;
	if (child == 0) {
		left = inst_tmp_name(top, "left");
		mkdir(left, 0700);
		file = xasprintf("%s/f", left);
		mkdir(file, 0);
		_exit(0);
	}
	assert_int_equal(mkdir(mine, 0700), 0);
	/* of one that had this process's number before it */
	left = xasprintf("%.*s%ld-1-1-left", (int)(own - mine), mine, (long)getpid());
	assert_int_equal(mkdir(left, 0700), 0);
	free(left);
	while (waitpid(child, NULL, 0) < 0)
		;
	inst_tmp_sweep(top);
	assert_int_equal(lstat(mine, &st), 0);
	assert_int_equal(rmdir(mine), 0);
	/* nothing else of that kind is left: of the child's */
	d = opendir(top);
	while ((e = readdir(d)))
		assert_int_not_equal(strncmp(e->d_name, ".weir-", 6), 0);
	closedir(d);
	free(mine);
}

/* No folder is made where a link leads out to. */
static void
test_folders_below(void **state)
{
	char *in = xasprintf("%s/in", top), *out = xasprintf("%s/out", top);
	char *link = xasprintf("%s/l", in), *below = xasprintf("%s/a/b", link);
	char *made = xasprintf("%s/c/d", in);
	struct weir_err err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(in, 0700), 0);
	assert_int_equal(mkdir(out, 0700), 0);
	assert_int_equal(symlink("../out", link), 0);
	assert_int_equal(inst_file_folders_below(in, made, &err), WEIR_OK);
	assert_int_equal(lstat(made, &st), 0);
	assert_int_equal(inst_file_folders_below(in, in, &err), WEIR_OK);
	assert_int_equal(inst_file_folders_below(in, link, &err), WEIR_EBADDATA);
	assert_int_equal(inst_file_folders_below(in, below, &err), WEIR_EBADDATA);
	assert_non_null(strstr(err.text, "leads out"));
	assert_int_equal(rmdir(out), 0); /* nothing in it */
	/* a link to nothing is no folder */
	assert_int_not_equal(inst_file_folders_below(in, below, &err), WEIR_OK);
	assert_int_equal(inst_tree_remove(in, NULL), WEIR_OK);
	free(in);
	free(out);
	free(link);
	free(below);
	free(made);
}

static void
put_aside(const char *what)
{
	char *path = inst_tmp_name(top, what), *marker;

	marker = xasprintf("%s/.metaflowenv", path);
	if (mkdir(path, 0700) || inst_file_make(marker, STR("m"), 0600, NULL))
		_exit(1);
	free(marker);
	free(path);
}

/* What was put aside comes back by its own name alone. */
static void
test_aside(void **state)
{
	char *found, other[202];
	pid_t child = fork();

	(void)state;
	memset(other, 'n', sizeof(other));
	other[201] = '\0';
	if (child == 0) {
		put_aside("x-foo");
		put_aside(other);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0)
		;
	assert_null(inst_tmp_aside(top, "foo"));
	assert_null(inst_tmp_aside(top, "x-fo"));
	found = inst_tmp_aside(top, "x-foo");
	assert_non_null(found);
	assert_int_equal(inst_tree_remove(found, NULL), WEIR_OK);
	free(found);
	other[200] = 'm';
	assert_null(inst_tmp_aside(top, other));
	other[200] = '\0';
	assert_null(inst_tmp_aside(top, other));
}

/* What the name led to is not written to. */
static void
test_replace(void **state)
{
	char *path = xasprintf("%s/r", top), *other = xasprintf("%s/o", top);
	struct stat st;

	(void)state;
	assert_int_equal(inst_file_make(other, STR("theirs"), 0600, NULL), WEIR_OK);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(inst_file_replace(path, STR("ours"), 0644, NULL), WEIR_OK);
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, 4);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(other), 0);
	free(path);
	free(other);
}

static void
test_sums(void **state)
{
	char *path = xasprintf("%s/sum", top);
	struct inst_sums s;

	(void)state;
	assert_int_equal(inst_file_replace(path, STR("abc"), 0644, NULL), WEIR_OK);
	assert_int_equal(inst_sum_file(path, &s, NULL), WEIR_OK);
	assert_string_equal(s.md5, "900150983cd24fb0d6963f7d28e17f72");
	assert_string_equal(s.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9c"
				      "b410ff61f20015ad");
	assert_int_equal(s.size, 3);
	assert_true(inst_sum_is(&s, "900150983CD24FB0D6963F7D28E17F72", NULL));
	assert_false(inst_sum_is(&s, s.md5, s.md5));
	assert_int_equal(inst_sum_file("/none", &s, NULL), WEIR_ENOTFOUND);
	unlink(path);
	free(path);
}

/* An archive of another kind than its name says. */
static void
test_not_an_archive(void **state)
{
	char *path = xasprintf("%s/a", top), *into = xasprintf("%s/into", top);
	static const char *const names[] = { "a-1-0.conda", "a-1-0.tar.bz2",
		"a-1-py3-none-any.whl", "a.zip", "a" };
	struct weir_err err;

	(void)state;
	assert_int_equal(inst_file_replace(path, STR("text"), 0644, NULL), WEIR_OK);
	for (size_t i = 0; i < N_ELEM(names); i++) {
		assert_int_equal(inst_archive_unpack(path, names[i], into, NULL, &err),
			WEIR_EBADDATA);
		assert_non_null(strstr(err.text, names[i]));
		assert_int_not_equal(access(into, F_OK), 0);
	}
	unlink(path);
	free(path);
	free(into);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_names),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_order_of_names),
		cmocka_unit_test(test_reserved_names),
		cmocka_unit_test(test_text_prefix),
		cmocka_unit_test(test_binary_prefix),
		cmocka_unit_test(test_entry_points),
		cmocka_unit_test(test_entry_points_file),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_plan_circle),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_record_urls),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_where_told),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_folders_below),
		cmocka_unit_test(test_aside),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_not_an_archive),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
