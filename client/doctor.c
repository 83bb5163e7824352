#include "weir/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "dyn.h"
#include "session.h"
#include "weir/mem.h"
#include "weir/time.h"

enum {
	DOCTOR_CLOCK_S = 5,
	DOCTOR_DISK_MB = 200,
	DOCTOR_SERVER_S = 20,
	DOCTOR_AGE_H = 24
};

struct doctor {
	struct weir_session *s;
	const struct weir_config *config;
	weir_finding_fn *report;
	void *arg;
	bool offline;
};

static void WEIR_PRINTF(5, 6) tell(struct doctor *d, const char *what,
	enum weir_health health, const char *hint, const char *fmt, ...)
{
	struct weir_finding f = { .what = what, .health = health };
	va_list ap;

	f.rc = health == WEIR_HEALTH_FAIL ? WEIR_EFAIL : WEIR_OK;
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	snprintf(f.hint, sizeof(f.hint), "%s", hint ? hint : "");
	d->report(d->arg, &f);
}

static void
tell_error(struct doctor *d, const char *what, const struct weir_err *err)
{
	struct weir_finding f = { .what = what, .health = WEIR_HEALTH_FAIL };
	const char *text = err->text;
	size_t n = strlen(what);

	/* what it is about is said beside it */
	if (strncmp(text, what, n) == 0 && strncmp(text + n, ": ", 2) == 0)
		text += n + 2;
	f.rc = err->rc;
	snprintf(f.text, sizeof(f.text), "%s", text);
	snprintf(f.hint, sizeof(f.hint), "%s", err->hint);
	d->report(d->arg, &f);
}

/* ---- settings and libraries */

static void
check_config(struct doctor *d)
{
	const char *file = weir_config_file(d->config);
	const char *w = weir_config_warnings(d->config);
	bool there = access(file, F_OK) == 0;

	tell(d, "configuration", WEIR_HEALTH_OK, NULL, "%s%s, profile %s", file,
		there ? "" : " (there is none)", weir_config_name(d->config));
	while (*w) {
		size_t n = strcspn(w, "\n");

		tell(d, "configuration", WEIR_HEALTH_WARN, "weir config list", "%.*s",
			(int)n, w);
		w += n + (w[n] == '\n');
	}
}

static void
check_libraries(struct doctor *d)
{
	struct dyn_curl curl;
	struct weir_err err = { 0 };
	const curl_version_info_data *v;

	if (dyn_curl_load(&curl, &err)) {
		tell_error(d, "libraries", &err);
		return;
	}
	v = curl.version_info(CURLVERSION_NOW);
	tell(d, "libraries", WEIR_HEALTH_OK, NULL, "libcurl %s, %s%s", v->version,
		v->ssl_version ? v->ssl_version : "no TLS",
		v->features & CURL_VERSION_HTTP2 ? ", HTTP/2" : "");
}

/* ---- the server */

static void
check_version(struct doctor *d, const struct api *a)
{
	const struct api_version *v = &a->version;

	if (!v->major)
		tell(d, "version", WEIR_HEALTH_OK, NULL,
			"not told, taken as the newest");
	else if (v->major < 2 || (v->major == 2 && v->minor < 20))
		tell(d, "version", WEIR_HEALTH_WARN, "upgrade Prefect to 2.20 or 3.x",
			"Prefect %s is older than what weir is tested with", v->text);
	else
		tell(d, "version", WEIR_HEALTH_OK, NULL, "Prefect %s", v->text);
}

static void
check_auth(struct doctor *d)
{
	static const enum weir_key keys[] = { WEIR_KEY_API_AUTH_STRING,
		WEIR_KEY_API_KEY, WEIR_KEY_CUSTOM_HEADERS };

	for (size_t i = 0; i < N_ELEM(keys); i++) {
		if (!weir_config_str(d->config, keys[i]))
			continue;
		tell(d, "auth", WEIR_HEALTH_OK, NULL, "%s of %s was accepted",
			weir_key_info(keys[i])->name,
			weir_config_origin(d->config, keys[i]));
		return;
	}
	tell(d, "auth", WEIR_HEALTH_OK, NULL, "the server wants none");
}

static void
check_clock(struct doctor *d, const struct api *a)
{
	double off = (double)a->clock_offset_us / WEIR_SECOND_US;
	double apart = off < 0 ? -off : off;

	if (apart <= DOCTOR_CLOCK_S)
		tell(d, "clock", WEIR_HEALTH_OK, NULL,
			"the server's is as this machine's");
	else
		tell(d, "clock", WEIR_HEALTH_WARN, "timedatectl set-ntp true",
			"the server's is %.0f s %s of this machine's; spans of live "
			"runs are corrected by it",
			apart, off < 0 ? "behind" : "ahead");
}

static void
check_csrf(struct doctor *d, struct api *a)
{
	struct weir_id client = weir_id_random();
	struct buf body = BUF_INIT(64 << 10);
	char path[80], id[WEIR_ID_TEXT + 1];
	struct weir_err err = { 0 };
	enum weir_rc rc;

	snprintf(path, sizeof(path), "/csrf-token?client=%s",
		weir_id_format(&client, id));
	rc = api_raw_wait(a, "GET", path, STR(""), true, &body, &err);
	buf_release(&body);
	if (rc == WEIR_EREFUSED || rc == WEIR_ENOTFOUND)
		tell(d, "csrf", WEIR_HEALTH_OK, NULL, "the server wants no token");
	else if (rc)
		tell_error(d, "csrf", &err);
	else if (!weir_config_bool(d->config, WEIR_KEY_CSRF))
		tell(d, "csrf", WEIR_HEALTH_FAIL,
			"weir config set csrf_support_enabled true",
			"the server wants a token, and %s forbids to get one",
			weir_config_origin(d->config, WEIR_KEY_CSRF));
	else
		tell(d, "csrf", WEIR_HEALTH_OK, NULL,
			"the server wants a token and gives it");
}

/* Filters are POSTs: this also shows that a token is taken. */
static void
check_page(struct doctor *d, struct api *a)
{
	struct buf answer = BUF_INIT(64 << 20);
	struct weir_err err = { 0 };
	size_t limit = a->page_limit;
	enum weir_rc rc = WEIR_EREFUSED;

	while (rc == WEIR_EREFUSED && limit) {
		char body[64];

		snprintf(body, sizeof(body), "{\"limit\":%zu}", limit);
		buf_clear(&answer);
		rc = api_raw_wait(
			a, "POST", "/flows/filter", str_of(body), true, &answer, &err);
		if (rc == WEIR_EREFUSED)
			limit /= 2;
	}
	buf_release(&answer);
	if (rc)
		tell_error(d, "page limit", &err);
	else if (limit < a->page_limit)
		tell(d, "page limit", WEIR_HEALTH_WARN,
			"PREFECT_API_DEFAULT_LIMIT=200 on the server",
			"the server gives less than %zu rows at once, %zu will do: "
			"syncing takes more requests",
			a->page_limit, limit);
	else
		tell(d, "page limit", WEIR_HEALTH_OK, NULL, "%zu rows at once", limit);
}

/* There is none to be asked. */
static void
check_embedded(struct doctor *d)
{
	struct weir_store *store = NULL;
	struct weir_err err = { 0 };

	if (weir_session_store(d->s, WEIR_STORE_READ, &store, &err))
		tell_error(d, "server", &err);
	else
		tell(d, "server", WEIR_HEALTH_OK, NULL,
			"none: this is the embedded store of this machine");
}

static void
check_server(struct doctor *d)
{
	const char *url = weir_config_str(d->config, WEIR_KEY_API_URL);
	struct weir_err err = { 0 };
	struct buf masked = BUF_INIT(BUF_MAX);
	struct api *a = NULL;
	enum weir_rc rc;

	rc = session_api(d->s,
		weir_monotonic_us() + (int64_t)DOCTOR_SERVER_S * WEIR_SECOND_US, &a,
		&err);
	if (url)
		weir_url_mask(&masked, url);
	if (rc == WEIR_EPENDING) {
		rc = weir_fail(&err, WEIR_ENET, "%s: no answer within %d s",
			buf_cstr(&masked), DOCTOR_SERVER_S);
		weir_hint(&err, "is the server overloaded? curl %s/health",
			buf_cstr(&masked));
	}
	if (rc) {
		buf_release(&masked);
		tell_error(d, rc == WEIR_EAUTH ? "auth" : "server", &err);
		return;
	}
	tell(d, "server", WEIR_HEALTH_OK, NULL, "%s answers (set by %s)",
		buf_cstr(&masked), weir_config_origin(d->config, WEIR_KEY_API_URL));
	buf_release(&masked);
	check_version(d, a);
	check_auth(d);
	check_clock(d, a);
	if (!weir_session_interrupted(d->s))
		check_csrf(d, a);
	if (!weir_session_interrupted(d->s))
		check_page(d, a);
}

/* ---- the store */

static int64_t
file_size(const char *path, const char *suffix)
{
	char *name = xasprintf("%s%s", path, suffix);
	struct stat st;
	int64_t size = stat(name, &st) ? 0 : (int64_t)st.st_size;

	free(name);
	return size;
}

static void
check_mode(struct doctor *d, const char *path, unsigned mode, unsigned wanted)
{
	char hint[300];

	if (!(mode & 077))
		return;
	snprintf(hint, sizeof(hint), "chmod %o '%s'", wanted, path);
	tell(d, "store", WEIR_HEALTH_WARN, hint, "%s: others may read it (mode %o)",
		path, mode & 07777);
}

static void
check_disk(struct doctor *d, const char *path)
{
	char *copy = xstrdup(path);
	struct statvfs fs;
	uint64_t mb;

	if (!statvfs(dirname(copy), &fs)) {
		mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
		if (mb < DOCTOR_DISK_MB)
			tell(d, "disk", WEIR_HEALTH_WARN, "make room",
				"%" PRIu64 " MB are free where the store is", mb);
	}
	free(copy);
}

static void
check_age(struct doctor *d, struct weir_store *store)
{
	int64_t us = WEIR_NO_TIME, now = weir_now_us();
	struct buf age = BUF_INIT(256);

	if (weir_store_meta(store, WEIR_META_CYCLE_US, &us, NULL) ||
		us == WEIR_NO_TIME) {
		tell(d, "data", WEIR_HEALTH_WARN, "weir sync",
			"no whole cycle was done yet");
		return;
	}
	weir_time_relative(&age, us, now, false, true);
	if (now - us > (int64_t)DOCTOR_AGE_H * 3600 * WEIR_SECOND_US)
		tell(d, "data", WEIR_HEALTH_WARN, "weir sync", "of %s", buf_cstr(&age));
	else
		tell(d, "data", WEIR_HEALTH_OK, NULL, "of %s", buf_cstr(&age));
	buf_release(&age);
}

static void
check_counts(struct doctor *d, struct weir_store *store)
{
	static const enum weir_kind kinds[] = { WEIR_RUN, WEIR_TASK_RUN, WEIR_FLOW,
		WEIR_DEPLOYMENT, WEIR_POOL };
	struct buf text = BUF_INIT(1024);
	struct weir_err err = { 0 };
	int64_t n;

	for (size_t i = 0; i < N_ELEM(kinds); i++) {
		if (weir_store_count(store, kinds[i], &n, &err)) {
			tell_error(d, "store", &err);
			buf_release(&text);
			return;
		}
		buf_addf(&text, "%s%" PRId64 " %s", i ? ", " : "", n,
			n == 1 ? weir_kind_name(kinds[i]) : weir_kind_plural(kinds[i]));
	}
	tell(d, "store", WEIR_HEALTH_OK, NULL, "%s", buf_cstr(&text));
	buf_release(&text);
}

static void
check_content(struct doctor *d, const char *path)
{
	struct weir_store *store = NULL;
	struct weir_err err = { 0 };
	enum weir_rc rc;

	rc = weir_session_store(d->s, WEIR_STORE_READ, &store, &err);
	if (!rc)
		rc = weir_store_check(store, &err);
	if (rc) {
		if (rc == WEIR_EDB && !err.hint[0])
			weir_hint(&err,
				"weir sync (a damaged store is set aside), or "
				"remove %s",
				path);
		tell_error(d, "store", &err);
		return;
	}
	tell(d, "store", WEIR_HEALTH_OK, NULL, "%s is sound", path);
	check_counts(d, store);
	check_age(d, store);
}

static void
check_store(struct doctor *d)
{
	const char *path = weir_config_store(d->config);
	char *folder;
	struct stat st;
	double mb;

	if (!path)
		return; /* no server: told already */
	folder = xstrdup(path);
	if (stat(path, &st) && weir_config_embedded(d->config)) {
		free(folder);
		return; /* there is none, and no server: told already */
	}
	if (stat(path, &st)) {
		tell(d, "store", errno == ENOENT ? WEIR_HEALTH_OK : WEIR_HEALTH_FAIL,
			"weir sync", "%s: %s", path,
			errno == ENOENT ? "nothing was fetched yet" : strerror(errno));
		free(folder);
		return;
	}
	mb = (double)(st.st_size + file_size(path, "-wal")) / (1 << 20);
	tell(d, "store", WEIR_HEALTH_OK, NULL, "%s, %.1f MB", path, mb);
	check_mode(d, path, (unsigned)st.st_mode & 07777, 0600);
	if (!stat(dirname(folder), &st))
		check_mode(d, folder, (unsigned)st.st_mode & 07777, 0700);
	free(folder);
	check_disk(d, path);
	check_content(d, path);
}

void
weir_doctor(struct weir_session *s, bool offline, weir_finding_fn *report, void *arg)
{
	struct doctor d = { s, weir_session_config(s), report, arg, offline };

	check_config(&d);
	check_libraries(&d);
	if (offline)
		tell(&d, "server", WEIR_HEALTH_OK, NULL, "not asked (--offline)");
	else if (weir_config_embedded(d.config))
		check_embedded(&d);
	else if (!weir_session_interrupted(s))
		check_server(&d);
	if (!weir_session_interrupted(s))
		check_store(&d);
}
