/*
 * Names of files as archives and lists of paths give them, made safe: plain, relative,
 * never leaving the folder that they are meant for.
 */
#ifndef WEIR_CLIENT_INST_NAME_H
#define WEIR_CLIENT_INST_NAME_H

#include "weir/buf.h"

enum { INST_NAME_MAX = 4000, INST_PART_MAX = 255, INST_DEPTH_MAX = 128 };

/*
 * Append name without `./`, doubled and trailing slashes; nothing for the folder
 * itself. Returns why it cannot be, in words, with nothing appended; NULL when it can.
 */
const char *inst_name_plain(struct str name, struct buf *out);

/*
 * A symbolic link at the plain name `at` that says `to`. NULL: it stays inside. It then
 * needs *ret_look when `..` comes after a name: whether that is inside depends on what
 * the names before it are (inst_tree looks once all is there).
 */
const char *inst_name_link(const char *at, struct str to, bool *ret_look);

/* As paths are sorted: part by part, so that `a/b` is before `a-b`. */
int inst_name_compare(const char *a, const char *b);

/* Is `name` below the folder `top`? Both plain. */
bool inst_name_below(const char *name, const char *top);

/* Is it for what an environment says of itself? No package may have such a file. */
bool inst_name_reserved(const char *name);

/* One part: no slash, not `.` or `..`, nothing that a terminal could act on. */
bool inst_name_is_part(const char *name);

/* name for messages: cut, without what a terminal could act on. */
void inst_name_show(struct buf *out, struct str name);

#endif
