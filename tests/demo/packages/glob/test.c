#include "match.h"

#include <stdio.h>

static const struct {
	const char *pattern, *text;
	int hit;
} cases[] = {
	{ "", "", 1 },
	{ "", "a", 0 },
	{ "*", "", 1 },
	{ "*.c", "match.c", 1 },
	{ "*.c", "match.h", 0 },
	{ "m?tch.*", "match.c", 1 },
	{ "a*b*c", "a-b-b-c", 1 },
	{ "a*b*c", "a-b-b-d", 0 },
	{ "[a-c]x", "bx", 1 },
	{ "[!a-c]x", "bx", 0 },
	{ "[]]", "]", 1 },
	{ "[a", "[a", 1 },
	{ "****a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0 },
};

int
main(void)
{
	int n = sizeof(cases) / sizeof(cases[0]), failed = 0;

	for (int i = 0; i < n; i++) {
		if (match(cases[i].pattern, cases[i].text) == cases[i].hit)
			continue;
		printf("error: '%s' and '%s'\n", cases[i].pattern, cases[i].text);
		failed++;
	}
	printf("glob: %d of %d checks passed\n", n - failed, n);
	return failed > 0;
}
