/* What the parts of watching share. */
#ifndef WEIR_CLI_WATCH_PARTS_H
#define WEIR_CLI_WATCH_PARTS_H

#include <weir/follow.h>

#include "frame.h"
#include "logs_cmd.h"
#include "watch.h"

struct watch_run {
	struct weir_followed f;
	bool known, ended;
	int64_t tasks[WEIR_N_STATES], children[WEIR_N_STATES];
	bool estimated;    /* the next was looked for */
	int64_t median_us; /* of earlier runs; 0: there are none */
	int64_t last_us;   /* of line; WEIR_NO_TIME: none */
	char last[400];    /* the newest line of its log, as it came */
	char *why;         /* it failed, in a few words; owned */
};

struct watch {
	struct ctx *ctx;
	const struct watch_options *o;
	VEC(struct watch_run) runs;
	size_t n_live, n_bad, n_why;
	bool in_place;              /* on a terminal: painted again and again */
	bool lines;                 /* a line a change */
	bool colour;                /* of stderr */
	int64_t began_us, until_us; /* monotonic */
	int64_t away_us,
		away_at_us;         /* since when the server is away: monotonic, wall */
	bool answered;              /* it did at least once */
	int64_t patience_us;        /* of one look */
	int64_t took_us;            /* the last look */
	int64_t detail_us, more_us; /* the next of each; monotonic */
	int64_t explain_us;         /* until then; 0: as long as it takes */
	struct frame frame;
	struct logs_job logs;
	struct logs_args log_args;
	bool logs_ended;
};

/* Is what the store or server says no reason to end? */
bool watch_passes(enum weir_rc rc);

/* watch_facts.c: children, task runs, the newest lines, from the server. */
WEIR_NODISCARD enum weir_rc watch_details(struct watch *w);
/* How long such runs take. */
void watch_estimate(struct watch *w, struct watch_run *r);
/* Why it failed; asks the server for what is missing. */
void watch_explain(struct watch *w, struct watch_run *r);

/* watch_show.c */
void watch_paint(struct watch *w);
void watch_unpaint(struct watch *w);
/* It is in another state than before. */
void watch_tell(struct watch *w, const struct watch_run *r);
/* `3 running · 1 failed`, for one line. */
void watch_summary(const struct watch *w, struct buf *out);

/* watch_end.c: what came of it. */
WEIR_NODISCARD enum weir_rc watch_rows(struct watch *w);
void watch_ring(const struct watch *w);
/* How long it took, or takes until now. WEIR_NO_TIME: it has not begun. */
int64_t watch_took(const struct watch_run *r, int64_t now_us);

#endif
