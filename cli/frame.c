#include "frame.h"

#include <stdlib.h>
#include <sys/ioctl.h>

void
frame_init(struct frame *f)
{
	*f = (struct frame){ 0 };
	buf_init(&f->last, BUF_MAX);
}

void
frame_release(struct frame *f)
{
	VEC_FREE(&f->widths);
	buf_release(&f->last);
}

void
frame_lines_release(struct frame_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->v[i].text);
	VEC_FREE(lines);
}

/* Rows that the lines take now: a terminal that was made narrower has wrapped them. */
static size_t
rows_up(const struct frame *f, int columns)
{
	size_t n = 0, width = columns > 0 ? (size_t)columns : 1;

	for (size_t i = 0; i < f->widths.n; i++)
		n += f->widths.v[i] ? (f->widths.v[i] + width - 1) / width : 1;
	return n;
}

static void
go_up(const struct frame *f, int columns, struct buf *out)
{
	size_t n = rows_up(f, columns);

	buf_addc(out, '\r');
	if (n)
		buf_addf(out, "\033[%zuA", n);
}

void
frame_paint(
	struct frame *f, const struct frame_lines *lines, int columns, struct buf *out)
{
	struct buf text = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < lines->n && i < FRAME_LINES_MAX; i++)
		buf_addf(&text, "%s\033[K\n", lines->v[i].text);
	if (columns != f->columns || !str_equal(buf_str(&text), buf_str(&f->last))) {
		go_up(f, columns, out);
		if (columns < f->columns)
			buf_adds(out, "\033[J");
		buf_addstr(out, buf_str(&text));
		if (lines->n < f->widths.n)
			buf_adds(out, "\033[J");
		f->widths.n = 0;
		for (size_t i = 0; i < lines->n && i < FRAME_LINES_MAX; i++)
			VEC_PUSH(&f->widths, lines->v[i].width);
		f->columns = columns;
		buf_clear(&f->last);
		buf_addstr(&f->last, buf_str(&text));
	}
	buf_release(&text);
}

void
frame_clear(struct frame *f, int columns, struct buf *out)
{
	if (!f->widths.n)
		return;
	go_up(f, columns, out);
	buf_adds(out, "\033[J");
	f->widths.n = 0;
	f->columns = 0;
	buf_clear(&f->last);
}

void
frame_screen(int fd, int *ret_columns, int *ret_lines)
{
	struct winsize ws = { 0 };
	bool asked = ioctl(fd, TIOCGWINSZ, &ws) == 0;

	*ret_columns = asked && ws.ws_col ? ws.ws_col : 80;
	*ret_lines = asked && ws.ws_row ? ws.ws_row : 24;
}
