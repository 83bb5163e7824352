/*
 * Named views: those of [views] in weir.conf, in their order, then those that were
 * saved in a menu. A name stands for a command as weir_view_parse reads it.
 */
#ifndef WEIR_VIEWS_H
#define WEIR_VIEWS_H

#include <weir/config.h>
#include <weir/error.h>
#include <weir/view.h>

struct weir_statedb;

enum { WEIR_VIEWS_MAX = 200, WEIR_VIEW_NAME_MAX = 64 };

struct weir_named {
	char *name, *text; /* text: as weir_view_format has it */
	bool saved;        /* in a menu, not in weir.conf */
};

struct weir_views {
	struct weir_named *v;
	size_t n;
};

/*
 * state may be NULL: those of weir.conf alone. What cannot be used is left out, with a
 * line in warnings (may be NULL) that names file and line.
 */
void weir_views_read(const struct weir_config *config, struct weir_statedb *state,
	struct weir_views *ret_views, struct buf *warnings);
void weir_views_release(struct weir_views *views);

/* By name or number from 1. WEIR_ENOTFOUND, with the nearest name as hint. */
WEIR_NODISCARD enum weir_rc weir_views_find(const struct weir_views *views,
	const char *name, size_t *ret_index, struct weir_err *err);

/* Add one that was saved, or make it another. WEIR_EUSAGE: no name, or weir.conf's. */
WEIR_NODISCARD enum weir_rc weir_views_save(struct weir_views *views, const char *name,
	const char *text, struct weir_err *err);

/* Are the query, the order and the columns of a list right? Other views are. */
WEIR_NODISCARD enum weir_rc weir_view_check(
	const struct weir_view *view, struct weir_err *err);

#endif
