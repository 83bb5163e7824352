#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <weir/shell.h>

#include "app.h"

enum { PATH_LENGTH_MAX = 4096 };

/* ^C and ^\ are the other program's, and ^Z stops us both. */
static const int theirs[] = { SIGINT, SIGQUIT, SIGTSTP };

static void
give_signals(struct sigaction old[N_ELEM(theirs)])
{
	for (size_t i = 0; i < N_ELEM(theirs); i++) {
		struct sigaction sa = { 0 };

		sa.sa_handler = theirs[i] == SIGTSTP ? SIG_DFL : SIG_IGN;
		sigemptyset(&sa.sa_mask);
		sigaction(theirs[i], &sa, &old[i]);
	}
}

static void
take_signals(const struct sigaction old[N_ELEM(theirs)])
{
	for (size_t i = 0; i < N_ELEM(theirs); i++)
		sigaction(theirs[i], &old[i], NULL);
}

/* In the child: a script has no terminal to give. */
static void
become(bool mock, const char *shell, const char *command)
{
	int null;

	for (size_t i = 0; i < N_ELEM(theirs); i++)
		signal(theirs[i], SIG_DFL);
	if (mock) {
		null = open("/dev/null", O_RDWR);
		for (int fd = 0; null >= 0 && fd <= 2; fd++)
			dup2(null, fd);
	}
	execl(shell, shell, "-c", command, (char *)NULL);
	_exit(127);
}

/* One key, without an echo and without its signals. */
static void
await_key(void)
{
	static const char ask[] = "\n(any key goes back to weir) ";
	struct termios old, raw;
	char byte;
	ssize_t n = write(STDOUT_FILENO, ask, sizeof(ask) - 1);

	(void)n;
	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return;
	raw = old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
}

static bool
say_end(struct app *a, const char *shell, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == 127)
		status_say(a, true, "%s: could not run it", shell);
	else if (code > 0)
		status_say(a, true, "it ended with status %d", code);
	else if (code < 0)
		status_say(a, true, "it was ended by signal %d", WTERMSIG(status));
	return code == 0;
}

bool
outside_run(struct app *a, const char *command, bool wait)
{
	struct sigaction old[N_ELEM(theirs)];
	const char *shell = getenv("SHELL");
	int status = 0, why = 0;
	pid_t child;

	if (!shell || *shell != '/')
		shell = "/bin/sh";
	screen_leave(&a->screen);
	give_signals(old);
	child = fork();
	if (child == 0)
		become(a->screen.mock, shell, command);
	if (child < 0)
		why = errno;
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (wait && child > 0 && !a->screen.mock)
		await_key();
	take_signals(old);
	screen_enter(&a->screen);
	screen_measure(&a->screen);
	app_layout(a);
	if (child > 0)
		return say_end(a, shell, status);
	status_say(a, true, "%s: %s", shell, strerror(why));
	return false;
}

/* This program, as a shell reads it. */
static void
add_self(struct buf *out)
{
	char path[PATH_LENGTH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[n > 0 ? n : 0] = '\0';
	weir_shell_quote(out, n > 0 ? path : "weir");
}

void
outside_command(
	const struct app *a, const char *command, const char *options, struct buf *out)
{
	const char *rest = command + strlen("weir ");
	size_t n = strcspn(rest, " ");

	add_self(out);
	buf_addf(out, " %.*s", (int)n, rest);
	if (strcmp(weir_config_origin(a->config, WEIR_KEY_PROFILE), "--profile") == 0) {
		buf_adds(out, " --profile ");
		weir_shell_quote(out, weir_config_str(a->config, WEIR_KEY_PROFILE));
	}
	if (a->utc)
		buf_adds(out, " --utc");
	buf_addf(out, " %s%s", options, rest + n);
}
