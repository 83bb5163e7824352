/* An environment made: the locks, the packages, the folder, the marker. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inst_file.h"
#include "inst_full.h"
#include "inst_gather.h"
#include "inst_link.h"
#include "inst_lock.h"
#include "inst_name.h"
#include "inst_site.h"
#include "inst_tmp.h"
#include "inst_tool.h"
#include "inst_tree.h"
#include "inst_wheel.h"
#include "weir/inst.h"

static const char env_lock[] = "mf_env-creation.lock";
static const char package_lock[] = "mf_pkgs-update.lock";

struct maker {
	const struct weir_inst *w;
	struct inst_site site;
	struct inst_gather got;
	struct inst_unit *units; /* of conda packages, borrowed from got */
	size_t n_units;
	struct inst_plan plan;
	char *tool;  /* NULL: our own */
	char *aside; /* what was at the target before, until the marker is written */
	const char *home;
	struct weir_inst_result result;
	struct weir_err *err;
};

static void
tell(struct maker *m, enum weir_inst_step step, const char *what, int64_t done,
	int64_t of)
{
	struct weir_inst_event e = { step, what, done, of };

	if (m->w->tell)
		m->w->tell(m->w->arg, &e);
}

static void
on_wait(void *arg, const char *text)
{
	tell(arg, WEIR_INST_WAIT, text, 0, -1);
}

static bool
on_stop(void *arg)
{
	struct maker *m = arg;

	return m->w->stop && m->w->stop(m->w->arg);
}

static enum weir_rc
take_lock(struct maker *m, const char *dir, const char *file, struct inst_lock *ret)
{
	struct inst_lock_wait wait = { .timeout_s = m->w->lock_timeout_s,
		.tell = on_wait,
		.stop = on_stop,
		.arg = m };
	char *path = xasprintf("%s/%s", dir, file);
	enum weir_rc rc = inst_lock_take(path, &wait, ret, m->err);

	free(path);
	return rc;
}

/* ---- whose the target is */

static enum weir_rc
refuse_target(struct maker *m, const char *why)
{
	return weir_fail(
		m->err, WEIR_EREFUSED, "environment: %s: %s", m->site.target, why);
}

/* May it be made there? *ret_done: it is there already. */
static enum weir_rc
look_at_target(struct maker *m, bool *ret_done)
{
	*ret_done = false;
	switch (inst_site_look(&m->site, m->w->marker)) {
	case INST_SITE_FREE:
	case INST_SITE_LEFT:
		return WEIR_OK;
	case INST_SITE_SAME:
		*ret_done = !m->w->recreate;
		return WEIR_OK;
	case INST_SITE_OTHER:
		if (m->w->recreate)
			return WEIR_OK;
		refuse_target(m, "another environment of Metaflow is there");
		return weir_hint(m->err, "--recreate, to make it in its place");
	case INST_SITE_MAKING:
		refuse_target(m, "another process is making it");
		return weir_hint(m->err, "again when it is done");
	case INST_SITE_FOREIGN:
		break;
	}
	refuse_target(m, "it is there, and has no .metaflowenv: it is not touched");
	return weir_hint(m->err, "another --name");
}

/* What is at the target and may go: removed, or put aside until the marker is there. */
static enum weir_rc
clear_target(struct maker *m)
{
	switch (inst_site_look(&m->site, m->w->marker)) {
	case INST_SITE_FREE:
		if (rmdir(m->site.target) && errno != ENOENT)
			return refuse_target(m, strerror(errno));
		return WEIR_OK;
	case INST_SITE_LEFT:
		return inst_site_clear(&m->site, m->err);
	case INST_SITE_SAME:
	case INST_SITE_OTHER:
		m->aside = inst_tmp_name(m->site.parent, m->site.base);
		if (rename(m->site.target, m->aside) == 0)
			return WEIR_OK;
		free(m->aside);
		m->aside = NULL;
		return refuse_target(m, strerror(errno));
	case INST_SITE_MAKING:
	case INST_SITE_FOREIGN:
		break;
	}
	return refuse_target(m, "somebody else made it in the meantime");
}

/* It failed: as it was before. */
static void
put_back(struct maker *m)
{
	if (inst_site_look(&m->site, m->w->marker) == INST_SITE_LEFT &&
		inst_site_clear(&m->site, NULL))
		return;
	if (m->aside && rename(m->aside, m->site.target) == 0) {
		free(m->aside);
		m->aside = NULL;
	}
	inst_site_forget(&m->site);
}

/* ---- our own installer */

static void
on_link(void *arg, const char *dist, size_t done, size_t of)
{
	tell(arg, WEIR_INST_LINK, dist, (int64_t)done, (int64_t)of);
}

static enum weir_rc
link_own(struct maker *m)
{
	char *tmp = inst_tmp_name(m->site.parent, m->site.base);
	char *command = xasprintf("weir env create-local --into %s", m->site.target);
	struct inst_link link = { .at = tmp,
		.prefix = m->site.target,
		.command = command,
		.tell = on_link,
		.stop = on_stop,
		.arg = m };
	enum weir_rc rc = inst_file_folders(tmp, m->err);

	if (!rc)
		rc = inst_link_all(&link, m->units, m->n_units, &m->plan, m->err);
	if (!rc)
		rc = clear_target(m);
	if (!rc)
		rc = inst_site_note(&m->site, tmp, 0, m->err);
	if (!rc && rename(tmp, m->site.target))
		rc = refuse_target(m, strerror(errno));
	if (rc && inst_tree_remove(tmp, NULL))
		weir_prefix(m->err, "%s could not be removed", tmp);
	free(command);
	free(tmp);
	return rc;
}

/* ---- micromamba and its like */

/* The list that it is given: what lies in the first folder of packages by its address,
 * the rest as files. */
static void
write_list(struct maker *m, struct buf *out)
{
	buf_adds(out, "@EXPLICIT\n");
	for (size_t i = 0; i < m->got.n; i++) {
		struct inst_one *one = &m->got.v[i];
		const char *url = NULL;
		char *usual;

		if (one->package->type != WEIR_INST_CONDA)
			continue;
		usual = xasprintf("%s/%s", m->home, one->as->file);
		if (strcmp(usual, one->archive) == 0 && one->as == &one->want)
			url = json_string_value(
				json_object_get(one->unit.record, "url"));
		if (url)
			buf_adds(out, url);
		else
			buf_addf(out, "file://%s", one->archive);
		buf_addf(out, "#%s\n", one->sums.md5);
		free(usual);
	}
}

static enum weir_rc
run_tool(struct maker *m, const char *list)
{
	const char *name = strrchr(m->tool, '/') + 1;
	char *dirs = xasprintf("CONDA_PKGS_DIRS=%s", m->home);
	const char *words[] = { m->tool, "create", "--yes", "--quiet", "--offline",
		"--no-deps", "--prefix", m->site.target, "--file", list, "--json",
		NULL };
	const char *env[] = { dirs, "CONDA_JSON=True", "MAMBA_JSON=True",
		"MAMBA_NO_BANNER=1", NULL };
	struct inst_tool t = { .words = words,
		.more_env = env,
		.what = name,
		.site = &m->site,
		.stop = on_stop,
		.arg = m };
	enum weir_rc rc;

	tell(m, WEIR_INST_RUN, m->tool, 0, -1);
	rc = inst_tool_run(&t, m->err);
	free(dirs);
	return rc == WEIR_EFAIL ? weir_hint(m->err, "--own, weir's own installer") : rc;
}

static enum weir_rc
make_by_tool(struct maker *m)
{
	char *list = inst_tmp_name(m->site.parent, "list");
	struct buf text = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	write_list(m, &text);
	rc = inst_file_make(list, buf_str(&text), 0600, m->err);
	if (!rc)
		rc = clear_target(m);
	if (!rc)
		rc = run_tool(m, list);
	if (!rc)
		rc = inst_site_note(&m->site, m->site.target, 0, m->err);
	unlink(list);
	buf_release(&text);
	free(list);
	return rc;
}

/* ---- wheels */

static enum weir_rc
install_wheels_own(struct maker *m)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < m->got.n; i++) {
		const struct inst_one *one = &m->got.v[i];
		struct inst_wheel wheel = { one->archive, one->want.file,
			m->site.target, &m->plan.python };

		if (one->package->type != WEIR_INST_PYPI)
			continue;
		wheel.file = one->as->file;
		if (on_stop(m))
			return weir_fail(m->err, WEIR_EINTR, "interrupted");
		tell(m, WEIR_INST_LINK, wheel.file, (int64_t)i, (int64_t)m->got.n);
		rc = inst_wheel_install(&wheel, m->err);
	}
	return rc;
}

static enum weir_rc
install_wheels_with(struct maker *m, bool uv, const char *program)
{
	char *list = inst_tmp_name(m->site.parent, "wheels");
	struct buf text = BUF_INIT(BUF_MAX);
	struct inst_tool t = {
		.what = uv ? "uv" : "pip", .site = &m->site, .stop = on_stop, .arg = m
	};
	enum weir_rc rc;

	for (size_t i = 0; i < m->got.n; i++)
		if (m->got.v[i].package->type == WEIR_INST_PYPI)
			buf_addf(&text, "%s\n", m->got.v[i].archive);
	rc = inst_file_make(list, buf_str(&text), 0600, m->err);
	if (!rc) {
		tell(m, WEIR_INST_RUN, t.what, 0, -1);
		rc = inst_tool_wheels(&t, uv, program, list, m->err);
	}
	unlink(list);
	buf_release(&text);
	free(list);
	return rc;
}

static enum weir_rc
install_wheels(struct maker *m)
{
	char *uv, *pip, *python;
	enum weir_rc rc;

	if (m->got.n == m->n_units) /* all are of conda */
		return WEIR_OK;
	if (!m->plan.python.any)
		return weir_fail(m->err, WEIR_EBADDATA,
			"wheels: there is no Python among the packages");
	uv = xasprintf("%s/bin/uv", m->site.target);
	pip = xasprintf("%s/%s/pip/__main__.py", m->site.target, m->plan.python.site);
	python = xasprintf("%s/%s", m->site.target, m->plan.python.program);
	if (access(uv, X_OK) == 0)
		rc = install_wheels_with(m, true, uv);
	else if (access(pip, F_OK) == 0 && access(python, X_OK) == 0)
		rc = install_wheels_with(m, false, python);
	else
		rc = install_wheels_own(m);
	free(python);
	free(pip);
	free(uv);
	return rc;
}

/* ---- post-link scripts */

static enum weir_rc
run_script(struct maker *m, const struct inst_unit *u, const char *path)
{
	json_t *number = json_object_get(u->meta.index, "build_number");
	const char *words[] = { "/bin/bash", path, NULL };
	char *env[7] = { 0 };
	struct inst_tool t = { .words = words,
		.more_env = (const char *const *)env,
		.what = u->dist,
		.site = &m->site,
		.stop = on_stop,
		.arg = m };
	enum weir_rc rc;

	env[0] = xasprintf("PREFIX=%s", m->site.target);
	env[1] = xasprintf("CONDA_PREFIX=%s", m->site.target);
	env[2] = xasprintf("PKG_NAME=%s", u->meta.name);
	env[3] = xasprintf("PKG_VERSION=%s", u->meta.version);
	env[4] = xasprintf("PKG_BUILDNUM=%lld", (long long)json_integer_value(number));
	env[5] = xasprintf("PATH=%s/bin:%s", m->site.target,
		getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	tell(m, WEIR_INST_RUN, path, 0, -1);
	rc = inst_tool_run(&t, m->err);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	return rc;
}

static enum weir_rc
handle_scripts(struct maker *m)
{
	struct buf found = BUF_INIT(BUF_MAX), failed = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < m->n_units; i++) {
		const struct inst_unit *u = &m->units[m->plan.order[i]];
		char *path = xasprintf(
			"%s/bin/.%s-post-link.sh", m->site.target, u->meta.name);

		if (access(path, F_OK) == 0) {
			m->result.n_scripts++;
			buf_addf(&found, "bin/.%s-post-link.sh\n", u->meta.name);
			/* By tools they have been run. */
			if (m->w->run_scripts && !m->tool)
				rc = run_script(m, u, path);
			if (rc == WEIR_EFAIL) {
				buf_addf(&failed, "bin/.%s-post-link.sh\n",
					u->meta.name);
				rc = WEIR_OK;
			}
		}
		free(path);
	}
	m->result.scripts = found.len ? buf_steal(&found) : NULL;
	m->result.failed = failed.len ? buf_steal(&failed) : NULL;
	buf_release(&found);
	buf_release(&failed);
	return rc;
}

/* ---- the whole */

static enum weir_rc
gather(struct maker *m)
{
	struct inst_lock lock = { 0 };
	enum weir_rc rc = take_lock(m, m->home, package_lock, &lock);

	if (rc)
		return rc;
	rc = inst_gather_all(m->w, m->home, m->tool != NULL, &m->got, m->err);
	inst_lock_drop(&lock);
	if (rc)
		return rc;
	m->result.n_fetched = m->got.n_fetched;
	m->result.n_cached = m->got.n_cached;
	m->result.fetched = m->got.fetched;
	m->units = xcalloc(m->got.n + 1, sizeof(*m->units));
	for (size_t i = 0; i < m->got.n; i++)
		if (m->got.v[i].package->type == WEIR_INST_CONDA)
			m->units[m->n_units++] = m->got.v[i].unit;
	return inst_plan_make(m->units, m->n_units, &m->plan, m->err);
}

static enum weir_rc
make_locked(struct maker *m)
{
	enum weir_rc rc;
	bool done;

	rc = look_at_target(m, &done);
	if (rc || done) {
		m->result.existed = done;
		return rc;
	}
	rc = m->tool ? make_by_tool(m) : link_own(m);
	if (!rc)
		rc = install_wheels(m);
	if (!rc)
		rc = handle_scripts(m);
	if (!rc)
		rc = inst_site_mark(&m->site, m->w->marker, m->err);
	if (rc)
		put_back(m);
	else if (m->aside && inst_tmp_remove(m->aside, NULL))
		tell(m, WEIR_INST_NOTE, m->aside, 0, -1);
	return rc;
}

/*
 * May it be made there, before the locks? One that is being made has no marker yet: it
 * is waited for.
 */
static enum weir_rc
look_before(struct maker *m, bool *ret_done)
{
	char *path = xasprintf("%s/%s", m->site.parent, env_lock);
	struct inst_lock lock = { 0 };
	enum weir_rc rc = look_at_target(m, ret_done);

	if (rc == WEIR_EREFUSED) {
		rc = access(path, F_OK) ? WEIR_OK
					: take_lock(m, m->site.parent, env_lock, &lock);
		/* Without the lock too: it may have been let go just now. */
		if (!rc)
			rc = look_at_target(m, ret_done);
		inst_lock_drop(&lock);
	}
	free(path);
	return rc;
}

/* What killed ones left: their locks would keep Metaflow waiting. */
static void
sweep(const char *dir, const char *lock_file)
{
	char *lock = xasprintf("%s/%s", dir, lock_file);

	inst_lock_sweep(lock);
	inst_tmp_sweep(dir);
	free(lock);
}

/*
 * What a killed one had put aside comes back when there is nothing in its place. One
 * that was killed between the marker and the end left its note beside what is whole.
 */
static enum weir_rc
rescue(struct maker *m)
{
	char *aside = inst_tmp_aside(m->site.parent, m->site.base);
	struct inst_lock lock = { 0 };
	enum inst_site_state state;
	enum weir_rc rc;

	if (!aside && !inst_site_abandoned(&m->site))
		return WEIR_OK;
	rc = take_lock(m, m->site.parent, env_lock, &lock);
	if (rc)
		goto out;
	state = inst_site_look(&m->site, m->w->marker);
	if (state == INST_SITE_LEFT) {
		rc = inst_site_clear(&m->site, m->err);
		state = INST_SITE_FREE;
	}
	if (!rc && state == INST_SITE_FREE) {
		if (!aside || rename(aside, m->site.target) == 0)
			inst_site_forget(&m->site);
	} else if (state == INST_SITE_SAME || state == INST_SITE_OTHER) {
		if (aside)
			rc = inst_tmp_remove(aside, m->err);
		if (!rc)
			inst_site_settle(&m->site);
	}
out:
	inst_lock_drop(&lock);
	free(aside);
	return rc;
}

/* It failed after the packages were here: was it for want of room? */
static enum weir_rc
explain(struct maker *m, enum weir_rc rc)
{
	const char *elsewhere = m->w->elsewhere, *at = m->site.parent;

	if (rc != WEIR_EFAIL || !m->err)
		return rc;
	if (m->tool) /* which unpacks, too */
		at = inst_full_less(at, m->home);
	if (!elsewhere)
		elsewhere =
			at == m->home ? "CONDA_PKGS_DIRS=DIR" : "CONDA_ENVS_DIRS=DIR";
	return inst_full_explain(
		m->err, at, inst_full_linking(m->units, &m->plan, at), elsewhere);
}

static enum weir_rc
make(struct maker *m)
{
	struct inst_lock lock = { 0 };
	enum weir_rc rc;
	bool done;

	sweep(m->site.parent, env_lock);
	for (size_t i = 0; m->w->package_dirs[i]; i++)
		sweep(m->w->package_dirs[i], package_lock);
	rc = rescue(m);
	if (rc)
		return rc;
	rc = look_before(m, &done);
	if (rc || done) {
		m->result.existed = done;
		return rc;
	}
	rc = inst_file_folders(m->site.parent, m->err);
	if (!rc)
		rc = inst_pkgs_home(m->w->package_dirs, &m->home, m->err);
	if (rc)
		return rc;
	if (m->w->tool == WEIR_INST_ANY)
		m->tool = inst_tool_find();
	rc = gather(m);
	if (rc)
		return rc;
	rc = take_lock(m, m->site.parent, env_lock, &lock);
	if (!rc)
		rc = make_locked(m);
	inst_lock_drop(&lock);
	return explain(m, rc);
}

enum weir_rc
weir_inst_make(const struct weir_inst *w, struct weir_inst_result *ret_result,
	struct weir_err *err)
{
	struct maker m = { .w = w, .err = err };
	enum weir_rc rc = inst_site_init(&m.site, w->target, err);

	if (!rc)
		rc = make(&m);
	if (!rc) {
		m.result.made_by = xstrdup(m.tool ? m.tool : "weir");
		*ret_result = m.result;
	} else {
		weir_inst_result_release(&m.result);
	}
	inst_plan_release(&m.plan);
	free(m.units);
	inst_gather_release(&m.got);
	inst_site_release(&m.site);
	free(m.aside);
	free(m.tool);
	return rc;
}

void
weir_inst_result_release(struct weir_inst_result *r)
{
	free(r->made_by);
	free(r->scripts);
	free(r->failed);
	*r = (struct weir_inst_result){ 0 };
}
