#include "api_pace.h"

enum { PER_ROUND = 4, HOLD_ROUNDS = 16, IDLE_US = 2 * 1000 * 1000 };

void
api_pace_init(struct api_pace *p, size_t parallel, size_t max)
{
	*p = (struct api_pace){
		.parallel = parallel ? parallel : 1,
		.max = max > parallel ? max : parallel,
	};
}

static void
new_round(struct api_pace *p, int64_t now_us)
{
	p->n = 0;
	p->started_us = now_us;
}

void
api_pace_reply(struct api_pace *p, int64_t now_us, bool pushed_back)
{
	double rate;

	if (pushed_back) {
		p->parallel = p->parallel > 1 ? p->parallel / 2 : 1;
		p->hold = HOLD_ROUNDS;
		p->rising = false;
		p->before = 0;
		new_round(p, now_us);
		return;
	}
	/* A pause between bursts says nothing of the server. */
	if (p->n == 0 || now_us - p->started_us > IDLE_US * (int64_t)(p->n + 1)) {
		new_round(p, now_us);
		p->n = 1;
		return;
	}
	if (++p->n < PER_ROUND * p->parallel)
		return;
	rate = (double)(p->n - 1) / ((double)(now_us - p->started_us + 1) / 1e6);
	if (p->rising && rate <= p->before * 1.1) {
		p->parallel--;
		p->hold = HOLD_ROUNDS;
		p->rising = false;
	} else if (p->hold > 0) {
		p->hold--;
	} else {
		p->rising = p->before > 0 && p->parallel < p->max;
		p->parallel += p->rising;
	}
	p->before = rate;
	new_round(p, now_us);
}
