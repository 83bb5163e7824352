/*
 * A form: with what a run of a deployment is started. Its fields are the parameters of
 * the deployment's schema, those that only the values have, and a few of the run; of an
 * old run that is started again it is the parameters alone. Nothing here draws.
 */
#ifndef WEIR_TUI_FORM_H
#define WEIR_TUI_FORM_H

#include <weir/mem.h>
#include <weir/store.h>
#include <weir/trigger.h>

enum { FORM_FIELDS_MAX = 2000, FORM_FAULTS_MAX = 200, FORM_TEXT_MAX = 512 << 10 };
#define FORM_NONE ((size_t)-1)

enum form_kind { FORM_PARAM, FORM_NAME, FORM_TAGS, FORM_START, FORM_QUEUE };

struct form_field {
	enum form_kind kind;
	const struct weir_param *param; /* NULL: the schema does not have it */
	char *name;
	/* JSON of a parameter, of others as typed. NULL: the default holds. */
	char *value;
	char *before;   /* when the form was opened */
	char *fallback; /* what holds then; NULL: nothing */
	bool fault;
};

struct form_fault {
	size_t field; /* FORM_NONE: of all of it */
	char *path, *text;
	bool warns; /* it can be sent all the same */
};

struct form {
	struct weir_deployment d;
	struct weir_schema *schema;
	struct weir_id run; /* that is started again; null: none */
	char *run_name;
	VEC(struct form_field) fields;
	VEC(struct form_fault) faults;
	size_t n_stop; /* of them, with which nothing is sent */
};

/* Of a deployment, or of a run: with its values. From the store alone. */
WEIR_NODISCARD enum weir_rc form_open(struct form *f, struct weir_store *store,
	enum weir_kind kind, const struct weir_id *id, struct weir_err *err);
void form_close(struct form *f);

/* What a person typed; as it is shown and typed again. */
void form_type(struct form *f, size_t i, struct str text);
void form_text(const struct form *f, size_t i, struct buf *out);
/* The value that holds, NULL: there is none. JSON of a parameter. */
const char *form_value(const struct form_field *field);
/* The next or previous choice, true or false. False: it has none. */
bool form_step(struct form *f, size_t i, int direction);
bool form_null(struct form *f, size_t i); /* false: it must not be null */
void form_default(struct form *f, size_t i);
void form_undo(struct form *f, size_t i); /* as it was when the form was opened */
void form_set(struct form *f, size_t i, const char *value); /* copied; NULL: default */
/* A parameter that the schema does not have, `name=value`. Its field. */
WEIR_NODISCARD enum weir_rc form_add(
	struct form *f, struct str text, size_t *ret_field, struct weir_err *err);

bool form_is_secret(const struct form_field *field);
bool form_is_long(const struct form_field *field); /* better in an editor */
bool form_is_switch(const struct form_field *field);
/* Its choices one a line, as typed. */
void form_choices(const struct form_field *field, struct buf *out);
bool form_changed(const struct form_field *field);
bool form_is_dirty(const struct form *f);

/* Look for faults anew. */
void form_check(struct form *f, int64_t now_us);
void form_forget_faults(struct form *f);

/*
 * What is to be sent: either a trigger, or a retrigger of f->run with these parameters.
 * Texts are owned by it (form_wish_release).
 */
struct form_wish {
	struct weir_trigger trigger;
	struct weir_act act;
	char *parameters, *tags;
};
void form_wish(const struct form *f, int64_t now_us, struct form_wish *ret_wish);
void form_wish_release(struct form_wish *w);

/* The command that does it; secrets are not in it. */
void form_command(const struct form *f, struct buf *out);
/* A text with what secrets of this form stand in it made unreadable. */
void form_mask(const struct form *f, struct str text, struct buf *out);
/* JSON over several lines, for editors. */
void form_pretty(struct str json, struct buf *out);

#endif
