/* Entry points: a command of Python's that calls a function. */
#ifndef WEIR_CLIENT_INST_ENTRY_H
#define WEIR_CLIENT_INST_ENTRY_H

#include "weir/buf.h"
#include "weir/mem.h"

struct inst_entry {
	const char *command;  /* a file in bin/ */
	const char *module;   /* a.b */
	const char *function; /* main, or Class.method */
};

VEC_TYPE(inst_entries, struct inst_entry);

/*
 * `command = module:function [extras]`, the extras left out. False: it is none, or one
 * of its names could be anything else than a name. Texts in arena a.
 */
bool inst_entry_parse(struct str line, struct arena *a, struct inst_entry *ret_entry);

/*
 * console_scripts and gui_scripts of a wheel's entry_points.txt. False: a line of them
 * is none; *ret_line is its number.
 */
bool inst_entry_parse_ini(
	struct str text, struct arena *a, struct inst_entries *ret, size_t *ret_line);

/* The script that calls it; python: the interpreter's path. */
void inst_entry_script(const struct inst_entry *e, const char *python, struct buf *out);

/* The line that starts a Python script: `#!`, or what stands for it when that fails. */
void inst_entry_shebang(const char *python, struct buf *out);

#endif
