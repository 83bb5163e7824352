/*
 * Numbers of lines as a set: a bit a line, and counts that make the i-th member and the
 * place of a member quick to find. A million lines take 133 kB, however many are in it.
 */
#ifndef WEIR_TUI_LINESET_H
#define WEIR_TUI_LINESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lineset {
	uint64_t *bits;
	uint32_t *before; /* members before each 512 bits */
	size_t words, room;
	size_t n; /* members */
};

void lineset_release(struct lineset *s); /* empty again */
void lineset_add(struct lineset *s, size_t number);
void lineset_add_range(struct lineset *s, size_t from, size_t to); /* [from, to) */
/* The members of other, each moved up by `from`; those from there on go. */
void lineset_replace(struct lineset *s, size_t from, const struct lineset *other);
void lineset_copy(struct lineset *s, const struct lineset *other);
void lineset_cut(struct lineset *s, size_t end); /* those from there on go */

bool lineset_has(const struct lineset *s, size_t number);
/* How many members are below number: the place of the first at or after it. */
size_t lineset_bound(const struct lineset *s, size_t number);
size_t lineset_at(const struct lineset *s, size_t i); /* i < s->n */

#endif
