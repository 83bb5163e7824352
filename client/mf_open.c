/* The store of Metaflow's runs, brought up to date with what is told of them. */
#include <stdlib.h>
#include <time.h>

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

enum { WAIT_MS = 5000, NAP_MS = 50, FRESH_S = 10, READING_MS = 1000 };

struct job {
	const struct weir_metaflow_open *how;
	struct weir_metaflow_open asked; /* with the budget of this time */
	bool service;
	struct mf_source *source;
	struct mf_sync *sync;
	bool looked, due;
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

static enum weir_rc
begin(struct job *j)
{
	const struct weir_env_root *root = j->how->root;

	j->service = weir_metaflow_is_service(root);
	j->asked = *j->how;
	if (!j->service && !root->found)
		return no_folder(root, j->err);
	if (j->service && !*service_url(root)) {
		weir_fail(j->err, WEIR_ENOSERVER,
			"METAFLOW_DEFAULT_METADATA is service, but there is no "
			"METAFLOW_SERVICE_URL");
		return weir_hint(j->err, "set METAFLOW_SERVICE_URL to its address");
	}
	if (j->service)
		return weir_fail(j->err, WEIR_EFAIL,
			"runs of Metaflow: a metadata service cannot be read: %s",
			service_url(root));
	j->source = mf_local_open(root->folder);
	return WEIR_OK;
}

static void
nap(void)
{
	struct timespec t = { .tv_nsec = NAP_MS * 1000000L };

	nanosleep(&t, NULL);
}

static enum weir_rc
number_of_runs(struct weir_store *s, int64_t *ret_n, struct weir_err *err)
{
	return weir_store_count(s, WEIR_RUN, ret_n, err);
}

/* Another weir that is at it brings the same; who has nothing waits for it. */
static enum weir_rc
lock(struct job *j, struct weir_store *s, bool *ret_held)
{
	int64_t runs = 0;
	enum weir_rc rc = number_of_runs(s, &runs, j->err);
	int naps = runs && !j->how->refresh ? 0 : WAIT_MS / NAP_MS;

	if (!rc)
		rc = store_lock(s, j->err);
	while (rc == WEIR_EBUSY && naps-- > 0) {
		nap();
		rc = store_lock(s, j->err);
	}
	*ret_held = !rc;
	return rc == WEIR_EBUSY && !j->how->refresh ? WEIR_OK : rc;
}

static enum weir_rc
look(struct job *j, struct weir_store *s)
{
	enum weir_rc rc;

	if (!j->sync)
		j->sync = mf_sync_new(&j->asked, j->source, j->notes);
	rc = mf_sync_look(j->sync, s, &j->due, j->err);
	j->looked = !rc;
	return rc;
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
	if (!rc || rc == WEIR_EPENDING)
		rc = weir_store_set_meta(s, WEIR_META_CYCLE_US, weir_now_us(), NULL)
			     ? WEIR_EDB
			     : rc;
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

enum weir_rc
weir_metaflow_open(const struct weir_metaflow_open *how, struct weir_store **ret_store,
	struct buf *notes, struct weir_err *err)
{
	struct weir_err why = { 0 };
	struct job j = { .how = how, .notes = notes, .err = &why };
	enum weir_rc rc = begin(&j);

	if (!rc)
		rc = open_folder(&j, ret_store);
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
	enum weir_rc rc = begin(&j);

	if (!rc)
		rc = mf_open_store(how, WEIR_STORE_WRITE, &s, notes, &why);
	if (!rc)
		rc = take_in(&j, s);
	weir_store_close(s);
	if (!rc && ret_result)
		*ret_result = j.result;
	release(&j);
	if (rc && err)
		*err = why;
	return rc;
}
