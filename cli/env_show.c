/* weir env show: all that is known of an environment. */
#include <stdlib.h>
#include <string.h>

#include <weir/cell.h>
#include <weir/env_diff.h>
#include <weir/mem.h>
#include <weir/metaflow.h>
#include <weir/text.h>

#include "env.h"
#include "env_steps.h"
#include "para.h"
#include "show.h"

/* What the store has of one architecture beside the file. */
enum {
	IS_DEFAULT,
	ALIASES,
	STEPS,
	FOLDERS,
	IS_LOCAL,
	IN_CACHE,
	RUNS,
	USED_BY,
	SIZE,
	DISK,
	SEEN
};
#define SEEN_COLUMNS                                                                   \
	"is_default,aliases,pathspecs,folders,is_local,in_cache,n_runs,used_by,"       \
	"size,disk"

enum { RUNS_SHOWN = 12 };

struct seen {
	int64_t number[SEEN]; /* -1: not known */
	char *list[SEEN];     /* JSON, or text; owned */
};

struct job {
	struct ctx *ctx;
	struct env_open *o;
	struct weir_env_loaded loaded;
	enum weir_env_formula req, full;
	struct sink sink;
};

static void
take_seen(const struct weir_rows *row, struct seen *seen)
{
	for (size_t i = 0; i < SEEN; i++) {
		const struct weir_cell *c = weir_rows_cell(row, i);

		if (c->type == WEIR_T_BOOL || c->type == WEIR_T_INT)
			seen->number[i] = c->null ? -1 : c->i;
		else
			seen->list[i] = c->null ? NULL : str_copy(c->s);
	}
}

static enum weir_rc
look_up(struct job *j, const struct weir_env *e, struct seen *seen)
{
	struct weir_column_set set = { 0 };
	struct weir_select sel = {
		.kind = WEIR_ENVIRONMENT, .columns = &set, .limit = 1
	};
	struct weir_query *q = NULL;
	struct weir_rows *rows = NULL;
	struct buf text = BUF_INIT(BUF_MAX);
	bool row = false;
	enum weir_rc rc;

	buf_addf(&text, "full_id:%.*s req_id:%.*s arch:", (int)e->id.full_id.len,
		e->id.full_id.s, (int)e->id.req_id.len, e->id.req_id.s);
	weir_query_quote(&text, e->id.arch, true);
	rc = weir_query_parse(
		WEIR_ENVIRONMENT, buf_str(&text), weir_now_us(), &q, j->ctx->err);
	sel.query = q;
	if (!rc)
		rc = weir_columns_choose(
			WEIR_ENVIRONMENT, SEEN_COLUMNS, 0, &set, j->ctx->err);
	if (!rc)
		rc = weir_rows_open(j->o->store, &sel, &rows, j->ctx->err);
	if (!rc)
		rc = weir_rows_next(rows, &row, j->ctx->err);
	if (!rc && row)
		take_seen(rows, seen);
	weir_rows_close(rows);
	weir_columns_release(&set);
	weir_query_free(q);
	buf_release(&text);
	return rc;
}

/* Its full_id may be one of several architectures together. */
static void
verify(struct job *j, const struct weir_env *e)
{
	const struct weir_env **all = xcalloc(j->loaded.n, sizeof(const void *));

	j->req = weir_env_verify_req(e);
	j->full = weir_env_verify_full(&e, 1);
	for (size_t i = 0; i < j->loaded.n; i++)
		all[i] = &j->loaded.v[i];
	if (j->full == WEIR_ENV_UNVERIFIED && j->loaded.n > 1)
		j->full = weir_env_verify_full(all, j->loaded.n);
	free(all);
}

/* ---- for people */

static void
put_id(struct para *p, const char *label, struct str id, enum weir_env_formula f)
{
	para_begin(p, label);
	para_add(p, id, 0);
	if (f == WEIR_ENV_UNVERIFIED)
		para_add(p, STR("unverified: no formula gives it"), 2);
	else
		para_addf(p, 2, "verified by %s (%s)", weir_env_formula_name(f),
			weir_env_formula_since(f));
	para_end(p);
}

static void
put_list(struct para *p, const char *label, struct str json)
{
	struct buf b = BUF_INIT(BUF_MAX), masked = BUF_INIT(BUF_MAX);

	weir_json_join(&b, json, "\n");
	if (b.len) {
		para_begin(p, label);
		for (char *save = NULL, *s = strtok_r(b.s, "\n", &save); s;
			s = strtok_r(NULL, "\n", &save)) {
			const char *url = strstr(s, "::");

			buf_clear(&masked);
			if (url && strstr(url, "://")) {
				buf_add(&masked, s, (size_t)(url + 2 - s));
				weir_url_mask(&masked, url + 2);
			} else {
				buf_adds(&masked, s);
			}
			para_add(p, buf_str(&masked), 2);
		}
		para_end(p);
	}
	buf_release(&b);
	buf_release(&masked);
}

struct namers {
	struct para *p;
	int64_t n;
};

/* `build/quick 79919c10` */
static void
put_namer(void *arg, const struct weir_id *run, struct str shown, int64_t at_us)
{
	struct namers *to = arg;
	char id[WEIR_ID_TEXT + 1];

	(void)at_us;
	para_addf(to->p, 2, "%.*s %.8s", (int)shown.len, shown.s,
		weir_id_format(run, id));
	to->n++;
}

/* The newest, a few a line: those of Metaflow, then those of the server by name. */
static void
put_runs(struct job *j, struct para *p, const struct weir_env *e, const struct seen *s)
{
	struct buf b = BUF_INIT(BUF_MAX);
	struct namers to = { p, 0 };
	int64_t n = 0;

	if (s->number[RUNS] <= 0 || !s->list[USED_BY])
		return;
	weir_json_join(&b, str_of(s->list[USED_BY]), "\n");
	para_begin(p, "runs");
	for (char *save = NULL,
		  *t = strtok_r(buf_cstr(&b)[0] ? b.s : NULL, "\n", &save);
		t && n < RUNS_SHOWN; t = strtok_r(NULL, "\n", &save))
		if (strchr(t, '/')) {
			para_add(p, str_of(t), 2);
			n++;
		}
	if (!weir_runs_naming(j->o->store, &e->id, RUNS_SHOWN, put_namer, &to, NULL))
		n += to.n;
	if (s->number[RUNS] > n)
		para_addf(p, 2, "and %lld more", (long long)(s->number[RUNS] - n));
	para_end(p);
	buf_release(&b);
}

static void
put_facts(struct job *j, const struct weir_env *e, const struct seen *s)
{
	struct para p;

	para_init(&p, j->ctx, &j->sink.b, 12);
	put_id(&p, "req_id", e->id.req_id, j->req);
	put_id(&p, "full_id", e->id.full_id, j->full);
	para_begin(&p, "arch");
	para_add(&p, e->id.arch, 0);
	para_add(&p, e->env_type, 2);
	para_end(&p);
	put_list(&p, "together", e->resolved_archs);
	para_begin(&p, "on");
	para_add(&p, e->resolved_on, 0);
	para_pair(&p, "by", e->resolved_by);
	para_end(&p);
	para_begin(&p, "is");
	if (s->number[IS_DEFAULT] > 0)
		para_add(&p, STR("the default"), 2);
	if (s->number[IS_LOCAL] > 0)
		para_add(&p, STR("in conda_v2.cnd"), 2);
	if (s->number[IN_CACHE] > 0)
		para_add(&p, STR("in the cache"), 2);
	para_end(&p);
	put_list(&p, "aliases", str_of(s->list[ALIASES]));
	put_list(&p, "steps", str_of(s->list[STEPS]));
	put_runs(j, &p, e, s);
	put_list(&p, "here", str_of(s->list[FOLDERS]));
	if (s->list[DISK]) {
		para_begin(&p, "disk");
		para_add(&p, str_of(s->list[DISK]), 0);
		para_end(&p);
	}
	put_list(&p, "requested", e->deps);
	put_list(&p, "sources", e->sources);
	put_list(&p, "extras", e->extras);
}

static void
put_packages(struct job *j, const struct weir_env_set *set, const char *type)
{
	unsigned flags = j->ctx->utf8 ? 0 : TEXT_ASCII;
	size_t n = 0, width[3] = { 4, 4, 4 };

	for (size_t i = 0; i < set->v.n; i++) {
		const struct weir_env_item *one = &set->v.v[i];
		const struct str v[] = { one->name, one->version, one->build };

		if (!str_eq(one->type, type))
			continue;
		n++;
		for (int k = 0; k < 3; k++)
			if (v[k].len > width[k] && v[k].len <= 40)
				width[k] = v[k].len;
	}
	if (n)
		buf_addf(&j->sink.b, "\n %s, %zu packages\n", type, n);
	for (size_t i = 0; i < set->v.n; i++) {
		const struct weir_env_item *one = &set->v.v[i];
		struct buf *b = &j->sink.b;

		if (!str_eq(one->type, type))
			continue;
		buf_adds(b, "  ");
		text_pad(b, one->name, width[0], false, flags);
		buf_adds(b, "  ");
		text_pad(b, one->version, width[1], false, flags);
		buf_adds(b, "  ");
		text_pad(b, one->build, width[2], false, flags);
		buf_adds(b, "  ");
		text_sanitize(b, one->channel, flags);
		buf_addc(b, '\n');
	}
}

/* ---- for programs */

static void
put_rows(struct job *j, enum out_form form, const struct weir_env *e,
	const struct weir_env_set *set)
{
	for (size_t i = 0; i < set->v.n; i++) {
		const struct weir_env_item *one = &set->v.v[i];
		const struct str cells[] = { one->type, one->name, one->version,
			one->build, one->channel, e->id.arch };

		out_cells(j->ctx, &j->sink.b, form, cells, N_ELEM(cells));
	}
}

static void
add_text(struct buf *b, const char *key, struct str s)
{
	buf_addf(b, "\"%s\":", key);
	text_json(b, s);
	buf_addc(b, ',');
}

static void
add_raw(struct buf *b, const char *key, struct str json, const char *none)
{
	buf_addf(b, "\"%s\":", key);
	if (json.len)
		buf_addstr(b, json);
	else
		buf_adds(b, none);
	buf_addc(b, ',');
}

static void
add_flag(struct buf *b, const char *key, bool yes)
{
	buf_addf(b, "\"%s\":%s,", key, yes ? "true" : "false");
}

/* The package as it stands, with what its filename says. */
static void
add_package(struct buf *b, const struct weir_env_package *p, struct arena *arena)
{
	struct str doc = weir_env_masked(p->doc, arena);
	struct weir_env_name n;

	weir_env_name(p, arena, &n);
	buf_addc(b, '{');
	add_text(b, "name", n.name);
	add_text(b, "version", n.version);
	add_text(b, "build", n.build);
	buf_adds(b, "\"channel\":");
	text_json(b, weir_env_channel(p, arena));
	while (doc.len && doc.s[0] != '{')
		doc.s++, doc.len--;
	buf_addc(b, ',');
	buf_add(b, doc.s + 1, doc.len - 1);
}

static void
put_json(struct job *j, enum out_form form, const struct weir_env *e,
	const struct seen *s)
{
	struct buf object = BUF_INIT(BUF_MAX), *b = &object;
	struct arena arena = { 0 };

	buf_addc(b, '{');
	add_text(b, "req_id", e->id.req_id);
	add_text(b, "full_id", e->id.full_id);
	add_text(b, "arch", e->id.arch);
	add_text(b, "req_id_formula", str_of(weir_env_formula_name(j->req)));
	add_text(b, "full_id_formula", str_of(weir_env_formula_name(j->full)));
	add_flag(b, "is_default", s->number[IS_DEFAULT] > 0);
	add_text(b, "resolved_on", e->resolved_on);
	add_text(b, "resolved_by", e->resolved_by);
	add_raw(b, "resolved_archs", e->resolved_archs, "[]");
	add_text(b, "env_type", e->env_type);
	add_flag(b, "accurate_source", e->accurate_source);
	add_raw(b, "aliases", str_of(s->list[ALIASES]), "[]");
	add_raw(b, "pathspecs", str_of(s->list[STEPS]), "[]");
	add_raw(b, "folders", str_of(s->list[FOLDERS]), "[]");
	add_flag(b, "is_local", s->number[IS_LOCAL] > 0);
	add_flag(b, "in_cache", s->number[IN_CACHE] > 0);
	add_raw(b, "used_by", str_of(s->list[USED_BY]), "[]");
	buf_addf(b, "\"n_runs\":%lld,\"size\":",
		(long long)(s->number[RUNS] > 0 ? s->number[RUNS] : 0));
	if (s->number[SIZE] >= 0)
		buf_addf(b, "%lld,", (long long)s->number[SIZE]);
	else
		buf_adds(b, "null,");
	add_raw(b, "deps", weir_env_masked(e->deps, &arena), "[]");
	add_raw(b, "sources", weir_env_masked(e->sources, &arena), "[]");
	add_raw(b, "extras", weir_env_masked(e->extras, &arena), "[]");
	add_raw(b, "full_id_unique_keys", weir_env_masked(e->unique_keys, &arena),
		"{}");
	buf_adds(b, "\"packages\":[");
	for (size_t i = 0; i < e->packages.n; i++) {
		buf_adds(b, i ? ",\n" : "\n");
		add_package(b, &e->packages.v[i], &arena);
	}
	buf_adds(b, "]}");
	for (size_t i = 0; form == OUT_NDJSON && i < b->len; i++)
		if (b->s[i] == '\n' || b->s[i] == '\r')
			b->s[i] = ' '; /* in strings they are escaped */
	show_put_json(j->ctx, &j->sink.b, buf_str(b));
	buf_release(b);
	arena_free(&arena);
}

static void
put_one(struct job *j, enum out_form form, const struct weir_env *e, bool first)
{
	struct weir_env_set set;
	struct seen seen = { .list = { NULL } };

	seen.number[SIZE] = -1;
	if (look_up(j, e, &seen))
		return;
	verify(j, e);
	weir_env_set_of(e, &set);
	if (form == OUT_JSON || form == OUT_NDJSON) {
		buf_adds(&j->sink.b, form == OUT_NDJSON ? "" : first ? "[\n" : ",\n");
		put_json(j, form, e, &seen);
		buf_adds(&j->sink.b, form == OUT_NDJSON ? "\n" : "");
	} else if (form == OUT_TABLE) {
		buf_adds(&j->sink.b, first ? "" : "\n");
		put_facts(j, e, &seen);
		put_packages(j, &set, "conda");
		put_packages(j, &set, "pypi");
	} else if (form == OUT_NAME) {
		buf_addf(&j->sink.b, "%.*s\n", (int)set.what.len, set.what.s);
	} else {
		put_rows(j, form, e, &set);
	}
	weir_env_set_release(&set);
	for (size_t i = 0; i < SEEN; i++)
		free(seen.list[i]);
}

static enum weir_rc
print(struct job *j)
{
	const struct env_args *a = j->ctx->args;
	enum out_form form = out_form(j->ctx, a->list.output);
	size_t shown = 0;
	enum weir_rc rc = WEIR_OK;

	sink_init(&j->sink, j->ctx, form == OUT_TABLE);
	for (size_t i = 0; !rc && i < j->loaded.n; i++) {
		if (a->arch && !str_eq(j->loaded.v[i].id.arch, a->arch))
			continue;
		put_one(j, form, &j->loaded.v[i], shown++ == 0);
		rc = sink_row(&j->sink);
	}
	if (form == OUT_JSON && shown)
		buf_adds(&j->sink.b, "\n]\n");
	rc = sink_close(&j->sink, rc);
	if (!rc && !shown) {
		(void)weir_fail(j->ctx->err, WEIR_ENOTFOUND,
			"env show: %s: there is none for %s", j->ctx->words[1],
			a->arch);
		rc = weir_hint(j->ctx->err, "weir env show %s", j->ctx->words[1]);
	}
	return rc;
}

enum weir_rc
env_show(struct ctx *ctx)
{
	struct env_open o = { .store = NULL };
	struct job j = { .ctx = ctx, .o = &o };
	const struct env_args *args = ctx->args;
	struct weir_env_pair pair;
	enum weir_rc rc;

	if (ctx->n_words != 2) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "env show: one environment is shown");
		return weir_hint(ctx->err, "weir env show ENV");
	}
	rc = env_open(ctx, &o);
	if (!rc)
		rc = env_steps_word(ctx, &o, ctx->words[1], args->arch, &pair, NULL);
	if (!rc)
		rc = weir_env_load(o.store, &o.root, &pair, &j.loaded, ctx->err);
	if (!rc)
		rc = env_fresh(ctx, &o, ENV_RUNS | ENV_SIZES, pair.full_id);
	if (!rc)
		rc = print(&j);
	weir_env_loaded_release(&j.loaded);
	env_open_release(&o);
	return rc;
}
