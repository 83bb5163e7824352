/* ^C: what is blocking ends, and then the command. */
#ifndef WEIR_CLI_INTERRUPT_H
#define WEIR_CLI_INTERRUPT_H

#include "cmd.h"

/* Once. The second ^C ends the process at once; a closed pipe is an error of write. */
void interrupt_init(struct ctx *ctx);
bool interrupt_came(void);
/*
 * Before a menu, which has its own handler when it has the terminal: a ^C until then
 * ends the process. True if one came before that, so that no menu shall be opened.
 */
bool interrupt_release(void);

#endif
