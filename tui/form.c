#include "form.h"

#include <weir/json.h>
#include <weir/select.h>

/* ---- values */

/* The same value, always written alike; text that is no JSON stays. Owned. */
static char *
canonical(struct str json)
{
	struct buf b = BUF_INIT(FORM_TEXT_MAX);
	struct weir_json *tree = NULL;

	if (weir_json_parse(json, &tree, NULL))
		buf_addstr(&b, json);
	else
		weir_json_dump(tree, &b);
	weir_json_free(tree);
	buf_adds(&b, "");
	return buf_steal(&b);
}

static char *
dumped(const struct weir_json *value)
{
	struct buf b = BUF_INIT(FORM_TEXT_MAX);

	weir_json_dump(value, &b);
	return buf_steal(&b);
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *
form_value(const struct form_field *field)
{
	return field->value ? field->value : field->fallback;
}

bool
form_changed(const struct form_field *field)
{
	return !is_same(field->value, field->before);
}

bool
form_is_dirty(const struct form *f)
{
	for (size_t i = 0; i < f->fields.n; i++) {
		if (form_changed(&f->fields.v[i]))
			return true;
	}
	return false;
}

bool
form_is_secret(const struct form_field *field)
{
	return field->param && field->param->secret;
}

bool
form_is_switch(const struct form_field *field)
{
	return field->param && field->param->type == WEIR_PARAM_BOOL &&
	       !field->param->choices;
}

bool
form_is_long(const struct form_field *field)
{
	const char *value = form_value(field);
	enum weir_param_type type = field->param ? field->param->type : WEIR_PARAM_ANY;

	if (field->kind != FORM_PARAM || (field->param && field->param->choices))
		return false;
	if (type == WEIR_PARAM_ARRAY || type == WEIR_PARAM_OBJECT)
		return true;
	return value && (strlen(value) > 2000 || strstr(value, "\\n") ||
				*value == '{' || *value == '[');
}

void
form_set(struct form *f, size_t i, const char *value)
{
	struct form_field *field = &f->fields.v[i];
	char *copy = NULL;

	/* What comes to the default by itself need not be said. */
	if (value && (field->before || !is_same(value, field->fallback)))
		copy = xstrdup(value);
	free(field->value);
	field->value = copy;
}

void
form_type(struct form *f, size_t i, struct str text)
{
	struct form_field *field = &f->fields.v[i];
	struct buf b = BUF_INIT(FORM_TEXT_MAX);
	bool is_text = field->param && field->param->type == WEIR_PARAM_TEXT;
	char *value;

	if (field->kind != FORM_PARAM) {
		value = text.len ? str_copy(text) : NULL;
	} else if (!text.len && !is_text) {
		value = NULL;
	} else {
		weir_param_value(f->schema, str_of(field->name), text, &b);
		value = canonical(buf_str(&b));
	}
	form_set(f, i, value);
	free(value);
	buf_release(&b);
}

/* JSON as one would type it for this parameter. */
static void
untype(const struct form *f, const struct form_field *field, const char *json,
	struct buf *out)
{
	struct buf again = BUF_INIT(FORM_TEXT_MAX);
	struct weir_json *tree = NULL;
	char *same = NULL;

	if (weir_json_parse(str_of(json), &tree, NULL) ||
		weir_json_type(tree) != WEIR_JSON_TEXT) {
		buf_adds(out, json);
	} else {
		weir_param_value(
			f->schema, str_of(field->name), weir_json_text(tree), &again);
		same = canonical(buf_str(&again));
		if (is_same(same, json))
			buf_addstr(out, weir_json_text(tree));
		else
			buf_adds(out, json);
	}
	free(same);
	weir_json_free(tree);
	buf_release(&again);
}

void
form_text(const struct form *f, size_t i, struct buf *out)
{
	const struct form_field *field = &f->fields.v[i];
	const char *value = form_value(field);

	if (value && field->kind == FORM_PARAM)
		untype(f, field, value, out);
	else if (value)
		buf_adds(out, value);
}

void
form_default(struct form *f, size_t i)
{
	form_set(f, i, NULL);
}

void
form_undo(struct form *f, size_t i)
{
	form_set(f, i, f->fields.v[i].before);
}

bool
form_null(struct form *f, size_t i)
{
	const struct form_field *field = &f->fields.v[i];

	if (field->kind != FORM_PARAM || (field->param && !field->param->nullable &&
						 field->param->type != WEIR_PARAM_ANY))
		return false;
	form_set(f, i, "null");
	return true;
}

/* Where the value is among n choices; n: nowhere. */
static size_t
choice_at(const struct weir_json *choices, size_t n, const char *value)
{
	size_t at = 0;

	for (; at < n; at++) {
		char *text = dumped(weir_json_at(choices, at));
		bool same = is_same(text, value);

		free(text);
		if (same)
			break;
	}
	return at;
}

bool
form_step(struct form *f, size_t i, int direction)
{
	const struct form_field *field = &f->fields.v[i];
	const struct weir_json *choices = field->param ? field->param->choices : NULL;
	size_t n = weir_json_size(choices), at;
	const char *value = form_value(field);
	char *text;

	if (form_is_switch(field)) {
		form_set(f, i, is_same(value, "true") ? "false" : "true");
		return true;
	}
	if (!n)
		return false;
	at = choice_at(choices, n, value);
	if (at == n)
		at = direction > 0 ? 0 : n - 1;
	else
		at = (at + (direction > 0 ? 1 : n - 1)) % n;
	text = dumped(weir_json_at(choices, at));
	form_set(f, i, text);
	free(text);
	return true;
}

void
form_choices(const struct form_field *field, struct buf *out)
{
	const struct weir_json *choices = field->param ? field->param->choices : NULL;

	for (size_t i = 0; i < weir_json_size(choices); i++) {
		weir_json_show(weir_json_at(choices, i), out);
		buf_addc(out, '\n');
	}
}

/* ---- opening */

static size_t
field_of(const struct form *f, struct str name)
{
	for (size_t i = 0; i < f->fields.n; i++) {
		if (f->fields.v[i].kind == FORM_PARAM &&
			str_eq(name, f->fields.v[i].name))
			return i;
	}
	return FORM_NONE;
}

static size_t
add_field(struct form *f, enum form_kind kind, struct str name,
	const struct weir_param *param)
{
	struct form_field field = { .kind = kind, .param = param };

	field.name = str_copy(name);
	if (param && param->fallback)
		field.fallback = dumped(param->fallback);
	VEC_PUSH(&f->fields, field);
	return f->fields.n - 1;
}

/* Each member of a JSON object into `value` or `fallback` of the field of its name. */
static void
take_members(struct form *f, const char *json, bool as_value)
{
	const struct weir_json *v;
	struct weir_json *tree = NULL;
	const char *name;
	void *at = NULL;

	if (weir_json_parse(str_of(json), &tree, NULL))
		return;
	while (weir_json_next(tree, &at, &name, &v)) {
		size_t i = field_of(f, str_of(name));
		struct form_field *field;

		if (i == FORM_NONE && f->fields.n >= FORM_FIELDS_MAX)
			break;
		if (i == FORM_NONE)
			i = add_field(f, FORM_PARAM, str_of(name), NULL);
		field = &f->fields.v[i];
		if (as_value) {
			field->value = dumped(v);
			field->before = xstrdup(field->value);
		} else {
			free(field->fallback);
			field->fallback = dumped(v);
		}
	}
	weir_json_free(tree);
}

static void
add_fields(struct form *f, const char *run_parameters)
{
	static const struct {
		enum form_kind kind;
		const char *name;
	} own[] = { { FORM_NAME, "name" }, { FORM_TAGS, "tags" },
		{ FORM_START, "start" }, { FORM_QUEUE, "queue" } };
	size_t n = weir_schema_size(f->schema);

	for (size_t i = 0; i < n && i < FORM_FIELDS_MAX; i++) {
		const struct weir_param *p = weir_schema_param(f->schema, i);

		add_field(f, FORM_PARAM, str_of(p->name), p);
	}
	take_members(f, f->d.parameters, false);
	if (run_parameters)
		take_members(f, run_parameters, true);
	for (size_t i = 0; !run_parameters && i < N_ELEM(own); i++)
		add_field(f, own[i].kind, str_of(own[i].name), NULL);
}

struct old_run {
	struct weir_id deployment;
	char *name, *parameters;
};

static void
take_run(void *arg, const struct weir_rows *row)
{
	struct old_run *run = arg;

	run->deployment = weir_rows_cell(row, 0)->id;
	run->name = str_copy(weir_rows_cell(row, 1)->s);
	run->parameters = str_copy(weir_rows_cell(row, 2)->s);
}

enum weir_rc
form_open(struct form *f, struct weir_store *store, enum weir_kind kind,
	const struct weir_id *id, struct weir_err *err)
{
	struct old_run run = { .deployment = *id };
	enum weir_rc rc = WEIR_OK;

	*f = (struct form){ 0 };
	if (kind == WEIR_RUN) {
		rc = weir_row_of(store, kind, id, "deployment_id,name,parameters",
			take_run, &run, err);
		if (!rc && weir_id_is_null(&run.deployment))
			rc = weir_fail(err, WEIR_EREFUSED,
				"%.200s has no deployment: only what started its flow "
				"can start it again",
				run.name);
		f->run = *id;
	}
	if (!rc)
		rc = weir_deployment_of(store, &run.deployment, &f->d, err);
	if (!rc && weir_schema_parse(str_of(f->d.schema), &f->schema, NULL))
		rc = weir_schema_parse(STR(""), &f->schema, err);
	if (!rc)
		add_fields(f, run.parameters);
	f->run_name = run.name;
	free(run.parameters);
	if (rc)
		form_close(f);
	return rc;
}

void
form_forget_faults(struct form *f)
{
	for (size_t i = 0; i < f->fields.n; i++)
		f->fields.v[i].fault = false;
	for (size_t i = 0; i < f->faults.n; i++) {
		free(f->faults.v[i].path);
		free(f->faults.v[i].text);
	}
	f->faults.n = f->n_stop = 0;
}

void
form_close(struct form *f)
{
	for (size_t i = 0; i < f->fields.n; i++) {
		struct form_field *field = &f->fields.v[i];

		free(field->name);
		free(field->value);
		free(field->before);
		free(field->fallback);
	}
	VEC_FREE(&f->fields);
	form_forget_faults(f);
	VEC_FREE(&f->faults);
	free(f->run_name);
	weir_schema_free(f->schema);
	weir_deployment_release(&f->d);
	*f = (struct form){ 0 };
}

enum weir_rc
form_add(struct form *f, struct str text, size_t *ret_field, struct weir_err *err)
{
	const char *eq = memchr(text.s, '=', text.len);
	struct form_field field;
	struct str name;
	size_t at = 0, i;

	if (!eq || eq == text.s)
		return weir_fail(err, WEIR_EUSAGE, "a parameter is name=value");
	name = (struct str){ text.s, (size_t)(eq - text.s) };
	i = field_of(f, name);
	if (i == FORM_NONE && f->fields.n >= FORM_FIELDS_MAX)
		return weir_fail(
			err, WEIR_ETOOBIG, "at most %d fields", FORM_FIELDS_MAX);
	if (i == FORM_NONE) { /* behind the other parameters */
		add_field(f, FORM_PARAM, name, NULL);
		field = f->fields.v[f->fields.n - 1];
		while (at < f->fields.n - 1 && f->fields.v[at].kind == FORM_PARAM)
			at++;
		memmove(f->fields.v + at + 1, f->fields.v + at,
			(f->fields.n - 1 - at) * sizeof(field));
		f->fields.v[at] = field;
		i = at;
	}
	form_type(f, i, (struct str){ eq + 1, text.len - name.len - 1 });
	*ret_field = i;
	return WEIR_OK;
}
