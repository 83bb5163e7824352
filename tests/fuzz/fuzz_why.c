/*
 * Words of errors: whatever a log holds, an error folded is no longer than it was and
 * on one line, and the end of a traceback is a line of it.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>

#include "why_priv.h"

enum { LINES_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_fold(struct str error)
{
	struct buf out = BUF_INIT(BUF_MAX);

	weir_why_fold(error, &out);
	if (out.len > error.len)
		abort();
	for (size_t i = 0; i < out.len; i++) {
		if (isspace((unsigned char)out.s[i]) && out.s[i] != ' ')
			abort();
	}
	buf_release(&out);
}

static void
check_line(const struct why_words *w, struct str line)
{
	enum why_worth low = why_worth(w, line, 20), high = why_worth(w, line, 40);
	struct str bare = why_trim(why_unwrap(line));
	int status = 0;

	if (low > high || bare.len > line.len)
		abort();
	if (why_exit_status(line, &status) && status == 0)
		abort();
	check_fold(line);
}

static void
check_traceback(const struct str *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t end = why_is_traceback(lines[i]) ? why_traceback_end(lines, n, i)
							: SIZE_MAX;

		if (end != SIZE_MAX && (end <= i || end >= n))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, lines[LINES_MAX];
	static struct why_words words;
	size_t n = 0;

	if (!words.any && why_words_init(&words, NULL))
		abort();
	check_fold(rest);
	while (n < LINES_MAX && why_line(&rest, &lines[n]))
		check_line(&words, lines[n++]);
	check_traceback(lines, n);
	return 0;
}
