/* Which lines of a block pass a filter; blocks without any are skipped early. */
#include "logs_priv.h"
#include "weir/text.h"

struct str
logs_name(struct logs_names *names, const struct weir_id *task)
{
	struct str key = { (const char *)task->b, sizeof(task->b) };
	struct str name = { "", 0 };
	sqlite3_stmt *st = NULL;
	bool row = false;
	int64_t at;

	if (weir_id_is_null(task))
		return name;
	if (intern_find(&names->numbers, key, &at))
		return str_of(names->names.v[at]);
	if (db_get(&names->s->db, SQL_TASK_NAME, &st, NULL) == WEIR_OK) {
		db_bind_id(st, 1, task);
		if (db_step(&names->s->db, st, &row, NULL) == WEIR_OK && row)
			name = db_str(st, 0);
	}
	VEC_PUSH(&names->names, str_copy(name));
	intern_put(&names->numbers, key, (int64_t)names->names.n - 1);
	db_reset(st);
	return str_of(names->names.v[names->names.n - 1]);
}

void
logs_names_release(struct logs_names *names)
{
	for (size_t i = 0; i < names->names.n; i++)
		free(names->names.v[i]);
	VEC_FREE(&names->names);
	intern_clear(&names->numbers);
}

static struct str
keep(struct arena *a, struct str s)
{
	return (struct str){ arena_strndup(a, s.s ? s.s : "", s.len), s.len };
}

enum weir_rc
logs_read_block(struct weir_store *s, int64_t k, const struct weir_id *run,
	struct logs_block *block, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	struct str lines = { NULL, 0 };
	bool row = false;
	enum weir_rc rc = db_get(&s->db, SQL_LOG_BLOCK_TEXT, &st, err);

	if (rc)
		return rc;
	block->k = 0;
	arena_clear(&block->arena);
	sqlite3_bind_int64(st, 1, k);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row) {
		block->text = keep(&block->arena, db_str(st, 0));
		lines = keep(&block->arena, db_str(st, 1));
	}
	db_reset(st);
	if (!rc && !row)
		return weir_fail(err, WEIR_ENOTFOUND, "a block of a log was rewritten");
	if (!rc)
		rc = logblock_decode(run, lines, block->text, (struct str){ NULL, 0 },
			&block->arena, &block->b, err);
	if (!rc)
		block->k = k;
	return rc;
}

void
logs_filter_init(struct logs_filter *lf, const struct weir_log_filter *f)
{
	lf->f = *f;
	lf->needle.n = 0;
	lf->whole = false;
	if (!f->match || f->invert)
		return;
	grams_needle(&lf->needle, weir_match_literal(f->match),
		weir_match_caseless(f->match));
	lf->whole = !weir_match_crosses_lines(f->match);
}

bool
logs_filter_block(const struct logs_filter *lf, int64_t from_us, int64_t to_us,
	uint32_t levels, struct str grams)
{
	const struct weir_log_filter *f = &lf->f;

	if (f->min_level > 0 && !(levels >> logblock_level_bit(f->min_level)))
		return false;
	if ((f->since_us && to_us < f->since_us) ||
		(f->until_us && from_us > f->until_us))
		return false;
	return grams_may_contain(grams, &lf->needle);
}

/* Then what is looked for may lie in pieces, with colours between them. */
static bool
has_escapes(struct str text)
{
	return text.len && memchr(text.s, 0x1b, text.len);
}

struct str
logs_plain(struct str message, struct buf *scratch)
{
	if (!has_escapes(message))
		return message;
	buf_clear(scratch);
	text_sanitize(scratch, message, TEXT_KEEP_NEWLINE);
	return buf_str(scratch);
}

bool
logs_filter_text(const struct logs_filter *lf, struct str text)
{
	size_t start, end;

	if (!lf->whole || has_escapes(text))
		return true;
	return weir_match_find(lf->f.match, text, 0, &start, &end) ||
	       weir_match_gave_up(lf->f.match);
}

/* Its name, its name without the number behind it, or the beginning of its id. */
static bool
is_task(const struct weir_log_filter *f, struct logs_names *names,
	const struct weir_id *task)
{
	struct str name = logs_name(names, task);
	struct weir_id low, high;
	size_t n = strlen(f->task);

	if (weir_id_is_null(task))
		return false;
	if (str_starts(name, f->task) && (name.len == n || name.s[n] == '-'))
		return true;
	return n >= 4 && weir_id_parse_prefix(str_of(f->task), &low, &high) &&
	       weir_id_cmp(task, &low) >= 0 && weir_id_cmp(task, &high) <= 0;
}

bool
weir_log_of(const char *loggers, struct str name)
{
	const char *p = loggers;
	bool others = *p == '!', found = false;

	for (p += others; !found && *p; p += strcspn(p, ",")) {
		size_t n;

		p += *p == ',';
		n = strcspn(p, ",");
		found = n == name.len && memcmp(p, name.s ? name.s : "", n) == 0;
	}
	return found != others;
}

static bool
passes(const struct weir_log_filter *f, const struct weir_log *l,
	struct logs_names *names, struct buf *scratch)
{
	struct str text;

	if (f->min_level > 0 && l->level < f->min_level)
		return false;
	if ((f->since_us && l->timestamp_us < f->since_us) ||
		(f->until_us && l->timestamp_us > f->until_us))
		return false;
	if (f->loggers && !weir_log_of(f->loggers, l->name))
		return false;
	if (f->task && !is_task(f, names, &l->task_run_id))
		return false;
	if (!f->match && f->n_also == 0)
		return true;
	text = logs_plain(l->message, scratch);
	if (f->match && weir_match_test(f->match, text) == f->invert)
		return false;
	for (size_t i = 0; i < f->n_also; i++) {
		if (weir_match_test(f->also[i].match, text) == f->also[i].invert)
			return false;
	}
	return true;
}

/* The line that byte `at` of the text belongs to, searched from line `from` on. */
static size_t
line_at(const struct logs_block *block, size_t from, size_t at)
{
	const char *p = block->text.s + at;
	size_t lo = from, hi = block->b.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct str *m = &block->b.lines[mid].message;

		if (m->s + m->len < p)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * The next line that may pass. The pattern runs over the whole text as long as it keeps
 * to its limits there; then the line alone decides.
 */
static size_t
next_line(const struct logs_filter *lf, const struct logs_block *block, size_t i,
	bool escapes)
{
	size_t start, end;
	size_t at = (size_t)(block->b.lines[i].message.s - block->text.s);

	if (!lf->whole || escapes)
		return i;
	if (weir_match_find(lf->f.match, block->text, at, &start, &end))
		return line_at(block, i, start);
	return weir_match_gave_up(lf->f.match) ? i : block->b.n;
}

bool
logs_filter_lines(const struct logs_filter *lf, const struct logs_block *block,
	size_t from, struct logs_names *names, logs_hit *hit, void *arg)
{
	bool escapes = has_escapes(block->text), more = true;
	struct buf scratch = BUF_INIT(BUF_MAX);

	for (size_t i = from; more && i < block->b.n; i++) {
		i = next_line(lf, block, i, escapes);
		if (i < block->b.n &&
			passes(&lf->f, &block->b.lines[i], names, &scratch))
			more = hit(arg, i);
	}
	buf_release(&scratch);
	return more;
}

void
logs_fill_line(struct weir_line *line, const struct logs_block *block, size_t i,
	struct logs_names *names)
{
	const struct weir_log *l = &block->b.lines[i];

	*line = (struct weir_line){ .us = l->timestamp_us,
		.level = l->level,
		.run = l->flow_run_id,
		.task = l->task_run_id,
		.logger = l->name.s ? l->name : STR(""),
		.task_name = logs_name(names, &l->task_run_id),
		.message = l->message };
}
