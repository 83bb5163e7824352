/* How registering is told: a line a deployment, differences, what programs read. */
#ifndef WEIR_CLI_REGISTER_PRINT_H
#define WEIR_CLI_REGISTER_PRINT_H

#include <weir/register.h>

#include "cmd.h"
#include "out.h"

enum { REGISTER_COLUMNS_MAX = 9 };

struct register_print {
	struct ctx *ctx;
	bool lines; /* for people; else rows */
	bool diff;
	size_t width; /* of the longest name */
	struct out out;
	const struct weir_column *columns[REGISTER_COLUMNS_MAX]; /* of the rows */
	int which[REGISTER_COLUMNS_MAX];
	size_t n;
	enum weir_rc rc; /* of writing */
};

void register_print_open(struct register_print *p, struct ctx *ctx,
	const struct weir_reg_plan *plan, const char *output, bool diff);
/* A weir_reg_fn; arg is the struct register_print. */
bool register_print_item(void *arg, const struct weir_reg_item *item);
/* The totals; told: what they are of, "" or "dry run: ". */
WEIR_NODISCARD enum weir_rc register_print_close(struct register_print *p,
	const struct weir_reg_plan *plan, const char *told, enum weir_rc rc);

/* Lines of b against lines of a, as a unified diff without a head. */
void line_diff(struct str a, struct str b, bool colour, struct buf *out);

#endif
