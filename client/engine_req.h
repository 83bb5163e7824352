/* Requests of the engine that act: their texts, and what comes of them. */
#ifndef WEIR_CLIENT_ENGINE_REQ_H
#define WEIR_CLIENT_ENGINE_REQ_H

#include "weir/engine.h"

/* Its texts become copies of its own; a request that does not act has none. */
void engine_req_own(struct weir_req *req);
void engine_req_release(struct weir_req *req);

/* ACT, TRIGGER: do it; the event is filled but for its kind and request. */
void engine_req_act(struct weir_session *s, const struct weir_req *req,
	struct weir_event *ret_event);

#endif
