/* glob PATTERN WORD...: prints the words that match */
#include "match.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	int found = 0;

	for (int i = 2; i < argc; i++)
		if (match(argv[1], argv[i]))
			found += puts(argv[i]) >= 0;
	return found ? 0 : 1;
}
