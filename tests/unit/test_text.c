#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/mem.h>
#include <weir/text.h>

static void
expect_sanitized(struct str in, unsigned flags, const char *want)
{
	struct buf out = BUF_INIT(1 << 20);

	text_sanitize(&out, in, flags);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

struct sanitize_case {
	struct str in;
	unsigned flags;
	const char *want;
};

/* clang-format off */
#define LIT(text) { (text), sizeof(text) - 1 }
static const struct sanitize_case sanitize_cases[] = {
	{ LIT(""), 0, "" },
	{ { NULL, 0 }, 0, "" },
	{ LIT("plain text, long enough for words"), 0, "plain text, long enough for words" },
	/* CSI */
	{ LIT("\x1b[31mred\x1b[0m"), 0, "red" },
	{ LIT("\x1b[38;5;1;4:3mx"), 0, "x" },
	{ LIT("\x1b[?2004hx\x1b[!px\x1b[1 qx"), 0, "xxx" },
	{ LIT("a\x1b[12"), 0, "a" },
	{ LIT("a\x1b["), 0, "a" },
	{ LIT("\x1b[31\nnext"), TEXT_KEEP_NEWLINE, "\nnext" },
	{ LIT("\x1b[3\x1b[1mx"), 0, "x" },
	{ LIT("\x1b[3\xc3\xa9"), 0, "\xc3\xa9" },
	{ LIT("\xc2\x9b" "31mred"), 0, "red" },
	/* OSC and the other strings */
	{ LIT("\x1b]0;title\ax"), 0, "x" },
	{ LIT("\x1b]8;;http://h/\x1b\\link\x1b]8;;\x1b\\"), 0, "link" },
	{ LIT("\x1b]52;c;aGk=\xc2\x9cx"), 0, "x" },
	{ LIT("\x1b]0;never closed"), 0, "" },
	{ LIT("\x1b]0;never\nnext line"), TEXT_KEEP_NEWLINE, "\nnext line" },
	{ LIT("\x1b]0;a\x1b[31mb"), 0, "b" },
	{ LIT("\x1bPq#0\x1b\\x"), 0, "x" },
	{ LIT("\x1b_apc\x1b\\x\x1b^pm\x1b\\y\x1bXsos\x1b\\z"), 0, "xyz" },
	{ LIT("\xc2\x9d" "0;t\ax"), 0, "x" },
	{ LIT("\xc2\x90q\xc2\x9cx"), 0, "x" },
	{ LIT("\x1b]0;a\x18x"), 0, "x" },
	/* two bytes, charset, ESC alone */
	{ LIT("\x1b" "7a\x1b" "8b\x1b=c\x1b(Bd\x1b#8e\x1b" "cf"), 0, "abcdef" },
	{ LIT("x\x1b"), 0, "x" },
	{ LIT("\x1b\x1b[31mx"), 0, "x" },
	{ LIT("\x1b\xc3\xa9"), 0, "\xc3\xa9" },
	{ LIT("\x1bM\x1b" "D\xc2\x85x"), 0, "x" },
	/* other controls and DEL */
	{ LIT("a\0b"), 0, "a\xef\xbf\xbd" "b" },
	{ LIT("a\b\x7f"), TEXT_ASCII, "a??" },
	{ LIT("a\tb"), 0, "a b" },
	{ LIT("a\tb\n\tc"), TEXT_EXPAND_TABS | TEXT_KEEP_NEWLINE, "a       b\n        c" },
	{ LIT("\xe6\x97\xa5\tx"), TEXT_EXPAND_TABS, "\xe6\x97\xa5      x" },
	{ LIT("12345678\tx"), TEXT_EXPAND_TABS, "12345678        x" },
	{ LIT("a\nb"), 0, "a b" },
	{ LIT("a\r\nb\rc\r"), TEXT_KEEP_NEWLINE, "a\nb c" },
	/* bidi, joiners, tags, separators */
	{ LIT("a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c\xef\xbb\xbf" "d"), 0, "abcd" },
	{ LIT("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9"), 0, "" },
	{ LIT("\xf3\xa0\x81\xa1x\xf3\xa0\x80\x81"), 0, "x" },
	{ LIT("a\xe2\x80\xa8" "b\xe2\x80\xa9" "c"), 0, "a b c" },
	{ LIT("\xe2\x80\x8b\xc2\xad\xef\xb8\x8fx"), 0, "x" },
	/* malformed UTF-8 */
	{ LIT("\x80\x9b" "31m"), 0, "\xef\xbf\xbd\xef\xbf\xbd" "31m" },
	{ LIT("\xc3"), 0, "\xef\xbf\xbd" },
	{ LIT("\xe6\x97"), 0, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ LIT("\xc0\xaf"), TEXT_ASCII, "??" },
	{ LIT("\xe0\x80\xaf"), TEXT_ASCII, "???" },
	{ LIT("\xed\xa0\x80"), TEXT_ASCII, "???" },
	{ LIT("\xf4\x90\x80\x80\xff"), TEXT_ASCII, "?????" },
	{ LIT("\xef\xbf\xbd"), 0, "\xef\xbf\xbd" },
	{ LIT("na\xc3\xafve \xe6\x97\xa5\xcc\x81"), TEXT_ASCII, "na?ve ?" },
};
/* clang-format on */

static void
sanitize_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEM(sanitize_cases); i++)
		expect_sanitized(sanitize_cases[i].in, sanitize_cases[i].flags,
			sanitize_cases[i].want);
}

static void
sanitize_limits_marks(void **state)
{
	struct buf in = BUF_INIT(4096);
	struct buf out = BUF_INIT(4096);

	(void)state;
	buf_addc(&in, 'e');
	for (int i = 0; i < 100; i++)
		buf_adds(&in, "\xcc\x81");
	buf_adds(&in, "e\xcc\x81");
	text_sanitize(&out, buf_str(&in), 0);
	assert_int_equal(out.len, 1 + 8 * 2 + 3);
	assert_int_equal(text_width(buf_str(&out)), 2);
	buf_release(&in);
	buf_release(&out);
}

static void
sanitize_stops_at_the_maximum(void **state)
{
	struct buf out = BUF_INIT(4);

	(void)state;
	text_sanitize(&out, STR("abcdefgh\x1b[31mi"), 0);
	assert_string_equal(out.s, "abcd");
	assert_true(out.truncated);
	buf_release(&out);
}

/* xorshift: the same bytes on every machine */
static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Random bytes, rich in what the sanitiser looks for. */
static size_t
random_text(uint32_t *seed, char *p, size_t max)
{
	static const char *const bits[] = { "\x1b", "\x1b[", "\x1b]", "\a", "\x1b\\",
		"\xc2\x9b", "\xe2\x80\xae", "\xe6\x97\xa5", "\xcc\x81", "\n", "\r",
		"\t", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", "m", "plain", "\xc2",
		"\xf3\xa0\x81" };
	size_t want = next_random(seed) % max;
	size_t n = 0;
	struct str bit;

	while (n < want) {
		bit = str_of(bits[next_random(seed) % N_ELEM(bits)]);
		if (next_random(seed) % 3 == 0 || bit.len > want - n) {
			p[n++] = (char)next_random(seed);
			continue;
		}
		memcpy(p + n, bit.s, bit.len);
		n += bit.len;
	}
	return n;
}

static void
assert_clean(struct str s, unsigned flags)
{
	size_t i = 0;
	uint32_t cp;

	assert_true(text_is_utf8(s));
	while (i < s.len) {
		cp = text_decode(s, &i);
		if (cp == '\n' && (flags & TEXT_KEEP_NEWLINE))
			continue;
		assert_true(cp >= 0x20 && cp != 0x7f && (cp < 0x80 || cp >= 0xa0));
		assert_false(cp >= 0x202a && cp <= 0x202e);
		assert_false(cp >= 0x2060 && cp <= 0x206f);
		assert_false(cp >= 0x200b && cp <= 0x200f);
		assert_false(
			cp == 0x61c || cp == 0xfeff || cp == 0x2028 || cp == 0x2029);
		assert_false(cp >= 0xe0000 && cp <= 0xe0fff);
		if (flags & TEXT_ASCII)
			assert_true(cp < 0x7f);
	}
}

static void
sanitized_text_is_clean_and_stays_so(void **state)
{
	struct buf once = BUF_INIT(1 << 16);
	struct buf twice = BUF_INIT(1 << 16);
	uint32_t seed = 20261121;
	char in[200];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct str s = { in, random_text(&seed, in, sizeof(in)) };
		unsigned flags = next_random(&seed) % 8;

		buf_clear(&once);
		buf_clear(&twice);
		text_sanitize(&once, s, flags);
		assert_clean(buf_str(&once), flags);
		text_sanitize(&twice, buf_str(&once), flags);
		assert_true(str_equal(buf_str(&once), buf_str(&twice)));
	}
	buf_release(&once);
	buf_release(&twice);
}

static void
fitted_text_has_the_promised_width(void **state)
{
	struct buf clean = BUF_INIT(1 << 16);
	struct buf out = BUF_INIT(1 << 16);
	uint32_t seed = 7;
	size_t columns, used, prefix;
	char in[100];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct str s = { in, random_text(&seed, in, sizeof(in)) };
		unsigned flags = next_random(&seed) % 2 ? TEXT_ASCII : 0;

		buf_clear(&clean);
		buf_clear(&out);
		text_sanitize(&clean, s, flags);
		s = buf_str(&clean);
		columns = next_random(&seed) % 40;
		used = text_fit(&out, s, columns, flags);
		assert_true(used <= columns);
		assert_int_equal(text_width(buf_str(&out)), used);
		if (text_width(s) <= columns)
			assert_true(str_equal(buf_str(&out), s));
		else if (columns > 0)
			assert_true(used + 1 >= columns);
		prefix = text_prefix(s, columns);
		assert_true(text_is_utf8((struct str){ s.s, prefix }));
		assert_true(text_width((struct str){ s.s, prefix }) <= columns);
		buf_clear(&out);
		text_pad(&out, s, columns, i & 1, flags);
		assert_int_equal(text_width(buf_str(&out)), columns);
	}
	buf_release(&clean);
	buf_release(&out);
}

static void
clipped(void **state)
{
	struct str s = STR("a\xc3\xa9\xe6\x97\xa5"); /* 1, 2 and 3 bytes */
	static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6 };

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		assert_int_equal(text_clip(s, i), whole[i]);
	assert_int_equal(text_clip(STR("\x80\x80\x80"), 2), 0);
	assert_int_equal(text_clip(STR(""), 2), 0);
}

static void
fit_and_pad(void **state)
{
	struct buf out = BUF_INIT(1024);

	(void)state;
	assert_int_equal(text_fit(&out, STR("abcdef"), 4, 0), 4);
	assert_string_equal(out.s, "abc\xe2\x80\xa6");
	buf_clear(&out);
	assert_int_equal(text_fit(&out, STR("abcdef"), 4, TEXT_ASCII), 4);
	assert_string_equal(out.s, "abc~");
	buf_clear(&out);
	assert_int_equal(text_fit(&out, STR("abcd"), 4, 0), 4);
	assert_string_equal(out.s, "abcd");
	buf_clear(&out);
	/* a wide one that would straddle the edge goes whole */
	assert_int_equal(text_fit(&out, STR("\xe6\x97\xa5\xe6\x9c\xac"), 3, 0), 3);
	assert_string_equal(out.s, "\xe6\x97\xa5\xe2\x80\xa6");
	buf_clear(&out);
	assert_int_equal(text_fit(&out, STR("\xe6\x97\xa5\xe6\x9c\xac"), 2, 0), 1);
	assert_string_equal(out.s, "\xe2\x80\xa6");
	buf_clear(&out);
	assert_int_equal(text_fit(&out, STR("abc"), 0, 0), 0);
	assert_int_equal(out.len, 0);
	buf_adds(&out, "|");
	text_pad(&out, STR("7:02"), 6, true, 0);
	text_pad(&out, STR("ab"), 4, false, 0);
	buf_adds(&out, "|");
	assert_string_equal(out.s, "|  7:02ab  |");
	buf_release(&out);
}

static void
fit_pathspecs(void **state)
{
	static const struct {
		const char *text, *want;
		size_t columns;
	} v[] = {
		{ "TrainFlow/1795226795942637", "TrainFlow/1795226795942637", 26 },
		{ "TrainFlow/1795226795942637", "TrainFl~/1795226795942637", 25 },
		{ "TrainFlow/1795226795942637", "Trai~/1795226795942637", 22 },
		{ "TrainFlow/1795226795942637", "Trai~795226795942637", 20 },
		{ "TrainFlow/1795226795942637", "Trai~95942637", 13 },
		{ "TrainFlow/1795226795942637", "Tr~2637", 7 },
		{ "TrainFlow/1795226795942637", "~7", 2 },
		{ "TrainFlow/1795226795942637", "~", 1 },
		{ "TrainFlow/1795226795942637", "", 0 },
		{ "F/1795226795942637", "F/17~5942637", 12 },
		{ "TrainFlow/12/fit/34", "Trai~/fit/34", 12 },
		{ "TrainFlow/argo-train-x7k2p", "Trai~ain-x7k2p", 14 },
		/* no pathspec: a name's begin tells most */
		{ "boost-1.6.1-linux-s390x", "boost-1.6.1~", 12 },
		{ "build-package/nightly2", "build-packa~", 12 },
		{ "etl/nightly-of-all", "etl/nightly~", 12 },
		{ "flows/build.py:main2", "flows/build~", 12 },
		{ "/1795226795942637", "/1795226795~", 12 },
		{ "TrainFlow1795226795942637", "TrainFlow17~", 12 },
	};
	struct buf out = BUF_INIT(1024);

	(void)state;
	for (size_t i = 0; i < N_ELEM(v); i++) {
		buf_clear(&out);
		assert_int_equal(text_fit(&out, str_of(v[i].text), v[i].columns,
					 TEXT_ASCII | TEXT_PATHSPEC),
			strlen(v[i].want));
		assert_string_equal(buf_cstr(&out), v[i].want);
	}
	buf_release(&out);
}

static void
widths(void **state)
{
	(void)state;
	assert_int_equal(text_cp_width('\n'), -1);
	assert_int_equal(text_cp_width(0x85), -1);
	assert_int_equal(text_cp_width('a'), 1);
	assert_int_equal(text_cp_width(0xe9), 1);
	assert_int_equal(text_cp_width(0x300), 0);
	assert_int_equal(text_cp_width(0x200d), 0);
	assert_int_equal(text_cp_width(0x65e5), 2);
	assert_int_equal(text_cp_width(0x1f600), 2);
	assert_int_equal(text_cp_width(0xff21), 2);
	assert_int_equal(text_cp_width(0x2026), 1);
	assert_int_equal(text_cp_width(0x25cf), 1);
	assert_int_equal(text_cp_width(0x10ffff), 1);
	assert_int_equal(text_cp_width(0x20000), 2);
	assert_int_equal(text_width(STR("a\xcc\x81\xe6\x97\xa5")), 3);
}

static void
utf8(void **state)
{
	(void)state;
	assert_true(text_is_utf8(STR("")));
	assert_true(text_is_utf8(STR("\xf0\x9f\x98\x80 \xef\xbf\xbd")));
	assert_false(text_is_utf8(STR("longer than a word \xc3")));
	assert_false(text_is_utf8(STR("\xed\xbf\xbf")));
}

static void
json(void **state)
{
	struct buf out = BUF_INIT(1024);

	(void)state;
	text_json(&out, STR("a\"b\\c\n\t\x01\x7f/\xc3\xa9\xc2\x9b\xe2\x80\xae\xff"));
	assert_string_equal(out.s, "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f/"
				   "\xc3\xa9\\u009b\\u202e\xef\xbf\xbd\"");
	buf_clear(&out);
	text_json(&out, STR("\xf3\xa0\x81\xa1\xf0\x9f\x98\x80"));
	assert_string_equal(out.s, "\"\\udb40\\udc61\xf0\x9f\x98\x80\"");
	buf_clear(&out);
	text_json(&out, str_of(NULL));
	assert_string_equal(out.s, "\"\"");
	buf_release(&out);
}

static void
nearest(void **state)
{
	static const char *const names[] = { "state", "start", "flow", "deployment",
		"end" };

	(void)state;
	assert_string_equal(text_nearest(STR("stat"), names, 5), "state");
	assert_string_equal(text_nearest(STR("satrt"), names, 5), "start");
	assert_string_equal(text_nearest(STR("FLOW"), names, 5), "flow");
	assert_string_equal(text_nearest(STR("depolyment"), names, 5), "deployment");
	assert_null(text_nearest(STR("xyzzy"), names, 5));
	assert_null(text_nearest(STR(""), names, 5));
	assert_null(text_nearest(STR("flow"), names, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sanitize_table),
		cmocka_unit_test(sanitize_limits_marks),
		cmocka_unit_test(sanitize_stops_at_the_maximum),
		cmocka_unit_test(sanitized_text_is_clean_and_stays_so),
		cmocka_unit_test(fitted_text_has_the_promised_width),
		cmocka_unit_test(clipped),
		cmocka_unit_test(fit_and_pad),
		cmocka_unit_test(fit_pathspecs),
		cmocka_unit_test(widths),
		cmocka_unit_test(utf8),
		cmocka_unit_test(json),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
