#include "mf_id.h"

#include "dyn.h"
#include "weir/metaflow.h"
#include "weir/text.h"

enum { ID_TEXT_MAX = MF_PARTS * (MF_NAME_MAX + 1) + 16 };

/* The bits of a UUID made from a name. */
static void
from_sum(const unsigned char sum[DYN_SHA1_SIZE], struct weir_id *ret_id)
{
	memcpy(ret_id->b, sum, sizeof(ret_id->b));
	ret_id->b[6] = (uint8_t)((ret_id->b[6] & 0x0f) | 0x50);
	ret_id->b[8] = (uint8_t)((ret_id->b[8] & 0x3f) | 0x80);
}

enum weir_rc
weir_metaflow_id(struct str pathspec, struct weir_id *ret_id, struct weir_err *err)
{
	struct buf b = BUF_INIT(ID_TEXT_MAX);
	unsigned char sum[DYN_SHA1_SIZE];
	enum weir_rc rc;

	buf_adds(&b, "metaflow:");
	buf_addstr(&b, pathspec);
	rc = dyn_hash(DYN_SHA1, buf_str(&b), sum, err);
	if (!rc)
		from_sum(sum, ret_id);
	buf_release(&b);
	return rc;
}

enum weir_rc
mf_id(const struct str *parts, size_t n, struct weir_id *ret_id, struct weir_err *err)
{
	struct buf b = BUF_INIT(ID_TEXT_MAX);
	enum weir_rc rc;

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, '/');
		buf_addstr(&b, parts[i]);
	}
	rc = weir_metaflow_id(buf_str(&b), ret_id, err);
	buf_release(&b);
	return rc;
}

bool
mf_id_is_name(struct str name)
{
	if (!name.len || name.len > MF_NAME_MAX || name.s[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.s[i];

		if (c < 0x20 || c == 0x7f || c == '/')
			return false;
	}
	return text_is_utf8(name);
}

size_t
mf_id_split(struct str pathspec, struct str ret_parts[MF_PARTS])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= pathspec.len; i++) {
		struct str part = { pathspec.s + from, i - from };

		if (i < pathspec.len && pathspec.s[i] != '/')
			continue;
		if (n == MF_PARTS || !mf_id_is_name(part))
			return 0;
		ret_parts[n++] = part;
		from = i + 1;
	}
	return n;
}
