/* What a worker tells of what it does. */
#include "weir/text.h"
#include "weir/time.h"
#include "worker.h"

enum { SAY_MAX = 4096 };

static void say(struct worker *w, struct weir_worker_said *s, const char *fmt,
	va_list ap) WEIR_PRINTF(3, 0);

static void
say(struct worker *w, struct weir_worker_said *s, const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT(SAY_MAX);

	buf_vaddf(&b, fmt, ap);
	s->text = buf_cstr(&b);
	if (w->o->say)
		w->o->say(w->o->arg, s);
	buf_release(&b);
}

void
worker_say(struct worker *w, enum weir_worker_level level, const char *fmt, ...)
{
	struct weir_worker_said s = { .level = level };
	va_list ap;

	va_start(ap, fmt);
	say(w, &s, fmt, ap);
	va_end(ap);
}

static void say_run(struct worker_run *r, enum weir_state state, const char *fmt, ...)
	WEIR_PRINTF(3, 4);

static void
say_run(struct worker_run *r, enum weir_state state, const char *fmt, ...)
{
	struct weir_worker_said s = {
		.level = WEIR_WORKER_INFO, .run = r->name, .state = state
	};
	va_list ap;

	va_start(ap, fmt);
	say(r->w, &s, fmt, ap);
	va_end(ap);
}

/* By what it belongs to: the name alone says nothing to who reads along. */
void
worker_say_started(struct worker_run *r)
{
	const char *deployment =
		json_string_value(json_object_get(r->deployment, "name"));

	say_run(r, WEIR_ST_RUNNING, "%s%sprocess %ld, run %.8s",
		deployment ? deployment : "", deployment ? ", " : "",
		(long)r->child.group, r->id_text);
}

/* What a run that failed says of it: "" or `: why`. */
static const char *
say_why(const struct worker_run *r, struct buf *b)
{
	const char *said = r->spool.error[0] ? r->spool.error : r->spool.err;

	if (r->failure)
		said = r->failure;
	if (*said)
		buf_addf(b, ": %.200s", said);
	return buf_cstr(b);
}

void
worker_say_again(struct worker_run *r, int64_t delay_us)
{
	struct buf b = BUF_INIT(1024), why = BUF_INIT(1024);

	weir_duration_format(&b, delay_us > 0 ? delay_us : 0);
	say_run(r, WEIR_ST_SCHEDULED, "again in %s%s", buf_cstr(&b), say_why(r, &why));
	buf_release(&b);
	buf_release(&why);
}

void
worker_say_end(struct worker_run *r, const struct act_verdict *v)
{
	struct buf b = BUF_INIT(1024), why = BUF_INIT(1024);
	bool failed = v && v->state == WEIR_ST_FAILED;

	if (!v) {
		say_run(r, WEIR_ST_NONE, "it is gone");
		return;
	}
	if (r->started_us) {
		buf_adds(&b, " after ");
		weir_duration_format(&b, r->ended_us - r->started_us);
	}
	say_run(r, v->state, "%s%s%s", v->state_name, buf_cstr(&b),
		failed ? say_why(r, &why) : "");
	buf_release(&b);
	buf_release(&why);
}
