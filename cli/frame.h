/*
 * A few lines at the end of a terminal that are painted again in place, without another
 * screen: what stood there before goes up into the terminal's own history unharmed.
 */
#ifndef WEIR_CLI_FRAME_H
#define WEIR_CLI_FRAME_H

#include <weir/buf.h>
#include <weir/mem.h>

enum { FRAME_LINES_MAX = 500 };

struct frame {
	VEC(size_t) widths; /* columns of each line that is on the screen */
	struct buf last;    /* what was painted, to be compared */
	int columns;        /* the terminal was so wide then */
};

struct frame_line {
	char *text;   /* sanitised, with colours, fits the terminal; owned */
	size_t width; /* columns */
};
VEC_TYPE(frame_lines, struct frame_line);

void frame_init(struct frame *f);
void frame_release(struct frame *f);
void frame_lines_release(struct frame_lines *lines);

/*
 * Append what makes a terminal of so many columns show these lines in the place of
 * those before; nothing if it shows them.
 */
void frame_paint(
	struct frame *f, const struct frame_lines *lines, int columns, struct buf *out);

/* Append what takes them away: the cursor is where they began. */
void frame_clear(struct frame *f, int columns, struct buf *out);

/* Columns and lines of the terminal that fd is. */
void frame_screen(int fd, int *ret_columns, int *ret_lines);

#endif
