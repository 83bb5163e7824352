/*
 * What a view shows, as text outside of it: in a file, in the user's pager or editor.
 * A file is written beside its name and gets it when it is whole.
 */
#ifndef WEIR_TUI_EXPORT_H
#define WEIR_TUI_EXPORT_H

#include <stdbool.h>

#include <weir/buf.h>
#include <weir/error.h>

struct app;

struct export
{
	int fd; /* -1: none is open */
	char *path, *temp;
	bool replace;
	struct buf text; /* not yet written */
	int failed;      /* errno */
};

/* `~/` at its beginning is the home folder. Owned. */
char *export_path(const char *path);
bool export_exists(const char *path);

/* A file that shall be `path`; without replace it must not exist, with it the mode and
 * what a link leads to stay. */
WEIR_NODISCARD enum weir_rc export_open(
	struct export *e, const char *path, bool replace, struct weir_err *err);
void export_add(struct export *e, struct str text);
/* keep false: leave nothing behind. */
WEIR_NODISCARD enum weir_rc export_close(
	struct export *e, bool keep, struct weir_err *err);

/*
 * Give the screen to $PAGER, or $VISUAL or $EDITOR, with a file that fill writes; what
 * goes wrong is said. fill returns false when it has said that there is nothing.
 */
void export_out(struct app *a, bool editor, bool (*fill)(struct export *e, void *arg),
	void *arg);

/* The same with a text, and what it was made in $EDITOR. False: nothing; it is said. */
bool export_edit(struct app *a, struct str text, struct buf *ret_text);

#endif
