#include "engine_req.h"

#include "weir/mem.h"

enum { TEXTS_MAX = 8 };

static size_t
texts_of(struct weir_req *req, const char **ret[TEXTS_MAX])
{
	struct weir_trigger *t = &req->trigger;
	size_t n = 0;

	ret[n++] = &req->act.parameters;
	ret[n++] = &req->act.input;
	ret[n++] = &t->parameters;
	ret[n++] = &t->tags;
	ret[n++] = &t->name;
	ret[n++] = &t->queue;
	ret[n++] = &t->job_variables;
	ret[n++] = &t->key;
	return n;
}

void
engine_req_own(struct weir_req *req)
{
	const char **texts[TEXTS_MAX];
	size_t n = texts_of(req, texts);

	for (size_t i = 0; i < n; i++)
		*texts[i] = *texts[i] ? xstrdup(*texts[i]) : NULL;
	req->act.wish = NULL;
	req->trigger.known = NULL;
}

void
engine_req_release(struct weir_req *req)
{
	const char **texts[TEXTS_MAX];
	size_t n = texts_of(req, texts);

	for (size_t i = 0; i < n; i++) {
		free((char *)(uintptr_t)*texts[i]);
		*texts[i] = NULL;
	}
}

void
engine_req_act(struct weir_session *s, const struct weir_req *req,
	struct weir_event *ret_event)
{
	struct buf text = BUF_INIT(sizeof(ret_event->text) - 1);
	struct weir_act_result r;
	bool started = req->kind == WEIR_REQ_TRIGGER;

	ret_event->rc = started ? weir_trigger(s, &req->trigger, &r)
				: weir_act(s, &req->act, &req->id, &r);
	ret_event->run = r.run;
	ret_event->made = r.made;
	memcpy(ret_event->name, r.name, sizeof(ret_event->name));
	buf_adds(&text, r.said);
	if (started && r.hint[0])
		buf_addf(&text, "; %s", r.hint);
	memcpy(ret_event->text, buf_cstr(&text), text.len + 1);
	buf_release(&text);
}
