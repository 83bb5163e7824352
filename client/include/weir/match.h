/*
 * Compiled PCRE2 patterns with limits: literal words (smart case), regular expressions
 * and fuzzy words. JIT; UTF-8, malformed text tolerated; thread-private.
 * /
 */
#ifndef WEIR_MATCH_H
#define WEIR_MATCH_H

#include <weir/buf.h>
#include <weir/error.h>

struct weir_match;

enum weir_match_kind {
	WEIR_MATCH_WORD,
	WEIR_MATCH_REGEX,
	WEIR_MATCH_FUZZY,
	WEIR_MATCH_GLOB
};
enum { WEIR_PATTERN_MAX = 4096 };

/*
 * Smart case: case matters only if the pattern has an upper-case letter (a regex may
 * say (?i)). A glob is anchored at both ends. Errors: WEIR_EUSAGE with PCRE2's message
 * and offset. /
 */
WEIR_NODISCARD enum weir_rc weir_match_new(enum weir_match_kind kind,
	struct str pattern, struct weir_match **ret_match, struct weir_err *err);
void weir_match_free(struct weir_match *m);

/*
 * First match at or after from; the span in bytes. A pattern over its limits does not
 * match.
 */
bool weir_match_find(const struct weir_match *m, struct str subject, size_t from,
	size_t *ret_start, size_t *ret_end);
bool weir_match_test(const struct weir_match *m, struct str subject);

/* Did the last find end at a limit? Then a shorter subject may still have a match. */
bool weir_match_gave_up(const struct weir_match *m);

/*
 * The longest literal that every match contains (for trigram skipping), case-folded
 * when the match ignores case; empty when none is easily proved. Borrowed.
 * /
 */
struct str weir_match_literal(const struct weir_match *m);
bool weir_match_caseless(const struct weir_match *m);

/*
 * May a match span a newline? Then whole-block hits must be tested again on the line.
 */
bool weir_match_crosses_lines(const struct weir_match *m);

#endif
