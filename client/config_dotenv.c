/*
 * `.env` as python-dotenv reads it: `export`, single and double quotes over several
 * lines, comments, ${NAME} and ${NAME:-default}. A line that is none of that is
 * skipped.
 */
#include "config_layer.h"

#include "weir/mem.h"

struct pair {
	char *name, *value;
};

struct dotenv {
	const struct config_io *io;
	const char *p, *end;
	VEC(struct pair) seen; /* what was set above, for ${NAME} */
};

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static void
skip_blank(struct dotenv *d)
{
	while (d->p < d->end && (*d->p == ' ' || *d->p == '\t'))
		d->p++;
}

static void
skip_line(struct dotenv *d)
{
	while (d->p < d->end && *d->p != '\n' && *d->p != '\r')
		d->p++;
	if (d->p < d->end)
		d->p++;
}

static const char *
look_up(const struct dotenv *d, struct str name)
{
	char *copy;
	const char *value;

	for (size_t i = d->seen.n; i-- > 0;)
		if (str_eq(name, d->seen.v[i].name))
			return d->seen.v[i].value;
	copy = str_copy(name);
	value = d->io->env(d->io->arg, copy);
	free(copy);
	return value;
}

/* Replace ${NAME} and ${NAME:-default}. */
static void
expand(const struct dotenv *d, struct str s, struct buf *out)
{
	size_t i = 0;

	while (i < s.len) {
		const char *close, *dash;
		struct str name, fallback = STR("");
		const char *value;

		if (s.len - i < 3 || s.s[i] != '$' || s.s[i + 1] != '{' ||
			!(close = memchr(s.s + i, '}', s.len - i))) {
			buf_addc(out, s.s[i++]);
			continue;
		}
		name.s = s.s + i + 2;
		name.len = (size_t)(close - name.s);
		dash = memchr(name.s, ':', name.len);
		if (dash && dash[1] == '-') {
			fallback.s = dash + 2;
			fallback.len = (size_t)(close - fallback.s);
			name.len = (size_t)(dash - name.s);
		}
		value = look_up(d, name);
		buf_addstr(out, value ? str_of(value) : fallback);
		i = (size_t)(close + 1 - s.s);
	}
}

static char
unescape(char c)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : c;
}

/* After the opening quote. False: it is never closed. */
static bool
read_quoted(struct dotenv *d, char quote, struct buf *out)
{
	while (d->p < d->end && *d->p != quote) {
		if (*d->p != '\\' || d->p + 1 == d->end) {
			buf_addc(out, *d->p++);
			continue;
		}
		if (quote == '"') {
			buf_addc(out, unescape(d->p[1]));
		} else {
			if (d->p[1] != '\'' && d->p[1] != '\\')
				buf_addc(out, '\\');
			buf_addc(out, d->p[1]);
		}
		d->p += 2;
	}
	if (d->p == d->end)
		return false;
	d->p++;
	return true;
}

static void
read_bare(struct dotenv *d, struct buf *out)
{
	const char *start = d->p, *end;

	while (d->p < d->end && *d->p != '\n' && *d->p != '\r' &&
		!(*d->p == '#' && d->p > start &&
			(d->p[-1] == ' ' || d->p[-1] == '\t')))
		d->p++;
	end = d->p;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	buf_add(out, start, (size_t)(end - start));
}

/* One binding at the start of a line. False: there is none. */
static bool
read_binding(struct dotenv *d, struct str *ret_name, struct buf *value)
{
	const char *start;

	skip_blank(d);
	if (d->end - d->p > 7 && !memcmp(d->p, "export", 6) &&
		(d->p[6] == ' ' || d->p[6] == '\t')) {
		d->p += 6;
		skip_blank(d);
	}
	start = d->p;
	while (d->p < d->end && is_name(*d->p))
		d->p++;
	*ret_name = (struct str){ start, (size_t)(d->p - start) };
	skip_blank(d);
	if (!ret_name->len || d->p == d->end || *d->p != '=')
		return false;
	d->p++;
	skip_blank(d);
	if (d->p == d->end || (*d->p != '"' && *d->p != '\'')) {
		read_bare(d, value);
		return true;
	}
	start = d->p++;
	if (read_quoted(d, *start, value))
		return true;
	d->p = start; /* the rest of this line only is lost */
	return false;
}

void
config_dotenv(
	const struct config_io *io, struct str text, config_dotenv_fn *fn, void *arg)
{
	struct dotenv d = { .io = io, .p = text.s, .end = text.s + text.len };
	struct buf raw = BUF_INIT(CONFIG_VALUE_MAX), value = BUF_INIT(CONFIG_VALUE_MAX);
	unsigned line = 1;

	while (text.len && d.p < d.end) {
		const char *start = d.p;
		struct str name;

		buf_clear(&raw);
		buf_clear(&value);
		if (read_binding(&d, &name, &raw) && !raw.truncated) {
			expand(&d, buf_str(&raw), &value);
			VEC_PUSH(&d.seen, ((struct pair){ str_copy(name),
						  xstrdup(buf_cstr(&value)) }));
			fn(arg, name, buf_str(&value), line);
		}
		skip_line(&d);
		for (; start < d.p; start++)
			line += *start == '\n';
	}
	for (size_t i = 0; i < d.seen.n; i++) {
		free(d.seen.v[i].name);
		free(d.seen.v[i].value);
	}
	VEC_FREE(&d.seen);
	buf_release(&raw);
	buf_release(&value);
}
