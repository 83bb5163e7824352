#include "http_mask.h"

#include <stdint.h>

#include "weir/text.h"

enum { MASK_MIN = 4 };

void
http_base64(struct buf *out, struct str s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t v;

	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;

		v = 0;
		for (size_t j = 0; j < 3; j++)
			v = v << 8 | (j < n ? (unsigned char)s.s[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			buf_addc(out, j > n ? '=' : digits[v >> (18 - 6 * j) & 63]);
	}
}

static void
release_secret(struct buf *b)
{
	if (b->s)
		explicit_bzero(b->s, b->len);
	buf_release(b);
}

void
http_mask_add(struct http_mask *m, struct str secret)
{
	struct buf b = BUF_INIT(BUF_MAX);

	if (secret.len < MASK_MIN)
		return;
	VEC_PUSH(m, str_copy(secret));
	/* As JSON has it. */
	for (size_t i = 0; i < secret.len; i++) {
		if (strchr("\"\\", secret.s[i]))
			buf_addc(&b, '\\');
		buf_addc(&b, secret.s[i]);
	}
	if (b.len != secret.len)
		VEC_PUSH(m, str_copy(buf_str(&b)));
	release_secret(&b);
}

void
http_mask_add_user(struct http_mask *m, struct str user)
{
	const char *colon = user.len ? memchr(user.s, ':', user.len) : NULL;
	struct buf b = BUF_INIT(BUF_MAX);

	if (!user.len)
		return;
	http_base64(&b, user);
	http_mask_add(m, buf_str(&b));
	http_mask_add(m, user);
	if (colon)
		http_mask_add(m, (struct str){ colon + 1,
					 user.len - (size_t)(colon + 1 - user.s) });
	release_secret(&b);
}

void
http_mask_add_header(struct http_mask *m, const char *line)
{
	const char *value = strchr(line, ':'), *blank;

	if (!value)
		return;
	value += 1 + strspn(value + 1, " ");
	http_mask_add(m, str_of(value));
	blank = strchr(value, ' ');
	if (blank)
		http_mask_add(m, str_of(blank + 1));
}

static void
mask_one(const char *secret, char *s, size_t n)
{
	size_t len = strlen(secret);
	char *end = s + n, *at;

	while ((size_t)(end - s) >= len &&
		(at = memchr(s, secret[0], (size_t)(end - s) - len + 1))) {
		s = at + 1;
		if (memcmp(at, secret, len) == 0) {
			memset(at, '*', len);
			s = at + len;
		}
	}
}

void
http_mask_apply(const struct http_mask *m, char *s, size_t n)
{
	for (size_t i = 0; n && i < m->n; i++)
		mask_one(m->v[i], s, n);
}

void
http_mask_release(struct http_mask *m)
{
	for (size_t i = 0; i < m->n; i++) {
		explicit_bzero(m->v[i], strlen(m->v[i]));
		free(m->v[i]);
	}
	VEC_FREE(m);
}
