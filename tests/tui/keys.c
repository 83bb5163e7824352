/*
 * Print the action table with the default keys: what weir-keys(7) is made from.
 * --views: a line `context TAB action` for each that a view of that context must do.
 * --columns: the columns that environments can be sorted by.
 */
#include <stdio.h>

#include <weir/select.h>

#include "action.h"
#include "app.h"
#include "keymap.h"

/* The contexts in which the action has the same keys as where it is listed. */
static bool
is_listed(const struct keymap *m, enum action_id id, unsigned context)
{
	struct buf all = BUF_INIT(256), here = BUF_INIT(256);
	bool everywhere, listed;

	keymap_keys(m, CONTEXT_ALL, id, &all);
	keymap_keys(m, context, id, &here);
	everywhere = action_get(id)->contexts == CONTEXT_ALL;
	listed = here.len > 0 &&
		 (context == CONTEXT_ALL
				 ? everywhere
				 : !everywhere && (action_get(id)->contexts & context));
	buf_release(&all);
	buf_release(&here);
	return listed;
}

static void
print_one(const struct keymap *m, enum action_id id, unsigned context)
{
	struct buf keys = BUF_INIT(256);

	/* Everywhere: as in a list, where no key is left out. */
	keymap_keys(m, context == CONTEXT_ALL ? CONTEXT_LIST : context, id, &keys);
	printf("%s\t%s\t%s\t%s\t%s\n", action_context_name(context), buf_cstr(&keys),
		action_get(id)->name, action_arg_name(action_get(id)->arg),
		action_get(id)->help);
	buf_release(&keys);
}

/* Those that have a name only; where they work, if not everywhere. */
static void
print_keyless(const struct keymap *m)
{
	for (size_t i = 1; i < ACTION_N; i++) {
		const struct action *action = action_get((enum action_id)i);
		struct buf where = BUF_INIT(256);

		if (!keymap_key(m, CONTEXT_ALL, (enum action_id)i)) {
			if (action->contexts != CONTEXT_ALL)
				action_contexts(action->contexts, &where);
			printf("none\t%s\t%s\t%s\t%s%s%s\n", "", action->name,
				action_arg_name(action->arg), action->help,
				where.len ? "; in " : "", buf_cstr(&where));
		}
		buf_release(&where);
	}
}

static void
print_views(const unsigned *contexts, size_t n)
{
	for (size_t c = 1; c < n; c++) {
		for (size_t i = 1; i < ACTION_N; i++) {
			const struct action *action = action_get((enum action_id)i);

			if (action->run == app_forward &&
				(action->contexts & contexts[c]))
				printf("%s\t%s\n", action_context_name(contexts[c]),
					action->name);
		}
	}
}

static void
print_columns(void)
{
	for (const struct weir_column *c = weir_columns(WEIR_ENVIRONMENT); c->name;
		c++) {
		struct weir_sort sort[WEIR_SORT_MAX];
		struct weir_column_set set = { 0 };
		size_t n;

		if (!weir_sort_parse(WEIR_ENVIRONMENT, c->name, &set, sort, &n, NULL))
			puts(c->name);
		weir_columns_release(&set);
	}
}

int
main(int argc, char **argv)
{
	static const unsigned contexts[] = { CONTEXT_ALL, CONTEXT_LIST, CONTEXT_DETAIL,
		CONTEXT_LOG, CONTEXT_TIMELINE, CONTEXT_PAGE, CONTEXT_COLUMNS,
		CONTEXT_HELP, CONTEXT_FORM, CONTEXT_ENVS, CONTEXT_ENV };
	struct keymap m;

	if (argc > 1 && strcmp(argv[1], "--views") == 0) {
		print_views(contexts, N_ELEM(contexts));
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--columns") == 0) {
		print_columns();
		return 0;
	}
	keymap_init(&m);
	for (size_t c = 0; c < N_ELEM(contexts); c++) {
		for (size_t i = 1; i < ACTION_N; i++) {
			if (is_listed(&m, (enum action_id)i, contexts[c]))
				print_one(&m, (enum action_id)i, contexts[c]);
		}
	}
	print_keyless(&m);
	keymap_release(&m);
	return 0;
}
