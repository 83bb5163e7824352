/*
 * The terminal: set up, given back, resized, suspended; or a mock of one for scripts.
 *
 * Signals arrive as bytes on a pipe, so that the loop handles them between two frames.
 * When the program dies of a crash the handler gives the terminal back before it goes.
 */
#ifndef WEIR_TUI_SCREEN_H
#define WEIR_TUI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

struct screen {
	bool mock, open;
	bool mouse;       /* the terminal tells of the mouse */
	bool plain;       /* no alternate screen */
	bool modern;      /* it understands what xterm does, or passes over it */
	bool sync;        /* it shows a frame at once if told where one ends */
	int64_t asked_us; /* when it was asked that; 0: it was not, or has answered */
	int rows, cols;
	int signal_fd;  /* readable: a byte a signal, its number */
	void *term;     /* SCREEN * of ncurses */
	void *in, *out; /* FILE * of the mock */
};

/* mock: a terminal of 80x24 that nobody sees. plain: what stood there stays above. */
WEIR_NODISCARD enum weir_rc screen_open(
	struct screen *s, bool mock, bool plain, struct weir_err *err);
void screen_close(struct screen *s); /* the terminal is as it was; twice is once */

/* The size that the terminal has now. True if it changed. */
bool screen_measure(struct screen *s);
void screen_resize(struct screen *s, int cols, int rows);

/* Stop as ^Z does; returns when the user comes back. */
void screen_suspend(struct screen *s);
/* Give the terminal to another program and take it back. */
void screen_leave(struct screen *s);
void screen_enter(struct screen *s);

/* Ask the terminal for the mouse; screen_leave ends it. */
void screen_mouse(struct screen *s);

/*
 * A frame between these two is shown at once, where the terminal can (mode 2026). It is
 * asked when it is opened, and answers as if keys were pressed: screen_synced tells.
 */
void screen_begin_frame(const struct screen *s);
void screen_end_frame(const struct screen *s);
void screen_synced(struct screen *s, bool can);

int screen_signal(struct screen *s); /* next signal number, 0 when none waits */

/* Put text into the clipboard of the terminal (OSC 52). False: too long or no terminal.
 */
bool screen_copy(struct screen *s, const char *text);

#endif
