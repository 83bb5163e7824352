/*
 * A command as a task run of the current run (weir-task.1): its lines, its time and its
 * result are the task run's. Outside of a run, or where no server answers, it is just
 * run.
 */
#ifndef WEIR_TASK_H
#define WEIR_TASK_H

#include <weir/session.h>

struct weir_task {
	const char *name;
	const char *const *words; /* the command; NULL ends */
	int64_t retries;          /* how often again when it failed */
	int64_t retry_delay_us;
	int64_t timeout_us; /* of each try; 0: none */
	/* Why it is not a task run, in a line. */
	void (*note)(void *arg, const char *text);
	void *arg;
};

enum {
	WEIR_TASK_RETRIES_MAX = 10000,
	WEIR_TASK_SECONDS_MAX = 10 * 365 * 24 * 3600, /* of a delay or a timeout */
	WEIR_TASK_TIMED_OUT = 124,
};

/*
 * *ret_status: the command's exit status, 128 + signal, or WEIR_TASK_TIMED_OUT; its
 * last try's.
 */
WEIR_NODISCARD enum weir_rc weir_task_run(struct weir_session *s,
	const struct weir_task *t, int *ret_status, struct weir_err *err);

#endif
