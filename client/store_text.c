#include "store_text.h"

#include "jscan.h"
#include "store_priv.h"
#include "weir/text.h"

/* Known conda subdirs, sorted as conda lists them. */
static const char *const subdirs[] = { "linux-64", "linux-aarch64", "linux-ppc64le",
	"linux-s390x", "linux-armv6l", "linux-armv7l", "linux-32", "linux-ppc64",
	"linux-riscv32", "linux-riscv64", "linux-loongarch64", "osx-64", "osx-arm64",
	"win-64", "win-32", "win-arm64", "noarch", "freebsd-64", "freebsd-arm64",
	"emscripten-wasm32", "wasi-wasm32", "zos-z" };

static bool
is_subdir(struct str s)
{
	for (size_t i = 0; i < N_ELEM(subdirs); i++)
		if (str_eq(s, subdirs[i]))
			return true;
	return false;
}

/* Is value, a JSON string, a subdir? Its text is left in scratch. */
static bool
subdir_value(struct str value, struct buf *scratch)
{
	if (value.len < 2 || value.len > 40 || value.s[0] != '"')
		return false;
	buf_clear(scratch);
	jscan_unescape(scratch, value);
	return is_subdir(buf_str(scratch));
}

static bool
platform_of_param(struct str parameters, const char *name, struct buf *scratch)
{
	struct jscan j;
	struct str key, value;

	if (!jscan_open(&j, parameters))
		return false;
	while (jscan_next(&j, &key, &value))
		if (str_eq(key, name) && subdir_value(value, scratch))
			return true;
	return false;
}

struct str
store_platform(
	const struct weir_store *s, const struct weir_run *run, struct buf *scratch)
{
	struct jscan j;
	struct str key, value;

	for (size_t i = 0; i < s->n_platform_params; i++)
		if (platform_of_param(run->parameters, s->platform_params[i], scratch))
			return buf_str(scratch);
	if (jscan_open(&j, run->tags))
		while (jscan_next(&j, &key, &value))
			if (subdir_value(value, scratch))
				return buf_str(scratch);
	return (struct str){ NULL, 0 };
}

/* Append s with controls as spaces, cut at a maximum, at the start of a code point. */
static void
add_plain(struct buf *out, struct str s)
{
	size_t from = out->len;

	buf_add(out, s.s, text_clip(s, STORE_TEXT_VALUE_MAX));
	for (size_t i = from; i < out->len; i++)
		if ((unsigned char)out->s[i] < 0x20 || out->s[i] == 0x7f)
			out->s[i] = ' ';
}

/* Append the scalars of an object or array, 0x1f between them. */
static void
add_scalars(struct buf *out, struct str json)
{
	struct buf value_text = BUF_INIT(STORE_TEXT_LINE_MAX);
	struct jscan j;
	struct str key, value;
	bool first = true;

	if (!jscan_open(&j, json))
		return;
	while (jscan_next(&j, &key, &value)) {
		if (value.s[0] == '{' || value.s[0] == '[' || str_eq(value, "null"))
			continue;
		if (!first)
			buf_addc(out, '\x1f');
		first = false;
		if (value.s[0] != '"') {
			add_plain(out, value);
			continue;
		}
		buf_clear(&value_text);
		jscan_unescape(&value_text, value);
		add_plain(out, buf_str(&value_text));
	}
	buf_release(&value_text);
}

static void
make_line(struct buf *line, int64_t k, const struct weir_run *run, struct str platform)
{
	char id[WEIR_ID_TEXT + 1];

	buf_clear(line);
	buf_addf(line, "%lld\t", (long long)k);
	add_plain(line, run->name);
	buf_addc(line, '\t');
	add_scalars(line, run->tags);
	buf_addc(line, '\t');
	add_plain(line, platform);
	buf_addc(line, '\t');
	add_scalars(line, run->parameters);
	if (line->len > STORE_TEXT_LINE_MAX - 2 - WEIR_ID_TEXT)
		buf_truncate(line, STORE_TEXT_LINE_MAX - 2 - WEIR_ID_TEXT);
	buf_addc(line, '\t');
	buf_adds(line, weir_id_format(&run->id, id));
	buf_addc(line, '\n');
}

static enum weir_rc
write_block(struct weir_store *s, struct store_text_block *block, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	enum weir_rc rc;

	if (!block->dirty)
		return WEIR_OK;
	rc = db_get(&s->db, block->text.len ? SQL_TEXT_PUT : SQL_TEXT_DELETE, &st, err);
	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, block->b);
	if (block->text.len)
		db_bind_str(st, 2, buf_str(&block->text));
	rc = db_run(&s->db, st, err);
	if (!rc)
		block->dirty = false;
	return rc;
}

static int64_t
highest_k(const struct buf *text)
{
	const char *p = buf_cstr(text);
	int64_t highest = 0;

	while (p && *p) {
		int64_t k = strtoll(p, NULL, 10);

		highest = k > highest ? k : highest;
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return highest;
}

static enum weir_rc
read_block(struct weir_store *s, struct store_text_block *block, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc;

	rc = db_get(&s->db, SQL_TEXT_GET, &st, err);
	if (rc)
		goto out;
	sqlite3_bind_int64(st, 1, block->b);
	rc = db_step(&s->db, st, &row, err);
	if (!rc && row)
		buf_addstr(&block->text, db_str(st, 0));
	block->last = highest_k(&block->text);
out:
	db_reset(st);
	return rc;
}

/* The block in memory; the one not used for longest makes room for it. */
static enum weir_rc
get_block(struct weir_store *s, int64_t b, struct store_text_block **ret_block,
	struct weir_err *err)
{
	struct store_text *t = &s->text;
	struct store_text_block *old = &t->blocks[0];
	enum weir_rc rc;

	t->tick++;
	for (size_t i = 0; i < N_ELEM(t->blocks); i++) {
		struct store_text_block *block = &t->blocks[i];

		if (block->used && block->b == b) {
			block->used = t->tick;
			*ret_block = block;
			return WEIR_OK;
		}
		if (block->used < old->used)
			old = block;
	}
	rc = write_block(s, old, err);
	if (rc)
		return rc;
	old->b = b;
	old->used = 0;
	old->text.max = BUF_MAX;
	buf_clear(&old->text);
	rc = read_block(s, old, err);
	if (rc)
		return rc;
	old->used = t->tick;
	*ret_block = old;
	return WEIR_OK;
}

/* The span of k's line; at the end of the text and empty when there is none. */
static struct str
find_line(const struct buf *text, int64_t k)
{
	const char *p = buf_cstr(text), *end = p + text->len, *nl;
	char want[24];
	size_t n = (size_t)snprintf(want, sizeof(want), "%lld\t", (long long)k);

	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl ? nl + 1 : end;
		if ((size_t)(nl - p) > n && memcmp(p, want, n) == 0)
			return (struct str){ p, (size_t)(nl - p) };
		p = nl;
	}
	return (struct str){ end, 0 };
}

static void
replace(struct buf *text, struct str old, struct str new)
{
	size_t at = (size_t)(old.s - buf_cstr(text));
	size_t tail = text->len - at - old.len;

	buf_reserve(text, new.len);
	memmove(text->s + at + new.len, text->s + at + old.len, tail);
	if (new.len)
		memcpy(text->s + at, new.s, new.len);
	text->len = at + new.len + tail;
	text->s[text->len] = '\0';
}

static enum weir_rc
put_line(struct weir_store *s, int64_t k, struct str line, struct weir_err *err)
{
	struct store_text_block *block;
	struct str old = { NULL, 0 };
	enum weir_rc rc = get_block(s, k / STORE_TEXT_RUNS, &block, err);

	if (rc)
		return rc;
	if (k <= block->last)
		old = find_line(&block->text, k);
	if (!old.s)
		old.s = buf_cstr(&block->text) + block->text.len;
	block->last = k > block->last ? k : block->last;
	if (!str_equal(old, line)) {
		replace(&block->text, old, line);
		block->dirty = true;
	}
	return WEIR_OK;
}

enum weir_rc
store_text_put(struct weir_store *s, int64_t k, const struct weir_run *run,
	struct str platform, struct weir_err *err)
{
	s->text.line.max = BUF_MAX;
	make_line(&s->text.line, k, run, platform);
	return put_line(s, k, buf_str(&s->text.line), err);
}

enum weir_rc
store_text_delete(struct weir_store *s, int64_t k, struct weir_err *err)
{
	return put_line(s, k, (struct str){ "", 0 }, err);
}

enum weir_rc
store_text_flush(struct weir_store *s, struct weir_err *err)
{
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(s->text.blocks); i++)
		rc = write_block(s, &s->text.blocks[i], err);
	return rc;
}

void
store_text_forget(struct store_text *t)
{
	for (size_t i = 0; i < N_ELEM(t->blocks); i++)
		buf_release(&t->blocks[i].text);
	buf_release(&t->line);
	*t = (struct store_text){ 0 };
}

void
store_found_release(struct store_found *f)
{
	buf_release(&f->literal);
	buf_release(&f->lines);
	*f = (struct store_found){ 0 };
}
