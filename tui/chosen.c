#include "chosen.h"

#include <string.h>

enum { TEXT_MAX = 16 << 10 };

static void
add_item(struct chosen *c, const struct weir_column *column, bool shown)
{
	struct chosen_item item = { .column = column,
		.key = (int64_t)c->items.n + 1,
		.width = column->width,
		.shown = shown };

	VEC_PUSH(&c->items, item);
}

static bool
has_item(const struct chosen *c, const struct weir_column *column)
{
	for (size_t i = 0; i < c->items.n; i++) {
		if (strcmp(c->items.v[i].column->name, column->name) == 0)
			return true;
	}
	return false;
}

static void
add_name(struct buf *out, const struct weir_column *column, int width)
{
	buf_addf(out, "%s%s", out->len ? "," : "",
		column->alias ? column->alias : column->name);
	if (width)
		buf_addf(out, ":%d", width);
}

/* As the kind's own tables are: those for wide screens come last. */
static char *
own_text(enum weir_kind kind, size_t n_wide)
{
	struct buf text = BUF_INIT(TEXT_MAX);

	for (const struct weir_column *c = weir_columns(kind); c->name; c++) {
		if (c->flags & WEIR_COL_TABLE)
			add_name(&text, c, 0);
	}
	for (const struct weir_column *c = weir_columns(kind); c->name && n_wide; c++) {
		if (!(c->flags & WEIR_COL_WIDE) || (c->flags & WEIR_COL_TABLE))
			continue;
		add_name(&text, c, 0);
		n_wide--;
	}
	return buf_steal(&text);
}

enum weir_rc
chosen_init(struct chosen *c, enum weir_kind kind, const char *text, const char *extra,
	size_t n_wide, struct weir_err *err)
{
	struct weir_column_set shown = { 0 };
	struct buf all = BUF_INIT(TEXT_MAX);
	enum weir_rc rc;

	*c = (struct chosen){ .own = own_text(kind, n_wide) };
	buf_addf(&all, "%s", *text ? text : c->own);
	rc = weir_columns_choose(kind, buf_cstr(&all), 0, &shown, err);
	if (!rc && *extra)
		buf_addf(&all, ",%s", extra);
	if (!rc)
		rc = weir_columns_choose(kind, buf_cstr(&all), 0, &c->set, err);
	buf_release(&all);
	for (size_t i = 0; !rc && i < c->set.n; i++) {
		if (!has_item(c, c->set.v[i]))
			add_item(c, c->set.v[i], i < shown.n);
	}
	weir_columns_release(&shown);
	if (rc) {
		chosen_release(c);
		return rc;
	}
	for (const struct weir_column *p = weir_columns(kind); p->name; p++) {
		if (!(p->flags & WEIR_COL_HIDDEN) && !has_item(c, p))
			add_item(c, p, false);
	}
	return WEIR_OK;
}

void
chosen_release(struct chosen *c)
{
	VEC_FREE(&c->items);
	weir_columns_release(&c->set);
	free(c->own);
	c->own = NULL;
}

size_t
chosen_shown(const struct chosen *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->items.n; i++)
		n += c->items.v[i].shown;
	return n;
}

bool
chosen_toggle(struct chosen *c, size_t i)
{
	struct chosen_item *item = &c->items.v[i];

	if (item->shown && chosen_shown(c) == 1)
		return false;
	item->shown = !item->shown;
	item->width = 0;
	return true;
}

bool
chosen_move(struct chosen *c, size_t i, int direction)
{
	size_t to = direction < 0 ? i - 1 : i + 1;
	struct chosen_item item = c->items.v[i];

	if (direction < 0 ? i == 0 : to >= c->items.n)
		return false;
	c->items.v[i] = c->items.v[to];
	c->items.v[to] = item;
	return true;
}

bool
chosen_resize(struct chosen *c, size_t i, int now, int by)
{
	int width = now + by;

	if (width < 1 || width > WEIR_WIDTH_MAX)
		return false;
	c->items.v[i].width = width;
	return true;
}

/* Shown now, behind all others that are: a column that has no item gets one. */
static enum weir_rc
change_one(struct chosen *c, enum weir_kind kind, const char *name, bool on,
	struct weir_err *err)
{
	struct weir_column_set set = { 0 };
	struct buf all = BUF_INIT(TEXT_MAX);
	struct chosen more;
	enum weir_rc rc = weir_columns_choose(kind, name, 0, &set, err);
	size_t i = 0, last = 0;

	if (rc)
		return rc;
	while (i < c->items.n &&
		strcmp(c->items.v[i].column->name, set.v[0]->name) != 0)
		i++;
	if (on && (i == c->items.n || !c->items.v[i].shown)) {
		chosen_text(c, &all);
		buf_addf(&all, "%s,%s", all.len ? "" : c->own, name);
		rc = chosen_init(&more, kind, buf_cstr(&all), "", 0, err);
		if (!rc) {
			free(more.own);
			more.own = c->own;
			c->own = NULL;
			chosen_release(c);
			*c = more;
		}
	} else if (!on && i < c->items.n && c->items.v[i].shown) {
		last = chosen_shown(c);
		if (last == 1)
			rc = weir_fail(err, WEIR_EUSAGE,
				"column '%s': the last one stays", name);
		else
			chosen_toggle(c, i);
	}
	weir_columns_release(&set);
	buf_release(&all);
	return rc;
}

enum weir_rc
chosen_change(
	struct chosen *c, enum weir_kind kind, const char *text, struct weir_err *err)
{
	bool on = true;
	enum weir_rc rc = WEIR_OK;

	while (!rc && *text) {
		size_t n = strcspn(text, ", ");
		char name[CHOSEN_NAME_MAX];

		if (*text == '+' || *text == '-')
			on = *text++ == '+', n--;
		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		if (n > 0)
			rc = change_one(c, kind, name, on, err);
		text += n;
		text += strspn(text, ", ");
	}
	return rc;
}

void
chosen_text(const struct chosen *c, struct buf *out)
{
	struct buf text = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < c->items.n; i++) {
		if (c->items.v[i].shown)
			add_name(&text, c->items.v[i].column, c->items.v[i].width);
	}
	if (strcmp(buf_cstr(&text), c->own) != 0)
		buf_addstr(out, buf_str(&text));
	buf_release(&text);
}
