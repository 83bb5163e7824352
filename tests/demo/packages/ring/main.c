/* ring < FILE: a cat with a ring in the middle */
#include "ring.h"

#include <stdio.h>

int
main(void)
{
	static struct ring r;
	unsigned char b[1000];
	size_t n;

	while ((n = fread(b, 1, sizeof(b), stdin)) > 0) {
		ring_put(&r, b, n);
		n = ring_get(&r, b, sizeof(b));
		fwrite(b, 1, n, stdout);
	}
	return ferror(stdin) ? 1 : 0;
}
