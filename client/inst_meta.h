/* What an unpacked conda package says of itself: info/index.json, paths.json,
 * link.json. */
#ifndef WEIR_CLIENT_INST_META_H
#define WEIR_CLIENT_INST_META_H

#include <jansson.h>
#include <stdint.h>

#include "inst_entry.h"

enum { INST_META_MAX = 256 << 20, INST_PATHS_MAX = 1000000 };

enum inst_path_type { INST_PATH_FILE, INST_PATH_LINK, INST_PATH_FOLDER };
enum inst_mode { INST_MODE_NONE, INST_MODE_TEXT, INST_MODE_BINARY };
enum inst_noarch { INST_NOARCH_NONE, INST_NOARCH_GENERIC, INST_NOARCH_PYTHON };

struct inst_path {
	const char *name; /* in the package; plain */
	enum inst_path_type type;
	enum inst_mode mode;     /* NONE: nothing to replace */
	const char *placeholder; /* what to replace */
	const char *sha256;      /* as the package says; may be NULL */
	int64_t size;            /* -1: it does not say */
	bool no_link;            /* to be copied */
};

VEC_TYPE(inst_paths, struct inst_path);

struct inst_meta {
	struct arena arena;
	json_t *index; /* index.json, an object */
	const char *name, *version, *build;
	enum inst_noarch noarch;
	struct inst_paths paths;
	struct inst_entries entries;
};

/*
 * dir is the unpacked package, what (borrowed) errors begin with. Every name in it is
 * plain and is there once; no file is also a folder.
 */
WEIR_NODISCARD enum weir_rc inst_meta_read(const char *dir, const char *what,
	struct inst_meta *ret_meta, struct weir_err *err);
void inst_meta_release(struct inst_meta *m);

/* The parts of it, for whoever has the bytes. paths.json; sizes and types are its. */
WEIR_NODISCARD enum weir_rc inst_meta_parse_paths(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err);
/* index.json: names that can be parts of file names. */
WEIR_NODISCARD enum weir_rc inst_meta_parse_index(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err);
/* link.json: entry points. */
WEIR_NODISCARD enum weir_rc inst_meta_parse_link(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err);
/* has_prefix of old packages: `placeholder mode name`, or a name alone. */
WEIR_NODISCARD enum weir_rc inst_meta_parse_prefixes(
	struct inst_meta *m, struct str text, const char *what, struct weir_err *err);

/* Are all its files in dir, with the sizes that it gives? */
bool inst_meta_fits(const struct inst_meta *m, const char *dir);

#endif
