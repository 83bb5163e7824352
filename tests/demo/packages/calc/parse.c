#include "calc.h"

#include <assert.h>

#define DEPTH_MAX 100

struct parser {
	struct lexer lex;
	int wrong;
#ifndef NDEBUG
	int depth; /* brackets that are open */
#endif
};

static double sum(struct parser *p);

static int
sign(struct parser *p, char c)
{
	if (p->lex.token != T_SIGN || p->lex.sign != c)
		return 0;
	calc_next(&p->lex);
	return 1;
}

static double
factor(struct parser *p)
{
	double v = p->lex.number;

	if (sign(p, '-'))
		return -factor(p);
	if (sign(p, '(')) {
		/* Broken on purpose: a release build has no depth. */
		if (++p->depth > DEPTH_MAX)
			p->wrong = 1;
		v = p->wrong ? 0 : sum(p);
		p->wrong |= !sign(p, ')');
		p->depth--;
		return v;
	}
	if (p->lex.token != T_NUMBER)
		p->wrong = 1;
	else
		calc_next(&p->lex);
	return v;
}

static double
product(struct parser *p)
{
	double v = factor(p);

	while (!p->wrong) {
		if (sign(p, '*'))
			v *= factor(p);
		else if (sign(p, '/'))
			v /= factor(p);
		else
			break;
	}
	return v;
}

static double
sum(struct parser *p)
{
	double v = product(p);

	while (!p->wrong) {
		if (sign(p, '+'))
			v += product(p);
		else if (sign(p, '-'))
			v -= product(p);
		else
			break;
	}
	return v;
}

int
calc(const char *text, double *ret)
{
	struct parser p = { .lex.at = text };
	double v;

	calc_next(&p.lex);
	v = sum(&p);
	if (p.wrong || p.lex.token != T_END)
		return -1;
	assert(p.depth == 0);
	*ret = v;
	return 0;
}
