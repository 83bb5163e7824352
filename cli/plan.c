#include "plan.h"

#include <weir/text.h>

enum { COL_ID, COL_NAME, COL_METHOD, COL_PATH, COL_BODY, COL_MESSAGE, COL_N };

/* clang-format off */
static const struct weir_column columns[COL_N] = {
	[COL_ID] = { .name = "id", .title = "ID", .type = WEIR_T_ID, .min = 36, .max = 36 },
	[COL_NAME] = { .name = "name", .title = "NAME", .type = WEIR_T_TEXT,
		.min = 8, .max = 24 },
	[COL_METHOD] = { .name = "method", .title = "METHOD", .type = WEIR_T_TEXT,
		.min = 6, .max = 6 },
	[COL_PATH] = { .name = "path", .title = "PATH", .type = WEIR_T_TEXT, .min = 10 },
	[COL_BODY] = { .name = "body", .title = "BODY", .type = WEIR_T_JSON, .min = 10 },
	[COL_MESSAGE] = { .name = "message", .title = "MESSAGE", .type = WEIR_T_TEXT,
		.min = 10 },
};
/* clang-format on */

static const struct weir_column *const shown[COL_N] = { &columns[0], &columns[1],
	&columns[2], &columns[3], &columns[4], &columns[5] };

static struct str
method_of(const char *path)
{
	if (!*path || *path == '/')
		return str_of(*path ? "POST" : "");
	return (struct str){ path, strcspn(path, " ") };
}

static const char *
address_of(const char *path)
{
	return path + strcspn(path, "/");
}

static void
add_company(const char *lines, struct buf *out)
{
	for (const char *p = lines; *p;) {
		size_t n = strcspn(p, "\n");

		buf_adds(out, "\n    ");
		buf_add(out, p, n);
		p += n + (p[n] == '\n');
	}
}

static void
add_request(const struct plan_line *l, struct buf *out)
{
	struct str method = method_of(l->path);
	char id[WEIR_ID_TEXT + 1] = "";

	if (!weir_id_is_null(&l->id))
		weir_id_format(&l->id, id);
	buf_addf(out, "%s%s%s: ", l->name, *id && *l->name ? " " : "", id);
	if (method.len)
		buf_addf(
			out, "%.*s %s", (int)method.len, method.s, address_of(l->path));
	else
		buf_addf(out, "nothing: %s", l->said);
}

void
plan_text(const struct plan_line *line, struct buf *out)
{
	add_request(line, out);
	add_company(line->company, out);
}

static enum weir_rc
put_text(struct plan *p, const struct plan_line *l)
{
	struct buf b = BUF_INIT(BUF_MAX);
	enum weir_rc rc;

	add_request(l, &b);
	if (*l->body)
		buf_addf(&b, "\n  %s", l->body);
	add_company(l->company, &b);
	rc = ctx_write_line(p->ctx, buf_str(&b), TEXT_KEEP_NEWLINE);
	buf_release(&b);
	return rc;
}

void
plan_open(struct plan *p, struct ctx *ctx, const char *output)
{
	struct out_spec spec = {
		.form = out_form(ctx, output), .columns = shown, .n_columns = COL_N
	};

	*p = (struct plan){ .ctx = ctx, .rows = output != NULL };
	if (spec.form == OUT_NAME)
		spec.n_columns = COL_NAME;
	if (p->rows)
		out_open(&p->out, ctx, &spec);
}

enum weir_rc
plan_put(struct plan *p, const struct plan_line *l)
{
	struct weir_cell cells[COL_N] = {
		[COL_ID] = { .id = l->id, .null = weir_id_is_null(&l->id) },
		[COL_NAME] = { .s = str_of(l->name) },
		[COL_METHOD] = { .s = method_of(l->path), .null = !*l->path },
		[COL_PATH] = { .s = str_of(address_of(l->path)), .null = !*l->path },
		[COL_BODY] = { .s = str_of(l->body), .null = !*l->body },
		[COL_MESSAGE] = { .s = str_of(*l->said ? l->said : l->company) },
	};
	const struct weir_cell *row[COL_N];

	if (!p->rows)
		return put_text(p, l);
	for (size_t i = 0; i < COL_N; i++) {
		cells[i].type = columns[i].type;
		row[i] = &cells[i];
	}
	cells[COL_MESSAGE].null = !cells[COL_MESSAGE].s.len;
	return out_row(&p->out, row);
}

enum weir_rc
plan_close(struct plan *p, enum weir_rc rc)
{
	return p->rows ? out_close(&p->out, rc) : rc;
}
