#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "frame.h"

/* A terminal that knows what frames are made of: rows, wrapping, up, erase. */
enum { ROWS = 40, COLUMNS = 80 };

struct screen {
	char cells[ROWS][COLUMNS + 1];
	size_t row, column, columns, writes;
};

static void
erase(struct screen *s, size_t row, size_t from)
{
	memset(s->cells[row] + from, ' ', COLUMNS - from);
}

static void
start(struct screen *s, size_t columns)
{
	memset(s, 0, sizeof(*s));
	s->columns = columns;
	for (size_t i = 0; i < ROWS; i++)
		erase(s, i, 0);
}

static const char *
escape(struct screen *s, const char *p)
{
	char *end;
	unsigned long n = strtoul(p, &end, 10);

	if (*end == 'A')
		s->row -= n < s->row ? n : s->row;
	else if (*end == 'K' || *end == 'J')
		erase(s, s->row, s->column);
	else
		fail_msg("an escape sequence that is not known: %s", p);
	for (size_t i = s->row + 1; *end == 'J' && i < ROWS; i++)
		erase(s, i, 0);
	return end + 1;
}

static void
show(struct screen *s, struct buf *b)
{
	for (const char *p = buf_cstr(b); *p;) {
		if (p[0] == '\033' && p[1] == '[') {
			p = escape(s, p + 2);
			continue;
		}
		if (*p == '\n') {
			s->row++;
			s->column = 0;
		} else if (*p == '\r') {
			s->column = 0;
		} else {
			assert_true(s->column < s->columns);
			s->cells[s->row][s->column++] = *p;
		}
		p++;
		assert_true(s->row < ROWS);
	}
	buf_clear(b);
}

static void
paint(struct frame *f, struct screen *s, const char *const *text, size_t n)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct frame_lines lines = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct frame_line line = { xstrdup(text[i]), strlen(text[i]) };

		VEC_PUSH(&lines, line);
	}
	frame_paint(f, &lines, (int)s->columns, &b);
	s->writes += b.len > 0;
	if (b.len)
		show(s, &b);
	frame_lines_release(&lines);
	buf_release(&b);
}

static void
row_is(const struct screen *s, size_t row, const char *text)
{
	size_t n = strlen(text);

	assert_memory_equal(s->cells[row], text, n);
	for (size_t i = n; i < s->columns; i++)
		assert_int_equal(s->cells[row][i], ' ');
}

static void
test_in_place(void **state)
{
	struct screen s;
	struct frame f;

	(void)state;
	start(&s, 20);
	frame_init(&f);
	s.row = 3;
	paint(&f, &s, (const char *[]){ "one", "two", "three" }, 3);
	paint(&f, &s, (const char *[]){ "one", "2", "three" }, 3);
	row_is(&s, 2, "");
	row_is(&s, 3, "one");
	row_is(&s, 4, "2");
	row_is(&s, 5, "three");
	assert_int_equal(s.row, 6);
	/* what stands there already is not written again */
	paint(&f, &s, (const char *[]){ "one", "2", "three" }, 3);
	assert_int_equal(s.writes, 2);
	frame_release(&f);
}

static void
test_fewer_and_more(void **state)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct screen s;
	struct frame f;

	(void)state;
	start(&s, 20);
	frame_init(&f);
	paint(&f, &s, (const char *[]){ "one", "two", "three" }, 3);
	paint(&f, &s, (const char *[]){ "last" }, 1);
	row_is(&s, 0, "last");
	row_is(&s, 1, "");
	row_is(&s, 2, "");
	assert_int_equal(s.row, 1);
	paint(&f, &s, (const char *[]){ "a", "b" }, 2);
	row_is(&s, 1, "b");
	frame_clear(&f, 20, &b);
	show(&s, &b);
	row_is(&s, 0, "");
	row_is(&s, 1, "");
	assert_int_equal(s.row, 0);
	/* there is nothing to take away */
	frame_clear(&f, 20, &b);
	assert_int_equal(b.len, 0);
	frame_release(&f);
	buf_release(&b);
}

/* A terminal that is made narrower has wrapped what it shows. */
static void
test_narrower(void **state)
{
	struct screen s;
	struct frame f;

	(void)state;
	start(&s, 20);
	frame_init(&f);
	paint(&f, &s, (const char *[]){ "0123456789abcdef", "short" }, 2);
	start(&s, 10);
	memcpy(s.cells[0], "before", 6);
	memcpy(s.cells[1], "0123456789", 10);
	memcpy(s.cells[2], "abcdef", 6);
	memcpy(s.cells[3], "short", 5);
	s.row = 4;
	paint(&f, &s, (const char *[]){ "01234567", "short" }, 2);
	row_is(&s, 0, "before");
	row_is(&s, 1, "01234567");
	row_is(&s, 2, "short");
	row_is(&s, 3, "");
	frame_release(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_fewer_and_more),
		cmocka_unit_test(test_narrower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
