/* The prefix that a package was built for, replaced by the one that it is put into. */
#ifndef WEIR_CLIENT_INST_PREFIX_H
#define WEIR_CLIENT_INST_PREFIX_H

#include "weir/buf.h"

/*
 * Text: every occurrence. A first line `#!` that becomes too long for the kernel, or
 * that gets a blank in its path, finds its program through env; Python through sh.
 */
void inst_prefix_text(
	struct str from, const char *old, const char *prefix, struct buf *out);

/*
 * Binary: in strings that end with a NUL, which are filled up with NULs. False: the
 * prefix is longer than the old one, and there is an occurrence; out is undefined.
 */
bool inst_prefix_binary(
	struct str from, const char *old, const char *prefix, struct buf *out);

#endif
