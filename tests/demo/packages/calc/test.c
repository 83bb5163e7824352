#include "calc.h"

#include <stdio.h>

static int failed, checks;

static void
is(const char *text, double want)
{
	double v = 0;
	int rc = calc(text, &v);

	checks++;
	if (!rc && v == want)
		return;
	printf("error: %s: %d, %g\n", text, rc, v);
	failed++;
}

static void
wrong(const char *text)
{
	double v;

	checks++;
	if (calc(text, &v))
		return;
	printf("error: '%s' is taken\n", text);
	failed++;
}

int
main(void)
{
	is("1", 1);
	is("1 + 2 * 3", 7);
	is("(1 + 2) * 3", 9);
	is("8 / 2 / 2", 2);
	is("8 - 2 - 2", 4);
	is("2 * -(3 - 5)", 4);
	is("--1", 1);
	is(".5 * 4", 2);
	is("((((((1))))))", 1);
	wrong("");
	wrong("1 +");
	wrong("(1");
	wrong("1)");
	wrong("1 2");
	wrong("a");
	printf("calc: %d of %d checks passed\n", checks - failed, checks);
	return failed > 0;
}
