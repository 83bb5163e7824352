/*
 * Time: int64_t microseconds UTC since 1970 (`_us`), 0 or WEIR_NO_TIME for none.
 * The clock is frozen by WEIR_NOW (RFC 3339 or microseconds), for tests and scripts.
 */
#ifndef WEIR_TIME_H
#define WEIR_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>

#define WEIR_NO_TIME INT64_MIN
enum { WEIR_SECOND_US = 1000000 };

int64_t weir_now_us(void);       /* wall clock, or WEIR_NOW */
int64_t weir_monotonic_us(void); /* for waits; never frozen */
void weir_nap(int ms);           /* or less, when a signal comes */

/*
 * RFC 3339 as servers send it: any fraction (cut to microseconds), `Z`, `+00:00`,
 * `+0200`, lower-case t and z, a space for the T; without a zone it is UTC.
 */
bool weir_time_parse(struct str text, int64_t *ret_us);

/* `2026-11-21T14:02:19.441000Z`; the fraction has 6 digits or, when zero, is left out.
 */
enum { WEIR_TIME_TEXT = 40 };
char *weir_time_format(int64_t us, char out[WEIR_TIME_TEXT]);

/*
 * What people write: RFC 3339, `2026-11-21`, `2026-11-21 14:02`, `14:02` (today,
 * local), `today`, `yesterday`, `now`, and a duration, which means that long before
 * now. Dates and times without a zone are local.
 */
bool weir_time_parse_human(struct str text, int64_t now_us, int64_t *ret_us);

/*
 * `20m`, `1h30m`, `2d`, `500ms`, `90` (seconds), `1.5h`, `2w`, `4:12`, `1:02:03`, and
 * what weir_duration_format writes.
 */
bool weir_duration_parse(struct str text, int64_t *ret_us);

/* `4:12`, `1:02:03`, `3 d 04:05`; `0:07`; under one second `0.4 s`. */
void weir_duration_format(struct buf *out, int64_t us);

/*
 * How long ago, for a column: `now`, `38 s`, `4 min`, `3 h`, then `Tue 14:02` within a
 * week, then `2026-11-03`; `in 3 h` for the future. `utc` or local zone. With `ago`
 * appended where it is a bare span and `ago` is true ("4 min ago").
 */
void weir_time_relative(
	struct buf *out, int64_t us, int64_t now_us, bool utc, bool ago);

/* `2026-11-21 14:02:19`, with `.441` when millis. */
void weir_time_absolute(struct buf *out, int64_t us, bool utc, bool millis);

#endif
