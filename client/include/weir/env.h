/*
 * Environments of Metaflow's Netflix extension as plain data, and the ids that name
 * them.
 *
 * An environment is named by what was asked for (req_id), what that became (full_id)
 * and the architecture (arch, a conda subdir). Fields keep their owner's names. Texts
 * are slices into the arena or page that they were read from; lists are JSON text as it
 * stands in the file.
 */
#ifndef WEIR_ENV_H
#define WEIR_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>
#include <weir/error.h>
#include <weir/mem.h>

enum {
	WEIR_ENV_ID = 40,                /* hex digits of an id */
	WEIR_ENV_FILE_MAX = 512 << 20,   /* of conda_v2.cnd */
	WEIR_ENV_OBJECT_MAX = 64 << 20,  /* of one environment in a cache */
	WEIR_ENV_PACKAGES_MAX = 1 << 20, /* of one environment */
};

struct weir_env_id {
	struct str req_id, full_id, arch;
};

struct weir_env_package {
	struct str type;       /* "conda" or "pypi" (`pip` of old files is that too) */
	struct str filename;   /* without its ending */
	struct str url;        /* may hold a password */
	struct str url_format; /* ".conda", ".whl", ... */
	struct str hash;       /* of url_format: MD5 for conda, SHA-256; s NULL: none */
	struct str cache_url;  /* key in the cache of url_format, or of another one */
	struct str doc;        /* the whole object, JSON text */
};
VEC_TYPE(weir_env_packages, struct weir_env_package);

struct weir_env {
	struct weir_env_id id;
	struct str deps, sources, extras;  /* JSON arrays of `category::value` */
	struct weir_env_packages packages; /* in the order they are installed */
	bool listed;                       /* there is a list of them, maybe empty */
	struct str resolved_on;            /* as written: local time of who resolved */
	struct str resolved_by;
	struct str resolved_archs; /* JSON array */
	struct str env_type;       /* "mixed" unless told */
	struct str unique_keys;    /* full_id_unique_keys: JSON object */
	bool accurate_source;
	struct str doc; /* the whole object, JSON text */
};

/* Name, version and build of a package, from its filename; in arena. */
struct weir_env_name {
	struct str name;    /* of Python packages normalised: `ruamel-yaml` */
	struct str version; /* empty where the filename fits no rule */
	struct str build;   /* of a wheel its build tag, mostly empty */
};
void weir_env_name(const struct weir_env_package *p, struct arena *arena,
	struct weir_env_name *ret_name);

/* `conda-forge`, or the address of another channel, masked; `pypi`. In arena. */
struct str weir_env_channel(const struct weir_env_package *p, struct arena *arena);

/* The same JSON with every user:password of addresses as `***`; json or in arena. */
struct str weir_env_masked(struct str json, struct arena *arena);

/*
 * How ids came to be: which versions of the extension made them so. A req_id is of era
 * A (until 0.2.4) or B; a full_id by one of the formulas, or, where several
 * architectures were resolved together, by C1 (0.0.x) or C2 from all of them.
 */
enum weir_env_formula {
	WEIR_ENV_UNVERIFIED,
	WEIR_ENV_ERA_A,
	WEIR_ENV_ERA_B,
	WEIR_ENV_F1,   /* 0.0.1 .. 0.0.10 */
	WEIR_ENV_F2A,  /* 0.1.0 .. 0.2.1 */
	WEIR_ENV_F2B,  /* 0.2.2 .. 1.2.3 */
	WEIR_ENV_F3,   /* 1.3.0 and later */
	WEIR_ENV_LAZY, /* 0.1.0 .. 1.3.1, of what was unresolved before */
	WEIR_ENV_C1,
	WEIR_ENV_C2,
	WEIR_ENV_N_FORMULAS
};
const char *weir_env_formula_name(enum weir_env_formula f);  /* "F2b"; "unverified" */
const char *weir_env_formula_since(enum weir_env_formula f); /* "0.2.2 .. 1.2.3" */

/* The req_id of env's deps, sources and extras. WEIR_EBADDATA: not ASCII, no lists. */
WEIR_NODISCARD enum weir_rc weir_env_req_id(const struct weir_env *env,
	enum weir_env_formula era, char ret_id[WEIR_ENV_ID + 1], struct weir_err *err);

/* The full_id of env's packages; of all n of envs by C1 and C2. */
WEIR_NODISCARD enum weir_rc weir_env_full_id(const struct weir_env *const *envs,
	size_t n, enum weir_env_formula f, char ret_id[WEIR_ENV_ID + 1],
	struct weir_err *err);

/* Which formula gives the id that it has; WEIR_ENV_UNVERIFIED when none does. */
enum weir_env_formula weir_env_verify_req(const struct weir_env *env);
enum weir_env_formula weir_env_verify_full(
	const struct weir_env *const *envs, size_t n);

#endif
