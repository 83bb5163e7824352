/* Web pages of a server's objects. */
#ifndef WEIR_URL_H
#define WEIR_URL_H

#include <weir/config.h>
#include <weir/types.h>

/*
 * Append the address of the page of an object: the UI's address (ui_url, Cloud's own,
 * else the API's without `/api`) and the path. name is what pools go by; others go by
 * id. Kinds without a page of their own get the nearest: queues and workers (name: the
 * pool's) the pool's. False, nothing appended: no address is configured.
 */
bool weir_web_url(const struct weir_config *config, enum weir_kind kind,
	const struct weir_id *id, const char *name, struct buf *out);

#endif
