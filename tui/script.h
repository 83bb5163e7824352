/*
 * `weir --script FILE`: keys and dumps from a file instead of a terminal. A line is
 * `key NAME`, `text STRING`, `resize COLSxROWS`, `wait-idle`, `dump FILE` or `dump-attr
 * FILE`.
 */
#ifndef WEIR_TUI_SCRIPT_H
#define WEIR_TUI_SCRIPT_H

#include <stdbool.h>

#include <weir/buf.h>
#include <weir/error.h>

struct app;

enum { SCRIPT_MAX = 1 << 20 };

struct script {
	const char *path; /* NULL: no script */
	struct buf text;
	size_t pos;
	int line;
	bool waiting; /* at a wait-idle */
};

WEIR_NODISCARD enum weir_rc script_open(
	struct script *s, const char *path, struct weir_err *err);
void script_close(struct script *s);

/*
 * Do the next line. *ret_more false: the script has ended. Errors name file and line.
 * While it waits for idleness it does nothing until the app is idle.
 */
WEIR_NODISCARD enum weir_rc script_step(
	struct script *s, struct app *a, bool *ret_more, struct weir_err *err);

#endif
