#include "http_setup.h"

#include <ctype.h>
#include <strings.h>
#include <unistd.h>

#include <jansson.h>

#include "weir/buf.h"
#include "weir/mem.h"

enum { HEADER_MAX = 64 << 10 };

static const char api_version[] = "X-PREFECT-API-VERSION: 0.8.4";

static void
add_header(const struct dyn_curl *curl, struct http_setup *s, const char *line)
{
	struct curl_slist *more = curl->slist_append(s->headers, line);

	BUG_ON(!more);
	s->headers = more;
}

static void
add_secret_header(const struct dyn_curl *curl, struct http_setup *s, const char *line)
{
	add_header(curl, s, line);
	http_mask_add_header(&s->mask, line);
}

/* ---- credentials */

static void
add_percent_decoded(struct buf *out, struct str s)
{
	char hex[3] = { 0 };

	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '%' && s.len - i > 2 &&
			isxdigit((unsigned char)s.s[i + 1]) &&
			isxdigit((unsigned char)s.s[i + 2])) {
			memcpy(hex, s.s + i + 1, 2);
			buf_addc(out, (char)strtol(hex, NULL, 16));
			i += 2;
		} else {
			buf_addc(out, s.s[i]);
		}
	}
}

/*
 * Split url into base and the `user:password` in it. A credential in the address counts
 * least: the auth string wins over the key, the key over it.
 */
static char *
split_address(const char *url, struct buf *ret_user)
{
	const char *host = strstr(url, "://"), *at, *end;
	char *base;
	size_t n;

	host = host ? host + 3 : url;
	end = host + strcspn(host, "/?#");
	at = NULL;
	for (const char *p = host; p < end; p++)
		if (*p == '@')
			at = p;
	if (at)
		add_percent_decoded(
			ret_user, (struct str){ host, (size_t)(at - host) });
	base = xasprintf("%.*s%s", (int)(host - url), url, at ? at + 1 : host);
	for (n = strlen(base); n && base[n - 1] == '/'; n--)
		base[n - 1] = '\0';
	return base;
}

static bool
is_set(const char *s)
{
	return s && *s;
}

static enum weir_rc
set_credentials(const struct dyn_curl *curl, const struct weir_config *config,
	struct str user, struct http_setup *s, struct weir_err *err)
{
	const char *auth = weir_config_str(config, WEIR_KEY_API_AUTH_STRING);
	const char *key = weir_config_str(config, WEIR_KEY_API_KEY);
	struct buf b = BUF_INIT(HEADER_MAX);
	enum weir_rc rc = WEIR_OK;

	if (is_set(auth) || (!is_set(key) && user.len)) {
		buf_adds(&b, "Authorization: Basic ");
		http_base64(&b, is_set(auth) ? str_of(auth) : user);
	} else if (is_set(key)) {
		buf_addf(&b, "Authorization: Bearer %s", key);
	}
	if (b.truncated || strpbrk(buf_cstr(&b), "\r\n"))
		rc = weir_fail(err, WEIR_ECONFIG,
			"api_key: %s: not one line of sane length",
			weir_config_origin(config, WEIR_KEY_API_KEY));
	else if (b.len)
		add_secret_header(curl, s, buf_cstr(&b));
	http_mask_add_user(&s->mask, user);
	http_mask_add_user(&s->mask, str_of(auth ? auth : ""));
	http_mask_add(&s->mask, str_of(key ? key : ""));
	if (b.s)
		explicit_bzero(b.s, b.len);
	buf_release(&b);
	return rc;
}

/* ---- the user's own headers */

static bool
is_ours(const char *name)
{
	static const char *const ours[] = { "User-Agent", "Prefect-Csrf-Token",
		"Prefect-Csrf-Client", "Content-Length", "Transfer-Encoding" };

	for (size_t i = 0; i < N_ELEM(ours); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	return false;
}

/* A header of the same name counts no more: the user's comes in its place. */
static void
remove_header(const struct dyn_curl *curl, struct http_setup *s, const char *name)
{
	struct curl_slist *old = s->headers;
	size_t n = strlen(name);

	s->headers = NULL;
	for (struct curl_slist *l = old; l; l = l->next)
		if (strncasecmp(l->data, name, n) != 0 || l->data[n] != ':')
			add_header(curl, s, l->data);
	curl->slist_free_all(old);
}

static enum weir_rc
add_custom_headers(const struct dyn_curl *curl, const struct weir_config *config,
	struct http_setup *s, struct weir_err *err)
{
	const char *text = weir_config_str(config, WEIR_KEY_CUSTOM_HEADERS), *name;
	enum weir_rc rc = WEIR_OK;
	json_t *json, *value;
	char *line;

	if (!is_set(text))
		return WEIR_OK;
	json = json_loads(text, 0, NULL);
	if (!json_is_object(json))
		rc = weir_fail(err, WEIR_ECONFIG,
			"custom_headers: %s: not a JSON object of strings",
			weir_config_origin(config, WEIR_KEY_CUSTOM_HEADERS));
	json_object_foreach(json, name, value)
	{
		if (rc || is_ours(name))
			continue;
		if (!json_is_string(value) || !*name || strpbrk(name, "\r\n:") ||
			strpbrk(json_string_value(value), "\r\n")) {
			rc = weir_fail(err, WEIR_ECONFIG,
				"custom_headers: %s: the value of a header is not one "
				"line of text",
				weir_config_origin(config, WEIR_KEY_CUSTOM_HEADERS));
			continue;
		}
		remove_header(curl, s, name);
		/* `Name;` is how libcurl is told to send an empty value. */
		line = *json_string_value(value)
			       ? xasprintf("%s: %s", name, json_string_value(value))
			       : xasprintf("%s;", name);
		add_secret_header(curl, s, line);
		free(line);
	}
	json_decref(json);
	return rc;
}

/* ---- the rest */

static bool
is_loopback(const char *base)
{
	static const char *const names[] = { "localhost", "127.", "[::1]" };
	const char *host = strstr(base, "://");

	host = host ? host + 3 : base;
	for (size_t i = 0; i < N_ELEM(names); i++)
		if (strncasecmp(host, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/*
 * libcurl reads http_proxy in lower case only; Prefect's own client reads both. As a
 * CGI program would, we leave it alone where it can be a request's `Proxy:` header.
 */
static const char *
upper_case_proxy(const struct http_setup *s)
{
	if (s->tls || getenv("http_proxy") || getenv("REQUEST_METHOD"))
		return NULL;
	return getenv("HTTP_PROXY");
}

/* What libcurl takes from the environment is sent, and may be echoed, too. */
static void
mask_proxies(struct http_setup *s)
{
	static const char *const names[] = { "http_proxy", "HTTP_PROXY", "https_proxy",
		"HTTPS_PROXY", "all_proxy", "ALL_PROXY" };

	for (size_t i = 0; i < N_ELEM(names); i++) {
		const char *value = getenv(names[i]);
		struct buf user = BUF_INIT(HEADER_MAX);

		if (value)
			free(split_address(value, &user));
		http_mask_add_user(&s->mask, buf_str(&user));
		buf_release(&user);
	}
}

static void
read_codes(const char *text, struct http_setup *s)
{
	char *end;
	long code;

	while (text && *text && s->n_extra_codes < HTTP_SETUP_CODES_MAX) {
		text += strcspn(text, "0123456789");
		code = strtol(text, &end, 10);
		if (end == text)
			break;
		if (code >= 300 && code <= 599)
			s->extra_codes[s->n_extra_codes++] = (int)code;
		text = end;
	}
}

static bool
is_default(const struct weir_config *config, enum weir_key key)
{
	const char *origin = weir_config_origin(config, key);

	return !origin || strcmp(origin, "default") == 0;
}

static enum weir_rc
check_address(const struct http_setup *s, struct weir_err *err)
{
	if (strncasecmp(s->base, "http://", 7) == 0 ||
		strncasecmp(s->base, "https://", 8) == 0)
		return WEIR_OK;
	weir_fail(err, WEIR_ECONFIG, "api_url: %s: not an http or https address",
		s->base);
	return weir_hint(err, "export PREFECT_API_URL=http://127.0.0.1:4200/api");
}

static void
read_settings(const struct weir_config *config, struct http_setup *s)
{
	const char *ca = weir_config_str(config, WEIR_KEY_SSL_CERT_FILE);
	const char *proxy;

	s->tls = strncasecmp(s->base, "https://", 8) == 0;
	s->loopback = is_loopback(s->base);
	proxy = upper_case_proxy(s);
	if (is_set(proxy))
		s->proxy = xstrdup(proxy);
	if (is_set(ca))
		s->ca_file = xstrdup(ca);
	s->skip_verify = weir_config_bool(config, WEIR_KEY_TLS_SKIP_VERIFY);
	s->http2 = is_default(config, WEIR_KEY_HTTP2) ||
		   weir_config_bool(config, WEIR_KEY_HTTP2);
	s->timeout_s = (long)weir_config_int(config, WEIR_KEY_REQUEST_TIMEOUT);
	if (s->timeout_s < 1 || s->timeout_s > 24 * 3600)
		s->timeout_s = 60;
	/* Prefect's five tries end too soon for an SQLite server: only a user's wish
	 * counts. */
	s->max_retries = is_default(config, WEIR_KEY_MAX_RETRIES)
				 ? -1
				 : (int)weir_config_int(config, WEIR_KEY_MAX_RETRIES);
	read_codes(weir_config_str(config, WEIR_KEY_RETRY_EXTRA_CODES), s);
}

enum weir_rc
http_setup_init(const struct dyn_curl *curl, const struct weir_config *config,
	bool prefect, struct http_setup *ret_setup, struct weir_err *err)
{
	const char *url = weir_config_str(config, WEIR_KEY_API_URL);
	struct http_setup s = { 0 };
	struct buf user = BUF_INIT(HEADER_MAX);
	enum weir_rc rc;

	if (!is_set(url)) {
		weir_fail(err, WEIR_ENOSERVER, "no server is configured");
		return weir_hint(
			err, "export PREFECT_API_URL=http://127.0.0.1:4200/api");
	}
	s.base = split_address(url, &user);
	rc = check_address(&s, err);
	if (rc)
		goto out;
	read_settings(config, &s);
	add_header(curl, &s, "User-Agent: weir/" WEIR_VERSION);
	add_header(curl, &s, "Accept: application/json");
	add_header(curl, &s, "Content-Type: application/json");
	add_header(curl, &s, "Expect:");
	if (prefect)
		add_header(curl, &s, api_version);
	rc = set_credentials(curl, config, buf_str(&user), &s, err);
	if (!rc)
		rc = add_custom_headers(curl, config, &s, err);
	mask_proxies(&s);
out:
	buf_release(&user);
	if (rc)
		http_setup_release(curl, &s);
	else
		*ret_setup = s;
	return rc;
}

void
http_setup_release(const struct dyn_curl *curl, struct http_setup *s)
{
	free(s->base);
	free(s->proxy);
	free(s->ca_file);
	for (struct curl_slist *l = s->headers; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl->slist_free_all(s->headers);
	http_mask_release(&s->mask);
	*s = (struct http_setup){ 0 };
}

void
http_setup_mask(const struct http_setup *s, const struct curl_slist *headers,
	char *text, size_t n)
{
	struct http_mask own = { 0 };

	for (const struct curl_slist *l = headers; l; l = l->next)
		if (strncasecmp(l->data, "Prefect-Csrf-Token:", 19) == 0)
			http_mask_add_header(&own, l->data);
	http_mask_apply(&own, text, n);
	http_mask_apply(&s->mask, text, n);
	http_mask_release(&own);
}

static void
apply_tls(const struct dyn_curl *curl, const struct http_setup *s, CURL *easy)
{
	const curl_version_info_data *v = curl->version_info(CURLVERSION_NOW);
	const char *ca = s->ca_file ? s->ca_file : v->cainfo;

	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, s->skip_verify ? 0L : 1L);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, s->skip_verify ? 0L : 2L);
	if (s->ca_file)
		curl->easy_setopt(easy, CURLOPT_CAINFO, s->ca_file);
	/* A folder of certificates turns libcurl's cache of the parsed ones off. */
	if (ca && access(ca, R_OK) == 0)
		curl->easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (s->http2) {
		curl->easy_setopt(
			easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
		curl->easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	}
}

void
http_setup_apply(const struct dyn_curl *curl, const struct http_setup *s, CURL *easy)
{
	const curl_version_info_data *v = curl->version_info(CURLVERSION_NOW);
	bool asynchronous = v->features & CURL_VERSION_ASYNCHDNS;
	long connect_s = s->timeout_s < HTTP_SETUP_CONNECT_S ? s->timeout_s
							     : HTTP_SETUP_CONNECT_S;

	/*
	 * Without NOSIGNAL libcurl keeps SIGPIPE away from its TLS writes; only a
	 * resolver that blocks would use SIGALRM.
	 */
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, asynchronous ? 0L : 1L);
	curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl->easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl->easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	/* Cloud's balancer closes idle connections after 30 s. */
	curl->easy_setopt(easy, CURLOPT_MAXAGE_CONN, 25L);
	curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_s);
	/* A server that sends nothing ends after the time-out, one that trickles later.
	 */
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, s->timeout_s);
	curl->easy_setopt(easy, CURLOPT_TIMEOUT, s->timeout_s * 10);
	if (!s->loopback) /* unzipping costs more than a loopback's bytes */
		curl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	if (s->proxy)
		curl->easy_setopt(easy, CURLOPT_PROXY, s->proxy);
	if (s->tls)
		apply_tls(curl, s, easy);
	curl->easy_setopt(easy, CURLOPT_HTTPHEADER, s->headers);
}
