/* What a form amounts to: its faults, what is sent, the command. */
#include <weir/json.h>
#include <weir/shell.h>
#include <weir/text.h>
#include <weir/time.h>

#include "form.h"

enum { PRETTY_DEPTH_MAX = 64 };
static const char mask_text[] = "\"****\"";
static const int64_t past_us = INT64_C(60) * WEIR_SECOND_US;

/* ---- the run's own */

static const char *
own_value(const struct form *f, enum form_kind kind)
{
	for (size_t i = 0; i < f->fields.n; i++) {
		if (f->fields.v[i].kind == kind)
			return f->fields.v[i].value;
	}
	return NULL;
}

static const char *
skip_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	while (*text == ' ')
		text++;
	return strncmp(text, word, n) == 0 && text[n] == ' ' ? text + n + 1 : NULL;
}

/* `now`, `in 20m`, `at 18:30`, `18:30`. False: none of them; *ret_us only if true. */
static bool
read_start(const char *text, int64_t now_us, int64_t *ret_us)
{
	const char *in, *at;
	int64_t span, us = WEIR_NO_TIME;

	if (!text || strcmp(text, "now") == 0) {
		*ret_us = WEIR_NO_TIME;
		return true;
	}
	in = skip_word(text, "in");
	at = skip_word(text, "at");
	if (in) {
		if (!weir_duration_parse(str_of(in), &span) ||
			__builtin_add_overflow(now_us, span, &us))
			return false;
	} else if (!weir_time_parse_human(str_of(at ? at : text), now_us, &us)) {
		return false;
	}
	*ret_us = us;
	return us >= now_us - past_us;
}

/* `pr-1, nightly` as a JSON array, NULL if there is none. Owned. */
static char *
tags_json(const char *text)
{
	struct buf b = BUF_INIT(FORM_TEXT_MAX);

	for (; text && *text; text += strspn(text, ",")) {
		size_t n = strcspn(text, ","), from = 0, to = n;

		while (from < to && text[from] == ' ')
			from++;
		while (to > from && text[to - 1] == ' ')
			to--;
		if (to > from) {
			buf_adds(&b, b.len ? "," : "[");
			text_json(&b, (struct str){ text + from, to - from });
		}
		text += n;
	}
	if (!b.len)
		return NULL;
	buf_addc(&b, ']');
	return buf_steal(&b);
}

/* ---- parameters */

/* A value of the old run is left out: only the deployment's are there then. */
static bool
leaves_out(const struct form *f)
{
	for (size_t i = 0; i < f->fields.n; i++) {
		if (f->fields.v[i].before && !f->fields.v[i].value)
			return true;
	}
	return false;
}

enum which { ALL, CHANGED };

/* Values that are set, as a JSON object. Owned. */
static char *
values(const struct form *f, enum which which, bool mask)
{
	struct buf b = BUF_INIT(FORM_TEXT_MAX * 2);

	buf_addc(&b, '{');
	for (size_t i = 0; i < f->fields.n; i++) {
		const struct form_field *field = &f->fields.v[i];

		if (field->kind != FORM_PARAM || !field->value ||
			(which == CHANGED && !form_changed(field)))
			continue;
		if (b.len > 1)
			buf_addc(&b, ',');
		text_json(&b, str_of(field->name));
		buf_addc(&b, ':');
		buf_adds(&b, mask && form_is_secret(field) ? mask_text : field->value);
	}
	buf_addc(&b, '}');
	return buf_steal(&b);
}

static void
make(const struct form *f, int64_t now_us, bool mask, struct form_wish *w)
{
	bool again = !weir_id_is_null(&f->run), rest = again && leaves_out(f);

	*w = (struct form_wish){ .trigger = WEIR_TRIGGER_INIT };
	w->parameters = values(f, again && !rest ? CHANGED : ALL, mask);
	if (strcmp(w->parameters, "{}") == 0) {
		free(w->parameters);
		w->parameters = NULL;
	}
	w->tags = tags_json(own_value(f, FORM_TAGS));
	w->act.kind = WEIR_ACT_RETRIGGER;
	w->act.defaults = rest;
	w->act.parameters = w->parameters;
	w->trigger.deployment = f->d.id;
	w->trigger.parameters = w->parameters;
	w->trigger.tags = w->tags;
	w->trigger.name = own_value(f, FORM_NAME);
	w->trigger.queue = own_value(f, FORM_QUEUE);
	(void)read_start(own_value(f, FORM_START), now_us, &w->trigger.at_us);
}

void
form_wish(const struct form *f, int64_t now_us, struct form_wish *ret_wish)
{
	make(f, now_us, false, ret_wish);
}

void
form_wish_release(struct form_wish *w)
{
	free(w->parameters);
	free(w->tags);
	*w = (struct form_wish){ .trigger = WEIR_TRIGGER_INIT };
}

/* ---- the command */

/* The options of a trigger, without what stands before them. */
static void
add_options(const struct form *f, const struct weir_trigger *t, struct buf *out)
{
	struct weir_trigger none = WEIR_TRIGGER_INIT;
	struct buf bare = BUF_INIT(FORM_TEXT_MAX), all = BUF_INIT(FORM_TEXT_MAX * 2);

	weir_trigger_command(&none, &f->d, &bare);
	weir_trigger_command(t, &f->d, &all);
	buf_adds(out, buf_cstr(&all) + bare.len);
	buf_release(&bare);
	buf_release(&all);
}

void
form_command(const struct form *f, struct buf *out)
{
	const char *start = own_value(f, FORM_START), *in, *at;
	struct weir_trigger options = WEIR_TRIGGER_INIT;
	char id[WEIR_ID_TEXT + 1];
	struct form_wish w;

	make(f, 0, true, &w);
	w.trigger.at_us = WEIR_NO_TIME; /* as it was typed */
	if (weir_id_is_null(&f->run)) {
		weir_trigger_command(&w.trigger, &f->d, out);
	} else {
		weir_act_command(&w.act, out);
		buf_addf(out, " %s", weir_id_format(&f->run, id));
		options.parameters = w.parameters;
		add_options(f, &options, out);
	}
	if (start && strcmp(start, "now") != 0) {
		in = skip_word(start, "in");
		at = skip_word(start, "at");
		buf_adds(out, in ? " --in " : " --at ");
		weir_shell_quote(out, in ? in : at ? at : start);
	}
	form_wish_release(&w);
}

void
form_mask(const struct form *f, struct str text, struct buf *out)
{
	struct buf now = BUF_INIT(FORM_TEXT_MAX * 4),
		   next = BUF_INIT(FORM_TEXT_MAX * 4);

	buf_addstr(&now, text);
	for (size_t i = 0; i < f->fields.n; i++) {
		const struct form_field *field = &f->fields.v[i];
		const char *at = buf_cstr(&now), *hit;

		if (!form_is_secret(field) || !field->value || strlen(field->value) < 3)
			continue;
		buf_clear(&next);
		while ((hit = strstr(at, field->value))) {
			buf_add(&next, at, (size_t)(hit - at));
			buf_adds(&next, mask_text);
			at = hit + strlen(field->value);
		}
		buf_adds(&next, at);
		buf_clear(&now);
		buf_addstr(&now, buf_str(&next));
	}
	buf_addstr(out, buf_str(&now));
	buf_release(&now);
	buf_release(&next);
}

/* ---- faults */

/* Of `platforms[2].name`: the longest name that it begins with. */
static size_t
field_of_path(const struct form *f, const char *path)
{
	size_t best = FORM_NONE, longest = 0;

	for (size_t i = 0; i < f->fields.n; i++) {
		const struct form_field *field = &f->fields.v[i];
		size_t n = strlen(field->name);

		if (field->kind == FORM_PARAM && n > longest &&
			strncmp(path, field->name, n) == 0 &&
			(!path[n] || path[n] == '.' || path[n] == '[')) {
			best = i;
			longest = n;
		}
	}
	return best;
}

struct checking {
	struct form *f;
	bool warns;
};

static void
add_fault(void *arg, const char *path, const char *text)
{
	struct checking *c = arg;
	struct form *f = c->f;
	struct form_fault fault = { .field = field_of_path(f, path) };

	if (f->faults.n >= FORM_FAULTS_MAX)
		return;
	fault.path = xstrdup(path);
	/* What is told of a value may repeat it. */
	if (fault.field != FORM_NONE && form_is_secret(&f->fields.v[fault.field]) &&
		f->fields.v[fault.field].value)
		text = "does not fit its schema";
	fault.text = xstrdup(text);
	fault.warns = c->warns;
	if (fault.field != FORM_NONE)
		f->fields.v[fault.field].fault = true;
	f->n_stop += !c->warns;
	VEC_PUSH(&f->faults, fault);
}

static void
add_unknown(void *arg, const char *name, const char *near)
{
	struct buf b = BUF_INIT(4096);

	buf_adds(&b, "is no parameter of it");
	if (*near)
		buf_addf(&b, ", did you mean %s?", near);
	add_fault(arg, name, buf_cstr(&b));
	buf_release(&b);
}

static void
check_parameters(struct form *f)
{
	struct buf all = BUF_INIT(FORM_TEXT_MAX * 4);
	struct weir_json *tree = NULL, *own = NULL;
	struct checking c = { f, !f->d.enforced };
	struct weir_err err = { 0 };
	char *over = values(f, ALL, false);

	if (weir_params_overlay(str_of(f->d.parameters), str_of(over), &all, &err) ||
		weir_json_parse(buf_str(&all), &tree, &err) ||
		weir_json_parse(str_of(over), &own, &err)) {
		c.warns = false;
		add_fault(&c, "", err.text);
	} else {
		weir_params_check(f->schema, tree, add_fault, &c);
		c.warns = true;
		weir_params_unknown(f->schema, own, add_unknown, &c);
	}
	weir_json_free(tree);
	weir_json_free(own);
	free(over);
	buf_release(&all);
}

/* In the order of the fields; those of one stay as they came. */
static void
sort_faults(struct form *f)
{
	for (size_t i = 1; i < f->faults.n; i++) {
		struct form_fault fault = f->faults.v[i];
		size_t j = i;

		for (; j > 0 && f->faults.v[j - 1].field > fault.field; j--)
			f->faults.v[j] = f->faults.v[j - 1];
		f->faults.v[j] = fault;
	}
}

static void
check_start(struct form *f, int64_t now_us)
{
	const char *start = own_value(f, FORM_START);
	struct form_fault fault = { .field = FORM_NONE };
	int64_t at;

	if (read_start(start, now_us, &at))
		return;
	for (size_t i = 0; i < f->fields.n; i++) {
		if (f->fields.v[i].kind == FORM_START)
			fault.field = i;
	}
	f->fields.v[fault.field].fault = true;
	fault.path = xstrdup("start");
	fault.text = xstrdup("is not now, in 20m, 18:30 or 2026-11-21 18:30, or over");
	f->n_stop++;
	VEC_PUSH(&f->faults, fault);
}

void
form_check(struct form *f, int64_t now_us)
{
	form_forget_faults(f);
	check_parameters(f);
	check_start(f, now_us);
	sort_faults(f);
}

/* ---- for editors */

static void
add_pretty(const struct weir_json *v, size_t depth, struct buf *out)
{
	bool object = weir_json_type(v) == WEIR_JSON_OBJECT;
	size_t n = weir_json_size(v);
	const struct weir_json *item;
	const char *name;
	void *at = NULL;

	if (n == 0 || depth > PRETTY_DEPTH_MAX) {
		weir_json_dump(v, out);
		return;
	}
	buf_addc(out, object ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i ? ",\n" : "\n");
		buf_addn(out, ' ', 2 * depth + 2);
		if (!object) {
			item = weir_json_at(v, i);
		} else if (weir_json_next(v, &at, &name, &item)) {
			text_json(out, str_of(name));
			buf_adds(out, ": ");
		}
		add_pretty(item, depth + 1, out);
	}
	buf_addc(out, '\n');
	buf_addn(out, ' ', 2 * depth);
	buf_addc(out, object ? '}' : ']');
}

void
form_pretty(struct str json, struct buf *out)
{
	struct weir_json *tree = NULL;

	if (weir_json_parse(json, &tree, NULL)) {
		buf_addstr(out, json);
		return;
	}
	add_pretty(tree, 0, out);
	weir_json_free(tree);
}
