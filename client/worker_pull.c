/* The pull steps of a deployment, as far as they need no Python. */
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "template.h"
#include "weir/text.h"
#include "weir/time.h"
#include "worker.h"
#include "worker_env.h"

/* A process: words, and what is added to its environment. */
struct pull {
	VEC(char *) words;
	json_t *env;
	char *dir;  /* where */
	char *made; /* the folder that is there afterwards; NULL: none */
};

typedef enum weir_rc pull_fn(struct worker_run *r, const json_t *arguments,
	struct pull *p, struct weir_err *err);

static void
add_word(struct pull *p, const char *word)
{
	if (p->words.n)
		p->words.n--;
	VEC_PUSH(&p->words, xstrdup(word));
	VEC_PUSH(&p->words, NULL);
}

static void
release(struct pull *p)
{
	for (size_t i = 0; i + 1 < p->words.n; i++)
		free(p->words.v[i]);
	VEC_FREE(&p->words);
	json_decref(p->env);
	free(p->dir);
	free(p->made);
}

static const char *
text_of(const json_t *arguments, const char *name)
{
	const char *s = json_string_value(json_object_get(arguments, name));

	return s && *s ? s : NULL;
}

/* In the folder where the last step left off. */
static char *
path_in(const struct worker_run *r, const char *path)
{
	return *path == '/' ? xstrdup(path) : xasprintf("%s/%s", r->cwd, path);
}

/* ---- git_clone */

static void
add_base64(struct buf *out, struct str in)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const void *)in.s;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		unsigned long v = (unsigned long)p[i] << 16;

		v |= left > 1 ? (unsigned long)p[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned long)p[i + 2] : 0;
		buf_addc(out, digits[v >> 18 & 63]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[v & 63] : '=');
	}
}

/* In the environment, where other users do not see it; for the server of url only. */
static void
add_credentials(struct pull *p, const char *url, const json_t *arguments)
{
	const json_t *own = json_object_get(arguments, "credentials");
	const char *token = text_of(arguments, "access_token");
	const char *user = text_of(own, "username");
	struct buf pair = BUF_INIT(16 << 10), key = BUF_INIT(8192);
	struct buf value = BUF_INIT(32 << 10);
	const char *host = strstr(url, "://");

	if (!token)
		token = text_of(own, "token");
	if (!token)
		token = text_of(own, "password");
	if (token && host) {
		host += 3;
		host += strcspn(host, "/");
		buf_addf(&key, "http.%.*s/.extraHeader", (int)(host - url), url);
		buf_addf(&pair, "%s:%s", user ? user : "x-access-token", token);
		buf_adds(&value, "Authorization: Basic ");
		add_base64(&value, buf_str(&pair));
		json_object_set_new(p->env, "GIT_CONFIG_COUNT", json_string("1"));
		json_object_set_new(
			p->env, "GIT_CONFIG_KEY_0", json_string(buf_cstr(&key)));
		json_object_set_new(
			p->env, "GIT_CONFIG_VALUE_0", json_string(buf_cstr(&value)));
	}
	json_object_set_new(p->env, "GIT_TERMINAL_PROMPT", json_string("0"));
	explicit_bzero(value.s ? value.s : (char[1]){ 0 }, value.len);
	explicit_bzero(pair.s ? pair.s : (char[1]){ 0 }, pair.len);
	buf_release(&pair);
	buf_release(&key);
	buf_release(&value);
}

/* `https://host/a/b.git` is cloned into `b`, `b-main` of a branch, as Prefect does. */
static char *
clone_name(const char *url, const char *branch)
{
	size_t end = strlen(url), from;
	char *name;

	while (end && url[end - 1] == '/')
		end--;
	if (end > 4 && strncmp(url + end - 4, ".git", 4) == 0)
		end -= 4;
	for (from = end; from && !strchr("/:", url[from - 1]);)
		from--;
	name = branch ? xasprintf("%.*s-%s", (int)(end - from), url + from, branch)
		      : xstrndup(url + from, end - from);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	return name;
}

static enum weir_rc
git_clone(struct worker_run *r, const json_t *arguments, struct pull *p,
	struct weir_err *err)
{
	static const char script[] =
		"set -e; d=$1 c=$2; shift 2; git clone \"$@\" \"$d\"; "
		"[ -z \"$c\" ] || { cd \"$d\"; git fetch --depth 1 origin \"$c\"; "
		"git checkout --detach \"$c\"; }";
	const char *url = text_of(arguments, "repository");
	const char *branch = text_of(arguments, "branch");
	const char *commit = text_of(arguments, "commit_sha");
	const char *name = text_of(arguments, "clone_directory_name");
	char *guessed;

	if (!url)
		return weir_fail(err, WEIR_EUSAGE, "no repository is said");
	if (*url == '-' || (branch && *branch == '-') || (commit && *commit == '-'))
		return weir_fail(err, WEIR_EUSAGE, "a name that begins with a dash");
	guessed = name ? xstrdup(name) : clone_name(url, branch);
	p->made = path_in(r, guessed);
	free(guessed);
	for (size_t i = 0; i < 4; i++)
		add_word(
			p, (const char *[]){ "/bin/sh", "-c", script, "git_clone" }[i]);
	add_word(p, p->made);
	add_word(p, commit ? commit : "");
	if (!commit) {
		add_word(p, "--depth");
		add_word(p, "1");
	}
	if (branch) {
		add_word(p, "--branch");
		add_word(p, branch);
	}
	if (json_is_true(json_object_get(arguments, "include_submodules")))
		add_word(p, "--recurse-submodules");
	add_word(p, "--");
	add_word(p, url);
	add_credentials(p, url, arguments);
	return WEIR_OK;
}

/* ---- the others */

static enum weir_rc
set_directory(struct worker_run *r, const json_t *arguments, struct pull *p,
	struct weir_err *err)
{
	const char *dir = text_of(arguments, "directory");

	if (!dir)
		return weir_fail(err, WEIR_EUSAGE, "no directory is said");
	p->made = path_in(r, dir);
	return access(p->made, X_OK) == 0
		       ? WEIR_OK
		       : weir_fail(err, WEIR_ENOTFOUND, "%.300s: no such directory",
				 p->made);
}

static enum weir_rc
shell_script(struct worker_run *r, const json_t *arguments, struct pull *p,
	struct weir_err *err)
{
	const char *script = text_of(arguments, "script");
	const char *dir = text_of(arguments, "directory");
	json_t *env = json_object_get(arguments, "env");

	if (!script)
		return weir_fail(err, WEIR_EUSAGE, "no script is said");
	if (dir)
		p->dir = path_in(r, dir);
	add_word(p, "/bin/sh");
	add_word(p, "-ec");
	add_word(p, script);
	if (json_is_object(env))
		json_object_update(p->env, env);
	return WEIR_OK;
}

static const struct {
	const char *name;
	pull_fn *fn;
} steps[] = {
	{ "git_clone", git_clone },
	{ "git_clone_project", git_clone },
	{ "set_working_directory", set_directory },
	{ "run_shell_script", shell_script },
};

static pull_fn *
find_step(const char *name)
{
	const char *last = strrchr(name, '.');

	if (strncmp(name, "prefect.", 8) != 0 || !last)
		return NULL;
	for (size_t i = 0; i < N_ELEM(steps); i++)
		if (strcmp(steps[i].name, last + 1) == 0)
			return steps[i].fn;
	return NULL;
}

/* ---- one after the other */

static void
fail_step(struct worker_run *r, const char *name, struct weir_err *err)
{
	const char *last = strrchr(name, '.');

	(void)weir_prefix(err, "pull step %.100s", last ? last + 1 : name);
	worker_run_fail(r, err);
}

static enum template_found
look_output(void *arg, struct str name, json_t **ret_value)
{
	const json_t *value = template_member(arg, name);

	if (!value)
		return TEMPLATE_KEEP;
	*ret_value = json_incref((json_t *)(uintptr_t)value);
	return TEMPLATE_VALUE;
}

static void
step_done(struct worker_run *r, const json_t *arguments, const char *made)
{
	const char *id = text_of(arguments, "id");

	if (made) {
		free(r->cwd);
		r->cwd = xstrdup(made);
		if (id)
			json_object_set_new(
				r->outputs, id, json_pack("{s:s}", "directory", made));
	}
	r->pulled++;
}

/* The environment of the job, and the step's own. */
static enum weir_rc
run_step(struct worker_run *r, struct pull *p, struct weir_err *err)
{
	struct buf warnings = BUF_INIT(16 << 10);
	json_t *env = json_is_object(r->job.env)
			      ? json_copy((json_t *)(uintptr_t)r->job.env)
			      : json_object();
	struct worker_env e = { .config = weir_session_config(r->w->session),
		.job = env,
		.parameters = json_object_get(r->doc, "parameters"),
		.run = r->id };
	char **full;
	enum weir_rc rc;

	json_object_update(env, p->env);
	full = worker_env_make(&e, &warnings);
	rc = worker_start_process(r, p->words.v, full, p->dir ? p->dir : r->cwd, err);
	worker_env_free(full);
	json_decref(env);
	buf_release(&warnings);
	return rc;
}

static void
begin_step(struct worker_run *r, const char *name, const json_t *arguments)
{
	pull_fn *fn = find_step(name);
	struct pull p = { .env = json_object() };
	struct weir_err err = { 0 };
	enum weir_rc rc;

	if (!fn)
		rc = weir_fail(&err, WEIR_EUSAGE,
			"weir runs git_clone, set_working_directory and "
			"run_shell_script only");
	else
		rc = fn(r, arguments, &p, &err);
	if (!rc && p.words.n) {
		r->pulling = true;
		spool_note(&r->spool, 20, weir_now_us(), "pull step %s",
			strrchr(name, '.') + 1);
		rc = run_step(r, &p, &err);
	}
	if (rc) {
		r->pulling = false;
		fail_step(r, name, &err);
	} else {
		step_done(r, arguments, p.made);
		if (!r->pulling)
			worker_pull_next(r);
	}
	release(&p);
}

/* Where the command runs unless told: a folder of its own. */
static void
set_cwd(struct worker_run *r)
{
	if (r->cwd)
		return;
	r->cwd = xasprintf("%s/work", r->dir);
	(void)!mkdir(r->cwd, 0700);
}

void
worker_pull_next(struct worker_run *r)
{
	json_t *step = json_array_get(r->pull, r->pulled), *filled;
	void *first = step ? json_object_iter(step) : NULL;
	struct weir_err err = { 0 };

	set_cwd(r);
	if (r->stop) {
		worker_result(r);
	} else if (!step) {
		worker_start(r);
	} else if (!first || r->pulled == WORKER_STEPS_MAX) {
		(void)weir_fail(&err, WEIR_EUSAGE, "pull steps: number %zu is none",
			r->pulled + 1);
		worker_run_fail(r, &err);
	} else {
		filled = template_walk(
			json_object_iter_value(first), look_output, r->outputs);
		begin_step(r, json_object_iter_key(first), filled);
		json_decref(filled);
	}
}

void
worker_pull_ended(struct worker_run *r)
{
	const json_t *step = json_array_get(r->pull, r->pulled - 1);
	const char *name =
		json_object_iter_key(json_object_iter((json_t *)(uintptr_t)step));
	int status = r->child.status;
	struct weir_err err = { 0 };

	r->pulling = r->reaped = false;
	if (r->stop) {
		r->step = WORKER_FLUSHES;
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		worker_pull_next(r);
		return;
	}
	if (WIFSIGNALED(status))
		(void)weir_fail(
			&err, WEIR_EFAIL, "killed by signal %d", WTERMSIG(status));
	else
		(void)weir_fail(
			&err, WEIR_EFAIL, "exited with %d", WEXITSTATUS(status));
	fail_step(r, name, &err);
}
