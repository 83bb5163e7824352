#include "base64.h"

#include <stdio.h>
#include <string.h>

static int failed;

static void
pair(const char *plain, const char *text)
{
	unsigned char back[64];
	char out[64];
	size_t n = strlen(plain);

	base64_encode((const unsigned char *)plain, n, out);
	if (strcmp(out, text)) {
		printf("error: '%s' is '%s', not '%s'\n", plain, out, text);
		failed = 1;
	}
	if (base64_decode(text, strlen(text), back) != (long)n ||
		memcmp(back, plain, n)) {
		printf("error: '%s' does not come back\n", text);
		failed = 1;
	}
}

static void
refused(const char *text)
{
	unsigned char back[64];

	if (base64_decode(text, strlen(text), back) >= 0) {
		printf("error: '%s' is taken\n", text);
		failed = 1;
	}
}

int
main(void)
{
	unsigned char in[1000], back[1000];
	char out[BASE64_TEXT(sizeof(in))];

	pair("", "");
	pair("f", "Zg==");
	pair("fo", "Zm8=");
	pair("foo", "Zm9v");
	pair("foobar", "Zm9vYmFy");
	refused("Zg=");
	refused("Z===");
	refused("Zg==Zg==");
	refused("Zm9*");
	for (size_t n = 0; n < sizeof(in); n++) {
		in[n] = (unsigned char)(n * n + 7 * n);
		size_t len = base64_encode(in, n, out);

		if (base64_decode(out, len, back) != (long)n || memcmp(in, back, n)) {
			printf("error: %zu bytes do not come back\n", n);
			failed = 1;
		}
	}
	puts(failed ? "base64: FAILED" : "base64: 1009 checks passed");
	return failed;
}
