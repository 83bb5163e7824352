#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/mem.h>

enum {
	SINK_CHUNK = 64 << 10, /* written at once */
	SINK_WORDS = 32,       /* of the pager's command */
};

static const char default_pager[] = "less -FRX";

static int
env_int(const char *name)
{
	const char *v = getenv(name);
	long n = v ? strtol(v, NULL, 10) : 0;

	return n > 0 && n < 10000 ? (int)n : 0;
}

void
sink_screen(int *ret_columns, int *ret_lines)
{
	struct winsize ws = { 0 };
	int columns = env_int("COLUMNS"), lines = env_int("LINES");

	if ((!columns || !lines) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0) {
		columns = columns ? columns : ws.ws_col;
		lines = lines ? lines : ws.ws_row;
	}
	*ret_columns = columns ? columns : 80;
	*ret_lines = lines ? lines : 24;
}

static const char *
pager_command(const struct ctx *ctx)
{
	const char *v = weir_config_str(ctx->config, WEIR_KEY_PAGER);

	if (!v)
		v = getenv("PAGER");
	return v ? v : default_pager;
}

void
sink_init(struct sink *s, struct ctx *ctx, bool page)
{
	int columns;

	*s = (struct sink){ .ctx = ctx, .b = BUF_INIT(BUF_MAX), .fd = -1 };
	if (!page || !ctx->tty_out)
		return;
	sink_screen(&columns, &s->height);
	s->may_page = true;
}

/* Split at blanks into words, in place; the pager gets no shell. */
static void
split(char *text, char *words[SINK_WORDS + 1])
{
	size_t n = 0;

	for (char *p = text; *p && n < SINK_WORDS;) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		words[n++] = p;
		p += strcspn(p, " \t");
		if (*p)
			*p++ = '\0';
	}
	words[n] = NULL;
}

static int
spawn(char *const words[], int input, pid_t *ret_pid)
{
	extern char **environ;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int rc;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawnattr_init(&attr);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(ret_pid, words[0], &files, &attr, words, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static void
start_pager(struct sink *s)
{
	char *text = xstrdup(pager_command(s->ctx));
	char *words[SINK_WORDS + 1];
	int fd[2], rc;

	s->may_page = false;
	split(text, words);
	if (!words[0] || strcmp(words[0], "cat") == 0 || pipe(fd))
		goto out;
	/* The pager must not hold the end that tells it of the end. */
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	/* `PAGER=less` shall pass colours and give back what fits a screen */
	setenv("LESS", "FRX", 0);
	rc = spawn(words, fd[0], &s->pager);
	close(fd[0]);
	if (rc) {
		ctx_note(s->ctx, "pager: '%s': %s", words[0], strerror(rc));
		s->pager = 0;
		close(fd[1]);
		goto out;
	}
	s->fd = fd[1];
	s->ctx->reading = false; /* the pager must be waited for */
out:
	free(text);
}

static enum weir_rc
write_pager(struct sink *s)
{
	const char *p = s->b.s;
	size_t n = s->b.len;

	while (n > 0 && !s->gone) {
		ssize_t got = write(s->fd, p, n);

		if (got >= 0) {
			p += got;
			n -= (size_t)got;
		} else if (errno == EINTR) {
			if (weir_session_interrupted(s->ctx->session))
				return weir_fail(
					s->ctx->err, WEIR_EINTR, "interrupted");
		} else {
			s->gone = true;
		}
	}
	return WEIR_OK;
}

static enum weir_rc
write_file(struct sink *s)
{
	const char *p = s->b.s;
	size_t n = s->b.len;

	while (n > 0) {
		ssize_t got = write(s->fd, p, n);

		if (got < 0 && errno != EINTR)
			return weir_fail(
				s->ctx->err, WEIR_EFAIL, "%s", strerror(errno));
		if (got < 0 && weir_session_interrupted(s->ctx->session))
			return weir_fail(s->ctx->err, WEIR_EINTR, "interrupted");
		p += got > 0 ? got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	return WEIR_OK;
}

enum weir_rc
sink_flush(struct sink *s)
{
	enum weir_rc rc = WEIR_OK;

	s->may_page = false;
	if (s->pager)
		rc = write_pager(s);
	else if (s->fd >= 0)
		rc = write_file(s);
	else if (s->b.len)
		rc = ctx_write(s->ctx, s->b.s, s->b.len);
	buf_clear(&s->b);
	s->counted = 0;
	return rc;
}

static void
count_lines(struct sink *s)
{
	const char *end = s->b.s + s->b.len;
	const char *p = s->b.s + s->counted;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		s->n_lines++;
		p++;
	}
	s->counted = s->b.len;
	if (s->n_lines >= s->height)
		start_pager(s);
}

enum weir_rc
sink_row(struct sink *s)
{
	if (s->may_page)
		count_lines(s);
	return s->b.len < SINK_CHUNK ? WEIR_OK : sink_flush(s);
}

enum weir_rc
sink_close(struct sink *s, enum weir_rc rc)
{
	if (!rc && s->may_page)
		count_lines(s);
	if (!rc || rc == WEIR_EINTR) {
		enum weir_rc wrote = sink_flush(s);

		rc = rc ? rc : wrote;
	}
	if (s->pager) {
		close(s->fd);
		while (waitpid(s->pager, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_release(&s->b);
	return rc;
}
