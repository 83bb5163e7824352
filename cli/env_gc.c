/* weir env gc: environments of this machine that nothing needs, removed. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/env_gc.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "bar.h"
#include "env.h"

#define DAY_US (INT64_C(86400) * WEIR_SECOND_US)

struct job {
	struct ctx *ctx;
	struct env_open o;
	struct weir_env_gc how;
	struct weir_env_locals found;
	size_t n, n_done, n_failed; /* that may go, went, could not */
	int64_t freed;
	struct weir_err failed;
};

static void
on_tell(void *arg, const char *what)
{
	const struct job *j = arg;

	ctx_note(j->ctx, "waits: %s", what);
}

static bool
on_stop(void *arg)
{
	const struct job *j = arg;

	return weir_session_interrupted(j->ctx->session);
}

/* ---- what is said of them */

/* A number of bytes as people read it; -1: not known. */
static void
add_size(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_adds(b, "-");
	else
		buf_addsize(b, n);
}

static void
pad(struct buf *b, struct buf *cell, size_t width, bool right)
{
	text_pad(b, buf_str(cell), width, right, 0);
	buf_adds(b, "  ");
	buf_clear(cell);
}

/* For people: what it frees, its age, the path, why. */
static void
put_line(const struct job *j, struct buf *b, const struct weir_env_local *one)
{
	struct buf cell = BUF_INIT(4096);

	buf_adds(b, "  ");
	add_size(&cell, one->size);
	pad(b, &cell, 8, true);
	if (one->used_us != WEIR_NO_TIME)
		weir_time_relative(
			&cell, one->used_us, weir_now_us(), j->ctx->utc, false);
	pad(b, &cell, 10, false);
	out_cell(j->ctx, b, OUT_TSV, str_of(one->path));
	buf_adds(b, one->keep ? "\n      stays: " : "\n      ");
	out_cell(j->ctx, b, OUT_TSV, str_of(one->why));
	buf_addc(b, '\n');
	buf_release(&cell);
}

static void
put_row(const struct job *j, struct buf *b, enum out_form form,
	const struct weir_env_local *one)
{
	char at[WEIR_TIME_TEXT] = "", size[24] = "", freed[24] = "";

	if (one->size >= 0) {
		snprintf(size, sizeof(size), "%lld", (long long)one->size);
		snprintf(freed, sizeof(freed), "%lld", (long long)one->freed);
	}
	if (one->used_us != WEIR_NO_TIME)
		weir_time_format(one->used_us, at);

	const struct str cells[] = { str_of(one->path), str_of(one->req_id),
		str_of(one->full_id), str_of(one->arch), str_of(size), str_of(freed),
		str_of(at), str_of(weir_env_keep_name(one->keep)), str_of(one->why) };

	out_cells(j->ctx, b, form, cells, N_ELEM(cells));
}

static void
add_member(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, "\"%s\":", key);
	if (text)
		text_json(b, str_of(text));
	else
		buf_adds(b, "null");
	buf_addc(b, ',');
}

static void
add_number(struct buf *b, const char *key, int64_t n)
{
	if (n < 0)
		buf_addf(b, "\"%s\":null,", key);
	else
		buf_addf(b, "\"%s\":%lld,", key, (long long)n);
}

static void
put_json(struct buf *b, const struct weir_env_local *one, bool removed)
{
	char at[WEIR_TIME_TEXT] = "";
	bool known = one->used_us != WEIR_NO_TIME;

	buf_addc(b, '{');
	add_member(b, "path", one->path);
	add_member(b, "req_id", one->req_id);
	add_member(b, "full_id", one->full_id);
	add_member(b, "arch", one->arch);
	add_number(b, "size", one->size);
	add_number(b, "freed", one->freed);
	add_member(b, "used", known ? weir_time_format(one->used_us, at) : NULL);
	add_member(b, "is", weir_env_keep_name(one->keep));
	add_member(b, "why", one->why);
	buf_addf(b, "\"removed\":%s}", removed ? "true" : "false");
}

/* ---- the list */

static bool
is_shown(const struct job *j, const struct weir_env_local *one)
{
	const struct env_args *a = j->ctx->args;

	return one->keep == WEIR_ENV_UNNEEDED || a->all;
}

static enum weir_rc
print(struct job *j, enum out_form form)
{
	struct sink s;
	size_t n = 0;

	sink_init(&s, j->ctx, form == OUT_TABLE);
	for (size_t i = 0; i < j->found.v.n; i++) {
		const struct weir_env_local *one = &j->found.v.v[i];
		const struct str path = str_of(one->path);

		if (!is_shown(j, one))
			continue;
		if (form == OUT_TABLE) {
			put_line(j, &s.b, one);
		} else if (form == OUT_JSON || form == OUT_NDJSON) {
			buf_adds(&s.b, form == OUT_NDJSON ? "" : n ? ",\n" : "[\n");
			put_json(&s.b, one, false);
			buf_adds(&s.b, form == OUT_NDJSON ? "\n" : "");
		} else if (form == OUT_NAME) {
			out_cells(j->ctx, &s.b, form, &path, 1);
		} else {
			put_row(j, &s.b, form, one);
		}
		n++;
	}
	if (form == OUT_JSON)
		buf_adds(&s.b, n ? "\n]\n" : "[]\n");
	return sink_close(&s, WEIR_OK);
}

/* `3 environments stay: 2 default, 1 busy`. */
static void
say_kept(const struct job *j)
{
	const struct env_args *a = j->ctx->args;
	size_t counts[WEIR_ENV_N_KEEPS] = { 0 }, n = 0;
	struct buf b = BUF_INIT(1024);

	for (size_t i = 0; i < j->found.v.n; i++) {
		counts[j->found.v.v[i].keep]++;
		n += j->found.v.v[i].keep != WEIR_ENV_UNNEEDED;
	}
	for (int k = WEIR_ENV_UNNEEDED + 1; k < WEIR_ENV_N_KEEPS; k++)
		if (counts[k])
			buf_addf(&b, "%s%zu %s", b.len ? ", " : "", counts[k],
				weir_env_keep_name((enum weir_env_keep)k));
	if (n)
		ctx_note(j->ctx, "%zu %s: %s%s", n, n == 1 ? "stays" : "stay",
			buf_cstr(&b), a->all ? "" : " (--all lists them)");
	buf_release(&b);
}

/* ---- asking */

static bool
answers_yes(void)
{
	char text[8] = "";
	size_t n = 0;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (n + 1 < sizeof(text) && !isspace((unsigned char)c))
			text[n++] = c;
	return !strcmp(text, "y") || !strcmp(text, "Y") || !strcmp(text, "yes");
}

/* What is asked about, beside the question. */
static void
list_all(const struct job *j)
{
	struct buf b = BUF_INIT(BUF_MAX), clean = BUF_INIT(BUF_MAX);

	for (size_t i = 0; i < j->found.v.n; i++)
		if (j->found.v.v[i].keep == WEIR_ENV_UNNEEDED)
			put_line(j, &b, &j->found.v.v[i]);
	text_sanitize(&clean, buf_str(&b),
		TEXT_KEEP_NEWLINE | (j->ctx->utf8 ? 0 : TEXT_ASCII));
	fwrite(clean.s, 1, clean.len, stderr);
	buf_release(&b);
	buf_release(&clean);
}

static enum weir_rc
ask(struct job *j, int64_t bytes)
{
	struct buf size = BUF_INIT(64);
	struct ctx *ctx = j->ctx;
	enum weir_rc rc = WEIR_OK;

	if (ctx->g.yes)
		return WEIR_OK;
	if (!ctx->tty_in || !ctx->tty_err) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"env gc: %zu environment%s: there is nobody to be asked", j->n,
			j->n == 1 ? "" : "s");
		return weir_hint(ctx->err, "weir env gc --yes, or --dry-run");
	}
	list_all(j);
	say_kept(j);
	add_size(&size, bytes);
	fprintf(stderr, "remove %s %zu environment%s, %s? [y/N] ",
		j->n == 1 ? "this" : "these", j->n, j->n == 1 ? "" : "s",
		buf_cstr(&size));
	fflush(stderr);
	if (!answers_yes())
		rc = weir_fail(ctx->err,
			weir_session_interrupted(ctx->session) ? WEIR_EINTR
							       : WEIR_EFAIL,
			"env gc: nothing was done");
	buf_release(&size);
	return rc;
}

/* ---- removing */

static struct weir_env_local *
find(struct weir_env_locals *l, const struct weir_env_local *like)
{
	for (size_t i = 0; i < l->v.n; i++)
		if (strcmp(l->v.v[i].path, like->path) == 0)
			return &l->v.v[i];
	return NULL;
}

static void
tell_done(struct job *j, enum out_form form, struct sink *s,
	const struct weir_env_local *one)
{
	const struct str path = str_of(one->path);

	if (form == OUT_JSON || form == OUT_NDJSON) {
		buf_adds(&s->b, form == OUT_NDJSON ? "" : j->n_done ? ",\n" : "[\n");
		put_json(&s->b, one, true);
		buf_adds(&s->b, form == OUT_NDJSON ? "\n" : "");
	} else {
		out_cells(j->ctx, &s->b, form, &path, 1);
	}
	j->n_done++;
	j->freed += one->freed;
}

static enum weir_rc
remove_one(struct job *j, struct sink *s, enum out_form form,
	const struct weir_env_local *one)
{
	struct weir_err *err = j->ctx->err;
	enum weir_rc rc = weir_env_gc_remove(&j->how, one, err);

	if (!rc) {
		tell_done(j, form, s, one);
		return sink_flush(s);
	}
	if (rc == WEIR_EINTR)
		return rc;
	ctx_note(j->ctx, "%s", err->text);
	j->failed = *err;
	j->n_failed++;
	return WEIR_OK;
}

/* Those that were listed, as they are now: while people think, others work. */
static enum weir_rc
remove_all(struct job *j, enum out_form form)
{
	struct weir_env_locals now = { .v = { 0 } };
	enum weir_rc rc = weir_env_gc_find(&j->how, &now, j->ctx->err);
	struct sink s;

	if (rc)
		return rc;
	sink_init(&s, j->ctx, false);
	for (size_t i = 0; !rc && i < now.v.n; i++) {
		const struct weir_env_local *one = &now.v.v[i];
		const struct weir_env_local *then = find(&j->found, one);

		if (!then || then->keep != WEIR_ENV_UNNEEDED)
			continue;
		if (on_stop(j))
			rc = weir_fail(j->ctx->err, WEIR_EINTR, "interrupted");
		else if (one->keep != WEIR_ENV_UNNEEDED)
			ctx_note(j->ctx, "%s: %s: it stays", one->path, one->why);
		else
			rc = remove_one(j, &s, form, one);
	}
	if (form == OUT_JSON)
		buf_adds(&s.b, j->n_done ? "\n]\n" : "[]\n");
	weir_env_locals_release(&now);
	return sink_close(&s, rc);
}

static enum weir_rc
report(struct job *j, enum weir_rc rc)
{
	struct buf size = BUF_INIT(64);

	add_size(&size, j->freed);
	ctx_note(j->ctx, "%zu removed, %s freed", j->n_done, buf_cstr(&size));
	buf_release(&size);
	if (!rc && j->n_failed) {
		*j->ctx->err = j->failed;
		rc = weir_fail(j->ctx->err, j->failed.rc,
			"env gc: %zu could not be removed", j->n_failed);
	}
	return rc;
}

static enum weir_rc
collect(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	enum out_form form = out_form(j->ctx, a->list.output);
	bool dry = a->dry_run;
	int64_t bytes = 0;
	enum weir_rc rc;

	for (size_t i = 0; i < j->found.v.n; i++)
		if (j->found.v.v[i].keep == WEIR_ENV_UNNEEDED) {
			j->n++;
			bytes += j->found.v.v[i].freed;
		}
	if (!dry)
		weir_env_gc_sweep(&j->o.root);
	if (dry || !j->n) {
		rc = print(j, form);
		say_kept(j);
		if (!rc && !j->n)
			ctx_note(j->ctx, "nothing to remove");
		return rc;
	}
	rc = ask(j, bytes);
	return rc ? rc : report(j, remove_all(j, form));
}

/* ---- options */

static enum weir_rc
span(struct ctx *ctx, const char *option, const char *text, int days, int64_t *ret_us)
{
	*ret_us = (int64_t)days * DAY_US;
	if (!text || (weir_duration_parse(str_of(text), ret_us) && *ret_us >= 0))
		return WEIR_OK;
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"env gc: --%s %.100s: not a span of time", option, text);
	return weir_hint(ctx->err, "--%s %dd", option, days);
}

enum weir_rc
env_gc(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx };
	struct weir_env_gc *how = &j.how;
	enum weir_rc rc =
		span(ctx, "older", a->older, WEIR_ENV_GC_OLDER_DAYS, &how->older_us);

	if (!rc)
		rc = span(ctx, "runs", a->runs, WEIR_ENV_GC_RUNS_DAYS, &how->runs_us);
	if (!rc && ctx->g.read_only && !a->dry_run) {
		(void)weir_fail(ctx->err, WEIR_EREFUSED,
			"env gc: --read-only is set, which removes nothing");
		rc = weir_hint(ctx->err, "--dry-run, or leave out --read-only");
	}
	if (!rc)
		rc = env_open(ctx, &j.o);
	if (rc)
		return rc;
	rc = env_runs(ctx, &j.o, true, NULL);
	how->config = ctx->config;
	how->root = &j.o.root;
	how->named = a->all_names;
	how->unknown = a->unknown;
	how->tell = on_tell;
	how->stop = on_stop;
	how->arg = &j;
	if (!rc)
		rc = weir_env_gc_find(how, &j.found, ctx->err);
	if (!rc)
		rc = collect(&j);
	weir_env_locals_release(&j.found);
	env_open_release(&j.o);
	return rc;
}
