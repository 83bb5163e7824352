#include "env_json.h"

#include "pull.h"
#include "weir/env.h"

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
 * Where a password ends: the piece between slashes and quotes has a ':' and an '@'
 * behind it. `category::` before it does not count.
 */
static size_t
secret_end(struct str s, size_t from, size_t *ret_begin)
{
	size_t colon = 0, end = 0;

	*ret_begin = from;
	for (size_t i = from; i < s.len && !strchr("/\"\\ ", s.s[i]); i++) {
		if (s.s[i] == ':' && i > from && s.s[i - 1] == ':') {
			*ret_begin = i + 1;
			colon = 0;
		} else if (s.s[i] == ':') {
			colon = colon ? colon : i;
		} else if (s.s[i] == '@' && colon) {
			end = i;
		}
	}
	return end;
}

struct str
env_json_mask(struct str json, struct arena *arena)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct str masked = json;
	size_t done = 0;

	if (!json.len || !memchr(json.s, '@', json.len))
		return json;
	for (size_t i = 0; i < json.len; i++) {
		size_t begin, end;

		if (i && !strchr("/\"", json.s[i - 1]))
			continue;
		end = secret_end(json, i, &begin);
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
