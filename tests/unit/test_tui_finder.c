/* finder.c over a small store: answers, replacing, cancelling, no starving, stopping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/wait.h>

#include "farm.h"
#include "finder.h"
#include "weir/config.h"
#include "weir/group.h"

enum { WAIT_MS = 20000 };

struct world {
	struct farm *farm;
	struct weir_config *config;
	struct finder *finder;
};

static int
begin(void **state)
{
	struct weir_config_flags flags = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	struct weir_store *other = NULL;
	char *path;

	w->farm = farm_new(11);
	setenv("HOME", w->farm->folder, 1);
	setenv("XDG_CACHE_HOME", w->farm->folder, 1);
	setenv("XDG_CONFIG_HOME", w->farm->folder, 1);
	setenv("PREFECT_API_URL", "http://farm/api", 1);
	assert_int_equal(weir_config_load(&flags, &w->config, NULL), WEIR_OK);
	/* The same rows where the finder looks for them. */
	assert_int_equal(
		weir_store_open(weir_config_store(w->config), "http://farm/api",
			"platform", WEIR_STORE_WRITE, &other, NULL, NULL),
		WEIR_OK);
	path = xasprintf("VACUUM INTO '%s.new'", weir_config_store(w->config));
	weir_store_close(other);
	assert_int_equal(
		sqlite3_exec(store_db(w->farm->store)->sqlite, path, NULL, NULL, NULL),
		SQLITE_OK);
	free(path);
	path = xasprintf("%s.new", weir_config_store(w->config));
	assert_int_equal(rename(path, weir_config_store(w->config)), 0);
	free(path);
	assert_int_equal(finder_start(w->config, &w->finder, NULL), WEIR_OK);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;
	char *command = xasprintf("%s/weir", w->farm->folder);
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	free(command);
	finder_stop(w->finder);
	weir_config_free(w->config);
	farm_free(w->farm);
	free(w);
	return 0;
}

static struct finder_job
rows(uint64_t view, int slot, const char *query)
{
	return (struct finder_job){ .kind = FINDER_ROWS,
		.view = view,
		.slot = slot,
		.now_us = farm_now_us,
		.object = WEIR_RUN,
		.query = query,
		.head = 40,
		.counts = true };
}

/* The next answer of a job, answers of others given away. */
static struct finder_answer *
answer(struct finder *f, uint64_t number)
{
	struct pollfd fd = { .fd = finder_fd(f), .events = POLLIN };
	struct finder_answer *a;

	for (;;) {
		while ((a = finder_next(f))) {
			if (a->number == number)
				return a;
			finder_answer_free(a);
		}
		if (poll(&fd, 1, WAIT_MS) <= 0)
			fail_msg("no answer of job %d", (int)number);
	}
}

/* Wait for the part; what comes before it is counted. */
static struct finder_answer *
part(struct finder *f, uint64_t number, enum finder_part want)
{
	struct finder_answer *a;

	for (;;) {
		a = answer(f, number);
		if (a->part == want)
			return a;
		if (a->part == FINDER_FAILED)
			fail_msg("%s", a->text);
		finder_answer_free(a);
	}
}

static void
test_answers(void **state)
{
	struct world *w = *state;
	struct finder_job job = rows(1, 0, "");
	struct finder_answer *a;
	int64_t sum = 0;
	uint64_t number = finder_submit(w->finder, &job);

	a = part(w->finder, number, FINDER_KEYS);
	assert_int_equal(a->n, FARM_RUNS);
	finder_answer_free(a);
	a = part(w->finder, number, FINDER_COUNTS);
	for (size_t i = 0; i < WEIR_N_STATES; i++)
		sum += a->states[i];
	assert_int_equal(sum, FARM_RUNS);
	finder_answer_free(a);
}

static void
test_kinds(void **state)
{
	struct world *w = *state;
	struct finder_job job = { .kind = FINDER_VALUES,
		.object = WEIR_RUN,
		.view = 1,
		.field = "flow",
		.prefix = "build" };
	struct finder_answer *a;

	a = part(w->finder, finder_submit(w->finder, &job), FINDER_WORDS);
	assert_non_null(strstr(a->words, "build-"));
	finder_answer_free(a);
	job.kind = FINDER_GROUPS;
	a = part(w->finder, finder_submit(w->finder, &job), FINDER_GROUPED);
	assert_int_equal(a->groups->rows, FARM_RUNS);
	finder_answer_free(a);
	job.kind = FINDER_COUNT;
	job.query = "flow:build-1";
	a = part(w->finder, finder_submit(w->finder, &job), FINDER_TOTAL);
	assert_true(a->total > 0 && a->total < FARM_RUNS);
	finder_answer_free(a);
	job.kind = FINDER_GROUPS;
	job.field = "nosuch";
	a = answer(w->finder, finder_submit(w->finder, &job));
	assert_int_equal(a->part, FINDER_FAILED);
	assert_non_null(strstr(a->text, "nosuch"));
	finder_answer_free(a);
}

/* The last of many keys is answered, whatever became of those before. */
static void
test_replaced(void **state)
{
	struct world *w = *state;
	uint64_t number = 0;
	struct finder_answer *a;

	for (int i = 0; i < 500; i++) {
		struct finder_job job = rows(1, 0, i % 2 ? "name:/n.*p/" : "numpy");

		number = finder_submit(w->finder, &job);
	}
	a = part(w->finder, number, FINDER_COUNTS);
	finder_answer_free(a);
	while (!finder_idle(w->finder))
		finder_answer_free(finder_next(w->finder));
}

/* One view that asks without end does not keep another from its answer. */
static void
test_no_starving(void **state)
{
	struct world *w = *state;
	struct finder_job other = rows(2, 0, "state:failed"),
			  job = rows(1, 0, "dur:>1m");
	uint64_t number;
	bool found = false;

	finder_submit(w->finder, &job);
	number = finder_submit(w->finder, &other);
	for (int i = 0; i < 200000 && !found; i++) {
		struct finder_answer *a;

		if (i % 100 == 0)
			finder_submit(w->finder, &job);
		while ((a = finder_next(w->finder))) {
			found = found ||
				(a->number == number && a->part == FINDER_KEYS);
			finder_answer_free(a);
		}
		if (!found)
			poll(NULL, 0, i % 100 == 0);
	}
	assert_true(found);
}

static void
test_cancelled(void **state)
{
	struct world *w = *state;
	struct finder_answer *a;

	for (int i = 0; i < 200; i++) {
		struct finder_job job = rows(3, 0, "name:/z.*z/ or dur:>1s");

		finder_submit(w->finder, &job);
		finder_cancel(w->finder, 3);
	}
	while (!finder_idle(w->finder)) {
		a = finder_next(w->finder);
		finder_answer_free(a);
		if (!a)
			poll(NULL, 0, 1);
	}
	test_answers(state); /* and it goes on as ever */
}

static void
test_stopped(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 20; i++) {
		struct finder *f = NULL;
		struct finder_job job = rows(1, 0, "name:/z.*z/");

		assert_int_equal(finder_start(w->config, &f, NULL), WEIR_OK);
		finder_submit(f, &job);
		finder_stop(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_no_starving),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
