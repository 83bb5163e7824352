/* What lists of environments have of their own: rows are known by their ids. */
#include "app.h"
#include "choice.h"
#include "envs_fresh.h"
#include "listview.h"
#include "preview.h"
#include "view_env.h"
#include "view_env_diff.h"
#include "word.h"

char *
listview_query(enum weir_kind kind, bool all, const char *query)
{
	if (kind != WEIR_ENVIRONMENT || all || strstr(query, "helper:"))
		return xstrdup(query);
	return *query ? xasprintf("(%s) helper:no", query) : xstrdup("helper:no");
}

void
listview_look_again(struct listview *r)
{
	r->look = true;
	view_touch(&r->v, VIEW_DATA);
	r->v.app->dirty = true;
}

/* What a server said is nothing to them. */
bool
listview_env_rests(struct listview *r)
{
	if (r->kind != WEIR_ENVIRONMENT)
		return false;
	r->look = r->look || !r->job || envs_poll(r->v.app);
	return !r->look && !r->held && !r->again;
}

/* ---- ids */

static struct str
cell(const struct listview *r, const struct rows_row *row, size_t i)
{
	return i < r->rows.columns.n ? row->cells[i].s : STR("");
}

void
listview_env_under(struct listview *r)
{
	const struct rows_row *row =
		r->kind == WEIR_ENVIRONMENT ? listview_current(r) : NULL;

	if (!row || row->key != r->list.key)
		return;
	free(r->under);
	free(r->under_arch);
	r->under = str_copy(cell(r, row, r->rows.id));
	r->under_arch = str_copy(cell(r, row, r->rows.arch));
}

/* An environment that came into the file from the cache has another key there. */
void
listview_env_sync(struct listview *r)
{
	size_t row;
	int64_t key;

	if (!r->list.key || !r->under || rows_find(&r->rows, r->list.key, 0, &row))
		return;
	key = listview_store(r)
		      ? weir_env_key(listview_store(r), r->under, r->under_arch)
		      : 0;
	if (key && rows_find(&r->rows, key, r->list.row, &row))
		r->list.key = r->list.want = key;
}

void
listview_env_look(struct listview *r)
{
	const struct rows_row *row = listview_current(r);

	if (row)
		preview_look_env(r->preview, cell(r, row, r->rows.id),
			cell(r, row, r->rows.arch));
}

void
listview_env_ident(struct view *v, struct buf *out)
{
	struct listview *r = listview_of(v);
	const struct rows_row *row = listview_current(r);

	if (row)
		buf_addstr(out, cell(r, row, r->rows.id));
}

void
listview_env_fresh(struct listview *r, const struct finder_answer *answer)
{
	if (answer->part == FINDER_NOTES)
		envs_noted(r->v.app, answer->words);
	else if (answer->part == FINDER_CALLED)
		listview_look_again(r);
	/* That there is no folder was said by those who asked for rows. */
	else if (answer->part == FINDER_FAILED && answer->rc != WEIR_ENOTFOUND)
		status_say(r->v.app, true, "%s", answer->text);
}

/* ---- none */

void
listview_env_failed(struct listview *r, const struct finder_answer *answer)
{
	const struct weir_env_root *root = envs_root(r->v.app);
	struct buf text = BUF_INIT(4096);

	if (answer->rc == WEIR_ENOTFOUND && root && !root->found)
		buf_adds(&text,
			"There is no .metaflow in this folder, nor in one above "
			"it.");
	else
		envs_tilde(&text, answer->text);
	word_copy(r->failed, sizeof(r->failed), buf_str(&text));
	word_copy(r->hint, sizeof(r->hint), str_of(answer->hint));
	if (!r->hint[0] && answer->rc == WEIR_EBADDATA)
		word_copy(r->hint, sizeof(r->hint),
			STR("a good copy in its place, then R; "
			    "METAFLOW_DATASTORE_SYSROOT_LOCAL for another folder"));
	if (r->rows.n > 0)
		status_say(r->v.app, true, "%s", r->failed);
	r->job = 0; /* the next look asks again */
	buf_release(&text);
}

/* `weir env list --all` where helpers are left out, else how there come to be any. */
static const char *
hint_none(const struct listview *r, struct buf *text)
{
	buf_adds(text, r->all ? "try: a run with --environment=conda makes some"
			      : "try: weir env list --all, for those that Metaflow "
				"itself builds with");
	return buf_cstr(text);
}

/* Line i of `try: ...`, of which there are two. */
static void
hint_line(const struct listview *r, int i, struct buf *text)
{
	size_t room = (size_t)(r->v.width > 20 ? r->v.width - 8 : 12), n;
	const char *hint = r->hint;

	n = strlen(hint);
	for (; n > room; n--)
		while (n > 1 && hint[n - 1] != ' ')
			n--;
	if (i == 1 && *hint)
		buf_addf(text, "try: %.*s", (int)n, hint);
	else if (i == 2 && hint[n])
		buf_addf(text, "     %s", hint + n + strspn(hint + n, " "));
}

static const char *
hint_match(const struct listview *r, int i, struct buf *text)
{
	if (i == 2 && weir_query_is_word(r->query))
		buf_addf(text, "pkg:%s looks in their packages", r->query);
	else if (i < 2)
		buf_adds(text, i == 0 ? "No environment matches."
			       : listquery_narrowed(r)
				       ? "/ changes the query, Esc clears it"
				       : "/ changes the query");
	else
		return NULL;
	return buf_cstr(text);
}

const char *
listview_env_empty(const struct listview *r, int i, struct buf *text)
{
	const struct weir_env_root *root = envs_root(r->v.app);

	if (r->failed[0]) {
		if (i > 0)
			hint_line(r, i, text);
		return i > 0 ? buf_cstr(text) : r->failed;
	}
	if (r->asked || !r->job)
		return i == 0 ? "reading conda_v2.cnd..." : NULL;
	if (*r->query)
		return hint_match(r, i, text);
	if (i > 0)
		return i == 1 ? hint_none(r, text) : NULL;
	buf_adds(text, "There is no environment in ");
	envs_tilde(text, root ? root->file : "it");
	buf_adds(text, " yet.");
	return buf_cstr(text);
}

/* ---- actions */

static void
refresh(struct listview *r)
{
	envs_again(r->v.app);
	r->failed[0] = '\0';
	listview_look_again(r);
	envs_fresh(r, true);
	status_say(r->v.app, false, "looking again");
}

void
listview_env_later(struct listview *r)
{
	enum action_id id = r->later;

	r->later = ACTION_NONE;
	if (id != ACTION_NONE && r->v.app->top == &r->v)
		listview_env_act(&r->v, id, NULL);
}

/* What the cursor is on, by its ids: whatever the order is. */
static bool
name_here(struct listview *r, struct env_name *ret)
{
	const struct rows_row *row = listview_current(r);

	return row && facts_env_name(ret, cell(r, row, r->rows.id),
			      cell(r, row, r->rows.arch));
}

/* The marked ones in the order of the list, at most two; tells how many there are. */
static size_t
marked(struct listview *r, struct env_name names[2])
{
	size_t n = 0;

	for (size_t i = 0; i < r->rows.n && n < 2; i++) {
		const struct rows_row *row;

		if (!listview_is_marked(r, i))
			continue;
		row = rows_get(&r->rows, listview_store(r), i);
		if (row && facts_env_name(&names[n], cell(r, row, r->rows.id),
				   cell(r, row, r->rows.arch)))
			n++;
	}
	return n;
}

static bool
same_name(const struct env_name *a, const struct env_name *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->arch, b->arch) == 0;
}

/* Two that are marked; the marked one and this one; this one and its default. */
static void
diff(struct listview *r, const char *arg)
{
	struct env_name names[2], here;
	size_t n = marked(r, names);

	if (!name_here(r, &here))
		return;
	if (listview_n_marked(r) > 2) {
		status_say(r->v.app, true,
			"two differ, not %zu: U takes the marks away",
			listview_n_marked(r));
		return;
	}
	if (n == 1 && !same_name(&names[0], &here) && !(arg && *arg))
		names[1] = here, n = 2;
	if (n == 2 && !(arg && *arg))
		app_push(r->v.app, view_env_diff_new(r->v.app, names[0].id,
					   names[0].arch, names[1].id, names[1].arch));
	else
		view_env_diff_from(r->v.app, &here, arg);
}

void
listview_env_act(struct view *v, enum action_id id, const char *arg)
{
	struct listview *r = listview_of(v);
	struct env_name name;

	if (id == ACTION_REFRESH)
		refresh(r);
	else if (r->asked && r->fresh && !r->begun)
		r->later = id; /* the rows that were asked for come first */
	else if (id == ACTION_DIFF)
		diff(r, arg);
	else if (!name_here(r, &name))
		status_say(v->app, false, "there is no environment here");
	else if (id == ACTION_SELECT || r->pick)
		choice_ask(v->app, &name, r->pick);
	else
		app_push(v->app, view_env_new(v->app, &name));
}
