#include "logblock.h"

#include "grams.h"
#include "weir/text.h"

enum { FORMAT = 1, F_LEVEL = 1, F_LOGGER = 2, F_TASK = 4, F_ALL = 7 };
enum { FIRST_LEVEL = 20 };

int
logblock_level_bit(int level)
{
	int bit = level / 10;

	return bit < 0 ? 0 : bit > 31 ? 31 : bit;
}

int
logblock_cmp(const struct weir_log *a, const struct weir_log *b)
{
	if (a->timestamp_us != b->timestamp_us)
		return a->timestamp_us < b->timestamp_us ? -1 : 1;
	if (a->created_us != b->created_us)
		return a->created_us < b->created_us ? -1 : 1;
	return weir_id_cmp(&a->id, &b->id);
}

size_t
logblock_take(const struct weir_log *lines, size_t n)
{
	size_t bytes = 0, i;

	for (i = 0; i < n && i < LOGBLOCK_LINES; i++) {
		bytes += lines[i].message.len + 1;
		if (i && bytes > LOGBLOCK_TEXT)
			break;
	}
	return i;
}

static void
add_varint(struct buf *b, uint64_t v)
{
	char c[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		c[n++] = (char)(v | 0x80);
	c[n++] = (char)v;
	buf_add(b, c, n);
}

static uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

/* The difference a - b of times, which wraps instead of overflowing. */
static int64_t
wrapping_sub(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static void
add_le64(struct buf *b, int64_t v)
{
	char c[8];

	for (int i = 0; i < 8; i++)
		c[i] = (char)((uint64_t)v >> 8 * i);
	buf_add(b, c, sizeof(c));
}

/* The loggers and tasks of one block, numbered from 1. */
struct dict {
	VEC(struct str) loggers;
	VEC(struct weir_id) tasks;
};

static size_t
logger_no(struct dict *d, struct str name)
{
	if (!name.s)
		return 0;
	for (size_t i = 0; i < d->loggers.n; i++)
		if (str_equal(d->loggers.v[i], name))
			return i + 1;
	VEC_PUSH(&d->loggers, name);
	return d->loggers.n;
}

/* Newest first: lines of one task stand near each other. */
static size_t
task_no(struct dict *d, const struct weir_id *task)
{
	if (weir_id_is_null(task))
		return 0;
	for (size_t i = d->tasks.n; i > 0; i--)
		if (weir_id_cmp(&d->tasks.v[i - 1], task) == 0)
			return i;
	VEC_PUSH(&d->tasks, *task);
	return d->tasks.n;
}

static void
add_head(struct buf *b, const struct dict *d, size_t n)
{
	buf_addc(b, FORMAT);
	add_varint(b, n);
	add_varint(b, d->loggers.n);
	for (size_t i = 0; i < d->loggers.n; i++) {
		add_varint(b, d->loggers.v[i].len);
		buf_addstr(b, d->loggers.v[i]);
	}
	add_varint(b, d->tasks.n);
	for (size_t i = 0; i < d->tasks.n; i++)
		buf_add(b, d->tasks.v[i].b, sizeof(d->tasks.v[i].b));
}

/* What the next line is told against. */
struct before {
	int64_t us;
	int level;
	size_t logger, task;
};

static void
add_line(struct buf *b, struct dict *d, const struct weir_log *l, struct before *was)
{
	struct before now = { l->timestamp_us, l->level, was->logger, was->task };
	unsigned char flags = 0;

	now.logger = logger_no(d, l->name);
	now.task = task_no(d, &l->task_run_id);
	flags |= now.level != was->level ? F_LEVEL : 0;
	flags |= now.logger != was->logger ? F_LOGGER : 0;
	flags |= now.task != was->task ? F_TASK : 0;
	buf_addc(b, (char)flags);
	add_varint(b, zigzag(wrapping_sub(now.us, was->us)));
	add_varint(b, l->message.len);
	if (flags & F_LEVEL)
		add_varint(b, zigzag(now.level));
	if (flags & F_LOGGER)
		add_varint(b, now.logger);
	if (flags & F_TASK)
		add_varint(b, now.task);
	*was = now;
}

static void
clear_out(struct logblock_out *out)
{
	struct buf *parts[] = { &out->lines, &out->text, &out->ids, &out->grams };

	for (size_t i = 0; i < N_ELEM(parts); i++) {
		parts[i]->max = BUF_MAX;
		buf_clear(parts[i]);
	}
	out->levels = 0;
}

/*
 * The bitmap also knows what the text is without its escape sequences: a word that has
 * colours in its middle is found.
 */
static void
add_grams(struct logblock_out *out)
{
	size_t size = grams_size(out->text.len);
	struct buf both = BUF_INIT(BUF_MAX);
	struct str text = buf_str(&out->text);

	if (memchr(text.s, 0x1b, text.len)) {
		buf_addstr(&both, text);
		text_sanitize(&both, text, TEXT_KEEP_NEWLINE);
		text = buf_str(&both);
	}
	buf_reserve(&out->grams, size);
	grams_build((uint8_t *)out->grams.s, size, text);
	out->grams.len = size;
	buf_release(&both);
}

void
logblock_encode(
	const struct weir_log *lines, size_t n, bool with_ids, struct logblock_out *out)
{
	struct before was = { .level = FIRST_LEVEL };
	struct dict dict = { 0 };
	struct buf body = BUF_INIT(BUF_MAX);

	BUG_ON(n == 0);
	clear_out(out);
	for (size_t i = 0; i < n; i++) {
		const struct weir_log *l = &lines[i];

		add_line(&body, &dict, l, &was);
		buf_addstr(&out->text, l->message);
		buf_addc(&out->text, '\n');
		out->levels |= 1u << logblock_level_bit(l->level);
		if (with_ids) {
			buf_add(&out->ids, l->id.b, sizeof(l->id.b));
			add_le64(&out->ids, l->created_us);
		}
	}
	add_head(&out->lines, &dict, n);
	buf_addstr(&out->lines, buf_str(&body));
	add_grams(out);
	out->from_us = lines[0].timestamp_us;
	out->to_us = lines[n - 1].timestamp_us;
	out->n = n;
	buf_release(&body);
	VEC_FREE(&dict.loggers);
	VEC_FREE(&dict.tasks);
}

void
logblock_release(struct logblock_out *out)
{
	buf_release(&out->lines);
	buf_release(&out->text);
	buf_release(&out->ids);
	buf_release(&out->grams);
}

/* Bytes still to be read; bad is set when there were too few. */
struct reader {
	const unsigned char *p, *end;
	bool bad;
};

static uint64_t
get_varint(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; r->p < r->end && shift < 64; shift += 7) {
		unsigned char c = *r->p++;

		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return v;
	}
	r->bad = true;
	return 0;
}

static const unsigned char *
get_bytes(struct reader *r, uint64_t n)
{
	const unsigned char *p = r->p;

	if (r->bad || n > (uint64_t)(r->end - r->p)) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static unsigned char
get_byte(struct reader *r)
{
	const unsigned char *p = get_bytes(r, 1);

	return p ? *p : 0;
}

/* A count of things that take at least `each` bytes. */
static size_t
get_count(struct reader *r, size_t each)
{
	uint64_t n = get_varint(r);

	if (n > (uint64_t)(r->end - r->p) / each)
		r->bad = true;
	return r->bad ? 0 : (size_t)n;
}

static struct str *
get_loggers(struct reader *r, struct arena *result, size_t *ret_n)
{
	size_t n = get_count(r, 1);
	struct str *v = arena_alloc(result, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n && !r->bad; i++) {
		uint64_t len = get_varint(r);
		const unsigned char *p = get_bytes(r, len);

		v[i] = (struct str){ (const char *)p, p ? (size_t)len : 0 };
	}
	*ret_n = n;
	return v;
}

static void
get_tasks(struct reader *r, struct arena *result, struct logblock *b)
{
	b->n_tasks = get_count(r, sizeof(struct weir_id));
	b->tasks = arena_alloc(result, (b->n_tasks + 1) * sizeof(*b->tasks));
	for (size_t i = 0; i < b->n_tasks && !r->bad; i++) {
		const unsigned char *p = get_bytes(r, sizeof(struct weir_id));

		if (p)
			memcpy(b->tasks[i].b, p, sizeof(b->tasks[i].b));
	}
}

/* What get_line reads against. */
struct decoder {
	struct reader lines, text;
	struct before was;
	const struct str *loggers;
	size_t n_loggers;
	const struct logblock *block;
};

static void
get_line(struct decoder *d, struct weir_log *l, uint32_t *task)
{
	struct reader *r = &d->lines;
	unsigned flags = get_byte(r);
	uint64_t delta = get_varint(r);
	uint64_t len = get_varint(r);
	const unsigned char *p = get_bytes(&d->text, len);
	const unsigned char *nl = get_bytes(&d->text, 1);

	if (flags & F_LEVEL)
		d->was.level = (int)unzigzag(get_varint(r));
	if (flags & F_LOGGER)
		d->was.logger = (size_t)get_varint(r);
	if (flags & F_TASK)
		d->was.task = (size_t)get_varint(r);
	if (flags > F_ALL || d->text.bad || *nl != '\n' ||
		d->was.logger > d->n_loggers || d->was.task > d->block->n_tasks)
		r->bad = true;
	if (r->bad)
		return;
	d->was.us = (int64_t)((uint64_t)d->was.us + (uint64_t)unzigzag(delta));
	l->timestamp_us = d->was.us;
	l->level = d->was.level;
	l->message = (struct str){ (const char *)p, (size_t)len };
	if (d->was.logger)
		l->name = d->loggers[d->was.logger - 1];
	if (d->was.task)
		l->task_run_id = d->block->tasks[d->was.task - 1];
	*task = (uint32_t)d->was.task;
}

static void
get_ids(struct str ids, struct logblock *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const unsigned char *p = (const unsigned char *)ids.s + i * LOGBLOCK_ID;
		uint64_t created = 0;

		memcpy(b->lines[i].id.b, p, sizeof(b->lines[i].id.b));
		for (int j = 0; j < 8; j++)
			created |= (uint64_t)p[16 + j] << 8 * j;
		b->lines[i].created_us = (int64_t)created;
	}
}

static struct reader
reader_of(struct str s)
{
	const unsigned char *p = (const unsigned char *)(s.s ? s.s : "");

	return (struct reader){ p, p + s.len, false };
}

enum weir_rc
logblock_decode(const struct weir_id *run, struct str lines, struct str text,
	struct str ids, struct arena *result, struct logblock *ret,
	struct weir_err *err)
{
	struct logblock b = { 0 };
	struct decoder d = { .lines = reader_of(lines),
		.text = reader_of(text),
		.was.level = FIRST_LEVEL,
		.block = &b };

	if (get_byte(&d.lines) != FORMAT)
		d.lines.bad = true;
	b.n = get_count(&d.lines, 3);
	d.loggers = get_loggers(&d.lines, result, &d.n_loggers);
	get_tasks(&d.lines, result, &b);
	if (d.lines.bad || (ids.len && ids.len != b.n * LOGBLOCK_ID))
		goto bad;
	b.lines = arena_zalloc(result, (b.n + 1) * sizeof(*b.lines));
	b.task = arena_zalloc(result, (b.n + 1) * sizeof(*b.task));
	for (size_t i = 0; i < b.n && !d.lines.bad; i++) {
		b.lines[i].flow_run_id = *run;
		b.lines[i].created_us = WEIR_NO_TIME;
		get_line(&d, &b.lines[i], &b.task[i]);
	}
	if (d.lines.bad || d.lines.p != d.lines.end || d.text.p != d.text.end)
		goto bad;
	if (ids.len)
		get_ids(ids, &b);
	*ret = b;
	return WEIR_OK;
bad:
	return weir_fail(
		err, WEIR_EDB, "cannot read a log: a block of its lines is damaged");
}
