#include "dyn.h"

#include "plat.h"
#include "weir/mem.h"

#ifdef WEIR_LINK_ALL

enum weir_rc
dyn_curl_load(struct dyn_curl *ret_curl, struct weir_err *err)
{
	(void)err;
#define X(name) ret_curl->name = curl_##name;
	DYN_CURL(X)
#undef X
	return WEIR_OK;
}

enum weir_rc
dyn_yaml_load(struct dyn_yaml *ret_yaml, struct weir_err *err)
{
	(void)err;
#define X(name) ret_yaml->name = yaml_##name;
	DYN_YAML(X)
#undef X
	return WEIR_OK;
}

enum weir_rc
dyn_crypto_load(struct dyn_crypto *ret_crypto, struct weir_err *err)
{
	(void)err;
#define X(name) ret_crypto->name = name;
	DYN_CRYPTO(X)
#undef X
	return WEIR_OK;
}

enum weir_rc
dyn_archive_load(struct dyn_archive *ret_archive, struct weir_err *err)
{
	(void)err;
#define X(name) ret_archive->name = archive_##name;
	DYN_ARCHIVE(X)
#undef X
	return WEIR_OK;
}

#else

#include <dlfcn.h>

struct symbol {
	const char *name;
	size_t offset; /* of the pointer in the library's table */
};

struct library {
	const char *const *files; /* tried in turn; the first is the one to name */
	const char *package;      /* Debian's name of what has it */
	const struct symbol *symbols;
	size_t n_symbols;
};

static const char *const curl_files[] = {
	"libcurl.so.4",
	"libcurl-gnutls.so.4",
	"libcurl.4.dylib",
	"/usr/lib/libcurl.4.dylib",
	NULL,
};

static const struct symbol curl_symbols[] = {
#define X(name) { "curl_" #name, offsetof(struct dyn_curl, name) },
	DYN_CURL(X)
#undef X
};

static const struct library curl_library = {
	.files = curl_files,
	.package = "libcurl4",
	.symbols = curl_symbols,
	.n_symbols = N_ELEM(curl_symbols),
};

static const char *const yaml_files[] = {
	"libyaml-0.so.2",
	"libyaml-0.2.dylib",
	"/opt/homebrew/lib/libyaml-0.2.dylib",
	"/usr/local/lib/libyaml-0.2.dylib",
	NULL,
};

static const struct symbol yaml_symbols[] = {
#define X(name) { "yaml_" #name, offsetof(struct dyn_yaml, name) },
	DYN_YAML(X)
#undef X
};

static const struct library yaml_library = {
	.files = yaml_files,
	.package = "libyaml-0-2",
	.symbols = yaml_symbols,
	.n_symbols = N_ELEM(yaml_symbols),
};

static const char *const crypto_files[] = {
	"libcrypto.so.3",
	"libcrypto.so.1.1",
	"libcrypto.3.dylib",
	"/opt/homebrew/lib/libcrypto.3.dylib",
	"/usr/local/lib/libcrypto.3.dylib",
	NULL,
};

static const struct symbol crypto_symbols[] = {
#define X(name) { #name, offsetof(struct dyn_crypto, name) },
	DYN_CRYPTO(X)
#undef X
};

static const struct library crypto_library = {
	.files = crypto_files,
	.package = "libssl3",
	.symbols = crypto_symbols,
	.n_symbols = N_ELEM(crypto_symbols),
};

static const char *const archive_files[] = {
	"libarchive.so.13",
	"libarchive.13.dylib",
	"/opt/homebrew/opt/libarchive/lib/libarchive.13.dylib",
	"/usr/local/opt/libarchive/lib/libarchive.13.dylib",
	NULL,
};

static const struct symbol archive_symbols[] = {
#define X(name) { "archive_" #name, offsetof(struct dyn_archive, name) },
	DYN_ARCHIVE(X)
#undef X
};

static const struct library archive_library = {
	.files = archive_files,
	.package = "libarchive13",
	.symbols = archive_symbols,
	.n_symbols = N_ELEM(archive_symbols),
};

/*
 * libcurl brings GnuTLS along for LDAP and RTMP, which we do not speak, and GnuTLS
 * starts up when it is loaded unless the environment says no: 1 ms and 0.9 MB. A
 * libcurl that does its TLS with it starts it itself. The environment is only touched
 * while no other thread can be reading it.
 */
static void *
open_file(const char *file)
{
	static const char name[] = "GNUTLS_NO_IMPLICIT_INIT";
	bool set = plat_alone() && !getenv(name) && setenv(name, "1", 0) == 0;
	void *handle = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

	if (set)
		unsetenv(name);
	return handle;
}

static enum weir_rc
load(const struct library *l, void *ret_table, struct weir_err *err)
{
	void *handle = NULL, *p;

	for (size_t i = 0; !handle && l->files[i]; i++)
		handle = open_file(l->files[i]);
	if (!handle) {
		weir_fail(err, WEIR_EFAIL, "cannot load %s", l->files[0]);
		return weir_hint(err, "apt-get install %s", l->package);
	}
	for (size_t i = 0; i < l->n_symbols; i++) {
		p = dlsym(handle, l->symbols[i].name);
		if (!p) {
			weir_fail(err, WEIR_EFAIL, "cannot use %s: it has no %s",
				l->files[0], l->symbols[i].name);
			return weir_hint(
				err, "apt-get install --upgrade %s", l->package);
		}
		/* ISO C has no cast from an object to a function pointer. */
		memcpy((char *)ret_table + l->symbols[i].offset, &p, sizeof(p));
	}
	return WEIR_OK;
}

enum weir_rc
dyn_curl_load(struct dyn_curl *ret_curl, struct weir_err *err)
{
	return load(&curl_library, ret_curl, err);
}

enum weir_rc
dyn_yaml_load(struct dyn_yaml *ret_yaml, struct weir_err *err)
{
	return load(&yaml_library, ret_yaml, err);
}

enum weir_rc
dyn_crypto_load(struct dyn_crypto *ret_crypto, struct weir_err *err)
{
	return load(&crypto_library, ret_crypto, err);
}

enum weir_rc
dyn_archive_load(struct dyn_archive *ret_archive, struct weir_err *err)
{
	return load(&archive_library, ret_archive, err);
}

#endif

enum weir_rc
dyn_hash(enum dyn_hash_kind kind, struct str bytes, unsigned char *ret_sum,
	struct weir_err *err)
{
	static const char *const names[] = {
		[DYN_MD5] = "MD5",
		[DYN_SHA1] = "SHA-1",
		[DYN_SHA256] = "SHA-256",
	};
	struct dyn_crypto lib;
	enum weir_rc rc = dyn_crypto_load(&lib, err);
	const EVP_MD *md;

	if (rc)
		return rc;
	md = kind == DYN_MD5    ? lib.EVP_md5()
	     : kind == DYN_SHA1 ? lib.EVP_sha1()
				: lib.EVP_sha256();
	if (!lib.EVP_Digest(bytes.s ? bytes.s : "", bytes.len, ret_sum, NULL, md, NULL))
		return weir_fail(err, WEIR_EFAIL, "libcrypto has no %s", names[kind]);
	return WEIR_OK;
}
