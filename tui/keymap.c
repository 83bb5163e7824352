#include "keymap.h"

#include <weir/text.h>

#include "input.h"

/* clang-format off */
#define ALL CONTEXT_ALL

static const struct {
	unsigned context;
	const char *key;
	enum action_id action;
} defaults[] = {
	{ ALL, "up", ACTION_UP }, { ALL, "k", ACTION_UP }, { ALL, "ctrl-p", ACTION_UP },
	{ ALL, "ctrl-k", ACTION_UP },
	{ ALL, "down", ACTION_DOWN }, { ALL, "j", ACTION_DOWN }, { ALL, "ctrl-n", ACTION_DOWN },
	{ ALL, "left", ACTION_LEFT }, { ALL, "h", ACTION_LEFT },
	{ ALL, "right", ACTION_RIGHT }, { ALL, "l", ACTION_RIGHT },
	{ ALL, "pgup", ACTION_PAGE_UP }, { ALL, "ctrl-b", ACTION_PAGE_UP },
	{ ALL, "alt-v", ACTION_PAGE_UP },
	{ ALL, "pgdn", ACTION_PAGE_DOWN }, { ALL, "ctrl-f", ACTION_PAGE_DOWN },
	{ ALL, "ctrl-v", ACTION_PAGE_DOWN },
	{ ALL & ~(CONTEXT_LISTS | CONTEXT_COLUMNS | CONTEXT_FORM), "space", ACTION_PAGE_DOWN },
	{ ALL, "ctrl-u", ACTION_HALF_UP }, { ALL, "ctrl-d", ACTION_HALF_DOWN },
	{ ALL, "home", ACTION_FIRST }, { ALL, "g", ACTION_FIRST }, { ALL, "alt-<", ACTION_FIRST },
	{ ALL, "ctrl-a", ACTION_FIRST },
	{ ALL, "end", ACTION_LAST }, { ALL, "G", ACTION_LAST }, { ALL, "alt->", ACTION_LAST },
	{ ALL, "ctrl-e", ACTION_LAST },
	{ ALL, "enter", ACTION_OPEN },
	{ ALL, "q", ACTION_BACK }, { ALL, "esc", ACTION_BACK }, { ALL, "ctrl-g", ACTION_BACK },
	{ ALL, "Q", ACTION_QUIT }, { ALL, "ctrl-c", ACTION_QUIT },
	{ ALL, "/", ACTION_SEARCH }, { ALL, "ctrl-s", ACTION_SEARCH },
	{ ALL, "n", ACTION_NEXT }, { ALL, "N", ACTION_PREVIOUS },
	{ ALL, "]", ACTION_NEXT_BAD }, { ALL, "[", ACTION_PREVIOUS_BAD },
	{ ALL, "~", ACTION_SORT }, { ALL, "C", ACTION_COLUMNS }, { ALL, "F", ACTION_GROUP },
	{ ALL, "i", ACTION_TREE }, { ALL, "z", ACTION_FOLD },
	{ CONTEXT_LISTS | CONTEXT_COLUMNS | CONTEXT_FORM, "space", ACTION_MARK },
	{ ALL, "V", ACTION_MARK_RANGE }, { ALL, "*", ACTION_MARK_ALL }, { ALL, "U", ACTION_UNMARK },
	{ ALL, "v", ACTION_PREVIEW }, { ALL, "K", ACTION_PREVIEW_UP },
	{ ALL, "J", ACTION_PREVIEW_DOWN }, { ALL, ";", ACTION_PREVIEW_SEARCH },
	{ ALL, "<", ACTION_MOVE_LEFT }, { ALL, ">", ACTION_MOVE_RIGHT },
	{ ALL, "-", ACTION_NARROWER }, { ALL, "+", ACTION_WIDER },
	{ ALL, "L", ACTION_LOG }, { ALL, "T", ACTION_TIMELINE }, { ALL, "W", ACTION_WHY },
	{ ALL, "p", ACTION_PARAMETERS },
	{ ALL, "s", ACTION_TRIGGER }, { ALL, "O", ACTION_STARTED },
	{ CONTEXT_ENVS | CONTEXT_ENV, "s", ACTION_SELECT }, { ALL, "D", ACTION_DIFF },
	{ ALL, "d", ACTION_DEFAULT }, { ALL, "u", ACTION_UNDO }, { ALL, "0", ACTION_NULL },
	{ ALL, "r", ACTION_RETRIGGER }, { ALL, "x", ACTION_CANCEL },
	{ ALL, "y", ACTION_COPY_ID }, { ALL, "Y", ACTION_COPY_COMMAND }, { ALL, "o", ACTION_WEB },
	{ ALL, "f", ACTION_FOLLOW },
	{ ALL, "1", ACTION_LEVEL_1 }, { ALL, "2", ACTION_LEVEL_2 }, { ALL, "3", ACTION_LEVEL_3 },
	{ ALL, "4", ACTION_LEVEL_4 }, { ALL, "5", ACTION_LEVEL_5 },
	{ ALL, "&", ACTION_FILTER }, { ALL, "H", ACTION_LOGGER },
	{ ALL, "e", ACTION_MORE_CONTEXT }, { ALL, "E", ACTION_LESS_CONTEXT },
	{ ALL, "t", ACTION_TIMES }, { ALL, "Z", ACTION_ZONE }, { ALL, "m", ACTION_TIME_MARK },
	{ ALL, "@", ACTION_JUMP },
	{ ALL, "w", ACTION_WRAP }, { ALL, "M", ACTION_MERGE }, { ALL, "c", ACTION_COPY_LINE },
	{ ALL, "S", ACTION_SAVE }, { ALL, "|", ACTION_PAGER }, { ALL, "alt-e", ACTION_EDITOR },
	{ ALL, ":", ACTION_COMMAND }, { ALL, "alt-x", ACTION_COMMAND }, { ALL, "!", ACTION_SHELL },
	{ ALL, "'", ACTION_VIEW }, { ALL, "tab", ACTION_NEXT_VIEW },
	{ ALL, "backtab", ACTION_PREVIOUS_VIEW },
	{ ALL, "P", ACTION_PROFILE },
	{ ALL, "R", ACTION_REFRESH }, { ALL, "ctrl-l", ACTION_REPAINT },
	{ ALL, "ctrl-z", ACTION_SUSPEND },
	{ ALL, "?", ACTION_HELP }, { ALL, "f1", ACTION_HELP },
};
/* clang-format on */

void
keymap_init(struct keymap *m)
{
	*m = (struct keymap){ 0 };
	for (size_t i = 0; i < N_ELEM(defaults); i++) {
		struct binding b = { .context = defaults[i].context,
			.action = defaults[i].action };

		if (input_parse(str_of(defaults[i].key), &b.key))
			VEC_PUSH(&m->bindings, b);
	}
}

void
keymap_release(struct keymap *m)
{
	for (size_t i = 0; i < m->bindings.n; i++)
		free(m->bindings.v[i].arg);
	VEC_FREE(&m->bindings);
}

/* Where the binding means something. */
static unsigned
reach(const struct binding *b)
{
	if (b->action == ACTION_NONE)
		return b->context;
	return b->context & action_get(b->action)->contexts;
}

const struct binding *
keymap_at(const struct keymap *m, unsigned context, uint32_t key)
{
	for (size_t i = m->bindings.n; i-- > 0;) {
		const struct binding *b = &m->bindings.v[i];

		if (b->key == key && (reach(b) & context))
			return b;
	}
	return NULL;
}

enum action_id
keymap_find(const struct keymap *m, unsigned context, uint32_t key)
{
	const struct binding *b = keymap_at(m, context, key);

	return b ? b->action : ACTION_NONE;
}

/* Is this binding what the key does there, and does it mean the plain action? */
static bool
is_key_of(const struct keymap *m, const struct binding *b, unsigned context,
	enum action_id action)
{
	return b->action == action && !b->arg && (b->context & context) &&
	       keymap_at(m, b->context & context, b->key) == b;
}

uint32_t
keymap_key(const struct keymap *m, unsigned context, enum action_id action)
{
	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < m->bindings.n; i++) {
			const struct binding *b = &m->bindings.v[i];

			if ((b->line > 0) == own && is_key_of(m, b, context, action))
				return b->key;
		}
	}
	return 0;
}

void
keymap_keys(const struct keymap *m, unsigned context, enum action_id action,
	struct buf *out)
{
	char name[INPUT_NAME];
	size_t start = out->len;

	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < m->bindings.n; i++) {
			const struct binding *b = &m->bindings.v[i];

			if ((b->line > 0) != own || !is_key_of(m, b, context, action))
				continue;
			if (out->len > start)
				buf_addc(out, ' ');
			buf_adds(out, input_name(b->key, name));
		}
	}
}

void
keymap_explain(const struct keymap *m, unsigned context, uint32_t key, struct buf *out)
{
	const struct binding *b = keymap_at(m, CONTEXT_ALL, key);
	uint32_t help = keymap_key(m, context, ACTION_HELP);
	char name[INPUT_NAME];

	buf_adds(out, input_name(key, name));
	if (b && b->action != ACTION_NONE) {
		buf_addf(out, " (%s) is for ", action_get(b->action)->hint);
		action_places(reach(b), out);
	} else {
		buf_adds(out, " does nothing");
		if (help)
			buf_addf(out, "; %s shows the keys", input_name(help, name));
	}
}

/* Why a terminal cannot send it, NULL: it can. */
static const char *
impossible(uint32_t key)
{
	uint32_t base = key & ~(uint32_t)(INPUT_CTRL | INPUT_ALT);

	if ((key & INPUT_CTRL) && base < INPUT_UP) {
		if (base >= 'A' && base <= 'Z')
			return "a terminal sends the same for the small letter";
		if (base == 'h')
			return "a terminal sends backspace for it";
		if (base == 'i')
			return "a terminal sends tab for it";
		if (base == 'j' || base == 'm')
			return "a terminal sends enter for it";
		if (base == '[')
			return "a terminal sends esc for it";
		if (!(base >= 'a' && base <= 'z') &&
			(base > 0x7f || !strchr(" \\]^_", (int)base)))
			return "no terminal sends it";
	}
	if ((key & INPUT_CTRL) && base >= INPUT_BACKSPACE && base <= INPUT_ESC)
		return "no terminal sends it";
	if ((key & INPUT_ALT) && (base == '[' || base == 'O'))
		return "a terminal begins other keys with it";
	return NULL;
}

struct reader {
	struct keymap *m;
	const struct weir_entry *row;
	struct buf *warnings;
};

static void warn(struct reader *r, const char *fmt, ...) WEIR_PRINTF(2, 3);

static void
warn(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addf(r->warnings, "%s: line %u: [%s] %s: ", r->row->file, r->row->line,
		r->row->table, r->row->key);
	buf_vaddf(r->warnings, fmt, ap);
	buf_addc(r->warnings, '\n');
	va_end(ap);
}

/* The contexts of the row's table; 0: told why there are none. */
static unsigned
context_of(struct reader *r)
{
	const char *dot = strchr(r->row->table, '.');
	unsigned context = dot ? action_context(str_of(dot + 1)) : CONTEXT_ALL;

	if (!context)
		warn(r, "no context '%s'; there are %s", dot + 1, ACTION_CONTEXTS);
	return context;
}

/* The action and its argument, of `sort dur:desc`. False: told why not. */
static bool
action_of(struct reader *r, struct binding *b)
{
	struct str name = str_of(r->row->value), arg;
	const char *near;

	action_split(name, &name, &arg);
	b->action = action_find(name);
	if (b->action == ACTION_NONE && !str_eq(name, "none")) {
		near = action_nearest(name, CONTEXT_ALL);
		warn(r, "no action '%.*s'%s%s%s", (int)name.len, name.s,
			near ? "; did you mean " : "", near ? near : "",
			near ? "?" : "");
		return false;
	}
	if (arg.len > 0 && action_get(b->action)->arg == ARG_NONE) {
		warn(r, "%.*s takes no argument", (int)name.len, name.s);
		return false;
	}
	if (!reach(b)) {
		struct buf where = BUF_INIT(256);

		action_contexts(action_get(b->action)->contexts, &where);
		warn(r, "%.*s does nothing there, but in %s", (int)name.len, name.s,
			buf_cstr(&where));
		buf_release(&where);
		return false;
	}
	b->arg = arg.len > 0 ? str_copy(arg) : NULL;
	return true;
}

/* Tell of an earlier row for the same key. */
static void
check_twice(struct reader *r, const struct binding *b)
{
	for (size_t i = 0; i < r->m->bindings.n; i++) {
		const struct binding *other = &r->m->bindings.v[i];
		struct buf where = BUF_INIT(256);

		if (other->line && other->key == b->key && (reach(other) & reach(b))) {
			action_contexts(reach(other) & reach(b), &where);
			warn(r, "bound in line %u too; this one counts in %s",
				other->line, buf_cstr(&where));
		}
		buf_release(&where);
	}
}

static void
take(struct reader *r)
{
	struct binding b = { .context = context_of(r), .line = r->row->line };
	const char *why;

	if (!b.context)
		return;
	if (!input_parse(str_of(r->row->key), &b.key)) {
		warn(r, "no such key");
		return;
	}
	why = impossible(b.key);
	if (why) {
		warn(r, "%s", why);
		return;
	}
	if (!action_of(r, &b))
		return;
	check_twice(r, &b);
	VEC_PUSH(&r->m->bindings, b);
}

void
keymap_read(struct keymap *m, const struct weir_config *config, struct buf *warnings)
{
	const struct weir_entry *rows = NULL;
	size_t n = weir_config_entries(config, "keys", &rows);

	/* What is bound everywhere comes first, so that what is bound in one context
	 * wins. */
	for (int one = 0; one <= 1; one++) {
		for (size_t i = 0; i < n; i++) {
			struct reader r = { m, &rows[i], warnings };
			const char *dot = strchr(rows[i].table, '.');

			if ((dot && strcmp(dot, ".all") != 0) == one)
				take(&r);
		}
	}
}
