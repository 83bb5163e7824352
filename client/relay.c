#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "plat.h"
#include "weir/time.h"

enum { FULL_WAIT_MS = 200, FULL_TRIES = 50 };

static volatile sig_atomic_t relay_ended;

static void
on_term(int sig)
{
	(void)sig;
	relay_ended = 1;
}

/* ---- one pipe */

/* What a task says at its end. */
static void
look(struct relay *r, struct str text)
{
	while (text.len) {
		const char *eol = memchr(text.s, '\n', text.len);
		struct str line = { text.s, eol ? (size_t)(eol - text.s) : text.len };

		if (line.len && spool_level(line) >= 40)
			spool_remember(r->error, line);
		if (line.len)
			spool_remember(r->last, line);
		text.s += line.len + (eol != NULL);
		text.len -= line.len + (eol != NULL);
	}
}

/* A full disk may have room again soon; meanwhile the command waits. */
static void
append(struct relay *r, size_t n)
{
	int tries = 0;

	r->frame.us = weir_now_us();
	r->frame.len = n;
	if (r->frame.from == SPOOL_TASK)
		look(r, (struct str){ r->text + r->at, n });
	while (!r->full && !spool_append(r->spool, &r->frame, r->text + r->at)) {
		if (tries++ == FULL_TRIES || (errno != ENOSPC && errno != EDQUOT))
			r->full = true;
		else
			poll(NULL, 0, FULL_WAIT_MS);
	}
	r->at += n;
}

/* Whole lines, so many as a frame may have; 0: there is none. */
static size_t
lines_of(const struct relay *r)
{
	struct str rest = { r->text + r->at, r->len - r->at };
	size_t end = rest.len;

	while (end > 0 && rest.s[end - 1] != '\n')
		end--;
	if (spool_lines((struct str){ rest.s, end }) <= SPOOL_FRAME_LINES)
		return end;
	end = 0;
	for (int n = 0; n < SPOOL_FRAME_LINES; n++) {
		const char *eol = memchr(rest.s + end, '\n', rest.len - end);

		end = (size_t)(eol + 1 - rest.s);
	}
	return end;
}

/* How much of a text without an end of line is no half character. */
static size_t
whole_characters(const struct relay *r)
{
	const unsigned char *p = (const void *)r->text;
	size_t n = r->len, back = 0;

	while (back < 3 && back + 1 < n && (p[n - back - 1] & 0xc0) == 0x80)
		back++;
	return (p[n - back - 1] & 0xc0) == 0xc0 && n - back > 1 ? n - back - 1 : n;
}

static void
emit(struct relay *r, bool all)
{
	size_t n;

	while ((n = lines_of(r)) > 0)
		append(r, n);
	if (r->at == 0 && r->len == sizeof(r->text))
		append(r, whole_characters(r));
	else if (all && r->len > r->at)
		append(r, r->len - r->at);
	memmove(r->text, r->text + r->at, r->len - r->at);
	r->len -= r->at;
	r->at = 0;
}

void
relay_take(struct relay *r)
{
	ssize_t n = read(r->fd, r->text + r->len, sizeof(r->text) - r->len);

	if (n > 0) {
		r->len += (size_t)n;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(r->fd);
		r->fd = -1;
	}
	emit(r, r->fd < 0);
}

void
relay_finish(struct relay *r)
{
	emit(r, true);
}

/* ---- the process */

static void
set_up(int out, int err, int spool)
{
	struct sigaction sa = { .sa_handler = on_term };
	sigset_t none;

	dup2(out, 0);
	dup2(err, 1);
	dup2(spool, 2);
	/* the worker's locks must not stay held */
	plat_close_above(2);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL); /* EFBIG then */
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
listen_to(struct relay *in)
{
	struct pollfd fds[2];

	while (!in[0].full && !in[1].full && (in[0].fd >= 0 || in[1].fd >= 0)) {
		for (int i = 0; i < 2; i++)
			fds[i] = (struct pollfd){ .fd = in[i].fd, .events = POLLIN };
		/* told to end: only what is there by now */
		if (poll(fds, 2, relay_ended ? 0 : -1) == 0)
			return;
		for (int i = 0; i < 2; i++)
			if (in[i].fd >= 0 && fds[i].revents)
				relay_take(&in[i]);
	}
}

int
relay_run(int out, int err, int spool)
{
	struct relay *in = xcalloc(2, sizeof(*in));
	int rc;

	set_up(out, err, spool);
	for (int i = 0; i < 2; i++) {
		in[i].fd = i;
		in[i].spool = 2;
		in[i].frame.from = i ? SPOOL_ERR : SPOOL_OUT;
	}
	listen_to(in);
	relay_finish(&in[0]);
	relay_finish(&in[1]);
	rc = in[0].full || in[1].full ? RELAY_NO_SPACE : 0;
	free(in);
	return rc;
}
