/* weir logs: a run's log, followed, searched, exported; or the logs of many runs. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/beside.h>
#include <weir/select.h>
#include <weir/sync.h>
#include <weir/text.h>

#include "logs_cmd.h"
#include "tui.h"

static const struct {
	const char *name;
	int level;
} levels[] = {
	{ "debug", 10 },
	{ "info", 20 },
	{ "warning", 30 },
	{ "error", 40 },
	{ "critical", 50 },
};

static enum weir_rc
parse_time(const char *option, const char *text, int64_t *ret_us, struct weir_err *err)
{
	if (!text || weir_time_parse_human(str_of(text), weir_now_us(), ret_us))
		return WEIR_OK;
	(void)weir_fail(
		err, WEIR_EUSAGE, "logs: --%s: '%s' is not a time", option, text);
	return weir_hint(err, "--%s 20m, --%s 14:02, --%s 2026-11-21T14:02:00Z", option,
		option, option);
}

static enum weir_rc
make_match(struct logs_job *j)
{
	const struct logs_args *a = j->args;
	char *text;
	enum weir_rc rc;

	if (!a->grep)
		return WEIR_OK;
	text = xasprintf("%s%s", a->ignore_case ? "(?i)" : "", a->grep);
	rc = weir_match_new(WEIR_MATCH_REGEX, str_of(text), &j->match, j->ctx->err);
	free(text);
	if (rc)
		return weir_prefix(j->ctx->err, "logs: --grep");
	j->filter.match = j->match;
	return WEIR_OK;
}

static enum weir_rc
make_filter(struct logs_job *j)
{
	const struct logs_args *a = j->args;
	enum weir_rc rc;

	for (size_t i = 0; a->level && i < N_ELEM(levels); i++)
		if (strcmp(levels[i].name, a->level) == 0)
			j->filter.min_level = levels[i].level;
	j->filter.task = a->task;
	j->filter.loggers = a->logger;
	j->filter.invert = a->invert;
	rc = parse_time("since", a->since, &j->filter.since_us, j->ctx->err);
	if (!rc)
		rc = parse_time("until", a->until, &j->filter.until_us, j->ctx->err);
	return rc ? rc : make_match(j);
}

static enum weir_rc
check_args(const struct ctx *ctx, const struct logs_args *a)
{
	static const struct {
		const char *text, *hint;
	} wrong[] = {
		{ "needs the id or name of a run, or --runs QUERY",
			"weir logs @latest" },
		{ "either a run or --runs QUERY", "weir logs --runs QUERY" },
		{ "--follow needs a run", "weir logs -f ID" },
		{ "--tree needs a run", "weir logs --tree ID" },
		{ "-C does not go with --follow", "weir logs -C 3 --grep RE ID" },
		{ "--invert and --ignore-case need --grep",
			"weir logs -v --grep RE ID" },
		{ "--offline and --follow exclude each other", "weir logs -f ID" },
	};
	const bool is[] = {
		!a->runs && ctx->n_words == 0,
		a->runs && ctx->n_words > 0,
		a->runs && a->follow,
		a->runs && a->tree,
		a->follow && a->context > 0,
		(a->invert || a->ignore_case) && !a->grep,
		a->follow && ctx->g.offline,
	};

	for (size_t i = 0; i < N_ELEM(is); i++) {
		if (!is[i])
			continue;
		(void)weir_fail(ctx->err, WEIR_EUSAGE, "logs: %s", wrong[i].text);
		return weir_hint(ctx->err, "%s", wrong[i].hint);
	}
	return WEIR_OK;
}

static enum logs_form
find_form(const struct ctx *ctx, const struct logs_args *a)
{
	if (a->output && strcmp(a->output, "ndjson") == 0)
		return LOGS_NDJSON;
	return ctx->tty_out && !a->file ? LOGS_PEOPLE : LOGS_RAW;
}

/* Is there anything to show of the sources? */
static bool
have_any(struct logs_job *j)
{
	for (size_t i = 0; i < j->sources.n; i++) {
		struct weir_log_reader *log;
		struct weir_err err;
		bool any;

		if (weir_log_open(j->store, &j->sources.v[i].id, &log, &err))
			continue;
		any = weir_log_n(log) > 0 || weir_log_complete(log);
		weir_log_close(log);
		if (any)
			return true;
	}
	return false;
}

static bool
is_complete(struct logs_job *j, const struct weir_id *run)
{
	struct weir_log_reader *log;
	struct weir_err err;
	bool complete;

	if (weir_log_open(j->store, run, &log, &err))
		return false;
	complete = weir_log_complete(log);
	weir_log_close(log);
	return complete;
}

/* Ask for what is missing of each source, however long; not so a server that is away.
 */
static enum weir_rc
fetch(struct logs_job *j)
{
	struct weir_sync_options o = { .since_us = WEIR_NO_TIME,
		.budget_ms =
			j->ctx->away && have_any(j) ? ctx_patience_ms(j->ctx) : 0 };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < j->sources.n; i++) {
		struct logs_source *s = &j->sources.v[i];

		/* What Metaflow has lies on this machine. */
		if (j->ctx->g.offline && !weir_is_metaflow(j->store, &s->id))
			continue;
		if (j->ctx->away && is_complete(j, &s->id))
			continue;
		rc = weir_sync_logs(
			j->ctx->session, &s->id, &o, &s->ended, j->ctx->err);
		ctx_notes(j->ctx, weir_session_metaflow_said(j->ctx->session));
	}
	return rc;
}

/* `Flow/run/step/task` is no run, but lines of one. */
static void
hint_task(struct ctx *ctx, const char *word)
{
	const char *run = strchr(word, '/'), *task = run ? strchr(run + 1, '/') : NULL;
	enum weir_kind kind;
	struct weir_err err;
	struct weir_store *store;
	struct weir_id id;
	int64_t key;

	if (!task || ctx_store(ctx, &store) ||
		weir_resolve(store, 1u << WEIR_TASK_RUN, word, &kind, &id, &key, &err))
		return;
	weir_hint(ctx->err, "weir logs %.*s --task %s", (int)(task - word), word,
		task + 1);
}

static enum weir_rc
find_roots(struct logs_job *j)
{
	enum weir_kind kind;
	enum weir_rc rc = WEIR_OK;

	j->roots = xcalloc(j->ctx->n_words, sizeof(*j->roots));
	for (size_t i = 0; !rc && i < j->ctx->n_words; i++)
		rc = ctx_resolve(j->ctx, 1u << WEIR_RUN, j->ctx->words[i], &kind,
			&j->roots[j->n_roots++], NULL);
	if (rc == WEIR_ENOTFOUND)
		hint_task(j->ctx, j->ctx->words[j->n_roots - 1]);
	return rc;
}

static enum weir_rc
named_runs(struct logs_job *j)
{
	bool offline = j->ctx->g.offline;
	struct weir_err why;
	enum weir_rc rc, fetched = WEIR_OK;

	rc = find_roots(j);
	if (rc)
		return rc;
	j->printer.many = j->args->tree || j->n_roots > 1;
	if (j->args->follow)
		return logs_follow(j);
	rc = logs_collect(j, !offline);
	if (!rc)
		rc = ctx_store(j->ctx, &j->store);
	if (!rc)
		fetched = fetch(j);
	if (rc || fetched == WEIR_EINTR)
		return rc ? rc : fetched;
	why = *j->ctx->err;
	rc = ctx_store(j->ctx, &j->store);
	if (rc)
		return rc;
	if (!have_any(j)) {
		if (!fetched && !offline)
			return WEIR_OK;
		*j->ctx->err = why;
		if (fetched)
			return fetched;
		(void)weir_fail(j->ctx->err, WEIR_ENET,
			"logs: the log of '%s' was not fetched yet", j->ctx->words[0]);
		return weir_hint(j->ctx->err, "weir logs %s", j->ctx->words[0]);
	}
	if (fetched && !j->ctx->away) /* else the age of the data was told */
		ctx_note(j->ctx, "the log may lack its end: %s", why.text);
	return logs_once(j);
}

/* The file beside FILE that becomes it. */
static enum weir_rc
open_file(struct logs_job *j, char **ret_temp, int *ret_fd)
{
	const char *file = j->args->file;
	struct stat st;
	mode_t mask = umask(0);

	umask(mask);
	if (!j->args->force && lstat(file, &st) == 0) {
		(void)weir_fail(j->ctx->err, WEIR_EFAIL, "logs: '%s' exists", file);
		return weir_hint(j->ctx->err, "another name, or --force");
	}
	*ret_temp = xasprintf("%s.XXXXXX", file);
	*ret_fd = mkstemp(*ret_temp);
	if (*ret_fd < 0) {
		free(*ret_temp);
		*ret_temp = NULL;
		return weir_fail(j->ctx->err, WEIR_EFAIL, "logs: '%s': %s", file,
			strerror(errno));
	}
	fchmod(*ret_fd, 0666 & ~mask);
	return WEIR_OK;
}

/* link refuses an existing name, rename does not. */
static enum weir_rc
finish_file(struct logs_job *j, const char *temp, int fd, enum weir_rc rc)
{
	const char *file = j->args->file;
	int failed = 0;

	if (!rc && fsync(fd) && errno != EINVAL)
		failed = errno;
	if (close(fd) && !failed)
		failed = errno;
	if (!rc && !failed && j->args->force)
		failed = rename(temp, file) ? errno : 0;
	else if (!rc && !failed)
		failed = link(temp, file) ? errno : 0;
	if (rc || failed || !j->args->force)
		unlink(temp);
	if (rc == WEIR_EFAIL)
		(void)weir_prefix(j->ctx->err, "logs: '%s'", file);
	if (!rc && failed)
		rc = weir_fail(j->ctx->err, WEIR_EFAIL, "logs: '%s': %s", file,
			strerror(failed));
	return rc;
}

static enum weir_rc
run_job(struct logs_job *j)
{
	bool page = !j->args->follow;
	char *temp = NULL;
	int fd = -1;
	enum weir_rc rc = WEIR_OK;

	if (j->args->file)
		rc = open_file(j, &temp, &fd);
	if (rc)
		return rc;
	logs_printer_init(&j->printer, j->ctx, find_form(j->ctx, j->args), page, fd);
	j->printer.timestamps = j->args->timestamps;
	j->printer.highlight = j->args->invert ? NULL : j->match;
	rc = j->args->runs ? logs_search(j) : named_runs(j);
	rc = sink_close(&j->printer.sink, rc);
	logs_printer_release(&j->printer);
	if (temp)
		rc = finish_file(j, temp, fd, rc);
	free(temp);
	if (!rc && j->match && j->printer.n == 0) {
		/* as grep: nothing was found, nothing is said */
		(void)weir_fail(j->ctx->err, WEIR_ENOTFOUND, "%s", "");
		return WEIR_ENOTFOUND;
	}
	if (!rc && j->args->task && j->args->n != 0 && j->printer.n == 0)
		ctx_note(j->ctx, "logs: of a task '%s' there is no such line",
			j->args->task);
	return rc;
}

static enum weir_rc
logs_run(struct ctx *ctx)
{
	struct logs_job j = { .ctx = ctx, .args = ctx->args };
	enum weir_rc rc = check_args(ctx, j.args);

	if (!rc)
		rc = make_filter(&j);
	if (!rc && !j.args->runs)
		rc = ctx_refresh(ctx);
	if (!rc)
		rc = run_job(&j);
	logs_release_sources(&j);
	free(j.roots);
	weir_match_free(j.match);
	return rc;
}

static const struct logs_args init = { .n = -1 };

/* The pager of the menu: for one run's whole log. */
static bool
logs_menu(struct ctx *ctx, struct tui_start *start)
{
	const struct logs_args *a = ctx->args;
	struct logs_args other = *a;
	struct weir_view *v = &start->view;

	other.level = other.grep = other.task = other.logger = NULL;
	struct buf ids = BUF_INIT(BUF_MAX);

	if (ctx->n_words < 1 || memcmp(&other, &init, sizeof(init)) != 0)
		return false;
	v->show = WEIR_SHOW_LOG;
	for (size_t i = 0; i < ctx->n_words; i++)
		buf_addf(&ids, "%s%s", i ? "\n" : "", ctx->words[i]);
	v->id = buf_steal(&ids);
	v->level = a->level ? xstrdup(a->level) : NULL;
	v->grep = a->grep ? xstrdup(a->grep) : NULL;
	v->task = a->task ? xstrdup(a->task) : NULL;
	v->logger = a->logger ? xstrdup(a->logger) : NULL;
	return true;
}

#define A(name) offsetof(struct logs_args, name)

/* clang-format off */
static const struct opt opts[] = {
	{ "follow", 'f', OPT_FLAG, A(follow), NULL, NULL,
	  "go on with what comes, until the run ends" },
	{ "level", 'l', OPT_STRING, A(level), "LEVEL",
	  "debug|info|warning|error|critical", "only lines of this level and above" },
	{ "grep", 'g', OPT_STRING, A(grep), "RE", NULL,
	  "only lines that match; exit 1 when none does" },
	{ "context", 'C', OPT_INT, A(context), "N", NULL,
	  "and N lines around each" },
	{ "ignore-case", 'i', OPT_FLAG, A(ignore_case), NULL, NULL,
	  "--grep ignores case, in a pattern with upper-case letters too" },
	{ "invert", 'v', OPT_FLAG, A(invert), NULL, NULL,
	  "only lines that do not match" },
	{ "since", 0, OPT_STRING, A(since), "TIME", NULL,
	  "only lines since then: 20m, 14:02, 2026-11-21" },
	{ "until", 0, OPT_STRING, A(until), "TIME", NULL,
	  "only lines until then" },
	{ "task", 't', OPT_STRING, A(task), "TASK", NULL,
	  "only lines of this task run: its name or id" },
	{ "logger", 0, OPT_STRING, A(logger), "NAME,...", NULL,
	  "only lines of these loggers; !NAME,...: of all others" },
	{ "number", 'n', OPT_INT, A(n), "N", NULL,
	  "only the last N lines; with --runs the first N" },
	{ "tree", 0, OPT_FLAG, A(tree), NULL, NULL,
	  "the runs below it too, by time" },
	{ "runs", 0, OPT_STRING, A(runs), "QUERY", "@query",
	  "the logs of all runs that match" },
	{ "timestamps", 0, OPT_FLAG, A(timestamps), NULL, NULL,
	  "time, level and task before each line of a pipe or file" },
	{ "output", 'o', OPT_STRING, A(output), "FORM", "text|ndjson",
	  "form of the output" },
	{ "output-file", 0, OPT_STRING, A(file), "FILE", "@files",
	  "write to FILE, which must not exist" },
	{ "force", 0, OPT_FLAG, A(force), NULL, NULL,
	  "replace FILE" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_logs = {
	.name = "logs",
	.summary = "print, follow and search logs",
	.usage = "[ID...]",
	.words = "@runs",
	.max_words = LOGS_ROOTS_MAX,
	.opts = opts,
	.args_size = sizeof(init),
	.args_init = &init,
	.menu = logs_menu,
	.run = logs_run,
};
