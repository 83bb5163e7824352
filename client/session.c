#include "session.h"

#include <stdatomic.h>

#include "beside.h"
#include "http_away.h"
#include "session_beside.h"
#include "weir/mem.h"
#include "weir/metaflow.h"
#include "weir/time.h"

enum { RUN_MS = 3000 }; /* for what is new of Metaflow, when a run of it is shown */

struct weir_session {
	const struct weir_config *config;
	struct weir_store *store;
	enum weir_store_mode mode; /* of store */
	struct session_beside beside;
	struct weir_statedb *state;
	bool state_write;
	bool connected; /* api had its first contact */
	char *note;
	/* Read by weir_session_interrupt, which may run in a signal handler. */
	_Atomic(struct api *) api;
	atomic_bool interrupted;
	struct http_away away;
};

struct weir_session *
weir_session_new(const struct weir_config *config)
{
	struct weir_session *s = xcalloc(1, sizeof(*s));

	s->config = config;
	s->beside.config = config;
	atomic_init(&s->api, NULL);
	atomic_init(&s->interrupted, false);
	return s;
}

struct weir_session *
weir_session_lasting(const struct weir_config *config, bool offline)
{
	struct weir_session *s = weir_session_new(config);

	s->beside.awaited = !offline;
	s->beside.offline = offline;
	return s;
}

void
weir_session_free(struct weir_session *s)
{
	if (!s)
		return;
	api_close(atomic_exchange(&s->api, NULL));
	if (s->store != s->beside.store)
		weir_store_close(s->store);
	session_beside_release(&s->beside);
	weir_statedb_close(s->state);
	free(s->note);
	free(s);
}

void
weir_session_offline(struct weir_session *s)
{
	s->beside.offline = true;
}

void
weir_session_on_away(
	struct weir_session *s, void (*away)(void *arg, const char *why), void *arg)
{
	s->away = (struct http_away){ .tell = away, .arg = arg };
}

const struct weir_config *
weir_session_config(const struct weir_session *s)
{
	return s->config;
}

static enum weir_rc
no_server(const struct weir_session *s, struct weir_err *err)
{
	const char *lost = weir_config_lost_profile(s->config);

	if (lost) {
		weir_fail(err, WEIR_ENOSERVER,
			"profile '%s' is not known, so no server is", lost);
		return weir_hint(err, "prefect profile ls");
	}
	weir_fail(err, WEIR_ENOSERVER, "no server is configured");
	weir_hint(err, "export PREFECT_API_URL=http://127.0.0.1:4200/api, or "
		       "weir register (on this machine alone)");
	return WEIR_ENOSERVER;
}

/*
 * Who only looks makes none, unless it was asked for by name: for want of a server
 * there is nothing to be seen, but what Metaflow knows.
 */
static enum weir_rc
open_embedded(struct weir_session *s, enum weir_store_mode *mode,
	struct weir_store **ret_store, struct weir_err *err)
{
	const char *path = weir_config_store(s->config);
	const char *params = weir_config_str(s->config, WEIR_KEY_PLATFORM_PARAMS);
	enum weir_rc rc = weir_store_open_embedded(path, params, *mode, ret_store, err);

	if (rc != WEIR_ENOTFOUND || *mode == WEIR_STORE_WRITE)
		return rc;
	if (!weir_config_embedded_chosen(s->config)) {
		*ret_store = session_beside_store(&s->beside);
		return *ret_store ? WEIR_OK : no_server(s, err);
	}
	*mode = WEIR_STORE_WRITE;
	return weir_store_open_embedded(path, params, *mode, ret_store, err);
}

static enum weir_rc
open_cache(struct weir_session *s, enum weir_store_mode mode,
	struct weir_store **ret_store, struct weir_err *err)
{
	char *address, *note = NULL;
	enum weir_rc rc;

	address = weir_url_normalise(weir_config_str(s->config, WEIR_KEY_API_URL));
	rc = weir_store_open(weir_config_store(s->config), address,
		weir_config_str(s->config, WEIR_KEY_PLATFORM_PARAMS), mode, ret_store,
		&note, err);
	free(address);
	if (note) {
		free(s->note);
		s->note = note;
	}
	return rc;
}

enum weir_rc
weir_session_store(struct weir_session *s, enum weir_store_mode mode,
	struct weir_store **ret_store, struct weir_err *err)
{
	struct weir_store *store = NULL, *beside;
	enum weir_rc rc;

	if (s->store && s->mode >= mode) {
		*ret_store = s->store;
		return WEIR_OK;
	}
	if (!weir_config_store(s->config))
		return no_server(s, err);
	if (weir_config_embedded(s->config))
		rc = open_embedded(s, &mode, &store, err);
	else
		rc = open_cache(s, mode, &store, err);
	if (rc)
		return rc;
	beside = session_beside_store(&s->beside);
	if (beside != store)
		weir_store_attach(store, beside);
	if (s->store != beside)
		weir_store_close(s->store);
	s->store = store;
	s->mode = mode;
	*ret_store = store;
	return WEIR_OK;
}

enum weir_rc
weir_session_state(struct weir_session *s, bool write, struct weir_statedb **ret_state,
	struct weir_err *err)
{
	struct weir_statedb *state = NULL;
	enum weir_rc rc;

	if (s->state && (s->state_write || !write)) {
		*ret_state = s->state;
		return WEIR_OK;
	}
	rc = weir_statedb_open(s->config, write, &state, err);
	if (rc)
		return rc;
	weir_statedb_close(s->state);
	s->state = state;
	s->state_write = write;
	*ret_state = state;
	return WEIR_OK;
}

bool
weir_session_metaflow(struct weir_session *s, const struct weir_session_metaflow *how,
	struct buf *notes)
{
	struct weir_session_metaflow mine = *how;
	bool had = s->beside.store != NULL;

	mine.stop = how->stop ? how->stop : &s->interrupted;
	session_beside_fetch(&s->beside, &mine, notes);
	if (!had && s->beside.store && s->store)
		weir_store_attach(s->store, s->beside.store);
	return s->beside.found;
}

struct weir_store *
weir_session_beside(struct weir_session *s, struct buf *name)
{
	struct weir_store *store = session_beside_store(&s->beside);

	if (name && s->beside.found)
		weir_metaflow_name(&s->beside.root, name);
	return store;
}

bool
session_is_metaflow(struct weir_session *s, const struct weir_id *run)
{
	struct weir_store *store = session_beside_store(&s->beside);

	return store && beside_has_id(store, run);
}

enum weir_rc
session_metaflow_run(struct weir_session *s, const struct weir_id *run, bool *ret_ended,
	struct weir_err *err)
{
	const struct weir_session_metaflow how = { .budget_ms = RUN_MS,
		.stop = &s->interrupted };

	session_beside_fetch(&s->beside, &how, NULL);
	return beside_ended(s->beside.store, run, ret_ended, err);
}

enum weir_rc
session_metaflow_logs(struct weir_session *s, const struct weir_id *run,
	bool *ret_ended, struct weir_err *err)
{
	enum weir_rc rc = session_metaflow_run(s, run, ret_ended, err);

	return rc ? rc : session_beside_logs(&s->beside, run, ret_ended, err);
}

enum weir_rc
session_metaflow_logs_of(
	struct weir_session *s, const struct weir_query *query, struct weir_err *err)
{
	struct weir_store *store = session_beside_store(&s->beside);
	struct id_vec runs = { 0 };
	enum weir_rc rc = WEIR_OK;

	if (!store)
		return WEIR_OK;
	rc = beside_runs(store, query, &runs, err);
	for (size_t i = 0; !rc && i < runs.n && !weir_session_interrupted(s); i++)
		rc = session_beside_logs(&s->beside, &runs.v[i], NULL, err);
	VEC_FREE(&runs);
	return rc;
}

const char *
weir_session_metaflow_said(const struct weir_session *s)
{
	return s->beside.said;
}

const char *
weir_session_note(const struct weir_session *s)
{
	return s->note;
}

void
weir_session_interrupt(struct weir_session *s)
{
	struct api *a;

	atomic_store(&s->interrupted, true);
	a = atomic_load(&s->api);
	if (a)
		a->ops->wake(a);
}

bool
weir_session_interrupted(const struct weir_session *s)
{
	return atomic_load(&s->interrupted);
}

static bool
ask_interrupted(void *arg)
{
	return weir_session_interrupted(arg);
}

/* ---- the server */

/* What an earlier contact learnt; a store that cannot be read only means that nothing
 * is known. */
static void
recall(struct weir_session *s, struct api *a)
{
	int64_t limit;

	if (s->store &&
		!weir_store_meta(s->store, WEIR_META_PAGE_LIMIT, &limit, NULL) &&
		limit > 0 && (size_t)limit < a->page_limit)
		a->page_limit = (size_t)limit;
}

static enum weir_rc
remember_number(
	struct weir_session *s, enum weir_meta key, int64_t value, struct weir_err *err)
{
	int64_t old;
	enum weir_rc rc = weir_store_meta(s->store, key, &old, err);

	return rc || old == value ? rc : weir_store_set_meta(s->store, key, value, err);
}

static enum weir_rc
remember(struct weir_session *s, const struct api *a, struct weir_err *err)
{
	char *version = NULL;
	enum weir_rc rc;

	if (a->local || !s->store || s->mode != WEIR_STORE_WRITE)
		return WEIR_OK;
	rc = remember_number(s, WEIR_META_CLOCK_US, a->clock_offset_us, err);
	if (!rc)
		rc = weir_store_text(s->store, "version", &version, err);
	if (!rc && (!version || strcmp(version, a->version.text) != 0))
		rc = weir_store_set_text(s->store, "version", a->version.text, err);
	free(version);
	return rc;
}

/* Opened, not yet connected. */
static enum weir_rc
open_api(struct weir_session *s, struct api **ret_api, struct weir_err *err)
{
	struct api *a = atomic_load(&s->api);
	enum weir_rc rc;

	if (!a) {
		rc = api_open(s->config, &a, err);
		if (rc)
			return rc;
		a->interrupted = ask_interrupted;
		a->interrupted_arg = s;
		if (a->away)
			*a->away = s->away;
		/* From here on an interrupt wakes it; so it stays until the end. */
		atomic_store(&s->api, a);
	}
	recall(s, a);
	*ret_api = a;
	return WEIR_OK;
}

/* Version and clock of the server as the last contact left them. */
static bool
recall_contact(struct weir_session *s, struct api *a)
{
	int64_t clock_us = WEIR_NO_TIME;
	char *version = NULL;
	bool known;

	known = s->store && !weir_store_text(s->store, "version", &version, NULL) &&
		version && api_version_parse(str_of(version), &a->version) &&
		!weir_store_meta(s->store, WEIR_META_CLOCK_US, &clock_us, NULL) &&
		clock_us != WEIR_NO_TIME;
	if (known)
		a->clock_offset_us = clock_us;
	free(version);
	return known;
}

enum weir_rc
session_api_known(struct weir_session *s, struct api **ret_api, struct weir_err *err)
{
	struct api *a;
	enum weir_rc rc = s->connected ? WEIR_OK : open_api(s, &a, err);

	if (rc)
		return rc;
	if (s->connected || !recall_contact(s, a))
		return session_api(s, 0, ret_api, err);
	*ret_api = a;
	return WEIR_OK;
}

enum weir_rc
session_api(struct weir_session *s, int64_t deadline_us, struct api **ret_api,
	struct weir_err *err)
{
	struct api *a = atomic_load(&s->api);
	enum weir_rc rc;

	if (a && s->connected) {
		*ret_api = a;
		return WEIR_OK;
	}
	rc = open_api(s, &a, err);
	if (rc)
		return rc;
	a->deadline_us = deadline_us;
	rc = api_connect(a, err);
	a->deadline_us = 0;
	if (!rc)
		rc = remember(s, a, err);
	s->connected = rc == WEIR_OK;
	if (s->connected)
		*ret_api = a;
	return rc;
}
