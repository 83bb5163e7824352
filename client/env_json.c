#include "env_json.h"

#include "pull.h"
#include "weir/env.h"

enum { TOKEN_MIN = 8 }; /* what is shorter is the name of a folder */

#define PIECE_END "/\"\\ "

bool
env_json_texts(struct str array, struct arena *arena, struct env_texts *ret)
{
	struct pull p;
	bool first = true;

	if (!array.len)
		return true;
	pull_init(&p, array, arena);
	if (pull_peek(&p) != PULL_ARRAY || !pull_enter(&p))
		return false;
	while (pull_item(&p, &first)) {
		struct str text;

		if (!pull_string(&p, &text))
			return false;
		VEC_PUSH(ret, text);
	}
	return !p.why;
}

/*
 * Where who asks ends, in the piece between slashes and quotes that begins at from:
 * before its last '@', if a ':' stands before that or `//` before the piece.
 * `category::` before it does not count. 0: nowhere.
 */
static size_t
user_end(struct str s, size_t from, size_t *ret_begin)
{
	bool host = from > 1 && s.s[from - 1] == '/' && s.s[from - 2] == '/';
	size_t colon = 0, end = 0;

	*ret_begin = from;
	for (size_t i = from; i < s.len && !strchr(PIECE_END, s.s[i]); i++) {
		if (s.s[i] == ':' && i > from && s.s[i - 1] == ':') {
			*ret_begin = i + 1;
			colon = 0;
		} else if (s.s[i] == ':') {
			colon = colon ? colon : i;
		} else if (s.s[i] == '@' && (colon || host)) {
			end = i;
		}
	}
	return end;
}

/* The same of the token in `/t/TOKEN/`, as conda writes it. */
static size_t
token_end(struct str s, size_t from, size_t *ret_begin)
{
	size_t end = from;

	if (from < 3 || memcmp(s.s + from - 3, "/t/", 3) != 0)
		return 0;
	while (end < s.len && !strchr(PIECE_END, s.s[end]))
		end++;
	*ret_begin = from;
	return end - from < TOKEN_MIN ? 0 : end;
}

/* Nothing of either: most texts. */
static bool
is_plain(struct str s)
{
	const char *end = s.s + s.len, *p = s.s;

	if (!s.len || memchr(s.s, '@', s.len))
		return !s.len;
	while ((p = memchr(p, '/', (size_t)(end - p))) && end - ++p > 1)
		if (p[0] == 't' && p[1] == '/')
			return false;
	return true;
}

struct str
env_json_mask(struct str json, struct arena *arena)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct str masked = json;
	size_t done = 0;

	if (is_plain(json))
		return json;
	for (size_t i = 0; i < json.len; i++) {
		size_t begin, end;

		if (i && json.s[i - 1] != '/' && json.s[i - 1] != '"')
			continue;
		end = user_end(json, i, &begin);
		if (!end)
			end = token_end(json, i, &begin);
		if (!end)
			continue;
		buf_add(&b, json.s + done, begin - done);
		buf_adds(&b, "***");
		done = end;
		i = end;
	}
	if (done) {
		buf_add(&b, json.s + done, json.len - done);
		masked.len = b.len;
		masked.s = arena_strndup(arena, buf_cstr(&b), b.len);
	}
	buf_release(&b);
	return masked;
}

struct str
weir_env_masked(struct str json, struct arena *arena)
{
	return env_json_mask(json, arena);
}
