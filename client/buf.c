#include "weir/buf.h"

#include "weir/mem.h"

struct str
str_of(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

bool
str_eq(struct str a, const char *b)
{
	return str_equal(a, str_of(b));
}

bool
str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

bool
str_starts(struct str a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && (n == 0 || memcmp(a.s, prefix, n) == 0);
}

char *
str_copy(struct str a)
{
	char *p = xmalloc(a.len + 1);

	if (a.len)
		memcpy(p, a.s, a.len);
	p[a.len] = '\0';
	return p;
}

void
str_into(char *to, size_t size, struct str s)
{
	size_t n = s.len < size ? s.len : size - 1;

	memcpy(to, s.s ? s.s : "", n);
	to[n] = '\0';
}

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void
buf_release(struct buf *b)
{
	free(b->s);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	b->truncated = false;
	buf_truncate(b, 0);
}

void
buf_reserve(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need <= b->size)
		return;
	b->size = b->size ? b->size : 64;
	while (b->size < need)
		b->size *= 2;
	b->s = xrealloc(b->s, b->size);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	BUG_ON(b->max == 0);
	if (n > b->max - b->len) {
		n = b->max - b->len;
		b->truncated = true;
	}
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->s + b->len, p, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addstr(struct buf *b, struct str s)
{
	buf_add(b, s.s, s.len);
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_addn(struct buf *b, char c, size_t n)
{
	while (n--)
		buf_addc(b, c);
}

void
buf_addsize(struct buf *b, int64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double x = (double)n;
	size_t u = 0;

	for (; x >= 999.5 && u + 1 < sizeof(units) / sizeof(*units); u++)
		x /= 1000;
	buf_addf(b, x < 9.95 && u ? "%.1f %s" : "%.0f %s", x, units[u]);
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	char small[256];
	char *big;
	va_list ap2;
	int n;

	va_copy(ap2, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		buf_add(b, small, (size_t)n);
	} else {
		big = xvasprintf(fmt, ap2);
		buf_adds(b, big);
		free(big);
	}
	va_end(ap2);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
buf_truncate(struct buf *b, size_t len)
{
	if (len > b->len)
		return;
	b->len = len;
	if (b->s)
		b->s[len] = '\0';
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ buf_cstr(b), b->len };
}

const char *
buf_cstr(const struct buf *b)
{
	return b->s ? b->s : "";
}

char *
buf_steal(struct buf *b)
{
	char *s = b->s ? b->s : xstrdup("");

	b->s = NULL;
	buf_release(b);
	return s;
}
