/* How a form looks. */
#include <weir/json.h>

#include "app.h"
#include "view_form.h"

enum {
	NARROW = 60,
	WIDE = 120,
	NAME_MIN = 6,
	NAME_COLUMNS = 24,
	VALUE_WIDE = 44,
	TYPE_COLUMNS = 16,
	TEXT_SHOWN = 4096,
	FAULT_LINES = 3,
};

struct columns {
	int name, value, type;
	bool about;
};

static struct columns
columns_of(const struct form *f, const struct draw *d, int width)
{
	struct columns c = { .name = NAME_MIN };
	int most = width / 3 < NAME_COLUMNS ? width / 3 : NAME_COLUMNS;

	for (size_t i = 0; i < f->fields.n; i++) {
		int w = draw_width(d, f->fields.v[i].name);

		c.name = w > c.name ? w : c.name;
	}
	c.name = c.name < most ? c.name : most < 1 ? 1 : most;
	c.type = width < NARROW ? 0 : TYPE_COLUMNS;
	c.about = width >= WIDE;
	/* A blank, the name, its star, a blank; a blank before the type. */
	c.value = width - c.name - 3 - (c.type ? c.type + 1 : 0);
	if (c.about)
		c.value = VALUE_WIDE;
	if (c.value < 1)
		c.value = 1;
	return c;
}

static void
add_type(const struct form_field *field, struct buf *out)
{
	static const char *const words[] = {
		[WEIR_PARAM_ANY] = "any",
		[WEIR_PARAM_TEXT] = "text",
		[WEIR_PARAM_INTEGER] = "integer",
		[WEIR_PARAM_NUMBER] = "number",
		[WEIR_PARAM_BOOL] = "yes or no",
		[WEIR_PARAM_ARRAY] = "array",
		[WEIR_PARAM_OBJECT] = "object",
	};
	static const char *const own[] = {
		[FORM_NAME] = "of the run",
		[FORM_TAGS] = "a, b",
		[FORM_START] = "now, in, at",
		[FORM_QUEUE] = "of the pool",
	};
	const struct weir_param *p = field->param;

	if (field->kind != FORM_PARAM)
		buf_adds(out, own[field->kind]);
	else if (!p)
		buf_adds(out, "not in schema");
	else if (p->choices)
		buf_addf(out, "one of %zu", weir_json_size(p->choices));
	else
		buf_adds(out, *p->format ? p->format : words[p->type]);
	if (p && p->nullable)
		buf_adds(out, " or null");
}

static void
add_shown(const struct form_view *fv, size_t i, const struct theme *t, struct buf *out)
{
	const struct form_field *field = &fv->form.fields.v[i];
	const char *value = form_value(field);
	struct buf b = BUF_INIT(FORM_TEXT_MAX);

	form_text(&fv->form, i, &b);
	if (form_is_secret(field) && value && strcmp(value, "null") != 0)
		buf_adds(out, "********");
	else if (form_is_switch(field) && value && *value != 'n')
		buf_addf(out, "[%c] %s", strcmp(value, "true") ? ' ' : 'x', value);
	else if (field->param && field->param->choices)
		buf_addf(out, "%s %s %s", theme_glyph(t, GLYPH_UNDER),
			value ? buf_cstr(&b) : "-", theme_glyph(t, GLYPH_CRUMB));
	else if (value && field->kind == FORM_PARAM && !b.len)
		buf_adds(out, "\"\"");
	else if (value)
		buf_add(out, buf_cstr(&b), b.len < TEXT_SHOWN ? b.len : TEXT_SHOWN);
	else if (field->kind == FORM_START)
		buf_adds(out, "now");
	else if (field->kind == FORM_QUEUE && *fv->form.d.queue)
		buf_adds(out, fv->form.d.queue);
	else
		buf_adds(out, "-");
	buf_release(&b);
}

static void
write_faults_of(struct page *p, const struct form *f, size_t field, int indent)
{
	for (size_t i = 0; i < f->faults.n; i++) {
		const struct form_fault *fault = &f->faults.v[i];
		struct buf b = BUF_INIT(TEXT_SHOWN);

		if (fault->field == field) {
			if (strcmp(fault->path, f->fields.v[field].name) != 0)
				buf_addf(&b, "%s ", fault->path);
			buf_adds(&b, fault->text);
			page_text(p, NULL, indent,
				fault->warns ? STYLE_WARNING : STYLE_ERROR, buf_str(&b),
				FAULT_LINES);
		}
		buf_release(&b);
	}
}

static void
write_field(struct page_view *v, struct page *p, size_t i, const struct columns *c)
{
	const struct form_view *fv = v->arg;
	const struct form_field *field = &fv->form.fields.v[i];
	bool required = field->param && field->param->required;
	struct buf value = BUF_INIT(TEXT_SHOWN * 2), type = BUF_INIT(256);
	enum style style = field->fault   ? STYLE_ERROR
			   : field->value ? STYLE_STRONG
					  : STYLE_DIM;
	struct page_line *line;

	add_shown(fv, i, &v->v.app->theme, &value);
	add_type(field, &type);
	line = page_begin(p, (int64_t)i + 1);
	line->opens = PAGE_OPENS_SELF;
	page_gap(p, 1);
	page_add(p, STYLE_PLAIN, str_of(field->name), c->name, false);
	page_add(p, STYLE_KEY, str_of(required ? "*" : " "), 1, false);
	page_gap(p, 1);
	page_add(p, style, buf_str(&value), c->value, false);
	if (c->type) {
		page_gap(p, 1);
		page_add(p, STYLE_DIM, buf_str(&type), c->type, false);
	}
	if (c->about && field->param) {
		page_gap(p, 1);
		page_add(p, STYLE_DIM, str_of(field->param->description), 0, false);
	}
	if (field->fault)
		write_faults_of(p, &fv->form, i, c->name + 3);
	buf_release(&value);
	buf_release(&type);
}

/* What is said of all of it; Enter goes to the field. */
static void
write_faults(struct page *p, const struct form *f)
{
	for (size_t i = 0; i < f->faults.n; i++) {
		const struct form_fault *fault = &f->faults.v[i];
		struct page_line *line = page_begin(p, LINE_FAULT + (int64_t)i);
		struct buf b = BUF_INIT(TEXT_SHOWN);

		if (fault->field != FORM_NONE)
			line->opens = PAGE_OPENS_SELF;
		buf_addf(&b, "%s%s%s", fault->path, *fault->path ? " " : "",
			fault->text);
		page_gap(p, 1);
		page_add(p, fault->warns ? STYLE_WARNING : STYLE_ERROR, buf_str(&b), 0,
			false);
		buf_release(&b);
	}
}

static void
write_start(struct page_view *v, struct page *p)
{
	const struct form_view *fv = v->arg;
	const struct form *f = &fv->form;
	struct page_line *line = page_begin(p, LINE_START);
	struct buf b = BUF_INIT(256);

	line->opens = PAGE_OPENS_SELF;
	page_gap(p, 1);
	if (fv->started)
		buf_adds(&b, "it was started");
	else if (fv->request)
		buf_adds(&b, app_asking(v->v.app));
	else if (f->n_stop)
		buf_addf(&b, "not yet: %zu fault%s", f->n_stop,
			f->n_stop == 1 ? "" : "s");
	else if (weir_id_is_null(&f->run))
		buf_adds(&b, "start the run");
	else
		buf_adds(&b, "start it again");
	page_add(p, f->n_stop ? STYLE_ERROR : STYLE_STRONG, buf_str(&b), 0, false);
	write_faults(p, f);
	if (!f->d.enforced && f->faults.n)
		page_text(p, NULL, 1, STYLE_WARNING,
			STR("its deployment enforces no schema: it can be sent all the "
			    "same"),
			2);
	if (fv->wait[0])
		page_text(p, NULL, 1, STYLE_WARNING, str_of(fv->wait), FAULT_LINES);
	buf_release(&b);
}

static void
write_fields(struct page_view *v, struct page *p, bool params)
{
	const struct form *f = &((const struct form_view *)v->arg)->form;
	struct columns c = columns_of(f, &v->v.app->draw, p->width);

	for (size_t i = 0; i < f->fields.n; i++) {
		if ((f->fields.v[i].kind == FORM_PARAM) == params)
			write_field(v, p, i, &c);
	}
}

void
view_form_write(struct page_view *v, struct page *p, void *arg)
{
	struct form_view *fv = arg;
	struct page_line *line;
	struct buf b = BUF_INIT(FORM_TEXT_MAX);

	if (weir_id_is_null(&fv->form.run))
		buf_addf(&b, "%s/%s", fv->form.d.flow_name, fv->form.d.name);
	else
		buf_addf(&b, "%s again, of %s/%s", fv->form.run_name,
			fv->form.d.flow_name, fv->form.d.name);
	page_begin(p, 0);
	page_add(p, STYLE_HEADER, buf_str(&b), 0, false);
	write_fields(v, p, true);
	line = page_begin(p, LINE_ADD);
	line->opens = PAGE_OPENS_SELF;
	page_gap(p, 1);
	page_addf(p, STYLE_DIM, "another parameter");
	if (weir_id_is_null(&fv->form.run)) {
		page_heading(p, "the run");
		write_fields(v, p, false);
	}
	page_blank(p);
	write_start(v, p);
	page_blank(p);
	page_heading(p, "the command");
	buf_clear(&b);
	form_command(&fv->form, &b);
	page_text(p, NULL, 1, STYLE_PLAIN, buf_str(&b), PAGE_LINES_MAX);
	buf_release(&b);
}

void
view_form_counts(struct page_view *v, void *arg, struct draw *d)
{
	const struct form_view *fv = arg;
	const struct page_line *line = page_view_line(v);
	const struct form_field *field;
	struct buf b = BUF_INIT(TEXT_SHOWN);
	size_t i = line && line->key > 0 ? (size_t)line->key - 1 : FORM_NONE;

	if (i < fv->form.fields.n) {
		field = &fv->form.fields.v[i];
		add_type(field, &b);
		draw_text(d, STYLE_PLAIN, buf_cstr(&b));
		if (field->param && *field->param->description) {
			draw_spaces(d, 2);
			draw_text(d, STYLE_DIM, field->param->description);
		}
	} else if (line && line->key == LINE_ADD) {
		draw_text(
			d, STYLE_DIM, "one that the schema does not name: name=value");
	} else {
		buf_addf(&b, "%zu fault%s", fv->form.n_stop,
			fv->form.n_stop == 1 ? "" : "s");
		draw_text(d, fv->form.n_stop ? STYLE_ERROR : STYLE_DIM, buf_cstr(&b));
	}
	buf_release(&b);
}
