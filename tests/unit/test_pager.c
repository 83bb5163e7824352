/*
 * The pager without a screen: where it is after keys, growth, folds and sizes. Random
 * keys over a random, growing text never leave it, never lose the line that one is on,
 * and growth alone moves nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pager.h"

struct text {
	VEC(char *) lines;
	size_t hidden_from, hidden_n; /* behind a head */
	unsigned seed;
};

static unsigned
rnd(struct text *t, unsigned n)
{
	return (unsigned)rand_r(&t->seed) % n;
}

static size_t
text_n(void *arg)
{
	const struct text *t = arg;

	return t->lines.n;
}

static bool
text_line(void *arg, size_t i, struct pager_line *ret)
{
	const struct text *t = arg;

	if (i >= t->lines.n)
		return false;
	ret->text = str_of(t->lines.v[i]);
	ret->spans[0] = (struct pager_span){ STYLE_DIM, STR("I"), 2, false };
	ret->n_spans = 1;
	ret->folded = true;
	ret->hidden = t->hidden_n > 0 && i > t->hidden_from &&
		      i <= t->hidden_from + t->hidden_n;
	ret->n_hidden = t->hidden_n > 0 && i == t->hidden_from ? t->hidden_n : 0;
	return true;
}

static const struct pager_source source = { text_n, text_line };

static void
add(struct text *t, const char *line)
{
	VEC_PUSH(&t->lines, xstrdup(line));
}

static void
add_random(struct text *t)
{
	static const char *const some[] = { "", "short", "a\nb\nc",
		"日本語 wide 👩‍👩‍👧 and e\u0301 \033[31mred\033[0m",
		"tab\ttab\rreturn",
		"Traceback (most recent call last):\n  a\n  b\n  c\n  d\nE: x\n",
		"\033[2J\033]0;title\a\x80\xff broken" };
	struct buf b = BUF_INIT(BUF_MAX);

	if (rnd(t, 4)) {
		add(t, some[rnd(t, N_ELEM(some))]);
		return;
	}
	for (unsigned n = rnd(t, rnd(t, 30) ? 300 : 20000); n > 0; n--)
		buf_adds(&b, rnd(t, 50) ? "x" : "字");
	add(t, buf_cstr(&b));
	buf_release(&b);
}

static void
release(struct text *t)
{
	for (size_t i = 0; i < t->lines.n; i++)
		free(t->lines.v[i]);
	VEC_FREE(&t->lines);
}

static void
assert_inside(struct pager *p, const struct text *t)
{
	if (t->lines.n == 0) {
		assert_int_equal(p->top, 0);
		return;
	}
	assert_true(p->top < t->lines.n);
	assert_true(p->sub < pager_rows_of(p, p->top));
	assert_true(p->current < t->lines.n);
	assert_true(pager_rows_of(p, p->current) > 0);
	assert_true(p->current >= p->top);
	assert_true(p->current <= pager_bottom(p));
}

static void
test_random(void **state)
{
	static const enum action_id keys[] = { ACTION_UP, ACTION_DOWN, ACTION_DOWN,
		ACTION_PAGE_UP, ACTION_PAGE_DOWN, ACTION_HALF_UP, ACTION_HALF_DOWN,
		ACTION_FIRST, ACTION_LAST, ACTION_LEFT, ACTION_RIGHT };
	struct text t = { .seed = 11 };
	struct pager p;

	(void)state;
	for (int round = 0; round < 60; round++) {
		pager_init(&p, &source, &t);
		p.cursor = p.utf8 = true;
		pager_size(&p, 10 + (int)rnd(&t, 100), 1 + (int)rnd(&t, 40));
		for (unsigned n = rnd(&t, 80); n > 0; n--)
			add_random(&t);
		pager_clamp(&p);
		for (int i = 0; i < 200; i++) {
			size_t top = p.top, sub = p.sub, current = p.current;
			bool was_full = t.lines.n > 0 && !pager_at_end(&p);

			switch (rnd(&t, 12)) {
			case 0: /* it grows: what is on the screen stays there */
				add_random(&t);
				pager_clamp(&p);
				if (was_full) {
					assert_int_equal(p.top, top);
					assert_int_equal(p.sub, sub);
				}
				if (top < t.lines.n - 1)
					assert_int_equal(p.current, current);
				break;
			case 1:
				p.wrap = !p.wrap;
				pager_put(&p, p.current, pager_row(&p));
				break;
			case 2:
				pager_size(&p, 1 + (int)rnd(&t, 120),
					1 + (int)rnd(&t, 50));
				if (t.lines.n > 0 && current != PAGER_NONE)
					assert_int_equal(p.current, current);
				break;
			case 3:
				if (t.lines.n > 0)
					pager_goto(&p, rnd(&t, (unsigned)t.lines.n));
				break;
			case 4: /* a fold closes or opens */
				t.hidden_n = t.hidden_n || t.lines.n < 9 ? 0 : 5;
				t.hidden_from = rnd(&t, 3);
				pager_clamp(&p);
				break;
			default:
				pager_act(&p, keys[rnd(&t, N_ELEM(keys))]);
			}
			assert_inside(&p, &t);
		}
		pager_release(&p);
		release(&t);
		t.hidden_n = 0;
	}
}

/* j from the first line on reaches each line in turn, k leads back. */
static void
test_every_line(void **state)
{
	struct text t = { .seed = 3 };
	struct pager p;

	(void)state;
	pager_init(&p, &source, &t);
	p.cursor = p.utf8 = p.wrap = true;
	for (int i = 0; i < 60; i++)
		add_random(&t);
	pager_size(&p, 60, 11);
	pager_act(&p, ACTION_FIRST);
	for (size_t i = 1; i < t.lines.n; i++) {
		for (int k = 0; k < 4000 && p.current == i - 1; k++)
			pager_act(&p, ACTION_DOWN);
		assert_int_equal(p.current, i);
	}
	for (size_t i = t.lines.n - 1; i > 0; i--) {
		for (int k = 0; k < 4000 && p.current == i; k++)
			pager_act(&p, ACTION_UP);
		assert_int_equal(p.current, i - 1);
	}
	pager_release(&p);
	release(&t);
}

static void
test_fold_rows(void **state)
{
	struct text t = { 0 };
	struct pager p;

	(void)state;
	pager_init(&p, &source, &t);
	p.cursor = p.utf8 = true;
	for (int i = 0; i < 30; i++)
		add(&t, "  line");
	add(&t, "Traceback (most recent call last):\n  a\n  b\n  c\n  d\nE: x\n");
	pager_size(&p, 60, 10);
	/* head, the fold, the exception */
	assert_int_equal(pager_rows_of(&p, 30), 3);
	t.hidden_from = 3;
	t.hidden_n = 5;
	pager_changed(&p);
	assert_int_equal(pager_rows_of(&p, 3), 2);
	assert_int_equal(pager_rows_of(&p, 4), 0);
	assert_int_equal(pager_rows_of(&p, 9), 1);
	pager_act(&p, ACTION_FIRST);
	for (int i = 0; i < 4; i++)
		pager_act(&p, ACTION_DOWN);
	assert_int_equal(p.current, 9);
	release(&t);
	pager_release(&p);
}

/* A match far to the right, and one deep in a message, come to the screen. */
static void
test_match(void **state)
{
	struct text t = { 0 };
	struct pager p;
	struct weir_match *match = NULL;
	struct weir_err err;
	struct buf b = BUF_INIT(BUF_MAX);

	(void)state;
	assert_int_equal(
		weir_match_new(WEIR_MATCH_WORD, STR("needle"), &match, &err), WEIR_OK);
	pager_init(&p, &source, &t);
	p.cursor = p.utf8 = true;
	p.match = match;
	for (int i = 0; i < 50; i++)
		add(&t, "line");
	buf_addn(&b, 'x', 5000);
	buf_adds(&b, "needle");
	add(&t, buf_cstr(&b));
	buf_clear(&b);
	for (int i = 0; i < 100; i++)
		buf_adds(&b, "row\n");
	buf_adds(&b, "nee\033[31mdle");
	add(&t, buf_cstr(&b));
	pager_size(&p, 60, 10);
	pager_show_match(&p, 50);
	assert_int_equal(p.current, 50);
	assert_true(p.left > 4900 && p.left < 5006);
	pager_show_match(&p, 51);
	assert_int_equal(p.current, 51);
	assert_int_equal(p.left, 0);
	assert_int_equal(p.top, 51);
	assert_true(p.sub >= 91);
	buf_release(&b);
	weir_match_free(match);
	release(&t);
	pager_release(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_every_line),
		cmocka_unit_test(test_fold_rows),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
