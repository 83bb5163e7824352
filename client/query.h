/*
 * The query compiler's own parts: the tree, sets of keys, and SQL with its bound
 * values.
 *
 *   text --query_parse.c--> tree --query_sql.c--> struct query_sql --select.c--> rows
 * /
 */
#ifndef WEIR_CLIENT_QUERY_H
#define WEIR_CLIENT_QUERY_H

#include "db.h"
#include "env_version.h"
#include "weir/match.h"
#include "weir/mem.h"
#include "weir/query.h"
#include "weir/select.h"
#include "weir/store.h"

enum { QUERY_DRIVER_MAX = 9 }; /* as many as there are states */

/* A set of row keys, one bit each. */
struct keyset {
	uint64_t *words;
	size_t n_words;
};
void keyset_free(struct keyset *s); /* the set too; accepts NULL */
struct keyset *keyset_new(void);
void keyset_add(struct keyset *s, int64_t k);
bool keyset_has(const struct keyset *s, int64_t k);
size_t keyset_count(const struct keyset *s);
void keyset_and(struct keyset *s, const struct keyset *other);
void keyset_or(struct keyset *s, const struct keyset *other);
/* Append `[1,5,9]`. */
void keyset_json(const struct keyset *s, struct buf *out);

/* What one value of a field asks for. */
enum query_value_type {
	QUERY_MATCH,  /* text */
	QUERY_NONE,   /* no value */
	QUERY_ID,     /* an id that begins so */
	QUERY_TIME,   /* within [from, to] microseconds */
	QUERY_NUMBER, /* within a range of numbers or seconds */
	QUERY_BOOL,
	QUERY_STATES,  /* one of these state types, and the name when match is set */
	QUERY_PACKAGE, /* one called match, of a version that fits spec, if there is one
			*/
};

struct query_value {
	enum query_value_type type;
	struct weir_match *match; /* owned by the query */
	struct weir_id id_from, id_to;
	int64_t from, to;
	double low, high;
	bool above, below; /* low, high themselves are left out */
	bool yes;
	unsigned states;             /* bits 1 << enum weir_state */
	const struct env_spec *spec; /* owned by the query */
	struct str name;             /* of a package, when it is no pattern */
};

enum query_node_type {
	QUERY_ALL,
	QUERY_AND,
	QUERY_OR,
	QUERY_NOT,
	QUERY_WORD,
	QUERY_FIELD
};

struct query_node {
	enum query_node_type type;
	struct query_node *left, *right;  /* AND, OR; NOT: left */
	const struct weir_match *match;   /* WORD */
	bool plain;                       /* it is a plain word, no pattern */
	const struct weir_column *column; /* FIELD; the values are alternatives */
	struct query_value *values;
	size_t n_values;
};

struct weir_query {
	enum weir_kind kind;
	int64_t now_us;
	bool relative;
	struct arena arena;
	struct query_node *root;
	VEC(struct weir_match *) matches;     /* all, owned */
	VEC(const struct weir_match *) words; /* for highlighting */
	VEC(struct env_spec *) specs;         /* all, owned */
};

/* query_field.c. Fields that are not columns: since, until, age. */
enum query_special { QUERY_COLUMN, QUERY_SINCE, QUERY_UNTIL, QUERY_AGE };
const struct weir_column *query_field_find(enum weir_kind kind, struct str name,
	struct arena *arena, enum query_special *ret_special);
/* The nearest field name, or NULL. */
const char *query_field_near(enum weir_kind kind, struct str name);
/* The time that since, until and age are about. */
const struct weir_column *query_time_column(enum weir_kind kind);
/* Words for states: types, names that Prefect uses, live, ended; ends with NULL. */
extern const char *const query_states[];

/*
 * query_value.c: one value as typed, operators included, quoted parts escaped with
 * backslashes. Errors: WEIR_EUSAGE, text without a place.
 */
struct query_text {
	struct str text; /* operators and `..` included; in arena */
	bool quoted;     /* a part of it was: taken as it is */
	bool regex;      /* text is between slashes */
	bool unfinished; /* the end of a query that is being typed */
};
WEIR_NODISCARD enum weir_rc query_value_parse(struct weir_query *q,
	const struct weir_column *column, enum query_special special,
	const struct query_text *text, struct query_value *ret, struct weir_err *err);
struct weir_match *query_match(struct weir_query *q, enum weir_match_kind kind,
	struct str pattern, struct weir_err *err); /* owned by q; NULL: err says why */

/* A value bound to a parameter; ?1 is always now. */
struct query_bind {
	enum { BIND_INT, BIND_REAL, BIND_TEXT, BIND_ID, BIND_MATCH, BIND_SET } type;
	int64_t i;
	double d;
	struct str s;
	struct weir_id id;
	const void *p;
};

/*
 * What one of the indexes (flow, at), (deployment, at), (state, at) of the runs can be
 * entered with: `column` is one of the keys. Not part of `where`.
 * /
 */
struct query_driver {
	const char *column; /* "r.flow", "r.deployment", "r.state"; NULL: none */
	int64_t keys[QUERY_DRIVER_MAX];
	size_t n_keys;
};

/* A compiled condition; where is "" for all. Row alias r. */
struct query_sql {
	struct arena arena;
	struct buf where;
	VEC(struct query_bind) binds;
	VEC(struct keyset *) sets; /* owned */
	struct keyset *set; /* rows are among these; NULL: no such limit; owned */
	struct query_driver driver;
};

void query_sql_init(struct query_sql *out);
void query_sql_release(struct query_sql *out);
/* Number of the parameter that will be bound to b. */
int query_sql_bind(struct query_sql *out, struct query_bind b);
/* Append an expression of a column, its `?@` replaced. */
void query_sql_expr(
	struct query_sql *out, struct buf *to, const char *sql, const char *arg);
WEIR_NODISCARD enum weir_rc query_compile(const struct weir_query *q,
	struct weir_store *s, struct query_sql *out, struct weir_err *err);
void query_sql_bind_all(const struct query_sql *sql, sqlite3_stmt *st, int64_t now_us);

/* query_text.c: keys of runs whose searchable text matches; word: m is a plain word. */
WEIR_NODISCARD enum weir_rc query_text_search(struct weir_store *s,
	const struct weir_match *m, bool word, struct keyset *set,
	struct weir_err *err);
/* From now on the lines that words find are kept, a few MB: longer words are quick. */
void query_text_keep(struct weir_store *s);
/* Can the text be searched for this literal? */
bool query_text_has_literal(struct str literal);
/* A superset: the runs whose text has this literal anywhere, or may have been cut. */
WEIR_NODISCARD enum weir_rc query_text_candidates(struct weir_store *s,
	struct str literal, struct keyset *set, struct weir_err *err);

/*
 * query_package.c: `pkg:NAME[SPEC]`, where a comma before an operator belongs to the
 * specification; the environments that have such a package.
 */
bool query_is_package(enum weir_kind kind, const struct weir_column *column);
bool query_is_env_id(enum weir_kind kind, const struct weir_column *column);
WEIR_NODISCARD enum weir_rc query_env_id_value(struct weir_query *q, struct str text,
	struct query_value *v, struct weir_err *err); /* a prefix is enough */
bool query_package_goes_on(struct str rest);          /* at a comma */
WEIR_NODISCARD enum weir_rc query_package_value(struct weir_query *q, struct str text,
	struct query_value *v, struct weir_err *err);
WEIR_NODISCARD enum weir_rc query_package_set(struct weir_store *s,
	const struct query_value *v, struct keyset *set, struct weir_err *err);

/* query_fn.c: prepare a statement that may use our functions. */
WEIR_NODISCARD enum weir_rc query_prepare(struct weir_store *s, const char *sql,
	sqlite3_stmt **ret_st, struct weir_err *err);

#endif
