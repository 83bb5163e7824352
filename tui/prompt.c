#include "prompt.h"

#include "input.h"

void
prompt_init(struct prompt *p)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->text, PROMPT_MAX);
	buf_init(&p->cut, PROMPT_MAX);
	buf_init(&p->ghost, PROMPT_MAX);
}

static void
forget_words(struct prompt *p)
{
	for (size_t i = 0; i < p->words.n; i++)
		free(p->words.v[i]);
	p->words.n = 0;
	p->cycling = false;
	buf_clear(&p->ghost);
}

void
prompt_release(struct prompt *p)
{
	buf_release(&p->text);
	buf_release(&p->cut);
	buf_release(&p->ghost);
	for (size_t i = 0; i < p->histories.n; i++) {
		struct prompt_history *h = &p->histories.v[i];

		for (size_t k = 0; k < h->lines.n; k++)
			free(h->lines.v[k]);
		VEC_FREE(&h->lines);
		free(h->name);
	}
	VEC_FREE(&p->histories);
	forget_words(p);
	VEC_FREE(&p->words);
	free(p->original);
	free(p->pending);
}

const char *
prompt_text(const struct prompt *p)
{
	return buf_cstr(&p->text);
}

void
prompt_set(struct prompt *p, const char *text)
{
	struct buf b = BUF_INIT(PROMPT_MAX);

	buf_adds(&b, text);
	buf_clear(&p->text);
	buf_addstr(&p->text, buf_str(&b));
	buf_release(&b);
	p->pos = p->valid = p->text.len;
}

struct prompt_history *
prompt_history(struct prompt *p, const char *name)
{
	struct prompt_history h = { 0 };

	for (size_t i = 0; i < p->histories.n; i++) {
		if (strcmp(p->histories.v[i].name, name) == 0)
			return &p->histories.v[i];
	}
	h.name = xstrdup(name);
	VEC_PUSH(&p->histories, h);
	return &p->histories.v[p->histories.n - 1];
}

/* A line that was entered before moves to the end. */
void
prompt_remember(struct prompt_history *h, const char *line)
{
	size_t at = 0;

	if (!*line)
		return;
	while (at < h->lines.n && strcmp(h->lines.v[at], line) != 0)
		at++;
	if (at == h->lines.n && at == PROMPT_HISTORY_MAX)
		at = 0;
	if (at < h->lines.n) {
		free(h->lines.v[at]);
		h->lines.n--;
		memmove(h->lines.v + at, h->lines.v + at + 1,
			(h->lines.n - at) * sizeof(char *));
	}
	VEC_PUSH(&h->lines, xstrdup(line));
	h->changed = true;
}

void
prompt_start(
	struct prompt *p, const struct prompt_user *user, void *arg, const char *text)
{
	char *original = xstrdup(text);

	p->active = true;
	p->user = user;
	p->arg = arg;
	free(p->original);
	p->original = original;
	prompt_set(p, original);
	forget_words(p);
	p->history = user->history ? prompt_history(p, user->history) : NULL;
	p->at = p->history ? p->history->lines.n : 0;
}

void
prompt_stop(struct prompt *p, bool remember)
{
	p->active = false;
	forget_words(p);
	if (remember && p->history)
		prompt_remember(p->history, prompt_text(p));
}

void
prompt_offer(struct prompt *p, size_t from, struct str words)
{
	size_t typed = p->text.len - from;

	if (p->cycling)
		return;
	forget_words(p);
	p->from = from;
	p->word = 0;
	while (words.len > 0 && p->words.n < PROMPT_WORDS_MAX) {
		const char *nl = memchr(words.s, '\n', words.len);
		size_t n = nl ? (size_t)(nl - words.s) : words.len;

		VEC_PUSH(&p->words, xstrndup(words.s, n));
		if (p->ghost.len == 0 && n > typed &&
			(typed == 0 || memcmp(words.s, p->text.s + from, typed) == 0)) {
			buf_add(&p->ghost, words.s + typed, n - typed);
			p->word = p->words.n - 1;
		}
		words.s += n + (nl ? 1 : 0);
		words.len -= n + (nl ? 1 : 0);
	}
}

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
before(const struct prompt *p, size_t pos)
{
	while (pos > 0 && is_continuation(p->text.s[--pos]))
		;
	return pos;
}

static size_t
after(const struct prompt *p, size_t pos)
{
	if (pos < p->text.len)
		pos++;
	while (pos < p->text.len && is_continuation(p->text.s[pos]))
		pos++;
	return pos;
}

static size_t
word_before(const struct prompt *p, size_t pos)
{
	while (pos > 0 && p->text.s[pos - 1] == ' ')
		pos--;
	while (pos > 0 && p->text.s[pos - 1] != ' ')
		pos--;
	return pos;
}

static size_t
word_after(const struct prompt *p, size_t pos)
{
	while (pos < p->text.len && p->text.s[pos] == ' ')
		pos++;
	while (pos < p->text.len && p->text.s[pos] != ' ')
		pos++;
	return pos;
}

/* Replace from..to by s; the cursor ends behind it. */
static enum prompt_result
splice(struct prompt *p, size_t from, size_t to, struct str s)
{
	struct str tail = { p->text.len > to ? p->text.s + to : "", p->text.len - to };
	char *rest = str_copy(tail), *added = str_copy(s);

	buf_truncate(&p->text, from);
	buf_adds(&p->text, added);
	p->pos = p->text.len;
	buf_adds(&p->text, rest);
	free(rest);
	free(added);
	p->valid = p->text.len;
	forget_words(p);
	return PROMPT_CHANGED;
}

static enum prompt_result
erase(struct prompt *p, size_t from, size_t to, bool keep)
{
	if (from == to)
		return PROMPT_IGNORED;
	if (keep) {
		buf_clear(&p->cut);
		buf_add(&p->cut, p->text.s + from, to - from);
	}
	splice(p, from, to, STR(""));
	p->pos = from;
	return PROMPT_CHANGED;
}

static enum prompt_result
recall(struct prompt *p, int direction)
{
	const struct prompt_history *h = p->history;

	if (!h || (direction < 0 ? p->at == 0 : p->at >= h->lines.n))
		return PROMPT_IGNORED;
	if (p->at == h->lines.n) {
		free(p->pending);
		p->pending = xstrdup(prompt_text(p));
	}
	p->at += direction < 0 ? (size_t)-1 : 1;
	prompt_set(p, p->at == h->lines.n ? p->pending : h->lines.v[p->at]);
	forget_words(p);
	return PROMPT_CHANGED;
}

/* The word that is offered; again: the next one, or the one before. */
static enum prompt_result
take_word(struct prompt *p, int direction)
{
	struct buf text = BUF_INIT(PROMPT_MAX);
	size_t n = p->words.n;

	if (n == 0)
		return direction > 0 ? PROMPT_COMPLETE : PROMPT_IGNORED;
	if (p->from > p->text.len || p->pos != p->text.len)
		return PROMPT_IGNORED;
	if (p->cycling)
		p->word = (p->word + (direction < 0 ? n - 1 : 1)) % n;
	else if (direction < 0)
		p->word = n - 1;
	buf_add(&text, p->text.s, p->from);
	buf_adds(&text, p->words.v[p->word]);
	prompt_set(p, buf_cstr(&text));
	buf_release(&text);
	buf_clear(&p->ghost);
	/* With one word there is nothing to go through: offer what may follow it. */
	p->cycling = n > 1;
	return PROMPT_CHANGED;
}

static enum prompt_result
go(struct prompt *p, size_t pos)
{
	p->pos = pos;
	return PROMPT_MOVED;
}

static enum prompt_result
type(struct prompt *p, uint32_t cp)
{
	char name[INPUT_NAME];

	if (cp == ' ')
		return splice(p, p->pos, p->pos, STR(" "));
	return splice(p, p->pos, p->pos, str_of(input_name(cp, name)));
}

static enum prompt_result
take_paste(struct prompt *p, struct str paste)
{
	struct buf line = BUF_INIT(PROMPT_MAX);
	enum prompt_result result;

	for (size_t i = 0; i < paste.len; i++) {
		unsigned char c = (unsigned char)paste.s[i];

		buf_addc(&line, c < 0x20 || c == 0x7f ? ' ' : (char)c);
	}
	result = splice(p, p->pos, p->pos, buf_str(&line));
	buf_release(&line);
	return result;
}

enum prompt_result
prompt_key(struct prompt *p, uint32_t key, struct str paste)
{
	size_t pos = p->pos, end = p->text.len;

	switch (key) {
	case INPUT_ENTER:
		return PROMPT_ACCEPTED;
	case INPUT_ESC:
	case INPUT_CTRL | 'c':
	case INPUT_CTRL | 'g':
		return PROMPT_CANCELLED;
	case INPUT_TAB:
		return take_word(p, 1);
	case INPUT_BACKTAB:
		return take_word(p, -1);
	case INPUT_LEFT:
	case INPUT_CTRL | 'b':
		return go(p, before(p, pos));
	case INPUT_RIGHT:
	case INPUT_CTRL | 'f':
		if (pos == end && p->ghost.len > 0)
			return PROMPT_COMPLETE;
		return go(p, after(p, pos));
	case INPUT_HOME:
	case INPUT_CTRL | 'a':
		return go(p, 0);
	case INPUT_END:
	case INPUT_CTRL | 'e':
		return go(p, end);
	case INPUT_ALT | 'b':
	case INPUT_CTRL | INPUT_LEFT:
		return go(p, word_before(p, pos));
	case INPUT_ALT | 'f':
	case INPUT_CTRL | INPUT_RIGHT:
		return go(p, word_after(p, pos));
	case INPUT_BACKSPACE:
		if (end == 0)
			return PROMPT_CANCELLED;
		return erase(p, before(p, pos), pos, false);
	case INPUT_DELETE:
	case INPUT_CTRL | 'd':
		return erase(p, pos, after(p, pos), false);
	case INPUT_CTRL | 'k':
		return erase(p, pos, end, true);
	case INPUT_CTRL | 'u':
		return erase(p, 0, pos, true);
	case INPUT_CTRL | 'w':
	case INPUT_ALT | INPUT_BACKSPACE:
		return erase(p, word_before(p, pos), pos, true);
	case INPUT_ALT | 'd':
		return erase(p, pos, word_after(p, pos), true);
	case INPUT_CTRL | 'y':
		return splice(p, pos, pos, buf_str(&p->cut));
	case INPUT_UP:
	case INPUT_CTRL | 'p':
		return recall(p, -1);
	case INPUT_DOWN:
	case INPUT_CTRL | 'n':
		return recall(p, 1);
	case INPUT_PASTE:
		return take_paste(p, paste);
	default:
		return key < 0x110000 ? type(p, key) : PROMPT_IGNORED;
	}
}
