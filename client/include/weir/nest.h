/*
 * Task runs that were started inside of another: Prefect names the other one in their
 * `task_inputs`, as `__parents__`.
 */
#ifndef WEIR_NEST_H
#define WEIR_NEST_H

#include <stddef.h>

#include <weir/id.h>
#include <weir/json.h>

#define WEIR_NEST_NAME "__parents__" /* the input that is none */

/* Of the inputs of a task run; none: *ret_id is the null id. */
void weir_nest_parent(const struct weir_json *task_inputs, struct weir_id *ret_id);

/*
 * Which of n task runs is the one above each, n if none of them is. parents: as read
 * above. No more than depth_max are above one another: what is deeper stands beside the
 * one that it was started in, and what goes round in a ring is cut once.
 */
void weir_nest(const struct weir_id *ids, const struct weir_id *parents, size_t n,
	int depth_max, size_t *ret_above);

#endif
