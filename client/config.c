/*
 * From layers to one effective value a key. What a credential may be used with is
 * decided here, once.
 */
#include "config_layer.h"

#include <inttypes.h>

#include "weir/mem.h"

/* Highest first. A profile of the command line stands above the environment, as with
 * Prefect. */
static const enum config_source order[2][CONFIG_N_SOURCES] = {
	{ CONFIG_FLAG, CONFIG_WEIR_ENV, CONFIG_PREFECT_ENV, CONFIG_DOTENV,
		CONFIG_PREFECT_TOML, CONFIG_PYPROJECT, CONFIG_CONF_PROFILE, CONFIG_CONF,
		CONFIG_PROFILE, CONFIG_OTHER_ENV, CONFIG_DEFAULT },
	{ CONFIG_FLAG, CONFIG_CONF_PROFILE, CONFIG_PROFILE, CONFIG_WEIR_ENV,
		CONFIG_PREFECT_ENV, CONFIG_DOTENV, CONFIG_PREFECT_TOML,
		CONFIG_PYPROJECT, CONFIG_CONF, CONFIG_OTHER_ENV, CONFIG_DEFAULT },
};

static void
resolve(struct weir_config *c, enum weir_key key)
{
	const enum config_source *o = order[c->profile_flag];

	c->value[key] = NULL;
	c->from[key] = CONFIG_DEFAULT;
	for (int i = 0; i < CONFIG_N_SOURCES && !c->value[key]; i++) {
		if (!c->layers[o[i]].v[key])
			continue;
		c->value[key] = c->layers[o[i]].v[key];
		c->from[key] = o[i];
	}
	if (!c->value[key])
		c->value[key] = weir_key_info(key)->fallback;
}

static const char *
origin_of(const struct weir_config *c, enum config_source from, enum weir_key key)
{
	static const char *const flags[WEIR_N_KEYS] = {
		[WEIR_KEY_PROFILE] = "--profile",
		[WEIR_KEY_COLOR] = "--color",
		[WEIR_KEY_UTC] = "--utc",
		[WEIR_KEY_READ_ONLY] = "--read-only",
	};

	switch (from) {
	case CONFIG_FLAG:
		return flags[key];
	case CONFIG_WEIR_ENV:
		return config_key_variable(key);
	case CONFIG_PREFECT_ENV:
		return weir_key_info(key)->prefect;
	case CONFIG_OTHER_ENV:
		return config_key_other(key);
	case CONFIG_DEFAULT:
		return c->value[key] ? "default" : "";
	case CONFIG_DOTENV:
	case CONFIG_PREFECT_TOML:
	case CONFIG_PYPROJECT:
	case CONFIG_CONF_PROFILE:
	case CONFIG_CONF:
	case CONFIG_PROFILE:
	case CONFIG_N_SOURCES:
		break;
	}
	return c->layers[from].origin;
}

static bool
same_address(const char *a, const char *b)
{
	char *x, *y;
	bool same;

	if (!a || !b)
		return false;
	x = weir_url_normalise(a);
	y = weir_url_normalise(b);
	same = !strcmp(x, y);
	free(x);
	free(y);
	return same;
}

static void
warn_unused(struct weir_config *c, enum config_source from, enum weir_key key)
{
	const char *own = c->layers[from].v[WEIR_KEY_API_URL];
	const char *name = origin_of(c, from, key);
	struct buf *w = &c->warnings;

	buf_addf(w, "%s of %s is not used: ", weir_key_info(key)->name, name);
	if (own) {
		buf_adds(w, "it belongs to ");
		weir_url_mask(w, own);
		buf_adds(w, ", and the address in use is ");
	} else {
		buf_adds(w, "no address was set with it, and the one in use, ");
	}
	weir_url_mask(w, c->value[WEIR_KEY_API_URL]);
	buf_addf(w, "%s comes from %s; set the address where the credential is set\n",
		own ? " and" : ",",
		origin_of(c, c->from[WEIR_KEY_API_URL], WEIR_KEY_API_URL));
}

/* May the credentials of this layer be sent to the address in use? */
static bool
may_use(const struct weir_config *c, enum config_source from)
{
	return same_address(
		c->layers[from].v[WEIR_KEY_API_URL], c->value[WEIR_KEY_API_URL]);
}

/*
 * A credential goes only to the address that its own layer names; one of a lower layer
 * that names the same address is taken instead. Returns whether there is one.
 */
static bool
resolve_credential(struct weir_config *c, enum weir_key key)
{
	const enum config_source *o = order[c->profile_flag];

	c->value[key] = NULL;
	c->from[key] = CONFIG_DEFAULT;
	for (int i = 0; i < CONFIG_N_SOURCES; i++) {
		if (!c->layers[o[i]].v[key] || !may_use(c, o[i]))
			continue;
		c->value[key] = c->layers[o[i]].v[key];
		c->from[key] = o[i];
		return true;
	}
	return false;
}

/*
 * Tell of what was passed over. A layer below the address's is told of only if nothing
 * else was found to send: somebody may have counted on it.
 */
static void
warn_credential(struct weir_config *c, enum weir_key key, bool any)
{
	const enum config_source *o = order[c->profile_flag];
	bool below = false;

	for (int i = 0; i < CONFIG_N_SOURCES && o[i] != c->from[key]; i++) {
		if (c->layers[o[i]].v[key] && !(below && any) && !may_use(c, o[i]))
			warn_unused(c, o[i], key);
		below |= o[i] == c->from[WEIR_KEY_API_URL];
	}
}

static void
resolve_credentials(struct weir_config *c)
{
	bool any = false;

	for (int k = 0; k < WEIR_N_KEYS; k++)
		if (config_key_is_credential((enum weir_key)k))
			any |= resolve_credential(c, (enum weir_key)k);
	for (int k = 0; k < WEIR_N_KEYS && c->value[WEIR_KEY_API_URL]; k++)
		if (config_key_is_credential((enum weir_key)k))
			warn_credential(c, (enum weir_key)k, any);
}

/* A page address of a lower layer than the API's belongs to another server. */
static void
resolve_ui(struct weir_config *c)
{
	const enum config_source *o = order[c->profile_flag];
	enum config_source from = c->from[WEIR_KEY_UI_URL];

	for (int i = 0; i < CONFIG_N_SOURCES && c->value[WEIR_KEY_UI_URL]; i++) {
		if (o[i] == from)
			return;
		if (o[i] == c->from[WEIR_KEY_API_URL])
			break;
	}
	if (same_address(
		    c->layers[from].v[WEIR_KEY_API_URL], c->value[WEIR_KEY_API_URL]))
		return;
	c->value[WEIR_KEY_UI_URL] = NULL;
	c->from[WEIR_KEY_UI_URL] = CONFIG_DEFAULT;
}

static void
resolve_all(struct weir_config *c)
{
	for (int k = 0; k < WEIR_N_KEYS; k++)
		resolve(c, (enum weir_key)k);
	if (c->no_address) {
		c->value[WEIR_KEY_API_URL] = NULL;
		c->from[WEIR_KEY_API_URL] = CONFIG_DEFAULT;
	}
	resolve_credentials(c);
	resolve_ui(c);
}

static bool
has_secret(const struct config_layer *l)
{
	const char *url = l->v[WEIR_KEY_API_URL];
	struct buf masked = BUF_INIT(BUF_MAX);
	bool secret = false;

	for (int k = 0; k < WEIR_N_KEYS; k++)
		secret |= l->v[k] && weir_key_info((enum weir_key)k)->secret;
	if (url) {
		weir_url_mask(&masked, url);
		secret |= strcmp(buf_cstr(&masked), url) != 0;
		buf_release(&masked);
	}
	return secret;
}

static void
warn_rest(struct weir_config *c, unsigned conf_mode)
{
	const char *url = c->value[WEIR_KEY_API_URL];

	if (conf_mode & 077 && (has_secret(&c->layers[CONFIG_CONF]) ||
				       has_secret(&c->layers[CONFIG_CONF_PROFILE])))
		buf_addf(&c->warnings,
			"%s holds a secret and others may read it; chmod 600 it\n",
			c->file);
	if (url && url[4] != ':' && weir_config_bool(c, WEIR_KEY_TLS_SKIP_VERIFY))
		buf_addf(&c->warnings,
			"the server's certificate is not checked (%s says so)\n",
			weir_config_origin(c, WEIR_KEY_TLS_SKIP_VERIFY));
}

static uint64_t
fnv1a(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h;
}

/* The name as a part of a file name. */
static void
add_file_name(struct buf *out, const char *name)
{
	for (size_t i = 0; name[i] && i < 64; i++) {
		char c = name[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '_' || c == '-' ||
			     (c == '.' && i);

		buf_addc(out, plain ? c : '_');
	}
}

/* Without an address it is this machine's own, but for a name that is not known. */
static bool
name_embedded(struct weir_config *c, const char *state)
{
	if (c->value[WEIR_KEY_API_URL] || weir_config_lost_profile(c))
		return false;
	c->embedded = true;
	c->name = xstrdup("embedded");
	c->store = xstrdup(c->own);
	c->state = xasprintf("%s/embedded.db", state);
	return true;
}

static void
name_things(struct weir_config *c, const char *cache, const char *state)
{
	enum config_source from = c->from[WEIR_KEY_API_URL];
	bool of_profile = from == CONFIG_CONF_PROFILE || from == CONFIG_PROFILE;
	struct buf path = BUF_INIT(BUF_MAX);
	char *address;

	if (name_embedded(c, state))
		return;
	c->name = xstrdup(c->profile && (c->profile_given || of_profile) ? c->profile
									 : "default");
	if (!c->value[WEIR_KEY_API_URL])
		return;
	address = weir_url_normalise(c->value[WEIR_KEY_API_URL]);
	buf_addf(&path, "%s/", cache);
	add_file_name(&path, c->name);
	buf_addf(&path, "-%016" PRIx64 ".db", fnv1a(address));
	c->store = buf_steal(&path);
	c->state = xasprintf("%s%s", state, strrchr(c->store, '/'));
	free(address);
}

void
config_resolve(struct weir_config *c, unsigned conf_mode, const char *cache,
	const char *state, const char *data)
{
	c->cache = xstrdup(cache);
	c->own = xasprintf("%s/embedded.db", data);
	resolve_all(c);
	warn_rest(c, conf_mode);
	name_things(c, cache, state);
}

void
weir_config_free(struct weir_config *c)
{
	if (!c)
		return;
	for (int i = 0; i < CONFIG_N_SOURCES; i++) {
		free(c->layers[i].origin);
		for (int k = 0; k < WEIR_N_KEYS; k++)
			free(c->layers[i].v[k]);
	}
	config_free_entries(c);
	buf_release(&c->warnings);
	buf_release(&c->profiles);
	free(c->profile);
	free(c->flag_profile);
	free(c->name);
	free(c->file);
	free(c->store);
	free(c->state);
	free(c->cache);
	free(c->own);
	free(c);
}

const char *
weir_config_str(const struct weir_config *c, enum weir_key key)
{
	return c->value[key];
}

bool
weir_config_bool(const struct weir_config *c, enum weir_key key)
{
	return c->value[key] && !strcmp(c->value[key], "true");
}

int64_t
weir_config_int(const struct weir_config *c, enum weir_key key)
{
	return c->value[key] ? strtoll(c->value[key], NULL, 10) : 0;
}

const char *
weir_config_profiles(const struct weir_config *c)
{
	return buf_cstr(&c->profiles);
}

const char *
weir_config_lost_profile(const struct weir_config *c)
{
	return c->no_address && !c->profile ? c->flag_profile : NULL;
}

bool
weir_config_embedded(const struct weir_config *c)
{
	return c->embedded;
}

bool
weir_config_embedded_chosen(const struct weir_config *c)
{
	return c->embedded && c->profile && strcmp(c->profile, "embedded") == 0;
}

const char *
weir_config_warnings(const struct weir_config *c)
{
	return buf_cstr(&c->warnings);
}

const char *
weir_config_origin(const struct weir_config *c, enum weir_key key)
{
	return origin_of(c, c->from[key], key);
}

void
weir_config_show(const struct weir_config *c, enum weir_key key, struct buf *out)
{
	if (!c->value[key])
		return;
	if (weir_key_info(key)->secret)
		buf_adds(out, "***");
	else if (key == WEIR_KEY_API_URL || key == WEIR_KEY_UI_URL)
		weir_url_mask(out, c->value[key]);
	else
		buf_adds(out, c->value[key]);
}

const char *
weir_config_file(const struct weir_config *c)
{
	return c->file;
}

const char *
weir_config_store(const struct weir_config *c)
{
	return c->store;
}

const char *
weir_config_own(const struct weir_config *c)
{
	return c->own;
}

const char *
weir_config_state(const struct weir_config *c)
{
	return c->state;
}

char *
weir_config_metaflow(const struct weir_config *c, const char *root)
{
	return xasprintf("%s/metaflow@%016" PRIx64 ".db", c->cache, fnv1a(root));
}

const char *
weir_config_name(const struct weir_config *c)
{
	return c->name;
}
