/* weir logs -f: what is new, until all runs have ended. */
#include <weir/sync.h>

#include "logs_cmd.h"

enum {
	FOLLOW_MS = 400,       /* between looks: a line is shown within a second */
	FOLLOW_AWAY_MS = 2000, /* while the server is away */
	FOLLOW_TREE = 8,       /* looks between those for new children */
};

static uint64_t
hash_line(const struct weir_line *line)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)line->us;

	h = h * 0x100000001b3u ^ (uint64_t)line->level;
	for (size_t i = 0; i < sizeof(line->task.b); i++)
		h = (h ^ line->task.b[i]) * 0x100000001b3u;
	for (size_t i = 0; i < line->message.len; i++)
		h = (h ^ (unsigned char)line->message.s[i]) * 0x100000001b3u;
	return h;
}

static int
compare_hashes(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Was the line among the old ones? Each counts once: of two equal lines the second is
 * new. old is sorted; used has a flag for each.
 */
static bool
take(const uint64_t *old, bool *used, size_t n, uint64_t h)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (old[mid] < h)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && old[low] == h; low++) {
		if (!used[low]) {
			used[low] = true;
			return true;
		}
	}
	return false;
}

/*
 * Lines from `from` on may have changed places: late ones went where their time is.
 * Leave in s->lines only those that were not there before, and remember all.
 */
static enum weir_rc
keep_new(struct logs_job *j, struct logs_source *s, size_t from)
{
	size_t total = weir_log_n(s->log), n_old, kept = 0, at = 0;
	enum weir_rc rc = WEIR_OK;
	uint64_t *old;
	bool *used;

	from = from < s->seen.n ? from : s->seen.n;
	n_old = s->seen.n - from;
	old = xcalloc(n_old + 1, sizeof(*old));
	if (n_old)
		memcpy(old, s->seen.v + from, n_old * sizeof(*old));
	used = xcalloc(n_old + 1, sizeof(*used));
	qsort(old, n_old, sizeof(*old), compare_hashes);
	s->seen.n = from;
	for (size_t i = from; !rc && i < total; i++) {
		struct weir_line line;
		uint64_t h;
		bool was;

		rc = weir_log_get(s->log, i, &line, j->ctx->err);
		if (rc)
			break;
		h = hash_line(&line);
		VEC_PUSH(&s->seen, h);
		while (at < s->n && s->lines[at] < i)
			at++;
		was = take(old, used, n_old, h);
		if (at == s->n || s->lines[at] != i)
			continue;
		at++; /* the place may be written to now */
		if (!was)
			s->lines[kept++] = i << 1;
	}
	s->n = kept;
	free(used);
	free(old);
	return rc;
}

static enum weir_rc
look(struct logs_job *j, struct logs_source *s)
{
	size_t from;
	enum weir_rc rc;

	free(s->lines);
	s->lines = NULL;
	s->n = 0;
	rc = logs_update(j, s, &from);
	if (!rc)
		rc = weir_log_filter(s->log, &j->filter, from, SIZE_MAX, &s->lines,
			&s->n, j->ctx->err);
	return rc ? rc : keep_new(j, s, from);
}

/* Is the failure one of the server's, which may come back? */
static bool
may_pass(enum weir_rc rc)
{
	return rc == WEIR_ENET || rc == WEIR_EBUSY || rc == WEIR_EPENDING;
}

static enum weir_rc
fetch(struct logs_job *j, bool *ret_all_ended)
{
	struct weir_sync_options o = { .since_us = WEIR_NO_TIME };
	enum weir_rc rc = WEIR_OK;
	bool all = true;

	for (size_t i = 0; i < j->sources.n && (!rc || may_pass(rc)); i++) {
		struct logs_source *s = &j->sources.v[i];

		if (!s->ended)
			rc = weir_sync_logs(
				j->ctx->session, &s->id, &o, &s->ended, j->ctx->err);
		all = all && s->ended;
	}
	*ret_all_ended = all;
	return rc;
}

static enum weir_rc
print_new(struct logs_job *j, int64_t tail)
{
	enum weir_rc rc = WEIR_OK;

	bool any = false;

	for (size_t i = 0; !rc && i < j->sources.n; i++) {
		rc = look(j, &j->sources.v[i]);
		any = any || j->sources.v[i].n;
	}
	if (any && j->before)
		j->before(j->before_arg);
	if (!rc)
		rc = logs_merge(j, tail);
	return rc ? rc : sink_flush(&j->printer.sink);
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

enum weir_rc
logs_follow_begin(struct logs_job *j)
{
	struct weir_store *store;

	/* Readers stay open on one connection: have it for writing before the first. */
	return weir_session_store(
		j->ctx->session, WEIR_STORE_WRITE, &store, j->ctx->err);
}

enum weir_rc
logs_follow_look(struct logs_job *j, bool *ret_ended)
{
	int64_t look = j->looks++;
	bool was_away = j->away;
	enum weir_rc rc = WEIR_OK;

	if (look % FOLLOW_TREE == 0)
		rc = logs_collect(j, true);
	if (rc)
		return rc;
	rc = fetch(j, ret_ended);
	j->away = rc && may_pass(rc);
	if (rc && !j->away)
		return rc;
	if (j->away && !was_away)
		ctx_note(j->ctx, "%s; waiting for it", j->ctx->err->text);
	rc = print_new(j, look ? -1 : j->args->n);
	if (weir_session_interrupted(j->ctx->session))
		rc = weir_fail(j->ctx->err, WEIR_EINTR, "interrupted");
	return rc;
}

enum weir_rc
logs_follow(struct logs_job *j)
{
	bool ended = false;
	enum weir_rc rc = logs_follow_begin(j);

	while (!rc && !ended) {
		rc = logs_follow_look(j, &ended);
		if (!rc && !ended)
			pause_ms(j->away ? FOLLOW_AWAY_MS : FOLLOW_MS);
	}
	return rc;
}
