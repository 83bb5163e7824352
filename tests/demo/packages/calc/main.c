/* calc SUM... */
#include "calc.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		double v;

		if (calc(argv[i], &v)) {
			fprintf(stderr, "calc: '%s' is no sum\n", argv[i]);
			return 1;
		}
		printf("%g\n", v);
	}
	return 0;
}
