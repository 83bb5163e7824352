/* JSON: one array, or an object a line (weir-json(5)). */
#include "out.h"

#include <weir/mem.h>
#include <weir/text.h>

/* Would a terminal show the code point of s, and nothing else happen? */
static bool
is_shown(struct buf *scratch, struct str s, unsigned flags)
{
	buf_clear(scratch);
	text_sanitize(scratch, s, flags);
	return str_equal(buf_str(scratch), s);
}

static void
add_escape(struct buf *b, uint32_t cp)
{
	if (cp >= 0x10000) {
		cp -= 0x10000;
		buf_addf(b, "\\u%04x\\u%04x", (unsigned)(0xd800 + (cp >> 10)),
			(unsigned)(0xdc00 + (cp & 0x3ff)));
	} else {
		buf_addf(b, "\\u%04x", (unsigned)cp);
	}
}

void
out_json_escape(struct buf *b, struct str json, unsigned flags)
{
	struct buf scratch = BUF_INIT(64);

	for (size_t i = 0; i < json.len;) {
		size_t start = i;
		uint32_t cp = text_decode(json, &i);
		struct str s = { json.s + start, i - start };

		if (cp == '\n' || (cp >= 0x20 && cp < 0x7f) ||
			is_shown(&scratch, s, flags))
			buf_addstr(b, s);
		else if (cp == '\t' || cp == '\r')
			buf_addc(b, ' '); /* between values: raw JSON of a server */
		else
			add_escape(b, cp);
	}
	buf_release(&scratch);
}

/* `"name":` a column, made once; what is put together for a terminal. */
struct json {
	struct buf scratch;
	struct buf names;
	struct str *name;
};

static void
begin(struct out *o)
{
	struct json *j = xcalloc(1, sizeof(*j));
	size_t *end = xcalloc(o->n_columns + 1, sizeof(*end));

	buf_init(&j->scratch, BUF_MAX);
	buf_init(&j->names, BUF_MAX);
	j->name = xcalloc(o->n_columns + 1, sizeof(*j->name));
	for (size_t i = 0; i < o->n_columns; i++) {
		text_json(&j->names, str_of(o->columns[i]->name));
		buf_addc(&j->names, ':');
		end[i + 1] = j->names.len;
	}
	for (size_t i = 0; i < o->n_columns; i++)
		j->name[i] = (struct str){ j->names.s + end[i], end[i + 1] - end[i] };
	free(end);
	o->data = j;
}

static void
release(struct out *o)
{
	struct json *j = o->data;

	buf_release(&j->scratch);
	buf_release(&j->names);
	free(j->name);
	free(j);
}

/* Members of a `rest` with nothing in it add no comma. */
static void
add_object(struct out *o, struct buf *b, const struct weir_cell *const *cells)
{
	const struct json *j = o->data;
	bool first = true;

	buf_addc(b, '{');
	for (size_t i = 0; i < o->n_columns; i++) {
		size_t mark = b->len, start;

		if (!first)
			buf_addc(b, ',');
		if (cells[i]->type != WEIR_T_MEMBERS)
			buf_addstr(b, j->name[i]);
		start = b->len;
		weir_cell_json(b, cells[i]);
		if (b->len == start)
			buf_truncate(b, mark);
		else
			first = false;
	}
	buf_addc(b, '}');
}

static void
put_object(struct out *o, const struct weir_cell *const *cells)
{
	struct json *j = o->data;

	if (!o->sanitize) {
		add_object(o, &o->sink.b, cells);
		return;
	}
	buf_clear(&j->scratch);
	add_object(o, &j->scratch, cells);
	out_json_escape(
		&o->sink.b, buf_str(&j->scratch), o->style.ascii ? TEXT_ASCII : 0);
}

static void
json_row(struct out *o, const struct weir_cell *const *cells)
{
	buf_adds(&o->sink.b, o->n_rows ? ",\n" : "[\n");
	put_object(o, cells);
}

static void
json_end(struct out *o, bool ok)
{
	if (ok)
		buf_adds(&o->sink.b, o->n_rows ? "\n]\n" : "[]\n");
	release(o);
}

static void
ndjson_row(struct out *o, const struct weir_cell *const *cells)
{
	put_object(o, cells);
	buf_addc(&o->sink.b, '\n');
}

static void
ndjson_end(struct out *o, bool ok)
{
	(void)ok;
	release(o);
}

const struct out_ops out_json = { begin, json_row, json_end };
const struct out_ops out_ndjson = { begin, ndjson_row, ndjson_end };
