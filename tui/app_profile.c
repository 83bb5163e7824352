/* Another server in the same menu: the page of profiles, and the change to one. */
#include "app.h"
#include "page.h"

enum { NAME_COLUMNS = 20, PROFILE_MAX = 256 };

/* ---- the change */

static enum weir_rc
load(struct app *a, const char *name, struct weir_config **ret_config,
	struct weir_err *err)
{
	struct weir_config_flags flags = a->start->flags;
	struct weir_config *config = NULL;
	enum weir_rc rc;

	/* What it was started with has its address from wherever that was said. */
	if (strcmp(name, weir_config_name(a->start->config)) != 0)
		flags.profile = name;
	rc = weir_config_load(&flags, &config, err);
	if (!rc && weir_config_lost_profile(config)) {
		weir_config_free(config);
		return weir_fail(err, WEIR_ECONFIG,
			"profile '%s': there is none in weir.conf or profiles.toml",
			name);
	}
	if (!rc)
		*ret_config = config;
	return rc;
}

/* What belongs to the server that was shown. */
static void
leave(struct app *a)
{
	if (a->prompt.active)
		prompt_stop(&a->prompt, false);
	desk_keep(a);
	while (a->top) {
		struct view *v = a->top;

		a->top = v->below;
		v->ops->free(v);
	}
	weir_engine_stop(a->engine);
	a->engine = NULL;
	finder_stop(a->finder);
	a->finder = NULL;
	atomic_store(&a->leaving, true);
	finder_stop(a->helper);
	atomic_store(&a->leaving, false);
	a->helper = NULL;
	desk_release(a);
	a->desk = (struct desk){ 0 };
	weir_session_free(a->session);
	a->session = NULL;
	a->store = NULL;
	a->store_why[0] = '\0';
	a->no_server = false;
	status_forget(a);
}

static void
enter(struct app *a, struct weir_config *config, struct finder *finder)
{
	static const struct weir_view runs = { .show = WEIR_SHOW_LIST,
		.kind = WEIR_RUN };
	struct weir_view left = { 0 };
	struct weir_err err = { 0 };

	weir_config_free(a->own_config);
	a->own_config = config;
	a->config = config;
	a->finder = finder;
	finder_envs(finder, a->start->env_file, true);
	a->session = weir_session_lasting(config, a->start->no_network);
	desk_init(a);
	app_store(a);
	/* As it was left; else a list of runs, which opens whatever the store holds. */
	if (desk_left_last(a, &left) && !app_view_open(a, &left, &err))
		desk_restore(a, a->top);
	else if (app_view_open(a, &runs, &err))
		status_say(a, true, "%s", err.text);
	weir_view_release(&left);
	app_layout(a);
	if (app_start_engine(a, &err))
		status_say(a, true, "profile '%s': %s", weir_config_name(config),
			err.text);
	else
		status_say(a, false, "profile %s", weir_config_name(config));
}

static void
change_to(struct app *a, const char *name)
{
	struct weir_config *config = NULL;
	struct finder *finder = NULL;
	struct weir_err err = { 0 };
	enum weir_rc rc;

	if (strcmp(name, weir_config_name(a->config)) == 0) {
		status_say(a, false, "%s is the profile that is shown", name);
		return;
	}
	rc = load(a, name, &config, &err);
	if (!rc)
		rc = finder_start(config, &finder, &err);
	if (rc) {
		status_say(a, true, "%.*s", (int)strcspn(err.text, "\n"), err.text);
		weir_config_free(config);
		return;
	}
	leave(a);
	enter(a, config, finder);
}

/* ---- the page */

struct profile {
	const char *name, *address, *colour;
	bool read_only, current;
};

struct profiles {
	struct arena arena;
	VEC(struct profile) v;
};

static void
add_profile(struct app *a, struct profiles *of, const char *name)
{
	struct profile p = { .name = name,
		.current = strcmp(name, weir_config_name(a->config)) == 0 };
	struct weir_config *config = NULL;
	struct buf address = BUF_INIT(4096);
	struct weir_err err = { 0 };

	if (load(a, name, &config, &err)) {
		p.address =
			arena_strndup(&of->arena, err.text, strcspn(err.text, "\n"));
		VEC_PUSH(&of->v, p);
		return;
	}
	if (weir_config_str(config, WEIR_KEY_API_URL))
		weir_url_mask(&address, weir_config_str(config, WEIR_KEY_API_URL));
	else
		buf_adds(&address, "no server");
	p.address = arena_strndup(&of->arena, address.s, address.len);
	p.read_only = weir_config_bool(config, WEIR_KEY_READ_ONLY);
	if (weir_config_str(config, WEIR_KEY_PROFILE_COLOUR)) {
		const char *colour = weir_config_str(config, WEIR_KEY_PROFILE_COLOUR);

		p.colour = arena_strndup(&of->arena, colour, strlen(colour));
	}
	VEC_PUSH(&of->v, p);
	weir_config_free(config);
	buf_release(&address);
}

static void
write_profiles(struct page_view *v, struct page *p, void *arg)
{
	const struct profiles *of = arg;

	(void)v;
	page_begin(p, 0);
	page_gap(p, 2);
	page_add(p, STYLE_HEADER, STR("PROFILE"), NAME_COLUMNS + 2, false);
	page_add(p, STYLE_HEADER, STR("SERVER"), 0, false);
	for (size_t i = 0; i < of->v.n; i++) {
		const struct profile *one = &of->v.v[i];
		struct page_line *line = page_begin(p, (int64_t)i + 1);

		line->opens = PAGE_OPENS_SELF;
		page_add(p, STYLE_STRONG, one->current ? STR("*") : STR(""), 2, false);
		page_add(p, one->colour ? theme_colour(one->colour) : STYLE_PLAIN,
			str_of(one->name), NAME_COLUMNS, false);
		page_gap(p, 2);
		page_add(p, STYLE_PLAIN, str_of(one->address), 0, false);
		if (one->read_only)
			page_add(p, STYLE_WARNING, STR("  READ-ONLY"), 0, false);
	}
	if (of->v.n == 0)
		page_text(p, NULL, 2, STYLE_DIM,
			STR("weir.conf and profiles.toml name no profile: "
			    "[profiles.NAME]"
			    " with api_url makes one"),
			4);
}

static void
free_profiles(void *arg)
{
	struct profiles *of = arg;

	arena_free(&of->arena);
	VEC_FREE(&of->v);
	free(of);
}

static void
say_command(struct page_view *v, void *arg, struct buf *out)
{
	(void)v;
	(void)arg;
	buf_adds(out, "weir config");
}

static void
paint_counts(struct page_view *v, void *arg, struct draw *d)
{
	(void)v;
	(void)arg;
	draw_text(d, STYLE_PLAIN, "Enter shows the server of a profile");
}

/* The page ends with the server that it was opened on: its name is copied. */
static void
open_profile(struct page_view *v, void *arg, const struct page_line *line)
{
	const struct profiles *of = arg;
	char name[PROFILE_MAX];

	snprintf(name, sizeof(name), "%s", of->v.v[line->key - 1].name);
	change_to(v->v.app, name);
}

static const enum action_id hints[] = { ACTION_OPEN, ACTION_SEARCH, ACTION_HELP,
	ACTION_BACK, ACTION_NONE };

static const struct page_user user = {
	.context = CONTEXT_PAGE,
	.write = write_profiles,
	.free = free_profiles,
	.command = say_command,
	.hints = hints,
	.counts = paint_counts,
	.open = open_profile,
};

void
app_profile(struct app *a, enum action_id id, const char *arg)
{
	struct profiles *of;
	struct view *v;

	(void)id;
	if (arg && *arg) {
		change_to(a, arg);
		return;
	}
	of = xcalloc(1, sizeof(*of));
	v = page_view_new(a, &user, of);
	for (const char *p = weir_config_profiles(a->config); *p;) {
		size_t n = strcspn(p, "\n");

		add_profile(a, of, arena_strndup(&of->arena, p, n));
		/* The cursor begins on the one that is shown. */
		if (of->v.v[of->v.n - 1].current) {
			page_view_of(v)->key = (int64_t)of->v.n;
			page_view_of(v)->moved = true;
		}
		p += n + (p[n] == '\n');
	}
	app_push(a, v);
}
