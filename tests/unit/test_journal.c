/* journal.c and owner.c: what is kept, in which order, and whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "journal.h"
#include "owner.h"
#include "state_help.h"

static int64_t
add(struct state_help *h, const char *name, const char *key)
{
	struct weir_err *err = &h->err;
	struct weir_deed deed = {
		.at_us = weir_now_us(),
		.verb = "retrigger",
		.who = "me@here",
		.profile = "default",
		.server = "http://x/api",
		.kind = WEIR_RUN,
		.object = help_id(1, 2),
		.name = name,
		.key = key,
		.path = "/deployments/x/create_flow_run",
		.body = "{\"a\":1}",
		.sent_us = weir_now_us(),
	};
	int64_t number = 0;

	OK(journal_write(h->s, &deed, &number, err));
	return number;
}

struct seen {
	struct buf text;
	int64_t sent_us;
	struct weir_id made;
};

static bool
see(void *arg, const struct weir_deed *d)
{
	struct seen *s = arg;

	buf_addf(&s->text, "%s:%s:%s:%s;", d->name, weir_deed_state_name(d->state),
		d->said, d->body);
	s->sent_us = d->sent_us;
	s->made = d->made;
	return true;
}

static void
test_rows(void **state)
{
	struct seen seen = { .text = BUF_INIT(BUF_MAX) };
	struct weir_id made = help_id(9, 9);
	struct weir_deed end = { .state = WEIR_DEED_DONE,
		.answer = "{}",
		.said = "started",
		.made = made,
		.reverse = "weir cancel x" };
	struct state_help h;
	struct weir_err *err = &h.err;
	int64_t first, second, *open = NULL;
	size_t n = 0;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	first = add(&h, "a", "k1");
	second = add(&h, "b", "k2");
	OK(journal_open(h.s, &open, &n, err));
	assert_int_equal(n, 2);
	assert_int_equal(open[0], first);
	free(open);
	OK(journal_answer(h.s, second, &end, err));
	OK(journal_hold(h.s, first, err));
	OK(weir_journal_each(h.s, 0, see, &seen, err));
	assert_string_equal(buf_cstr(&seen.text),
		"b:done:started:{\"a\":1};a:unanswered::{\"a\":1};");
	assert_int_equal(seen.sent_us, WEIR_NO_TIME);
	buf_clear(&seen.text);
	OK(weir_journal_each(h.s, 1, see, &seen, err));
	assert_string_equal(buf_cstr(&seen.text), "b:done:started:{\"a\":1};");
	assert_memory_equal(&seen.made, &made, sizeof(made));
	assert_int_equal(weir_journal_get(h.s, 99, see, &seen, err), WEIR_ENOTFOUND);
	/* a key that its user chose may come again */
	assert_int_not_equal(add(&h, "c", "k1"), first);
	buf_release(&seen.text);
	state_end(&h);
}

static void
set_owner(struct state_help *h, int64_t number, const char *owner)
{
	char *sql = sqlite3_mprintf(
		"UPDATE acts SET owner = %Q WHERE k = %lld", owner, (long long)number);

	assert_int_equal(sqlite3_exec(statedb_db(h->s)->sqlite, sql, NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_free(sql);
}

static bool
claims(struct state_help *h, int64_t number)
{
	struct weir_err *err = &h->err;
	bool mine = false;

	OK(journal_claim(h->s, number, &mine, err));
	return mine;
}

/* pid start place: each alone makes another process of it. */
static void
test_owners(void **state)
{
	char *self = owner_self(), *place, *start;
	char *other;
	struct state_help h;
	int64_t k;
	pid_t child;
	int pipes[2];
	char text[512] = "";

	(void)state;
	assert_int_equal(owner_life(self), OWNER_SELF);
	start = strchr(self, ' ');
	place = strchr(start + 1, ' ');
	other = xasprintf("%ld 12345%s", (long)getpid(), place);
	assert_int_equal(owner_life(other), OWNER_GONE);
	free(other);
	other = xasprintf("%.*s elsewhere/boot", (int)(place - self), self);
	assert_int_equal(owner_life(other), OWNER_ELSEWHERE);

	state_new(&h);
	state_open(&h, true);
	k = add(&h, "a", "k1");
	assert_true(claims(&h, k));
	set_owner(&h, k, other);
	assert_false(claims(&h, k)); /* of another machine, and young */
	free(other);

	/* a living process, then a dead one */
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		char *mine = owner_self();

		(void)!write(pipes[1], mine, strlen(mine));
		pause();
		_exit(0);
	}
	assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(owner_life(text), OWNER_LIVES);
	set_owner(&h, k, text);
	assert_false(claims(&h, k));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(owner_life(text), OWNER_GONE);
	assert_true(claims(&h, k));
	assert_int_equal(owner_life("nonsense"), OWNER_GONE);
	assert_int_equal(owner_life(""), OWNER_GONE);
	free(self);
	state_end(&h);
}

/* Of several that find a dead process's row at once, each after the other has it. */
static void
test_claimed_once(void **state)
{
	enum { PROCESSES = 4 };
	struct state_help h;
	struct weir_err *err = &h.err;
	pid_t pids[PROCESSES];
	int64_t k;
	int won = 0, looked[2], end[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(looked), 0);
	assert_int_equal(pipe(end), 0);
	state_new(&h);
	state_open(&h, true);
	k = add(&h, "a", "k1");
	set_owner(&h, k, "1 1 nowhere");
	{
		char *self = owner_self(), *gone;

		gone = xasprintf("999999999 1%s", strchr(strchr(self, ' ') + 1, ' '));
		set_owner(&h, k, gone);
		free(gone);
		free(self);
	}
	state_close(&h);
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p] == 0) {
			bool mine = false;

			close(looked[0]);
			close(end[1]);
			if (weir_statedb_open(h.config, true, &h.s, err) ||
				journal_claim(h.s, k, &mine, err) ||
				write(looked[1], &byte, 1) != 1)
				_exit(9);
			/* it lives while the others look */
			_exit(read(end[0], &byte, 1) || !mine ? 0 : 1);
		}
	}
	close(looked[1]);
	for (int p = 0; p < PROCESSES; p++)
		assert_int_equal(read(looked[0], &byte, 1), 1);
	close(looked[0]);
	close(end[0]);
	close(end[1]);
	for (int p = 0; p < PROCESSES; p++) {
		int status = 0;

		waitpid(pids[p], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		won += WEXITSTATUS(status);
	}
	assert_int_equal(won, 1);
	state_end(&h);
}

static void
test_chain(void **state)
{
	struct weir_id a = help_id(1, 1), b = help_id(1, 2), c = help_id(1, 3),
		       d = help_id(1, 4);
	const struct weir_id *from[] = { &a, &b, &c };
	struct state_help h;
	struct weir_err *err = &h.err;
	struct weir_id *ids = NULL;
	size_t n = 0;

	(void)state;
	state_new(&h);
	state_open(&h, true);
	OK(journal_link(h.s, &b, &a, err));
	OK(journal_link(h.s, &c, &b, err));
	for (size_t i = 0; i < N_ELEM(from); i++) {
		OK(weir_journal_chain(h.s, from[i], &ids, &n, err));
		assert_int_equal(n, 3);
		assert_memory_equal(&ids[0], &a, sizeof(a));
		assert_memory_equal(&ids[2], &c, sizeof(c));
		free(ids);
	}
	OK(weir_journal_chain(h.s, &d, &ids, &n, err));
	assert_int_equal(n, 1);
	assert_memory_equal(&ids[0], &d, sizeof(d));
	free(ids);
	/* a ring, as damage could make it, ends */
	OK(journal_link(h.s, &a, &c, err));
	OK(weir_journal_chain(h.s, &b, &ids, &n, err));
	assert_true(n >= 3 && n <= WEIR_JOURNAL_CHAIN_MAX);
	free(ids);
	state_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_claimed_once),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
