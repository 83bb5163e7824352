/* One environment out of those that there are: by what people type. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_cnd.h"
#include "store_write.h"
#include "weir/env_store.h"

enum { PREFIX_MIN = 4, CANDIDATES = 10, MARK_MAX = 1024 };

struct hunt {
	struct db *db;
	struct str text;
	const char *arch; /* of a request the one for this; NULL: any */
	struct weir_env_pair *ret;
	bool found;
	struct weir_err *err;
};

static void
copy_id(char to[WEIR_ENV_ID + 1], struct str s)
{
	size_t n = s.len < WEIR_ENV_ID ? s.len : WEIR_ENV_ID;

	memcpy(to, s.s ? s.s : "", n);
	to[n] = '\0';
}

static void
take(struct hunt *h, struct str req_id, struct str full_id)
{
	copy_id(h->ret->req_id, req_id);
	copy_id(h->ret->full_id, full_id);
	h->found = true;
}

/* By a statement of one text that answers with both ids. */
static enum weir_rc
by_text(struct hunt *h, enum sql_id id, struct str text)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(h->db, id, &st, h->err);

	if (rc)
		return rc;
	db_bind_str(st, 1, text);
	rc = db_step(h->db, st, &row, h->err);
	if (!rc && row)
		take(h, db_str(st, 0), db_str(st, 1));
	db_reset(st);
	return rc;
}

static bool
is_hex(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!(s.s[i] >= '0' && s.s[i] <= '9') &&
			!(s.s[i] >= 'a' && s.s[i] <= 'f'))
			return false;
	}
	return s.len >= PREFIX_MIN && s.len <= WEIR_ENV_ID;
}

/* Environments whose ids begin so; more than one is said. */
static enum weir_rc
by_full(struct hunt *h, struct str full_id, struct str req_id)
{
	struct buf list = BUF_INIT(1400);
	sqlite3_stmt *st = NULL;
	bool row = false;
	int n = 0;
	enum weir_rc rc = db_get(h->db, SQL_ENV_BY_FULL, &st, h->err);

	if (rc)
		return rc;
	db_bind_str(st, 1, full_id);
	db_bind_str(st, 2, req_id);
	sqlite3_bind_int(st, 3, CANDIDATES);
	while (!(rc = db_step(h->db, st, &row, h->err)) && row) {
		struct str req = db_str(st, 0), full = db_str(st, 1);

		take(h, req, full);
		n++;
		buf_addf(&list, "\n  %.*s:%.*s", (int)req.len, req.s, (int)full.len,
			full.s);
	}
	db_reset(st);
	if (!rc && n > 1) {
		rc = weir_fail(h->err, WEIR_EAMBIGUOUS,
			"environment '%.*s': %s%d environments begin with it%s",
			(int)h->text.len, h->text.s, n == CANDIDATES ? "at least " : "",
			n, buf_cstr(&list));
		weir_hint(h->err, "more of the id, or req_id:full_id");
	}
	buf_release(&list);
	return rc;
}

static enum weir_rc
by_req_for(struct hunt *h, struct str req_id, const char *arch)
{
	struct weir_env_pair first = { "", "" };
	sqlite3_stmt *st = NULL;
	bool row = false, same = true;
	enum weir_rc rc = db_get(h->db, SQL_ENV_BY_REQ, &st, h->err);

	if (rc)
		return rc;
	db_bind_str(st, 1, req_id);
	sqlite3_bind_int(st, 2, -1);
	if (arch)
		db_bind_str(st, 3, str_of(arch));
	else
		sqlite3_bind_null(st, 3);
	while (same && !(rc = db_step(h->db, st, &row, h->err)) && row) {
		if (!first.req_id[0]) {
			copy_id(first.req_id, db_str(st, 0));
			copy_id(first.full_id, db_str(st, 1));
		}
		same = str_eq(db_str(st, 0), first.req_id);
	}
	db_reset(st);
	if (!rc && !same) {
		rc = weir_fail(h->err, WEIR_EAMBIGUOUS,
			"environment '%.*s': several requests begin with it",
			(int)h->text.len, h->text.s);
		weir_hint(
			h->err, "weir env list req:%.*s", (int)h->text.len, h->text.s);
	} else if (!rc && first.req_id[0]) {
		take(h, str_of(first.req_id), str_of(first.full_id));
	}
	return rc;
}

/* The default of a request, else its newest; several requests that begin so. */
static enum weir_rc
by_req(struct hunt *h, struct str req_id)
{
	enum weir_rc rc = WEIR_OK;

	if (h->arch)
		rc = by_req_for(h, req_id, h->arch);
	return rc || h->found ? rc : by_req_for(h, req_id, NULL);
}

static enum weir_rc
by_ids(struct hunt *h)
{
	const char *colon = memchr(h->text.s, ':', h->text.len);
	struct str a = h->text, b = { "", 0 };
	enum weir_rc rc = WEIR_OK;

	if (colon) {
		a.len = (size_t)(colon - h->text.s);
		b = (struct str){ colon + 1, h->text.len - a.len - 1 };
		return is_hex(a) && is_hex(b) ? by_full(h, b, a) : WEIR_OK;
	}
	if (!is_hex(a))
		return WEIR_OK;
	rc = by_full(h, a, b);
	return rc || h->found ? rc : by_req(h, a);
}

/* A step as it is stored: three parts, `step:` and a task may be there. */
static enum weir_rc
by_step(struct hunt *h)
{
	struct str s = h->text;
	size_t n = 0, slashes = 0;

	if (str_starts(s, "step:"))
		s = (struct str){ s.s + 5, s.len - 5 };
	while (n < s.len && !(s.s[n] == '/' && ++slashes == 3))
		n++;
	s.len = n;
	return slashes < 2 ? WEIR_OK : by_text(h, SQL_ENV_STEP_GET, s);
}

/* `name:tag` is stored as `name/tag`; the tag is latest unless told. */
static enum weir_rc
by_alias(struct hunt *h)
{
	struct buf name = BUF_INIT(BUF_MAX);
	size_t colon = h->text.len;
	enum weir_rc rc;

	while (colon && h->text.s[colon - 1] != ':')
		colon--;
	buf_addstr(&name, h->text);
	if (colon)
		name.s[colon - 1] = '/';
	else
		buf_adds(&name, "/latest");
	rc = by_text(h, SQL_ENV_ALIAS_GET, buf_str(&name));
	buf_release(&name);
	return rc;
}

/* A folder that was created: its .metaflowenv says what it is. */
static enum weir_rc
by_folder(struct hunt *h)
{
	struct arena arena = { 0 };
	struct weir_env_id id = { .arch = STR("") };
	char *path =
		arena_printf(&arena, "%.*s/.metaflowenv", (int)h->text.len, h->text.s);
	char *text = arena_alloc(&arena, MARK_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, MARK_MAX);
		close(fd);
	}
	if (n > 0 && env_cnd_pair((struct str){ text, (size_t)n }, &arena, &id))
		take(h, id.req_id, id.full_id);
	arena_free(&arena);
	return WEIR_OK;
}

/* Ids with capitals are none to Metaflow either; short ones are not looked for. */
static enum weir_rc
not_found(const char *text, struct weir_err *err)
{
	struct buf shown = BUF_INIT(400);
	size_t n = strspn(text, "0123456789abcdefABCDEF:");
	struct stat st;
	bool folder = strchr(text, '/') && stat(text, &st) == 0 && S_ISDIR(st.st_mode);

	weir_url_mask(&shown, text);
	weir_fail(err, WEIR_ENOTFOUND, "environment '%.200s': %s", buf_cstr(&shown),
		folder ? "there is no .metaflowenv of an environment in that folder"
		       : "no id, alias, step or folder is called so");
	buf_release(&shown);
	if (!text[n] && text[strcspn(text, "ABCDEF")] && n >= PREFIX_MIN)
		return weir_hint(err, "ids are in lower case");
	if (!text[n] && n > 0 && n < PREFIX_MIN)
		return weir_hint(err, "four digits of an id, or more");
	return weir_hint(err, "weir env list");
}

enum weir_rc
weir_env_find_for(struct weir_store *s, const char *text, const char *arch,
	struct weir_env_pair *ret_pair, struct weir_err *err)
{
	enum weir_rc (*const ways[])(
		struct hunt *) = { by_ids, by_step, by_alias, by_folder };
	struct weir_env_pair pair = { "", "" };
	struct hunt h = { .db = store_db(s),
		.text = str_of(text),
		.arch = arch,
		.ret = &pair,
		.err = err };
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && !h.found && h.text.len && i < N_ELEM(ways); i++)
		rc = ways[i](&h);
	if (!rc && !h.found)
		rc = not_found(text, err);
	if (!rc)
		*ret_pair = pair;
	return rc;
}

enum weir_rc
weir_env_req_archs(
	struct weir_store *s, const char *req_id, struct buf *out, struct weir_err *err)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum weir_rc rc = db_get(store_db(s), SQL_ENV_REQ_ARCHS, &st, err);

	if (rc)
		return rc;
	db_bind_str(st, 1, str_of(req_id));
	for (int n = 0; !(rc = db_step(store_db(s), st, &row, err)) && row; n++) {
		buf_adds(out, n ? ", " : "");
		buf_addstr(out, db_str(st, 0));
	}
	db_reset(st);
	return rc;
}

int64_t
weir_env_key(struct weir_store *s, const char *id, const char *arch)
{
	const char *full = strchr(id, ':');
	sqlite3_stmt *st = NULL;
	bool row = false;
	int64_t key = 0;

	if (!full || db_get(store_db(s), SQL_ENV_ROWS, &st, NULL))
		return 0;
	db_bind_str(st, 1, str_of(full + 1));
	db_bind_str(st, 2, (struct str){ id, (size_t)(full - id) });
	while (!key && !db_step(store_db(s), st, &row, NULL) && row)
		if (str_eq(db_str(st, 2), arch))
			key = sqlite3_column_int64(st, 0);
	db_reset(st);
	return key;
}

enum weir_rc
weir_env_find(struct weir_store *s, const char *text, struct weir_env_pair *ret_pair,
	struct weir_err *err)
{
	return weir_env_find_for(s, text, NULL, ret_pair, err);
}
