#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "logblock.h"

static const struct weir_id run = { { 7 } };

static struct weir_log
line(int64_t us, int level, const char *name, unsigned task, struct str message)
{
	return (struct weir_log){ .id = { { 1, (uint8_t)us, (uint8_t)level } },
		.created_us = us + 5,
		.timestamp_us = us,
		.level = level,
		.name = str_of(name),
		.flow_run_id = run,
		.task_run_id = { { (uint8_t)task } },
		.message = message };
}

static void
assert_back(const struct weir_log *lines, size_t n, bool with_ids)
{
	struct logblock_out out = { 0 };
	struct arena a = { 0 };
	struct logblock b;
	struct weir_err err;

	logblock_encode(lines, n, with_ids, &out);
	assert_int_equal(out.n, n);
	assert_int_equal(out.from_us, lines[0].timestamp_us);
	assert_int_equal(out.to_us, lines[n - 1].timestamp_us);
	assert_int_equal(logblock_decode(&run, buf_str(&out.lines), buf_str(&out.text),
				 buf_str(&out.ids), &a, &b, &err),
		WEIR_OK);
	assert_int_equal(b.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct weir_log *l = &b.lines[i];

		assert_int_equal(l->timestamp_us, lines[i].timestamp_us);
		assert_int_equal(l->level, lines[i].level);
		assert_true(str_equal(l->message, lines[i].message));
		assert_true(str_equal(l->name, lines[i].name));
		assert_true((l->name.s == NULL) == (lines[i].name.s == NULL));
		assert_memory_equal(&l->task_run_id, &lines[i].task_run_id, 16);
		assert_memory_equal(&l->flow_run_id, &run, 16);
		assert_int_equal(
			l->created_us, with_ids ? lines[i].created_us : WEIR_NO_TIME);
		assert_true(weir_id_is_null(&l->id) == !with_ids);
		assert_true(out.levels & 1u << logblock_level_bit(l->level));
	}
	arena_free(&a);
	logblock_release(&out);
}

static void
test_back(void **state)
{
	const struct weir_log lines[] = {
		line(INT64_MIN, 20, NULL, 0, STR("")),
		line(-1, 20, "", 0, STR("a\nb\n")),
		line(0, INT32_MAX, "x", 1, STR("\0\xff\x80")),
		line(1, INT32_MIN, "y", 2, STR("tab\t")),
		line(1, 20, "x", 1, STR("again")),
		line(INT64_MAX - 9, 40, "x", 0, STR("end")),
	};

	(void)state;
	for (size_t n = 1; n <= N_ELEM(lines); n++) {
		assert_back(lines, n, true);
		assert_back(lines, n, false);
	}
}

static void
test_take(void **state)
{
	struct weir_log lines[LOGBLOCK_LINES + 10];
	static char big[LOGBLOCK_TEXT + 100];

	(void)state;
	for (size_t i = 0; i < N_ELEM(lines); i++)
		lines[i] = line((int64_t)i, 20, NULL, 0, STR("x"));
	assert_int_equal(logblock_take(lines, N_ELEM(lines)), LOGBLOCK_LINES);
	assert_int_equal(logblock_take(lines, 3), 3);
	lines[2].message = (struct str){ big, sizeof(big) };
	assert_int_equal(logblock_take(lines, N_ELEM(lines)), 2);
	assert_int_equal(logblock_take(lines + 2, N_ELEM(lines) - 2), 1);
}

/* Every prefix and every changed byte: refused or read, never out of bounds. */
static void
test_damage(void **state)
{
	const struct weir_log lines[] = { line(5, 20, "x", 0, STR("one")),
		line(9, 40, "y", 1, STR("two\n")), line(9, 40, "y", 2, STR("")) };
	struct logblock_out out = { 0 };
	struct arena a = { 0 };
	struct logblock b;
	struct weir_err err;
	size_t refused = 0;

	(void)state;
	logblock_encode(lines, N_ELEM(lines), true, &out);
	for (size_t n = 0; n < out.lines.len; n++)
		assert_int_equal(
			logblock_decode(&run, (struct str){ out.lines.s, n },
				buf_str(&out.text), buf_str(&out.ids), &a, &b, &err),
			WEIR_EDB);
	for (size_t n = 0; n < out.text.len; n++)
		assert_int_equal(logblock_decode(&run, buf_str(&out.lines),
					 (struct str){ out.text.s, n },
					 buf_str(&out.ids), &a, &b, &err),
			WEIR_EDB);
	for (size_t i = 0; i < out.lines.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			out.lines.s[i] ^= (char)(1 << bit);
			refused += logblock_decode(&run, buf_str(&out.lines),
					   buf_str(&out.text), buf_str(&out.ids), &a,
					   &b, &err) == WEIR_EDB;
			out.lines.s[i] ^= (char)(1 << bit);
			arena_clear(&a);
		}
	}
	assert_true(refused > out.lines.len);
	arena_free(&a);
	logblock_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
