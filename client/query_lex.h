/*
 * Words of the query language: the parser's place in the text, and taking what stands
 * there.
 */
#ifndef WEIR_CLIENT_QUERY_LEX_H
#define WEIR_CLIENT_QUERY_LEX_H

#include "query.h"

struct query_parser {
	struct weir_query *q;
	struct str text;
	size_t at;    /* next byte */
	size_t valid; /* end of the last whole term */
	int depth;    /* of parentheses */
	int nots;     /* within each other */
	int terms;
	bool lenient; /* text is being typed */
	bool stop;    /* an error was met */
	struct weir_err *err;
};

/*
 * An error at this place: err's text is what is wrong; add where, and the query with a
 * mark below. Only the first counts.
 * /
 */
void query_fail_at(struct query_parser *p, size_t at, size_t len);

void query_skip_blanks(struct query_parser *p);
bool query_ends_at(const struct query_parser *p, size_t i); /* does a word end at i? */
/* Is the next word this one? Then it is taken. */
bool query_take_word(struct query_parser *p, const char *word);
/*
 * Take `/re/`; false when the text here is not one. An unclosed one is an error. comma:
 * one may follow.
 * /
 */
bool query_take_regex(struct query_parser *p, bool comma, struct query_text *ret);
/*
 * Take a word, quoted parts included, up to a blank (or comma). escape: quoting
 * protects what means something in a glob.
 * /
 */
void query_take_text(
	struct query_parser *p, bool comma, bool escape, struct query_text *ret);

#endif
