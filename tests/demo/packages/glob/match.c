#include "match.h"

#include <stddef.h>

/* After the bracket, or NULL if it is not closed. */
static const char *
bracket(const char *p, char c, int *hit)
{
	int not = *p == '!', found = 0;

	p += not ;
	do {
		char low = *p, high = *p;

		if (!low)
			return NULL;
		if (p[1] == '-' && p[2] && p[2] != ']')
			high = p[2], p += 2;
		found |= low <= c && c <= high;
		p++;
	} while (*p != ']');
	*hit = found != not ;
	return p + 1;
}

/* One character of the pattern; after it, or NULL if c is another. */
static const char *
one(const char *p, char c)
{
	const char *next;
	int hit;

	if (*p == '?')
		return p + 1;
	if (*p == '[' && (next = bracket(p + 1, c, &hit)))
		return hit ? next : NULL;
	return *p == c ? p + 1 : NULL;
}

int
match(const char *p, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		const char *next;

		if (*p == '*') {
			star = ++p;
			from = text;
		} else if (*p && (next = one(p, *text))) {
			p = next;
			text++;
		} else if (star) {
			p = star;
			text = ++from;
		} else {
			return 0;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}
