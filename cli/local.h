/* Acting where no server is configured: on the embedded store of this machine. */
#ifndef WEIR_CLI_LOCAL_H
#define WEIR_CLI_LOCAL_H

#include "cmd.h"

/*
 * To be asked before a command acts. That it is the embedded store by default is said
 * on stderr; where CI is set it is refused, for there a server was forgotten.
 */
WEIR_NODISCARD enum weir_rc local_allowed(struct ctx *ctx);

#endif
