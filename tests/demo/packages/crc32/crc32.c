#include "crc32.h"

#include "table.h"

uint32_t
crc32(uint32_t crc, const void *in, size_t n)
{
	const unsigned char *p = in;

	crc = ~crc;
	while (n--)
		crc = table[(crc ^ *p++) & 255] ^ crc >> 8;
	return ~crc;
}
