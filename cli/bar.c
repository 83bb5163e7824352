#include "bar.h"

#include <weir/time.h>

enum {
	BAR_CELLS = 18,
	EIGHTHS = 8,
	DRAW_US = 100000,
	RATE_US = 500000,
	BAR_LINE_MAX = 512
};

void
bar_number(struct buf *b, int64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);

	for (int i = 0; i < len; i++) {
		buf_addc(b, digits[i]);
		if (i + 1 < len && (len - i - 1) % 3 == 0 && digits[i] != '-')
			buf_addc(b, ' ');
	}
}

static void
add_bar(struct buf *out, int64_t done, int64_t total)
{
	static const char *const part[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int64_t eighths = done * BAR_CELLS * EIGHTHS / total;
	int cells = (int)(eighths / EIGHTHS), rest = (int)(eighths % EIGHTHS);

	buf_adds(out, "▕");
	for (int i = 0; i < cells; i++)
		buf_adds(out, "█");
	buf_adds(out, part[rest]);
	buf_addn(out, ' ', (size_t)(BAR_CELLS - cells - (rest > 0)));
	buf_adds(out, "▏ ");
}

/* `9 800/s  2 s left`, once there is something to tell it from. */
static void
add_rate(struct buf *out, const struct bar *b, const struct weir_progress *p,
	int64_t now_us)
{
	int64_t us = now_us - b->began_us, n = p->done - b->began_done, rate, left;

	if (us < RATE_US || n <= 0)
		return;
	rate = n * WEIR_SECOND_US / us;
	buf_adds(out, "  ");
	bar_number(out, rate);
	buf_adds(out, "/s");
	if (rate == 0 || p->total <= 0)
		return;
	left = (p->total - p->done + rate - 1) / rate;
	if (left < 60)
		buf_addf(out, "  %lld s left", (long long)left);
	else
		buf_addf(out, "  %lld min left", (long long)(left + 59) / 60);
}

void
bar_line(const struct bar *b, const struct weir_progress *p, int64_t now_us,
	struct buf *out)
{
	int64_t done = p->total > 0 && p->done > p->total ? p->total : p->done;

	buf_addf(out, "%s  ", p->what ? p->what : "");
	if (b->utf8 && p->total > 0)
		add_bar(out, done, p->total);
	bar_number(out, done);
	if (p->total > 0) {
		buf_adds(out, " / ");
		bar_number(out, p->total);
	}
	add_rate(out, b, p, now_us);
}

void
bar_init(struct bar *b, const struct ctx *ctx)
{
	const char *term = getenv("TERM");

	*b = (struct bar){ .utf8 = ctx->utf8 };
	b->on = ctx->tty_err && !ctx->g.quiet && !ctx->g.verbose && term && *term &&
		strcmp(term, "dumb") != 0;
}

void
bar_progress(void *arg, const struct weir_progress *p)
{
	struct bar *b = arg;
	struct buf line = BUF_INIT(BAR_LINE_MAX);
	int64_t now = weir_monotonic_us();

	if (!b->on)
		return;
	if (b->what != p->what || p->done < b->began_done) {
		b->what = p->what;
		b->began_us = now;
		b->began_done = p->done;
	}
	if (now - b->drawn_us < DRAW_US)
		return;
	b->drawn_us = now;
	b->shown = true;
	buf_adds(&line, "\r");
	bar_line(b, p, now, &line);
	buf_adds(&line, "\033[K");
	fwrite(line.s, 1, line.len, stderr);
	fflush(stderr);
	buf_release(&line);
}

void
bar_clear(struct bar *b)
{
	if (!b->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	b->shown = false;
}
