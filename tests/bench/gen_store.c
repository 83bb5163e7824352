/*
 * Fills a store with made-up runs and log lines, through the functions that sync uses,
 * and writes the text of the log lines to a file for the programs that weir is compared
 * with.
 *
 * Usage: gen_store RUNS LINES TEXTFILE; the store is the one that the environment
 * names.
 */
#include <inttypes.h>
#include <stdint.h>

#include <weir/config.h>
#include <weir/mem.h>

#include "store_write.h"

enum {
	BATCH = 10000,        /* runs a transaction */
	LINES_A_RUN = 5000,   /* of a log, unless said */
	CHILDREN = 7,         /* runs below each build */
	WITH_PARENTS = 80000, /* newest runs whose parents are known */
	RUN_TEXT = 2000,      /* bytes for one run's strings */
	NEEDLE_EVERY = 100003,
};

static const int64_t newest_us = 1795269739000000; /* 2026-11-21T14:02:19Z */
static const int64_t apart_us = 2600000;           /* a million runs in a month */

static const char *const flows[] = { "build-package", "build-one", "nightly", "upload",
	"index-channel", "solve-env", "test-matrix", "sync-mirror", "prune-cache",
	"sign", "publish", "scan-licenses", "report", "retry-failed", "bump-versions",
	"notify" };
static const char *const packages[] = { "numpy", "zlib", "openssl", "qt6", "boost",
	"arrow-cpp", "pytorch", "scipy", "llvm", "hdf5", "curl", "python", "icu",
	"protobuf", "gcc", "cmake", "ninja", "pandas", "lapack", "sqlite" };
static const char *const platforms[] = { "linux-64", "linux-aarch64", "linux-ppc64le",
	"linux-s390x", "osx-64", "osx-arm64", "win-64" };
static const char *const words[] = { "checking", "for", "compiler", "building",
	"object", "linking", "shared", "library", "warning", "unused", "variable",
	"function", "declared", "in", "this", "scope", "note", "defined", "here",
	"installing", "to", "prefix", "patching", "file", "hunk", "succeeded", "at",
	"test", "passed", "skipped", "running", "configure", "found", "missing",
	"header", "cache", "hit", "miss", "fetching", "source", "archive", "verified",
	"checksum", "extracting", "generating", "makefile", "target", "all", "done" };

struct gen {
	uint64_t seed;
	struct weir_store *store;
	struct weir_err err;
	struct weir_id flow_ids[N_ELEM(flows)];
	struct arena text; /* of one batch */
	size_t needles;
};

static uint64_t
rnd(struct gen *g)
{
	uint64_t z = g->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static struct weir_id
make_id(struct gen *g)
{
	uint64_t half[2] = { rnd(g), rnd(g) };
	struct weir_id id;

	memcpy(id.b, half, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x40);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

static void
die(const struct gen *g)
{
	fprintf(stderr, "gen_store: %s\n", g->err.text);
	exit(1);
}

static struct str text_of(struct gen *g, const char *fmt, ...) WEIR_PRINTF(2, 3);
static struct str
text_of(struct gen *g, const char *fmt, ...)
{
	char *p = arena_alloc(&g->text, RUN_TEXT);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p, RUN_TEXT, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= RUN_TEXT)
		exit(1);
	g->text.used -=
		(size_t)(RUN_TEXT - n) / 16 * 16; /* the last allocation shrinks */
	return (struct str){ p, (size_t)n };
}

static enum weir_state
make_state(struct gen *g)
{
	uint64_t r = rnd(g) % 1000;

	return r < 860   ? WEIR_ST_COMPLETED
	       : r < 960 ? WEIR_ST_FAILED
	       : r < 985 ? WEIR_ST_CANCELLED
			 : WEIR_ST_CRASHED;
}

static void
make_params(struct gen *g, struct weir_run *r, size_t flow)
{
	const char *package = packages[rnd(g) % N_ELEM(packages)];
	const char *platform = platforms[rnd(g) % N_ELEM(platforms)];
	int a = (int)(rnd(g) % 12), b = (int)(rnd(g) % 30), pr = (int)(rnd(g) % 9000);

	r->name = text_of(g, "%s %d.%d.%d pr-%d", package, a, b, pr % 10, pr);
	r->tags = text_of(g, "[\"pr-%d\",\"ci\"]", pr);
	r->parameters = text_of(g,
		"{\"package\":\"%s\",\"version\":\"%d.%d.%d\",\"ref\":\"refs/pull/"
		"%d\"%s%s%s}",
		package, a, b, pr % 10, pr, flow == 1 ? ",\"platform\":\"" : "",
		flow == 1 ? platform : "", flow == 1 ? "\"" : "");
}

static void
make_rest(struct gen *g, struct weir_run *r)
{
	char state_id[WEIR_ID_TEXT + 1], end[WEIR_TIME_TEXT];

	weir_id_format(&r->state_id, state_id);
	weir_time_format(r->end_us, end);
	r->state = text_of(g,
		"{\"id\":\"%s\",\"type\":\"%s\",\"name\":\"%.*s\",\"timestamp\":\"%s\","
		"\"message\":null,\"data\":null,\"state_details\":{\"flow_run_id\":"
		"null,"
		"\"task_run_id\":null,\"transition_id\":\"%s\"}}",
		state_id, weir_state_type(r->state_type), (int)r->state_name.len,
		r->state_name.s, end, state_id);
	r->rest = text_of(g,
		"\"flow_version\":\"545843bcb75c5feef5283d907ee49ae0\",\"parameters\":%"
		".*s,"
		"\"idempotency_key\":null,\"context\":{},\"empirical_policy\":{"
		"\"max_retries\":0,\"retry_delay_seconds\":0.0,\"retries\":0},"
		"\"labels\":{},\"infrastructure_pid\":\"vm:%d\",\"state\":%.*s,"
		"\"job_variables\":{}",
		(int)r->parameters.len, r->parameters.s, (int)(rnd(g) % 30000),
		(int)r->state.len, r->state.s);
}

/* Run number i, counted from the newest. */
static void
make_run(struct gen *g, size_t i, struct weir_run *r)
{
	static const char *const names[WEIR_N_STATES] = { [WEIR_ST_COMPLETED] =
								  "Completed",
		[WEIR_ST_FAILED] = "Failed",
		[WEIR_ST_CANCELLED] = "Cancelled",
		[WEIR_ST_CRASHED] = "Crashed" };
	size_t flow = i % (CHILDREN + 1) == CHILDREN ? 0 : 1;

	if (rnd(g) % 20 == 0)
		flow = 2 + rnd(g) % (N_ELEM(flows) - 2);
	memset(r, 0, sizeof(*r));
	r->id = make_id(g);
	r->state_id = make_id(g);
	r->flow_id = g->flow_ids[flow];
	r->state_type = make_state(g);
	r->state_name = str_of(names[r->state_type]);
	r->work_pool_name = str_of(platforms[rnd(g) % N_ELEM(platforms)]);
	r->work_queue_name = STR("default");
	r->run_count = 1;
	r->next_scheduled_us = WEIR_NO_TIME;
	r->created_us = newest_us - (int64_t)i * apart_us;
	r->expected_start_us = r->created_us;
	r->start_us = r->created_us + (int64_t)(rnd(g) % 3000000);
	r->end_us = r->start_us + (int64_t)(rnd(g) % 2400000000u);
	r->updated_us = r->end_us;
	r->total_run_time = (double)(r->end_us - r->start_us) / 1e6;
	make_params(g, r, flow);
	make_rest(g, r);
}

static void
put_flows(struct gen *g)
{
	struct weir_doc doc = { 0 };
	char id[WEIR_ID_TEXT + 1];

	for (size_t i = 0; i < N_ELEM(flows); i++) {
		g->flow_ids[i] = doc.id = make_id(g);
		doc.name = str_of(flows[i]);
		doc.created_us = doc.updated_us = newest_us - 86400000000;
		doc.doc = text_of(g, "{\"id\":\"%s\",\"name\":\"%s\"}",
			weir_id_format(&doc.id, id), flows[i]);
		if (store_put_docs(g->store, WEIR_FLOW, &doc, 1, NULL, &g->err))
			die(g);
	}
}

/* The builds among the newest runs get their children. */
static void
put_parents(struct gen *g, const struct weir_id *tasks, const struct weir_id *runs,
	size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t build = i - i % (CHILDREN + 1) + CHILDREN;

		if (i != build && build < n &&
			store_set_parent(g->store, &tasks[i], &runs[build], &g->err))
			die(g);
	}
}

static void
put_runs(struct gen *g, size_t n, struct weir_id *ids)
{
	struct weir_run *batch = xcalloc(BATCH, sizeof(*batch));
	struct weir_id *tasks = xcalloc(BATCH, sizeof(*tasks));
	size_t count;

	/* oldest first, as time would have it */
	for (size_t left = n; left > 0; left -= count) {
		count = left < BATCH ? left : BATCH;
		arena_clear(&g->text);
		for (size_t k = 0; k < count; k++) {
			make_run(g, left - count + k, &batch[k]);
			ids[left - count + k] = batch[k].id;
			tasks[k] = make_id(g);
			if (left <= WITH_PARENTS && k % (CHILDREN + 1) != CHILDREN)
				batch[k].parent_task_run_id = tasks[k];
		}
		if (store_begin(g->store, &g->err) ||
			store_put_runs(g->store, batch, count, NULL, &g->err))
			die(g);
		if (left <= WITH_PARENTS)
			put_parents(g, tasks, ids + left - count, count);
		if (store_end(g->store, WEIR_OK, &g->err))
			die(g);
	}
	free(batch);
	free(tasks);
}

static struct str
make_message(struct gen *g, size_t number)
{
	char line[600];
	size_t want = 60 + rnd(g) % 120;
	size_t n = 0;
	uint64_t r = rnd(g);

	if (r % 4 == 0)
		n = (size_t)snprintf(
			line, sizeof(line), "[%d/%d] ", (int)(r >> 8 & 1023), 1024);
	while (n < want) {
		r = rnd(g);
		if (r % 7 == 0)
			n += (size_t)snprintf(line + n, sizeof(line) - n,
				"src/%s_%x.c:%d: ", words[r >> 8 & 31],
				(unsigned)(r >> 16 & 0xffff), (int)(r >> 32 & 4095));
		else if (r % 11 == 0)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "0x%08x ",
				(unsigned)(r >> 20));
		else
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s ",
				words[(r >> 8) % N_ELEM(words)]);
	}
	if (number % NEEDLE_EVERY == 77) {
		n += (size_t)snprintf(line + n, sizeof(line) - n, "vec_xl_needle");
		g->needles++;
	}
	while (line[n - 1] == ' ')
		n--;
	return text_of(g, "%.*s", (int)n, line);
}

static void
put_log(struct gen *g, const struct weir_id *run, size_t first, size_t n, FILE *text)
{
	static const int levels[] = { 20, 20, 20, 20, 20, 20, 20, 10, 30, 40 };
	struct weir_log *lines = xcalloc(n, sizeof(*lines));

	arena_clear(&g->text);
	for (size_t k = 0; k < n; k++) {
		lines[k].id = make_id(g);
		lines[k].timestamp_us = newest_us + (int64_t)(first + k) * 1000;
		lines[k].created_us = lines[k].timestamp_us + 500000;
		lines[k].name = STR("prefect.flow_runs");
		lines[k].level = levels[rnd(g) % N_ELEM(levels)];
		lines[k].flow_run_id = *run;
		lines[k].message = make_message(g, first + k);
		fwrite(lines[k].message.s, 1, lines[k].message.len, text);
		fputc('\n', text);
	}
	if (store_begin(g->store, &g->err) ||
		store_put_logs(g->store, run, lines, n, NULL, &g->err) ||
		store_complete_logs(g->store, run, 1, &g->err) ||
		store_end(g->store, WEIR_OK, &g->err))
		die(g);
	free(lines);
}

static void
open_store(struct gen *g)
{
	struct weir_config_flags flags = { 0 };
	struct weir_config *config;
	char *note = NULL;

	if (weir_config_load(&flags, &config, &g->err))
		die(g);
	if (!weir_config_store(config)) {
		fprintf(stderr, "gen_store: PREFECT_API_URL is not set\n");
		exit(2);
	}
	if (weir_store_open(weir_config_store(config),
		    weir_config_str(config, WEIR_KEY_API_URL),
		    weir_config_str(config, WEIR_KEY_PLATFORM_PARAMS), WEIR_STORE_WRITE,
		    &g->store, &note, &g->err))
		die(g);
	free(note);
	puts(weir_config_store(config));
	weir_config_free(config);
}

/* As after a whole cycle a moment ago. */
static void
finish(struct gen *g)
{
	static const struct {
		enum weir_meta key;
		int64_t before_us;
	} set[] = { { WEIR_META_CYCLE_US, 0 }, { WEIR_META_WATERMARK_US, 1000000 },
		{ WEIR_META_FILLED_US, 3000000000000 },
		{ WEIR_META_SINCE_US, 3000000000000 }, { WEIR_META_DRIFT_US, 0 } };

	for (size_t i = 0; i < N_ELEM(set); i++)
		if (weir_store_set_meta(g->store, set[i].key,
			    weir_now_us() - set[i].before_us, &g->err))
			die(g);
}

int
main(int argc, char **argv)
{
	struct gen g = { .seed = 1 };
	size_t n_runs, n_lines, a_run = LINES_A_RUN, at, n;
	struct weir_id *ids;
	FILE *text;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: gen_store RUNS LINES TEXTFILE [LINES A RUN]\n");
		return 2;
	}
	n_runs = (size_t)strtoull(argv[1], NULL, 10);
	n_lines = (size_t)strtoull(argv[2], NULL, 10);
	if (argc == 5)
		a_run = (size_t)strtoull(argv[4], NULL, 10);
	text = fopen(argv[3], "w");
	if (!text || a_run == 0 || n_runs * a_run < n_lines) {
		fprintf(stderr, "gen_store: %s: cannot be used\n", argv[3]);
		return 1;
	}
	open_store(&g);
	put_flows(&g);
	ids = xcalloc(n_runs, sizeof(*ids));
	put_runs(&g, n_runs, ids);
	for (at = 0; at < n_lines; at += n) {
		n = n_lines - at < a_run ? n_lines - at : a_run;
		put_log(&g, &ids[at / a_run], at, n, text);
	}
	finish(&g);
	weir_store_close(g.store);
	fclose(text);
	fprintf(stderr, "%zu runs, %zu lines, %zu of them with the needle\n", n_runs,
		n_lines, g.needles);
	free(ids);
	arena_free(&g.text);
	return 0;
}
