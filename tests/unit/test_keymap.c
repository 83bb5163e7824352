/* keymap.c, action.c: what is bound, and what the user's weir.conf makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "action.h"
#include "config_layer.h"
#include "input.h"
#include "keymap.h"

#define CONF "/h/.config/weir/weir.conf"

static const char *
world_env(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static enum weir_rc
world_read(void *arg, const char *path, struct buf *out, bool *ret_found,
	unsigned *ret_mode, struct weir_err *err)
{
	(void)err;
	*ret_found = strcmp(path, CONF) == 0;
	*ret_mode = 0600;
	if (*ret_found)
		buf_adds(out, arg);
	return WEIR_OK;
}

/* The defaults and the rows of this weir.conf. */
static void
load(struct keymap *m, const char *conf, struct buf *warnings)
{
	struct config_io io = { world_env, world_read, (void *)(uintptr_t)conf };
	struct weir_config *c = NULL;
	struct weir_err err = { 0 };

	if (config_load(&io, NULL, &c, &err))
		fail_msg("%s", err.text);
	keymap_init(m);
	keymap_read(m, c, warnings);
	weir_config_free(c);
}

static uint32_t
key(const char *name)
{
	uint32_t k = 0;

	assert_true(input_parse(str_of(name), &k));
	return k;
}

static enum action_id
found(const struct keymap *m, unsigned context, const char *name)
{
	return keymap_find(m, context, key(name));
}

static void
test_rebind(void **state)
{
	struct buf warnings = BUF_INIT(BUF_MAX);
	struct buf keys = BUF_INIT(256);
	const struct binding *b;
	struct keymap m;

	(void)state;
	load(&m,
		"[keys.list]\n\"ctrl-x\" = \"cancel\"\n"
		"[keys]\nf5 = 'refresh'\nx = 'none'\n"
		"[keys.log]\nD = 'goto 50%'\nspace = 'follow'\n",
		&warnings);
	assert_string_equal(buf_cstr(&warnings), "");
	assert_int_equal(found(&m, CONTEXT_LIST, "ctrl-x"), ACTION_CANCEL);
	assert_int_equal(found(&m, CONTEXT_LOG, "ctrl-x"), ACTION_NONE);
	assert_int_equal(found(&m, CONTEXT_LIST, "x"), ACTION_NONE);
	assert_int_equal(found(&m, CONTEXT_LOG, "f5"), ACTION_REFRESH);
	assert_int_equal(found(&m, CONTEXT_LOG, "space"), ACTION_FOLLOW);
	assert_int_equal(found(&m, CONTEXT_PAGE, "space"), ACTION_PAGE_DOWN);
	b = keymap_at(&m, CONTEXT_LOG, 'D');
	assert_non_null(b);
	assert_int_equal(b->action, ACTION_GOTO);
	assert_string_equal(b->arg, "50%");
	/* With an argument it is not the action's key; the user's own come first. */
	assert_int_equal(keymap_key(&m, CONTEXT_LOG, ACTION_GOTO), 0);
	assert_int_equal(keymap_key(&m, CONTEXT_LIST, ACTION_REFRESH), key("f5"));
	keymap_keys(&m, CONTEXT_LIST, ACTION_REFRESH, &keys);
	assert_string_equal(buf_cstr(&keys), "f5 R");
	assert_int_equal(keymap_key(&m, CONTEXT_LIST, ACTION_CANCEL), key("ctrl-x"));
	assert_int_equal(keymap_key(&m, CONTEXT_LOG, ACTION_CANCEL), 0);
	keymap_release(&m);
	buf_release(&keys);
	buf_release(&warnings);
}

/* What is bound in one context wins over what is bound in all, wherever it stands. */
static void
test_precedence(void **state)
{
	struct buf warnings = BUF_INIT(BUF_MAX);
	struct keymap m;

	(void)state;
	load(&m, "[keys.list]\na = 'cancel'\n[keys.all]\na = 'why'\n", &warnings);
	assert_int_equal(found(&m, CONTEXT_LIST, "a"), ACTION_CANCEL);
	assert_int_equal(found(&m, CONTEXT_DETAIL, "a"), ACTION_WHY);
	assert_string_equal(buf_cstr(&warnings),
		CONF ": line 2: [keys.list] a: bound in line 4 too; this one counts in "
		     "list\n");
	keymap_release(&m);
	buf_release(&warnings);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *row, *why;
	} wrong[] = {
		{ "[keys.lists]\na = 'up'",
			"no context 'lists'; there are all, list, detail, log, "
			"timeline, page, columns, help" },
		{ "[keys]\n'' = 'up'", "no such key" },
		{ "[keys]\n'ctrl-' = 'up'", "no such key" },
		{ "[keys]\nf13 = 'up'", "no such key" },
		{ "[keys]\nab = 'up'", "no such key" },
		{ "[keys]\nctrl-i = 'up'", "a terminal sends tab for it" },
		{ "[keys]\nctrl-m = 'up'", "a terminal sends enter for it" },
		{ "[keys]\nctrl-A = 'up'",
			"a terminal sends the same for the small letter" },
		{ "[keys]\nctrl-1 = 'up'", "no terminal sends it" },
		{ "[keys]\n'ctrl-é' = 'up'", "no terminal sends it" },
		{ "[keys]\nctrl-enter = 'up'", "no terminal sends it" },
		{ "[keys]\nalt-O = 'up'", "a terminal begins other keys with it" },
		{ "[keys]\na = 'cancle'", "no action 'cancle'; did you mean cancel?" },
		{ "[keys]\na = ''", "no action ''" },
		{ "[keys]\na = 'up 3'", "up takes no argument" },
		{ "[keys]\na = 'none 3'", "none takes no argument" },
		{ "[keys.log]\na = 'sort dur'",
			"sort does nothing there, but in list" },
		{ "[keys.help]\na = 'help'", "help does nothing there, but in list, "
					     "detail, log, timeline, page, columns" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(wrong); i++) {
		struct buf warnings = BUF_INIT(BUF_MAX);
		struct keymap m, plain;
		const char *text;

		load(&m, wrong[i].row, &warnings);
		keymap_init(&plain);
		text = buf_cstr(&warnings);
		assert_int_equal(m.bindings.n, plain.bindings.n);
		assert_int_equal(strncmp(text, CONF ": line 2: [keys", 29), 0);
		if (!strstr(text, wrong[i].why))
			fail_msg("%s lacks %s", text, wrong[i].why);
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		keymap_release(&plain);
		keymap_release(&m);
		buf_release(&warnings);
	}
}

/* Everything that is wrong is told, a line each, and the rest is bound. */
static void
test_all_told(void **state)
{
	struct buf warnings = BUF_INIT(BUF_MAX);
	struct keymap m;
	size_t n = 0;

	(void)state;
	load(&m, "[keys]\na = 'nope'\nctrl-j = 'up'\nf9 = 'up'\n[keys.x]\na = 'up'\n",
		&warnings);
	for (const char *p = buf_cstr(&warnings); (p = strchr(p, '\n')); p++)
		n++;
	assert_int_equal(n, 3);
	assert_int_equal(found(&m, CONTEXT_LOG, "f9"), ACTION_UP);
	keymap_release(&m);
	buf_release(&warnings);
}

/* Each default means something, in each context one thing only, and names a key that a
 * terminal sends. */
static void
test_defaults(void **state)
{
	struct keymap m;

	(void)state;
	keymap_init(&m);
	assert_in_range(m.bindings.n, 90, 200);
	for (size_t i = 0; i < m.bindings.n; i++) {
		const struct binding *b = &m.bindings.v[i];
		unsigned here = b->context & action_get(b->action)->contexts;
		char name[INPUT_NAME];

		assert_int_not_equal(b->action, ACTION_NONE);
		assert_int_not_equal(here, 0);
		for (size_t k = 0; k < i; k++) {
			const struct binding *o = &m.bindings.v[k];

			if (o->key == b->key &&
				(o->context & action_get(o->action)->contexts & here))
				fail_msg("%s does both %s and %s",
					input_name(b->key, name),
					action_get(o->action)->name,
					action_get(b->action)->name);
		}
	}
	keymap_release(&m);
}

/* A default, written into weir.conf, is accepted: the parsers agree. */
static void
test_defaults_are_writable(void **state)
{
	struct buf conf = BUF_INIT(BUF_MAX), warnings = BUF_INIT(BUF_MAX);
	struct keymap m;
	char name[INPUT_NAME];

	(void)state;
	keymap_init(&m);
	buf_adds(&conf, "[keys]\n");
	for (size_t i = 0; i < m.bindings.n; i++) {
		const struct binding *b = &m.bindings.v[i];

		if (b->context == CONTEXT_ALL)
			buf_addf(&conf, "\"%s\" = \"%s\"\n", input_name(b->key, name),
				action_get(b->action)->name);
	}
	keymap_release(&m);
	load(&m, buf_cstr(&conf), &warnings);
	assert_string_equal(buf_cstr(&warnings), "");
	keymap_release(&m);
	buf_release(&conf);
	buf_release(&warnings);
}

static void
test_actions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACTION_N; i++) {
		const struct action *a = action_get((enum action_id)i);

		assert_non_null(a->name);
		assert_non_null(a->run);
		assert_true(*a->help);
		assert_int_not_equal(a->contexts, 0);
		assert_int_equal(a->contexts & ~(unsigned)CONTEXT_ALL, 0);
		if (i == 0)
			continue;
		assert_true(*a->hint);
		assert_int_equal(action_find(str_of(a->name)), i);
	}
	assert_int_equal(action_find(STR("")), ACTION_NONE);
	assert_int_equal(action_find(STR("none")), ACTION_NONE);
	assert_string_equal(action_nearest(STR("canel"), CONTEXT_LIST), "cancel");
	assert_null(action_nearest(STR("qqqqqq"), CONTEXT_LIST));
}

static void
test_split(void **state)
{
	static const struct {
		const char *text, *name, *arg;
	} cases[] = {
		{ "sort", "sort", "" },
		{ "  sort  dur:desc ", "sort", "dur:desc" },
		{ "runs a  b", "runs", "a  b" },
		{ "", "", "" },
		{ "  ", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(cases); i++) {
		struct str name, arg;

		action_split(str_of(cases[i].text), &name, &arg);
		assert_true(str_eq(name, cases[i].name));
		assert_true(str_eq(arg, cases[i].arg));
	}
}

static void
test_contexts(void **state)
{
	static const char *const names[] = { "list", "detail", "log", "timeline",
		"page", "columns", "help", "form", "environments", "environment" };
	struct buf all = BUF_INIT(256);
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEM(names); i++) {
		seen |= action_context(str_of(names[i]));
		buf_clear(&all);
		action_contexts(action_context(str_of(names[i])), &all);
		assert_string_equal(buf_cstr(&all), names[i]);
	}
	assert_int_equal(seen, CONTEXT_ALL);
	assert_int_equal(action_context(STR("all")), CONTEXT_ALL);
	assert_int_equal(action_context(STR("every")), 0);
	buf_clear(&all);
	action_contexts(CONTEXT_LIST | CONTEXT_LOG, &all);
	assert_string_equal(buf_cstr(&all), "list, log");
	buf_release(&all);
}

static void
explains(const char *conf, unsigned context, uint32_t key, const char *want)
{
	struct buf warnings = BUF_INIT(4096), text = BUF_INIT(4096);
	struct keymap m;

	load(&m, conf, &warnings);
	keymap_explain(&m, context, key, &text);
	assert_string_equal(buf_cstr(&text), want);
	keymap_release(&m);
	buf_release(&warnings);
	buf_release(&text);
}

/* What a key is for that does nothing here. */
static void
test_explain(void **state)
{
	(void)state;
	explains("", CONTEXT_DETAIL, 'z', "z (fold) is for lists, logs");
	explains("", CONTEXT_LIST, 'f', "f (follow) is for logs");
	explains("", CONTEXT_LOG, 'X', "X does nothing; ? shows the keys");
	explains("[keys]\n\"f\" = \"none\"\n", CONTEXT_LIST, 'f',
		"f does nothing; ? shows the keys");
	explains("", CONTEXT_HELP, 'X', "X does nothing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rebind),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_all_told),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_defaults_are_writable),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
