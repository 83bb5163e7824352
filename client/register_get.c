#include "register.h"

enum { GET_PUMP_MS = 1000, GET_PARALLEL_MAX = 8 };

struct gets {
	struct api *api;
	size_t flying;
};

struct flight {
	struct gets *gets;
	struct reg_get *get;
};

static void
get_done(void *arg, enum weir_rc rc, const struct api_page *page,
	const struct weir_err *err)
{
	struct flight *f = arg;

	f->gets->flying--;
	f->get->done = true;
	f->get->rc = rc;
	if (rc)
		f->get->err = *err;
	else
		buf_addstr(&f->get->out, page->body);
}

static void
send_one(struct gets *g, struct flight *f, struct reg_get *get)
{
	f->gets = g;
	f->get = get;
	buf_init(&get->out, BUF_MAX);
	g->flying++;
	g->api->ops->raw(g->api, get->method, get->path, get->body, true, get_done, f);
}

void
register_gets_add(struct reg_gets *v, const char *method, char *path, struct str body)
{
	VEC_PUSH(v, ((struct reg_get){ .method = method, .path = path, .body = body }));
}

enum weir_rc
register_gets_run(struct api *a, struct reg_gets *v, struct weir_err *err)
{
	size_t n = v->n;
	struct flight *flights = xcalloc(n + 1, sizeof(*flights));
	struct gets g = { .api = a };
	enum weir_rc rc = WEIR_OK;
	size_t sent = 0;

	while (sent < n || g.flying) {
		size_t most =
			a->parallel < GET_PARALLEL_MAX ? a->parallel : GET_PARALLEL_MAX;

		if (!rc && a->interrupted && a->interrupted(a->interrupted_arg)) {
			rc = weir_fail(err, WEIR_EINTR, "interrupted");
			a->ops->cancel(a);
			sent = n;
			continue;
		}
		while (sent < n && g.flying < most) {
			send_one(&g, &flights[sent], &v->v[sent]);
			sent++;
		}
		if (g.flying)
			a->ops->pump(a, GET_PUMP_MS);
	}
	free(flights);
	return rc;
}

void
register_gets_release(struct reg_gets *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->v[i].path);
		buf_release(&v->v[i].out);
	}
	VEC_FREE(v);
}

json_t *
register_parse(const struct buf *body, const char *what, struct weir_err *err)
{
	json_error_t why;
	json_t *j = json_loadb(
		buf_cstr(body), body->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);

	if (!j)
		(void)weir_fail(err, WEIR_ENET,
			"server: %s: the answer cannot be read: %s", what, why.text);
	return j;
}
