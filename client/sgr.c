#include "weir/sgr.h"

#include "weir/text.h"

enum { NUMBERS_MAX = 64, NUMBER_LIMIT = 1000 };

/* Numbers of a sequence; -1 stands for one that is left out. */
struct numbers {
	int v[NUMBERS_MAX];
	bool sub[NUMBERS_MAX]; /* a colon stands before it */
	size_t n;
};

static void
read_numbers(struct str s, struct numbers *ret)
{
	int v = -1;
	bool sub = false;

	ret->n = 0;
	for (size_t i = 0; i <= s.len && ret->n < NUMBERS_MAX; i++) {
		char c = i < s.len ? s.s[i] : ';';

		if (c >= '0' && c <= '9') {
			v = (v < 0 ? 0 : v) * 10 + (c - '0');
			v = v < NUMBER_LIMIT ? v : NUMBER_LIMIT;
			continue;
		}
		ret->v[ret->n] = v;
		ret->sub[ret->n++] = sub;
		sub = c == ':';
		v = -1;
	}
}

/* The nearest of the sixteen: by hue if it has one, else by brightness. */
static int8_t
nearest(int r, int g, int b)
{
	int max = r > g ? r : g, min = r < g ? r : g, middle;

	max = max > b ? max : b;
	min = min < b ? min : b;
	if (max - min < 40)
		return max < 48 ? 0 : max < 144 ? 8 : max < 224 ? 7 : 15;
	middle = (max + min) / 2;
	return (int8_t)((r > middle ? 1 : 0) | (g > middle ? 2 : 0) |
			(b > middle ? 4 : 0) | (max > 224 ? 8 : 0));
}

static int8_t
of_palette(int n)
{
	static const int step[] = { 0, 95, 135, 175, 215, 255 };

	if (n < 0 || n > 255)
		return -1;
	if (n < 16)
		return (int8_t)n;
	if (n >= 232)
		return nearest(n * 10 - 2312, n * 10 - 2312, n * 10 - 2312);
	n -= 16;
	return nearest(step[n / 36], step[n / 6 % 6], step[n % 6]);
}

static int
byte_of(int v)
{
	return v < 0 ? 0 : v > 255 ? 255 : v;
}

/*
 * After a 38 or 48 at i: `5;N`, `2;R;G;B`, and with colons `5:N`, `2:R:G:B`,
 * `2:SPACE:R:G:B`. Returns how many numbers it takes; *ret is left alone when there is
 * no colour.
 */
static size_t
read_colour(const struct numbers *p, size_t i, int8_t *ret)
{
	size_t n = 0, at;

	if (i >= p->n)
		return 0;
	if (p->sub[i])
		while (i + n < p->n && p->sub[i + n])
			n++;
	else
		n = p->v[i] == 5 ? 2 : p->v[i] == 2 ? 4 : 1;
	if (i + n > p->n)
		return p->n - i;
	if (p->v[i] == 5 && n >= 2)
		*ret = of_palette(p->v[i + 1]);
	at = i + (p->sub[i] && n >= 5 ? 2 : 1);
	if (p->v[i] == 2 && n >= 4)
		*ret = nearest(byte_of(p->v[at]), byte_of(p->v[at + 1]),
			byte_of(p->v[at + 2]));
	return n;
}

static void
apply_attr(struct weir_sgr *sgr, int v)
{
	static const struct {
		uint8_t v, off, on;
	} table[] = {
		{ 1, 0, WEIR_SGR_BOLD },
		{ 2, 0, WEIR_SGR_DIM },
		{ 4, 0, WEIR_SGR_UNDERLINE },
		{ 7, 0, WEIR_SGR_REVERSE },
		{ 21, 0, WEIR_SGR_UNDERLINE },
		{ 22, WEIR_SGR_BOLD | WEIR_SGR_DIM, 0 },
		{ 24, WEIR_SGR_UNDERLINE, 0 },
		{ 27, WEIR_SGR_REVERSE, 0 },
	};

	for (size_t i = 0; i < N_ELEM(table); i++) {
		if (table[i].v == v)
			sgr->attrs =
				(uint8_t)((sgr->attrs & ~table[i].off) | table[i].on);
	}
}

void
weir_sgr_apply(struct weir_sgr *sgr, struct str params)
{
	struct numbers p;

	read_numbers(params, &p);
	for (size_t i = 0; i < p.n; i++) {
		int v = p.v[i] < 0 ? 0 : p.v[i];

		if (v == 38 || v == 48 || v == 58) { /* 58: of the underline */
			int8_t unused, *where = v == 38   ? &sgr->fg
						: v == 48 ? &sgr->bg
							  : &unused;

			i += read_colour(&p, i + 1, where);
			continue;
		}
		/* `4:0` is no underline, `4:3` a curly one. */
		if (v == 4 && i + 1 < p.n && p.sub[i + 1])
			v = p.v[i + 1] == 0 ? 24 : 4;
		while (i + 1 < p.n && p.sub[i + 1])
			i++;
		if (v == 0)
			*sgr = WEIR_SGR_NONE;
		else if (v >= 30 && v <= 39)
			sgr->fg = (int8_t)(v == 39 ? -1 : v - 30);
		else if (v >= 40 && v <= 49)
			sgr->bg = (int8_t)(v == 49 ? -1 : v - 40);
		else if (v >= 90 && v <= 97)
			sgr->fg = (int8_t)(v - 82);
		else if (v >= 100 && v <= 107)
			sgr->bg = (int8_t)(v - 92);
		else
			apply_attr(sgr, v);
	}
}

bool
weir_sgr_equal(struct weir_sgr a, struct weir_sgr b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

struct reading {
	struct weir_sgr_runs *runs;
	struct weir_sgr now;
};

static void
on_sgr(void *arg, size_t at, struct str params)
{
	struct reading *r = arg;
	struct weir_sgr_run run = { .at = at };
	struct weir_sgr was =
		r->runs->n ? r->runs->v[r->runs->n - 1].sgr : WEIR_SGR_NONE;

	weir_sgr_apply(&r->now, params);
	run.sgr = r->now;
	if (weir_sgr_equal(was, r->now))
		return;
	if (r->runs->n > 0 && r->runs->v[r->runs->n - 1].at == at)
		r->runs->v[r->runs->n - 1] = run;
	else if (r->runs->n < WEIR_SGR_RUNS_MAX)
		VEC_PUSH(r->runs, run);
}

void
weir_sgr_text(struct buf *out, struct str s, unsigned flags, struct weir_sgr_runs *runs)
{
	struct reading r = { runs, WEIR_SGR_NONE };

	runs->n = 0;
	text_sanitize_sgr(out, s, flags, on_sgr, &r);
}

void
weir_sgr_emit(struct buf *out, struct weir_sgr sgr)
{
	static const int codes[] = { 1, 2, 4, 7 };

	buf_adds(out, "\033[0");
	for (size_t i = 0; i < N_ELEM(codes); i++) {
		if (sgr.attrs & 1 << i)
			buf_addf(out, ";%d", codes[i]);
	}
	if (sgr.fg >= 0)
		buf_addf(out, ";%d", sgr.fg < 8 ? 30 + sgr.fg : 82 + sgr.fg);
	if (sgr.bg >= 0)
		buf_addf(out, ";%d", sgr.bg < 8 ? 40 + sgr.bg : 92 + sgr.bg);
	buf_addc(out, 'm');
}
