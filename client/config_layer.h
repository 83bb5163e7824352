/*
 * The parts of the configuration: keys and their checks, layers, readers of the files.
 *
 * Whatever is read comes through struct config_io, so that tests and fuzzers put in
 * environments and files of their own.
 */
#ifndef WEIR_CLIENT_CONFIG_LAYER_H
#define WEIR_CLIENT_CONFIG_LAYER_H

#include <jansson.h>

#include "weir/config.h"
#include "weir/mem.h"

enum {
	CONFIG_FILE_MAX = 4 << 20,
	CONFIG_VALUE_MAX = 64 << 10,
	CONFIG_NAME_MAX = 128,
	CONFIG_ENTRIES_MAX = 1000,
};

/* Where a value can come from; their order of precedence is in config.c. */
enum config_source {
	CONFIG_FLAG,
	CONFIG_WEIR_ENV,
	CONFIG_PREFECT_ENV,
	CONFIG_DOTENV,
	CONFIG_PREFECT_TOML,
	CONFIG_PYPROJECT,
	CONFIG_CONF_PROFILE, /* [profiles.NAME] of weir.conf */
	CONFIG_CONF,
	CONFIG_PROFILE,   /* Prefect's profiles.toml, or a built-in profile */
	CONFIG_OTHER_ENV, /* PAGER, BROWSER, SSL_CERT_FILE, NO_COLOR */
	CONFIG_DEFAULT,
	CONFIG_N_SOURCES
};

struct config_layer {
	char *origin; /* owned; "weir.conf"; NULL: each value is named by its variable
		       */
	char *v[WEIR_N_KEYS]; /* owned; NULL: not set here */
};

/* The outside. */
struct config_io {
	const char *(*env)(void *arg, const char *name); /* borrowed; NULL: not set */
	/* *ret_found false when there is none; mode: permission bits. */
	enum weir_rc (*read)(void *arg, const char *path, struct buf *text,
		bool *ret_found, unsigned *ret_mode, struct weir_err *err);
	void *arg;
};
extern const struct config_io config_real_io;

/* weir_config_load over any outside. */
WEIR_NODISCARD enum weir_rc config_load(const struct config_io *io,
	const struct weir_config_flags *flags, struct weir_config **ret_config,
	struct weir_err *err);

struct weir_config {
	VEC(struct weir_entry) entries; /* of [views], [keys] and [colours], owned */
	struct config_layer layers[CONFIG_N_SOURCES];
	enum config_source from[WEIR_N_KEYS];
	const char *value[WEIR_N_KEYS]; /* borrowed from layers or the key table */
	char *profile;                  /* chosen, known; NULL: none */
	bool profile_given;             /* by more than profiles.toml's `active` */
	bool profile_flag;              /* chosen by --profile, and known */
	bool no_address; /* the embedded profile, or one of --profile that is not known
			  */
	char *flag_profile; /* what --profile said, known or not */
	bool embedded;      /* no address: the embedded store is meant */
	char *name, *file, *store, *state, *own, *cache; /* cache: the folder */
	struct buf warnings;
	struct buf profiles; /* names of those there are, one a line */
};

/* From layers to effective values, with warnings; name, store and state store. cache,
 * state, data: their folders. */
void config_resolve(struct weir_config *c, unsigned conf_mode, const char *cache,
	const char *state, const char *data);

/* How values of a key look; kind of the value in config_keys.c. */
bool config_key_is_credential(enum weir_key key);
bool config_key_is_bare(enum weir_key key); /* written into TOML without quotes */
const char *config_key_variable(enum weir_key key); /* "WEIR_PAGER" */
const char *config_key_other(enum weir_key key);    /* "PAGER", or NULL */

/*
 * Check text and bring it to the form in which it is kept ("true", "429,503").
 * *ret_text is owned. Returns NULL, or why it is not good (static text).
 */
const char *config_check(enum weir_key key, struct str text, char **ret_text);

/* The same of a TOML value. Returns NULL or why. */
const char *config_check_json(enum weir_key key, const json_t *value, char **ret_text);

/* A file that was read. */
struct config_text {
	struct str text;
	const char *name; /* what messages and origins call it */
};

/* Is it there? text is owned by out. A folder of that name counts as absent. */
WEIR_NODISCARD enum weir_rc config_read_file(const struct config_io *io,
	const char *path, struct buf *out, bool *ret_found, unsigned *ret_mode,
	struct weir_err *err);

/*
 * Readers. Each fills a layer; a value that is not good is WEIR_ECONFIG with the file
 * and place, or the variable. Warnings are added to warn, one a line.
 */
WEIR_NODISCARD enum weir_rc config_read_env(const struct config_io *io,
	struct config_layer *weir, struct config_layer *prefect,
	struct config_layer *other, struct weir_err *err);

/* *ret_profiles_path: PREFECT_PROFILES_PATH of this file, owned, if it has one. */
WEIR_NODISCARD enum weir_rc config_read_dotenv(const struct config_io *io,
	const struct config_text *file, struct config_layer *l,
	char **ret_profiles_path, struct weir_err *err);

/* prefect.toml, or [tool.prefect] of pyproject.toml. */
WEIR_NODISCARD enum weir_rc config_read_prefect(const struct config_text *file,
	bool pyproject, struct config_layer *l, char **ret_profiles_path,
	struct weir_err *err);

/* The keys of weir.conf outside of any table. */
WEIR_NODISCARD enum weir_rc config_read_conf(const struct config_text *file,
	const json_t *tree, struct config_layer *l, struct buf *warn,
	struct weir_err *err);

/* Is it a table whose rows users name? */
bool config_is_own_table(const char *name);
/* The rows of those tables, into c->entries. What cannot be one goes to the warnings.
 */
void config_read_entries(
	struct weir_config *c, const struct config_text *file, const json_t *tree);
void config_free_entries(struct weir_config *c);

/* One profile: of weir.conf (our names) or of profiles.toml (Prefect's variables). */
WEIR_NODISCARD enum weir_rc config_read_profile(const struct config_text *file,
	const json_t *tree, const char *profile, bool prefect, struct config_layer *l,
	bool *ret_known, struct buf *warn, struct weir_err *err);

/*
 * Change key in the text of weir.conf, or in its [profiles.PROFILE]; value NULL removes
 * it. The new text is added to out. Errors: WEIR_ENOTFOUND nothing to remove;
 * WEIR_EUSAGE bad value; WEIR_ECONFIG the file is broken or too clever.
 */
WEIR_NODISCARD enum weir_rc config_edit(struct str text, const char *file,
	const char *profile, enum weir_key key, const char *value, struct buf *out,
	struct weir_err *err);

/* Parse .env text: fn is called with each name and value, in order, both borrowed. */
typedef void config_dotenv_fn(
	void *arg, struct str name, struct str value, unsigned line);
void config_dotenv(
	const struct config_io *io, struct str text, config_dotenv_fn *fn, void *arg);

#endif
