/* Tables of weir.conf whose rows users name: [keys], [views], [colours]. */
#include "config_layer.h"

#include "toml.h"
#include "weir/mem.h"

static const char *const tables[] = { "keys", "views", "colors", "colours" };

bool
config_is_own_table(const char *name)
{
	for (size_t i = 0; i < N_ELEM(tables); i++)
		if (!strcmp(name, tables[i]))
			return true;
	return false;
}

struct reader {
	struct weir_config *c;
	const struct config_text *file;
	const json_t *tree;
};

/* A value as it would stand without quotes, owned; NULL: it is a list. */
static char *
text_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return xstrdup(json_string_value(value));
	case JSON_TRUE:
		return xstrdup("true");
	case JSON_FALSE:
		return xstrdup("false");
	case JSON_INTEGER:
		return xasprintf("%lld", (long long)json_integer_value(value));
	case JSON_REAL:
		return xasprintf("%.15g", json_real_value(value));
	case JSON_ARRAY:
	case JSON_OBJECT:
	case JSON_NULL:
		break;
	}
	return NULL;
}

static void
warn(struct reader *r, unsigned line, const char *name, const char *why)
{
	buf_addf(&r->c->warnings, "%s: line %u: %s: %s\n", r->file->name, line, name,
		why);
}

static void
take(void *arg, const char *const *path, size_t n, const struct toml_place *at)
{
	struct reader *r = arg;
	const json_t *value = r->tree;
	struct buf table = BUF_INIT(CONFIG_VALUE_MAX);
	struct weir_entry e = { .file = r->file->name, .line = at->line };
	char *text;

	if (!config_is_own_table(path[0]))
		return;
	if (n == 1) {
		warn(r, at->line, path[0], "must be a table");
		return;
	}
	for (size_t i = 0; i < n && value; i++)
		value = json_object_get(value, path[i]);
	text = value ? text_of(value) : NULL;
	if (!text) {
		warn(r, at->line, path[n - 1], "its value must be text");
	} else if (r->c->entries.n == CONFIG_ENTRIES_MAX) {
		warn(r, at->line, path[n - 1], "not used: there are too many rows");
		free(text);
	} else {
		buf_adds(&table, strcmp(path[0], "colors") ? path[0] : "colours");
		for (size_t i = 1; i + 1 < n; i++)
			buf_addf(&table, ".%s", path[i]);
		e.table = buf_steal(&table);
		e.key = xstrdup(path[n - 1]);
		e.value = text;
		e.file = xstrdup(r->file->name);
		VEC_PUSH(&r->c->entries, e);
	}
	buf_release(&table);
}

/* The name of the table of the top that it is in. */
static struct str
top_of(const struct weir_entry *e)
{
	return (struct str){ e->table, strcspn(e->table, ".") };
}

/* The rows of one table of the top together, else as they stand in the file. */
static void
sort(struct weir_config *c)
{
	VEC_TYPE(rows, struct weir_entry) rows = { 0 };

	for (size_t t = 0; t < N_ELEM(tables); t++)
		for (size_t i = 0; i < c->entries.n; i++)
			if (str_eq(top_of(&c->entries.v[i]), tables[t]))
				VEC_PUSH(&rows, c->entries.v[i]);
	if (rows.n)
		memcpy(c->entries.v, rows.v, rows.n * sizeof(*rows.v));
	VEC_FREE(&rows);
}

void
config_read_entries(
	struct weir_config *c, const struct config_text *file, const json_t *tree)
{
	struct reader r = { c, file, tree };
	bool any = false;

	for (size_t i = 0; i < N_ELEM(tables); i++)
		any |= json_object_get(tree, tables[i]) != NULL;
	if (any)
		(void)toml_each(file->text.s, file->text.len, take, &r);
	sort(c);
}

size_t
weir_config_entries(const struct weir_config *c, const char *table,
	const struct weir_entry **ret_entries)
{
	size_t n = 0;

	for (size_t i = 0; i < c->entries.n; i++) {
		if (!str_eq(top_of(&c->entries.v[i]), table))
			continue;
		if (!n++)
			*ret_entries = &c->entries.v[i];
	}
	return n;
}

void
config_free_entries(struct weir_config *c)
{
	for (size_t i = 0; i < c->entries.n; i++) {
		free((char *)(uintptr_t)c->entries.v[i].table);
		free((char *)(uintptr_t)c->entries.v[i].key);
		free((char *)(uintptr_t)c->entries.v[i].value);
		free((char *)(uintptr_t)c->entries.v[i].file);
	}
	VEC_FREE(&c->entries);
}
