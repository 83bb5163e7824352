#include "retry.h"

static bool
is_worth(const struct retry_try *t)
{
	static const short usual[] = { 408, 429, 502, 503, 504 };

	if (t->status == 0)
		return true;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (t->status == usual[i])
			return true;
	for (size_t i = 0; i < t->n_extra_codes; i++)
		if (t->status == t->extra_codes[i])
			return true;
	return false;
}

int64_t
retry_delay_ms(const struct retry_try *t)
{
	int64_t delay = RETRY_FIRST_MS;

	if (!t->repeatable || !is_worth(t))
		return RETRY_GIVE_UP;
	if (t->max_retries >= 0 && t->attempt > t->max_retries)
		return RETRY_GIVE_UP;
	for (int i = 1; i < t->attempt && delay < RETRY_DELAY_MAX_MS; i++)
		delay *= 2;
	if (delay > RETRY_DELAY_MAX_MS)
		delay = RETRY_DELAY_MAX_MS;
	/* From 80 % to 120 %, so that many clients do not come back at once. */
	delay = delay * (800 + (int64_t)(t->random % 401)) / 1000;
	if (t->retry_after_ms > delay)
		delay = t->retry_after_ms;
	return delay > RETRY_TOTAL_MS - t->elapsed_ms ? RETRY_GIVE_UP : delay;
}
