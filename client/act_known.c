#define LOG_MODULE "act"
#include "act_known.h"

#include "api_body.h"
#include "api_fields.h"
#include "store_write.h"
#include "weir/log.h"
#include "weir/query.h"
#include "weir/select.h"

enum { DOC_MAX = 16 << 20, PATH_MAX_BYTES = 4096 };

static void
put(struct action *a, enum weir_kind kind, const struct buf *body)
{
	struct arena arena = { 0 };
	struct doc_vec docs = { 0 };
	struct weir_err err;

	if (!api_decode_docs(kind, buf_str(body), &arena, &docs, &err) &&
		store_put_docs(a->store, kind, docs.v, docs.n, NULL, &err))
		LOG(LOG_WARN, "%s", err.text);
	VEC_FREE(&docs);
	arena_free(&arena);
}

/* Is there a whole object that the query finds? */
static bool
is_here(struct action *a, enum weir_kind kind, const char *query)
{
	struct weir_select sel = { .kind = kind };
	struct weir_query *q = NULL;
	int64_t n = 0;

	if (!weir_query_parse(kind, str_of(query), weir_now_us(), &q, NULL)) {
		sel.query = q;
		if (weir_rows_count(a->store, &sel, &n, NULL))
			n = 0;
	}
	weir_query_free(q);
	return n > 0;
}

static void
know_deployment(struct action *a, const struct weir_id *id)
{
	struct buf body = BUF_INIT(DOC_MAX);
	char query[64], text[WEIR_ID_TEXT + 1];

	snprintf(query, sizeof(query), "id:%s", weir_id_format(id, text));
	if (!weir_id_is_null(id) && !is_here(a, WEIR_DEPLOYMENT, query) &&
		!actions_get(a, WEIR_DEPLOYMENT, id, &body))
		put(a, WEIR_DEPLOYMENT, &body);
	buf_release(&body);
}

/* Queues or workers of a pool. */
static void
know_all(struct action *a, enum weir_kind kind, const char *pool)
{
	struct api_list list = API_LIST_INIT;
	struct buf body = BUF_INIT(DOC_MAX);
	struct weir_err err;
	struct api_wait w = { .out = &body, .err = &err };

	list.kind = kind;
	list.pool = pool;
	a->api->ops->list(a->api, &list, api_wait_done, &w);
	if (!api_wait(a->api, &w))
		put(a, kind, &body);
	buf_release(&body);
}

static void
know_pool(struct action *a, const char *name)
{
	struct buf query = BUF_INIT(WEIR_QUERY_MAX), path = BUF_INIT(PATH_MAX_BYTES);
	struct buf body = BUF_INIT(DOC_MAX);
	struct weir_err err;

	buf_adds(&query, "name:");
	weir_query_quote(&query, str_of(name), true);
	buf_adds(&path, "/work_pools/");
	api_body_percent(&path, name);
	if (*name && !is_here(a, WEIR_POOL, buf_cstr(&query)) &&
		!api_raw_wait(
			a->api, "GET", buf_cstr(&path), STR(""), true, &body, &err)) {
		put(a, WEIR_POOL, &body);
		know_all(a, WEIR_QUEUE, name);
		know_all(a, WEIR_WORKER, name);
	}
	buf_release(&query);
	buf_release(&path);
	buf_release(&body);
}

void
act_known(struct action *a, const struct act_run *run)
{
	if (!a->store)
		return;
	know_deployment(a, &run->deployment);
	know_pool(a, run->pool);
}
