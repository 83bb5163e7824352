/* What the writers of facts share; one file a kind of object: facts_run.c, ... */
#ifndef WEIR_TUI_FACTS_PARTS_H
#define WEIR_TUI_FACTS_PARTS_H

#include <weir/json.h>
#include <weir/select.h>

#include "facts.h"

enum {
	FACTS_INDENT = 9,    /* where what is said begins: ` where   ` */
	FACTS_ROWS = 5000,   /* listed below an object */
	FACTS_LAST_RUNS = 8, /* of a flow, a deployment, a pool */
	FACTS_TEXT_MAX = 16 << 10,
};

/* One writer a kind; false: it is not there. */
bool facts_run(struct facts *f, int64_t key);
bool facts_task_run(struct facts *f, int64_t key);
bool facts_flow(struct facts *f, int64_t key);
bool facts_deployment(struct facts *f, int64_t key);
bool facts_pool(struct facts *f, int64_t key);
bool facts_queue(struct facts *f, int64_t key);
bool facts_worker(struct facts *f, int64_t key);
bool facts_artifact(struct facts *f, int64_t key);
bool facts_limit(struct facts *f, int64_t key);

/* ---- reading */

typedef void facts_fn(struct facts *f, const struct weir_rows *rows, void *arg);

struct facts_ask {
	enum weir_kind kind;
	int64_t key; /* not 0: this row only */
	const char *query, *sort, *columns;
	int64_t limit; /* 0: FACTS_ROWS */
};
/* Call fn for each row; how many there were. */
size_t facts_each(
	struct facts *f, const struct facts_ask *ask, facts_fn *fn, void *arg);
int64_t facts_count(struct facts *f, enum weir_kind kind, const char *query);
int64_t facts_time(const struct weir_cell *c); /* WEIR_NO_TIME for null */
/* The document of a row (column `doc` or `rest`) as a tree, NULL when it has none;
 * owned. */
struct weir_json *facts_doc(const struct weir_cell *members);
/* Append `field:value`, quoted as the query language needs it. */
void facts_term(struct buf *query, const char *field, struct str value);

/* ---- writing */

/* A labelled line is begun; spans follow. */
struct page_line *facts_begin(struct facts *f, const char *label);
/* Text behind a label, over as many lines as it needs. */
void facts_text(struct facts *f, const char *label, enum style style, struct str text);
/* A labelled line that opens an object; a null id opens nothing. */
void facts_link(struct facts *f, const char *label, enum weir_kind kind,
	const struct weir_id *id, struct str text);
/* Append ` · label value` for a value that is there. */
void facts_part(const struct facts *f, struct buf *out, const char *label,
	const struct weir_cell *cell);
void facts_part_json(const struct facts *f, struct buf *out, const char *label,
	const struct weir_json *value);
void facts_moment(const struct facts *f, struct buf *out, const char *what, int64_t us);
/* The first lines: what it is, and on the right what it is part of. */
void facts_title(
	struct facts *f, struct str status, struct str name, const char *right);
/* And below it the description that its document has. */
void facts_described(struct facts *f, struct str status, struct str name,
	const char *right, const struct weir_json *doc);
/* The begin of the first line of a run or task run; what its state says, in at most so
 * many lines. */
void facts_state(struct facts *f, const struct weir_cell *state, struct str state_name,
	struct str name);
void facts_message(struct facts *f, struct str message, int most);
void facts_status(struct facts *f, struct str status, int columns);
void facts_id(struct facts *f);
/* `412 runs`, `9 failed`...: runs that a query finds, counted; each opens its list. */
void facts_runs(struct facts *f, const char *query);
/* The newest of them, under a heading. */
void facts_last_runs(struct facts *f, const char *heading, const char *query,
	const char *sort, int64_t limit);
/* Tags of a JSON array, labels or other members of an object, when there are any. */
void facts_tags(struct facts *f, const struct weir_json *tags);
void facts_tags_cell(struct facts *f, const struct weir_cell *tags);
void facts_members(struct facts *f, const char *label, const struct weir_json *object);
/* Labels, but those that Prefect makes itself: ids of what is said anyway. */
void facts_labels(struct facts *f, const struct weir_json *labels);
/* A JSON value over as many lines as it needs. */
void facts_json(struct facts *f, int indent, const struct weir_json *value);

/* The states an object went through, a line each. */
void facts_states(struct facts *f, const struct weir_json *states);
/* Artifacts whose field is this object, with the beginning of what they hold. */
void facts_artifacts(struct facts *f, const char *field);

/* A run or a task run as a line of a list with its bar. The columns that are asked: */
#define FACTS_LINE_COLUMNS "state_type,state_name,name,id,start_time,end_time,dur"
void facts_line(struct facts *f, const struct weir_rows *rows, enum weir_kind kind,
	const char *more);
void facts_line_heading(struct facts *f, const char *what);

/* A line for each environment that the run or task run used; Enter opens it. */
void facts_envs(struct facts *f);

#endif
