/* An object of `weir show` and what belongs to it, as lines for people. */
#ifndef WEIR_CLI_SHOW_TEXT_H
#define WEIR_CLI_SHOW_TEXT_H

#include <weir/json.h>
#include <weir/types.h>

#include "sink.h"

/* Title, message, every member that says something. */
void show_text_object(struct ctx *ctx, struct sink *sink, enum weir_kind kind,
	const struct weir_json *o);

/* `state_history`: time, state, message. */
void show_text_states(
	struct ctx *ctx, struct sink *sink, const struct weir_json *states);

/* `pickup`: what a worker needs to take the run. */
void show_text_checks(
	struct ctx *ctx, struct sink *sink, const struct weir_json *checks);

/* A list of objects that belong to it, a line each. */
void show_text_list(struct ctx *ctx, struct sink *sink, const char *title,
	const struct weir_json *list);

/* A heading between blank lines. */
void show_text_heading(struct ctx *ctx, struct sink *sink, const char *title);

#endif
