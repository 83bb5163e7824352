#include "trigger_args.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/json.h>
#include <weir/mem.h>
#include <weir/text.h>

enum { CHUNK = 64 << 10 };

/* ---- files */

static enum weir_rc
read_all(struct ctx *ctx, int fd, const char *name, struct buf *out)
{
	char *chunk = xmalloc(CHUNK);
	ssize_t n = 0;
	enum weir_rc rc = WEIR_OK;

	while (!out->truncated && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		else if (errno != EINTR || weir_session_interrupted(ctx->session))
			break;
	}
	if (out->truncated)
		rc = weir_fail(ctx->err, WEIR_EUSAGE, "%s: it is over %d bytes", name,
			WEIR_PARAMS_MAX);
	else if (n < 0)
		rc = weir_fail(ctx->err, errno == EINTR ? WEIR_EINTR : WEIR_EUSAGE,
			"%s: %s", name, strerror(errno));
	free(chunk);
	return rc;
}

/* name: `-` is standard input. */
static enum weir_rc
read_file(struct ctx *ctx, const char *name, struct buf *out)
{
	enum weir_rc rc;
	int fd;

	if (!strcmp(name, "-"))
		return read_all(ctx, STDIN_FILENO, "standard input", out);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return weir_fail(
			ctx->err, WEIR_EUSAGE, "%s: %s", name, strerror(errno));
	rc = read_all(ctx, fd, name, out);
	close(fd);
	return rc;
}

/* ---- one item */

static enum weir_rc
not_so(struct ctx *ctx, const char *what, const char *item)
{
	(void)weir_fail(ctx->err, WEIR_EUSAGE,
		"%s '%.100s': neither name=value nor name:=JSON", what, item);
	return weir_hint(ctx->err, "weir help %s", ctx->cmd->name);
}

static enum weir_rc
lay_over(struct ctx *ctx, const char *what, struct str over, struct buf *set)
{
	struct buf all = BUF_INIT(BUF_MAX);
	enum weir_rc rc = weir_params_overlay(buf_str(set), over, &all, ctx->err);

	if (rc)
		rc = weir_prefix(ctx->err, "%s", what);
	if (rc == WEIR_EBADDATA || rc == WEIR_ETOOBIG)
		rc = ctx->err->rc = WEIR_EUSAGE;
	if (!rc) {
		buf_clear(set);
		buf_addstr(set, buf_str(&all));
	}
	buf_release(&all);
	return rc;
}

/* `name=value` taken apart; json: it was `:=`. */
struct pair {
	struct str name;
	const char *value;
	bool json;
};

static bool
take_pair(const char *item, struct pair *p)
{
	const char *eq = strchr(item, '=');

	if (!eq || eq == item)
		return false;
	p->json = eq[-1] == ':';
	p->name = (struct str){ item, (size_t)(eq - item) - p->json };
	p->value = eq + 1;
	return p->name.len > 0;
}

/* The value as JSON. */
static enum weir_rc
add_value(struct ctx *ctx, const struct weir_schema *s, const struct pair *p,
	struct str text, struct buf *out)
{
	struct weir_json *tree = NULL;
	struct weir_err why;

	if (!p->json) {
		weir_param_value(s, p->name, text, out);
		return WEIR_OK;
	}
	if (weir_json_parse(text, &tree, &why))
		return weir_fail(ctx->err, WEIR_EUSAGE, "%.*s: not JSON: %s",
			(int)p->name.len, p->name.s, why.text);
	weir_json_free(tree);
	buf_addstr(out, text);
	return WEIR_OK;
}

static enum weir_rc
unreadable(struct ctx *ctx, const char *what, const struct pair *p)
{
	int n = (int)p->name.len;
	enum weir_rc rc = weir_prefix(ctx->err, "%s %.*s", what, n, p->name.s);

	if (rc != WEIR_EINTR)
		(void)weir_hint(ctx->err,
			"%s %.*s=@FILE of a file that can be read, or "
			"%.*s:='\"%.60s\"' for the text",
			what, n, p->name.s, n, p->name.s, p->value);
	return rc;
}

static enum weir_rc
add_pair(struct ctx *ctx, const char *what, const struct weir_schema *s,
	const struct pair *p, struct buf *set)
{
	struct buf file = BUF_INIT(WEIR_PARAMS_MAX), over = BUF_INIT(BUF_MAX);
	struct str text = str_of(p->value);
	enum weir_rc rc = WEIR_OK;

	if (*p->value == '@') {
		rc = read_file(ctx, p->value + 1, &file);
		if (rc)
			rc = unreadable(ctx, what, p);
		text = buf_str(&file);
	}
	buf_addc(&over, '{');
	text_json(&over, p->name);
	buf_addc(&over, ':');
	if (!rc)
		rc = add_value(ctx, s, p, text, &over);
	buf_addc(&over, '}');
	if (!rc)
		rc = lay_over(ctx, what, buf_str(&over), set);
	buf_release(&file);
	buf_release(&over);
	return rc;
}

/* A JSON object in a file. */
static enum weir_rc
add_object(struct ctx *ctx, const char *what, const char *file, struct buf *set)
{
	struct buf text = BUF_INIT(WEIR_PARAMS_MAX);
	enum weir_rc rc = read_file(ctx, file, &text);

	if (!rc && !text.len)
		rc = weir_fail(ctx->err, WEIR_EUSAGE, "%s %s: it is empty", what, file);
	if (!rc)
		rc = lay_over(ctx, what, buf_str(&text), set);
	buf_release(&text);
	return rc;
}

enum weir_rc
trigger_args_add(struct ctx *ctx, const char *what, const struct weir_schema *s,
	const char *item, struct buf *set)
{
	struct pair p;

	if (!strcmp(item, "-"))
		return add_object(ctx, what, item, set);
	if (!take_pair(item, &p))
		return not_so(ctx, what, item);
	return add_pair(ctx, what, s, &p, set);
}

enum weir_rc
trigger_args_set(struct ctx *ctx, const char *what, const struct weir_schema *s,
	const char *whole, const struct opt_list *items, struct buf *set)
{
	enum weir_rc rc = WEIR_OK;

	if (whole && whole[strspn(whole, " \t\r\n")] == '{')
		rc = lay_over(ctx, "--params", str_of(whole), set);
	else if (whole)
		rc = add_object(ctx, "--params", whole + (*whole == '@'), set);
	for (size_t i = 0; !rc && i < items->n; i++)
		rc = trigger_args_add(ctx, what, s, items->v[i], set);
	return rc;
}

void
trigger_args_texts(const struct opt_list *items, struct buf *out)
{
	for (size_t i = 0; i < items->n; i++) {
		buf_addc(out, i ? ',' : '[');
		text_json(out, str_of(items->v[i]));
	}
	if (items->n)
		buf_addc(out, ']');
}

/* ---- the matrix */

VEC_TYPE(texts, char *);

static void
texts_free(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	VEC_FREE(t);
}

static enum weir_rc
no_value(struct ctx *ctx, const struct pair *p)
{
	int n = (int)p->name.len;

	(void)weir_fail(
		ctx->err, WEIR_EUSAGE, "--matrix %.*s: a value is empty", n, p->name.s);
	return weir_hint(ctx->err,
		"--matrix %.*s=A,B, or %.*s:='[\"\"]' if it is meant", n, p->name.s, n,
		p->name.s);
}

static enum weir_rc
twice(struct ctx *ctx, const struct pair *p, const char *value)
{
	int n = (int)p->name.len;

	(void)weir_fail(ctx->err, WEIR_EUSAGE, "--matrix %.*s: %.100s is there twice",
		n, p->name.s, value);
	return weir_hint(ctx->err, "--matrix %.*s=A,B: each value once", n, p->name.s);
}

/* Two runs of the same would be a slip. */
static enum weir_rc
no_value_twice(struct ctx *ctx, const struct pair *p, const struct texts *t)
{
	for (size_t i = 0; i < t->n && t->n <= TRIGGER_RUNS_MAX; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(t->v[i], t->v[k]))
				return twice(ctx, p, t->v[i]);
	return WEIR_OK;
}

/* The values of one name, as JSON. */
static enum weir_rc
split_values(struct ctx *ctx, const struct weir_schema *s, const struct pair *p,
	struct texts *out)
{
	struct weir_json *tree = NULL;
	const char *at = p->value, *end;
	struct buf b = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	if (p->json) {
		if (weir_json_parse(str_of(p->value), &tree, NULL) ||
			weir_json_type(tree) != WEIR_JSON_ARRAY)
			rc = weir_fail(ctx->err, WEIR_EUSAGE,
				"--matrix %.*s: not a JSON array", (int)p->name.len,
				p->name.s);
		for (size_t i = 0; !rc && i < weir_json_size(tree); i++) {
			weir_json_dump(weir_json_at(tree, i), &b);
			VEC_PUSH(out, buf_steal(&b));
		}
	}
	for (; !rc && !p->json && at; at = *end ? end + 1 : NULL) {
		end = at + strcspn(at, ",");
		if (end == at) {
			rc = no_value(ctx, p);
			break;
		}
		weir_param_value(
			s, p->name, (struct str){ at, (size_t)(end - at) }, &b);
		VEC_PUSH(out, buf_steal(&b));
	}
	if (!rc && !out->n)
		rc = no_value(ctx, p);
	if (!rc)
		rc = no_value_twice(ctx, p, out);
	weir_json_free(tree);
	buf_release(&b);
	return rc;
}

/* Each of `all` with each value: the values take turns first. */
static enum weir_rc
multiply(struct ctx *ctx, const struct pair *p, const struct texts *values,
	struct texts *all)
{
	struct texts more = { 0 };
	struct buf b = BUF_INIT(BUF_MAX), over = BUF_INIT(BUF_MAX);
	enum weir_rc rc = WEIR_OK;

	if (values->n * all->n > TRIGGER_RUNS_MAX)
		return weir_fail(ctx->err, WEIR_EUSAGE,
			"--matrix: more than %d combinations", TRIGGER_RUNS_MAX);
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; !rc && k < values->n; k++) {
			buf_clear(&over);
			buf_addc(&over, '{');
			text_json(&over, p->name);
			buf_addf(&over, ":%s}", values->v[k]);
			rc = weir_params_overlay(
				str_of(all->v[i]), buf_str(&over), &b, ctx->err);
			if (!rc)
				VEC_PUSH(&more, buf_steal(&b));
		}
	texts_free(all);
	*all = more;
	buf_release(&b);
	buf_release(&over);
	return rc;
}

enum weir_rc
trigger_args_matrix(struct ctx *ctx, const struct weir_schema *s,
	const struct opt_list *items, struct trigger_matrix *ret_matrix)
{
	struct texts all = { 0 };
	enum weir_rc rc = WEIR_OK;

	VEC_PUSH(&all, xstrdup("{}"));
	for (size_t i = 0; !rc && i < items->n; i++) {
		struct texts values = { 0 };
		struct pair p = { 0 };

		if (!take_pair(items->v[i], &p))
			rc = not_so(ctx, "--matrix", items->v[i]);
		if (!rc)
			rc = split_values(ctx, s, &p, &values);
		if (!rc)
			rc = multiply(ctx, &p, &values, &all);
		texts_free(&values);
	}
	if (rc)
		texts_free(&all);
	ret_matrix->v = all.v;
	ret_matrix->n = all.n;
	return rc;
}

void
trigger_args_matrix_free(struct trigger_matrix *m)
{
	struct texts t = { .v = m->v, .n = m->n };

	texts_free(&t);
}
