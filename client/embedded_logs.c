/* Lines of logs of the embedded backend: taken as rows or as JSON, read by run. */
#include <limits.h>

#include "embedded_priv.h"
#include "weir/logs.h"
#include "weir/mem.h"
#include "weir/text.h"
#include "weir/time.h"

/* ---- taking */

/* Ids of one batch: random, then counted. */
static struct weir_id
nth_id(const struct weir_id *base, uint64_t n)
{
	struct weir_id id = *base;
	uint64_t low;

	memcpy(&low, id.b + 8, sizeof(low));
	low += n;
	memcpy(id.b + 8, &low, sizeof(low));
	return id;
}

/* What stands one after the other of one run is put at once. */
static enum weir_rc
put_lines(struct embedded_call *c, struct weir_log *lines, size_t n)
{
	struct weir_id base = weir_id_random();
	size_t from = 0;
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < n; i++) {
		if (weir_id_is_null(&lines[i].id))
			lines[i].id = nth_id(&base, i);
		lines[i].created_us = c->now_us + (int64_t)i;
	}
	for (size_t i = 1; !rc && i <= n; i++) {
		if (i < n && weir_id_cmp(&lines[i].flow_run_id,
				     &lines[from].flow_run_id) == 0)
			continue;
		if (!weir_id_is_null(&lines[from].flow_run_id))
			rc = store_put_logs(c->store, &lines[from].flow_run_id,
				lines + from, i - from, NULL, c->err);
		from = i;
	}
	return rc;
}

static enum weir_rc
put_rows(struct embedded_call *c)
{
	struct weir_log *lines = xmemdup(c->logs, c->n_logs * sizeof(*lines));
	enum weir_rc rc = put_lines(c, lines, c->n_logs);

	free(lines);
	return rc ? rc : embedded_answer(c, 201, json_null());
}

static bool
read_line(const json_t *o, struct weir_log *l)
{
	const json_t *message = json_object_get(o, "message");
	const json_t *name = json_object_get(o, "name");
	const json_t *level = json_object_get(o, "level");

	*l = (struct weir_log){ .timestamp_us =
					embedded_us(json_object_get(o, "timestamp")) };
	l->message =
		(struct str){ json_string_value(message), json_string_length(message) };
	l->name = (struct str){ json_string_value(name), json_string_length(name) };
	l->level = (int)json_integer_value(level);
	(void)embedded_get_id(json_object_get(o, "flow_run_id"), &l->flow_run_id);
	(void)embedded_get_id(json_object_get(o, "task_run_id"), &l->task_run_id);
	return l->message.s && l->name.s && json_is_integer(level) &&
	       l->timestamp_us != WEIR_NO_TIME;
}

enum weir_rc
embedded_do_post_logs(struct embedded_call *c)
{
	size_t n = json_array_size(c->body), i = 0;
	struct weir_log *lines;
	enum weir_rc rc = WEIR_OK;

	if (c->logs)
		return c->n_logs ? put_rows(c) : embedded_answer(c, 201, json_null());
	lines = xcalloc(n + 1, sizeof(*lines));
	while (i < n && read_line(json_array_get(c->body, i), &lines[i]))
		i++;
	if (i < n)
		rc = embedded_refuse(c, 422,
			"[%zu]: name, level, message and timestamp are wanted", i);
	else if (n && !(rc = put_lines(c, lines, n)))
		rc = embedded_answer(c, 201, json_null());
	free(lines);
	return rc;
}

/* ---- reading */

struct found {
	struct weir_id run, task;
	size_t nth; /* in its log */
	int64_t us;
	int level;
	struct str name, message;
};

struct wanted {
	int min_level, max_level;
	int64_t after_us, before_us;
	struct weir_id task; /* all zero: any */
	bool own;            /* of no task run only */
	bool down;           /* newest first */
	size_t limit, offset;
	struct arena arena;
	VEC(struct found) lines;
};

static bool
passes(const struct wanted *w, const struct weir_line *l)
{
	if (l->level < w->min_level || l->level > w->max_level)
		return false;
	if (w->own && !weir_id_is_null(&l->task))
		return false;
	if (!weir_id_is_null(&w->task) && weir_id_cmp(&w->task, &l->task) != 0)
		return false;
	return l->us >= w->after_us && l->us <= w->before_us;
}

static struct str
keep(struct wanted *w, struct str s)
{
	return (struct str){ arena_strndup(&w->arena, s.s ? s.s : "", s.len), s.len };
}

static void
take(struct wanted *w, const struct weir_line *l, size_t nth)
{
	struct found f = { .run = l->run,
		.task = l->task,
		.nth = nth,
		.us = l->us,
		.level = l->level,
		.name = keep(w, l->logger),
		.message = keep(w, l->message) };

	VEC_PUSH(&w->lines, f);
}

/* As many lines of one run as the page may have of it. */
static enum weir_rc
read_log(struct embedded_call *c, struct wanted *w, const struct weir_id *run)
{
	struct weir_log_reader *log = NULL;
	size_t n, left = w->limit + w->offset, i, from = 0;
	struct weir_line line;
	enum weir_rc rc = weir_log_open(c->store, run, &log, c->err);

	if (rc)
		return rc;
	n = weir_log_n(log);
	if (!w->down && w->after_us != INT64_MIN)
		from = weir_log_at(log, w->after_us);
	for (i = from; !rc && left && i < n; i++) {
		size_t at = w->down ? n - 1 - i : i;

		rc = weir_log_get(log, at, &line, c->err);
		if (rc || (w->down ? line.us < w->after_us : line.us > w->before_us))
			break;
		if (!passes(w, &line))
			continue;
		line.run = *run;
		take(w, &line, at);
		left--;
	}
	weir_log_close(log);
	return rc;
}

static int
cmp_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->us != y->us)
		return x->us < y->us ? -1 : 1;
	return (x->nth > y->nth) - (x->nth < y->nth);
}

static void
add_line(struct buf *out, const struct found *f)
{
	struct weir_id id = nth_id(&f->run, f->nth + 1);
	char text[WEIR_ID_TEXT + 1], time[WEIR_TIME_TEXT];

	buf_addf(out, "%s{\"id\":\"%s\"", out->len > 1 ? "," : "",
		weir_id_format(&id, text));
	weir_time_format(f->us, time);
	buf_addf(out, ",\"created\":\"%s\",\"updated\":\"%s\",\"timestamp\":\"%s\"",
		time, time, time);
	buf_adds(out, ",\"name\":");
	text_json(out, f->name);
	buf_addf(out, ",\"level\":%d,\"message\":", f->level);
	text_json(out, f->message);
	buf_addf(out, ",\"flow_run_id\":\"%s\"", weir_id_format(&f->run, text));
	if (weir_id_is_null(&f->task))
		buf_adds(out, ",\"task_run_id\":null}");
	else
		buf_addf(out, ",\"task_run_id\":\"%s\"}",
			weir_id_format(&f->task, text));
}

static void
write_page(struct embedded_call *c, struct wanted *w)
{
	size_t n = w->lines.n;

	if (n)
		qsort(w->lines.v, n, sizeof(*w->lines.v), cmp_found);
	buf_addc(&c->out, '[');
	for (size_t i = w->offset; i < n && i < w->offset + w->limit; i++)
		add_line(&c->out, &w->lines.v[w->down ? n - 1 - i : i]);
	buf_addc(&c->out, ']');
}

static int64_t
bound(const json_t *of, const char *name, int64_t none)
{
	int64_t us = embedded_us(json_object_get(of, name));

	return us == WEIR_NO_TIME ? none : us;
}

static int
level(const json_t *of, const char *name, int none)
{
	const json_t *v = json_object_get(of, name);

	return json_is_integer(v) ? (int)json_integer_value(v) : none;
}

static void
read_wanted(const struct embedded_call *c, struct wanted *w)
{
	const json_t *logs = json_object_get(c->body, "logs");
	const json_t *times = json_object_get(logs, "timestamp");
	const json_t *levels = json_object_get(logs, "level");
	const json_t *tasks = json_object_get(logs, "task_run_id");
	const json_t *limit = json_object_get(c->body, "limit");
	const char *sort = embedded_str(c->body, "sort");

	w->min_level = level(levels, "ge_", INT_MIN);
	w->max_level = level(levels, "le_", INT_MAX);
	w->after_us = bound(times, "after_", INT64_MIN);
	w->before_us = bound(times, "before_", INT64_MAX);
	(void)embedded_get_id(
		json_array_get(json_object_get(tasks, "any_"), 0), &w->task);
	w->own = json_is_true(json_object_get(tasks, "is_null_"));
	w->down = sort && strcmp(sort, "TIMESTAMP_DESC") == 0;
	w->limit = EMBEDDED_PAGE;
	if (json_is_integer(limit) && json_integer_value(limit) >= 0)
		w->limit = (size_t)json_integer_value(limit);
	if (json_integer_value(json_object_get(c->body, "offset")) > 0)
		w->offset =
			(size_t)json_integer_value(json_object_get(c->body, "offset"));
}

enum weir_rc
embedded_do_list_logs(struct embedded_call *c)
{
	const json_t *runs = json_object_get(
		json_object_get(json_object_get(c->body, "logs"), "flow_run_id"),
		"any_");
	struct wanted w = { 0 };
	struct weir_id id;
	enum weir_rc rc = WEIR_OK;

	if (!json_is_array(runs))
		return embedded_refuse(
			c, 422, "logs.flow_run_id: logs are read by their runs");
	read_wanted(c, &w);
	if (w.limit > EMBEDDED_PAGE)
		return embedded_refuse(c, 422,
			"Invalid limit: must be less than or equal to %d.",
			EMBEDDED_PAGE);
	for (size_t i = 0; !rc && i < json_array_size(runs); i++)
		if (embedded_get_id(json_array_get(runs, i), &id))
			rc = read_log(c, &w, &id);
	if (!rc)
		write_page(c, &w);
	VEC_FREE(&w.lines);
	arena_free(&w.arena);
	return rc;
}
