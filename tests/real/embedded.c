/*
 * The embedded backend as a program: a request a line, `{"method", "path", "body"}`, is
 * answered by a line, `{"status", "body"}`; a list of them by as many lines, of one
 * transaction. For comparison with real servers, and to be killed.
 *
 * Usage: embedded FILE < REQUESTS
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "embedded.h"
#include "weir/mem.h"

static void
print(json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT);

	puts(text);
	fflush(stdout);
	free(text);
	json_decref(v);
}

static void
answered(void *arg, enum weir_rc rc, const struct transport_reply *reply,
	const struct weir_err *err)
{
	json_t *v = json_object(), *body = NULL;

	(void)arg;
	if (rc) {
		json_object_set_new(v, "status", json_integer(0));
		json_object_set_new(v, "body", json_string(err->text));
		print(v);
		return;
	}
	if (reply->body.len)
		body = json_loadb(reply->body.s, reply->body.len,
			JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_object_set_new(v, "status", json_integer(reply->status));
	json_object_set_new(v, "body", body ? body : json_null());
	print(v);
}

/* The methods as static text. */
static const char *
method_of(const json_t *request)
{
	static const char *const known[] = { "GET", "POST", "PATCH", "DELETE", "PUT" };
	const char *name = json_string_value(json_object_get(request, "method"));

	for (size_t i = 0; name && i < N_ELEM(known); i++)
		if (strcmp(known[i], name) == 0)
			return known[i];
	return "GET";
}

static char *
submit(struct transport *t, const json_t *request)
{
	const json_t *body = json_object_get(request, "body");
	char *text = body && !json_is_null(body)
			     ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY)
			     : NULL;
	struct transport_request r = {
		.method = method_of(request),
		.path = json_string_value(json_object_get(request, "path")),
		.body = str_of(text),
		.done = answered,
	};

	t->ops->submit(t, &r);
	return text;
}

static void
ask(struct transport *t, const json_t *request)
{
	size_t n = json_is_array(request) ? json_array_size(request) : 0;

	for (size_t i = 0; i < n; i++)
		free(submit(t, json_array_get(request, i)));
	if (!json_is_array(request))
		free(submit(t, request));
	t->ops->pump(t, -1);
}

int
main(int argc, char **argv)
{
	struct transport *t = NULL;
	struct weir_err err = { 0 };
	char *line = NULL;
	size_t size = 0;

	if (argc != 2 || embedded_open_file(argv[1], "platform", NULL, &t, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	while (getline(&line, &size, stdin) > 0) {
		json_t *request = json_loads(line, JSON_ALLOW_NUL, NULL);

		if (!request)
			return 2;
		ask(t, request);
		json_decref(request);
	}
	free(line);
	t->ops->close(t);
	return 0;
}
