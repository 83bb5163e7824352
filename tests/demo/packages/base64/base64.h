/* Base64 of RFC 4648, section 4. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* Bytes of text for n bytes, the end included. */
#define BASE64_TEXT(n) (((n) + 2) / 3 * 4 + 1)

size_t base64_encode(const unsigned char *in, size_t n, char *out);

/* The number of bytes, or -1 where the text is none. */
long base64_decode(const char *in, size_t n, unsigned char *out);

#endif
