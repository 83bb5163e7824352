/* Colours as users wish them: `[colours]` of weir.conf. */
#ifndef WEIR_TUI_THEME_USER_H
#define WEIR_TUI_THEME_USER_H

#include <weir/config.h>

#include "theme.h"

/* Before the terminal is set up; what is wrong is added to warnings, a line each. */
void theme_user_read(
	struct theme *t, const struct weir_config *config, struct buf *warnings);

/* After it was: the colours that the terminal has for them. */
void theme_user_apply(struct theme *t);

/* `bold #ff8800 on blue`; false: a word of it is none. */
bool theme_user_parse(struct str text, struct theme_spec *ret_spec);

#endif
