/*
 * Libraries that are loaded when they are first used: linked, they would be four fifths
 * of start-up. One table of symbols a library; with LINK_ALL they are linked the plain
 * way.
 */
#ifndef WEIR_CLIENT_DYN_H
#define WEIR_CLIENT_DYN_H

#define CURL_DISABLE_TYPECHECK 1
#include <archive.h>
#include <archive_entry.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <yaml.h>

#include "weir/buf.h"
#include "weir/error.h"

/* clang-format off */
#define DYN_CURL(X) \
	X(global_init) X(global_cleanup) X(version_info) X(getdate) \
	X(easy_init) X(easy_setopt) X(easy_getinfo) X(easy_cleanup) X(easy_strerror) \
	X(multi_init) X(multi_cleanup) X(multi_add_handle) X(multi_remove_handle) \
	X(multi_perform) X(multi_poll) X(multi_wakeup) X(multi_info_read) \
	X(multi_setopt) X(multi_strerror) \
	X(slist_append) X(slist_free_all)
#define DYN_YAML(X) \
	X(parser_initialize) X(parser_delete) X(parser_set_input_string) \
	X(parser_parse) X(event_delete)
#define DYN_CRYPTO(X) \
	X(EVP_md5) X(EVP_sha1) X(EVP_sha256) X(EVP_Digest) X(EVP_MD_CTX_new) \
	X(EVP_MD_CTX_free) X(EVP_DigestInit_ex) X(EVP_DigestUpdate) \
	X(EVP_DigestFinal_ex)
#define DYN_ARCHIVE(X) \
	X(read_new) X(read_free) X(read_support_format_tar) X(read_support_format_zip) \
	X(read_support_filter_bzip2) X(read_support_filter_zstd) \
	X(read_support_filter_gzip) \
	X(read_support_filter_none) X(read_open) X(read_open_fd) \
	X(read_next_header) X(read_data_block) X(error_string) \
	X(entry_pathname) X(entry_filetype) X(entry_perm) X(entry_mtime) \
	X(entry_size) X(entry_size_is_set) X(entry_symlink) X(entry_hardlink) \
	X(entry_pathname_utf8) X(entry_symlink_utf8) X(entry_hardlink_utf8)
/* clang-format on */

struct dyn_curl {
#define X(name) __typeof__(curl_##name) *name;
	DYN_CURL(X)
#undef X
};

struct dyn_crypto {
#define X(name) __typeof__(name) *name;
	DYN_CRYPTO(X)
#undef X
};

struct dyn_archive {
#define X(name) __typeof__(archive_##name) *name;
	DYN_ARCHIVE(X)
#undef X
};

struct dyn_yaml {
#define X(name) __typeof__(yaml_##name) *name;
	DYN_YAML(X)
#undef X
};

/*
 * Fill the table. The library stays loaded until the process ends: what it registered
 * to run at exit must not be unmapped. WEIR_EFAIL, with the package to install, when it
 * is missing.
 */
WEIR_NODISCARD enum weir_rc dyn_curl_load(
	struct dyn_curl *ret_curl, struct weir_err *err);
WEIR_NODISCARD enum weir_rc dyn_yaml_load(
	struct dyn_yaml *ret_yaml, struct weir_err *err);
WEIR_NODISCARD enum weir_rc dyn_crypto_load(
	struct dyn_crypto *ret_crypto, struct weir_err *err);
WEIR_NODISCARD enum weir_rc dyn_archive_load(
	struct dyn_archive *ret_archive, struct weir_err *err);

/*
 * The hash of bytes at hand. MD5 and SHA-1 are for where others use them to name
 * things: they protect nothing.
 */
enum dyn_hash_kind { DYN_MD5, DYN_SHA1, DYN_SHA256 };
enum { DYN_MD5_SIZE = 16, DYN_SHA1_SIZE = 20, DYN_SHA256_SIZE = 32 };
WEIR_NODISCARD enum weir_rc dyn_hash(enum dyn_hash_kind kind, struct str bytes,
	unsigned char *ret_sum, struct weir_err *err); /* as many bytes as it has */

#endif
