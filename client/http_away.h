/* A server that does not answer is tried again for long: who waits hears of it before.
 */
#ifndef WEIR_CLIENT_HTTP_AWAY_H
#define WEIR_CLIENT_HTTP_AWAY_H

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_AWAY_US = 2000000 };

struct http_away {
	void (*tell)(void *arg, const char *why); /* NULL: nobody hears */
	void *arg;
	int64_t since_us; /* when the first try failed; 0: the last one did not */
	bool told;
};

/* A try ended. True: it is to be told now, once until there is an answer. */
bool http_away_due(struct http_away *a, bool answered);

#endif
