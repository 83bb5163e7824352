/* Walking JSON text of the store: the members of an object, the items of an array. */
#ifndef WEIR_MEMBERS_H
#define WEIR_MEMBERS_H

#include <stdbool.h>

#include <weir/buf.h>

/*
 * name: "" for an item of an array. value: of a string its characters, of anything else
 * its JSON text. Both borrowed during the call. Return false to stop.
 */
typedef bool weir_member_fn(
	void *arg, struct str name, struct str value, bool is_string);

/* False: neither object nor array, or malformed (what came before was walked). */
bool weir_members_each(struct str json, weir_member_fn *fn, void *arg);

/* Append the value of one member, text as text. False: nothing, it has no such member.
 */
bool weir_members_get(struct str json, const char *name, struct buf *out);

/* The same, owned and of at most max bytes; "" when it is null or missing. */
char *weir_members_copy(struct str json, const char *name, size_t max);

#endif
