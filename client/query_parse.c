#include <ctype.h>

#include "query_lex.h"

enum {
	QUERY_DEPTH_MAX = 8,
	QUERY_VALUES_MAX = 256,
	EXCERPT_MAX = 200,
	QUERY_TERMS_MAX = 200
};

static struct query_node *parse_or(struct query_parser *p);

static struct query_node *
node_new(struct query_parser *p, enum query_node_type type)
{
	struct query_node *n = arena_zalloc(&p->q->arena, sizeof(*n));

	n->type = type;
	return n;
}

static struct query_node *
word_node(struct query_parser *p, enum weir_match_kind kind, struct str pattern,
	size_t from)
{
	struct query_node *n = node_new(p, QUERY_WORD);

	if (pattern.len == 0) {
		weir_fail(p->err, WEIR_EUSAGE, "nothing to look for");
		query_fail_at(p, from, p->at - from);
		return NULL;
	}
	n->match = query_match(p->q, kind, pattern, p->err);
	if (!n->match) {
		query_fail_at(p, from, p->at - from);
		return NULL;
	}
	n->plain = kind == WEIR_MATCH_WORD;
	VEC_PUSH(&p->q->words, n->match);
	return n;
}

static struct query_node *
parse_bare(struct query_parser *p)
{
	struct query_text t;
	size_t from = p->at;

	if (p->text.s[p->at] == '/' && query_take_regex(p, false, &t))
		return word_node(p, WEIR_MATCH_REGEX, t.text, from);
	if (p->stop)
		return NULL;
	if (p->text.s[p->at] == '~') {
		p->at++;
		query_take_text(p, false, false, &t);
		return p->stop ? NULL : word_node(p, WEIR_MATCH_FUZZY, t.text, from);
	}
	query_take_text(p, false, false, &t);
	return p->stop ? NULL : word_node(p, WEIR_MATCH_WORD, t.text, from);
}

/* `pkg:openssl>=1.1,<3` is one value. */
static void
take_spec(struct query_parser *p, struct query_text *t)
{
	while (!p->stop && query_package_goes_on((struct str){
				   p->text.s + p->at, p->text.len - p->at })) {
		struct query_text more = { 0 };

		p->at++;
		query_take_text(p, true, true, &more);
		t->text.s = arena_printf(&p->q->arena, "%.*s,%.*s", (int)t->text.len,
			t->text.s, (int)more.text.len, more.text.s);
		t->text.len += 1 + more.text.len;
	}
}

/* One value; the field is named in the error. */
static void
parse_value(struct query_parser *p, const struct weir_column *column,
	enum query_special special, struct str name, struct query_value *ret)
{
	struct query_text t = { 0 };
	size_t from = p->at;
	enum weir_rc rc;

	if (!(p->at < p->text.len && p->text.s[p->at] == '/' &&
		    query_take_regex(p, true, &t)) &&
		!p->stop)
		query_take_text(p, true, true, &t);
	if (query_is_package(p->q->kind, column))
		take_spec(p, &t);
	if (p->stop)
		return;
	if (t.text.len == 0 && !t.quoted) {
		weir_fail(p->err, WEIR_EUSAGE, "no value for '%.*s'", (int)name.len,
			name.s);
		query_fail_at(p, from, 1);
		return;
	}
	rc = query_value_parse(p->q, column, special, &t, ret, p->err);
	if (rc) {
		char hint[sizeof(p->err->hint)];

		if (p->err && p->err->hint[0]) {
			memcpy(hint, p->err->hint, sizeof(hint));
			weir_hint(p->err, "%.*s:%s", (int)name.len, name.s, hint);
		}
		query_fail_at(p, from, p->at - from);
	}
}

static struct query_node *
field_node(struct query_parser *p, const struct weir_column *column,
	enum query_special special, struct str name)
{
	struct query_node *n = node_new(p, QUERY_FIELD);
	VEC(struct query_value) values = { 0 };

	n->column = column;
	do {
		struct query_value v;

		if (values.n == QUERY_VALUES_MAX) {
			weir_fail(p->err, WEIR_EUSAGE, "more than %d values",
				QUERY_VALUES_MAX);
			query_fail_at(p, p->at, 1);
			break;
		}
		parse_value(p, column, special, name, &v);
		if (p->stop)
			break;
		VEC_PUSH(&values, v);
	} while (p->at < p->text.len && p->text.s[p->at] == ',' && ++p->at);
	n->n_values = values.n;
	n->values = arena_alloc(&p->q->arena, (values.n + 1) * sizeof(*n->values));
	if (values.n)
		memcpy(n->values, values.v, values.n * sizeof(*n->values));
	VEC_FREE(&values);
	return p->stop ? NULL : n;
}

/* Length of `name:` at p->at without the colon; 0 when a bare word stands here. */
static size_t
field_length(const struct query_parser *p)
{
	size_t i = p->at;

	if (i >= p->text.len || !(isalpha((unsigned char)p->text.s[i])))
		return 0;
	for (; i < p->text.len && !query_ends_at(p, i); i++) {
		if (p->text.s[i] == ':')
			return i - p->at;
		if (strchr("\"(,*?<>=", p->text.s[i]) && p->text.s[i])
			return 0;
	}
	return 0;
}

static void
fail_field(struct query_parser *p, struct str name)
{
	const char *near = query_field_near(p->q->kind, name);
	size_t from = p->at;
	size_t end = from;

	weir_fail(p->err, WEIR_EUSAGE, "unknown field '%.*s'",
		(int)(name.len < 64 ? name.len : 64), name.s);
	while (!query_ends_at(p, end))
		end++;
	if (near)
		weir_hint(p->err, "%s%.*s", near,
			(int)(end - from - name.len < 200 ? end - from - name.len
							  : 200),
			name.s + name.len);
	else
		weir_hint(p->err, "\"%.*s\" to look for the text",
			(int)(end - from < 200 ? end - from : 200), name.s);
	query_fail_at(p, from, name.len);
}

static struct query_node *
parse_term(struct query_parser *p)
{
	const struct weir_column *column;
	enum query_special special;
	struct str name = { p->text.s + p->at, field_length(p) };

	if (++p->terms > QUERY_TERMS_MAX) {
		weir_fail(p->err, WEIR_EUSAGE, "more than %d terms", QUERY_TERMS_MAX);
		query_fail_at(p, p->at, 1);
		return NULL;
	}
	if (name.len == 0)
		return parse_bare(p);
	column = query_field_find(p->q->kind, name, &p->q->arena, &special);
	if (!column) {
		fail_field(p, name);
		return NULL;
	}
	p->at += name.len + 1;
	return field_node(p, column, special, name);
}

static struct query_node *
parse_group(struct query_parser *p)
{
	struct query_node *n;
	size_t from = p->at++;

	if (p->depth == QUERY_DEPTH_MAX) {
		weir_fail(p->err, WEIR_EUSAGE, "parentheses more than %d deep",
			QUERY_DEPTH_MAX);
		query_fail_at(p, from, 1);
		return NULL;
	}
	p->depth++;
	n = parse_or(p);
	query_skip_blanks(p);
	if (!p->stop && p->at < p->text.len && p->text.s[p->at] == ')') {
		p->at++;
	} else if (!p->stop && !p->lenient) {
		weir_fail(p->err, WEIR_EUSAGE, "'(' without its ')'");
		query_fail_at(p, from, 1);
	}
	p->depth--;
	if (!p->stop && !n) {
		weir_fail(p->err, WEIR_EUSAGE, "nothing between '(' and ')'");
		query_fail_at(p, from, p->at - from);
	}
	return n;
}

/* NULL without p->stop: no more terms here. */
static struct query_node *
parse_unary(struct query_parser *p)
{
	struct query_node *n, *not ;
	size_t from;
	bool negate;

	query_skip_blanks(p);
	if (p->at >= p->text.len || p->text.s[p->at] == ')')
		return NULL;
	from = p->at;
	negate = query_take_word(p, "not");
	if (!negate && p->text.s[p->at] == '-' && !query_ends_at(p, p->at + 1)) {
		negate = true;
		p->at++;
	}
	if (!negate) {
		n = p->text.s[p->at] == '(' ? parse_group(p) : parse_term(p);
		if (n && !p->stop)
			p->valid = p->at;
		return n;
	}
	if (p->nots == QUERY_DEPTH_MAX) {
		weir_fail(p->err, WEIR_EUSAGE, "'not' more than %d deep",
			QUERY_DEPTH_MAX);
		query_fail_at(p, from, 1);
		return NULL;
	}
	p->nots++;
	n = parse_unary(p);
	p->nots--;
	if (!n && !p->stop) {
		weir_fail(p->err, WEIR_EUSAGE, "nothing after 'not'");
		query_fail_at(p, from, p->at - from);
	}
	if (!n)
		return NULL;
	not = node_new(p, QUERY_NOT);
	not ->left = n;
	return not ;
}

static struct query_node *
join(struct query_parser *p, enum query_node_type type, struct query_node *left,
	struct query_node *right)
{
	struct query_node *n;

	if (!left || !right)
		return left ? left : right;
	n = node_new(p, type);
	n->left = left;
	n->right = right;
	return n;
}

static bool
at_or(struct query_parser *p)
{
	struct query_parser look = *p;

	return query_take_word(&look, "or");
}

static struct query_node *
parse_and(struct query_parser *p)
{
	struct query_node *all = NULL;

	for (;;) {
		struct query_node *n;

		while (all && query_take_word(p, "and"))
			;
		if (at_or(p))
			return all;
		n = parse_unary(p);
		all = join(p, QUERY_AND, all, n);
		if (!n || p->stop)
			return all;
	}
}

static struct query_node *
parse_or(struct query_parser *p)
{
	struct query_node *any = NULL;

	for (;;) {
		struct query_node *n = parse_and(p);
		size_t from;

		if (p->stop)
			return join(p, QUERY_OR, any, n);
		query_skip_blanks(p);
		from = p->at;
		if (!n && (any || at_or(p))) {
			weir_fail(p->err, WEIR_EUSAGE, "nothing %s 'or'",
				any ? "after" : "before");
			query_fail_at(p, from ? from - 1 : 0, 1);
			return any;
		}
		any = join(p, QUERY_OR, any, n);
		if (!query_take_word(p, "or"))
			return any;
	}
}

static struct weir_query *
query_new(enum weir_kind kind, int64_t now_us)
{
	struct weir_query *q = xcalloc(1, sizeof(*q));

	q->kind = kind;
	q->now_us = now_us;
	return q;
}

static struct query_node *
parse_all(struct query_parser *p)
{
	struct query_node *n = parse_or(p);

	query_skip_blanks(p);
	if (!p->stop && p->at < p->text.len) {
		weir_fail(p->err, WEIR_EUSAGE, "')' without its '('");
		query_fail_at(p, p->at, 1);
	}
	return n ? n : node_new(p, QUERY_ALL);
}

enum weir_rc
weir_query_parse(enum weir_kind kind, struct str text, int64_t now_us,
	struct weir_query **ret_query, struct weir_err *err)
{
	struct weir_err own;
	struct query_parser p = { .text = text, .err = err ? err : &own };

	if (text.len > WEIR_QUERY_MAX)
		return weir_fail(err, WEIR_EUSAGE,
			"query: longer than %d bytes, the most that is taken",
			WEIR_QUERY_MAX);
	p.q = query_new(kind, now_us);
	p.q->root = parse_all(&p);
	if (p.stop) {
		weir_query_free(p.q);
		return WEIR_EUSAGE;
	}
	*ret_query = p.q;
	return WEIR_OK;
}

struct weir_query *
weir_query_parse_prefix(enum weir_kind kind, struct str text, int64_t now_us,
	size_t *ret_valid, struct weir_err *err)
{
	struct weir_err own;
	struct query_parser p = {
		.text = text, .lenient = true, .err = err ? err : &own
	};

	*p.err = (struct weir_err){ 0 };
	if (p.text.len > WEIR_QUERY_MAX)
		p.text.len = WEIR_QUERY_MAX;
	p.q = query_new(kind, now_us);
	p.q->root = parse_all(&p);
	*ret_valid = p.stop ? p.valid : text.len;
	return p.q;
}

void
weir_query_free(struct weir_query *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->matches.n; i++)
		weir_match_free(q->matches.v[i]);
	VEC_FREE(&q->matches);
	for (size_t i = 0; i < q->specs.n; i++)
		env_spec_free(q->specs.v[i]);
	VEC_FREE(&q->specs);
	VEC_FREE(&q->words);
	arena_free(&q->arena);
	free(q);
}

bool
weir_query_matches_all(const struct weir_query *q)
{
	return q->root->type == QUERY_ALL;
}

bool
weir_query_is_relative(const struct weir_query *q)
{
	return q->relative;
}

size_t
weir_query_words(const struct weir_query *q, const struct weir_match *const **ret_words)
{
	*ret_words = q->words.v;
	return q->words.n;
}
