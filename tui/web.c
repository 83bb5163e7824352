#include "web.h"

#include <weir/browser.h>
#include <weir/config.h>
#include <weir/url.h>

#include "app.h"

enum weir_rc
web_open(struct app *a, enum weir_kind kind, const struct weir_id *id, const char *name,
	struct buf *out, struct weir_err *err)
{
	if (!weir_web_url(a->config, kind, id, name, out))
		return weir_fail(
			err, WEIR_ENOSERVER, "without a server there are no web pages");
	if (a->screen.mock)
		return WEIR_OK;
	return weir_browser_open(a->config, buf_cstr(out), WEIR_BROWSER_DETACH, err);
}
