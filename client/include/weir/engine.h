/*
 * The engine: a thread that syncs, fetches what views ask for, and says what changed.
 *
 * Messages cross with their ownership; nothing else is shared but the store's file. A
 * view that hears WEIR_EV_CHANGED reads its window again through its own connection.
 */
#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include <weir/act.h>
#include <weir/config.h>
#include <weir/error.h>
#include <weir/trigger.h>
#include <weir/types.h>

struct weir_engine;

enum weir_req_kind {
	WEIR_REQ_SYNC, /* a cycle now */
	WEIR_REQ_RUN,  /* weir_sync_run of id */
	WEIR_REQ_LOGS, /* weir_sync_logs of id, once */
	/* weir_sync_logs of id until the run ends or another comes; null: stop. */
	WEIR_REQ_FOLLOW,
	WEIR_REQ_ACT,     /* weir_act on id; WEIR_EV_ACTED comes before it is DONE */
	WEIR_REQ_TRIGGER, /* weir_trigger; alike */
};
struct weir_req {
	enum weir_req_kind kind;
	struct weir_id id;
	/* Their texts are copied; wish and known are not used. */
	struct weir_act act;         /* ACT */
	struct weir_trigger trigger; /* TRIGGER */
};

enum weir_ev_kind {
	WEIR_EV_CHANGED,  /* the store has new rows */
	WEIR_EV_PROGRESS, /* done, total: requests of what is going on */
	WEIR_EV_IDLE,     /* nothing is going on now */
	WEIR_EV_ONLINE,
	WEIR_EV_OFFLINE, /* text says why */
	WEIR_EV_DONE,    /* request `request` is answered; rc, text */
	WEIR_EV_NOTE,    /* text for the message line */
	WEIR_EV_ACTED,   /* as struct weir_act_result: rc, run, made, name, text */
};
struct weir_event {
	enum weir_ev_kind kind;
	uint64_t request; /* 0: none */
	enum weir_rc rc;
	int64_t done, total;
	char text[512];
	struct weir_id run, made;
	char name[WEIR_ACT_NAME_MAX];
};

/*
 * Start. offline: never touches the network (events: OFFLINE, IDLE); an embedded store
 * is read and written all the same. Cycles run every 5 s while active, else every 30 s,
 * with back-off while the server is away. With WEIR_NOW set (scripts) only on request.
 */
WEIR_NODISCARD enum weir_rc weir_engine_start(const struct weir_config *config,
	bool offline, struct weir_engine **ret_engine, struct weir_err *err);
void weir_engine_stop(
	struct weir_engine *e); /* interrupts, joins, frees; accepts NULL */

uint64_t weir_engine_submit(
	struct weir_engine *e, const struct weir_req *req); /* copied; its number */
int weir_engine_fd(const struct weir_engine *e); /* readable when events wait */
bool weir_engine_next(
	struct weir_engine *e, struct weir_event *ret_event); /* never blocks */
void weir_engine_active(struct weir_engine *e, bool active);  /* is someone looking? */
bool weir_engine_idle(
	struct weir_engine *e); /* no request is waiting or worked on, no event waits */

#endif
