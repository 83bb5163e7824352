/*
 * Configuration: every setting, its effective value and where it came from.
 *
 * Highest first: flags, WEIR_*, PREFECT_* in the environment, `.env`, `prefect.toml`
 * and `pyproject.toml` of the working directory, weir.conf, the active profile of
 * Prefect's profiles.toml, the default. A credential is used only with the address of
 * its own layer or one set together with it. Source: specs of Prefect 3.8.3
 * settings/sources.py.
 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/error.h>

/* The settings; config.c has the table with name, variables, type, default and help. */
enum weir_key {
	WEIR_KEY_PROFILE,
	WEIR_KEY_API_URL,
	WEIR_KEY_API_KEY,
	WEIR_KEY_API_AUTH_STRING,
	WEIR_KEY_UI_URL,
	WEIR_KEY_TLS_SKIP_VERIFY,
	WEIR_KEY_SSL_CERT_FILE,
	WEIR_KEY_REQUEST_TIMEOUT, /* seconds */
	WEIR_KEY_MAX_RETRIES,
	WEIR_KEY_RETRY_EXTRA_CODES,
	WEIR_KEY_CUSTOM_HEADERS, /* JSON object */
	WEIR_KEY_CSRF,
	WEIR_KEY_HTTP2,
	WEIR_KEY_PARALLEL,   /* requests in flight */
	WEIR_KEY_SYNC_SINCE, /* how far back the first fill goes */
	WEIR_KEY_BUILD_PLATFORM_PARAM,
	WEIR_KEY_PLATFORM_PARAMS, /* `platform,arch,subdir,target_platform` */
	WEIR_KEY_PAGER,
	WEIR_KEY_BROWSER,
	WEIR_KEY_COLOR, /* auto, always, never */
	WEIR_KEY_UTC,
	WEIR_KEY_READ_ONLY,
	WEIR_KEY_MOUSE,
	WEIR_KEY_ACCESSIBLE,     /* menus for screen readers */
	WEIR_KEY_METAFLOW,       /* its runs are in lists too */
	WEIR_KEY_PROFILE_COLOUR, /* of its name in menus: red, green, ... */
	WEIR_N_KEYS
};

struct weir_config;

/* What the command line said; NULL where it said nothing. */
struct weir_config_flags {
	const char *profile;
	const char *color;
	bool utc, read_only;
};

/*
 * Read all layers. ret_config is owned (weir_config_free). Warnings that a person must
 * see (unknown profile, skipped TLS verification, a credential left unused) wait in
 * weir_config_warnings, one a line. Errors: WEIR_ECONFIG names file, line and column.
 */
WEIR_NODISCARD enum weir_rc weir_config_load(const struct weir_config_flags *flags,
	struct weir_config **ret_config, struct weir_err *err);
void weir_config_free(struct weir_config *c);

/* Effective value, borrowed; NULL when unset and without default. */
const char *weir_config_str(const struct weir_config *c, enum weir_key key);
bool weir_config_bool(const struct weir_config *c, enum weir_key key);
int64_t weir_config_int(const struct weir_config *c, enum weir_key key);
const char *weir_config_warnings(const struct weir_config *c);
/* Names of the profiles there are, those of weir.conf first, one a line. */
const char *weir_config_profiles(const struct weir_config *c);
/* What --profile said where no such profile is known, so that there is no address;
 * NULL: it is, or it said nothing. */
const char *weir_config_lost_profile(const struct weir_config *c);

/*
 * No server: the embedded store of this machine is what is meant. chosen: by the name
 * of its profile, not for want of an address.
 */
bool weir_config_embedded(const struct weir_config *c);
bool weir_config_embedded_chosen(const struct weir_config *c);

/*
 * For `weir config`: the table's rows and where a value came from ("PREFECT_API_URL",
 * "profiles.toml:local", "default"; "" where there is no value).
 */
struct weir_key_info {
	const char *name; /* in weir.conf: `api_url`; WEIR_<NAME> in the environment */
	const char *prefect;  /* PREFECT_* variable, or NULL */
	const char *toml;     /* path in prefect.toml, or NULL */
	const char *fallback; /* default value, or NULL */
	bool secret;
	const char *help; /* one line, for weir.conf.5 too */
};
const struct weir_key_info *weir_key_info(enum weir_key key);
bool weir_key_find(struct str name, enum weir_key *ret_key);
const char *weir_config_origin(const struct weir_config *c, enum weir_key key);
void weir_config_show(const struct weir_config *c, enum weir_key key,
	struct buf *out); /* secrets masked */

/*
 * What users name themselves in weir.conf: the rows of `[views]`, `[keys.list]`,
 * `[colours]` (or `[colors]`) and tables below them. Values are text as it would stand
 * without quotes. table: "views", "keys" or "colours"; the rows of it and of the tables
 * below it, in the order of the file; borrowed. *ret_entries is written if there are
 * any.
 */
struct weir_entry {
	const char *table, *key, *value; /* "keys.list", "ctrl-x", "cancel" */
	const char *file;
	unsigned line;
};
size_t weir_config_entries(const struct weir_config *c, const char *table,
	const struct weir_entry **ret_entries);

/* Paths: borrowed, absolute. */
const char *weir_config_file(const struct weir_config *c); /* weir.conf */
/* Cache of this profile and address, or the embedded store; NULL of a lost profile. */
const char *weir_config_store(const struct weir_config *c);
const char *weir_config_own(const struct weir_config *c);   /* the embedded store */
const char *weir_config_state(const struct weir_config *c); /* state store beside it */
/*
 * The store of Metaflow's folder or service of that path or address, by a name that no
 * profile's has; owned.
 */
char *weir_config_metaflow(const struct weir_config *c, const char *root);
const char *weir_config_name(
	const struct weir_config *c); /* profile name to show, "default" */

/*
 * Set one key in weir.conf (value NULL: remove it), keeping the rest of the file as it
 * is; written whole to a new file, synced and renamed, mode 0600.
 */
WEIR_NODISCARD enum weir_rc weir_config_set(const struct weir_config *c,
	enum weir_key key, const char *value, struct weir_err *err);

/*
 * Append url with what may be secret as `***`: user:password, the token of
 * `/t/TOKEN/channel` as conda writes it, what is asked for behind a `?`.
 */
void weir_url_mask(struct buf *out, const char *url);
/* Bytes of `/t/TOKEN` at the begin of the path of an address; 0: none. */
size_t weir_url_token(struct str path);

/* API address as it is compared and hashed: lower-case scheme and host, no default
 * port, no user, no trailing '/'. Owned. */
char *weir_url_normalise(const char *url);

/* NULL: an http or https address. Else why not, after "its value"; static. */
const char *weir_url_fault(const char *url);

#endif
