#include "http.h"

#include <stdatomic.h>
#include <strings.h>

#define LOG_MODULE "http"
#include "http_away.h"
#include "http_fail.h"
#include "http_head.h"
#include "http_setup.h"
#include "retry.h"
#include "weir/id.h"
#include "weir/log.h"
#include "weir/mem.h"
#include "weir/time.h"

enum {
	CONNECTIONS_MAX = 32,
	IDLE_BODY_MAX = 4 << 20,
	LOCATION_MAX = 2048,
	CURSOR_MAX = 1024,
};

/* One request, from submit until its callback; its easy handle and memory are used
 * again. */
struct transfer {
	struct http *http;
	CURL *easy;
	struct curl_slist *headers; /* own list when the request brought headers */
	const char *method;
	char *url;
	struct str payload; /* the caller's */
	bool repeatable;
	void (*done)(void *arg, enum weir_rc rc, const struct transport_reply *reply,
		const struct weir_err *err);
	void *arg;

	/* of the try that goes on */
	struct buf body;
	bool too_big, stalled, is_json;
	curl_off_t moved; /* bytes, and when the last of them went */
	int64_t moved_us;
	int64_t date_us, retry_after_ms;
	char location[LOCATION_MAX];
	char cursor[CURSOR_MAX];
	char detail[CURL_ERROR_SIZE];

	int attempt;
	int64_t first_us, due_us; /* first sent; to be sent (again) */
};

VEC_TYPE(transfers, struct transfer *);

struct http {
	struct dyn_curl curl;
	struct http_setup setup;
	CURLM *multi;
	struct transfers active;  /* libcurl has them */
	struct transfers waiting; /* for their due time */
	struct transfers idle;
	size_t body_max;
	size_t n_finished; /* callbacks called, ever */
	uint32_t random;
	bool answered; /* this server has answered before */
	struct http_away away;
	atomic_bool woken;
};

/* ---- what libcurl calls */

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (n > t->http->body_max - t->body.len) {
		t->too_big = true;
		return 0;
	}
	buf_add(&t->body, data, n);
	return n;
}

/*
 * libcurl's own limit of speed looks back over several seconds and is that much late;
 * it is set as well, because it makes libcurl call this each second.
 */
static int
on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
	curl_off_t up)
{
	struct transfer *t = arg;
	int64_t now = weir_monotonic_us();

	(void)down_total;
	(void)up_total;
	if (down + up != t->moved) {
		t->moved = down + up;
		t->moved_us = now;
	}
	t->stalled = now - t->moved_us > t->http->setup.timeout_s * WEIR_SECOND_US;
	return t->stalled;
}

static size_t
on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct str line = { data, size * n }, value;

	if (http_head_value(line, "Date", &value)) {
		t->date_us = http_head_date(&t->http->curl, value);
	} else if (http_head_value(line, "Content-Type", &value)) {
		t->is_json = value.len >= 16 &&
			     strncasecmp(value.s, "application/json", 16) == 0;
	} else if (http_head_value(line, "Retry-After", &value)) {
		t->retry_after_ms =
			http_head_retry_ms(&t->http->curl, t->date_us, value);
	} else if (http_head_value(line, "Location", &value) &&
		   value.len < LOCATION_MAX) {
		memcpy(t->location, value.s, value.len);
		t->location[value.len] = '\0';
	} else if (http_head_value(line, "X-Next-Cursor", &value) &&
		   value.len < CURSOR_MAX) {
		memcpy(t->cursor, value.s, value.len);
		t->cursor[value.len] = '\0';
	}
	return size * n;
}

/* ---- transfers */

static struct transfer *
transfer_get(struct http *h)
{
	struct dyn_curl *c = &h->curl;
	struct transfer *t;

	if (h->idle.n)
		return h->idle.v[--h->idle.n];
	t = xcalloc(1, sizeof(*t));
	t->http = h;
	buf_init(&t->body, BUF_MAX);
	t->easy = c->easy_init();
	BUG_ON(!t->easy);
	http_setup_apply(c, &h->setup, t->easy);
	c->easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	c->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	c->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	c->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	c->easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	c->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->detail);
	c->easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	c->easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
	c->easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
	return t;
}

static void
transfer_clear(struct transfer *t)
{
	struct dyn_curl *c = &t->http->curl;

	c->slist_free_all(t->headers);
	t->headers = NULL;
	free(t->url);
	t->url = NULL;
	t->payload = STR("");
	if (t->body.size > IDLE_BODY_MAX)
		buf_release(&t->body);
	buf_clear(&t->body);
}

static void
transfer_free(struct transfer *t)
{
	transfer_clear(t);
	buf_release(&t->body);
	t->http->curl.easy_cleanup(t->easy);
	free(t);
}

static void
take_out(struct transfers *v, const struct transfer *t)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i] == t) {
			v->v[i] = v->v[--v->n];
			return;
		}
}

static void
finish(struct transfer *t, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *err)
{
	struct http *h = t->http;

	h->n_finished++;
	t->done(t->arg, rc, reply, err);
	transfer_clear(t);
	VEC_PUSH(&h->idle, t);
}

static void
set_method(struct transfer *t)
{
	struct dyn_curl *c = &t->http->curl;
	bool get = strcmp(t->method, "GET") == 0;
	bool post = strcmp(t->method, "POST") == 0;

	c->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (get) {
		c->easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	c->easy_setopt(t->easy, CURLOPT_POST, 1L);
	c->easy_setopt(
		t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->payload.len);
	c->easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->payload.s ? t->payload.s : "");
	if (!post)
		c->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, t->method);
}

static void
set_headers(struct transfer *t, const char *const *headers)
{
	struct dyn_curl *c = &t->http->curl;

	if (headers[0]) {
		for (struct curl_slist *l = t->http->setup.headers; l; l = l->next)
			t->headers = c->slist_append(t->headers, l->data);
		for (size_t i = 0; i < TRANSPORT_HEADERS_MAX && headers[i]; i++)
			t->headers = c->slist_append(t->headers, headers[i]);
	}
	c->easy_setopt(t->easy, CURLOPT_HTTPHEADER,
		t->headers ? t->headers : t->http->setup.headers);
}

void
http_submit(struct http *h, const struct transport_request *r)
{
	struct transfer *t = transfer_get(h);

	t->method = r->method;
	t->url = xasprintf("%s%s", h->setup.base, r->path);
	t->payload = r->body;
	t->repeatable = r->repeatable;
	t->done = r->done;
	t->arg = r->arg;
	t->attempt = 0;
	t->first_us = t->due_us = weir_monotonic_us();
	h->curl.easy_setopt(t->easy, CURLOPT_URL, t->url);
	set_method(t);
	set_headers(t, r->headers);
	/* libcurl repeats by itself what fails on a connection that it had kept. */
	h->curl.easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, r->repeatable ? 0L : 1L);
	h->curl.easy_setopt(
		t->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->body_max);
	VEC_PUSH(&h->waiting, t);
}

/* ---- one try */

static enum weir_rc
failure(struct transfer *t, CURLcode code, struct weir_err *err)
{
	struct http *h = t->http;
	struct http_fail f = {
		.code = code,
		.base = h->setup.base,
		.detail = t->detail[0] ? t->detail : h->curl.easy_strerror(code),
		.timeout_s = h->setup.timeout_s,
		.received = t->body.len,
		.body_max = h->body_max,
	};

	h->curl.easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &f.os_errno);
	return http_fail_set(&f, err);
}

static void
fail(struct transfer *t, CURLcode code)
{
	struct weir_err err = { 0 };
	enum weir_rc rc = failure(t, code, &err);

	finish(t, rc, NULL, &err);
}

struct http_away *
http_away(struct http *h)
{
	return &h->away;
}

static void
start(struct transfer *t)
{
	struct http *h = t->http;

	t->attempt++;
	t->too_big = t->stalled = t->is_json = false;
	t->moved = 0;
	t->moved_us = weir_monotonic_us();
	t->date_us = WEIR_NO_TIME;
	t->retry_after_ms = -1;
	t->location[0] = t->cursor[0] = t->detail[0] = '\0';
	buf_clear(&t->body);
	if (h->curl.multi_add_handle(h->multi, t->easy) == CURLM_OK)
		VEC_PUSH(&h->active, t);
	else
		fail(t, CURLE_FAILED_INIT);
}

static uint32_t
next_random(struct http *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 17;
	h->random ^= h->random << 5;
	return h->random;
}

static int64_t
delay_ms(struct transfer *t, CURLcode code, long status)
{
	struct http *h = t->http;
	enum http_fail_again again = http_fail_again(code);
	struct retry_try r = {
		.attempt = t->attempt,
		.status = code ? 0 : status,
		.repeatable = t->repeatable,
		.retry_after_ms = t->retry_after_ms,
		.elapsed_ms = (weir_monotonic_us() - t->first_us) / 1000,
		.max_retries = h->setup.max_retries,
		.extra_codes = h->setup.extra_codes,
		.n_extra_codes = h->setup.n_extra_codes,
		.random = next_random(h),
	};

	if (code && (t->too_big || again == HTTP_FAIL_NEVER ||
			    (again == HTTP_FAIL_LATER && !h->answered)))
		return RETRY_GIVE_UP;
	return retry_delay_ms(&r);
}

static void
succeed(struct transfer *t, long status)
{
	struct buf location = BUF_INIT(LOCATION_MAX);
	struct transport_reply reply = {
		.status = status,
		.body = buf_str(&t->body),
		.cursor = str_of(t->cursor),
		.date_us = t->date_us,
		.is_json = t->is_json,
		.retries = t->attempt - 1,
	};

	if (status < 200 || status > 299) {
		http_setup_mask(&t->http->setup, t->headers, t->body.s, t->body.len);
		http_setup_mask(&t->http->setup, NULL, t->location, LOCATION_MAX);
	}
	if (t->location[0]) {
		weir_url_mask(&location, t->location);
		reply.location = buf_str(&location);
	}
	finish(t, WEIR_OK, &reply, NULL);
	buf_release(&location);
}

/* libcurl is through with t; it is in none of our lists. */
static void
settle(struct transfer *t, CURLcode code)
{
	struct http *h = t->http;
	struct weir_err err = { 0 };
	long status = 0;
	int64_t wait;

	h->curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	LOG(LOG_DEBUG, "%s %s: %ld %s, %zu bytes, %lld ms, try %d", t->method,
		t->url + strlen(h->setup.base), status,
		code ? h->curl.easy_strerror(code) : "", t->body.len,
		(long long)(weir_monotonic_us() - t->first_us) / 1000, t->attempt);
	if (t->too_big)
		code = CURLE_WRITE_ERROR;
	else if (t->stalled)
		code = CURLE_OPERATION_TIMEDOUT;
	if (code == CURLE_OK)
		h->answered = true;
	if (http_away_due(&h->away, code == CURLE_OK) &&
		failure(t, code, &err) == WEIR_ENET)
		h->away.tell(h->away.arg, err.text);
	wait = delay_ms(t, code, status);
	if (wait != RETRY_GIVE_UP) {
		t->due_us = weir_monotonic_us() + wait * 1000;
		VEC_PUSH(&h->waiting, t);
	} else if (code) {
		fail(t, code);
	} else {
		succeed(t, status);
	}
}

/* ---- the loop */

/* Start what is due; returns when the next is, or -1. */
static int64_t
start_due(struct http *h)
{
	int64_t now = weir_monotonic_us(), next = -1;
	struct transfer *t;

	for (size_t i = 0; i < h->waiting.n;) {
		t = h->waiting.v[i];
		if (t->due_us > now) {
			if (next < 0 || t->due_us < next)
				next = t->due_us;
			i++;
			continue;
		}
		/* In order, and before a callback can change the list. */
		memmove(h->waiting.v + i, h->waiting.v + i + 1,
			(--h->waiting.n - i) * sizeof(*h->waiting.v));
		start(t);
	}
	return next;
}

static void
perform(struct http *h)
{
	struct transfer *t;
	CURLMsg *m;
	CURLcode code;
	void *p;
	int n;

	h->curl.multi_perform(h->multi, &n);
	while ((m = h->curl.multi_info_read(h->multi, &n))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		/* m is gone after remove_handle. */
		code = m->data.result;
		h->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
		t = p;
		h->curl.multi_remove_handle(h->multi, t->easy);
		take_out(&h->active, t);
		settle(t, code);
	}
}

void
http_pump(struct http *h, int timeout_ms)
{
	int64_t end = weir_monotonic_us() + (int64_t)timeout_ms * 1000;
	size_t finished = h->n_finished;
	int64_t due, now, wait_ms;

	for (;;) {
		due = start_due(h);
		perform(h);
		if (h->n_finished != finished || atomic_exchange(&h->woken, false))
			return;
		now = weir_monotonic_us();
		if (timeout_ms < 0 ? http_in_flight(h) == 0 : now >= end)
			return;
		wait_ms = timeout_ms < 0 ? 60 * 1000 : (end - now) / 1000 + 1;
		if (due >= 0 && (due - now) / 1000 + 1 < wait_ms)
			wait_ms = due > now ? (due - now) / 1000 + 1 : 0;
		h->curl.multi_poll(h->multi, NULL, 0, (int)wait_ms, NULL);
	}
}

void
http_wake(struct http *h)
{
	atomic_store(&h->woken, true);
	h->curl.multi_wakeup(h->multi);
}

size_t
http_in_flight(const struct http *h)
{
	return h->active.n + h->waiting.n;
}

void
http_cancel_all(struct http *h)
{
	struct transfers all = { 0 };
	struct weir_err err = { 0 };

	for (size_t i = 0; i < h->active.n; i++) {
		h->curl.multi_remove_handle(h->multi, h->active.v[i]->easy);
		VEC_PUSH(&all, h->active.v[i]);
	}
	for (size_t i = 0; i < h->waiting.n; i++)
		VEC_PUSH(&all, h->waiting.v[i]);
	h->active.n = h->waiting.n = 0;
	weir_fail(&err, WEIR_EINTR, "server: %s: interrupted", h->setup.base);
	for (size_t i = 0; i < all.n; i++)
		finish(all.v[i], WEIR_EINTR, NULL, &err);
	VEC_FREE(&all);
}

/* ---- life */

const char *
http_base(const struct http *h)
{
	return h->setup.base;
}

void
http_set_body_max(struct http *h, size_t max)
{
	h->body_max = max;
}

static enum weir_rc
open_one(const struct weir_config *config, bool prefect, struct http **ret_http,
	struct weir_err *err)
{
	struct http *h = xcalloc(1, sizeof(*h));
	struct weir_id seed = weir_id_random();
	enum weir_rc rc;

	h->body_max = HTTP_BODY_MAX;
	memcpy(&h->random, &seed, sizeof(h->random));
	h->random |= 1;
	rc = dyn_curl_load(&h->curl, err);
	if (rc)
		goto out;
	h->curl.global_init(CURL_GLOBAL_DEFAULT);
	rc = http_setup_init(&h->curl, config, prefect, &h->setup, err);
	if (rc)
		goto out;
	h->multi = h->curl.multi_init();
	BUG_ON(!h->multi);
	h->curl.multi_setopt(
		h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
	h->curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
out:
	if (rc)
		free(h);
	else
		*ret_http = h;
	return rc;
}

enum weir_rc
http_open(
	const struct weir_config *config, struct http **ret_http, struct weir_err *err)
{
	return open_one(config, true, ret_http, err);
}

enum weir_rc
http_open_other(
	const struct weir_config *config, struct http **ret_http, struct weir_err *err)
{
	return open_one(config, false, ret_http, err);
}

void
http_close(struct http *h)
{
	struct transfers *lists[3];

	if (!h)
		return;
	lists[0] = &h->active;
	lists[1] = &h->waiting;
	lists[2] = &h->idle;
	for (size_t i = 0; i < h->active.n; i++)
		h->curl.multi_remove_handle(h->multi, h->active.v[i]->easy);
	for (size_t i = 0; i < N_ELEM(lists); i++) {
		for (size_t j = 0; j < lists[i]->n; j++)
			transfer_free(lists[i]->v[j]);
		VEC_FREE(lists[i]);
	}
	h->curl.multi_cleanup(h->multi);
	http_setup_release(&h->curl, &h->setup);
	h->curl.global_cleanup();
	free(h);
}
