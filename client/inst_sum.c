#include "inst_sum.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "dyn.h"
#include "weir/mem.h"

enum { READ_SIZE = 256 << 10 };

struct inst_sum {
	struct dyn_crypto lib;
	EVP_MD_CTX *md5, *sha256;
	int64_t size;
};

static bool
start(struct inst_sum *s)
{
	s->size = 0;
	return s->md5 && s->sha256 &&
	       s->lib.EVP_DigestInit_ex(s->md5, s->lib.EVP_md5(), NULL) &&
	       s->lib.EVP_DigestInit_ex(s->sha256, s->lib.EVP_sha256(), NULL);
}

enum weir_rc
inst_sum_new(struct inst_sum **ret_sum, struct weir_err *err)
{
	struct inst_sum *s = xcalloc(1, sizeof(*s));
	enum weir_rc rc = dyn_crypto_load(&s->lib, err);

	if (rc) {
		free(s);
		return rc;
	}
	s->md5 = s->lib.EVP_MD_CTX_new();
	s->sha256 = s->lib.EVP_MD_CTX_new();
	if (!start(s)) {
		inst_sum_free(s);
		return weir_fail(err, WEIR_EFAIL, "libcrypto has no MD5 or SHA-256");
	}
	*ret_sum = s;
	return WEIR_OK;
}

void
inst_sum_free(struct inst_sum *s)
{
	if (!s)
		return;
	s->lib.EVP_MD_CTX_free(s->md5);
	s->lib.EVP_MD_CTX_free(s->sha256);
	free(s);
}

void
inst_sum_add(struct inst_sum *s, const void *p, size_t n)
{
	s->lib.EVP_DigestUpdate(s->md5, p, n);
	s->lib.EVP_DigestUpdate(s->sha256, p, n);
	s->size += (int64_t)n;
}

void
inst_sum_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

void
inst_sum_end(struct inst_sum *s, struct inst_sums *ret)
{
	unsigned char md[EVP_MAX_MD_SIZE];

	s->lib.EVP_DigestFinal_ex(s->md5, md, NULL);
	inst_sum_hex(md, 16, ret->md5);
	s->lib.EVP_DigestFinal_ex(s->sha256, md, NULL);
	inst_sum_hex(md, 32, ret->sha256);
	ret->size = s->size;
	start(s);
}

enum weir_rc
inst_sum_file(const char *path, struct inst_sums *ret, struct weir_err *err)
{
	struct inst_sum *s = NULL;
	char *bytes = NULL;
	enum weir_rc rc;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return weir_fail(err, errno == ENOENT ? WEIR_ENOTFOUND : WEIR_EFAIL,
			"%s: %s", path, strerror(errno));
	rc = inst_sum_new(&s, err);
	if (rc)
		goto out;
	bytes = xmalloc(READ_SIZE);
	while ((n = read(fd, bytes, READ_SIZE)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			inst_sum_add(s, bytes, (size_t)n);
	if (n < 0)
		rc = weir_fail(err, WEIR_EFAIL, "%s: %s", path, strerror(errno));
	else
		inst_sum_end(s, ret);
out:
	free(bytes);
	inst_sum_free(s);
	close(fd);
	return rc;
}

static bool
fits(const char *have, const char *want)
{
	return !want || !*want || strcasecmp(have, want) == 0;
}

bool
inst_sum_is(const struct inst_sums *s, const char *md5, const char *sha256)
{
	return fits(s->md5, md5) && fits(s->sha256, sha256);
}
