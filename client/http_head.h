/* Lines of the head of an answer. */
#ifndef WEIR_CLIENT_HTTP_HEAD_H
#define WEIR_CLIENT_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "dyn.h"
#include "weir/buf.h"

/* The value of a line when its name is `name`, without white space around it. */
bool http_head_value(struct str line, const char *name, struct str *ret);
/* A date of HTTP as microseconds, or WEIR_NO_TIME. */
int64_t http_head_date(const struct dyn_curl *curl, struct str text);

/* Retry-After: seconds, or a date, judged by the Date header where there was one. */
int64_t http_head_retry_ms(
	const struct dyn_curl *curl, int64_t date_us, struct str text);

#endif
