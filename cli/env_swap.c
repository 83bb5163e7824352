#include "env_swap.h"

#include <stdlib.h>

#include <weir/mem.h>
#include <weir/shell.h>
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
put_json(struct buf *b, const struct ctx *ctx, const struct weir_env_selection *sel,
	const struct weir_env_swap *s)
{
	const struct env_args *a = ctx->args;

	weir_env_swap_json(s, b);
	buf_truncate(b, b->len - 1);
	buf_adds(b, ",\"file\":");
	text_json(b, str_of(sel->file));
	buf_addf(b, ",\"dry_run\":%s}", a->dry_run ? "true" : "false");
}

/* `linux-64	eefd6ac7	d3a3cf6f -> 11c3d74c` */
static void
put_short(struct ctx *ctx, struct buf *b, const struct weir_env_swap *s)
{
	struct buf ids = BUF_INIT(64);

	buf_addf(
		&ids, "%.8s -> %.8s", s->was ? s->was : "none", s->is ? s->is : "none");
	out_cells(ctx, b, OUT_TABLE,
		(const struct str[]){ str_of(s->arch),
			{ s->req_id, strnlen(s->req_id, 8) }, buf_str(&ids) },
		3);
	buf_release(&ids);
}

enum weir_rc
env_swap_print(struct ctx *ctx, const struct weir_env_selection *sel)
{
	const struct env_args *a = ctx->args;
	enum out_form form = out_form(ctx, a->list.output);
	struct sink s;

	sink_init(&s, ctx, false);
	for (size_t i = 0; i < sel->past.v.n; i++) {
		const struct weir_env_swap *one = &sel->past.v.v[i];
		const struct str cells[] = { str_of(one->arch), str_of(one->req_id),
			str_of(one->was ? one->was : "-"),
			str_of(one->is ? one->is : "-") };

		if (form == OUT_JSON || form == OUT_NDJSON) {
			buf_adds(&s.b, form == OUT_NDJSON ? "" : i ? ",\n" : "[\n");
			put_json(&s.b, ctx, sel, one);
			buf_adds(&s.b, form == OUT_NDJSON ? "\n" : "");
		} else if (form == OUT_TABLE) {
			put_short(ctx, &s.b, one);
		} else {
			out_cells(ctx, &s.b, form, cells, N_ELEM(cells));
		}
	}
	if (form == OUT_JSON)
		buf_adds(&s.b, sel->past.v.n ? "\n]\n" : "[]\n");
	return sink_close(&s, WEIR_OK);
}

void
env_swap_undo(const struct ctx *ctx, struct buf *out)
{
	const struct env_args *a = ctx->args;

	buf_adds(out, "weir env undo");
	if (a->file) {
		buf_adds(out, " --file ");
		weir_shell_quote(out, a->file);
	}
}

static bool
on_stop(void *arg)
{
	return weir_session_interrupted(arg);
}

enum weir_rc
env_swap_do(
	struct ctx *ctx, struct weir_env_selection *sel, struct weir_env_written *ret)
{
	enum weir_rc rc = weir_env_select_do(
		ctx->session, sel, on_stop, ctx->session, ret, ctx->err);

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

enum weir_rc
env_swap_try(struct ctx *ctx, struct weir_env_selection *sel)
{
	bool changes = false;
	enum weir_rc rc =
		weir_env_select_try(sel, on_stop, ctx->session, &changes, ctx->err);

	if (!rc)
		ctx_note(ctx, "%s: %s", sel->file,
			changes ? "would be written" : "it is so already");
	return rc;
}
