/* config*.c, toml*: layers, credentials, what files say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <strings.h>

#include "config_layer.h"
#include "weir/mem.h"

/* An outside: NULL-ended pairs of name and value. A file's mode is 0600. */
struct world {
	const char *env[24];
	const char *files[24];
	unsigned mode;
};

static const char *
find(const char *const *pairs, const char *name)
{
	for (size_t i = 0; pairs[i]; i += 2)
		if (!strcmp(pairs[i], name))
			return pairs[i + 1];
	return NULL;
}

static const char *
world_env(void *arg, const char *name)
{
	const struct world *w = arg;

	return !strcmp(name, "HOME") ? "/h" : find(w->env, name);
}

static enum weir_rc
world_read(void *arg, const char *path, struct buf *out, bool *ret_found,
	unsigned *ret_mode, struct weir_err *err)
{
	const struct world *w = arg;
	const char *text = find(w->files, path);

	(void)err;
	*ret_found = text != NULL;
	if (!text)
		return WEIR_OK;
	buf_adds(out, text);
	*ret_mode = w->mode ? w->mode : 0600;
	return WEIR_OK;
}

static struct weir_config *
load(struct world *w, const char *profile)
{
	struct config_io io = { world_env, world_read, w };
	struct weir_config_flags flags = { .profile = profile };
	struct weir_config *c = NULL;
	struct weir_err err = { 0 };

	if (config_load(&io, &flags, &c, &err))
		fail_msg("%s", err.text);
	return c;
}

static void
assert_fails(struct world *w, enum weir_rc want, const char *text)
{
	struct config_io io = { world_env, world_read, w };
	struct weir_config *c = NULL;
	struct weir_err err = { 0 };
	enum weir_rc rc = config_load(&io, NULL, &c, &err);

	assert_int_equal(rc, want);
	assert_null(c);
	if (!strstr(err.text, text))
		fail_msg("'%s' lacks '%s'", err.text, text);
}

#define CONF "/h/.config/weir/weir.conf"
#define PROFILES "/h/.prefect/profiles.toml"

/* Every layer names an address; taken away one by one from the top, the next shows. */
static void
test_precedence(void **state)
{
	struct world w = {
		.env = { "WEIR_API_URL", "http://1/api", "PREFECT_API_URL",
			"http://2/api" },
		.files = { ".env", "PREFECT_API_URL=http://3/api\n", "prefect.toml",
			"[api]\nurl='http://4/api'", "pyproject.toml",
			"[tool.prefect.api]\nurl='http://5/api'", CONF,
			"api_url='http://7/api'\n[profiles.p]\napi_url='http://6/api'",
			PROFILES,
			"active='p'\n[profiles.p]\nPREFECT_API_URL='http://8/api'" },
	};
	static const char *const origins[] = { "WEIR_API_URL", "PREFECT_API_URL",
		".env", "prefect.toml", "pyproject.toml", "weir.conf:p", "weir.conf",
		"profiles.toml:p", "" };
	size_t n_env = 0, n_file = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEM(origins); i++) {
		struct weir_config *c = load(&w, NULL);
		const char *url = weir_config_str(c, WEIR_KEY_API_URL);

		assert_string_equal(
			weir_config_origin(c, WEIR_KEY_API_URL), origins[i]);
		if (i + 1 == N_ELEM(origins))
			assert_null(url);
		else
			assert_int_equal(url[7], '1' + (int)i);
		weir_config_free(c);
		if (n_env < 4)
			w.env[n_env] = "", n_env += 2;
		else if (i == 5)
			w.files[7] = "api_url='http://7/api'\n";
		else if (n_file < 10)
			w.files[n_file] = "", n_file += 2;
	}
}

static void
test_profile_choice(void **state)
{
	struct world w = {
		.env = { "WEIR_PROFILE", "a", "PREFECT_PROFILE", "b" },
		.files = { CONF, "profile='c'", PROFILES,
			"active='d'\n"
			"[profiles.a]\nPREFECT_API_URL='http://a/api'\n"
			"[profiles.b]\nPREFECT_API_URL='http://b/api'\n"
			"[profiles.c]\nPREFECT_API_URL='http://c/api'\n"
			"[profiles.d]\nPREFECT_API_URL='http://d/api'\n" },
	};
	struct weir_config *c = load(&w, "d");

	(void)state;
	assert_string_equal(weir_config_str(c, WEIR_KEY_API_URL), "http://d/api");
	assert_string_equal(weir_config_origin(c, WEIR_KEY_PROFILE), "--profile");
	assert_string_equal(weir_config_name(c), "d");
	weir_config_free(c);
	for (int i = 0; i < 4; i++) {
		char want[] = "http://a/api";

		want[7] = (char)('a' + i);
		c = load(&w, NULL);
		assert_string_equal(weir_config_str(c, WEIR_KEY_API_URL), want);
		assert_int_equal(weir_config_name(c)[0], 'a' + i);
		weir_config_free(c);
		if (i < 2)
			w.env[2 * i] = "";
		else
			w.files[0] = "";
	}
}

/* A profile of the command line stands above exported variables; a chosen one does not.
 */
static void
test_profile_flag(void **state)
{
	struct world w = {
		.env = { "PREFECT_API_URL", "http://env/api", "PREFECT_PROFILE", "a" },
		.files = { PROFILES, "[profiles.a]\nPREFECT_API_URL='http://a/api'\n" },
	};
	struct weir_config *c = load(&w, NULL);

	(void)state;
	assert_string_equal(weir_config_str(c, WEIR_KEY_API_URL), "http://env/api");
	weir_config_free(c);
	c = load(&w, "a");
	assert_string_equal(weir_config_str(c, WEIR_KEY_API_URL), "http://a/api");
	weir_config_free(c);
	c = load(&w, "local");
	assert_string_equal(
		weir_config_str(c, WEIR_KEY_API_URL), "http://127.0.0.1:4200/api");
	assert_string_equal(
		weir_config_origin(c, WEIR_KEY_API_URL), "built-in profile local");
	weir_config_free(c);
	c = load(&w, "embedded");
	assert_null(weir_config_str(c, WEIR_KEY_API_URL));
	assert_true(weir_config_embedded(c) && weir_config_embedded_chosen(c));
	assert_string_equal(weir_config_store(c), "/h/.local/share/weir/embedded.db");
	assert_string_equal(weir_config_state(c), "/h/.local/state/weir/embedded.db");
	assert_string_equal(weir_config_name(c), "embedded");
	weir_config_free(c);
	c = load(&w, "typo");
	assert_null(weir_config_str(c, WEIR_KEY_API_URL));
	assert_null(weir_config_store(c));
	assert_false(weir_config_embedded(c));
	assert_non_null(strstr(weir_config_warnings(c), "'typo' (--profile)"));
	assert_non_null(strstr(weir_config_warnings(c), " a,"));
	weir_config_free(c);
	w.env[3] = "typo";
	c = load(&w, NULL);
	assert_string_equal(weir_config_str(c, WEIR_KEY_API_URL), "http://env/api");
	assert_non_null(strstr(weir_config_warnings(c), "'typo' (PREFECT_PROFILE)"));
	assert_string_equal(weir_config_name(c), "default");
	weir_config_free(c);
}

static void
test_profiles_path(void **state)
{
	static const char file[] =
		"active='x'\n[profiles.x]\nPREFECT_API_URL='http://x/'";
	static const struct {
		struct world w;
	} t[] = {
		{ { .env = { "PREFECT_PROFILES_PATH", "~/p.toml" },
			.files = { "/h/p.toml", file } } },
		{ { .files = { ".env", "PREFECT_PROFILES_PATH=/q\n", "/q", file } } },
		{ { .files = { "prefect.toml", "profiles_path='/q'", "/q", file } } },
		{ { .files = { "pyproject.toml", "[tool.prefect]\nprofiles_path='/q'",
			    "/q", file } } },
		{ { .env = { "PREFECT_HOME", "/e" },
			.files = { "/e/profiles.toml", file } } },
		{ { .env = { "PREFECT_HOME", "/e" }, .files = { PROFILES, file } } },
		{ { .files = { PROFILES, file } } },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct world w = t[i].w;
		struct weir_config *c = load(&w, NULL);

		assert_non_null(weir_config_str(c, WEIR_KEY_API_URL));
		assert_string_equal(weir_config_str(c, WEIR_KEY_API_URL), "http://x");
		weir_config_free(c);
	}
}

#define CLOUD                                                                          \
	"active='cloud'\n[profiles.cloud]\nPREFECT_API_URL='https://c/api'\n"          \
	"PREFECT_API_KEY='profile-key'\n"

static void
test_credentials(void **state)
{
	static const struct {
		const char *env[6], *conf, *profiles;
		const char *key;     /* what is sent */
		const char *warning; /* part of it; NULL: none */
	} t[] = {
		/* with its address */
		{ { "PREFECT_API_URL", "http://e", "PREFECT_API_KEY", "k" }, NULL, NULL,
			"k", NULL },
		{ { NULL }, NULL, CLOUD, "profile-key", NULL },
		{ { NULL }, "api_url='http://w'\napi_key='w'\n", CLOUD, "w", NULL },
		{ { "PREFECT_API_URL", "http://e", "PREFECT_API_AUTH_STRING", "a:b" },
			NULL, CLOUD, NULL, NULL },
		/* alone: the address is another layer's */
		{ { "PREFECT_API_KEY", "k" }, NULL,
			"active='l'\n[profiles.l]\nPREFECT_API_URL='http://l'\n", NULL,
			"api_key of PREFECT_API_KEY is not used: no address" },
		{ { "PREFECT_API_KEY", "k" }, NULL, CLOUD, "profile-key",
			"api_key of PREFECT_API_KEY is not used" },
		{ { "WEIR_API_URL", "http://o", "PREFECT_API_KEY", "k" }, NULL, NULL,
			NULL, "api_key of PREFECT_API_KEY is not used" },
		{ { NULL }, "api_key='w'\n", CLOUD, "profile-key",
			"api_key of weir.conf is not used" },
		/* the address was replaced from above */
		{ { "PREFECT_API_URL", "http://e" }, NULL, CLOUD, NULL,
			"it belongs to https://c/api" },
		/* the same address said twice */
		{ { "PREFECT_API_URL", "https://C:443/api/" }, NULL, CLOUD,
			"profile-key", NULL },
		/* no server: nothing to warn of */
		{ { "PREFECT_API_KEY", "k" }, NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct world w = { .files = { CONF, t[i].conf ? t[i].conf : "",
					   PROFILES,
					   t[i].profiles ? t[i].profiles : "" } };
		struct weir_config *c;
		const char *key;

		memcpy(w.env, t[i].env, sizeof(t[i].env));
		c = load(&w, NULL);
		key = weir_config_str(c, WEIR_KEY_API_KEY);
		if (t[i].key)
			assert_non_null(key);
		if (key)
			assert_string_equal(key, t[i].key ? t[i].key : "nothing");
		if (!t[i].warning)
			assert_string_equal(weir_config_warnings(c), "");
		else if (!strstr(weir_config_warnings(c), t[i].warning))
			fail_msg("%zu: %s", i, weir_config_warnings(c));
		assert_null(strstr(weir_config_warnings(c), "profile-key"));
		weir_config_free(c);
	}
}

static void
test_forms(void **state)
{
	struct world w = {
		.env = { "WEIR_UTC", "Yes", "NO_COLOR", "1", "PAGER", "less -R" },
		.files = { "prefect.toml",
			"[api]\nurl='http://x'\nrequest_timeout=30.5\n"
			"tls_insecure_skip_verify=false\n"
			"[client]\nretry_extra_codes=[429, 500]\nmax_retries=0\n"
			"custom_headers={X-A='b'}\n",
			CONF, "parallel=9\nplatform_params=['a','b']\n" },
	};
	struct weir_config *c = load(&w, NULL);

	(void)state;
	assert_true(weir_config_bool(c, WEIR_KEY_UTC));
	assert_false(weir_config_bool(c, WEIR_KEY_TLS_SKIP_VERIFY));
	assert_true(weir_config_bool(c, WEIR_KEY_CSRF));
	assert_string_equal(weir_config_str(c, WEIR_KEY_COLOR), "never");
	assert_string_equal(weir_config_origin(c, WEIR_KEY_COLOR), "NO_COLOR");
	assert_string_equal(weir_config_str(c, WEIR_KEY_PAGER), "less -R");
	assert_int_equal(weir_config_int(c, WEIR_KEY_REQUEST_TIMEOUT), 31);
	assert_int_equal(weir_config_int(c, WEIR_KEY_MAX_RETRIES), 0);
	assert_int_equal(weir_config_int(c, WEIR_KEY_PARALLEL), 9);
	assert_string_equal(weir_config_str(c, WEIR_KEY_RETRY_EXTRA_CODES), "429,500");
	assert_string_equal(
		weir_config_str(c, WEIR_KEY_CUSTOM_HEADERS), "{\"X-A\":\"b\"}");
	assert_string_equal(weir_config_str(c, WEIR_KEY_PLATFORM_PARAMS), "a,b");
	assert_string_equal(weir_config_str(c, WEIR_KEY_SYNC_SINCE), "30d");
	weir_config_free(c);
}

static void
test_broken(void **state)
{
	static const struct {
		const char *file, *text, *want;
	} t[] = {
		{ CONF, "api_url = \n", CONF ": line 1, column" },
		{ CONF, "utc = true\n[:x]\nutc = 3\n",
			CONF ": line 2, column 2: some" },
		{ CONF, "a = \xc8\xab\n", CONF ": line 1, column 5" },
		{ CONF, "a = 1\na = 2\n", CONF ": line 2, column" },
		{ CONF, "\nparallel = 'many'\n",
			CONF ": line 2, column 12: parallel: its value is not a" },
		{ CONF, "parallel = 0", "is too small" },
		{ CONF, "api_url = 3", "must not be a number" },
		{ CONF, "utc = {}", "must not be a table" },
		{ CONF, "custom_headers = {'a b'='c'}", "not a header" },
		{ CONF, "color = 'blue'", "is not one of" },
		{ CONF, "sync_since = 'soon'", "neither a duration" },
		{ CONF, "profile = 'x'\nprofiles = 3", "must be a table" },
		{ CONF, "pager = \"a\\u0000b\"", "NUL byte" },
		{ CONF, "a = 1\n\"b\\u0000c\" = 2\n",
			CONF ": line 2, column 1: a NUL" },
		{ PROFILES, "[profiles.local\n", PROFILES ": line 1" },
		{ PROFILES, "active = 'a'\n[profiles.a]\n\nPREFECT_API_URL = 'local'\n",
			PROFILES ": line 4, column 19: PREFECT_API_URL: its value" },
		{ "prefect.toml", "[api]\nurl = 'ftp://x'",
			"prefect.toml: line 2, column 7: url: its value is not" },
		{ "pyproject.toml", "[tool.prefect\n", "pyproject.toml: line" },
		{ ".env", "A=1\nPREFECT_CLIENT_MAX_RETRIES=x\n",
			".env: line 2: PREFECT_CLIENT_MAX_RETRIES: its value" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct world w = { .files = { t[i].file, t[i].text } };

		assert_fails(&w, WEIR_ECONFIG, t[i].want);
	}
}

/* What is other programs' business does not stop us. */
static void
test_tolerated(void **state)
{
	struct world w = {
		.files = { "pyproject.toml", "[tool.ruff\nbroken", ".env",
			"!! not a line\n'PREFECT_API_URL\n", PROFILES,
			"active='a'\n[profiles.a]\nPREFECT_LOGGING_LEVEL=[[1]]\n"
			"[profiles.b]\nPREFECT_API_URL=1\n" },
		.env = { "PREFECT_API_URL", "", "PREFECT_API_KEY", "" },
	};
	struct weir_config *c = load(&w, NULL);

	(void)state;
	assert_null(weir_config_str(c, WEIR_KEY_API_URL));
	assert_string_equal(weir_config_warnings(c), "");
	weir_config_free(c);
}

static void
test_warnings(void **state)
{
	struct world w = {
		.files = { CONF, "api_ulr='x'\n[keys]\nq='quit'\n[views]\n" },
	};
	struct weir_config *c = load(&w, NULL);

	(void)state;
	assert_non_null(strstr(weir_config_warnings(c), "unknown key 'api_ulr'"));
	assert_non_null(strstr(weir_config_warnings(c), "did you mean api_url?"));
	assert_null(strstr(weir_config_warnings(c), "keys"));
	weir_config_free(c);
	w.files[1] = "api_url='http://a'\napi_key='s3cret'\n";
	w.mode = 0640;
	c = load(&w, NULL);
	assert_non_null(strstr(weir_config_warnings(c), "chmod 600"));
	assert_null(strstr(weir_config_warnings(c), "s3cret"));
	weir_config_free(c);
	w.files[1] = "api_url='https://a'\ntls_insecure_skip_verify=true\n";
	c = load(&w, NULL);
	assert_non_null(strstr(weir_config_warnings(c), "certificate is not checked"));
	assert_null(strstr(weir_config_warnings(c), "chmod"));
	weir_config_free(c);
}

/* A page address of the profile does not follow an address from above it. */
static void
test_ui_url(void **state)
{
	struct world w = {
		.files = { PROFILES, CLOUD "PREFECT_UI_URL='https://ui'\n" },
	};
	struct weir_config *c = load(&w, NULL);

	(void)state;
	assert_string_equal(weir_config_str(c, WEIR_KEY_UI_URL), "https://ui");
	weir_config_free(c);
	w.env[0] = "PREFECT_API_URL";
	w.env[1] = "http://e";
	c = load(&w, NULL);
	assert_null(weir_config_str(c, WEIR_KEY_UI_URL));
	weir_config_free(c);
	w.env[2] = "PREFECT_UI_URL";
	w.env[3] = "http://e2";
	c = load(&w, NULL);
	assert_string_equal(weir_config_str(c, WEIR_KEY_UI_URL), "http://e2");
	weir_config_free(c);
}

static void
test_dotenv(void **state)
{
	static const struct {
		const char *line, *value;
	} t[] = {
		{ "PREFECT_API_URL=http://a", "http://a" },
		{ "export PREFECT_API_URL = 'http://a'  # c", "http://a" },
		{ "prefect_api_url=\"http://a\"", "http://a" },
		{ "PREFECT_API_URL=http://a#b  # c", "http://a#b" },
		{ "P=1\r\nH=a\nPREFECT_API_URL=http://${H}:${X:-4200}/${NO}",
			"http://a:4200" },
		{ "PREFECT_API_URL=http://${FROM_ENV}", "http://e" },
		{ "A='x\ny'\nPREFECT_API_URL=http://a", "http://a" },
		{ "A='open\nPREFECT_API_URL=http://a", "http://a" },
		{ "PREFECT_API_URL=http://b\nPREFECT_API_URL=http://a", "http://a" },
		{ "#PREFECT_API_URL=http://b", NULL },
		{ "PREFECT_API_URL=", NULL },
		{ "PREFECT_API_URL", NULL },
		{ "WEIR_API_URL=http://b", NULL },
		{ "PREFECT_PROFILE=local", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEM(t); i++) {
		struct world w = { .files = { ".env", t[i].line },
			.env = { "FROM_ENV", "e" } };
		struct weir_config *c = load(&w, NULL);
		const char *url = weir_config_str(c, WEIR_KEY_API_URL);

		if (!t[i].value != !url || (url && strcmp(url, t[i].value)))
			fail_msg("%s: got %s", t[i].line, url ? url : "nothing");
		weir_config_free(c);
	}
}

static void
test_show_and_store(void **state)
{
	struct world w = {
		.env = { "XDG_CACHE_HOME", "/c" },
		.files = { PROFILES, "active='../a b'\n[profiles.'../a b']\n"
				     "PREFECT_API_URL='http://me:pw@A:80/api/'\n"
				     "PREFECT_API_AUTH_STRING='me:pw'\n" },
	};
	struct weir_config *c = load(&w, NULL);
	struct buf b = BUF_INIT(BUF_MAX);

	(void)state;
	/* FNV-1a 64 of http://a/api, worked out by another program */
	assert_string_equal(weir_config_store(c), "/c/weir/_._a_b-e9d6e6104a10b571.db");
	for (int k = 0; k < WEIR_N_KEYS; k++)
		weir_config_show(c, (enum weir_key)k, &b);
	assert_null(strstr(buf_cstr(&b), "pw"));
	assert_non_null(strstr(buf_cstr(&b), "http://***@A:80/api"));
	buf_release(&b);
	weir_config_free(c);
}

static void
test_key_table(void **state)
{
	(void)state;
	for (int k = 0; k < WEIR_N_KEYS; k++) {
		const struct weir_key_info *i = weir_key_info((enum weir_key)k);
		const char *variable = config_key_variable((enum weir_key)k);
		enum weir_key found;
		char *text = NULL;

		assert_true(weir_key_find(str_of(i->name), &found));
		assert_int_equal(found, k);
		assert_true(i->help && *i->help);
		assert_int_equal(strncmp(variable, "WEIR_", 5), 0);
		assert_int_equal(strcasecmp(variable + 5, i->name), 0);
		if (i->fallback)
			assert_null(config_check(
				(enum weir_key)k, str_of(i->fallback), &text));
		if (text)
			assert_string_equal(text, i->fallback);
		free(text);
	}
}

/* The section of a setting in weir.conf(5): from its .It to the next. Owned. */
static char *
man_section(const char *page, const char *name)
{
	char *head = xasprintf("\n.It Ic %s\n", name), *text = NULL;
	const char *at = strstr(page, head), *end;

	if (at) {
		at += strlen(head);
		end = strstr(at, "\n.It ");
		text = xstrndup(at, end ? (size_t)(end - at) : strlen(at));
	}
	free(head);
	return text;
}

/* weir.conf(5) has exactly the settings of the table, with variables and defaults. */
static void
test_man_page(void **state)
{
	struct buf page = BUF_INIT(1 << 20);
	const char *end, *at;
	FILE *f = fopen("man/weir.conf.5", "r");
	size_t n = 0;
	int c;

	(void)state;
	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		buf_addc(&page, (char)c);
	fclose(f);
	for (int k = 0; k < WEIR_N_KEYS; k++) {
		const struct weir_key_info *i = weir_key_info((enum weir_key)k);
		char *s = man_section(buf_cstr(&page), i->name);
		char *ql =
			xasprintf("Default:\n.Ql %s ", i->fallback ? i->fallback : "");

		if (!s)
			fail_msg("weir.conf(5) lacks %s", i->name);
		if (i->prefect && !strstr(s, i->prefect))
			fail_msg("%s: lacks %s", i->name, i->prefect);
		if (i->toml && !strstr(s, i->toml))
			fail_msg("%s: lacks %s", i->name, i->toml);
		if (!i->fallback != !strstr(s, "Default:") ||
			(i->fallback && !strstr(s, ql)))
			fail_msg("%s: default differs", i->name);
		free(ql);
		free(s);
	}
	at = strstr(buf_cstr(&page), "\n.Ss Settings\n");
	assert_non_null(at);
	end = strstr(at, "\n.Ss Tables\n");
	assert_non_null(end);
	while ((at = strstr(at + 1, "\n.It Ic ")) && at < end)
		n++;
	assert_int_equal(n, WEIR_N_KEYS);
	buf_release(&page);
}

/* Rows that users name come with their place, in the order of the file. */
static void
test_entries(void **state)
{
	struct world w = { .files = { CONF, "utc = true\n"
					    "[keys.list]\n"
					    "# a comment\n"
					    "\"ctrl-x\" = \"cancel\"\n"
					    "a = 'sort dur:desc'\n"
					    "[views]\n"
					    "nightly = \"runs 'tag:nightly'\"\n"
					    "late.command = 'runs state:late'\n"
					    "[colors]\n"
					    "failed = 12\n"
					    "bold = true\n"
					    "[keys.all]\n"
					    "\"é\" = \"up\"\n" } };
	static const struct weir_entry want[] = {
		{ "keys.list", "ctrl-x", "cancel", CONF, 4 },
		{ "keys.list", "a", "sort dur:desc", CONF, 5 },
		{ "keys.all", "é", "up", CONF, 13 },
		{ "views", "nightly", "runs 'tag:nightly'", CONF, 7 },
		{ "views.late", "command", "runs state:late", CONF, 8 },
		{ "colours", "failed", "12", CONF, 10 },
		{ "colours", "bold", "true", CONF, 11 },
	};
	static const struct {
		const char *table;
		size_t first, n;
	} tables[] = { { "keys", 0, 3 }, { "views", 3, 2 }, { "colours", 5, 2 },
		{ "profiles", 0, 0 } };
	struct weir_config *c = load(&w, NULL);

	(void)state;
	assert_string_equal(weir_config_warnings(c), "");
	for (size_t t = 0; t < N_ELEM(tables); t++) {
		const struct weir_entry *e = NULL;

		assert_int_equal(
			weir_config_entries(c, tables[t].table, &e), tables[t].n);
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct weir_entry *x = &want[tables[t].first + i];

			assert_string_equal(e[i].table, x->table);
			assert_string_equal(e[i].key, x->key);
			assert_string_equal(e[i].value, x->value);
			assert_string_equal(e[i].file, x->file);
			assert_int_equal(e[i].line, x->line);
		}
	}
	weir_config_free(c);
}

static void
test_bad_entries(void **state)
{
	struct world w = { .files = { CONF,
				   "views = 3\nkey = 'x'\n[keys.list]\na = ['up']\n"
				   "b = 'down'\n[nonsense]\nx = 1\n" } };
	struct weir_config *c = load(&w, NULL);
	const struct weir_entry *e = NULL;
	const char *warnings = weir_config_warnings(c);

	(void)state;
	assert_int_equal(weir_config_entries(c, "keys", &e), 1);
	assert_string_equal(e->value, "down");
	assert_int_equal(weir_config_entries(c, "views", &e), 0);
	assert_non_null(strstr(warnings, CONF ": line 1: views: must be a table\n"));
	assert_non_null(strstr(warnings, CONF ": line 4: a: its value must be text\n"));
	assert_non_null(strstr(warnings, "unknown key 'key' is not used"));
	assert_non_null(strstr(warnings, "unknown key 'nonsense' is not used"));
	weir_config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_bad_entries),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_profile_choice),
		cmocka_unit_test(test_profile_flag),
		cmocka_unit_test(test_profiles_path),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_tolerated),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_ui_url),
		cmocka_unit_test(test_dotenv),
		cmocka_unit_test(test_show_and_store),
		cmocka_unit_test(test_key_table),
		cmocka_unit_test(test_man_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
