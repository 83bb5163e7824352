/* The rows of one line: its text made clean, folded, wrapped. */
#include <weir/text.h>

#include "fold.h"
#include "pager.h"

/* Without wrap only what can be seen of a very long line is made clean. */
enum { SLACK = 512, BYTES_A_COLUMN = 4 };

static int
prefix_width(const struct pager_line *line)
{
	int width = 0;

	for (int i = 0; i < line->n_spans; i++)
		width += line->spans[i].width;
	return width;
}

/* Columns for the text beside its prefix; a prefix never takes more than half. */
int
pager_rows_columns(const struct pager *p, const struct pager_line *line)
{
	int room = p->width - prefix_width(line);

	return room < p->width / 2 ? p->width : room < 1 ? 1 : room;
}

static void
push(struct pager *p, struct str row, bool fold)
{
	if (p->rows.n < PAGER_ROWS_MAX)
		VEC_PUSH(&p->rows, ((struct pager_row){ row, fold }));
}

static void
split_row(struct pager *p, struct str row, size_t columns)
{
	do {
		size_t n = p->wrap ? text_prefix(row, columns) : row.len;

		if (n == 0 && row.len > 0)
			n = row.len;
		for (size_t k = n; p->prose && n < row.len && k > n / 2; k--) {
			if (row.s[k - 1] == ' ') {
				n = k;
				break;
			}
		}
		push(p, (struct str){ row.s, n }, false);
		row.s += n;
		row.len -= n;
	} while (row.len > 0 && p->rows.n < PAGER_ROWS_MAX);
}

static struct str
trimmed(const struct pager_line *line)
{
	struct str s = line->text;

	if (s.len > PAGER_TEXT_MAX)
		s.len = PAGER_TEXT_MAX;
	while (s.len > 0 && (s.s[s.len - 1] == '\n' || s.s[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static void
sanitize(struct pager *p, struct str s)
{
	unsigned flags = TEXT_KEEP_NEWLINE | TEXT_EXPAND_TABS |
			 (p->utf8 ? 0 : (unsigned)TEXT_ASCII);

	buf_clear(&p->text);
	weir_sgr_text(&p->text, s, flags, &p->colours);
}

/* The text of a line into p->text; without `whole`, as much as can be seen. */
static void
make_text(struct pager *p, const struct pager_line *line, bool whole)
{
	struct str s = trimmed(line);
	size_t columns = (size_t)p->left + (size_t)p->width + SLACK;
	size_t part = columns * BYTES_A_COLUMN;

	if (whole || p->wrap || part >= s.len || memchr(s.s, '\n', s.len)) {
		sanitize(p, s);
		if (line->text.len > PAGER_TEXT_MAX)
			buf_addf(
				&p->text, "\n(%zu bytes more)", line->text.len - s.len);
		return;
	}
	do {
		part = part < s.len / 4 ? part * 4 : s.len;
		sanitize(p, (struct str){ s.s, part });
	} while (part < s.len && text_width(buf_str(&p->text)) < columns);
}

void
pager_rows_split(struct pager *p, const struct pager_line *line, bool whole)
{
	size_t columns = (size_t)pager_rows_columns(p, line);
	struct fold folds[FOLD_MAX];
	size_t n_folds = 0, number = 0, at = 0;
	struct str s;

	p->rows.n = 0;
	if (line->hidden)
		return;
	make_text(p, line, whole);
	s = buf_str(&p->text);
	if (line->folded)
		n_folds = fold_find(s, folds);
	for (bool more = true; more && p->rows.n < PAGER_ROWS_MAX; number++) {
		const char *end = s.len ? memchr(s.s, '\n', s.len) : NULL;
		struct str row = { s.s, end ? (size_t)(end - s.s) : s.len };

		while (at < n_folds && number >= folds[at].from + folds[at].n)
			at++;
		if (at < n_folds && number == folds[at].from)
			push(p, (struct str){ NULL, folds[at].n }, true);
		else if (at >= n_folds || number < folds[at].from)
			split_row(p, row, columns);
		more = end != NULL;
		if (more) {
			s.s += row.len + 1;
			s.len -= row.len + 1;
		}
	}
	if (line->n_hidden > 0)
		push(p, (struct str){ NULL, line->n_hidden }, true);
}

/* One row, as can be told without a look at all of the text? */
static bool
is_one_row(const struct pager *p, const struct pager_line *line)
{
	struct str s = trimmed(line);

	if (line->n_hidden > 0 || line->text.len > PAGER_TEXT_MAX ||
		(s.len > 0 && memchr(s.s, '\n', s.len)))
		return false;
	return !p->wrap || s.len <= (size_t)pager_rows_columns(p, line);
}

size_t
pager_rows_of(struct pager *p, size_t i)
{
	struct pager_line line = { 0 };
	size_t slot = i % PAGER_CACHE, rows = 1;

	if (p->cache[slot].generation == p->generation && p->cache[slot].line == i)
		return p->cache[slot].rows;
	if (!p->source->line(p->arg, i, &line)) {
		rows = 1;
	} else if (line.hidden) {
		rows = 0;
	} else if (!is_one_row(p, &line) ||
		   (p->wrap && memchr(line.text.s ? line.text.s : "", '\t',
				       line.text.len))) {
		pager_rows_split(p, &line, false);
		rows = p->rows.n;
	}
	p->cache[slot].generation = p->generation;
	p->cache[slot].line = i;
	p->cache[slot].rows = rows;
	return rows;
}
