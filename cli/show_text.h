/* An object of `weir show` and what belongs to it, as lines for people. */
#ifndef WEIR_CLI_SHOW_TEXT_H
#define WEIR_CLI_SHOW_TEXT_H

#include <weir/json.h>
#include <weir/types.h>

#include "sink.h"

/* What is shown of an object's members. */
enum show_text_depth {
	SHOW_TEXT_USUAL, /* not what is rarely wanted: documents, ids of others */
	SHOW_TEXT_ALL,
};

/* Title, message, members that say something. */
void show_text_object(struct ctx *ctx, struct sink *sink, enum weir_kind kind,
	const struct weir_json *o, enum show_text_depth depth);

/* The members alone, under a heading. */
void show_text_members(struct ctx *ctx, struct sink *sink, const struct weir_json *o);

/* `state_history`: time, state, message. */
void show_text_states(
	struct ctx *ctx, struct sink *sink, const struct weir_json *states);

/* `pickup`: what a worker needs to take the run. */
void show_text_checks(
	struct ctx *ctx, struct sink *sink, const struct weir_json *checks);

/* A list of objects that belong to it, a line each; results, which are artifacts
 * without key and description, only if all. */
void show_text_list(struct ctx *ctx, struct sink *sink, const char *title,
	const struct weir_json *list, enum show_text_depth depth);

/* A heading between blank lines. */
void show_text_heading(struct ctx *ctx, struct sink *sink, const char *title);

/* Glyph and name of a state, coloured; pad: as wide as others are. */
void show_text_state(struct ctx *ctx, struct buf *b, enum weir_state type,
	struct str name, bool pad);

#endif
