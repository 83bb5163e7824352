/* Words as a shell splits them, and a word as a shell reads it back. */
#ifndef WEIR_SHELL_H
#define WEIR_SHELL_H

#include <weir/buf.h>
#include <weir/error.h>

enum { WEIR_SHELL_MAX = 64 << 10 }; /* bytes of a line */

/*
 * The words of a line, owned: quotes and backslashes as in sh, nothing is expanded.
 * what: begins the text of an error. Errors: WEIR_EUSAGE, a quote is not closed, a NUL
 * byte, or longer than WEIR_SHELL_MAX.
 */
WEIR_NODISCARD enum weir_rc weir_shell_split(const char *what, struct str text,
	char ***ret_words, size_t *ret_n, struct weir_err *err);
void weir_shell_free(char **words, size_t n);

/* Append a word as a shell reads it, in quotes if it needs them. */
void weir_shell_quote(struct buf *out, const char *s);
/* The same, always in single quotes. */
void weir_shell_enclose(struct buf *out, const char *s);

#endif
