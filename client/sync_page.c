/* Copies of decoded pages, so that a page can wait while the next request goes out. */
#include "sync_parts.h"

static void
keep(struct arena *arena, struct str *s)
{
	if (s->s)
		s->s = arena_strndup(arena, s->s, s->len);
}

static void
keep_run(struct arena *arena, struct weir_run *r)
{
	keep(arena, &r->name);
	keep(arena, &r->state_name);
	keep(arena, &r->work_queue_name);
	keep(arena, &r->work_pool_name);
	keep(arena, &r->tags);
	keep(arena, &r->parameters);
	keep(arena, &r->state);
	keep(arena, &r->rest);
}

static void
keep_task_run(struct arena *arena, struct weir_task_run *r)
{
	keep(arena, &r->name);
	keep(arena, &r->task_key);
	keep(arena, &r->dynamic_key);
	keep(arena, &r->state_name);
	keep(arena, &r->tags);
	keep(arena, &r->state);
	keep(arena, &r->rest);
}

static void *
keep_rows(struct arena *arena, const void *rows, size_t n, size_t size)
{
	void *copy = arena_alloc(arena, n ? n * size : 1);

	if (n)
		memcpy(copy, rows, n * size);
	return copy;
}

static void
copy_logs(struct arena *arena, const struct api_page *from, struct api_page *to)
{
	struct weir_log *rows =
		keep_rows(arena, from->logs, from->n, sizeof(*from->logs));

	for (size_t i = 0; i < from->n; i++) {
		keep(arena, &rows[i].name);
		keep(arena, &rows[i].message);
	}
	to->logs = rows;
}

static void
copy_runs(struct arena *arena, const struct api_page *from, struct api_page *to)
{
	struct weir_run *rows =
		keep_rows(arena, from->runs, from->n, sizeof(*from->runs));

	for (size_t i = 0; i < from->n; i++)
		keep_run(arena, &rows[i]);
	to->runs = rows;
}

static void
copy_task_runs(struct arena *arena, const struct api_page *from, struct api_page *to)
{
	struct weir_task_run *rows =
		keep_rows(arena, from->task_runs, from->n, sizeof(*from->task_runs));

	for (size_t i = 0; i < from->n; i++)
		keep_task_run(arena, &rows[i]);
	to->task_runs = rows;
}

static void
copy_docs(struct arena *arena, const struct api_page *from, struct api_page *to)
{
	struct weir_doc *rows =
		keep_rows(arena, from->docs, from->n, sizeof(*from->docs));

	for (size_t i = 0; i < from->n; i++) {
		keep(arena, &rows[i].name);
		keep(arena, &rows[i].doc);
	}
	to->docs = rows;
}

void
sync_page_copy(struct arena *arena, const struct api_page *from, bool logs,
	struct api_page *ret_page)
{
	*ret_page = *from;
	ret_page->body = (struct str){ 0 };
	ret_page->path = (struct str){ 0 };
	if (logs)
		copy_logs(arena, from, ret_page);
	else if (from->kind == WEIR_RUN)
		copy_runs(arena, from, ret_page);
	else if (from->kind == WEIR_TASK_RUN)
		copy_task_runs(arena, from, ret_page);
	else
		copy_docs(arena, from, ret_page);
}

struct weir_id
sync_page_id(const struct api_page *p, size_t i)
{
	if (p->kind == WEIR_RUN)
		return p->runs[i].id;
	if (p->kind == WEIR_TASK_RUN)
		return p->task_runs[i].id;
	return p->docs[i].id;
}

/* The index of id, or n when it is not there. */
size_t
sync_page_find(const struct api_page *p, const struct weir_id *id)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		struct weir_id row = sync_page_id(p, i);

		if (weir_id_cmp(&row, id) == 0)
			break;
	}
	return i;
}
