/* weir history: what was done with weir, and how it ended. */
#include "cmd.h"

#include <strings.h>

#include <weir/cell.h>
#include <weir/journal.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "acts.h"
#include "out.h"

enum { HISTORY_ROWS = 50 };

struct args {
	const char *output, *action, *result, *since;
	int64_t n, resend; /* -1: not given */
	bool header;
};

enum {
	COL_NUMBER,
	COL_AT,
	COL_VERB,
	COL_STATE,
	COL_KIND,
	COL_OBJECT,
	COL_NAME,
	COL_SAID,
	COL_MADE,
	COL_REVERSE,
	COL_WHO,
	COL_PROFILE,
	COL_SERVER,
	COL_KEY,
	COL_PATH,
	COL_BODY,
	COL_ANSWERED,
	COL_ANSWER,
	COL_N
};

/* clang-format off */
static const struct weir_column columns[COL_N] = {
	[COL_NUMBER] = { .name = "number", .title = "NO", .type = WEIR_T_INT,
		.flags = WEIR_COL_RIGHT, .min = 2, .max = 6 },
	[COL_AT] = { .name = "time", .title = "WHEN", .type = WEIR_T_TIME,
		.min = 9, .max = 10 },
	[COL_VERB] = { .name = "action", .title = "ACTION", .type = WEIR_T_TEXT,
		.min = 6, .max = 9 },
	[COL_STATE] = { .name = "result", .title = "RESULT", .type = WEIR_T_TEXT,
		.min = 7, .max = 10 },
	[COL_KIND] = { .name = "kind", .title = "KIND", .type = WEIR_T_TEXT, .min = 4 },
	[COL_OBJECT] = { .name = "id", .title = "ID", .type = WEIR_T_ID, .min = 36 },
	[COL_NAME] = { .name = "name", .title = "NAME", .type = WEIR_T_TEXT,
		.min = 8, .max = 20 },
	[COL_SAID] = { .name = "message", .title = "MESSAGE", .type = WEIR_T_TEXT,
		.min = 10 },
	[COL_MADE] = { .name = "new_id", .title = "NEW ID", .type = WEIR_T_ID, .min = 36 },
	[COL_REVERSE] = { .name = "reverse", .title = "REVERSE", .type = WEIR_T_TEXT,
		.min = 10 },
	[COL_WHO] = { .name = "who", .title = "WHO", .type = WEIR_T_TEXT, .min = 8 },
	[COL_PROFILE] = { .name = "profile", .title = "PROFILE", .type = WEIR_T_TEXT,
		.min = 7 },
	[COL_SERVER] = { .name = "server", .title = "SERVER", .type = WEIR_T_TEXT,
		.min = 10 },
	[COL_KEY] = { .name = "key", .title = "KEY", .type = WEIR_T_TEXT, .min = 10 },
	[COL_PATH] = { .name = "path", .title = "PATH", .type = WEIR_T_TEXT, .min = 10 },
	[COL_BODY] = { .name = "body", .title = "BODY", .type = WEIR_T_JSON, .min = 10 },
	[COL_ANSWERED] = { .name = "answered", .title = "ANSWERED", .type = WEIR_T_TIME,
		.min = 9 },
	[COL_ANSWER] = { .name = "answer", .title = "ANSWER", .type = WEIR_T_TEXT,
		.min = 10 },
};
/* clang-format on */

static const int in_table[] = { COL_NUMBER, COL_AT, COL_VERB, COL_STATE, COL_NAME,
	COL_SAID };
static const int in_pipe[] = { COL_NUMBER, COL_AT, COL_VERB, COL_STATE, COL_OBJECT,
	COL_NAME, COL_SAID, COL_MADE, COL_REVERSE, COL_WHO };

struct print {
	struct out out;
	const struct weir_column *columns[COL_N];
	int which[COL_N];
	size_t n;
	const struct args *args;
	struct ctx *ctx;
	int64_t since_us; /* WEIR_NO_TIME: all */
	size_t most;      /* rows; 0: all */
	bool name;        /* ids only */
	enum weir_rc rc;
	size_t rows;
};

static void
choose(struct print *p, enum out_form form)
{
	static const int name[] = { COL_OBJECT };
	const int *from = in_pipe;

	p->n = N_ELEM(in_pipe);
	if (form == OUT_TABLE) {
		from = in_table;
		p->n = N_ELEM(in_table);
	} else if (form == OUT_NAME) {
		from = name;
		p->n = N_ELEM(name);
	} else if (form == OUT_JSON || form == OUT_NDJSON) {
		from = NULL;
		p->n = COL_N;
	}
	for (size_t i = 0; i < p->n; i++) {
		p->which[i] = from ? from[i] : (int)i;
		p->columns[i] = &columns[p->which[i]];
	}
}

static struct weir_cell
text(const char *s)
{
	return (struct weir_cell){ .type = WEIR_T_TEXT, .s = str_of(s), .null = !*s };
}

static struct weir_cell
when(int64_t us)
{
	return (struct weir_cell){
		.type = WEIR_T_TIME, .i = us, .null = us == WEIR_NO_TIME
	};
}

static struct weir_cell
id(const struct weir_id *value)
{
	return (struct weir_cell){
		.type = WEIR_T_ID, .id = *value, .null = weir_id_is_null(value)
	};
}

/* Is it one of `a,b`? NULL: any is. */
static bool
is_among(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncasecmp(p, word, n) && (p[n] == ',' || !p[n]))
			return true;
	return !list;
}

/* Each word is in its name, its message or one of its ids. */
static bool
has_words(const struct ctx *ctx, const struct weir_deed *d)
{
	char object[WEIR_ID_TEXT + 1], made[WEIR_ID_TEXT + 1];

	weir_id_format(&d->object, object);
	weir_id_format(&d->made, made);
	for (size_t i = 0; i < ctx->n_words; i++) {
		const char *w = ctx->words[i];

		if (!strstr(d->name, w) && !strstr(d->said, w) && !strstr(object, w) &&
			!strstr(made, w) && strcmp(d->who, w) != 0)
			return false;
	}
	return true;
}

static bool
passes(const struct print *p, const struct weir_deed *d)
{
	return is_among(p->args->action, d->verb) &&
	       is_among(p->args->result, weir_deed_state_name(d->state)) &&
	       (p->since_us == WEIR_NO_TIME || d->at_us >= p->since_us) &&
	       has_words(p->ctx, d);
}

static bool
put(void *arg, const struct weir_deed *d)
{
	struct print *p = arg;
	const struct weir_cell *row[COL_N];
	struct weir_cell cells[COL_N] = {
		[COL_NUMBER] = { .type = WEIR_T_INT, .i = d->number },
		[COL_AT] = when(d->at_us),
		[COL_VERB] = text(d->verb),
		[COL_STATE] = text(weir_deed_state_name(d->state)),
		[COL_KIND] = text(weir_kind_name(d->kind)),
		[COL_OBJECT] = id(&d->object),
		[COL_NAME] = text(d->name),
		[COL_SAID] = text(d->said),
		[COL_MADE] = id(&d->made),
		[COL_REVERSE] = text(d->reverse),
		[COL_WHO] = text(d->who),
		[COL_PROFILE] = text(d->profile),
		[COL_SERVER] = text(d->server),
		[COL_KEY] = text(d->key),
		[COL_PATH] = text(d->path),
		[COL_BODY] = text(d->body),
		[COL_ANSWERED] = when(d->answered_us),
		[COL_ANSWER] = text(d->answer),
	};

	if (!passes(p, d))
		return p->since_us == WEIR_NO_TIME || d->at_us >= p->since_us;
	cells[COL_BODY].type = WEIR_T_JSON;
	for (size_t i = 0; i < p->n; i++)
		row[i] = &cells[p->which[i]];
	p->rc = out_row(&p->out, row);
	p->rows++;
	return !p->rc && !p->out.sink.gone && (!p->most || p->rows < p->most);
}

static enum weir_rc
read_since(struct ctx *ctx, const struct args *args, int64_t *ret_us)
{
	int64_t span;

	*ret_us = WEIR_NO_TIME;
	if (!args->since)
		return WEIR_OK;
	if (weir_duration_parse(str_of(args->since), &span)) {
		*ret_us = weir_now_us() - span;
		return WEIR_OK;
	}
	if (weir_time_parse(str_of(args->since), ret_us))
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"history: --since '%s': neither a duration such as 2d nor a time",
		args->since);
	return weir_hint(ctx->err, "weir history --since 2d");
}

/* Each word of `a,b` is one of those; NULL is good. */
static enum weir_rc
check_list(struct ctx *ctx, const char *option, const char *list,
	const char *const *names, size_t n_names)
{
	char word[32];
	size_t n;

	for (const char *p = list; p; p = p[n] ? p + n + 1 : NULL) {
		bool known = false;
		const char *near;

		n = strcspn(p, ",");
		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		for (size_t i = 0; i < n_names; i++)
			known = known || strcasecmp(word, names[i]) == 0;
		if (known)
			continue;
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"history: --%s: '%s' is none: man weir-history names them",
			option, word);
		near = text_nearest(str_of(word), names, n_names);
		if (near)
			weir_hint(ctx->err, "weir history --%s '%s'", option, near);
		return WEIR_EUSAGE;
	}
	return WEIR_OK;
}

static enum weir_rc
check_args(struct ctx *ctx)
{
	static const char *const actions[] = { "cancel", "retrigger", "trigger",
		"resume", "pause", "unpause", "create", "set", "delete", "register",
		"remove", "select", "undo" };
	const struct args *args = ctx->args;
	const char *results[WEIR_DEED_N];
	enum weir_rc rc;

	for (int i = 0; i < WEIR_DEED_N; i++)
		results[i] = weir_deed_state_name((enum weir_deed_state)i);
	rc = check_list(ctx, "action", args->action, actions, N_ELEM(actions));
	return rc ? rc : check_list(ctx, "result", args->result, results, WEIR_DEED_N);
}

/* state NULL: there is none. */
static enum weir_rc
print(struct ctx *ctx, struct weir_statedb *state)
{
	const struct args *args = ctx->args;
	enum out_form form = out_form(ctx, args->output);
	struct print p = { .rc = WEIR_OK, .args = args, .ctx = ctx };
	struct out_spec spec = { .form = form, .header = args->header };
	enum weir_rc rc = WEIR_OK;

	p.most = args->n < 0 ? HISTORY_ROWS : (size_t)args->n;
	rc = read_since(ctx, args, &p.since_us);
	if (rc)
		return rc;
	choose(&p, form);
	spec.columns = p.columns;
	spec.n_columns = p.n;
	out_open(&p.out, ctx, &spec);
	if (state)
		rc = weir_journal_each(state, 0, put, &p, ctx->err);
	rc = out_close(&p.out, rc ? rc : p.rc);
	if (!rc && !p.rows && form == OUT_TABLE)
		ctx_note(ctx, state ? "nothing that was done matches"
				    : "nothing was done yet");
	return rc;
}

static enum weir_rc
run(struct ctx *ctx)
{
	const struct args *args = ctx->args;
	struct weir_act_result result;
	struct weir_statedb *state = NULL;
	enum weir_rc rc = check_args(ctx);

	if (rc)
		return rc;
	if (args->resend >= 0 && ctx->g.offline)
		return weir_fail(
			ctx->err, WEIR_ENET, "history: --offline: no server is asked");
	if (args->resend >= 0) {
		(void)weir_act_resend(ctx->session, args->resend, &result);
		return acts_print_one(ctx, "history", &result);
	}
	acts_settle(ctx);
	rc = weir_session_state(ctx->session, false, &state, ctx->err);
	if (rc == WEIR_ENOTFOUND)
		state = NULL; /* nothing was done yet */
	else if (rc)
		return rc;
	return print(ctx, state);
}

/* clang-format off */
static const struct args defaults = { .n = -1, .resend = -1 };
static const struct opt opts[] = {
	{ "number", 'n', OPT_INT, offsetof(struct args, n), "N",
	  NULL, "at most N rows, 0 for all; 50 unless told" },
	{ "output", 'o', OPT_STRING, offsetof(struct args, output), "FORM",
	  OUT_FORMS, "form of the output" },
	{ "header", 0, OPT_FLAG, offsetof(struct args, header), NULL,
	  NULL, "begin tsv and csv with the names of the columns" },
	{ "action", 0, OPT_STRING, offsetof(struct args, action), "ACTION",
	  NULL, "only these: cancel,retrigger,trigger,pause,..." },
	{ "result", 0, OPT_STRING, offsetof(struct args, result), "RESULT",
	  NULL, "only these: done,refused,failed,unanswered,\"not known\"" },
	{ "since", 0, OPT_STRING, offsetof(struct args, since), "TIME",
	  NULL, "only what was done since: 2d, or a time" },
	{ "resend", 0, OPT_INT, offsetof(struct args, resend), "NO",
	  NULL, "send action NO, which had no answer, once more" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_history = {
	.name = "history",
	.summary = "what was done with weir, and how it ended",
	.usage = "[WORD...]",
	.max_words = -1,
	.opts = opts,
	.args_size = sizeof(defaults),
	.args_init = &defaults,
	.run = run,
};
