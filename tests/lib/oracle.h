/*
 * A second reader for pages: the field tables walked over jansson's tree, to hold the
 * pull decoder against. Slow, plain, and sharing nothing with it but the tables.
 */
#ifndef WEIR_TESTS_ORACLE_H
#define WEIR_TESTS_ORACLE_H

#include <limits.h>
#include <stdio.h>

#include <jansson.h>

#include "api_fields.h"
#include "weir/time.h"

/* As the pull decoder, jansson must take any bytes below: NUL in strings, any depth it
 * can. */
enum { ORACLE_FLAGS = JSON_ALLOW_NUL | JSON_DECODE_ANY };

static inline struct str
oracle_text(const json_t *v)
{
	return (struct str){ json_string_value(v), json_string_length(v) };
}

/*
 * A limit has two members for its name: which one a repeated member leaves is an
 * accident of either reader, and not judged.
 */
static inline size_t
oracle_flags(enum weir_kind kind, bool logs)
{
	return ORACLE_FLAGS |
	       (kind == WEIR_LIMIT && !logs ? JSON_REJECT_DUPLICATES : 0);
}

/* Put what v means for field f into row. Absent when it is of another type. */
static inline void
oracle_field(const struct api_field *f, const json_t *v, char *to)
{
	double d = json_number_value(v);
	int64_t i = 0;
	int level;
	bool b = json_is_true(v);
	struct str s;

	if (json_is_integer(v))
		i = json_integer_value(v);
	else if (json_is_real(v))
		i = d >= 9e18 ? INT64_MAX : d <= -9e18 ? INT64_MIN + 1 : (int64_t)d;
	level = (int)(i < INT_MIN ? INT_MIN : i > INT_MAX ? INT_MAX : i);
	s = oracle_text(v);
	switch (f->type) {
	case API_T_ID:
		if (json_is_string(v))
			(void)weir_id_parse(s, (struct weir_id *)(void *)to);
		break;
	case API_T_TIME:
		if (json_is_string(v))
			(void)weir_time_parse(s, (int64_t *)(void *)to);
		break;
	case API_T_STATE:
		if (json_is_string(v))
			(void)weir_state_parse(s, (enum weir_state *)(void *)to);
		break;
	case API_T_STR:
		if (json_is_string(v))
			memcpy(to, &s, sizeof(s));
		break;
	case API_T_INT:
		if (json_is_number(v))
			memcpy(to, &i, sizeof(i));
		break;
	case API_T_LEVEL:
		if (json_is_number(v))
			memcpy(to, &level, sizeof(level));
		break;
	case API_T_REAL:
		if (json_is_number(v))
			memcpy(to, &d, sizeof(d));
		break;
	case API_T_BOOL:
		if (json_is_boolean(v))
			memcpy(to, &b, sizeof(b));
		break;
	case API_T_LIST:
	case API_T_OBJECT:
		break; /* compared as trees */
	}
}

static inline const struct api_field *
oracle_find(const struct api_object *o, const char *key, size_t len)
{
	for (size_t i = 0; i < o->n_fields; i++)
		if (str_equal(o->fields[i].name, (struct str){ key, len }))
			return &o->fields[i];
	return NULL;
}

/*
 * Two numbers are one: the decoders read the same text, but jansson turns 1e400 or a
 * long integer away, so near is enough for what it takes.
 */
static inline bool
oracle_same_text(struct str a, const json_t *b)
{
	json_t *t = a.s ? json_loadb(a.s, a.len, ORACLE_FLAGS, NULL) : NULL;
	bool same = t && json_equal(t, b);

	json_decref(t);
	return same;
}

/* Is row what the object says? On false, *ret_why names the field. */
static inline bool
oracle_row(const struct api_object *o, const json_t *object, const char *row,
	const char **ret_why)
{
	char *want = xmalloc(o->size);
	json_t *rest = json_object(), *v;
	struct str text;
	struct buf braces = BUF_INIT(BUF_MAX);
	const struct api_field *f;
	const char *key;
	bool ok = true;

	api_row_init(o, want);
	json_object_foreach((json_t *)(uintptr_t)object, key, v)
	{
		f = oracle_find(o, key, strlen(key));
		if (f && !(f->flags & API_F_DROP))
			oracle_field(f, v, want + f->offset);
		if (!f || (f->flags & API_F_REST))
			json_object_set(rest, key, v);
	}
	for (f = o->fields; ok && f < o->fields + o->n_fields; f++) {
		static const size_t sizes[] = { sizeof(struct weir_id), sizeof(int64_t),
			0, sizeof(int64_t), sizeof(int), sizeof(double), sizeof(bool),
			sizeof(enum weir_state) };

		if (f->flags & API_F_DROP)
			continue;
		*ret_why = f->name.s;
		memcpy(&text, row + f->offset, sizeof(bool));
		if (f->type == API_T_STR) {
			struct str w;

			memcpy(&text, row + f->offset, sizeof(text));
			memcpy(&w, want + f->offset, sizeof(w));
			ok = str_equal(text, w) && !text.s == !w.s;
		} else if (f->type == API_T_LIST || f->type == API_T_OBJECT) {
			v = json_object_getn(object, f->name.s, f->name.len);
			memcpy(&text, row + f->offset, sizeof(text));
			ok = (f->type == API_T_LIST ? json_is_array(v)
						    : json_is_object(v))
				     ? oracle_same_text(text, v)
				     : text.s == NULL;
		} else {
			ok = memcmp(row + f->offset, want + f->offset,
				     sizes[f->type]) == 0;
		}
	}
	if (ok && o->rest_offset) {
		*ret_why = "rest";
		memcpy(&text, row + o->rest_offset, sizeof(text));
		buf_addc(&braces, '{');
		buf_addstr(&braces, text);
		buf_addc(&braces, '}');
		ok = oracle_same_text(buf_str(&braces), rest);
	}
	if (ok && o->doc_offset) {
		*ret_why = "doc";
		memcpy(&text, row + o->doc_offset, sizeof(text));
		ok = oracle_same_text(text, object);
	}
	json_decref(rest);
	buf_release(&braces);
	free(want);
	return ok;
}

/* Would the decoder have to refuse this row? */
static inline bool
oracle_has_id(const json_t *object)
{
	struct weir_id id;
	const json_t *v = json_object_get(object, "id");

	return json_is_string(v) && weir_id_parse(oracle_text(v), &id) &&
	       !weir_id_is_null(&id);
}

/*
 * Decode body both ways. NULL when they agree, else what differs (static or field
 * name), with the row's number in *ret_row. What jansson cannot read is not judged.
 */
static inline const char *
oracle_compare(enum weir_kind kind, bool logs, struct str body, size_t *ret_row)
{
	const struct api_object *o = api_object_of(kind, logs);
	json_t *tree = json_loadb(body.s, body.len, oracle_flags(kind, logs), NULL);
	struct arena arena = { 0 };
	struct run_vec runs = { 0 };
	struct task_run_vec tasks = { 0 };
	struct log_vec lines = { 0 };
	struct doc_vec docs = { 0 };
	const char *why = NULL, *rows;
	bool good = tree != NULL;
	struct weir_err err = { 0 };
	enum weir_rc rc;
	size_t n, want;

	if (logs)
		rc = api_decode_logs(body, &arena, &lines, &err);
	else if (kind == WEIR_RUN)
		rc = api_decode_runs(body, &arena, &runs, &err);
	else if (kind == WEIR_TASK_RUN)
		rc = api_decode_task_runs(body, &arena, &tasks, &err);
	else
		rc = api_decode_docs(kind, body, &arena, &docs, &err);
	n = logs                    ? lines.n
	    : kind == WEIR_RUN      ? runs.n
	    : kind == WEIR_TASK_RUN ? tasks.n
				    : docs.n;
	rows = logs                    ? (const char *)lines.v
	       : kind == WEIR_RUN      ? (const char *)runs.v
	       : kind == WEIR_TASK_RUN ? (const char *)tasks.v
				       : (const char *)docs.v;
	*ret_row = 0;
	/* Ours ends at PULL_DEPTH_MAX, jansson later. */
	if (!tree || (rc && strstr(err.text, "nested too deeply")))
		goto out;
	if (json_is_array(tree)) {
		want = json_array_size(tree);
		for (size_t i = 0; i < want; i++)
			good = good && oracle_has_id(json_array_get(tree, i));
	} else {
		want = 1;
		good = oracle_has_id(tree);
	}
	if (good != (rc == WEIR_OK))
		why = good ? "it was refused" : "it was taken";
	else if (good && n != want)
		why = "the number of rows";
	for (size_t i = 0; good && !why && i < n; i++) {
		*ret_row = i;
		if (!oracle_row(o, json_is_array(tree) ? json_array_get(tree, i) : tree,
			    rows + i * o->size, &why))
			break;
		why = NULL;
	}
out:
	json_decref(tree);
	VEC_FREE(&runs);
	VEC_FREE(&tasks);
	VEC_FREE(&lines);
	VEC_FREE(&docs);
	arena_free(&arena);
	return why;
}

#endif
