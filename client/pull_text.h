/* Text from outside made clean before it is decoded: valid UTF-8, no byte below 0x20.
 */
#ifndef WEIR_CLIENT_PULL_TEXT_H
#define WEIR_CLIENT_PULL_TEXT_H

#include "weir/buf.h"
#include "weir/mem.h"

/*
 * text itself when it is clean, else a copy in arena: each malformed byte is U+FFFD,
 * each control a space.
 */
struct str pull_text_clean(struct str text, struct arena *arena);

#endif
