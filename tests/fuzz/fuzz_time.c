/* Times and spans: what is read can be written and read again. */
#include <stddef.h>
#include <stdint.h>

#include <weir/mem.h>
#include <weir/time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_us = 1795269739441000;

static void
check_time(struct str s)
{
	char text[WEIR_TIME_TEXT];
	int64_t us, back;

	if (!weir_time_parse(s, &us))
		return;
	weir_time_format(us, text);
	if (!weir_time_parse(str_of(text), &back) || back != us)
		abort();
}

static void
check_span(struct str s)
{
	struct buf out = BUF_INIT(BUF_MAX);
	int64_t us, back;

	if (!weir_duration_parse(s, &us))
		return;
	if (us < 0)
		abort();
	weir_duration_format(&out, us);
	if (!weir_duration_parse(buf_str(&out), &back) || back > us)
		abort();
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct buf out = BUF_INIT(BUF_MAX);
	int64_t us;

	check_time(s);
	check_span(s);
	if (weir_time_parse_human(s, now_us, &us)) {
		weir_time_relative(&out, us, now_us, false, true);
		weir_time_absolute(&out, us, false, true);
	}
	if (size == sizeof(us)) {
		memcpy(&us, data, sizeof(us));
		weir_time_relative(&out, us, now_us, size % 2, true);
		weir_time_absolute(&out, us, size % 2, true);
		weir_duration_format(&out, us);
	}
	buf_release(&out);
	return 0;
}
