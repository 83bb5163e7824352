/* Colours of a text: the text is what the sanitiser alone makes, the runs are in order,
 * and what is written again is read as the same. */
#include <stddef.h>
#include <stdint.h>

#include <weir/sgr.h>
#include <weir/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(struct weir_sgr sgr)
{
	struct buf b = BUF_INIT(256);
	struct weir_sgr again = { 3, 4, WEIR_SGR_BOLD };

	weir_sgr_emit(&b, sgr);
	weir_sgr_apply(&again, (struct str){ b.s + 2, b.len - 3 });
	if (!weir_sgr_equal(sgr, again))
		abort();
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf plain = BUF_INIT(BUF_MAX), text = BUF_INIT(BUF_MAX);
	struct str s = { (const char *)data, size };
	struct weir_sgr_runs runs = { 0 };
	struct weir_sgr sgr = WEIR_SGR_NONE;

	for (unsigned flags = 0; flags < 8; flags++) {
		buf_clear(&plain);
		buf_clear(&text);
		text_sanitize(&plain, s, flags);
		weir_sgr_text(&text, s, flags, &runs);
		if (!str_equal(buf_str(&plain), buf_str(&text)))
			abort();
		for (size_t i = 0; i < runs.n; i++) {
			const struct weir_sgr_run *r = &runs.v[i];

			if (r->at > text.len || (i > 0 && r->at <= runs.v[i - 1].at))
				abort();
			if (r->sgr.fg < -1 || r->sgr.fg > 15 || r->sgr.bg < -1 ||
				r->sgr.bg > 15)
				abort();
			check_again(r->sgr);
		}
	}
	weir_sgr_apply(&sgr, s);
	check_again(sgr);
	VEC_FREE(&runs);
	buf_release(&plain);
	buf_release(&text);
	return 0;
}
