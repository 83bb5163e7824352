#include "mf_ask.h"

#include <stdlib.h>
#include <strings.h>

#include "api_body.h"
#include "api_reply.h"
#include "config_layer.h"
#include "http.h"
#include "weir/json.h"
#include "weir/text.h"

enum { SLICE_MS = 50, HEADERS_MAX = 64 << 10 };

struct mf_ask {
	struct weir_config *config;
	struct http *http;
};

/* ---- who */

/* What http.h is to know: the address and its headers, and nothing of Prefect's. */
struct outside {
	const char *url, *headers, *timeout;
};

static const char *
outside_env(void *arg, const char *name)
{
	const struct outside *o = arg;
	const char *bundle = getenv("SSL_CERT_FILE");

	if (!strcmp(name, "WEIR_API_URL"))
		return o->url;
	if (!strcmp(name, "WEIR_CUSTOM_HEADERS"))
		return o->headers;
	if (!strcmp(name, "WEIR_REQUEST_TIMEOUT"))
		return o->timeout;
	if (!strcmp(name, "SSL_CERT_FILE"))
		return bundle ? bundle : getenv("REQUESTS_CA_BUNDLE");
	return strcmp(name, "HOME") == 0 ? getenv(name) : NULL;
}

static enum weir_rc
outside_read(void *arg, const char *path, struct buf *text, bool *ret_found,
	unsigned *ret_mode, struct weir_err *err)
{
	(void)arg;
	(void)path;
	(void)text;
	(void)ret_mode;
	(void)err;
	*ret_found = false;
	return WEIR_OK;
}

static void
add_header(struct buf *out, const char *name, struct str value)
{
	if (out->len > 1)
		buf_addc(out, ',');
	text_json(out, str_of(name));
	buf_addc(out, ':');
	text_json(out, value);
}

static enum weir_rc
bad_headers(struct weir_err *err)
{
	weir_fail(err, WEIR_ECONFIG,
		"METAFLOW_SERVICE_HEADERS: not a JSON object of strings");
	return weir_hint(err, "METAFLOW_SERVICE_HEADERS='{\"name\": \"value\"}'");
}

/* METAFLOW_SERVICE_HEADERS, and x-api-key. */
static enum weir_rc
make_headers(const struct weir_env_root *root, struct buf *out, struct weir_err *err)
{
	const char *text = weir_env_setting(root, "SERVICE_HEADERS");
	const char *key = weir_env_setting(root, "SERVICE_AUTH_KEY"), *name;
	struct weir_json *json = NULL;
	const struct weir_json *value;
	enum weir_rc rc = WEIR_OK;
	void *at = NULL;

	buf_addc(out, '{');
	if (text && *text) {
		if (weir_json_parse(str_of(text), &json, NULL) ||
			weir_json_type(json) != WEIR_JSON_OBJECT)
			rc = bad_headers(err);
		while (!rc && weir_json_next(json, &at, &name, &value)) {
			if (weir_json_type(value) != WEIR_JSON_TEXT)
				rc = bad_headers(err);
			else if (!key || !*key || strcasecmp(name, "x-api-key") != 0)
				add_header(out, name, weir_json_text(value));
		}
	}
	if (key && *key)
		add_header(out, "x-api-key", str_of(key));
	buf_addc(out, '}');
	weir_json_free(json);
	return rc;
}

enum weir_rc
mf_ask_open(const struct weir_metaflow_open *how, struct mf_ask **ret_ask,
	struct weir_err *err)
{
	const char *url = weir_env_setting(how->root, "SERVICE_URL");
	struct buf headers = BUF_INIT(HEADERS_MAX);
	struct mf_ask *a = xcalloc(1, sizeof(*a));
	struct outside o = { .url = url ? url : "" };
	const struct config_io io = { outside_env, outside_read, &o };
	char timeout[32];
	enum weir_rc rc = make_headers(how->root, &headers, err);

	snprintf(timeout, sizeof(timeout), "%lld",
		(long long)weir_config_int(how->config, WEIR_KEY_REQUEST_TIMEOUT));
	o.timeout = timeout;
	o.headers = headers.len > 2 ? buf_cstr(&headers) : NULL;
	if (!rc)
		rc = config_load(&io, NULL, &a->config, err);
	if (!rc)
		rc = http_open_other(a->config, &a->http, err);
	buf_release(&headers);
	if (rc)
		mf_ask_close(a);
	else {
		http_set_body_max(a->http, MF_BODY_MAX);
		*ret_ask = a;
	}
	return rc;
}

void
mf_ask_close(struct mf_ask *a)
{
	if (!a)
		return;
	http_close(a->http);
	weir_config_free(a->config);
	free(a);
}

const char *
mf_ask_name(const struct mf_ask *a)
{
	return http_base(a->http);
}

/* ---- answers that are none */

static enum weir_rc say(struct mf_ask_call *c, enum weir_rc rc, const char *fmt, ...)
	WEIR_PRINTF(3, 4);

static enum weir_rc
say(struct mf_ask_call *c, enum weir_rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	weir_vfail(&c->err, rc, fmt, ap);
	va_end(ap);
	return weir_prefix(
		&c->err, "metadata service: %s: GET %s", mf_ask_name(c->ask), c->path);
}

static enum weir_rc
fail_status(struct mf_ask_call *c, const struct transport_reply *r)
{
	struct buf words = BUF_INIT(1024);
	const char *sep;
	enum weir_rc rc = WEIR_ENET;

	api_reply_words(r->body, &words);
	sep = words.len ? ": " : "";
	c->of_this = r->status >= 500 || r->status == 404;
	if (r->status == 401 || r->status == 403) {
		rc = say(c, WEIR_EAUTH, "%ld%s%s", r->status, sep, buf_cstr(&words));
		weir_hint(&c->err, "set METAFLOW_SERVICE_AUTH_KEY, or "
				   "METAFLOW_SERVICE_HEADERS, to what it wants");
	} else if (r->status == 404) {
		rc = say(c, WEIR_ENOTFOUND, "404: not found");
	} else if (r->status >= 300 && r->status < 400) {
		rc = say(c, WEIR_ENET, "%ld: it is somewhere else: %.*s", r->status,
			(int)r->location.len, r->location.s ? r->location.s : "");
		weir_hint(&c->err, "set METAFLOW_SERVICE_URL to that address");
	} else {
		rc = say(c, WEIR_ENET, "%ld%s%s", r->status, sep, buf_cstr(&words));
	}
	buf_release(&words);
	return rc;
}

static enum weir_rc
fail_body(struct mf_ask_call *c, struct str body, const struct pull *p)
{
	c->of_this = true;
	if (body.len && body.s[0] == '<') {
		c->of_this = false;
		return say(c, WEIR_ENET,
			"it answers with a web page, not as a metadata service");
	}
	return say(c, WEIR_ENET, "the answer cannot be read: %s at byte %zu of %zu",
		p->why ? p->why : "not what was asked for", pull_offset(p), body.len);
}

/* ---- answers */

static enum weir_rc
read_body(struct mf_ask_call *c, struct str body)
{
	struct arena arena = { 0 };
	struct mf_object o;
	struct pull p;
	bool first = true;
	enum weir_rc rc = WEIR_OK;

	pull_init(&p, body, &arena);
	if (pull_peek(&p) != (c->one ? PULL_OBJECT : PULL_ARRAY)) {
		rc = fail_body(c, body, &p);
	} else if (c->one) {
		if (mf_object_read(&p, &o))
			c->object(c->arg, &o);
	} else {
		if (pull_enter(&p))
			while (pull_item(&p, &first))
				if (mf_object_read(&p, &o))
					c->object(c->arg, &o);
	}
	if (!rc && p.why)
		rc = fail_body(c, body, &p);
	arena_free(&arena);
	return rc;
}

static void submit(struct mf_ask_call *c);

static bool
take_page(struct mf_ask_call *c, const struct transport_reply *r)
{
	c->rc = r->status == 200 ? read_body(c, r->body) : fail_status(c, r);
	if (c->rc || c->one || !r->cursor.len || (c->more && !c->more(c->arg)))
		return false;
	if (++c->pages >= MF_PAGES_MAX || str_equal(r->cursor, buf_str(&c->cursor))) {
		c->rc = say(c, WEIR_ENET, "its pages do not end");
		return false;
	}
	buf_clear(&c->cursor);
	buf_addstr(&c->cursor, r->cursor);
	return true;
}

static void
on_reply(void *arg, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *err)
{
	struct mf_ask_call *c = arg;

	if (rc) {
		c->rc = rc;
		c->err = *err;
		weir_hint(&c->err, "is the service running? curl %s/ping",
			mf_ask_name(c->ask));
	} else if (take_page(c, reply)) {
		submit(c);
		return;
	}
	c->done = true;
}

/* Services without pages do not mind the question. */
static void
submit(struct mf_ask_call *c)
{
	struct buf path = BUF_INIT(TRANSPORT_TARGET_MAX);
	struct transport_request r = {
		.method = "GET", .repeatable = true, .done = on_reply, .arg = c
	};

	buf_adds(&path, c->path);
	if (!c->one)
		buf_addf(&path, "?_limit=%d", MF_PAGE);
	if (c->cursor.len) {
		buf_adds(&path, "&_cursor=");
		api_body_percent(&path, buf_cstr(&c->cursor));
	}
	r.path = buf_cstr(&path);
	http_submit(c->ask->http, &r);
	buf_release(&path);
}

void
mf_ask_put(struct mf_ask *a, struct mf_ask_call *c)
{
	c->ask = a;
	c->done = c->of_this = false;
	c->rc = WEIR_OK;
	c->pages = 0;
	buf_init(&c->cursor, TRANSPORT_TARGET_MAX / 2);
	submit(c);
}

void
mf_ask_release(struct mf_ask_call *c)
{
	buf_release(&c->cursor);
	free(c->path);
	c->path = NULL;
}

enum weir_rc
mf_ask_wait(struct mf_ask *a, const struct mf_sink *sink, struct weir_err *err)
{
	while (http_in_flight(a->http) && sink->go_on(sink->arg))
		http_pump(a->http, SLICE_MS);
	if (!http_in_flight(a->http))
		return WEIR_OK;
	http_cancel_all(a->http);
	return weir_fail(err, WEIR_EINTR,
		"metadata service: %s: it has not answered yet", mf_ask_name(a));
}

char *
mf_ask_path(const struct str *parts, size_t n, const char *last)
{
	static const char *const names[MF_PARTS] = { "/flows/", "/runs/", "/steps/",
		"/tasks/" };
	struct buf b = BUF_INIT(TRANSPORT_TARGET_MAX / 2);

	for (size_t i = 0; i < n; i++) {
		char *part = str_copy(parts[i]);

		buf_adds(&b, names[i]);
		api_body_percent(&b, part);
		free(part);
	}
	buf_adds(&b, last);
	return buf_steal(&b);
}
