/* Small texts that several views need. */
#ifndef WEIR_TUI_WORD_H
#define WEIR_TUI_WORD_H

#include <stdint.h>

#include <weir/buf.h>

void word_number(struct buf *out, int64_t n); /* 8 640 */

/* Copy what fits, NUL-terminated; whole characters only. Returns out. */
char *word_copy(char *out, size_t size, struct str s);

#endif
