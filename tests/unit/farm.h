/* A store of made-up runs for the tests of queries and lists, and the runs as plain
 * data. */
#ifndef WEIR_TESTS_FARM_H
#define WEIR_TESTS_FARM_H

#include <unistd.h>

#include "store_write.h"
#include "weir/mem.h"
#include "weir/store.h"
#include "weir/time.h"

enum { FARM_RUNS = 400, FARM_FLOWS = 14, FARM_DEPLOYMENTS = 6 };

static const int64_t farm_now_us = 1795269739441000;

struct farm_run {
	struct weir_id id;
	char name[64], tags[64], platform[24], package[24];
	const char *state_name, *pool;
	enum weir_state state;
	int flow, deployment; /* deployment -1: none */
	int version, run_count;
	bool automatic, child;
	int64_t at_us, start_us, end_us; /* WEIR_NO_TIME: none */
};

struct farm {
	char folder[64], path[96];
	struct weir_store *store;
	struct farm_run runs[FARM_RUNS];
	struct weir_id flows[FARM_FLOWS], deployments[FARM_DEPLOYMENTS];
	char flow_names[FARM_FLOWS][16], deployment_names[FARM_DEPLOYMENTS][16];
	uint64_t seed;
};

static inline uint64_t
farm_random(struct farm *f, uint64_t below)
{
	f->seed = f->seed * 6364136223846793005u + 1442695040888963407u;
	return (f->seed >> 33) % below;
}

static inline struct weir_id
farm_id(struct farm *f)
{
	struct weir_id id;

	for (size_t i = 0; i < sizeof(id.b); i++)
		id.b[i] = (uint8_t)farm_random(f, 256);
	return id;
}

static inline void
farm_times(struct farm *f, struct farm_run *r)
{
	/* Whole seconds and few of them, so that equal times occur. */
	int64_t ago = (int64_t)farm_random(f, 3 * 86400 / 600) * 600;

	r->start_us = r->end_us = WEIR_NO_TIME;
	r->at_us = farm_now_us - ago * WEIR_SECOND_US;
	if (r->state == WEIR_ST_SCHEDULED && farm_random(f, 2))
		r->at_us = farm_now_us + (ago + 1) * WEIR_SECOND_US;
	if (r->state == WEIR_ST_SCHEDULED || r->state == WEIR_ST_PENDING)
		return;
	r->start_us = r->at_us;
	if (weir_state_is_terminal(r->state))
		r->end_us = r->start_us +
			    (int64_t)farm_random(f, 4000) * WEIR_SECOND_US / 2;
}

static inline void
farm_make_run(struct farm *f, struct farm_run *r)
{
	static const struct {
		enum weir_state type;
		const char *name;
	} states[] = {
		{ WEIR_ST_SCHEDULED, "Scheduled" },
		{ WEIR_ST_SCHEDULED, "Late" },
		{ WEIR_ST_PENDING, "Pending" },
		{ WEIR_ST_RUNNING, "Running" },
		{ WEIR_ST_RUNNING, "Retrying" },
		{ WEIR_ST_COMPLETED, "Completed" },
		{ WEIR_ST_COMPLETED, "Skipped" },
		{ WEIR_ST_FAILED, "Failed" },
		{ WEIR_ST_FAILED, "TimedOut" },
		{ WEIR_ST_CRASHED, "Crashed" },
	};
	static const char *const packages[] = { "numpy", "zlib", "OpenSSL", "qt6" };
	static const char *const platforms[] = { "", "linux-64", "osx-arm64",
		"win-64" };
	static const char *const tags[] = { "[]", "[\"pr-1\"]", "[\"pr-12\",\"ci\"]",
		"[\"nightly\",\"a \\\"b\\\"\"]" };
	static const char *const pools[] = { NULL, "farm", "s390x" };
	size_t s = farm_random(f, N_ELEM(states));

	*r = (struct farm_run){ .id = farm_id(f) };
	r->state = states[s].type;
	r->state_name = states[s].name;
	r->flow = (int)farm_random(f, FARM_FLOWS);
	r->deployment = (int)farm_random(f, FARM_DEPLOYMENTS + 1) - 1;
	r->pool = pools[farm_random(f, N_ELEM(pools))];
	r->version = (int)farm_random(f, 20);
	r->run_count = (int)farm_random(f, 4);
	r->automatic = farm_random(f, 2);
	r->child = farm_random(f, 3) == 0;
	snprintf(r->package, sizeof(r->package), "%s",
		packages[farm_random(f, N_ELEM(packages))]);
	snprintf(r->platform, sizeof(r->platform), "%s",
		platforms[farm_random(f, N_ELEM(platforms))]);
	snprintf(r->tags, sizeof(r->tags), "%s", tags[farm_random(f, N_ELEM(tags))]);
	snprintf(r->name, sizeof(r->name), "%s %d.%d", r->package, r->version,
		(int)farm_random(f, 9));
	farm_times(f, r);
}

static inline void
farm_put(struct farm *f, const struct farm_run *r)
{
	char parameters[160], rest[400];
	struct weir_run run = {
		.id = r->id,
		.created_us = r->at_us - WEIR_SECOND_US,
		.updated_us = r->at_us,
		.name = str_of(r->name),
		.flow_id = f->flows[r->flow],
		.state_type = r->state,
		.state_name = str_of(r->state_name),
		.work_pool_name = str_of(r->pool),
		.run_count = r->run_count,
		.expected_start_us = r->at_us,
		.next_scheduled_us = WEIR_NO_TIME,
		.start_us = r->start_us,
		.end_us = r->end_us,
		.auto_scheduled = r->automatic,
		.tags = str_of(r->tags),
	};
	size_t n;

	if (r->deployment >= 0)
		run.deployment_id = f->deployments[r->deployment];
	if (r->child)
		run.parent_task_run_id = farm_id(f);
	if (r->end_us != WEIR_NO_TIME)
		run.total_run_time = (double)(r->end_us - r->start_us) / WEIR_SECOND_US;
	n = (size_t)snprintf(parameters, sizeof(parameters),
		"{\"package\":\"%s\",\"version\":%d,\"debug\":%s,\"list\":[\"zz\"]",
		r->package, r->version, r->automatic ? "true" : "false");
	if (*r->platform)
		n += (size_t)snprintf(parameters + n, sizeof(parameters) - n,
			",\"platform\":\"%s\"", r->platform);
	snprintf(parameters + n, sizeof(parameters) - n, "}");
	snprintf(rest, sizeof(rest),
		"\"parameters\":%s,\"labels\":{\"a.b\":\"v%d\"},\"flow_version\":null,"
		"\"state\":{\"message\":\"m %d\"}",
		parameters, r->version, r->version);
	run.parameters = str_of(parameters);
	run.rest = str_of(rest);
	assert_int_equal(store_put_runs(f->store, &run, 1, NULL, NULL), WEIR_OK);
}

static inline void
farm_put_docs(struct farm *f)
{
	for (int i = 0; i < FARM_FLOWS; i++) {
		struct weir_doc d = { .id = f->flows[i] = farm_id(f) };
		char doc[128];

		snprintf(f->flow_names[i], sizeof(f->flow_names[i]),
			i < 12 ? "build-%d" : "nightly-%d", i);
		d.name = str_of(f->flow_names[i]);
		snprintf(doc, sizeof(doc), "{\"name\":\"%s\",\"tags\":[\"t%d\"]}",
			f->flow_names[i], i);
		d.doc = str_of(doc);
		assert_int_equal(store_put_docs(f->store, WEIR_FLOW, &d, 1, NULL, NULL),
			WEIR_OK);
	}
	for (int i = 0; i < FARM_DEPLOYMENTS; i++) {
		struct weir_doc d = { .id = f->deployments[i] = farm_id(f),
			.owner_id = f->flows[i] };
		char doc[160];

		snprintf(f->deployment_names[i], sizeof(f->deployment_names[i]),
			"deploy-%d", i % 5);
		d.name = str_of(f->deployment_names[i]);
		snprintf(doc, sizeof(doc),
			"{\"name\":\"%s\",\"paused\":%s,\"status\":\"READY\","
			"\"last_polled\":\"2026-11-21T14:00:00Z\"}",
			f->deployment_names[i], i % 2 ? "true" : "false");
		d.doc = str_of(doc);
		assert_int_equal(
			store_put_docs(f->store, WEIR_DEPLOYMENT, &d, 1, NULL, NULL),
			WEIR_OK);
	}
}

static inline struct farm *
farm_new(uint64_t seed)
{
	struct farm *f = xcalloc(1, sizeof(*f));

	f->seed = seed;
	snprintf(f->folder, sizeof(f->folder), "/tmp/weir-farm-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/a.db", f->folder);
	assert_int_equal(weir_store_open(f->path, "http://farm/api",
				 "platform,arch,subdir,target_platform",
				 WEIR_STORE_WRITE, &f->store, NULL, NULL),
		WEIR_OK);
	assert_int_equal(store_begin(f->store, NULL), WEIR_OK);
	farm_put_docs(f);
	for (size_t i = 0; i < FARM_RUNS; i++) {
		farm_make_run(f, &f->runs[i]);
		farm_put(f, &f->runs[i]);
	}
	assert_int_equal(store_end(f->store, WEIR_OK, NULL), WEIR_OK);
	return f;
}

static inline void
farm_free(struct farm *f)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	char path[128];

	weir_store_close(f->store);
	for (size_t i = 0; i < N_ELEM(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
	free(f);
}

/* One farm for all tests of a group, made of this seed. */
static struct farm *farm;
static uint64_t farm_seed;

static inline int
farm_set_up(void **state)
{
	(void)state;
	farm = farm_new(farm_seed);
	return 0;
}

static inline int
farm_tear_down(void **state)
{
	(void)state;
	farm_free(farm);
	return 0;
}

#define FARM_TESTS(tests, seed)                                                        \
	(farm_seed = (seed), cmocka_run_group_tests(tests, farm_set_up, farm_tear_down))

#endif
