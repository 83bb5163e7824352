#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "plat.h"

#define LOG_MODULE "spool"
#include "weir/log.h"
#include "weir/text.h"

enum { PROGRESS_BYTES = 63 };

/* ---- frames */

size_t
spool_head(const struct spool_frame *f, char out[SPOOL_HEAD_MAX])
{
	char task[WEIR_ID_TEXT + 1] = "-";

	if (!weir_id_is_null(&f->task))
		weir_id_format(&f->task, task);
	return (size_t)snprintf(out, SPOOL_HEAD_MAX, "\036%c %" PRId64 " %zu %d %s\n",
		(char)f->from, f->us, f->len, f->level, task);
}

bool
spool_head_parse(struct str text, struct spool_frame *ret_f, size_t *ret_len)
{
	const char *end = memchr(
		text.s, '\n', text.len < SPOOL_HEAD_MAX ? text.len : SPOOL_HEAD_MAX);
	char head[SPOOL_HEAD_MAX + 1], task[64], from;
	struct spool_frame f = { 0 };

	if (!end || text.s[0] != '\036')
		return false;
	memcpy(head, text.s, (size_t)(end - text.s));
	head[end - text.s] = '\0';
	if (sscanf(head, "\036%c %" SCNd64 " %zu %d %63s", &from, &f.us, &f.len,
		    &f.level, task) != 5)
		return false;
	if (!memchr("oetn", from, 4) || f.len > SPOOL_FRAME_BYTES)
		return false;
	if (strcmp(task, "-") != 0 && !weir_id_parse(str_of(task), &f.task))
		return false;
	f.from = (enum spool_from)from;
	*ret_f = f;
	*ret_len = (size_t)(end - text.s) + 1;
	return true;
}

bool
spool_append(int fd, const struct spool_frame *f, const char *text)
{
	char head[SPOOL_HEAD_MAX];
	size_t n = spool_head(f, head);
	struct iovec parts[] = {
		{ .iov_base = head, .iov_len = n },
		{ .iov_base = (void *)(uintptr_t)text, .iov_len = f->len },
	};
	ssize_t got;

	do
		got = writev(fd, parts, 2);
	while (got < 0 && errno == EINTR);
	if (got >= 0 && got < (ssize_t)(n + f->len))
		errno = ENOSPC;
	return got == (ssize_t)(n + f->len);
}

size_t
spool_lines(struct str text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), low = ones * 0x7f;
	size_t n = 0, i = 0;
	uint64_t x;

	/* eight at a time: the high bit of each byte that is one */
	for (; i + sizeof(x) <= text.len; i += sizeof(x)) {
		memcpy(&x, text.s + i, sizeof(x));
		x ^= ones * '\n';
		x = ~(((x & low) + low) | x | low);
		n += (size_t)(((x >> 7) * ones) >> 56);
	}
	for (; i < text.len; i++)
		n += text.s[i] == '\n';
	return n;
}

/* ---- the file */

/*
 * Where it is: `done to last`, always as long, so that it is written over in one piece
 * on a disk that is full, too.
 */
static bool
save(const struct spool *s)
{
	char text[PROGRESS_BYTES + 1];

	snprintf(text, sizeof(text), "%20" PRId64 " %20" PRId64 " %20" PRId64 "\n",
		s->done, s->to, s->last_us);
	if (pwrite(s->progress, text, PROGRESS_BYTES, 0) == PROGRESS_BYTES)
		return true;
	LOG(LOG_ERROR, "%s: progress: %s", s->dir, strerror(errno));
	return false;
}

static void
load(struct spool *s)
{
	char text[PROGRESS_BYTES + 1] = { 0 };
	int64_t done, to, last_us;

	if (pread(s->progress, text, PROGRESS_BYTES, 0) > 0 &&
		sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &done, &to,
			&last_us) == 3 &&
		done >= 0 && to >= done) {
		s->done = done;
		s->to = to;
		s->last_us = last_us;
		s->doubt = to > done;
	}
}

/* What is there no more needs no room: a command may print for days. */
static void
free_room(struct spool *s)
{
	if (s->done - s->freed < SPOOL_FREE_BYTES)
		return;
	if (!plat_punch(s->fd, s->done))
		LOG(LOG_INFO, "%s: %s", s->dir, strerror(errno));
	s->freed = s->done;
}

static int
open_in(const char *dir, const char *name, int flags, struct weir_err *err)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
	free(path);
	return fd;
}

enum weir_rc
spool_open(struct spool *s, const char *dir, struct weir_err *err)
{
	memset(s, 0, sizeof(*s));
	s->dir = xstrdup(dir);
	s->progress = -1;
	s->fd = open_in(dir, "spool", O_APPEND, err);
	if (s->fd >= 0)
		s->progress = open_in(dir, "progress", 0, err);
	if (s->progress >= 0) {
		load(s);
		s->old = spool_grown(s);
		if (save(s))
			return WEIR_OK;
		weir_fail(err, WEIR_EFAIL, "%s/progress: %s", dir, strerror(errno));
	}
	spool_close(s);
	return err->rc;
}

void
spool_close(struct spool *s)
{
	if (s->dir && s->fd >= 0)
		close(s->fd);
	if (s->dir && s->progress >= 0)
		close(s->progress);
	free(s->dir);
	memset(s, 0, sizeof(*s));
	s->fd = s->progress = -1;
}

void
spool_share(const struct spool *s)
{
	if (s->fd >= 0)
		(void)flock(s->fd, LOCK_SH);
}

bool
spool_is_written(const struct spool *s)
{
	if (s->fd < 0)
		return false;
	if (flock(s->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK;
	(void)flock(s->fd, LOCK_UN);
	return false;
}

bool
spool_grown(struct spool *s)
{
	struct stat st;

	if (s->fd >= 0 && fstat(s->fd, &st) == 0)
		s->size = st.st_size;
	return s->size > s->done;
}

/* ---- batches */

void
spool_remember(char where[SPOOL_SAID_MAX], struct str line)
{
	struct buf b = BUF_INIT(SPOOL_SAID_MAX - 1);

	text_sanitize(&b, line, 0);
	if (b.len)
		memcpy(where, b.s, b.len + 1);
	buf_release(&b);
}

struct reader {
	struct spool *s;
	const struct weir_id *run;
	struct spool_batch *b;
	size_t at, len; /* of the text */
};

static void
add_line(struct reader *r, const struct spool_frame *f, struct str line)
{
	struct spool_batch *b = r->b;
	struct weir_log log = {
		.timestamp_us = f->us > b->last_us ? f->us : b->last_us + 1,
		.name = f->from == SPOOL_NOTE ? STR("weir.worker") : STR("weir.run"),
		.level = f->level ? f->level : spool_level(line),
		.flow_run_id = *r->run,
		.task_run_id = f->task,
	};

	if (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	log.message = line;
	if (log.level >= 40 && line.len)
		spool_remember(r->s->error, line);
	if (f->from == SPOOL_ERR && line.len)
		spool_remember(r->s->err, line);
	b->last_us = log.timestamp_us;
	VEC_PUSH(&b->lines, log);
}

static void
add_frame(struct reader *r, const struct spool_frame *f, char *text)
{
	char *end = text + f->len, *eol;

	r->s->tasks = r->s->tasks || f->from == SPOOL_TASK;
	/* no server keeps a NUL; as what is no UTF-8 it becomes U+FFFD */
	for (char *p = text; (p = memchr(p, 0, (size_t)(end - p)));)
		*p = (char)0xff;
	for (; text < end; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (!eol)
			eol = end;
		add_line(r, f, (struct str){ text, (size_t)(eol - text) });
	}
}

/* Past what is no frame: a writer died, or the disk was full, in the middle of one. */
static bool
skip(struct reader *r)
{
	char *next = memchr(r->b->text + r->at + 1, '\036', r->len - r->at - 1);

	if (!next && r->len - r->at <= SPOOL_FRAME_BYTES + SPOOL_HEAD_MAX)
		return false;
	r->at = next ? (size_t)(next - r->b->text) : r->len;
	return true;
}

/* The last may lack its end. */
static size_t
lines_of(const struct spool_frame *f, const char *text)
{
	return f->len ? spool_lines((struct str){ text, f->len - 1 }) + 1 : 0;
}

/*
 * Did its writer die in the middle of this frame: is there the head of another within
 * it? *ret_at: where that is.
 */
static bool
is_half(struct str rest, size_t head, size_t len, size_t *ret_at)
{
	size_t at = head, end = head + len < rest.len ? head + len : rest.len, n;
	struct spool_frame f;
	const char *p;

	if (head + len == rest.len ||
		(head + len < rest.len && rest.s[head + len] == '\036'))
		return false;
	while ((p = memchr(rest.s + at, '\036', end - at))) {
		at = (size_t)(p - rest.s);
		if (spool_head_parse((struct str){ p, rest.len - at }, &f, &n)) {
			*ret_at = at;
			return true;
		}
		at++;
	}
	return false;
}

/* All whole frames of the text, as far as a batch goes. */
static void
read_frames(struct reader *r, bool all)
{
	struct spool_frame f;
	size_t head, next;

	while (r->at < r->len) {
		struct str rest = { r->b->text + r->at, r->len - r->at };
		bool is_cut;

		if (!spool_head_parse(rest, &f, &head)) {
			if (!skip(r))
				break;
			continue;
		}
		is_cut = head + f.len > rest.len;
		/* what the window cuts off is looked at when it comes first */
		if ((all || !is_cut || !r->at) && is_half(rest, head, f.len, &next)) {
			r->at += next;
			continue;
		}
		if (is_cut)
			break;
		if (!all && r->b->lines.n &&
			r->b->lines.n + lines_of(&f, rest.s + head) > SPOOL_BATCH_LINES)
			break;
		add_frame(r, &f, r->b->text + r->at + head);
		r->at += head + f.len;
	}
}

/* Read a batch's bytes; false: it has no line, and s is past what was none. */
static bool
read_batch(
	struct spool *s, const struct weir_id *run, size_t want, struct spool_batch *b)
{
	struct reader r = { .s = s, .run = run, .b = b };
	ssize_t n;

	memset(b, 0, sizeof(*b));
	b->text = xmalloc(want + 1);
	b->last_us = s->last_us;
	n = pread(s->fd, b->text, want, (off_t)s->done);
	r.len = n > 0 ? (size_t)n : 0;
	read_frames(&r, s->doubt);
	b->to = s->done + (int64_t)r.at;
	if (b->lines.n)
		return true;
	s->done = s->to = b->to;
	s->doubt = false;
	spool_batch_release(b);
	return false;
}

bool
spool_next(struct spool *s, const struct weir_id *run, struct spool_batch *ret_b)
{
	int64_t left, before;
	bool found;

	do {
		before = s->done;
		left = (s->doubt ? s->to : s->size) - s->done;
		if (left <= 0 || (s->doubt && left > SPOOL_BATCH_BYTES))
			return false;
		if (left > SPOOL_BATCH_BYTES)
			left = SPOOL_BATCH_BYTES;
		found = read_batch(s, run, (size_t)left, ret_b);
	} while (!found && s->done > before);
	if (found && !s->doubt) {
		s->to = ret_b->to;
		if (save(s))
			free_room(s);
	}
	return found;
}

void
spool_batch_there(struct spool_batch *b, int64_t newest_us)
{
	while (b->first < b->lines.n && newest_us != WEIR_NO_TIME &&
		b->lines.v[b->first].timestamp_us <= newest_us)
		b->first++;
}

void
spool_batch_release(struct spool_batch *b)
{
	VEC_FREE(&b->lines);
	free(b->text);
	memset(b, 0, sizeof(*b));
}

void
spool_sent(struct spool *s, const struct spool_batch *b)
{
	s->done = s->to = b->to;
	s->last_us = b->last_us;
	s->doubt = false;
}

void
spool_note(struct spool *s, int level, int64_t now_us, const char *fmt, ...)
{
	struct buf b = BUF_INIT(4096);
	struct spool_frame f = { .from = SPOOL_NOTE, .us = now_us, .level = level };
	va_list ap;

	if (s->fd < 0)
		return;
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < b.len; i++)
		if (b.s[i] == '\n')
			b.s[i] = ' ';
	buf_addc(&b, '\n');
	f.len = b.len;
	if (!spool_append(s->fd, &f, buf_cstr(&b)))
		LOG(LOG_ERROR, "%s: %s", s->dir, strerror(errno));
	buf_release(&b);
}
