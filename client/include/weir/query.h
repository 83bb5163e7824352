/*
 * The query language (weir-query(7)): one compiler for command lines, menus and saved
 * views.
 *
 * Text becomes a tree, and the tree becomes SQL: whitelisted fragments with bound
 * values, and functions over compiled PCRE2 for what SQL cannot say. Parsing needs no
 * store. /
 */
#ifndef WEIR_QUERY_H
#define WEIR_QUERY_H

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/types.h>

struct weir_query;

enum { WEIR_QUERY_MAX = 16 << 10 };

/*
 * Parse text for objects of kind. now_us resolves `since:2d`. Empty text matches all.
 * Errors: WEIR_EUSAGE; err->text is `query: unknown field 'stat' at column 1\n
 * stat:failed\n  ^~~~` (the one error text with newlines), err->hint a suggestion.
 * /
 */
WEIR_NODISCARD enum weir_rc weir_query_parse(enum weir_kind kind, struct str text,
	int64_t now_us, struct weir_query **ret_query, struct weir_err *err);
void weir_query_free(struct weir_query *q);

/*
 * While typing: parse the longest prefix that is valid; never fails. *ret_valid is its
 * length in bytes, *err says why the rest is not used (err->rc WEIR_OK when all is).
 * /
 */
struct weir_query *weir_query_parse_prefix(enum weir_kind kind, struct str text,
	int64_t now_us, size_t *ret_valid, struct weir_err *err);

bool weir_query_matches_all(const struct weir_query *q);

/*
 * Does it name a date-relative or live value (dur, since), so that it must be parsed
 * anew?
 */
bool weir_query_is_relative(const struct weir_query *q);

/* The bare words and patterns, for highlighting: compiled, borrowed. */
struct weir_match;
size_t weir_query_words(
	const struct weir_query *q, const struct weir_match *const **ret_words);

/*
 * Completion at the end of text: appends whole replacement words, newline-separated,
 * best first: fields, operators, and values (states; for names a store may be asked by
 * the caller: then *ret_field is not NULL; it is the field whose values are wanted,
 * "NAME" for one of a parameter or label that the text names, or "param." for the names
 * of parameters; see weir_query_values).
 * Returns where the word begins that they replace.
 */
size_t weir_query_complete(
	enum weir_kind kind, struct str text, struct buf *out, const char **ret_field);

/* Append s as a value of a query, in quotes where it needs them, or always. */
void weir_query_quote(struct buf *out, struct str s, bool always);

/* Is it one bare word, as a name is? Who types it may have meant another field. */
bool weir_query_is_word(const char *query);

/* The fields of a kind, for docs, completion and tests. */
struct weir_query_field {
	const char *name;    /* "state", "start_time", ... */
	const char *alias;   /* short name or NULL */
	const char *values;  /* what may stand there: "text", "time", "duration",
				"number", "state", "yes, no" */
	const char *help;    /* one line */
	const char *example; /* a whole query that a test runs */
};
size_t weir_query_fields(
	enum weir_kind kind, const struct weir_query_field **ret_fields);

#endif
