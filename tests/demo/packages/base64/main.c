/* base64 < FILE */
#include "base64.h"

#include <stdio.h>

int
main(void)
{
	unsigned char in[57];
	char out[BASE64_TEXT(sizeof(in))];
	size_t n;

	while ((n = fread(in, 1, sizeof(in), stdin)) > 0) {
		base64_encode(in, n, out);
		puts(out);
	}
	return ferror(stdin) ? 1 : 0;
}
