/* The proleptic Gregorian calendar: days and dates. */
#ifndef WEIR_CLIENT_CIVIL_H
#define WEIR_CLIENT_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

enum { CIVIL_DAY_S = 86400 };

struct civil_date {
	int64_t year;
	int month, day; /* from 1 */
};

int64_t civil_days(int64_t year, int month, int day); /* since 1970-01-01 */
struct civil_date civil_date(int64_t days);
bool civil_is_leap(int64_t year);
int civil_month_days(int64_t year, int month);
int civil_weekday(int64_t days); /* 0: Sunday */
/* Rounded down, and what is left: never negative. */
int64_t civil_div(int64_t a, int64_t b);
int64_t civil_mod(int64_t a, int64_t b);

#endif
