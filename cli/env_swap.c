#include "env_swap.h"

#include <stdlib.h>

#include <weir/mem.h>
#include <weir/text.h>

char *
env_swap_file(const struct ctx *ctx, const struct weir_env_root *root)
{
	const struct env_args *a = ctx->args;
	const char *file = a->file ? a->file : root->file;
	char *real = realpath(file, NULL);

	return real ? real : xstrdup(file);
}

static void
put_json(struct buf *b, const struct weir_env_swap *s)
{
	buf_adds(b, "{\"arch\":");
	text_json(b, str_of(s->arch));
	buf_adds(b, ",\"req_id\":");
	text_json(b, str_of(s->req_id));
	buf_adds(b, ",\"was\":");
	if (s->was)
		text_json(b, str_of(s->was));
	else
		buf_adds(b, "null");
	buf_adds(b, ",\"is\":");
	if (s->is)
		text_json(b, str_of(s->is));
	else
		buf_adds(b, "null");
	buf_addc(b, '}');
}

enum weir_rc
env_swap_print(struct ctx *ctx, const struct weir_env_past *p)
{
	const struct env_args *a = ctx->args;
	enum out_form form = out_form(ctx, a->list.output);
	struct sink s;

	sink_init(&s, ctx, false);
	for (size_t i = 0; i < p->v.n; i++) {
		const struct weir_env_swap *one = &p->v.v[i];

		if (form == OUT_JSON || form == OUT_NDJSON) {
			buf_adds(&s.b, form == OUT_NDJSON ? "" : i ? ",\n" : "[\n");
			put_json(&s.b, one);
			buf_adds(&s.b, form == OUT_NDJSON ? "\n" : "");
			continue;
		}
		env_cell(ctx, &s.b, str_of(one->arch));
		buf_addf(&s.b, "\t%s\t", one->req_id);
		env_cell(ctx, &s.b, str_of(one->was ? one->was : "-"));
		buf_addf(&s.b, "\t%s\n", one->is ? one->is : "-");
	}
	if (form == OUT_JSON)
		buf_adds(&s.b, p->v.n ? "\n]\n" : "[]\n");
	return sink_close(&s, WEIR_OK);
}

/* The callbacks of w have its own arg: one for both. */
struct both {
	struct ctx *ctx;
	const struct weir_env_write *w;
};

static enum weir_rc
on_old(void *arg, const struct weir_env_choice *c, const char *old,
	struct weir_err *err)
{
	const struct both *b = arg;

	return b->w->old ? b->w->old(b->w->arg, c, old, err) : WEIR_OK;
}

static bool
on_stop(void *arg)
{
	const struct both *b = arg;

	return weir_session_interrupted(b->ctx->session);
}

enum weir_rc
env_swap_write(
	struct ctx *ctx, const struct weir_env_write *w, struct weir_env_written *ret)
{
	struct both b = { ctx, w };
	struct weir_env_write own = *w;
	enum weir_rc rc;

	own.old = on_old;
	own.stop = on_stop;
	own.arg = &b;
	rc = weir_env_write(&own, ret, ctx->err);
	if (rc)
		return rc;
	if (ret->redone)
		ctx_note(ctx,
			"another writer put the old content back: written again, "
			"%d times",
			ret->redone);
	if (ret->overtaken)
		ctx_note(ctx, "since then somebody has chosen another one");
	return WEIR_OK;
}
