#include "env_pep440.h"

#include <ctype.h>
#include <strings.h>

#include "env_version_priv.h"
#include "weir/mem.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_joint(char c)
{
	return c == '.' || c == '-' || c == '_';
}

/* Digits at the begin of s, without leading zeros. */
static bool
take_number(struct str *s, struct str *ret)
{
	size_t n = 0, zeros = 0;

	while (n < s->len && is_digit(s->s[n]))
		n++;
	if (n == 0)
		return false;
	while (zeros < n && s->s[zeros] == '0')
		zeros++;
	*ret = (struct str){ s->s + zeros, n - zeros };
	s->s += n;
	s->len -= n;
	return true;
}

static bool
take_release(struct str *s, struct pep440 *v)
{
	do {
		if (v->n_release == PEP440_PARTS_MAX ||
			!take_number(s, &v->release[v->n_release]))
			return false;
		v->n_release++;
		if (!(s->len > 1 && s->s[0] == '.' && is_digit(s->s[1])))
			return true;
		s->s++;
		s->len--;
	} while (true);
}

/* `[-_.]?WORD[-_.]?N?`: the word's place in the list, -1: none of them is here. */
static int
take_word(struct str *s, const char *const *words, struct str *ret_n)
{
	struct str at = *s;

	if (at.len && is_joint(at.s[0]))
		at.s++, at.len--;
	for (int i = 0; words[i]; i++) {
		size_t n = strlen(words[i]);
		struct str rest;

		if (at.len < n || strncasecmp(at.s, words[i], n) != 0)
			continue;
		rest = (struct str){ at.s + n, at.len - n };
		*s = rest;
		if (rest.len > 1 && is_joint(rest.s[0]))
			rest.s++, rest.len--;
		*ret_n = (struct str){ "", 0 };
		if (take_number(&rest, ret_n))
			*s = rest;
		else if (s->len && is_joint(s->s[0]) && s->len == 1)
			*s = (struct str){ s->s + 1, 0 }; /* `1.0a.` */
		return i;
	}
	return -1;
}

static void
take_pre(struct str *s, struct pep440 *v)
{
	static const char *const words[] = { "alpha", "a", "beta", "b", "preview",
		"pre", "rc", "c", NULL };
	int i = take_word(s, words, &v->pre_n);

	if (i >= 0)
		v->pre = "aabbrrrr"[i];
}

static void
take_post(struct str *s, struct pep440 *v)
{
	static const char *const words[] = { "post", "rev", "r", NULL };
	struct str at = *s;

	if (at.len > 1 && at.s[0] == '-' && is_digit(at.s[1])) {
		at.s++, at.len--;
		v->has_post = take_number(&at, &v->post_n);
		*s = at;
		return;
	}
	v->has_post = take_word(s, words, &v->post_n) >= 0;
}

static bool
take_local(struct str *s, struct pep440 *v)
{
	bool joint = true;

	if (!s->len)
		return true;
	if (s->s[0] != '+' || s->len < 2)
		return false;
	v->local = (struct str){ s->s + 1, s->len - 1 };
	for (size_t i = 0; i < v->local.len; i++) {
		if (is_joint(v->local.s[i]) ? joint
					    : !isalnum((unsigned char)v->local.s[i]))
			return false;
		joint = is_joint(v->local.s[i]);
	}
	return !joint;
}

bool
env_pep440_parse(struct str s, struct pep440 *ret)
{
	static const char *const dev[] = { "dev", NULL };
	const struct str none = { "", 0 };
	const char *bang;

	/* The parts of the release are written as they are read. */
	ret->epoch = ret->pre_n = ret->post_n = ret->dev_n = ret->local = none;
	ret->n_release = 0;
	ret->pre = 0;
	ret->has_post = ret->has_dev = false;
	s = env_version_trim(s);
	if (s.len && (s.s[0] == 'v' || s.s[0] == 'V'))
		s.s++, s.len--;
	bang = s.len ? memchr(s.s, '!', s.len) : NULL;
	if (bang) {
		if (!take_number(&s, &ret->epoch) || s.s != bang)
			return false;
		s.s++;
		s.len--;
	}
	if (!take_release(&s, ret))
		return false;
	take_pre(&s, ret);
	take_post(&s, ret);
	ret->has_dev = take_word(&s, dev, &ret->dev_n) >= 0;
	return take_local(&s, ret);
}

static int
cmp_releases(const struct pep440 *a, const struct pep440 *b)
{
	const struct str zero = { "", 0 };
	int d = 0;

	for (size_t i = 0; !d && (i < a->n_release || i < b->n_release); i++)
		d = env_version_digits(i < a->n_release ? a->release[i] : zero,
			i < b->n_release ? b->release[i] : zero);
	return d;
}

/* Where a version stands among those of its release: 1.dev, a, b, rc, itself. */
static int
pre_rank(const struct pep440 *v)
{
	if (v->pre)
		return v->pre == 'a' ? 1 : v->pre == 'b' ? 2 : 3;
	return v->has_dev && !v->has_post ? 0 : 4;
}

static int
cmp_optional(bool in_a, struct str a, bool in_b, struct str b, int without)
{
	if (in_a != in_b)
		return in_a ? -without : without;
	return in_a ? env_version_digits(a, b) : 0;
}

int
env_pep440_cmp_public(const struct pep440 *a, const struct pep440 *b)
{
	int d = env_version_digits(a->epoch, b->epoch);

	if (!d)
		d = cmp_releases(a, b);
	if (!d)
		d = pre_rank(a) - pre_rank(b);
	if (!d && a->pre)
		d = env_version_digits(a->pre_n, b->pre_n);
	if (!d)
		d = cmp_optional(a->has_post, a->post_n, b->has_post, b->post_n, -1);
	if (!d)
		d = cmp_optional(a->has_dev, a->dev_n, b->has_dev, b->dev_n, 1);
	return d < 0 ? -1 : d > 0;
}

/* The next piece of a local part; false at its end. */
static bool
next_piece(struct str *s, struct str *ret, bool *ret_number)
{
	size_t n = 0;

	if (!s->len)
		return false;
	*ret_number = true;
	while (n < s->len && !is_joint(s->s[n])) {
		*ret_number = *ret_number && is_digit(s->s[n]);
		n++;
	}
	*ret = (struct str){ s->s, n };
	*s = (struct str){ s->s + n, s->len - n };
	if (s->len)
		s->s++, s->len--;
	while (*ret_number && ret->len && ret->s[0] == '0')
		ret->s++, ret->len--;
	return true;
}

static int
cmp_pieces(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? strncasecmp(a.s, b.s, n) : 0;

	return d ? d : (a.len > b.len) - (a.len < b.len);
}

static int
cmp_locals(struct str a, struct str b)
{
	struct str x, y;
	bool number_a, number_b;
	int d = 0;

	while (!d) {
		bool in_a = next_piece(&a, &x, &number_a);
		bool in_b = next_piece(&b, &y, &number_b);

		if (!in_a || !in_b)
			return in_a - in_b;
		if (number_a != number_b)
			return number_a ? 1 : -1;
		d = number_a ? env_version_digits(x, y) : cmp_pieces(x, y);
	}
	return d < 0 ? -1 : 1;
}

int
env_pep440_cmp(const struct pep440 *a, const struct pep440 *b)
{
	int d = env_pep440_cmp_public(a, b);

	return d ? d : cmp_locals(a->local, b->local);
}

/* b as far as it goes: after its last stated part anything may follow. */
bool
env_pep440_begins(const struct pep440 *a, const struct pep440 *b)
{
	const struct str zero = { "", 0 };

	if (env_version_digits(a->epoch, b->epoch))
		return false;
	for (size_t i = 0; i < b->n_release; i++) {
		if (env_version_digits(
			    i < a->n_release ? a->release[i] : zero, b->release[i]))
			return false;
	}
	if (!b->pre && !b->has_post)
		return true;
	if (cmp_releases(a, b) || a->pre != b->pre ||
		(b->pre && env_version_digits(a->pre_n, b->pre_n)))
		return false;
	return !b->has_post ||
	       (a->has_post && !env_version_digits(a->post_n, b->post_n));
}

static void
add_number(struct buf *out, struct str digits)
{
	buf_addstr(out, digits.len ? digits : STR("0"));
}

static void
add_local(struct buf *out, struct str local)
{
	struct str piece;
	bool number;

	for (char c = '+'; next_piece(&local, &piece, &number); c = '.') {
		buf_addc(out, c);
		if (number)
			add_number(out, piece);
		for (size_t i = 0; !number && i < piece.len; i++)
			buf_addc(out, (char)tolower((unsigned char)piece.s[i]));
	}
}

bool
env_version_normal(struct buf *out, struct str version)
{
	struct pep440 v;

	if (!env_pep440_parse(version, &v))
		return false;
	if (v.epoch.len)
		buf_addf(out, "%.*s!", (int)v.epoch.len, v.epoch.s);
	for (size_t i = 0; i < v.n_release; i++) {
		buf_adds(out, i ? "." : "");
		add_number(out, v.release[i]);
	}
	if (v.pre) {
		buf_adds(out, v.pre == 'r' ? "rc" : v.pre == 'a' ? "a" : "b");
		add_number(out, v.pre_n);
	}
	if (v.has_post) {
		buf_adds(out, ".post");
		add_number(out, v.post_n);
	}
	if (v.has_dev) {
		buf_adds(out, ".dev");
		add_number(out, v.dev_n);
	}
	add_local(out, v.local);
	return true;
}
