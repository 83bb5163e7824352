#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/file.h>
#include <weir/mem.h>
#include <weir/shell.h>

#include "app.h"
#include "outside.h"

enum { CHUNK = 64 << 10, COMMAND_MAX = 16 << 10 };

char *
export_path(const char *path)
{
	const char *home = getenv("HOME");

	if (path[0] == '~' && path[1] == '/' && home)
		return xasprintf("%s%s", home, path + 1);
	return xstrdup(path);
}

bool
export_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static enum weir_rc
make(struct export *e, struct weir_err *err)
{
	e->fd = mkstemp(e->temp);
	buf_init(&e->text, CHUNK * 4);
	if (e->fd >= 0) {
		fcntl(e->fd, F_SETFD, FD_CLOEXEC);
		return WEIR_OK;
	}
	(void)weir_fail(err, WEIR_EFAIL, "'%s': %s", e->path ? e->path : e->temp,
		strerror(errno));
	free(e->path);
	free(e->temp);
	*e = (struct export){ .fd = -1 };
	return WEIR_EFAIL;
}

/* Of the file that is replaced; else what the user's files get. */
static mode_t
mode_of(const char *path, bool replace)
{
	mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	return replace && stat(path, &st) == 0 ? st.st_mode & 07777 : 0666 & ~mask;
}

enum weir_rc
export_open(struct export *e, const char *path, bool replace, struct weir_err *err)
{
	mode_t mode = mode_of(path, replace);
	/* What a link leads to is replaced, not the link. */
	char *real = replace ? realpath(path, NULL) : NULL;
	enum weir_rc rc;

	*e = (struct export){ .fd = -1, .replace = replace };
	if (!replace && export_exists(path))
		return weir_fail(err, WEIR_EFAIL, "'%s' exists", path);
	e->path = real ? real : xstrdup(path);
	e->temp = xasprintf("%s.XXXXXX", e->path);
	rc = make(e, err);
	if (!rc)
		fchmod(e->fd, mode);
	return rc;
}

static enum weir_rc
open_temp(struct export *e, struct weir_err *err)
{
	const char *folder = getenv("TMPDIR");

	*e = (struct export){ .fd = -1 };
	e->temp = xasprintf("%s/weir-XXXXXX", folder && *folder ? folder : "/tmp");
	return make(e, err);
}

static void
flush(struct export *e)
{
	if (!e->failed && !weir_write_all(e->fd, buf_str(&e->text)))
		e->failed = errno;
	buf_clear(&e->text);
}

void
export_add(struct export *e, struct str text)
{
	while (text.len > 0 && !e->failed) {
		size_t n = text.len < CHUNK ? text.len : CHUNK;

		buf_add(&e->text, text.s, n);
		text.s += n;
		text.len -= n;
		if (e->text.len >= CHUNK)
			flush(e);
	}
}

enum weir_rc
export_close(struct export *e, bool keep, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	if (e->fd >= 0) {
		flush(e);
		if (close(e->fd) && !e->failed)
			e->failed = errno;
	}
	keep = keep && e->path && !e->failed;
	/* link refuses an existing name, rename does not */
	if (keep && (e->replace ? rename(e->temp, e->path) : link(e->temp, e->path)))
		e->failed = errno;
	if (e->temp && !(keep && e->replace && !e->failed))
		unlink(e->temp);
	if (e->failed)
		rc = weir_fail(err, WEIR_EFAIL, "'%s': %s", e->path ? e->path : e->temp,
			strerror(e->failed));
	buf_release(&e->text);
	free(e->path);
	free(e->temp);
	*e = (struct export){ .fd = -1 };
	return rc;
}

static const char *
command_of(const struct app *a, bool editor)
{
	const char *visual = getenv("VISUAL"), *ed = getenv("EDITOR");
	const char *pager = weir_config_str(a->config, WEIR_KEY_PAGER);

	if (!editor)
		return pager && *pager ? pager : "less";
	return visual && *visual ? visual : ed && *ed ? ed : "vi";
}

static bool
show(struct app *a, struct export *e, bool editor)
{
	struct buf command = BUF_INIT(COMMAND_MAX);
	bool ok = false;

	flush(e);
	if (!e->failed) {
		buf_addf(&command, "%s %s", command_of(a, editor), editor ? "" : "<");
		weir_shell_quote(&command, e->temp);
		ok = outside_run(a, buf_cstr(&command), false);
	}
	buf_release(&command);
	return ok;
}

void
export_out(struct app *a, bool editor, bool (*fill)(struct export *e, void *arg),
	void *arg)
{
	struct weir_err err = { 0 };
	struct export e;

	if (open_temp(&e, &err)) {
		status_say(a, true, "%s", err.text);
		return;
	}
	if (fill(&e, arg))
		show(a, &e, editor);
	if (export_close(&e, false, &err))
		status_say(a, true, "%s", err.text);
}

/* By its name: an editor may have put another file in its place. */
static bool
read_back(struct app *a, const char *path, struct buf *out)
{
	char part[4096];
	FILE *f = fopen(path, "re");
	size_t n;
	bool ok;

	while (f && !out->truncated && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	ok = f && !ferror(f);
	if (!ok)
		status_say(a, true, "'%s': %s", path, strerror(errno));
	else if (out->truncated)
		status_say(a, true, "it is over %zu bytes", out->max);
	if (f)
		fclose(f);
	return ok && !out->truncated;
}

bool
export_edit(struct app *a, struct str text, struct buf *ret_text)
{
	struct weir_err err = { 0 };
	struct export e;
	bool ok;

	if (open_temp(&e, &err)) {
		status_say(a, true, "%s", err.text);
		return false;
	}
	export_add(&e, text);
	export_add(&e, STR("\n"));
	ok = show(a, &e, true) && read_back(a, e.temp, ret_text);
	if (export_close(&e, false, &err))
		status_say(a, true, "%s", err.text);
	return ok;
}
