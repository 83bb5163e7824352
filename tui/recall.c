#include "recall.h"

#include <weir/statedb.h>

#include "app.h"

static const char space[] = "prompt";

void
recall_read(struct app *a, struct prompt_history *h)
{
	struct weir_statedb *state = NULL;
	struct weir_err err = { 0 };
	char *text = NULL;

	if (h->read)
		return;
	h->read = true;
	/* That there is none, or none that can be read, is no reason to say so here. */
	if (weir_statedb_open(a->config, false, &state, &err))
		return;
	if (weir_statedb_get(state, space, h->name, &text, &err))
		text = NULL;
	for (char *p = text; p && *p;) {
		size_t n = strcspn(p, "\n");
		bool more = p[n] == '\n';

		p[n] = '\0';
		prompt_remember(h, p);
		p += n + more;
	}
	h->changed = false;
	free(text);
	weir_statedb_close(state);
}

void
recall_keep(struct app *a, struct prompt_history *h)
{
	struct buf text = BUF_INIT(WEIR_STATEDB_TEXT_MAX);

	if (!h->changed)
		return;
	h->changed = false;
	for (size_t i = 0; i < h->lines.n; i++)
		buf_addf(&text, "%s\n", h->lines.v[i]);
	keeper_put(a->desk.keeper, space, h->name, buf_cstr(&text));
	buf_release(&text);
}
