/*
 * Runs that are asked about, by what a person decides by: a line each, no more of them
 * than a screen holds.
 *
 *   ● Running    build-package  zlib-1.3      started 5 min ago
 *   ● Completed  build-package  openssl-3.2   nothing: has ended already
 *   and 124 more: 120 Late, 4 Running  (all: --dry-run, or -v)
 */
#include "acts.h"

#include <unistd.h>

#include <weir/cell.h>
#include <weir/select.h>
#include <weir/text.h>

#include "frame.h"

enum {
	ROWS_INDENT = 2,
	ROWS_GAP = 2,
	ROWS_LEAST = 8, /* columns that a text keeps */
	ROWS_WISH = 28, /* of a name */
	ROWS_ASIDE = 4, /* lines of the command, of what is left out, of the question */
	ROWS_MIN = 5,
	ROWS_STATES = 12, /* that are counted by name */
};

enum { ROW_STATE, ROW_FLOW, ROW_RUN, ROW_WHEN, ROW_N };

struct run_row {
	char *text[ROW_N]; /* sanitised, owned */
	const struct weir_state_look *look;
	const struct weir_cell_style *style;
};

static const char columns[] = "state_type,state_name,flow_name,name,"
			      "start_time,end_time,expected_start_time";
enum { CELL_TYPE, CELL_STATE, CELL_FLOW, CELL_NAME, CELL_START, CELL_END, CELL_DUE };

static char *
show(const struct weir_cell *cell, const char *before,
	const struct weir_cell_style *style)
{
	struct buf b = BUF_INIT(4096);

	buf_adds(&b, before);
	weir_cell_show(&b, cell, style);
	return buf_steal(&b);
}

static void
fill(void *arg, const struct weir_rows *rows)
{
	struct run_row *r = arg;
	const struct weir_cell *end = weir_rows_cell(rows, CELL_END);
	const struct weir_cell *start = weir_rows_cell(rows, CELL_START);
	const struct weir_cell *due = weir_rows_cell(rows, CELL_DUE);
	const struct weir_cell *state = weir_rows_cell(rows, CELL_STATE);

	r->look = weir_state_look(
		(enum weir_state)weir_rows_cell(rows, CELL_TYPE)->i, state->s);
	r->text[ROW_STATE] = show(state, "", r->style);
	r->text[ROW_FLOW] = show(weir_rows_cell(rows, CELL_FLOW), "", r->style);
	r->text[ROW_RUN] = show(weir_rows_cell(rows, CELL_NAME), "", r->style);
	if (!end->null)
		r->text[ROW_WHEN] = show(end, "ended ", r->style);
	else if (!start->null)
		r->text[ROW_WHEN] = show(start, "started ", r->style);
	else if (!due->null)
		r->text[ROW_WHEN] = show(due, "due ", r->style);
}

/* Of a run that is not in the store there is its id. */
static void
read_row(struct weir_store *store, const struct weir_id *id, struct run_row *r)
{
	char text[WEIR_ID_TEXT + 1];

	(void)weir_row_of(store, WEIR_RUN, id, columns, fill, r, NULL);
	for (size_t i = 0; i < ROW_N; i++)
		if (!r->text[i])
			r->text[i] =
				xstrdup(i == ROW_RUN ? weir_id_format(id, text) : "");
}

/* Nothing is sent for it: why, which says more than when. */
static void
read_note(struct acts *a, struct weir_store *store, const struct acts_target *t,
	struct run_row *r)
{
	struct buf path = BUF_INIT(4096), note = BUF_INIT(4096);
	struct weir_act_result result = { 0 };
	struct weir_err err = { 0 };
	bool failed = weir_act_plan(store, &t->act, &t->id, &path, NULL, &result, &err);

	if (failed || !path.len) {
		buf_adds(&note, "nothing: ");
		text_sanitize(&note, str_of(failed ? err.text : result.said),
			a->ctx->utf8 ? 0 : TEXT_ASCII);
		free(r->text[ROW_WHEN]);
		r->text[ROW_WHEN] = buf_steal(&note);
	}
	buf_release(&path);
	buf_release(&note);
}

/* ---- as lines */

static size_t
total(const size_t width[ROW_N])
{
	size_t sum = ROWS_INDENT + 2; /* the glyph */

	for (size_t i = 0; i < ROW_N; i++)
		sum += width[i] ? width[i] + ROWS_GAP : 0;
	return sum - ROWS_GAP;
}

/* As wide as the texts need; names and reasons give way, the widest first. */
static void
measure(const struct run_row *rows, size_t n, size_t screen, size_t width[ROW_N])
{
	static const unsigned char yields[] = { ROW_WHEN, ROW_FLOW, ROW_RUN };

	memset(width, 0, ROW_N * sizeof(*width));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ROW_N; k++) {
			size_t w = text_width(str_of(rows[i].text[k]));

			width[k] = w > width[k] ? w : width[k];
		}
	for (size_t k = ROW_FLOW; k <= ROW_RUN; k++)
		if (width[k] > ROWS_WISH && total(width) > screen)
			width[k] = ROWS_WISH;
	while (total(width) > screen) {
		size_t widest = yields[0];

		for (size_t k = 1; k < N_ELEM(yields); k++)
			if (width[yields[k]] > width[widest])
				widest = yields[k];
		if (width[widest] <= ROWS_LEAST)
			break;
		width[widest]--;
	}
}

static void
put_row(const struct acts *a, const struct run_row *r, const size_t width[ROW_N])
{
	unsigned flags = a->ctx->utf8 ? 0 : TEXT_ASCII;
	struct buf b = BUF_INIT(4096);

	buf_addn(&b, ' ', ROWS_INDENT);
	if (r->look && a->ctx->colour)
		out_colour(&b, r->look->colour);
	if (r->look && a->ctx->utf8)
		buf_adds(&b, r->look->glyph);
	else
		buf_addc(&b, r->look ? r->look->ascii : '-');
	buf_addc(&b, ' ');
	for (size_t i = 0; i < ROW_N; i++) {
		if (!width[i])
			continue;
		text_pad(&b, str_of(r->text[i]), width[i], false, flags);
		if (i == ROW_STATE && r->look && a->ctx->colour && r->look->colour[0])
			out_colour(&b, "off");
		buf_addn(&b, ' ', ROWS_GAP);
	}
	while (b.len && b.s[b.len - 1] == ' ')
		buf_truncate(&b, b.len - 1);
	fprintf(stderr, "%s\n", buf_cstr(&b));
	buf_release(&b);
}

/* ---- those that are not shown */

/* How many are in each state, in the order in which they come. */
struct run_states {
	struct {
		char *name; /* owned */
		size_t n;
	} v[ROWS_STATES];
	size_t n;
	const struct weir_cell_style *style;
};

static void
count_state(void *arg, const struct weir_rows *rows)
{
	struct run_states *s = arg;
	char *name = show(weir_rows_cell(rows, 0), "", s->style);
	size_t k = 0;

	while (k < s->n && strcmp(s->v[k].name, name) != 0)
		k++;
	if (*name && k < ROWS_STATES) {
		if (k == s->n) {
			s->v[s->n++].name = name;
			name = NULL;
		}
		s->v[k].n++;
	}
	free(name);
}

/* `and 124 more: 120 Late, 4 Running`; what has no state here is among the others. */
static void
put_more(struct weir_store *store, const struct weir_cell_style *style,
	const struct acts_target *targets, size_t n)
{
	struct run_states states = { .style = style };
	struct buf b = BUF_INIT(4096);
	size_t others = n;

	for (size_t i = 0; i < n; i++)
		(void)weir_row_of(store, WEIR_RUN, &targets[i].id, "state_name",
			count_state, &states, NULL);
	for (size_t k = 0; k < states.n; k++) {
		buf_addf(&b, "%s%zu %s", k ? ", " : ": ", states.v[k].n,
			states.v[k].name);
		others -= states.v[k].n;
		free(states.v[k].name);
	}
	if (others && states.n)
		buf_addf(&b, ", %zu others", others);
	fprintf(stderr, "  and %zu more%s  (all: --dry-run, or -v)\n", n, buf_cstr(&b));
	buf_release(&b);
}

bool
acts_rows(struct acts *a)
{
	const struct weir_cell_style style = { .now_us = weir_now_us(),
		.utc = a->ctx->utc,
		.ago = true,
		.ascii = !a->ctx->utf8 };
	size_t n = a->targets.n, shown, room, width[ROW_N];
	struct weir_store *store;
	struct run_row *rows;
	struct weir_err err;
	int screen, lines;

	if (weir_session_store(a->ctx->session, WEIR_STORE_READ, &store, &err))
		return false;
	frame_screen(STDERR_FILENO, &screen, &lines);
	room = lines > ROWS_MIN + ROWS_ASIDE ? (size_t)(lines - ROWS_ASIDE) : ROWS_MIN;
	shown = n > room + 1 ? room : n;
	rows = xcalloc(shown, sizeof(*rows));
	for (size_t i = 0; i < shown; i++) {
		rows[i].style = &style;
		read_row(store, &a->targets.v[i].id, &rows[i]);
		read_note(a, store, &a->targets.v[i], &rows[i]);
	}
	measure(rows, shown, (size_t)screen, width);
	for (size_t i = 0; i < shown; i++)
		put_row(a, &rows[i], width);
	if (n > shown)
		put_more(store, &style, a->targets.v + shown, n - shown);
	for (size_t i = 0; i < shown; i++)
		for (size_t k = 0; k < ROW_N; k++)
			free(rows[i].text[k]);
	free(rows);
	return true;
}
