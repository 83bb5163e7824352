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

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789-_./:,@%+=";

void
word_value(struct buf *out, struct str s)
{
	bool bare = s.len > 0 && *s.s != '-' && *s.s != '/' && *s.s != '=';

	for (size_t i = 0; i < s.len; i++) {
		if (!strchr(plain, s.s[i]) || strchr(":,", s.s[i]))
			bare = false;
	}
	if (bare) {
		buf_addstr(out, s);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.s[i]);
	}
	buf_addc(out, '"');
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
