#include "keymap.h"

#include "input.h"

/* clang-format off */
const char keymap_defaults[] =
	"all up up\n" "all k up\n" "all ctrl-p up\n"
	"all down down\n" "all j down\n" "all ctrl-n down\n"
	"all left left\n" "all h left\n"
	"all right right\n" "all l right\n"
	"all pgup page-up\n" "all ctrl-b page-up\n" "all alt-v page-up\n"
	"all pgdn page-down\n" "all ctrl-f page-down\n" "all ctrl-v page-down\n"
	"log space page-down\n" "help space page-down\n" "page space page-down\n"
	"detail space page-down\n"
	"all ctrl-u half-up\n" "all ctrl-d half-down\n"
	"all home first\n" "all g first\n" "all alt-< first\n"
	"all end last\n" "all G last\n" "all alt-> last\n"
	"all enter open\n"
	"all q back\n" "all esc back\n" "all ctrl-g back\n"
	"all Q quit\n" "all ctrl-c quit\n"
	"all / search\n" "all ctrl-s search\n"
	"all n next\n" "all N previous\n"
	"all ] next-bad\n" "all [ previous-bad\n"
	"all ~ sort\n" "all C columns\n" "all F group\n" "all i tree\n"
	"all z fold\n"
	"list space mark\n" "columns space mark\n"
	"all V mark-range\n" "all * mark-all\n" "all U unmark\n"
	"all v preview\n" "all K preview-up\n" "all J preview-down\n"
	"all < move-left\n" "all > move-right\n" "all - narrower\n" "all + wider\n"
	"all L log\n" "all T timeline\n" "all W why\n" "all p parameters\n"
	"all r retrigger\n" "all x cancel\n"
	"all y copy-id\n" "all Y copy-command\n" "all o web\n"
	"all f follow\n"
	"all 1 level-debug\n" "all 2 level-info\n" "all 3 level-warning\n"
	"all 4 level-error\n" "all 5 level-critical\n"
	"all & filter\n"
	"all e more-context\n" "all E less-context\n"
	"all t times\n" "all Z zone\n" "all m time-mark\n" "all @ jump\n"
	"all w wrap\n" "all M merge\n"
	"all S save\n" "all | pager\n" "all alt-e editor\n"
	"all : command\n" "all ! shell\n"
	"all ' view\n" "all tab next-view\n" "all backtab previous-view\n"
	"all P profile\n"
	"all R refresh\n" "all ctrl-l repaint\n" "all ctrl-z suspend\n"
	"all ? help\n" "all f1 help\n";
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
			"%s: line %d: no context '%.*s'; there are all, list, detail, "
			"log, timeline, page, columns, help",
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
