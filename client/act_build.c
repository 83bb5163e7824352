/*
 * A build that is to be run again: its platforms are its child runs that have one; what
 * was started in place of a child stands for it.
 */
#include "weir/act_build.h"

#include "weir/chain.h"
#include "weir/mem.h"
#include "weir/select.h"

VEC_TYPE(parts, struct weir_build_part);

enum { COL_ID, COL_STATE, COL_PLATFORM, COL_DEPLOYMENT };
static const char columns[] = "id,state_type,platform,deployment_id";

struct reader {
	struct weir_store *store;
	struct weir_statedb *state;
	struct parts parts;
	struct weir_err *err;
};

static void
take_row(void *arg, const struct weir_rows *rows)
{
	struct weir_build_part *p = arg;

	p->run = weir_rows_cell(rows, COL_ID)->id;
	p->state = (enum weir_state)weir_rows_cell(rows, COL_STATE)->i;
	p->deployment = weir_rows_cell(rows, COL_DEPLOYMENT)->id;
	if (weir_rows_cell(rows, COL_DEPLOYMENT)->null)
		memset(&p->deployment, 0, sizeof(p->deployment));
}

/* The last that was started in its place, as far as it is here. */
static enum weir_rc
take_newest(struct reader *r, struct weir_build_part *p)
{
	struct weir_id *ids = NULL;
	size_t n = 0;
	struct weir_err err;
	enum weir_rc rc = weir_chain(r->store, r->state, &p->run, &ids, &n, r->err);

	for (size_t i = n; !rc && n > 1 && i-- > 0;) {
		struct weir_build_part last = *p;

		if (weir_row_of(r->store, WEIR_RUN, &ids[i], columns, take_row, &last,
			    &err))
			continue;
		last.replaced = weir_id_cmp(&last.run, &p->run) != 0;
		*p = last;
		break;
	}
	free(ids);
	return rc;
}

static enum weir_rc
read_children(struct reader *r, struct weir_query *query)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = { .kind = WEIR_RUN, .query = query, .columns = &set };
	struct weir_rows *rows = NULL;
	bool row = true;
	enum weir_rc rc = weir_columns_choose(WEIR_RUN, columns, 0, &set, r->err);

	if (!rc)
		rc = weir_rows_open(r->store, &sel, &rows, r->err);
	while (!rc && row && r->parts.n < WEIR_BUILD_PARTS_MAX) {
		struct weir_build_part p = { 0 };

		rc = weir_rows_next(rows, &row, r->err);
		if (rc || !row || weir_rows_cell(rows, COL_PLATFORM)->null)
			continue;
		take_row(&p, rows);
		p.platform = str_copy(weir_rows_cell(rows, COL_PLATFORM)->s);
		VEC_PUSH(&r->parts, p);
	}
	weir_rows_close(rows);
	weir_columns_release(&set);
	return rc;
}

enum weir_rc
weir_act_build(struct weir_store *store, struct weir_statedb *state,
	const struct weir_id *run, struct weir_act_build *ret_build,
	struct weir_err *err)
{
	struct reader r = { .store = store, .state = state, .err = err };
	struct weir_query *query = NULL;
	char text[96], id[WEIR_ID_TEXT + 1];
	enum weir_rc rc;

	snprintf(text, sizeof(text), "parent_run_id:%s", weir_id_format(run, id));
	rc = weir_query_parse(WEIR_RUN, str_of(text), weir_now_us(), &query, err);
	if (!rc)
		rc = read_children(&r, query);
	weir_query_free(query);
	*ret_build = (struct weir_act_build){ .v = r.parts.v, .n = r.parts.n };
	for (size_t i = 0; !rc && i < r.parts.n; i++) {
		struct weir_build_part *p = &r.parts.v[i];

		rc = take_newest(&r, p);
		p->failed = weir_state_is_terminal(p->state) &&
			    p->state != WEIR_ST_COMPLETED;
		ret_build->n_failed += p->failed;
		ret_build->n_replaced += p->replaced;
	}
	if (rc)
		weir_act_build_release(ret_build);
	return rc;
}

void
weir_act_build_release(struct weir_act_build *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].platform);
	free(b->v);
	*b = (struct weir_act_build){ 0 };
}
