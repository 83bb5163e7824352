/*
 * TOML as JSON: a door to toml++ that lets neither exceptions nor C++ types through.
 *
 * toml.cc is the only C++ of the program. Times become RFC 3339 strings; infinities and
 * NaN, which JSON lacks, become the strings "inf", "-inf", "nan".
 */
#ifndef WEIR_CLIENT_TOML_H
#define WEIR_CLIENT_TOML_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TOML_TEXT_MAX = 16 << 20, TOML_DEPTH_MAX = 200 };

struct toml_error {
	char text[256]; /* why, without the place */
	unsigned line, column;
};

/* Where a value stands; lines and columns from 1, columns in code points, end
 * exclusive. */
struct toml_place {
	unsigned line, column;
	unsigned end_line, end_column;
};

/*
 * *ret_json is JSON text of one object, owned by the caller (free). Returns 0, or -1
 * with *ret_error set.
 */
int toml_to_json(const char *text, size_t len, char **ret_json, size_t *ret_len,
	struct toml_error *ret_error);

/* The place of the value at path[0..n), tables only. Returns 0, or -1 if there is none.
 */
int toml_find(const char *text, size_t len, const char *const *path, size_t n,
	struct toml_place *ret_place);

/* Every value that is not a table, in the order of the text. path is borrowed. */
typedef void toml_each_fn(
	void *arg, const char *const *path, size_t n, const struct toml_place *place);
/* Returns 0, or -1 if the text is not TOML. */
int toml_each(const char *text, size_t len, toml_each_fn *fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
