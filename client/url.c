#include "weir/config.h"

#include <arpa/inet.h>
#include <strings.h>

#include "weir/mem.h"

/* The parts of scheme://user@host:port/path; all slices of url. */
struct parts {
	struct str scheme, user, host, port, path;
};

static bool
url_split(const char *url, struct parts *ret)
{
	const char *sep = strstr(url, "://"), *p, *end, *at = NULL, *colon = NULL;

	if (!sep)
		return false;
	ret->scheme = (struct str){ url, (size_t)(sep - url) };
	p = sep + 3;
	end = p + strcspn(p, "/?#");
	for (const char *c = p; c < end; c++)
		if (*c == '@')
			at = c;
	ret->user = (struct str){ p, at ? (size_t)(at - p) : 0 };
	p = at ? at + 1 : p;
	for (const char *c = p; c < end; c++) {
		if (*c == ']')
			colon = NULL;
		else if (*c == ':')
			colon = c;
	}
	ret->host = (struct str){ p, (size_t)((colon ? colon : end) - p) };
	ret->port = (struct str){ colon ? colon + 1 : end,
		colon ? (size_t)(end - colon - 1) : 0 };
	ret->path = str_of(end);
	return true;
}

size_t
weir_url_token(struct str path)
{
	const char *end;

	if (path.len < 4 || memcmp(path.s, "/t/", 3) != 0)
		return 0;
	end = memchr(path.s + 3, '/', path.len - 3);
	return end ? (size_t)(end - path.s) : path.len;
}

void
weir_url_mask(struct buf *out, const char *url)
{
	struct parts u;
	size_t token, query;

	if (!url_split(url, &u)) {
		buf_adds(out, url);
		return;
	}
	buf_addstr(out, u.scheme);
	buf_adds(out, u.user.len ? "://***@" : "://");
	buf_add(out, u.host.s, (size_t)(u.path.s - u.host.s));
	token = weir_url_token(u.path);
	buf_adds(out, token ? "/t/***" : "");
	query = token + strcspn(u.path.s + token, "?");
	buf_add(out, u.path.s + token, query - token);
	buf_adds(out, u.path.s[query] ? "?***" : "");
}

static void
add_lower(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		bool upper = s.s[i] >= 'A' && s.s[i] <= 'Z';

		buf_addc(out, upper ? (char)(s.s[i] + ('a' - 'A')) : s.s[i]);
	}
}

static bool
is_default_port(struct str scheme, struct str port)
{
	if (scheme.len == 5 && !strncasecmp(scheme.s, "https", 5))
		return str_eq(port, "443");
	return scheme.len == 4 && !strncasecmp(scheme.s, "http", 4) &&
	       str_eq(port, "80");
}

char *
weir_url_normalise(const char *url)
{
	struct buf out = BUF_INIT(BUF_MAX);
	struct parts u;

	if (!url_split(url, &u))
		return xstrdup(url);
	add_lower(&out, u.scheme);
	buf_adds(&out, "://");
	add_lower(&out, u.host);
	if (u.port.len && !is_default_port(u.scheme, u.port)) {
		buf_addc(&out, ':');
		buf_addstr(&out, u.port);
	}
	while (u.path.len && u.path.s[u.path.len - 1] == '/')
		u.path.len--;
	buf_addstr(&out, u.path);
	return buf_steal(&out);
}

/* What is between the brackets of an address of IPv6; %zone is the system's matter. */
static bool
is_ipv6(struct str s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr to;
	size_t n = 0;

	while (n < s.len && s.s[n] != '%')
		n++;
	if (n >= sizeof(text))
		return false;
	memcpy(text, s.s, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &to) == 1;
}

/* Bytes that no name of a host has; names are checked by who resolves them. */
static bool
is_host(struct str s)
{
	if (s.len > 2 && s.s[0] == '[' && s.s[s.len - 1] == ']')
		return is_ipv6((struct str){ s.s + 1, s.len - 2 });
	for (size_t i = 0; i < s.len; i++)
		if (strchr("[]{}<>|\\^`\"", s.s[i]))
			return false;
	return s.len > 0;
}

static bool
is_port(struct str s)
{
	unsigned long port = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] < '0' || s.s[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(s.s[i] - '0');
		if (port > 65535)
			return false;
	}
	return true;
}

const char *
weir_url_fault(const char *url)
{
	struct parts u;

	for (const unsigned char *c = (const unsigned char *)url; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return "has a blank or control byte in it";
	if (!url_split(url, &u) ||
		((u.scheme.len != 4 || strncasecmp(url, "http", 4) != 0) &&
			(u.scheme.len != 5 || strncasecmp(url, "https", 5) != 0)) ||
		!u.host.len)
		return "is not an http:// or https:// address";
	if (!is_host(u.host))
		return "has a host that cannot be one";
	return is_port(u.port) ? NULL : "has a port that is not one of 0 to 65535";
}
