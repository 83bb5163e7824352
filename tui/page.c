#include "page.h"

#include <string.h>

#include <weir/text.h>
#include <weir/time.h>

enum { BAR_MIN = 8, BAR_MAX = 100, TEXT_MIN = 20 };

void
page_clear(struct page *p)
{
	arena_clear(&p->arena);
	p->lines.n = 0;
	p->from_us = p->to_us = WEIR_NO_TIME;
	p->ordinal = 0;
	p->full = false;
	p->current = PAGE_NONE;
}

void
page_release(struct page *p)
{
	arena_free(&p->arena);
	VEC_FREE(&p->lines);
}

/* The line that is written: the last one, or what is left out. */
static struct page_line *
writing(struct page *p)
{
	return p->lines.n > 0 && !p->full ? &p->lines.v[p->lines.n - 1] : &p->spare;
}

static void
push(struct page *p, int64_t key)
{
	struct page_line line = { .key = key ? key : -++p->ordinal,
		.start_us = WEIR_NO_TIME,
		.end_us = WEIR_NO_TIME };

	VEC_PUSH(&p->lines, line);
}

struct page_line *
page_begin(struct page *p, int64_t key)
{
	if (p->lines.n + 1 < PAGE_LINES_MAX) {
		push(p, key);
		return writing(p);
	}
	if (!p->full) {
		push(p, 0);
		page_add(p, STYLE_DIM, STR("  more than fits a page is left out"), 0,
			false);
		p->full = true;
	}
	memset(&p->spare, 0, sizeof(p->spare));
	return &p->spare;
}

void
page_add(struct page *p, enum style style, struct str text, int columns, bool right)
{
	struct page_line *line = writing(p);

	if (line == &p->spare || line->n_spans == PAGE_SPANS_MAX)
		return;
	if (text.len > PAGE_TEXT_MAX)
		text.len = PAGE_TEXT_MAX;
	line->spans[line->n_spans++] = (struct page_span){
		.style = style,
		.text = { text.len > 0 ? arena_strndup(&p->arena, text.s, text.len)
				       : "",
			text.len },
		.columns = columns,
		.right = right,
	};
}

void
page_addf(struct page *p, enum style style, const char *fmt, ...)
{
	struct buf b = BUF_INIT(PAGE_TEXT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	page_add(p, style, buf_str(&b), 0, false);
	buf_release(&b);
}

int
page_wider(int n, struct str s, int most)
{
	int w = (int)text_width(s);

	w = w > most ? most : w;
	return w > n ? w : n;
}

void
page_gap(struct page *p, int columns)
{
	page_add(p, STYLE_PLAIN, STR(""), columns, false);
}

void
page_blank(struct page *p)
{
	page_begin(p, 0);
}

void
page_heading(struct page *p, const char *text)
{
	page_begin(p, 0);
	page_gap(p, 2);
	page_add(p, STYLE_HEADER, str_of(text), 0, false);
}

/* How many bytes of a line fit so many columns, broken at a blank where there is one.
 */
static size_t
fits(struct str row, size_t columns)
{
	size_t n = text_prefix(row, columns);

	if (n == 0)
		return row.len;
	for (size_t k = n; n < row.len && k > n / 2; k--) {
		if (row.s[k] == ' ')
			return k;
	}
	return n;
}

int
page_text(struct page *p, const char *label, int indent, enum style style,
	struct str text, int most)
{
	struct buf clean = BUF_INIT(PAGE_TEXT_MAX * 4);
	int width = p->width - indent, n_lines = 0;
	struct str s;

	if (text.len > PAGE_TEXT_MAX)
		text.len = PAGE_TEXT_MAX;
	text_sanitize(&clean, text, TEXT_EXPAND_TABS | TEXT_KEEP_NEWLINE);
	s = buf_str(&clean);
	for (; s.len > 0 && n_lines < most; n_lines++) {
		const char *end = memchr(s.s, '\n', s.len);
		struct str row = { s.s, end ? (size_t)(end - s.s) : s.len };
		size_t n = fits(row, width < TEXT_MIN ? TEXT_MIN : (size_t)width);

		page_begin(p, 0);
		if (n_lines == 0 && label) {
			page_gap(p, 1);
			page_add(p, STYLE_DIM, str_of(label), indent - 1, false);
		} else {
			page_gap(p, indent);
		}
		/* The last line that is allowed has all the rest: it is cut. */
		page_add(p, style, n_lines + 1 == most ? row : (struct str){ row.s, n },
			0, false);
		while (n < s.len && s.s[n] == ' ')
			n++;
		if (n < s.len && s.s[n] == '\n')
			n++;
		s.s += n;
		s.len -= n;
	}
	buf_release(&clean);
	return n_lines;
}

void
page_state(struct page *p, const struct theme *t, enum weir_state state,
	struct str name, int name_columns)
{
	char glyph[8];
	enum style style = theme_state(t, state, name, glyph);

	page_add(p, style, str_of(glyph), 2, false);
	page_add(p, style, name, name_columns, false);
	writing(p)->state = state;
	writing(p)->bar = style;
}

void
page_object(struct page *p, enum weir_kind kind, const struct weir_id *id)
{
	struct page_line *line = writing(p);

	line->opens = PAGE_OPENS_OBJECT;
	line->kind = kind;
	line->id = *id;
}

void
page_command(struct page *p, const char *fmt, ...)
{
	struct page_line *line = writing(p);
	struct buf b = BUF_INIT(PAGE_TEXT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	line->opens = PAGE_OPENS_COMMAND;
	line->command = arena_strndup(&p->arena, buf_cstr(&b), b.len);
	buf_release(&b);
}

size_t
page_find(const struct page *p, int64_t key, size_t hint)
{
	if (hint < p->lines.n && p->lines.v[hint].key == key)
		return hint;
	for (size_t i = 0; i < p->lines.n; i++) {
		if (p->lines.v[i].key == key)
			return i;
	}
	return PAGE_NONE;
}

bool
page_line_matches(const struct page_line *line, const struct weir_match *match)
{
	size_t start, end;

	for (int i = 0; i < line->n_spans; i++) {
		if (weir_match_find(match, line->spans[i].text, 0, &start, &end))
			return true;
	}
	return false;
}

/* A bar from start to end in the time that the page's bars span. */
static void
paint_bar(const struct page *p, struct draw *d, const struct page_line *line,
	int64_t now_us)
{
	int64_t from = p->from_us, to = p->to_us != WEIR_NO_TIME ? p->to_us : now_us;
	int64_t end = line->end_us != WEIR_NO_TIME ? line->end_us : now_us;
	int room = draw_left(d) - 1;
	double scale;
	int first, past;

	if (room < BAR_MIN || from == WEIR_NO_TIME || line->start_us == WEIR_NO_TIME ||
		to <= from)
		return;
	if (room > BAR_MAX)
		room = BAR_MAX;
	scale = room / (double)(to - from);
	first = (int)((double)(line->start_us - from) * scale);
	past = (int)((double)(end - from) * scale);
	first = first < 0 ? 0 : first >= room ? room - 1 : first;
	past = past < first ? first : past >= room ? room - 1 : past;
	draw_spaces(d, first);
	for (int i = first; i <= past; i++)
		draw_text(d, line->bar, theme_glyph(d->theme, GLYPH_BAR));
}

/* Text with what the search found in it, in at most so many columns. */
static void
paint_text(struct draw *d, const struct page_span *span, int columns,
	const struct weir_match *match, bool current)
{
	struct str s = span->text;
	int to = d->x + columns;
	size_t at = 0, start, end;

	while (match && at < s.len && d->x < to &&
		weir_match_find(match, s, at, &start, &end)) {
		if (end == start)
			break;
		if (start > at)
			draw_str(d, span->style, (struct str){ s.s + at, start - at },
				to - d->x);
		draw_str(d, current ? STYLE_CURRENT : STYLE_MATCH,
			(struct str){ s.s + start, end - start }, to - d->x);
		at = end;
	}
	if (at < s.len && d->x < to)
		draw_str(d, span->style, (struct str){ s.s + at, s.len - at },
			to - d->x);
}

static void
paint_span(struct draw *d, const struct page_span *span, bool at_edge,
	const struct weir_match *match, bool current)
{
	int start = d->x, columns = span->columns ? span->columns : draw_left(d);
	int width = 0;

	if (span->right)
		width = draw_width(d, span->text.s);
	if (at_edge) {
		if (width == 0 || draw_left(d) < width + 1)
			return;
		draw_spaces(d, draw_left(d) - width);
	} else if (span->right && width < columns) {
		draw_spaces(d, columns - width);
	}
	paint_text(d, span, start + columns - d->x, match, current);
	if (span->columns)
		draw_to(d, start + columns);
}

void
page_row(const struct page *p, struct draw *d, size_t i, int width, int64_t now_us,
	const struct weir_match *match)
{
	const struct page_line *line = &p->lines.v[i];
	int limit = d->limit;

	if (d->x + width < d->limit)
		d->limit = d->x + width;
	for (int k = 0; k < line->n_spans; k++) {
		const struct page_span *span = &line->spans[k];

		paint_span(d, span,
			span->right && !span->columns && k + 1 == line->n_spans, match,
			i == p->current);
	}
	paint_bar(p, d, line, now_us);
	d->limit = limit;
}
