/* What the parts of manifest*.c share: one reading of a prefect.yaml. */
#ifndef WEIR_CLIENT_MANIFEST_PRIV_H
#define WEIR_CLIENT_MANIFEST_PRIV_H

#include <stdint.h>

#include <jansson.h>

#include "weir/manifest.h"
#include "weir/mem.h"
#include "yaml_load.h"

enum {
	MANIFEST_NOTES_MAX = 1000,
	MANIFEST_TEXT_MAX = 64 << 20, /* what placeholders expand to, in all */
};

struct manifest_notes {
	struct weir_manifest_note *v;
	size_t n, cap;
};

struct reading {
	const struct weir_manifest_opts *opts;
	struct arena *arena; /* the manifest's own */
	const char *file;    /* what it is called in messages */
	const char *folder;  /* of the file, absolute */
	const char *cwd;     /* as Prefect: entrypoints are relative to it */
	struct yaml yaml;
	struct manifest_notes notes;
	size_t expanded; /* bytes that placeholders have become */
	struct weir_err *err;
};

/* A place in the tree, for messages: `deployments[2].schedules[0].cron`. */
struct spot {
	const struct spot *up;
	const char *key; /* NULL: an element */
	size_t index;
	const struct ynode *node; /* whose line and column are meant; NULL: up's */
};

#define SPOT_KEY(up_, key_, node_)                                                     \
	((struct spot){ .up = (up_), .key = (key_), .node = (node_) })
#define SPOT_AT(up_, index_, node_)                                                    \
	((struct spot){ .up = (up_), .index = (index_), .node = (node_) })

enum weir_rc manifest_fail(struct reading *r, const struct spot *at, const char *fmt,
	...) WEIR_PRINTF(3, 4);
void manifest_note(struct reading *r, const struct spot *at, const char *fmt, ...)
	WEIR_PRINTF(3, 4);

/* What was found out about a flow without the server. */
struct flow_facts {
	const char *name;        /* NULL: not known */
	const char *description; /* NULL: none */
	const char *version;     /* NULL: none */
	json_t *schema;          /* of the parameters; NULL: not known */
	bool certain;            /* the schema is what Prefect would make */
	bool complete;           /* and so is all the rest */
};

/* One of deployments:, on its way to a struct weir_manifest_entry. */
struct draft {
	const struct ynode *node;
	struct spot at;
	json_t *config;         /* blocks, variables, environment resolved */
	const char *name;       /* of the deployment */
	const char *entrypoint; /* NULL: it runs a command */
	const char *flow_name;  /* as the file has it, or NULL */
	struct flow_facts flow;
	const struct ynode *pull; /* NULL: to be guessed */
	json_t *stated, *guessed, *triggers;
};

/* ---- manifest_shape.c: what Prefect's models accept; a wrong entry spoils the file */

WEIR_NODISCARD enum weir_rc manifest_shape(struct reading *r);

/* What pydantic takes for a boolean: true, 1, "yes", "off"... */
bool manifest_lax_bool(const json_t *v, bool *ret);
bool manifest_lax_int(const json_t *v, json_int_t *ret);

/* ---- manifest_template.c: placeholders */

enum manifest_values {
	VALUES_NOW,
	VALUES_LATER, /* blocks and variables stay, for weir worker: never stored */
};

/*
 * Blocks, variables and the environment, as Prefect resolves them first. *ret is a new
 * reference.
 */
WEIR_NODISCARD enum weir_rc manifest_resolve(struct reading *r, const struct spot *at,
	const json_t *value, enum manifest_values values, json_t **ret);

enum manifest_finish {
	FINISH_KEEP,     /* what is unresolved stays: pull steps */
	FINISH_DROP,     /* it goes, with a note */
	FINISH_DROP_CTX, /* it goes, but for ctx.*, which is resolved when a run starts
			  */
};

/*
 * The last step, with the outputs of build and push steps, of which weir has none.
 * *ret is a new reference, NULL if the value is to be left out.
 */
WEIR_NODISCARD enum weir_rc manifest_finish(struct reading *r, const struct spot *at,
	const json_t *value, enum manifest_finish how, json_t **ret);

/* ---- manifest_schedule.c, manifest_trigger.c, manifest_steps.c: parts of a body */

WEIR_NODISCARD enum weir_rc manifest_schedules(struct reading *r, struct draft *d);
WEIR_NODISCARD enum weir_rc manifest_triggers(struct reading *r, struct draft *d);
WEIR_NODISCARD enum weir_rc manifest_steps(struct reading *r, struct draft *d);

/* ---- manifest_body.c: the rest of it */

/* The name; then, if it is meant, what has to be known before code is looked at. */
WEIR_NODISCARD enum weir_rc manifest_head(struct reading *r, struct draft *d);
WEIR_NODISCARD enum weir_rc manifest_config(struct reading *r, struct draft *d);
WEIR_NODISCARD enum weir_rc manifest_body(struct reading *r, struct draft *d);

/* ---- manifest_flow.c: flow_facts of all drafts */

WEIR_NODISCARD enum weir_rc manifest_flows(
	struct reading *r, struct draft *drafts, size_t n);
void manifest_flow_release(struct flow_facts *f);

/*
 * ---- manifest_python.c: facts from Python. WEIR_ENOTFOUND: there is none with prefect
 */
WEIR_NODISCARD enum weir_rc manifest_python(
	struct reading *r, struct draft *const *v, size_t n);

/* ---- manifest.c */

/* The whole of a file, bounded. */
WEIR_NODISCARD enum weir_rc manifest_read_file(
	const char *file, struct buf *out, struct weir_err *err);

#endif
