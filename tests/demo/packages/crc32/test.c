#include "crc32.h"

#include <stdio.h>
#include <string.h>

static uint32_t
bit_by_bit(const unsigned char *p, size_t n)
{
	uint32_t crc = ~(uint32_t)0;

	while (n--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

int
main(void)
{
	static unsigned char in[4096];
	unsigned long failed = crc32(0, "123456789", 9) != 0xcbf43926;

	for (size_t n = 0; n < sizeof(in); n++) {
		in[n] = (unsigned char)(n * 31 + (n >> 8));
		uint32_t parts = crc32(crc32(0, in, n / 2), in + n / 2, n - n / 2);

		failed += parts != bit_by_bit(in, n);
	}
	if (failed)
		printf("error: %lu sums are wrong\n", failed);
	else
		puts("crc32: 4097 checks passed");
	return failed > 0;
}
