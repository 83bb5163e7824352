/* Everything known of one environment. */
#ifndef WEIR_TUI_VIEW_ENV_H
#define WEIR_TUI_VIEW_ENV_H

#include "facts_env.h"

struct view *view_env_new(struct app *a, const struct env_name *name);
/* The one that text means (see weir_env_find); arch NULL: the first there is. */
WEIR_NODISCARD enum weir_rc view_env_open(struct app *a, const char *text,
	const char *arch, struct view **ret_view, struct weir_err *err);

#endif
