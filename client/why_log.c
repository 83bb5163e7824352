/* The line of a log that says what was wrong, and the lines around it. */
#include "why_priv.h"

#include "weir/text.h"

enum {
	LOOK_MAX = 2000,      /* lines that may say it, from the first on */
	LOOK_LAST = 100,      /* and at the end */
	WORDS_MAX = 200000,   /* lines at the end that are searched for words */
	SUBLINES_MAX = 4000,  /* of a message */
	TRACE_MAX = 400,      /* lines of a log that a traceback may have */
	NEAR = 60,            /* lines of a log to find those around in */
	MESSAGE_MAX = 1 << 20 /* bytes of a message that are looked at */
};

/* A place in a log: line of it, line of its message. */
struct place {
	size_t line, sub;
};

struct look {
	struct weir_log_reader *log;
	const struct why_words *words;
	struct arena *arena;
	struct weir_why_cause *c;
	struct weir_err *err;
	const struct weir_id *only; /* lines of this task run (none: the flow's own);
				       NULL: all */
	enum why_worth worth;
	struct place at;
	struct buf clean; /* the message that is looked at */
	struct str *subs; /* its lines */
	size_t n_subs;
	size_t skip_to; /* lines before it belong to what was looked at */
};

static struct str
keep(struct arena *a, struct str s)
{
	while (s.len && (s.s[s.len - 1] == ' ' || s.s[s.len - 1] == '\r'))
		s.len--;
	s.len = text_clip(s, WEIR_WHY_TEXT_MAX);
	return (struct str){ arena_strndup(a, s.len ? s.s : "", s.len), s.len };
}

/* The message as lines without escape sequences. */
static void
split(struct look *k, struct str message)
{
	struct str rest, line;

	if (message.len > MESSAGE_MAX)
		message.len = MESSAGE_MAX;
	buf_clear(&k->clean);
	text_sanitize(&k->clean, message, TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS);
	rest = buf_str(&k->clean);
	k->n_subs = 0;
	while (k->n_subs < SUBLINES_MAX && why_line(&rest, &line))
		k->subs[k->n_subs++] = line;
}

/* An error that ends in a colon is told in the next line. */
static void
take(struct look *k, enum why_worth worth, struct place at, struct str text,
	struct str next)
{
	struct buf b = BUF_INIT(2 * WEIR_WHY_TEXT_MAX);

	text = why_trim(text);
	next = why_trim(next);
	buf_addstr(&b, text);
	if (text.len && text.s[text.len - 1] == ':' && next.len) {
		buf_addc(&b, ' ');
		buf_addstr(&b, next);
	}
	k->worth = worth;
	k->at = at;
	k->c->error = keep(k->arena, buf_str(&b));
	buf_release(&b);
}

static bool
better(const struct look *k, enum why_worth worth)
{
	return worth > k->worth || (worth == WHY_SYSTEM && k->worth == WHY_SYSTEM);
}

static void
offer(struct look *k, size_t line, size_t sub, int level)
{
	struct str next = sub + 1 < k->n_subs ? k->subs[sub + 1] : STR("");
	enum why_worth worth = why_worth(k->words, k->subs[sub], level);

	if (better(k, worth))
		take(k, worth, (struct place){ line, sub }, k->subs[sub], next);
}

/* The exception that a traceback ends with. */
static void
offer_exception(
	struct look *k, struct place at, struct str text, struct str next, int level)
{
	enum why_worth worth = why_worth(k->words, text, level);

	if (worth != WHY_WRAPPER && worth < WHY_SAYS)
		worth = level >= 40 ? WHY_PLAIN : WHY_SAYS;
	if (better(k, worth))
		take(k, worth, at, text, next);
}

/* A traceback that is lines of the log: they are joined to be read. */
static enum weir_rc
look_down(struct look *k, size_t line, const struct weir_id *task, int level)
{
	struct str lines[TRACE_MAX];
	size_t numbers[TRACE_MAX], n = 0, end, total = weir_log_n(k->log);
	struct arena arena = { 0 };
	struct weir_line l;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = line; i < total && i < line + TRACE_MAX; i++) {
		struct buf b = BUF_INIT(4096);

		rc = weir_log_get(k->log, i, &l, k->err);
		if (rc)
			break;
		if (weir_id_cmp(&l.task, task) == 0) {
			text_sanitize(&b, l.message, TEXT_EXPAND_TABS);
			lines[n].len = b.len;
			lines[n].s = arena_strndup(&arena, buf_cstr(&b), b.len);
			numbers[n++] = i;
		}
		buf_release(&b);
	}
	end = rc ? SIZE_MAX : why_traceback_end(lines, n, 0);
	if (end != SIZE_MAX) {
		offer_exception(k, (struct place){ numbers[end], 0 }, lines[end],
			end + 1 < n ? lines[end + 1] : STR(""), level);
		k->skip_to = numbers[end] + 1;
	}
	arena_free(&arena);
	return rc;
}

static enum weir_rc
look_at(struct look *k, size_t line)
{
	struct weir_line l;
	struct weir_id task;
	bool first = true;
	int level;
	enum weir_rc rc = weir_log_get(k->log, line, &l, k->err);

	if (rc || (k->only && weir_id_cmp(&l.task, k->only) != 0))
		return rc;
	level = l.level;
	task = l.task;
	split(k, l.message);
	for (size_t i = 0; level >= 40 && !k->c->exited && i < k->n_subs; i++)
		k->c->exited = why_exit_status(k->subs[i], &k->c->exit_status);
	for (size_t i = 0; i < k->n_subs; i++) {
		size_t end;

		if (!why_trim(k->subs[i]).len)
			continue;
		if (why_is_traceback(k->subs[i])) {
			if (k->n_subs == 1)
				return look_down(k, line, &task, level);
			end = why_traceback_end(k->subs, k->n_subs, i);
			if (end != SIZE_MAX)
				offer_exception(k, (struct place){ line, end },
					k->subs[end],
					end + 1 < k->n_subs ? k->subs[end + 1]
							    : STR(""),
					level);
			return WEIR_OK;
		}
		/* What more lines a message has counts only by its words. */
		if (first || why_worth(k->words, k->subs[i], level) > WHY_PLAIN)
			offer(k, line, i, level);
		else
			offer(k, line, i, 0);
		first = false;
	}
	return WEIR_OK;
}

/* Look at the lines that pass a filter until one says it all. */
static enum weir_rc
pass(struct look *k, const struct weir_log_filter *f, size_t from)
{
	size_t *lines = NULL, n = 0;
	enum weir_rc rc =
		weir_log_filter(k->log, f, from, SIZE_MAX, &lines, &n, k->err);

	k->skip_to = 0;
	for (size_t i = 0; !rc && i < n && k->worth < WHY_SAYS_40; i++) {
		if (i >= LOOK_MAX && i + LOOK_LAST < n)
			continue;
		if (lines[i] >= k->skip_to)
			rc = look_at(k, lines[i]);
	}
	free(lines);
	/* The log was made shorter under us. */
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

/* By level, then by words. */
static enum weir_rc
pass_both(struct look *k, const struct weir_id *only, int64_t since_us)
{
	struct weir_log_filter f = { .min_level = 40, .since_us = since_us };
	char id[WEIR_ID_TEXT + 1];
	size_t n = weir_log_n(k->log);
	enum weir_rc rc;

	k->only = only;
	if (only && !weir_id_is_null(only))
		f.task = weir_id_format(only, id);
	rc = pass(k, &f, 0);
	f.min_level = 0;
	f.match = k->words->any;
	if (!rc && k->worth < WHY_PLAIN)
		rc = pass(k, &f, n > WORDS_MAX ? n - WORDS_MAX : 0);
	return rc;
}

/* Its own lines; the flow's, when they say no more than that it ended; all. */
static enum weir_rc
passes(struct look *k, int64_t since_us)
{
	static const struct weir_id flow;
	enum weir_rc rc = pass_both(k, &k->c->task, since_us);

	if (!rc && k->worth <= WHY_WRAPPER && !weir_id_is_null(&k->c->task))
		rc = pass_both(k, &flow, since_us);
	/* What a signal ended did not say why in its tasks. */
	if (rc || k->worth >= WHY_WRAPPER ||
		(k->c->state == WEIR_ST_CRASHED && k->c->exited))
		return rc;
	return pass_both(k, NULL, since_us);
}

/* An error that ends in a colon may be told in the next line of the log. */
static enum weir_rc
complete(struct look *k)
{
	struct str error = k->c->error;
	struct weir_line l;
	struct weir_id task;
	struct buf b = BUF_INIT(2 * WEIR_WHY_TEXT_MAX);
	enum weir_rc rc;

	if (!error.len || error.s[error.len - 1] != ':' ||
		k->at.line + 1 >= weir_log_n(k->log))
		return WEIR_OK;
	rc = weir_log_get(k->log, k->at.line, &l, k->err);
	task = l.task;
	if (!rc)
		rc = weir_log_get(k->log, k->at.line + 1, &l, k->err);
	if (!rc && weir_id_cmp(&task, &l.task) == 0) {
		split(k, l.message);
		buf_addstr(&b, error);
		buf_addc(&b, ' ');
		if (k->n_subs)
			buf_addstr(&b, why_trim(k->subs[0]));
		k->c->error = keep(k->arena, buf_str(&b));
	}
	buf_release(&b);
	return rc;
}

/* ---- the lines around */

VEC_TYPE(near_vec, struct weir_why_line);

static void
add_near(struct look *k, struct near_vec *v, size_t line, const struct weir_line *l,
	bool here)
{
	struct weir_why_line w = { .line = line, .us = l->us, .level = l->level };
	size_t from = 0, to;

	split(k, l->message);
	to = k->n_subs;
	if (!here && line < k->at.line && to > WEIR_WHY_AROUND)
		from = to - WEIR_WHY_AROUND;
	else if (!here && to > WEIR_WHY_AROUND)
		to = WEIR_WHY_AROUND;
	if (here && k->at.sub > WEIR_WHY_AROUND)
		from = k->at.sub - WEIR_WHY_AROUND;
	if (here && to > k->at.sub + WEIR_WHY_AROUND + 1)
		to = k->at.sub + WEIR_WHY_AROUND + 1;
	for (size_t i = from; i < to; i++) {
		w.error = here && i == k->at.sub;
		w.text = keep(k->arena, k->subs[i]);
		if (w.text.len || w.error)
			VEC_PUSH(v, w);
	}
}

/* The lines around k->at; the last of the log when nothing says it. */
static enum weir_rc
read_around(struct look *k)
{
	size_t n = weir_log_n(k->log), error = SIZE_MAX, from, to;
	bool said = k->worth > WHY_NOTHING;
	struct near_vec v = { 0 };
	struct weir_line l;
	struct weir_id task;
	enum weir_rc rc;

	if (!said)
		k->at = (struct place){ n - 1, SIZE_MAX - 1 };
	rc = weir_log_get(k->log, k->at.line, &l, k->err);
	task = l.task;
	from = k->at.line > NEAR ? k->at.line - NEAR : 0;
	to = n - k->at.line > NEAR ? k->at.line + NEAR : n;
	for (size_t i = from; !rc && i < to; i++) {
		rc = weir_log_get(k->log, i, &l, k->err);
		if (!rc && weir_id_cmp(&l.task, &task) == 0)
			add_near(k, &v, i, &l, said && i == k->at.line);
	}
	for (size_t i = 0; i < v.n; i++) {
		if (v.v[i].error)
			error = i;
	}
	if (error == SIZE_MAX)
		error = v.n ? v.n - 1 : 0;
	from = error > WEIR_WHY_AROUND ? error - WEIR_WHY_AROUND : 0;
	for (size_t i = from; i < v.n && i <= error + WEIR_WHY_AROUND; i++)
		k->c->lines[k->c->n_lines++] = v.v[i];
	VEC_FREE(&v);
	return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

enum weir_rc
why_search_log(struct weir_store *s, const struct why_words *w, int64_t since_us,
	bool around, struct arena *arena, struct weir_why_cause *c,
	struct weir_err *err)
{
	struct look k = { .words = w, .arena = arena, .c = c, .err = err };
	enum weir_rc rc = weir_log_open(s, &c->run, &k.log, err);

	if (rc)
		return rc;
	buf_init(&k.clean, 4 * MESSAGE_MAX);
	k.subs = xcalloc(SUBLINES_MAX, sizeof(*k.subs));
	c->no_log = !weir_log_complete(k.log);
	if (weir_log_n(k.log))
		rc = passes(&k, since_us);
	if (!rc && k.worth > WHY_NOTHING)
		rc = complete(&k);
	c->in_log = k.worth > WHY_NOTHING;
	c->line = k.at.line;
	if (!rc && around && weir_log_n(k.log))
		rc = read_around(&k);
	free(k.subs);
	buf_release(&k.clean);
	weir_log_close(k.log);
	return rc;
}
