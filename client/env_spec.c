/* What is asked of a version. */
#include <ctype.h>
#include <stdlib.h>

#include "env_pep440.h"
#include "env_version_priv.h"
#include "weir/mem.h"

enum term_op {
	TERM_ANY,
	TERM_EQ,
	TERM_NE,
	TERM_GE,
	TERM_LE,
	TERM_GT,
	TERM_LT,
	TERM_BEGINS,
	TERM_BEGINS_NOT,
	TERM_COMPATIBLE,
	TERM_SAME, /* the very text */
	TERM_AND,
	TERM_OR,
};

struct term {
	enum term_op op;
	struct str version;
	struct term *left, *right; /* AND, OR */
};

struct env_spec {
	struct arena arena;
	struct term *root;
};

struct parser {
	struct env_spec *spec;
	struct str text;
	size_t at;
	int depth, terms;
	struct weir_err *err;
};

static struct term *parse_or(struct parser *p);

static struct term *
bad(struct parser *p, const char *why)
{
	weir_fail(p->err, WEIR_EUSAGE, "version '%.*s': %s",
		(int)(p->text.len < 200 ? p->text.len : 200), p->text.s, why);
	weir_hint(p->err, "<3, >=1.1,<3, =1.2 or 3.8.*|3.9.*");
	return NULL;
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->text.len && isspace((unsigned char)p->text.s[p->at]))
		p->at++;
}

static bool
take(struct parser *p, char c)
{
	skip_blanks(p);
	if (p->at >= p->text.len || p->text.s[p->at] != c)
		return false;
	p->at++;
	return true;
}

static bool
take_op(struct parser *p, enum term_op *ret)
{
	static const struct {
		const char *text;
		enum term_op op;
	} ops[] = { { "===", TERM_SAME }, { "==", TERM_EQ }, { "!=", TERM_NE },
		{ ">=", TERM_GE }, { "<=", TERM_LE }, { "~=", TERM_COMPATIBLE },
		{ ">", TERM_GT }, { "<", TERM_LT }, { "=", TERM_BEGINS } };
	struct str rest = { p->text.s + p->at, p->text.len - p->at };

	for (size_t i = 0; i < N_ELEM(ops); i++) {
		if (str_starts(rest, ops[i].text)) {
			*ret = ops[i].op;
			p->at += strlen(ops[i].text);
			return true;
		}
	}
	return false;
}

/* Up to what ends a term. */
static struct str
take_version(struct parser *p)
{
	size_t from;

	skip_blanks(p);
	from = p->at;
	while (p->at < p->text.len && !strchr(",|()<>=~", p->text.s[p->at]) &&
		!isspace((unsigned char)p->text.s[p->at]))
		p->at++;
	return (struct str){ p->text.s + from, p->at - from };
}

/* `.*` or `*` at the end makes it the begin of versions. */
static const char *
set_star(struct term *t, bool has_op)
{
	struct str *v = &t->version;

	if (!v->len || v->s[v->len - 1] != '*' || t->op == TERM_SAME)
		return NULL;
	while (v->len && v->s[v->len - 1] == '*')
		v->len--;
	while (v->len && v->s[v->len - 1] == '.')
		v->len--;
	if (t->op == TERM_COMPATIBLE)
		return "'~=' takes no '*'";
	if (!v->len) {
		t->op = TERM_ANY;
		return has_op ? "'*' stands alone" : NULL;
	}
	if (t->op == TERM_NE)
		t->op = TERM_BEGINS_NOT;
	else if (t->op == TERM_EQ || t->op == TERM_BEGINS)
		t->op = TERM_BEGINS;
	return NULL;
}

static struct term *
parse_term(struct parser *p)
{
	struct term *t = arena_zalloc(&p->spec->arena, sizeof(*t));
	bool has_op;
	const char *why;

	if (++p->terms > ENV_SPEC_TERMS_MAX)
		return bad(p, "it has too many terms");
	t->op = TERM_EQ;
	has_op = take_op(p, &t->op);
	t->version = take_version(p);
	if (!t->version.len)
		return bad(p, has_op ? "no version after the operator" : "it is empty");
	why = set_star(t, has_op);
	if (!why && memchr(t->version.s, '*', t->version.len))
		why = "'*' can only stand at the end";
	if (!why && t->op != TERM_ANY && t->op != TERM_SAME &&
		!env_version_valid(ENV_RULES_CONDA, t->version))
		why = "there is no such version";
	return why ? bad(p, why) : t;
}

static struct term *
parse_unit(struct parser *p)
{
	struct term *t;

	if (!take(p, '('))
		return parse_term(p);
	if (p->depth == ENV_SPEC_DEPTH_MAX)
		return bad(p, "its parentheses are too deep");
	p->depth++;
	t = parse_or(p);
	p->depth--;
	if (t && !take(p, ')'))
		return bad(p, "'(' without its ')'");
	return t;
}

static struct term *
join(struct parser *p, enum term_op op, struct term *left, struct term *right)
{
	struct term *t;

	if (!left || !right)
		return NULL;
	t = arena_zalloc(&p->spec->arena, sizeof(*t));
	*t = (struct term){ .op = op, .left = left, .right = right };
	return t;
}

static struct term *
parse_and(struct parser *p)
{
	struct term *t = parse_unit(p);

	while (t && take(p, ','))
		t = join(p, TERM_AND, t, parse_unit(p));
	return t;
}

static struct term *
parse_or(struct parser *p)
{
	struct term *t = parse_and(p);

	while (t && take(p, '|'))
		t = join(p, TERM_OR, t, parse_and(p));
	return t;
}

enum weir_rc
env_spec_parse(struct str text, struct env_spec **ret_spec, struct weir_err *err)
{
	struct weir_err own;
	struct parser p = { .err = err ? err : &own };

	if (text.len > ENV_SPEC_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"version: longer than %d bytes, the most that is taken",
			ENV_SPEC_MAX);
	p.spec = xcalloc(1, sizeof(*p.spec));
	p.text.len = text.len;
	p.text.s = arena_strndup(&p.spec->arena, text.s ? text.s : "", text.len);
	p.spec->root = parse_or(&p);
	skip_blanks(&p);
	if (p.spec->root && p.at < p.text.len)
		p.spec->root = bad(&p, "',' or '|' goes between terms");
	if (!p.spec->root) {
		env_spec_free(p.spec);
		return WEIR_EUSAGE;
	}
	*ret_spec = p.spec;
	return WEIR_OK;
}

void
env_spec_free(struct env_spec *spec)
{
	if (!spec)
		return;
	arena_free(&spec->arena);
	free(spec);
}

/* `~=1.4.5`: one of 1.4.*; of `~=1` any. */
static bool
begins_parent(struct str version, struct str of)
{
	struct str parent = env_version_parent(of);

	return !parent.len || env_version_begins(version, parent);
}

static bool
match_conda(const struct term *t, struct str version)
{
	int d = env_version_cmp(ENV_RULES_CONDA, version, t->version);

	switch (t->op) {
	case TERM_EQ:
		return d == 0;
	case TERM_NE:
		return d != 0;
	case TERM_GE:
		return d >= 0;
	case TERM_LE:
		return d <= 0;
	case TERM_GT:
		return d > 0;
	case TERM_LT:
		return d < 0;
	case TERM_BEGINS:
		return env_version_begins(version, t->version);
	case TERM_BEGINS_NOT:
		return !env_version_begins(version, t->version);
	case TERM_COMPATIBLE:
		return d >= 0 && begins_parent(version, t->version);
	default:
		return true;
	}
}

static bool
is_pre(const struct pep440 *v)
{
	return v->pre || v->has_dev;
}

/* The release alone: pre, post and dev cut off. */
static struct pep440
base_of(const struct pep440 *v)
{
	struct pep440 base = *v;

	base.pre = 0;
	base.has_post = base.has_dev = false;
	base.local = (struct str){ "", 0 };
	return base;
}

/* Below, and no pre-release of the very version. */
static bool
is_below(const struct pep440 *v, const struct pep440 *s)
{
	struct pep440 a = s->has_post ? *v : base_of(v), b = *s;

	a.has_dev = false;
	a.local = b.local = (struct str){ "", 0 };
	return env_pep440_cmp(v, s) < 0 &&
	       !(is_pre(v) && !is_pre(s) && env_pep440_cmp(&a, &b) == 0);
}

/* Above, and neither a post-release nor a local version of the very version. */
static bool
is_above(const struct pep440 *v, const struct pep440 *s)
{
	struct pep440 a = *v;

	if (env_pep440_cmp(v, s) <= 0)
		return false;
	if (v->local.len && env_pep440_cmp_public(v, s) == 0)
		return false;
	a.has_post = a.has_dev = false;
	return !(v->has_post && !s->has_post && env_pep440_cmp_public(&a, s) == 0);
}

/* `~=1.4.5a1`: at least that, and 1.4.* */
static bool
is_compatible(const struct pep440 *v, const struct pep440 *s)
{
	struct pep440 up = base_of(s);

	if (env_pep440_cmp_public(v, s) < 0)
		return false;
	return up.n_release-- < 2 || env_pep440_begins(v, &up);
}

static bool
match_pep440(const struct term *t, struct str version)
{
	struct pep440 v, s;
	int d;

	if (!env_pep440_parse(version, &v) || !env_pep440_parse(t->version, &s))
		return match_conda(t, version);
	d = env_pep440_cmp_public(&v, &s);
	if ((t->op == TERM_EQ || t->op == TERM_NE) && s.local.len)
		d = env_pep440_cmp(&v, &s);
	switch (t->op) {
	case TERM_EQ:
		return d == 0;
	case TERM_NE:
		return d != 0;
	case TERM_GE:
		return d >= 0;
	case TERM_LE:
		return d <= 0;
	case TERM_GT:
		return is_above(&v, &s);
	case TERM_LT:
		return is_below(&v, &s);
	case TERM_BEGINS:
		return env_pep440_begins(&v, &s);
	case TERM_BEGINS_NOT:
		return !env_pep440_begins(&v, &s);
	case TERM_COMPATIBLE:
		return is_compatible(&v, &s);
	default:
		return true;
	}
}

/* As deep as terms there are: ENV_SPEC_TERMS_MAX. */
static bool
match(const struct term *t, enum env_rules rules, struct str version)
{
	if (t->op == TERM_AND)
		return match(t->left, rules, version) &&
		       match(t->right, rules, version);
	if (t->op == TERM_OR)
		return match(t->left, rules, version) ||
		       match(t->right, rules, version);
	if (t->op == TERM_SAME)
		return str_equal(t->version, version);
	return rules == ENV_RULES_CONDA ? match_conda(t, version)
					: match_pep440(t, version);
}

bool
env_spec_match(const struct env_spec *spec, enum env_rules rules, struct str version)
{
	return match(spec->root, rules, env_version_trim(version));
}
