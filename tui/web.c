#include "web.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/config.h>
#include <weir/mem.h>
#include <weir/url.h>

#include "app.h"
#include "word.h"

enum { WORDS_MAX = 16, ADDRESS_MAX = 4096 };

static const char *
browser(const struct app *a)
{
	const char *b = weir_config_str(a->config, WEIR_KEY_BROWSER);

	if (!b || !*b)
		b = getenv("BROWSER");
	if (b && *b)
		return b;
#ifdef __APPLE__
	return "open";
#else
	return "xdg-open";
#endif
}

/* The browser's command line split at blanks; `%s` is the address, else it comes last.
 */
static size_t
split(char *command, const char *address, const char *words[WORDS_MAX + 2])
{
	size_t n = 0;
	bool placed = false;
	char *save = NULL;

	for (char *w = strtok_r(command, " \t", &save); w && n < WORDS_MAX;
		w = strtok_r(NULL, " \t", &save)) {
		words[n] = strcmp(w, "%s") == 0 ? address : w;
		placed = placed || words[n] == address;
		n++;
	}
	if (!placed)
		words[n++] = address;
	words[n] = NULL;
	return n;
}

/* In the child: nothing of the menu's terminal, nothing of its signals. */
static void
become(const char *const *words)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	setsid();
	execvp(words[0], (char *const *)words);
	_exit(127);
}

static enum weir_rc
spawn(const char *const *words, struct weir_err *err)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return weir_fail(
			err, WEIR_EFAIL, "browser '%s': %s", words[0], strerror(errno));
	/* Twice, so that nobody waits for it and it is no zombie. */
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			become(words);
		_exit(pid < 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WEIR_OK;
}

enum weir_rc
web_open(struct app *a, enum weir_kind kind, const struct weir_id *id, const char *name,
	struct buf *out, struct weir_err *err)
{
	const char *words[WORDS_MAX + 2];
	char *command;
	enum weir_rc rc;

	if (!weir_web_url(a->config, kind, id, name, out))
		return weir_fail(err, WEIR_ENOSERVER, "no server is configured");
	if (a->screen.mock)
		return WEIR_OK;
	command = xstrdup(browser(a));
	split(command, buf_cstr(out), words);
	rc = spawn(words, err);
	free(command);
	return rc;
}
