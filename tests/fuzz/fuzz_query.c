/* Queries: parsing, the part that is valid while typing, completion, and SQL that runs.
 */
#include <stddef.h>
#include <stdint.h>

#include "query.h"
#include "schema.h"
#include "store_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_us = 1795269739441000;

/* An empty store in memory; its connection is all that the compiler asks for. */
static struct weir_store *
empty_store(void)
{
	static struct weir_store *s;

	if (s)
		return s;
	s = xcalloc(1, sizeof(*s));
	s->db.path = xstrdup(":memory:");
	if (sqlite3_open(":memory:", &s->db.sqlite) != SQLITE_OK)
		abort();
	/* That of Metaflow has all kinds of rows. */
	for (int i = 0; i < schema_metaflow.version; i++) {
		if (sqlite3_exec(
			    s->db.sqlite, schema_metaflow.steps[i], NULL, NULL, NULL))
			abort();
	}
	return s;
}

static void
check_run(enum weir_kind kind, const struct weir_query *q)
{
	struct weir_select sel = { .kind = kind, .query = q, .now_us = now_us };
	struct weir_err err = { 0 };
	int64_t n;

	if (weir_rows_count(empty_store(), &sel, &n, &err) || n != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static void
check_error(const struct weir_err *err)
{
	if (err->rc != WEIR_EUSAGE || strncmp(err->text, "query: ", 7) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum weir_kind kind =
		size ? (enum weir_kind)(data[0] % WEIR_N_KINDS) : WEIR_RUN;
	struct str text = { (const char *)data + (size > 0), size - (size > 0) };
	struct buf out = BUF_INIT(BUF_MAX);
	struct weir_query *q = NULL;
	struct weir_err err = { 0 };
	const char *field;
	size_t valid;

	if (weir_query_parse(kind, text, now_us, &q, &err) == WEIR_OK)
		check_run(kind, q);
	else
		check_error(&err);
	weir_query_free(q);
	q = weir_query_parse_prefix(kind, text, now_us, &valid, &err);
	if (!q || valid > text.len || (err.rc == WEIR_OK && valid != text.len))
		abort();
	check_run(kind, q);
	weir_query_free(q);
	weir_query_complete(kind, text, &out, &field);
	buf_release(&out);
	return 0;
}
