#include <strings.h>

#include "column.h"
#include "query.h"

/* Where the last word of text begins: after a blank or a parenthesis, outside of
 * quotes. */
static size_t
last_word(struct str text)
{
	size_t from = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];

		if (c == '"')
			quoted = !quoted;
		if (!quoted && (c == ' ' || c == '\t' || c == '\n'))
			from = i + 1;
		/* Only what opens a word: `foo(` is text. */
		if (!quoted && i == from && (c == '(' || c == '-'))
			from = i + 1;
	}
	return from;
}

static bool
begins(const char *word, struct str with)
{
	return strlen(word) >= with.len && strncasecmp(word, with.s, with.len) == 0;
}

static void
add(struct buf *out, struct str before, const char *word, const char *after)
{
	if (out->len)
		buf_addc(out, '\n');
	buf_addstr(out, before);
	buf_adds(out, word);
	buf_adds(out, after);
}

/* Values that are known without a store, after `field:` and any `a,`. */
static bool
add_values(struct buf *out, const struct weir_column *c, struct str before,
	struct str part)
{
	static const char *const answers[] = { "yes", "no", NULL };
	static const char *const times[] = { "today", "yesterday", "1h", "1d", "7d",
		NULL };
	static const char *const compared[] = { ">1h", ">1d", "<1h", "today",
		"yesterday", "none", NULL };
	static const char *const spans[] = { ">1m", ">20m", ">1h", "<1m", NULL };
	const char *const *v;

	if (c->type == WEIR_T_STATE || c->type == WEIR_T_STATE_NAME)
		v = query_states;
	else if (c->type == WEIR_T_BOOL)
		v = answers;
	else if (c->type == WEIR_T_TIME)
		v = begins("since:", before) || begins("until:", before) ? times
									 : compared;
	else if (c->type == WEIR_T_DURATION)
		v = spans;
	else
		return false;
	for (; *v; v++) {
		if (begins(*v, part))
			add(out, before, *v, "");
	}
	return true;
}

static void
complete_value(enum weir_kind kind, struct str word, size_t colon, struct buf *out,
	const char **ret_field)
{
	struct str name = { word.s, colon };
	struct str before = { word.s, colon + 1 };
	struct arena arena = { 0 };
	enum query_special special;
	const struct weir_column *c = query_field_find(kind, name, &arena, &special);
	struct str part;

	for (size_t i = colon + 1; i < word.len; i++) {
		if (word.s[i] == ',')
			before.len = i + 1;
	}
	part = (struct str){ word.s + before.len, word.len - before.len };
	/* A dynamic column dies with the arena: the text names it. */
	if (c && special == QUERY_AGE)
		add(out, before, "<1h", "");
	else if (c && !add_values(out, c, before, part))
		*ret_field = c->arg ? "NAME" : c->name;
	arena_free(&arena);
}

static void
complete_field(enum weir_kind kind, struct str word, bool first, struct buf *out,
	const char **ret_field)
{
	const struct weir_query_field *f;
	size_t n = weir_query_fields(kind, &f);

	if (word.len >= 6 && begins("param.", (struct str){ word.s, 6 }))
		*ret_field = "param.";
	/* Short names come first: they are what people type. */
	for (size_t i = 0; i < n; i++) {
		if (f[i].alias && begins(f[i].alias, word))
			add(out, STR(""), f[i].alias, ":");
	}
	for (size_t i = 0; i < n; i++) {
		const char *dot = strstr(f[i].name, "NAME");
		char prefix[32];

		if (!dot && begins(f[i].name, word)) {
			add(out, STR(""), f[i].name, ":");
		} else if (dot) {
			snprintf(prefix, sizeof(prefix), "%.*s", (int)(dot - f[i].name),
				f[i].name);
			if (begins(prefix, word))
				add(out, STR(""), prefix, "");
		}
	}
	if (!first && begins("or", word))
		add(out, STR(""), "or", "");
	if (begins("not", word))
		add(out, STR(""), "not", "");
}

size_t
weir_query_complete(
	enum weir_kind kind, struct str text, struct buf *out, const char **ret_field)
{
	size_t from = last_word(text);
	struct str word = { text.s ? text.s + from : "", text.len - from };
	const char *colon = word.len ? memchr(word.s, ':', word.len) : NULL;

	*ret_field = NULL;
	if (colon)
		complete_value(kind, word, (size_t)(colon - word.s), out, ret_field);
	else
		complete_field(kind, word, from == 0, out, ret_field);
	return from;
}
