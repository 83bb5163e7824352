/*
 * `prefect.yaml` as Prefect reads it: which deployments a file names, each as the body
 * that the server takes.
 *
 * Reading makes no request by itself and writes nothing. What only Python can do (steps
 * other than those that a worker runs, custom build and push steps) is refused with its
 * line, never skipped in silence. Source of the rules: Prefect's documentation of
 * prefect.yaml; DESIGN 9 for deployments of a command.
 */
#ifndef WEIR_MANIFEST_H
#define WEIR_MANIFEST_H

#include <weir/buf.h>
#include <weir/error.h>

enum { WEIR_MANIFEST_BYTES_MAX = 16 << 20, WEIR_MANIFEST_ENTRIES_MAX = 10000 };

/* A place in the file, from 1; 0 0: none. */
struct weir_place {
	unsigned line, column;
};

/* One deployment. Texts are the manifest's, NUL-terminated. */
struct weir_manifest_entry {
	const char *name;       /* of the deployment */
	const char *flow_name;  /* of its flow */
	const char *entrypoint; /* NULL: it runs a command (DESIGN 9) */
	struct weir_place place;
	/*
	 * JSON objects with the members of POST /deployments/ but flow_id and name:
	 * what the file states, which is compared with the server and sent when it
	 * differs; and what weir had to guess (the version from the file's hash, a
	 * description, the default of a left-out pull, paused, schedules), sent on
	 * creation only and compared never. No member is in both. job_variables stand
	 * under that name, concurrency as concurrency_limit (a number or null) and
	 * concurrency_options; schedules as an array in the server's words, with slug
	 * where given.
	 */
	struct str stated, guessed;
	/*
	 * JSON array of automations to create, "" when the file does not state any.
	 * The deployment's id is for the caller to fill in: deployment_id of their
	 * actions, and owner_resource.
	 */
	struct str triggers;
};

struct weir_manifest {
	const char *path; /* absolute */
	const char *name; /* the file's `name:`, "" for none */
	struct weir_manifest_entry *v;
	size_t n;
	struct weir_manifest_note {
		struct weir_place place;
		const char *text; /* one line, without path and line */
	} * notes;                /* warnings: what was not understood, but harmless */
	size_t n_notes;
};

/*
 * What the file refers to and only a server knows: `{{ prefect.variables.NAME }}`
 * (what "variables"), `{{ prefect.blocks.TYPE.NAME }}` (what "blocks", name
 * "TYPE/NAME..."). Append the value as JSON; WEIR_ENOTFOUND: unresolved.
 */
typedef enum weir_rc weir_manifest_lookup_fn(void *arg, const char *what,
	const char *name, struct buf *out, struct weir_err *err);

/*
 * Where the schema of the parameters comes from, for entries that do not say. The
 * signature is read first, as Python takes a second to start: where it says all that
 * Prefect would, nobody else is asked. A schema that is not certain is guessed.
 */
enum weir_schema_way {
	WEIR_SCHEMA_AUTO,   /* static; where that is not certain, Python if there is one
			     */
	WEIR_SCHEMA_PYTHON, /* that or an error */
	WEIR_SCHEMA_STATIC, /* read from the signature, without Python */
	WEIR_SCHEMA_NONE,   /* no schema, and parameters are not enforced */
};

struct weir_manifest_opts {
	const char *path; /* NULL: prefect.yaml here */
	const char *const
		*names; /* globs of deployment or FLOW/DEPLOYMENT; none: all */
	size_t n_names;
	enum weir_schema_way schema;
	const char *python; /* the interpreter; NULL: what is found */
	bool old_server; /* 2.x: no slugs, no concurrency options; refused if stated */
	weir_manifest_lookup_fn *lookup; /* NULL: nothing can be looked up */
	void *lookup_arg;
};

/*
 * *ret_manifest is owned (weir_manifest_free). Errors name the file with line and
 * column: `prefect.yaml:12:7: deployments[2].schedules[0].cron: ...`.
 */
WEIR_NODISCARD enum weir_rc weir_manifest_read(const struct weir_manifest_opts *opts,
	struct weir_manifest **ret_manifest, struct weir_err *err);
void weir_manifest_free(struct weir_manifest *m); /* accepts NULL */

#endif
