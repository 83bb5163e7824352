#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay.h"
#include "spool.h"

static const struct weir_id run = { { 1, 2, 3 } };

struct world {
	char dir[96];
	struct spool s;
	struct weir_err err;
};

static void
open_spool(struct world *w)
{
	assert_int_equal(spool_open(&w->s, w->dir, &w->err), WEIR_OK);
}

static void
make_world(struct world *w)
{
	const char *tmp = getenv("TMPDIR");

	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "%.60s/spoolXXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	open_spool(w);
}

static void
drop_world(struct world *w)
{
	static const char *const files[] = { "spool", "progress", "progress.new" };
	char path[128];

	spool_close(&w->s);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", w->dir, files[i]);
		unlink(path);
	}
	rmdir(w->dir);
}

static void
put(struct world *w, enum spool_from from, int64_t us, const char *text)
{
	struct spool_frame f = { .from = from, .us = us, .len = strlen(text) };

	assert_true(spool_append(w->s.fd, &f, text));
}

/* The messages of the next batch, each with a bar behind it; it was sent. */
static void
expect(struct world *w, const char *expected)
{
	struct buf b = BUF_INIT(1 << 20);
	struct spool_batch batch;

	(void)spool_grown(&w->s);
	if (spool_next(&w->s, &run, &batch)) {
		for (size_t i = batch.first; i < batch.lines.n; i++) {
			buf_addstr(&b, batch.lines.v[i].message);
			buf_addc(&b, '|');
		}
		spool_sent(&w->s, &batch);
		spool_batch_release(&batch);
	}
	assert_string_equal(buf_cstr(&b), expected);
	buf_release(&b);
}

static void
heads(void **state)
{
	struct spool_frame f = { .from = SPOOL_TASK,
		.us = 1763742000123456,
		.len = 4711,
		.level = 30,
		.task = run },
			   g;
	char text[SPOOL_HEAD_MAX];
	size_t n = spool_head(&f, text), m;

	(void)state;
	assert_true(spool_head_parse((struct str){ text, n }, &g, &m));
	assert_int_equal(n, m);
	assert_int_equal(g.from, f.from);
	assert_int_equal(g.us, f.us);
	assert_int_equal(g.len, f.len);
	assert_int_equal(g.level, f.level);
	assert_int_equal(weir_id_cmp(&g.task, &f.task), 0);
	for (size_t i = 0; i < n; i++)
		assert_false(spool_head_parse((struct str){ text, i }, &g, &m));
	assert_false(spool_head_parse(STR("\036x 1 1 0 -\n"), &g, &m));
	assert_false(spool_head_parse(STR("\036o 1 99999999 0 -\n"), &g, &m));
	assert_false(spool_head_parse(STR("\036o 1 1 0 nobody\n"), &g, &m));
	assert_false(spool_head_parse(STR("plain text\n"), &g, &m));
}

static void
lines(void **state)
{
	struct world w;

	(void)state;
	make_world(&w);
	expect(&w, "");
	put(&w, SPOOL_OUT, 100, "one\ntwo\r\n\n");
	put(&w, SPOOL_ERR, 200, "three");
	expect(&w, "one|two||three|");
	expect(&w, "");
	put(&w, SPOOL_OUT, 300, "error: bad\nfine\n");
	expect(&w, "error: bad|fine|");
	assert_string_equal(w.s.error, "error: bad");
	assert_string_equal(w.s.err, "three");
	drop_world(&w);
}

/* Strictly rising within the run, whatever the clock does. */
static void
times(void **state)
{
	struct world w;
	struct spool_batch b;
	static const int64_t expected[] = { 1000, 1001, 1002, 1003, 2000 };

	(void)state;
	make_world(&w);
	put(&w, SPOOL_OUT, 1000, "a\nb\n");
	put(&w, SPOOL_OUT, 500, "c\n"); /* set back */
	put(&w, SPOOL_OUT, 1000, "d\n");
	put(&w, SPOOL_OUT, 2000, "e\n");
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	assert_int_equal(b.lines.n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(b.lines.v[i].timestamp_us, expected[i]);
	spool_sent(&w.s, &b);
	spool_batch_release(&b);
	put(&w, SPOOL_OUT, 10, "f\n");
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	assert_int_equal(b.lines.v[0].timestamp_us, 2001);
	spool_batch_release(&b);
	drop_world(&w);
}

/* A worker dies with a batch in flight: the next sends what is not there. */
static void
doubt(void **state)
{
	struct world w;
	struct spool_batch b;
	int64_t second_us;

	(void)state;
	make_world(&w);
	assert_false(w.s.old);
	put(&w, SPOOL_OUT, 50, "zero\n");
	expect(&w, "zero|");
	put(&w, SPOOL_OUT, 100, "one\ntwo\nthree\n");
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	second_us = b.lines.v[1].timestamp_us;
	spool_batch_release(&b);
	spool_close(&w.s);

	open_spool(&w);
	put(&w, SPOOL_OUT, 300, "four\n");
	assert_true(spool_grown(&w.s));
	assert_true(w.s.doubt);
	assert_true(w.s.old);
	assert_true(spool_next(&w.s, &run, &b));
	assert_int_equal(b.lines.n, 3);
	assert_int_equal(b.lines.v[1].timestamp_us, second_us);
	spool_batch_there(&b, second_us);
	assert_int_equal(b.first, 2);
	spool_sent(&w.s, &b);
	spool_batch_release(&b);
	expect(&w, "four|");
	drop_world(&w);
}

static void
nothing_there(void **state)
{
	struct world w;
	struct spool_batch b;

	(void)state;
	make_world(&w);
	put(&w, SPOOL_OUT, 100, "one\ntwo\n");
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	spool_batch_there(&b, WEIR_NO_TIME);
	assert_int_equal(b.first, 0);
	spool_batch_there(&b, INT64_MAX);
	assert_int_equal(b.first, 2);
	spool_batch_release(&b);
	drop_world(&w);
}

static void
broken_frames(void **state)
{
	struct world w;

	(void)state;
	make_world(&w);
	put(&w, SPOOL_OUT, 100, "one\n");
	assert_int_equal(write(w.s.fd, "garbage\nmore", 12), 12);
	put(&w, SPOOL_OUT, 200, "two\n");
	assert_int_equal(write(w.s.fd, "\036o 5 100 0 -\nhalf", 17), 17);
	expect(&w, "one|two|");
	expect(&w, "");
	drop_world(&w);
}

/* A writer that was killed in the middle of a frame takes no line of others with it. */
static void
half_frames(void **state)
{
	static const char half[] = "\036o 5 40 0 -\nhalf\n";
	size_t n = sizeof(half) - 1;
	struct spool_batch b;
	struct world w;

	(void)state;
	make_world(&w);
	put(&w, SPOOL_OUT, 100, "one\n");
	assert_int_equal(write(w.s.fd, half, n), n);
	expect(&w, "one|");
	expect(&w, ""); /* perhaps it is still being written */
	/* what follows is shorter than what is missing, then longer */
	put(&w, SPOOL_OUT, 200, "2\n");
	expect(&w, "2|");
	assert_int_equal(write(w.s.fd, half, n), n);
	put(&w, SPOOL_OUT, 300, "three\n");
	put(&w, SPOOL_OUT, 400, "four\n");
	put(&w, SPOOL_OUT, 500, "five\n");
	expect(&w, "three|four|five|");
	/* nothing but its head was written */
	assert_int_equal(write(w.s.fd, half, n - 5), n - 5);
	put(&w, SPOOL_OUT, 550, "5.5\n");
	expect(&w, "5.5|");
	/* a whole one may have anything in it */
	put(&w, SPOOL_OUT, 600, "\036o 5 2 0 -\nx\n");
	put(&w, SPOOL_OUT, 700, "six\n");
	expect(&w, "\036o 5 2 0 -|x|six|");
	expect(&w, "");
	/* the next worker reads the same lines */
	put(&w, SPOOL_OUT, 800, "7\n");
	assert_int_equal(write(w.s.fd, half, n), n);
	put(&w, SPOOL_OUT, 900, "eight\n");
	put(&w, SPOOL_OUT, 950, "nine\n");
	put(&w, SPOOL_OUT, 960, "ten\n");
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	spool_batch_release(&b);
	spool_close(&w.s);
	open_spool(&w);
	assert_true(w.s.doubt);
	expect(&w, "7|eight|nine|ten|");
	expect(&w, "");
	drop_world(&w);
}

static void
batches(void **state)
{
	struct world w;
	struct spool_batch b;
	struct buf text = BUF_INIT(BUF_MAX);
	size_t n = 0;
	int rounds = 0;

	(void)state;
	make_world(&w);
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "x\n");
	for (int i = 0; i < 7; i++)
		put(&w, SPOOL_OUT, i, buf_cstr(&text));
	while (spool_grown(&w.s) && spool_next(&w.s, &run, &b)) {
		assert_true(b.lines.n <= SPOOL_BATCH_LINES);
		n += b.lines.n;
		spool_sent(&w.s, &b);
		spool_batch_release(&b);
		rounds++;
	}
	assert_int_equal(n, 7000);
	assert_int_equal(rounds, 2);
	buf_release(&text);
	drop_world(&w);
}

static void
levels(void **state)
{
	static const struct {
		const char *line;
		int level;
	} cases[] = {
		{ "", 20 },
		{ "all is well", 20 },
		{ "error: x", 40 },
		{ "foo.c:12:3: error: expected ';'", 40 },
		{ "foo.c:12:3: warning: unused", 30 },
		{ "foo.c:1: fatal error: x.h: No such file", 40 },
		{ "Error: something", 40 },
		{ "ERROR something", 40 },
		{ "[error] x", 40 },
		{ "[warning] x", 30 },
		{ "WARNING: x", 30 },
		{ "ValueError: bad", 40 },
		{ "make: *** [all] Error 2", 20 },
		{ "my_error: x", 20 },
		{ "terror: x", 20 },
		{ "Error handling is in place", 20 },
		{ "error", 20 },
		{ "+ echo error: x", 20 },
		{ "no errors: fine", 20 },
		{ "panic: runtime", 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (spool_level(str_of(cases[i].line)) != cases[i].level)
			fail_msg("'%s' is %d", cases[i].line,
				spool_level(str_of(cases[i].line)));
}

/* A relay of its own process, fed with text; its frames are in the spool then. */
static void
feed(struct world *w, const char *text, size_t n)
{
	int out[2], err[2], status;
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(relay_run(out[0], err[0], w->s.fd));
	close(out[0]);
	close(err[0]);
	close(err[1]);
	while (n) {
		ssize_t got = write(out[1], text, n);

		assert_true(got > 0);
		text += got;
		n -= (size_t)got;
	}
	close(out[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Whatever is fed comes out again; long lines in pieces of whole characters. */
static void
relayed(void **state)
{
	enum { LONG = 300000 };
	char *text = malloc(LONG * 2 + 64), *p = text;
	struct buf got = BUF_INIT(BUF_MAX);
	struct spool_batch b;
	struct world w;

	(void)state;
	make_world(&w);
	for (int i = 0; i < LONG; i++) {
		*p++ = (char)0xc3;
		*p++ = (char)0xa4;
	}
	memcpy(p, "\nlast, no end", 13);
	feed(&w, text, (size_t)(p - text) + 13);
	while (spool_grown(&w.s) && spool_next(&w.s, &run, &b)) {
		for (size_t i = 0; i < b.lines.n; i++) {
			assert_true(b.lines.v[i].message.len % 2 == 0 ||
				    b.lines.v[i].message.s[0] == 'l');
			buf_addstr(&got, b.lines.v[i].message);
		}
		spool_sent(&w.s, &b);
		spool_batch_release(&b);
	}
	assert_int_equal(got.len, 2 * LONG + 12);
	assert_memory_equal(got.s, text, 2 * LONG);
	assert_memory_equal(got.s + 2 * LONG, "last, no end", 12);
	buf_release(&got);
	free(text);
	drop_world(&w);
}

/* Nothing but ends of lines: a frame has so many of them, and no more. */
static void
empty_lines(void **state)
{
	enum { N = 3 * SPOOL_FRAME_LINES + 1 };
	struct world w;
	struct spool_batch b;
	char text[N];
	size_t n = 0;

	(void)state;
	make_world(&w);
	memset(text, '\n', N);
	assert_int_equal(spool_lines((struct str){ text, N }), N);
	assert_int_equal(spool_lines(STR("abc\ndefgh\xf5\x0b\x09\nx\n")), 3);
	feed(&w, text, N);
	while (spool_grown(&w.s) && spool_next(&w.s, &run, &b)) {
		assert_true(b.lines.n <= SPOOL_BATCH_LINES);
		n += b.lines.n;
		spool_sent(&w.s, &b);
		spool_batch_release(&b);
	}
	assert_int_equal(n, N);
	drop_world(&w);
}

/* What was sent gives its room back; a reader that forgot how far it was finds the
 * rest. */
static void
room(void **state)
{
	enum { FRAMES = 200 };
	struct world w;
	struct spool_batch b;
	struct stat st;
	char text[60001];
	size_t n = 0;

	(void)state;
	make_world(&w);
	memset(text, 'x', 60000);
	text[59999] = '\n';
	text[60000] = '\0';
	for (int i = 0; i < FRAMES; i++) {
		put(&w, SPOOL_OUT, i, text);
		(void)spool_grown(&w.s);
		assert_true(spool_next(&w.s, &run, &b));
		n += b.lines.n;
		spool_sent(&w.s, &b);
		spool_batch_release(&b);
	}
	assert_int_equal(n, FRAMES);
	assert_int_equal(fstat(w.s.fd, &st), 0);
	if (!w.s.freed || st.st_blocks * 512 > w.s.size / 2) {
		drop_world(&w);
		skip(); /* the file system cannot */
	}
	put(&w, SPOOL_OUT, 1, "last\n");
	w.s.done = w.s.to = 0;
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	assert_true(b.to > w.s.freed);
	spool_batch_release(&b);
	drop_world(&w);
}

static void
binary(void **state)
{
	struct world w;
	struct spool_batch b;

	(void)state;
	make_world(&w);
	feed(&w, "a\0b\n\xff\xfe\n", 7);
	(void)spool_grown(&w.s);
	assert_true(spool_next(&w.s, &run, &b));
	assert_int_equal(b.lines.n, 2);
	assert_int_equal(b.lines.v[0].message.len, 3);
	assert_null(memchr(b.lines.v[0].message.s, 0, 3));
	spool_batch_release(&b);
	drop_world(&w);
}

/* Another that opens it sees whether a process has it of who shared it. */
static void
writers(void **state)
{
	struct spool other;
	struct world w;
	int go[2];
	char c;
	pid_t pid;

	(void)state;
	make_world(&w);
	assert_int_equal(spool_open(&other, w.dir, &w.err), WEIR_OK);
	assert_false(spool_is_written(&other));
	spool_share(&w.s);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) != 0);
	}
	close(go[0]);
	spool_close(&w.s);
	assert_true(spool_is_written(&other)); /* the child has it yet */
	assert_true(spool_is_written(&other));
	close(go[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(spool_is_written(&other));
	spool_close(&other);
	assert_false(spool_is_written(&other));
	open_spool(&w);
	drop_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
		cmocka_unit_test(lines),
		cmocka_unit_test(times),
		cmocka_unit_test(doubt),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(broken_frames),
		cmocka_unit_test(half_frames),
		cmocka_unit_test(batches),
		cmocka_unit_test(levels),
		cmocka_unit_test(relayed),
		cmocka_unit_test(empty_lines),
		cmocka_unit_test(room),
		cmocka_unit_test(binary),
		cmocka_unit_test(writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
