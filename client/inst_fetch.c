#include "inst_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "inst"
#include "dyn.h"
#include "http_fail.h"
#include "http_head.h"
#include "inst_full.h"
#include "inst_part.h"
#include "retry.h"
#include "weir/config.h"
#include "weir/log.h"
#include "weir/mem.h"
#include "weir/time.h"

enum { PARALLEL = 5, PARALLEL_MAX = 32, STALL_S = 60, CONNECT_S = 15, TRIES_MAX = 200 };
enum { POLL_MS = 100, REDIRECTS_MAX = 10 };

struct fetch {
	struct inst_fetch *f;
	struct dyn_curl curl;
	CURLM *multi;
	struct slot *slots;
	size_t n_slots, next, n_done;
	struct weir_err *err;
	enum weir_rc rc; /* the first that failed for good */
	bool full;       /* for want of room: what came is not kept */
};

/* One download at a time; its handle is used again. */
struct slot {
	struct fetch *fetch;
	CURL *easy;
	struct inst_get *get; /* NULL: idle */
	struct inst_part part;
	char *shown; /* the address, masked */
	char detail[CURL_ERROR_SIZE];

	/* of this try */
	long status;
	int64_t from, range_from,
		retry_after_ms; /* from: where it was asked to begin */
	bool too_big, write_failed;
	struct weir_err why; /* of write_failed */

	int tries, attempt;
	int64_t first_us, due_us; /* due_us: 0 while it runs */
	bool anew;                /* was begun anew because the hash was wrong */
};

/* ---- what libcurl calls */

/* The first bytes of an answer: does it begin where it was asked to? */
static bool
begin_answer(struct slot *s)
{
	s->fetch->curl.easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &s->status);
	if (s->status == 206)
		return s->range_from == s->part.size;
	if (s->status == 200 && s->part.size)
		return inst_part_clear(&s->part, &s->why) == WEIR_OK;
	return true;
}

/* What is still to come: as the server says, when it begins, else what is here. */
static int64_t
still_to_come(struct slot *s, bool begins, size_t n)
{
	curl_off_t said = -1;

	if (begins)
		s->fetch->curl.easy_getinfo(
			s->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &said);
	return said > (int64_t)n ? said : (int64_t)n;
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct slot *s = arg;
	int64_t max = s->get->size >= 0 ? s->get->size : s->fetch->f->max;
	bool begins = !s->status;

	n *= size;
	if (begins && !begin_answer(s)) {
		s->write_failed = s->why.rc != WEIR_OK;
		return 0;
	}
	if (s->status != 200 && s->status != 206)
		return n; /* words about an error: not kept */
	if (still_to_come(s, begins, n) > max - s->part.size) {
		s->too_big = true;
		return 0;
	}
	if (inst_part_add(&s->part, data, n, &s->why)) {
		s->write_failed = true;
		return 0;
	}
	if (s->fetch->f->tell)
		s->fetch->f->tell(s->fetch->f->arg, NULL, (int64_t)n);
	return n;
}

/* `bytes 100-199/200`: 100; -1 when it is something else. */
static int64_t
range_start(struct str value)
{
	int64_t n = 0;
	size_t i = 6;

	if (value.len < 7 || strncasecmp(value.s, "bytes ", 6) != 0)
		return -1;
	for (; i < value.len && value.s[i] >= '0' && value.s[i] <= '9'; i++)
		if (n < INT64_MAX / 100)
			n = n * 10 + value.s[i] - '0';
	return i > 6 && i < value.len && value.s[i] == '-' ? n : -1;
}

static size_t
on_header(char *data, size_t size, size_t n, void *arg)
{
	struct slot *s = arg;
	struct str line = { data, size * n }, value;

	if (http_head_value(line, "Content-Range", &value))
		s->range_from = range_start(value);
	else if (http_head_value(line, "Retry-After", &value) && value.len &&
		 value.s[0] >= '0' && value.s[0] <= '9' && value.len < 7)
		s->retry_after_ms = strtol(value.s, NULL, 10) * 1000;
	return size * n;
}

/* ---- a try */

static void
set_protocols(struct slot *s, bool tls)
{
	struct dyn_curl *c = &s->fetch->curl;

#if LIBCURL_VERSION_NUM >= 0x075500
	c->easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http,https");
	c->easy_setopt(
		s->easy, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
#else
	long both = CURLPROTO_HTTP | CURLPROTO_HTTPS;

	c->easy_setopt(s->easy, CURLOPT_PROTOCOLS, tls ? CURLPROTO_HTTPS : both);
	c->easy_setopt(s->easy, CURLOPT_REDIR_PROTOCOLS, tls ? CURLPROTO_HTTPS : both);
#endif
}

static const char *
ca_file(void)
{
	static const char *const names[] = { "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
		"SSL_CERT_FILE" };
	const char *value;

	for (size_t i = 0; i < N_ELEM(names); i++) {
		value = getenv(names[i]);
		if (value && *value)
			return value;
	}
	return NULL;
}

static void
slot_init(struct slot *s, struct fetch *f)
{
	struct dyn_curl *c = &f->curl;

	s->fetch = f;
	s->easy = c->easy_init();
	BUG_ON(!s->easy);
	inst_part_init(&s->part);
	c->easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	c->easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
	c->easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	c->easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
	c->easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
	c->easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->detail);
	c->easy_setopt(s->easy, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
	c->easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	c->easy_setopt(s->easy, CURLOPT_FOLLOWLOCATION, 1L);
	c->easy_setopt(s->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	c->easy_setopt(s->easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	c->easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	c->easy_setopt(s->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	c->easy_setopt(s->easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
	if (ca_file())
		c->easy_setopt(s->easy, CURLOPT_CAINFO, ca_file());
}

static void
slot_start(struct slot *s)
{
	struct dyn_curl *c = &s->fetch->curl;
	char range[32];

	s->tries++;
	s->attempt++;
	s->due_us = 0;
	s->status = 0;
	s->too_big = s->write_failed = false;
	s->why.rc = WEIR_OK;
	s->range_from = s->retry_after_ms = -1;
	s->detail[0] = '\0';
	s->from = s->part.size;
	c->easy_setopt(s->easy, CURLOPT_URL, s->get->url);
	set_protocols(s, strncasecmp(s->get->url, "https:", 6) == 0);
	/* Not RESUME_FROM: an answer with all of it is welcome too. */
	snprintf(range, sizeof(range), "%lld-", (long long)s->from);
	c->easy_setopt(s->easy, CURLOPT_RANGE, s->from ? range : NULL);
	if (c->multi_add_handle(s->fetch->multi, s->easy) != CURLM_OK)
		s->due_us = weir_monotonic_us() + WEIR_SECOND_US;
}

static void
fail(struct slot *s, const struct weir_err *err)
{
	struct fetch *f = s->fetch;

	if (f->rc == WEIR_OK) {
		f->rc = err->rc;
		if (f->err)
			*f->err = *err;
		f->full = inst_full_is(err);
	}
	if (!f->full)
		inst_part_close(&s->part);
	s->get = NULL;
}

static void
fail_status(struct slot *s)
{
	static const struct {
		long status;
		enum weir_rc rc;
		const char *why;
	} rows[] = {
		{ 401, WEIR_EAUTH, "it asks for a user and password" },
		{ 403, WEIR_EAUTH, "it may not be read" },
		{ 404, WEIR_ENOTFOUND, "it is not there" },
		{ 410, WEIR_ENOTFOUND, "it is there no more" },
	};
	enum weir_rc rc = WEIR_ENET;
	const char *why = "the server failed";
	struct weir_err err = { 0 };

	for (size_t i = 0; i < N_ELEM(rows); i++)
		if (rows[i].status == s->status) {
			rc = rows[i].rc;
			why = rows[i].why;
		}
	weir_fail(&err, rc, "%s: %s: %s (HTTP %ld)", s->get->name, s->shown, why,
		s->status);
	fail(s, &err);
}

static void
fail_code(struct slot *s, CURLcode code)
{
	struct http_fail f = {
		.code = code,
		.base = s->shown,
		.detail = s->detail[0] ? s->detail : s->fetch->curl.easy_strerror(code),
		.timeout_s = STALL_S,
		.received = (size_t)s->part.size,
	};
	struct weir_err err = { 0 };

	s->fetch->curl.easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &f.os_errno);
	http_fail_set(&f, &err);
	weir_prefix(&err, "%s", s->get->name);
	/* What it advises is for the server of the configuration. */
	weir_hint(&err, "again later: what came is kept");
	fail(s, &err);
}

/* ---- its end */

static int64_t
delay_ms(struct slot *s, CURLcode code)
{
	int64_t now = weir_monotonic_us();
	struct retry_try r = {
		.status = code ? 0 : s->status,
		.repeatable = true,
		.retry_after_ms = s->retry_after_ms,
		.max_retries = -1,
		.random = (uint32_t)now,
	};

	if (s->part.size > s->from) { /* it moves: begin to count anew */
		s->attempt = 1;
		s->first_us = now;
	}
	if (s->tries >= TRIES_MAX || (code && http_fail_again(code) == HTTP_FAIL_NEVER))
		return RETRY_GIVE_UP;
	/* Nothing answers there: another try will not help. */
	if (code && http_fail_again(code) == HTTP_FAIL_LATER && s->tries == 1)
		return RETRY_GIVE_UP;
	r.attempt = s->attempt;
	r.elapsed_ms = (now - s->first_us) / 1000;
	return retry_delay_ms(&r);
}

static void
begin_anew(struct slot *s)
{
	struct weir_err err = { 0 };

	s->anew = true;
	if (inst_part_clear(&s->part, &err))
		fail(s, &err);
	else
		slot_start(s);
}

/* All that was to come is there. */
static void
finish(struct slot *s)
{
	struct fetch *f = s->fetch;
	struct weir_err err = { 0 };
	bool resumed = s->from > 0;
	enum weir_rc rc;

	rc = inst_part_keep(&s->part, s->get, &err);
	/* What was kept from before may have been of another file. */
	if (rc == WEIR_EBADDATA && resumed && !s->anew) {
		begin_anew(s);
		return;
	}
	if (rc) {
		if (rc == WEIR_EBADDATA)
			inst_part_drop(&s->part);
		fail(s, &err);
		return;
	}
	f->n_done++;
	if (f->f->tell)
		f->f->tell(f->f->arg, s->get->name, 0);
	s->get->done = true;
	s->get = NULL;
}

static void
fail_too_big(struct slot *s)
{
	int64_t max = s->get->size >= 0 ? s->get->size : s->fetch->f->max;
	struct weir_err err = { 0 };

	weir_fail(&err, s->get->size >= 0 ? WEIR_EBADDATA : WEIR_ETOOBIG,
		"%s: %s: more than the %lld bytes that it may have", s->get->name,
		s->shown, (long long)max);
	inst_part_drop(&s->part);
	fail(s, &err);
}

/* libcurl is through with it. */
static void
settle(struct slot *s, CURLcode code)
{
	struct fetch *f = s->fetch;
	int64_t wait;

	if (!s->status)
		f->curl.easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &s->status);
	LOG(LOG_DEBUG, "GET %s: %ld %s, from %lld, %lld bytes, try %d", s->shown,
		s->status, code ? f->curl.easy_strerror(code) : "", (long long)s->from,
		(long long)s->part.size, s->tries);
	if (s->write_failed) {
		fail(s, &s->why);
		return;
	}
	if (s->too_big) {
		if (s->from && !s->anew)
			begin_anew(s);
		else
			fail_too_big(s);
		return;
	}
	/* 416, or an answer that begins elsewhere: what is here does not fit. */
	if (s->from && !s->anew &&
		(s->status == 416 || (s->status == 206 && s->range_from != s->from))) {
		begin_anew(s);
		return;
	}
	if (!code && (s->status == 200 || s->status == 206)) {
		finish(s);
		return;
	}
	wait = delay_ms(s, code);
	if (wait != RETRY_GIVE_UP)
		s->due_us = weir_monotonic_us() + wait * 1000;
	else if (code)
		fail_code(s, code);
	else
		fail_status(s);
}

/* ---- the loop */

static void
take_next(struct slot *s)
{
	struct inst_fetch *f = s->fetch->f;
	struct buf shown = BUF_INIT(4096);
	struct weir_err err = { 0 };

	s->get = &f->gets[s->fetch->next++];
	free(s->shown);
	weir_url_mask(&shown, s->get->url);
	s->shown = buf_steal(&shown);
	s->tries = s->attempt = 0;
	s->anew = false;
	s->first_us = weir_monotonic_us();
	if (inst_part_open(&s->part, s->get, &err)) {
		fail(s, &err);
		return;
	}
	if (f->tell && s->part.size)
		f->tell(f->arg, NULL, s->part.size);
	s->from = s->part.size;
	if (s->get->size >= 0 && s->part.size == s->get->size)
		finish(s); /* only the rename was missing */
	else if (strncasecmp(s->get->url, "http:", 5) == 0 ||
		 strncasecmp(s->get->url, "https:", 6) == 0) {
		slot_start(s);
	} else {
		weir_fail(&err, WEIR_EREFUSED, "%s: %s: not an address of the web",
			s->get->name, s->shown);
		fail(s, &err);
	}
}

static bool
fill_slots(struct fetch *f)
{
	int64_t now = weir_monotonic_us();
	bool busy = false;

	for (size_t i = 0; i < f->n_slots; i++) {
		struct slot *s = &f->slots[i];

		while (!s->get && f->next < f->f->n && f->rc == WEIR_OK)
			take_next(s);
		if (s->get && s->due_us && s->due_us <= now)
			slot_start(s);
		busy |= s->get != NULL;
	}
	return busy && f->rc == WEIR_OK;
}

static void
collect(struct fetch *f)
{
	struct slot *s;
	CURLMsg *m;
	CURLcode code;
	void *p;
	int n;

	f->curl.multi_perform(f->multi, &n);
	while ((m = f->curl.multi_info_read(f->multi, &n))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		code = m->data.result;
		f->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
		s = p;
		f->curl.multi_remove_handle(f->multi, s->easy);
		settle(s, code);
	}
}

static void
run(struct fetch *f)
{
	while (fill_slots(f)) {
		collect(f);
		if (f->f->stop && f->f->stop(f->f->arg)) {
			f->rc = weir_fail(f->err, WEIR_EINTR, "interrupted");
			return;
		}
		if (f->n_done < f->f->n && f->rc == WEIR_OK)
			f->curl.multi_poll(f->multi, NULL, 0, POLL_MS, NULL);
	}
}

static enum weir_rc
fetch_open(struct fetch *f)
{
	int parallel = f->f->parallel > 0 ? f->f->parallel : PARALLEL;
	enum weir_rc rc = dyn_curl_load(&f->curl, f->err);

	if (rc)
		return rc;
	f->curl.global_init(CURL_GLOBAL_DEFAULT);
	f->multi = f->curl.multi_init();
	BUG_ON(!f->multi);
	f->n_slots = (size_t)(parallel > PARALLEL_MAX ? PARALLEL_MAX : parallel);
	if (f->n_slots > f->f->n)
		f->n_slots = f->f->n;
	f->slots = xcalloc(f->n_slots, sizeof(*f->slots));
	for (size_t i = 0; i < f->n_slots; i++)
		slot_init(&f->slots[i], f);
	return WEIR_OK;
}

enum weir_rc
inst_fetch_all(struct inst_fetch *fetch, struct weir_err *err)
{
	struct fetch f = { .f = fetch, .err = err };
	enum weir_rc rc;

	if (!fetch->n)
		return WEIR_OK;
	rc = fetch_open(&f);
	if (rc)
		return rc;
	run(&f);
	for (size_t i = 0; i < f.n_slots; i++) {
		struct slot *s = &f.slots[i];

		if (s->get && !s->due_us)
			f.curl.multi_remove_handle(f.multi, s->easy);
		f.curl.easy_cleanup(s->easy);
		if (f.full)
			inst_part_drop(&s->part);
		else
			inst_part_close(&s->part);
		free(s->shown);
	}
	free(f.slots);
	f.curl.multi_cleanup(f.multi);
	f.curl.global_cleanup();
	return f.rc;
}
