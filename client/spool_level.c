/* Which lines are errors and warnings, by what compilers and programs print. */
#include <ctype.h>
#include <strings.h>

#include "spool.h"

enum { LOOK_BYTES = 400 };

/* A word right before a colon, or first in the line and in brackets or capitals. */
static const struct pattern {
	const char *word;
	int level;
} patterns[] = {
	{ "error", 40 },
	{ "fatal", 40 },
	{ "critical", 40 },
	{ "panic", 40 },
	{ "exception", 40 },
	{ "warning", 30 },
	{ "warn", 30 },
};

static int
level_of(const char *word, size_t n)
{
	for (size_t i = 0; i < N_ELEM(patterns); i++)
		if (strlen(patterns[i].word) == n &&
			strncasecmp(patterns[i].word, word, n) == 0)
			return patterns[i].level;
	return 0;
}

/* `ERROR text`, `[error] text`. */
static int
first_word(struct str line)
{
	size_t at = 0, n = 0;
	bool bracket, capitals = true;

	while (at < line.len && isspace((unsigned char)line.s[at]))
		at++;
	bracket = at < line.len && line.s[at] == '[';
	at += bracket;
	while (at + n < line.len && isalpha((unsigned char)line.s[at + n])) {
		capitals = capitals && isupper((unsigned char)line.s[at + n]);
		n++;
	}
	if (bracket ? at + n >= line.len || line.s[at + n] != ']' : !capitals)
		return 0;
	if (!bracket && at + n < line.len && !isspace((unsigned char)line.s[at + n]))
		return 0;
	return level_of(line.s + at, n);
}

/* The word that ends before the colon at `end`. `KeyError:` is one of Python's. */
static int
word_before(struct str line, size_t end)
{
	size_t at = end;

	while (at > 0 && isalpha((unsigned char)line.s[at - 1]))
		at--;
	if (at > 0 && (line.s[at - 1] == '_' || isdigit((unsigned char)line.s[at - 1])))
		return 0;
	if (at == 0 && end > 5 && isupper((unsigned char)line.s[0]) &&
		memcmp(line.s + end - 5, "Error", 5) == 0)
		return 40;
	return level_of(line.s + at, end - at);
}

int
spool_level(struct str line)
{
	int level = first_word(line);
	const char *p = line.s;

	/* what a shell with -x is about to do */
	if (str_starts(line, "+ ") || str_starts(line, "++ "))
		return 20;
	if (line.len > LOOK_BYTES)
		line.len = LOOK_BYTES;
	while (!level && p && (p = memchr(p, ':', line.len - (size_t)(p - line.s)))) {
		level = word_before(line, (size_t)(p - line.s));
		p++;
	}
	return level ? level : 20;
}
