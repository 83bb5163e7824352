/* JSON values as lines: parameters, labels, documents. */
#include <string.h>

#include <weir/text.h>

#include "facts_parts.h"
#include "word.h"

enum { NAME_MAX_COLUMNS = 30, DEPTH_MAX = 32, INLINE_MAX = 6, JSON_LINES_MAX = 5000 };

static bool
is_plain(const struct weir_json *v)
{
	return (weir_json_type(v) != WEIR_JSON_ARRAY &&
		       weir_json_type(v) != WEIR_JSON_OBJECT) ||
	       weir_json_size(v) == 0;
}

void
facts_tags(struct facts *f, const struct weir_json *tags)
{
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);

	for (size_t i = 0; i < weir_json_size(tags); i++) {
		buf_adds(&b, i > 0 ? "  " : "");
		buf_addstr(&b, weir_json_text(weir_json_at(tags, i)));
	}
	facts_text(f, "tags", STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
}

void
facts_tags_cell(struct facts *f, const struct weir_cell *tags)
{
	struct weir_json *list = NULL;

	if (!tags->null && !weir_json_parse(tags->s, &list, NULL))
		facts_tags(f, list);
	weir_json_free(list);
}

void
facts_labels(struct facts *f, const struct weir_json *labels)
{
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	const struct weir_json *v;
	const char *name;
	void *at = NULL;

	while (weir_json_next(labels, &at, &name, &v)) {
		if (strncmp(name, "prefect.", 8) == 0)
			continue;
		buf_addf(&b, "%s%s ", b.len > 0 ? "   " : "", name);
		weir_json_show(v, &b);
	}
	facts_text(f, "labels", STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
}

/* `package numpy   version 2.3.1`: whether they fit a line or two. */
static bool
add_inline(struct facts *f, const char *label, const struct weir_json *object)
{
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	const struct weir_json *v;
	const char *name;
	void *at = NULL;
	bool fits = weir_json_size(object) <= INLINE_MAX;

	while (fits && weir_json_next(object, &at, &name, &v)) {
		buf_addf(&b, "%s%s ", b.len > 0 ? "   " : "", name);
		weir_json_show(v, &b);
	}
	fits = fits && !memchr(buf_cstr(&b), '\n', b.len) &&
	       text_width(buf_str(&b)) <= (size_t)(f->p->width - FACTS_INDENT);
	if (fits)
		facts_text(f, label, STYLE_PLAIN, buf_str(&b));
	buf_release(&b);
	return fits;
}

static int
widest_name(const struct weir_json *object)
{
	const struct weir_json *v;
	const char *name;
	void *at = NULL;
	size_t width = 4;

	while (weir_json_next(object, &at, &name, &v)) {
		size_t n = text_width(str_of(name));

		width = n > width ? n : width;
	}
	return width < NAME_MAX_COLUMNS ? (int)width : NAME_MAX_COLUMNS;
}

void
facts_members(struct facts *f, const char *label, const struct weir_json *object)
{
	int columns = widest_name(object), most = f->brief ? 8 : 200, n = 0;
	const struct weir_json *v;
	const char *name;
	void *at = NULL;

	if (weir_json_type(object) != WEIR_JSON_OBJECT || weir_json_size(object) == 0 ||
		add_inline(f, label, object))
		return;
	while (weir_json_next(object, &at, &name, &v)) {
		struct buf b = BUF_INIT(FACTS_TEXT_MAX);
		size_t room, line;

		if (n++ == most) {
			f->shortened = true;
			break;
		}
		facts_begin(f, n == 1 ? label : "");
		page_add(f->p, STYLE_DIM, str_of(name), columns, false);
		page_gap(f->p, 2);
		weir_json_show(v, &b);
		line = strcspn(buf_cstr(&b), "\n");
		room = f->p->width > FACTS_INDENT + columns + 2
			       ? (size_t)(f->p->width - FACTS_INDENT - columns - 2)
			       : 0;
		f->shortened |= line < b.len || text_width(buf_str(&b)) > room;
		page_add(f->p, STYLE_PLAIN, (struct str){ buf_cstr(&b), line }, 0,
			false);
		buf_release(&b);
	}
}

/* ---- a value whole, indented as people write it */

struct printer {
	struct facts *f;
	struct buf name; /* of the member that is begun: `"x": ` */
	int n;
};

static void put_value(struct printer *p, int indent, const struct weir_json *v,
	const char *comma, int depth);

static void
put_line(struct printer *p, int indent, enum style style, struct str text)
{
	if (p->n++ >= JSON_LINES_MAX)
		return;
	page_begin(p->f->p, 0);
	page_gap(p->f->p, indent);
	if (p->name.len > 0)
		page_add(p->f->p, STYLE_DIM, buf_str(&p->name), 0, false);
	page_add(p->f->p, style, text, 0, false);
	buf_clear(&p->name);
}

/* Long texts go over as many lines as they need. */
static void
put_plain(struct printer *p, int indent, const struct weir_json *v, const char *comma)
{
	struct buf b = BUF_INIT(PAGE_TEXT_MAX);
	int at = indent + (int)text_width(buf_str(&p->name));
	struct str text = weir_json_text(v);

	if (memchr(text.s ? text.s : "", '\n', text.len)) {
		/* Several lines are shown as such. */
		put_line(p, indent, STYLE_PLAIN, STR(""));
		page_text(p->f->p, NULL, indent + 2, STYLE_PLAIN, text, JSON_LINES_MAX);
		buf_release(&b);
		return;
	}
	weir_json_dump(v, &b);
	buf_adds(&b, comma);
	if (at + (int)text_width(buf_str(&b)) <= p->f->p->width) {
		put_line(p, indent, STYLE_PLAIN, buf_str(&b));
	} else {
		put_line(p, indent, STYLE_PLAIN, STR(""));
		page_text(p->f->p, NULL, indent + 2, STYLE_PLAIN, buf_str(&b),
			JSON_LINES_MAX);
	}
	buf_release(&b);
}

static void
put_members(struct printer *p, int indent, const struct weir_json *v, int depth)
{
	size_t n = weir_json_size(v), i = 0;
	const struct weir_json *member;
	const char *name;
	void *at = NULL;

	if (weir_json_type(v) == WEIR_JSON_ARRAY) {
		for (i = 0; i < n; i++)
			put_value(p, indent + 2, weir_json_at(v, i),
				i + 1 < n ? "," : "", depth);
		return;
	}
	while (weir_json_next(v, &at, &name, &member)) {
		text_json(&p->name, str_of(name));
		buf_adds(&p->name, ": ");
		put_value(p, indent + 2, member, ++i < n ? "," : "", depth);
	}
}

static void
put_value(struct printer *p, int indent, const struct weir_json *v, const char *comma,
	int depth)
{
	bool array = weir_json_type(v) == WEIR_JSON_ARRAY;
	char end[8];

	if (is_plain(v) || depth == DEPTH_MAX) {
		put_plain(p, indent, v, comma);
		return;
	}
	put_line(p, indent, STYLE_DIM, str_of(array ? "[" : "{"));
	put_members(p, indent, v, depth + 1);
	snprintf(end, sizeof(end), "%s%s", array ? "]" : "}", comma);
	put_line(p, indent, STYLE_DIM, str_of(end));
}

void
facts_json(struct facts *f, int indent, const struct weir_json *value)
{
	struct printer p = { .f = f, .name = BUF_INIT(4096) };

	put_value(&p, indent, value, "", 0);
	if (p.n > JSON_LINES_MAX) {
		page_begin(f->p, 0);
		page_gap(f->p, indent);
		page_addf(f->p, STYLE_DIM, "%d lines more are left out",
			p.n - JSON_LINES_MAX);
	}
	buf_release(&p.name);
}

/* ---- parameters whole */

static void
data_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	static const char *const headings[] = { "parameters", "job variables" };

	(void)arg;
	word_copy(f->name, sizeof(f->name), weir_rows_cell(rows, 0)->s);
	for (size_t i = 0; i < N_ELEM(headings); i++) {
		const struct weir_cell *cell = weir_rows_cell(rows, i + 1);
		struct weir_json *value = NULL;

		if (cell->null || weir_json_parse(cell->s, &value, NULL))
			continue;
		if (weir_json_size(value) > 0 || i == 0) {
			if (f->p->lines.n > 0)
				page_blank(f->p);
			page_heading(f->p, headings[i]);
			facts_json(f, 2, value);
		}
		weir_json_free(value);
	}
}

bool
facts_write_data(struct facts *f)
{
	char query[64];

	if (f->kind != WEIR_RUN && f->kind != WEIR_DEPLOYMENT)
		return false;
	snprintf(query, sizeof(query), "id:%s", weir_id_format(&f->id, f->id_text));
	return facts_each(f,
		       &(struct facts_ask){ .kind = f->kind,
			       .query = query,
			       .columns = "name,parameters,job_variables",
			       .limit = 1 },
		       data_row, NULL) > 0;
}
