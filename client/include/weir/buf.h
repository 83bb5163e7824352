/*
 * Text: a borrowed slice (struct str) and an owned growing buffer (struct buf).
 *
 * A buffer has a maximum, given at init: past it, bytes are dropped and `truncated` is
 * set, so a hostile size is an ordinary condition that the caller looks at. buf->s is
 * always NUL-terminated once something was added; buf_str never returns NULL text.
 */
#ifndef WEIR_BUF_H
#define WEIR_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>

struct str {
	const char *s; /* borrowed; may lack a NUL; may be NULL when len is 0 */
	size_t len;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })

struct str str_of(
	const char *s); /* of a NUL-terminated string; NULL gives an empty slice */
bool str_eq(struct str a, const char *b);
bool str_equal(struct str a, struct str b);
bool str_starts(struct str a, const char *prefix);
char *str_copy(struct str a); /* owned by the caller */
/* What fits of s, and a NUL. */
void str_into(char *to, size_t size, struct str s);

struct buf {
	char *s;
	size_t len, size, max;
	bool truncated;
};

enum { BUF_MAX = 1 << 30 }; /* for buffers whose size is ours, not a peer's */

#define BUF_INIT(maximum)                                                              \
	{                                                                              \
		.max = (maximum)                                                       \
	}

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_clear(struct buf *b); /* keep the memory, drop the content */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addstr(struct buf *b, struct str s);
void buf_addc(struct buf *b, char c);
void buf_addn(struct buf *b, char c, size_t n); /* c, n times */
void buf_addsize(struct buf *b, int64_t n);     /* of bytes: `1.2 GB` */
void buf_addf(struct buf *b, const char *fmt, ...) WEIR_PRINTF(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) WEIR_PRINTF(2, 0);
void buf_truncate(struct buf *b, size_t len);
struct str buf_str(const struct buf *b);   /* borrowed until b changes */
const char *buf_cstr(const struct buf *b); /* borrowed, "" when empty */
char *buf_steal(struct buf *b); /* owned by the caller; b is empty afterwards */

#endif
