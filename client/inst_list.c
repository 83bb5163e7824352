/* Lists of packages that begin with @EXPLICIT. */
#include <ctype.h>

#include "inst_name.h"
#include "weir/config.h"
#include "weir/inst.h"
#include "weir/mem.h"

enum { LINE_MAX_BYTES = 16 << 10 };

struct weir_inst_list {
	struct arena arena;
	VEC(struct weir_inst_package) packages;
};

static struct str
next_word(struct str *line)
{
	struct str w;

	while (line->len && isspace((unsigned char)line->s[0]))
		line->s++, line->len--;
	w = *line;
	for (w.len = 0; w.len < line->len && !isspace((unsigned char)w.s[w.len]);)
		w.len++;
	line->s += w.len;
	line->len -= w.len;
	return w;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The last part of the path, with %21 and the like as what they stand for. */
static const char *
file_of(struct arena *a, struct str url)
{
	char *out = arena_alloc(a, url.len + 1);
	size_t n = 0, start;

	for (size_t i = 0; i < url.len; i++)
		if (url.s[i] == '?') {
			url.len = i;
			break;
		}
	for (start = url.len; start > 0 && url.s[start - 1] != '/';)
		start--;
	for (size_t i = start; i < url.len; i++) {
		if (url.s[i] == '%' && i + 2 < url.len && hex(url.s[i + 1]) >= 0 &&
			hex(url.s[i + 2]) >= 0) {
			out[n++] = (char)(hex(url.s[i + 1]) * 16 + hex(url.s[i + 2]));
			i += 2;
		} else {
			out[n++] = url.s[i];
		}
	}
	out[n] = '\0';
	return out;
}

/* `md5`, `md5=..`, `sha256:...`; false: none of these. */
static bool
set_hash(struct arena *a, struct str text, struct weir_inst_package *p)
{
	static const char *const names[] = { "md5", "sha256" };
	const char **hashes[] = { &p->md5, &p->sha256 };
	size_t n, kind = 2;

	for (size_t i = 0; i < N_ELEM(names); i++) {
		n = strlen(names[i]);
		if (str_starts(text, names[i]) && text.len > n &&
			(text.s[n] == '=' || text.s[n] == ':')) {
			kind = i;
			text.s += n + 1;
			text.len -= n + 1;
			break;
		}
	}
	if (kind == 2)
		kind = text.len == 64;
	if (text.len != (kind ? 64 : 32))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (hex(text.s[i]) < 0)
			return false;
	*hashes[kind] = arena_strndup(a, text.s, text.len);
	return true;
}

/* `url#hash`; false: not that. */
static bool
parse_url(struct weir_inst_list *l, struct str word, enum weir_inst_type type)
{
	struct weir_inst_package p = { .type = type, .size = -1 };
	const char *mark = memchr(word.s, '#', word.len);
	struct str url = word, hash = { NULL, 0 };
	size_t n;

	if (mark) {
		url.len = (size_t)(mark - word.s);
		hash = (struct str){ mark + 1, word.len - url.len - 1 };
	}
	p.url = arena_strndup(&l->arena, url.s, url.len);
	p.file = file_of(&l->arena, url);
	if (!strstr(p.url, "://") || !inst_name_is_part(p.file) ||
		(hash.len && !set_hash(&l->arena, hash, &p)))
		return false;
	n = strlen(p.file);
	if (n > 4 && strcmp(p.file + n - 4, ".whl") == 0)
		p.type = WEIR_INST_PYPI;
	VEC_PUSH(&l->packages, p);
	return true;
}

/* A comment may be `# pip name @ url#sha256=hash`. */
static bool
parse_comment(struct weir_inst_list *l, struct str line)
{
	if (!str_eq(next_word(&line), "#") || !str_eq(next_word(&line), "pip"))
		return true;
	next_word(&line);
	if (!str_eq(next_word(&line), "@"))
		return true;
	return parse_url(l, next_word(&line), WEIR_INST_PYPI);
}

static bool
parse_line(struct weir_inst_list *l, struct str line, bool *explicit)
{
	struct str rest = line, word = next_word(&rest);

	if (!word.len)
		return true;
	if (str_eq(word, "@EXPLICIT")) {
		*explicit = true;
		return true;
	}
	if (word.s[0] == '#')
		return parse_comment(l, line);
	return *explicit && memchr(word.s, '\0', word.len) == NULL &&
	       parse_url(l, word, WEIR_INST_CONDA) && !next_word(&rest).len;
}

static enum weir_rc
fail_line(const char *name, size_t n, struct str line, bool explicit,
	struct weir_err *err)
{
	struct buf shown = BUF_INIT(LINE_MAX_BYTES), masked = BUF_INIT(BUF_MAX);
	char *text = xstrndup(line.s, strnlen(line.s, line.len));

	weir_url_mask(&masked, text);
	inst_name_show(&shown, buf_str(&masked));
	weir_fail(err, WEIR_EBADDATA, "%s:%zu: %s: %s", name, n, buf_cstr(&shown),
		explicit ? "not URL#hash of a package" : "no @EXPLICIT before it");
	buf_release(&masked);
	buf_release(&shown);
	free(text);
	return WEIR_EBADDATA;
}

enum weir_rc
weir_inst_list_parse(struct str text, const char *name,
	struct weir_inst_list **ret_list, struct weir_err *err)
{
	struct weir_inst_list *l = xcalloc(1, sizeof(*l));
	enum weir_rc rc = WEIR_OK;
	bool explicit = false;
	struct str line;
	const char *end;

	for (size_t n = 1; !rc && text.len; n++) {
		end = memchr(text.s, '\n', text.len);
		line = (struct str){ text.s, end ? (size_t)(end - text.s) : text.len };
		text.s += line.len + (end != NULL);
		text.len -= line.len + (end != NULL);
		if (line.len > LINE_MAX_BYTES)
			rc = weir_fail(err, WEIR_ETOOBIG,
				"%s:%zu: the line is too long", name, n);
		else if (!parse_line(l, line, &explicit))
			rc = fail_line(name, n, line, explicit, err);
		else if (l->packages.n > WEIR_INST_PACKAGES_MAX)
			rc = weir_fail(err, WEIR_ETOOBIG, "%s: more than %d packages",
				name, WEIR_INST_PACKAGES_MAX);
	}
	if (!rc && !explicit)
		rc = weir_fail(
			err, WEIR_EBADDATA, "%s: it has no line @EXPLICIT", name);
	if (rc)
		weir_inst_list_free(l);
	else
		*ret_list = l;
	return rc;
}

void
weir_inst_list_free(struct weir_inst_list *l)
{
	if (!l)
		return;
	VEC_FREE(&l->packages);
	arena_free(&l->arena);
	free(l);
}

const struct weir_inst_package *
weir_inst_list_packages(const struct weir_inst_list *l, size_t *ret_n)
{
	*ret_n = l->packages.n;
	return l->packages.v;
}
