#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "farm.h"
#include "rows.h"

static size_t
index_of(const struct rows *r, const char *name)
{
	for (size_t i = 0; i < r->columns.n; i++) {
		if (strcmp(r->columns.v[i]->name, name) == 0)
			return i;
	}
	return ROWS_COLUMNS_MAX;
}

static bool
has_changed(const struct rows *r, const struct rows_row *row, const char *name)
{
	return rows_changed(row, row->changed_us) >> index_of(r, name) & 1;
}

static int64_t
key_of(const struct weir_id *id)
{
	char text[WEIR_ID_TEXT + 1];
	enum weir_kind kind;
	struct weir_id found;
	int64_t key = 0;

	weir_id_format(id, text);
	assert_int_equal(weir_resolve(farm->store, 1u << WEIR_RUN, text, &kind, &found,
				 &key, NULL),
		WEIR_OK);
	return key;
}

static void
put(struct farm_run *run)
{
	run->at_us += WEIR_SECOND_US; /* what is not newer is not taken */
	assert_int_equal(store_begin(farm->store, NULL), WEIR_OK);
	farm_put(farm, run);
	assert_int_equal(store_end(farm->store, WEIR_OK, NULL), WEIR_OK);
}

static void
start(struct rows *r, const char *columns, const struct farm_run *run)
{
	uint32_t *keys = xmalloc(sizeof(*keys));

	assert_int_equal(rows_init(r, WEIR_RUN, columns, NULL), WEIR_OK);
	*keys = (uint32_t)key_of(&run->id);
	rows_set(r, keys, 1, true);
	r->now_us = farm_now_us;
	r->flags = true;
}

/* What a menu needs is read whatever is shown. */
static void
test_columns(void **state)
{
	struct rows r;
	size_t n;

	(void)state;
	start(&r, "dur,param.package", &farm->runs[0]);
	assert_int_equal(r.first, 4);
	assert_int_equal(r.columns.n, 6);
	assert_string_equal(r.columns.v[r.id]->name, "id");
	assert_string_equal(r.columns.v[r.name]->name, "name");
	assert_true(str_eq(
		rows_get(&r, farm->store, 0)->cells[r.name].s, farm->runs[0].name));
	/* A wrong choice changes nothing. */
	assert_int_equal(rows_choose(&r, "dur,nosuch", NULL), WEIR_EUSAGE);
	assert_int_equal(r.columns.n, 6);
	assert_int_equal(rows_choose(&r, "id,name:9", NULL), WEIR_OK);
	assert_int_equal(r.first, 2);
	assert_int_equal(r.columns.n, 4);
	assert_int_equal(r.id, 2);
	assert_non_null(rows_get(&r, farm->store, 0));
	assert_int_equal(rows_choose(&r, "", NULL), WEIR_OK);
	n = index_of(&r, "platform");
	assert_true(n >= r.first && n < r.columns.n);
	assert_false(r.chosen);
	rows_release(&r);
}

static void
test_changes(void **state)
{
	struct farm_run *run = &farm->runs[1];
	const struct rows_row *row;
	struct rows r;

	(void)state;
	start(&r, "", run);
	row = rows_get(&r, farm->store, 0);
	assert_int_equal(row->changed, 0);
	/* Read again, nothing changed; later, only times changed. */
	rows_stale(&r);
	r.now_us += WEIR_SECOND_US;
	run->start_us = run->at_us = farm_now_us - 77 * WEIR_SECOND_US;
	put(run);
	row = rows_get(&r, farm->store, 0);
	assert_int_equal(row->changed, 0);
	assert_int_equal(r.flagged_us, 0);

	run->state = run->state == WEIR_ST_CRASHED ? WEIR_ST_FAILED : WEIR_ST_CRASHED;
	run->state_name = "Vanished";
	put(run);
	rows_stale(&r);
	row = rows_get(&r, farm->store, 0);
	assert_true(has_changed(&r, row, "state_name"));
	assert_false(has_changed(&r, row, "name"));
	assert_false(has_changed(&r, row, "at"));
	assert_int_equal(r.flagged_us, row->changed_us + ROWS_CHANGED_US);
	/* One more change adds to it; after a while nothing is told. */
	snprintf(run->name, sizeof(run->name), "another");
	put(run);
	rows_stale(&r);
	row = rows_get(&r, farm->store, 0);
	assert_true(has_changed(&r, row, "state_name"));
	assert_true(has_changed(&r, row, "name"));
	assert_int_equal(rows_changed(row, row->changed_us + ROWS_CHANGED_US), 0);
	/* Other columns are no change. */
	assert_int_equal(rows_choose(&r, "name,tags", NULL), WEIR_OK);
	assert_int_equal(rows_get(&r, farm->store, 0)->changed, 0);
	rows_release(&r);
}

/* Where nothing may flash. */
static void
test_unflagged(void **state)
{
	struct farm_run *run = &farm->runs[2];
	struct rows r;

	(void)state;
	start(&r, "", run);
	r.flags = false;
	assert_non_null(rows_get(&r, farm->store, 0));
	snprintf(run->name, sizeof(run->name), "renamed");
	put(run);
	rows_stale(&r);
	assert_int_equal(rows_get(&r, farm->store, 0)->changed, 0);
	assert_int_equal(r.flagged_us, 0);
	rows_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_unflagged),
	};

	return FARM_TESTS(tests, 5);
}
