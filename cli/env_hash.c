/*
 * weir env hash: the ids that a description comes to, by every formula. A description
 * is a JSON object as in conda_v2.cnd, or an array of them with `arch` each for what
 * was resolved together; or only what is asked for, as words.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/json.h>
#include <weir/mem.h>
#include <weir/text.h>

#include "env.h"

enum { HASH_ARCHS_MAX = 64 };

struct job {
	struct ctx *ctx;
	struct weir_env_loaded loaded;
	struct sink sink;
	enum out_form form;
	size_t n_lines;
};

static enum weir_rc
read_text(const char *path, struct buf *out, struct weir_err *err)
{
	bool in = strcmp(path, "-") == 0;
	char chunk[16384];
	ssize_t n = -1;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	if (fd >= 0 && !in)
		close(fd);
	if (n < 0)
		return weir_fail(
			err, WEIR_EFAIL, "env hash: %s: %s", path, strerror(errno));
	if (out->truncated)
		return weir_fail(err, WEIR_ETOOBIG,
			"env hash: %s: more than %d bytes, the most that is read", path,
			WEIR_ENV_OBJECT_MAX);
	return WEIR_OK;
}

static void
add_words(struct buf *b, const char *key, const char *const *v, size_t n)
{
	buf_addf(b, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, i ? "," : "");
		text_json(b, str_of(v[i]));
	}
	buf_addc(b, ']');
}

/* What words and options ask for, as an object. */
static enum weir_rc
of_words(struct ctx *ctx, struct buf *out)
{
	const struct env_args *a = ctx->args;

	for (size_t i = 1; i < ctx->n_words; i++) {
		if (strstr(ctx->words[i], "::"))
			continue;
		(void)weir_fail(ctx->err, WEIR_EUSAGE,
			"env hash: '%.200s' is neither a file nor a requirement",
			ctx->words[i]);
		return weir_hint(ctx->err, "conda::%.100s, or pypi::%.100s",
			ctx->words[i], ctx->words[i]);
	}
	buf_addc(out, '{');
	add_words(out, "deps", ctx->words + 1, ctx->n_words - 1);
	buf_addc(out, ',');
	add_words(out, "sources", a->sources.v, a->sources.n);
	buf_addc(out, ',');
	add_words(out, "extras", a->extras.v, a->extras.n);
	buf_addc(out, '}');
	return WEIR_OK;
}

static void
put_line(struct job *j, const char *id, enum weir_env_formula f, const char *value)
{
	struct buf *b = &j->sink.b;
	const char *name = weir_env_formula_name(f), *since = weir_env_formula_since(f);
	const struct str cells[] = { str_of(id), str_of(name), str_of(value),
		str_of(since) };

	if (j->form == OUT_JSON || j->form == OUT_NDJSON)
		buf_addf(b,
			"%s{\"id\":\"%s\",\"formula\":\"%s\",\"versions\":\"%s\","
			"\"value\":\"%s\"}%s",
			j->form == OUT_NDJSON ? ""
			: j->n_lines          ? ",\n"
					      : "[\n",
			id, name, since, value, j->form == OUT_NDJSON ? "\n" : "");
	else if (j->form == OUT_NAME)
		buf_addf(b, "%s\n", value);
	else if (j->form == OUT_TABLE)
		buf_addf(b, "%-8s %-5s %s  %s\n", id, name, value, since);
	else
		out_cells(j->ctx, b, j->form, cells, N_ELEM(cells));
	j->n_lines++;
}

static enum weir_rc
hash_req(struct job *j)
{
	static const enum weir_env_formula eras[] = { WEIR_ENV_ERA_A, WEIR_ENV_ERA_B };
	char id[WEIR_ENV_ID + 1];
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; !rc && i < N_ELEM(eras); i++) {
		rc = weir_env_req_id(&j->loaded.v[0], eras[i], id, j->ctx->err);
		if (!rc)
			put_line(j, "req_id", eras[i], id);
	}
	return rc;
}

static enum weir_rc
hash_full(struct job *j)
{
	const struct weir_env *envs[HASH_ARCHS_MAX];
	enum weir_env_formula from = j->loaded.n > 1 ? WEIR_ENV_C1 : WEIR_ENV_F1;
	enum weir_env_formula to = j->loaded.n > 1 ? WEIR_ENV_C2 : WEIR_ENV_LAZY;
	char id[WEIR_ENV_ID + 1];
	enum weir_rc rc = WEIR_OK;

	for (size_t i = 0; i < j->loaded.n; i++)
		envs[i] = &j->loaded.v[i];
	for (int f = (int)from; !rc && f <= (int)to; f++) {
		rc = weir_env_full_id(
			envs, j->loaded.n, (enum weir_env_formula)f, id, j->ctx->err);
		if (!rc)
			put_line(j, "full_id", (enum weir_env_formula)f, id);
	}
	return rc;
}

static bool
has_packages(const struct job *j)
{
	for (size_t i = 0; i < j->loaded.n; i++)
		if (!j->loaded.v[i].listed)
			return false;
	return j->loaded.n > 0;
}

/* Which need an arch, and have none. */
static enum weir_rc
check_archs(struct job *j)
{
	const struct env_args *a = j->ctx->args;

	for (size_t i = 0; i < j->loaded.n; i++) {
		struct weir_env *e = &j->loaded.v[i];

		if (!e->id.arch.len && a->arch && j->loaded.n == 1)
			e->id.arch = str_of(a->arch);
		if (e->id.arch.len)
			continue;
		(void)weir_fail(j->ctx->err, WEIR_EUSAGE,
			"env hash: packages without an arch, which is part of their "
			"id");
		return weir_hint(
			j->ctx->err, "--arch linux-64, or \"arch\" in the description");
	}
	return WEIR_OK;
}

static enum weir_rc
load(struct ctx *ctx, struct weir_env_loaded *ret)
{
	const char *word = ctx->n_words == 2 ? ctx->words[1] : NULL;
	bool is_file = word && (strcmp(word, "-") == 0 || access(word, F_OK) == 0);
	struct buf text = BUF_INIT(WEIR_ENV_OBJECT_MAX);
	enum weir_rc rc =
		is_file ? read_text(word, &text, ctx->err) : of_words(ctx, &text);

	if (!rc)
		rc = weir_env_parse(buf_str(&text), ret, ctx->err);
	if (rc == WEIR_EBADDATA || rc == WEIR_ETOOBIG) {
		(void)weir_prefix(ctx->err, "env hash");
		weir_hint(ctx->err, "an object of conda_v2.cnd, with deps and sources");
	}
	buf_release(&text);
	return rc;
}

enum weir_rc
env_hash(struct ctx *ctx)
{
	const struct env_args *a = ctx->args;
	struct job j = { .ctx = ctx, .form = out_form(ctx, a->list.output) };
	enum weir_rc rc;

	if (ctx->n_words < 2) {
		(void)weir_fail(
			ctx->err, WEIR_EUSAGE, "env hash: nothing is described");
		return weir_hint(ctx->err, "weir env hash conda::python==3.11.7");
	}
	rc = load(ctx, &j.loaded);
	if (!rc && has_packages(&j))
		rc = check_archs(&j);
	if (rc) {
		weir_env_loaded_release(&j.loaded);
		return rc;
	}
	sink_init(&j.sink, ctx, false);
	rc = hash_req(&j);
	if (!rc && has_packages(&j))
		rc = hash_full(&j);
	if (rc == WEIR_EBADDATA) {
		(void)weir_prefix(ctx->err, "env hash");
		weir_hint(ctx->err, "Metaflow itself refuses such a text");
	}
	if (!rc && j.form == OUT_JSON)
		buf_adds(&j.sink.b, "\n]\n");
	rc = sink_close(&j.sink, rc);
	weir_env_loaded_release(&j.loaded);
	return rc;
}
