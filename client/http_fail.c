#include "http_fail.h"

#include "weir/buf.h"
#include "weir/mem.h"

struct row {
	CURLcode code;
	enum http_fail_again again;
	const char
		*why; /* NULL: see add_why; ends in a space: libcurl's words follow */
	const char *hint; /* or NULL */
};

/* clang-format off */
static const struct row rows[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, HTTP_FAIL_LATER, "its name cannot be resolved",
	  "check the address: weir config get api_url" },
	{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAIL_LATER,
	  "the proxy's name cannot be resolved",
	  "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY" },
	{ CURLE_COULDNT_CONNECT, HTTP_FAIL_LATER, NULL, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, HTTP_FAIL_NEVER, "TLS: ",
	  "export PREFECT_API_SSL_CERT_FILE=CA.pem (what signed the server's)" },
	{ CURLE_SSL_CACERT_BADFILE, HTTP_FAIL_NEVER, "TLS: ",
	  "check the file: weir config get ssl_cert_file" },
	{ CURLE_SSL_CONNECT_ERROR, HTTP_FAIL_LATER, "TLS: ",
	  "is it http:// instead of https://? weir config get api_url" },
	{ CURLE_URL_MALFORMAT, HTTP_FAIL_NEVER, "the address cannot be read",
	  "export PREFECT_API_URL=http://127.0.0.1:4200/api" },
	{ CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAIL_NEVER, "what answers is not HTTP",
	  "check the port: weir config get api_url" },
	{ CURLE_WEIRD_SERVER_REPLY, HTTP_FAIL_LATER, "what answers is not HTTP",
	  "check the port: weir config get api_url" },
	{ CURLE_OPERATION_TIMEDOUT, HTTP_FAIL_LATER, NULL,
	  "to wait longer: export PREFECT_API_REQUEST_TIMEOUT=120" },
	{ CURLE_BAD_CONTENT_ENCODING, HTTP_FAIL_ALWAYS,
	  "the compressed answer is damaged", NULL },
	{ CURLE_PARTIAL_FILE, HTTP_FAIL_ALWAYS, NULL, NULL },
	{ CURLE_RECV_ERROR, HTTP_FAIL_ALWAYS, NULL, NULL },
	{ CURLE_SEND_ERROR, HTTP_FAIL_ALWAYS, NULL, NULL },
	{ CURLE_GOT_NOTHING, HTTP_FAIL_ALWAYS, NULL, NULL },
	{ CURLE_HTTP2, HTTP_FAIL_ALWAYS, NULL, NULL },
	{ CURLE_HTTP2_STREAM, HTTP_FAIL_ALWAYS, NULL, NULL },
	{ CURLE_OK, HTTP_FAIL_NEVER, "libcurl: ", NULL },
};
/* clang-format on */

static const struct row *
row_of(CURLcode code)
{
	const struct row *r = rows;

	while (r->code != code && r->code != CURLE_OK)
		r++;
	return r;
}

enum http_fail_again
http_fail_again(CURLcode code)
{
	return row_of(code)->again;
}

/* libcurl names the host that it failed to reach; another than base's is a proxy. */
static bool
is_proxys(const struct http_fail *f)
{
	static const char mark[] = "Failed to connect to ";
	const char *host = strstr(f->detail, mark);
	size_t n;

	if (!host)
		return false;
	host += strlen(mark);
	n = strcspn(host, " ");
	for (const char *p = f->base; (p = strchr(p, *host)); p++)
		if (strncmp(p, host, n) == 0)
			return false;
	return true;
}

/* What the code alone does not tell. */
static void
add_why(struct buf *out, const struct http_fail *f)
{
	switch ((int)f->code) {
	case CURLE_COULDNT_CONNECT:
		if (is_proxys(f))
			buf_adds(out, "the proxy: ");
		if (f->os_errno)
			buf_adds(out, strerror((int)f->os_errno));
		else
			buf_adds(out, f->detail);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		if (strstr(f->detail, "onnect"))
			buf_adds(out, "it does not take the connection");
		else if (f->received)
			buf_addf(
				out, "the answer stopped after %zu bytes", f->received);
		else
			buf_addf(out, "no answer within %ld s", f->timeout_s);
		break;
	default:
		if (strstr(f->detail, "CONNECT tunnel failed"))
			buf_addf(out, "the proxy refuses: %s", f->detail);
		else if (f->received)
			buf_addf(out, "the connection was cut after %zu bytes",
				f->received);
		else
			buf_adds(out, "the connection was cut before an answer came");
	}
}

enum weir_rc
http_fail_set(const struct http_fail *f, struct weir_err *err)
{
	const struct row *r = row_of(f->code);
	struct buf why = BUF_INIT(1024);
	enum weir_rc rc;

	if (f->code == CURLE_WRITE_ERROR || f->code == CURLE_FILESIZE_EXCEEDED)
		return weir_fail(err, WEIR_ENET,
			"server: %s: the answer is larger than %zu MB", f->base,
			f->body_max >> 20);
	if (!r->why)
		add_why(&why, f);
	else
		buf_addf(&why, "%s%s", r->why,
			r->why[strlen(r->why) - 1] == ' ' ? f->detail : "");
	rc = weir_fail(err, f->code == CURLE_URL_MALFORMAT ? WEIR_ECONFIG : WEIR_ENET,
		"server: %s: %s", f->base, buf_cstr(&why));
	if (strstr(buf_cstr(&why), "the proxy"))
		weir_hint(err, "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
	else if (f->code == CURLE_COULDNT_CONNECT)
		weir_hint(err, "is the server running? curl %s/health", f->base);
	else if (r->hint)
		weir_hint(err, "%s", r->hint);
	buf_release(&why);
	return rc;
}
