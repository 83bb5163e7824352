#include "calc.h"

#include <stdlib.h>
#include <string.h>

void
calc_next(struct lexer *l)
{
	char *end;

	l->at += strspn(l->at, " \t");
	if (!*l->at) {
		l->token = T_END;
	} else if (strchr("+-*/()", *l->at)) {
		l->token = T_SIGN;
		l->sign = *l->at++;
	} else if (strspn(l->at, "0123456789.")) {
		l->number = strtod(l->at, &end);
		l->token = end == l->at ? T_WRONG : T_NUMBER;
		l->at = end;
	} else {
		l->token = T_WRONG;
	}
}
