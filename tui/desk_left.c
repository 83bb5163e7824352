/*
 * How lists were left. Kept of each kind is a text: lines that begin with `@` say what
 * the command does not, then comes the command that shows it.
 */
#include <weir/select.h>
#include <weir/statedb.h>

#include "app.h"
#include "listview.h"

/* When nothing was pressed for so long, it is as if it were left. */
enum { KEEP_US = 4 * 1000000 };

static const char last_name[] = "last";

static bool
take(void *arg, const char *name, const char *text)
{
	struct desk *d = arg;

	for (size_t i = 0; i < WEIR_N_KINDS; i++) {
		if (strcmp(name, weir_kind_name((enum weir_kind)i)) != 0)
			continue;
		free(d->left[i]);
		d->left[i] = xstrdup(text);
	}
	if (strcmp(name, last_name) == 0) {
		free(d->left_last);
		d->left_last = xstrdup(text);
	}
	return true;
}

void
desk_read(struct app *a)
{
	struct buf warnings = BUF_INIT(BUF_MAX);
	struct weir_statedb *state = NULL;

	if (!weir_statedb_open(a->config, false, &state, NULL) &&
		weir_statedb_each(state, "view", take, &a->desk, NULL))
		buf_adds(&warnings, "how lists were left cannot be read\n");
	weir_views_read(a->config, state, &a->desk.views, &warnings);
	weir_statedb_close(state);
	app_warn(a, buf_cstr(&warnings));
	buf_release(&warnings);
}

/* ---- leaving */

static void
text_of_list(struct view *v, struct buf *out)
{
	const struct listview *r = listview_of(v);
	char id[WEIR_ID_TEXT + 1];
	enum weir_kind kind;
	struct weir_id object;

	if (r->list.moved && v->ops->object && v->ops->object(v, &kind, &object))
		buf_addf(out, "@cursor %s\n", weir_id_format(&object, id));
	if (r->absolute)
		buf_adds(out, "@absolute\n");
	if (r->preview_mode)
		buf_addf(out, "@preview %d\n", (int)r->preview_mode);
	v->ops->command(v, out);
}

void
desk_leave(struct app *a, struct view *v)
{
	struct desk *d = &a->desk;
	struct buf text = BUF_INIT(WEIR_STATEDB_TEXT_MAX);
	enum weir_kind kind;

	if (!(v->ops->context & CONTEXT_LISTS))
		return;
	if (listview_of(v)->pick)
		return;
	kind = listview_of(v)->kind;
	text_of_list(v, &text);
	if (!d->left[kind] || strcmp(d->left[kind], buf_cstr(&text)) != 0) {
		free(d->left[kind]);
		d->left[kind] = xstrdup(buf_cstr(&text));
		d->is_new[kind] = true;
	}
	buf_release(&text);
}

/* The list on top is the one that a bare `weir` shows the next time. */
void
desk_keep(struct app *a)
{
	struct desk *d = &a->desk;
	bool seen[WEIR_N_KINDS] = { false }, last = false;

	for (struct view *v = a->top; v; v = v->below) {
		enum weir_kind kind;

		if (!(v->ops->context & CONTEXT_LISTS))
			continue;
		kind = listview_of(v)->kind;
		if (seen[kind] || listview_of(v)->pick)
			continue;
		seen[kind] = true;
		desk_leave(a, v);
		if (!last &&
			(!d->left_last || strcmp(d->left_last, d->left[kind]) != 0)) {
			keeper_put(d->keeper, "view", last_name, d->left[kind]);
			free(d->left_last);
			d->left_last = xstrdup(d->left[kind]);
		}
		last = true;
	}
	for (size_t i = 0; i < WEIR_N_KINDS; i++) {
		if (d->is_new[i])
			keeper_put(d->keeper, "view", weir_kind_name((enum weir_kind)i),
				d->left[i]);
		d->is_new[i] = false;
	}
	d->touched = false;
}

int64_t
desk_due(const struct app *a)
{
	if (!a->desk.touched || a->script.path)
		return 0;
	return a->key_us + KEEP_US;
}

/* ---- finding again */

/* What begins with `@`, and behind it the command. */
static const char *
command_of(const char *text)
{
	while (*text == '@') {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

static bool
read_left(const char *text, struct weir_view *ret_view)
{
	struct weir_view view = { 0 };

	if (!text || weir_view_parse(str_of(command_of(text)), &view, NULL))
		return false;
	if (view.show == WEIR_SHOW_LIST && !weir_view_check(&view, NULL)) {
		*ret_view = view;
		return true;
	}
	weir_view_release(&view);
	return false;
}

bool
desk_left(struct app *a, enum weir_kind kind, struct weir_view *ret_view)
{
	return read_left(a->desk.left[kind], ret_view);
}

bool
desk_left_last(struct app *a, struct weir_view *ret_view)
{
	return read_left(a->desk.left_last, ret_view);
}

static void
put_cursor(struct listview *r, const char *id)
{
	enum weir_kind kind;
	struct weir_id found;
	int64_t key;

	if (r->kind != WEIR_ENVIRONMENT && app_store(r->v.app) &&
		!weir_resolve(
			r->v.app->store, 1u << r->kind, id, &kind, &found, &key, NULL))
		list_expect(&r->list, key);
}

void
desk_restore(struct app *a, struct view *v)
{
	struct listview *r = listview_of(v);
	const char *text;

	if (!(v->ops->context & CONTEXT_LISTS) || !a->desk.left[r->kind])
		return;
	/* Its query and order are taken back as when it was left. */
	listview_set(&r->start_query, "");
	listview_set(&r->start_sort, "");
	for (text = a->desk.left[r->kind]; *text == '@';) {
		size_t n = strcspn(text, "\n");

		if (strncmp(text, "@cursor ", 8) == 0 && n == 8 + WEIR_ID_TEXT) {
			char id[WEIR_ID_TEXT + 1];

			memcpy(id, text + 8, WEIR_ID_TEXT);
			id[WEIR_ID_TEXT] = '\0';
			put_cursor(r, id);
		}
		if (strncmp(text, "@absolute", n) == 0)
			r->absolute = true;
		if (strncmp(text, "@preview ", 9) == 0 && text[9] >= '0' &&
			text[9] < '0' + PREVIEW_N)
			r->preview_mode = (enum listview_preview)(text[9] - '0');
		text += n + (text[n] == '\n');
	}
}
