/*
 * Versions of packages and what is asked of them, by the rules of conda (VersionOrder,
 * VersionSpec) and of PEP 440. Pure; nothing is allocated to compare.
 */
#ifndef WEIR_CLIENT_ENV_VERSION_H
#define WEIR_CLIENT_ENV_VERSION_H

#include "weir/buf.h"
#include "weir/error.h"

enum env_rules { ENV_RULES_CONDA, ENV_RULES_PEP440 };

enum {
	ENV_VERSION_MAX = 512, /* bytes that are looked at */
	ENV_SPEC_MAX = 1024,
	ENV_SPEC_TERMS_MAX = 64,
	ENV_SPEC_DEPTH_MAX = 8, /* parentheses */
};

/*
 * Below, equal or above zero. What is no version by the rules is compared all the same,
 * so that any list has one order: below all versions by PEP 440, part by part by conda.
 */
int env_version_cmp(enum env_rules rules, struct str a, struct str b);

/* Is it a version by the rules? */
bool env_version_valid(enum env_rules rules, struct str version);

/* Append the normal form of PEP 440; false, nothing appended: it is not a version. */
bool env_version_normal(struct buf *out, struct str version);

/*
 * A specification, read by both rules, since a package's type decides which of them
 * hold: terms `>=1.2`, `=1.2` (begins so), `==1.2`, `!=1.2.*`, `~=1.2`, `1.2.*`, `1.2`,
 * `*`, `===x`; `,` is AND and binds closer than `|`; parentheses.
 */
struct env_spec;
WEIR_NODISCARD enum weir_rc env_spec_parse(
	struct str text, struct env_spec **ret_spec, struct weir_err *err);
void env_spec_free(struct env_spec *spec);
bool env_spec_match(
	const struct env_spec *spec, enum env_rules rules, struct str version);

#endif
