#include "base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_encode(const unsigned char *in, size_t n, char *out)
{
	char *o = out;

	for (size_t i = 0; i < n; i += 3) {
		unsigned long v = (unsigned long)in[i] << 16;

		if (i + 1 < n)
			v |= (unsigned long)in[i + 1] << 8;
		if (i + 2 < n)
			v |= in[i + 2];
		*o++ = letters[v >> 18 & 63];
		*o++ = letters[v >> 12 & 63];
		*o++ = i + 1 < n ? letters[v >> 6 & 63] : '=';
		*o++ = i + 2 < n ? letters[v & 63] : '=';
	}
	*o = '\0';
	return (size_t)(o - out);
}

static int
value(char c)
{
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? (int)(at - letters) : -1;
}

long
base64_decode(const char *in, size_t n, unsigned char *out)
{
	unsigned char *o = out;

	if (n % 4)
		return -1;
	for (size_t i = 0; i < n; i += 4) {
		int last = i + 4 == n, pad = 0;
		unsigned long v = 0;

		for (size_t k = 0; k < 4; k++) {
			int bits = value(in[i + k]);

			if (in[i + k] == '=' && last && k >= 2)
				pad++, bits = 0;
			else if (pad)
				return -1;
			if (bits < 0)
				return -1;
			v = v << 6 | (unsigned long)bits;
		}
		*o++ = (unsigned char)(v >> 16);
		if (pad < 2)
			*o++ = (unsigned char)(v >> 8);
		if (pad < 1)
			*o++ = (unsigned char)v;
	}
	return (long)(o - out);
}
