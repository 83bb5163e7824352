/*
 * The folder of an environment: whose it is, and the note beside it that says who is
 * making it, so that what a process left that was killed is known as its own.
 */
#ifndef WEIR_CLIENT_INST_SITE_H
#define WEIR_CLIENT_INST_SITE_H

#include <sys/types.h>

#include "weir/buf.h"
#include "weir/id.h"

enum { INST_MARKER_MAX = 64 << 10 };

enum inst_site_state {
	INST_SITE_FREE,    /* nothing there, or an empty folder */
	INST_SITE_SAME,    /* it has the marker */
	INST_SITE_OTHER,   /* it has another marker */
	INST_SITE_LEFT,    /* a weir that is no more was making it */
	INST_SITE_MAKING,  /* one that lives is */
	INST_SITE_FOREIGN, /* somebody else's: not to be touched */
};

struct inst_site {
	char *target, *parent; /* parent: the folder that it is in */
	const char *base;      /* its name there; in target */
	char *note;            /* the path of the note */
	/* Of this making: in the note, and in the folder that is meant. */
	char word[WEIR_ID_TEXT + 1];
};

/* WEIR_EUSAGE: not an absolute path that can be. */
WEIR_NODISCARD enum weir_rc inst_site_init(
	struct inst_site *s, const char *target, struct weir_err *err);
void inst_site_release(struct inst_site *s);

enum inst_site_state inst_site_look(const struct inst_site *s, const char *marker);

/*
 * Note that this process is making the folder at path (which will be the target), or
 * nothing yet when NULL; child: a program that does it, 0 for none.
 */
WEIR_NODISCARD enum weir_rc inst_site_note(
	const struct inst_site *s, const char *path, pid_t child, struct weir_err *err);
/* Note that the child has not begun it so far: what is begun soon after is its. */
void inst_site_wait(const struct inst_site *s);
void inst_site_forget(const struct inst_site *s); /* the note */

/* Is there a note of one that is no more? */
bool inst_site_abandoned(const struct inst_site *s);

/* The marker is there: without the word in the folder and the note beside it. */
void inst_site_settle(const struct inst_site *s);

/* Remove what INST_SITE_LEFT is, and its note. */
WEIR_NODISCARD enum weir_rc inst_site_clear(
	const struct inst_site *s, struct weir_err *err);

/* Write the marker: from here on it is an environment. */
WEIR_NODISCARD enum weir_rc inst_site_mark(
	const struct inst_site *s, const char *marker, struct weir_err *err);

#endif
