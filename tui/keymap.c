#include "keymap.h"

#include "input.h"

/* clang-format off */
const char keymap_defaults[] =
	"all up up\n"           "all k up\n"
	"all down down\n"       "all j down\n"
	"all left left\n"       "all h left\n"
	"all right right\n"     "all l right\n"
	"all pgup page-up\n"    "all ctrl-b page-up\n"
	"all pgdn page-down\n"  "all ctrl-f page-down\n"
	"log space page-down\n" "help space page-down\n"
	"all home first\n"      "all g first\n"
	"all end last\n"        "all G last\n"
	"list enter open\n"     "run enter open\n"
	"all q back\n"          "all esc back\n"
	"all Q quit\n"          "all ctrl-c quit\n"
	"list / search\n"       "log / search\n"      "help / search\n"
	"list n next\n"         "log n next\n"        "help n next\n"
	"list N previous\n"     "log N previous\n"    "help N previous\n"
	"list ~ sort\n"
	"list ] next-bad\n"     "run ] next-bad\n"    "log ] next-bad\n"
	"list [ previous-bad\n" "run [ previous-bad\n" "log [ previous-bad\n"
	"list L log\n"          "run L log\n"
	"list y copy-id\n"      "run y copy-id\n"     "log y copy-id\n"
	"list Y copy-command\n" "run Y copy-command\n" "log Y copy-command\n"
	"list o web\n"          "run o web\n"         "log o web\n"
	"log f follow\n"
	"log 1 level-debug\n"   "log 2 level-info\n"  "log 3 level-warning\n"
	"log 4 level-error\n"   "log 5 level-critical\n"
	"log & filter\n"
	"log e more-context\n"  "log E less-context\n"
	"list t times\n"        "log t times\n"
	"list Z zone\n"         "run Z zone\n"        "log Z zone\n"
	"log w wrap\n"
	"list R refresh\n"      "run R refresh\n"     "log R refresh\n"
	"all ctrl-l repaint\n"
	"all ctrl-z suspend\n"
	"list ? help\n"         "run ? help\n"        "log ? help\n"
	"list f1 help\n"        "run f1 help\n"       "log f1 help\n";
/* clang-format on */

void
keymap_release(struct keymap *m)
{
	VEC_FREE(&m->bindings);
}

static struct str
next_word(struct str *line)
{
	struct str word;

	while (line->len > 0 && (*line->s == ' ' || *line->s == '\t'))
		line->s++, line->len--;
	word = (struct str){ line->s, 0 };
	while (line->len > 0 && *line->s != ' ' && *line->s != '\t')
		line->s++, line->len--, word.len++;
	return word;
}

static enum weir_rc
parse_line(struct keymap *m, const char *what, int number, struct str line,
	struct weir_err *err)
{
	struct str context = next_word(&line), key = next_word(&line),
		   action = next_word(&line), rest = next_word(&line);
	struct binding b = { 0 };

	if (context.len == 0 || *context.s == '#')
		return WEIR_OK;
	if (action.len == 0 || rest.len > 0)
		return weir_fail(err, WEIR_ECONFIG,
			"%s: line %d: not of the form CONTEXT KEY ACTION", what,
			number);
	b.context = action_context(context);
	if (!b.context)
		return weir_fail(err, WEIR_ECONFIG,
			"%s: line %d: no context '%.*s'; there are all, list, run, "
			"log, help",
			what, number, (int)context.len, context.s);
	if (!input_parse(key, &b.key))
		return weir_fail(err, WEIR_ECONFIG, "%s: line %d: no key '%.*s'", what,
			number, (int)key.len, key.s);
	b.action = action_find(action);
	if (b.action == ACTION_NONE && !str_eq(action, "none"))
		return weir_fail(err, WEIR_ECONFIG, "%s: line %d: no action '%.*s'",
			what, number, (int)action.len, action.s);
	VEC_PUSH(&m->bindings, b);
	return WEIR_OK;
}

enum weir_rc
keymap_parse(struct keymap *m, const char *what, struct str text, struct weir_err *err)
{
	int number = 0;

	while (text.len > 0) {
		const char *end = memchr(text.s, '\n', text.len);
		struct str line = { text.s, end ? (size_t)(end - text.s) : text.len };
		enum weir_rc rc = parse_line(m, what, ++number, line, err);

		if (rc)
			return rc;
		text.s += line.len + (end ? 1 : 0);
		text.len -= line.len + (end ? 1 : 0);
	}
	return WEIR_OK;
}

enum action_id
keymap_find(const struct keymap *m, unsigned context, uint32_t key)
{
	for (size_t i = m->bindings.n; i-- > 0;) {
		const struct binding *b = &m->bindings.v[i];

		if (b->key == key && (b->context & context) &&
			(b->action == ACTION_NONE ||
				(action_get(b->action)->contexts & context)))
			return b->action;
	}
	return ACTION_NONE;
}

uint32_t
keymap_key(const struct keymap *m, unsigned context, enum action_id action)
{
	for (size_t i = 0; i < m->bindings.n; i++) {
		const struct binding *b = &m->bindings.v[i];

		if (b->action == action && (b->context & context) &&
			keymap_find(m, context, b->key) == action)
			return b->key;
	}
	return 0;
}

void
keymap_keys(const struct keymap *m, unsigned context, enum action_id action,
	struct buf *out)
{
	char name[INPUT_NAME];
	size_t start = out->len;

	for (size_t i = 0; i < m->bindings.n; i++) {
		const struct binding *b = &m->bindings.v[i];

		if (b->action != action || !(b->context & context) ||
			keymap_find(m, b->context & context, b->key) != action)
			continue;
		if (out->len > start)
			buf_addc(out, ' ');
		buf_adds(out, input_name(b->key, name));
	}
}
