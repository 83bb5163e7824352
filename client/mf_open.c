/* The store of Metaflow's runs, brought up to date with what is told of them. */
#include <stdlib.h>

#include "mf_open.h"
#include "mf_sync.h"

bool
weir_metaflow_is_service(const struct weir_env_root *root)
{
	const char *kind = weir_env_setting(root, "DEFAULT_METADATA");

	return kind && !strcmp(kind, "service");
}

/* The service's address; "" when none is set. */
static const char *
service_url(const struct weir_env_root *root)
{
	const char *url = weir_env_setting(root, "SERVICE_URL");

	return url ? url : "";
}

void
weir_metaflow_name(const struct weir_env_root *root, struct buf *out)
{
	if (weir_metaflow_is_service(root))
		weir_url_mask(out, service_url(root));
	else
		buf_adds(out, root->folder);
}

char *
weir_metaflow_store(const struct weir_config *config, const struct weir_env_root *root)
{
	char *url, *path;

	if (!weir_metaflow_is_service(root))
		return weir_config_metaflow(config, root->folder);
	url = weir_url_normalise(service_url(root));
	path = weir_config_metaflow(config, url);
	free(url);
	return path;
}

/* What the store is of; owned. */
static char *
root_of(const struct weir_env_root *root)
{
	return weir_metaflow_is_service(root) ? weir_url_normalise(service_url(root))
					      : xstrdup(root->folder);
}

enum weir_rc
mf_open_store(const struct weir_metaflow_open *how, enum weir_store_mode mode,
	struct weir_store **ret_store, struct buf *notes, struct weir_err *err)
{
	char *path = weir_metaflow_store(how->config, how->root);
	char *root = root_of(how->root);
	char *said = NULL;
	enum weir_rc rc = store_open_metaflow(path, root, mode, ret_store,
		mode == WEIR_STORE_READ ? NULL : &said, err);

	if (said && notes)
		buf_addf(notes, "%s\n", said);
	free(said);
	free(path);
	free(root);
	return rc;
}

/* ---- at work */

enum {
	WAIT_MS = 5000,
	NAP_MS = 50,
	FRESH_S = 10,
	READING_MS = 1000,
	MONTH_S = 30 * 24 * 3600,
	SLOW_US = WEIR_SECOND_US / 2,
	SLOW_TIMES = 30,
	SLOW_MAX_S = 300,
	FIRST_MS = 5000,
	MOMENT_MS = 300,
};

struct job {
	const struct weir_metaflow_open *how;
	struct weir_metaflow_open asked; /* with the budget of this time */
	bool service;
	struct mf_source *source;
	struct mf_sync *sync;
	bool looked, due;
	int64_t look_us; /* how long it took to list the runs */
	struct buf *notes;
	struct weir_sync_result result;
	struct weir_err *err;
};

static void
add_note(struct job *j, const char *text)
{
	if (!j->notes || !*text)
		return;
	buf_adds(j->notes, text);
	buf_addc(j->notes, '\n');
}

static void
release(struct job *j)
{
	mf_sync_free(j->sync);
	mf_source_close(j->source);
}

static enum weir_rc
no_folder(const struct weir_env_root *root, struct weir_err *err)
{
	weir_fail(err, WEIR_ENOTFOUND,
		"no runs of Metaflow: %s: there is no such folder", root->folder);
	return weir_hint(err,
		"go to a folder with a .metaflow, or set "
		"METAFLOW_DATASTORE_SYSROOT_LOCAL to the one that has it");
}

/* How far back a service is asked. */
static int64_t
since_of(const struct weir_metaflow_open *how)
{
	const char *text = weir_config_str(how->config, WEIR_KEY_SYNC_SINCE);
	int64_t span = (int64_t)MONTH_S * WEIR_SECOND_US;

	if (how->since_us)
		return how->since_us;
	if (text && !strcmp(text, "all"))
		return WEIR_NO_TIME;
	if (text && !weir_duration_parse(str_of(text), &span))
		span = (int64_t)MONTH_S * WEIR_SECOND_US;
	return weir_now_us() - span;
}

static enum weir_rc
check_service(const struct weir_env_root *root, struct weir_err *err)
{
	const char *url = service_url(root), *fault = weir_url_fault(url);

	if (!*url) {
		weir_fail(err, WEIR_ENOSERVER,
			"METAFLOW_DEFAULT_METADATA is service, but there is no "
			"METAFLOW_SERVICE_URL");
		return weir_hint(err, "set METAFLOW_SERVICE_URL to its address");
	}
	if (!fault)
		return WEIR_OK;
	weir_fail(err, WEIR_ECONFIG, "METAFLOW_SERVICE_URL: its value %s", fault);
	return weir_hint(err, "METAFLOW_SERVICE_URL=http://HOST:PORT");
}

static enum weir_rc
begin(struct job *j)
{
	const struct weir_env_root *root = j->how->root;

	j->service = weir_metaflow_is_service(root);
	j->asked = *j->how;
	if (!j->service && !root->found)
		return no_folder(root, j->err);
	j->asked.since_us = since_of(j->how);
	if (!j->asked.first_ms)
		j->asked.first_ms = FIRST_MS;
	if (j->service)
		return check_service(root, j->err);
	j->source = mf_local_open(root->folder);
	return WEIR_OK;
}

/* Another weir that is at it brings the same; who has nothing waits for it. */
static enum weir_rc
lock(struct job *j, struct weir_store *s, bool *ret_held)
{
	int64_t runs = 0;
	enum weir_rc rc = weir_store_count(s, WEIR_RUN, &runs, j->err);
	int naps = runs && !j->how->refresh ? 0 : WAIT_MS / NAP_MS;

	if (!rc)
		rc = store_lock(s, j->err);
	while (rc == WEIR_EBUSY && naps-- > 0) {
		weir_nap(NAP_MS);
		rc = store_lock(s, j->err);
	}
	*ret_held = !rc;
	return rc == WEIR_EBUSY && !j->how->refresh ? WEIR_OK : rc;
}

static enum weir_rc
look(struct job *j, struct weir_store *s)
{
	int64_t began = weir_monotonic_us();
	enum weir_rc rc;

	if (!j->sync)
		j->sync = mf_sync_new(&j->asked, j->source, j->notes);
	rc = mf_sync_look(j->sync, s, &j->due, j->err);
	j->look_us = weir_monotonic_us() - began;
	j->looked = !rc;
	return rc;
}

/* What has not changed writes nothing, so that looking often is cheap. */
static bool
has_changed(const struct weir_sync_result *r)
{
	return r->runs || r->task_runs || r->deleted;
}

static enum weir_rc
take_in(struct job *j, struct weir_store *s)
{
	bool held = false;
	enum weir_rc rc = lock(j, s, &held);

	if (rc || !held)
		return rc;
	if (!j->looked)
		rc = look(j, s);
	if (!rc && j->due)
		rc = mf_sync_take(j->sync, s, &j->result, j->err);
	if (!rc && (j->service || has_changed(&j->result)))
		rc = weir_store_set_meta(s, WEIR_META_CYCLE_US, weir_now_us(), j->err);
	store_unlock(s);
	return rc;
}

/* ---- a folder: what it costs to look is nothing, so that is always done */

static enum weir_rc
open_folder(struct job *j, struct weir_store **ret_store)
{
	struct weir_store *s = NULL;
	enum weir_rc rc = mf_open_store(j->how, WEIR_STORE_READ, &s, NULL, NULL);

	if (!rc)
		rc = look(j, s);
	if (rc || j->due) {
		weir_store_close(s);
		s = NULL;
		rc = mf_open_store(j->how, WEIR_STORE_WRITE, &s, j->notes, j->err);
		if (!rc)
			rc = take_in(j, s);
	}
	if (rc == WEIR_EPENDING) {
		add_note(j, j->err->text);
		rc = WEIR_OK;
	}
	if (rc)
		weir_store_close(s);
	else
		*ret_store = s;
	return rc;
}

/* ---- a service: asked when what is known of it is old */

/* A service that is away leaves its mark, so that readers can say so without asking. */
static void
mark_away(struct weir_store *s, const struct weir_err *why)
{
	struct weir_err ignored;
	int64_t since = WEIR_NO_TIME;

	if (weir_store_meta(s, WEIR_META_OFFLINE_US, &since, &ignored))
		return;
	if (why && since == WEIR_NO_TIME)
		since = weir_now_us();
	else if (!why && since == WEIR_NO_TIME)
		return;
	if (weir_store_set_meta(
		    s, WEIR_META_OFFLINE_US, why ? since : WEIR_NO_TIME, &ignored) ||
		weir_store_set_text(s, "offline_why", why ? why->text : NULL, &ignored))
		return;
}

/*
 * A service that takes long for its lists, as one without pages may, is asked the more
 * seldom by commands that only read; while nothing is known of it, for a moment only.
 */
static void
mark_slow(struct job *j, struct weir_store *s)
{
	const int64_t longest = (int64_t)SLOW_MAX_S * WEIR_SECOND_US;
	const int64_t span = SLOW_TIMES * j->look_us;
	const long long until_us = weir_now_us() + (span < longest ? span : longest);
	char until[32];
	struct weir_err ignored;

	if (j->look_us < SLOW_US)
		return;
	snprintf(until, sizeof(until), "%lld", until_us);
	if (weir_store_set_text(s, "slow_until_us", until, &ignored))
		return;
}

static bool
is_slow(struct weir_store *s)
{
	char *text = NULL;
	int64_t until = 0;

	if (!weir_store_text(s, "slow_until_us", &text, NULL) && text)
		until = strtoll(text, NULL, 10);
	free(text);
	return weir_now_us() < until;
}

/* One cycle of a service; what has come is there even if it is cut short. */
static enum weir_rc
ask_service(struct job *j, struct weir_store *s)
{
	enum weir_rc rc = mf_service_open(&j->asked, &j->source, j->err);

	if (!rc)
		rc = take_in(j, s);
	if (rc == WEIR_EINTR && !(j->how->stop && atomic_load(j->how->stop)))
		rc = j->err->rc = WEIR_EPENDING;
	if (!rc || rc == WEIR_ENET)
		mark_away(s, rc ? j->err : NULL);
	if (rc != WEIR_EINTR)
		mark_slow(j, s);
	return rc;
}

static void
say_old(struct job *j, struct weir_store *s)
{
	struct buf b = BUF_INIT(1024);
	int64_t cycle = WEIR_NO_TIME;

	if (weir_store_meta(s, WEIR_META_CYCLE_US, &cycle, NULL) ||
		cycle == WEIR_NO_TIME)
		return;
	weir_metaflow_name(j->how->root, &b);
	buf_adds(&b, ": as of ");
	weir_time_relative(&b, cycle, weir_now_us(), false, true);
	add_note(j, buf_cstr(&b));
	buf_release(&b);
}

/* How long a command that only reads may take. */
static void
set_budget(struct job *j, struct weir_store *s, int64_t runs)
{
	if (!j->asked.budget_ms)
		j->asked.budget_ms = READING_MS;
	if (!runs && is_slow(s))
		j->asked.budget_ms = j->asked.first_ms = MOMENT_MS;
}

/* It was not read to its end; of one that has not told anything, what to do. */
static void
say_pending(struct job *j, int64_t runs)
{
	struct buf b = BUF_INIT(2048);

	buf_adds(&b, j->err->text);
	if (!runs && !j->looked)
		buf_adds(&b,
			"; nothing is known of it yet, weir sync waits until it is");
	add_note(j, buf_cstr(&b));
	buf_release(&b);
}

static enum weir_rc
is_due(struct weir_store *s, bool *ret_due, int64_t *ret_runs, struct weir_err *err)
{
	int64_t cycle = WEIR_NO_TIME, now = weir_now_us();
	enum weir_rc rc = weir_store_meta(s, WEIR_META_CYCLE_US, &cycle, err);

	if (!rc)
		rc = weir_store_count(s, WEIR_RUN, ret_runs, err);
	*ret_due = !rc && (!*ret_runs || !is_slow(s)) &&
		   (cycle == WEIR_NO_TIME || now < cycle ||
			   now - cycle > (int64_t)FRESH_S * WEIR_SECOND_US);
	return rc;
}

/* It is not asked: what there is has to do. */
static enum weir_rc
open_offline(struct job *j, struct weir_store **ret_store)
{
	enum weir_rc rc =
		mf_open_store(j->how, WEIR_STORE_READ, ret_store, j->notes, j->err);

	if (rc == WEIR_ENOTFOUND && j->how->make)
		return mf_open_store(
			j->how, WEIR_STORE_WRITE, ret_store, j->notes, j->err);
	if (!rc)
		say_old(j, *ret_store);
	else if (rc == WEIR_ENOTFOUND) {
		struct buf name = BUF_INIT(1024);

		weir_metaflow_name(j->how->root, &name);
		weir_fail(j->err, rc, "no runs of Metaflow: %s: it was never asked",
			buf_cstr(&name));
		weir_hint(j->err, "without --offline");
		buf_release(&name);
	}
	return rc;
}

static enum weir_rc
open_online(struct job *j, struct weir_store **ret_store)
{
	struct weir_store *s = NULL;
	int64_t runs = 0;
	bool due = true;
	enum weir_rc rc = mf_open_store(j->how, WEIR_STORE_WRITE, &s, j->notes, j->err);

	if (!rc)
		rc = is_due(s, &due, &runs, j->err);
	if (!rc && (due || j->how->refresh)) {
		if (!j->how->refresh)
			set_budget(j, s, runs);
		rc = ask_service(j, s);
		if (rc == WEIR_EPENDING) {
			say_pending(j, runs);
			rc = WEIR_OK;
		} else if (rc && runs && !j->how->refresh && rc != WEIR_EDB &&
			   rc != WEIR_EINTR) {
			add_note(j, j->err->text);
			say_old(j, s);
			rc = WEIR_OK;
		}
	}
	if (rc)
		weir_store_close(s);
	else
		*ret_store = s;
	return rc;
}

static enum weir_rc
open_any(struct job *j, struct weir_store **ret_store)
{
	enum weir_rc rc = begin(j);

	if (rc)
		return rc;
	return !j->service       ? open_folder(j, ret_store)
	       : j->how->offline ? open_offline(j, ret_store)
				 : open_online(j, ret_store);
}

enum weir_rc
weir_metaflow_open(const struct weir_metaflow_open *how, struct weir_store **ret_store,
	struct buf *notes, struct weir_err *err)
{
	struct weir_err why = { 0 };
	struct job j = { .how = how, .notes = notes, .err = &why };
	enum weir_rc rc = open_any(&j, ret_store);

	release(&j);
	if (rc && err)
		*err = why;
	return rc;
}

enum weir_rc
weir_metaflow_sync(const struct weir_metaflow_open *how,
	struct weir_sync_result *ret_result, struct buf *notes, struct weir_err *err)
{
	struct weir_err why = { 0 };
	struct job j = { .how = how, .notes = notes, .err = &why };
	struct weir_store *s = NULL;
	enum weir_rc rc = open_any(&j, &s);

	weir_store_close(s);
	if (!rc && ret_result)
		*ret_result = j.result;
	release(&j);
	if (rc && err)
		*err = why;
	return rc;
}
