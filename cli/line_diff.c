/*
 * Lines against lines, by the longest common subsequence: what differs with three lines
 * around it. Texts are small (fields of a deployment); past a bound all is replaced.
 */
#include <weir/mem.h>

#include "out.h"
#include "register_print.h"

enum { DIFF_LINES_MAX = 2000, DIFF_AROUND = 3 };

VEC_TYPE(diff_lines, struct str);

/* One line of the result: ' ', '-' or '+'. */
struct diff_line {
	char mark;
	struct str text;
};
VEC_TYPE(diff_result, struct diff_line);

static void
split(struct str s, struct diff_lines *out)
{
	size_t at = 0;

	while (at < s.len) {
		const char *end = memchr(s.s + at, '\n', s.len - at);
		size_t n = end ? (size_t)(end - s.s) - at : s.len - at;

		VEC_PUSH(out, ((struct str){ s.s + at, n }));
		at += n + 1;
	}
}

static void
push(struct diff_result *r, char mark, struct str text)
{
	VEC_PUSH(r, ((struct diff_line){ mark, text }));
}

/* table[i][j]: how long the common subsequence of a from i and b from j is. */
static void
compare(const struct diff_lines *a, const struct diff_lines *b, struct diff_result *r)
{
	size_t w = b->n + 1, i = 0, j = 0;
	unsigned short *t = xcalloc((a->n + 1) * w, sizeof(*t));

	for (size_t x = a->n; x-- > 0;)
		for (size_t y = b->n; y-- > 0;)
			if (str_equal(a->v[x], b->v[y]))
				t[x * w + y] =
					(unsigned short)(t[(x + 1) * w + y + 1] + 1);
			else
				t[x * w + y] = t[(x + 1) * w + y] > t[x * w + y + 1]
						       ? t[(x + 1) * w + y]
						       : t[x * w + y + 1];
	while (i < a->n || j < b->n) {
		if (i < a->n && j < b->n && str_equal(a->v[i], b->v[j])) {
			push(r, ' ', a->v[i++]);
			j++;
		} else if (i < a->n &&
			   (j == b->n || t[(i + 1) * w + j] >= t[i * w + j + 1])) {
			push(r, '-', a->v[i++]);
		} else {
			push(r, '+', b->v[j++]);
		}
	}
	free(t);
}

static void
replace(const struct diff_lines *a, const struct diff_lines *b, struct diff_result *r)
{
	for (size_t i = 0; i < a->n; i++)
		push(r, '-', a->v[i]);
	for (size_t i = 0; i < b->n; i++)
		push(r, '+', b->v[i]);
}

static bool
is_near(const struct diff_result *r, size_t i)
{
	size_t from = i > DIFF_AROUND ? i - DIFF_AROUND : 0;

	for (size_t k = from; k < r->n && k <= i + DIFF_AROUND; k++)
		if (r->v[k].mark != ' ')
			return true;
	return false;
}

static void
print(const struct diff_result *r, bool colour, struct buf *out)
{
	bool left_out = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct diff_line *l = &r->v[i];
		const char *name = l->mark == '-' ? "red" : "green";

		if (!is_near(r, i)) {
			if (!left_out)
				buf_adds(out, "    ...\n");
			left_out = true;
			continue;
		}
		left_out = false;
		buf_adds(out, "  ");
		if (colour && l->mark != ' ')
			out_colour(out, name);
		buf_addc(out, l->mark);
		buf_addc(out, ' ');
		buf_addstr(out, l->text);
		if (colour && l->mark != ' ')
			out_colour(out, "off");
		buf_addc(out, '\n');
	}
}

void
line_diff(struct str a, struct str b, bool colour, struct buf *out)
{
	struct diff_lines la = { 0 }, lb = { 0 };
	struct diff_result r = { 0 };

	split(a, &la);
	split(b, &lb);
	if (la.n <= DIFF_LINES_MAX && lb.n <= DIFF_LINES_MAX)
		compare(&la, &lb, &r);
	else
		replace(&la, &lb, &r);
	print(&r, colour, out);
	VEC_FREE(&la);
	VEC_FREE(&lb);
	VEC_FREE(&r);
}
