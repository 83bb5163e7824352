/* Facts of artifacts: what they hold, shown so that it can be read. */
#include <string.h>

#include <weir/text.h>
#include <weir/time.h>

#include "facts_parts.h"
#include "word.h"

enum {
	INDENT = 2,
	LINES_MAX = 5000,
	BRIEF_LINES = 6, /* of one that is listed with others */
	TABLE_COLUMNS_MAX = PAGE_SPANS_MAX - 1,
	CELL_MAX = 40,
};

/* ---- markdown: as it is written, with what stands out standing out */

static enum style
markdown_style(struct str line, bool in_code)
{
	size_t i = 0;

	if (in_code || str_starts(line, "```") || str_starts(line, "    "))
		return STYLE_DIM;
	while (i < line.len && line.s[i] == '#')
		i++;
	if (i > 0 && i < line.len && line.s[i] == ' ')
		return STYLE_STRONG;
	return STYLE_PLAIN;
}

static int
write_markdown(struct facts *f, int indent, struct str text, int most)
{
	bool in_code = false;
	int n = 0;

	while (text.len > 0 && n < most) {
		const char *end = memchr(text.s, '\n', text.len);
		struct str line = { text.s, end ? (size_t)(end - text.s) : text.len };
		bool fence = str_starts(line, "```");
		enum style style = markdown_style(line, in_code);

		text.s += line.len + (end ? 1 : 0);
		text.len -= line.len + (end ? 1 : 0);
		if (line.len == 0) {
			page_blank(f->p);
			n++;
			continue;
		}
		n += page_text(f->p, NULL, indent, style, line, most - n);
		in_code ^= fence;
	}
	return n;
}

/* ---- tables: a list of objects, a list of lists, or an object of lists */

struct table {
	const char *names[TABLE_COLUMNS_MAX];
	int widths[TABLE_COLUMNS_MAX];
	int n;
};

static int
column_of(struct table *t, const char *name)
{
	for (int i = 0; i < t->n; i++) {
		if (strcmp(t->names[i], name) == 0)
			return i;
	}
	if (t->n == TABLE_COLUMNS_MAX)
		return -1;
	t->names[t->n] = name;
	t->widths[t->n] = (int)text_width(str_of(name));
	return t->n++;
}

static void
add_cell(struct buf *b, const struct weir_json *v)
{
	if (weir_json_type(v) != WEIR_JSON_NULL)
		weir_json_show(v, b);
}

static const struct weir_json *
cell_at(const struct table *t, const struct weir_json *rows, size_t row, int column)
{
	const struct weir_json *r;

	if (weir_json_type(rows) == WEIR_JSON_OBJECT)
		return weir_json_at(weir_json_get(rows, t->names[column]), row);
	r = weir_json_at(rows, row);
	if (weir_json_type(r) == WEIR_JSON_OBJECT)
		return weir_json_get(r, t->names[column]);
	return weir_json_at(r, (size_t)column);
}

/* The names of the columns; how many rows there are, 0: this is no table. */
static size_t
measure(struct table *t, const struct weir_json *rows)
{
	static const char *const numbers[TABLE_COLUMNS_MAX] = { "1", "2", "3", "4", "5",
		"6", "7", "8", "9" };
	const struct weir_json *v;
	const char *name;
	void *at = NULL;
	size_t n = weir_json_size(rows);

	if (weir_json_type(rows) == WEIR_JSON_OBJECT) {
		n = 0;
		while (weir_json_next(rows, &at, &name, &v)) {
			if (weir_json_type(v) != WEIR_JSON_ARRAY)
				return 0;
			column_of(t, name);
			n = weir_json_size(v) > n ? weir_json_size(v) : n;
		}
		return n;
	}
	if (weir_json_type(rows) != WEIR_JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct weir_json *row = weir_json_at(rows, i);

		at = NULL;
		if (weir_json_type(row) == WEIR_JSON_OBJECT) {
			while (weir_json_next(row, &at, &name, &v))
				column_of(t, name);
		} else if (weir_json_type(row) == WEIR_JSON_ARRAY) {
			for (size_t k = 0; k < weir_json_size(row); k++)
				if (k < TABLE_COLUMNS_MAX)
					column_of(t, numbers[k]);
		} else {
			return 0;
		}
	}
	return n;
}

static void
widen(struct table *t, const struct weir_json *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < t->n; k++) {
			struct buf b = BUF_INIT(FACTS_TEXT_MAX);
			int width;

			add_cell(&b, cell_at(t, rows, i, k));
			width = (int)text_width(buf_str(&b));
			if (width > t->widths[k])
				t->widths[k] = width < CELL_MAX ? width : CELL_MAX;
			buf_release(&b);
		}
	}
}

static int
write_table(struct facts *f, int indent, const struct weir_json *rows, int most)
{
	struct table t = { .n = 0 };
	size_t n = measure(&t, rows);

	if (n == 0 || t.n == 0)
		return 0;
	widen(&t, rows, n);
	page_begin(f->p, 0);
	page_gap(f->p, indent);
	for (int k = 0; k < t.n; k++)
		page_add(
			f->p, STYLE_HEADER, str_of(t.names[k]), t.widths[k] + 2, false);
	for (size_t i = 0; i < n && (int)i + 1 < most; i++) {
		page_begin(f->p, 0);
		page_gap(f->p, indent);
		for (int k = 0; k < t.n; k++) {
			const struct weir_json *v = cell_at(&t, rows, i, k);
			bool number = weir_json_type(v) == WEIR_JSON_NUMBER;
			struct buf b = BUF_INIT(FACTS_TEXT_MAX);

			add_cell(&b, v);
			if (number)
				buf_adds(&b, "  ");
			page_add(f->p, STYLE_PLAIN, buf_str(&b), t.widths[k] + 2,
				number);
			buf_release(&b);
		}
	}
	return (int)n + 1;
}

/* ---- all of them */

static void
write_progress(struct facts *f, int indent, double percent)
{
	int done = (int)(percent < 0 ? 0 : percent > 100 ? 40 : percent * 0.4);
	struct buf b = BUF_INIT(512);

	page_begin(f->p, 0);
	page_gap(f->p, indent);
	for (int i = 0; i < done; i++)
		buf_adds(&b, theme_glyph(f->theme, GLYPH_BAR));
	page_add(f->p, STYLE_CYAN, buf_str(&b), 0, false);
	page_addf(f->p, STYLE_PLAIN, "%s%.0f %%", done > 0 ? " " : "", percent);
	buf_release(&b);
}

/* At most so many lines of what it holds; how many there would be at least. */
static int
write_data(struct facts *f, int indent, struct str type, const struct weir_json *data,
	int most)
{
	struct str text = weir_json_text(data);
	struct weir_json *inner = NULL;
	size_t first = f->p->lines.n;
	int n = 0;

	if (str_eq(type, "progress") && weir_json_type(data) == WEIR_JSON_NUMBER) {
		write_progress(f, indent, weir_json_number(data));
		return 1;
	}
	/* Tables come as text that is JSON. */
	if (str_eq(type, "table")) {
		if (text.len > 0 && !weir_json_parse(text, &inner, NULL))
			n = write_table(f, indent, inner, most);
		else
			n = write_table(f, indent, data, most);
		weir_json_free(inner);
		if (n > 0)
			return n;
	}
	if (text.len > 0)
		return write_markdown(f, indent, text, most);
	if (weir_json_type(data) == WEIR_JSON_NULL)
		return 0;
	facts_json(f, indent, data);
	n = (int)(f->p->lines.n - first);
	if (n > most)
		f->p->lines.n = first + (size_t)most;
	return n;
}

static void
artifact_title(const struct weir_rows *rows, struct buf *b)
{
	buf_addstr(b, weir_rows_cell(rows, 0)->s);
	if (b->len == 0)
		buf_adds(b, "(without a key)");
}

/* key, type, description, id, data: one among others */
static void
artifact_line(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *data = NULL;
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);
	bool *first = arg;
	struct str type = weir_rows_cell(rows, 1)->s;

	if (*first) {
		page_blank(f->p);
		page_heading(f->p, "ARTIFACT");
	}
	*first = false;
	artifact_title(rows, &b);
	page_begin(f->p, weir_rows_key(rows) * WEIR_N_KINDS + WEIR_ARTIFACT);
	page_gap(f->p, 2);
	page_add(f->p, STYLE_PLAIN, buf_str(&b), 0, false);
	page_gap(f->p, 2);
	page_add(f->p, STYLE_DIM, type.len > 0 ? type : STR("result"), 0, false);
	page_gap(f->p, 2);
	page_add(f->p, STYLE_DIM, weir_rows_cell(rows, 2)->s, 0, false);
	page_object(f->p, WEIR_ARTIFACT, &weir_rows_cell(rows, 3)->id);
	/* A result without a type is where Python has pickled it: opened only by hand.
	 */
	if (type.len > 0 && !weir_json_parse(weir_rows_cell(rows, 4)->s, &data, NULL) &&
		write_data(f, 6, type, data, BRIEF_LINES) > BRIEF_LINES) {
		page_begin(f->p, 0);
		page_gap(f->p, 6);
		page_add(f->p, STYLE_DIM, str_of(theme_glyph(f->theme, GLYPH_MORE)), 0,
			false);
	}
	weir_json_free(data);
	buf_release(&b);
}

void
facts_artifacts(struct facts *f, const char *field)
{
	struct buf query = BUF_INIT(128);
	bool first = true;

	buf_addf(&query, "%s:%s", field, f->id_text);
	facts_each(f,
		&(struct facts_ask){ .kind = WEIR_ARTIFACT,
			.query = buf_cstr(&query),
			.sort = "created",
			.columns = "key,type,description,id,data" },
		artifact_line, &first);
	buf_release(&query);
}

/* key, type, description, flow_run_id, task_run_id, flow_run_name, created, doc */
static void
artifact_row(struct facts *f, const struct weir_rows *rows, void *arg)
{
	struct weir_json *doc = facts_doc(weir_rows_cell(rows, 7));
	struct str type = weir_rows_cell(rows, 1)->s;
	struct buf b = BUF_INIT(FACTS_TEXT_MAX);

	(void)arg;
	artifact_title(rows, &b);
	facts_title(f, STR(""), buf_str(&b), "artifact");
	page_text(f->p, NULL, 2, STYLE_PLAIN, weir_rows_cell(rows, 2)->s,
		f->brief ? 3 : 20);
	page_blank(f->p);
	facts_text(f, "type", STYLE_PLAIN, type.len > 0 ? type : STR("result"));
	f->run = weir_rows_cell(rows, 3)->id;
	facts_link(f, "run", WEIR_RUN, &f->run, weir_rows_cell(rows, 5)->s);
	if (!weir_rows_cell(rows, 4)->null)
		facts_link(f, "task", WEIR_TASK_RUN, &weir_rows_cell(rows, 4)->id,
			STR("the task run that made it"));
	buf_clear(&b);
	facts_moment(f, &b, "", facts_time(weir_rows_cell(rows, 6)));
	facts_text(f, "created", STYLE_PLAIN, buf_str(&b));
	facts_members(f, "also", weir_json_get(doc, "metadata_"));
	facts_id(f);
	page_blank(f->p);
	write_data(f, INDENT, type, weir_json_get(doc, "data"), LINES_MAX);
	weir_json_free(doc);
	buf_release(&b);
}

bool
facts_artifact(struct facts *f, int64_t key)
{
	return facts_each(f,
		       &(struct facts_ask){ .kind = WEIR_ARTIFACT,
			       .key = key,
			       .columns = "key,type,description,flow_run_id,"
					  "task_run_id,flow_run_name,created,doc" },
		       artifact_row, NULL) > 0;
}
