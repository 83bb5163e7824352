/* The form with which a run is started. */
#ifndef WEIR_TUI_VIEW_FORM_H
#define WEIR_TUI_VIEW_FORM_H

#include "form.h"
#include "page.h"
#include "prompt.h"

/* Of a deployment, or of a run that is started again. NULL: err says why. */
struct view *view_form_new(struct app *a, enum weir_kind kind, const struct weir_id *id,
	struct weir_err *err);

/* ---- what its parts share */

enum { FORM_LABEL_MAX = 64 };

/* Keys of lines: fields are 1 and on. */
enum { LINE_FAULT = 100000, LINE_ADD = 200000, LINE_START };

struct form_view {
	struct form form;
	struct prompt_user ask; /* of the field that is typed */
	char label[FORM_LABEL_MAX];
	size_t field;   /* of it; FORM_NONE: a new one */
	char *old;      /* its value before */
	bool old_set;   /* whether it had one */
	char wait[512]; /* why nobody would take the run up; "" */
	/* What the question shows; borrowed by it. */
	struct buf path, body, command, notes;
	uint64_t request; /* that was sent and is not answered */
	bool started, go;
};

/* view_form_write.c */
void view_form_write(struct page_view *v, struct page *p, void *arg);
/* What is known of the field under the cursor, on the row begun. */
void view_form_counts(struct page_view *v, void *arg, struct draw *d);

/* view_form_edit.c */
void view_form_edit(struct view *v, size_t field); /* Enter on it */
void view_form_editor(struct view *v, enum action_id id, const char *arg);
void view_form_changed(struct view *v); /* check and show */

#endif
