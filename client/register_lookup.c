/* What a file refers to and only the server knows: variables, blocks. */
#include "register.h"

#include "api_body.h"
#include "session.h"

enum { LOOKUP_MAX = 1 << 20 };

static enum weir_rc
ask(struct weir_session *s, const char *path, json_t **ret, struct weir_err *err)
{
	struct buf body = BUF_INIT(LOOKUP_MAX);
	struct api *a;
	enum weir_rc rc = session_api(s, 0, &a, err);

	if (!rc)
		rc = api_raw_wait(a, "GET", path, STR(""), true, &body, err);
	if (!rc && !(*ret = register_parse(&body, path, err)))
		rc = err ? err->rc : WEIR_ENET;
	buf_release(&body);
	return rc;
}

static void
add_json(const json_t *value, struct buf *out)
{
	char *text = json_dumps(
		value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

	buf_adds(out, text ? text : "null");
	free(text);
}

static enum weir_rc
variable(
	struct weir_session *s, const char *name, struct buf *out, struct weir_err *err)
{
	struct buf path = BUF_INIT(BUF_MAX);
	json_t *v = NULL;
	enum weir_rc rc;

	buf_adds(&path, "/variables/name/");
	api_body_percent(&path, name);
	rc = ask(s, buf_cstr(&path), &v, err);
	if (!rc)
		add_json(json_object_get(v, "value"), out);
	json_decref(v);
	buf_release(&path);
	return rc;
}

/* One part of `key.list[0].key`; NULL: there is no such value. */
static const json_t *
step_into(const json_t *value, const char **at)
{
	size_t n = strcspn(*at, ".[");
	char *key = xstrndup(*at, n);

	if (n)
		value = json_object_get(value, key);
	free(key);
	*at += n;
	while (**at == '[') {
		char *end;
		unsigned long i = strtoul(*at + 1, &end, 10);

		value = *end == ']' ? json_array_get(value, i) : NULL;
		*at += strcspn(*at, "]");
		*at += **at == ']';
	}
	if (**at == '.')
		++*at;
	return value;
}

/* `value` is what a block is about that has nothing else. */
static const json_t *
block_value(const json_t *data, const char *keys)
{
	const json_t *only = json_object_get(data, "value");

	if (json_object_size(data) == 1 && only && strncmp(keys, "value", 5) != 0)
		data = only;
	while (data && *keys)
		data = step_into(data, &keys);
	return data;
}

/* name: `TYPE/NAME`, and `.KEY...` of what is meant of it. */
static enum weir_rc
block(struct weir_session *s, const char *name, struct buf *out, struct weir_err *err)
{
	const char *slash = strchr(name, '/');
	const char *rest = slash ? slash + 1 : "";
	size_t n = strcspn(rest, ".[");
	struct buf path = BUF_INIT(BUF_MAX);
	char *type = xstrndup(name, slash ? (size_t)(slash - name) : strlen(name));
	char *own = xstrndup(rest, n);
	json_t *doc = NULL;
	const json_t *value;
	enum weir_rc rc;

	buf_adds(&path, "/block_types/slug/");
	api_body_percent(&path, type);
	buf_adds(&path, "/block_documents/name/");
	api_body_percent(&path, own);
	buf_adds(&path, "?include_secrets=true");
	rc = ask(s, buf_cstr(&path), &doc, err);
	if (!rc) {
		value = block_value(json_object_get(doc, "data"),
			rest[n] == '.' ? rest + n + 1 : rest + n);
		if (value)
			add_json(value, out);
		else
			rc = weir_fail(err, WEIR_ENOTFOUND,
				"block %s/%s: it has no such value", type, rest);
	}
	json_decref(doc);
	buf_release(&path);
	free(type);
	free(own);
	return rc;
}

enum weir_rc
weir_register_lookup(void *arg, const char *what, const char *name, struct buf *out,
	struct weir_err *err)
{
	struct weir_reg_lookup *l = arg;

	if (strcmp(what, "variables") == 0)
		return variable(l->session, name, out, err);
	if (strcmp(what, "blocks") != 0)
		return weir_fail(err, WEIR_ENOTFOUND, "prefect.%s: not known", what);
	l->secret = true;
	return block(l->session, name, out, err);
}
