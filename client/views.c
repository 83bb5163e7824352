#include <weir/views.h>

#include <weir/mem.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/statedb.h>
#include <weir/text.h>
#include <weir/time.h>

enum weir_rc
weir_view_check(const struct weir_view *view, struct weir_err *err)
{
	struct weir_sort sorts[WEIR_SORT_MAX];
	struct weir_column_set extra = { 0 }, columns = { 0 };
	struct weir_query *q = NULL;
	size_t n = 0;
	enum weir_rc rc;

	if (view->show != WEIR_SHOW_LIST)
		return WEIR_OK;
	rc = weir_query_parse(view->kind, str_of(view->query), weir_now_us(), &q, err);
	weir_query_free(q);
	if (!rc && view->sort)
		rc = weir_sort_parse(view->kind, view->sort, &extra, sorts, &n, err);
	if (!rc && view->columns)
		rc = weir_columns_choose(view->kind, view->columns, 0, &columns, err);
	weir_columns_release(&extra);
	weir_columns_release(&columns);
	return rc;
}

void
weir_views_release(struct weir_views *views)
{
	for (size_t i = 0; i < views->n; i++) {
		free(views->v[i].name);
		free(views->v[i].text);
	}
	free(views->v);
	*views = (struct weir_views){ 0 };
}

static size_t
find(const struct weir_views *views, const char *name)
{
	size_t i = 0;

	while (i < views->n && strcmp(views->v[i].name, name) != 0)
		i++;
	return i;
}

static bool
is_name(const char *name)
{
	bool digits = name[strspn(name, "0123456789")] == '\0';

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("'\"\\", *p))
			return false;
	return !digits && strlen(name) <= WEIR_VIEW_NAME_MAX;
}

/* text is taken. */
static void
add(struct weir_views *views, const char *name, char *text, bool saved)
{
	views->v = xreallocarray(views->v, views->n + 1, sizeof(*views->v));
	views->v[views->n++] = (struct weir_named){ xstrdup(name), text, saved };
}

/* The text in its usual form, owned; NULL: it is no view. */
static char *
usual(const char *text, struct weir_err *err)
{
	struct buf out = BUF_INIT(BUF_MAX);
	struct weir_view view = { 0 };
	enum weir_rc rc = weir_view_parse(str_of(text), &view, err);

	if (!rc)
		rc = weir_view_check(&view, err);
	if (!rc)
		weir_view_format(&view, &out);
	weir_view_release(&view);
	if (rc) {
		buf_release(&out);
		return NULL;
	}
	return buf_steal(&out);
}

static void
read_entry(struct weir_views *views, const struct weir_entry *e, struct buf *warnings)
{
	struct weir_err err = { 0 };
	char *text = NULL;

	if (strcmp(e->table, "views") != 0)
		(void)weir_fail(&err, WEIR_ECONFIG, "there are no tables in it");
	else if (!is_name(e->key))
		(void)weir_fail(&err, WEIR_ECONFIG,
			"a name has no blanks and quotes and is no number");
	else if (find(views, e->key) < views->n)
		(void)weir_fail(&err, WEIR_ECONFIG, "named twice");
	else if (views->n == WEIR_VIEWS_MAX)
		(void)weir_fail(
			&err, WEIR_ECONFIG, "more than %d views", WEIR_VIEWS_MAX);
	else
		text = usual(e->value, &err);
	if (text)
		add(views, e->key, text, false);
	else if (warnings)
		buf_addf(warnings, "%s: line %u: [views] %s: %.*s\n", e->file, e->line,
			e->key, (int)strcspn(err.text, "\n"), err.text);
}

static bool
take_saved(void *arg, const char *name, const char *text)
{
	struct weir_views *views = arg;
	char *right = find(views, name) == views->n ? usual(text, NULL) : NULL;

	if (right)
		add(views, name, right, true);
	return views->n < WEIR_VIEWS_MAX;
}

void
weir_views_read(const struct weir_config *config, struct weir_statedb *state,
	struct weir_views *ret_views, struct buf *warnings)
{
	struct weir_views views = { 0 };
	const struct weir_entry *entries = NULL;
	size_t n = weir_config_entries(config, "views", &entries);
	struct weir_err err;

	for (size_t i = 0; i < n; i++)
		read_entry(&views, &entries[i], warnings);
	if (state && views.n < WEIR_VIEWS_MAX &&
		weir_statedb_each(state, "named", take_saved, &views, &err) && warnings)
		buf_addf(warnings, "saved views: %s\n", err.text);
	*ret_views = views;
}

enum weir_rc
weir_views_find(const struct weir_views *views, const char *name, size_t *ret_index,
	struct weir_err *err)
{
	const char *names[WEIR_VIEWS_MAX];
	const char *near;
	size_t i = find(views, name), number = 0;

	for (const char *p = name; *p >= '0' && *p <= '9' && number < WEIR_VIEWS_MAX;)
		number = number * 10 + (size_t)(*p++ - '0');
	if (i == views->n && number > 0 && !name[strspn(name, "0123456789")])
		i = number - 1;
	if (i < views->n) {
		*ret_index = i;
		return WEIR_OK;
	}
	for (i = 0; i < views->n; i++)
		names[i] = views->v[i].name;
	near = text_nearest(str_of(name), names, views->n);
	(void)weir_fail(err, WEIR_ENOTFOUND, "view '%s': %s", name,
		views->n ? "no view is named so" : "no views are named in weir.conf");
	if (near)
		weir_hint(err, "weir -V %s", near);
	return WEIR_ENOTFOUND;
}

enum weir_rc
weir_views_save(struct weir_views *views, const char *name, const char *text,
	struct weir_err *err)
{
	size_t i = find(views, name);

	if (!*name || !is_name(name))
		return weir_fail(err, WEIR_EUSAGE,
			"view '%s': a name has no blanks and quotes and is no number",
			name);
	if (i < views->n && !views->v[i].saved)
		return weir_fail(err, WEIR_EUSAGE,
			"view '%s' is named in weir.conf: choose another", name);
	if (i == views->n && views->n == WEIR_VIEWS_MAX)
		return weir_fail(
			err, WEIR_EUSAGE, "there are %d views already", WEIR_VIEWS_MAX);
	if (i == views->n) {
		add(views, name, xstrdup(text), true);
	} else {
		free(views->v[i].text);
		views->v[i].text = xstrdup(text);
	}
	return WEIR_OK;
}
