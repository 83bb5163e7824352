/*
 * Marks of environments. Rows of their store have no ids as a server gives them, so a
 * text is kept for each folder: an environment a line, `req_id:full_id arch`.
 */
#include <weir/env_store.h>
#include <weir/select.h>
#include <weir/statedb.h>

#include "app.h"

static const char space[] = "marks";

/* Whose marks they are; false: of none. */
static bool
name_of(struct app *a, struct buf *out)
{
	const struct weir_env_root *root = envs_root(a);

	if (root)
		buf_addf(out, "environment %s", root->file);
	return root != NULL;
}

/* What is there of the text; what has gone is marked no more. */
static void
take(struct app *a, struct weir_store *store, char *text)
{
	struct marks *m = &a->desk.marks[WEIR_ENVIRONMENT];
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		char *arch = strchr(line, ' ');
		int64_t key;

		if (!arch)
			continue;
		*arch++ = '\0';
		key = weir_env_key(store, line, arch);
		if (key)
			marks_set(m, key, true);
	}
}

void
desk_envs_read(struct app *a)
{
	struct weir_store *store = envs_store(a);
	struct weir_statedb *state = NULL;
	struct buf name = BUF_INIT(BUF_MAX);
	char *text = NULL;

	if (!store || !name_of(a, &name))
		goto out;
	a->desk.known[WEIR_ENVIRONMENT] = true;
	if (!weir_statedb_open(a->config, false, &state, NULL) &&
		!weir_statedb_get(state, space, buf_cstr(&name), &text, NULL) && text)
		take(a, store, text);
	weir_statedb_close(state);
	free(text);
out:
	buf_release(&name);
}

void
desk_envs_other(struct app *a)
{
	marks_release(&a->desk.marks[WEIR_ENVIRONMENT]);
	a->desk.known[WEIR_ENVIRONMENT] = false;
}

static void
add_lines(struct weir_store *store, const struct weir_select *sel, struct buf *out)
{
	struct weir_rows *rows = NULL;
	bool more = true;

	if (weir_rows_open(store, sel, &rows, NULL))
		return;
	while (!weir_rows_next(rows, &more, NULL) && more) {
		buf_addstr(out, weir_rows_cell(rows, 0)->s);
		buf_addc(out, ' ');
		buf_addstr(out, weir_rows_cell(rows, 1)->s);
		buf_addc(out, '\n');
	}
	weir_rows_close(rows);
}

void
desk_envs_keep(struct app *a)
{
	const struct marks *m = &a->desk.marks[WEIR_ENVIRONMENT];
	struct weir_store *store = envs_store(a);
	struct buf name = BUF_INIT(BUF_MAX), text = BUF_INIT(BUF_MAX);
	struct weir_column_set columns = { 0 };
	uint32_t *marked = marks_keys(m);

	if (!store || !name_of(a, &name) ||
		weir_columns_choose(WEIR_ENVIRONMENT, "id,arch", 0, &columns, NULL))
		goto out;
	for (size_t i = 0; i < m->n; i += WEIR_SELECT_KEYS_MAX) {
		int64_t keys[WEIR_SELECT_KEYS_MAX];
		struct weir_select sel = {
			.kind = WEIR_ENVIRONMENT, .columns = &columns, .keys = keys
		};

		for (; sel.n_keys < WEIR_SELECT_KEYS_MAX && i + sel.n_keys < m->n;
			sel.n_keys++)
			keys[sel.n_keys] = marked[i + sel.n_keys];
		add_lines(store, &sel, &text);
	}
	keeper_put(a->desk.keeper, space, buf_cstr(&name), text.len ? text.s : NULL);
out:
	weir_columns_release(&columns);
	buf_release(&text);
	buf_release(&name);
	free(marked);
}
