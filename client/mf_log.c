#include "mf_log.h"

#include <stdlib.h>

#include "spool.h"
#include "weir/time.h"

enum { HEAD_MAX = 512, HEAD_PARTS = 4 };

/* Version, time, source and id of a head, which ends at its first `]`. */
static bool
split_head(struct str head, struct str parts[HEAD_PARTS])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= head.len; i++) {
		if (i < head.len && head.s[i] != '|')
			continue;
		if (n == HEAD_PARTS)
			return false;
		parts[n++] = (struct str){ head.s + from, i - from };
		from = i + 1;
	}
	return n == HEAD_PARTS;
}

void
mf_log_parse(struct str line, struct mf_log_line *ret)
{
	static const char mark[] = "[MFLOG|";
	struct str s = line, head, parts[HEAD_PARTS];
	const char *end;

	*ret = (struct mf_log_line){ .us = WEIR_NO_TIME, .text = line };
	if (str_starts(s, "[!")) {
		s.s += 2;
		s.len -= 2;
	}
	if (!str_starts(s, mark))
		return;
	s.s += sizeof(mark) - 1;
	s.len -= sizeof(mark) - 1;
	end = memchr(s.s, ']', s.len < HEAD_MAX ? s.len : HEAD_MAX);
	if (!end)
		return;
	head = (struct str){ s.s, (size_t)(end - s.s) };
	if (!split_head(head, parts) || !str_eq(parts[0], "0") ||
		!weir_time_parse(parts[1], &ret->us)) {
		ret->us = WEIR_NO_TIME;
		return;
	}
	if (!weir_id_parse(parts[3], &ret->id))
		ret->id = (struct weir_id){ { 0 } };
	ret->text = (struct str){ end + 1, s.len - head.len - 1 };
}

int
mf_log_level(struct str text)
{
	int level = spool_level(text);

	if (str_starts(text, "Traceback (most recent call last)"))
		return 40;
	return level ? level : 20;
}

int
mf_log_file(const char *name, bool *ret_stderr)
{
	static const struct {
		const char *name;
		bool is_stderr;
	} files[] = { { "runtime_stdout.log", false }, { "runtime_stderr.log", true },
		{ "task_stdout.log", false }, { "task_stderr.log", true } };
	char *end = NULL;
	long n = name[0] >= '0' && name[0] <= '9' ? strtol(name, &end, 10) : -1;

	if (n < 0 || n > 1 << 20 || *end != '.')
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(end + 1, files[i].name) == 0) {
			*ret_stderr = files[i].is_stderr;
			return (int)n;
		}
	}
	return -1;
}
