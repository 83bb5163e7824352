#include "para.h"

#include <weir/mem.h>
#include <weir/text.h>

enum { PIPE_WIDTH = 100, PAIR_GAP = 3 };

size_t
para_width(const struct ctx *ctx)
{
	int columns, lines;

	sink_screen(&columns, &lines);
	return ctx->tty_out ? (size_t)columns : PIPE_WIDTH;
}

void
para_init(struct para *f, struct ctx *ctx, struct buf *b, size_t indent)
{
	*f = (struct para){ .ctx = ctx, .b = b, .indent = indent };
	f->width = para_width(ctx);
}

void
para_begin(struct para *f, const char *label)
{
	f->label = label;
	f->empty = true;
}

static unsigned
flags_of(const struct para *f)
{
	return f->ctx->utf8 ? 0 : TEXT_ASCII;
}

/* Where the first item begins. */
static void
put_label(struct para *f)
{
	size_t n = f->label ? strlen(f->label) + 1 : 0;

	if (f->label)
		buf_addf(f->b, " %s", f->label);
	buf_addn(f->b, ' ', n < f->indent ? f->indent - n : 1);
	f->at = n < f->indent ? f->indent : n + 1;
	f->empty = false;
}

static void
wrap(struct para *f)
{
	buf_addc(f->b, '\n');
	buf_addn(f->b, ' ', f->indent);
	f->at = f->indent;
}

/* Sanitised text, in a new line if it does not fit in this one. */
static void
put(struct para *f, struct str clean, size_t gap)
{
	size_t n = text_width(clean);

	if (f->empty) {
		put_label(f);
	} else if (f->at + gap + n > f->width && f->at > f->indent) {
		wrap(f);
	} else if (f->at > f->indent) {
		buf_addn(f->b, ' ', gap);
		f->at += gap;
	}
	buf_addstr(f->b, clean);
	f->at += n;
}

static size_t
room(const struct para *f)
{
	return f->width > f->indent + 8 ? f->width - f->indent : 8;
}

void
para_add(struct para *f, struct str text, size_t gap)
{
	struct buf clean = BUF_INIT(BUF_MAX), cut = BUF_INIT(BUF_MAX);

	text_sanitize(&clean, text, flags_of(f));
	if (f->ctx->tty_out) {
		text_fit(&cut, buf_str(&clean), room(f), flags_of(f));
		put(f, buf_str(&cut), gap);
	} else {
		put(f, buf_str(&clean), gap);
	}
	buf_release(&cut);
	buf_release(&clean);
}

void
para_addf(struct para *f, size_t gap, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	para_add(f, str_of(text), gap);
	free(text);
}

void
para_pair(struct para *f, const char *word, struct str text)
{
	struct buf b = BUF_INIT(BUF_MAX);

	if (!text.len)
		return;
	buf_addf(&b, "%s ", word);
	buf_addstr(&b, text);
	para_add(f, buf_str(&b), PAIR_GAP);
	buf_release(&b);
}

/* A word longer than a line goes on in the next: nothing of a text is lost. */
static void
put_word(struct para *f, struct str word, size_t gap)
{
	size_t n;

	while (f->ctx->tty_out && text_width(word) > room(f)) {
		n = text_prefix(word, room(f));
		if (!n)
			break;
		put(f, (struct str){ word.s, n }, gap);
		word = (struct str){ word.s + n, word.len - n };
	}
	if (word.len)
		put(f, word, gap);
}

/* A line of a text: its indentation is kept. */
static void
put_words(struct para *f, struct str line)
{
	size_t i = 0, n, gap = 0;

	while (i < line.len && line.s[i] == ' ')
		i++;
	if (i && i < line.len && !f->empty && i < room(f) / 2) {
		buf_addn(f->b, ' ', i);
		f->at += i;
	}
	for (; i < line.len; i += n) {
		for (n = 0; i + n < line.len && line.s[i + n] != ' ';)
			n++;
		if (n)
			put_word(f, (struct str){ line.s + i, n }, gap);
		else
			n = 1;
		gap = 1;
	}
}

void
para_words(struct para *f, struct str text)
{
	struct buf clean = BUF_INIT(BUF_MAX);
	struct str s;

	text_sanitize(&clean, text, flags_of(f) | TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS);
	s = buf_str(&clean);
	while (s.len && s.s[s.len - 1] == '\n')
		s.len--;
	while (s.len) {
		const char *end = memchr(s.s, '\n', s.len);
		size_t n = end ? (size_t)(end - s.s) : s.len;

		put_words(f, (struct str){ s.s, n });
		n += end != NULL;
		s = (struct str){ s.s + n, s.len - n };
		if (s.len && !f->empty && *s.s != '\n')
			wrap(f);
		else if (s.len && !f->empty)
			buf_addc(f->b, '\n');
	}
	buf_release(&clean);
}

void
para_end(struct para *f)
{
	if (!f->empty)
		buf_addc(f->b, '\n');
	f->empty = true;
}
