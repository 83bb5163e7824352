#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include <weir/buf.h>
#include <weir/mem.h>
#include <weir/time.h>

/* Clicks and the wheel, with places of any size. */
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define FOCUS_ON "\033[?1004h"
#define FOCUS_OFF "\033[?1004l"
#define FRAME_BEGIN "\033[?2026h"
#define FRAME_END "\033[?2026l"
#define FRAME_ASK "\033[?2026$p"

enum { COPY_MAX = 64 << 10, RESTORE_MAX = 256 };
/* Who leaves so soon waits so long for an answer that the shell must not read. */
enum { SOON_US = 1000000, ANSWER_MS = 300 };

/*
 * What signal handlers need, and nothing else: the pipe, and the bytes and settings
 * that give the terminal back when there is no time for ncurses.
 */
static struct {
	volatile sig_atomic_t pipe, armed;
	char restore[RESTORE_MAX];
	volatile sig_atomic_t n_restore;
	struct termios shell;
} handler = { .pipe = -1 };

static const int told[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT };
static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void
on_signal(int sig)
{
	int saved = errno;
	char byte = (char)sig;
	ssize_t n = write(handler.pipe, &byte, 1);

	(void)n;
	errno = saved;
}

static void
on_crash(int sig)
{
	if (handler.armed) {
		ssize_t n = write(
			STDOUT_FILENO, handler.restore, (size_t)handler.n_restore);

		(void)n;
		tcsetattr(STDIN_FILENO, TCSANOW, &handler.shell);
	}
	raise(sig); /* the default action: SA_RESETHAND */
}

static void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction crash = { .sa_handler = on_crash,
		.sa_flags = SA_RESETHAND | SA_NODEFER };

	sigemptyset(&sa.sa_mask);
	sigemptyset(&crash.sa_mask);
	for (size_t i = 0; i < N_ELEM(told); i++)
		sigaction(told[i], &sa, NULL);
	for (size_t i = 0; i < N_ELEM(fatal); i++)
		sigaction(fatal[i], &crash, NULL);
}

static void
release_signals(void)
{
	for (size_t i = 0; i < N_ELEM(told); i++)
		signal(told[i], SIG_DFL);
	for (size_t i = 0; i < N_ELEM(fatal); i++)
		signal(fatal[i], SIG_DFL);
}

static void
restore_add(struct buf *b, const char *capability)
{
	const char *s = tigetstr((char *)capability);

	if (s && s != (char *)-1)
		buf_adds(b, s);
}

/* What undoes our set-up, for the crash handler. */
static void
arm(const struct screen *s)
{
	struct buf b = BUF_INIT(RESTORE_MAX);

	buf_adds(&b, "\033[?2004l");
	buf_adds(&b, MOUSE_OFF);
	if (s->modern)
		buf_adds(&b, FRAME_END FOCUS_OFF);
	restore_add(&b, "sgr0");
	restore_add(&b, "cnorm");
	restore_add(&b, "rmkx");
	if (!s->plain)
		restore_add(&b, "rmcup");
	if (!b.truncated) {
		memcpy(handler.restore, buf_cstr(&b), b.len);
		handler.n_restore = (sig_atomic_t)b.len;
		handler.armed = 1;
	}
	buf_release(&b);
}

static bool
has(const char *capability)
{
	const char *s = tigetstr((char *)capability);

	return s && s != (char *)-1;
}

static void
emit(const char *capability)
{
	const char *s = tigetstr((char *)capability);

	if (s && s != (char *)-1)
		putp(s);
}

static void
say(const struct screen *s, const char *bytes)
{
	if (!s->mock) {
		fputs(bytes, stdout);
		fflush(stdout);
	}
}

static enum weir_rc
open_mock(struct screen *s, struct weir_err *err)
{
	s->in = fopen("/dev/null", "r");
	s->out = fopen("/dev/null", "w");
	if (!s->in || !s->out)
		return weir_fail(err, WEIR_EFAIL, "/dev/null: %s", strerror(errno));
	s->term = newterm("xterm-256color", s->out, s->in);
	if (!s->term)
		s->term = newterm("vt100", s->out, s->in);
	if (!s->term)
		return weir_fail(err, WEIR_EFAIL,
			"script: the terminal description of xterm-256color is "
			"missing");
	s->rows = 24;
	s->cols = 80;
	resizeterm(s->rows, s->cols);
	return WEIR_OK;
}

static void
no_echo(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t) < 0)
		return;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

/*
 * The terminal without its alternate screen. newterm and endwin ask for that, so what
 * they write first goes nowhere; then the same descriptor becomes the real one, and
 * endwin is called no more.
 */
static void
open_plain(struct screen *s)
{
	int fd;

	s->out = fopen("/dev/null", "w");
	if (!s->out)
		return;
	s->term = newterm(NULL, s->out, stdin);
	if (!s->term)
		return;
	endwin();
	refresh();
	fd = fileno(s->out);
	dup2(STDOUT_FILENO, fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	def_shell_mode();
	no_echo(); /* newterm did that to the null device */
	def_prog_mode();
	getmaxyx(stdscr, s->rows, s->cols);
	screen_measure(s);
}

static void
open_real(struct screen *s)
{
	s->term = newterm(NULL, stdout, stdin);
	if (!s->term)
		return;
	/* Until it was left once, ncurses writes out at each move of the cursor: a
	 * hundred small writes a frame. */
	endwin();
	refresh();
	typeahead(-1); /* what was typed is read before a frame, not asked for in it */
	getmaxyx(stdscr, s->rows, s->cols);
}

/* Below what is shown. */
static void
leave_plain(struct screen *s)
{
	const char *cup = tigetstr((char *)"cup");

	if (cup && cup != (char *)-1)
		putp(tparm((char *)cup, s->rows - 1, 0, 0, 0, 0, 0, 0, 0, 0));
	emit("sgr0");
	emit("el");
	emit("cnorm");
	reset_shell_mode();
}

static void
enter_modes(struct screen *s)
{
	raw();
	noecho();
	nonl();
	if (s->mock)
		return;
	emit("smkx");
	say(s, s->modern ? "\033[?2004h" FOCUS_ON : "\033[?2004h");
	if (s->mouse)
		say(s, MOUSE_ON);
}

/* Does it use the alternate screen as xterm does? It then takes private modes too. */
static void
recognise(struct screen *s)
{
	const char *smcup = tigetstr((char *)"smcup");
	const char *sync = tigetstr((char *)"Sync");

	s->modern = smcup && smcup != (char *)-1 && strstr(smcup, "\033[?1049h");
	s->sync = s->modern && sync && sync != (char *)-1 && strstr(sync, "[?2026");
}

static void
ask(struct screen *s)
{
	if (s->mock || !s->modern || s->sync)
		return;
	say(s, FRAME_ASK);
	s->asked_us = weir_monotonic_us();
}

void
screen_synced(struct screen *s, bool can)
{
	s->asked_us = 0;
	s->sync = can && s->modern;
}

void
screen_begin_frame(const struct screen *s)
{
	if (s->sync)
		say(s, FRAME_BEGIN);
}

void
screen_end_frame(const struct screen *s)
{
	if (s->sync)
		say(s, FRAME_END);
}

/* The answer that is still on its way would be typed into the shell. */
static void
drop_answer(struct screen *s)
{
	struct pollfd tty = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[256];
	ssize_t n = 1;

	if (!s->asked_us || weir_monotonic_us() - s->asked_us > SOON_US)
		return;
	while (n > 0 && poll(&tty, 1, ANSWER_MS) > 0 && (tty.revents & POLLIN)) {
		n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n > 0 && memchr(bytes, 'y', (size_t)n))
			break;
	}
	s->asked_us = 0;
}

static enum weir_rc
open_pipe(struct screen *s, struct weir_err *err)
{
	int fds[2];

	if (pipe(fds) < 0)
		return weir_fail(err, WEIR_EFAIL, "pipe: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	}
	s->signal_fd = fds[0];
	handler.pipe = fds[1];
	return WEIR_OK;
}

enum weir_rc
screen_open(struct screen *s, bool mock, bool plain, struct weir_err *err)
{
	const char *name = getenv("TERM");
	enum weir_rc rc;

	*s = (struct screen){ .mock = mock, .plain = plain, .signal_fd = -1 };
	rc = open_pipe(s, err);
	if (rc)
		return rc;
	if (mock) {
		rc = open_mock(s, err);
		if (rc)
			goto out;
	} else {
		tcgetattr(STDIN_FILENO, &handler.shell);
		if (plain)
			open_plain(s);
		else
			open_real(s);
		if (!s->term) {
			rc = weir_fail(err, WEIR_EFAIL, "terminal '%s': not known here",
				name ? name : "");
			weir_hint(err, "TERM=vt100 weir, or weir runs --no-menu");
			goto out;
		}
		recognise(s);
		arm(s);
		catch_signals();
	}
	s->open = true;
	enter_modes(s);
	ask(s);
out:
	if (rc) {
		s->open = true;
		screen_close(s);
	}
	return rc;
}

void
screen_leave(struct screen *s)
{
	if (s->mock || !s->term)
		return;
	drop_answer(s);
	say(s, s->modern ? FRAME_END FOCUS_OFF "\033[?2004l" : "\033[?2004l");
	if (s->mouse)
		say(s, MOUSE_OFF);
	if (s->plain)
		leave_plain(s);
	else
		endwin();
	if (!s->plain && !has("rmcup"))
		emit("el"); /* the shell goes on in the last line */
	emit("rmkx");
	fflush(stdout);
}

void
screen_enter(struct screen *s)
{
	if (s->mock || !s->term)
		return;
	reset_prog_mode();
	enter_modes(s);
	clearok(curscr, TRUE);
}

void
screen_close(struct screen *s)
{
	if (!s->open)
		return;
	s->open = false;
	if (s->term) {
		screen_leave(s);
		handler.armed = 0;
		if (!s->mock)
			release_signals();
		delscreen(s->term);
	}
	if (s->in)
		fclose(s->in);
	if (s->out)
		fclose(s->out);
	close(s->signal_fd);
	close(handler.pipe);
	handler.pipe = -1;
	*s = (struct screen){ .signal_fd = -1 };
}

void
screen_resize(struct screen *s, int cols, int rows)
{
	s->cols = cols;
	s->rows = rows;
	resizeterm(rows, cols);
}

bool
screen_measure(struct screen *s)
{
	struct winsize size = { 0 };

	if (s->mock || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
		size.ws_row == 0 || size.ws_col == 0)
		return false;
	if (size.ws_row == s->rows && size.ws_col == s->cols)
		return false;
	screen_resize(s, size.ws_col, size.ws_row);
	return true;
}

void
screen_suspend(struct screen *s)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (s->mock)
		return;
	screen_leave(s);
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTSTP, &sa, NULL);
	screen_enter(s);
}

void
screen_mouse(struct screen *s)
{
	s->mouse = true;
	say(s, MOUSE_ON);
}

int
screen_signal(struct screen *s)
{
	char byte;

	return read(s->signal_fd, &byte, 1) == 1 ? byte : 0;
}

static void
base64(struct buf *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16;

		if (i + 1 < n)
			v |= (unsigned)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		buf_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
}

bool
screen_copy(struct screen *s, const char *text)
{
	struct buf b = BUF_INIT(COPY_MAX * 2);
	size_t n = strlen(text);

	if (n > COPY_MAX)
		return false;
	buf_adds(&b, "\033]52;c;");
	base64(&b, (const unsigned char *)text, n);
	buf_adds(&b, "\a");
	say(s, buf_cstr(&b));
	buf_release(&b);
	return true;
}
