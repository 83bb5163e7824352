/* How two environments differ: side by side where there is room, else in one column. */
#ifndef WEIR_TUI_VIEW_ENV_DIFF_H
#define WEIR_TUI_VIEW_ENV_DIFF_H

#include "facts_env.h"

/* What is compared: an environment, or what weir_env_set_read takes; arch "": any. */
struct view *view_env_diff_new(struct app *a, const char *left, const char *left_arch,
	const char *right, const char *right_arch);

/* From this one to what arg names; without it to its default, else that is said. */
void view_env_diff_from(struct app *a, const struct env_name *name, const char *arg);

#endif
