/*
 * The decoder of log blocks: whatever it accepts encodes to a block that decodes to the
 * same lines. Input: two bytes, the length of `lines`, then lines and text.
 */
#include <stddef.h>
#include <stdint.h>

#include "logblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_back(const struct weir_id *run, const struct logblock *b)
{
	struct logblock_out out = { 0 };
	struct arena a = { 0 };
	struct logblock back;

	logblock_encode(b->lines, b->n, false, &out);
	if (logblock_decode(run, buf_str(&out.lines), buf_str(&out.text),
		    (struct str){ NULL, 0 }, &a, &back, NULL) != WEIR_OK ||
		back.n != b->n)
		abort();
	for (size_t i = 0; i < b->n; i++) {
		if (back.lines[i].timestamp_us != b->lines[i].timestamp_us ||
			back.lines[i].level != b->lines[i].level ||
			!str_equal(back.lines[i].message, b->lines[i].message) ||
			!str_equal(back.lines[i].name, b->lines[i].name))
			abort();
	}
	logblock_release(&out);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct weir_id run = { { 7 } };
	struct arena a = { 0 };
	struct logblock b;
	struct str lines, text;
	size_t n;

	if (size < 2)
		return 0;
	n = (size_t)data[0] << 8 | data[1];
	n = n < size - 2 ? n : size - 2;
	lines = (struct str){ (const char *)data + 2, n };
	text = (struct str){ (const char *)data + 2 + n, size - 2 - n };
	if (logblock_decode(&run, lines, text, (struct str){ NULL, 0 }, &a, &b, NULL) ==
			WEIR_OK &&
		b.n > 0)
		check_back(&run, &b);
	arena_free(&a);
	return 0;
}
