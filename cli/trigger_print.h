/* What weir trigger says of the runs that it started: lines for people, or rows. */
#ifndef WEIR_CLI_TRIGGER_PRINT_H
#define WEIR_CLI_TRIGGER_PRINT_H

#include <weir/trigger.h>

#include "out.h"

struct trigger_print {
	struct ctx *ctx;
	const char *output; /* -o */
	struct out out;
	bool lines;
	char wait[WEIR_ACT_TEXT_MAX]; /* why the last of them will wait */
};

void trigger_print_open(struct trigger_print *p, struct ctx *ctx, const char *output);
/* combination: of a matrix, as JSON. A failure is a row, but no line. */
WEIR_NODISCARD enum weir_rc trigger_print_one(struct trigger_print *p,
	const struct weir_act_result *r, const struct weir_trigger *t,
	const char *combination);
WEIR_NODISCARD enum weir_rc trigger_print_close(
	struct trigger_print *p, enum weir_rc rc);

/* Append ` platform=linux-64 jobs=2`. */
void trigger_print_combination(const char *json, struct buf *out);
/* Append `-linux-64-2`. */
void trigger_print_values(const char *json, struct buf *out);

#endif
