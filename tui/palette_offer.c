/* What the palette offers: actions that fit what is typed, and their arguments. */
#include <dirent.h>
#include <strings.h>
#include <sys/stat.h>

#include <weir/group.h>
#include <weir/select.h>
#include <weir/view.h>

#include "app.h"
#include "palette.h"

enum { FILES_MAX = 20000 }; /* of a folder, for each key: it must not be waited for */

struct offering {
	struct app *a;
	struct palette *p;
	struct str before; /* of the line: stays as it is */
	struct str part;   /* what completion replaces */
};

static void
add(struct offering *o, const char *word, const char *after, const char *help)
{
	struct palette_offer offer = { .action = ACTION_NONE };

	if (o->p->offers.n == PALETTE_OFFERS_MAX)
		return;
	offer.text = arena_printf(
		&o->p->arena, "%.*s%s%s", (int)o->before.len, o->before.s, word, after);
	offer.label = arena_printf(&o->p->arena, "%s%s", word, after);
	offer.help = arena_strndup(&o->p->arena, help, strlen(help));
	VEC_PUSH(&o->p->offers, offer);
}

static bool
begins(const char *word, struct str with)
{
	return strlen(word) >= with.len && strncasecmp(word, with.s, with.len) == 0;
}

/* ---- actions */

static bool
contains(const char *text, struct str word)
{
	for (; strlen(text) >= word.len; text++) {
		if (strncasecmp(text, word.s, word.len) == 0)
			return true;
	}
	return false;
}

/* The letters of the word in this order. */
static bool
has_letters(const char *text, struct str word)
{
	size_t i = 0;

	for (; *text && i < word.len; text++)
		i += (*text | 32) == (word.s[i] | 32);
	return i == word.len;
}

/* How well the word names the action; -1: not at all. */
static int
rank(const struct action *action, struct str word)
{
	const char *part = strchr(action->name, '-');

	if (str_eq(word, action->name))
		return 0;
	if (begins(action->name, word))
		return 1;
	if (part && begins(part + 1, word))
		return 2;
	if (contains(action->name, word) || begins(action->hint, word))
		return 3;
	if (word.len > 1 && has_letters(action->name, word))
		return 4;
	return word.len > 2 && contains(action->help, word) ? 5 : -1;
}

static void
add_action(struct offering *o, enum action_id id)
{
	const struct action *action = action_get(id);
	struct palette_offer offer = { .action = id };
	const char *arg = action_arg_name(action->arg);

	offer.text = action->name;
	offer.help = action->help;
	offer.label = arena_printf(
		&o->p->arena, "%s%s%s", action->name, *arg ? " " : "", arg);
	VEC_PUSH(&o->p->offers, offer);
}

/* Moves come last where nothing is typed: nobody writes them out. */
static void
offer_actions(struct offering *o)
{
	for (int r = 0; r <= 6; r++) {
		for (size_t i = 1; i < ACTION_N; i++) {
			enum action_id id = (enum action_id)i;
			bool late = o->part.len == 0 && id <= ACTION_LAST;

			if (rank(action_get(id), o->part) + (late ? 5 : 0) == r &&
				view_works(o->a->top, id))
				add_action(o, id);
		}
	}
}

/* ---- arguments */

/* From the last of these characters on is what completion replaces. */
static void
narrow(struct offering *o, const char *borders)
{
	const char *end = o->part.s + o->part.len;
	const char *from = end;

	while (from > o->part.s && !strchr(borders, from[-1]))
		from--;
	o->before.len += (size_t)(from - o->part.s);
	o->part = (struct str){ from, (size_t)(end - from) };
}

static void
add_words(struct offering *o, const char *words, const char *help)
{
	while (*words) {
		size_t n = strcspn(words, "\n");
		char *word = xstrndup(words, n);

		add(o, word, "", help);
		free(word);
		words += n + (words[n] == '\n');
	}
}

/* Values of a field; NULL: the query thread is asked for them, and tells. */
static const char *
values(struct offering *o, int slot, enum weir_kind kind, const char *field)
{
	struct palette_ask *ask = &o->p->asks[slot];
	struct finder_job job = { .kind = FINDER_VALUES,
		.view = PALETTE_SERIAL,
		.slot = slot,
		.object = kind,
		.field = field };

	if (ask->job && ask->kind == kind && strcmp(ask->field, field) == 0 &&
		str_eq(o->part, ask->prefix))
		return ask->words;
	free(ask->field);
	free(ask->prefix);
	free(ask->words);
	*ask = (struct palette_ask){
		.kind = kind, .field = xstrdup(field), .prefix = str_copy(o->part)
	};
	job.prefix = ask->prefix;
	ask->job = finder_submit(o->a->finder, &job);
	return NULL;
}

/* `flow:build`: what the store has there; `a,b` is completed behind its comma. */
static void
offer_values(struct offering *o, enum weir_kind kind, const char *field)
{
	bool names = strcmp(field, "param.") == 0;
	const char *words;

	if (!names)
		narrow(o, ":,");
	words = values(o, 0, kind, field);
	if (words)
		add_words(o, words, "");
}

static void
offer_query(struct offering *o, enum weir_kind kind)
{
	struct buf words = BUF_INIT(64 << 10);
	const char *field = NULL;
	size_t from = weir_query_complete(kind, o->part, &words, &field);

	o->before.len += from;
	o->part.s += from;
	o->part.len -= from;
	add_words(o, buf_cstr(&words), "");
	if (field)
		offer_values(o, kind, field);
	buf_release(&words);
}

/* What the list on top is a list of; false: it is no list. */
static bool
list_kind(const struct app *a, enum weir_kind *ret_kind)
{
	struct buf command = BUF_INIT(PROMPT_MAX * 2);
	struct weir_view view = { 0 };
	struct weir_err err;
	bool ok;

	a->top->ops->command(a->top, &command);
	ok = weir_view_parse(buf_str(&command), &view, &err) == WEIR_OK &&
	     view.show == WEIR_SHOW_LIST;
	if (ok)
		*ret_kind = view.kind;
	weir_view_release(&view);
	buf_release(&command);
	return ok;
}

static void
add_column(struct offering *o, const struct weir_column *c, enum action_arg arg,
	bool by_alias)
{
	bool has = c->alias && begins(c->alias, o->part);
	const char *name = by_alias ? c->alias : c->name;

	if (c->flags & WEIR_COL_HIDDEN || has != by_alias || !begins(name, o->part))
		return;
	add(o, name, "", c->help);
	if (arg == ARG_SORT && o->part.len > 0)
		add(o, name, ":desc", c->help);
}

static void
offer_columns(struct offering *o, enum action_arg arg)
{
	enum weir_kind kind;

	if (!list_kind(o->a, &kind))
		return;
	if (arg != ARG_FIELD)
		narrow(o, arg == ARG_COLUMNS ? ",+" : ",");
	/* Short names come first: they are what people type. */
	for (int by_alias = 1; by_alias >= 0; by_alias--) {
		for (const struct weir_column *c = weir_columns(kind); c->name; c++)
			add_column(o, c, arg, by_alias);
	}
}

static void
offer_files(struct offering *o)
{
	char *folder;
	struct dirent *entry;
	int left = FILES_MAX;
	DIR *dir;

	narrow(o, "/");
	folder = str_copy((struct str){ o->before.s + strcspn(o->before.s, " ") + 1,
		o->before.len - strcspn(o->before.s, " ") - 1 });
	dir = opendir(*folder ? folder : ".");
	while (dir && o->p->offers.n < PALETTE_OFFERS_MAX && left-- > 0 &&
		(entry = readdir(dir))) {
		struct stat st;
		char *path;

		if ((*entry->d_name == '.' && o->part.len == 0) ||
			!begins(entry->d_name, o->part))
			continue;
		path = xasprintf("%s%s", *folder ? folder : "./", entry->d_name);
		add(o, entry->d_name,
			stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? "/" : "", "");
		free(path);
	}
	if (dir)
		closedir(dir);
	free(folder);
}

static void
offer_views(struct offering *o)
{
	const struct weir_views *views = &o->a->desk.views;

	for (size_t i = 0; i < views->n; i++) {
		if (begins(views->v[i].name, o->part))
			add(o, views->v[i].name, "", views->v[i].text);
	}
}

static void
offer_profiles(struct offering *o)
{
	for (const char *p = weir_config_profiles(o->a->config); *p;) {
		size_t n = strcspn(p, "\n");
		char *name = xstrndup(p, n);

		if (begins(name, o->part))
			add(o, name, "", "");
		free(name);
		p += n + (p[n] == '\n');
	}
}

/* Names that need no quotes: those of a query are not those of an object. */
static void
offer_names(struct offering *o, int slot, enum weir_kind kind)
{
	const char *words = values(o, slot, kind, "name");

	if (words && !strchr(words, '"'))
		add_words(o, words, weir_kind_name(kind));
}

static void
offer_objects(struct offering *o)
{
	static const enum weir_kind named[PALETTE_ASKS] = { WEIR_RUN, WEIR_FLOW,
		WEIR_POOL };
	static const char *const words[][2] = {
		{ "@latest", "the run that was started last" },
		{ "@failed", "the run that failed last" },
	};

	for (size_t i = 0; i < N_ELEM(words); i++) {
		if (begins(words[i][0], o->part))
			add(o, words[i][0], "", words[i][1]);
	}
	for (size_t i = 0; i < N_ELEM(named) && o->part.len > 0; i++)
		offer_names(o, (int)i, named[i]);
}

static void
offer_argument(struct offering *o, enum action_id id)
{
	switch (action_get(id)->arg) {
	case ARG_QUERY:
		offer_query(o, app_list_kind(id));
		break;
	case ARG_SORT:
	case ARG_COLUMNS:
	case ARG_FIELD:
		offer_columns(o, action_get(id)->arg);
		break;
	case ARG_FILE:
		offer_files(o);
		break;
	case ARG_VIEW:
		offer_views(o);
		break;
	case ARG_PROFILE:
		offer_profiles(o);
		break;
	case ARG_OBJECT:
		offer_objects(o);
		break;
	case ARG_NONE:
	case ARG_PLACE:
	case ARG_TEXT:
		break;
	}
}

void
palette_offer(struct app *a, struct palette *p, const char *line)
{
	size_t blank = strcspn(line, " ");
	struct offering o = { a, p, { line, 0 }, { line, blank } };
	enum action_id id;

	if (!line[blank]) {
		offer_actions(&o);
		return;
	}
	id = action_find(o.part);
	if (id == ACTION_NONE || !view_works(a->top, id))
		return;
	while (line[blank] == ' ')
		blank++;
	o.before.len = blank;
	o.part = str_of(line + blank);
	offer_argument(&o, id);
}
