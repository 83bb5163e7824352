#include "api_reply.h"

#include <ctype.h>
#include <strings.h>

#include <jansson.h>

#include "weir/mem.h"
#include "weir/store.h"
#include "weir/text.h"

enum { WORDS_MAX = 400, ERROR_BODY_MAX = 1 << 20, DETAILS_MAX = 3, LIMIT_MAX = 100000 };

/* ---- the server's words */

/* `flow_runs.bogus: Extra inputs are not permitted` of a validation error's item. */
static void
add_detail(const json_t *item, struct buf *out)
{
	const json_t *loc = json_object_get(item, "loc"), *part;
	const char *msg = json_string_value(json_object_get(item, "msg"));
	size_t i, start = out->len;

	json_array_foreach(loc, i, part)
	{
		if (i == 0)
			continue; /* `body`, `path`, `query` */
		if (out->len > start)
			buf_addc(out, '.');
		if (json_is_string(part))
			buf_adds(out, json_string_value(part));
		else
			buf_addf(out, "%lld", (long long)json_integer_value(part));
	}
	if (msg)
		buf_addf(out, "%s%s", out->len > start ? ": " : "", msg);
}

static void
add_details(const json_t *list, struct buf *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (i == DETAILS_MAX)
			break;
		if (i)
			buf_adds(out, "; ");
		add_detail(item, out);
	}
}

static void
words_of(const json_t *json, struct buf *out)
{
	const json_t *detail = json_object_get(json, "detail");
	const json_t *message = json_object_get(json, "exception_message");
	const json_t *details = json_object_get(json, "exception_detail");

	if (json_is_string(detail)) {
		buf_adds(out, json_string_value(detail));
	} else if (json_array_size(detail)) {
		add_details(detail, out);
	} else if (json_is_string(message)) {
		if (json_array_size(details))
			add_details(details, out);
		else
			buf_adds(out, json_string_value(message));
	}
}

static json_t *
parse(struct str body)
{
	if (body.len == 0 || body.len > ERROR_BODY_MAX)
		return NULL;
	return json_loadb(body.s, body.len, JSON_DECODE_ANY, NULL);
}

void
api_reply_words(struct str body, struct buf *out)
{
	struct buf raw = BUF_INIT(WORDS_MAX * 4), clean = BUF_INIT(WORDS_MAX * 16);
	json_t *json = parse(body);

	words_of(json, &raw);
	json_decref(json);
	text_sanitize(&clean, buf_str(&raw), 0);
	text_fit(out, buf_str(&clean), WORDS_MAX, 0);
	while (out->len && (out->s[out->len - 1] == '.' || out->s[out->len - 1] == ' '))
		buf_truncate(out, out->len - 1);
	buf_release(&raw);
	buf_release(&clean);
}

size_t
api_reply_limit(const struct transport_reply *reply)
{
	static const char mark[] = "less than or equal to ";
	struct buf words = BUF_INIT(WORDS_MAX * 4);
	const char *at;
	unsigned long n = 0;

	if (reply->status != 422)
		return 0;
	api_reply_words(reply->body, &words);
	at = strstr(buf_cstr(&words), mark);
	if (at && strstr(buf_cstr(&words), "limit"))
		n = strtoul(at + strlen(mark), NULL, 10);
	buf_release(&words);
	return n <= LIMIT_MAX ? n : 0;
}

bool
api_reply_wants_csrf(const struct transport_reply *reply)
{
	struct buf words = BUF_INIT(WORDS_MAX * 4);
	bool wants;

	if (reply->status != 403)
		return false;
	api_reply_words(reply->body, &words);
	wants = strstr(buf_cstr(&words), "CSRF") != NULL;
	buf_release(&words);
	return wants;
}

bool
api_reply_token(const struct transport_reply *reply, char *out, size_t size)
{
	json_t *json = parse(reply->body);
	const char *token = json_string_value(json_object_get(json, "token"));
	bool ok = token && *token && strlen(token) < size && !strpbrk(token, "\r\n");

	if (ok)
		memcpy(out, token, strlen(token) + 1);
	json_decref(json);
	return ok;
}

/* ---- foreign servers */

static struct str
trim(struct str s)
{
	while (s.len && isspace((unsigned char)s.s[0])) {
		s.s++;
		s.len--;
	}
	return s;
}

static bool
is_web_page(const struct transport_reply *reply)
{
	struct str s = trim(reply->body);

	/* With these a proxy's page says what the status says. */
	if (reply->status >= 500 || reply->status == 401 || reply->status == 403 ||
		reply->status == 407 || reply->status == 429)
		return false;
	return !reply->is_json && s.len && s.s[0] == '<';
}

/* Prefect 1 was GraphQL: Apollo's words for a request that is none. */
static bool
is_graphql(const struct transport_reply *reply, const char *base)
{
	static const char *const words[] = { "GET query missing", "GraphQL", "GRAPHQL",
		"Must provide query", "POST body missing" };
	struct str s = reply->body;
	size_t n = strlen(base);

	if (reply->status < 400)
		return false;
	if (n >= 8 && strcmp(base + n - 8, "/graphql") == 0)
		return true;
	for (size_t i = 0; i < N_ELEM(words); i++)
		for (size_t at = 0; at + strlen(words[i]) <= s.len && at < 4096; at++)
			if (memcmp(s.s + at, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}

static void
hint_api(const char *base, struct weir_err *err)
{
	size_t n = strlen(base);

	if ((n >= 4 && strcmp(base + n - 4, "/api") == 0) || strstr(base, "/api/"))
		weir_hint(err, "check the address: weir config get api_url");
	else
		weir_hint(err, "export PREFECT_API_URL=%s/api", base);
}

/* ---- statuses */

struct status {
	long from, to;
	enum weir_rc rc;
	const char *what; /* stands before the number */
	const char *hint;
};

/* clang-format off */
static const struct status statuses[] = {
	{ 401, 401, WEIR_EAUTH, "not authorised",
	  "check PREFECT_API_AUTH_STRING or PREFECT_API_KEY: weir config list" },
	{ 403, 403, WEIR_EAUTH, "not permitted",
	  "check whose key this is and what it may do: weir config list" },
	{ 404, 404, WEIR_ENOTFOUND, "not found",
	  "is the server one that weir knows? weir doctor" },
	{ 405, 405, WEIR_EREFUSED, "the server has no such request",
	  "is the server older than 2.20? weir doctor" },
	{ 407, 407, WEIR_ENET, "the proxy wants a password",
	  "export HTTPS_PROXY=http://user:password@proxy:port" },
	{ 408, 408, WEIR_ENET, "the server gave up waiting",
	  "wait a minute, then again" },
	{ 429, 429, WEIR_ENET, "too many requests", "wait a minute, then again" },
	{ 400, 499, WEIR_EREFUSED, "refused",
	  "is the server one that weir knows? weir doctor" },
	{ 502, 504, WEIR_ENET, "the server is not available",
	  "is it starting or overloaded? weir doctor" },
	{ 500, 599, WEIR_ENET, "the server failed", "its own log tells why" },
	{ 0, 999, WEIR_ENET, "an unexpected answer",
	  "check the address: weir config get api_url" },
};
/* clang-format on */

static enum weir_rc
fail_status(const struct transport_reply *reply, const char *base, const char *method,
	const char *path, struct weir_err *err)
{
	const struct status *s = statuses;
	struct buf words = BUF_INIT(WORDS_MAX * 4);

	while (reply->status < s->from || reply->status > s->to)
		s++;
	api_reply_words(reply->body, &words);
	weir_fail(err, s->rc, "%s%s: %s %s: %s (%ld)%s%s",
		strcmp(base, WEIR_STORE_EMBEDDED) == 0 ? "" : "server: ", base, method,
		path, s->what, reply->status, words.len ? ": " : "", buf_cstr(&words));
	if (s->rc == WEIR_EAUTH && strstr(buf_cstr(&words), "CSRF"))
		weir_hint(err, "weir config set csrf_support_enabled true");
	else if (s->hint)
		weir_hint(err, "%s", s->hint);
	buf_release(&words);
	return s->rc;
}

/* Where the redirect leads, as the base that would have avoided it. */
static enum weir_rc
fail_redirect(const struct transport_reply *reply, const char *base, const char *path,
	struct weir_err *err)
{
	size_t n = strlen(path);
	struct str to = reply->location;

	weir_fail(err, WEIR_ENET, "server: %s: it redirects to %.*s", base, (int)to.len,
		to.s ? to.s : "");
	if (to.len > n && memcmp(to.s + to.len - n, path, n) == 0 &&
		strncasecmp(to.s, "http", 4) == 0)
		return weir_hint(
			err, "export PREFECT_API_URL=%.*s", (int)(to.len - n), to.s);
	return weir_hint(err, "check the address: weir config get api_url");
}

enum weir_rc
api_reply_check(const struct transport_reply *reply, const char *base,
	const char *method, const char *path, struct weir_err *err)
{
	struct str body = trim(reply->body);

	if (is_graphql(reply, base)) {
		weir_fail(err, WEIR_ENET,
			"server: %s: this is Prefect 1 (GraphQL), not Prefect 2 or 3",
			base);
		hint_api(base, err);
		return WEIR_ENET;
	}
	if (is_web_page(reply)) {
		weir_fail(err, WEIR_ENET,
			"server: %s: it answers with a web page, not Prefect's API "
			"(%ld)",
			base, reply->status);
		hint_api(base, err);
		return WEIR_ENET;
	}
	if (reply->status >= 300 && reply->status < 400)
		return fail_redirect(reply, base, path, err);
	if (reply->status < 200 || reply->status > 299)
		return fail_status(reply, base, method, path, err);
	if (body.len && !reply->is_json && !strchr("[{\"tfn-0123456789", body.s[0])) {
		weir_fail(err, WEIR_ENET, "server: %s: %s %s: the answer is not JSON",
			base, method, path);
		hint_api(base, err);
		return WEIR_ENET;
	}
	return WEIR_OK;
}
