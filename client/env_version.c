/* Versions of conda: compared part by part. Those of PEP 440 are in env_pep440.c. */
#include "env_version.h"

#include <ctype.h>

#include "env_pep440.h"
#include "env_version_priv.h"

/*
 * A version is segments between `.` and `_`, a segment atoms: digits, or what is
 * between them. What is missing is 0. `post` is above all numbers, `dev` below all
 * words; words are below numbers.
 */
struct walk {
	struct str rest; /* segments that were not begun */
	struct str segment;
	bool begun; /* the segment's first atom was given */
	bool left;  /* are there more segments? */
	bool tail;  /* the version ends with `_`, which belongs to its last segment */
};

struct atom {
	enum { ATOM_WORD, ATOM_NUMBER, ATOM_POST } type;
	struct str text;
};

static const struct atom zero = { ATOM_NUMBER, { "", 0 } };

struct str
env_version_trim(struct str s)
{
	while (s.len && isspace((unsigned char)s.s[0]))
		s.s++, s.len--;
	while (s.len && isspace((unsigned char)s.s[s.len - 1]))
		s.len--;
	if (s.len > ENV_VERSION_MAX)
		s.len = ENV_VERSION_MAX;
	return s;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_separator(char c)
{
	return c == '.' || c == '_' || c == '-';
}

static void
walk_init(struct walk *w, struct str s)
{
	*w = (struct walk){ .rest = s, .left = true };
	if (s.len > 1 && (s.s[s.len - 1] == '_' || s.s[s.len - 1] == '-')) {
		w->tail = true;
		w->rest.len--;
	}
}

/* The next segment; false: there is none, it is as [0]. */
static bool
next_segment(struct walk *w)
{
	size_t n = 0;

	w->segment = (struct str){ "", 0 };
	w->begun = false;
	if (!w->left)
		return false;
	while (n < w->rest.len && !is_separator(w->rest.s[n]))
		n++;
	w->segment = (struct str){ w->rest.s, n };
	w->left = n < w->rest.len;
	if (w->left)
		w->rest = (struct str){ w->rest.s + n + 1, w->rest.len - n - 1 };
	else if (w->tail)
		w->segment.len++; /* the `_` behind it */
	return true;
}

static bool
is_word(struct str s, const char *word)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!word[i] || tolower((unsigned char)s.s[i]) != word[i])
			return false;
	}
	return !word[s.len];
}

/* The next atom of the segment; a segment that begins with a letter has a 0 before. */
static bool
next_atom(struct walk *w, struct atom *ret)
{
	struct str s = w->segment;
	size_t n = 1;
	bool digits;

	*ret = zero;
	if (!w->begun) {
		w->begun = true;
		if (s.len == 0 || !is_digit(s.s[0]))
			return true;
	}
	if (s.len == 0)
		return false;
	digits = is_digit(s.s[0]);
	while (n < s.len && is_digit(s.s[n]) == digits)
		n++;
	ret->text = (struct str){ s.s, n };
	w->segment = (struct str){ s.s + n, s.len - n };
	ret->type = digits                       ? ATOM_NUMBER
		    : is_word(ret->text, "post") ? ATOM_POST
						 : ATOM_WORD;
	while (digits && ret->text.len && ret->text.s[0] == '0')
		ret->text.s++, ret->text.len--;
	return true;
}

static int
sign(int64_t n)
{
	return n < 0 ? -1 : n > 0;
}

int
env_version_digits(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? sign(memcmp(a.s, b.s, a.len)) : 0;
}

/* dev sorts as `DEV`: upper case is before lower case. */
static int
letter_of(struct str s, size_t i, bool dev)
{
	if (i >= s.len)
		return -1;
	return dev ? toupper((unsigned char)s.s[i]) : tolower((unsigned char)s.s[i]);
}

static int
cmp_words(struct str a, struct str b)
{
	bool dev_a = is_word(a, "dev"), dev_b = is_word(b, "dev");

	for (size_t i = 0; i < a.len || i < b.len; i++) {
		int d = letter_of(a, i, dev_a) - letter_of(b, i, dev_b);

		if (d)
			return sign(d);
	}
	return 0;
}

static int
cmp_atoms(const struct atom *a, const struct atom *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->type == ATOM_POST)
		return 0;
	return a->type == ATOM_WORD ? cmp_words(a->text, b->text)
				    : env_version_digits(a->text, b->text);
}

static int
cmp_segments(struct walk *a, struct walk *b)
{
	struct atom x, y;
	bool in_a = true, in_b = true;
	int d = 0;

	while (!d) {
		in_a = in_a && next_atom(a, &x);
		in_b = in_b && next_atom(b, &y);
		if (!in_a && !in_b)
			return 0;
		d = cmp_atoms(in_a ? &x : &zero, in_b ? &y : &zero);
	}
	return d;
}

static int
cmp_parts(struct str a, struct str b)
{
	struct walk x, y;
	bool in_a = true, in_b = true;
	int d = 0;

	walk_init(&x, a);
	walk_init(&y, b);
	while (!d) {
		in_a = next_segment(&x);
		in_b = next_segment(&y);
		if (!in_a && !in_b)
			return 0;
		d = cmp_segments(&x, &y);
	}
	return d;
}

struct conda_version {
	struct str epoch, version, local; /* epoch without leading zeros */
	bool has_local;
};

static struct conda_version
take_apart(struct str s)
{
	struct conda_version v = { .epoch = { "", 0 }, .local = { "", 0 } };
	const char *p;

	s = env_version_trim(s);
	p = s.len ? memchr(s.s, '!', s.len) : NULL;
	if (p) {
		v.epoch = (struct str){ s.s, (size_t)(p - s.s) };
		s = (struct str){ p + 1, s.len - v.epoch.len - 1 };
		while (v.epoch.len && v.epoch.s[0] == '0')
			v.epoch.s++, v.epoch.len--;
	}
	p = s.len ? memchr(s.s, '+', s.len) : NULL;
	v.version = s;
	if (p) {
		v.version.len = (size_t)(p - s.s);
		v.local = (struct str){ p + 1, s.len - v.version.len - 1 };
		v.has_local = true;
	}
	return v;
}

static int
cmp_conda(struct str a, struct str b)
{
	struct conda_version x = take_apart(a), y = take_apart(b);
	int d = env_version_digits(x.epoch, y.epoch);

	if (!d)
		d = cmp_parts(x.version, y.version);
	return d ? d : cmp_parts(x.local, y.local);
}

/* Do the segments of `s` begin with those of `begin`? Its last atom may be cut short if
 * it is a word. */
static bool
parts_begin(struct str s, struct str begin)
{
	struct walk a, b;

	walk_init(&a, s);
	walk_init(&b, begin);
	while (next_segment(&b)) {
		struct atom x, y, next;
		bool in_a, in_b;

		next_segment(&a);
		if (b.left) {
			if (cmp_segments(&a, &b))
				return false;
			continue;
		}
		in_b = next_atom(&b, &y);
		while (in_b) {
			bool more = next_atom(&b, &next);

			in_a = next_atom(&a, &x);
			if (!in_a)
				x = zero;
			if (!more && y.type == ATOM_WORD)
				return x.type == ATOM_WORD &&
				       x.text.len >= y.text.len &&
				       cmp_words((struct str){ x.text.s, y.text.len },
					       y.text) == 0;
			if (cmp_atoms(&x, &y))
				return false;
			y = next;
			in_b = more;
		}
	}
	return true;
}

bool
env_version_begins(struct str version, struct str begin)
{
	struct conda_version v = take_apart(version), b = take_apart(begin);

	if (env_version_digits(v.epoch, b.epoch))
		return false;
	if (!b.has_local)
		return parts_begin(v.version, b.version);
	return cmp_parts(v.version, b.version) == 0 && parts_begin(v.local, b.local);
}

/* All but the last segment: what `~=` keeps. */
struct str
env_version_parent(struct str version)
{
	struct conda_version v = take_apart(version);
	size_t n = v.version.len;

	while (n && !is_separator(v.version.s[n - 1]))
		n--;
	if (n == 0)
		return (struct str){ "", 0 };
	version = env_version_trim(version);
	return (struct str){ version.s, (size_t)(v.version.s + n - 1 - version.s) };
}

static bool
conda_valid(struct str s)
{
	struct conda_version v = take_apart(s);

	if (!v.version.len || is_separator(v.version.s[0]))
		return false;
	s = env_version_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		if (!isalnum((unsigned char)s.s[i]) && !strchr("._-!+*", s.s[i]))
			return false;
		if (i && s.s[i] == '.' && s.s[i - 1] == '.')
			return false;
	}
	return true;
}

bool
env_version_valid(enum env_rules rules, struct str version)
{
	struct pep440 p;

	return rules == ENV_RULES_CONDA ? conda_valid(version)
					: env_pep440_parse(version, &p);
}

int
env_version_cmp(enum env_rules rules, struct str a, struct str b)
{
	struct pep440 x, y;
	bool in_a, in_b;

	if (rules == ENV_RULES_CONDA)
		return cmp_conda(a, b);
	in_a = env_pep440_parse(a, &x);
	in_b = env_pep440_parse(b, &y);
	if (in_a && in_b)
		return env_pep440_cmp(&x, &y);
	return in_a != in_b ? (in_a ? 1 : -1) : cmp_conda(a, b);
}
