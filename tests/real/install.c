/*
 * weir_inst_make for the tests, as a program:
 *
 *   install [-rsotq] [-c CACHE -k KEY] [-m MARKER] [-w S] -p PACKAGES... TARGET LIST
 *
 * -r in place of what is there, -s run scripts, -o offline, -t by a tool when one is in
 * PATH, -q nothing but errors, -w seconds to wait for locks. LIST begins with
 * @EXPLICIT.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "inst_file.h"
#include "weir/inst.h"
#include "weir/mem.h"

static bool quiet, pypi;
static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	interrupted = number;
}

static bool
on_stop(void *arg)
{
	(void)arg;
	return interrupted;
}

static void
on_event(void *arg, const struct weir_inst_event *e)
{
	static const char *const steps[] = {
		[WEIR_INST_WAIT] = "wait",
		[WEIR_INST_NOTE] = "note",
		[WEIR_INST_FETCH] = "fetch",
		[WEIR_INST_UNPACK] = "unpack",
		[WEIR_INST_LINK] = "link",
		[WEIR_INST_RUN] = "run",
	};

	(void)arg;
	if (!quiet && e->what)
		fprintf(stderr, "%s %lld/%lld %s\n", steps[e->step], (long long)e->done,
			(long long)e->of, e->what);
}

static int
fail(const struct weir_err *err)
{
	fprintf(stderr, "install: %s\n", err->text);
	if (*err->hint)
		fprintf(stderr, "try: %s\n", err->hint);
	return 10 + (int)err->rc;
}

static int
install(struct weir_inst *w, const char *file, const char *cache_key)
{
	struct weir_inst_package only = { 0 };
	struct buf text = BUF_INIT(64 << 20);
	struct weir_inst_list *list = NULL;
	struct weir_inst_result r = { 0 };
	struct weir_err err = { 0 };
	char *full = realpath(file, NULL);
	int status = 0;

	if (!full) {
		fprintf(stderr, "install: %s: %s\n", file, strerror(errno));
		return 2;
	}
	if (inst_file_read("", full, file, &text, &err) ||
		weir_inst_list_parse(buf_str(&text), file, &list, &err)) {
		status = fail(&err);
		goto out;
	}
	w->packages = weir_inst_list_packages(list, &w->n_packages);
	if (cache_key && w->n_packages == 1) {
		only = w->packages[0];
		only.cache_key = cache_key;
	}
	if (pypi && w->n_packages == 1) {
		only = cache_key ? only : w->packages[0];
		only.type = WEIR_INST_PYPI;
	}
	if ((pypi || cache_key) && w->n_packages == 1) {
		w->packages = &only;
	}
	if (weir_inst_make(w, &r, &err)) {
		status = fail(&err);
		goto out;
	}
	printf("%s %s fetched=%zu bytes=%lld cached=%zu scripts=%zu\n",
		r.existed ? "existing" : "made", r.made_by, r.n_fetched,
		(long long)r.fetched, r.n_cached, r.n_scripts);
	weir_inst_result_release(&r);
out:
	weir_inst_list_free(list);
	buf_release(&text);
	free(full);
	return status;
}

int
main(int argc, char **argv)
{
	struct weir_inst w = { .tool = WEIR_INST_OWN,
		.marker = "[\"r\", \"f\", \"linux-64\"]",
		.tell = on_event,
		.stop = on_stop };
	const char *cache_key = NULL;
	VEC(const char *) dirs = { 0 };
	int c, status;

	signal(SIGINT, on_signal);
	while ((c = getopt(argc, argv, "rsotqyc:k:m:p:w:")) != -1)
		switch (c) {
		case 'r':
			w.recreate = true;
			break;
		case 's':
			w.run_scripts = true;
			break;
		case 'o':
			w.offline = true;
			break;
		case 't':
			w.tool = WEIR_INST_ANY;
			break;
		case 'q':
			quiet = true;
			break;
		case 'c':
			w.cache_get = weir_inst_cache_folder;
			w.arg = optarg;
			break;
		case 'y':
			pypi = true;
			break;
		case 'k':
			cache_key = optarg;
			break;
		case 'm':
			w.marker = optarg;
			break;
		case 'p':
			VEC_PUSH(&dirs, optarg);
			break;
		case 'w':
			w.lock_timeout_s = (int)strtol(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	if (argc - optind != 2 || !dirs.n)
		return 2;
	VEC_PUSH(&dirs, NULL);
	w.package_dirs = dirs.v;
	w.target = argv[optind];
	status = install(&w, argv[optind + 1], cache_key);
	VEC_FREE(&dirs);
	return status;
}
