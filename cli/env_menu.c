/* Menus of env: its list, and what select-resolved asks. */
#include <stdlib.h>
#include <string.h>

#include <weir/mem.h>
#include <weir/query.h>

#include "env.h"
#include "interrupt.h"
#include "tui.h"

char *
env_words(const struct ctx *ctx, size_t first)
{
	struct buf b = BUF_INIT(BUF_MAX);

	for (size_t i = first; i < ctx->n_words; i++) {
		buf_adds(&b, i > first ? " " : "");
		buf_adds(&b, ctx->words[i]);
	}
	return buf_steal(&b);
}

bool
env_menu(struct ctx *ctx, struct tui_start *start)
{
	const struct env_args *a = ctx->args;
	struct weir_view *v = &start->view;
	struct list_args list = a->list;
	struct buf b = BUF_INIT(BUF_MAX);
	char *sort;

	if (strcmp(ctx->words[0], "list") != 0)
		return false;
	sort = a->group ? env_group(&list) : NULL;
	if (a->group && !list.columns)
		list.columns = WEIR_GROUP_COLUMNS;
	if (!list_menu(ctx, WEIR_ENVIRONMENT, &list, start)) {
		free(sort);
		return false;
	}
	free(sort);
	free(v->query);
	v->query = env_words(ctx, 1);
	if (a->local_only || a->arch) {
		if (v->query)
			buf_addf(&b, "(%s) ", v->query);
		buf_adds(&b, a->local_only ? "local:yes" : "");
		if (a->arch) {
			buf_adds(&b, a->local_only ? " arch:" : "arch:");
			weir_query_quote(&b, str_of(a->arch), true);
		}
		free(v->query);
		v->query = buf_steal(&b);
	}
	v->all = a->all;
	start->env_file = a->file;
	return true;
}

enum weir_rc
env_menu_select(struct ctx *ctx, const char *req_id, const char *steps,
	const char *where, bool *ret_selected)
{
	const struct env_args *a = ctx->args;
	struct buf said = BUF_INIT(1 << 16);
	struct tui_start start = { .config = ctx->config,
		.flags = ctx_config_flags(ctx),
		.offline = ctx->g.offline,
		.no_network = ctx->no_network,
		.script = ctx->g.script,
		.env_file = a->file,
		.about = steps,
		.said = &said };
	enum weir_rc rc;

	start.view.show = WEIR_SHOW_SELECT;
	start.view.kind = WEIR_ENVIRONMENT;
	start.view.id = xstrdup(req_id);
	start.view.query = *where ? xstrdup(where) : NULL;
	rc = interrupt_release() ? WEIR_EINTR : tui_run(&start, ctx->err);
	if (!rc && said.len)
		ctx_note(ctx, "%s", buf_cstr(&said));
	else if (!rc)
		ctx_note(ctx, "nothing was selected%s%s", *steps ? " for " : "", steps);
	*ret_selected = said.len > 0;
	buf_release(&said);
	weir_view_release(&start.view);
	return rc;
}
