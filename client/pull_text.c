#include "pull_text.h"

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* First byte at or after p that is not printable ASCII (0x20..0x7f). */
static const char *
skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i space = _mm_set1_epi8(0x20);

	/* Signed: bytes from 0x80 on are negative and caught as well. */
	for (; end - p >= 16; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		int m = _mm_movemask_epi8(_mm_cmplt_epi8(x, space));

		if (m)
			return p + __builtin_ctz((unsigned)m);
	}
#endif
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
		p++;
	return p;
}

/* Length of the valid UTF-8 sequence of two or more bytes at p, or 0. */
static size_t
sequence_len(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t left = (size_t)(end - p);
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (left < n)
		return 0;
	/* No overlong forms, no surrogates, nothing past U+10FFFF. */
	low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : low;
	high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : high;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static const char *
first_unclean(const char *p, const char *end)
{
	size_t n;

	for (;;) {
		p = skip_plain(p, end);
		if (p == end)
			return p;
		n = sequence_len(p, end);
		if (n == 0)
			return p;
		p += n;
	}
}

static struct str
repair(struct str text, size_t clean, struct arena *arena)
{
	const char *p = text.s + clean, *end = text.s + text.len, *next;
	struct buf b = BUF_INIT(SIZE_MAX / 4);
	struct str ret;

	buf_reserve(&b, text.len + 64);
	buf_add(&b, text.s, clean);
	while (p < end) {
		if ((unsigned char)*p < 0x20)
			buf_addc(&b, ' ');
		else
			buf_adds(&b, "\xef\xbf\xbd");
		p++;
		next = first_unclean(p, end);
		buf_add(&b, p, (size_t)(next - p));
		p = next;
	}
	ret = (struct str){ arena_strndup(arena, b.s, b.len), b.len };
	buf_release(&b);
	return ret;
}

struct str
pull_text_clean(struct str text, struct arena *arena)
{
	size_t clean;

	if (text.len == 0)
		return text;
	clean = (size_t)(first_unclean(text.s, text.s + text.len) - text.s);
	return clean == text.len ? text : repair(text, clean, arena);
}
