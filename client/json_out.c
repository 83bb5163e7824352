#include "json_out.h"

#include "weir/text.h"

/* 17 digits always give a double back. */
enum { DIGITS_MIN = 15, DIGITS_MAX = 17, REAL_MAX = 32 };

static void
put_real(struct buf *out, double v)
{
	char text[REAL_MAX];

	for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_adds(out, text);
	if (!strpbrk(text, ".e"))
		buf_adds(out, ".0");
}

static void
put_object(struct buf *out, const json_t *v)
{
	json_t *object = (json_t *)(uintptr_t)v;
	bool first = true;

	buf_addc(out, '{');
	for (void *at = json_object_iter(object); at;
		at = json_object_iter_next(object, at)) {
		if (!first)
			buf_addc(out, ',');
		first = false;
		text_json(out, str_of(json_object_iter_key(at)));
		buf_addc(out, ':');
		json_out(out, json_object_iter_value(at));
	}
	buf_addc(out, '}');
}

static void
put_array(struct buf *out, const json_t *v)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (i)
			buf_addc(out, ',');
		json_out(out, json_array_get(v, i));
	}
	buf_addc(out, ']');
}

void
json_out(struct buf *out, const json_t *v)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		put_object(out, v);
		break;
	case JSON_ARRAY:
		put_array(out, v);
		break;
	case JSON_STRING:
		text_json(out,
			(struct str){ json_string_value(v), json_string_length(v) });
		break;
	case JSON_INTEGER:
		buf_addf(out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		put_real(out, json_real_value(v));
		break;
	case JSON_TRUE:
		buf_adds(out, "true");
		break;
	case JSON_FALSE:
		buf_adds(out, "false");
		break;
	case JSON_NULL:
		buf_adds(out, "null");
		break;
	}
}

char *
json_out_text(const json_t *v)
{
	struct buf out = BUF_INIT(BUF_MAX);

	if (!v)
		return NULL;
	json_out(&out, v);
	return buf_steal(&out);
}
