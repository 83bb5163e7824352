#include "weir/log.h"

#include <unistd.h>

#include "weir/buf.h"
#include "weir/text.h"
#include "weir/time.h"

enum { LOG_LINE_MAX = 8192 };

/* Set before threads start, only read after. */
static int log_fd = -1;
static enum weir_log_level log_level = LOG_ERROR;

void
weir_log_to(int fd, enum weir_log_level level)
{
	log_fd = fd;
	log_level = level;
}

bool
weir_log_on(enum weir_log_level level)
{
	return log_fd >= 0 && level <= log_level;
}

void
weir_log_write(enum weir_log_level level, const char *module, const char *fmt, ...)
{
	static const char names[][6] = { "", "error", "warn", "info", "debug" };
	struct buf raw = BUF_INIT(LOG_LINE_MAX / 2);
	struct buf line = BUF_INIT(LOG_LINE_MAX);
	char when[WEIR_TIME_TEXT];
	ssize_t n;
	va_list ap;

	if (!weir_log_on(level))
		return;
	va_start(ap, fmt);
	buf_vaddf(&raw, fmt, ap);
	va_end(ap);
	buf_addf(&line, "%s %-5s %s: ", weir_time_format(weir_now_us(), when),
		names[level], module);
	text_sanitize(&line, buf_str(&raw), 0);
	buf_truncate(&line, line.len < LOG_LINE_MAX ? line.len : LOG_LINE_MAX - 1);
	line.truncated = false;
	buf_addc(&line, '\n');
	n = write(log_fd, line.s, line.len); /* one call: lines of threads stay whole */
	(void)n;
	buf_release(&raw);
	buf_release(&line);
}
