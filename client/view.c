#include <weir/view.h>

#include <weir/mem.h>
#include <weir/shell.h>
#include <weir/text.h>

/* clang-format off */
#define BIT(show) (1u << (show))
#define TEXT(member) offsetof(struct weir_view, member)
#define ENVIRONMENTS \
	(BIT(WEIR_SHOW_ENV) | BIT(WEIR_SHOW_DIFF) | BIT(WEIR_SHOW_SELECT))
/* Those that may have several ids. */
#define SEVERAL (BIT(WEIR_SHOW_LOG) | BIT(WEIR_SHOW_DIFF))

static const struct command {
	const char *name;
	enum weir_show show;
	enum weir_kind kind;
} commands[] = {
	{ "runs", WEIR_SHOW_LIST, WEIR_RUN },
	{ "task-runs", WEIR_SHOW_LIST, WEIR_TASK_RUN },
	{ "flows", WEIR_SHOW_LIST, WEIR_FLOW },
	{ "deployments", WEIR_SHOW_LIST, WEIR_DEPLOYMENT },
	{ "pools", WEIR_SHOW_LIST, WEIR_POOL },
	{ "pools --queues", WEIR_SHOW_LIST, WEIR_QUEUE },
	{ "pools --workers", WEIR_SHOW_LIST, WEIR_WORKER },
	{ "limits", WEIR_SHOW_LIST, WEIR_LIMIT },
	{ "artifacts", WEIR_SHOW_LIST, WEIR_ARTIFACT },
	{ "env list", WEIR_SHOW_LIST, WEIR_ENVIRONMENT },
	{ "show", WEIR_SHOW_OBJECT, WEIR_RUN },
	{ "logs", WEIR_SHOW_LOG, WEIR_RUN },
	{ "graph", WEIR_SHOW_GRAPH, WEIR_RUN },
	{ "why", WEIR_SHOW_WHY, WEIR_RUN },
	{ "history", WEIR_SHOW_HISTORY, WEIR_RUN },
	{ "env show", WEIR_SHOW_ENV, WEIR_ENVIRONMENT },
	{ "env diff", WEIR_SHOW_DIFF, WEIR_ENVIRONMENT },
	{ "env select-resolved", WEIR_SHOW_SELECT, WEIR_ENVIRONMENT },
};

enum option_type {
	OPTION_TEXT, OPTION_TREE, OPTION_ALL, OPTION_GROUP, OPTION_FOLLOW, OPTION_KIND
};

/* In the order in which they are written. */
static const struct option {
	const char *name;
	char letter;
	enum option_type type;
	size_t offset;
	enum weir_kind kind; /* OPTION_KIND: of pools; else 0: of any */
	unsigned shows;
} options[] = {
	{ "runs", 0, OPTION_TEXT, TEXT(query), 0, BIT(WEIR_SHOW_LOG) },
	{ "level", 'l', OPTION_TEXT, TEXT(level), 0, BIT(WEIR_SHOW_LOG) },
	{ "task", 't', OPTION_TEXT, TEXT(task), 0, BIT(WEIR_SHOW_LOG) },
	{ "logger", 0, OPTION_TEXT, TEXT(logger), 0, BIT(WEIR_SHOW_LOG) },
	{ "grep", 'g', OPTION_TEXT, TEXT(grep), 0, BIT(WEIR_SHOW_LOG) },
	{ "follow", 'f', OPTION_FOLLOW, 0, 0, BIT(WEIR_SHOW_LOG) },
	{ "sort", 's', OPTION_TEXT, TEXT(sort), 0, BIT(WEIR_SHOW_LIST) },
	{ "columns", 'c', OPTION_TEXT, TEXT(columns), 0, BIT(WEIR_SHOW_LIST) },
	{ "count-by", 0, OPTION_TEXT, TEXT(count_by), 0, BIT(WEIR_SHOW_LIST) },
	{ "tree", 0, OPTION_TREE, 0, 0, BIT(WEIR_SHOW_LIST) | BIT(WEIR_SHOW_LOG) },
	{ "all", 0, OPTION_ALL, 0, WEIR_ENVIRONMENT, BIT(WEIR_SHOW_LIST) },
	{ "group", 0, OPTION_GROUP, 0, WEIR_ENVIRONMENT, BIT(WEIR_SHOW_LIST) },
	{ "req-id", 0, OPTION_TEXT, TEXT(id), WEIR_ENVIRONMENT, BIT(WEIR_SHOW_SELECT) },
	{ "arch", 0, OPTION_TEXT, TEXT(arch), WEIR_ENVIRONMENT,
		BIT(WEIR_SHOW_ENV) | BIT(WEIR_SHOW_DIFF) },
	{ "file", 0, OPTION_TEXT, TEXT(file), WEIR_ENVIRONMENT,
		BIT(WEIR_SHOW_LIST) | ENVIRONMENTS },
	{ "queues", 0, OPTION_KIND, 0, WEIR_QUEUE, BIT(WEIR_SHOW_LIST) },
	{ "workers", 0, OPTION_KIND, 0, WEIR_WORKER, BIT(WEIR_SHOW_LIST) },
};
/* clang-format on */

static const size_t owned[] = { TEXT(query), TEXT(sort), TEXT(columns), TEXT(count_by),
	TEXT(id), TEXT(arch), TEXT(file), TEXT(level), TEXT(grep), TEXT(task),
	TEXT(logger) };

static char **
text_at(struct weir_view *v, size_t offset)
{
	return (char **)(void *)((char *)v + offset);
}

static const char *
text_of(const struct weir_view *v, size_t offset)
{
	return *(char *const *)(const void *)((const char *)v + offset);
}

/* Empty is none. */
static void
set_text(struct weir_view *v, size_t offset, const char *text)
{
	char *copy = text && *text ? xstrdup(text) : NULL;

	free(*text_at(v, offset));
	*text_at(v, offset) = copy;
}

void
weir_view_release(struct weir_view *v)
{
	for (size_t i = 0; i < N_ELEM(owned); i++)
		set_text(v, owned[i], NULL);
	*v = (struct weir_view){ 0 };
}

void
weir_view_copy(const struct weir_view *v, struct weir_view *ret_view)
{
	struct weir_view copy = { .show = v->show,
		.kind = v->kind,
		.tree = v->tree,
		.all = v->all,
		.follow = v->follow };

	for (size_t i = 0; i < N_ELEM(owned); i++)
		set_text(&copy, owned[i], text_of(v, owned[i]));
	*ret_view = copy;
}

/* `-platform:win-64` is a word of a query, as in cli/opt.c. */
static bool
is_option(const char *word, bool query)
{
	size_t n;

	if (word[0] != '-' || !word[1])
		return false;
	n = strspn(word + 1, "abcdefghijklmnopqrstuvwxyz._");
	return !query || n < 2 || word[1 + n] != ':';
}

struct parse {
	char **words;
	size_t n_words, at;
	const struct command *command;
	struct weir_view v;
	bool group;
	struct buf query; /* words of a query with blanks between */
	struct weir_err *err;
};

static bool
has_option(const struct command *c, const struct option *o)
{
	if (!(o->shows & BIT(c->show)))
		return false;
	if (o->type == OPTION_KIND)
		return c->kind == WEIR_POOL;
	return !o->kind || c->kind == o->kind;
}

static enum weir_rc
unknown_option(struct parse *p, const char *word)
{
	const char *names[N_ELEM(options)];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < N_ELEM(options); i++)
		if (has_option(p->command, &options[i]))
			names[n++] = options[i].name;
	near = text_nearest(str_of(word + strspn(word, "-")), names, n);
	(void)weir_fail(p->err, WEIR_EUSAGE, "view: %s has no option '%s'",
		p->command->name, word);
	if (near)
		weir_hint(p->err, "--%s", near);
	return WEIR_EUSAGE;
}

/* The option that word is, and what stands behind it in the same word. */
static const struct option *
find_option(const struct parse *p, const char *word, const char **ret_value)
{
	bool name = word[1] == '-';
	size_t n = strcspn(word + 2, "=");

	for (size_t i = 0; i < N_ELEM(options); i++) {
		const struct option *o = &options[i];

		if (!has_option(p->command, o))
			continue;
		if (name && strlen(o->name) == n && strncmp(o->name, word + 2, n) == 0)
			*ret_value = word[2 + n] ? word + 3 + n : NULL;
		else if (!name && o->letter && word[1] == o->letter)
			*ret_value = word[2] ? word + 2 : NULL;
		else
			continue;
		return o;
	}
	return NULL;
}

static enum weir_rc
take_option(struct parse *p, const char *word)
{
	const char *value = NULL;
	const struct option *o = find_option(p, word, &value);

	if (!o)
		return unknown_option(p, word);
	if (o->type != OPTION_TEXT) {
		if (value)
			return unknown_option(p, word);
		p->v.tree |= o->type == OPTION_TREE;
		p->v.follow |= o->type == OPTION_FOLLOW;
		p->v.all |= o->type == OPTION_ALL;
		p->group |= o->type == OPTION_GROUP;
		if (o->type == OPTION_KIND)
			p->v.kind = o->kind;
		return WEIR_OK;
	}
	if (!value && p->at == p->n_words)
		return weir_fail(p->err, WEIR_EUSAGE, "view: %s: '%s' needs a value",
			p->command->name, word);
	set_text(&p->v, o->offset, value ? value : p->words[p->at++]);
	return WEIR_OK;
}

/* Two differ, not three. */
static bool
may_more(const struct parse *p)
{
	return p->command->show == WEIR_SHOW_LOG || !strchr(p->v.id, '\n');
}

static enum weir_rc
take_argument(struct parse *p, const char *word)
{
	if (p->command->show == WEIR_SHOW_LIST) {
		if (p->query.len > 0)
			buf_addc(&p->query, ' ');
		buf_adds(&p->query, word);
		return WEIR_OK;
	}
	/* Line breaks stand between ids. */
	if ((SEVERAL & BIT(p->command->show)) && (!*word || strchr(word, '\n')))
		return weir_fail(p->err, WEIR_EUSAGE, "view: %s: %s", p->command->name,
			*word ? "an id has a line break" : "an id is empty");
	if ((SEVERAL & BIT(p->command->show)) && p->v.id && may_more(p)) {
		char *ids = xasprintf("%s\n%s", p->v.id, word);

		set_text(&p->v, TEXT(id), ids);
		free(ids);
		return WEIR_OK;
	}
	if (p->command->show == WEIR_SHOW_HISTORY ||
		p->command->show == WEIR_SHOW_SELECT || p->v.id)
		return weir_fail(p->err, WEIR_EUSAGE, "view: %s: '%s' is one too many",
			p->command->name, word);
	set_text(&p->v, TEXT(id), word);
	return WEIR_OK;
}

/* Is this its name, of which `next` may be the second word? */
static bool
is_named(const char *name, const char *word, const char *next, size_t *ret_n)
{
	size_t n = strlen(word);

	*ret_n = 1;
	if (strcmp(word, name) == 0)
		return true;
	*ret_n = 2;
	if (strcmp(word, "environment") == 0)
		word = "env", n = 3;
	return strncmp(name, word, n) == 0 && name[n] == ' ' && name[n + 1] != '-' &&
	       strcmp(next, name + n + 1) == 0;
}

/* *ret_n: of how many words it is. */
static enum weir_rc
find_command(const char *word, const char *next, const struct command **ret_command,
	size_t *ret_n, struct weir_err *err)
{
	const char *names[N_ELEM(commands)];
	const char *near;

	for (size_t i = 0; i < N_ELEM(commands); i++) {
		names[i] = commands[i].name;
		if (is_named(names[i], word, next, ret_n)) {
			*ret_command = &commands[i];
			return WEIR_OK;
		}
	}
	near = text_nearest(str_of(word), names, N_ELEM(names));
	(void)weir_fail(
		err, WEIR_EUSAGE, "view: '%s' is no command that shows a view", word);
	return weir_hint(err, "weir %s", near ? near : "runs");
}

static enum weir_rc
parse_words(struct parse *p)
{
	bool only_words = false, list;
	size_t n = 1;
	enum weir_rc rc = WEIR_OK;

	if (p->at < p->n_words && strcmp(p->words[p->at], "weir") == 0)
		p->at++;
	if (p->at == p->n_words)
		return weir_fail(p->err, WEIR_EUSAGE, "view: names no command");
	rc = find_command(p->words[p->at],
		p->at + 1 < p->n_words ? p->words[p->at + 1] : "", &p->command, &n,
		p->err);
	if (rc)
		return rc;
	p->at += n;
	p->v.show = p->command->show;
	p->v.kind = p->command->kind;
	list = p->command->show == WEIR_SHOW_LIST;
	while (!rc && p->at < p->n_words) {
		const char *word = p->words[p->at++];

		if (only_words || !is_option(word, list))
			rc = take_argument(p, word);
		else if (strcmp(word, "--") == 0)
			only_words = true;
		else
			rc = take_option(p, word);
	}
	return rc;
}

/* What a view cannot be without. */
static enum weir_rc
check(const struct parse *p)
{
	bool needs = p->v.show != WEIR_SHOW_LIST && p->v.show != WEIR_SHOW_HISTORY;
	bool runs = p->v.show == WEIR_SHOW_LOG && p->v.query;

	if (needs && !p->v.id && !runs)
		return weir_fail(p->err, WEIR_EUSAGE, "view: %s needs an id or a name",
			p->command->name);
	if (p->v.show == WEIR_SHOW_DIFF && !strchr(p->v.id, '\n'))
		return weir_fail(p->err, WEIR_EUSAGE, "view: %s needs two of them",
			p->command->name);
	if (runs && p->v.id)
		return weir_fail(p->err, WEIR_EUSAGE,
			"view: logs: either '%s' or --runs", p->v.id);
	return WEIR_OK;
}

static void
group(struct weir_view *v)
{
	char *sort = xasprintf(
		"%s%s", WEIR_GROUP_FIRST, v->sort ? v->sort : WEIR_GROUP_THEN);

	set_text(v, TEXT(sort), sort);
	if (!v->columns)
		set_text(v, TEXT(columns), WEIR_GROUP_COLUMNS);
	free(sort);
}

/* Is it by groups? Then with what was told beside. */
static bool
is_grouped(const struct weir_view *v, struct weir_view *ret_told)
{
	size_t n = strlen(WEIR_GROUP_FIRST);

	*ret_told = *v;
	if (v->show != WEIR_SHOW_LIST || v->kind != WEIR_ENVIRONMENT || !v->sort ||
		!v->columns || strncmp(v->sort, WEIR_GROUP_FIRST, n) != 0 ||
		!v->sort[n])
		return false;
	ret_told->sort = strcmp(v->sort + n, WEIR_GROUP_THEN) ? v->sort + n : NULL;
	if (!strcmp(v->columns, WEIR_GROUP_COLUMNS))
		ret_told->columns = NULL;
	return true;
}

enum weir_rc
weir_view_parse(struct str text, struct weir_view *ret_view, struct weir_err *err)
{
	struct parse p = { .err = err, .query = BUF_INIT(WEIR_VIEW_MAX) };
	enum weir_rc rc = weir_shell_split("view", text, &p.words, &p.n_words, err);

	if (!rc)
		rc = parse_words(&p);
	if (!rc && p.command->show == WEIR_SHOW_LIST)
		set_text(&p.v, TEXT(query), buf_cstr(&p.query));
	if (!rc)
		rc = check(&p);
	if (!rc && p.group)
		group(&p.v);
	if (rc)
		weir_view_release(&p.v);
	else
		*ret_view = p.v;
	buf_release(&p.query);
	weir_shell_free(p.words, p.n_words);
	return rc;
}

const char *
weir_view_command(const struct weir_view *v)
{
	for (size_t i = 0; i < N_ELEM(commands); i++) {
		if (commands[i].show == v->show &&
			(v->show != WEIR_SHOW_LIST || commands[i].kind == v->kind))
			return commands[i].name;
	}
	return "";
}

static void
add_argument(struct buf *out, const char *text)
{
	buf_addc(out, ' ');
	weir_shell_quote(out, text);
}

/* Of a log there may be several. */
static void
add_ids(struct buf *out, const char *ids)
{
	char *copy = xstrdup(ids), *save = NULL;

	for (char *id = strtok_r(copy, "\n", &save); id;
		id = strtok_r(NULL, "\n", &save))
		add_argument(out, id);
	free(copy);
}

void
weir_view_format(const struct weir_view *v, struct buf *out)
{
	bool list = v->show == WEIR_SHOW_LIST;
	/* Of a selection it is an option. */
	const char *argument = list                          ? v->query
			       : v->show == WEIR_SHOW_SELECT ? NULL
							     : v->id;
	struct weir_view told; /* its texts are v's */
	bool several = SEVERAL & BIT(v->show), grouped = is_grouped(v, &told);
	bool behind = argument && is_option(argument, list);

	for (const char *id = several ? argument : NULL; id && (id = strchr(id, '\n'));
		id++)
		behind = behind || is_option(id + 1, false);
	buf_addf(out, "weir %s", weir_view_command(v));
	if (argument && *argument && !behind && several)
		add_ids(out, argument);
	else if (argument && *argument && !behind)
		add_argument(out, argument);
	for (size_t i = 0; i < N_ELEM(options); i++) {
		const struct option *o = &options[i];
		const char *text;

		if (!(o->shows & BIT(v->show)) || o->type == OPTION_KIND)
			continue;
		if ((o->type == OPTION_TREE && v->tree) ||
			(o->type == OPTION_ALL && v->all) ||
			(o->type == OPTION_GROUP && grouped) ||
			(o->type == OPTION_FOLLOW && v->follow))
			buf_addf(out, " --%s", o->name);
		text = o->type == OPTION_TEXT ? text_of(&told, o->offset) : NULL;
		if (!text || !*text)
			continue;
		buf_addf(out, " --%s", o->name);
		add_argument(out, text);
	}
	if (behind) {
		buf_adds(out, " --");
		if (several)
			add_ids(out, argument);
		else
			add_argument(out, argument);
	}
}
