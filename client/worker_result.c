#include "worker_result.h"

#include <sys/wait.h>

#include "weir/time.h"

static void set(struct worker_result *q, enum weir_state type, const char *name,
	const char *fmt, ...) WEIR_PRINTF(4, 5);

static void
set(struct worker_result *q, enum weir_state type, const char *name, const char *fmt,
	...)
{
	va_list ap;

	q->type = type;
	q->name = name;
	va_start(ap, fmt);
	vsnprintf(q->message, sizeof(q->message), fmt, ap);
	va_end(ap);
}

static void
of_stop(const struct worker_ended *e, struct worker_result *q)
{
	struct buf b = BUF_INIT(32);

	switch (e->stop) {
	case WORKER_CANCELLED:
		set(q, WEIR_ST_CANCELLED, "Cancelled", "%s", "");
		break;
	case WORKER_TIMED_OUT:
		weir_duration_format(&b, e->timeout_us);
		set(q, WEIR_ST_FAILED, "TimedOut", "timed out%s%s",
			e->timeout_us ? " after " : "",
			e->timeout_us ? buf_cstr(&b) : "");
		break;
	case WORKER_NO_ROOM:
		set(q, WEIR_ST_CRASHED, "Crashed",
			"no room for its log on %s: the command was stopped", e->host);
		break;
	default:
		set(q, WEIR_ST_CRASHED, "Crashed",
			"its worker on %s ended: the command was stopped", e->host);
		break;
	}
	buf_release(&b);
}

static void
of_signal(int status, struct worker_result *q)
{
	set(q, WEIR_ST_CRASHED, "Crashed", "killed by signal %d (%s)", WTERMSIG(status),
		strsignal(WTERMSIG(status)));
}

void
worker_result_of(const struct worker_ended *e, struct worker_result *ret)
{
	if (e->stop)
		of_stop(e, ret);
	else if (e->failure)
		set(ret, WEIR_ST_FAILED, "Failed", "%s", e->failure);
	else if (WIFSIGNALED(e->status))
		of_signal(e->status, ret);
	else if (WEXITSTATUS(e->status) == 0)
		set(ret, WEIR_ST_COMPLETED, "Completed", "%s", "");
	else if (*e->said)
		set(ret, WEIR_ST_FAILED, "Failed", "%s", e->said);
	else
		set(ret, WEIR_ST_FAILED, "Failed", "exited with %d",
			WEXITSTATUS(e->status));
}

void
worker_result_of_engine(int status, struct worker_result *ret)
{
	if (WIFSIGNALED(status))
		of_signal(status, ret);
	else
		set(ret, WEIR_ST_CRASHED, "Crashed",
			"Flow run infrastructure exited with non-zero status code %d.",
			WEXITSTATUS(status));
}
