#include "envs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <weir/env_store.h>
#include <weir/text.h>
#include <weir/time.h>

#include "app.h"
#include "listview.h"

enum { POLL_US = 2 * 1000000 };

void
envs_init(struct envs *e)
{
	*e = (struct envs){ .watch = -1 };
}

static void
drop_root(struct envs *e)
{
	if (e->watch >= 0)
		close(e->watch);
	e->watch = -1;
	weir_env_root_release(&e->root);
}

void
envs_release(struct envs *e)
{
	drop_root(e);
	weir_store_close(e->store);
	free(e->notes);
	envs_init(e);
}

/* What tells two contents of the file apart, as well as a look can. */
static int64_t
stamp_of(const struct envs *e)
{
	struct stat st;

	if (!e->root.settings || stat(e->root.file, &st) != 0)
		return 0;
	return ((int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec) ^
	       ((int64_t)st.st_size << 32) ^ (int64_t)st.st_ino;
}

const struct weir_env_root *
envs_root(struct app *a)
{
	struct envs *e = &a->envs;
	struct weir_env_root root = { .settings = NULL };

	if (e->root.settings)
		return &e->root;
	if (weir_env_root_find(a->start->env_file, &root, NULL))
		return NULL;
	e->root = root;
	e->watch = weir_env_watch(&e->root);
	e->stamp = stamp_of(e);
	e->stamp_us = weir_monotonic_us();
	return &e->root;
}

struct weir_store *
envs_store(struct app *a)
{
	struct envs *e = &a->envs;
	const struct weir_env_root *root;

	if (e->store)
		return e->store;
	root = envs_root(a);
	if (!root || weir_env_peek(a->config, root, &e->store, NULL))
		e->store = NULL;
	return e->store;
}

/* Every list of them looks again. */
static void
look(struct app *a)
{
	for (struct view *v = a->top; v; v = v->below)
		if (v->ops->context == CONTEXT_ENVS)
			listview_look_again(listview_of(v));
}

void
envs_take(struct app *a)
{
	if (weir_env_watched(a->envs.watch, &a->envs.root))
		look(a);
}

int64_t
envs_due(const struct app *a)
{
	const struct envs *e = &a->envs;

	if (e->watch >= 0 || !e->root.settings || a->script.path)
		return 0;
	return e->stamp_us + POLL_US;
}

bool
envs_poll(struct app *a)
{
	struct envs *e = &a->envs;
	int64_t was = e->stamp, now = weir_monotonic_us();

	if (!envs_due(a) || now < envs_due(a))
		return false;
	e->stamp = stamp_of(e);
	e->stamp_us = now;
	return e->stamp != was;
}

static void
say(struct app *a, const char *line, size_t n)
{
	char *text = xstrndup(line, n);
	struct buf b = BUF_INIT(4096);

	envs_tilde(&b, text);
	status_say(a, true, "%s", buf_cstr(&b));
	buf_release(&b);
	free(text);
}

void
envs_noted(struct app *a, const char *notes)
{
	struct envs *e = &a->envs;
	bool same = strcmp(e->notes ? e->notes : "", notes) == 0;
	bool fresh = !e->notes || !*e->notes;

	if (same)
		return;
	free(e->notes);
	e->notes = *notes ? xstrdup(notes) : NULL;
	/* A store that was set aside is another file now. */
	weir_store_close(e->store);
	e->store = NULL;
	for (const char *p = notes; *p;) {
		size_t n = strcspn(p, "\n");

		say(a, p, n);
		p += n + (p[n] == '\n');
	}
	if (!*notes && !fresh)
		status_say(a, false, "conda_v2.cnd can be read again");
}

void
envs_again(struct app *a)
{
	char *was = a->envs.root.file ? xstrdup(a->envs.root.file) : NULL;
	const struct weir_env_root *root;

	drop_root(&a->envs);
	root = envs_root(a);
	if (!was || !root || strcmp(was, root->file) != 0)
		desk_envs_other(a);
	free(was);
}

void
envs_tilde(struct buf *out, const char *text)
{
	const char *home = getenv("HOME");
	size_t n = home ? strlen(home) : 0;

	while (n > 1 && *text) {
		const char *at = strstr(text, home);

		if (!at || at[n] != '/')
			break;
		buf_add(out, text, (size_t)(at - text));
		buf_addc(out, '~');
		text = at + n;
	}
	buf_adds(out, text);
}

/* The end of a path, from a `/` on if one is near. */
static void
add_end(const struct draw *d, struct str path, int columns, struct buf *out)
{
	const char *more = theme_glyph(d->theme, GLYPH_MORE);
	size_t at = 0, slash;

	if ((int)text_width(path) <= columns) {
		buf_addstr(out, path);
		return;
	}
	while (at < path.len &&
		(int)text_width((struct str){ path.s + at, path.len - at }) >= columns)
		text_decode(path, &at);
	slash = at;
	while (slash < path.len && path.s[slash] != '/')
		slash++;
	if (slash < path.len)
		at = slash;
	buf_adds(out, more);
	buf_add(out, path.s + at, path.len - at);
}

enum style
envs_origin(struct view *v, int columns, struct buf *out)
{
	struct app *a = v->app;
	const struct weir_env_root *root = envs_root(a);
	struct buf path = BUF_INIT(4096), clean = BUF_INIT(4096);
	const char *cache = "";

	if (a->envs.notes) {
		buf_adds(out, "not all of it: see :messages");
		return STYLE_ALERT;
	}
	if (root && root->cache)
		cache = a->start->no_network ? " + cache, offline" : " + cache";
	if (!root || !root->found)
		buf_adds(&path, "no .metaflow");
	else
		envs_tilde(&path, a->start->env_file ? root->file : root->folder);
	text_sanitize(&clean, buf_str(&path), a->theme.utf8 ? 0 : TEXT_ASCII);
	add_end(&a->draw, buf_str(&clean), columns - (int)strlen(cache), out);
	buf_adds(out, cache);
	buf_release(&path);
	buf_release(&clean);
	return STYLE_DIM;
}
