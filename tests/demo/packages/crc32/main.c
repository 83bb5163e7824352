/* crc32 < FILE */
#include "crc32.h"

#include <stdio.h>

int
main(void)
{
	unsigned char in[4096];
	uint32_t crc = 0;
	size_t n;

	while ((n = fread(in, 1, sizeof(in), stdin)) > 0)
		crc = crc32(crc, in, n);
	printf("%08lx\n", (unsigned long)crc);
	return ferror(stdin) ? 1 : 0;
}
