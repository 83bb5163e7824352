/* For which steps an environment is selected. */
#ifndef WEIR_CLI_ENV_STEPS_H
#define WEIR_CLI_ENV_STEPS_H

#include <weir/env_group.h>
#include <weir/env_store.h>
#include <weir/metaflow.h>

#include "env.h"

/*
 * The steps of --flow, or of the run that the word names; those that have no
 * environment are told of. *ret_which: by --step or --req-id, or the only one; NULL
 * when there are several and a menu may ask. WEIR_EUSAGE lists them where none may.
 */
WEIR_NODISCARD enum weir_rc env_steps_find(struct ctx *ctx, struct env_open *o,
	struct weir_env_groups *ret, const struct weir_env_group **ret_which);

/* Is the word a run without a step, `Flow/run`? */
bool env_steps_is_run(const char *word);
/* Is it a step or task of one? */
bool env_steps_is_step(const char *word);

/*
 * The environment of a word: as its task recorded it if it is `Flow/run/step`, or as
 * weir_env_find_for knows it; arch may be NULL. ret_arch: where that task ran, ""; may
 * be NULL.
 */
WEIR_NODISCARD enum weir_rc env_steps_word(struct ctx *ctx, struct env_open *o,
	const char *word, const char *arch, struct weir_env_pair *ret,
	char ret_arch[WEIR_TASK_ARCH]);

#endif
