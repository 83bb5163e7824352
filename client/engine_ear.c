#include "engine_ear.h"

#include <poll.h>

#include "bell.h"
#include "pipe.h"
#include "weir/mem.h"

void
engine_ear_init(struct engine_ear *ear, const struct weir_config *config)
{
	*ear = (struct engine_ear){ 0 };
	if (weir_config_embedded(config))
		ear->path = weir_config_store(config);
}

void
engine_ear_release(struct engine_ear *ear)
{
	bell_close(ear->bell);
	ear->bell = NULL;
	free(ear->said);
	ear->said = NULL;
}

bool
engine_ear_hears(struct engine_ear *ear)
{
	struct weir_err err;

	if (ear->path && !ear->tried && bell_open(ear->path, &ear->bell, &err))
		ear->bell = NULL; /* by time then */
	ear->tried = true;
	return ear->bell != NULL;
}

bool
engine_ear_wait(struct engine_ear *ear, int fd, int timeout_ms)
{
	bool hears = engine_ear_hears(ear), rung;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = hears ? bell_fd(ear->bell) : -1, .events = POLLIN } };

	if (poll(p, 2, timeout_ms) <= 0)
		return false;
	if (p[0].revents)
		pipe_drain(fd);
	rung = hears && p[1].revents;
	if (rung)
		bell_hush(ear->bell);
	return rung;
}

void
engine_ear_metaflow(struct engine_ear *ear, struct weir_session *s, bool asked,
	const atomic_bool *stop, void (*note)(void *arg, const char *text), void *arg)
{
	/* nobody waits for it here, but what lives at the server is not seen meanwhile
	 */
	enum { METAFLOW_MS = 2000, FIRST_MS = 15000 };
	const struct weir_session_metaflow how = {
		.budget_ms = METAFLOW_MS, .first_ms = FIRST_MS, .stop = stop
	};
	struct buf notes = BUF_INIT(64 << 10);
	bool same;

	ear->metaflow = weir_session_metaflow(s, &how, &notes);
	same = strcmp(buf_cstr(&notes), ear->said ? ear->said : "") == 0;
	free(ear->said);
	ear->said = notes.len ? xstrdup(notes.s) : NULL;
	buf_truncate(&notes, strcspn(buf_cstr(&notes), "\n"));
	if ((asked || !same) && notes.len)
		note(arg, buf_cstr(&notes));
	buf_release(&notes);
}
