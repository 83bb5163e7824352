#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chosen.h"

#define RUNS_OWN "state,flow,name,at,dur,platform"

static size_t
find(const struct chosen *c, const char *name)
{
	for (size_t i = 0; i < c->items.n; i++) {
		if (strcmp(c->items.v[i].column->name, name) == 0)
			return i;
	}
	fail_msg("no column %s", name);
	return 0;
}

static void
says(const struct chosen *c, const char *want)
{
	struct buf text = BUF_INIT(4096);

	chosen_text(c, &text);
	assert_string_equal(buf_cstr(&text), want);
	buf_release(&text);
}

/* Text and model tell the same; every column is there once. */
static void
test_text(void **state)
{
	static const char *const texts[] = { "name", "name:30,flow",
		"param.x:7,label.y", "dur:5,state:12,id:36" };
	struct chosen c;

	(void)state;
	for (int k = 0; k < WEIR_N_KINDS; k++) {
		enum weir_kind kind = (enum weir_kind)k;
		size_t n = 0;

		for (const struct weir_column *p = weir_columns(kind); p->name; p++)
			n += !(p->flags & WEIR_COL_HIDDEN);
		assert_int_equal(chosen_init(&c, kind, "", "", 0, NULL), WEIR_OK);
		assert_int_equal(c.items.n, n);
		says(&c, "");
		chosen_release(&c);
	}
	for (size_t i = 0; i < N_ELEM(texts); i++) {
		assert_int_equal(
			chosen_init(&c, WEIR_RUN, texts[i], "param.x,param.z", 3, NULL),
			WEIR_OK);
		says(&c, texts[i]);
		for (size_t a = 0; a < c.items.n; a++) {
			for (size_t b = 0; b < a; b++) {
				assert_string_not_equal(c.items.v[a].column->name,
					c.items.v[b].column->name);
				assert_true(c.items.v[a].key != c.items.v[b].key);
			}
		}
		chosen_release(&c);
	}
	assert_int_equal(chosen_init(&c, WEIR_RUN, "nosuch", "", 0, NULL), WEIR_EUSAGE);
}

static void
test_change(void **state)
{
	struct chosen c;

	(void)state;
	assert_int_equal(
		chosen_init(&c, WEIR_RUN, "", "param.package", 0, NULL), WEIR_OK);
	assert_int_equal(chosen_shown(&c), 6);
	assert_true(chosen_toggle(&c, find(&c, "platform")));
	says(&c, "state,flow,name,at,dur");
	assert_true(chosen_toggle(&c, find(&c, "param.package")));
	says(&c, "state,flow,name,at,dur,param.package");
	/* Over the hidden one it is at the same place as before. */
	assert_true(chosen_move(&c, find(&c, "param.package"), -1));
	says(&c, "state,flow,name,at,dur,param.package");
	assert_true(chosen_move(&c, find(&c, "param.package"), -1));
	says(&c, "state,flow,name,at,param.package,dur");
	assert_true(chosen_resize(&c, find(&c, "name"), 20, 1));
	assert_true(chosen_resize(&c, find(&c, "dur"), 7, -1));
	says(&c, "state,flow,name:21,at,param.package,dur:6");
	assert_false(chosen_resize(&c, find(&c, "dur"), 1, -1));
	assert_false(chosen_resize(&c, find(&c, "dur"), WEIR_WIDTH_MAX, 1));
	/* Hiding forgets the width. */
	assert_true(chosen_toggle(&c, find(&c, "name")));
	assert_true(chosen_toggle(&c, find(&c, "name")));
	says(&c, "state,flow,name,at,param.package,dur:6");
	assert_false(chosen_move(&c, 0, -1));
	assert_false(chosen_move(&c, c.items.n - 1, 1));
	chosen_release(&c);
}

static void
test_last(void **state)
{
	struct chosen c;

	(void)state;
	assert_int_equal(chosen_init(&c, WEIR_POOL, "name", "", 0, NULL), WEIR_OK);
	assert_false(chosen_toggle(&c, find(&c, "name")));
	says(&c, "pool");
	chosen_release(&c);
	/* What is on a wide screen is what is changed; changed back it is the own. */
	assert_int_equal(chosen_init(&c, WEIR_RUN, "", "", 2, NULL), WEIR_OK);
	says(&c, "");
	assert_true(chosen_toggle(&c, find(&c, "dur")));
	says(&c, "state,flow,name,at,platform,tag,queue");
	assert_true(chosen_toggle(&c, find(&c, "dur")));
	says(&c, "");
	chosen_release(&c);
	assert_int_equal(chosen_init(&c, WEIR_RUN, RUNS_OWN, "", 0, NULL), WEIR_OK);
	says(&c, "");
	chosen_release(&c);
}

/* More of them and less, by name. */
static void
test_more_or_less(void **state)
{
	struct weir_err err = { 0 };
	struct chosen c;

	(void)state;
	assert_int_equal(chosen_init(&c, WEIR_RUN, "", "", 0, NULL), WEIR_OK);
	assert_int_equal(
		chosen_change(&c, WEIR_RUN, "+param.package,-dur", NULL), WEIR_OK);
	says(&c, "state,flow,name,at,platform,param.package");
	assert_int_equal(
		chosen_change(&c, WEIR_RUN, "-param.package +dur", NULL), WEIR_OK);
	says(&c, "state,flow,name,at,platform,dur");
	/* Nothing is shown twice; what is not shown cannot go. */
	assert_int_equal(chosen_change(&c, WEIR_RUN, "+dur,-tags", NULL), WEIR_OK);
	says(&c, "state,flow,name,at,platform,dur");
	assert_int_equal(chosen_change(&c, WEIR_RUN, "+nosuch", &err), WEIR_EUSAGE);
	assert_non_null(strstr(err.text, "'nosuch'"));
	assert_int_equal(
		chosen_change(&c, WEIR_RUN, "-state,-flow,-name,-at,-platform", NULL),
		WEIR_OK);
	says(&c, "dur");
	assert_int_equal(chosen_change(&c, WEIR_RUN, "-dur", NULL), WEIR_EUSAGE);
	says(&c, "dur");
	chosen_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_more_or_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
