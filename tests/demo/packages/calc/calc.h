/* Sums as people write them: 2 * (3 + 4) - -1 */
#ifndef CALC_H
#define CALC_H

enum token { T_END, T_NUMBER, T_SIGN, T_WRONG };

struct lexer {
	const char *at;
	enum token token;
	char sign;
	double number;
};

void calc_next(struct lexer *l);

/* Non-zero: it is no sum. */
int calc(const char *text, double *ret);

#endif
