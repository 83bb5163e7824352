#include "api.h"

#include <ctype.h>

#include "api_prefect.h"
#include "embedded.h"
#include "http_transport.h"
#include "weir/time.h"

enum { WAIT_MS = 1000 };

enum weir_rc
api_open(const struct weir_config *config, struct api **ret_api, struct weir_err *err)
{
	struct transport *transport = NULL;
	enum weir_rc rc = weir_config_embedded(config)
				  ? embedded_open(config, &transport, err)
				  : http_transport_open(config, &transport, err);

	if (!rc)
		*ret_api = api_prefect_open(config, transport);
	return rc;
}

void
api_close(struct api *a)
{
	if (a)
		a->ops->close(a);
}

bool
api_since(const struct api *a, int major, int minor, int patch)
{
	return api_version_since(&a->version, major, minor, patch);
}

bool
api_version_since(const struct api_version *v, int major, int minor, int patch)
{
	if (v->major == 0)
		return true;
	if (v->major != major)
		return v->major > major;
	if (v->minor != minor)
		return v->minor > minor;
	return v->patch >= patch;
}

int64_t
api_now_us(const struct api *a)
{
	return weir_now_us() + a->clock_offset_us;
}

/* ---- waiting for one answer */

void
api_wait_done(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct api_wait *w = arg;

	w->done = true;
	w->rc = rc;
	if (rc) {
		if (w->err)
			*w->err = *err;
		return;
	}
	w->date_us = page->date_us;
	w->status = page->status;
	buf_addstr(w->out, page->body);
}

/* How long to wait for something to happen. */
static int64_t
ms_left(const struct api *a)
{
	int64_t left = WAIT_MS;

	if (a->deadline_us)
		left = (a->deadline_us - weir_monotonic_us() + 999) / 1000;
	return left < WAIT_MS ? left : WAIT_MS;
}

enum weir_rc
api_wait(struct api *a, struct api_wait *w)
{
	bool late = false;

	while (!w->done) {
		int64_t left = ms_left(a);

		late = left <= 0;
		if (late || (a->interrupted && a->interrupted(a->interrupted_arg)))
			a->ops->cancel(a);
		else
			a->ops->pump(a, (int)left);
	}
	if (late && w->rc == WEIR_EINTR)
		w->rc = weir_fail(
			w->err, WEIR_EPENDING, "the server did not answer in time");
	return w->rc;
}

static enum weir_rc
raw_wait(struct api *a, const char *method, const char *path, struct str body,
	bool repeatable, struct api_wait *w)
{
	w->done = false;
	a->ops->raw(a, method, path, body, repeatable, api_wait_done, w);
	return api_wait(a, w);
}

enum weir_rc
api_raw_wait(struct api *a, const char *method, const char *path, struct str body,
	bool repeatable, struct buf *out, struct weir_err *err)
{
	struct api_wait w = { .out = out, .err = err };

	return raw_wait(a, method, path, body, repeatable, &w);
}

/* ---- first contact */

/* "3.8.3", "3.8.4.dev6", "3.0.0rc1" */
bool
api_version_parse(struct str text, struct api_version *ret_version)
{
	struct api_version v = { 0 };
	int *parts[] = { &v.major, &v.minor, &v.patch };
	size_t i = 0;

	if (text.len >= sizeof(v.text))
		return false;
	for (size_t part = 0; part < 3; part++) {
		if (i == text.len || !isdigit((unsigned char)text.s[i]))
			return false;
		for (; i < text.len && isdigit((unsigned char)text.s[i]); i++)
			if (*parts[part] < 100000)
				*parts[part] = *parts[part] * 10 + text.s[i] - '0';
		if (part < 2 && (i == text.len || text.s[i++] != '.'))
			return false;
	}
	memcpy(v.text, text.s, text.len);
	*ret_version = v;
	return v.major > 0;
}

/*
 * The server's clock showed date_us at some moment between asking and now. Where that
 * fits our own clock (Date has whole seconds; one more for what else is late) they
 * count as equal, so that clocks that agree give the same result each time.
 */
static void
set_clock(struct api *a, int64_t date_us, int64_t asked_us)
{
	int64_t now_us = weir_now_us(), slack_us = WEIR_SECOND_US;

	if (date_us == WEIR_NO_TIME)
		return;
	a->clock_offset_us = 0;
	if (date_us + WEIR_SECOND_US < asked_us - slack_us ||
		date_us > now_us + slack_us)
		a->clock_offset_us =
			date_us + WEIR_SECOND_US / 2 - (asked_us + now_us) / 2;
}

static enum weir_rc
fail_foreign(struct api *a, const char *why, struct weir_err *err)
{
	weir_fail(err, WEIR_ENET, "server: %s: %s", a->base, why);
	if (!strstr(a->base, "/api"))
		weir_hint(err, "export PREFECT_API_URL=%s/api", a->base);
	else
		weir_hint(err, "check the address: weir config get api_url");
	return WEIR_ENET;
}

/* The server does not tell its version: is it one of Prefect's at all? */
static enum weir_rc
probe(struct api *a, struct api_wait *w)
{
	enum weir_rc rc;

	buf_clear(w->out);
	rc = raw_wait(a, "POST", "/flows/filter", STR("{\"limit\":1}"), true, w);
	if (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED)
		return fail_foreign(
			a, "there is no Prefect API at this address", w->err);
	if (rc)
		return rc;
	if (!w->out->len || w->out->s[0] != '[')
		return fail_foreign(a, "it answers, but not as Prefect does", w->err);
	return WEIR_OK;
}

enum weir_rc
api_connect(struct api *a, struct weir_err *err)
{
	struct buf body = BUF_INIT(1 << 20);
	struct api_wait w = { .out = &body, .err = err, .date_us = WEIR_NO_TIME };
	int64_t asked_us = weir_now_us();
	enum weir_rc rc;

	a->version = (struct api_version){ 0 };
	if (a->local)
		return WEIR_OK; /* as new as this program, with its clock */
	rc = raw_wait(a, "GET", "/admin/version", STR(""), true, &w);
	if (rc == WEIR_ENOTFOUND || rc == WEIR_EREFUSED)
		rc = probe(a, &w);
	else if (!rc &&
		 (body.len < 3 || body.s[0] != '"' ||
			 !api_version_parse((struct str){ body.s + 1, body.len - 2 },
				 &a->version)))
		rc = fail_foreign(a, "it answers, but not as Prefect does", err);
	if (!rc)
		set_clock(a, w.date_us, asked_us);
	buf_release(&body);
	return rc;
}
