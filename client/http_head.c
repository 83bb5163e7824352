#include "http_head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "weir/time.h"

bool
http_head_value(struct str line, const char *name, struct str *ret)
{
	size_t n = strlen(name);

	if (line.len <= n || strncasecmp(line.s, name, n) != 0 || line.s[n] != ':')
		return false;
	*ret = (struct str){ line.s + n + 1, line.len - n - 1 };
	while (ret->len && isspace((unsigned char)ret->s[0])) {
		ret->s++;
		ret->len--;
	}
	while (ret->len && isspace((unsigned char)ret->s[ret->len - 1]))
		ret->len--;
	return true;
}

int64_t
http_head_date(const struct dyn_curl *curl, struct str text)
{
	char copy[64];
	time_t t;

	if (text.len >= sizeof(copy))
		return WEIR_NO_TIME;
	memcpy(copy, text.s, text.len);
	copy[text.len] = '\0';
	t = curl->getdate(copy, NULL);
	return t < 0 ? WEIR_NO_TIME : (int64_t)t * WEIR_SECOND_US;
}

int64_t
http_head_retry_ms(const struct dyn_curl *curl, int64_t date_us, struct str text)
{
	int64_t us, now = date_us == WEIR_NO_TIME ? weir_now_us() : date_us;
	int64_t seconds = 0;

	if (text.len == 0)
		return -1;
	if (!isdigit((unsigned char)text.s[0])) {
		us = http_head_date(curl, text);
		return us == WEIR_NO_TIME ? -1 : us > now ? (us - now) / 1000 : 0;
	}
	for (size_t i = 0; i < text.len && isdigit((unsigned char)text.s[i]); i++)
		if (seconds < 1000000)
			seconds = seconds * 10 + text.s[i] - '0';
	return seconds * 1000;
}
