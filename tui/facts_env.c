#include "facts_env.h"

#include <weir/cell.h>
#include <weir/env_store.h>
#include <weir/query.h>
#include <weir/select.h>
#include <weir/shell.h>
#include <weir/text.h>

#include "word.h"

enum {
	LABEL = 12,    /* columns before a value */
	SHORT = 8,     /* digits of an id that are enough for people */
	FEW_LINES = 2, /* of a value in a pane */
	LINES_MAX = 400,
	RUNS_MAX = 20,
	NAME_MOST = 40, /* columns of packages */
	VERSION_MOST = 20,
	BUILD_MOST = 24,
};

/* In this order they are read. */
enum seen {
	IS_DEFAULT,
	IS_LOCAL,
	IN_CACHE,
	IS_HELPER,
	TYPE,
	ARCHS,
	RESOLVED_ON,
	RESOLVED_BY,
	ALIASES,
	STEPS,
	FOLDERS,
	DEPS,
	SOURCES,
	EXTRAS,
	PACKAGES,
	N_SEEN
};
#define SEEN_COLUMNS                                                                   \
	"is_default,is_local,in_cache,is_helper,env_type,resolved_archs,resolved_on,"  \
	"resolved_by,aliases,pathspecs,folders,deps,sources,extras,packages"

bool
facts_env_name(struct env_name *n, struct str id, struct str arch)
{
	if (id.len >= sizeof(n->id) || arch.len >= sizeof(n->arch) || !id.len)
		return false;
	memcpy(n->id, id.s, id.len);
	n->id[id.len] = '\0';
	memcpy(n->arch, arch.s ? arch.s : "", arch.len);
	n->arch[arch.len] = '\0';
	return true;
}

void
facts_env_short(const struct env_name *n, struct buf *out)
{
	const char *full = strchr(n->id, ':');

	if (full)
		buf_addf(out, "%.*s:%.*s", SHORT, n->id, SHORT, full + 1);
	else
		buf_adds(out, n->id);
}

enum weir_rc
facts_env_first(struct weir_store *s, struct str query, bool *ret_found,
	struct env_name *ret_name, struct weir_err *err)
{
	struct weir_column_set columns = { 0 };
	struct weir_select sel = {
		.kind = WEIR_ENVIRONMENT, .columns = &columns, .limit = 1
	};
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	bool row = false;
	enum weir_rc rc = weir_query_parse(WEIR_ENVIRONMENT, query, 0, &q, err);

	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(WEIR_ENVIRONMENT, "id,arch", 0, &columns, err);
	if (!rc)
		rc = weir_rows_open(s, &sel, &rows, err);
	if (!rc)
		rc = weir_rows_next(rows, &row, err);
	if (!rc)
		*ret_found = row && facts_env_name(ret_name, weir_rows_cell(rows, 0)->s,
					    weir_rows_cell(rows, 1)->s);
	weir_rows_close(rows);
	weir_columns_release(&columns);
	weir_query_free(q);
	return rc;
}

struct row {
	struct weir_rows *rows;
	struct weir_column_set columns;
};

static void
row_close(struct row *r)
{
	weir_rows_close(r->rows);
	weir_columns_release(&r->columns);
}

static enum weir_rc
row_open(struct weir_store *s, const struct env_name *n, const char *columns,
	struct row *ret, struct weir_err *err)
{
	struct weir_select sel = { .kind = WEIR_ENVIRONMENT, .limit = 1 };
	struct row r = { .rows = NULL };
	bool row = false;
	enum weir_rc rc =
		weir_columns_choose(WEIR_ENVIRONMENT, columns, 0, &r.columns, err);

	sel.columns = &r.columns;
	sel.key = weir_env_key(s, n->id, n->arch);
	if (!rc && sel.key)
		rc = weir_rows_open(s, &sel, &r.rows, err);
	if (!rc && sel.key)
		rc = weir_rows_next(r.rows, &row, err);
	if (!rc && !row)
		rc = weir_fail(
			err, WEIR_ENOTFOUND, "%.17s...: it is no longer here", n->id);
	if (rc)
		row_close(&r);
	else
		*ret = r;
	return rc;
}

/* ---- packages */

static enum weir_rc
set_of(const struct env_name *n, struct str packages, struct weir_env_set *ret,
	struct weir_err *err)
{
	struct buf json = BUF_INIT(WEIR_ENV_OBJECT_MAX);
	struct weir_env_loaded l = { .n = 0 };
	const char *full = strchr(n->id, ':');
	enum weir_rc rc;

	buf_adds(&json, "{\"packages\":");
	buf_addstr(&json, packages.len ? packages : STR("[]"));
	buf_adds(&json, "}");
	rc = weir_env_parse(buf_str(&json), &l, err);
	if (!rc && l.n) {
		if (full)
			l.v[0].id =
				(struct weir_env_id){ { n->id, (size_t)(full - n->id) },
					str_of(full + 1), str_of(n->arch) };
		weir_env_set_of(&l.v[0], ret);
	}
	weir_env_loaded_release(&l);
	buf_release(&json);
	return rc;
}

enum weir_rc
facts_env_set(struct weir_store *s, const struct env_name *name,
	struct weir_env_set *ret, struct weir_err *err)
{
	struct row r;
	enum weir_rc rc = row_open(s, name, "packages", &r, err);

	if (rc)
		return rc;
	rc = set_of(name, weir_rows_cell(r.rows, 0)->s, ret, err);
	row_close(&r);
	return rc;
}

void
facts_env_open(struct page *p, const struct weir_env_item *item)
{
	struct buf text = BUF_INIT(1024), query = BUF_INIT(1024), word = BUF_INIT(2048);

	buf_addstr(&text, item->name);
	if (item->version.len)
		buf_addf(&text, "==%.*s", (int)item->version.len, item->version.s);
	buf_adds(&query, "pkg:");
	weir_query_quote(&query, buf_str(&text), true);
	weir_shell_quote(&word, buf_cstr(&query));
	if (!word.truncated && !query.truncated && !text.truncated)
		page_command(p, "env list %s", buf_cstr(&word));
	buf_release(&text);
	buf_release(&query);
	buf_release(&word);
}

struct widths {
	int name, version, build;
};

static struct widths
measure(const struct weir_env_set *set, int width)
{
	struct widths w = { 4, 4, 4 };

	for (size_t i = 0; i < set->v.n; i++) {
		w.name = page_wider(w.name, set->v.v[i].name, NAME_MOST);
		w.version = page_wider(w.version, set->v.v[i].version, VERSION_MOST);
		w.build = page_wider(w.build, set->v.v[i].build, BUILD_MOST);
	}
	/* Names are what is looked for: they give way last. */
	if (2 + w.name + 2 + w.version + 2 + w.build > width)
		w.build = width - 6 - w.name - w.version;
	if (w.build < 4)
		w.build = 0;
	return w;
}

static void
write_packages(struct facts_env *f, const struct weir_env_set *set, const char *type,
	const char *title)
{
	struct widths w = measure(set, f->p->width);
	struct buf b = BUF_INIT(256);
	size_t n = 0;

	for (size_t i = 0; i < set->v.n; i++)
		n += str_eq(set->v.v[i].type, type);
	if (n == 0)
		return;
	page_blank(f->p);
	page_begin(f->p, 0);
	page_gap(f->p, 1);
	buf_addf(&b, "%s  ", title);
	page_add(f->p, STYLE_HEADER, buf_str(&b), 0, false);
	buf_clear(&b);
	word_number(&b, (int64_t)n);
	page_add(f->p, STYLE_DIM, buf_str(&b), 0, false);
	for (size_t i = 0; i < set->v.n; i++) {
		const struct weir_env_item *one = &set->v.v[i];

		if (!str_eq(one->type, type))
			continue;
		page_begin(f->p, 0);
		if (!f->brief)
			facts_env_open(f->p, one);
		page_gap(f->p, 2);
		page_add(f->p, STYLE_PLAIN, one->name, w.name, false);
		page_gap(f->p, 2);
		page_add(f->p, STYLE_STRONG, one->version, w.version, false);
		if (w.build) {
			page_gap(f->p, 2);
			page_add(f->p, STYLE_DIM, one->build, w.build, false);
		}
		page_gap(f->p, 2);
		page_add(f->p, STYLE_DIM, one->channel, 0, false);
	}
	buf_release(&b);
}

/* ---- facts */

static void
write_text(struct facts_env *f, const char *label, struct str text)
{
	if (text.len)
		page_text(f->p, label, LABEL, STYLE_PLAIN, text,
			f->brief ? FEW_LINES : LINES_MAX);
}

static void
write_list(struct facts_env *f, const char *label, const struct weir_cell *cell)
{
	struct buf b = BUF_INIT(BUF_MAX);

	if (!cell->null)
		weir_json_join(&b, cell->s, "  ");
	write_text(f, label, buf_str(&b));
	buf_release(&b);
}

static void
write_id(struct facts_env *f, const char *label, struct str id, bool checked,
	enum weir_env_formula formula)
{
	page_begin(f->p, 0);
	page_gap(f->p, 1);
	page_add(f->p, STYLE_DIM, str_of(label), LABEL - 1, false);
	page_add(f->p, STYLE_PLAIN, id, 0, false);
	if (!checked)
		return;
	page_gap(f->p, 2);
	if (formula == WEIR_ENV_UNVERIFIED)
		page_addf(f->p, STYLE_YELLOW, "unverified: no formula gives it");
	else
		page_addf(f->p, STYLE_GREEN, "verified by %s",
			weir_env_formula_name(formula));
	if (formula != WEIR_ENV_UNVERIFIED && f->p->width >= 100)
		page_addf(f->p, STYLE_DIM, " (%s)", weir_env_formula_since(formula));
}

/* `✓ the default · in conda_v2.cnd · in the cache` */
static void
write_is(struct facts_env *f, const struct row *r)
{
	static const char *const words[] = { "the default", "in conda_v2.cnd",
		"in the cache", "one that Metaflow itself builds with" };
	struct buf b = BUF_INIT(512);

	for (size_t i = 0; i < N_ELEM(words); i++) {
		const struct weir_cell *c = weir_rows_cell(r->rows, i);

		if (c->null || !c->i)
			continue;
		if (b.len)
			buf_addf(&b, " %s ", theme_glyph(f->theme, GLYPH_DOT));
		buf_adds(&b, words[i]);
	}
	write_text(f, "is", buf_str(&b));
	buf_release(&b);
}

/* Ids in names of folders say nothing that is not above. */
static void
add_folder(struct buf *b, struct str path, const struct env_name *n)
{
	const char *full = strchr(n->id, ':');
	size_t len = full ? (size_t)(full - n->id) : 0;

	for (size_t i = 0; i < path.len; i++) {
		struct str rest = { path.s + i, path.len - i };

		if (len && rest.len >= len && memcmp(rest.s, n->id, len) == 0) {
			buf_adds(b, "<req-id>");
			i += len - 1;
		} else if (full && str_starts(rest, full + 1)) {
			buf_adds(b, "<id>");
			i += strlen(full + 1) - 1;
		} else {
			buf_addc(b, path.s[i]);
		}
	}
}

static void
write_folders(struct facts_env *f, const struct weir_cell *cell)
{
	struct buf all = BUF_INIT(BUF_MAX), one = BUF_INIT(BUF_MAX);

	if (!cell->null)
		weir_json_join(&all, cell->s, "\n");
	if (all.len) {
		page_blank(f->p);
		page_begin(f->p, 0);
		page_gap(f->p, 1);
		page_add(f->p, STYLE_HEADER, STR("LOCALLY PRESENT"), 0, false);
	}
	for (const char *p = buf_cstr(&all); *p;) {
		struct str path = { p, strcspn(p, "\n") };

		buf_clear(&one);
		if (f->brief)
			add_folder(&one, path, &f->name);
		else
			buf_addstr(&one, path);
		page_text(f->p, NULL, 2, STYLE_PLAIN, buf_str(&one), LINES_MAX);
		p += path.len + (p[path.len] == '\n');
	}
	buf_release(&all);
	buf_release(&one);
}

/* A line each, that opens its run: `Flow/run` of `Flow/run/step`. */
static void
write_runs(struct facts_env *f, const char *label, struct str json)
{
	struct buf all = BUF_INIT(BUF_MAX), run = BUF_INIT(1024), word = BUF_INIT(4096);
	int n = 0;

	weir_json_join(&all, json, "\n");
	for (const char *p = buf_cstr(&all); *p && n < RUNS_MAX; n++) {
		struct str one = { p, strcspn(p, "\n") };
		const char *slash = memchr(one.s, '/', one.len);
		size_t len = slash ? strcspn(slash + 1, "/\n") : 0;

		page_begin(f->p, 0);
		page_gap(f->p, 1);
		page_add(f->p, STYLE_DIM, str_of(n ? "" : label), LABEL - 1, false);
		page_add(f->p, STYLE_PLAIN, one, 0, false);
		buf_clear(&run);
		buf_clear(&word);
		buf_add(&run, one.s, slash ? (size_t)(slash + 1 - one.s) + len : 0);
		weir_shell_quote(&word, buf_cstr(&run));
		if (len && *buf_cstr(&run) != '-' && !word.truncated && !run.truncated)
			page_command(f->p, "show %s", buf_cstr(&word));
		p += one.len + (p[one.len] == '\n');
	}
	buf_release(&all);
	buf_release(&run);
	buf_release(&word);
}

static void
write_facts(struct facts_env *f, const struct row *r)
{
	const char *full = strchr(f->name.id, ':');
	struct buf b = BUF_INIT(4096);

	write_id(f, "full_id", str_of(full ? full + 1 : f->name.id), f->checked,
		f->full);
	write_id(f, "req_id",
		(struct str){ f->name.id, full ? (size_t)(full - f->name.id) : 0 },
		f->checked, f->req);
	write_is(f, r);
	buf_addf(&b, "%s  ", f->name.arch);
	if (!weir_rows_cell(r->rows, TYPE)->null)
		buf_addstr(&b, weir_rows_cell(r->rows, TYPE)->s);
	write_text(f, "arch", buf_str(&b));
	write_list(f, "together", weir_rows_cell(r->rows, ARCHS));
	buf_clear(&b);
	buf_addstr(&b, weir_rows_cell(r->rows, RESOLVED_ON)->s);
	buf_adds(&b, "  by ");
	buf_addstr(&b, weir_rows_cell(r->rows, RESOLVED_BY)->s);
	write_text(f, "resolved", buf_str(&b));
	write_list(f, "aliases", weir_rows_cell(r->rows, ALIASES));
	if (f->brief)
		write_list(f, "steps", weir_rows_cell(r->rows, STEPS));
	else if (!weir_rows_cell(r->rows, STEPS)->null)
		write_runs(f, "steps", weir_rows_cell(r->rows, STEPS)->s);
	write_list(f, "requested", weir_rows_cell(r->rows, DEPS));
	write_list(f, "sources", weir_rows_cell(r->rows, SOURCES));
	write_list(f, "extras", weir_rows_cell(r->rows, EXTRAS));
	write_folders(f, weir_rows_cell(r->rows, FOLDERS));
	buf_release(&b);
}

bool
facts_env_write(struct facts_env *f)
{
	struct weir_env_set set = { .what = { "", 0 } };
	struct row r;

	if (row_open(f->store, &f->name, SEEN_COLUMNS, &r, NULL))
		return false;
	f->is_default = weir_rows_cell(r.rows, IS_DEFAULT)->i;
	write_facts(f, &r);
	if (!f->brief)
		facts_env_users(f->p, f->store, &f->name);
	if (!set_of(&f->name, weir_rows_cell(r.rows, PACKAGES)->s, &set, NULL)) {
		f->n_packages = set.v.n;
		write_packages(f, &set, "conda", "CONDA PACKAGES");
		write_packages(f, &set, "pypi", "PYPI PACKAGES");
		weir_env_set_release(&set);
	}
	row_close(&r);
	return true;
}
