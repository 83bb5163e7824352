#include "word.h"

#include <string.h>

#include <weir/text.h>

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
	size_t n = text_clip(s, size - 1);

	if (n > 0)
		memcpy(out, s.s, n);
	out[n] = '\0';
	return out;
}
