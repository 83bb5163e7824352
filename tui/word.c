#include "word.h"

#include <string.h>

void
word_number(struct buf *out, int64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buf_addc(out, ' ');
		buf_addc(out, digits[i]);
	}
}

char *
word_copy(char *out, size_t size, struct str s)
{
	size_t n = s.len < size ? s.len : size - 1;

	while (n > 0 && n < s.len && ((unsigned char)s.s[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(out, s.s, n);
	out[n] = '\0';
	return out;
}
