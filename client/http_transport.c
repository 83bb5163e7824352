#include "http_transport.h"

#include "weir/mem.h"

struct http_transport {
	struct transport transport;
	struct http *http;
};

static struct http *
http_of(const struct transport *t)
{
	return ((const struct http_transport *)(const void *)t)->http;
}

static void
submit(struct transport *t, const struct transport_request *r)
{
	http_submit(http_of(t), r);
}

static void
pump(struct transport *t, int timeout_ms)
{
	http_pump(http_of(t), timeout_ms);
}

static void
wake(struct transport *t)
{
	http_wake(http_of(t));
}

static void
cancel(struct transport *t)
{
	http_cancel_all(http_of(t));
}

static size_t
in_flight(const struct transport *t)
{
	return http_in_flight(http_of(t));
}

static void
shut(struct transport *t)
{
	http_close(http_of(t));
	free(t);
}

static const struct transport_ops ops = {
	.name = "prefect",
	.submit = submit,
	.pump = pump,
	.wake = wake,
	.cancel = cancel,
	.in_flight = in_flight,
	.close = shut,
};

enum weir_rc
http_transport_open(const struct weir_config *config, struct transport **ret_transport,
	struct weir_err *err)
{
	struct http_transport *t = xcalloc(1, sizeof(*t));
	enum weir_rc rc = http_open(config, &t->http, err);

	if (rc) {
		free(t);
		return rc;
	}
	t->transport.ops = &ops;
	t->transport.base = http_base(t->http);
	t->transport.away = http_away(t->http);
	*ret_transport = &t->transport;
	return WEIR_OK;
}
