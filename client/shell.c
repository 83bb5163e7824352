#include <weir/shell.h>

#include <weir/mem.h>

/* What stands between quotes, from text.s[*pos] behind the opening one on. */
static bool
take_quoted(struct str text, size_t *pos, char quote, struct buf *word)
{
	for (; *pos < text.len && text.s[*pos] != quote; (*pos)++) {
		char c = text.s[*pos];

		if (quote == '"' && c == '\\' && *pos + 1 < text.len &&
			strchr("\"\\$`", text.s[*pos + 1]))
			c = text.s[++*pos];
		buf_addc(word, c);
	}
	return (*pos)++ < text.len;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One word from *pos on; false: its quote is not closed. */
static bool
take_word(struct str text, size_t *pos, struct buf *word)
{
	while (*pos < text.len && !is_blank(text.s[*pos])) {
		char c = text.s[(*pos)++];

		if (c == '\'' || c == '"') {
			if (!take_quoted(text, pos, c, word))
				return false;
		} else if (c == '\\' && *pos < text.len) {
			buf_addc(word, text.s[(*pos)++]);
		} else {
			buf_addc(word, c);
		}
	}
	return true;
}

enum weir_rc
weir_shell_split(const char *what, struct str text, char ***ret_words, size_t *ret_n,
	struct weir_err *err)
{
	VEC(char *) words = { 0 };
	size_t pos = 0;

	if (text.len > WEIR_SHELL_MAX)
		return weir_fail(err, WEIR_EUSAGE, "%s: longer than %d bytes", what,
			WEIR_SHELL_MAX);
	if (text.len && memchr(text.s, '\0', text.len))
		return weir_fail(err, WEIR_EUSAGE, "%s: holds a NUL byte", what);
	for (;;) {
		struct buf word = BUF_INIT(WEIR_SHELL_MAX);

		while (pos < text.len && is_blank(text.s[pos]))
			pos++;
		if (pos == text.len)
			break;
		if (!take_word(text, &pos, &word)) {
			buf_release(&word);
			weir_shell_free(words.v, words.n);
			return weir_fail(
				err, WEIR_EUSAGE, "%s: a quote is not closed", what);
		}
		VEC_PUSH(&words, word.s ? buf_steal(&word) : xstrdup(""));
	}
	*ret_words = words.v;
	*ret_n = words.n;
	return WEIR_OK;
}

void
weir_shell_free(char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	free(words);
}

void
weir_shell_enclose(struct buf *out, const char *s)
{
	buf_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

void
weir_shell_quote(struct buf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_./:,@%+=";

	/* zsh looks for a command behind `=`. */
	if (*s && *s != '=' && s[strspn(s, plain)] == '\0')
		buf_adds(out, s);
	else
		weir_shell_enclose(out, s);
}
