#include "inst_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inst_tmp.h"
#include "spawn.h"
#include "weir/mem.h"
#include "weir/text.h"

enum { LOOK_MS = 20, SAID_MAX = 600 };

char *
inst_tool_path(const char *name)
{
	const char *path = getenv("PATH"), *end;
	struct stat st;
	char *full;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
	for (path = path ? path : ""; *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":");
		full = xasprintf("%.*s/%s", (int)(end - path), path, name);
		if (end > path && access(full, X_OK) == 0 && stat(full, &st) == 0 &&
			S_ISREG(st.st_mode))
			return full;
		free(full);
	}
	return NULL;
}

char *
inst_tool_find(void)
{
	static const char *const names[] = { "micromamba", "mamba", "conda" };
	char *path = NULL;

	for (size_t i = 0; !path && i < N_ELEM(names); i++)
		path = inst_tool_path(names[i]);
	return path;
}

/* ---- running */

/* A file that is in no folder, for what the program prints. */
static int
open_output(const struct inst_site *site)
{
	char *path = inst_tmp_name(site->parent, "said");
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

/* The end of what it printed, as one line. */
static void
add_said(struct buf *out, int fd)
{
	char bytes[SAID_MAX];
	struct buf clean = BUF_INIT(BUF_MAX);
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > SAID_MAX ? size - SAID_MAX : 0;
	ssize_t n = size > 0 ? pread(fd, bytes, sizeof(bytes), from) : 0;
	struct str s = { bytes, n > 0 ? (size_t)n : 0 };

	while (s.len && (s.s[s.len - 1] == '\n' || s.s[s.len - 1] == ' '))
		s.len--;
	text_sanitize(&clean, s, 0);
	buf_adds(out, clean.len ? ": " : "");
	buf_addstr(out, buf_str(&clean));
	buf_release(&clean);
}

static ino_t
folder_of(const struct inst_site *site)
{
	struct stat st;

	return lstat(site->target, &st) ? 0 : st.st_ino;
}

/* Keep the note at what the program has made so far. */
static void
keep_note(const struct inst_tool *t, pid_t pid, ino_t *noted)
{
	ino_t now = folder_of(t->site);

	if (!now)
		inst_site_wait(t->site);
	else if (now != *noted && !inst_site_note(t->site, t->site->target, pid, NULL))
		*noted = now;
}

static enum weir_rc
wait_for(const struct inst_tool *t, pid_t pid, ino_t noted, int *ret_status,
	struct weir_err *err)
{
	static const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	pid_t done;

	for (;;) {
		done = waitpid(pid, ret_status, WNOHANG);
		keep_note(t, pid, &noted);
		if (done == pid)
			return WEIR_OK;
		if (done < 0 && errno != EINTR)
			return weir_fail(
				err, WEIR_EFAIL, "%s: %s", t->what, strerror(errno));
		if (t->stop && t->stop(t->arg)) {
			kill(-pid, SIGKILL);
			while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
				;
			return weir_fail(err, WEIR_EINTR, "interrupted");
		}
		nanosleep(&pause, NULL);
	}
}

/* Begun, with a note of it beside what it works at: who finds that note waits for it.
 */
static enum weir_rc
start(const struct inst_tool *t, const struct spawn *how, pid_t *ret_pid,
	ino_t *ret_noted, struct weir_err *err)
{
	struct spawn_held held;
	enum weir_rc rc = WEIR_OK;
	int why = spawn_hold(how, &held);

	*ret_noted = folder_of(t->site);
	if (!why) {
		rc = inst_site_note(t->site, t->site->target, held.pid, err);
		why = spawn_go(&held, !rc);
		*ret_pid = held.pid;
	}
	if (!rc && why)
		rc = weir_fail(err, WEIR_EFAIL, "%s: %s: %s", t->what, t->words[0],
			strerror(why));
	return rc;
}

enum weir_rc
inst_tool_run(const struct inst_tool *t, struct weir_err *err)
{
	struct spawn how = { .words = t->words,
		.more_env = t->more_env,
		.in = SPAWN_NOTHING,
		.group = true };
	struct buf text = BUF_INIT(BUF_MAX);
	int out = open_output(t->site), status = 0;
	enum weir_rc rc;
	ino_t noted = 0;
	pid_t pid = 0;

	if (out < 0)
		return weir_fail(err, WEIR_EFAIL, "%s: no temporary file: %s", t->what,
			strerror(errno));
	how.out = how.errors = out;
	rc = start(t, &how, &pid, &noted, err);
	if (rc)
		goto out;
	rc = wait_for(t, pid, noted, &status, err);
	if (rc || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		goto out;
	add_said(&text, out);
	if (WIFSIGNALED(status))
		rc = weir_fail(err, WEIR_EFAIL, "%s: it was ended by signal %d%s",
			t->what, WTERMSIG(status), buf_cstr(&text));
	else
		rc = weir_fail(err, WEIR_EFAIL, "%s: it failed with status %d%s",
			t->what, WEXITSTATUS(status), buf_cstr(&text));
out:
	close(out);
	buf_release(&text);
	return rc;
}

enum weir_rc
inst_tool_wheels(const struct inst_tool *t, bool uv, const char *program,
	const char *list, struct weir_err *err)
{
	const char *target = t->site->target;
	char *python = xasprintf("%s/bin/python", target);
	const char *by_uv[] = { program, "pip", "install", "--python", python,
		"--prefix", target, "--no-deps", "--no-verify-hashes", "--no-index",
		"--no-cache", "--offline", "--no-config", "--no-progress", "-r", list,
		NULL };
	const char *by_pip[] = { program, "-m", "pip", "install", "--no-deps",
		"--no-input", "--no-index", "--no-user", "--no-warn-script-location",
		"--no-cache-dir", "--root-user-action=ignore",
		"--disable-pip-version-check", "--no-compile", "-r", list, NULL };
	struct inst_tool with = *t;
	enum weir_rc rc;

	with.words = uv ? by_uv : by_pip;
	rc = inst_tool_run(&with, err);
	free(python);
	return rc;
}
