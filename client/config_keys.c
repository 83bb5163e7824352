#include "config_layer.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <strings.h>

#include "weir/mem.h"
#include "weir/time.h"

enum type {
	T_TEXT,
	T_NAME, /* of a profile */
	T_URL,
	T_PATH,
	T_BOOL,
	T_INT,
	T_SECONDS,
	T_CODES,   /* HTTP status codes */
	T_HEADERS, /* JSON object of strings */
	T_SINCE,   /* duration or "all" */
	T_LIST,    /* words with commas */
	T_COLOR,
	T_TINT, /* one of the terminal's own */
};

struct key {
	struct weir_key_info info;
	enum type type;
	int min, max;         /* T_INT, T_SECONDS */
	const char *variable; /* WEIR_<NAME> */
	const char *other;    /* a variable that is not ours or Prefect's */
	bool credential;      /* goes only to the address that it was set with */
};

/* clang-format off */
static const struct key keys[WEIR_N_KEYS] = {
	[WEIR_KEY_PROFILE] = {
		{ "profile", "PREFECT_PROFILE",
		  NULL, NULL, false,
		  "profile to use: of weir.conf, of Prefect's profiles.toml, or embedded" },
		T_NAME, 0, 0, "WEIR_PROFILE", NULL, false },
	[WEIR_KEY_API_URL] = {
		{ "api_url", "PREFECT_API_URL",
		  "api.url", NULL, false,
		  "address of the server's API, such as http://127.0.0.1:4200/api" },
		T_URL, 0, 0, "WEIR_API_URL", NULL, false },
	[WEIR_KEY_API_KEY] = {
		{ "api_key", "PREFECT_API_KEY",
		  "api.key", NULL, true,
		  "key for Prefect Cloud, sent as a bearer token" },
		T_TEXT, 0, 0, "WEIR_API_KEY", NULL, true },
	[WEIR_KEY_API_AUTH_STRING] = {
		{ "api_auth_string", "PREFECT_API_AUTH_STRING",
		  "api.auth_string", NULL, true,
		  "user:password of a self-hosted server; wins over api_key" },
		T_TEXT, 0, 0, "WEIR_API_AUTH_STRING", NULL, true },
	[WEIR_KEY_UI_URL] = {
		{ "ui_url", "PREFECT_UI_URL",
		  "ui_url", NULL, false,
		  "address of the web pages, when it is not that of the API without /api" },
		T_URL, 0, 0, "WEIR_UI_URL", NULL, false },
	[WEIR_KEY_TLS_SKIP_VERIFY] = {
		{ "tls_insecure_skip_verify", "PREFECT_API_TLS_INSECURE_SKIP_VERIFY",
		  "api.tls_insecure_skip_verify", "false", false,
		  "do not check the server's certificate; a warning is shown" },
		T_BOOL, 0, 0, "WEIR_TLS_INSECURE_SKIP_VERIFY", NULL, false },
	[WEIR_KEY_SSL_CERT_FILE] = {
		{ "ssl_cert_file", "PREFECT_API_SSL_CERT_FILE",
		  "api.ssl_cert_file", NULL, false,
		  "file of certificates to trust instead of the system's; else $SSL_CERT_FILE" },
		T_PATH, 0, 0, "WEIR_SSL_CERT_FILE", "SSL_CERT_FILE", false },
	[WEIR_KEY_REQUEST_TIMEOUT] = {
		{ "request_timeout", "PREFECT_API_REQUEST_TIMEOUT",
		  "api.request_timeout", "60", false,
		  "seconds until a request is given up" },
		T_SECONDS, 1, 86400, "WEIR_REQUEST_TIMEOUT", NULL, false },
	[WEIR_KEY_MAX_RETRIES] = {
		{ "max_retries", "PREFECT_CLIENT_MAX_RETRIES",
		  "client.max_retries", "5", false,
		  "how often a request is repeated while the server cannot answer" },
		T_INT, 0, 1000, "WEIR_MAX_RETRIES", NULL, false },
	[WEIR_KEY_RETRY_EXTRA_CODES] = {
		{ "retry_extra_codes", "PREFECT_CLIENT_RETRY_EXTRA_CODES",
		  "client.retry_extra_codes", NULL, false,
		  "more HTTP status codes to repeat a request for, such as 429,500" },
		T_CODES, 0, 0, "WEIR_RETRY_EXTRA_CODES", NULL, false },
	[WEIR_KEY_CUSTOM_HEADERS] = {
		{ "custom_headers", "PREFECT_CLIENT_CUSTOM_HEADERS",
		  "client.custom_headers", NULL, true,
		  "headers added to each request, as a JSON object or a TOML table" },
		T_HEADERS, 0, 0, "WEIR_CUSTOM_HEADERS", NULL, true },
	[WEIR_KEY_CSRF] = {
		{ "csrf_support_enabled", "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED",
		  "client.csrf_support_enabled", "true", false,
		  "get a CSRF token from a server that wants one" },
		T_BOOL, 0, 0, "WEIR_CSRF_SUPPORT_ENABLED", NULL, false },
	[WEIR_KEY_HTTP2] = {
		{ "enable_http2", "PREFECT_API_ENABLE_HTTP2",
		  "api.enable_http2", "false", false,
		  "speak HTTP/2 with the server" },
		T_BOOL, 0, 0, "WEIR_ENABLE_HTTP2", NULL, false },
	[WEIR_KEY_PARALLEL] = {
		{ "parallel", NULL,
		  NULL, "4", false,
		  "requests in flight at once" },
		T_INT, 1, 64, "WEIR_PARALLEL", NULL, false },
	[WEIR_KEY_SYNC_SINCE] = {
		{ "sync_since", NULL,
		  NULL, "30d", false,
		  "how far back the first fill of the store goes: a duration or all" },
		T_SINCE, 0, 0, "WEIR_SYNC_SINCE", NULL, false },
	[WEIR_KEY_PLATFORM_PARAMS] = {
		{ "platform_params", NULL,
		  NULL, "platform,arch,subdir,target_platform", false,
		  "parameters of a run that may hold its platform, first found wins" },
		T_LIST, 0, 0, "WEIR_PLATFORM_PARAMS", NULL, false },
	[WEIR_KEY_BUILD_PLATFORM_PARAM] = {
		{ "build_platform_param", NULL,
		  NULL, NULL, false,
		  "parameter of a build that says for which platforms it is" },
		T_TEXT, 0, 0, "WEIR_BUILD_PLATFORM_PARAM", NULL, false },
	[WEIR_KEY_PAGER] = {
		{ "pager", NULL,
		  NULL, NULL, false,
		  "program for output longer than the screen; else $PAGER" },
		T_TEXT, 0, 0, "WEIR_PAGER", "PAGER", false },
	[WEIR_KEY_BROWSER] = {
		{ "browser", NULL,
		  NULL, NULL, false,
		  "program that weir open starts, %s is the address; else $BROWSER" },
		T_TEXT, 0, 0, "WEIR_BROWSER", "BROWSER", false },
	[WEIR_KEY_COLOR] = {
		{ "color", NULL,
		  NULL, "auto", false,
		  "auto, always or never; else never where $NO_COLOR is set" },
		T_COLOR, 0, 0, "WEIR_COLOR", "NO_COLOR", false },
	[WEIR_KEY_UTC] = {
		{ "utc", NULL,
		  NULL, "false", false,
		  "show times in UTC, not in the local zone" },
		T_BOOL, 0, 0, "WEIR_UTC", NULL, false },
	[WEIR_KEY_READ_ONLY] = {
		{ "read_only", NULL,
		  NULL, "false", false,
		  "refuse every command that would change something on the server" },
		T_BOOL, 0, 0, "WEIR_READ_ONLY", NULL, false },
	[WEIR_KEY_MOUSE] = {
		{ "mouse", NULL,
		  NULL, "false", false,
		  "let the menus have the mouse; selecting text then wants shift" },
		T_BOOL, 0, 0, "WEIR_MOUSE", NULL, false },
	[WEIR_KEY_ACCESSIBLE] = {
		{ "accessible", NULL,
		  NULL, "false", false,
		  "menus for screen readers: no alternate screen, nothing moves by itself" },
		T_BOOL, 0, 0, "WEIR_ACCESSIBLE", NULL, false },
	[WEIR_KEY_METAFLOW] = {
		{ "metaflow", NULL,
		  NULL, "true", false,
		  "show the runs of the nearest .metaflow folder, or metadata service, too" },
		T_BOOL, 0, 0, "WEIR_METAFLOW", NULL, false },
	[WEIR_KEY_PROFILE_COLOUR] = {
		{ "profile_colour", NULL,
		  NULL, NULL, false,
		  "colour of the profile's name in menus: red, green, yellow, magenta or cyan" },
		T_TINT, 0, 0, "WEIR_PROFILE_COLOUR", NULL, false },
};
/* clang-format on */
_Static_assert(sizeof(keys) / sizeof(keys[0]) == WEIR_N_KEYS, "a row for each key");

const struct weir_key_info *
weir_key_info(enum weir_key key)
{
	return &keys[key].info;
}

bool
weir_key_find(struct str name, enum weir_key *ret_key)
{
	for (int k = 0; k < WEIR_N_KEYS; k++) {
		if (!str_eq(name, keys[k].info.name))
			continue;
		*ret_key = (enum weir_key)k;
		return true;
	}
	return false;
}

bool
config_key_is_credential(enum weir_key key)
{
	return keys[key].credential;
}

bool
config_key_is_bare(enum weir_key key)
{
	return keys[key].type == T_BOOL || keys[key].type == T_INT;
}

const char *
config_key_variable(enum weir_key key)
{
	return keys[key].variable;
}

const char *
config_key_other(enum weir_key key)
{
	return keys[key].other;
}

static const char *
check_bool(struct str text, char **ret_text)
{
	static const char *const yes[] = { "true", "1", "yes", "on", "t", "y" };
	static const char *const no[] = { "false", "0", "no", "off", "f", "n" };

	for (size_t i = 0; i < N_ELEM(yes); i++) {
		if (text.len == strlen(yes[i]) &&
			!strncasecmp(text.s, yes[i], text.len))
			return *ret_text = xstrdup("true"), NULL;
		if (text.len == strlen(no[i]) && !strncasecmp(text.s, no[i], text.len))
			return *ret_text = xstrdup("false"), NULL;
	}
	return "is neither true nor false";
}

static const char *
check_number(const struct key *k, struct str text, char **ret_text)
{
	char *copy = str_copy(text), *end;
	double d = strtod(copy, &end);

	if (!text.len || *end || !isfinite(d)) {
		free(copy);
		return "is not a number";
	}
	if (k->type == T_INT && d != floor(d)) {
		free(copy);
		return "is not a whole number";
	}
	free(copy);
	d = ceil(d);
	if (d < k->min || d > k->max)
		return d < k->min ? "is too small" : "is too big";
	*ret_text = xasprintf("%d", (int)d);
	return NULL;
}

static const char *
check_url(struct str text, char **ret_text)
{
	char *url = str_copy(text);
	const char *fault;

	while (text.len && url[text.len - 1] == '/')
		url[--text.len] = '\0';
	fault = weir_url_fault(url);
	if (fault)
		free(url);
	else
		*ret_text = url;
	return fault;
}

/* `429,503`, `[429, 503]` or one number. */
static const char *
check_codes(struct str text, char **ret_text)
{
	struct buf out = BUF_INIT(CONFIG_VALUE_MAX);
	int code = -1;

	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.s[i] : ',';

		if (c >= '0' && c <= '9') {
			code = (code < 0 ? 0 : code) * 10 + (c - '0');
			if (code <= 999)
				continue;
		} else if (c == '[' || c == ']' || c == ' ') {
			continue;
		} else if (c == ',' && code < 0) {
			continue;
		}
		if (c != ',' || code < 100 || code > 599) {
			buf_release(&out);
			return "is not a list of HTTP status codes";
		}
		buf_addf(&out, "%s%d", out.len ? "," : "", code);
		code = -1;
	}
	*ret_text = buf_steal(&out);
	return NULL;
}

static bool
is_header_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static const char *
check_headers(struct str text, char **ret_text)
{
	json_t *tree = json_loadb(text.s, text.len, 0, NULL), *v;
	const char *why = NULL, *name;

	if (!json_is_object(tree))
		why = "is not a JSON object";
	json_object_foreach(tree, name,
		v) if (!json_is_string(v) || !*name || strpbrk(name, ": ") ||
		       !is_header_text(name) || !is_header_text(json_string_value(v)))
		why = "holds something that is not a header";
	if (!why)
		*ret_text = json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	return why;
}

static const char *
check_since(struct str text, char **ret_text)
{
	int64_t us;

	if (!str_eq(text, "all") && (!weir_duration_parse(text, &us) || us < 0))
		return "is neither a duration such as 30d nor all";
	*ret_text = str_copy(text);
	return NULL;
}

static const char *
check_color(struct str text, char **ret_text)
{
	if (!str_eq(text, "auto") && !str_eq(text, "always") && !str_eq(text, "never"))
		return "is not one of auto, always, never";
	*ret_text = str_copy(text);
	return NULL;
}

static const char *
check_tint(struct str text, char **ret_text)
{
	static const char *const tints[] = { "red", "green", "yellow", "magenta",
		"cyan" };

	for (size_t i = 0; i < N_ELEM(tints); i++) {
		if (str_eq(text, tints[i])) {
			*ret_text = str_copy(text);
			return NULL;
		}
	}
	return "is not one of red, green, yellow, magenta, cyan";
}

const char *
config_check(enum weir_key key, struct str text, char **ret_text)
{
	const struct key *k = &keys[key];

	if (text.len > CONFIG_VALUE_MAX)
		return "is too long";
	if (text.len && memchr(text.s, '\0', text.len))
		return "has a NUL byte in it";
	switch (k->type) {
	case T_URL:
		return check_url(text, ret_text);
	case T_BOOL:
		return check_bool(text, ret_text);
	case T_INT:
	case T_SECONDS:
		return check_number(k, text, ret_text);
	case T_CODES:
		return check_codes(text, ret_text);
	case T_HEADERS:
		return check_headers(text, ret_text);
	case T_SINCE:
		return check_since(text, ret_text);
	case T_COLOR:
		return check_color(text, ret_text);
	case T_TINT:
		return check_tint(text, ret_text);
	case T_NAME:
		if (text.len > CONFIG_NAME_MAX)
			return "is too long";
		/* fallthrough */
	case T_TEXT:
	case T_PATH:
	case T_LIST:
		break;
	}
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.s[i] < ' ' || text.s[i] == 0x7f)
			return "has a control byte in it";
	*ret_text = str_copy(text);
	return NULL;
}

/* A list as text: `a,b`. */
static const char *
check_array(enum weir_key key, const json_t *array, char **ret_text)
{
	struct buf text = BUF_INIT(CONFIG_VALUE_MAX);
	const char *why = NULL;
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
	{
		buf_adds(&text, i ? "," : "");
		if (json_is_integer(v))
			buf_addf(&text, "%lld", (long long)json_integer_value(v));
		else if (json_is_string(v))
			buf_adds(&text, json_string_value(v));
		else
			why = "holds something that is neither text nor a number";
	}
	if (!why && keys[key].type != T_CODES && keys[key].type != T_LIST)
		why = "must not be a list";
	if (!why)
		why = config_check(key, buf_str(&text), ret_text);
	buf_release(&text);
	return why;
}

const char *
config_check_json(enum weir_key key, const json_t *value, char **ret_text)
{
	const char *why;
	char *text;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return config_check(key,
			(struct str){
				json_string_value(value), json_string_length(value) },
			ret_text);
	case JSON_ARRAY:
		return check_array(key, value, ret_text);
	case JSON_OBJECT:
		if (keys[key].type != T_HEADERS)
			return "must not be a table";
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		if (keys[key].type != T_BOOL)
			return "must not be true or false";
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		if (keys[key].type != T_INT && keys[key].type != T_SECONDS &&
			keys[key].type != T_CODES)
			return "must not be a number";
		break;
	case JSON_NULL:
		return "has no value";
	}
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	why = config_check(key, str_of(text), ret_text);
	free(text);
	return why;
}
