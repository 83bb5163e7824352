/* The sanitiser: what comes out is clean, stays so, and has the width that is promised.
 */
#include <stddef.h>
#include <stdint.h>

#include <weir/mem.h>
#include <weir/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_clean(struct str s, unsigned flags)
{
	size_t i = 0;
	uint32_t cp;
	bool newline;

	if (!text_is_utf8(s))
		abort();
	while (i < s.len) {
		cp = text_decode(s, &i);
		newline = cp == '\n' && (flags & TEXT_KEEP_NEWLINE);
		if (text_cp_width(cp) < 0 && !newline)
			abort();
		if ((flags & TEXT_ASCII) && cp > 0x7e)
			abort();
		if ((cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
			(cp >= 0x2060 && cp <= 0x206f) || cp == 0x61c || cp == 0xfeff)
			abort();
	}
}

static void
check_fit(struct str s, size_t columns, unsigned flags)
{
	struct buf out = BUF_INIT(BUF_MAX);
	size_t used = text_fit(&out, s, columns, flags);

	if (used > columns || text_width(buf_str(&out)) != used)
		abort();
	buf_clear(&out);
	text_pad(&out, s, columns, columns % 2, flags);
	if (text_width(buf_str(&out)) != columns)
		abort();
	buf_release(&out);
}

/* A JSON text holds no control and no lone quote; only its ends are bare quotes. */
static void
check_json(struct str s)
{
	struct buf out = BUF_INIT(BUF_MAX);

	text_json(&out, s);
	if (!text_is_utf8(buf_str(&out)) || out.len < 2)
		abort();
	for (size_t i = 1; i + 1 < out.len; i++) {
		if ((unsigned char)out.s[i] < 0x20 || out.s[i] == '"')
			abort();
		if (out.s[i] == '\\')
			i++;
	}
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "state", "flow", "deployment" };
	struct buf once = BUF_INIT(BUF_MAX);
	struct buf twice = BUF_INIT(BUF_MAX);
	struct str s = { (const char *)data, size };
	unsigned flags;

	for (flags = 0; flags < 8; flags++) {
		buf_clear(&once);
		buf_clear(&twice);
		text_sanitize(&once, s, flags);
		check_clean(buf_str(&once), flags);
		text_sanitize(&twice, buf_str(&once), flags);
		if (!str_equal(buf_str(&once), buf_str(&twice)))
			abort();
	}
	buf_clear(&once);
	text_sanitize(&once, s, 0);
	for (size_t columns = 0; columns < 12; columns++)
		check_fit(buf_str(&once), columns, 0);
	check_json(s);
	text_prefix(s, 5);
	text_width(s);
	text_nearest(s, names, N_ELEM(names));
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
