/* Patterns with *, ?, [a-z] and [!a-z], as the shell has them. */
#ifndef MATCH_H
#define MATCH_H

int match(const char *pattern, const char *text);

#endif
