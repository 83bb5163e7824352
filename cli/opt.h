/*
 * Options: tables of struct opt (cmd.h) against argv.
 *
 * `--name value`, `--name=value`, `-n 5`, `-n5`, flags combined as in `-qv`, `--` ends
 * them, options may follow words. Of tables given together the first that knows a name
 * has it.
 */
#ifndef WEIR_CLI_OPT_H
#define WEIR_CLI_OPT_H

#include "cmd.h"

extern const struct opt opt_globals[]; /* into struct globals; ends with OPT_END */

enum { OPT_TABLES_MAX = 2, OPT_GIVEN_MAX = 64 };

struct opt_parser {
	const char *who; /* in messages: the command, or NULL */
	struct {
		const struct opt *opts; /* NULL: none */
		void *base;
	} tables[OPT_TABLES_MAX];
	bool stop_at_word;  /* leave at the first word, do not take it */
	bool query;         /* `-platform:win-64` is a word of a query, not an option */
	const char **words; /* room for argc; borrowed from argv */
	size_t n_words;
	/* Those of the first table that were given, each once: no table has more. */
	const struct opt *given[OPT_GIVEN_MAX];
	size_t n_given;
};

/* Parse argv[first..argc). *ret_next is where it stopped. */
WEIR_NODISCARD enum weir_rc opt_parse(struct opt_parser *p, int argc, char **argv,
	int first, int *ret_next, struct weir_err *err);

/* Walk `a|b|c`: the next choice, or an empty slice. *pos starts at 0. */
struct str opt_choice(const char *choices, size_t *pos);

#endif
