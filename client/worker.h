/*
 * What the parts of a worker share.
 *
 * One loop (worker.c) does what is due by now, then sleeps in the backend's pump until
 * an answer, a signal or the next thing that is due. Each run (struct worker_run) goes
 * through steps; a step that asks the server ends, and the answer begins the next:
 *
 *   worker_tick   time on the embedded store: runs of schedules, Late ones
 *   worker_poll   due runs -> worker_run_new
 *   worker_claim  Pending, unless another was first
 *   worker_run    claimed -> deployment -> job -> references -> worker_pull
 *   worker_pull   pull steps, one after the other -> worker_start
 *   worker_start  Running -> the command -> its end -> result -> gone, or once more
 *   worker_tasks  its task runs that were left open
 *   worker_ship   spool -> lines at the server, beside all that
 *   worker_say    what it tells of it
 *   worker_note   what the next worker must know, before it is done
 *   worker_sweep  the folders of those that are done with
 *   worker_orphan what an earlier worker left
 *   worker_lost   what one left without a trace
 */
#ifndef WEIR_CLIENT_WORKER_H
#define WEIR_CLIENT_WORKER_H

#include <jansson.h>

#include "act_rules.h"
#include "spool.h"
#include "weir/worker.h"
#include "worker_bury.h"
#include "worker_child.h"
#include "worker_job.h"
#include "worker_result.h"

enum {
	WORKER_ASK_MAX = 64 << 20, /* bytes of an answer that is read as a tree */
	WORKER_AGAIN_US = 3000000, /* a server that is away is asked again */
	WORKER_POSTS_MAX = 2,      /* batches of lines in flight, of all runs */
	WORKER_STEPS_MAX = 100,    /* pull steps */
};

enum worker_step {
	WORKER_DUE,     /* waits for its time */
	WORKER_ASKS,    /* an answer is awaited */
	WORKER_RUNS,    /* a process lives: the command, or a pull step */
	WORKER_FLUSHES, /* it has ended; its lines are on their way */
	WORKER_WAITS,   /* for the time of its next try */
	WORKER_CHECKS,  /* ended; a late request of a dead worker may change that */
	WORKER_GONE,
};

struct worker_run;
typedef void worker_then(struct worker_run *r, enum weir_rc rc,
	const struct api_page *page, const struct weir_err *err);
/* v: NULL if the run is gone. state: the JSON of the answer's state. */
typedef void worker_verdict(
	struct worker_run *r, const struct act_verdict *v, const json_t *state);

/* The one request of a run's life that is in flight or to be sent again. */
struct worker_ask {
	const char *method;
	char *path;
	char *body;
	worker_then *then;
	bool in_flight;
	int64_t again_us; /* 0: not to be sent again */
	bool fails;       /* proposes Failed */
	bool looks;       /* first whether that has made a retry */
};

struct worker_run {
	struct worker *w;
	struct weir_id id, transition;
	char id_text[WEIR_ID_TEXT + 1];
	char claim_text[WEIR_ID_TEXT + 1]; /* the transition to Pending */
	char *name;                        /* as it came */
	char *dir;                         /* of its files */
	int lock;                          /* held while this worker has it */
	enum worker_step step;
	int64_t due_us; /* DUE: of the clock; WAITS, CHECKS: monotonic */
	json_t *doc, *deployment, *config, *pull, *values;
	json_t *open_tasks;    /* that are to be ended */
	const char *reference; /* that is asked for; a member of values */
	bool claimed;
	bool adopted;     /* another worker began it; its job is not known */
	bool late;        /* what a worker that died asked for may still come */
	int64_t left_us;  /* monotonic: when what that one had begun was killed; 0: not
			   */
	bool left_killed; /* all of it, whatever it had still to write */
	int checked;
	struct weir_id
		begun; /* the Running that a worker that died may have proposed */

	struct worker_job job;
	char **env;
	char *params_file, *cwd;
	size_t pulled; /* pull steps that are done */
	bool pulling;
	json_t *outputs; /* of pull steps */

	struct worker_child child;
	bool reaped;                           /* the leader's status is known */
	int64_t started_us, ended_us, term_us; /* monotonic; 0: not yet */
	bool killed, rest_ended;
	enum worker_stop stop;
	bool proposed_cancel;
	bool watched; /* asked for with the last look at the states of our runs */

	struct spool spool;
	struct spool_batch batch;
	bool posting;
	int64_t look_us, posted_us; /* monotonic: next look, last request */
	int64_t look_every_us;

	char *failure; /* why it could not be started, in words */
	struct worker_ask ask;
	worker_verdict *verdict_then; /* of the proposal that is asked */
};

struct worker {
	struct weir_session *session;
	struct api *api;
	const struct weir_worker *o;
	const char *pool;
	char *name, *base, *host;
	char *pool_id;
	bool engine;  /* type process */
	bool burying; /* no worker: it ends what dead ones left, see worker_bury.h */
	json_t *template;
	VEC(struct worker_run *) runs;
	size_t limit;
	size_t flying, posts; /* requests of runs in flight; those with lines */
	VEC(struct worker_told *) told; /* what nobody waits for, to be sent */
	int stopping;                   /* signals to stop so far */
	int64_t poll_every_us;
	int64_t poll_us, beat_us, watch_us, orphans_us; /* monotonic: when next */
	int64_t polled_us;                              /* monotonic */
	bool polling, beating, watching;
	bool away;         /* said that the server is */
	bool full;         /* said that no folder can be made */
	bool idle;         /* the last poll brought nothing */
	size_t left_looks; /* for what another worker left, still to come */
	int64_t left_us;   /* monotonic: the next of them */
	pid_t sweeper;     /* 0: there is none */
	bool sweep_more;   /* something for it has come */
	/* the clock of the embedded store; of its lock -1: another worker has it */
	int tick_lock;
	bool ticking, tick_soon;
	int64_t tick_at_us, ticked_at_us; /* of the clock: when next, when last */
	int64_t ticked_us, tick_try_us;   /* monotonic */
	struct weir_err err;              /* with --once: why the last poll failed */
	int64_t next_us;                  /* the loop's next wake-up; monotonic */
};

/* ---- worker.c */
/* The loop shall come back at that monotonic time. */
void worker_wake_at(struct worker *w, int64_t us);

/* ---- worker_say.c */
void worker_say(struct worker *w, enum weir_worker_level level, const char *fmt, ...)
	WEIR_PRINTF(3, 4);
/* What a run has come to. */
void worker_say_started(struct worker_run *r);
void worker_say_again(struct worker_run *r, int64_t delay_us);
/* v: NULL if it is gone. */
void worker_say_end(struct worker_run *r, const struct act_verdict *v);

/* ---- worker_poll.c */
/* Read the pool, make it if need be; waits. */
WEIR_NODISCARD enum weir_rc worker_poll_pool(struct worker *w, struct weir_err *err);
/* Something changed: look for runs before it is time. */
void worker_poll_soon(struct worker *w);
/* Runs, heartbeat, what the server says of our runs: what is due of it. */
void worker_poll_tick(struct worker *w, int64_t now_us);

/* ---- worker_tick.c */
/* Make the runs of schedules and mark what is Late, if it is ours to do and time. */
void worker_tick(struct worker *w, int64_t now_us);
void worker_tick_end(struct worker *w); /* another may do it */

/* ---- worker_ask.c */
/* body is copied; "" for none. Sent again until there is an answer. */
void worker_ask(struct worker_run *r, const char *method, const char *path,
	const char *body, worker_then *then);
void worker_ask_run(struct worker_run *r, worker_then *then); /* for all of it */
/* A state; said again with the same transition id until there is an answer. */
void worker_propose(struct worker_run *r, enum weir_state type, const char *name,
	const char *message, bool force, worker_verdict *then);
void worker_ask_tick(struct worker_run *r, int64_t now_us);
void worker_ask_release(struct worker_ask *a);
/* Is the state now as was proposed, by this proposal? */
bool worker_accepted(const struct act_verdict *v, enum weir_state type);
/* May one more be in flight? Servers on SQLite stand still under many. */
bool worker_has_room(const struct worker *w);
/* Nobody waits for its answer. */
void worker_tell(
	struct worker *w, const char *method, const char *path, const char *body);
void worker_tell_tick(struct worker *w);
void worker_told_release(struct worker *w);
json_t *worker_parse(const struct api_page *page);
/* A text of an object; "": it has none. */
const char *worker_text(const json_t *object, const char *name);

/* ---- worker_run.c */
/* doc: the run as the server has it, taken over. */
struct worker_run *worker_run_new(struct worker *w, json_t *doc);
/* It is claimed: its deployment, its job, what that refers to. */
void worker_run_prepare(struct worker_run *r);
void worker_run_tick(struct worker_run *r, int64_t now_us);
/* It cannot be started: failed, with this message. */
void worker_run_fail(struct worker_run *r, const struct weir_err *err);
/* Done with: its files go. */
void worker_run_end(struct worker_run *r);
/* Done with, its files stay for the next worker. */
void worker_run_free(struct worker_run *r);

/* ---- worker_claim.c */
/* Propose Pending, with r->transition; then all that follows. */
void worker_claim(struct worker_run *r);
/* It is claimed, and nothing of it runs: go on as if it just was. */
void worker_claim_resume(struct worker_run *r);

/* ---- worker_pull.c */
void worker_pull_next(struct worker_run *r);
/* The process of a step has ended. */
void worker_pull_ended(struct worker_run *r);

/* ---- worker_start.c */
/* All is ready: policy, Running, the command. */
void worker_start(struct worker_run *r);
/* words in dir, as the run's process. */
WEIR_NODISCARD enum weir_rc worker_start_process(struct worker_run *r,
	char *const *words, char *const *env, const char *dir, struct weir_err *err);
void worker_start_tick(struct worker_run *r, int64_t now_us);
/* The process has ended and all its lines are there, or nothing was started. */
void worker_result(struct worker_run *r);
/* Stop what runs, or what would. */
void worker_stop(struct worker_run *r, enum worker_stop why);

/* ---- worker_tasks.c */
/* End what `weir task` left open, then the run. */
void worker_tasks_end(struct worker_run *r);

/* ---- worker_ship.c */
void worker_ship_tick(struct worker_run *r, int64_t now_us);
bool worker_shipped(struct worker_run *r); /* all of it */

/* ---- worker_note.c */
enum worker_phase {
	WORKER_PHASE_DUE,   /* not asked for */
	WORKER_PHASE_CLAIM, /* Pending was, or may have been, proposed */
	WORKER_PHASE_START, /* Running was, or may have been, proposed; nothing runs */
	WORKER_PHASE_RUN,   /* something was, or may have been, started */
};
/* Its folder, locked; false: another worker has it, or errno. */
bool worker_note_open(struct worker_run *r, bool made);
/* What the next worker must know. */
void worker_note(struct worker_run *r, enum worker_phase phase);
/* What is noted; NULL: nothing. */
json_t *worker_note_read(const struct worker_run *r);
char *worker_note_base(const struct weir_config *config);

/* ---- worker_sweep.c */
/* A folder that is done with: it is not there any more. */
void worker_sweep(struct worker *w, const char *path);
/* That name in the folder of the runs, if a worker that died put it aside so. */
void worker_sweep_left(struct worker *w, const char *name);
/* What of it is not yet removed: once in the loop, and at the end. */
void worker_sweep_tick(struct worker *w);
void worker_sweep_end(struct worker *w);

/* ---- worker_lost.c */
/* In the own store, where no other worker lives: those without a folder. */
void worker_lost(struct worker *w);

/* ---- worker_orphan.c */
void worker_orphans(struct worker *w);
/* Does r, whose folder was just opened, go on where a dead worker left it? Then it may
 * be gone. */
bool worker_orphan_take(struct worker_run *r);
/* Is there nobody left who writes to its spool? Ends who takes too long. */
bool worker_orphan_is_still(struct worker_run *r, int64_t now_us);
/*
 * Kill all that the run started, also what left its group, where the system tells: how
 * many had left it.
 */
size_t worker_kill_marked(const struct worker_run *r);

#endif
