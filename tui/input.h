/*
 * Keys: bytes of a terminal to key numbers and their names.
 *
 * A key is a code point or one of enum input_key, with INPUT_CTRL and INPUT_ALT. Names
 * are what key maps, scripts and help use: `a`, `ctrl-l`, `alt-x`, `up`, `pgdn`, `esc`,
 * `space`.
 */
#ifndef WEIR_TUI_INPUT_H
#define WEIR_TUI_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>

enum input_key {
	INPUT_NONE = 0,
	INPUT_UP = 0x110000,
	INPUT_DOWN,
	INPUT_LEFT,
	INPUT_RIGHT,
	INPUT_PGUP,
	INPUT_PGDN,
	INPUT_HOME,
	INPUT_END,
	INPUT_INSERT,
	INPUT_DELETE,
	INPUT_BACKSPACE,
	INPUT_ENTER,
	INPUT_TAB,
	INPUT_BACKTAB,
	INPUT_ESC,
	INPUT_F1,
	INPUT_F12 = INPUT_F1 + 11,
	INPUT_PASTE, /* the text is in input->paste */
	INPUT_CLICK, /* the place is in input->mouse_x, mouse_y */
	INPUT_WHEEL_UP,
	INPUT_WHEEL_DOWN,
	/* What a terminal tells by itself. */
	INPUT_FOCUS, /* someone looks again */
	INPUT_BLUR,  /* another window has the keys */
	INPUT_SYNCS, /* it shows frames at once */
	INPUT_NO_SYNC,
	INPUT_LAST = INPUT_NO_SYNC,
	INPUT_CTRL = 1 << 24,
	INPUT_ALT = 1 << 25,
};

enum { INPUT_BUFFER = 4096, INPUT_PASTE_MAX = 64 << 10, INPUT_NAME = 24 };
enum { INPUT_ESC_MS = 40 }; /* how long the rest of a sequence may take */

struct input {
	unsigned char bytes[INPUT_BUFFER];
	size_t n;
	bool pasting, paste_done;
	struct buf paste;
	int mouse_x, mouse_y; /* from 0 */
};

void input_init(struct input *in);
void input_release(struct input *in);

/* Take bytes; what does not fit is dropped (a flood of keys is not kept). */
void input_feed(struct input *in, const void *bytes, size_t n);

/*
 * The next key, or false. waited: nothing came for INPUT_ESC_MS, so an unfinished
 * sequence is what it looks like.
 */
bool input_next(struct input *in, bool waited, uint32_t *ret_key);
bool input_pending(const struct input *in); /* an unfinished sequence waits */

/* Name of a key into out; parse one. */
const char *input_name(uint32_t key, char out[INPUT_NAME]);
bool input_parse(struct str name, uint32_t *ret_key);

#endif
