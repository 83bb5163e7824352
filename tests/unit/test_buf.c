#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/buf.h>
#include <weir/mem.h>

static void
slices(void **state)
{
	(void)state;
	assert_true(str_eq(str_of(NULL), ""));
	assert_true(str_eq(STR("abc"), "abc"));
	assert_false(str_eq(STR("abc"), "abcd"));
	assert_false(str_eq(STR("a\0c"), "a"));
	assert_true(str_equal(STR("a\0c"), STR("a\0c")));
	assert_true(str_starts(STR("abc"), ""));
	assert_true(str_starts(STR("abc"), "abc"));
	assert_false(str_starts(STR("ab"), "abc"));
	assert_true(str_starts(str_of(NULL), ""));
}

static void
copies_are_terminated(void **state)
{
	char *p = str_copy((struct str){ "abcdef", 3 }), room[4];

	(void)state;
	assert_string_equal(p, "abc");
	free(p);
	p = str_copy(str_of(NULL));
	assert_string_equal(p, "");
	free(p);
	str_into(room, sizeof(room), STR("abc"));
	assert_string_equal(room, "abc");
	str_into(room, sizeof(room), STR("abcd"));
	assert_string_equal(room, "abc");
	str_into(room, sizeof(room), str_of(NULL));
	assert_string_equal(room, "");
}

static void
an_empty_buffer_is_an_empty_string(void **state)
{
	struct buf b = BUF_INIT(10);

	(void)state;
	assert_string_equal(buf_cstr(&b), "");
	assert_non_null(buf_str(&b).s);
	buf_add(&b, NULL, 0);
	buf_addn(&b, 'x', 0);
	buf_truncate(&b, 5);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	buf_release(&b);
	buf_release(&b);
	assert_int_equal(b.max, 10);
}

static void
sizes_are_for_people(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} rows[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 kB" },
		{ 9949, "9.9 kB" }, { 9950, "10 kB" }, { 999499, "999 kB" },
		{ 999500, "1.0 MB" }, { 3000000000, "3.0 GB" },
		{ INT64_C(2000000000000000), "2000 TB" } };
	struct buf b = BUF_INIT(100);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&b);
		buf_addsize(&b, rows[i].n);
		assert_string_equal(buf_cstr(&b), rows[i].text);
	}
	buf_release(&b);
}

static void
bytes_past_the_maximum_are_dropped(void **state)
{
	struct buf b = BUF_INIT(5);

	(void)state;
	buf_adds(&b, "abc");
	assert_false(b.truncated);
	buf_adds(&b, "de");
	assert_false(b.truncated);
	assert_string_equal(b.s, "abcde");
	buf_addc(&b, 'f');
	assert_true(b.truncated);
	assert_string_equal(b.s, "abcde");
	buf_addf(&b, "%d", 12345);
	assert_int_equal(b.len, 5);
	buf_clear(&b);
	assert_false(b.truncated);
	buf_addf(&b, "%s", "1234567");
	assert_string_equal(b.s, "12345");
	assert_true(b.truncated);
	buf_release(&b);
}

static void
formats_of_every_length(void **state)
{
	struct buf b = BUF_INIT(BUF_MAX);
	size_t before;

	(void)state;
	for (int n = 0; n < 600; n++) {
		before = b.len;
		buf_addf(&b, "%*s", n, "");
		assert_int_equal(b.len, before + (size_t)n);
		assert_int_equal(b.s ? b.s[b.len] : 0, '\0');
	}
	buf_release(&b);
}

/* Against a plain array, by random steps. */
static void
buffers_hold_what_was_added(void **state)
{
	enum { MODEL = 3000 };
	struct buf b = BUF_INIT(MODEL);
	static char model[MODEL + 100];
	size_t n = 0;
	uint32_t r = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		r = r * 1664525 + 1013904223;
		size_t k = r >> 16 & 63;
		if (r >> 28 == 0) {
			n = n > k ? n - k : 0;
			buf_truncate(&b, n);
		} else {
			memset(model + n, 'a' + (int)(r >> 24) % 26, k);
			n = n + k > MODEL ? MODEL : n + k;
			buf_addn(&b, (char)('a' + (int)(r >> 24) % 26), k);
		}
		assert_int_equal(b.len, n);
		assert_memory_equal(buf_cstr(&b), model, n);
		assert_int_equal(buf_cstr(&b)[n], '\0');
		if (n == MODEL) {
			buf_clear(&b);
			n = 0;
		}
	}
	buf_release(&b);
}

static void
stealing_leaves_an_empty_buffer(void **state)
{
	struct buf b = BUF_INIT(100);
	char *s = buf_steal(&b);

	(void)state;
	assert_string_equal(s, "");
	free(s);
	buf_adds(&b, "abc");
	s = buf_steal(&b);
	assert_string_equal(s, "abc");
	assert_int_equal(b.len, 0);
	buf_adds(&b, "d");
	assert_string_equal(b.s, "d");
	free(s);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices),
		cmocka_unit_test(copies_are_terminated),
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
		cmocka_unit_test(sizes_are_for_people),
		cmocka_unit_test(bytes_past_the_maximum_are_dropped),
		cmocka_unit_test(formats_of_every_length),
		cmocka_unit_test(buffers_hold_what_was_added),
		cmocka_unit_test(stealing_leaves_an_empty_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
