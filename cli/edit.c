#include "edit.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/json.h>
#include <weir/mem.h>

static const char note[] = "// ";

struct edit {
	struct ctx *ctx;
	const char *what;
	const struct weir_schema *schema;
	char *path;
	struct buf text;   /* as saved, without our lines on top */
	struct buf faults; /* a line each */
};

static bool
fault(void *arg, const char *path, const char *text)
{
	struct edit *e = arg;

	buf_addf(&e->faults, "%s%s: %s\n", note, *path ? path : e->what, text);
	return true;
}

static void
add_fault(void *arg, const char *path, const char *text)
{
	(void)fault(arg, path, text);
}

/* Compact JSON over lines, two blanks a level. */
static void
pretty(struct str json, struct buf *out)
{
	bool in = false;
	size_t depth = 0;

	for (size_t i = 0; i < json.len; i++) {
		char c = json.s[i];
		bool empty = i + 1 < json.len && strchr("]}", json.s[i + 1]);

		if (!in && (c == '}' || c == ']') && json.s[i - 1] != '{' &&
			json.s[i - 1] != '[') {
			buf_addc(out, '\n');
			buf_addn(out, ' ', 2 * depth - 2);
		}
		if (!in && (c == '}' || c == ']'))
			depth--;
		buf_addc(out, c);
		if (c == '"' || (in && c == '\\')) {
			if (c == '"')
				in = !in;
			else if (++i < json.len)
				buf_addc(out, json.s[i]);
		} else if (!in && c == ':') {
			buf_addc(out, ' ');
		} else if (!in && (c == '{' || c == '[' || c == ',')) {
			depth += c != ',';
			if (c == ',' || !empty) {
				buf_addc(out, '\n');
				buf_addn(out, ' ', 2 * depth);
			}
		}
	}
	buf_addc(out, '\n');
}

static enum weir_rc
failed(struct edit *e)
{
	return weir_fail(e->ctx->err, WEIR_EFAIL, "%s: --edit: %s: %s",
		e->ctx->cmd->name, e->path, strerror(errno));
}

static enum weir_rc
write_file(struct edit *e)
{
	FILE *f = fopen(e->path, "we");
	bool good;

	if (!f)
		return failed(e);
	good = fprintf(f, "%sparameters of %s; saved empty: nothing is done\n%s", note,
		       e->what, buf_cstr(&e->faults)) > 0;
	good = fputs(buf_cstr(&e->text), f) >= 0 && good;
	good = fclose(f) == 0 && good;
	return good ? WEIR_OK : failed(e);
}

/* Lines of ours on top are left out. */
static enum weir_rc
read_file(struct edit *e)
{
	FILE *f = fopen(e->path, "re");
	struct buf all = BUF_INIT(2 * WEIR_PARAMS_MAX);
	char part[4096];
	const char *p;
	size_t n;

	if (!f)
		return failed(e);
	while (!all.truncated && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&all, part, n);
	fclose(f);
	p = buf_cstr(&all);
	while (!strncmp(p, "//", 2)) {
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	buf_clear(&e->text);
	buf_adds(&e->text, p);
	buf_release(&all);
	return WEIR_OK;
}

static enum weir_rc
run_editor(struct edit *e)
{
	const char *editor = getenv("VISUAL");
	char *command;
	pid_t pid;
	int status;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	if ((!editor || !*editor) && !(e->ctx->tty_in && e->ctx->tty_out)) {
		(void)weir_fail(e->ctx->err, WEIR_EUSAGE,
			"%s: --edit: no terminal to edit on", e->ctx->cmd->name);
		return weir_hint(e->ctx->err, "-p NAME=VALUE, or set EDITOR");
	}
	if (!editor || !*editor)
		editor = "vi";
	command = xasprintf("%s \"$1\"", editor);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, "sh", e->path, (char *)NULL);
		_exit(127);
	}
	free(command);
	if (pid < 0)
		return failed(e);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failed(e);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return WEIR_OK;
	return weir_fail(e->ctx->err, WEIR_EFAIL,
		"%s: --edit: '%s' did not end well: nothing was done",
		e->ctx->cmd->name, editor);
}

/* What is wrong with the text, into faults. */
static void
check(struct edit *e)
{
	struct weir_json *j = NULL;
	struct weir_err err = { 0 };

	buf_clear(&e->faults);
	if (weir_json_parse(buf_str(&e->text), &j, &err))
		(void)fault(e, "not JSON", err.text);
	else if (weir_json_type(j) != WEIR_JSON_OBJECT)
		(void)fault(e, "not parameters", "a JSON object is needed");
	else if (e->schema)
		weir_params_check(e->schema, j, add_fault, e);
	weir_json_free(j);
}

static bool
is_empty(const struct buf *b)
{
	return b->len == strspn(buf_cstr(b), " \t\r\n");
}

static enum weir_rc
edit_once(struct edit *e, bool again)
{
	char *before = xstrdup(buf_cstr(&e->text));
	enum weir_rc rc = write_file(e);

	if (!rc)
		rc = run_editor(e);
	if (!rc)
		rc = read_file(e);
	if (!rc && is_empty(&e->text))
		rc = weir_fail(e->ctx->err, WEIR_EFAIL, "%s: --edit: nothing was done",
			e->ctx->cmd->name);
	if (!rc && again && !strcmp(before, buf_cstr(&e->text)))
		rc = weir_fail(e->ctx->err, WEIR_EREFUSED, "%s: --edit: not sent: %.*s",
			e->ctx->cmd->name,
			(int)strcspn(buf_cstr(&e->faults) + sizeof(note) - 1, "\n"),
			buf_cstr(&e->faults) + sizeof(note) - 1);
	if (!rc)
		check(e);
	free(before);
	return rc;
}

enum weir_rc
edit_parameters(struct ctx *ctx, const char *what, const struct weir_schema *s,
	struct str json, struct buf *out)
{
	struct edit e = { .ctx = ctx, .what = what, .schema = s };
	const char *tmp = getenv("TMPDIR");
	bool again = false;
	enum weir_rc rc;
	int fd;

	buf_init(&e.text, 2 * WEIR_PARAMS_MAX);
	buf_init(&e.faults, WEIR_PARAMS_MAX);
	e.path = xasprintf("%s/weir-XXXXXX.json", tmp && *tmp ? tmp : "/tmp");
	fd = mkstemps(e.path, 5);
	rc = fd < 0 ? failed(&e) : WEIR_OK;
	if (fd >= 0)
		close(fd);
	pretty(json, &e.text);
	do {
		if (!rc)
			rc = edit_once(&e, again);
		again = true;
	} while (!rc && e.faults.len);
	if (!rc)
		buf_addstr(out, buf_str(&e.text));
	if (fd >= 0)
		unlink(e.path);
	buf_release(&e.text);
	buf_release(&e.faults);
	free(e.path);
	return rc;
}
