/*
 * An object as lines `name TAB value` for programs: members as they came, those of an
 * object as `name.member`, an element of a list of objects as its id, names such as
 * tags with commas between.
 */
#ifndef WEIR_CLI_SHOW_TSV_H
#define WEIR_CLI_SHOW_TSV_H

#include <weir/json.h>

#include "cmd.h"

void show_tsv_object(const struct ctx *ctx, struct buf *out, const struct weir_json *o);

#endif
