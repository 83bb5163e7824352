/* What a run needs in order to be taken up, read where the store lacks it. */
#ifndef WEIR_CLIENT_ACT_KNOWN_H
#define WEIR_CLIENT_ACT_KNOWN_H

#include "actions.h"

/*
 * The run's deployment and pool may be newer than the last sync: then they are read
 * into the store, so that why the run waits can be told.
 */
void act_known(struct action *a, const struct act_run *run);

#endif
