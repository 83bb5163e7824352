#include "inst_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
open_output(void)
{
	const char *dir = getenv("TMPDIR");
	char *path = xasprintf("%s/weir-XXXXXX", dir && *dir ? dir : "/tmp");
	int fd = mkstemp(path);

	if (fd >= 0) {
		unlink(path);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
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

/* Keep the note at what the program has made so far. */
static void
keep_note(const struct inst_tool *t, pid_t pid, ino_t *noted)
{
	struct stat st;

	if (!t->site || lstat(t->site->target, &st) || st.st_ino == *noted)
		return;
	*noted = st.st_ino;
	if (inst_site_note(t->site, t->site->target, pid, NULL))
		*noted = 0;
}

static enum weir_rc
wait_for(const struct inst_tool *t, pid_t pid, int *ret_status, struct weir_err *err)
{
	static const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	ino_t noted = 0;
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

enum weir_rc
inst_tool_run(const struct inst_tool *t, struct weir_err *err)
{
	struct spawn how = { .words = t->words,
		.more_env = t->more_env,
		.in = SPAWN_NOTHING,
		.group = true };
	struct buf text = BUF_INIT(BUF_MAX);
	int out = open_output(), status = 0, why;
	enum weir_rc rc;
	pid_t pid;

	if (out < 0)
		return weir_fail(err, WEIR_EFAIL, "%s: no temporary file: %s", t->what,
			strerror(errno));
	how.out = how.errors = out;
	why = spawn_start(&how, &pid);
	if (why) {
		rc = weir_fail(err, WEIR_EFAIL, "%s: %s: %s", t->what, t->words[0],
			strerror(why));
		goto out;
	}
	rc = wait_for(t, pid, &status, err);
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
