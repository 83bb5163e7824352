/* JSON of environments: lists of texts, passwords in addresses. */
#ifndef WEIR_CLIENT_ENV_JSON_H
#define WEIR_CLIENT_ENV_JSON_H

#include "weir/buf.h"
#include "weir/mem.h"

VEC_TYPE(env_texts, struct str);

/* The texts of a JSON array, in arena; false: it is no array of texts. */
bool env_json_texts(struct str array, struct arena *arena, struct env_texts *ret);

/* The same text with every user:password of addresses and cache keys as `***`. */
struct str env_json_mask(struct str json, struct arena *arena);

#endif
