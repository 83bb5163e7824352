#include "weir/url.h"

#include <ctype.h>

#include "weir/mem.h"

static const char *const pages[WEIR_N_SERVED] = {
	[WEIR_RUN] = "runs/flow-run/",
	[WEIR_TASK_RUN] = "runs/task-run/",
	[WEIR_FLOW] = "flows/flow/",
	[WEIR_DEPLOYMENT] = "deployments/deployment/",
	[WEIR_POOL] = "work-pools/work-pool/",
	[WEIR_QUEUE] = "work-pools/work-pool/",
	[WEIR_WORKER] = "work-pools/work-pool/",
	[WEIR_ARTIFACT] = "artifacts/artifact/",
	[WEIR_LIMIT] = "concurrency-limits/concurrency-limit/",
};

/* The UI of Cloud's API address .../api/accounts/A/workspaces/W, or false. */
static bool
add_cloud(struct buf *out, const char *api)
{
	static const char middle[] = "/workspaces/";
	const char *account = strstr(api, "/api/accounts/"), *workspace;

	if (!account)
		return false;
	account += strlen("/api/accounts/");
	workspace = strstr(account, middle);
	if (!workspace)
		return false;
	if (strncmp(api, "https://api.prefect.cloud/", 26) == 0)
		buf_adds(out, "https://app.prefect.cloud");
	else
		buf_add(out, api, (size_t)(strstr(api, "/api/accounts/") - api));
	buf_addf(out, "/account/%.*s/workspace/%s", (int)(workspace - account), account,
		workspace + strlen(middle));
	return true;
}

static bool
add_ui(struct buf *out, const struct weir_config *config)
{
	const char *ui = weir_config_str(config, WEIR_KEY_UI_URL);
	const char *url = weir_config_str(config, WEIR_KEY_API_URL);
	char *api;

	if (ui && *ui) {
		buf_adds(out, ui);
	} else {
		if (!url || !*url)
			return false;
		api = weir_url_normalise(url);
		if (!add_cloud(out, api)) {
			buf_adds(out, api);
			if (out->len >= 4 &&
				memcmp(out->s + out->len - 4, "/api", 4) == 0)
				buf_truncate(out, out->len - 4);
		}
		free(api);
	}
	while (out->len && out->s[out->len - 1] == '/')
		buf_truncate(out, out->len - 1);
	return true;
}

static void
add_percent(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned char)*s);
	}
}

bool
weir_web_url(const struct weir_config *config, enum weir_kind kind,
	const struct weir_id *id, const char *name, struct buf *out)
{
	struct buf url = BUF_INIT(64 << 10);
	char text[WEIR_ID_TEXT + 1];
	bool ok = add_ui(&url, config);

	if (ok) {
		buf_addf(&url, "/%s", pages[kind]);
		if (kind == WEIR_POOL || kind == WEIR_QUEUE || kind == WEIR_WORKER)
			add_percent(&url, name ? name : "");
		else
			buf_adds(&url, weir_id_format(id, text));
		buf_addstr(out, buf_str(&url));
	}
	buf_release(&url);
	return ok;
}
