/*
 * Configuration files: the first byte says which file the rest is. What loads can be
 * shown without its secrets; what is set in weir.conf is read back; of keys, colours
 * and views what can be used is used, and of the rest each row is told.
 */
#include <stddef.h>
#include <stdint.h>

#include <weir/mem.h>
#include <weir/views.h>

#include "config_layer.h"
#include "input.h"
#include "keymap.h"
#include "theme_user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = { "/h/.config/weir/weir.conf",
	"/h/.prefect/profiles.toml", ".env", "prefect.toml", "pyproject.toml" };

struct world {
	const char *path;
	struct str text;
};

static const char *
world_env(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static enum weir_rc
world_read(void *arg, const char *path, struct buf *out, bool *ret_found,
	unsigned *ret_mode, struct weir_err *err)
{
	const struct world *w = arg;

	(void)err;
	*ret_found = strcmp(path, w->path) == 0;
	*ret_mode = 0644;
	if (*ret_found)
		buf_addstr(out, w->text);
	return WEIR_OK;
}

static void
check_shown(const struct weir_config *c)
{
	const char *key = weir_config_str(c, WEIR_KEY_API_KEY);
	struct buf out = BUF_INIT(BUF_MAX);

	for (int k = 0; k < WEIR_N_KEYS; k++) {
		(void)weir_config_int(c, (enum weir_key)k);
		if (weir_config_str(c, (enum weir_key)k) &&
			!*weir_config_origin(c, (enum weir_key)k))
			abort();
	}
	weir_config_show(c, WEIR_KEY_API_KEY, &out);
	if (key && strlen(key) > 3 && strstr(buf_cstr(&out), key))
		abort();
	buf_release(&out);
}

/* Rows that users name are whole, and stand as in the file. */
static void
check_entries(const struct weir_config *c)
{
	static const char *const tables[] = { "keys", "views", "colours" };

	for (size_t t = 0; t < N_ELEM(tables); t++) {
		const struct weir_entry *e = NULL;
		size_t n = weir_config_entries(c, tables[t], &e);

		for (size_t i = 0; i < n; i++) {
			if (strncmp(e[i].table, tables[t], strlen(tables[t])) != 0 ||
				!e[i].key || !e[i].value || !e[i].line ||
				(i && e[i].line < e[i - 1].line))
				abort();
		}
	}
}

/* A key's name is read as that key. */
static void
check_keys(const struct keymap *m)
{
	for (size_t i = 0; i < m->bindings.n; i++) {
		const struct binding *b = &m->bindings.v[i];
		char name[INPUT_NAME];
		uint32_t again = 0;

		if (!input_parse(str_of(input_name(b->key, name)), &again) ||
			again != b->key)
			abort();
		if (b->action != ACTION_NONE && !action_get(b->action))
			abort();
	}
}

static size_t
lines_of(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->s[i] == '\n';
	return n;
}

static void
check_rows(const struct weir_config *c)
{
	struct buf warnings = BUF_INIT(BUF_MAX);
	const struct weir_entry *rows = NULL;
	struct weir_views views = { 0 };
	struct theme theme = { 0 };
	struct keymap keys;
	size_t n = weir_config_entries(c, "views", &rows);

	weir_views_read(c, NULL, &views, &warnings);
	if (!warnings.truncated && views.n + lines_of(&warnings) < n)
		abort();
	theme_user_read(&theme, c, &warnings);
	keymap_init(&keys);
	keymap_read(&keys, c, &warnings);
	check_keys(&keys);
	keymap_release(&keys);
	weir_views_release(&views);
	buf_release(&warnings);
}

static void
check_edit(struct str text, const struct weir_config *c)
{
	static const char value[] = "less \"-R\" ü";
	struct world w = { .path = paths[0] };
	struct config_io io = { world_env, world_read, &w };
	struct buf out = BUF_INIT(BUF_MAX);
	struct weir_config *again = NULL;

	if (config_edit(text, "f", NULL, WEIR_KEY_PAGER, value, &out, NULL))
		goto out;
	w.text = buf_str(&out);
	if (config_load(&io, NULL, &again, NULL))
		abort();
	if (!c->no_address && !c->profile &&
		strcmp(weir_config_str(again, WEIR_KEY_PAGER), value))
		abort();
out:
	weir_config_free(again);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { 0 };
	struct config_io io = { world_env, world_read, &w };
	struct weir_config *c = NULL;
	struct weir_err err = { 0 };
	char *text;

	if (!size)
		return 0;
	text = xmemdup(data + 1, size - 1);
	w.path = paths[*data % N_ELEM(paths)];
	w.text = (struct str){ text, size - 1 };
	if (config_load(&io, NULL, &c, &err)) {
		if (err.rc != WEIR_ECONFIG || !*err.text)
			abort();
	} else {
		check_shown(c);
		check_entries(c);
		check_rows(c);
		if (w.path == paths[0])
			check_edit(w.text, c);
	}
	weir_config_free(c);
	free(text);
	return 0;
}
