#include "http_away.h"

#include "weir/time.h"

bool
http_away_due(struct http_away *a, bool answered)
{
	int64_t now = weir_monotonic_us();

	if (answered) {
		a->since_us = 0;
		a->told = false;
		return false;
	}
	if (a->since_us == 0)
		a->since_us = now;
	if (!a->tell || a->told || now - a->since_us < HTTP_AWAY_US)
		return false;
	a->told = true;
	return true;
}
