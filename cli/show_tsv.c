#include "show_tsv.h"

#include <weir/cell.h>
#include <weir/mem.h>

#include "out.h"

static void
put(const struct ctx *ctx, struct buf *out, const char *name, const char *inner,
	struct str value)
{
	struct buf path = BUF_INIT(BUF_MAX);

	buf_adds(&path, name);
	if (inner)
		buf_addf(&path, ".%s", inner);

	const struct str cells[] = { buf_str(&path), value };

	out_cells(ctx, out, OUT_TSV, cells, N_ELEM(cells));
	buf_release(&path);
}

static void
put_value(const struct ctx *ctx, struct buf *out, const char *name, const char *inner,
	const struct weir_json *v)
{
	struct buf text = BUF_INIT(BUF_MAX);

	if (weir_json_type(v) != WEIR_JSON_NULL)
		weir_json_show(v, &text);
	put(ctx, out, name, inner, buf_str(&text));
	buf_release(&text);
}

/* `a,b` as in the lists' TSV. */
static void
put_array(const struct ctx *ctx, struct buf *out, const char *name,
	const struct weir_json *v)
{
	struct buf json = BUF_INIT(BUF_MAX), text = BUF_INIT(BUF_MAX);

	weir_json_dump(v, &json);
	weir_json_join(&text, buf_str(&json), ",");
	put(ctx, out, name, NULL, buf_str(&text));
	buf_release(&text);
	buf_release(&json);
}

static bool
is_text_array(const struct weir_json *v)
{
	if (weir_json_type(v) != WEIR_JSON_ARRAY)
		return false;
	for (size_t i = 0; i < weir_json_size(v); i++)
		if (weir_json_type(weir_json_at(v, i)) != WEIR_JSON_TEXT)
			return false;
	return true;
}

static bool
is_list_of_objects(const struct weir_json *v)
{
	return weir_json_type(v) == WEIR_JSON_ARRAY && weir_json_size(v) > 0 &&
	       weir_json_type(weir_json_at(v, 0)) == WEIR_JSON_OBJECT;
}

/* What has no id is said whole. */
static void
put_list(const struct ctx *ctx, struct buf *out, const char *name,
	const struct weir_json *list)
{
	for (size_t i = 0; i < weir_json_size(list); i++) {
		const struct weir_json *o = weir_json_at(list, i);
		const struct weir_json *id = weir_json_get(o, "id");

		put_value(ctx, out, name, NULL, id ? id : o);
	}
}

void
show_tsv_object(const struct ctx *ctx, struct buf *out, const struct weir_json *o)
{
	const struct weir_json *v, *inner;
	const char *name, *inner_name;
	void *at = NULL, *inner_at;

	while (weir_json_next(o, &at, &name, &v)) {
		if (is_list_of_objects(v)) {
			put_list(ctx, out, name, v);
		} else if (weir_json_type(v) == WEIR_JSON_OBJECT && weir_json_size(v)) {
			inner_at = NULL;
			while (weir_json_next(v, &inner_at, &inner_name, &inner))
				put_value(ctx, out, name, inner_name, inner);
		} else if (is_text_array(v)) {
			put_array(ctx, out, name, v);
		} else {
			put_value(ctx, out, name, NULL, v);
		}
	}
}
