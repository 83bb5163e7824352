/* Tracebacks that were logged line by line, and which folds are open. */
#include "app.h"
#include "fold.h"
#include "logview.h"

enum { LOOK = 400 };

/* One line of text, of the same task as another. */
static bool
is_like(const struct weir_line *line, const struct weir_line *other)
{
	return weir_id_cmp(&line->task, &other->task) == 0 &&
	       weir_id_cmp(&line->run, &other->run) == 0 &&
	       !(line->message.len && memchr(line->message.s, '\n', line->message.len));
}

/* The first of the lines before number that is no frame: the head if it is one. */
static size_t
find_head(struct log *l, size_t number, const struct weir_line *line)
{
	struct weir_line other;
	size_t i = number;

	while (i > 0 && number - i < LOOK && logview_line(l, i - 1, &other) &&
		is_like(&other, line)) {
		i--;
		if (!fold_is_frame(other.message))
			break;
	}
	return i;
}

/* Look at the lines around and remember what they are. */
static void
look(struct log *l, size_t number, const struct weir_line *line)
{
	struct weir_line other, first = *line;
	size_t head = number, n = 0;
	bool frame = fold_is_frame(line->message);

	if (frame)
		head = find_head(l, number, &first);
	if (!logview_line(l, head, &other) || !fold_is_head(other.message) ||
		!is_like(&other, &other)) {
		l->fold.from = head;
		l->fold.to = number + 1;
		l->fold.n = 0;
		return;
	}
	first = other;
	while (n < LOOK && logview_line(l, head + 1 + n, &other) &&
		is_like(&other, &first) && fold_is_frame(other.message))
		n++;
	l->fold.from = l->fold.head = head;
	l->fold.to = head + 1 + n;
	l->fold.n = n >= FOLD_LEAST ? n : 0;
}

bool
logview_fold(struct log *l, size_t number, const struct weir_line *line,
	size_t *ret_head, size_t *ret_n)
{
	bool known = number >= l->fold.from && number < l->fold.to;

	if (logview_filtered(l))
		return false;
	if (!known && !fold_is_frame(line->message) && !fold_is_head(line->message))
		return false;
	if (!known)
		look(l, number, line);
	if (number < l->fold.from || number >= l->fold.to || l->fold.n == 0)
		return false;
	*ret_head = l->fold.head;
	*ret_n = l->fold.n;
	return true;
}

/* Where in l->turned a line is or would be. */
static size_t
place_of(const struct log *l, size_t number)
{
	size_t i = 0;

	while (i < l->turned.n && l->turned.v[i] < number)
		i++;
	return i;
}

bool
logview_folded(const struct log *l, size_t number)
{
	size_t i = place_of(l, number);
	bool turned = i < l->turned.n && l->turned.v[i] == number;

	return turned == l->unfolded;
}

static void
turn(struct log *l, size_t number)
{
	size_t i = place_of(l, number);

	if (i < l->turned.n && l->turned.v[i] == number) {
		l->turned.n--;
		memmove(l->turned.v + i, l->turned.v + i + 1,
			(l->turned.n - i) * sizeof(size_t));
	} else {
		VEC_PUSH(&l->turned, number);
		memmove(l->turned.v + i + 1, l->turned.v + i,
			(l->turned.n - 1 - i) * sizeof(size_t));
		l->turned.v[i] = number;
	}
	pager_changed(&l->pager);
}

/* What the fold of a line is named by; false: it is of none. */
static bool
fold_at(struct log *l, size_t number, size_t *ret_head)
{
	struct fold folds[FOLD_MAX];
	struct weir_line line;
	size_t n;

	if (!logview_line(l, number, &line))
		return false;
	if (line.message.len > 0 && memchr(line.message.s, '\n', line.message.len)) {
		*ret_head = number;
		return fold_find(line.message, folds) > 0;
	}
	return logview_fold(l, number, &line, ret_head, &n);
}

void
logview_unfold(struct log *l, size_t number)
{
	size_t head;

	if (fold_at(l, number, &head) && logview_folded(l, head))
		turn(l, head);
}

void
logview_turn(struct log *l)
{
	size_t number = logview_current(l), head;

	if (fold_at(l, number, &head)) {
		turn(l, head);
		if (head != number)
			pager_show(&l->pager, logview_at(l, head));
	} else {
		l->unfolded = !l->unfolded;
		l->turned.n = 0;
		status_say(l->v.app, false, "nothing to fold here: %s",
			l->unfolded ? "all tracebacks are shown whole"
				    : "all tracebacks are folded");
	}
	pager_changed(&l->pager);
	logview_settle(l);
}
