/* Records of Metaflow and lines of its logs: any bytes, as a file and as a list. */
#include <stdint.h>
#include <stdlib.h>

#include "mf_log.h"
#include "mf_says.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS = 64 };

/* Ids are told whole, or not at all. */
static void
try_env(struct str value, struct arena *arena)
{
	struct str ids[3] = { { "", 0 }, { "", 0 }, { "", 0 } };

	if (mf_says_env(value, arena, ids) &&
		(ids[0].len > 40 || ids[1].len > 40 || ids[2].len >= MF_ARCH_MAX))
		abort();
}

/* A list is what one task says. */
static void
try_records(struct str text)
{
	struct arena arena = { 0 };
	struct mf_object records[RECORDS];
	struct mf_task t = { .records = records, .done = { .attempt = -1 } };
	struct mf_says says;
	struct pull p;
	bool first = true;

	pull_init(&p, text, &arena);
	if (pull_peek(&p) == PULL_ARRAY && pull_enter(&p))
		while (t.n_records < RECORDS && pull_item(&p, &first))
			if (mf_object_read(&p, &records[t.n_records]))
				t.n_records++;
	for (size_t i = 0; i < t.n_records; i++)
		try_env(records[i].value, &arena);
	mf_says_task(&t, &says);
	if (says.state != WEIR_ST_RUNNING && says.state != WEIR_ST_COMPLETED &&
		says.state != WEIR_ST_FAILED)
		abort();
	if (says.attempts < 0 ||
		(says.ok >= 0 && says.ok_us == WEIR_NO_TIME && t.n_records == 0))
		abort();
	arena_free(&arena);
}

static void
try_object(struct str text)
{
	struct arena arena = { 0 };
	struct mf_object o;

	if (mf_object_parse(text, &arena, &o) && o.value.len > MF_VALUE_MAX)
		abort();
	arena_free(&arena);
}

/* Of each line some end is told. */
static void
try_lines(struct str text)
{
	struct mf_log_line line;

	for (size_t from = 0, to; from < text.len; from = to + 1) {
		const char *nl = memchr(text.s + from, '\n', text.len - from);

		to = nl ? (size_t)(nl - text.s) : text.len;
		mf_log_parse((struct str){ text.s + from, to - from }, &line);
		if (line.text.s + line.text.len != text.s + to ||
			line.text.s < text.s + from)
			abort();
		if (mf_log_level(line.text) < 10)
			abort();
	}
}

static void
try_path(struct str text)
{
	struct str parts[MF_PARTS];
	size_t n = mf_id_split(text, parts);

	for (size_t i = 0; i < n; i++)
		if (!mf_id_is_name(parts[i]))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = { (const char *)data, size };

	try_object(text);
	try_records(text);
	try_lines(text);
	try_path(text);
	return 0;
}
