/*
 * Log lines as people read them (time, level, task, text; sanitised, coloured), as the
 * bytes of the messages, or as a JSON object a line.
 */
#ifndef WEIR_CLI_LOGS_PRINT_H
#define WEIR_CLI_LOGS_PRINT_H

#include <weir/logs.h>
#include <weir/sgr.h>

#include "sink.h"

enum logs_form { LOGS_PEOPLE, LOGS_RAW, LOGS_NDJSON };

struct logs_printer {
	struct ctx *ctx;
	struct sink sink;
	enum logs_form form;
	bool timestamps; /* LOGS_RAW: columns before each line */
	bool many;       /* lines of several runs: LOGS_RAW begins with the run's id */
	const struct weir_match *highlight; /* or NULL; borrowed */
	size_t task_width, run_width;
	char today[16];
	struct buf text, prefix;
	struct weir_sgr_runs colours; /* of text */
	size_t n;                     /* lines printed */
};

/* fd: where to, -1 for standard output. sink_close comes after the last line. */
void logs_printer_init(struct logs_printer *p, struct ctx *ctx, enum logs_form form,
	bool page, int fd);
void logs_printer_release(struct logs_printer *p);

/* A name that is to come: its column is made wide enough at once. */
void logs_print_expect_task(struct logs_printer *p, struct str name);
void logs_print_expect_run(struct logs_printer *p, struct str name);

/* run: its name, shown when there are several. context: not what was asked for. */
WEIR_NODISCARD enum weir_rc logs_print(struct logs_printer *p,
	const struct weir_line *line, struct str run, bool context);

/* Between groups of lines with context. */
WEIR_NODISCARD enum weir_rc logs_print_gap(struct logs_printer *p);

/* The run that the next lines are of: a line of its own, for people only. */
WEIR_NODISCARD enum weir_rc logs_print_heading(
	struct logs_printer *p, struct str heading);

#endif
