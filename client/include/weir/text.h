/*
 * Text for terminals: display width, cutting, and the sanitiser that every byte from
 * outside goes through before it reaches one.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/buf.h>

/* What the terminal can show. */
struct weir_charset {
	bool utf8; /* from the locale; false: ASCII replacements */
};

/*
 * Decode one code point of s at *pos and advance. Returns U+FFFD for a malformed
 * sequence (one per bad byte), as Unicode recommends.
 */
uint32_t text_decode(struct str s, size_t *pos);

/* Columns of a code point: 0 (combining), 1 or 2; -1 for a control. Own table, no
 * locale. */
int text_cp_width(uint32_t cp);

/* Columns of already sanitised text. */
size_t text_width(struct str s);

/*
 * Append s to out such that no byte below 0x20 (but '\n' if keep_newline), no DEL, no
 * C1 control, no escape sequence, no bidi control or other invisible format character
 * and no malformed UTF-8 remains. ANSI sequences are removed whole; tabs become one
 * space (expand to 8 columns with expand_tabs); other controls and malformed bytes
 * become U+FFFD ('?' when not utf8). A newline that is not kept, a carriage return
 * inside a line and U+2028/2029 become a space. Dropped: variation selectors, joiners,
 * tags, fillers (so that widths are certain) and marks beyond the eighth on one
 * character. A string sequence (OSC, DCS...) that is never closed ends with its line.
 */
enum text_flags {
	TEXT_KEEP_NEWLINE = 1 << 0,
	TEXT_EXPAND_TABS = 1 << 1,
	TEXT_ASCII = 1 << 2,    /* the terminal is not UTF-8: non-ASCII becomes '?' */
	TEXT_PATHSPEC = 1 << 3, /* text_fit: `Flow/17952267959` keeps its end */
};
void text_sanitize(struct buf *out, struct str s, unsigned flags);

/*
 * The same, and fn is told of each sequence that sets colours (SGR) among those that
 * are removed: out was `at` bytes long then, params is what stood before its `m`.
 */
typedef void text_sgr_fn(void *arg, size_t at, struct str params);
void text_sanitize_sgr(
	struct buf *out, struct str s, unsigned flags, text_sgr_fn *fn, void *arg);

/*
 * Append at most `columns` columns of sanitised text; if it does not fit, end with `…`
 * ("~" with TEXT_ASCII). With TEXT_PATHSPEC what has the form of one loses of the
 * flow's name first, and never its end: that tells two runs apart. Returns the columns
 * used.
 */
size_t text_fit(struct buf *out, struct str s, size_t columns, unsigned flags);

/* text_fit, then padded with spaces to exactly `columns`; right: pad on the left. */
void text_pad(
	struct buf *out, struct str s, size_t columns, bool right, unsigned flags);

/* Largest prefix of s that is whole UTF-8 sequences and fits `columns`; returns its
 * bytes. */
size_t text_prefix(struct str s, size_t columns);
/* The same that fits so many bytes. */
size_t text_clip(struct str s, size_t bytes);

bool text_is_utf8(struct str s);

/*
 * Append s as a JSON string with quotes; malformed UTF-8 becomes U+FFFD. What a
 * terminal could act on (controls, bidi and other invisible characters) is escaped, so
 * the text is safe there.
 */
void text_json(struct buf *out, struct str s);

/*
 * Names that look like a misspelt word: the nearest of `names` within a third of its
 * length, or NULL. For `try:` lines.
 */
const char *text_nearest(struct str word, const char *const *names, size_t n_names);

#endif
