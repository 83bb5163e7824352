/* Which run was started in place of which, from labels, keys and the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain.h"
#include "journal.h"
#include "state_help.h"

static void
put(struct help *h, unsigned i, const char *rest)
{
	struct weir_run run = help_run(i);
	struct weir_err *err = &h->err;

	run.rest = str_of(rest);
	OK(store_put_runs(h->s, &run, 1, NULL, err));
}

/* `"labels":{"weir.retrigger-of":"..."}` or the key of old servers, of run `of`. */
static void
put_of(struct help *h, unsigned i, unsigned of, bool label)
{
	struct weir_id id = help_id(1, of), fresh = weir_id_random();
	char text[WEIR_ID_TEXT + 1], other[WEIR_ID_TEXT + 1], rest[512];

	weir_id_format(&id, text);
	if (label)
		snprintf(rest, sizeof(rest),
			"\"parameters\":{\"idempotency_key\":\"no\"},\"labels\":{\"a\":"
			"1,"
			"\"weir.retrigger-of\":\"%s\"},\"idempotency_key\":null",
			text);
	else
		snprintf(rest, sizeof(rest),
			"\"idempotency_key\":\"weir-retrigger-%s-%s\"", text,
			weir_id_format(&fresh, other));
	put(h, i, rest);
}

static void
is_chain(struct help *h, struct weir_statedb *s, unsigned of, const char *want)
{
	struct weir_id of_id = help_id(1, of), *ids = NULL;
	struct weir_err *err = &h->err;
	struct buf b = BUF_INIT(256);
	size_t n = 0;

	OK(weir_chain(h->s, s, &of_id, &ids, &n, err));
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 30; k++) {
			struct weir_id id = help_id(1, k);

			if (!weir_id_cmp(&id, &ids[i]))
				buf_addf(&b, "%s%u", b.len ? " " : "", k);
		}
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
	free(ids);
}

static void
test_of_server(void **state)
{
	struct help h;
	struct weir_id id = help_id(1, 3);
	struct weir_err *err = &h.err;

	(void)state;
	help_new(&h);
	put(&h, 1, "");
	put_of(&h, 2, 1, true);
	put_of(&h, 3, 2, false);
	put_of(&h, 4, 1, false);
	is_chain(&h, NULL, 1, "1 2 4 3");
	is_chain(&h, NULL, 3, "1 2 4 3");
	put(&h, 5, "\"idempotency_key\":\"weir-retrigger-nonsense\",\"labels\":{}");
	put(&h, 6, "\"labels\":{\"weir.retrigger-of\":7},\"idempotency_key\":\"x\"");
	is_chain(&h, NULL, 5, "5");
	is_chain(&h, NULL, 6, "6");
	is_chain(&h, NULL, 29, "29");
	/* what is gone is in no chain of the store */
	OK(store_delete_runs(h.s, &id, 1, err));
	is_chain(&h, NULL, 1, "1 2 4");
	help_end(&h);
}

/* A server may say anything: circles end. */
static void
test_circle(void **state)
{
	struct help h;

	(void)state;
	help_new(&h);
	put_of(&h, 1, 3, true);
	put_of(&h, 2, 1, true);
	put_of(&h, 3, 2, true);
	put_of(&h, 4, 4, true);
	is_chain(&h, NULL, 4, "4");
	is_chain(&h, NULL, 2, "2 3 1");
	help_end(&h);
}

static void
test_of_journal(void **state)
{
	struct state_help j;
	struct help h;
	struct weir_id one = help_id(1, 1), two = help_id(1, 2), three = help_id(1, 3);
	struct weir_id of;
	struct weir_err *err = &h.err;

	(void)state;
	help_new(&h);
	state_new(&j);
	state_open(&j, true);
	OK(journal_link(j.s, &two, &one, err));
	put_of(&h, 3, 2, true);
	OK(journal_link(j.s, &three, &two, err));
	is_chain(&h, j.s, 3, "1 2 3");
	is_chain(&h, NULL, 3, "2 3");
	OK(weir_chain_of(h.s, j.s, &two, &of, err));
	assert_int_equal(weir_id_cmp(&of, &one), 0);
	OK(weir_chain_of(h.s, j.s, &one, &of, err));
	assert_true(weir_id_is_null(&of));
	state_end(&j);
	help_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_server),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_of_journal),
	};

	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
