/* weir env create-local: an environment of Metaflow, made on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/env_code.h>
#include <weir/env_make.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "bar.h"
#include "env.h"
#include "env_steps.h"

struct job {
	struct ctx *ctx;
	struct env_open o;
	struct weir_env_loaded loaded;
	const struct weir_env *env;
	struct weir_env_make make;
	struct bar bar;
	struct weir_inst_result result;
	struct weir_env_code code; /* of --into; fd -1: none */
};

/* ---- while it is made */

static enum weir_rc
on_cache(void *arg, const char *key, const char *to, struct weir_err *err)
{
	const struct job *j = arg;

	return weir_inst_cache_folder(j->make.cache, key, to, err);
}

static bool
on_stop(void *arg)
{
	const struct job *j = arg;

	return weir_session_interrupted(j->ctx->session);
}

/* On a terminal the bar says how far it is; elsewhere a line what is done. */
static void
tell_done(struct job *j, const struct weir_inst_event *e)
{
	static const char *const bars[] = {
		[WEIR_INST_FETCH] = "fetching",
		[WEIR_INST_UNPACK] = "unpacking",
		[WEIR_INST_LINK] = "linking",
	};
	const struct weir_progress p = {
		.what = bars[e->step], .done = e->done, .total = e->of
	};

	if (j->bar.on)
		bar_progress(&j->bar, &p);
	else if (e->step == WEIR_INST_FETCH && e->what)
		ctx_note(j->ctx, "fetched %s", e->what);
	else if (e->step == WEIR_INST_UNPACK && e->done == e->of)
		ctx_note(j->ctx, "unpacked %lld packages", (long long)e->of);
}

static void
on_event(void *arg, const struct weir_inst_event *e)
{
	struct job *j = arg;

	switch (e->step) {
	case WEIR_INST_WAIT:
		bar_clear(&j->bar);
		ctx_note(j->ctx, "waits: %s", e->what ? e->what : "for a lock");
		break;
	case WEIR_INST_NOTE:
		bar_clear(&j->bar);
		ctx_note(j->ctx, "%s", e->what ? e->what : "");
		break;
	case WEIR_INST_RUN:
		bar_clear(&j->bar);
		ctx_note(j->ctx, "runs %s", e->what ? e->what : "a program");
		break;
	default:
		tell_done(j, e);
	}
}

/* ---- before and behind */

static const char *const froms[] = { [WEIR_INST_HERE] = "here",
	[WEIR_INST_CACHE] = "cache",
	[WEIR_INST_WEB] = "web",
	[WEIR_INST_NOWHERE] = "nowhere" };

/* What would be fetched, of all packages. */
struct amount {
	size_t n[N_ELEM(froms)];
	int64_t cached; /* bytes */
};

static void
put_row(struct job *j, struct buf *b, enum out_form form,
	const struct weir_inst_package *p, struct amount *sum)
{
	const char *type = p->type == WEIR_INST_PYPI ? "pypi" : "conda";
	struct buf url = BUF_INIT(BUF_MAX), bytes = BUF_INIT(32);
	int64_t size;
	enum weir_inst_from from =
		weir_inst_source(&j->make.inst, j->make.cache, p, &size);

	sum->n[from]++;
	sum->cached += from == WEIR_INST_CACHE && size > 0 ? size : 0;
	weir_url_mask(&url, p->url ? p->url : "");
	if (size >= 0)
		buf_addf(&bytes, "%lld", (long long)size);
	if (form == OUT_JSON || form == OUT_NDJSON) {
		buf_addf(b, "{\"type\":\"%s\",\"file\":", type);
		text_json(b, str_of(p->file));
		buf_adds(b, ",\"url\":");
		text_json(b, buf_str(&url));
		buf_addf(b, ",\"from\":\"%s\",\"size\":%s}", froms[from],
			bytes.len ? buf_cstr(&bytes) : "null");
	} else if (form == OUT_TABLE) {
		const struct str cells[] = { str_of(froms[from]), str_of(p->file) };

		out_cells(j->ctx, b, form, cells, N_ELEM(cells));
	} else {
		const struct str cells[] = { str_of(type), str_of(p->file),
			buf_str(&url), str_of(froms[from]), buf_str(&bytes) };

		out_cells(j->ctx, b, form, cells, N_ELEM(cells));
	}
	buf_release(&url);
	buf_release(&bytes);
}

static void
say_amount(const struct job *j, const struct amount *sum)
{
	struct buf size = BUF_INIT(64);

	buf_addsize(&size, sum->cached);
	ctx_note(j->ctx, "%zu from the web, %zu from the cache (%s), %zu are here",
		sum->n[WEIR_INST_WEB], sum->n[WEIR_INST_CACHE], buf_cstr(&size),
		sum->n[WEIR_INST_HERE]);
	buf_release(&size);
	if (sum->n[WEIR_INST_NOWHERE])
		ctx_note(j->ctx, "%zu cannot be had: built by Metaflow, not in a cache",
			sum->n[WEIR_INST_NOWHERE]);
}

static enum weir_rc
plan(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	enum out_form form = out_form(j->ctx, a->list.output);
	struct amount sum = { .cached = 0 };
	size_t n = j->make.packages.n;
	struct sink s;
	enum weir_rc rc = WEIR_OK;

	sink_init(&s, j->ctx, true);
	for (size_t i = 0; !rc && i < n; i++) {
		if (form == OUT_JSON)
			buf_adds(&s.b, i ? ",\n" : "[\n");
		put_row(j, &s.b, form, &j->make.packages.v[i], &sum);
		buf_adds(&s.b, form == OUT_NDJSON ? "\n" : "");
		rc = sink_row(&s);
	}
	if (form == OUT_JSON)
		buf_adds(&s.b, n ? "\n]\n" : "[]\n");
	ctx_note(j->ctx, "would be made: %s, of %zu packages", j->make.inst.target, n);
	say_amount(j, &sum);
	return sink_close(&s, rc);
}

static void
put_json(const struct job *j, struct buf *b)
{
	const struct weir_inst_result *r = &j->result;

	buf_adds(b, "{\"path\":");
	text_json(b, str_of(j->make.inst.target));
	buf_adds(b, ",\"req_id\":");
	text_json(b, j->env->id.req_id);
	buf_adds(b, ",\"full_id\":");
	text_json(b, j->env->id.full_id);
	buf_adds(b, ",\"arch\":");
	text_json(b, j->env->id.arch);
	buf_addf(b, ",\"existed\":%s,\"made_by\":", r->existed ? "true" : "false");
	text_json(b, str_of(r->made_by));
	buf_addf(b, ",\"n_packages\":%zu,\"n_fetched\":%zu,\"n_cached\":%zu,",
		j->make.packages.n, r->n_fetched, r->n_cached);
	buf_addf(b, "\"bytes_fetched\":%lld}\n", (long long)r->fetched);
}

static void
note_scripts(const struct job *j)
{
	const struct env_args *a = j->ctx->args;
	char *names = j->result.scripts ? j->result.scripts : NULL;

	if (j->result.failed)
		ctx_note(j->ctx, "failed: %s", j->result.failed);
	if (!names || a->run_scripts || strcmp(j->result.made_by, "weir") != 0)
		return;
	for (char *p = names; *p; p++)
		if (*p == '\n')
			*p = p[1] ? ' ' : '\0';
	ctx_note(j->ctx, "not run: %s (--run-scripts runs them)", names);
}

static enum weir_rc
report(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	enum out_form form = out_form(j->ctx, a->list.output);
	struct sink s;

	note_scripts(j);
	if (j->result.existed)
		ctx_note(j->ctx, "it is there already; --recreate makes it anew");
	else
		ctx_note(j->ctx, "made by %s: %zu packages, %zu fetched, %zu cached",
			j->result.made_by, j->make.packages.n, j->result.n_fetched,
			j->result.n_cached);
	sink_init(&s, j->ctx, false);
	if (form == OUT_JSON || form == OUT_NDJSON) {
		put_json(j, &s.b);
	} else {
		const struct str path = str_of(j->make.inst.target);

		out_cells(j->ctx, &s.b, form, &path, 1);
	}
	return sink_close(&s, WEIR_OK);
}

/* The code of the run that is meant; that there is none is said. */
static enum weir_rc
find_code(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	struct ctx *ctx = j->ctx;
	struct weir_store *runs = NULL;
	enum weir_rc rc;

	if (!a->into)
		return WEIR_OK;
	if (!env_steps_is_step(ctx->words[1])) {
		ctx_note(ctx, "no code goes into %s: %s is no step of a run", a->into,
			ctx->words[1]);
		return WEIR_OK;
	}
	rc = env_runs(ctx, &j->o, false, &runs);
	if (!rc && runs)
		rc = weir_env_code_find(
			runs, &j->o.root, ctx->words[1], &j->code, ctx->err);
	if (rc == WEIR_ENOTFOUND) {
		ctx_note(ctx, "no code goes into %s: %s", a->into, ctx->err->text);
		rc = WEIR_OK;
	}
	weir_store_close(runs);
	return rc;
}

static enum weir_rc
put_into(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	enum weir_rc rc;

	if (!a->into)
		return WEIR_OK;
	rc = weir_env_into_link(a->into, j->make.inst.target, j->ctx->err);
	if (rc || j->code.fd < 0)
		return rc;
	rc = weir_env_code_unpack(&j->code, a->into, j->ctx->err);
	if (!rc)
		ctx_note(j->ctx, "code of %s is in %s", j->code.task, a->into);
	return rc;
}

/* Where nothing better is known to try. */
static enum weir_rc
hint(const struct job *j, enum weir_rc rc, const char *what)
{
	if ((rc == WEIR_EBADDATA || rc == WEIR_EFAIL || rc == WEIR_ETOOBIG ||
		    rc == WEIR_EREFUSED) &&
		!j->ctx->err->hint[0])
		weir_hint(j->ctx->err, "%s", what);
	return rc;
}

static enum weir_rc
make(struct job *j)
{
	static const char alone[] = "another --into; without it, the environment alone";

	const struct env_args *a = j->ctx->args;
	struct weir_inst *w = &j->make.inst;
	enum weir_rc rc = a->into ? weir_env_into_check(a->into, j->ctx->err) : WEIR_OK;

	if (!rc)
		rc = find_code(j);
	if (rc)
		return hint(j, rc, alone);
	w->recreate = a->recreate;
	w->run_scripts = a->run_scripts;
	w->offline = j->ctx->no_network;
	w->tool = a->own ? WEIR_INST_OWN : WEIR_INST_ANY;
	w->cache_get = j->make.cache ? on_cache : NULL;
	w->tell = on_event;
	w->stop = on_stop;
	w->arg = j;
	bar_init(&j->bar, j->ctx);
	rc = weir_inst_make(w, &j->result, j->ctx->err);
	bar_clear(&j->bar);
	if (rc)
		return hint(j, rc, "--dry-run says where each package comes from");
	rc = put_into(j);
	return rc ? hint(j, rc, alone) : report(j);
}

/* Of a requirement set nothing is for arch: not this one alone is meant. */
static enum weir_rc
nothing_of_set(struct job *j, const struct weir_env_pair *pair, const char *arch)
{
	const char *word = j->ctx->words[1];
	struct weir_err *err = j->ctx->err;
	struct buf archs = BUF_INIT(BUF_MAX);
	bool set = strncmp(pair->req_id, word, strlen(word)) == 0 &&
		   strncmp(pair->full_id, word, strlen(word)) != 0;

	if (set && !weir_env_req_archs(j->o.store, pair->req_id, &archs, NULL) &&
		archs.len) {
		(void)weir_fail(err, WEIR_ENOTFOUND,
			"requirement set %s: nothing of it is for %s, only for %.300s",
			pair->req_id, arch ? arch : "this machine", buf_cstr(&archs));
		weir_hint(err, "--arch %.*s", (int)strcspn(buf_cstr(&archs), ","),
			buf_cstr(&archs));
	}
	buf_release(&archs);
	return WEIR_ENOTFOUND;
}

static enum weir_rc
load(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	const char *arch = a->arch ? a->arch : weir_env_machine_arch();
	struct weir_env_pair pair;
	enum weir_rc rc = env_open(j->ctx, &j->o);

	if (!rc)
		rc = env_steps_word(j->ctx, &j->o, j->ctx->words[1], arch, &pair, NULL);
	if (!rc)
		rc = weir_env_load(
			j->o.store, &j->o.root, &pair, &j->loaded, j->ctx->err);
	if (!rc) {
		rc = weir_env_for_arch(&j->loaded, arch, &j->env, j->ctx->err);
		if (rc == WEIR_ENOTFOUND)
			rc = nothing_of_set(j, &pair, arch);
	}
	if (!rc)
		rc = weir_env_make_prepare(
			&j->o.root, j->env, a->name, &j->make, j->ctx->err);
	return rc;
}

enum weir_rc
env_create(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx, .code = { .fd = -1 } };
	enum weir_rc rc;

	if (ctx->n_words < 2) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "env create-local: which environment?");
		return weir_hint(ctx->err, "weir env create-local FLOW/RUN/STEP");
	}
	if (ctx->n_words > 2) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"env create-local: '%.200s': one environment is made at a time",
			ctx->words[2]);
		return weir_hint(ctx->err,
			"weir env create-local %.80s; both ids of one are "
			"REQ_ID:FULL_ID",
			ctx->words[1]);
	}
	if (ctx->g.read_only && !a->dry_run) {
		(void)weir_fail(ctx->err, WEIR_EREFUSED,
			"env create-local: --read-only is set, which makes nothing");
		return weir_hint(ctx->err, "--dry-run, or leave out --read-only");
	}
	rc = load(&j);
	if (!rc) {
		ctx_notes(ctx, buf_cstr(&j.make.notes));
		rc = weir_inst_check_target(j.make.inst.target, ctx->err);
	}
	if (!rc)
		rc = a->dry_run ? plan(&j) : make(&j);
	weir_env_code_release(&j.code);
	weir_inst_result_release(&j.result);
	weir_env_make_release(&j.make);
	weir_env_loaded_release(&j.loaded);
	env_open_release(&j.o);
	return rc;
}
