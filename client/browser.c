#include "weir/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir/mem.h"

enum { WORDS_MAX = 32 };

static const char *
command_of(const struct weir_config *config)
{
	const char *b = weir_config_str(config, WEIR_KEY_BROWSER);

#ifdef __APPLE__
	return b && *b ? b : "open";
#else
	return b && *b ? b : "xdg-open";
#endif
}

/* Words at blanks; %s anywhere in one is the address, else it comes last. In arena. */
static void
split(struct arena *arena, char *command, const char *address, const char **words)
{
	bool placed = false;
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(command, " \t", &save); w && n < WORDS_MAX;
		w = strtok_r(NULL, " \t", &save)) {
		char *at = strstr(w, "%s");

		if (at) {
			*at = '\0';
			w = arena_printf(arena, "%s%s%s", w, address, at + 2);
			placed = true;
		}
		words[n++] = w;
	}
	if (!placed)
		words[n++] = address;
	words[n] = NULL;
}

/* In the child. Why it failed goes through the pipe, which a start closes. */
static void
become(const char *const *words, enum weir_browser_how how, int report)
{
	int null, failed;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (how == WEIR_BROWSER_DETACH) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		for (int fd = 0; fd < 3 && null >= 0; fd++)
			dup2(null, fd);
		setsid();
	} else {
		/* what it prints is not our data */
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
	execvp(words[0], (char *const *)(uintptr_t)words);
	failed = errno;
	(void)!write(report, &failed, sizeof(failed));
	_exit(127);
}

/* Detached, there are two forks: nobody waits for it and it is no zombie. */
static void
child(const char *const *words, enum weir_browser_how how, int report)
{
	pid_t pid = how == WEIR_BROWSER_DETACH ? fork() : 0;

	if (pid == 0)
		become(words, how, report);
	_exit(pid < 0);
}

static enum weir_rc
start(const char *const *words, enum weir_browser_how how, struct weir_err *err)
{
	int fd[2], failed = 0, status = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(fd))
		return weir_fail(err, WEIR_EFAIL, "browser: %s", strerror(errno));
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid < 0)
		failed = errno;
	if (pid == 0)
		child(words, how, fd[1]);
	close(fd[1]);
	do
		got = pid > 0 ? read(fd[0], &failed, sizeof(failed)) : 0;
	while (got < 0 && errno == EINTR);
	close(fd[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (failed)
		return weir_fail(err, WEIR_EFAIL, "browser '%s': %s", words[0],
			strerror(failed));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return weir_fail(err, WEIR_EFAIL, "browser '%s': it failed", words[0]);
	return WEIR_OK;
}

enum weir_rc
weir_browser_open(const struct weir_config *config, const char *address,
	enum weir_browser_how how, struct weir_err *err)
{
	const char *command = command_of(config), *words[WORDS_MAX + 2];
	struct arena arena = { 0 };
	enum weir_rc rc;

	if (strncasecmp(address, "http://", 7) && strncasecmp(address, "https://", 8))
		return weir_fail(err, WEIR_ECONFIG,
			"'%s' is not an http:// or https:// address", address);
	split(&arena, arena_strndup(&arena, command, strlen(command)), address, words);
	rc = start(words, how, err);
	arena_free(&arena);
	return rc;
}
