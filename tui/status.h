/*
 * The lines around a view: above it the command that shows it, the profile and the
 * data's age; below it what is counted, and the keys that are useful here or a message
 * or a prompt.
 */
#ifndef WEIR_TUI_STATUS_H
#define WEIR_TUI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "draw.h"

struct app;

enum { STATUS_AGE_FINE_US = 60 * 1000000 };

struct status {
	char message[1024]; /* until the next key; "" none */
	bool error;
	uint64_t until;      /* or until this request is done; 0: none */
	bool busy;           /* the engine is fetching */
	int64_t done, total; /* requests of it */
	bool offline;        /* the server is away */
	char offline_why[256];
	int64_t offline_us; /* since when */
	int64_t cycle_us;   /* of the data; WEIR_NO_TIME: never */
};

void status_say(struct app *a, bool error, const char *fmt, ...) WEIR_PRINTF(3, 4);
/* What is worth saying once, not keeping. */
void status_hint(struct app *a, const char *text);
void status_clear(struct app *a);  /* the message */
void status_forget(struct app *a); /* what is known of a server */
void status_read(struct app *a);   /* age and outage from the store */

/* Where the body is on a screen of so many rows. */
void status_body(int rows, int *ret_y, int *ret_height);

void status_paint(struct app *a);
/* Show what is typed, before anything is done about it. */
void status_echo(struct app *a);

/* Right-aligned text on the row begun, if what stands before it leaves room. */
void status_right(struct draw *d, enum style style, const char *text);

/* When the age text changes (weir_monotonic_us); 0: never. */
int64_t status_due(const struct app *a);

#endif
