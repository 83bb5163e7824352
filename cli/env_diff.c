/* weir env diff: what two environments have that the other has not. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/env_diff.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "env.h"
#include "env_steps.h"

static const char *
mark_of(enum weir_env_change c)
{
	static const char *const marks[] = { "-", "+", "^", "v", "~", "~" };

	return marks[c];
}

static const char *
colour_of(enum weir_env_change c)
{
	static const char *const colours[] = { "red", "green", "cyan", "yellow", "",
		"" };

	return colours[c];
}

/* Version and build, and the channel where that is what differs. */
static void
add_side(struct buf *b, const struct weir_env_item *i, bool build, bool channel)
{
	if (!i)
		return;
	buf_addstr(b, i->version);
	if (build && i->build.len)
		buf_addf(b, " %.*s", (int)i->build.len, i->build.s);
	if (channel && i->channel.len)
		buf_addf(b, " %.*s", (int)i->channel.len, i->channel.s);
}

static void
put_line(struct ctx *ctx, struct buf *out, const struct weir_env_delta *d, size_t width)
{
	const struct weir_env_item *any = d->a ? d->a : d->b;
	bool build = d->change != WEIR_ENV_CHANNEL;
	bool channel = !d->a || !d->b || !str_equal(d->a->channel, d->b->channel);
	unsigned flags = ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf line = BUF_INIT(BUF_MAX);

	if (ctx->colour)
		out_colour(out, colour_of(d->change));
	buf_adds(out, mark_of(d->change));
	if (ctx->colour && colour_of(d->change)[0])
		out_colour(out, "off");
	buf_addc(out, ' ');
	text_pad(out, any->name, width, false, flags);
	buf_adds(&line, "  ");
	add_side(&line, d->a, build, channel);
	if (d->a && d->b)
		buf_adds(&line, " -> ");
	add_side(&line, d->b, build, channel);
	text_sanitize(out, buf_str(&line), flags);
	buf_addc(out, '\n');
	buf_release(&line);
}

static void
put_row(struct ctx *ctx, struct buf *out, enum out_form form,
	const struct weir_env_delta *d)
{
	const struct weir_env_item none = { .name = { "", 0 } };
	const struct weir_env_item *a = d->a ? d->a : &none, *b = d->b ? d->b : &none;
	const struct weir_env_item *any = d->a ? d->a : d->b;
	const struct str cells[] = { str_of(weir_env_change_name(d->change)), any->type,
		any->name, a->version, b->version, a->build, b->build, a->channel,
		b->channel };

	out_cells(ctx, out, form, cells, N_ELEM(cells));
}

static void
put_item(struct buf *out, const char *key, const struct weir_env_item *i)
{
	const char *const names[] = { "version", "build", "channel" };
	struct str v[3];

	buf_addf(out, ",\"%s\":", key);
	if (!i) {
		buf_adds(out, "null");
		return;
	}
	v[0] = i->version;
	v[1] = i->build;
	v[2] = i->channel;
	for (size_t k = 0; k < N_ELEM(v); k++) {
		buf_addf(out, "%s\"%s\":", k ? "," : "{", names[k]);
		text_json(out, v[k]);
	}
	buf_addc(out, '}');
}

static void
put_json(struct buf *out, const struct weir_env_delta *d)
{
	const struct weir_env_item *any = d->a ? d->a : d->b;

	buf_adds(out, "{\"name\":");
	text_json(out, any->name);
	buf_adds(out, ",\"type\":");
	text_json(out, any->type);
	buf_addf(out, ",\"change\":\"%s\"", weir_env_change_name(d->change));
	put_item(out, "a", d->a);
	put_item(out, "b", d->b);
	buf_addc(out, '}');
}

static void
put_names(struct buf *out, const char *nl, const struct weir_env_set *a,
	const struct weir_env_set *b)
{
	const struct weir_env_set *sets[] = { a, b };

	for (int i = 0; i < 2; i++) {
		buf_addf(out, "%s\"%c\":{\"what\":", i ? "," : "{", 'a' + i);
		text_json(out, sets[i]->what);
		buf_adds(out, ",\"arch\":");
		text_json(out, sets[i]->arch);
		buf_addf(out, ",\"n_packages\":%zu}", sets[i]->v.n);
	}
	buf_addf(out, ",%s\"packages\":[", nl);
}

static enum weir_rc
print(struct ctx *ctx, const struct weir_env_set *a, const struct weir_env_set *b,
	const struct weir_env_deltas *deltas)
{
	const struct env_args *args = ctx->args;
	enum out_form form = out_form(ctx, args->list.output);
	bool json = form == OUT_JSON || form == OUT_NDJSON;
	const char *nl = form == OUT_JSON ? "\n" : "";
	size_t width = 4;
	struct sink sink;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < deltas->n; i++) {
		const struct weir_env_delta *d = &deltas->v[i];
		size_t n = (d->a ? d->a : d->b)->name.len;

		width = n > width && n <= 40 ? n : width;
	}
	sink_init(&sink, ctx, form == OUT_TABLE);
	if (json)
		put_names(&sink.b, nl, a, b);
	for (size_t i = 0; !rc && i < deltas->n; i++) {
		if (json)
			buf_addf(&sink.b, "%s%s", i ? "," : "", nl);
		if (json)
			put_json(&sink.b, &deltas->v[i]);
		else if (form == OUT_TABLE)
			put_line(ctx, &sink.b, &deltas->v[i], width);
		else
			put_row(ctx, &sink.b, form, &deltas->v[i]);
		rc = sink_row(&sink);
	}
	if (json)
		buf_addf(&sink.b, "%s]}\n", nl);
	return sink_close(&sink, rc);
}

/* One side; a step of a run is what it used, by what Metaflow recorded. */
static enum weir_rc
read_side(struct ctx *ctx, struct env_open *o, const char *word, const char *prefer,
	struct weir_env_set *ret)
{
	const struct env_args *args = ctx->args;
	struct weir_env_pair pair;
	char *ids = NULL;
	enum weir_rc rc = WEIR_OK;

	if (o->store && env_steps_is_step(word) && access(word, F_OK) != 0) {
		rc = env_steps_word(ctx, o, word, args->arch, &pair, NULL);
		if (!rc)
			ids = xasprintf("%s:%s", pair.req_id, pair.full_id);
	}
	if (!rc)
		rc = weir_env_set_read(o->store, &o->root, ids ? ids : word, args->arch,
			prefer, ret, ctx->err);
	if (rc == WEIR_EBADDATA && !ctx->err->hint[0] && !ids &&
		access(word, F_OK) == 0)
		weir_hint(ctx->err,
			"a lock file, or what `conda list --explicit` writes");
	free(ids);
	return rc;
}

/* Those that both have, but for the one that is compared. */
static void
common_archs(
	const struct weir_env_set *a, const struct weir_env_set *b, struct buf *out)
{
	const char *p = a->archs.s ? a->archs.s : "";

	for (size_t n; (n = strcspn(p, " ")); p += n + (p[n] == ' ')) {
		const char *q = b->archs.s ? b->archs.s : "";

		if (str_equal(a->arch, b->arch) &&
			str_equal(a->arch, (struct str){ p, n }))
			continue;
		for (size_t m; (m = strcspn(q, " ")); q += m + (q[m] == ' '))
			if (m == n && memcmp(p, q, n) == 0)
				buf_addf(
					out, "%s%.*s", out->len ? ", " : "", (int)n, p);
	}
}

static enum weir_rc
read_both(struct ctx *ctx, struct env_open *o, const char *prefer,
	struct weir_env_set *a, struct weir_env_set *b)
{
	enum weir_rc rc;
	char *arch;

	weir_env_set_release(a);
	weir_env_set_release(b);
	*a = *b = (struct weir_env_set){ .arch = { "", 0 } };
	rc = read_side(ctx, o, ctx->words[1], prefer, a);
	arch = a->arch.len ? str_copy(a->arch) : NULL;
	if (!rc)
		rc = read_side(ctx, o, ctx->words[2], arch ? arch : prefer, b);
	free(arch);
	return rc;
}

static bool
differ(const struct weir_env_set *a, const struct weir_env_set *b)
{
	return a->arch.len && b->arch.len && !str_equal(a->arch, b->arch);
}

/* For an architecture that both have, if there is one; what that leaves out is said. */
static enum weir_rc
read_sides(struct ctx *ctx, struct env_open *o, struct weir_env_set *a,
	struct weir_env_set *b)
{
	const struct env_args *args = ctx->args;
	struct buf common = BUF_INIT(BUF_MAX);
	enum weir_rc rc = read_both(ctx, o, NULL, a, b);

	if (!rc && differ(a, b)) {
		char *arch;

		common_archs(a, b, &common);
		arch = common.len ? xstrndup(common.s, strcspn(common.s, ","))
				  : str_copy(b->arch);
		rc = read_both(ctx, o, arch, a, b);
		free(arch);
	}
	buf_clear(&common);
	if (!rc && differ(a, b))
		ctx_note(ctx, "%s is of %.*s, %s of %.*s", ctx->words[1],
			(int)a->arch.len, a->arch.s, ctx->words[2], (int)b->arch.len,
			b->arch.s);
	else if (!rc && !args->arch)
		common_archs(a, b, &common);
	if (common.len)
		ctx_note(ctx, "compared for %.*s; both are for %s too (--arch)",
			(int)a->arch.len, a->arch.s, buf_cstr(&common));
	buf_release(&common);
	return rc;
}

enum weir_rc
env_diff(struct ctx *ctx)
{
	const struct env_args *args = ctx->args;
	struct weir_env_set a = { .arch = { "", 0 } }, b = { .arch = { "", 0 } };
	struct weir_env_deltas deltas = { 0 };
	struct env_open o = { .store = NULL };
	enum weir_rc rc;

	ctx->compares = true;
	if (ctx->n_words != 3) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"env diff: two environments are compared");
		return weir_hint(ctx->err, "weir env diff A B");
	}
	if (args->list.output && out_form(ctx, args->list.output) == OUT_NAME) {
		(void)weir_fail(ctx->err, WEIR_EUSAGE, "env diff: no -o name");
		return weir_hint(ctx->err, "-o tsv, csv, json or ndjson");
	}
	rc = env_open(ctx, &o);
	if (rc == WEIR_ENOTFOUND)
		rc = WEIR_OK; /* folders and files can be compared all the same */
	if (!rc)
		rc = read_sides(ctx, &o, &a, &b);
	if (!rc)
		weir_env_diff(&a, &b, &deltas);
	if (!rc)
		rc = print(ctx, &a, &b, &deltas);
	if (!rc && deltas.n)
		rc = weir_fail(ctx->err, WEIR_EDIFFERS, "%zu package%s", deltas.n,
			deltas.n == 1 ? " differs" : "s differ");
	VEC_FREE(&deltas);
	weir_env_set_release(&a);
	weir_env_set_release(&b);
	env_open_release(&o);
	return rc;
}
