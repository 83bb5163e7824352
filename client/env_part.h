/*
 * A file replaced as a whole: a part beside it is written, and takes its name. What a
 * process left that was killed is taken away by the next.
 */
#ifndef WEIR_CLIENT_ENV_PART_H
#define WEIR_CLIENT_ENV_PART_H

#include <stdbool.h>
#include <sys/stat.h>

#include "weir/buf.h"
#include "weir/error.h"

/* Is st still what has the name? */
bool env_part_is_current(const char *path, const struct stat *st);

/*
 * text in place of what is at path, absolute, with owner and mode of like. *ret_done
 * false: like is not there any more, nothing is changed.
 */
WEIR_NODISCARD enum weir_rc env_part_replace(const char *path, const struct stat *like,
	struct str text, bool *ret_done, struct weir_err *err);

#endif
