/* Prints the table of CRC-32, polynomial 0xedb88320. */
#include <stdio.h>

int
main(void)
{
	puts("static const uint32_t table[256] = {");
	for (unsigned long i = 0; i < 256; i++) {
		unsigned long c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		printf("\t0x%08lx,\n", c);
	}
	puts("};");
	return 0;
}
